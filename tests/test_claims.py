"""A verdict follows from rows and margin alone: inside, outside, straddling; opposite sides; many promises at once.

Every kind of statistic is computed here on rows made up so that its value can be seen by eye.
"""

import dataclasses
import math

import numpy as np
import pytest
from scipy.stats import binomtest

from utils.ledger import CLAIMS, load_claims
from utils.measure.claims import parse_claim
from utils.measure.draws import Clusters, draw_together, medians
from utils.measure.evaluation import LEVEL, RESAMPLES, clopper_pearson, difference, estimate, resample
from utils.measure.results import figure
from utils.measure.samples import Background, NotMeasured, Sample, choose, take_sample
from utils.measure.statistics import Answers, Following, Statistic, parse_statistic
from utils.measure.verdicts import decide, judge, measured, questions_needed, weigh

N = 60  # questions, each on a page of its own
CLUSTERS = Clusters({f"q{number}": f"page{number}" for number in range(N)})
PAGES = {(question, after): {page} for question, page in CLUSTERS.items() for after in (False, True)}
ABOUT = Background(CLUSTERS, PAGES, unseen={f"q{number}" for number in range(0, N, 3)})
ENTRY = {
    "promise": "ours wins",
    "experiment": "made-up",
    "statistic": "share right, ours minus theirs",
    "compute": {"measure": "correct", "of": "ours", "against": ["theirs"], "questions": "answerable"},
    "direction": "higher",
    "margin": 0.05,
    "reach": "this model",
    "moderator": None,
    "fixed": "2026-01-01",
}


def rows(system, n_right, after=True, seeds=(None,), **fields):
    """N answers a seed, the first n_right of them right."""
    label = {"system": system, "after": after, "em": 0.0, "stale": None, "both_versions": False, "kind": "fact"}
    label |= {"desk": "people", "abstained": False, "gold_retrieved": True, "cited": None, "answer": "so it is", **fields}
    return [
        {**label, "question_id": f"q{number}", "seed": seed, "correct": number < n_right}
        for seed in seeds
        for number in range(N)
    ]


def figures(name, system, values, seeds=(None,)):
    """A figure an item and seed; `values` is a list over the items, or a single number without an item."""
    if isinstance(values, int | float):
        return [figure(name, system, values, "s", seed) for seed in seeds]
    return [figure(name, system, value, "s", seed, f"q{item}") for seed in seeds for item, value in enumerate(values)]


def judged(made, other=(), **changes):
    """The verdict on the rows of `made-up` and of another experiment; None where they don't suffice."""
    claim = parse_claim("X1", {**ENTRY, **changes})
    known = {"made-up": made, "other": other}
    return judge([claim], lambda statistic: take_sample(statistic, known, ABOUT)).get("X1")


def verdicts(made, other=(), *, margins, **changes):
    """The verdict at each margin."""
    return [judged(made, other, margin=margin, **changes)["verdict"] for margin in margins]


def sample_of(made, **compute):
    return take_sample(parse_statistic("X1", compute, "made-up"), {"made-up": made}, ABOUT)


# Shares of answers


def test_well_ahead_is_supported_well_behind_is_not_and_between_is_undecided_with_the_questions_it_would_take():
    assert judged(rows("ours", 50) + rows("theirs", 20))["verdict"] == "supported"
    assert judged(rows("ours", 20) + rows("theirs", 50))["verdict"] == "not supported"
    undecided = judged(rows("ours", 35) + rows("theirs", 30))
    assert undecided["verdict"] == "undecided" and undecided["questions_needed"] > N


def test_swapping_the_labels_turns_the_verdict_round():
    made = rows("ours", 50) + rows("theirs", 20)
    swapped = [{**row, "system": {"ours": "theirs", "theirs": "ours"}[row["system"]]} for row in made]
    assert [judged(made)["verdict"], judged(swapped)["verdict"]] == ["supported", "not supported"]


def test_the_direction_says_which_side_is_promised():
    made = rows("ours", 30)
    share = {"measure": "correct", "of": "ours", "questions": "answerable"}
    said = [
        judged(made, compute=share, direction=direction, margin=margin)["verdict"]
        for direction, margin in (("higher", 0.2), ("lower", 0.2), ("between", [0.2, 0.8]), ("between", [0.8, 0.9]))
    ]
    assert said == ["supported", "not supported", "supported", "not supported"]


def test_value_and_interval_are_those_of_the_tables():
    ours, theirs = rows("ours", 40, seeds=(1, 2)), rows("theirs", 30)
    gap = sample_of(ours + theirs, measure="correct", of="ours", questions="answerable", against=["theirs"])
    expected = difference(ours, theirs, lambda row: row["correct"], CLUSTERS)
    assert (gap.value, *gap.interval) == pytest.approx((expected.value, expected.low, expected.high))
    share = sample_of(ours, measure="correct", of="ours", questions="answerable")
    alone = estimate(ours, lambda row: row["correct"], CLUSTERS)
    assert (share.value, *share.interval) == pytest.approx((alone.value, alone.low, alone.high))
    assert (share.n, share.seeds) == (N, 2)


@pytest.mark.parametrize("all_right", [True, False])
def test_none_or_all_of_them_get_the_exact_interval_and_the_exact_p_value(all_right):
    sample = sample_of(rows("ours", N if all_right else 0), measure="correct", of="ours", questions="answerable")
    assert sample.interval == pytest.approx(clopper_pearson(all_right, N), abs=0.002)
    margin = 0.97 if all_right else 0.03
    promised = (margin, math.inf) if all_right else (-math.inf, margin)
    exact = binomtest(N if all_right else 0, N, margin, alternative="greater" if all_right else "less").pvalue
    verdict, p = weigh(sample, promised)
    assert p == pytest.approx(min(1, 2 * exact), abs=0.01) and verdict == "supported"


def test_two_that_are_both_all_wrong_are_not_known_to_be_equal():
    low, high = judged(rows("ours", 0) + rows("theirs", 0))["interval"]
    assert low == pytest.approx(-high, abs=0.01) and 0.03 < high < 0.08


def test_the_rival_is_the_better_one_and_must_have_answered_the_same():
    compute = {**ENTRY["compute"], "against": ["weak", "strong"]}
    made = rows("ours", 30) + rows("weak", 5) + rows("strong", 55)
    assert judged(made, compute=compute)["verdict"] == "not supported"
    with pytest.raises(ValueError, match="different questions"):
        judged(made[:-1], compute=compute)


def test_rows_that_are_not_there_yet_are_no_mistake():
    assert judged([]) is None and judged(rows("ours", 30)) is None and judged(rows("ours", 9, after=False)) is None
    minus = {"measure": "correct", "of": "ours", "questions": "answerable", "minus": {"experiment": "other"}}
    assert judged(rows("ours", 30), compute=minus) is None
    sides = {"name": "when?", "sides": {"then": {"when": "before"}, "now": {}}}
    assert judged(rows("ours", 50) + rows("theirs", 20), moderator=sides) is None


def test_rows_are_chosen_by_kind_desk_version_page_and_date():
    made = [
        *rows("ours", N, kind="reverse"),
        *rows("ours", 0, kind="fact"),
        *rows("ours", 0, desk="legal", kind="reverse"),
        *rows("ours", 0, both_versions=True, kind="reverse"),
        *rows("ours", 0, after=False, kind="reverse"),
    ]
    plain = {"measure": "correct", "of": "ours", "questions": "answerable"}
    assert sample_of(made, **plain, kinds=["reverse"], desk="people").value == 1
    assert sample_of(made, **plain, kinds=["reverse"]).value == 0.5
    assert sample_of(made, **plain).value == pytest.approx(1 / 3)
    assert sample_of(made, **plain, versions="both").value == sample_of(made, **plain, when="before").value == 0
    unseen, seen = (sample_of(rows("ours", 3), **plain, pages=pages) for pages in ("unseen", "seen"))
    assert (unseen.n, seen.n) == (N / 3, 2 * N / 3) and (unseen.value, seen.value) == (1 / 20, 2 / 40)


@pytest.mark.parametrize(
    ("questions", "fields", "fits"),
    [
        ("answerable", {}, True),
        ("answerable", {"em": None}, False),
        ("unanswerable", {"em": None}, True),
        ("unanswerable", {}, False),
        ("changed", {"stale": False}, True),
        ("changed", {"stale": True, "em": None}, True),
        ("changed", {}, False),
        ("renewed", {"stale": False}, True),
        ("renewed", {"stale": True, "em": None}, False),
        ("found", {}, True),
        ("found", {"gold_retrieved": False}, False),
        ("found", {"gold_retrieved": None}, False),
    ],
)
def test_questions_are_chosen_by_what_became_of_them(questions, fields, fits):
    statistic = Statistic("made-up", "ours", Answers("correct", questions))
    if fits:
        assert len(choose(statistic, "ours", {"made-up": rows("ours", 9, **fields)}, ABOUT)) == N
    else:
        with pytest.raises(NotMeasured):
            choose(statistic, "ours", {"made-up": rows("ours", 9, **fields)}, ABOUT)


def test_a_citation_counts_where_the_right_page_is_named_and_its_passage_was_shown():
    made = rows("ours", 40)
    for number, row in enumerate(made):
        row["cited"] = [f"page{number}"] if number < 30 else ["another"] if number < 50 else []
        row["gold_retrieved"] = number != 0
    compute = {"measure": "cites its source", "of": "ours", "questions": "right"}
    assert sample_of(made, **compute).value == 29 / 40  # of those that are right
    precision = sample_of(made, measure="citation precision", of="ours", questions="answerable")
    recall = sample_of(made, measure="citation recall", of="ours", questions="answerable")
    assert (precision.value, precision.n, recall.value) == (30 / 50, 50, 30 / 60)
    assert verdicts(made, compute=compute, margins=(0.5, 0.7, 0.9)) == ["supported", "undecided", "not supported"]


# Figures


def test_the_median_of_ratios_is_taken_item_by_item():
    base = [1.0 + item % 7 for item in range(N)]
    made = figures("total", "ft", base) + figures("total", "rag", [3 * value for value in base])
    made += figures("prefill", "rag", [100.0] * N)  # another figure
    compute = {"figure": "total", "of": "rag", "over": "ft", "take": "median"}
    sample = sample_of(made, **compute)
    assert sample.value == pytest.approx(3) and sample.interval == pytest.approx((3, 3)) and sample.n == N
    assert verdicts(made, compute=compute, margins=(2, 4)) == ["supported", "not supported"]
    assert judged(made, compute=compute, direction="between", margin=[1.0, 2.0])["verdict"] == "not supported"
    noisy = figures("total", "rag", [value * (3.0 if item % 2 else 1.0) for item, value in enumerate(base)])
    assert judged(noisy + figures("total", "ft", base), compute=compute, margin=2)["verdict"] == "undecided"


def test_a_trained_system_is_paired_with_an_untrained_one_by_item_and_with_itself_by_seed():
    ft = [figure("total", "ft", value, "s", seed, "q1") for seed, value in ((1, 2.0), (2, 4.0))]
    compute = {"figure": "total", "of": "rag", "over": "ft", "take": "median"}
    assert sample_of([figure("total", "rag", 12.0, "s", None, "q1"), *ft], **compute).value == 4
    rag = [figure("total", "rag", value, "s", seed, "q1") for seed, value in ((1, 2.0), (2, 8.0))]
    assert sample_of(rag + ft, **compute).value == 1.5  # the median of 1 and 2


def test_the_draws_of_a_median_are_those_of_a_plain_bootstrap():
    chance = np.random.default_rng(0)
    values = [
        {"question_id": f"q{item}", "seed": None, "value": value} for item, value in enumerate(chance.gamma(2, size=N))
    ]
    numbers = np.array([row["value"] for row in values])
    plain = np.median(chance.choice(numbers, (RESAMPLES, N)), axis=1)
    ours = medians(values, CLUSTERS)
    for share in (0.025, 0.5, 0.975):
        assert np.quantile(ours, share) == pytest.approx(np.quantile(plain, share), abs=0.15)


def test_a_ratio_of_means_draws_seeds_and_needs_more_than_zero():
    made = figures("cost", "ft", 100.0, (1, 2)) + [figure("cost", "ft", 400.0, "s", 3)] + figures("cost", "rag", 10.0)
    compute = {"figure": "cost", "of": "ft", "over": "rag"}
    sample = sample_of(made, **compute)
    assert sample.value == pytest.approx(20) and sample.interval == pytest.approx((10, 40)) and sample.seeds == 3
    assert verdicts(made, compute=compute, margins=(5, 20, 50)) == ["supported", "undecided", "not supported"]
    with pytest.raises(ValueError, match="rag has values of 0"):
        sample_of(figures("cost", "ft", 1.0, (1, 2)) + figures("cost", "rag", 0.0), **compute)
    with pytest.raises(ValueError, match="divided by 0"):
        sample_of(figures("t", "ft", [1.0]) + figures("t", "rag", [0.0]), figure="t", of="ft", over="rag", take="median")


def test_what_was_measured_once_decides_nothing():
    once = figures("cost", "ft", 100.0) + figures("cost", "rag", 1.0)
    compute = {"figure": "cost", "of": "ft", "over": "rag"}
    verdict = judged(once, compute=compute, margin=2)
    assert verdict["verdict"] == "undecided" and verdict["p"] == 1 and verdict["questions_needed"] is None


def test_a_mechanism_is_exact_and_one_exception_breaks_it():
    compute = {"figure": "weights that differ", "of": "rag", "take": "largest"}
    facts = {"compute": compute, "reach": "mechanism", "direction": "lower", "margin": 0.5}
    kept, broken = [0.0] * N, [0.0] * (N - 1) + [1.0]
    said = [judged(figures("weights that differ", "rag", values), **facts) for values in (kept, broken)]
    assert [verdict["verdict"] for verdict in said] == ["supported", "not supported"]
    assert [verdict["interval"] for verdict in said] == [[0, 0], [1, 1]]
    assert judged(figures("weights that differ", "rag", 0.0), **facts)["verdict"] == "supported"  # once is enough


def test_figures_of_two_systems_can_be_taken_from_each_other():
    made = figures("nearer", "ft", [1.0] * 50 + [0.0] * 10, (1, 2)) + figures("nearer", "base", [1.0] * 20 + [0.0] * 40)
    assert sample_of(made, figure="nearer", of="ft", against=["base"]).value == pytest.approx(0.5)
    assert verdicts(made, compute={"figure": "nearer", "of": "ft"}, margins=(0.6, 0.95)) == ["supported", "not supported"]


# Differences of different questions


def test_a_difference_of_two_experiments_is_drawn_independently():
    here, there = rows("ours", 45), [{**row, "question_id": f"other-{row['question_id']}"} for row in rows("ours", 30)]
    compute = {"measure": "correct", "of": "ours", "questions": "answerable", "minus": {"experiment": "other"}}
    verdict = judged(here, there, compute=compute, margin=0.0)
    assert verdict["value"] == pytest.approx(0.25) and verdict["verdict"] == "supported"
    low, high = verdict["interval"]
    spread = math.sqrt(45 / 60 * 15 / 60 / 60 + 0.25 / 60)  # two binomials, independent
    assert high - low == pytest.approx(2 * 1.96 * spread, rel=0.08)
    assert verdicts(here, there, compute=compute, margins=(0.25, 0.6)) == ["undecided", "not supported"]


def test_seen_and_unseen_pages_of_one_experiment_can_be_told_apart():
    made = [{**row, "correct": row["question_id"] not in ABOUT.unseen} for row in rows("raft", 0)]
    compute = {"measure": "correct", "of": "raft", "questions": "answerable", "pages": "unseen", "minus": {"pages": "seen"}}
    verdict = judged(made, compute=compute, margin=-0.05)
    assert (verdict["value"], verdict["verdict"], verdict["n"]) == (-1, "not supported", N / 3)


# Verdicts


def test_opposite_sides_of_a_moderator_make_it_depend_and_like_sides_do_not():
    sides = {"name": "when?", "sides": {"then": {"when": "before"}, "now": {"when": "after"}}}
    now = rows("ours", 50) + rows("theirs", 20)
    opposite = rows("ours", 20, after=False) + rows("theirs", 50, after=False)
    alike = rows("ours", 50, after=False) + rows("theirs", 20, after=False)
    said = judged(now + opposite, moderator=sides)
    assert said["verdict"] == "depends"
    assert {name: side["verdict"] for name, side in said["sides"].items()} == {"then": "not supported", "now": "supported"}
    assert judged(now + alike, moderator=sides)["verdict"] == "supported"


def test_sides_are_opposite_only_as_surely_as_many_promises_ask():
    sides = {"name": "when?", "sides": {"then": {"when": "before"}, "now": {}}}
    claim = parse_claim("X1", {**ENTRY, "moderator": sides})
    now, then = rows("ours", 35) + rows("theirs", 24), rows("ours", 24, after=False) + rows("theirs", 35, after=False)
    known = {"made-up": now + then}

    def take(statistic):
        return take_sample(statistic, known, ABOUT)

    [alone] = measured([claim], take)
    assert 0.001 < alone.weigh_sides() < 0.025  # sure by themselves, and no longer among thirty
    many = [dataclasses.replace(claim, claim_id=f"X{number}") for number in range(30)]
    assert judge([claim], take)["X1"]["verdict"] == "depends"
    assert {verdict["verdict"] for verdict in judge(many, take).values()} == {"undecided"}


def test_what_stands_beside_a_verdict_is_shown_where_there_are_rows_and_decides_nothing():
    beside = {"minus a better one": {"against": ["better"]}, "alone": {"against": None}, "later": {"against": ["unborn"]}}
    made = rows("ours", 50) + rows("theirs", 20) + rows("better", 60)
    with_it, without = judged(made, beside=beside), judged(made)
    assert with_it["beside"]["minus a better one"]["value"] == pytest.approx(-10 / 60, abs=1e-4)
    assert with_it["beside"]["alone"]["value"] == pytest.approx(50 / 60, abs=1e-4) and "later" not in with_it["beside"]
    assert {**with_it, "beside": {}} == without


def test_figures_can_depend_on_a_moderator_too():
    made = figures("t", "rag", [3.0] * N) + figures("t", "ft", [1.0] * N) + figures("t", "ft/slow", [9.0] * N)
    sides = {"name": "merged?", "sides": {"merged": {}, "beside": {"over": "ft/slow"}}}
    compute = {"figure": "t", "of": "rag", "over": "ft", "take": "median"}
    assert judged(made, compute=compute, moderator=sides, margin=2.0)["verdict"] == "depends"


def test_a_verdict_follows_the_interval():
    rng = np.random.default_rng(0)
    for value in np.linspace(-0.2, 0.3, 41):
        sample = Sample(value, rng.normal(value, 0.05, RESAMPLES), N, 1)
        low, high = np.quantile(sample.draws, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
        verdict, p = weigh(sample, (0.05, math.inf))
        inside, outside = low > 0.05, high < 0.05
        assert (p < 1 - LEVEL, verdict) == (inside or outside, "supported" if value > 0.05 else "not supported")


def test_a_value_that_lies_on_the_margin_in_every_draw_is_on_neither_side():
    verdict, p = weigh(Sample(0.0, np.zeros(RESAMPLES), N, 1), (-math.inf, 0.0))
    assert p == 1


def test_the_step_down_procedure_agrees_with_adjusted_p_values():
    rng = np.random.default_rng(0)
    for _ in range(200):
        p_values = rng.uniform(0, 0.1, size=rng.integers(1, 8))
        order = np.argsort(p_values)
        adjusted = np.maximum.accumulate(p_values[order] * np.arange(len(order), 0, -1))
        assert decide(list(p_values)) == [bool(adjusted[list(order).index(i)] <= 1 - LEVEL) for i in range(len(order))]


def test_a_claim_that_would_pass_alone_may_not_pass_among_many():
    near = rows("ours", 42) + rows("theirs", 30)
    claims = [parse_claim(f"X{number}", {**ENTRY, "margin": 0.08 + number / 1e6}) for number in range(40)]
    many = judge(claims, lambda statistic: take_sample(statistic, {"made-up": near}, ABOUT))
    assert 0.05 / 40 < many["X0"]["p"] < 0.05
    assert judged(near, margin=0.08)["verdict"] == "supported" and many["X0"]["verdict"] == "undecided"


def test_four_times_the_questions_halve_the_interval():
    draws = np.random.default_rng(0).normal(0.1, 0.1, RESAMPLES)
    sample = Sample(0.1, draws, 100, 1)
    reach = 0.1 - sample.interval[0]
    assert questions_needed(sample, (0.1 - reach / 2, math.inf)) == pytest.approx(400, abs=1)
    assert questions_needed(sample, (0.1 - reach, math.inf), tests=20) > 200  # to be the surest of twenty takes more
    assert questions_needed(sample, (0.1, math.inf)) is None


def test_parts_are_drawn_with_the_same_documents_and_other_streams_with_others():
    values = rows("ours", 40, seeds=(1, 2))
    right = np.array([[row["correct"], not row["correct"]] for row in values], float)
    one, same = draw_together([(values, right), (values, right)], CLUSTERS)
    plain = resample(values, lambda row: row["correct"], CLUSTERS)
    assert np.quantile(one[:, 0], (0.025, 0.975)) == pytest.approx(np.quantile(plain, (0.025, 0.975)), abs=0.02)
    assert (one == same).all() and one.sum(axis=1) == pytest.approx(1)
    (other,) = draw_together([(values, right)], CLUSTERS, stream=1)
    assert other.std(axis=0) == pytest.approx(one.std(axis=0), rel=0.1)
    assert abs(np.corrcoef(one[:, 0], other[:, 0])[0, 1]) < 0.1
    half = [row for row in values if row["seed"] == 1]  # a part that one of the seeds has no rows of
    assert np.isfinite(draw_together([(values, right), (half, right[: len(half)])], CLUSTERS)[1]).all()


# What stands in claims.yaml


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"direction": "up"}, "direction is one of higher"),
        ({"reach": "everywhere"}, "reach one of mechanism"),
        ({"margin": [0, 1]}, "two ends"),
        ({"direction": "between"}, "two ends"),
        ({"verdict": "supported"}, "has verdict, which no claim has"),
        ({"compute": {**ENTRY["compute"], "questions": "all"}}, "questions is one of answerable"),
        ({"compute": {**ENTRY["compute"], "measure": "charm"}}, "measure is one of correct"),
        ({"compute": {**ENTRY["compute"], "colour": "red"}}, "compute has colour; its keys are against, desk"),
        ({"compute": {"measure": "correct", "of": "ours"}}, "compute has no questions"),
        ({"compute": {"figure": "total"}}, "compute has no of"),
        ({"compute": {"of": "ours"}}, "compute has no figure"),
        ({"compute": {"figure": "total", "of": "ours", "when": "after"}}, "compute has when"),
        ({"moderator": {"name": "so", "sides": {"a": {"when": "later"}}}}, "when is one of before, after"),
    ],
)
def test_a_claim_that_cannot_be_decided_is_refused(change, said):
    with pytest.raises(ValueError, match=f"X1.*{said}"):
        parse_claim("X1", {**ENTRY, **change})
    with pytest.raises(ValueError, match="X1 has no margin"):
        parse_claim("X1", {key: value for key, value in ENTRY.items() if key != "margin"})


def test_the_committed_claims_hold_every_promise_a_computation_for_each_and_never_a_verdict():
    claims = {claim.claim_id: claim for claim in load_claims()}
    expected = (
        [f"R{n}" for n in range(1, 10)]
        + [f"F{n}" for n in range(1, 9)]
        + ["B1", "S1", "S2", "S3", "S4", "K1", "K2", "K3", "D1"]
    )
    assert list(claims) == expected
    assert all(isinstance(claim.compute, Statistic | Following) for claim in claims.values())
    assert "verdict" not in CLAIMS.read_text("utf-8").split("R1:")[1]
    mechanisms = [claim.compute.take for claim in claims.values() if claim.reach == "mechanism"]
    assert mechanisms == ["largest"] * 2


def rows_for(statistic, n_right):
    """Rows that the statistic can be taken from, of each system that it names, and of what it is taken from."""
    made = {statistic.experiment: []}
    for place, system in enumerate(sorted(statistic.systems, key=statistic.of.__ne__)):  # ours first
        if isinstance(statistic.values, Answers):
            values, right = statistic.values, (n_right, N - n_right)[place > 0]
            fields = {"both_versions": values.versions == "both", "desk": values.desk, "stale": values.measure == "stale"}
            if values.kinds:
                fields["kind"] = values.kinds[-1]
            if values.questions == "changed":
                fields["stale"] = False
            made[statistic.experiment] += rows(system, right, values.when == "after", **fields)
        else:
            numbers = [1.0 + item % 3 for item in range(N)]
            made[statistic.experiment] += figures(statistic.values.figure, system, numbers, (1, 2))
    for name, more in (rows_for(statistic.minus, N // 2) if statistic.minus else {}).items():
        made[name] = made.get(name, []) + more
    return made


@pytest.mark.parametrize("claim", [c for c in load_claims() if isinstance(c.compute, Statistic)], ids=lambda c: c.claim_id)
def test_every_committed_promise_is_decided_as_soon_as_its_systems_have_rows(claim):
    known = {}
    for statistic in (claim.compute, *(side for _, side in claim.sides)):
        for name, made in rows_for(statistic, 48).items():
            known[name] = known.get(name, []) + made
    verdict = judge([claim], lambda statistic: take_sample(statistic, known, ABOUT))[claim.claim_id]
    assert verdict["verdict"] in ("supported", "not supported", "undecided", "depends") and verdict["n"] > 1
    assert len(verdict["sides"]) == len(claim.sides)
    del known[claim.experiment]
    assert judge([claim], lambda statistic: take_sample(statistic, known, ABOUT)) == {}


def test_a_broken_claims_file_is_named(tmp_path):
    path = tmp_path / "claims.yaml"
    for text, said in (("R1: {promise: so}", "R1 has no"), ("R1: [", "claims.yaml"), ("- R1", "claims.yaml")):
        path.write_text(text)
        with pytest.raises(ValueError, match=f"claims.yaml.*{said}" if "claims" not in said else said):
            load_claims(path)
