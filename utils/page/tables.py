"""How tables, intervals and experiments look on the page."""

from collections.abc import Mapping, Sequence

from utils.measure.samples import Sample

WHERE = {"comparison": "the classroom", "full": "all desks"}


def table(head: Sequence[str], lines: Sequence[Sequence[object]]) -> str:
    """A Markdown table."""
    rows = [head, ["---"] * len(head), *lines]
    return "\n".join("| " + " | ".join(str(cell) for cell in row) + " |" for row in rows)


def show(sample: Sample) -> str:
    """Value and interval of a sample."""
    return interval_of(sample.value, *sample.interval)


def described(verdict: Mapping) -> str:
    """Value and interval of a verdict, or of a side of one."""
    return interval_of(verdict["value"], *verdict["interval"])


def interval_of(value: float, low: float, high: float) -> str:
    """Two digits each; the value alone where nothing was drawn that could spread, such as prices that are assumed.

    >>> interval_of(0.5, 0.25, 1), interval_of(17.333, 17.333, 17.334)
    ('0.50 [0.25, 1.00]', '17.33')
    """
    shown = [f"{number:.2f}" for number in (value, low, high)]
    return shown[0] if len(set(shown)) == 1 else f"{shown[0]} [{shown[1]}, {shown[2]}]"


def bounds(low: float | None, high: float | None) -> str:
    """A promised range or a target in words; None: no bound on that side.

    >>> bounds(0.05, None), bounds(None, 20), bounds(1, 2)
    ('at least 0.05', 'at most 20', '1 to 2')
    """
    return f"at least {low:g}" if high is None else f"at most {high:g}" if low is None else f"{low:g} to {high:g}"


def where(experiment: str) -> str:
    """Which rows these are."""
    return WHERE.get(experiment, experiment)
