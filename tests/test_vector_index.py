"""Search finds what a full scan finds, and a saved index is the same index or is refused."""

import dataclasses
import json

import numpy as np
import pytest
from fakes import cut_short, embed, flip_bit, kill_in_the_middle

from utils.files import DamagedFile, write_manifest
from utils.records import Chunk
from utils.retrieve.vector_index import (
    build_vector_index,
    index_key,
    load_vector_index,
    save_vector_index,
    search_vectors,
)

FLAT = [f"passage {number} about {'kilns' if number % 2 else 'glazes'}" for number in range(12)]


def chunks_of(n: int) -> list[Chunk]:
    return [Chunk("page", place, place + 1, FLAT[place % 12], "The page") for place in range(n)]


def full_scan(vectors: np.ndarray, questions: np.ndarray, k: int) -> list[list[int]]:
    """Rows by falling inner product, ties in reading order: numpy's stable sort of every score."""
    return np.argsort(-(questions @ vectors.T), axis=1, kind="stable")[:, :k].tolist()


def found_rows(store, questions, k):
    return [[hit.chunk.start for hit in hits] for hits in search_vectors(store, questions, k)]


@pytest.mark.parametrize(("n", "n_questions", "k"), [(1, 1, 1), (10, 3, 10), (500, 40, 3), (2000, 5, 150)])
def test_search_agrees_with_a_full_scan(n, n_questions, k):
    chance = np.random.default_rng(n)
    vectors, questions = (chance.standard_normal((rows, 16)).astype(np.float32) for rows in (n, n_questions))
    store = build_vector_index(chunks_of(n), vectors)
    assert found_rows(store, questions, k) == full_scan(vectors, questions, k)
    scores = [[hit.score for hit in hits] for hits in search_vectors(store, questions, k)]
    np.testing.assert_allclose(scores, -np.sort(-(questions @ vectors.T), axis=1)[:, :k], rtol=1e-4, atol=1e-5)


def test_ties_come_in_reading_order_also_where_k_cuts_them():
    chance = np.random.default_rng(0)
    for _ in range(25):
        n = int(chance.integers(1, 80))
        vectors, questions = (chance.integers(-1, 2, (rows, 3)).astype(np.float32) for rows in (n, 4))
        k = int(chance.integers(1, n + 1))
        assert found_rows(build_vector_index(chunks_of(n), vectors), questions, k) == full_scan(vectors, questions, k)


@pytest.mark.parametrize("k", [0, -1, 13])
def test_a_k_outside_the_index_is_refused(k):
    store = build_vector_index(chunks_of(12), embed(FLAT))
    with pytest.raises(ValueError, match=f"k={k} but the index holds 12 passages: choose 1 <= k <= 12"):
        search_vectors(store, embed(["kilns"]), k)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_value_that_is_not_finite_is_refused(value):
    vectors = embed(FLAT)
    store = build_vector_index(chunks_of(12), vectors)
    vectors[7, 3] = value
    with pytest.raises(ValueError, match="vector 7 holds a value that is not finite"):
        build_vector_index(chunks_of(12), vectors)
    with pytest.raises(ValueError, match="finite"):
        search_vectors(store, vectors, 1)


def test_another_dimension_names_both_shapes():
    store = build_vector_index(chunks_of(12), embed(FLAT))
    with pytest.raises(ValueError, match=r"shape \(q, 64\), got \(1, 32\): same embedder"):
        search_vectors(store, np.ones((1, 32)), 1)
    with pytest.raises(ValueError, match=r"got \(64,\)"):
        search_vectors(store, np.ones(64), 1)


@pytest.mark.parametrize(("n", "shape"), [(0, (0, 64)), (12, (11, 64)), (12, (12,))])
def test_an_index_needs_a_vector_for_each_passage(n, shape):
    with pytest.raises(ValueError, match=f"need one vector a chunk and at least one, got {n} chunks"):
        build_vector_index(chunks_of(n), np.ones(shape))


# saving


@pytest.fixture
def saved(tmp_path):
    folder = tmp_path / "index"
    save_vector_index(build_vector_index(chunks_of(12), embed(FLAT)), folder, "our key")
    return folder


def test_a_saved_index_answers_the_same(saved):
    store, questions = build_vector_index(chunks_of(12), embed(FLAT)), embed(["kilns", "passage 3 about glazes"])
    assert search_vectors(load_vector_index(saved, "our key"), questions, 5) == search_vectors(store, questions, 5)


@pytest.mark.parametrize("name", ["index.faiss", "chunks.jsonl", "manifest.json"])
def test_a_file_cut_short_is_refused(saved, name):
    cut_short(saved / name, 0.9)
    with pytest.raises(DamagedFile, match=f"{name}.*delete the folder and build the index again"):
        load_vector_index(saved, "our key")


@pytest.mark.parametrize("name", ["index.faiss", "chunks.jsonl"])
@pytest.mark.parametrize("byte", [0, 100, -1])
def test_a_flipped_bit_is_refused(saved, name, byte):
    flip_bit(saved / name, byte)
    with pytest.raises(DamagedFile, match=f"{name} has been cut short or altered"):
        load_vector_index(saved, "our key")


def test_altered_passages_are_refused(saved):
    path = saved / "chunks.jsonl"
    path.write_text(path.read_text("utf-8").replace("kilns", "wheel"), encoding="utf-8")
    with pytest.raises(DamagedFile, match="chunks.jsonl has been cut short or altered"):
        load_vector_index(saved, "our key")


def test_another_number_of_passages_than_vectors_is_refused(saved):
    lines = (saved / "chunks.jsonl").read_text("utf-8").splitlines(keepends=True)
    (saved / "chunks.jsonl").write_text("".join(lines[1:]), encoding="utf-8")
    write_manifest(saved, {"made_from": "our key"})
    with pytest.raises(DamagedFile, match="12 vectors for 11 chunks"):
        load_vector_index(saved, "our key")


def test_an_index_of_another_model_or_other_documents_is_refused(saved):
    with pytest.raises(DamagedFile, match="made with another made_from.*build the index again"):
        load_vector_index(saved, "another key")


def test_the_key_holds_the_model_and_every_passage_with_its_place():
    chunks = chunks_of(3)
    others = [
        dataclasses.replace(chunks[1], **change)
        for change in ({"text": "b"}, {"context": "c"}, {"start": 9}, {"doc_id": "d"})
    ]
    variants = [chunks, chunks[:2], chunks[::-1], *([chunks[0], other, chunks[2]] for other in others)]
    keys = [index_key(model, variant) for model in ("one", "two") for variant in variants]
    assert len(set(keys)) == len(keys) and index_key("one", chunks_of(3)) == keys[0]


KILLED_SAVING = """
import sys, pathlib, fakes
from utils.records import Chunk
from utils.retrieve import vector_index
vector_index.write_manifest = fakes.wait_to_be_killed
store = vector_index.build_vector_index([Chunk("new", 0, 1, "new", "new")], fakes.embed(["new"]))
vector_index.save_vector_index(store, pathlib.Path(sys.argv[1]), "new key")
"""


def test_a_save_that_is_killed_leaves_the_old_index(saved):
    kill_in_the_middle(KILLED_SAVING, saved)
    assert load_vector_index(saved, "our key").chunks == tuple(chunks_of(12))
    assert json.loads((saved / "manifest.json").read_text())["made_from"] == "our key"
