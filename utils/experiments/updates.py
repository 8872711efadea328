"""What a change costs rag and ft: CPU-seconds until it is taken in, and before the first answer; what it leaves behind.

On the classroom. Models are loaded and questions written beforehand, for both. One change is the whole revision; `traces`
spreads it over a year. CPU-seconds are those of all threads (`spending`), with seconds on the clock beside them.
"""

import dataclasses
from functools import partial

from utils.comparison import step_key
from utils.experiments import full
from utils.experiments.changes import PATCHES, change_ft, change_rag, patch_ft, train_live
from utils.experiments.frame import Experiment, Unit
from utils.experiments.spending import figures_of, index_pages
from utils.experiments.traces import MONTHS, switch_off, update_for_a_year
from utils.lab import Lab, open_lab, plan_training
from utils.measure.results import figure
from utils.models import default_embedder
from utils.retrieve.embedding import Embed, load_embedder

NAME = "updates"
SEEDS = (1, 2, 3)  # of trainings; as many runs where nothing is trained
STEPS = (4, 2)  # every fourth page, every second one: how the first answer's cost grows with the company
TRAINING = 3.5  # minutes of ft's training, on two cores
ASKING = 0.5  # minutes to ask the test questions closed book; with passages it takes twice that


def prepare() -> Experiment:
    """Units for the first answer, for each way to take a change in, and for what is left behind."""
    lab, embed = open_lab(), load_embedder(default_embedder())
    return Experiment(NAME, lab.lm.sha256, lab.company.sha256, describe(lab), plan(lab, embed))


def plan(lab: Lab, embed: Embed) -> list[Unit]:
    """The units. `embed` computes every vector anew; the lab's own remembers."""
    old = {seed: plan_training(lab, "ft", seed).folder for seed in SEEDS}
    asking = {seed: 2 * ASKING if folder.exists() else 2 * ASKING + TRAINING for seed, folder in old.items()}
    work = [
        *((f"first answer {seed}", TRAINING, partial(start, lab, embed, seed)) for seed in SEEDS),
        *((f"first answer, one page of {step}", TRAINING / step, partial(start_small, lab, embed, step)) for step in STEPS),
        ("rag", 4 * ASKING, partial(change_rag, lab, embed, SEEDS)),
        *((f"ft {seed}", TRAINING + asking[seed], partial(change_ft, lab, seed)) for seed in SEEDS),
        ("ft patched", 2 * TRAINING + 3 * ASKING, partial(patch_ft, lab, SEEDS)),
        ("a year", 3 * ASKING, partial(update_for_a_year, lab, embed, SEEDS[0])),
        ("switched off", 2 * ASKING, partial(switch_off, lab, SEEDS)),
    ]
    made_of = step_key(lab, "rag", None), [folder.name for folder in old.values()], repr(describe(lab))
    return [Unit(name, NAME, minutes, (made_of, name), rows) for name, minutes, rows in work]


def start(lab: Lab, embed: Embed, seed: int, name: str = "first answer", item: str | None = None) -> list[dict]:
    """What comes before the first answer: pages cut, embedded and indexed; or an adapter trained and merged."""
    planned = plan_training(lab, "ft", seed)
    tokens = planned.settings.epochs * sum(len(example.ids) for example in planned.learn)
    return [
        *figures_of(name, "rag", index_pages(lab.company.documents, embed)[1], seed, item),
        *figures_of(name, "ft", train_live(lab.lm, planned).spent, seed, item),
        figure(f"{name}: training tokens", "ft", tokens, "tokens", seed, item),
    ]


def start_small(lab: Lab, embed: Embed, step: int) -> list[dict]:
    """The same for a company with every `step`-th page: how both costs grow."""
    part = part_of(lab, step)
    return start(part, embed, SEEDS[0], "first answer of a part", f"{len(part.company.documents)} documents")


def part_of(lab: Lab, step: int) -> Lab:
    """Every `step`-th page with the questions that it answers, and every `step`-th question that no page answers."""
    documents, questions = lab.company.documents[::step], lab.company.questions
    kept = {document.doc_id for document in documents}
    facts = {q.fact_id for q in questions if q.evidence and all(item.doc_id in kept for item in q.evidence)}
    facts |= set(list(dict.fromkeys(q.fact_id for q in questions if not q.evidence))[::step])
    asked = tuple(q for q in questions if q.fact_id in facts)
    return dataclasses.replace(lab, company=dataclasses.replace(lab.company, documents=documents, questions=asked))


def describe(lab: Lab) -> dict[str, object]:
    """What the rows depend on, as plain values."""
    patches = [dataclasses.asdict(settings) for settings in PATCHES]
    return {**full.describe(lab), "patches_tried_on_dev": patches, "months": MONTHS}
