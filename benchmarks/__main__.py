"""`python -m benchmarks [name ...]`: measure these comparisons, or all; then write the table and the figure anew."""

import argparse
import importlib

from benchmarks.frame import save
from benchmarks.report import write_report

ORDER = (
    "train-short",
    "train-long",
    "train-ceiling",
    "classroom-ft",
    "classroom-raft",
    "many-langchain",
    "many-llamaindex",
    "one-answer",
    "same-answers",
    "search-1m",
    "lesson-memory",
)


def measure(name: str) -> None:
    """Run one comparison and save its result."""
    row = importlib.import_module(f"benchmarks.{name.replace('-', '_')}")
    print(f"{name}, against {row.BENCHMARK.against}", flush=True)
    print(f"  {save(row.BENCHMARK, row.measure())}", flush=True)


def main() -> None:
    """Measure what the command line names."""
    parser = argparse.ArgumentParser(prog="course.py bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="name", help=f"of {', '.join(ORDER)}")
    parser.add_argument("--table", action="store_true", help="only write the table and the figure from the saved results")
    chosen = parser.parse_args()
    for name in [] if chosen.table else chosen.names or ORDER:
        measure(name)
    print(write_report(ORDER))


if __name__ == "__main__":
    main()
