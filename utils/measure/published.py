"""What others measured, as data/published.yaml quotes it, and whether our systems come in the same order."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise

from utils.measure.samples import NotMeasured, Sample
from utils.measure.statistics import Answers, Statistic

SEEN = {  # how a figure came to us, in words for a reader
    "table": "we read the table",
    "quoted": "quoted by a third party; we did not see the original",
    "abstract": "from the abstract alone",
    "damaged": "from a garbled copy: rely on the order only",
}


@dataclass(frozen=True)
class Finding:
    """What somebody found, where, and how far the figure can be trusted, in words."""

    said: str
    source: str
    trust: str


@dataclass(frozen=True)
class Ordering:
    """Systems from the worst to the best, as somebody found them."""

    name: str
    finding: Finding
    order: tuple[str, ...]


@dataclass(frozen=True)
class Step:
    """Two neighbours of an ordering, and by how much the later one is ahead in our rows."""

    worse: str
    better: str
    lead: Sample

    @property
    def agrees(self) -> bool | None:
        """Whether our order is the published one; None where the interval includes 0."""
        low, high = self.lead.interval
        return True if low > 0 else False if high < 0 else None


def parse_published(entry: Mapping) -> tuple[dict[str, Finding], list[Ordering]]:
    """(claim id → finding, orderings) of published.yaml. ValueError for another key or an unknown mark."""
    figures = {claim_id: parse_finding(claim_id, line) for claim_id, line in entry["figures"].items()}
    orderings = []
    for line in entry["orderings"]:
        name, order = line["name"], tuple(line["order"])
        finding = parse_finding(name, {key: line[key] for key in set(line) - {"name", "order"}})
        orderings.append(Ordering(name, finding, order))
    return figures, orderings


def parse_finding(name: str, entry: Mapping) -> Finding:
    """One finding. Where its figures came from two sources in two ways, `seen` has both marks, joined by ", and "."""
    if set(entry) != {"said", "source", "seen"}:
        raise ValueError(f"{name} needs exactly said, source and seen")
    marks = entry["seen"].split(", and ")
    if unknown := [mark for mark in marks if mark not in SEEN]:
        raise ValueError(f"{name}: seen is one of {', '.join(SEEN)}, got {unknown[0]!r}")
    return Finding(entry["said"], entry["source"], "; the second: ".join(SEEN[mark] for mark in marks))


def follow_order(ordering: Ordering, experiment: str, take: Callable[[Statistic], Sample]) -> list[Step]:
    """Each pair of neighbours in our rows; none where a system has no rows."""
    values = Answers("correct", "answerable", "before")
    try:
        return [
            Step(worse, better, take(Statistic(experiment, better, values, against=(worse,))))
            for worse, better in pairwise(ordering.order)
        ]
    except NotMeasured:
        return []
