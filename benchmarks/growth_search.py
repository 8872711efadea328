"""What documents cost: seconds to embed them, to index their sentences and to search those. No language model."""

import random
import re
from collections.abc import Sequence

import numpy as np

from benchmarks.curves import Curve, time_work
from benchmarks.made_vectors import all_documents, draw, find_neighbourhoods, fit_noise, real_sentences
from utils.data import load_company
from utils.lab import WORK
from utils.models import EMBEDDER_SHA256, default_embedder
from utils.records import Chunk, Document
from utils.retrieve.chunking import chunk_document, chunk_documents, split_sentences
from utils.retrieve.embedding import load_embedder, remember
from utils.retrieve.keyword_index import build_keyword_index, search_keywords
from utils.retrieve.retriever import index_sentences
from utils.retrieve.vector_index import build_vector_index, search_vectors

EMBEDDED = (32, 56, 100, 178, 316, 562, 1000, 1778, 3162)
BUDGET = 480  # seconds for embedding: more documents are not begun when they would take it beyond
INDEXED = (100, 316, 1000, 3162, 10_000, 31_623, 100_000)
SEED = 1
K = 10
N_QUESTIONS = 20
MADE = "documents of passages drawn from the course's own, with other numbers in them"


def embed_documents() -> list[Curve]:
    """Seconds for the vectors of all sentences, for as many documents as BUDGET allows."""
    embed = load_embedder(default_embedder())
    embed(["A warm-up."])
    seconds: list[float] = []
    for n in EMBEDDED:
        if seconds and sum(seconds) + seconds[-1] * n / EMBEDDED[len(seconds) - 1] > BUDGET:
            break
        chunks = chunk_documents(make_documents(n, SEED))
        seconds.append(time_work(index_sentences, chunks, embed)[0])
        print(f"  {n} documents embedded: {seconds[-1]:.1f} s", flush=True)
    note = f"{MADE}; as many as {BUDGET} seconds allow"
    return [Curve("embed", "preparing documents", "documents", EMBEDDED[: len(seconds)], seconds, note)]


def index_documents() -> list[Curve]:
    """Seconds to build each index over all sentences, and for one search of it, a question at a time."""
    embed = remember(load_embedder(default_embedder()), EMBEDDER_SHA256, WORK / "embeddings.sqlite")
    around = find_neighbourhoods(real_sentences(embed))
    noise = fit_noise(around, SEED)
    questions = [question.text for question in load_company().split("test")[:N_QUESTIONS]]
    vectors = embed(questions)
    rows = []
    for n in INDEXED:
        sentences = [part for chunk in chunk_documents(make_documents(n, SEED)) for part in split_sentences(chunk)]
        by_word = time_keywords(sentences, questions)
        stand_in, n_sentences = sentences[0], len(sentences)
        del sentences  # a hundred thousand documents have a GiB of them
        by_vector = time_vectors([stand_in] * n_sentences, draw(around, n_sentences, noise, SEED), vectors)
        rows.append(by_word + by_vector)
        print(f"  {n} documents, {n_sentences} sentences: " + ", ".join(f"{s:.3g} s" for s in rows[-1]), flush=True)
    drawn = f"{MADE}; their vectors are not embedded but drawn around real sentences' (made_vectors)"
    kinds = (
        ("keyword index", "preparing documents", MADE),
        ("keyword search", "one search", MADE),
        ("vector index", "preparing documents", drawn),
        ("vector search", "one search", drawn),
    )
    columns = zip(*rows)
    return [Curve(what, panel, "documents", INDEXED, column, note) for (what, panel, note), column in zip(kinds, columns)]


def time_keywords(sentences: Sequence[Chunk], questions: Sequence[str]) -> tuple[float, float]:
    """(seconds to build the BM25 index, seconds a search)."""
    built, store = time_work(build_keyword_index, sentences)
    searched, _ = time_work(lambda: [search_keywords(store, [question], K) for question in questions])
    return built, searched / len(questions)


def time_vectors(sentences: Sequence[Chunk], vectors: np.ndarray, asked: np.ndarray) -> tuple[float, float]:
    """(seconds to build the FAISS index, seconds a search)."""
    built, store = time_work(build_vector_index, sentences, vectors)
    searched, _ = time_work(lambda: [search_vectors(store, question[None], K) for question in asked])
    return built, searched / len(asked)


def make_documents(n: int, seed: int) -> list[Document]:
    """n documents, each as long as a real one (in passages), of passages from anywhere, with other numbers in them."""
    real, chance = all_documents(), random.Random(seed)
    lengths = [len(chunk_document(document)) for document in real]
    passages = [chunk.text for chunk in chunk_documents(real) if not chunk.text.startswith("|")]  # a row needs its table
    return [make_document(number, chance.choices(passages, k=chance.choice(lengths)), chance) for number in range(n)]


def make_document(number: int, passages: Sequence[str], chance: random.Random) -> Document:
    """A page with these passages as paragraphs; every number in them becomes another one of as many digits."""
    text = re.sub(r"\d", lambda _: str(chance.randrange(10)), "\n\n".join(passages))
    return Document(f"made-{number}", f"Page {number}", "made", 1, "2026-01-01", "in_force", text)
