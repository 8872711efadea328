"""A verdict follows from rows and margin alone: inside, outside, straddling; opposite sides; many promises at once."""

import math

import numpy as np
import pytest
from scipy.stats import binomtest

from utils.ledger import CLAIMS, load_claims
from utils.measure.claims import Statistic, parse_claim
from utils.measure.evaluation import LEVEL, RESAMPLES, clopper_pearson, difference, estimate
from utils.measure.verdicts import Sample, choose, decide, judge, measure, questions_needed, weigh

N = 60  # questions, each on a page of its own
CLUSTERS = {f"q{number}": f"page{number}" for number in range(N)}
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


def rows(system, n_right, after=True, seeds=(None,), stale=None):
    """N answers a seed, the first n_right of them right."""
    label = {"system": system, "after": after, "em": 0.0, "stale": stale}
    return [
        {**label, "question_id": f"q{number}", "seed": seed, "correct": number < n_right}
        for seed in seeds
        for number in range(N)
    ]


def judged(made, **changes):
    claim = parse_claim("X1", {**ENTRY, **changes})
    return judge([claim], {"made-up": made}, CLUSTERS, {"made-up": "rows.jsonl"})["X1"]


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
    verdicts = [
        judged(made, compute=share, direction=direction, margin=margin)["verdict"]
        for direction, margin in (("higher", 0.2), ("lower", 0.2), ("between", [0.2, 0.8]), ("between", [0.8, 0.9]))
    ]
    assert verdicts == ["supported", "not supported", "supported", "not supported"]


def test_value_and_interval_are_those_of_the_tables():
    ours, theirs = rows("ours", 40, seeds=(1, 2)), rows("theirs", 30)
    gap = measure(Statistic("correct", "ours", "answerable", ("theirs",)), ours + theirs, CLUSTERS)
    expected = difference(ours, theirs, lambda row: row["correct"], CLUSTERS)
    assert (gap.value, *gap.interval) == pytest.approx((expected.value, expected.low, expected.high))
    share = measure(Statistic("correct", "ours", "answerable"), ours, CLUSTERS)
    alone = estimate(ours, lambda row: row["correct"], CLUSTERS)
    assert (share.value, *share.interval) == pytest.approx((alone.value, alone.low, alone.high))


@pytest.mark.parametrize("all_right", [True, False])
def test_none_or_all_of_them_get_the_exact_interval_and_the_exact_p_value(all_right):
    made = rows("ours", N if all_right else 0)
    sample = measure(Statistic("correct", "ours", "answerable"), made, CLUSTERS)
    assert sample.interval == pytest.approx(clopper_pearson(all_right, N), abs=0.002)
    margin = 0.97 if all_right else 0.03
    promised = (margin, math.inf) if all_right else (-math.inf, margin)
    exact = binomtest(N if all_right else 0, N, margin, alternative="greater" if all_right else "less").pvalue
    verdict, p = weigh(sample, promised)
    assert p == pytest.approx(min(1, 2 * exact), abs=0.01) and verdict == "supported"


def test_the_rival_is_the_better_one_and_must_have_answered_the_same():
    compute = {**ENTRY["compute"], "against": ["weak", "strong"]}
    made = rows("ours", 30) + rows("weak", 5) + rows("strong", 55)
    assert judged(made, compute=compute)["verdict"] == "not supported"
    with pytest.raises(ValueError, match="different questions"):
        judged(made[:-1], compute=compute)
    with pytest.raises(ValueError, match="no rows of strong on answerable questions after"):
        judged(rows("ours", 30) + rows("weak", 5), compute=compute)


def test_opposite_sides_of_a_moderator_make_it_depend_and_like_sides_do_not():
    sides = {"name": "when?", "sides": {"then": {"when": "before"}, "now": {"when": "after"}}}
    now = rows("ours", 50) + rows("theirs", 20)
    opposite = rows("ours", 20, after=False) + rows("theirs", 50, after=False)
    alike = rows("ours", 50, after=False) + rows("theirs", 20, after=False)
    said = judged(now + opposite, moderator=sides)
    assert said["verdict"] == "depends"
    assert {name: side["verdict"] for name, side in said["sides"].items()} == {"then": "not supported", "now": "supported"}
    assert judged(now + alike, moderator=sides)["verdict"] == "supported"


def test_a_verdict_follows_the_interval():
    rng = np.random.default_rng(0)
    for value in np.linspace(-0.2, 0.3, 41):
        sample = Sample(value, rng.normal(value, 0.05, RESAMPLES), N, 1)
        low, high = np.quantile(sample.draws, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
        verdict, p = weigh(sample, (0.05, math.inf))
        inside, outside = low > 0.05, high < 0.05
        assert (p < 1 - LEVEL, verdict) == (inside or outside, "supported" if value > 0.05 else "not supported")


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
    many = judge(claims, {"made-up": near}, CLUSTERS, {"made-up": "rows.jsonl"})
    assert 0.05 / 40 < many["X0"]["p"] < 0.05
    assert judged(near, margin=0.08)["verdict"] == "supported" and many["X0"]["verdict"] == "undecided"


def test_four_times_the_questions_halve_the_interval():
    draws = np.random.default_rng(0).normal(0.1, 0.1, RESAMPLES)
    sample = Sample(0.1, draws, 100, 1)
    half_width = (sample.interval[1] - sample.interval[0]) / 2
    assert questions_needed(sample, (0.1 - half_width / 2, math.inf)) == pytest.approx(400, abs=1)
    assert questions_needed(sample, (0.1, math.inf)) is None


def test_missing_values_are_no_questions():
    made = rows("ours", 10, stale=None) + [
        {**row, "question_id": f"q{i}", "stale": True} for i, row in enumerate(rows("ours", 3)[:5])
    ]
    assert len(choose(Statistic("stale", "ours", "changed"), "ours", made)) == 5


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"direction": "up"}, "direction is one of higher"),
        ({"reach": "everywhere"}, "reach one of mechanism"),
        ({"margin": [0, 1]}, "two ends"),
        ({"direction": "between"}, "two ends"),
        ({"verdict": "supported"}, "has verdict, which no claim has"),
        ({"compute": {**ENTRY["compute"], "questions": "all"}}, "questions is one of"),
    ],
)
def test_a_claim_that_cannot_be_decided_is_refused(change, said):
    with pytest.raises(ValueError, match=f"X1.*{said}"):
        parse_claim("X1", {**ENTRY, **change})
    with pytest.raises(ValueError, match="X1 has no margin"):
        parse_claim("X1", {key: value for key, value in ENTRY.items() if key != "margin"})


def test_the_committed_claims_hold_every_promise_and_never_a_verdict():
    claims = {claim.claim_id: claim for claim in load_claims()}
    expected = (
        [f"R{n}" for n in range(1, 10)]
        + [f"F{n}" for n in range(1, 9)]
        + ["B1", "S1", "S2", "S3", "S4", "K1", "K2", "K3", "D1"]
    )
    assert list(claims) == expected
    assert "verdict" not in CLAIMS.read_text("utf-8").split("R1:")[1]


def test_a_broken_claims_file_is_named(tmp_path):
    path = tmp_path / "claims.yaml"
    for text, said in (("R1: {promise: so}", "R1 has no"), ("R1: [", "claims.yaml"), ("- R1", "claims.yaml")):
        path.write_text(text)
        with pytest.raises(ValueError, match=f"claims.yaml.*{said}" if "claims" not in said else said):
            load_claims(path)
