"""Checks of the exercises against answers that people might give: other right ones must pass, wrong ones be told so.

The answers lie in `answers/NN.py`, a cell each, headed `# %% 2 wrong: counts the question too`: the exercise's number, what
its check ought to say, and in what the answer differs. The lesson's own stub and solution are tried with them.
A quarter of an hour, and so no part of the suites: `python -m pytest tests/try_answers.py`, for one lesson with `-k 07-`.
"""

import io
import re
import sys
from collections import defaultdict
from contextlib import redirect_stdout
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import pytest

from utils.files import ROOT, read_text
from utils.grade.names import lean_on

sys.path.insert(0, str(ROOT / "notebooks"))
import build

pytestmark = pytest.mark.model

NOTEBOOKS = ROOT / "notebooks"
ANSWERS = Path(__file__).parent / "answers"
ENOUGH = 3  # answers of a person's own kind, both right and wrong, for every exercise


@dataclass(frozen=True)
class Answer:
    """One answer to an exercise of a lesson, and whether its check ought to say Right."""

    exercise: int
    right: bool
    differs: str
    code: str


def parts_of(source: build.Source) -> dict[tuple[int, str], list[str]]:
    """Code by (exercise, part); exercise 0 has the setup, and as part "" the cells of the lesson itself."""
    parts, number = defaultdict(list), 0
    for cell in source.cells:
        number += cell.part == "exercise" and cell.cell_type == "markdown"
        if cell.cell_type == "code":
            text = build.fill(cell.text, "", read_text(NOTEBOOKS / "src" / "setup_cell.py"))
            parts[0 if cell.part in ("", "setup") else number, cell.part].append(text)
    return parts


def written(lesson: str) -> list[Answer]:
    """The answers of `answers/NN.py`; none without that file."""
    path = ANSWERS / f"{lesson}.py"
    text = read_text(path) if path.exists() else ""
    heads = r"^# %% (\d+) (right|wrong): (.+)$"
    assert len(re.findall(heads, text, re.M)) == len(re.findall(r"^# %%", text, re.M)), f"{lesson}: a cell's head is off"
    _, *cells = re.split(heads, text, flags=re.M)
    return [Answer(int(n), how == "right", *rest) for n, how, *rest in zip(*(cells[start::4] for start in range(4)))]


def told(lesson: str, answer: Answer, names: dict) -> str:
    """What the check says of the answer. Cells of the lesson that the answer leans on run before it."""
    known, said = dict(names), io.StringIO()
    before, _ = lean_on([answer.code], set(known), PARTS[lesson][0, ""], [])
    for code in (*before, answer.code):
        exec(code, known)
    with redirect_stdout(said):
        for code in PARTS[lesson][answer.exercise, "exercise"]:
            exec(code, known)
    return said.getvalue()


SOURCES = {source.name[:2]: source for source in build.read_sources(NOTEBOOKS / "src")}
PARTS = {lesson: parts_of(source) for lesson, source in SOURCES.items()}


def numbers(lesson: str) -> list[int]:
    """The lesson's exercises."""
    return [number for number, part in PARTS[lesson] if part == "exercise"]


def answers_of(lesson: str) -> list[Answer]:
    """The lesson's stub and solution for every exercise, and what is written in `answers/NN.py`."""
    own = [
        Answer(number, part == "solution", f"the lesson's {part}", "\n\n".join(PARTS[lesson][number, part]))
        for number in numbers(lesson)
        for part in ("stub", "solution")
    ]
    return own + written(lesson)


CASES = [(lesson, answer) for lesson in SOURCES for answer in answers_of(lesson)]


@pytest.fixture(autouse=True)
def as_in_a_notebook(monkeypatch):
    """Where lessons run, and without a window for figures."""
    monkeypatch.setenv("MPLBACKEND", "agg")
    monkeypatch.chdir(NOTEBOOKS)


@lru_cache(maxsize=1)  # the cases come lesson by lesson
def names_of(lesson: str) -> dict:
    """What a lesson's setup leaves behind."""
    known = {"__name__": "__main__"}
    for code in PARTS[lesson][0, "setup"]:
        exec(code, known)
    return known


@pytest.mark.parametrize("lesson", SOURCES)
def test_every_exercise_meets_answers_of_many_kinds(lesson):
    for number in numbers(lesson):
        for right in (True, False):
            found = {one.code.strip() for one in written(lesson) if (one.exercise, one.right) == (number, right)}
            assert len(found) >= ENOUGH, f"{lesson}, exercise {number}: {len(found)} answers, right is {right}"


@pytest.mark.parametrize(
    ("lesson", "answer"),
    [
        pytest.param(lesson, answer, id=f"{lesson}-{answer.exercise}-{answer.differs}".replace(" ", "_"))
        for lesson, answer in CASES
    ],
)
def test_a_check_says_right_to_what_is_right_alone(lesson, answer):
    said = told(lesson, answer, names_of(lesson))
    assert ("Right" in said and "Not yet" not in said) if answer.right else ("Not yet" in said), said
