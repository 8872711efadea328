"""Scores against the contract's cases, against definitions written out again, and against what must hold for any text."""

import json
import random
from pathlib import Path

import pytest

from utils.measure.metrics import (
    abstains,
    cited_numbers,
    contains,
    exact_match,
    is_correct,
    is_stale,
    normalise,
    precision,
    recall,
    token_f1,
)

CASES = [json.loads(line) for line in (Path(__file__).parent / "scoring_cases.jsonl").read_text("utf-8").splitlines()]


@pytest.mark.parametrize("case", CASES, ids=[repr(case["answer"]) for case in CASES])
def test_each_case_of_the_contract_gets_its_verdict(case):
    assert is_correct(case["answer"], case["answers"], case["wrong_answers"]) is case["correct"]


def random_answers(n: int) -> list[tuple[str, str]]:
    chance = random.Random(0)
    words = ["22", "weeks", "paid", "leave", "from", "April"]
    return [tuple(" ".join(chance.choices(words, k=chance.randint(1, 5))) for _ in range(2)) for _ in range(n)]


def squad_f1(answer: list[str], gold: list[str]) -> float:
    """Token F1 as the SQuAD paper words it: precision and recall over tokens that are crossed off as they are matched."""
    left, shared = list(gold), 0
    for token in answer:
        if token in left:
            left.remove(token)
            shared += 1
    if not shared:
        return 0.0
    share_of_answer, share_of_gold = shared / len(answer), shared / len(gold)
    return 2 * share_of_answer * share_of_gold / (share_of_answer + share_of_gold)


def test_f1_agrees_with_crossing_off_tokens():
    for answer, gold in random_answers(300):
        assert token_f1(answer, [gold]) == pytest.approx(squad_f1(answer.lower().split(), gold.lower().split()))


def test_f1_is_symmetric_and_ignores_order_and_case():
    for answer, gold in random_answers(300):
        turned = " ".join(reversed(answer.upper().split()))
        assert token_f1(answer, [gold]) == token_f1(gold, [answer]) == token_f1(turned, [gold])


def test_f1_is_one_for_the_same_tokens_only():
    for answer, gold in random_answers(300):
        assert (token_f1(answer, [gold]) == 1.0) == (sorted(answer.lower().split()) == sorted(gold.lower().split()))


def test_an_exact_match_has_full_f1_and_is_correct():
    pairs = [(text, text) for text, _ in random_answers(50)] + [("**22 weeks** [1].", "22 weeks"), ("$1,250", "$1250")]
    for answer, gold in pairs:
        assert exact_match(answer, [gold]) == token_f1(answer, [gold]) == 1.0 and is_correct(answer, [gold])


def test_a_longer_answer_is_correct_without_matching_exactly():
    assert is_correct("It is 22 weeks.", ["22 weeks"]) and exact_match("It is 22 weeks.", ["22 weeks"]) == 0.0


def test_the_best_accepted_answer_counts():
    accepted = ["one year", "22 weeks"]
    assert token_f1("22 weeks", accepted) == exact_match("22 weeks", accepted) == 1.0


def test_nothing_accepted_and_nothing_said_score_zero():
    assert token_f1("22 weeks", []) == exact_match("22 weeks", []) == token_f1("", ["22 weeks"]) == 0.0
    assert not is_correct("22 weeks", []) and not contains("22 weeks", "") and not contains("22 weeks", "[1]")


def test_normalising_twice_changes_nothing():
    for case in CASES:
        once = normalise(case["answer"])
        assert normalise(" ".join(once)) == once


@pytest.mark.parametrize("answer", ["I don't know.", "i don't know", '"I don\'t know."', "I don't know. [2]"])
def test_an_abstention_is_known_in_any_dress(answer):
    assert abstains(answer)


@pytest.mark.parametrize("answer", ["", "I know.", "I don't know the form, but 22 weeks", "I don't know. 22 weeks"])
def test_an_answer_is_no_abstention(answer):
    assert not abstains(answer)


@pytest.mark.parametrize(
    ("answer", "stale"), [("22 weeks", True), ("24 weeks", False), ("not 22 weeks but 24 weeks", False), ("no idea", False)]
)
def test_stale_is_the_old_answer_without_the_new(answer, stale):
    assert is_stale(answer, ["22 weeks"], ["24 weeks"]) is stale


def test_the_old_answer_is_stale_where_the_fact_was_taken_away():
    assert is_stale("22 weeks", ["22 weeks"], []) and not is_stale("I don't know.", ["22 weeks"], [])


@pytest.mark.parametrize(
    ("cited", "gold", "expected"),
    [
        (["a"], ["a"], (1.0, 1.0)),
        (["a", "b"], ["a"], (0.5, 1.0)),
        (["a", "a", "b"], ["a", "c", "d"], (0.5, 1 / 3)),
        (["b"], ["a"], (0.0, 0.0)),
        ([], ["a"], (None, 0.0)),
        (["a"], [], (0.0, None)),
    ],
)
def test_precision_and_recall_by_hand(cited, gold, expected):
    assert (precision(cited, gold), recall(cited, gold)) == expected


def test_only_numbers_in_square_brackets_are_citations():
    assert cited_numbers("22 weeks [2], see (3), [x], [1] and again [2]") == [2, 1]
