"""What decides a promise, as data/claims.yaml fixes it beforehand: a statistic, its margin, its reach. Knows no rows."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from utils.measure.statistics import Following, Statistic, parse_statistic

DIRECTIONS = ("higher", "lower", "between")
REACHES = ("mechanism", "this model", "this machine")


@dataclass(frozen=True)
class Claim:
    """One promise and what decides it: `compute` is its statistic, `sides` are a moderator's two.

    `items` is what the statistic is over. `beside` are statistics to be read next to the verdict; they decide nothing.
    """

    claim_id: str
    promise: str
    experiment: str
    statistic: str
    direction: str
    margin: float | tuple[float, float]
    reach: str
    fixed: str
    compute: Statistic | Following
    moderator: str | None = None
    sides: tuple[tuple[str, Statistic], ...] = ()
    beside: tuple[tuple[str, Statistic], ...] = ()
    items: str = "questions"

    @property
    def promised(self) -> tuple[float, float]:
        """The range in which the statistic is promised to lie."""
        if self.direction == "between":
            return self.margin
        return (self.margin, math.inf) if self.direction == "higher" else (-math.inf, self.margin)


def parse_claim(claim_id: str, entry: Mapping) -> Claim:
    """A claim from its entry in claims.yaml. ValueError for a missing or unknown key, direction, reach or statistic."""
    plain = ("promise", "experiment", "statistic", "direction", "reach", "fixed")
    needed = {*plain, "margin", "moderator", "compute"}
    if missing := needed - set(entry):
        raise ValueError(f"{claim_id} has no {', '.join(sorted(missing))}")
    if unknown := set(entry) - needed - {"beside", "items"}:
        raise ValueError(f"{claim_id} has {', '.join(sorted(unknown))}, which no claim has")
    if entry["direction"] not in DIRECTIONS or entry["reach"] not in REACHES:
        raise ValueError(f"{claim_id}: direction is one of {', '.join(DIRECTIONS)}, reach one of {', '.join(REACHES)}")
    two_ends = isinstance(entry["margin"], list)
    if two_ends != (entry["direction"] == "between"):
        raise ValueError(f"{claim_id}: a margin has two ends, [low, high], where the direction is between, and only there")
    experiment, moderator = entry["experiment"], entry["moderator"] or {"name": None, "sides": {}}
    return Claim(
        claim_id,
        **{key: str(entry[key]) for key in plain},
        margin=tuple(entry["margin"]) if two_ends else entry["margin"],
        compute=parse_statistic(claim_id, entry["compute"], experiment),
        moderator=moderator["name"],
        sides=parse_variants(claim_id, entry, moderator["sides"]),
        beside=parse_variants(claim_id, entry, entry.get("beside", {})),
        items=entry.get("items", Claim.items),
    )


def parse_variants(claim_id: str, entry: Mapping, variants: Mapping[str, Mapping]) -> tuple[tuple[str, Statistic], ...]:
    """The entry's statistic by name, with some of its keys replaced; a key replaced by null is left out."""
    changed = {name: {**entry["compute"], **other} for name, other in variants.items()}
    kept = {name: {key: value for key, value in one.items() if value is not None} for name, one in changed.items()}
    return tuple((name, parse_statistic(claim_id, one, entry["experiment"])) for name, one in kept.items())
