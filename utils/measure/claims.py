"""What decides a promise, as data/claims.yaml fixes it beforehand: a statistic, its margin, its reach. Knows no rows."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

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
