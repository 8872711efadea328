"""What every comparison shares: both sides in turn, the median of their ratios, a file in the contract's format.

A ratio is taken within one round, in which each side runs once, so that a machine that slows down slows both.
"""

import datetime
import json
import random
import shutil
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import torch

from utils.files import ROOT, read_json, sha256_text, write_json
from utils.machine import cores, cpu_name, versions
from utils.measure.metrics import is_correct
from utils.measure.results import code_commit
from utils.records import Question

RESULTS = Path(__file__).parent / "results"
RESAMPLES = 4000


@dataclass(frozen=True)
class Benchmark:
    """What is compared. `name` is its file's; `unit` is `×` for a ratio; `better` is `higher` or `lower`."""

    name: str
    unit: str
    target: float
    better: str
    against: str


@dataclass(frozen=True)
class Measured:
    """What came out: the value with its 95 % interval, the raw figures of each run, and what it depends on."""

    value: float
    low: float
    high: float
    raw: Sequence[Mapping[str, object]]
    settings: Mapping[str, object]


def in_turn(sides: Mapping[str, Callable[[], dict]], rounds: int, kept: Path | None = None) -> list[dict[str, dict]]:
    """What each side reports, a dict a round; every other round in reverse order, so that neither always comes first.

    With `kept`, a folder, each finished round is a file in it until all are done: a run that was stopped goes on.
    """
    done = []
    for number in range(rounds):
        path = kept / f"round-{number + 1}.json" if kept else None
        if path and path.exists():
            done.append(read_json(path))
            continue
        reports = {}
        for name in sides if number % 2 == 0 else reversed(sides):
            reports[name] = sides[name]()
            print(f"  round {number + 1} of {rounds}, {name}: {reports[name]['seconds']:.2f} s", flush=True)
        done.append({name: reports[name] for name in sides})
        if path:
            write_json(path, done[-1])
    if kept:
        shutil.rmtree(kept)  # asked for again, it is measured again
    return done


def kept_folder(name: str, depends_on: object) -> Path:
    """Where what is finished of a comparison is kept, by what it depends on (JSON), code, machine and number of threads."""
    key = json.dumps([depends_on, code_commit(), cpu_name(), torch.get_num_threads()])
    return ROOT / ".cache" / "bench" / name / sha256_text(key)[:12]


def share_right(texts: Sequence[str], questions: Sequence[Question]) -> float:
    """The share of these answers that are right, by the course's own rule."""
    right = [is_correct(text, q.answers, q.wrong_answers) for text, q in zip(texts, questions, strict=True)]
    return sum(right) / len(right)


def middle(values: Sequence[float]) -> tuple[float, float, float]:
    """(median, low, high): the interval is the bootstrap's, so with few runs it is close to their range.

    >>> middle([2.0, 2.0, 2.0])
    (2.0, 2.0, 2.0)
    """
    chance = random.Random(1)
    medians = sorted(statistics.median(chance.choices(values, k=len(values))) for _ in range(RESAMPLES))
    return statistics.median(values), medians[int(0.025 * RESAMPLES)], medians[int(0.975 * RESAMPLES) - 1]


def provenance(settings: Mapping[str, object]) -> dict[str, object]:
    """Where a result is from: code, packages, machine, threads and day, beside these settings."""
    return {
        "code_commit": code_commit(),
        "versions": versions(),
        "cpu": cpu_name(),
        "cores": cores(),
        "threads": torch.get_num_threads(),
        "settings": dict(settings),
        "date": datetime.date.today().isoformat(),
    }


def save(benchmark: Benchmark, measured: Measured) -> Path:
    """Write `results/<name>.json`, whole or not at all."""
    path = RESULTS / f"{benchmark.name}.json"
    write_json(
        path,
        {
            **asdict(benchmark),
            "value": measured.value,
            "n_runs": len(measured.raw),
            "low": measured.low,
            "high": measured.high,
            "raw": list(measured.raw),
            "provenance": provenance(measured.settings),
        },
    )
    return path


def is_met(result: Mapping[str, object]) -> bool:
    """Whether a saved result's value reaches its target, and its answers are as good as they have to be.

    >>> is_met({"value": 9.0, "target": 8.0, "better": "higher"}), is_met({"value": 9.0, "target": 8.0, "better": "lower"})
    (True, False)
    """
    far_enough = (
        result["value"] >= result["target"] if result["better"] == "higher" else result["value"] <= result["target"]
    )
    return far_enough and is_as_right(result)


def is_as_right(result: Mapping[str, object]) -> bool:
    """False where speed was bought with wrong answers, or where that can't be ruled out. True for what answers nothing."""
    settings = result.get("provenance", {}).get("settings", {})
    return settings.get("as_accurate", True) and settings.get("as_asked", True)
