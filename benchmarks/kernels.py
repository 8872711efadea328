"""`python -m benchmarks.kernels`: how many kernels one machine carries that all run the same lesson at once.

Half an hour on two cores. Each number of kernels that is done is kept under `.cache/bench/kernels`, so a run that was
stopped goes on with the next; the table in docs/server.md is written from the result.
"""

import argparse
import os
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

from benchmarks.frame import kept_folder, provenance
from benchmarks.kernels_memory import Watch
from benchmarks.kernels_table import RESULT, saved, to_text, write_page
from utils.bundle import copy_course
from utils.files import ROOT, read_json, sha256_file, write_json
from utils.machine import GIB, cache_folder, cores, free_memory

NUMBERS = (1, 2, 4, 8)
ROOM = 1.1  # times what the kernels took so far must be free for the next number of them
CELL_TIMEOUT = 7200  # seconds; eight kernels share what one has alone


def run_lesson(path: Path, threads: int) -> float:
    """Minutes that the notebook takes in a kernel of its own, in its own folder. RuntimeError names a cell that fails."""
    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(
        notebook, kernel_name="python3", timeout=CELL_TIMEOUT, resources={"metadata": {"path": str(path.parent)}}
    )
    settings = {"OMP_NUM_THREADS": str(threads), "COURSE_CACHE": str(cache_folder()), "TOKENIZERS_PARALLELISM": "false"}
    began = time.perf_counter()
    with client.setup_kernel(env=os.environ | settings):
        for index, cell in enumerate(notebook.cells):
            try:
                client.execute_cell(cell, index)
            except (CellExecutionError, CellTimeoutError, DeadKernelError) as problem:
                raise RuntimeError(f"{path}: cell {index + 1} failed\n{problem}") from None
        return (time.perf_counter() - began) / 60


def run_together(paths: Sequence[Path], threads: int) -> dict[str, object]:
    """Run a notebook in each of these places at once: the minutes of each, and what all held at their peak, in GiB."""
    with Watch() as watch, ThreadPoolExecutor(len(paths)) as pool:
        minutes = list(pool.map(lambda path: run_lesson(path, threads), paths))
    private = watch.peak.private
    return {
        "kernels": len(paths),
        "threads": threads,
        "minutes": minutes,
        "peak_gib": watch.peak.total / GIB,
        "private_gib": None if private is None else private / GIB,
        "resident_gib": watch.peak.resident / GIB,
    }


def run_copies(notebook: Path, number: int, threads: int) -> dict[str, object]:
    """Run a lesson so many times at once, each in its own copy of the course, as learners do. The models are shared."""
    with tempfile.TemporaryDirectory() as folder:
        places = [Path(folder) / str(index) for index in range(number)]
        for place in places:
            copy_course(ROOT, place)
        return run_together([place / "course" / notebook.relative_to(ROOT) for place in places], threads)


def plan(numbers: Sequence[int], n_cores: int) -> list[tuple[int, int]]:
    """(kernels, threads of each): the cores divided among them; for two, also all cores for both, as nobody has set it.

    >>> plan([1, 2, 4], 2)
    [(1, 2), (2, 1), (2, 2), (4, 1)]
    """
    divided = [(number, max(1, n_cores // number)) for number in numbers]
    undivided = [(2, n_cores)] * (2 in numbers and n_cores > 1)
    return sorted(divided + undivided)


def lack(number: int, gib_each: float, free: int) -> str | None:
    """Why so many kernels aren't started, None where they fit into the free memory (bytes)."""
    need = number * gib_each * ROOM
    if need <= free / GIB:
        return None
    many = "1 kernel was" if number == 1 else f"{number} kernels were"
    return f"{many} not started for want of memory: {need:.1f} GiB are needed, and {free / GIB:.1f} were free"


def measure(notebook: Path, numbers: Sequence[int]) -> tuple[list[dict], str | None]:
    """A row for each part of the plan, and why it ended before the last, or None."""
    rows, gib_each = [], nbformat.read(notebook, as_version=4).metadata["course"]["peak_gib"]
    kept = kept_folder("kernels", sha256_file(notebook))
    for number, threads in plan(numbers, cores()):
        path = kept / f"{number}-{threads}.json"
        if not path.exists():
            if reason := lack(number, gib_each, free_memory()):
                return rows, reason
            if not kept.exists():
                print("Once beforehand, so that nobody pays for reading packages and weights from the disk.", flush=True)
                run_copies(notebook, 1, threads)
            print(f"{number} kernels, {threads} threads each.", flush=True)
            write_json(path, run_copies(notebook, number, threads))
        rows.append(read_json(path))
        gib_each = max(gib_each, rows[-1]["peak_gib"] / number)
    return rows, None


def options(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line. Exits with the reason where the numbers don't begin with one kernel, or there is no such lesson."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.kernels", description=__doc__.splitlines()[0])
    parser.add_argument("--lesson", default="02", help="its two digits (default: 02)")
    parser.add_argument("--numbers", nargs="+", type=int, default=list(NUMBERS), help="of kernels, the first of them 1")
    parser.add_argument("--table", action="store_true", help="only write the table from the saved result")
    chosen = parser.parse_args(arguments)
    if chosen.numbers[0] != 1 or chosen.numbers != sorted(set(chosen.numbers)):
        parser.error(f"--numbers {chosen.numbers}: begin with 1, which the others are compared with, and go up")
    found = sorted(ROOT.glob(f"notebooks/{chosen.lesson}_*.ipynb"))
    if len(found) != 1:
        parser.error(f"--lesson {chosen.lesson}: {ROOT / 'notebooks'} holds {len(found)} notebooks {chosen.lesson}_*.ipynb")
    return argparse.Namespace(**vars(chosen), notebook=found[0])


def main() -> None:
    """Measure what isn't measured yet; save it and write the table."""
    chosen = options()
    if not chosen.table:
        rows, stopped = measure(chosen.notebook, chosen.numbers)
        if not rows:
            raise SystemExit(f"{stopped}: close other programs first")
        memory = "RSS, shared pages counted for each" if rows[0]["private_gib"] is None else "PSS, shared pages divided"
        about = provenance({"numbers": chosen.numbers, "notebook_sha256": sha256_file(chosen.notebook)})
        result = {"name": "kernels", "lesson": chosen.lesson, "memory": memory, "stopped": stopped}
        write_json(RESULT, {**result, "rows": rows, "provenance": about})
    write_page(saved())
    print(to_text(saved()))


if __name__ == "__main__":
    main()
