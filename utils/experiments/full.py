"""All desks: every system and control, every kind of question, before and after the revision, and with both versions found.

One adapter for each arm and seed over all desks. A file of rows for each system, `full-<system>.jsonl`.
"""

import dataclasses
from functools import partial
from pathlib import Path

from utils import systems
from utils.comparison import ask, condition_of, score_all, step_key
from utils.data import held_out_documents, load_company
from utils.experiments.frame import Experiment, Unit
from utils.lab import READING, ROUNDS_OF_MIXED, SEARCH, THINNED, TRAINING, Lab, open_lab, plan_training, train_arm
from utils.measure.evaluation import Row
from utils.measure.results import figure
from utils.retrieve.chunking import chunk_documents
from utils.retrieve.retriever import build_retriever, search_settings
from utils.tune.examples import Practice
from utils.tune.lora import adapter_sha256, merge_adapter

NAME = "full"
SEEDS = (1, 2, 3)
ONE_SEED = ("ft-raw", "placebo")  # controls
MINUTES = {"ft": 14, "raft": 13, "mixed": 18, "ft-raw": 12, "placebo": 14}  # of a training, on two cores
SECONDS = 0.4  # of an answer with passages
VERSIONS = ((False, False), (True, False), (True, True))  # (after the revision, old versions still in the index)


def prepare() -> Experiment:
    """A unit for each system and seed; the first one that needs an adapter trains it."""
    lab = open_lab(load_company())
    both = with_both_versions(lab)
    arms = dict.fromkeys((systems.ADAPTER_OF[system], seed) for system, seed in plan() if seed)
    adapters = {arm: plan_adapter(lab, *arm) for arm in arms}
    units = [unit_of(lab, both, step, adapters.get((systems.ADAPTER_OF.get(step[0]), step[1]))) for step in plan()]
    units += [seconds_unit(lab, arm, folder) for arm, folder in adapters.items()]
    return Experiment(NAME, lab.lm.sha256, lab.company.sha256, describe(lab), units)


def plan() -> list[tuple[str, int | None]]:
    """(system, seed) of every unit, systems in the order of the table."""
    steps = []
    for system in systems.FULL:
        seeds = (None,) if system not in systems.ADAPTER_OF else SEEDS[:1] if system in ONE_SEED else SEEDS
        steps += [(system, seed) for seed in seeds]
    return steps


def with_both_versions(lab: Lab) -> Lab:
    """The lab with old and new pages in one index after the revision, as in a folder that nobody tidies."""
    new = [document for document in lab.company.documents_after if document not in lab.company.documents]
    chunks = [*lab.chunks[False], *chunk_documents(new)]
    return dataclasses.replace(lab, chunks={True: chunks}, retrieve={True: build_retriever(chunks, lab.embed, SEARCH)})


def unit_of(lab: Lab, both: Lab, step: tuple[str, int | None], folder: Path | None) -> Unit:
    """One system and seed on all test questions, with the adapter in the folder, if it needs one."""
    system, seed = step
    name = f"{system}-{seed}" if seed else system
    key = (step_key(lab, system, folder and folder.name), VERSIONS)
    asked = len(lab.company.split("test")) * (SECONDS * 2 if system in systems.READS_PASSAGES else SECONDS / 3) / 60
    minutes = asked + (MINUTES[systems.ADAPTER_OF[system]] if folder and not folder.exists() else 0)
    return Unit(name, f"{NAME}-{system}", minutes, key, partial(answer_all, lab, both, system, seed))


def seconds_unit(lab: Lab, arm: tuple[str, int], folder: Path) -> Unit:
    """What one training took: a unit of its own, so that the figure outlives the adapter."""
    name, seed = arm

    def work() -> list[dict]:
        """A figure: the seconds."""
        return [figure("training", name, train_arm(lab_of(lab, name), name, seed).seconds, "s", seed=seed)]

    return Unit(f"training-{name}-{seed}", f"{NAME}-training", 0.1, folder.name, work)


def plan_adapter(lab: Lab, arm: str, seed: int) -> Path:
    """The folder of the arm's adapter, trained or not."""
    return plan_training(lab_of(lab, arm), arm, seed).folder


def lab_of(lab: Lab, arm: str) -> Lab:
    """The lab that an arm is trained in. What raft reads is the same for every part of the company that is asked about,
    so its adapters are those of the classroom's comparison.
    """
    if arm != "raft":
        return lab
    classroom = load_company(slice_name="classroom")
    return dataclasses.replace(lab, company=classroom, held_out=frozenset(held_out_documents(classroom.questions)))


def answer_all(lab: Lab, both: Lab, system: str, seed: int | None) -> list[Row]:
    """Rows for all versions. A system that sees no documents is asked once and scored for each."""
    arm, questions = systems.ADAPTER_OF.get(system), lab.company.split("test")
    adapter = train_arm(lab_of(lab, arm), arm, seed).folder if arm else None
    lm = merge_adapter(lab.lm, adapter) if adapter else lab.lm
    digest = adapter_sha256(adapter) if adapter else None
    rows, known = [], []
    for after, two in VERSIONS:
        if not known or system in systems.READS_PASSAGES:
            answers = ask(both if two else lab, system, lm, questions, after, known)
            known += answers
        condition = dataclasses.replace(condition_of(system, seed, after, digest), both_versions=two)
        if two:
            condition = dataclasses.replace(condition, run_id=f"{condition.run_id}-both")
        rows += score_all(answers, questions, condition)
    return rows


def describe(lab: Lab) -> dict[str, object]:
    """What the rows depend on, as plain values."""
    return {
        "search": {"mode": SEARCH, **search_settings()},
        "reading": {name: {"prompt": chosen.prompt.__name__, "k": chosen.k} for name, chosen in READING.items()},
        "dtype": str(lab.lm.model.dtype).removeprefix("torch."),
        "practice": dataclasses.asdict(Practice(READING["raft"].k)),
        "thinned": THINNED,
        "rounds_of_mixed": ROUNDS_OF_MIXED,
        "training": {arm: dataclasses.asdict(chosen) for arm, chosen in TRAINING.items()},
    }
