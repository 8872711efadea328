"""The same race on examples with passages (150 to 350 tokens), one in ten: TRL's trainer over the course's loop."""

from benchmarks.frame import Benchmark, Measured
from benchmarks.train import Race, run

BENCHMARK = Benchmark("train-long", "×", 5, "higher", "TRL SFTTrainer, its defaults on a CPU")
RACE = Race(
    arm="raft",
    every=10,
    seeds=(1, 2, 3, 4, 5),
    ours=({}, {"epochs": 2}, {"epochs": 2, "lowest_layer": 20}),
    theirs=(
        {"learning_rate": 1e-3, "epochs": 1},
        {"learning_rate": 2e-3, "epochs": 1},
        {"learning_rate": 2e-3, "epochs": 2},
    ),
)


def measure() -> Measured:
    """Five seeds on both sides: about two hours, and resumable."""
    return run(RACE)
