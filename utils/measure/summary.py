"""From rows to the table: one line a system, every share with its interval. Scores and plots nothing."""

from collections.abc import Callable, Iterable, Sequence

import pandas as pd

from utils.measure.evaluation import Estimate, Row, check_same_questions, estimate
from utils.measure.metrics import precision, recall

COLUMNS = {
    "right": "right answers",
    "right where found": "right, where its passage was found",
    "right then": "right before, where the answer changes",
    "new": "after the change: new answer",
    "stale": "after the change: old answer",
    "abstains rightly": "says it doesn't know, rightly",
    "abstains wrongly": "says it doesn't know, wrongly",
    "citation precision": "cited documents that hold the answer",
    "citation recall": "answers that cite their document",
    "words": "words an answer (median)",
    "seconds": "seconds an answer (16 at once)",
    "memory": "memory (GiB)",
}


def summarise(rows: Sequence[Row], evidence: dict[str, list[str]], clusters: dict[str, str]) -> pd.DataFrame:
    """A line a system, in order of appearance; cells are Estimates, but for the medians `words` and `seconds`.

    `evidence`: question_id → documents that hold its answer. ValueError when systems answered different questions.
    """
    check_same_questions(rows)
    systems = list(dict.fromkeys(row["system"] for row in rows))
    lines = [summarise_system([row for row in rows if row["system"] == name], evidence, clusters) for name in systems]
    return pd.DataFrame(
        lines, index=pd.Index(systems, name="system"), columns=[name for name in COLUMNS if name != "memory"]
    )


def summarise_system(rows: Sequence[Row], evidence: dict[str, list[str]], clusters: dict[str, str]) -> dict:
    """One system's line."""
    before = [row for row in rows if not row["after"]]
    changed = [row for row in rows if row["after"] and row["stale"] is not None]
    answerable = [row for row in before if row["em"] is not None]
    renewed = [row for row in changed if row["em"] is not None]
    ids = {row["question_id"] for row in renewed}

    def share(chosen: Iterable[Row], value: Callable[[Row], float | None]) -> Estimate:
        """The mean of a value over these rows, with its interval."""
        return estimate(list(chosen), value, clusters)

    return {
        "right": share(answerable, lambda row: row["correct"]),
        "right where found": share((row for row in answerable if row["gold_retrieved"]), lambda row: row["correct"]),
        "right then": share((row for row in before if row["question_id"] in ids), lambda row: row["correct"]),
        "new": share(renewed, lambda row: row["correct"]),
        "stale": share(changed, lambda row: row["stale"]),
        "abstains rightly": share((row for row in before if row["em"] is None), lambda row: row["abstained"]),
        "abstains wrongly": share(answerable, lambda row: row["abstained"]),
        "citation precision": share(answerable, lambda row: cited_share(row, evidence, precision)),
        "citation recall": share(answerable, lambda row: cited_share(row, evidence, recall)),
        "words": median(len(row["answer"].split()) for row in answerable),
        "seconds": median(seconds(row) for row in before),
    }


def cited_share(row: Row, evidence: dict[str, list[str]], measure: Callable) -> float | None:
    """Precision or recall of a row's citations; None for systems that can't cite, or without a known gold document."""
    gold = evidence[row["question_id"]]
    return None if row["cited"] is None or not gold else measure(row["cited"], gold)


def seconds(row: Row) -> float:
    """All the seconds of an answer: search, reading the prompt, writing."""
    return sum(row[part] or 0.0 for part in ("retrieve_s", "prefill_s", "decode_s"))


def median(values: Iterable[float]) -> float | None:
    """The middle value; None of nothing."""
    ordered = sorted(values)
    return (ordered[(len(ordered) - 1) // 2] + ordered[len(ordered) // 2]) / 2 if ordered else None


def to_markdown(table: pd.DataFrame, columns: Sequence[str]) -> str:
    """The chosen columns as a Markdown table."""
    head = ["system", *(COLUMNS[name] for name in columns)]
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    for system, line in table.iterrows():
        lines.append("| " + " | ".join([f"`{system}`", *(show(line[name]) for name in columns)]) + " |")
    return "\n".join(lines)


def show(cell: Estimate | float | None) -> str:
    """A cell for people: an interval, a number, or a dash for what doesn't apply."""
    if cell is None or cell != cell:
        return "–"
    return str(cell) if isinstance(cell, Estimate) else f"{cell:.2g}"
