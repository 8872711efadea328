"""The learner's cells put in the place of the course's stubs. Runs nothing.

The course's own notebook is the frame: setup and checks are always the course's, so editing a check changes nothing.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from utils.grade.lessons import Cell, Exercise, Lesson
from utils.grade.names import lean_on, names, relied_on, same_code


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
