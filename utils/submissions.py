"""What was handed in: whose, of which lesson, and the learner's cells put in the place of the course's stubs. Runs nothing.

The course's own notebook is the frame: setup and checks are always the course's, so editing a check changes nothing.
"""

import ast
import builtins
import json
import re
import symtable
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from utils.files import sha256_text

LARGEST = 50 * 2**20  # bytes of a file that is worth parsing
TELLING = 40  # characters of a cell that no other notebook would have by chance


class NotANotebook(ValueError):
    """A file that can't be read as a notebook. The message says why."""


@dataclass(frozen=True)
class Cell:
    """One cell as it stands in a notebook's file; `cell_id` is "" where the file has none."""

    cell_type: str
    source: str
    tags: tuple[str, ...] = ()
    cell_id: str = ""


@dataclass(frozen=True)
class Exercise:
    """Places, in a lesson's cells, of an exercise's stubs and checks."""

    title: str
    stubs: tuple[int, ...]
    checks: tuple[int, ...]


@dataclass(frozen=True)
class Lesson:
    """A lesson as the course has it: file name without suffix, title, cells, its exercises that have a check."""

    name: str
    title: str
    cells: tuple[Cell, ...]
    exercises: tuple[Exercise, ...]
    sha256: str


@dataclass(frozen=True)
class Task:
    """One exercise of one submission, ready to be run: code, cell by cell.

    `setup` and `before` are the course's, `before` only where the learner's code leans on cells of the lesson; `guarded`
    are the names that the checks rely on. `untouched`: the learner left the stub as it was.
    """

    title: str
    setup: tuple[str, ...]
    before: tuple[str, ...]
    learner: tuple[str, ...]
    stubs: tuple[str, ...]
    checks: tuple[str, ...]
    guarded: tuple[str, ...]
    untouched: bool
    check_changed: bool


# Reading


def read_cells(path: Path) -> list[Cell]:
    """The cells of a notebook file. NotANotebook for anything else."""
    if path.suffix != ".ipynb":
        raise NotANotebook(f"a {path.suffix or 'nameless'} file; hand in the .ipynb")
    if path.stat().st_size > LARGEST:
        raise NotANotebook(f"larger than {LARGEST // 2**20} MiB: clear its outputs")
    try:
        return [_read_cell(cell) for cell in json.loads(path.read_bytes())["cells"]]
    except json.JSONDecodeError as problem:
        raise NotANotebook(f"not whole JSON ({problem.msg}, line {problem.lineno})") from None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as problem:
        raise NotANotebook(f"JSON, but no notebook ({type(problem).__name__})") from None


def _read_cell(cell: dict) -> Cell:
    metadata = cell.get("metadata", {})
    tags, cell_id = tuple(map(str, metadata.get("tags", ()))), cell.get("id") or metadata.get("id") or ""
    return Cell(str(cell["cell_type"]), clean("".join(cell["source"])), tags, str(cell_id))


def clean(text: str) -> str:
    """The text as it can be written: half of a surrogate pair, which JSON allows, becomes a question mark."""
    return text.encode("utf-8", "replace").decode("utf-8")


def read_lessons(folder: Path) -> list[Lesson]:
    """The built lessons `NN_short_claim.ipynb` in `folder`. FileNotFoundError when there is none."""
    paths = sorted(folder.glob("[0-9][0-9]_*.ipynb"))
    if not paths:
        raise FileNotFoundError(f"{folder} holds no lesson: make them with `python course.py build`")
    return [read_lesson(path) for path in paths]


def read_lesson(path: Path) -> Lesson:
    """One built lesson."""
    cells = tuple(read_cells(path))
    title = cells[0].source.splitlines()[0].lstrip("# ")
    return Lesson(path.stem, title, cells, tuple(find_exercises(cells)), sha256_text(repr(cells)))


def find_exercises(cells: Sequence[Cell]) -> Iterator[Exercise]:
    """The exercises that have a stub and a check. One begins with a markdown cell tagged `exercise`."""
    title, stubs, checks = "", [], []
    for place, cell in enumerate([*cells, Cell("markdown", "", ("exercise",))]):
        if cell.cell_type == "markdown" and "exercise" in cell.tags:
            begins = bool(re.match(r"\W*(Exercise )?\d", cell.source)) or place == len(cells)
            if begins or checks or not title:
                if stubs and checks:
                    yield Exercise(title, tuple(stubs), tuple(checks))
                title, stubs, checks = title_of(cell.source), [], []
        elif cell.cell_type == "code" and "stub" in cell.tags:
            stubs.append(place)
        elif cell.cell_type == "code" and "exercise" in cell.tags:
            checks.append(place)


def title_of(text: str) -> str:
    """What stands in bold at the beginning, else the first line.

    >>> title_of("**1. How long is it?** Write a function.")
    '1. How long is it?'
    """
    bold = re.match(r"\*\*(.+?)\*\*", text, flags=re.DOTALL)
    return " ".join((bold[1] if bold else text.split("\n")[0]).split())


# Whose, and of which lesson


def find_lesson(path: Path, cells: Sequence[Cell], lessons: Sequence[Lesson]) -> Lesson | None:
    """The lesson that most cells come from, else the one that the file's name tells; None where nothing does."""
    ids, sources = {cell.cell_id for cell in cells} - {""}, {cell.source.strip() for cell in cells}
    found = {lesson: len(ids & own_ids) + len(sources & own) for lesson, own_ids, own in marks(lessons)}
    best = max(found, key=found.get)
    return best if found[best] else lesson_by_name(path, lessons)


def marks(lessons: Sequence[Lesson]) -> Iterator[tuple[Lesson, set[str], set[str]]]:
    """(lesson, ids, long texts) that stand in no other lesson."""
    for lesson in lessons:
        others = [cell for other in lessons if other is not lesson for cell in other.cells]
        ids = {cell.cell_id for cell in lesson.cells} - {cell.cell_id for cell in others} - {""}
        texts = {text for cell in lesson.cells if len(text := cell.source.strip()) >= TELLING}
        yield lesson, ids, texts - {cell.source.strip() for cell in others}


def lesson_by_name(path: Path, lessons: Sequence[Lesson]) -> Lesson | None:
    """The lesson whose name, or else whose number alone, stands in the file's name."""
    whole = [lesson for lesson in lessons if lesson.name in path.stem]
    found = whole or [lesson for lesson in lessons if re.search(alone(lesson.name[:2]), path.stem)]
    return found[0] if len(found) == 1 else None


def alone(number: str) -> str:
    """A pattern for the number where no letter or digit touches it, so that `user07` stays whole."""
    return rf"(?<![^\W_]){number}(?![^\W_])"


def find_learner(path: Path, folder: Path, lessons: Sequence[Lesson]) -> str:
    """The sub-folder's name; for a file right in `folder`, what its name holds besides the lesson's."""
    parts = path.relative_to(folder).parts
    if len(parts) > 1:
        return parts[0]
    lesson, left = lesson_by_name(path, lessons), re.sub(r"\(\d+\)", "", path.stem)
    if lesson:
        left = re.sub(f"{re.escape(lesson.name)}|{alone(lesson.name[:2])}", "", left)
    return left.strip(" _-.") or path.stem


def list_files(folder: Path) -> list[Path]:
    """Every file below `folder`, without hidden ones, links, and what packing programs leave behind."""
    found = [path for path in sorted(folder.rglob("*")) if path.is_file() and not path.is_symlink()]
    return [p for p in found if not any(part.startswith((".", "__MACOSX")) for part in p.relative_to(folder).parts)]


# The learner's cells in the course's frame


def lay_out(lesson: Lesson, cells: Sequence[Cell]) -> list[Task]:
    """Each exercise of the lesson, with the learner's code from `cells` where the course has its stub."""
    origin = match(lesson.cells, cells)
    answers = [find_answer(lesson, exercise, cells, origin) for exercise in lesson.exercises]
    taken = {i for answer in answers for i in answer}
    own = [cell.source for i, cell in enumerate(cells) if cell.cell_type == "code" and origin[i] is None and i not in taken]
    handed_in = {place: cells[i].source for i, place in enumerate(origin) if place is not None}
    tasks, done, known = [], 0, set()
    for exercise, answer in zip(lesson.exercises, answers):
        end = exercise.checks[0]
        learner, setup = [cells[i].source for i in answer], course_code(lesson, "setup", 0, end)
        checks = [lesson.cells[place].source for place in exercise.checks]
        stubs = [lesson.cells[place].source for place in exercise.stubs]
        known |= names(*setup, *learner)[0]
        before, helpers = lean_on(learner, known, course_code(lesson, "lesson", 0, end), own)
        known |= names(*checks)[0]
        tasks.append(
            Task(
                title=exercise.title,
                setup=tuple(course_code(lesson, "setup", done, end)),
                before=tuple(before),
                learner=(*helpers, *learner),
                stubs=tuple(stubs),
                checks=tuple(checks),
                guarded=tuple(sorted(relied_on(checks, setup) - names(*stubs)[0])),
                untouched=not learner or same_code(learner, stubs),
                check_changed=any(
                    not same_code([handed_in.get(place, check)], [check]) for place, check in zip(exercise.checks, checks)
                ),
            )
        )
        done = end
    return tasks


def course_code(lesson: Lesson, part: str, start: int, end: int) -> list[str]:
    """Code of the lesson's cells in these places: of its `setup`, or of the `lesson` around the exercises.

    The first code cell, which makes `utils` importable, is setup without a tag.
    """
    first = next(place for place, cell in enumerate(lesson.cells) if cell.cell_type == "code")
    parts = {
        place: "setup" if place == first or "setup" in cell.tags else "lesson"
        for place, cell in enumerate(lesson.cells[:end])
        if cell.cell_type == "code" and not {"stub", "exercise"} & set(cell.tags)
    }
    return [lesson.cells[place].source for place, found in parts.items() if found == part and place >= start]


def match(course: Sequence[Cell], cells: Sequence[Cell]) -> list[int | None]:
    """For each of `cells`, its place in `course`: by id, else by its text, else by its rank among the stubs or checks."""
    origin: list[int | None] = [None] * len(cells)

    def link(key: Callable[[Cell], object]) -> None:
        """Give cells that have no origin yet the first free one with the same key."""
        free: dict[object, list[int]] = defaultdict(list)
        for place, cell in enumerate(course):
            if place not in origin and key(cell):
                free[key(cell)].append(place)
        for i, cell in enumerate(cells):
            if origin[i] is None and free.get(key(cell)):
                origin[i] = free[key(cell)].pop(0)

    link(lambda cell: cell.cell_id)
    link(lambda cell: (cell.cell_type, cell.source.strip()) if cell.source.strip() else None)
    for tag in ("stub", "exercise"):  # an edited one that lost its id
        ours, theirs = ([c for c in some if tag in c.tags and c.cell_type == "code"] for some in (course, cells))
        if len(ours) == len(theirs):
            link(lambda cell, tag=tag, ours=ours, theirs=theirs: rank(cell, tag, ours, theirs))
    return origin


def rank(cell: Cell, tag: str, *groups: Sequence[Cell]) -> tuple[str, int] | None:
    """(tag, place in the group that holds this very cell), None for a cell of neither."""
    return next(((tag, i) for group in groups for i, one in enumerate(group) if one is cell), None)


def find_answer(lesson: Lesson, exercise: Exercise, cells: Sequence[Cell], origin: Sequence[int | None]) -> list[int]:
    """Places in `cells` of the learner's code for an exercise: the edited stubs, and what was inserted before the check.

    Where the stub was left alone, also what was inserted after the check and gives the stub's names. Where the cells around
    it are gone, every cell that gives them.
    """
    at = {place: i for i, place in enumerate(origin) if place is not None}
    left = next((at[p] for p in range(exercise.stubs[0] - 1, -1, -1) if p in at), None)
    right = next((at[p] for p in range(exercise.stubs[-1] + 1, len(lesson.cells)) if p in at), None)
    stubs = [at[place] for place in exercise.stubs if place in at]
    new = [i for i, cell in enumerate(cells) if cell.cell_type == "code" and origin[i] is None]
    wanted = names(*(lesson.cells[place].source for place in exercise.stubs))[0]
    giving = [i for i in new if names(cells[i].source)[0] & wanted]
    if left is None and right is None or left is not None and right is not None and left >= right:
        return sorted({*stubs, *giving})
    first, end = -1 if left is None else left, len(cells) if right is None else right
    answer = sorted({*stubs, *(i for i in new if first < i < end)})
    if same_code([cells[i].source for i in answer], [lesson.cells[place].source for place in exercise.stubs]):
        after = next((at[p] for p in range(exercise.checks[-1] + 1, len(lesson.cells)) if p in at), len(cells))
        answer += [i for i in giving if end < i < after]
    return answer


# Which names a cell gives and needs


def names(*cells: str) -> tuple[set[str], set[str]]:
    """(names that the cells bind at their top, other names that they look up there). Empty for what Python can't read."""
    bound, needed = set(), set()
    for code in cells:
        try:
            table = symtable.symtable(without_magic(code), "cell", "exec")
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
        bound |= {symbol.get_name() for symbol in table.get_symbols() if symbol.is_assigned() or symbol.is_imported()}
        needed |= {symbol.get_name() for symbol in table.get_symbols() if symbol.is_referenced()}
        for inner in nested(table):
            needed |= {symbol.get_name() for symbol in inner.get_symbols() if symbol.is_global()}
    return bound, needed - bound


def nested(table: symtable.SymbolTable) -> Iterator[symtable.SymbolTable]:
    """The scopes inside a scope, at every depth."""
    for inner in table.get_children():
        yield inner
        yield from nested(inner)


def without_magic(code: str) -> str:
    """The cell without IPython's `%` and `!` lines.

    >>> without_magic("%time\\nx = 1")
    'x = 1'
    """
    return "\n".join(line for line in code.split("\n") if not line.lstrip().startswith(("%", "!")))


def same_code(ours: Sequence[str], theirs: Sequence[str]) -> bool:
    """Whether two runs of cells are the same but for comments and layout.

    >>> same_code(["x = 1  # one"], ["x=1"]), same_code(["x = 1"], ["x = 2"])
    (True, False)
    """
    try:
        one, other = (ast.dump(ast.parse(without_magic("\n".join(cells)))) for cells in (ours, theirs))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return "\n".join(ours).strip() == "\n".join(theirs).strip()
    return one == other


def lean_on(
    code: Sequence[str], known: Collection[str], given: Sequence[str], own: Sequence[str]
) -> tuple[list[str], list[str]]:
    """(cells of the lesson, other cells of the learner) that give the names `code` needs, and what those need in turn."""
    offers = [(names(cell), cell) for cell in (*given, *own)]
    chosen, seen = set(), {*known, *dir(builtins)}
    wanted = list(names(*code)[1] - seen)
    while wanted:
        name = wanted.pop()
        if name in seen:
            continue
        seen.add(name)
        giving = [i for i, ((bound, _), _) in enumerate(offers) if name in bound]
        ours = [i for i in giving if i < len(given)]
        for i in ours or giving:
            chosen.add(i)
            wanted += offers[i][0][1]
    return tuple([offers[i][1] for i in sorted(chosen) if (i < len(given)) == ours] for ours in (True, False))


def relied_on(checks: Sequence[str], setup: Sequence[str]) -> set[str]:
    """Names of the setup, and built-in ones, that the checks use: themselves, or through what the setup defines."""
    uses = {}
    for cell in setup:
        bound, needed = names(cell)
        for name in bound:
            uses[name] = uses.get(name, set()) | needed
    found, wanted = set(), names(*checks)[1]
    while wanted:
        name = wanted.pop()
        if name not in found and (name in uses or hasattr(builtins, name)):
            found.add(name)
            wanted |= uses.get(name, set())
    return found
