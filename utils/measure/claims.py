"""From rows to verdicts: a promise's statistic against the margin that was fixed for it beforehand. Scores nothing.

A promise is `supported` where the whole interval lies on the promised side of its margin, `not supported` where all of it
lies on the other side, and `undecided` between the two. Where the two sides of a moderator, named beforehand, come out
opposite, it `depends`. The more promises, the likelier that chance decides one: Holm's step-down procedure (Holm 1979,
Scandinavian Journal of Statistics 6) keeps the risk of any wrong verdict at 5 %.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from utils.measure.evaluation import LEVEL, RESAMPLES, Row, resample

DIRECTIONS = ("higher", "lower", "between")
REACHES = ("mechanism", "this model", "this machine")
QUESTIONS = {  # which rows a statistic is over
    "answerable": lambda row: row["em"] is not None,
    "unanswerable": lambda row: row["em"] is None,
    "changed": lambda row: row["stale"] is not None,
}


@dataclass(frozen=True)
class Statistic:
    """The mean of a row's field for one system; with rivals, minus that of the best of them. `when`: before or after."""

    measure: str
    of: str
    questions: str
    against: tuple[str, ...] = ()
    when: str = "after"


@dataclass(frozen=True)
class Claim:
    """One promise and what decides it. `compute` is None where no rows can decide it yet; `sides` are a moderator's two."""

    claim_id: str
    promise: str
    experiment: str
    statistic: str
    direction: str
    margin: float | tuple[float, float]
    reach: str
    fixed: str
    compute: Statistic | None = None
    moderator: str | None = None
    sides: tuple[tuple[str, Statistic], ...] = ()

    @property
    def promised(self) -> tuple[float, float]:
        """The range in which the statistic is promised to lie."""
        if self.direction == "between":
            return self.margin
        return (self.margin, math.inf) if self.direction == "higher" else (-math.inf, self.margin)


@dataclass(frozen=True)
class Sample:
    """A statistic's value and RESAMPLES draws of what it might have been, from n questions and so many training seeds."""

    value: float
    draws: np.ndarray
    n: int
    seeds: int

    @property
    def interval(self) -> tuple[float, float]:
        """The middle 95 % of the draws; from the end on where all answers were alike."""
        low, high = (float(end) for end in np.quantile(self.draws, [(1 - LEVEL) / 2, (1 + LEVEL) / 2]))
        return min(low, self.value), max(high, self.value)


def parse_claim(claim_id: str, entry: Mapping) -> Claim:
    """A claim from its entry in claims.yaml. ValueError for a missing or unknown key, direction or reach."""
    needed = {"promise", "experiment", "statistic", "direction", "margin", "reach", "moderator", "fixed"}
    if missing := needed - set(entry):
        raise ValueError(f"{claim_id} has no {', '.join(sorted(missing))}")
    if unknown := set(entry) - needed - {"compute"}:
        raise ValueError(f"{claim_id} has {', '.join(sorted(unknown))}, which no claim has")
    if entry["direction"] not in DIRECTIONS or entry["reach"] not in REACHES:
        raise ValueError(f"{claim_id}: direction is one of {', '.join(DIRECTIONS)}, reach one of {', '.join(REACHES)}")
    two_ends = isinstance(entry["margin"], list)
    if two_ends != (entry["direction"] == "between"):
        raise ValueError(f"{claim_id}: a margin has two ends, [low, high], where the direction is between, and only there")
    compute = parse_statistic(claim_id, entry["compute"]) if "compute" in entry else None
    moderator = entry["moderator"] or {"name": None, "sides": {}}
    sides = tuple((name, replace(compute, **other)) for name, other in moderator["sides"].items())
    plain = {key: entry[key] for key in ("promise", "experiment", "statistic", "direction", "reach")}
    plain |= {"margin": tuple(entry["margin"]) if two_ends else entry["margin"], "fixed": str(entry["fixed"])}
    return Claim(claim_id, **plain, compute=compute, moderator=moderator["name"], sides=sides)


def parse_statistic(claim_id: str, entry: Mapping) -> Statistic:
    """A statistic from `compute`. ValueError for questions that aren't in QUESTIONS."""
    if entry["questions"] not in QUESTIONS:
        raise ValueError(f"{claim_id}: questions is one of {', '.join(QUESTIONS)}, got {entry['questions']!r}")
    return Statistic(**{**entry, "against": tuple(entry.get("against", ()))})


def measure(statistic: Statistic, rows: Sequence[Row], clusters: Mapping[str, str]) -> Sample:
    """The statistic on these rows. A rival is chosen by the same rows, which favours it. ValueError for no rows."""
    ours = choose(statistic, statistic.of, rows)
    questions, seeds = ({row[field] for row in ours} for field in ("question_id", "seed"))
    value, draws = draw(statistic, ours, clusters)
    if statistic.against:
        rivals = [choose(statistic, system, rows) for system in statistic.against]
        seeds |= {row["seed"] for rival in rivals for row in rival}
        if any({row["question_id"] for row in rival} != questions for rival in rivals):
            raise ValueError(f"{statistic.of} and {statistic.against} answered different questions: run them on one set")
        best, their_draws = max((draw(statistic, rival, clusters) for rival in rivals), key=lambda drawn: drawn[0])
        value, draws = value - best, draws - their_draws
    return Sample(value, draws, len(questions), len(seeds - {None}))


def choose(statistic: Statistic, system: str, rows: Sequence[Row]) -> list[Row]:
    """The rows that the statistic is over, of one system."""
    wanted, after = QUESTIONS[statistic.questions], statistic.when == "after"
    chosen = [row for row in rows if row["system"] == system and row["after"] == after and wanted(row)]
    if not chosen:
        raise ValueError(f"no rows of {system} on {statistic.questions} questions {statistic.when} the change")
    return chosen


def draw(statistic: Statistic, rows: Sequence[Row], clusters: Mapping[str, str]) -> tuple[float, np.ndarray]:
    """(mean, its RESAMPLES draws). Where all or none are right, by Clopper & Pearson's limits instead of a bootstrap."""
    values = [float(row[statistic.measure]) for row in rows]
    mean = sum(values) / len(values)
    if mean not in (0.0, 1.0) or statistic.against:
        return mean, resample(rows, lambda row: row[statistic.measure], clusters)
    independent = len({clusters[row["question_id"]] for row in rows})
    reach = 1 - (1 - (np.arange(RESAMPLES) + 0.5) / RESAMPLES) ** (1 / independent)
    return mean, 1 - reach if mean else reach


def weigh(sample: Sample, promised: tuple[float, float]) -> tuple[str, float]:
    """(`supported` or `not supported`, whichever is likelier; its two-sided p-value, at least 1 / RESAMPLES)."""
    below, above = (float(np.mean(outside)) for outside in (sample.draws < promised[0], sample.draws > promised[1]))
    kept, broken = 2 * max(below, above), 2 * min(1 - below, 1 - above)
    verdict = "supported" if kept < broken else "not supported"
    return verdict, min(1.0, max(min(kept, broken), 1 / RESAMPLES))


def decide(p_values: Sequence[float]) -> list[bool]:
    """Holm: which of these stay below 5 % together. The smallest has to pass 5 % / m, the next 5 % / (m - 1), ...

    >>> decide([0.01, 0.04, 0.02])
    [True, True, True]
    >>> decide([0.03, 0.04, 0.01])
    [False, False, True]
    """
    decided = [False] * len(p_values)
    for rank, place in enumerate(sorted(range(len(p_values)), key=lambda place: p_values[place])):
        if p_values[place] > (1 - LEVEL) / (len(p_values) - rank):
            break
        decided[place] = True
    return decided


def questions_needed(sample: Sample, promised: tuple[float, float]) -> int | None:
    """About how many questions would decide it, if the value stayed where it is: an interval shrinks with their root.

    None where the value lies on the margin itself.
    """
    low, high = sample.interval
    distance = min(abs(sample.value - end) for end in promised if math.isfinite(end))
    return math.ceil(sample.n * ((high - low) / 2 / distance) ** 2) if distance else None


def judge(
    claims: Sequence[Claim], rows: Mapping[str, Sequence[Row]], clusters: Mapping[str, str], files: Mapping[str, str]
) -> dict[str, dict]:
    """claim id → verdict with all it rests on, for every claim that can be computed. `rows` and `files` by experiment."""
    claims = [claim for claim in claims if claim.compute and claim.experiment in rows]
    samples = [measure(claim.compute, rows[claim.experiment], clusters) for claim in claims]
    weighed = [weigh(sample, claim.promised) for claim, sample in zip(claims, samples)]
    decided = decide([p for _, p in weighed])
    verdicts = {}
    for claim, sample, (verdict, p), sure in zip(claims, samples, weighed, decided):
        sides = {name: judge_side(claim, side, rows[claim.experiment], clusters) for name, side in claim.sides}
        opposite = {side["verdict"] for side in sides.values()} == {"supported", "not supported"}
        verdict = "depends" if opposite else verdict if sure else "undecided"
        verdicts[claim.claim_id] = {
            "verdict": verdict,
            "reach": claim.reach,
            "statistic": claim.statistic,
            **described(sample),
            "promised": [end if math.isfinite(end) else None for end in claim.promised],
            "p": round(p, 5),
            "moderator": claim.moderator,
            "sides": sides,
            "questions_needed": questions_needed(sample, claim.promised) if verdict == "undecided" else None,
            "files": [files[claim.experiment]],
        }
    return verdicts


def judge_side(claim: Claim, side: Statistic, rows: Sequence[Row], clusters: Mapping[str, str]) -> dict:
    """The verdict on one side of a moderator; the two sides share the 5 %."""
    sample = measure(side, rows, clusters)
    verdict, p = weigh(sample, claim.promised)
    return {"verdict": verdict if p <= (1 - LEVEL) / len(claim.sides) else "undecided", **described(sample)}


def described(sample: Sample) -> dict:
    """A sample as plain values."""
    interval = [round(end, 4) for end in sample.interval]
    return {"value": round(sample.value, 4), "interval": interval, "n": sample.n, "seeds": sample.seeds}
