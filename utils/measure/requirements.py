"""What a situation doesn't allow, by how a system works or by a measured limit, and what it should know besides."""

from collections.abc import Callable, Sequence

from utils.measure.draws import Clusters
from utils.measure.evaluation import Row, estimate
from utils.measure.money import WRITTEN
from utils.measure.situations import Situation, System
from utils.measure.standings import Standing

STYLE = "nearer than base/style-prompt"  # figure: 1 where a judge finds the fine-tuned reply nearer to the house style

Requirement = Callable[[Situation, System, Standing], str | None]


def rule_out(situation: Situation, system: System, standing: Standing) -> list[str]:
    """Why the situation doesn't allow this system; nothing where it does, or where no rows tell."""
    reasons = [require(situation, system, standing) for require in REQUIREMENTS]
    return [reason for reason in reasons if reason]


def needs_sources(situation: Situation, system: System, standing: Standing) -> str | None:
    """By mechanism."""
    return "shows no page beside its answer" if situation.sources and not system.shows else None


def needs_deletion(situation: Situation, system: System, standing: Standing) -> str | None:
    """By mechanism; a measured share says how much of the old stays."""
    if not (situation.deletable and system.adapter):
        return None
    stale = standing.measured.stale
    old = f"; of the changed questions it still gave {stale} the old value" if stale.n else ""
    return f"has met the facts in training, and no single one comes out of its weights again{old}"


def needs_examples(situation: Situation, system: System, standing: Standing) -> str | None:
    """By mechanism."""
    return "needs questions with answers, and there are none" if system.needs and not situation.examples else None


def needs_speed(situation: Situation, system: System, standing: Standing) -> str | None:
    """By a measured limit."""
    took, allowed = standing.measured.seconds, situation.seconds
    slow = allowed is not None and took is not None and took > allowed
    return f"takes {standing.measured.took}, of {allowed:g} s allowed" if slow else None


def needs_budget(situation: Situation, system: System, standing: Standing) -> str | None:
    """By a measured limit, at the prices of prices.yaml."""
    dear = situation.budget is not None and standing.money is not None and standing.money > situation.budget
    return f"costs {standing.money:,.0f} in the first year, of {situation.budget:,.0f} allowed" if dear else None


REQUIREMENTS: tuple[Requirement, ...] = (needs_sources, needs_deletion, needs_examples, needs_speed, needs_budget)


def notes(situation: Situation, system: str, rows: Sequence[Row]) -> list[str]:
    """What rows tell about a situation that no requirement covers: too few examples, and the house style."""
    told = []
    written = [row["value"] for row in rows if (row.get("figure"), row["system"]) == (WRITTEN, system)]
    if written and situation.examples < max(written):
        there = f"{situation.examples} are there: expect less"
        told.append(f"measured with {max(written):.0f} written questions, of which {there}")
    return told + [style_note(rows)] * situation.style


def style_note(rows: Sequence[Row]) -> str:
    """Whether the house style takes an adapter of its own."""
    pairs = [row for row in rows if (row.get("figure"), row["system"]) == (STYLE, "ft")]
    if not pairs:
        return "no rows tell how to come by the house style"
    judged = [{**row, "question_id": row["item"]} for row in pairs]
    nearer = estimate(judged, lambda row: row["value"], Clusters())
    way = "train an adapter on replies too" if nearer.low > 0.5 else "a style prompt does no worse"
    return f"for the house style {way}: fine-tuned replies came nearer to it than prompted ones in {nearer} of the pairs"
