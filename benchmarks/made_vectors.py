"""Any number of unit vectors that lie as embedded sentences do: real ones, and points around them. No search, no timing.

White noise would be no test of a search: its points are all equally far apart, in every direction at once. Sentences lie
in neighbourhoods of their own size, stretched in few directions. So a made vector is a point between a real sentence and
one of its ten nearest, plus Gaussian noise that has the shape of the differences between nearest real sentences and, at
each sentence, the size of its own: a density of local Gaussians, after Vincent and Bengio, "Manifold Parzen windows"
(2002). One number is free, the noise's share of that size. `fit_noise` chooses it so that as many made vectors as there
are real ones have the same median nearest-neighbour cosine; `describe` says how like them they are in other respects.
Where far more are drawn than there are sentences, they lie in denser clouds than any real ones seen here, of a higher
dimension the closer one looks: what an approximate search finds harder, not easier.
"""

from dataclasses import dataclass

import numpy as np

from utils.data import DATA
from utils.formats import load_documents
from utils.records import Document
from utils.retrieve.chunking import chunk_documents
from utils.retrieve.embedding import Embed
from utils.retrieve.retriever import index_sentences

FOLDERS = ("documents", "revision", "practice/documents", "second_company/documents")
NEIGHBOURS = 10
BLOCK = 10_000  # rows made at once


@dataclass(frozen=True)
class Neighbourhoods:
    """Real unit vectors (n, d), the rows of each one's nearest (n, NEIGHBOURS), and the noise's size and shape.

    `reach` (n, 1) is each one's distance to its nearest; `shape` (d, d) turns white noise of any row into noise with the
    covariance of the directions to the nearest, of mean square length 1.
    """

    real: np.ndarray
    rows: np.ndarray
    reach: np.ndarray
    shape: np.ndarray


def all_documents() -> list[Document]:
    """Every document that the course holds, of both companies and the practice pages, before and after the revision."""
    return [document for folder in FOLDERS for document in load_documents(DATA / folder)]


def real_sentences(embed: Embed) -> np.ndarray:
    """Unit vectors (n, d) of every sentence of these documents, as the course's search indexes them, each text once."""
    store = index_sentences(chunk_documents(all_documents()), embed)
    first = {chunk.passage: row for row, chunk in reversed(list(enumerate(store.chunks)))}
    return store.index.reconstruct_n(0, store.index.ntotal)[sorted(first.values())]


def find_neighbourhoods(real: np.ndarray) -> Neighbourhoods:
    """What `draw` needs to know about these unit vectors (n, d). ValueError for too few of them."""
    if len(real) <= NEIGHBOURS:
        raise ValueError(f"need more than {NEIGHBOURS} vectors to find neighbourhoods, got {len(real)}")
    _, rows = nearest(real, NEIGHBOURS)
    ways = real[rows[:, 0]] - real
    reach = np.linalg.norm(ways, axis=1, keepdims=True)
    ways = ways / np.maximum(reach, 1e-6)
    scales, axes = np.linalg.eigh(ways.T @ ways / len(ways))
    return Neighbourhoods(real, rows, reach, (np.sqrt(np.maximum(scales, 0))[:, None] * axes.T).astype(np.float32))


def draw(around: Neighbourhoods, n: int, noise: float, seed: int) -> np.ndarray:
    """n made unit vectors (n, d) float32, of which fewer are the first of more."""
    made = np.empty((n, around.real.shape[1]), np.float32)
    fill(made, around, noise, seed)
    return made


def fill(made: np.ndarray, around: Neighbourhoods, noise: float, seed: int) -> None:
    """Write made vectors over these rows, in memory or in a mapped file, BLOCK of them at a time.

    `noise` is its size as a share of each sentence's distance to its nearest.
    """
    n_real, d = around.real.shape
    for start in range(0, len(made), BLOCK):
        chance = np.random.default_rng([seed, start])
        own = chance.integers(n_real, size=BLOCK)
        other = around.rows[own, chance.integers(NEIGHBOURS, size=BLOCK)]
        between = chance.random((BLOCK, 1), dtype=np.float32)
        block = around.real[own] + between * (around.real[other] - around.real[own])
        block += noise * around.reach[own] * (chance.standard_normal((BLOCK, d), dtype=np.float32) @ around.shape)
        block /= np.linalg.norm(block, axis=1, keepdims=True)
        made[start : start + BLOCK] = block[: len(made) - start]


def fit_noise(around: Neighbourhoods, seed: int, steps: int = 7) -> float:
    """The noise, between 0 and 2, at which as many made vectors have the real ones' median nearest-neighbour cosine."""
    wanted = np.median(nearest(around.real, 1)[0])
    low, high = 0.0, 2.0
    for _ in range(steps):
        middle = (low + high) / 2
        made = draw(around, len(around.real), middle, seed)
        low, high = (middle, high) if np.median(nearest(made, 1)[0]) > wanted else (low, middle)
    return (low + high) / 2


def nearest(vectors: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """(cosines, rows), both (n, k): each unit vector's k nearest others, best first, by a full scan."""
    blocks = []
    for start in range(0, len(vectors), BLOCK // 10):
        own = np.arange(start, min(start + BLOCK // 10, len(vectors)))
        cosines = vectors[own] @ vectors.T
        cosines[np.arange(len(own)), own] = -np.inf
        rows = np.argpartition(-cosines, k - 1, axis=1)[:, :k]
        found = np.take_along_axis(cosines, rows, axis=1)
        order = np.argsort(-found, axis=1)
        blocks.append((np.take_along_axis(found, order, axis=1), np.take_along_axis(rows, order, axis=1)))
    return np.concatenate([cosines for cosines, _ in blocks]), np.concatenate([rows for _, rows in blocks])


def describe(vectors: np.ndarray) -> dict[str, object]:
    """How these unit vectors lie: cosines of the nearest (deciles), intrinsic dimension, number of directions filled."""
    cosines, _ = nearest(vectors, NEIGHBOURS)
    return {
        "nearest_cosine": deciles(cosines[:, 0]),
        "tenth_nearest_cosine": deciles(cosines[:, -1]),
        "intrinsic_dimension": intrinsic_dimension(cosines),
        "participation_ratio": participation_ratio(vectors),
    }


def deciles(values: np.ndarray) -> list[float]:
    """The first, fifth and ninth decile."""
    return [round(float(value), 3) for value in np.quantile(values, (0.1, 0.5, 0.9))]


def intrinsic_dimension(cosines: np.ndarray) -> float:
    """Of unit vectors, from the cosines (n, k) of each one's k nearest, best first; twins, of distance 0, are left out.

    The maximum-likelihood estimate of Levina and Bickel (2004), averaged as MacKay and Ghahramani (2005) correct it.
    """
    distances = np.sqrt(2 - 2 * np.minimum(cosines.astype(np.float64), 1))
    distances = distances[distances[:, 0] > 1e-3]
    return float(1 / np.log(distances[:, -1:] / distances[:, :-1]).mean())


def participation_ratio(vectors: np.ndarray) -> float:
    """(sum λ)² / sum λ² over the eigenvalues λ of the covariance: d for white noise in d dimensions, 1 on a line."""
    covariance = np.cov(vectors, rowvar=False)
    return float(np.trace(covariance) ** 2 / (covariance**2).sum())
