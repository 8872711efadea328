"""Seconds of one answer on the page: how long, of what they are made, with how many passages, many at once."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from utils.answer.generation import MAX_NEW_TOKENS
from utils.measure.evaluation import Row
from utils.measure.samples import Sample
from utils.measure.statistics import Figures, Statistic
from utils.page.tables import show, table

REFERENCE, FIXED = "ft", "/fixed"  # a system's name ends so where all answers were timed at one length
TOTAL, BULK = "total", "answers an hour"
PARTS = {"retrieve": "search", "prefill": "reading the prompt", "decode": "writing"}  # figure → column
TOKENS = {"prompt tokens": "tokens of the prompt", "answer tokens": "tokens of the answer"}
COLUMNS = ["half within (p50)", "95 of 100 within (p95)", f"times `{REFERENCE}`", *PARTS.values()]
OWN = (
    "Seconds of an answer that comes alone, over {n} questions about one fact ({questions}) at which the systems took "
    "turns ({cpu}, {cores} cores, {dtype}). An answer ends by itself or after {most} tokens. `rag` shows the model "
    "{rag} passage and `raft` {raft}; `rag/k=8` shows eight, whose answers weren't marked. `ft/unmerged` keeps its "
    "adapter beside the weights, not merged into them. *Times `ft`* is the median of the ratios question by question; "
    "the parts are medians too, so they needn't add up. *Answers an hour*: many at once, {batch} a batch, all cores, "
    "taken once."
)
ALIKE = (
    "The same answers, all timed up to their token number {fixed}, so that how much a system likes to say no longer counts."
)


def seconds(rows: Sequence[Row], provenance: Mapping, take: Callable[[Statistic], Sample]) -> str:
    """Each system at its own length and, where it has a model, at one length for all. `rows`: the figures of one run."""
    values: dict[tuple[str, str], list[float]] = {}
    for row in rows:
        values.setdefault((row["system"], row["figure"]), []).append(row["value"])
    own, alike = {}, {}
    for name in dict.fromkeys(system for system, _ in values):
        if name.endswith(FIXED):
            alike[name] = [f"`{name.removesuffix(FIXED)}`", *timed(name, REFERENCE + FIXED, values, take)]
        else:
            counted = [middle(values.get((name, figure)), ".0f") for figure in TOKENS]
            own[name] = [
                f"`{name}`",
                *counted,
                *timed(name, REFERENCE, values, take),
                middle(values.get((name, BULK)), ",.0f"),
            ]
    told, shorter = described(provenance, len(values[REFERENCE, TOTAL]))
    natural = table(["system", *TOKENS.values(), *COLUMNS, BULK], list(own.values()))
    return "\n\n".join([told, natural, shorter, table(["system", *COLUMNS], list(alike.values()))])


def timed(name: str, reference: str, values: Mapping, take: Callable[[Statistic], Sample]) -> list[str]:
    """A system's cells under COLUMNS."""
    middling, times = (
        show(take(Statistic("latency", name, Figures(TOTAL), take="median", over=over))) for over in (None, reference)
    )
    slow = f"{np.quantile(values[name, TOTAL], 0.95):.2f}"
    return [
        middling,
        slow,
        "1" if name == reference else times,
        *(middle(values.get((name, part)), ".2f") for part in PARTS),
    ]


def middle(values: Sequence[float] | None, shape: str) -> str:
    """Their median; a dash where the system has no such step."""
    return format(np.median(values), shape) if values else "–"


def described(provenance: Mapping, n: int) -> tuple[str, str]:
    """What stands above each table."""
    settings = provenance["settings"]
    shown = {name: settings["reading"][name]["k"] for name in ("rag", "raft")}
    machine = {"cpu": provenance["cpu"], "cores": provenance["cores"], "dtype": settings["dtype"]}
    above = OWN.format(
        n=n, batch=settings["batch_size_in_bulk"], questions=settings["questions"], most=MAX_NEW_TOKENS, **machine, **shown
    )
    return above, ALIKE.format(fixed=settings["fixed_tokens"])
