"""From rows to verdicts: a promise's statistic against the margin that was fixed for it beforehand. Scores nothing.

A promise is `supported` where the whole interval lies on the promised side of its margin, `not supported` where all of it
lies on the other side, and `undecided` between the two. Where the two sides of a moderator, named beforehand, come out
opposite, it `depends`. The more promises, the likelier that chance decides one: Holm's step-down procedure (Holm 1979,
Scandinavian Journal of Statistics 6) keeps the risk of any wrong verdict at 5 %.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from utils.measure.claims import QUESTIONS, Claim, Statistic
from utils.measure.evaluation import LEVEL, RESAMPLES, Row, resample


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
