"""How long a room waits until the model knows the handbook by heart."""

from benchmarks.classroom import wait
from benchmarks.frame import Benchmark, Measured

BENCHMARK = Benchmark("classroom-ft", "s", 75, "lower", "a workshop's patience")


def measure() -> Measured:
    """Three seeds, each as `course.py run` trains its one: what they get right differs by several points."""
    return wait("ft", (1, 2, 3), asked=0.80)
