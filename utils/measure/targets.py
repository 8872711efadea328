"""What the course's systems were meant to reach, as data/targets.yaml says it, against what the rows give.

Where a target on right answers is missed, every wrong answer is counted under what failed: the search, the reading, or what
was learned by heart.
"""

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from utils.measure.evaluation import Row
from utils.measure.samples import Background, NotMeasured, Rows, Sample, wanted
from utils.measure.statistics import Answers, Statistic, parse_statistic

COMPARISONS = ("comparison", "full")  # the classroom, all desks
FAILURES = ("search", "reading", "gave up", "knowledge")


@dataclass(frozen=True)
class Target:
    """What is meant to be reached, in words, and the range that the statistic is to lie in."""

    target: str
    compute: Statistic
    asked: tuple[float, float]


@dataclass(frozen=True)
class Outcome:
    """A target with the rows' answer, and for a missed one how many wrong answers each of FAILURES made."""

    target: Target
    sample: Sample
    failures: Mapping[str, int]

    @property
    def reached(self) -> bool:
        """Does the value itself reach the target, whatever its interval?"""
        low, high = self.target.asked
        return low <= self.sample.value <= high

    @property
    def sure(self) -> bool:
        """Does the whole interval lie on one side of the target?"""
        border = next(end for end in self.target.asked if math.isfinite(end))
        low, high = self.sample.interval
        return not low < border < high


def parse_targets(entries: Sequence[Mapping]) -> list[Target]:
    """The targets, one for each experiment whose rows can tell. ValueError for one without a bound or a statistic."""
    targets = []
    for entry in entries:
        bounds = set(entry) & {"at_least", "at_most"}
        if set(entry) - bounds - {"experiment"} != {"target", "compute"} or len(bounds) != 1:
            raise ValueError(f"{entry.get('target', entry)!r} needs target, compute, and either at_least or at_most")
        asked = (entry["at_least"], math.inf) if "at_least" in entry else (-math.inf, entry["at_most"])
        for experiment in [entry["experiment"]] if "experiment" in entry else COMPARISONS:
            compute = parse_statistic(entry["target"], entry["compute"], experiment)
            targets.append(Target(entry["target"], compute, asked))
    return targets


def check_targets(
    targets: Sequence[Target], take: Callable[[Statistic], Sample], rows: Rows, about: Background
) -> list[Outcome]:
    """Those targets that the rows can tell of."""
    outcomes = []
    for target in targets:
        try:
            outcome = Outcome(target, take(target.compute), {})
        except NotMeasured:
            continue
        failures = {} if outcome.reached else count_failures(target.compute, rows, about)
        outcomes.append(replace(outcome, failures=failures))
    return outcomes


def count_failures(statistic: Statistic, rows: Rows, about: Background) -> dict[str, int]:
    """How many of the system's wrong answers each of FAILURES made; nothing for a target on something else."""
    values = statistic.values
    if not isinstance(values, Answers) or values.measure != "correct" or values.questions == "unanswerable":
        return {}
    own = [row for row in rows[statistic.experiment] if row["system"] == statistic.of and "figure" not in row]
    counts = Counter(failure(row) for row in own if wanted(row, values, about) and not row["correct"])
    return {name: counts[name] for name in FAILURES}


def failure(row: Row) -> str:
    """What failed where an answer is wrong.

    `search`: no passage shown held the answer. `reading`: one did, and the answer is another; `gave up`: one did, and the
    system says it doesn't know. `knowledge`: no passage was shown.
    """
    if row["retrieved"] is None:
        return "knowledge"
    if not row["gold_retrieved"]:
        return "search"
    return "gave up" if row["abstained"] else "reading"
