"""How long a room waits until the model knows the handbook by heart."""

from benchmarks.classroom import wait
from benchmarks.frame import Benchmark, Measured

BENCHMARK = Benchmark("classroom-ft", "s", 75, "lower", "a workshop's patience")


def measure() -> Measured:
    """One seed, as `course.py run` trains it."""
    return wait("ft", (1,), asked=0.80)
