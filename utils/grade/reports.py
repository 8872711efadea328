"""What came out of grading, for people: a line a file in a CSV, and a report per learner. Grades nothing."""

import csv
import io
import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from textwrap import indent

from utils.files import write_text
from utils.grade.checking import Verdict
from utils.grade.tasks import Task

COLUMNS = ("learner", "lesson", "line", "right", "of", "late", "exercises", "notes", "file", "submitted")
ABOUT = """\
The checks are the course's own. They ran on the code shown here, not on the rest of the notebook. A check can be fooled by
code that means to, so read it."""


@dataclass(frozen=True)
class Grade:
    """One submitted file: `line` says in a word or two how it came out; a verdict for each exercise; remarks."""

    learner: str
    lesson: str
    file: str
    submitted: datetime
    late: str
    line: str = ""
    tasks: tuple[Task, ...] = ()
    verdicts: tuple[Verdict, ...] = ()
    notes: tuple[str, ...] = ()


def write_grades(output: Path, grades: Sequence[Grade]) -> None:
    """`grades.csv` with a line a file, and a report per learner, each whole or not at all."""
    table = io.StringIO()
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows([[as_text(value) for value in csv_row(grade)] for grade in grades])
    write_text(output / "grades.csv", table.getvalue())
    of_learner: dict[str, list[Grade]] = defaultdict(list)
    for grade in grades:
        of_learner[grade.learner].append(grade)
    taken: set[str] = set()
    for learner, own in of_learner.items():
        write_text(output / f"{file_name(learner, taken)}.md", report(learner, own))


def csv_row(grade: Grade) -> tuple:
    """The values of COLUMNS."""
    n_right = sum(verdict.status == "right" for verdict in grade.verdicts)
    each = "; ".join(f"{number} {verdict.status}" for number, verdict in enumerate(grade.verdicts, 1))
    counts = (n_right, len(grade.verdicts)) if grade.verdicts else ("", "")
    submitted = grade.submitted.isoformat(sep=" ", timespec="minutes")
    notes = "; ".join(grade.notes)
    return (grade.learner, grade.lesson, grade.line, *counts, grade.late, each, notes, grade.file, submitted)


def as_text(value: object) -> str:
    """A cell that no spreadsheet takes for a formula, on one line.

    >>> as_text("=1+1"), as_text("a\\nb")
    ("'=1+1", 'a b')
    """
    text = " ".join(str(value).split())
    return f"'{text}" if text.startswith(("=", "+", "-", "@")) else text


def file_name(learner: str, taken: set[str]) -> str:
    """A name for the learner's report that every system accepts and that nobody else has; it is added to `taken`."""
    plain = re.sub(r"[^\w.-]+", "_", learner).strip("._")[:80] or "learner"
    name, number = plain, 2
    while name.casefold() in taken:
        name, number = f"{plain}_{number}", number + 1
    taken.add(name.casefold())
    return name


def report(learner: str, grades: Sequence[Grade]) -> str:
    """What one learner handed in and how it came out, in Markdown. Foreign text stands in indented blocks, as it is."""
    parts = [f"# {plain(learner)}", ABOUT]
    for grade in grades:
        late = "" if grade.late in ("", "no") else f", late by {grade.late}"
        head = f"## {plain(grade.lesson or grade.file)}: {grade.line}"
        parts += [head, f"{plain(grade.file)}, last changed {grade.submitted:%Y-%m-%d %H:%M}{late}."]
        if grade.notes:
            parts.append("\n".join(f"- {plain(note)}" for note in grade.notes))
        for task, verdict in zip(grade.tasks, grade.verdicts):
            parts.append(f"### {plain(task.title)} → {verdict.status}")
            if verdict.said:
                parts.append("The check said:\n\n" + indent(verdict.said.rstrip(), "    "))
            if not task.untouched:
                parts.append("Handed in:\n\n" + indent("\n\n".join(task.learner).rstrip(), "    "))
    return "\n\n".join(parts) + "\n"


def plain(text: str) -> str:
    """One line of Markdown that shows the text as it is, never a link, an image or HTML."""
    return re.sub(r"([\\`*_\[\]<>#|!])", r"\\\1", " ".join(text.split()))
