"""The course's figures, from summary tables. Computes nothing and saves nothing: each function returns a figure."""

from collections.abc import Sequence

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure

BLUE, ORANGE, GREY = "#0072B2", "#D55E00", "#999999"  # told apart by colour-blind readers (Okabe & Ito 2008)


def plot_comparison(table: pd.DataFrame, title: str) -> Figure:
    """Two panels a system: right answers before and after the revision, and stale answers, with 95 % intervals.

    `table` is `summary.summarise(rows)`: cells are Estimates.
    """
    figure, (left, right) = plt.subplots(
        1, 2, figsize=(9.5, 0.42 * len(table) + 1.9), sharey=True, layout="constrained", width_ratios=[3, 2]
    )
    systems = list(table.index)[::-1]
    draw_estimates(left, [table.loc[name, "right"] for name in systems], 0.14, BLUE, "o", "documents as trained on")
    draw_estimates(
        left, [table.loc[name, "new"] for name in systems], -0.14, ORANGE, "s", "after the change: the new answer"
    )
    draw_estimates(
        right, [table.loc[name, "stale"] for name in systems], 0, GREY, "D", "after the change: still the old answer"
    )
    for axis, label in ((left, "share of questions answered right"), (right, "share answered with the old value")):
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


def plot_curve(curve: Sequence[tuple[int, float, float | None]], title: str) -> Figure:
    """Training and validation loss by epoch."""
    figure, axis = plt.subplots(figsize=(5, 2.8), layout="constrained")
    epochs = [row[0] for row in curve]
    axis.plot(epochs, [row[1] for row in curve], "o-", color=BLUE, label="training")
    axis.plot(epochs, [row[2] for row in curve], "s--", color=ORANGE, label="validation")
    axis.set(xlabel="epoch", ylabel="loss per answer token", title=title)
    axis.spines[["top", "right"]].set_visible(False)
    axis.legend(frameon=False)
    return figure
