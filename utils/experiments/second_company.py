"""Swapping the sources: a company that nothing was trained on is indexed, and everybody answers its questions at once.

`rag` and `raft` are as they are for the first company, with no training in between. `ft` has learned other pages by heart.
"""

import dataclasses
from functools import partial

from utils import systems
from utils.comparison import ask, condition_of, score_all, step_key
from utils.data import DATA, Company, load_company
from utils.experiments import full
from utils.experiments.frame import Experiment, Unit
from utils.experiments.spending import figures_of, index_pages
from utils.lab import SEARCH, Lab, open_lab, plan_training, train_arm
from utils.measure.evaluation import Row
from utils.models import default_embedder
from utils.retrieve.chunking import chunk_documents
from utils.retrieve.embedding import Embed, load_embedder
from utils.retrieve.retriever import build_retriever
from utils.tune.lora import adapter_sha256, merge_adapter

NAME = "second-company"
COMPANY = DATA / "second_company"
SYSTEMS = ("base", "rag", "ft", "raft", "search", "oracle")
SEEDS = (1, 2, 3)
MINUTES = {"ft": 5, "raft": 13}  # of a training, where the adapter isn't there yet
SECONDS = 0.4  # of an answer with passages


def prepare() -> Experiment:
    """A unit for each system and seed, asked with the classroom's adapters; then what the swap takes."""
    lab, company = open_lab(), load_company(COMPANY)
    units = plan(lab, company, load_embedder(default_embedder()))
    return Experiment(NAME, lab.lm.sha256, company.sha256, full.describe(lab), units)


def plan(lab: Lab, company: Company, embed: Embed) -> list[Unit]:
    """The units. `embed` computes every vector anew; the lab's own remembers."""
    moved = move(lab, company)
    trained = {system: system in systems.ADAPTER_OF for system in SYSTEMS}
    units = [unit_of(lab, moved, system, seed) for system in SYSTEMS for seed in (SEEDS if trained[system] else (None,))]
    return [*units, Unit("swap", NAME, 0.2, step_key(moved, "rag", None), partial(time_swap, company, embed))]


def move(lab: Lab, company: Company) -> Lab:
    """The lab with another company's pages and questions, and nothing else changed. `lab` is the one to train in."""
    chunks = chunk_documents(company.documents)
    retrieve = build_retriever(chunks, lab.embed, SEARCH)
    return dataclasses.replace(lab, company=company, chunks={False: chunks}, retrieve={False: retrieve})


def unit_of(lab: Lab, moved: Lab, system: str, seed: int | None) -> Unit:
    """One system and seed on the other company's questions."""
    folder = plan_training(lab, system, seed).folder if seed else None
    asked = len(moved.company.split("test")) * SECONDS / 60
    minutes = asked + (MINUTES[system] if folder and not folder.exists() else 0)
    key = step_key(moved, system, folder and folder.name)
    name = f"{system}-{seed}" if seed else system
    return Unit(name, NAME, minutes, key, partial(answer_all, lab, moved, system, seed))


def answer_all(lab: Lab, moved: Lab, system: str, seed: int | None) -> list[Row]:
    """The rows of one system and seed."""
    adapter = train_arm(lab, system, seed).folder if seed else None
    lm, questions = merge_adapter(lab.lm, adapter) if adapter else lab.lm, moved.company.split("test")
    condition = condition_of(system, seed, False, adapter and adapter_sha256(adapter))
    return score_all(ask(moved, system, lm, questions, False), questions, condition)


def time_swap(company: Company, embed: Embed) -> list[dict]:
    """What it takes until the new pages can be asked about: as many runs as there are seeds."""
    return [row for run in SEEDS for row in figures_of("swap", "rag", index_pages(company.documents, embed)[1], run)]
