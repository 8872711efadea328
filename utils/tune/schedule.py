"""Which examples are trained on when, and at what rate: settings, batches, legs, learning rate. Pure Python."""

import random
from dataclasses import dataclass

LEG = 100  # steps between two validations and checkpoints, at most; every epoch ends with one


@dataclass(frozen=True)
class Settings:
    """What training depends on besides model and examples."""

    epochs: int
    learning_rate: float
    lowest_layer: int  # adapters from here up; what the layers below compute never changes
    rank: int = 16
    batch_size: int = 16
    warmup: float = 0.1  # share of all steps
    seed: int = 1


def plan_batches(n_examples: int, batch_size: int, seed: int, epoch: int) -> list[list[int]]:
    """This epoch's batches of example numbers, shuffled, the same at every start."""
    order = list(range(n_examples))
    random.Random(f"{seed}-{epoch}").shuffle(order)
    return [order[start : start + batch_size] for start in range(0, n_examples, batch_size)]


def learning_rate(step: int, total: int, settings: Settings) -> float:
    """Linear warm-up, then linear decay to zero at `total`.

    >>> s = Settings(epochs=1, learning_rate=1.0, lowest_layer=0, warmup=0.2)
    >>> [round(learning_rate(step, 10, s), 3) for step in (0, 1, 2, 6, 9)]
    [0.5, 1.0, 1.0, 0.5, 0.125]
    """
    warm = max(1, round(settings.warmup * total))
    share = (step + 1) / warm if step < warm else (total - step) / (total - warm)
    return settings.learning_rate * share


def plan_legs(steps: int, epochs: int) -> list[tuple[int, int]]:
    """(first step, step after the last) of each leg: an epoch of `steps` is cut into equal ones of at most LEG.

    >>> plan_legs(120, 2)
    [(0, 60), (60, 120), (120, 180), (180, 240)]
    """
    n_legs = -(-steps // LEG)
    ends = [epoch * steps + steps * (leg + 1) // n_legs for epoch in range(epochs) for leg in range(n_legs)]
    return list(zip([0, *ends], ends))
