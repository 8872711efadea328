"""From samples to verdicts: a promise's statistic against the margin that was fixed for it beforehand. Sees no rows.

A promise is `supported` where the whole interval lies on the promised side of its margin, `not supported` where all of it
lies on the other side, and `undecided` between the two. Where the two sides of a moderator, named beforehand, come out
opposite, it `depends`. The more promises, the likelier that chance decides one: Holm's step-down procedure (Holm 1979,
Scandinavian Journal of Statistics 6) keeps the risk of any wrong verdict at 5 %.
"""

import math
from collections.abc import Callable, Sequence

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


def questions_needed(sample: Sample, promised: tuple[float, float]) -> int | None:
    """About how many questions would decide it, if the value stayed where it is: an interval shrinks with their root.

    None where the value lies on the margin itself, or was measured once.
    """
    low, high = sample.interval
    distance = min(abs(sample.value - end) for end in promised if math.isfinite(end))
    return math.ceil(sample.n * ((high - low) / 2 / distance) ** 2) if distance and not sample.once else None


def measured(claims: Sequence[Claim], take: Take) -> list[tuple[Claim, Sample, dict[str, Sample]]]:
    """The claims whose rows are there, each with its sample and those of its moderator's sides."""
    found = []
    for claim in claims:
        try:
            found.append((claim, take(claim.compute), {name: take(side) for name, side in claim.sides}))
        except NotMeasured:
            continue
    return found


def judge(claims: Sequence[Claim], take: Take) -> dict[str, dict]:
    """claim id → verdict with the numbers behind it, for every claim whose rows are there."""
    found = measured(claims, take)
    weighed = [weigh(sample, claim.promised) for claim, sample, _ in found]
    verdicts = {}
    for (claim, sample, parts), (verdict, p), sure in zip(found, weighed, decide([p for _, p in weighed])):
        sides = {name: judge_side(claim, part) for name, part in parts.items()}
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
        }
    return verdicts


def judge_side(claim: Claim, sample: Sample) -> dict:
    """The verdict on one side of a moderator; the two sides share the 5 %."""
    verdict, p = weigh(sample, claim.promised)
    return {"verdict": verdict if p <= (1 - LEVEL) / len(claim.sides) else "undecided", **described(sample)}


def described(sample: Sample) -> dict:
    """A sample as plain values."""
    interval = [round(end, 4) for end in sample.interval]
    return {"value": round(sample.value, 4), "interval": interval, "n": sample.n, "seeds": sample.seeds}
