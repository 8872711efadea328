"""What a system costs: measured seconds, tokens and people's work, times prices that the reader edits. Measures nothing.

An Effort counts what something takes, before anyone has put a price on it. A Usage holds one system's efforts: once at the
start, for each question, for each change of the documents. A Cost is the same three in money. Whatever every system needs
alike is left out: building it, writing the documents, and the test questions.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace

WAYS = ("own laptop", "cloud CPU", "cloud GPU", "hosted API")  # to pay for the model
PEOPLE = ("examples", "corrections", "pages")  # the items of an Effort that somebody works on


@dataclass(frozen=True)
class Effort:
    """What something takes. Seconds are those of the machine that was measured, alone for search and for the model."""

    search_seconds: float = 0.0  # cutting, embedding, searching
    model_seconds: float = 0.0  # training, reading prompts, writing answers
    prompt_tokens: float = 0.0
    answer_tokens: float = 0.0
    training_tokens: float = 0.0  # counted in every epoch
    examples: float = 0.0  # training questions written, with their answers
    corrections: float = 0.0  # facts whose stored answers are put right
    pages: float = 0.0  # documents put into the index


@dataclass(frozen=True)
class Prices:
    """Money for one of each item of an Effort, under the same names."""

    search_seconds: float
    model_seconds: float
    prompt_tokens: float
    answer_tokens: float
    training_tokens: float
    examples: float
    corrections: float
    pages: float


@dataclass(frozen=True)
class Usage:
    """One system's efforts. `tuned`: its model is your own, which a hosted API charges at another price."""

    start: Effort
    question: Effort
    change: Effort
    tuned: bool = False


@dataclass(frozen=True)
class Cost:
    """One system's costs in money: once, for each question, for each change of the documents."""

    start: float
    question: float
    change: float


def machine_hour(way: str, values: Mapping[str, float]) -> float:
    """Money for an hour of the machine. A laptop's is its write-off and its electricity; beside a hosted model it's a cloud
    CPU, on which search runs. ValueError for an unknown way.
    """
    if way == "own laptop":
        kilowatts = values["laptop_power"] / 1000
        return values["laptop_purchase"] / values["laptop_life"] + kilowatts * values["electricity"]
    names = {"cloud CPU": "cloud_cpu", "cloud GPU": "cloud_gpu", "hosted API": "cloud_cpu"}
    if way not in names:
        raise ValueError(f"way {way!r} is unknown: use one of {', '.join(WAYS)}")
    return values[names[way]]


def prices_of(way: str, values: Mapping[str, float], tuned: bool = False) -> Prices:
    """What one second, token, example, correction or page costs, from a price list's values (name → number).

    A second is an hour / 3600; on the GPU, `gpu_speed` measured model seconds pass in one. A hosted model is paid by
    tokens, `api_tuned` times as dear if it is `tuned`. People's work is minutes × wage / 60.
    """
    second, minute, hosted = machine_hour(way, values) / 3600, values["wage"] / 60, way == "hosted API"
    token = (values["api_tuned"] if tuned else 1.0) / 1e6 if hosted else 0.0
    return Prices(
        search_seconds=second,
        model_seconds=0.0 if hosted else second / (values["gpu_speed"] if way == "cloud GPU" else 1.0),
        prompt_tokens=token * values["api_prompt"],
        answer_tokens=token * values["api_answer"],
        training_tokens=values["api_training"] / 1e6 if hosted else 0.0,
        examples=values["minutes_per_example"] * minute,
        corrections=values["minutes_per_correction"] * minute,
        pages=values["minutes_per_page"] * minute,
    )


def per_question(rows: Sequence[Mapping]) -> Effort:
    """The mean effort of an answer: sums over the rows, divided by their number. A step that a system hasn't takes nothing.

    The mean and not the median, as a bill is a sum. ValueError for no rows.

    >>> per_question([{"retrieve_s": None, "prefill_s": 0.2, "decode_s": 0.1, "prompt_tokens": 60, "answer_tokens": 4}])
    Effort(search_seconds=0.0, model_seconds=0.3..., prompt_tokens=60.0, answer_tokens=4.0, ...)
    """
    if not rows:
        raise ValueError("need at least one row to say what a question takes")

    def mean(*names: str) -> float:
        """Of the sum of these fields."""
        return sum(row[name] or 0 for row in rows for name in names) / len(rows)

    return Effort(mean("retrieve_s"), mean("prefill_s", "decode_s"), mean("prompt_tokens"), mean("answer_tokens"))


def together(*efforts: Effort) -> Effort:
    """The efforts added up, item by item.

    >>> together(Effort(pages=2), Effort(pages=1, examples=4))
    Effort(..., examples=4.0, corrections=0.0, pages=3.0)
    """
    return Effort(**{item.name: math.fsum(getattr(effort, item.name) for effort in efforts) for item in fields(Effort)})


def larger_model(usage: Usage, times: float) -> Usage:
    """The usage with a model of `times` as many parameters, as arithmetic: its seconds grow in proportion, nothing else."""
    grown = {
        part: replace(getattr(usage, part), model_seconds=getattr(usage, part).model_seconds * times)
        for part in ("start", "question", "change")
    }
    return replace(usage, **grown)


def bill(effort: Effort, prices: Prices) -> dict[str, float]:
    """Money for each item: how many there are × what one costs."""
    amounts, each = asdict(effort), asdict(prices)
    return {name: amounts[name] * each[name] for name in amounts}


def price(effort: Effort, prices: Prices) -> float:
    """The sum of the bill, in money."""
    return math.fsum(bill(effort, prices).values())


def cost_of(usage: Usage, way: str, values: Mapping[str, float]) -> Cost:
    """A system's costs when the model is paid for in this way, from a price list's values."""
    prices = prices_of(way, values, usage.tuned)
    return Cost(price(usage.start, prices), price(usage.question, prices), price(usage.change, prices))


def total(cost: Cost, questions: float, changes: float = 0) -> float:
    """start + questions × cost of one + changes × cost of one, in money.

    >>> total(Cost(start=100, question=0.25, change=10), questions=200, changes=3)
    180.0
    """
    return cost.start + questions * cost.question + changes * cost.change


def break_even(one: Cost, other: Cost, changes: float = 0) -> float | None:
    """The number of questions at which both totals are the same; None when they never meet, or never part.

    Totals are straight lines in the number of questions: their gap at 0, divided by what each question closes of it.

    >>> break_even(Cost(0, 0.75, 0), Cost(100, 0.5, 10), changes=5)
    600.0
    >>> break_even(Cost(0, 0.5, 0), Cost(100, 0.75, 0)) is None
    True
    """
    gap, closed = total(other, 0, changes) - total(one, 0, changes), one.question - other.question
    if closed == 0 or gap / closed < 0:
        return None
    return abs(gap / closed)


def pays_from(rent: Cost, buy: Cost, changes: float = 0) -> float | None:
    """The number of questions from which `buy` costs no more than `rent`: 0.0 from the start on, None never.

    `break_even` can't say which of two that never meet is the cheaper one. Where a question of `buy` is the dearer one, its
    lead ends at `break_even`.

    >>> pays_from(Cost(10, 0.5, 0), Cost(1, 0.25, 0)), pays_from(Cost(1, 0.25, 0), Cost(10, 0.5, 0))
    (0.0, None)
    """
    if total(buy, 0, changes) <= total(rent, 0, changes):
        return 0.0
    return break_even(rent, buy, changes)


def per_correct(cost: Cost, phases: Sequence[tuple[float, float]], changes: float = 0) -> float | None:
    """Total cost / number of right answers; None when none is right.

    A phase is (questions, share right while it lasts): a share that falls when documents change is counted from then on.

    >>> per_correct(Cost(start=60, question=0.5, change=0), [(100, 0.75), (100, 0.25)])
    1.6
    """
    questions, right = sum(number for number, _ in phases), sum(number * share for number, share in phases)
    return total(cost, questions, changes) / right if right else None
