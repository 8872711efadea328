"""From samples to verdicts: a promise's statistic against the margin that was fixed for it beforehand. Sees no rows.

A promise is `supported` where the whole interval lies on the promised side of its margin, `not supported` where all of it
lies on the other side, and `undecided` between the two. Where the two sides of a moderator, named beforehand, come out
opposite, it `depends`. The more there is to decide, the likelier that chance decides something: Holm's step-down procedure
(Holm 1979, Scandinavian Journal of Statistics 6), over all promises and all pairs of sides whose rows are there, keeps the
risk of any wrong verdict at 5 %. That sides are opposite takes both of them, so it is as sure as the less sure one.
"""

import math
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

import numpy as np

from utils.measure.claims import Claim
from utils.measure.evaluation import LEVEL, RESAMPLES
from utils.measure.samples import NotMeasured, Sample
from utils.measure.statistics import Following, Statistic

Take = Callable[[Statistic | Following], Sample]  # from the rows there are; NotMeasured where they don't suffice yet


def weigh(sample: Sample, promised: tuple[float, float]) -> tuple[str, float]:
    """(`supported` or `not supported`, whichever is likelier; its two-sided p-value, at least 1 / RESAMPLES).

    A draw on the margin itself counts half for each side. What was measured once is never sure.
    """
    outside = (np.sign(promised[0] - sample.draws), np.sign(sample.draws - promised[1]))
    below, above = (float(np.mean(side + 1)) / 2 for side in outside)
    kept, broken = 2 * max(below, above), 2 * min(1 - below, 1 - above)
    verdict = "supported" if kept < broken else "not supported"
    return verdict, 1.0 if sample.once else min(1.0, max(min(kept, broken), 1 / RESAMPLES))


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


def questions_needed(sample: Sample, promised: tuple[float, float], tests: int = 1) -> int | None:
    """At least how many questions, on as many more pages, would decide it first of so many `tests`, its value unchanged.

    An interval shrinks with the root of their number, as far as it comes from questions and not from trainings; what
    counts is how far it reaches towards the margin. None where the value lies on the margin, or was measured once.
    """
    margin = min((end for end in promised if math.isfinite(end)), key=lambda end: abs(sample.value - end))
    tail = (1 - LEVEL) / 2 / tests
    low, high = np.quantile(sample.draws, [tail, 1 - tail])
    reach, distance = sample.value - low if margin < sample.value else high - sample.value, abs(sample.value - margin)
    return math.ceil(sample.n * (reach / distance) ** 2) if distance and not sample.once else None


@dataclass(frozen=True)
class Measured:
    """A claim with its sample, those of its moderator's sides, and those that stand beside it, by name."""

    claim: Claim
    sample: Sample
    sides: dict[str, Sample]
    beside: dict[str, Sample]

    def weigh(self, sample: Sample) -> tuple[str, float]:
        """The sample against what is promised."""
        return weigh(sample, self.claim.promised)

    def weigh_sides(self) -> float | None:
        """The p-value of the two sides being opposite; None where they aren't, or where there are none."""
        weighed = [self.weigh(side) for side in self.sides.values()]
        return max(p for _, p in weighed) if len({verdict for verdict, _ in weighed}) == 2 else None


def measured(claims: Sequence[Claim], take: Take) -> list[Measured]:
    """The claims whose rows are there. What stands beside one may be missing, its sides may not."""
    found = []
    for claim in claims:
        try:
            sides = {name: take(side) for name, side in claim.sides}
            found.append(Measured(claim, take(claim.compute), sides, take_if_there(claim.beside, take)))
        except NotMeasured:
            continue
    return found


def take_if_there(statistics: Sequence[tuple[str, Statistic]], take: Take) -> dict[str, Sample]:
    """The samples of those statistics whose rows are there."""
    samples = {}
    for name, statistic in statistics:
        with suppress(NotMeasured):
            samples[name] = take(statistic)
    return samples


def judge(claims: Sequence[Claim], take: Take) -> dict[str, dict]:
    """claim id → verdict with the numbers behind it, for every claim whose rows are there."""
    found = measured(claims, take)
    alone = [one.weigh(one.sample)[1] for one in found]
    moderated = [one for one in found if one.sides]
    sure = decide([*alone, *(1.0 if p is None else p for p in (one.weigh_sides() for one in moderated))])
    depends = {one.claim.claim_id for one, is_sure in zip(moderated, sure[len(found) :]) if is_sure}
    verdicts = {}
    for one, is_sure in zip(found, sure):
        verdict = "depends" if one.claim.claim_id in depends else one.weigh(one.sample)[0] if is_sure else "undecided"
        needed = questions_needed(one.sample, one.claim.promised, len(sure)) if verdict == "undecided" else None
        verdicts[one.claim.claim_id] = {"verdict": verdict, **describe_measured(one), "questions_needed": needed}
    return verdicts


def describe_measured(one: Measured) -> dict:
    """What a verdict rests on, as plain values."""
    claim = one.claim
    return {
        "reach": claim.reach,
        "statistic": claim.statistic,
        **described(one.sample),
        "promised": [end if math.isfinite(end) else None for end in claim.promised],
        "p": round(one.weigh(one.sample)[1], 5),
        "moderator": claim.moderator,
        "sides": {name: judge_side(one, side) for name, side in one.sides.items()},
        "beside": {name: described(sample) for name, sample in one.beside.items()},
    }


def judge_side(one: Measured, sample: Sample) -> dict:
    """What one side of a moderator says by itself; the two sides share the 5 %."""
    verdict, p = one.weigh(sample)
    return {"verdict": verdict if p <= (1 - LEVEL) / len(one.sides) else "undecided", **described(sample)}


def described(sample: Sample) -> dict:
    """A sample as plain values."""
    interval = [round(end, 4) for end in sample.interval]
    return {"value": round(sample.value, 4), "interval": interval, "n": sample.n, "seeds": sample.seeds}
