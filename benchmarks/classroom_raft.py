"""How long a room waits until the model has practised reading."""

from benchmarks.classroom import wait
from benchmarks.frame import Benchmark, Measured

BENCHMARK = Benchmark("classroom-raft", "s", 120, "lower", "a workshop's patience")


def measure() -> Measured:
    """One seed, as `course.py run` trains it: ten minutes and more."""
    return wait("raft", (1,), asked=0.90, where_found=True)
