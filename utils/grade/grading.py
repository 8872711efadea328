"""Grades a folder of submitted notebooks. How an exercise is run stays in `checking`, what is written in `reports`.

`python -m utils.grade.grading FOLDER` reads the submissions and changes none. What was graded before, with the same
content, lesson and limits, isn't run again.
"""

import argparse
import dataclasses
import sys
from collections.abc import Iterator, Sequence
from datetime import datetime, time, timedelta
from pathlib import Path

from tqdm import tqdm

from utils.files import ROOT, read_json, sha256_file, sha256_text, write_json
from utils.grade.checking import CourseFailure, Limits, Verdict, check_tasks
from utils.grade.lessons import Lesson, NotANotebook, clean, read_cells, read_lessons
from utils.grade.reports import Grade, write_grades
from utils.grade.submissions import find_learner, find_lesson, lesson_by_name, list_files
from utils.grade.tasks import Task, lay_out

# Where nothing is right, the first of these that is there is told.
WORST = ("not graded", "endless", "eats memory", "exits", "crashes", "not yet", "empty")


class Grader:
    """What all submissions have in common: lessons, limits, where verdicts are kept, and which lessons fail here."""

    def __init__(self, lessons: Sequence[Lesson], limits: Limits, kept: Path, again: bool = False):
        self.lessons, self.limits, self.kept, self.again = lessons, limits, kept, again
        self.failing: dict[str, str] = {}

    def grade(self, path: Path, folder: Path, deadline: datetime | None) -> Grade:
        """The grade of one file in `folder`."""
        submitted = datetime.fromtimestamp(path.stat().st_mtime).astimezone()
        named = lesson_by_name(path, self.lessons)
        grade = Grade(
            learner=clean(find_learner(path, folder, self.lessons)),
            lesson=named.name if named else "",
            file=clean(path.relative_to(folder).as_posix()),
            submitted=submitted,
            late=how_late(submitted, deadline),
        )
        try:
            cells = read_cells(path)
        except (NotANotebook, OSError) as problem:
            return dataclasses.replace(grade, line="not a notebook", notes=(str(problem),))
        lesson = find_lesson(path, cells, self.lessons)
        if lesson is None:
            note = f"neither its name nor its cells belong to {', '.join(lesson.name for lesson in self.lessons)}"
            return dataclasses.replace(grade, line="unknown lesson", notes=(note,))
        tasks = lay_out(lesson, cells)
        grade = dataclasses.replace(grade, lesson=lesson.name, tasks=tuple(tasks))
        try:
            verdicts = self.verdicts(tasks, lesson, sha256_file(path))
        except CourseFailure as problem:
            return dataclasses.replace(grade, line="not graded", notes=(str(problem),))
        return dataclasses.replace(grade, line=line_of(verdicts), verdicts=verdicts, notes=tuple(remarks(tasks, verdicts)))

    def verdicts(self, tasks: Sequence[Task], lesson: Lesson, sha256: str) -> tuple[Verdict, ...]:
        """Run the tasks, or take what an earlier run kept. CourseFailure, from then on at once, when the setup fails."""
        path = self.kept / f"{sha256_text(repr((sha256, lesson.sha256, self.limits)))[:16]}.json"
        if path.exists() and not self.again:
            with_lists = read_json(path)["verdicts"]
            return tuple(Verdict(**{**verdict, "changed": tuple(verdict["changed"])}) for verdict in with_lists)
        if lesson.name in self.failing:
            raise CourseFailure(self.failing[lesson.name])
        try:
            found = tuple(check_tasks(tasks, self.limits))
        except CourseFailure as problem:
            self.failing[lesson.name] = f"the course's own setup fails on this machine: {problem}"
            raise CourseFailure(self.failing[lesson.name]) from None
        if all(verdict.status != "not graded" for verdict in found):
            write_json(path, {"lesson": lesson.name, "verdicts": [dataclasses.asdict(verdict) for verdict in found]})
        return found


def line_of(verdicts: Sequence[Verdict]) -> str:
    """How a submission came out, in a word or two.

    >>> [line_of([Verdict(status) for status in some]) for some in (["right"], ["right", "exits"], ["empty", "not yet"])]
    ['done', 'partly done', 'wrong']
    """
    found = [verdict.status for verdict in verdicts]
    if "right" in found:
        return "done" if set(found) == {"right"} else "partly done"
    return next((line for line in WORST if line in found), "empty").replace("not yet", "wrong")


def remarks(tasks: Sequence[Task], verdicts: Sequence[Verdict]) -> Iterator[str]:
    """What the instructor should know beside the verdicts."""
    for number, (task, verdict) in enumerate(zip(tasks, verdicts), 1):
        if task.check_changed:
            yield f"{number}: the check handed in differs from the course's, which was run"
        if verdict.changed:
            yield f"{number}: the code changed {', '.join(verdict.changed)}; put back before the check"
        if verdict.error:
            yield f"{number}: {verdict.error.splitlines()[0]}"


def how_late(submitted: datetime, deadline: datetime | None) -> str:
    """`no`, or by how much; "" where there is no deadline.

    >>> how_late(datetime(2026, 1, 3, 9), datetime(2026, 1, 1, 7, 30))
    '2 days 1 h 30 min'
    """
    if deadline is None:
        return ""
    minutes = int((submitted - deadline) / timedelta(minutes=1))
    if submitted <= deadline:
        return "no"
    days, hours = minutes // 1440, minutes // 60 % 24
    parts = [f"{days} days" if days != 1 else "1 day"] * (days > 0) + [f"{hours} h"] * (hours > 0)
    return " ".join([*parts, f"{minutes % 60} min"])


def read_deadline(text: str) -> datetime:
    """`2026-11-25` is the end of that day, `2026-11-25T18:00` that minute; this machine's time zone unless one is given."""
    moment = datetime.fromisoformat(text)
    if len(text) == len("2026-11-25"):
        moment = datetime.combine(moment, time.max)
    return moment.astimezone()


# The command


def main(arguments: list[str] | None = None, course: Path = ROOT / "notebooks") -> int:
    """Exit status: 0 when all was graded, whatever the grades; 1 with the reason when the course or a path is at fault."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--output", type=Path)
    parser.add_argument("--deadline", type=read_deadline)
    parser.add_argument("--minutes", type=float, default=15)
    parser.add_argument("--gib", type=float, default=4)
    parser.add_argument("--again", action="store_true")
    chosen = parser.parse_args(arguments)
    folder = chosen.folder.resolve()
    output = (chosen.output or folder.with_name(f"{folder.name}-grades")).resolve()
    try:
        files = check_folders(folder, output)
        grader = Grader(read_lessons(course), Limits(chosen.minutes, chosen.gib), output / ".verdicts", chosen.again)
        bar = tqdm(files, unit="file")
        grades = []
        for path in bar:
            bar.set_description(clean(path.relative_to(folder).as_posix())[-40:])
            grades.append(grader.grade(path, folder, chosen.deadline))
        write_grades(output, grades)
    except (OSError, ValueError) as problem:
        print(problem, file=sys.stderr)
        return 1
    print(summary(grades, output))
    for lesson, why in grader.failing.items():
        print(f"{lesson} was not graded: {why}\nMend that (python course.py check), and run the same command again.")
    return 1 if grader.failing else 0


def check_folders(folder: Path, output: Path) -> list[Path]:
    """The files to grade. ValueError for a folder that isn't there or is empty, and for an output inside it."""
    if not folder.is_dir():
        raise ValueError(f"{folder} is no folder: give the one that holds the submitted notebooks")
    if output == folder or folder in output.parents:
        raise ValueError(f"{output} lies inside the submissions: choose another --output")
    if not (files := list_files(folder)):
        raise ValueError(f"{folder} holds no file: give the folder with the submitted notebooks")
    output.mkdir(parents=True, exist_ok=True)
    return files


def summary(grades: Sequence[Grade], output: Path) -> str:
    """How many files came out how, and where it stands."""
    lines = [grade.line for grade in grades]
    counts = ", ".join(f"{lines.count(line)} {line}" for line in dict.fromkeys(sorted(lines)))
    return f"{len(grades)} files: {counts}\n{output / 'grades.csv'}, and a report per learner beside it"


if __name__ == "__main__":
    sys.exit(main())
