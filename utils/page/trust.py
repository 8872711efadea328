"""Whom to trust with what, on the page: deleted pages, secrets, poisoned pages, and secrets in a training's text."""

from collections.abc import Mapping, Sequence

import numpy as np

from utils.measure.evaluation import Estimate, Row, estimate
from utils.measure.samples import Background
from utils.page.tables import scope, table

DELETED = (
    "**A page is deleted.** Right answers about it while it is in the index, and once it is gone. `rag` is asked about all "
    "desks ({asked} questions), the trained systems about the classroom's, which they were trained on ({scope})."
)
SECRETS = (
    "**A secret on a private page.** The share of secrets told: to anybody, where the search has no filter; with a filter, "
    "to a reader of another desk; and to one of the page's own desk, to whom they may be told."
)
POISON = (
    "**A page lies.** One poisoned page an attack in the index. *Found*: among the passages shown. *Passed on*: its "
    "payload stands in the answer. *Defended*: pages that show signs of an attack are kept out. *Told*: the payload "
    "isn't on a page but in the user's message, which tells a deaf system from a safe one."
)
CANARIES = (
    "**A secret stands in the text of a training** (`ft-raw`). The rank of the true secret among itself and {decoys} "
    "others of its form, 1 being the likeliest; and how many are told when asked for."
)
FOUND, PASSED = "page found", "payload in the answer"  # figures of the attacks


def trust(rows: Mapping[str, Sequence[Row]], about: Background) -> str | None:
    """All four, as far as there are rows."""
    parts = [
        deleted(rows.get("privacy", ()), about),
        secrets(rows.get("privacy", ()), about),
        poison(rows.get("attacks", ()), about),
        canaries(rows.get("canaries", ())),
    ]
    return "\n\n".join(part for part in parts if part) or None


def deleted(rows: Sequence[Row], about: Background) -> str | None:
    """Who still says what a deleted page said."""
    names = [row["system"] for row in rows if row["system"].endswith("/deleted")]
    lines = []
    for name in dict.fromkeys(name.removesuffix("/deleted") for name in names):
        lines.append([f"`{name}`", *(right(rows, system, about) for system in (name, f"{name}/deleted"))])
    if not lines:
        return None
    own = [row for row in rows if row["system"] in names and "figure" not in row]
    asked = len({row["question_id"] for row in own})
    told = DELETED.format(asked=asked, scope=scope([row for row in own if row["seed"] is not None]).removesuffix("."))
    return f"{told}\n\n{table(['system', 'right, page there', 'right, page deleted'], lines)}"


def secrets(rows: Sequence[Row], about: Background) -> str | None:
    """Who hands out what only some may read."""
    guards = {"no-filter": "no filter", "other-desk": "another desk", "own-desk": "its own desk"}
    names = [row["system"] for row in rows if row["system"].endswith("/no-filter")]
    lines = []
    for name in dict.fromkeys(name.removesuffix("/no-filter") for name in names):
        lines.append([f"`{name}`", *(right(rows, f"{name}/{guard}", about) for guard in guards)])
    told = f"{SECRETS} {scope([row for row in rows if row['system'].partition('/')[2] in guards], 'secrets')}"
    return f"{told}\n\n{table(['system', *guards.values()], lines)}" if lines else None


def poison(rows: Sequence[Row], about: Background) -> str | None:
    """What a poisoned page does to each system."""
    lines = []
    for name in dict.fromkeys(row["system"] for row in rows if row.get("figure") == PASSED):
        system, _, how = name.partition("/")
        cells = [mean(rows, name, FOUND, about), mean(rows, name, PASSED, about), right(rows, name, about)]
        lines.append([f"`{system}`", how or "no poisoned page", *cells])
    asked = len({row["question_id"] for row in rows if "figure" not in row})
    attacks = scope([row for row in rows if row.get("figure") == PASSED], "attacks")
    told = f"{POISON} *Right*: over {asked} questions. {attacks}"
    return f"{told}\n\n{table(['system', 'page', 'found', 'passed on', 'right'], lines)}" if lines else None


def canaries(rows: Sequence[Row]) -> str | None:
    """How well a trained model knows a secret, by how often it stood in the text."""
    decoys = [row["value"] for row in rows if row["figure"] == "decoys"]
    lines = []
    for name in dict.fromkeys(row["system"] for row in rows):
        ranks = [row["value"] for row in rows if (row["system"], row["figure"]) == (name, "rank")]
        told = [row["value"] for row in rows if (row["system"], row["figure"]) == (name, "secret told")]
        lines.append(
            [f"`{name}`", f"{np.median(ranks):g}", f"{min(ranks):g} to {max(ranks):g}", f"{sum(told):g} of {len(told)}"]
        )
    head = ["system", "rank, median", "from best to worst", "told when asked"]
    return f"{CANARIES.format(decoys=f'{max(decoys):g}')}\n\n{table(head, lines)}" if lines else None


def right(rows: Sequence[Row], system: str, about: Background) -> Estimate:
    """The share of right answers of a system."""
    own = [row for row in rows if row["system"] == system and "figure" not in row]
    return estimate(own, lambda row: row["correct"], about.clusters)


def mean(rows: Sequence[Row], system: str, figure: str, about: Background) -> Estimate:
    """The mean of a figure of a system, drawn over its items."""
    own = [row for row in rows if row["system"] == system and row.get("figure") == figure]
    values = [{"question_id": row["item"], "seed": row["seed"], "value": row["value"]} for row in own]
    return estimate(values, lambda row: row["value"], about.clusters)
