"""A notebook's cells as they stand in its file, and the course's lessons with their exercises. Runs nothing."""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from utils.files import sha256_text

LARGEST = 50 * 2**20  # bytes of a file that is worth parsing


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
