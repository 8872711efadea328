"""How tables, intervals, experiments and links look on the page."""

import re
from collections.abc import Iterable, Mapping, Sequence

from utils.measure.evaluation import Row
from utils.measure.samples import Sample
from utils.report import seeds_line

WHERE = {"comparison": "the classroom", "full": "all desks"}


def table(head: Sequence[str], lines: Sequence[Sequence[object]]) -> str:
    """A Markdown table."""
    rows = [head, ["---"] * len(head), *lines]
    return "\n".join("| " + " | ".join(str(cell) for cell in row) + " |" for row in rows)


def show(sample: Sample) -> str:
    """Value and interval of a sample."""
    return interval_of(sample.value, *sample.interval)


def described(verdict: Mapping) -> str:
    """Value and interval of a verdict, or of a side of one."""
    return interval_of(verdict["value"], *verdict["interval"])


def interval_of(value: float, low: float, high: float) -> str:
    """Two places each, or three digits where these don't tell the ends apart; else the value alone: nothing worth the name
    was spread, as with prices that are assumed.

    >>> interval_of(0.5, 0.25, 1), interval_of(0.0165, 0.0161, 0.0169), interval_of(17.333, 17.333, 17.334)
    ('0.50 [0.25, 1.00]', '0.0165 [0.0161, 0.0169]', '17.33')
    """
    for digits in (".2f", ".3g"):
        shown = [format(number, digits) for number in (value, low, high)]
        if shown[1] != shown[2]:
            return f"{shown[0]} [{shown[1]}, {shown[2]}]"
    return f"{value:.2f}"


def scope(rows: Sequence[Row], what: str = "questions") -> str:
    """Over how many questions, or items of a figure, a table is, and how many trainings of each system answered.

    >>> scope([{"question_id": "q1", "system": "raft/gold", "seed": 1}, {"question_id": "q2", "system": "raft", "seed": 2}])
    '2 questions; 2 training seeds.'
    """
    asked = len({row["item"] if "figure" in row else row["question_id"] for row in rows})
    trained = [{**row, "system": row["system"].partition("/")[0]} for row in rows if row["seed"] is not None]
    return f"{asked} {what}" + f"; {seeds_line(trained)}" * bool(trained) + "."


def bounds(low: float | None, high: float | None) -> str:
    """A promised range or a target in words; None: no bound on that side.

    >>> bounds(0.05, None), bounds(None, 20), bounds(1, 2)
    ('at least 0.05', 'at most 20', '1 to 2')
    """
    return f"at least {low:g}" if high is None else f"at most {high:g}" if low is None else f"{low:g} to {high:g}"


def where(experiment: str) -> str:
    """Which rows these are."""
    return WHERE.get(experiment, experiment)


def contents(titles: Iterable[str]) -> str:
    """Links to the sections, by the names that GitHub gives their headings.

    >>> contents(["Right, exact and cited"])
    '[Right, exact and cited](#right-exact-and-cited)'
    """
    return " · ".join(f"[{title}](#{re.sub('[^a-z ]', '', title.lower()).replace(' ', '-')})" for title in titles)
