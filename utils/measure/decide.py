"""The decision guide: a situation and measured rows in, advice with its reasons out. It holds no weights; rows decide.

What a situation doesn't allow is ruled out, by how a system works or by a measured limit. Of what is left, the system with
the worthiest answers is advised; where the interval of the paired difference to another one includes 0, the cheaper one is.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from utils.measure.evaluation import LEVEL, Estimate, Row
from utils.measure.requirements import notes, rule_out
from utils.measure.samples import Background
from utils.measure.situations import Situation, System
from utils.measure.standings import Measured, Standing, measure, rank

LEAD = 0.05  # of the answers: the least that would matter, as in claims.yaml


@dataclass(frozen=True)
class Advice:
    """What to build, the reasons, what rules out whom, and how all stand, the worthiest first.

    `option` and `system` are None where the rows advise nothing. `thin`: why they don't suffice for a choice, or None.
    """

    option: str | None
    system: str | None
    reasons: tuple[str, ...]
    ruled_out: Mapping[str, str]
    standings: tuple[Standing, ...]
    thin: str | None


def advise(
    situation: Situation,
    systems: Mapping[str, System],
    rows: Sequence[Row],
    about: Background,
    measured: Sequence[Measured] | None = None,
) -> Advice:
    """Advice from the rows of one comparison: its answers, and figures in seconds, money and style where there are any.

    `measured`: what `measure` makes of these rows, for whoever has many situations; it is the slow part.
    """
    standings = tuple(rank(situation, measure(systems, rows, about) if measured is None else measured))
    ruled_out = {s.system: "; ".join(rule_out(situation, systems[s.system], s)) for s in standings}
    ruled_out = {system: why for system, why in ruled_out.items() if why}
    left = [standing for standing in standings if standing.system not in ruled_out]
    if not left:
        nothing = "nothing meets every requirement" if standings else f"there are no rows on {situation.task} of this kind"
        return Advice(None, None, (), ruled_out, standings, nothing)
    chosen = choose(left)
    reasons = describe(chosen, situation), *compare(chosen, left), *notes(situation, chosen.system, rows)
    return Advice(systems[chosen.system].option, chosen.system, reasons, ruled_out, standings, too_thin(chosen, left))


def gap(one: Standing, other: Standing) -> Estimate:
    """How much worthier one's answers are than the other's: the paired difference."""
    low, high = np.quantile(one.worth.draws - other.worth.draws, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Estimate(one.worth.value - other.worth.value, float(low), float(high), one.worth.n)


def near(left: Sequence[Standing]) -> list[Standing]:
    """The best one, and those that the rows don't tell from it."""
    return [standing for standing in left if gap(left[0], standing).low <= 0]


def choose(left: Sequence[Standing]) -> Standing:
    """The cheapest of those near the best; the best where somebody's money isn't known. `left`: the worthiest first."""
    alike = near(left)
    return min(alike, key=lambda standing: standing.money) if all(s.money is not None for s in alike) else left[0]


def too_thin(chosen: Standing, left: Sequence[Standing]) -> str | None:
    """Where a lead that would matter, of another one over the chosen, can't be excluded: so, and what would tell.

    It takes an interval that leaves out 0, or a lead of LEAD; its end there nears with the root of the questions.
    """
    for other in near(left):
        lead = gap(other, chosen)
        if other is not chosen and lead.high > LEAD:
            ways = [(lead.value - lead.low) / lead.value] if lead.value > 0 else []
            ways += [(lead.high - lead.value) / (LEAD - lead.value)] if lead.value < LEAD else []
            enough = lead.n * min(ways) ** 2
            return (
                f"too thin to tell `{other.system}` from `{chosen.system}`: its lead is {lead}, and {LEAD:g} would matter; "
                f"at least {enough:.0f} questions, the pages growing in step, would tell"
            )
    return None


def describe(standing: Standing, situation: Situation) -> str:
    """The numbers that a system is advised by."""
    low, high = standing.worth.interval
    worth = f"{standing.worth.value:.2f} [{low:.2f}, {high:.2f}]"
    if situation.wrong_costs:
        undone = f"where a wrong one undoes {situation.wrong_costs:g}"
        head = f"an answer of `{standing.system}` is worth {worth} right ones, {undone}"
    else:
        head = f"`{standing.system}` is right on {worth}"
    parts = ", ".join(f"{standing.measured.right(part)} {part}" for part in standing.asked)
    extra = [standing.measured.took] if standing.measured.seconds is not None else []
    extra += [f"{standing.money:,.0f} in the first year"] if standing.money is not None else []
    return "; ".join([f"{head}: {parts}" if len(standing.asked) > 1 else head, *extra])


def compare(chosen: Standing, left: Sequence[Standing]) -> list[str]:
    """How the chosen one lies to the best, to those near it, and to the first that is clearly behind the best."""
    best, alike, reasons = left[0], near(left), []
    if chosen is not best:
        reasons.append(f"`{best.system}` is {gap(best, chosen)} ahead, which may be 0, and costs {best.money:,.0f}")
    elif len(alike) > 1:
        others = ", ".join(f"`{standing.system}`" for standing in alike[1:])
        known = all(standing.money is not None for standing in alike)
        cheaper = "none of them cheaper" if known else "at costs that no rows tell"
        reasons.append(f"not told apart from {others}, {cheaper}")
    behind = [f"`{other.system}` is {gap(best, other)} behind `{best.system}`" for other in left if other not in alike]
    return reasons + behind[:1]
