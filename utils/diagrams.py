"""The course's diagrams: how things hang together. The figures of what was measured are in plots.

Computes nothing and saves nothing: each function returns a figure. Shading is always said in words, too.
"""

from collections.abc import Sequence
from textwrap import shorten
from typing import NamedTuple

import matplotlib.pyplot as plt
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.text import Text

PLAIN, WORK, MARKED = "white", "#dddddd", "#f2b48c"  # what is given, what is done with it, what to look at
Place = tuple[float, float]  # inches from the lower left corner


class Kind(NamedTuple):
    """A kind of example that RAFT trains on. `gold`: which passage has the answer, from 1; None where none has it."""

    name: str
    n_passages: int
    gold: int | None
    answer: str
    n_examples: int


def draw_pipeline() -> Figure:
    """The course in one picture: pages are searched or examples train an adapter, a model answers, answers are measured."""
    figure, axis = sheet(8.4, 2.4)
    given = {"pages": (0.8, 1.95), "question": (0.8, 1.2), "examples": (0.8, 0.45)}
    work = {"retrieve": (2.9, 1.95), "tune": (2.9, 0.45), "answer": (5.3, 1.2), "measure": (7.5, 1.2)}
    boxes = {name: put_box(axis, place, name, PLAIN) for name, place in given.items()}
    boxes |= {name: put_box(axis, place, name, WORK) for name, place in work.items()}
    for start, end, carries in (
        ("pages", "retrieve", ""),
        ("question", "retrieve", ""),
        ("question", "answer", ""),
        ("examples", "tune", ""),
        ("retrieve", "answer", "passages"),
        ("tune", "answer", "adapter"),
        ("answer", "measure", "answers"),
    ):
        put_arrow(axis, boxes[start], boxes[end], carries)
    return figure


def draw_lora(d_in: int, d_out: int, rank: int) -> Figure:
    """A frozen matrix W, and the two thin ones whose product fills its shape: B at its left side, A along its top.

    The areas are to scale: equal areas hold equally many numbers. `d_in` and `d_out` are the lengths of what the
    layer takes and gives, `rank` says how thin A and B are.
    """
    scale, gap = 3.2 / max(d_in, d_out), 0.14
    wide, high, thin = d_in * scale, d_out * scale, rank * scale
    left, bottom = 2.3, 0.5
    figure, axis = sheet(left + wide + 0.6, bottom + high + gap + thin + 0.45)
    put_area(axis, (left, bottom), wide, high, WORK)
    put_area(axis, (left - gap - thin, bottom), thin, high, MARKED)
    put_area(axis, (left, bottom + high + gap), wide, thin, MARKED)
    for x, y, text, across in (
        (left + wide / 2, bottom + high / 2, f"W: {d_out} × {d_in},\nfrozen", "center"),
        (left + wide / 2, bottom + high + gap + thin + 0.15, f"A: {rank} × {d_in}, trained", "center"),
        (left - gap - thin - 0.1, bottom + high / 2, f"B: {d_out} × {rank},\ntrained", "right"),
        (left + wide / 2, bottom / 2, "new W = W + (alpha / r) · B · A", "center"),
    ):
        axis.text(x, y, text, ha=across, va="center", fontsize=9)
    return figure


def draw_raft(kinds: Sequence[Kind]) -> Figure:
    """What RAFT shows a model and what it is to say, one line per kind of example. The gold passage is shaded and named."""
    high, wide = 0.5, 0.85  # of a line, of a passage
    name, passages, count = 0.1, 2.7, 8.8  # where these begin, and where the count ends
    said = passages + wide * max(kind.n_passages for kind in kinds) + 0.6
    figure, axis = sheet(9, high * (len(kinds) + 1))
    for x, head, across in (
        (name, "kind of example", "left"),
        (passages, "passages in the prompt", "left"),
        (said, "answer to learn", "left"),
        (count, "examples", "right"),
    ):
        axis.text(x, high * (len(kinds) + 0.4), head, ha=across, va="center", fontsize=9, fontweight="bold")
    for row, kind in enumerate(reversed(kinds)):
        y = high * (row + 0.5)
        axis.text(name, y, kind.name, va="center", fontsize=9)
        for place in range(1, kind.n_passages + 1):
            word, colour = ("gold", MARKED) if place == kind.gold else ("near", PLAIN)
            put_box(axis, (passages + wide * (place - 0.5), y), f"[{place}] {word}", colour)
        axis.text(said - 0.3, y, "→", ha="center", va="center", fontsize=12)
        axis.text(said, y, shorten(kind.answer, 36, placeholder=" …"), va="center", fontsize=9)
        axis.text(count, y, f"{kind.n_examples:,}", ha="right", va="center", fontsize=9)
    return figure


# Parts


def sheet(width: float, height: float) -> tuple[Figure, plt.Axes]:
    """An empty drawing; one unit is an inch."""
    figure = plt.figure(figsize=(width, height))
    axis = figure.add_axes((0, 0, 1, 1), xlim=(0, width), ylim=(0, height))
    axis.axis("off")
    return figure, axis


def put_box(axis: plt.Axes, at: Place, text: str, colour: str) -> Text:
    """A text in a frame around the place."""
    frame = {"boxstyle": "round,pad=0.4", "facecolor": colour, "edgecolor": "black"}
    return axis.text(*at, text, ha="center", va="center", fontsize=9, bbox=frame)


def put_arrow(axis: plt.Axes, start: Text, end: Text, carries: str = "") -> None:
    """From the edge of one box to that of another, with a word on its middle for what goes along it."""
    edges = {"patchA": start.get_bbox_patch(), "patchB": end.get_bbox_patch(), "shrinkA": 2, "shrinkB": 2}
    axis.annotate("", end.get_position(), start.get_position(), arrowprops={"arrowstyle": "->", **edges})
    if carries:
        middle = [(a + b) / 2 for a, b in zip(start.get_position(), end.get_position(), strict=True)]
        ground = {"facecolor": "white", "edgecolor": "none", "pad": 1}
        axis.text(*middle, carries, ha="center", va="center", fontsize=8, bbox=ground)


def put_area(axis: plt.Axes, corner: Place, width: float, height: float, colour: str) -> None:
    """A rectangle, by its lower left corner."""
    axis.add_patch(Rectangle(corner, width, height, facecolor=colour, edgecolor="black", linewidth=0.6))
