"""One search over both indexes: dense, keyword, or hybrid. It searches sentences and returns their passages.

A sentence says one thing, so its vector says it clearly; a passage gives the reader what stands around it ("small to
big"). Generates nothing.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np

from utils.records import Chunk, Hit
from utils.retrieve.chunking import MAX_WORDS, split_sentences
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
DEPTH = 100  # sentences that each index contributes
DENSE_SHARE = 0.6  # of a fused score; of 0.5, 0.6, 0.7 and 0.8 the best on dev


def search_settings() -> dict:
    """What a search depends on besides its mode, the documents and the embedder."""
    return {"max_words": MAX_WORDS, "dense_share": DENSE_SHARE, "depth": DEPTH}


def build_retriever(
    chunks: Sequence[Chunk], embed: Embed, mode: str = "hybrid", vectors: VectorIndex | None = None
) -> Retrieve:
    """A function (questions, k) → k hits a question, best first. `vectors` takes an index of these chunks' sentences.

    ValueError for an unknown mode, and from the search for an empty question or k larger than the number of passages.
    """
    if mode not in MODES:
        raise ValueError(f"mode {mode!r} is unknown: use one of {', '.join(MODES)}")
    passage_of: dict[Chunk, Chunk] = {}
    for chunk in chunks:
        for sentence in split_sentences(chunk):
            passage_of.setdefault(sentence, chunk)  # of two versions of a page, the one given first keeps what both say
    words = build_keyword_index(list(passage_of))
    store = vectors or index_sentences(chunks, embed)
    longest = max(len(split_sentences(chunk)) for chunk in chunks)

    def retrieve(questions: Sequence[str], k: int) -> list[list[Hit]]:
        """The k best passages of each question."""
        check_questions(questions)
        if not 1 <= k <= len(chunks):
            raise ValueError(f"k={k} but the index holds {len(chunks)} passages: choose 1 <= k <= {len(chunks)}")
        if not questions:
            return []
        depth = min(len(passage_of), max(DEPTH, k * longest))  # so many sentences hold k passages at least
        rankings = []
        if mode != "keyword":
            rankings.append(search_vectors(store, embed(list(questions)), depth))
        if mode != "dense":
            rankings.append(search_keywords(words, questions, depth))
        scaled_by = min(DEPTH, len(passage_of))  # whatever k is, so that the order doesn't depend on it
        found = rankings[0] if len(rankings) == 1 else [fuse(*pair, scaled_by) for pair in zip(*rankings)]
        return [to_passages(hits, passage_of)[:k] for hits in found]

    return retrieve


def check_questions(questions: Sequence[str]) -> None:
    """ValueError for an empty question; search would answer it with noise."""
    for number, question in enumerate(questions):
        if not question.strip():
            raise ValueError(f"question {number} is empty: write one")


def fuse(dense: Sequence[Hit], keyword: Sequence[Hit], depth: int, share: float = DENSE_SHARE) -> list[Hit]:
    """Both rankings as one: share × the dense score + (1 - share) × the keyword score, each scaled to 0–1.

    A convex combination; it keeps how far ahead a hit is, which ranks forget (Bruch et al. 2022, arXiv 2210.11934).
    """
    scores: dict[Chunk, float] = defaultdict(float)
    for ranking, weight in ((dense, share), (keyword, 1 - share)):
        for hit, score in zip(ranking, scale(ranking, depth)):
            scores[hit.chunk] += weight * score
    return [Hit(chunk, score) for chunk, score in sorted(scores.items(), key=lambda item: -item[1])]


def scale(ranking: Sequence[Hit], depth: int) -> list[float]:
    """Scores from 1 for the first hit to 0 at `depth` and beyond; where fewer were found, a score of 0 stays 0."""
    if not ranking:
        return []
    low = ranking[depth - 1].score if len(ranking) >= depth else 0.0
    width = ranking[0].score - low
    return [max(0.0, (hit.score - low) / width) if width else 1.0 for hit in ranking]


def to_passages(sentences: Sequence[Hit], passage_of: Mapping[Chunk, Chunk]) -> list[Hit]:
    """Each sentence's passage, with the score of its best sentence, in the order of the sentences."""
    best: dict[Chunk, float] = {}
    for hit in sentences:
        best.setdefault(passage_of[hit.chunk], hit.score)
    return [Hit(chunk, score) for chunk, score in best.items()]


def index_sentences(chunks: Sequence[Chunk], embed: Embed) -> VectorIndex:
    """A vector for each sentence of the passages: halfway between the sentence alone and with its context."""
    sentences = list(dict.fromkeys(sentence for chunk in chunks for sentence in split_sentences(chunk)))
    alone = embed([" ".join(sentence.text.split()) for sentence in sentences])
    both = alone + embed([sentence.passage for sentence in sentences])
    return build_vector_index(sentences, both / np.maximum(np.linalg.norm(both, axis=1, keepdims=True), 1e-9))


def open_or_build(chunks: Sequence[Chunk], embed: Embed, model_id: str, folder: Path) -> VectorIndex:
    """The saved index of these chunks' sentences, or a new one, saved. A damaged one is refused."""
    sentences = [sentence for chunk in chunks for sentence in split_sentences(chunk)]
    key = index_key(f"{model_id}, alone and in context", sentences)
    if (folder / key[:16]).exists():
        return load_vector_index(folder / key[:16], key)
    store = index_sentences(chunks, embed)
    save_vector_index(store, folder / key[:16], key)
    return store
