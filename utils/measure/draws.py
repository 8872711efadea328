"""Draws of what a number might have been: means and medians, with documents and training seeds drawn together.

Values are rows of question_id (or an item), seed and value.
"""

from collections.abc import Iterable, Sequence

import numpy as np

from utils.measure.evaluation import RESAMPLES, Row, is_alike, multinomial, resample


class Clusters(dict[str, str]):
    """question_id → what it is drawn with. One that isn't listed, such as a clause or a letter, stands for itself.

    >>> Clusters({"people-001-t1": "people-leave"})["clause-001"]
    'clause-001'
    """

    def __missing__(self, question_id: str) -> str:
        return question_id


def draw(values: Sequence[Row], take: str, clusters: Clusters) -> tuple[float, np.ndarray]:
    """(the mean, median or largest of the values, its RESAMPLES draws)."""
    numbers = np.array([float(row["value"]) for row in values])
    if take == "largest":
        return float(numbers.max()), np.full(RESAMPLES, numbers.max())
    if take == "median":
        return float(np.median(numbers)), medians(values, clusters)
    return float(numbers.mean()), resample(values, lambda row: row["value"], clusters)


def all_alike(values: Sequence[Row]) -> bool:
    """Are they all 0, or all 1, so that a bootstrap sees no spread?"""
    return is_alike(values, lambda row: row["value"])


def draw_alike(values: Sequence[Row], clusters: Clusters, chance: np.random.Generator) -> tuple[float, np.ndarray]:
    """(the mean, draws that follow Clopper & Pearson's limits) of values that are all 0 or all 1.

    The draws are in no order, so that those of two systems are independent.
    """
    value, n = float(values[0]["value"]), len({clusters[row["question_id"]] for row in values})
    level = chance.permutation((np.arange(RESAMPLES) + 0.5) / RESAMPLES)
    reach = 1 - (1 - level) ** (1 / n)
    return value, 1 - reach if value else reach


def medians(values: Sequence[Row], clusters: Clusters) -> np.ndarray:
    """RESAMPLES medians. A value counts as often as its document was drawn times its seed."""
    weights = np.ones((RESAMPLES, len(values)), np.int32)
    ordered = sorted(values, key=lambda row: row["value"])
    for stream, keys in enumerate(zip(*((clusters[row["question_id"]], row["seed"]) for row in ordered))):
        place = numbered(keys)
        weights *= multinomial(stream, len(place))[:, [place[key] for key in keys]].astype(np.int32)
    reached = weights.cumsum(axis=1)
    middle = (2 * reached >= reached[:, -1:]).argmax(axis=1)
    return np.array([float(row["value"]) for row in ordered])[middle]


def draw_together(
    parts: Sequence[tuple[Sequence[Row], np.ndarray]], clusters: Clusters, stream: int = 0
) -> list[np.ndarray]:
    """(RESAMPLES, m) means for each part of (n rows, (n, m) values), the same documents and seeds drawn for all parts.

    Seeds are drawn alike in every stream, documents independently.
    """
    groups = numbered(clusters[row["question_id"]] for rows, _ in parts for row in rows)
    seeds = numbered(row["seed"] for rows, _ in parts for row in rows)
    documents = multinomial((0, stream), len(groups))
    drawn = multinomial(1, len(seeds))
    means = []
    for rows, values in parts:
        cells = np.zeros((len(groups), len(seeds), values.shape[1] + 1))  # the sums of the values, and how many there are
        places = [groups[clusters[row["question_id"]]] for row in rows], [seeds[row["seed"]] for row in rows]
        np.add.at(cells, places, np.column_stack([values, np.ones(len(rows))]))
        totals = np.einsum("rg,gsv,rs->rv", documents, cells, drawn, optimize=True)
        means.append(totals[:, :-1] / np.maximum(totals[:, -1:], 1))
    return means


def numbered(names: Iterable) -> dict:
    """Each different name with its place in their order."""
    return {name: place for place, name in enumerate(sorted(set(names), key=str))}
