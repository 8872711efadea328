"""What was meant to be reached, and orders of systems that others found, beside what came out."""

import math
from collections.abc import Sequence

from utils.measure.published import Ordering, Step
from utils.measure.targets import FAILURES, Outcome
from utils.page.tables import bounds, show, table, where

FAILED = (
    "What failed, each wrong answer counted, over all seeds. *Search*: no passage shown held the answer. *Reading*: one "
    "did, and the answer is another. *Gave up*: one did, and the system says it doesn't know. *Knowledge*: none was "
    "shown. Of an answer that takes two statements, one found counts as found; *kind by kind* tells them apart."
)


def targets(outcomes: Sequence[Outcome]) -> str | None:
    """Every target, reached or missed; and where a missed one was about right answers, what failed."""
    if not outcomes:
        return None
    lines = [target_line(outcome) for outcome in outcomes]
    failed = [
        [outcome.target.target, where(outcome.target.compute.experiment), *(outcome.failures[name] for name in FAILURES)]
        for outcome in outcomes
        if outcome.failures
    ]
    parts = [table(["meant to reach", "rows", "target", "measured", "outcome"], lines)]
    return "\n\n".join(parts + [FAILED, table(["missed", "rows", *FAILURES], failed)] * bool(failed))


def target_line(outcome: Outcome) -> list[str]:
    """One target."""
    asked = bounds(*(end if math.isfinite(end) else None for end in outcome.target.asked))
    said = "reached" if outcome.reached else "**missed**"
    doubt = "" if outcome.sure else ", but the interval holds the target"
    return [outcome.target.target, where(outcome.target.compute.experiment), asked, show(outcome.sample), said + doubt]


def orderings(found: Sequence[tuple[Ordering, str, Sequence[Step]]]) -> str | None:
    """Published orders of systems beside ours: (ordering, experiment, our steps)."""
    lines = []
    for ordering, experiment, steps in found:
        if steps:
            chain, finding = " < ".join(f"`{name}`" for name in ordering.order), ordering.finding
            theirs = f"{chain}: {finding.said} ({finding.source}; {finding.trust})"
            ours = "; ".join(f"`{step.worse}` < `{step.better}`: {came_out(step)}, {show(step.lead)}" for step in steps)
            agreed = f"{sum(step.agrees is True for step in steps)} of {len(steps)}"
            lines.append([ordering.name, theirs, where(experiment), ours, agreed])
    return table(["finding", "published order", "rows", "ours", "steps that agree"], lines) if lines else None


def came_out(step: Step) -> str:
    """How a step came out, in words."""
    return {True: "as published", False: "the other way round", None: "not told apart"}[step.agrees]
