"""The two comparisons on the page, each as one table with what it is from: the classroom's, and that of all desks."""

from collections.abc import Sequence

import numpy as np

from utils.data import Company, load_company
from utils.measure.evaluation import Row
from utils.measure.situations import Guide
from utils.measure.summary import to_markdown
from utils.report import HEADLINE, about, batch_note, caption, headline_table, table_of
from utils.saved import Part


def classroom(company: Company, parts: Sequence[Part]) -> str | None:
    """The headline table of one desk's half, as the README has it."""
    for part in parts:
        rows = [row for row in part.rows if "figure" not in row]
        return f"{headline_table(company, part.provenance, rows)}\n\n{about(part.provenance, rows)}"
    return None


def all_desks(parts: Sequence[Part], guide: Guide) -> str | None:
    """The same over the whole company."""
    rows = [row for part in parts for row in part.rows]
    answers = [row for row in rows if "figure" not in row and not row["both_versions"]]
    if not answers:
        return None
    ordered = in_order(answers, guide)
    shown = to_markdown(table_of(load_company(), ordered), [name for name in HEADLINE if name != "memory"])
    return f"{shown}\n\n{caption(parts[0].provenance, ordered)} {trained(rows)} {batch_note(ordered)}".rstrip()


def trained(rows: Sequence[Row]) -> str:
    """How long each training of all desks took: the median, and from which to which."""
    seconds: dict[str, list[float]] = {}
    for row in rows:
        if row.get("figure") == "training":
            seconds.setdefault(row["system"], []).append(row["value"])
    middle = {name: f"{name} {np.median(own):.0f} s" for name, own in seconds.items()}
    times = (middle[name] + f" ({min(own):.0f} to {max(own):.0f})" * (len(own) > 1) for name, own in seconds.items())
    return f"Training, over several days and machines: {', '.join(times)}."


def in_order(rows: Sequence[Row], guide: Guide) -> list[Row]:
    """The rows of the guide's systems in its order, then those of the controls by name."""
    place = {name: number for number, name in enumerate(guide.systems)}
    return sorted(rows, key=lambda row: (place.get(row["system"], len(place)), row["system"]))
