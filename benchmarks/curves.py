"""A curve of seconds over the size of the work, the exponent it grows by, and its figure. Runs no work of its own."""

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter
from scipy.stats import t

from utils.measure.plots import BLUE, ORANGE

ENOUGH = 5  # seconds of one piece of work, after which it isn't repeated
STYLES = ((BLUE, "o", "-"), (ORANGE, "s", "--"), ("black", "^", ":"))  # told apart without colour, too


@dataclass(frozen=True)
class Curve:
    """Seconds that `what` takes for each size `x`, in `x_unit`. `panel` is the title it is drawn under."""

    what: str
    panel: str
    x_unit: str
    x: Sequence[float]
    seconds: Sequence[float]
    note: str


def time_work(work: Callable, *arguments: object) -> tuple[float, object]:
    """(seconds of `work(*arguments)`, its result): the median of three runs, or of fewer where these took ENOUGH."""
    seconds, result = [], None
    while len(seconds) < 3 and sum(seconds) < ENOUGH:
        result = None  # frees what the run before made, which may be gigabytes
        start = time.perf_counter()
        result = work(*arguments)
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds), result


def fit_exponent(x: Sequence[float], seconds: Sequence[float]) -> tuple[float, float, float]:
    """(b, low, high) of seconds = a · x ** b: least squares on the logarithms, with the 95 % interval by Student's t.

    The interval is wide where a power law fits badly, as it does while a fixed cost weighs. ValueError below three points.

    >>> [round(value, 6) for value in fit_exponent([1, 10, 100], [3, 300, 30000])]
    [2.0, 2.0, 2.0]
    """
    if len(x) < 3:
        raise ValueError(f"need three points to fit an exponent and its interval, got {len(x)}")
    (slope, _), covariance = np.polyfit(np.log(x), np.log(seconds), 1, cov=True)
    half = t.ppf(0.975, len(x) - 2) * np.sqrt(covariance[0, 0])
    return float(slope), float(slope - half), float(slope + half)


def describe(curve: Curve) -> dict[str, object]:
    """The curve as it is saved, with its exponent."""
    exponent, low, high = fit_exponent(curve.x, curve.seconds)
    return {**vars(curve), "exponent": exponent, "low": low, "high": high}


def plot_curves(curves: Sequence[Mapping]) -> Figure:
    """A log-log panel for each `panel` of the described curves; the legend gives the exponents."""
    panels = list(dict.fromkeys(curve["panel"] for curve in curves))
    figure, axes = plt.subplots(-(-len(panels) // 2), 2, figsize=(9, 3.7 * len(panels) / 2), layout="constrained")
    for axis, panel in zip(axes.flat, panels):
        draw_panel(axis, [curve for curve in curves if curve["panel"] == panel])
        axis.set_title(panel)
    return figure


def draw_panel(axis: plt.Axes, curves: Sequence[Mapping]) -> None:
    """Curves over the same kind of size."""
    for curve, (colour, marker, line) in zip(curves, STYLES):
        label = f"{curve['what']}: exponent {curve['exponent']:.2f} [{curve['low']:.2f}, {curve['high']:.2f}]"
        axis.plot(curve["x"], curve["seconds"], marker + line, color=colour, ms=5, label=label)
    axis.set(xscale="log", yscale="log", xlabel=curves[0]["x_unit"], ylabel="seconds")
    label_plainly(axis.xaxis, [size for curve in curves for size in curve["x"]])
    label_plainly(axis.yaxis, [seconds for curve in curves for seconds in curve["seconds"]])
    axis.grid(alpha=0.3)
    axis.spines[["top", "right"]].set_visible(False)
    axis.legend(loc="upper center", bbox_to_anchor=(0.5, -0.16), frameon=False, fontsize=9)


def label_plainly(axis: Axis, values: Sequence[float]) -> None:
    """Ticks as numbers, not powers: at 1, 2 and 5 of each decade, or at 1 alone where the values span many."""
    axis.set_major_locator(LogLocator(subs=(1, 2, 5) if max(values) < 100 * min(values) else (1,)))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.6g}"))
    axis.set_minor_formatter(NullFormatter())
