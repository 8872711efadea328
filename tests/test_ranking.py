"""Ranking scores agree with scikit-learn's on rankings drawn at random, and with what can be worked out on paper."""

import random
from math import isclose, log2

import numpy as np
import pytest
from sklearn.metrics import label_ranking_average_precision_score, ndcg_score, recall_score

from utils.measure.ranking import ndcg, recall_at, reciprocal_rank

IDS = [f"passage-{number:02}" for number in range(12)]


def draw(seed, n_relevant):
    """(a ranking of all ids, the gains of some of them), by chance."""
    chance = random.Random(seed)
    return chance.sample(IDS, len(IDS)), {item: chance.choice([1, 2, 3]) for item in chance.sample(IDS, n_relevant)}


def as_arrays(ranked, gains):
    """scikit-learn's view: the true gain and the score of each id; a better rank is a higher score."""
    return np.array([[gains.get(item, 0) for item in IDS]]), np.array([[-ranked.index(item) for item in IDS]])


@pytest.mark.parametrize("k", [1, 3, 10, None])
@pytest.mark.parametrize("seed", range(20))
def test_ndcg_agrees_with_scikit_learn(seed, k):
    ranked, gains = draw(seed, n_relevant=1 + seed % 5)
    assert isclose(ndcg(ranked, gains, k), ndcg_score(*as_arrays(ranked, gains), k=k), abs_tol=1e-12)


@pytest.mark.parametrize("seed", range(20))
def test_reciprocal_rank_agrees_with_scikit_learn_where_one_is_relevant(seed):
    """With one relevant id the average precision of a ranking is its reciprocal rank."""
    ranked, gains = draw(seed, n_relevant=1)
    truth, scores = as_arrays(ranked, dict.fromkeys(gains, 1))
    assert isclose(reciprocal_rank(ranked, gains), label_ranking_average_precision_score(truth, scores))


@pytest.mark.parametrize("k", [1, 3, 12, 50])
@pytest.mark.parametrize("seed", range(20))
def test_recall_agrees_with_scikit_learn(seed, k):
    ranked, gains = draw(seed, n_relevant=1 + seed % 5)
    truth, taken = [item in gains for item in IDS], [item in ranked[:k] for item in IDS]
    assert isclose(recall_at(ranked, gains, k), recall_score(truth, taken))


def test_one_relevant_passage_gives_closed_forms():
    for rank in range(1, len(IDS) + 1):
        wanted = {IDS[rank - 1]}
        assert reciprocal_rank(IDS, wanted) == 1 / rank
        assert isclose(ndcg(IDS, dict.fromkeys(wanted, 1)), 1 / log2(rank + 1))
        assert [recall_at(IDS, wanted, k) for k in (rank, 12)] == [1.0, 1.0]
        assert rank == 1 or recall_at(IDS, wanted, rank - 1) == 0.0


def test_the_best_order_scores_one_and_any_swap_in_it_less():
    gains = {"a": 3, "b": 2, "c": 1}
    assert ndcg(["a", "b", "c", "x"], gains) == 1.0
    for worse in (["b", "a", "c", "x"], ["a", "c", "b", "x"], ["a", "b", "x", "c"]):
        assert 0 < ndcg(worse, gains) < 1


def test_what_was_not_found_counts_against_the_ranking():
    assert recall_at(["x"], {"a"}, 1) == reciprocal_rank(["x"], {"a"}) == ndcg(["x"], {"a": 1}) == 0.0
    assert recall_at([], {"a"}, 1) == reciprocal_rank([], {"a"}) == ndcg([], {"a": 1}) == 0.0
    assert ndcg(["a"], {"a": 1, "b": 1}) < 1  # b is missing altogether


def test_where_nothing_is_relevant_there_is_no_score():
    assert recall_at(["x"], set(), 1) is reciprocal_rank(["x"], set()) is ndcg(["x"], {}) is None
    assert ndcg(["x"], {"x": 0}) is None


@pytest.mark.parametrize("score", [lambda k: recall_at(["a"], {"a"}, k), lambda k: ndcg(["a"], {"a": 1}, k)])
def test_a_k_below_one_is_refused(score):
    with pytest.raises(ValueError, match="k >= 1, got 0"):
        score(0)


@pytest.mark.parametrize(
    "score",
    [
        lambda ids: recall_at(ids, {"a"}, 3),
        lambda ids: reciprocal_rank(ids, {"a"}),
        lambda ids: ndcg(ids, {"a": 1}),
    ],
)
def test_an_id_ranked_twice_is_refused_by_name(score):
    with pytest.raises(ValueError, match="'a' is ranked twice"):
        score(["x", "a", "a"])


def test_a_negative_gain_is_refused():
    with pytest.raises(ValueError, match="gain of 'b' is -1"):
        ndcg(["a", "b"], {"a": 1, "b": -1})
