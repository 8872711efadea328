"""What getting ready takes: CPU-seconds, seconds on the clock and memory of one step, as figures.

CPU-seconds are those of all threads of this process, where they wait for one another included: what a bill is made from.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from utils.lab import SEARCH
from utils.machine import GIB, PeakMemory
from utils.measure.results import figure
from utils.records import Document
from utils.retrieve.chunking import chunk_documents
from utils.retrieve.embedding import Embed
from utils.retrieve.retriever import Retrieve, build_retriever

Result = TypeVar("Result")


@dataclass(frozen=True)
class Spent:
    """CPU-seconds, seconds on the clock, and the most memory (bytes) that the process held meanwhile, models included."""

    cpu: float
    wall: float
    peak: float


def spend(work: Callable[[], Result]) -> tuple[Result, Spent]:
    """(what the work returns, what it took)."""
    with PeakMemory() as memory:
        cpu, wall = time.process_time(), time.perf_counter()
        result = work()
        cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    return result, Spent(cpu, wall, memory.peak)


def figures_of(step: str, system: str, spent: Spent, seed: int | None = None, item: str | None = None) -> list[dict]:
    """`<step>: CPU`, `<step>: clock` and `<step>: memory`, a row each. Where nothing is trained, `seed` counts the runs."""
    return [
        figure(f"{step}: CPU", system, spent.cpu, "s", seed, item),
        figure(f"{step}: clock", system, spent.wall, "s", seed, item),
        figure(f"{step}: memory", system, spent.peak / GIB, "GiB", seed, item),
    ]


def index_pages(documents: Sequence[Document], embed: Embed) -> tuple[Retrieve, Spent]:
    """A search over the documents, and what it took to cut, embed and index them."""
    return spend(lambda: build_retriever(chunk_documents(documents), embed, SEARCH))
