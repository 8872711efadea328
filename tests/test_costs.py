"""Costs against sums in whole cents, closed forms, a scan of every question, and a straight count of a year."""

import dataclasses
import datetime
import itertools
import random
from fractions import Fraction

import pytest
import yaml
from fakes import ROOT

from utils.data import load_company
from utils.files import DamagedFile
from utils.measure.costs import (
    PEOPLE,
    WAYS,
    Cost,
    Effort,
    Prices,
    Usage,
    bill,
    break_even,
    cost_of,
    larger_model,
    machine_hour,
    pays_from,
    per_correct,
    per_question,
    price,
    prices_of,
    together,
    total,
)
from utils.measure.money import ANSWER, CHANGE, EMBED_SECONDS, INDEX_SECONDS, START, WRITTEN, Work, count_work, price_rows
from utils.measure.prices import DIVISORS, UNITS, load_prices
from utils.measure.results import figure
from utils.measure.situations import System

PATH = ROOT / "data" / "prices.yaml"
ITEMS = [item.name for item in dataclasses.fields(Effort)]
VALUES = {  # chosen so that every result below is exact
    "wage": 60.0, "minutes_per_example": 2.0, "minutes_per_correction": 3.0, "minutes_per_page": 1.0,
    "laptop_purchase": 3600.0, "laptop_life": 1000.0, "laptop_power": 500.0, "electricity": 7.2,
    "cloud_cpu": 3.6, "cloud_gpu": 36.0, "gpu_speed": 5.0,
    "api_prompt": 1.0, "api_answer": 4.0, "api_training": 8.0, "api_tuned": 2.0,
}  # fmt: skip
RAG = Usage(Effort(search_seconds=30, pages=10), Effort(0.5, 2, 200, 10), Effort(search_seconds=30, pages=4))
FT = Usage(
    Effort(model_seconds=100, training_tokens=50_000, examples=40),
    Effort(0, 1, 50, 5),
    Effort(0, 100, 0, 0, 50_000, 0, 6),
    True,
)


# What one of each costs


@pytest.mark.parametrize(
    "way, second",
    [("own laptop", 0.002), ("cloud CPU", 0.001), ("cloud GPU", 0.01), ("hosted API", 0.001)],
)
def test_a_machine_second_is_the_hour_in_3600_parts(way, second):
    assert machine_hour(way, VALUES) / 3600 == pytest.approx(second)  # the laptop: (3600 / 1000 + 0.5 kW × 7.2) / 3600
    assert prices_of(way, VALUES).search_seconds == pytest.approx(second)


def test_a_faster_machine_is_dearer_a_second_and_needs_fewer():
    assert prices_of("cloud GPU", VALUES).model_seconds == pytest.approx(36 / 3600 / 5)
    assert prices_of("cloud CPU", VALUES).model_seconds == prices_of("cloud CPU", VALUES).search_seconds


def test_a_hosted_model_is_paid_by_tokens_and_a_machine_by_seconds():
    hosted, tuned = prices_of("hosted API", VALUES), prices_of("hosted API", VALUES, tuned=True)
    million = Effort(prompt_tokens=1e6, answer_tokens=1e6)
    assert hosted.model_seconds == 0 and price(million, hosted) == pytest.approx(1 + 4)
    assert price(million, tuned) == pytest.approx(2 * (1 + 4))
    assert price(Effort(training_tokens=1e6), tuned) == pytest.approx(8)
    for way in set(WAYS) - {"hosted API"}:
        assert price(Effort(prompt_tokens=1e6, answer_tokens=1e6, training_tokens=1e6), prices_of(way, VALUES)) == 0
        assert prices_of(way, VALUES, tuned=True) == prices_of(way, VALUES)


@pytest.mark.parametrize("way", WAYS)
def test_people_cost_minutes_times_the_wage_whatever_the_machine(way):
    prices = prices_of(way, VALUES)  # 60 an hour is 1 a minute
    assert [getattr(prices, name) for name in PEOPLE] == pytest.approx([2, 3, 1])
    assert price(Effort(examples=30), prices) == pytest.approx(60)  # an hour of writing costs an hour's wage


def test_an_unknown_way_is_refused_with_those_there_are():
    with pytest.raises(ValueError, match="'a donkey' is unknown: use one of own laptop, cloud CPU, cloud GPU, hosted API"):
        prices_of("a donkey", VALUES)


def test_every_assumption_matters_to_somebody_and_dearer_never_makes_cheaper():
    everything = Effort(**{name: 1000.0 for name in ITEMS})
    for name in VALUES:
        doubled = {**VALUES, name: VALUES[name] * 2}
        gaps = [
            price(everything, prices_of(way, doubled, True)) - price(everything, prices_of(way, VALUES, True))
            for way in WAYS
        ]
        assert any(gaps), name
        assert all(gap <= 0 if name in DIVISORS else gap >= 0 for gap in gaps), name


# Efforts


def test_a_question_takes_the_mean_and_a_missing_step_takes_nothing():
    names = ("retrieve_s", "prefill_s", "decode_s", "prompt_tokens", "answer_tokens")
    rows = [dict(zip(names, values)) for values in ((0.25, 1.0, 0.5, 100, 8), (0.75, 2.0, 4.5, 300, 24))]
    assert per_question(rows) == Effort(search_seconds=0.5, model_seconds=4.0, prompt_tokens=200.0, answer_tokens=16.0)
    assert per_question([dict(zip(names, (0.5, None, None, None, None)))]) == Effort(search_seconds=0.5)
    with pytest.raises(ValueError, match="at least one row"):
        per_question([])


def test_efforts_add_up_item_by_item_and_so_do_their_prices():
    one, other = Effort(*range(8)), Effort(*range(10, 18))
    assert together(one, other) == Effort(*range(10, 26, 2))
    assert together() == Effort()
    prices = prices_of("hosted API", VALUES, tuned=True)
    assert price(together(one, other), prices) == pytest.approx(price(one, prices) + price(other, prices))


def test_the_bill_lists_every_item_and_its_sum_is_the_price():
    amounts, each = [3, 5, 7, 11, 13, 17, 19, 23], [29, 31, 37, 41, 43, 47, 53, 59]
    lines = bill(Effort(*amounts), Prices(*each))
    assert list(lines) == ITEMS and list(lines.values()) == [a * b for a, b in zip(amounts, each)]
    assert price(Effort(*amounts), Prices(*each)) == sum(a * b for a, b in zip(amounts, each))


def test_a_larger_model_takes_longer_and_nothing_else():
    grown = larger_model(FT, 50)
    assert (grown.start.model_seconds, grown.question.model_seconds, grown.change.model_seconds) == (5000, 50, 5000)
    assert larger_model(grown, 1 / 50) == FT
    assert cost_of(larger_model(RAG, 50), "hosted API", VALUES) == cost_of(RAG, "hosted API", VALUES)


# Costs, counted again by hand: one laptop second is 0.002, one minute of people 1


def test_the_cost_of_a_system_is_its_three_efforts_in_money():
    assert dataclasses.astuple(cost_of(RAG, "own laptop", VALUES)) == pytest.approx((10.06, 0.005, 4.06))
    assert dataclasses.astuple(cost_of(FT, "own laptop", VALUES)) == pytest.approx((80.2, 0.002, 18.2))
    assert cost_of(RAG, "hosted API", VALUES).question == pytest.approx(0.5 * 0.001 + (200 + 10 * 4) / 1e6)
    assert cost_of(FT, "hosted API", VALUES).question == pytest.approx(2 * (50 + 5 * 4) / 1e6)


@pytest.mark.parametrize("way", WAYS)
def test_twice_all_money_is_twice_every_cost_and_the_same_break_even(way):
    money = [name for name, unit in UNITS.items() if "{}" in unit]
    dear = {**VALUES, **{name: VALUES[name] * 2 for name in money}}
    pairs = [(cost_of(usage, way, VALUES), cost_of(usage, way, dear)) for usage in (RAG, FT)]
    for once, twice in pairs:
        assert dataclasses.astuple(twice) == pytest.approx([2 * part for part in dataclasses.astuple(once)])
    cheap, dear = ([pair[i] for pair in pairs] for i in (0, 1))
    assert break_even(*dear, changes=12) == pytest.approx(break_even(*cheap, changes=12))


def random_cost(chance: random.Random) -> Cost:
    return Cost(*(chance.choice([0, 1, 2, 5, 25, 100]) for _ in range(3)))


def test_a_total_counted_question_by_question_is_the_same():
    chance = random.Random(5)
    for _ in range(50):
        cost, questions, changes = random_cost(chance), chance.randrange(40), chance.randrange(5)
        money = cost.start + sum(cost.question for _ in range(questions)) + sum(cost.change for _ in range(changes))
        assert total(cost, questions, changes) == money


def scan(one: Cost, other: Cost, changes: int, longest: int) -> int | None:
    """The first whole number of questions up to which the same one has been cheaper, or as cheap, all along."""
    gaps = [Fraction(total(one, n, changes)) - Fraction(total(other, n, changes)) for n in range(longest + 1)]
    return next((n for n, gap in enumerate(gaps) if gap == 0 or gap * gaps[0] < 0), None)


def test_break_even_is_where_a_scan_of_every_question_finds_it():
    chance, met = random.Random(7), 0
    for _ in range(400):
        one, other, changes = random_cost(chance), random_cost(chance), chance.choice([0, 1, 4])
        found, scanned = break_even(one, other, changes), scan(one, other, changes, longest=800)
        if found is None:
            parted = total(one, 0, changes) != total(other, 0, changes) or one.question != other.question
            assert scanned is None or not parted, (one, other, changes)
        else:
            assert scanned is not None and scanned - 1 < found <= scanned, (one, other, changes)
            assert total(one, found, changes) == pytest.approx(total(other, found, changes))
            met += 1
    assert 100 < met < 400  # both outcomes were tried


def test_break_even_does_not_depend_on_who_is_named_first():
    chance = random.Random(9)
    for _ in range(100):
        one, other = random_cost(chance), random_cost(chance)
        assert break_even(one, other, 3) == break_even(other, one, 3)


def test_totals_that_never_meet_have_no_break_even():
    assert break_even(Cost(1, 0.5, 0), Cost(100, 0.5, 0)) is None  # side by side
    assert break_even(Cost(1, 0.25, 0), Cost(100, 0.5, 0)) is None  # ever further apart
    assert break_even(Cost(1, 0.5, 0), Cost(1, 0.5, 0)) is None  # never apart
    assert break_even(Cost(1, 0.25, 0), Cost(1, 0.5, 0)) == 0  # together at the start only


def test_buying_pays_from_where_a_scan_first_finds_it_no_dearer():
    chance, found = random.Random(11), []
    for _ in range(300):
        rent, buy, changes = random_cost(chance), random_cost(chance), chance.choice([0, 1, 4])
        numbers = (n for n in range(801) if total(buy, n, changes) <= total(rent, n, changes))
        pays, scanned = pays_from(rent, buy, changes), next(numbers, None)
        assert (pays is None) == (scanned is None) and (pays is None or scanned - 1 < pays <= scanned), (rent, buy, changes)
        found.append("never" if pays is None else "at once" if pays == 0 else "later")
    assert min(map(found.count, ("never", "at once", "later"))) > 20  # all three were tried


def test_every_change_moves_the_break_even_by_the_same_number_of_questions():
    rag, ft = cost_of(RAG, "own laptop", VALUES), cost_of(FT, "own laptop", VALUES)
    found = [break_even(rag, ft, changes) for changes in range(5)]
    steps = [later - earlier for earlier, later in itertools.pairwise(found)]
    assert steps == pytest.approx([(ft.change - rag.change) / (rag.question - ft.question)] * 4)
    assert found[0] == pytest.approx((ft.start - rag.start) / (rag.question - ft.question))  # with no change at all


def test_a_right_answer_costs_the_total_over_those_counted_one_by_one():
    cost, phases = Cost(start=30, question=0.5, change=12), [(40, 0.75), (60, 0.25)]
    asked = [number < 30 for number in range(40)] + [number < 15 for number in range(60)]  # 30 of 40 right, then 15 of 60
    assert per_correct(cost, phases, changes=1) == pytest.approx((30 + 12 + 0.5 * len(asked)) / sum(asked))
    assert per_correct(cost, [(100, 0.0)]) is None and per_correct(cost, []) is None


def test_a_right_answer_is_dearer_the_fewer_are_right_and_cheaper_the_more_are_asked():
    cost = Cost(start=30, question=0.5, change=12)
    by_share = [per_correct(cost, [(1000, share / 10)]) for share in range(1, 11)]
    by_number = [per_correct(cost, [(number, 0.5)]) for number in (1, 10, 100, 1000)]
    assert by_share == sorted(by_share, reverse=True) and by_number == sorted(by_number, reverse=True)
    assert by_share[-1] == pytest.approx(total(cost, 1000) / 1000)  # all right: the cost of an answer


# The price list


def test_the_price_list_of_the_course_is_whole_and_says_that_it_assumes():
    currency, assumptions = load_prices(PATH)
    assert currency == "USD" and list(assumptions) == list(UNITS)
    for name, line in assumptions.items():
        assert line.source.startswith("assumption: ") and line.dated >= datetime.date(2026, 1, 1), name
        assert line.unit == UNITS[name].format(currency)
    values = {name: line.value for name, line in assumptions.items()}
    for way in WAYS:
        assert all(part >= 0 for part in dataclasses.astuple(cost_of(RAG, way, values)))


def write(path, change):
    lines = yaml.safe_load(PATH.read_text("utf-8"))
    change(lines)
    path.write_text(yaml.safe_dump(lines), "utf-8")
    return path


def set_wage(**entries):
    return lambda lines: lines["wage"].update(entries)


@pytest.mark.parametrize(
    "change, complaint",
    [
        (lambda lines: lines.pop("currency"), "names no currency: begin it with a line like 'currency: USD'"),
        (lambda lines: lines.pop("gpu_speed"), "lacks gpu_speed: restore the lines, and set to 0 what costs you nothing"),
        (lambda lines: lines.update(salary=3), "holds 'salary', which no formula uses: the keys are wage, "),
        (lambda lines: lines.update(wage=40), "wage, needs exactly the keys value, unit, dated, source"),
        (lambda lines: lines["wage"].pop("source"), "wage, needs exactly the keys value, unit, dated, source"),
        (set_wage(per="hour"), "wage, needs exactly the keys value, unit, dated, source"),
        (set_wage(value="forty"), "wage, has the value 'forty': give a number, like 0.3"),
        (set_wage(value=True), "wage, has the value True: give a number"),
        (set_wage(value=float("nan")), "wage, has the value nan: give a number"),
        (set_wage(value=float("inf")), "wage, has the value inf: give a number"),
        (set_wage(value=-1), "wage, has the value -1: it must be 0 or more"),
        (lambda lines: lines["gpu_speed"].update(value=0), "gpu_speed, has the value 0: it must be above 0"),
        (lambda lines: lines["laptop_life"].update(value=0.0), "laptop_life, has the value 0.0: it must be above 0"),
        (set_wage(unit="USD a month"), "wage, is in 'USD a month', and the formulas count in 'USD an hour': convert"),
        (lambda lines: lines.update(currency="EUR"), "wage, is in 'USD an hour', and the formulas count in 'EUR an hour'"),
        (set_wage(dated="last week"), "wage, has the date 'last week': write it like 2026-11-25"),
        (set_wage(dated=datetime.datetime(2026, 11, 25, 12)), "wage, has the date .*: write it like 2026-11-25"),
        (set_wage(source=" "), "wage, names no source: say in words"),
    ],
)
def test_a_bad_price_list_is_refused_by_file_and_key(tmp_path, change, complaint):
    path = write(tmp_path / "mine.yaml", change)
    with pytest.raises(DamagedFile, match=complaint) as refusal:
        load_prices(path)
    assert str(path) in str(refusal.value)


@pytest.mark.parametrize(
    "text, complaint", [("wage: [", "is not YAML"), ("", "names no currency"), ("- 1", "names no currency")]
)
def test_a_file_that_is_no_price_list_is_refused(tmp_path, text, complaint):
    (tmp_path / "mine.yaml").write_text(text, "utf-8")
    with pytest.raises(DamagedFile, match=complaint):
        load_prices(tmp_path / "mine.yaml")
    with pytest.raises(DamagedFile, match=r"none.yaml is missing"):
        load_prices(tmp_path / "none.yaml")


def test_another_currency_and_what_costs_nothing_are_welcome(tmp_path):
    def to_crowns(lines):
        lines["currency"] = "crowns"
        for entry in lines.values():
            if isinstance(entry, dict):
                entry["unit"] = entry["unit"].replace("USD", "crowns")
        lines["wage"]["value"] = 0

    currency, assumptions = load_prices(write(tmp_path / "mine.yaml", to_crowns))
    assert currency == "crowns" and assumptions["wage"].value == 0 and assumptions["wage"].unit == "crowns an hour"


# Figures in money, from rows: one laptop second is 0.002, one minute of people 1

WORK = Work(pages=10, new_pages=4, answers=40, reading=100, corrections=6)
DOERS = {
    "rag": System("rag", True, (), None),
    "ft": System("fine-tune", False, ("answers",), "ft"),
    "raft": System("both", True, ("reading",), "raft"),
    "faq": System("search only", False, ("answers",), None),
    "ft+rag": System("both", True, ("answers",), "ft"),
}


def answer_row(system, seed=None, retrieve=None, prefill=1.0, decode=0.5, after=False, question_id="q1"):
    seconds = {"retrieve_s": retrieve, "prefill_s": prefill, "decode_s": decode, "prompt_tokens": 9, "answer_tokens": 9}
    return {"system": system, "seed": seed, "question_id": question_id, "after": after, **seconds}


def money(rows, name):
    """figure, seed → value of one system; of its answers by question."""
    made = price_rows(rows, DOERS, WORK, VALUES)
    return {(row["figure"], row["seed"], row["item"]): row["value"] for row in made if row["system"] == name}


TRAINED = (("ft", 500.0, 1), ("ft", 1000.0, 2), ("raft", 5000.0, 1))
TRAININGS = [figure("training", adapter, seconds, "s", seed) for adapter, seconds, seed in TRAINED]


def test_an_untrained_system_starts_by_its_pages_and_pays_for_embedding_a_question():
    rows = [answer_row("rag", retrieve=0.5), answer_row("rag", retrieve=9.0, after=True), *TRAININGS]
    index = INDEX_SECONDS * 0.002
    assert money(rows, "rag") == pytest.approx({
        (ANSWER, None, "q1"): (0.5 + EMBED_SECONDS + 1.5) * 0.002,
        (START, None, None): index + 10,
        (CHANGE, None, None): index + 4,
        (WRITTEN, None, None): 0,
    })  # fmt: skip


def test_a_trained_one_starts_by_writing_and_each_training_and_both_come_back_with_a_change():
    rows = [answer_row("ft", 1), answer_row("ft", 2, decode=1.5), *TRAININGS]
    assert money(rows, "ft") == pytest.approx({
        (ANSWER, 1, "q1"): 1.5 * 0.002, (ANSWER, 2, "q1"): 2.5 * 0.002,
        (START, 1, None): 40 * 2 + 1, (START, 2, None): 40 * 2 + 2,
        (CHANGE, 1, None): 6 * 3 + 1, (CHANGE, 2, None): 6 * 3 + 2,
        (WRITTEN, None, None): 40,
    })  # fmt: skip


def test_reading_is_practised_once_and_answers_that_are_stored_or_learned_are_put_right():
    rows = [answer_row("raft", 1, 0.5), answer_row("faq", None, 0.1, None, None), answer_row("ft+rag", 1, 0.5), *TRAININGS]
    index = INDEX_SECONDS * 0.002
    assert money(rows, "raft")[CHANGE, 1, None] == pytest.approx(index + 4)
    assert money(rows, "raft")[START, 1, None] == pytest.approx(index + 10 + 100 * 2 + 10)
    assert money(rows, "faq")[CHANGE, None, None] == pytest.approx(index + 6 * 3)
    assert money(rows, "ft+rag")[CHANGE, 1, None] == pytest.approx(index + 4 + 6 * 3 + 1)


def test_who_has_no_answers_or_no_training_yet_has_no_money_for_it():
    assert money([answer_row("rag", retrieve=0.5)], "ft") == {}
    assert set(money([answer_row("ft", 1)], "ft")) == {(ANSWER, 1, "q1"), (WRITTEN, None, None)}


def test_the_work_of_the_classroom_is_counted_as_lesson_11_counts_it():
    company = load_company(slice_name="classroom")
    work, train = count_work(company, 7), company.split("train")
    assert (work.answers, work.reading, work.pages) == (len(train), 7, len(company.documents))
    assert work.corrections == len({q.fact_id for q in train if q.answers_after is not None}) > 0
    assert work.new_pages == sum(new != old for new, old in zip(company.documents_after, company.documents)) > 0
