"""How each system stands in a situation: its answers on a mix of questions like the situation's, its seconds, its money.

The mix has three parts: questions whose answer is as it was learned, those whose answer has changed since, those that no
page answers; a skill has one, its items. Every number is from rows; the situation says how large each part is, and what a
wrong answer costs.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from utils.measure.draws import Clusters, all_alike, draw_alike, draw_together
from utils.measure.evaluation import Estimate, Row, estimate
from utils.measure.money import ANSWER, CHANGE, START
from utils.measure.samples import Background, Sample
from utils.measure.situations import QUESTIONS, Situation

CHANGED = "changed since"
PARTS = {  # of the questions → which rows tell
    "as learned": lambda row: not row["after"] and row["em"] is not None,
    CHANGED: lambda row: row["after"] and row["stale"] is not None,
    "on no page": lambda row: not row["after"] and row["em"] is None,
    "items": lambda row: not row["after"],
}
ALONE = "total"  # the figure of an answer's seconds when it comes alone
MONEY = (START, ANSWER, CHANGE)


@dataclass(frozen=True)
class Part:
    """A system's answers to one part of the questions, the shares right and wrong, and (RESAMPLES, 2) draws of these."""

    rows: Sequence[Row]
    means: np.ndarray
    draws: np.ndarray


@dataclass(frozen=True)
class Measured:
    """A system as its rows have it, whatever the situation.

    `seconds` of an answer that comes `alone`, or else its share of a batch's; None where no rows tell. `money`: means by
    figure, as far as there are any.
    """

    system: str
    parts: Mapping[str, Part]
    clusters: Clusters
    seconds: float | None
    alone: bool
    money: Mapping[str, float]

    def right(self, part: str) -> Estimate:
        """Share of right answers in a part of the questions."""
        return estimate(self.parts[part].rows, lambda row: row["correct"], self.clusters)

    @property
    def stale(self) -> Estimate:
        """Share of changed questions that get the old value."""
        rows = self.parts[CHANGED].rows if CHANGED in self.parts else ()
        return estimate(rows, lambda row: row["stale"], self.clusters)

    @property
    def took(self) -> str:
        """The seconds in words."""
        return f"{self.seconds:.2g} s for an answer {'that comes alone' if self.alone else 'among sixteen at once'}"


@dataclass(frozen=True)
class Standing:
    """A system in a situation: the parts it is asked about, the worth of an answer, money for the first year if known."""

    measured: Measured
    asked: tuple[str, ...]
    worth: Sample
    money: float | None

    @property
    def system(self) -> str:
        """Its name."""
        return self.measured.system


def measure(systems: Iterable[str], rows: Sequence[Row], about: Background, stream: int = 0) -> list[Measured]:
    """The systems that have answers among the rows of one comparison, with figures of seconds and money if there are any.

    Rows of other documents get another `stream`, so that these are drawn independently.
    """
    found = []
    for name in systems:
        own = [row for row in rows if row["system"] == name]
        answers = [row for row in own if "figure" not in row and not row["both_versions"]]
        if answers:
            parts = measure_parts(answers, about.clusters, stream)
            found.append(Measured(name, parts, about.clusters, *seconds_of(own), money_of(own)))
    return found


def measure_parts(answers: Sequence[Row], clusters: Clusters, stream: int) -> dict[str, Part]:
    """Each part that has rows. The same documents and seeds are drawn for all parts, and for all systems."""
    chosen = {part: [row for row in answers if fits(row)] for part, fits in PARTS.items()}
    chosen = {part: rows for part, rows in chosen.items() if rows}
    values = [np.array([right_or_wrong(row) for row in rows], float) for rows in chosen.values()]
    draws = draw_together(list(zip(chosen.values(), values)), clusters, stream)
    draws = [draw_exactly(*part, clusters, stream) for part in zip(chosen.values(), values, draws)]
    made = (Part(rows, value.mean(axis=0), drawn) for rows, value, drawn in zip(chosen.values(), values, draws))
    return dict(zip(chosen, made))


def draw_exactly(rows: Sequence[Row], values: np.ndarray, draws: np.ndarray, clusters: Clusters, stream: int) -> np.ndarray:
    """The draws of one part, those of a share of none or all replaced: such a share isn't known exactly either.

    Another system or stream gets other chances, so that two of them aren't taken for the same; both columns get the same.
    """
    exact = draws.copy()
    for column, numbers in enumerate(values.T):
        alike = [{"question_id": row["question_id"], "value": number} for row, number in zip(rows, numbers)]
        if all_alike(alike):
            chance = np.random.default_rng([stream, *rows[0]["system"].encode()])
            exact[:, column] = draw_alike(alike, clusters, chance)[1]
    return exact


def right_or_wrong(row: Row) -> tuple[bool, bool]:
    """(is it right, is it wrong). Neither is an answer that wrongly says "I don't know."."""
    return row["correct"], not row["correct"] and not row["abstained"]


def seconds_of(rows: Sequence[Row]) -> tuple[float | None, bool]:
    """(median seconds of an answer, whether it came alone): from the figure ALONE, else from answers given in batches."""
    alone = [row["value"] for row in rows if row.get("figure") == ALONE]
    among = [sum(row[p] or 0.0 for p in ("retrieve_s", "prefill_s", "decode_s")) for row in rows if "figure" not in row]
    return (float(np.median(alone or among)) if alone or among else None), bool(alone)


def money_of(rows: Sequence[Row]) -> dict[str, float]:
    """The mean of each figure in money."""
    values = {name: [row["value"] for row in rows if row.get("figure") == name] for name in MONEY}
    return {name: float(np.mean(found)) for name, found in values.items() if found}


def rank(situation: Situation, measured: Sequence[Measured]) -> list[Standing]:
    """Those that have answers to every part of the situation's questions, the worthiest first."""
    asked = {part: share for part, share in shares(situation).items() if share > 0}
    standings = [stand(situation, one, asked) for one in measured if set(asked) <= set(one.parts)]
    return sorted(standings, key=lambda standing: -standing.worth.value)


def shares(situation: Situation) -> dict[str, float]:
    """Which share of the questions each part is."""
    if situation.task != QUESTIONS:
        return {"items": 1.0}
    answered = 1 - situation.unanswered
    changed = answered * situation.changed
    return dict(zip(PARTS, (answered - changed, changed, situation.unanswered)))


def stand(situation: Situation, one: Measured, asked: Mapping[str, float]) -> Standing:
    """A system in the situation; `asked`: the share of each part.

    A right answer is worth 1, "I don't know." in its place too and elsewhere 0, a wrong answer minus `wrong_costs`.
    """
    worth = np.array([1.0, -situation.wrong_costs])
    value = sum(share * one.parts[part].means @ worth for part, share in asked.items())
    draws = sum(share * one.parts[part].draws @ worth for part, share in asked.items())
    rows = [row for part in asked for row in one.parts[part].rows]
    n, seeds = (len({row[key] for row in rows} - {None}) for key in ("question_id", "seed"))
    return Standing(one, tuple(asked), Sample(float(value), draws, n, seeds), first_year(situation, one))


def first_year(situation: Situation, one: Measured) -> float | None:
    """Money for the start, a year's questions and its changes; None where a figure is missing."""
    if set(one.money) != set(MONEY):
        return None
    times = (1, 365 * situation.questions_a_day, situation.trainings_a_year)
    return sum(number * one.money[name] for name, number in zip(MONEY, times))
