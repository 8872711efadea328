"""What came out otherwise than one might think: broken promises, controls without a model in front, the largest falls."""

from collections.abc import Mapping, Sequence

import numpy as np

from utils.measure.claims import Claim
from utils.measure.evaluation import Row, difference, estimate
from utils.measure.samples import Background
from utils.page.tables import WHERE, described, where


def surprises(
    claims: Sequence[Claim], verdicts: Mapping[str, dict], rows: Mapping[str, Sequence[Row]], about: Background
) -> str | None:
    """All of them as a list."""
    lines = [*contradicted(claims, verdicts), *conditional(claims, verdicts)]
    for experiment in WHERE:
        answers = [row for row in rows.get(experiment, ()) if "figure" not in row and not row["both_versions"]]
        if answers:
            lines += [*without_model(answers, about, experiment), *falls(answers, about, experiment)]
    return "\n".join(lines) or None


def contradicted(claims: Sequence[Claim], verdicts: Mapping[str, dict]) -> list[str]:
    """A line for each promise that isn't supported, the surest first: by half intervals from what was promised."""
    broken = [claim for claim in claims if verdicts.get(claim.claim_id, {}).get("verdict") == "not supported"]

    def sureness(claim: Claim) -> float:
        """How many half intervals the value is away from its range."""
        verdict, (least, most) = verdicts[claim.claim_id], claim.promised
        low, high = verdict["interval"]
        return max(least - verdict["value"], verdict["value"] - most) / max((high - low) / 2, 1e-9)

    return [
        f'- **{claim.claim_id}**, "{claim.promise}": not here. {claim.statistic.capitalize()}: '
        f"{described(verdicts[claim.claim_id])}."
        for claim in sorted(broken, key=sureness, reverse=True)
    ]


def conditional(claims: Sequence[Claim], verdicts: Mapping[str, dict]) -> list[str]:
    """A line for each promise that holds under a condition only."""
    lines = []
    for claim in claims:
        verdict = verdicts.get(claim.claim_id)
        if verdict and verdict["verdict"] == "depends":
            sides = "; ".join(f"{name}: {side['verdict']}" for name, side in verdict["sides"].items())
            lines.append(f'- **{claim.claim_id}**, "{claim.promise}": it depends on {verdict["moderator"]} ({sides}).')
    return lines


def without_model(answers: Sequence[Row], about: Background, experiment: str) -> list[str]:
    """A line where the best control without a language model, and so without a prompt, is ahead of all that have one."""
    rows = [row for row in answers if not row["after"] and row["em"] is not None]
    bare = {row["system"]: row["prompt_sha256"] is None for row in rows}
    right = {name: [row for row in rows if row["system"] == name] for name in bare}
    share = {name: np.mean([row["correct"] for row in right[name]]) for name in bare}
    if len(set(bare.values())) < 2:
        return []
    plain, model = (max((name for name in bare if bare[name] == kind), key=share.get) for kind in (True, False))
    level = " and ".join(f"`{name}`" for name in bare if not bare[name] and share[name] == share[model])
    lead = difference(right[plain], right[model], lambda row: row["correct"], about.clusters)
    said = f"- Without a language model, `{plain}` is ahead of the best with one, {level}, by {lead}"
    return [f"{said}: {where(experiment)}, before the revision."] if lead.low > 0 else []


def falls(answers: Sequence[Row], about: Background, experiment: str) -> list[str]:
    """The three systems that lose most right answers when their pages change, on the questions whose answer does."""
    renewed = {row["question_id"] for row in answers if row["stale"] is not None and row["em"] is not None}
    lost = []
    for system in dict.fromkeys(row["system"] for row in answers):
        own = [row for row in answers if row["system"] == system and row["question_id"] in renewed]
        before, after = (
            estimate([row for row in own if row["after"] == when], lambda row: row["correct"], about.clusters)
            for when in (False, True)
        )
        if before.n and after.n and before.value > after.value:
            lost.append((before.value - after.value, f"  - `{system}`: from {before} to {after}"))
    head = (
        f"- Right on the questions whose answer changes, before and after the change; who falls most, {where(experiment)}:"
    )
    return [head, *(line for _, line in sorted(lost, reverse=True)[:3])] if lost else []
