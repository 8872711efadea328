"""What was meant to be reached, others' orders of systems beside ours, and the rows cut by desk, kind and version."""

import math
from collections.abc import Callable, Sequence

from utils.measure.evaluation import Row, estimate
from utils.measure.published import Ordering, Step
from utils.measure.samples import Background
from utils.measure.targets import FAILURES, Outcome
from utils.page.tables import bounds, show, table, where

FACTS = ("one fact", "one fact, page held out")  # held out of a training, or not
BY_KIND = (
    "Right answers before the revision. *Page held out*: `raft` and `mixed` never met the page in training. *Two fact*: "
    "the answer takes two statements. *Arithmetic*: it is a sum or a difference. *Reverse*: the value is given, and what "
    "it belongs to is asked."
)
VERSIONS = {  # column → (measure, whether the old pages are still in the index)
    "new answer, old pages removed": ("correct", False),
    "new answer, old pages left": ("correct", True),
    "old answer, old pages removed": ("stale", False),
    "old answer, old pages left": ("stale", True),
}
FAILED = (
    "What failed, each wrong answer counted, over all seeds. *Search*: no passage shown held the answer. *Reading*: one "
    "did, and the answer is another. *Gave up*: one did, and the system says it doesn't know. *Knowledge*: none was shown."
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


def desks(rows: Sequence[Row], about: Background) -> str | None:
    """Right answers of each system on each desk, before the revision, and on the changed questions after it."""
    answers = [row for row in rows if "figure" not in row and not row["both_versions"] and row["em"] is not None]
    names = list(dict.fromkeys(row["desk"] for row in answers))
    if len(names) < 2:
        return None

    def cell(own: Sequence[Row], desk: str) -> str:
        """Both shares."""
        here = [row for row in own if row["desk"] == desk]
        parts = [row for row in here if not row["after"]], [row for row in here if row["stale"] is not None]
        return " → ".join(str(estimate(part, lambda row: row["correct"], about.clusters)) for part in parts)

    told = "Right answers before the revision → new answers after it, where the answer changed."
    return f"{told}\n\n{by_system(answers, names, cell)}"


def kinds(rows: Sequence[Row], about: Background) -> str | None:
    """Right answers of each system on each kind of question, facts on pages that were held out of a training apart."""
    answers = [row for row in rows if "figure" not in row and not row["after"] and row["em"] is not None]
    names = sorted({kind_of(row, about) for row in answers}, key=lambda name: (name not in FACTS, name))
    if len(names) < 2:
        return None

    def cell(own: Sequence[Row], name: str) -> str:
        """The share of right ones."""
        here = [row for row in own if kind_of(row, about) == name]
        return str(estimate(here, lambda row: row["correct"], about.clusters))

    return f"{BY_KIND}\n\n{by_system(answers, names, cell)}"


def kind_of(row: Row, about: Background) -> str:
    """The column of a question that has an answer."""
    if row["kind"] != "fact":
        return row["kind"].replace("_", " ")
    return FACTS[row["question_id"] in about.unseen]


def versions(rows: Sequence[Row], about: Background) -> str | None:
    """What becomes of the changed questions when nobody takes the old pages out of the index.

    Questions whose answer was taken away have no new one, so only the old one counts.
    """
    answers = [row for row in rows if "figure" not in row and row["stale"] is not None and row["k"]]
    if len({row["both_versions"] for row in answers}) < 2:
        return None

    def cell(own: Sequence[Row], column: str) -> str:
        """The share of new answers, or of old ones."""
        measure, both = VERSIONS[column]
        here = [row for row in own if row["both_versions"] == both and (measure == "stale" or row["em"] is not None)]
        return str(estimate(here, lambda row: row[measure], about.clusters))

    return by_system(answers, list(VERSIONS), cell)


def by_system(answers: Sequence[Row], columns: Sequence[str], cell: Callable[[Sequence[Row], str], str]) -> str:
    """A line for each system: what `cell` makes of its answers in each column."""
    lines = []
    for system in dict.fromkeys(row["system"] for row in answers):
        own = [row for row in answers if row["system"] == system]
        lines.append([f"`{system}`", *(cell(own, column) for column in columns)])
    return table(["system", *columns], lines)
