"""Choose on dev: two settings for every arm, all written down. Nothing here touches a test question.

`python -m utils.selection` measures them (half an hour on two cores, resumable) and prints the best of each arm,
to be copied into `utils.lab` by hand, where a reader sees them.
"""

import dataclasses
import time
from dataclasses import dataclass

from utils import systems
from utils.answer.prompts import with_passages, with_worked_example
from utils.data import DATA
from utils.files import read_json, sha256_text, write_json, write_jsonl
from utils.lab import READING, SEARCH, THINNED, TRAINING, Lab, Reading, open_lab, train_arm
from utils.measure.evaluation import Condition, score
from utils.measure.results import describe_run
from utils.retrieve.retriever import search_settings
from utils.tune.examples import Practice
from utils.tune.lora import adapter_sha256, merge_adapter
from utils.tune.schedule import Settings

READINGS = (Reading(with_passages, 1), Reading(with_worked_example, 1))
FT = (
    Settings(epochs=6, learning_rate=2e-3, lowest_layer=20),
    Settings(epochs=6, learning_rate=1e-3, lowest_layer=20, batch_size=8),
)
READ_BY_RAFT = (Reading(with_passages, 3), Reading(with_passages, 2))


@dataclass(frozen=True)
class Trial:
    """One setting of one arm: the adapter it trains (None for the base model) and how it is shown passages (None: not)."""

    system: str
    training: Settings | None
    reading: Reading | None


def trials() -> list[Trial]:
    """Everything that is tried, two settings an arm. Those of raft, mixed and ft+rag are two ways to ask one adapter."""
    return [
        *(Trial("rag", None, reading) for reading in READINGS),
        *(Trial("ft", training, None) for training in FT),
        *(Trial("raft", TRAINING["raft"], reading) for reading in READ_BY_RAFT),
        *(Trial("mixed", TRAINING["mixed"], reading) for reading in READ_BY_RAFT),
        *(Trial("ft+rag", TRAINING["ft"], reading) for reading in READINGS),
    ]


def describe(trial: Trial) -> dict:
    """The trial as plain values."""
    reading = trial.reading and {"prompt": trial.reading.prompt.__name__, "k": trial.reading.k}
    return {
        "system": trial.system,
        "training": trial.training and dataclasses.asdict(trial.training),
        "reading": reading,
    }


def measure(lab: Lab, trial: Trial) -> dict:
    """The trial with its shares on dev: right (where there is an answer), abstaining rightly, and both together."""
    arm = systems.ADAPTER_OF.get(trial.system)
    trained = train_arm(lab, arm, 1, trial.training) if arm else None
    key = (describe(trial), lab.lm.sha256, lab.company.sha256, trained and adapter_sha256(trained.folder))
    path = lab.work / "selection" / f"{sha256_text(repr(key))[:12]}.json"
    if not path.exists():
        questions = lab.company.split("dev")
        lm = merge_adapter(lab.lm, trained.folder) if trained else lab.lm
        if trial.reading:
            found = systems.find_passages(lab.retrieve[False], questions, trial.reading.k)
            answers = systems.ask_with_passages(lm, questions, found, trial.reading.prompt)
        else:
            answers = systems.ask_closed_book(lm, questions)
        condition = Condition("dev", trial.system, 1, False, trial.reading and trial.reading.k)
        rows = [score(answer, question, condition, None) for answer, question in zip(answers, questions)]
        write_json(path, {**describe(trial), **shares(rows), "training_seconds": trained and round(trained.seconds)})
    return read_json(path)


def shares(rows: list[dict]) -> dict:
    """What the choice is made by: `all`, the share of dev questions answered as they should be."""
    answerable = [row["correct"] for row in rows if row["em"] is not None]
    others = [row["correct"] for row in rows if row["em"] is None]
    return {
        "n": len(rows),
        "all": sum(answerable + others) / len(rows),
        "right": sum(answerable) / len(answerable),
        "abstains_rightly": sum(others) / len(others),
    }


def main() -> None:
    """Measure every trial, write them down, print each arm's best."""
    start = time.perf_counter()
    lab = open_lab()
    lines = []
    for trial in trials():
        lines.append(measure(lab, trial))
        print({key: value for key, value in lines[-1].items() if value is not None}, flush=True)
    settings = {
        "search": {"mode": SEARCH, **search_settings()},
        "practice": dataclasses.asdict(Practice(READING["raft"].k)),
        "thinned": THINNED,
    }
    seconds = time.perf_counter() - start
    provenance = describe_run("selection", lab.lm.sha256, lab.company.sha256, settings, seconds, len(lines))
    write_jsonl(DATA / "results" / "selection.jsonl", [{"provenance": provenance}, *lines])
    for system in dict.fromkeys(line["system"] for line in lines):
        print("best", max((line for line in lines if line["system"] == system), key=lambda line: line["all"]))


if __name__ == "__main__":
    main()
