"""Made vectors lie as real ones do, recall is what a full scan says, and an exponent is the one that was put in."""

from pathlib import Path

import faiss
import numpy as np
import pytest
from scipy.stats import linregress

from benchmarks import search_1m
from benchmarks.curves import Curve, describe, fit_exponent, plot_curves, time_work
from benchmarks.growth_search import make_documents
from benchmarks.made_vectors import (
    NEIGHBOURS,
    Neighbourhoods,
    draw,
    find_neighbourhoods,
    fit_noise,
    intrinsic_dimension,
    nearest,
    participation_ratio,
)
from benchmarks.search_1m import choose_effort, recall, time_search
from benchmarks.search_built import build_hnsw, build_ivf, keep
from utils.retrieve.chunking import chunk_documents

K = 10


def unit(vectors: np.ndarray) -> np.ndarray:
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def scattered(n: int, inner: int, d: int = 48) -> np.ndarray:
    """n unit vectors in d dimensions that fill `inner` of them."""
    chance = np.random.default_rng(inner)
    return unit(chance.standard_normal((n, inner)) @ chance.standard_normal((inner, d)))


@pytest.fixture(scope="module")
def around() -> Neighbourhoods:
    return find_neighbourhoods(scattered(600, 6))


def test_nearest_agrees_with_sorting_everything():
    vectors = scattered(1234, 5)
    cosines = vectors @ vectors.T
    np.fill_diagonal(cosines, -2)
    found, rows = nearest(vectors, 7)
    np.testing.assert_allclose(found, -np.sort(-cosines, axis=1)[:, :7], atol=1e-6)
    np.testing.assert_allclose(np.take_along_axis(cosines, rows, axis=1), found, atol=1e-6)


def test_without_noise_a_made_vector_lies_between_a_real_one_and_one_of_its_nearest(around):
    pairs = [(own, other) for own in range(600) for other in around.rows[own]]
    a, b = (around.real[list(ends)] for ends in zip(*pairs))
    for made in draw(around, 40, 0.0, seed=1):
        off = np.abs(np.arccos(np.clip(a @ made, -1, 1)) + np.arccos(np.clip(b @ made, -1, 1)) - np.arccos((a * b).sum(1)))
        assert off.min() < 2e-3  # on the arc from one end to the other


@pytest.mark.parametrize("noise", [0.0, 0.5, 2.0])
def test_made_vectors_keep_unit_length(around, noise):
    made = draw(around, 25_000, noise, seed=1)
    assert made.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(made, axis=1), 1, atol=1e-5)


def test_made_vectors_stay_near_real_ones(around):
    made = draw(around, 2000, fit_noise(around, seed=1), seed=2)
    white = unit(np.random.default_rng(1).standard_normal((2000, 48)))
    distances = [np.sqrt(2 - 2 * (vectors @ around.real.T).max(axis=1)) for vectors in (made, white)]
    assert np.median(distances[0]) < 1.2 * np.median(around.reach)
    assert distances[0].max() < distances[1].min()


def test_fewer_made_vectors_are_the_first_of_more(around):
    np.testing.assert_array_equal(draw(around, 30, 0.5, seed=1), draw(around, 12_000, 0.5, seed=1)[:30])
    assert not np.array_equal(draw(around, 30, 0.5, seed=1), draw(around, 30, 0.5, seed=2))


def test_the_fitted_noise_gives_the_nearest_neighbours_of_real_vectors(around):
    made = draw(around, 600, fit_noise(around, seed=1), seed=2)
    (theirs, _), (ours, _) = nearest(around.real, 1), nearest(made, 1)
    assert np.median(ours) == pytest.approx(np.median(theirs), abs=0.01)


def test_noise_has_the_shape_of_the_neighbourhoods(around):
    made = draw(around, 5000, 1.0, seed=1)
    _, widths, _ = np.linalg.svd(made, full_matrices=False)
    assert widths[6] < 1e-3 * widths[5]  # the real ones fill six dimensions, and so do these


def test_too_few_vectors_have_no_neighbourhoods():
    with pytest.raises(ValueError, match=f"more than {NEIGHBOURS} vectors to find neighbourhoods, got 10"):
        find_neighbourhoods(scattered(10, 3))


@pytest.mark.parametrize("inner", [2, 4, 8])
def test_the_intrinsic_dimension_is_that_of_the_sphere_the_vectors_fill(inner):
    assert intrinsic_dimension(nearest(scattered(4000, inner + 1), 20)[0]) == pytest.approx(inner, rel=0.15)


def test_twins_do_not_count_for_the_dimension():
    vectors = scattered(1000, 4)
    twice = np.concatenate([vectors, vectors[:500]])
    assert np.isfinite(intrinsic_dimension(nearest(twice, 10)[0]))


def test_the_participation_ratio_counts_the_directions_filled():
    white = np.random.default_rng(1).standard_normal((20_000, 12))
    assert participation_ratio(white) == pytest.approx(12, rel=0.02)
    assert participation_ratio(white * ([1] * 3 + [0] * 9)) == pytest.approx(3, rel=0.02)


@pytest.fixture(scope="module")
def asked(around) -> dict[str, np.ndarray]:
    """Questions beside the set, with their true nearest by a full scan, and the set itself."""
    vectors = draw(around, 3000, 0.8, seed=1)
    asked = {"vectors": vectors}
    for number, split in enumerate(("dev", "test")):
        questions = unit(vectors[number::60] + 0.05 * np.random.default_rng(number).standard_normal((50, 48)))
        asked |= {split: questions, f"{split}_truth": np.argsort(-(questions @ vectors.T), axis=1)[:, :K]}
    return asked


def test_recall_is_what_sets_say(asked):
    index = build_ivf(asked["vectors"], n_lists=48)
    found = index.search(asked["test"], K)[1]
    shares = [len(set(theirs) & set(true)) / K for theirs, true in zip(found.tolist(), asked["test_truth"].tolist())]
    assert recall(found, asked["test_truth"]) == pytest.approx(np.mean(shares))
    assert 0 < np.mean(shares) < 1
    assert recall(asked["test_truth"][:, ::-1], asked["test_truth"]) == 1


@pytest.mark.parametrize("build", [lambda vectors: build_ivf(vectors, n_lists=48), build_hnsw])
def test_the_effort_chosen_is_the_least_that_finds_enough(asked, build, monkeypatch):
    monkeypatch.setattr(search_1m, "EFFORTS", (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 96))
    monkeypatch.setattr(search_1m, "RECALL", 0.8)  # of fifty questions
    rival = choose_effort(asked, build(asked["vectors"]), {"build_seconds": 1.5})
    effort, enough = rival.about["effort"], search_1m.RECALL_ON_DEV
    assert rival.about["recall"]["dev"] >= enough and rival.about["build_seconds"] == 1.5
    assert recall(rival.index.search(asked["dev"], K)[1], asked["dev_truth"]) == rival.about["recall"]["dev"]
    for less in [other for other in search_1m.EFFORTS if other < effort]:
        search_1m.set_effort(rival.index, less)
        assert recall(rival.index.search(asked["dev"], K)[1], asked["dev_truth"]) < enough


def test_an_index_that_never_finds_enough_is_refused(asked, monkeypatch):
    monkeypatch.setattr(search_1m, "EFFORTS", (1,))
    with pytest.raises(ValueError, match="IndexIVFFlat finds .* at effort 1: raise EFFORTS or RECALL_ON_DEV"):
        choose_effort(asked, build_ivf(asked["vectors"], n_lists=48), {})


def test_a_search_is_timed_one_at_a_time_and_at_once(asked):
    flat = faiss.IndexFlatIP(48)
    flat.add(asked["vectors"])
    timed = time_search(flat, asked["test"])
    assert 0 < timed["p95"] < timed["seconds"] and timed["batch_seconds"] > 0


def test_what_was_built_is_found_again_and_a_failed_build_leaves_nothing(tmp_path):
    def build(folder: Path) -> dict:
        (folder / "part").write_text("half")
        calls.append(folder)
        if len(calls) == 1:
            raise KeyboardInterrupt
        return {"n": len(calls)}

    calls = []
    with pytest.raises(KeyboardInterrupt):
        keep(tmp_path / "thing", "building", build)
    assert not list(tmp_path.iterdir())
    assert keep(tmp_path / "thing", "building", build) == keep(tmp_path / "thing", "building", build)
    assert len(calls) == 2 and (tmp_path / "thing" / "part").exists()


@pytest.mark.parametrize("exponent", [0.0, 0.5, 1.0, 2.0])
def test_the_exponent_of_a_power_law_is_found(exponent):
    x = [16, 32, 64, 128, 256]
    assert fit_exponent(x, [0.03 * size**exponent for size in x]) == pytest.approx((exponent,) * 3, abs=1e-6)


def test_the_exponents_interval_is_that_of_another_least_squares():
    x, chance = np.array([100, 300, 1000, 3000, 10_000]), np.random.default_rng(1)
    seconds = x**0.8 * np.exp(0.2 * chance.standard_normal(5))
    line = linregress(np.log(x), np.log(seconds))
    half = 3.182446 * line.stderr  # Student's t for 95 % and 3 degrees of freedom, from a table
    assert fit_exponent(x, seconds) == pytest.approx((line.slope, line.slope - half, line.slope + half), abs=1e-5)


def test_two_points_have_no_interval():
    with pytest.raises(ValueError, match="need three points .* got 2"):
        fit_exponent([1, 2], [1, 2])


def test_work_is_timed_three_times_while_it_is_quick():
    calls = []
    seconds, result = time_work(lambda what: calls.append(what) or len(calls), "done")
    assert (calls, result) == (["done"] * 3, 3) and 0 <= seconds < 1


def test_made_documents_differ_and_are_as_long_as_real_ones():
    documents = make_documents(60, seed=1)
    assert len({document.text for document in documents}) == len({document.doc_id for document in documents}) == 60
    assert make_documents(60, seed=1) == documents
    assert 8 < len(chunk_documents(documents)) / 60 < 14  # real ones have 11 passages


def test_every_curve_is_drawn_with_its_exponent():
    size = (1, 10, 100)
    curves = [
        describe(Curve(name, panel, "documents", size, [0.1 * x**power for x in size], ""))
        for name, panel, power in (("embed", "preparing", 1), ("index", "preparing", 2), ("search", "asking", 0.5))
    ]
    figure = plot_curves(curves)
    legends = [[text.get_text() for text in axis.get_legend().get_texts()] for axis in figure.axes]
    assert legends == [
        ["embed: exponent 1.00 [1.00, 1.00]", "index: exponent 2.00 [2.00, 2.00]"],
        ["search: exponent 0.50 [0.50, 0.50]"],
    ]
