"""One search over both indexes: dense, keyword, or hybrid by reciprocal rank. Returns hits; generates nothing."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path

from utils.records import Chunk, Hit
from utils.retrieve.embedding import Embed
from utils.retrieve.keyword_index import build_keyword_index, search_keywords
from utils.retrieve.vector_index import (
    VectorIndex,
    build_vector_index,
    index_key,
    load_vector_index,
    save_vector_index,
    search_vectors,
)

Retrieve = Callable[[Sequence[str], int], list[list[Hit]]]
MODES = ("dense", "keyword", "hybrid")
DEPTH = 20  # ranks each index contributes to the fusion; deeper ones change little at k = 3


def build_retriever(
    chunks: Sequence[Chunk], embed: Embed, mode: str = "hybrid", vectors: VectorIndex | None = None
) -> Retrieve:
    """A function (questions, k) → k hits a question, best first. `vectors` takes an index built or loaded before.

    ValueError for an unknown mode, and from the search for an empty question or k larger than the index.
    """
    if mode not in MODES:
        raise ValueError(f"mode {mode!r} is unknown: use one of {', '.join(MODES)}")
    words = build_keyword_index(chunks)
    store = vectors or build_vector_index(chunks, embed([chunk.passage for chunk in chunks]))

    def retrieve(questions: Sequence[str], k: int) -> list[list[Hit]]:
        check_questions(questions)
        if not questions:
            return []
        if mode == "keyword":
            return search_keywords(words, questions, k)
        depth = max(k, min(DEPTH, len(chunks))) if mode == "hybrid" and k > 0 else k  # k out of range reaches the checks
        dense = search_vectors(store, embed(list(questions)), depth)
        if mode == "dense":
            return dense
        keyword = search_keywords(words, questions, depth)
        return [fuse(pair)[:k] for pair in zip(dense, keyword)]

    return retrieve


def check_questions(questions: Sequence[str]) -> None:
    """ValueError for an empty question; search would answer it with noise."""
    for number, question in enumerate(questions):
        if not question.strip():
            raise ValueError(f"question {number} is empty: write one")


def fuse(rankings: Sequence[Sequence[Hit]], constant: int = 60) -> list[Hit]:
    """Reciprocal rank fusion: a chunk scores the sum of 1 / (constant + rank) (Cormack et al. 2009)."""
    scores: dict[Chunk, float] = defaultdict(float)
    for ranking in rankings:
        for rank, hit in enumerate(ranking, 1):
            scores[hit.chunk] += 1 / (constant + rank)
    return [Hit(chunk, score) for chunk, score in sorted(scores.items(), key=lambda item: -item[1])]


def open_or_build(chunks: Sequence[Chunk], embed: Embed, model_id: str, folder: Path) -> VectorIndex:
    """The saved index of these chunks, or a new one, saved. A damaged one is refused; one of other chunks is replaced."""
    key = index_key(model_id, chunks)
    if (folder / key[:16]).exists():
        return load_vector_index(folder / key[:16], key)
    store = build_vector_index(chunks, embed([chunk.passage for chunk in chunks]))
    save_vector_index(store, folder / key[:16], key)
    return store
