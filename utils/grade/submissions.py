"""What was handed in: whose it is, and of which lesson, by cells and by name. Runs nothing."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from utils.grade.lessons import Cell, Lesson

TELLING = 40  # characters of a cell that no other notebook would have by chance


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
