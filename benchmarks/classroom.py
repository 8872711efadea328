"""How long a room waits for a training, and whether what it then has is as good as the course asks.

The training is `course.py run`'s own: one that was done is taken with the seconds it took.
"""

from benchmarks.frame import Measured, middle
from utils.comparison import answer_step
from utils.lab import open_lab, train_arm


def wait(arm: str, seeds: tuple[int, ...], asked: float, where_found: bool = False) -> Measured:
    """Seconds of the arm's whole training; `asked` is the share of right answers that is wanted of it.

    `where_found` counts only questions whose gold passage was retrieved.
    """
    lab, raw = open_lab(), []
    for seed in seeds:
        seconds = train_arm(lab, arm, seed).seconds
        rows = answer_step(lab, arm, seed)["rows"]
        counted = [
            row["correct"]
            for row in rows
            if not row["after"] and row["em"] is not None and (row["gold_retrieved"] or not where_found)
        ]
        raw.append({"seed": seed, "seconds": seconds, "right": sum(counted) / len(counted), "n": len(counted)})
    value, low, high = middle([row["seconds"] for row in raw])
    right = sum(row["right"] for row in raw) / len(raw)
    settings = {"right": right, "asked": asked, "where_found": where_found, "as_asked": right >= asked}
    return Measured(value, low, high, raw, settings)
