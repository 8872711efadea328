"""The guide's promises on the page: every verdict with its numbers, and what others measured at another size."""

from collections.abc import Mapping, Sequence

from utils.measure.claims import Claim
from utils.measure.published import Finding
from utils.page.tables import bounds, described, table

INTRO = (
    "What decides each promise, and the margin, stand in [`claims.yaml`](../claims.yaml) with the day they were fixed "
    "and what had been seen by then. All at 135M parameters, on this company; in brackets 95 % intervals. Over all "
    "promises measured so far, the risk of a wrong verdict is held at 5 % (Holm), which asks more of each than that its "
    "interval lies beyond the margin. The sides of a condition, in italics, are judged by themselves, so a side can be "
    "decided where the promise isn't; a promise *depends* only where its sides are opposite and both surely enough for "
    "Holm together. R5 and F1 are two promises about one measurement. What is said of money rests on "
    "the prices and the minutes of work in [`prices.yaml`](../prices.yaml), which are assumptions; lesson 11 tries "
    "others, and some turn a verdict round. What stands *beside* a verdict was asked later and decides nothing."
)
MOST = 10_000  # questions: beyond that their number says only that it is out of reach

OUTCOMES = ("supported", "not supported", "depends", "undecided", "not measured yet")


def ledger(claims: Sequence[Claim], verdicts: Mapping[str, dict]) -> str:
    """Each decided promise with its numbers, and what is not measured yet."""
    lines = [ledger_line(claim, verdicts[claim.claim_id]) for claim in claims if claim.claim_id in verdicts]
    left = [f"{claim.claim_id} ({claim.promise})" for claim in claims if claim.claim_id not in verdicts]
    parts = [INTRO, table(["id", "promise", "measured", "promised", "verdict"], lines)]
    return "\n\n".join(parts + [f"Not measured yet: {'; '.join(left)}."] * bool(left))


def in_brief(claims: Sequence[Claim], verdicts: Mapping[str, dict]) -> str:
    """How many promises came out how, and which; one that depends, with what it depends on."""
    lines = []
    for outcome in OUTCOMES:
        alike = [claim for claim in claims if verdicts.get(claim.claim_id, {}).get("verdict", OUTCOMES[-1]) == outcome]
        told = []
        for claim in alike:
            on = f", on {verdicts[claim.claim_id]['moderator']}" if outcome == "depends" else ""
            told.append(f"{claim.promise} ({claim.claim_id}){on}")
        lines += [f"- **{outcome}**, {len(alike)} of {len(claims)}: {'; '.join(told)}."] * bool(alike)
    return "\n".join(lines)


def ledger_line(claim: Claim, verdict: Mapping) -> list[str]:
    """One promise as a line of the table."""
    said = f"**{verdict['verdict']}** ({verdict['reach']})"
    if verdict["sides"]:
        sides = (
            f"*{name}* {side['verdict']}, {described(side)} ({counted(side, claim.items)})"
            for name, side in verdict["sides"].items()
        )
        said += f". {verdict['moderator'].capitalize()}: {'; '.join(sides)}"
    if verdict["questions_needed"]:
        said += f" (it would take {at_least(verdict['questions_needed'])} {claim.items}, the pages growing in step)"
    if verdict["beside"]:
        said += f". Beside it: {'; '.join(f'*{name}* {described(one)}' for name, one in verdict['beside'].items())}"
    measured = f"{claim.statistic}: {described(verdict)}, {counted(verdict, claim.items)}"
    return [claim.claim_id, claim.promise, measured, bounds(*verdict["promised"]), said]


def at_least(questions: int) -> str:
    """How many questions would do, as far as such a number means anything.

    >>> at_least(730), at_least(52_020)
    ('at least 730', 'more than 10,000')
    """
    return f"at least {questions}" if questions <= MOST else f"more than {MOST:,}"


def counted(verdict: Mapping, items: str) -> str:
    """From how many items and trainings.

    >>> counted({"n": 48, "seeds": 5}, "questions"), counted({"n": 1, "seeds": 0}, "weights")
    ('48 questions, 5 seeds', 'measured once')
    """
    seeds = verdict["seeds"]
    parts = [f"{verdict['n']} {items}"] * (verdict["n"] > 1) + [f"{seeds} seed{'s' * (seeds > 1)}"] * (seeds > 0)
    return ", ".join(parts) or "measured once"


def larger_models(verdicts: Mapping[str, dict], findings: Mapping[str, Finding]) -> str | None:
    """What others measured, mostly on larger models, beside each verdict that may change with the model."""
    ours = {claim_id: verdict for claim_id, verdict in verdicts.items() if verdict["reach"] == "this model"}
    lines = [
        [name, described(verdict), f"{finding.said} ({finding.source})", finding.trust]
        for name, verdict in ours.items()
        for finding in [findings.get(name)]
        if finding
    ]
    none = [name for name in ours if name not in findings]
    about = (
        "*Ours* is the ledger's number. What others measured bears on the same promise and is mostly another quantity, on "
        "other data: compare the direction, not the size. Promises about money, seconds or mechanism are left out."
    )
    rest = [f"No figure of a larger model is at hand for {', '.join(none)}."] if none else []
    return "\n\n".join([about, table(["id", "ours", "others", "how we know"], lines), *rest]) if lines else None
