"""Scores for one ranking at a time: was what counts found, and how far up? Pure Python: ids in, a number out.

A ranking is a list of ids, best first. All three give None where nothing is relevant: what isn't there can't be missed.
"""

from collections.abc import Collection, Mapping, Sequence
from math import log2


def recall_at(ranked: Sequence[str], relevant: Collection[str], k: int) -> float | None:
    """Share of the relevant ids that stand among the first k (Manning, Raghavan & Schütze 2008, chapter 8).

    >>> recall_at(["x", "a", "y", "b"], {"a", "b"}, k=3)
    0.5
    """
    check_ranking(ranked, k)
    wanted = set(relevant)
    return len(wanted & set(ranked[:k])) / len(wanted) if wanted else None


def reciprocal_rank(ranked: Sequence[str], relevant: Collection[str]) -> float | None:
    """1 / rank of the first relevant id, 0.0 when the ranking holds none (TREC-8 report, Voorhees 1999).

    Its mean over questions is the MRR.

    >>> reciprocal_rank(["x", "a", "y", "b"], {"a", "b"})
    0.5
    """
    check_ranking(ranked)
    if not relevant:
        return None
    return next((1 / rank for rank, item in enumerate(ranked, 1) if item in relevant), 0.0)


def ndcg(ranked: Sequence[str], gains: Mapping[str, float], k: int | None = None) -> float | None:
    """DCG of the first k over that of the best order there is; DCG = Σ gain / log2(rank + 1).

    Ids without a gain count 0; k None means all. As in trec_eval (Järvelin & Kekäläinen 2002, doi 10.1145/582415.582418).

    >>> round(ndcg(["x", "a", "y", "b"], {"a": 1, "b": 1}), 2)
    0.65
    """
    check_ranking(ranked, k)
    if negative := [item for item, gain in gains.items() if gain < 0]:
        raise ValueError(f"gain of {negative[0]!r} is {gains[negative[0]]}: use 0 for what is of no use")
    best = dcg(sorted(gains.values(), reverse=True)[:k])
    return dcg([gains.get(item, 0) for item in ranked[:k]]) / best if best else None


def dcg(gains: Sequence[float]) -> float:
    """Discounted cumulative gain: each gain divided by log2(rank + 1), added up.

    >>> dcg([1, 0, 1])
    1.5
    """
    return sum(gain / log2(rank + 1) for rank, gain in enumerate(gains, 1))


def check_ranking(ranked: Sequence[str], k: int | None = None) -> None:
    """ValueError for k below one, and for an id that is ranked twice: it would count twice."""
    if k is not None and k < 1:
        raise ValueError(f"need k >= 1, got {k}")
    if len(set(ranked)) < len(ranked):
        twice = next(item for item in ranked if list(ranked).count(item) > 1)
        raise ValueError(f"{twice!r} is ranked twice: keep its best place only")
