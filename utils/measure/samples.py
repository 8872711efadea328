"""From a statistic and rows to a sample: its value, and draws of what it might have been. Knows no margin.

Statistics of the same questions are drawn together, those of different questions independently.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from utils.data import evidence_in_force, held_out_documents, is_held_out
from utils.measure.draws import Clusters, all_alike, draw, draw_alike
from utils.measure.evaluation import LEVEL, Row, cluster_of
from utils.measure.statistics import MEASURES, QUESTIONS, Answers, Statistic
from utils.records import Question

Rows = Mapping[str, Sequence[Row]]  # experiment → its rows: answers and figures


class NotMeasured(LookupError):
    """The rows that a statistic needs aren't there yet. No mistake: the experiment has still to be run."""


@dataclass(frozen=True)
class Background:
    """What the rows don't say of their questions, by question_id.

    `clusters`: what it is drawn with. `pages`: (question_id, after) → documents that hold its answer. `unseen`: questions
    about documents that raft's training leaves out.
    """

    clusters: Clusters
    pages: Mapping[tuple[str, bool], Collection[str]]
    unseen: Collection[str]


@dataclass(frozen=True)
class Sample:
    """A statistic's value and RESAMPLES draws, from n questions (or items) and so many training seeds.

    `once`: it was measured a single time, so that nobody knows how far it might have been off.
    """

    value: float
    draws: np.ndarray
    n: int
    seeds: int
    once: bool = False

    @property
    def interval(self) -> tuple[float, float]:
        """The middle 95 % of the draws; from the end on where all answers were alike."""
        low, high = (float(end) for end in np.quantile(self.draws, [(1 - LEVEL) / 2, (1 + LEVEL) / 2]))
        return min(low, self.value), max(high, self.value)


def background_of(*companies: Sequence[Question]) -> Background:
    """What is known of the questions of each company."""
    clusters, pages, unseen = Clusters(), {}, set()
    for questions in companies:
        held_out = held_out_documents(questions)
        clusters.update(cluster_of(questions))
        unseen |= {question.question_id for question in questions if is_held_out(question, held_out)}
        for after in (False, True):
            pages |= {(q.question_id, after): {item.doc_id for item in evidence_in_force(q, after)} for q in questions}
    return Background(clusters, pages, unseen)


def take_sample(statistic: Statistic, rows: Rows, about: Background) -> Sample:
    """The statistic on these rows. A rival is chosen by the same rows, which favours it.

    NotMeasured where a system has no such rows; ValueError where systems answered different questions.
    """
    named = {system: choose(statistic, system, rows, about) for system in statistic.systems}
    ids = {row["question_id"] for row in named[statistic.of]}
    for system, values in named.items():
        if {row["question_id"] for row in values} != ids:
            raise ValueError(f"{statistic.of} and {system} answered different questions: run them on one set")
    if statistic.over and statistic.take == "median":
        named = {statistic.of: ratios(named[statistic.of], named[statistic.over])}
    value, draws = compare(statistic, named, about.clusters)
    seeds = {row["seed"] for values in named.values() for row in values} - {None}
    once = statistic.take != "largest" and all(len(values) == 1 for values in named.values())
    sample = Sample(value, draws, len(ids), len(seeds), once)
    return less(sample, take_sample(statistic.minus, rows, about)) if statistic.minus else sample


def choose(statistic: Statistic, system: str, rows: Rows, about: Background) -> list[Row]:
    """The values that the statistic is over, of one system: rows of question_id (or item), seed and value."""
    values, own = statistic.values, [row for row in rows.get(statistic.experiment, ()) if row["system"] == system]
    if isinstance(values, Answers):
        answers = [row for row in own if "figure" not in row and wanted(row, values, about)]
        chosen = [row for row in (value_of(row, values, about) for row in answers) if row["value"] is not None]
    else:
        figures = [row for row in own if row.get("figure") == values.figure]
        chosen = [{"question_id": str(row["item"]), "seed": row["seed"], "value": row["value"]} for row in figures]
    if not chosen:
        raise NotMeasured(f"{statistic.experiment} holds no rows of {system} for {values}")
    return chosen


def wanted(row: Row, values: Answers, about: Background) -> bool:
    """Is this answer one of those that the statistic is over?"""
    return (
        (row["after"], row["both_versions"]) == (values.when == "after", values.versions == "both")
        and QUESTIONS[values.questions](row)
        and (not values.kinds or row["kind"] in values.kinds)
        and values.desk in (None, row["desk"])
        and (values.pages is None or (row["question_id"] in about.unseen) == (values.pages == "unseen"))
    )


def value_of(row: Row, values: Answers, about: Background) -> Row:
    """The measure of one answer, with what it is drawn by."""
    pages = about.pages.get((row["question_id"], row["after"]), ())
    value = MEASURES[values.measure](row, pages) if values.measure in MEASURES else row[values.measure]
    return {"question_id": row["question_id"], "seed": row["seed"], "value": value}


def ratios(ours: Sequence[Row], theirs: Sequence[Row]) -> list[Row]:
    """Ours over theirs, item by item and seed by seed; where one side has no seed, over the mean of all the other's."""
    others = defaultdict(list)
    for row in theirs:
        for seed in (row["seed"], "any"):
            others[row["question_id"], seed].append(row["value"])
    made = []
    for row in ours:
        item, seed = row["question_id"], row["seed"]
        partners = others.get((item, seed)) or others.get((item, None)) or others.get((item, "any"))
        if not min(partners) > 0:
            raise ValueError(f"item {item!r}, seed {seed}: nothing can be divided by {min(partners)}")
        made.append({**row, "value": row["value"] * len(partners) / sum(partners)})
    return made


def compare(statistic: Statistic, named: Mapping[str, Sequence[Row]], clusters: Clusters) -> tuple[float, np.ndarray]:
    """(value, draws): ours alone, minus the best rival, or over the other one. `named`: system → its values."""
    drawn = draw_each(statistic, named, clusters)
    value, draws = drawn[statistic.of]
    if statistic.against:
        best, theirs = max((drawn[system] for system in statistic.against), key=lambda rival: rival[0])
        return value - best, draws - theirs
    if statistic.over in drawn:
        below, theirs = drawn[statistic.over]
        if not theirs.min() > 0:
            raise ValueError(f"{statistic.over} has values of 0: nothing can be divided by them")
        return value / below, draws / theirs
    return value, draws


def draw_each(
    statistic: Statistic, named: Mapping[str, Sequence[Row]], clusters: Clusters
) -> dict[str, tuple[float, np.ndarray]]:
    """(value, draws) by system; of shares exact ones where every system's values are alike and nothing would be spread."""
    if statistic.take == "mean" and not statistic.over and all(map(all_alike, named.values())):
        chance = np.random.default_rng(2)
        return {system: draw_alike(values, clusters, chance) for system, values in named.items()}
    return {system: draw(values, statistic.take, clusters) for system, values in named.items()}


def less(ours: Sample, theirs: Sample) -> Sample:
    """The difference of two samples of different questions: their draws have nothing to do with each other."""
    draws = ours.draws - np.random.default_rng(3).permutation(theirs.draws)
    return Sample(ours.value - theirs.value, draws, min(ours.n, theirs.n), max(ours.seeds, theirs.seeds))
