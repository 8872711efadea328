"""Search by words: BM25 over passages, by the bm25s package. Knows no vectors."""

from collections.abc import Sequence
from dataclasses import dataclass

import bm25s
import Stemmer

from utils.records import Chunk, Hit

STEMMER = Stemmer.Stemmer("english")


@dataclass(frozen=True)
class KeywordIndex:
    """A BM25 index; entry i belongs to chunks[i]."""

    chunks: tuple[Chunk, ...]
    bm25: bm25s.BM25


def build_keyword_index(chunks: Sequence[Chunk]) -> KeywordIndex:
    """Index the passages' words (lower-case stems, English stop words dropped). ValueError for no chunks."""
    if not chunks:
        raise ValueError("need at least one chunk to index")
    bm25 = bm25s.BM25()
    bm25.index(tokenise([chunk.passage for chunk in chunks]), show_progress=False)
    return KeywordIndex(tuple(chunks), bm25)


def search_keywords(store: KeywordIndex, questions: Sequence[str], k: int) -> list[list[Hit]]:
    """The k best chunks by BM25 of each question, best first, ties in reading order; none that shares no word."""
    if not 1 <= k <= len(store.chunks):
        raise ValueError(f"k={k} but the index holds {len(store.chunks)} passages: choose 1 <= k <= {len(store.chunks)}")
    results = []
    for words in tokenise(questions):
        known = [word for word in words if word in store.bm25.vocab_dict]
        scores = store.bm25.get_scores(known) if known else []
        best = sorted((-float(score), row) for row, score in enumerate(scores) if score > 0)[:k]
        results.append([Hit(store.chunks[row], -score) for score, row in best])
    return results


def tokenise(texts: Sequence[str]) -> list[list[str]]:
    """Words of each text as BM25 compares them: stems of two characters or more (Snowball), codes like P-78 whole.

    >>> tokenise(["Form P-78 is for carers"])
    [['form', 'p-78', 'carer']]
    """
    words = r"(?u)\b[a-z]+-\d+\b|\b\w\w+\b"  # the package's own pattern would make P-78 a mere 78
    return bm25s.tokenize(
        list(texts), token_pattern=words, stopwords="en", stemmer=STEMMER, return_ids=False, show_progress=False
    )
