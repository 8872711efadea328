"""Checks of the exercises against answers that people might give: other right ones must pass, wrong ones be told so.

The answers lie in `answers/NN.py`, a cell each, headed `# %% 2 wrong: counts the question too`: the exercise's number, what
its check ought to say, and in what the answer differs. The lesson's own stub and solution are tried with them.
"""

import io
import re
from contextlib import redirect_stdout
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import pytest

from utils.files import ROOT, read_text
from utils.grade.checking import judge
from utils.grade.lessons import read_cells, read_lessons
from utils.grade.names import lean_on
from utils.grade.tasks import course_code, lay_out

pytestmark = pytest.mark.model

NOTEBOOKS = ROOT / "notebooks"
ANSWERS = Path(__file__).parent / "answers"
ENOUGH = 3  # answers of a person's own kind, both right and wrong, for every exercise

LESSONS = {lesson.name[:2]: lesson for lesson in read_lessons(NOTEBOOKS)}
SOLVED = {  # a Task for each exercise
    number: lay_out(lesson, read_cells(NOTEBOOKS / "solutions" / f"{lesson.name}.ipynb"))
    for number, lesson in LESSONS.items()
}


@dataclass(frozen=True)
class Answer:
    """One answer to an exercise of a lesson, and whether its check ought to say Right."""

    exercise: int
    right: bool
    differs: str
    code: str


def written(lesson: str) -> list[Answer]:
    """The answers of `answers/NN.py`; none without that file."""
    path = ANSWERS / f"{lesson}.py"
    text = read_text(path) if path.exists() else ""
    heads = r"^# %% (\d+) (right|wrong): (.+)$"
    assert len(re.findall(heads, text, re.M)) == len(re.findall(r"^# %%", text, re.M)), f"{lesson}: a cell's head is off"
    _, *cells = re.split(heads, text, flags=re.M)
    return [Answer(int(n), how == "right", *rest) for n, how, *rest in zip(*(cells[start::4] for start in range(4)))]


def answers_of(lesson: str) -> list[Answer]:
    """The lesson's stub and solution for every exercise, and what is written in `answers/NN.py`."""
    own = [
        Answer(number, right, f"the lesson's {'solution' if right else 'stub'}", "\n\n".join(code))
        for number, task in enumerate(SOLVED[lesson], 1)
        for right, code in ((False, task.stubs), (True, task.learner))
    ]
    return own + written(lesson)


def told(lesson: str, answer: Answer, names: dict) -> str:
    """What the check says of the answer. Cells of the lesson that the answer leans on run before it."""
    known, said, course = dict(names), io.StringIO(), LESSONS[lesson]
    before, _ = lean_on([answer.code], set(known), course_code(course, "lesson", 0, len(course.cells)), [])
    for code in (*before, answer.code):
        exec(code, known)
    with redirect_stdout(said):
        for code in SOLVED[lesson][answer.exercise - 1].checks:
            exec(code, known)
    return said.getvalue()


@lru_cache(maxsize=1)  # the cases come lesson by lesson
def names_of(lesson: str) -> dict:
    """What a lesson's setup leaves behind."""
    known, course = {"__name__": "__main__"}, LESSONS[lesson]
    for code in course_code(course, "setup", 0, len(course.cells)):
        exec(code, known)
    return known


@pytest.fixture(autouse=True)
def as_in_a_notebook(monkeypatch):
    """Where lessons run, and without a window for figures."""
    monkeypatch.setenv("MPLBACKEND", "agg")
    monkeypatch.chdir(NOTEBOOKS)


@pytest.mark.parametrize("lesson", LESSONS)
def test_every_exercise_meets_answers_of_many_kinds(lesson):
    for number in range(1, len(SOLVED[lesson]) + 1):
        for right in (True, False):
            found = {one.code.strip() for one in written(lesson) if (one.exercise, one.right) == (number, right)}
            assert len(found) >= ENOUGH, f"{lesson}, exercise {number}: {len(found)} answers, right is {right}"


@pytest.mark.parametrize(
    ("lesson", "answer"),
    [
        pytest.param(
            lesson,
            answer,
            id=f"{lesson}-{answer.exercise}-{answer.differs}".replace(" ", "_"),
            marks=pytest.mark.xdist_group(lesson),  # one process sets a lesson up, and only once
        )
        for lesson in LESSONS
        for answer in answers_of(lesson)
    ],
)
def test_a_check_says_right_to_what_is_right_alone(lesson, answer):
    said = told(lesson, answer, names_of(lesson))
    verdict = judge({"said": said, "error": "", "own_error": "", "changed": ()})
    assert verdict.status == ("right" if answer.right else "not yet") and said, said
