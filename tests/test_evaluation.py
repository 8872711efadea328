"""Rows say what happened, unlike is never compared, and intervals are as wide as theory says."""

import dataclasses
import math

import numpy as np
import pytest
from fakes import write_company
from scipy.stats import binomtest

from utils.data import load_company
from utils.measure.evaluation import (
    Condition,
    Estimate,
    check_same_questions,
    clopper_pearson,
    cluster_of,
    difference,
    estimate,
    resample,
    score,
)
from utils.measure.results import ROW_FIELDS
from utils.records import Answer, Hit
from utils.retrieve.chunking import chunk_documents

BEFORE = Condition("rag-before", "rag", None, False, 3)
AFTER = Condition("rag-after", "rag", None, True, 3)


@pytest.fixture
def club(tmp_path):
    return load_company(write_company(tmp_path / "club"))


@pytest.fixture
def questions(club):
    return {question.question_id: question for question in club.questions}


def said(question, text, condition=BEFORE, hits=()):
    return score(Answer(text, tuple(hits)), question, condition, None)


def correct(row):
    return row["correct"]


def row(question_id, is_correct, system="rag", seed=None, after=False):
    return {
        "question_id": question_id, "correct": is_correct, "system": system, "seed": seed, "after": after,
        "both_versions": False,
    }  # fmt: skip


# rows


def test_a_row_has_the_fields_of_the_contract_and_its_label(questions):
    condition = Condition("ft-3-before", "ft", 3, False, None, "abc")
    line = said(questions["pottery-001-t1"], "On Thursdays.", condition)
    assert tuple(line) == ROW_FIELDS
    assert (line["run_id"], line["system"], line["seed"], line["adapter_sha256"]) == ("ft-3-before", "ft", 3, "abc")
    assert (line["question_id"], line["desk"], line["kind"]) == ("pottery-001-t1", "pottery", "fact")


@pytest.mark.parametrize(
    ("question_id", "condition", "text", "expected"),
    [  # correct, em, stale, abstained
        ("pottery-001-t1", BEFORE, "Thursdays", (True, 1.0, None, False)),
        ("pottery-001-t1", BEFORE, "On Thursdays [1].", (True, 0.0, None, False)),
        ("pottery-001-t1", BEFORE, "Thursdays or Mondays", (False, 0.0, None, False)),
        ("pottery-001-t1", BEFORE, "I don't know.", (False, 0.0, None, True)),
        ("pottery-001-t1", AFTER, "Saturdays", (True, 1.0, False, False)),
        ("pottery-001-t1", AFTER, "Thursdays", (False, 0.0, True, False)),
        ("pottery-001-t1", AFTER, "Fridays", (False, 0.0, False, False)),
        ("pottery-003-t1", AFTER, "seven spoons", (True, 1.0, None, False)),
        ("pottery-004-t1", AFTER, "Marten Quay", (False, None, True, False)),
        ("pottery-004-t1", AFTER, "I don't know.", (True, None, False, True)),
        ("pottery-u04-test", BEFORE, "I don't know. [2]", (True, None, None, True)),
        ("pottery-u04-test", BEFORE, "in July", (False, None, None, False)),
    ],
)
def test_an_answer_is_scored_by_what_holds_at_the_time(questions, question_id, condition, text, expected):
    line = said(questions[question_id], text, condition)
    assert (line["correct"], line["em"], line["stale"], line["abstained"]) == expected
    assert (line["f1"] is None) == (line["em"] is None)


def test_gold_is_retrieved_when_a_passage_holds_the_quote_in_force(club, questions):
    question = questions["pottery-001-t1"]
    old, new = (
        [Hit(chunk, 1.0) for chunk in chunk_documents(documents) if chunk.doc_id == "pottery-kiln"]
        for documents in (club.documents, club.documents_after)
    )
    assert said(question, "", BEFORE, old)["gold_retrieved"] is True
    assert said(question, "", BEFORE, old[1:])["gold_retrieved"] is False
    assert said(question, "", AFTER, old)["gold_retrieved"] is False
    assert said(question, "", AFTER, new)["gold_retrieved"] is True
    assert said(question, "", BEFORE, old)["retrieved"] == ["pottery-kiln"] * len(old)


def test_what_does_not_apply_is_none(questions):
    closed_book = dataclasses.replace(BEFORE, k=None)
    line = said(questions["pottery-001-t1"], "Thursdays", closed_book)
    assert {line[name] for name in ("retrieved", "gold_retrieved", "cited", "retrieve_s", "prompt_sha256")} == {None}
    assert said(questions["pottery-004-t1"], "", AFTER)["gold_retrieved"] is None  # nowhere to be found any more


# like with like


def complete():
    systems = [("base", None), ("ft", 1), ("ft", 2)]
    return [row(q, True, *label, after) for label in systems for after in (False, True) for q in ("q1", "q2", "q3")]


def test_complete_rows_pass():
    check_same_questions(complete())


@pytest.mark.parametrize("place", range(18))
def test_a_missing_row_is_refused(place):
    rows = complete()
    with pytest.raises(ValueError, match="answered different questions.*run both on one set"):
        check_same_questions(rows[:place] + rows[place + 1 :])


def test_a_row_that_stands_twice_is_refused():
    with pytest.raises(ValueError, match=r"base \(seed None, after=False\) answered a question twice: run it again"):
        check_same_questions([*complete(), complete()[0]])


def test_a_seed_that_was_not_asked_after_the_change_is_refused():
    rows = [line for line in complete() if not (line["seed"] == 2 and line["after"])]
    with pytest.raises(ValueError, match="ft has other seeds.*run all of them"):
        check_same_questions(rows)


def test_systems_on_different_questions_are_not_compared():
    ours, theirs = ([row(q, q != "q2") for q in names] for names in (("q1", "q2"), ("q1", "q3")))
    with pytest.raises(ValueError, match="answered different questions"):
        difference(ours, theirs, correct, dict.fromkeys(("q1", "q2", "q3"), "d"))


def test_wordings_of_one_document_stand_or_fall_together(club):
    clusters = cluster_of(club.questions)
    assert clusters["pottery-001-t1"] == clusters["pottery-002-r1"] == "pottery-kiln"
    assert clusters["pottery-u01-train"] == "pottery-u01"


# intervals


def clustered(n_clusters=200, size=3, rate=0.6, seed=0):
    """(rows, clusters): questions of a document tend to be right or wrong together."""
    chance = np.random.default_rng(seed)
    rates = np.clip(rate + chance.normal(0, 0.25, n_clusters), 0, 1)
    answers = chance.random((n_clusters, size)) < rates[:, None]
    names = [(f"q{c}-{i}", f"d{c}", bool(answers[c, i])) for c in range(n_clusters) for i in range(size)]
    return [row(question, right) for question, _, right in names], {question: document for question, document, _ in names}


def normal_interval(cluster_means):
    """Mean ± 1.96 standard errors of equally large clusters: the textbook interval of a clustered mean."""
    error = 1.96 * np.std(cluster_means) / np.sqrt(len(cluster_means))
    return np.mean(cluster_means) - error, np.mean(cluster_means) + error


@pytest.mark.parametrize("size", [1, 3])
def test_the_interval_of_a_mean_is_that_of_the_normal_approximation(size):
    rows, clusters = clustered(size=size)
    found = estimate(rows, correct, clusters)
    means = np.array([line["correct"] for line in rows]).reshape(-1, size).mean(axis=1)
    low, high = normal_interval(means)
    assert found.value == pytest.approx(means.mean()) and found.n == len(rows)
    assert (found.low, found.high) == pytest.approx((low, high), abs=0.1 * (high - low) / 2)


def test_the_interval_of_a_difference_is_that_of_the_paired_differences():
    theirs, clusters = clustered()
    chance = np.random.default_rng(1)
    ours = [{**line, "system": "raft", "correct": line["correct"] or chance.random() < 0.3} for line in theirs]
    found = difference(ours, theirs, correct, clusters)
    gaps = np.array([float(a["correct"]) - b["correct"] for a, b in zip(ours, theirs)]).reshape(-1, 3).mean(axis=1)
    low, high = normal_interval(gaps)
    assert found.value == pytest.approx(gaps.mean())
    assert (found.low, found.high) == pytest.approx((low, high), abs=0.1 * (high - low) / 2)
    back = difference(theirs, ours, correct, clusters)
    assert (back.value, back.low, back.high) == pytest.approx((-found.value, -found.high, -found.low))


def test_a_system_does_not_differ_from_itself_whatever_the_order_or_the_seeds():
    rows, clusters = clustered(n_clusters=20)
    assert difference(rows, rows[::-1], correct, clusters) == Estimate(0.0, 0.0, 0.0, 60)
    seeded = [{**line, "seed": seed} for seed in (1, 2, 3) for line in rows]
    found = difference(seeded, rows, correct, clusters)
    assert (found.value, found.low, found.high) == pytest.approx((0, 0, 0), abs=1e-12)


def test_asking_again_in_other_words_or_with_other_seeds_adds_no_certainty():
    rows, clusters = clustered(size=1)
    once = estimate(rows, correct, clusters)
    again = [{**line, "question_id": f"{line['question_id']}-again"} for line in rows]
    twice = estimate(rows + again, correct, clusters | {f"{question}-again": d for question, d in clusters.items()})
    seeded = estimate([{**line, "seed": seed} for seed in range(5) for line in rows], correct, clusters)
    for other in (twice, seeded):
        assert (other.value, other.low, other.high) == pytest.approx((once.value, once.low, once.high))


def test_seeds_that_disagree_widen_the_interval():
    rows, clusters = clustered()
    spread = [{**line, "seed": seed, "correct": line["correct"] and seed != 1} for seed in (1, 2, 3) for line in rows]
    alike = [{**line, "seed": seed} for seed in (1, 2, 3) for line in rows]
    widths = [found.high - found.low for found in (estimate(r, correct, clusters) for r in (spread, alike))]
    assert widths[0] > 4 * widths[1]


@pytest.mark.parametrize("n", [1, 2, 30, 500])
@pytest.mark.parametrize("right", [True, False])
def test_all_right_or_all_wrong_gets_the_exact_interval(n, right):
    exact = binomtest(n if right else 0, n).proportion_ci(0.95, method="exact")
    assert clopper_pearson(right, n) == pytest.approx((exact.low, exact.high))
    rows = [row(f"q{i}", right, seed=seed) for i in range(n) for seed in (1, 2)]
    found = estimate(rows, correct, {f"q{i}": f"d{i}" for i in range(n)})
    assert (found.value, found.low, found.high, found.n) == pytest.approx((float(right), exact.low, exact.high, 2 * n))


@pytest.mark.parametrize("ours, theirs", [(False, False), (True, False), (True, True)])
def test_two_that_are_each_all_alike_are_not_known_to_differ_exactly_so_much(ours, theirs):
    clusters = {f"q{i}": f"d{i}" for i in range(30)}
    gap = difference(*([row(question, right) for question in clusters] for right in (ours, theirs)), correct, clusters)
    reach = clopper_pearson(False, 30)[1]
    both = math.hypot(reach, reach)
    below, above = (both, 0) if ours != theirs else (reach, reach)
    assert (gap.value, gap.low, gap.high) == pytest.approx((ours - theirs, ours - theirs - below, ours - theirs + above))


def test_wordings_of_one_document_count_once_in_the_exact_interval():
    found = estimate([row(f"q{i}", True) for i in range(10)], correct, {f"q{i}": f"d{i % 2}" for i in range(10)})
    assert (found.low, found.high) == pytest.approx(clopper_pearson(True, 2)) and found.n == 10


def test_missing_values_are_left_out_and_nothing_gives_nothing():
    rows = [row("q1", True), row("q2", False), row("q3", None)]
    clusters = {"q1": "a", "q2": "b", "q3": "c"}
    assert (estimate(rows, correct, clusters).value, estimate(rows, correct, clusters).n) == (0.5, 2)
    assert estimate(rows[2:], correct, clusters) == estimate([], correct, clusters) == Estimate(None, None, None, 0)
    assert str(Estimate(None, None, None, 0)) == "–" and str(Estimate(0.5, 0.25, 0.754, 4)) == "0.50 [0.25, 0.75]"


def test_the_same_rows_give_the_same_interval_every_time():
    rows, clusters = clustered(n_clusters=30)
    rows = [{**line, "seed": seed, "correct": line["correct"] and seed != 1} for seed in (1, 2, 3) for line in rows]
    assert np.array_equal(resample(rows, correct, clusters), resample(rows[::-1], correct, clusters))
