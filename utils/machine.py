"""What this machine is and which number format it computes fastest in. Measures; never guesses by name."""

import ctypes
import json
import os
import platform
import sys
import threading
import time
from collections.abc import Callable, Sequence
from importlib import metadata
from pathlib import Path

import psutil

from utils.files import write_json

PACKAGES = ("torch", "transformers", "peft", "sentence-transformers", "faiss-cpu", "bm25s", "PyStemmer", "numpy")
GIB = 2**30
# oneDNN keeps what it made for each shape of matrix; in a training every batch has its own, and 1024 of them (its default)
# take half a GiB. With 16 each was made anew within a batch, and a step in bfloat16 took a fifth longer; more than 64 gave
# no clear gain. Read when the first matrix is multiplied, so it is set here, before that.
os.environ.setdefault("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "64")


def cache_folder() -> Path:
    """Where models and measurements are kept: $COURSE_CACHE, or `.cache/rag-vs-fine-tuning` in the home folder."""
    chosen = os.environ.get("COURSE_CACHE")
    return Path(chosen) if chosen else Path.home() / ".cache" / "rag-vs-fine-tuning"


def cpu_name() -> str:
    """The processor's name as the system tells it."""
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


def cores() -> int:
    """Cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def free_memory() -> int:
    """Bytes that a program can still take."""
    return psutil.virtual_memory().available


def return_memory() -> None:
    """Hand freed memory back to the system. glibc keeps it in pieces of odd sizes; a no-op elsewhere."""
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # absent where the C library isn't glibc
        if trim:
            trim(0)


class PeakMemory:
    """The most memory (bytes, resident) this process holds inside the block, sampled 20 times a second: `.peak`."""

    def __enter__(self) -> "PeakMemory":
        self.peak, self._done = psutil.Process().memory_info().rss, threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()
        return self

    def _watch(self) -> None:
        while not self._done.wait(0.05):
            self.peak = max(self.peak, psutil.Process().memory_info().rss)

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()


def versions() -> dict[str, str]:
    """Installed versions of the packages that can change a result."""
    return {"python": platform.python_version(), **{name: metadata.version(name) for name in PACKAGES}}


def pick_device() -> str:
    """`cuda`, `mps` or `cpu`: the first that is there."""
    import torch

    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def device_name() -> str | None:
    """The accelerator's name, as a result's provenance holds it; None where the processor computes."""
    import torch

    device = pick_device()
    return torch.cuda.get_device_name() if device == "cuda" else device if device == "mps" else None


def time_matmul(device: str, dtype: str, size: tuple[int, int, int] = (512, 576, 1536), repeats: int = 20) -> float:
    """Seconds for one matrix product of the shape a small model's MLP has; the median of `repeats`."""
    import torch

    rows, inner, columns = size
    left = torch.randn(rows, inner, device=device).to(getattr(torch, dtype))
    right = torch.randn(inner, columns, device=device).to(getattr(torch, dtype))
    seconds = []
    for _ in range(repeats + 3):
        start = time.perf_counter()
        (left @ right).sum().item()  # .item() waits for an asynchronous device
        seconds.append(time.perf_counter() - start)
    return sorted(seconds[3:])[repeats // 2]


def measure_dtypes(device: str) -> dict[str, float]:
    """Seconds of one matrix product per number format that the device can be asked for."""
    import torch

    formats = ["float32", "bfloat16"]
    if device == "cuda" and not torch.cuda.is_bf16_supported(including_emulation=False):
        formats = ["float32", "float16"]  # a T4 has no bfloat16 and would emulate it
    return {name: time_matmul(device, name) for name in formats}


def pick_dtype(device: str | None = None) -> str:
    """The faster number format here: $COURSE_DTYPE, or the winner of a short measurement that is kept with its result."""
    if chosen := asked_for("COURSE_DTYPE", ("float32", "bfloat16", "float16")):
        return chosen
    import torch

    device = device or pick_device()
    return fastest("dtype", f"{cpu_name()} · {device} · torch {torch.__version__}", lambda: measure_dtypes(device))


def asked_for(variable: str, known: Sequence[str]) -> str | None:
    """What the environment variable says, None where it isn't set. ValueError for what isn't known."""
    chosen = os.environ.get(variable) or None
    if chosen and chosen not in known:
        *others, last = known
        raise ValueError(f"{variable} is {chosen!r}: use {', '.join(others)} or {last}, or unset it")
    return chosen


def fastest(what: str, key: str, measure: Callable[[], dict[str, float]]) -> str:
    """The one with the fewest seconds in `measure()`, kept with them in the cache: in `<what>.json`, under `key`."""
    path = cache_folder() / f"{what}.json"
    try:
        known = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        known = {}  # nothing is lost: it is measured again, in seconds
    if key not in known:
        seconds = measure()
        known[key] = {what: min(seconds, key=seconds.get), "seconds": seconds}
        write_json(path, known)
    return known[key][what]


def describe() -> str:
    """One line about the machine and the measured number format."""
    device = pick_device()
    seconds = measure_dtypes(device)
    speeds = ", ".join(f"{name} {1e3 * value:.2f} ms" for name, value in seconds.items())
    return (
        f"{cpu_name()}, {cores()} cores, {psutil.virtual_memory().total / GIB:.0f} GiB; device {device}; "
        f"one 512×576×1536 product: {speeds}; faster here: {min(seconds, key=seconds.get)}"
    )


if __name__ == "__main__":
    print(describe())
