"""How much of what this machine can multiply does training use? FLOPs are counted from the shapes of its products.

Only work that is done counts: what sharing a beginning and keeping frozen layers saves is reported apart, as `saved`.
"""

import dataclasses
import statistics
import time
from pathlib import Path

import torch
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.ceiling import SHAPES, ceiling_flops
from benchmarks.frame import Benchmark, Measured, middle
from utils.lab import Lab, open_lab, plan_training
from utils.tune.examples import Encoded
from utils.tune.forms import fast_forms
from utils.tune.lora import add_adapter
from utils.tune.loss import Prepared
from utils.tune.schedule import Settings, plan_batches
from utils.tune.training import Run

BENCHMARK = Benchmark("train-ceiling", "of the ceiling", 0.6, "higher", "the machine's own matrix products")
STEPS, ROUNDS = 8, 5


def measure() -> Measured:
    """The share reached by raft's training, whose examples are long; ft's stands in the settings."""
    lab = open_lab()
    shares = {arm: measure_arm(lab, arm) for arm in ("raft", "ft")}
    value, low, high = middle([row["share"] for row in shares["raft"]])
    others = {"ft": statistics.median(row["share"] for row in shares["ft"])}
    return Measured(value, low, high, shares["raft"], {"steps": STEPS, "shapes": SHAPES, "share_of_other_arms": others})


def measure_arm(lab: Lab, arm: str) -> list[dict]:
    """A row a round: FLOPs a second of STEPS training steps, over those of the best product measured just before."""
    plan = plan_training(lab, arm, 1)
    settings = dataclasses.replace(plan.settings, epochs=1)
    learn = plan.learn[: STEPS * settings.batch_size]
    model = add_adapter(lab.lm, settings.rank, settings.lowest_layer, settings.seed)
    try:
        with fast_forms(model):
            run = Run(model, settings, Path("never-written"), {})
            prepared = Prepared(model, learn, settings.lowest_layer, keep=plan.settings.epochs > 1)
            with FlopCounterMode(display=False) as counter:
                seconds_of(run, prepared)
            flops = counter.get_total_flops()
            plain = plain_flops(model, learn, settings)
            rows = []
            for number in range(ROUNDS):
                ceiling, seconds = ceiling_flops(lab.lm.model.dtype), seconds_of(run, prepared)
                rows.append({"flops": flops, "seconds": seconds, "ceiling": ceiling, "share": flops / seconds / ceiling})
                rows[-1]["saved"] = 1 - flops / plain
                print(f"  {arm}, round {number + 1} of {ROUNDS}: {rows[-1]['share']:.2f} of the ceiling", flush=True)
            return rows
    finally:
        model.unload()


def seconds_of(run: Run, prepared: Prepared) -> float:
    """Seconds of one pass over the examples."""
    batches = plan_batches(len(prepared.examples), run.settings.batch_size, run.settings.seed, 0)
    start = time.perf_counter()
    for number, batch in enumerate(batches):
        run.step(prepared, batch, number, len(batches))
    return time.perf_counter() - start


def plain_flops(model: torch.nn.Module, examples: list[Encoded], settings: Settings) -> float:
    """FLOPs of the same pass without any saving: every token of every example through every layer, forward and back.

    Two FLOPs a weight and token forward, two back for the inputs (weights are frozen); output layer at every token.
    """
    base = model.get_base_model()
    weights = sum(part.weight.numel() for part in base.modules() if isinstance(part, torch.nn.Linear))
    return 4.0 * weights * sum(len(example.ids) for example in examples)
