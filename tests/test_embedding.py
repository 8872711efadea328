"""Vectors are remembered by content: the same as computed, computed once, and never lost to a kill."""

import fakes
import numpy as np
import pytest

from utils.files import DamagedFile
from utils.retrieve.embedding import remember

TEXTS = ["the large kiln", "blue glaze", "the large kiln", "red clay"]


class Counting:
    """The fake embedder, keeping a list of what it was asked."""

    def __init__(self):
        self.asked = []

    def __call__(self, texts):
        self.asked.append(list(texts))
        return fakes.embed(texts)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "cache" / "embeddings.sqlite"


def test_remembered_vectors_are_the_computed_ones_in_order(path):
    embed = remember(fakes.embed, "fake", path)
    for _ in range(2):
        np.testing.assert_array_equal(embed(TEXTS), fakes.embed(TEXTS))
    np.testing.assert_array_equal(embed(TEXTS[::-1]), fakes.embed(TEXTS[::-1]))


def test_each_text_is_computed_once_even_by_another_process(path):
    first, second = Counting(), Counting()
    remember(first, "fake", path)(TEXTS)
    assert first.asked == [["the large kiln", "blue glaze", "red clay"]]
    remember(second, "fake", path)(["a wheel", *TEXTS])
    assert second.asked == [["a wheel"]]


def test_another_model_or_another_word_is_computed_anew(path):
    remember(fakes.embed, "fake", path)(TEXTS)
    other = Counting()
    remember(other, "another", path)(TEXTS[:1])
    remember(other, "fake", path)(["the large kilns"])
    assert other.asked == [TEXTS[:1], ["the large kilns"]]


def test_an_error_loses_only_the_texts_it_was_computing(path):
    remember(fakes.embed, "fake", path)(TEXTS[:2])

    def stopped(texts):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        remember(stopped, "fake", path)(TEXTS)
    later = Counting()
    remember(later, "fake", path)(TEXTS)
    assert later.asked == [["red clay"]]


@pytest.mark.parametrize("content", [b"not a database " * 99, None], ids=["overwritten", "cut short"])
def test_a_damaged_store_is_named_with_the_way_out(path, content):
    remember(fakes.embed, "fake", path)([f"text {number}" for number in range(300)])
    if content:
        path.write_bytes(content)
    else:
        fakes.cut_short(path)
    with pytest.raises(DamagedFile, match=r"embeddings\.sqlite is damaged .*: delete it"):
        remember(fakes.embed, "fake", path)([f"text {number}" for number in range(300)])


def test_the_fake_embedder_gives_unit_vectors_blind_to_order():
    vectors = fakes.embed(["blue glaze", "glaze, blue?", "red clay"])
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, rtol=1e-6)
    assert np.array_equal(vectors[0], vectors[1]) and vectors[0] @ vectors[2] < 0.99
