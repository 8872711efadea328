"""The main comparison: every system, the same questions, before and after the revision, as resumable steps.

`python -m utils.comparison` runs it at classroom size (one seed) and ends with a table and a figure.
`python -m utils.comparison --full` runs five seeds and the placebo, and renews `data/results/comparison.jsonl`.
Each finished step is a file under `.cache/`; started again, it goes on after the last one.
"""

import argparse
import dataclasses
import time
from collections.abc import Sequence
from pathlib import Path

import torch

from utils import systems
from utils.data import DATA, load_company
from utils.fetch import DEFAULT_MODEL
from utils.files import ROOT, read_json, sha256_text, write_json
from utils.lab import READING, SEARCH, THINNED, TRAINING, Lab, open_lab, plan_training, train_arm
from utils.ledger import write_ledger
from utils.machine import GIB, PeakMemory, device_name
from utils.measure.evaluation import Condition, Row, score
from utils.measure.results import describe_run, write_results
from utils.models import EMBEDDER_SHA256, LanguageModel
from utils.records import Answer, Question
from utils.report import report, write_readme
from utils.retrieve.retriever import search_settings
from utils.shipped import came_with_the_course
from utils.tune.examples import Practice
from utils.tune.lora import adapter_sha256, merge_adapter

FULL_SEEDS = (1, 2, 3, 4, 5)
OUTPUT = ROOT / "results"


def ask(
    lab: Lab, system: str, lm: LanguageModel, questions: Sequence[Question], after: bool, known: Sequence[Answer] = ()
) -> list[Answer]:
    """The system's answer to each question. `lm` is the model with the system's adapter merged in.

    `known` holds answers that it has given: where a change leaves a prompt as it was, so it does the answer.
    """
    progress = f"asking {system}{', after the change' if after else ''}"
    if system == "faq":
        return systems.ask_nearest_question(lab.embed, lab.company.split("train"), questions)
    if system == "search":
        return systems.ask_search(questions, systems.find_passages(lab.retrieve[after], questions, 1))
    if system not in systems.READS_PASSAGES:
        return systems.ask_closed_book(lm, questions, progress, lab.closed_book)
    if system == "oracle":
        found = systems.give_gold(lab.retrieve[after], lab.chunks[after], questions, after)
    else:
        found = systems.find_passages(lab.retrieve[after], questions, READING[system].k)
    return systems.ask_with_passages(lm, questions, found, READING[system].prompt, progress, known)


def answer_step(lab: Lab, system: str, seed: int | None, adapter: Path | None = None) -> dict:
    """{rows, seconds, peak_gib, threads} of one system and seed on the test questions, before and after the revision.

    Taken from the step's file where it is finished. A system that sees no documents is asked once and scored twice.
    An `adapter` given takes the place of the one that would be trained.
    """
    if adapter is None and system in systems.ADAPTER_OF:
        adapter = train_arm(lab, systems.ADAPTER_OF[system], seed).folder
    digest = adapter_sha256(adapter) if adapter else None
    path = lab.work / "answers" / f"{system}-{seed}-{step_key(lab, system, digest)}.json"
    if not path.exists():
        questions = lab.company.split("test")
        start = time.perf_counter()
        with PeakMemory() as memory:
            lm = merge_adapter(lab.lm, adapter) if adapter else lab.lm
            before = ask(lab, system, lm, questions, False)
            after = ask(lab, system, lm, questions, True, before) if system in systems.READS_PASSAGES else before
        rows = [
            row
            for changed, answers in ((False, before), (True, after))
            for row in score_all(answers, questions, condition_of(system, seed, changed, digest))
        ]
        spent = {"seconds": time.perf_counter() - start, "peak_gib": memory.peak / GIB, "threads": torch.get_num_threads()}
        write_json(path, {"rows": rows, **spent})
    return read_json(path)


def condition_of(system: str, seed: int | None, after: bool, adapter: str | None) -> Condition:
    """The label of a row. `search` shows the best passage as it stands; systems without passages have no k."""
    k = 1 if system == "search" else READING[system].k if system in READING else None
    run_id = f"{system}-{seed}-{'after' if after else 'before'}"
    return Condition(run_id, system, seed, after, k, adapter)


def score_all(answers: Sequence[Answer], questions: Sequence[Question], condition: Condition) -> list[Row]:
    """A row an answer."""
    return [
        score(answer, question, condition, systems.citations(condition.system, answer))
        for answer, question in zip(answers, questions, strict=True)
    ]


def step_key(lab: Lab, system: str, adapter: str | None) -> str:
    """Everything an answer depends on, as one short hash."""
    reading = READING.get(system)
    prompt = (reading.k, reading.prompt("a question", [])) if reading else lab.closed_book("a question")
    search = (SEARCH, EMBEDDER_SHA256, search_settings())
    parts = (lab.lm.sha256, str(lab.lm.model.dtype), lab.company.sha256, adapter, search, prompt)
    return sha256_text(repr(parts))[:12]


def plan(full: bool, seeds: Sequence[int]) -> list[tuple[str, int | None]]:
    """(system, seed) of every step, untrained systems first. The placebo, a control, belongs to the full size: one seed."""
    untrained = [name for name in (*systems.MAIN, *systems.CONTROLS) if name not in systems.ADAPTER_OF]
    trained = [(name, seed) for seed in seeds for name in systems.MAIN if name in systems.ADAPTER_OF]
    return [(name, None) for name in untrained] + trained + [("placebo", seed) for seed in seeds[:1] if full]


def compare(lab: Lab, steps: Sequence[tuple[str, int | None]], experiment: str) -> tuple[dict, list[Row]]:
    """Run every step that isn't finished: (provenance, rows in the order of the systems' table)."""
    done = {}
    for number, (system, seed) in enumerate(steps, 1):
        print(f"[{number}/{len(steps)}] {system}{f', seed {seed}' if seed else ''}", flush=True)
        done[system, seed] = answer_step(lab, system, seed)
    order = {name: place for place, name in enumerate((*systems.MAIN, *systems.CONTROLS))}
    keys = sorted(done, key=lambda key: (order[key[0]], key[1] or 0))
    rows = [row for key in keys for row in done[key]["rows"]]
    adapters = {(row["system"], row["seed"]): row["adapter_sha256"] for row in rows if row["adapter_sha256"]}
    settings = {
        "search": {"mode": SEARCH, **search_settings()},
        "reading": {name: {"prompt": chosen.prompt.__name__, "k": chosen.k} for name, chosen in READING.items()},
        "threads": max(step["threads"] for step in done.values()),
        "dtype": str(lab.lm.model.dtype).removeprefix("torch."),
        "device": device_name(),
        "practice": dataclasses.asdict(Practice(READING["raft"].k)),
        "thinned": THINNED,
        "training": {arm: dataclasses.asdict(chosen) for arm, chosen in TRAINING.items()},
        "training_seconds": {
            f"{arm}-{seed}": round(train_arm(lab, arm, seed).seconds, 1) for arm, seed in trained_arms(steps)
        },
        "adapters": {f"{system}-{seed}": digest for (system, seed), digest in adapters.items()},
        "peak_gib": {
            f"{system}-{seed}" if seed else system: round(step["peak_gib"], 2) for (system, seed), step in done.items()
        },
    }
    seconds = sum(step["seconds"] for step in done.values()) + sum(settings["training_seconds"].values())
    return describe_run(experiment, lab.lm.sha256, lab.company.sha256, settings, seconds, len(rows)), rows


def check_trained_here(lab: Lab, steps: Sequence[tuple[str, int | None]]) -> None:
    """ValueError where an adapter was laid down by catch-up: saved results are of one machine, trainings included."""
    for folder in (plan_training(lab, arm, seed).folder for arm, seed in trained_arms(steps)):
        if came_with_the_course(folder):
            raise ValueError(f"{folder} came with the course: delete it, and the full comparison trains its own")


def trained_arms(steps: Sequence[tuple[str, int | None]]) -> list[tuple[str, int]]:
    """(arm, seed) of every adapter that the steps need, each once."""
    return list(dict.fromkeys((systems.ADAPTER_OF[name], seed) for name, seed in steps if name in systems.ADAPTER_OF))


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the comparison and end with the table, the figure and where both lie."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--full", action="store_true", help="five seeds and the placebo; renews data/results/")
    parser.add_argument("--seeds", type=int, nargs="+", help="training seeds (default: 1, or 1 to 5 with --full)")
    parser.add_argument("--model", default=DEFAULT_MODEL, help="a hub id or local folder in place of the default model")
    parser.add_argument("--data", type=Path, default=DATA, help="a data folder of your own in the course's formats")
    chosen = parser.parse_args(arguments)
    chosen.data = chosen.data.resolve()
    lab = open_lab(None if chosen.data == DATA else load_company(chosen.data), chosen.model)
    steps = plan(chosen.full, chosen.seeds or (FULL_SEEDS if chosen.full else FULL_SEEDS[:1]))
    if chosen.full:
        check_trained_here(lab, steps)
    provenance, rows = compare(lab, steps, "comparison" if chosen.full else "classroom")
    folder = chosen.data / "results" if chosen.full else OUTPUT
    write_results(folder / "comparison.jsonl", provenance, rows)
    report(folder, lab.company, provenance, rows)
    if chosen.full and chosen.data == DATA:
        write_readme(lab.company, provenance, rows)
        write_ledger(lab.company)


if __name__ == "__main__":
    main()
