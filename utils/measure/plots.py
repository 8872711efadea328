"""The course's figures, from summary tables. Computes nothing and saves nothing: each function returns a figure."""

from collections.abc import Sequence

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure

BLUE, ORANGE, GREY = "#0072B2", "#D55E00", "#999999"  # told apart by colour-blind readers (Okabe & Ito 2008)


def plot_comparison(table: pd.DataFrame, title: str) -> Figure:
    """Two panels a system: right answers before and after the revision, and stale answers, with 95 % intervals.

    The left one is about the questions that have an answer before and another one after. `table` is
    `summary.summarise(rows)`: cells are Estimates.
    """
    figure, (left, right) = plt.subplots(
        1, 2, figsize=(9.5, 0.42 * len(table) + 1.9), sharey=True, layout="constrained", width_ratios=[3, 2]
    )
    systems = list(table.index)[::-1]
    draw_estimates(left, [table.loc[name, "right then"] for name in systems], 0.14, BLUE, "o", "right before the change")
    draw_estimates(left, [table.loc[name, "new"] for name in systems], -0.14, ORANGE, "s", "after it: the new answer")
    draw_estimates(right, [table.loc[name, "stale"] for name in systems], 0, GREY, "D", "after it: still the old answer")
    labels = "share of the questions that get a new answer", "share of the questions that change"
    for axis, label in zip((left, right), labels):
        axis.set(xlim=(-0.03, 1.03), xlabel=label, yticks=range(len(systems)), yticklabels=systems)
        axis.grid(axis="x", alpha=0.3)
        axis.spines[["top", "right"]].set_visible(False)
        axis.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2, frameon=False, fontsize=8)
    figure.suptitle(title, fontsize=11)
    return figure


def draw_estimates(axis: plt.Axes, estimates: Sequence, shift: float, colour: str, marker: str, label: str) -> None:
    """One point with its interval a row; rows without a value stay empty."""
    rows = [(row + shift, item) for row, item in enumerate(estimates) if item.value is not None]
    values = [item.value for _, item in rows]
    reach = [
        [max(0.0, item.value - item.low) for _, item in rows],
        [max(0.0, item.high - item.value) for _, item in rows],
    ]
    axis.errorbar(
        values,
        [height for height, _ in rows],
        xerr=reach,
        fmt=marker,
        color=colour,
        ms=5,
        capsize=2,
        lw=1.2,
        label=label,
    )


def plot_curve(curve: Sequence[tuple[float, float, float | None]], title: str) -> Figure:
    """Training and validation loss by epoch."""
    figure, axis = plt.subplots(figsize=(5, 2.8), layout="constrained")
    epochs = [row[0] for row in curve]
    axis.plot(epochs, [row[1] for row in curve], "o-", color=BLUE, label="training (mean since the last point)")
    axis.plot(epochs, [row[2] for row in curve], "s--", color=ORANGE, label="validation (at the point)")
    axis.set(xlabel="epoch", ylabel="loss per answer token", title=title, xticks=epochs, ylim=(0, None))
    axis.spines[["top", "right"]].set_visible(False)
    axis.legend(frameon=False)
    return figure


def plot_difficulty(table: pd.DataFrame) -> Figure:
    """Two panels, by desk: how often each kind of search puts the right document, and the gold passage, first.

    `table` has the columns desk, search, "document first", "passage first".
    """
    figure, axes = plt.subplots(1, 2, figsize=(9.5, 3.2), sharey=True, layout="constrained")
    desks, modes = list(dict.fromkeys(table["desk"])), list(dict.fromkeys(table["search"]))
    for axis, column in zip(axes, ("document first", "passage first")):
        for place, (mode, colour, hatch) in enumerate(zip(modes, (BLUE, ORANGE, GREY), ("", "//", ".."))):
            own = table[table["search"] == mode].set_index("desk")[column]
            heights = [own[desk] for desk in desks]
            spots = [number + (place - 1) * 0.27 for number in range(len(desks))]
            axis.bar(spots, heights, 0.25, color=colour, hatch=hatch, edgecolor="white", label=mode)
        axis.set(title=f"right {column}", xticks=range(len(desks)), xticklabels=desks, ylim=(0, 1))
        axis.grid(axis="y", alpha=0.3)
        axis.spines[["top", "right"]].set_visible(False)
    axes[0].set_ylabel("share of test questions")
    axes[1].legend(frameon=False, loc="upper left", bbox_to_anchor=(1, 1))
    return figure


def plot_lengths(lengths: dict[str, list[int]]) -> Figure:
    """Document lengths in words: a row of points a desk, with the median."""
    figure, axis = plt.subplots(figsize=(7, 2.6), layout="constrained")
    for row, words in enumerate(lengths.values()):
        axis.plot(words, [row] * len(words), "o", color=BLUE, alpha=0.4, ms=5)
        axis.plot(sorted(words)[len(words) // 2], row, "|", color=ORANGE, ms=18, mew=2)
    labels = [f"{desk} ({len(words)})" for desk, words in lengths.items()]
    axis.set(xlabel="words a document (orange: the median)", yticks=range(len(lengths)), yticklabels=labels, xlim=(0, None))
    axis.set_ylim(len(lengths) - 0.5, -0.5)  # the first desk on top
    axis.grid(axis="x", alpha=0.3)
    axis.spines[["top", "right"]].set_visible(False)
    return figure
