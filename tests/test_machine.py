"""The number format is measured once and found again; memory is what the process really held."""

import json
import time

import numpy as np
import pytest

from utils.machine import (
    GIB,
    PACKAGES,
    PeakMemory,
    cache_folder,
    cores,
    cpu_name,
    free_memory,
    measure_dtypes,
    pick_dtype,
    versions,
)


@pytest.fixture(autouse=True)
def empty_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("COURSE_DTYPE", raising=False)
    return tmp_path / "cache"


def test_the_cache_lies_where_one_says(empty_cache, monkeypatch):
    assert cache_folder() == empty_cache
    monkeypatch.delenv("COURSE_CACHE")
    assert cache_folder().parts[-2:] == (".cache", "rag-vs-fine-tuning")


@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "float16"])
def test_a_format_asked_for_is_taken_without_measuring(empty_cache, monkeypatch, dtype):
    monkeypatch.setenv("COURSE_DTYPE", dtype)
    assert pick_dtype("cpu") == dtype and not empty_cache.exists()


@pytest.mark.parametrize("dtype", ["int8", "Float32", "fp16"])
def test_a_format_that_does_not_exist_is_refused(monkeypatch, dtype):
    monkeypatch.setenv("COURSE_DTYPE", dtype)
    with pytest.raises(ValueError, match=f"COURSE_DTYPE is '{dtype}': use float32, bfloat16 or float16, or unset it"):
        pick_dtype("cpu")


def test_the_faster_format_is_kept_with_its_seconds_and_found_again(empty_cache):
    chosen = pick_dtype("cpu")
    path = empty_cache / "dtype.json"
    known = json.loads(path.read_text("utf-8"))
    ((key, entry),) = known.items()
    assert cpu_name() in key and "cpu" in key
    assert entry["dtype"] == chosen == min(entry["seconds"], key=entry["seconds"].get)
    other = "bfloat16" if chosen == "float32" else "float32"
    path.write_text(json.dumps({key: {**entry, "dtype": other}}), encoding="utf-8")
    assert pick_dtype("cpu") == other  # as the file says: it was not measured again


@pytest.mark.parametrize("content", [b'{"half', b"\xff\xfe", b""])
def test_a_damaged_measurement_is_made_again(empty_cache, content):
    empty_cache.mkdir()
    (empty_cache / "dtype.json").write_bytes(content)
    assert pick_dtype("cpu") in ("float32", "bfloat16")
    assert json.loads((empty_cache / "dtype.json").read_text("utf-8"))


def test_both_formats_are_timed():
    seconds = measure_dtypes("cpu")
    assert set(seconds) == {"float32", "bfloat16"} and min(seconds.values()) > 0


def test_peak_memory_counts_what_was_held_and_given_back():
    with PeakMemory() as memory:
        before = memory.peak
        block = np.ones(GIB // 5 // 8)
        given_up = time.monotonic() + 10
        while memory.peak < before + GIB // 6 and time.monotonic() < given_up:
            block += 1
        del block
    assert GIB // 6 <= memory.peak - before < GIB


def test_the_machine_describes_itself():
    assert cores() >= 1 and free_memory() > 0 and cpu_name()
    assert set(versions()) == {"python", *PACKAGES} and all(versions().values())
