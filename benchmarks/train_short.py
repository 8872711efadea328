"""Seconds until a model knows the classroom's handbook, closed book: TRL's trainer over the course's loop."""

from benchmarks.frame import Benchmark, Measured
from benchmarks.train import Race, run

BENCHMARK = Benchmark("train-short", "×", 8, "higher", "TRL SFTTrainer, its defaults on a CPU")
RACE = Race(
    arm="ft",
    every=1,
    seeds=(1, 2, 3, 4, 5),
    ours=({}, {"epochs": 4}, {"batch_size": 8, "epochs": 4}, {"learning_rate": 3e-3, "epochs": 5}),
    theirs=(
        {"learning_rate": 1e-3, "epochs": 3},
        {"learning_rate": 2e-3, "epochs": 2},
        {"learning_rate": 2e-3, "epochs": 3},
        {"learning_rate": 4e-3, "epochs": 2},
    ),
)


def measure() -> Measured:
    """Five seeds on both sides: hours, and resumable."""
    return run(RACE)
