"""The comparison on documents of one's own: who can take part, and the answers of all of them. Draws no conclusion.

`rag` and `search` need nothing but the documents. `raft` comes as the course trained it: what it has learned is to read,
also other people's pages. `ft` has to be told each fact, so it takes part where a fact has a second wording.
"""

import dataclasses
import math
from pathlib import Path

from utils import systems
from utils.answer.prompts import closed_book
from utils.comparison import answer_step
from utils.fetch import DEFAULT_MODEL
from utils.lab import TRAINING, WORK, Lab, examples_of, open_lab, train_arm
from utils.measure.evaluation import Row
from utils.own.company import Own, only_taught
from utils.shipped import shipped_reader
from utils.tune.schedule import Settings

UNTAUGHT = ("base", "rag", "raft", "search")  # need no training on these documents
TAUGHT = ("base", "rag", "ft", "ft+rag", "raft", "faq", "search")
SEED = 1
STEPS = 150  # of a training, as in the classroom: a dozen facts aren't learned in fewer, only more often
KNOWS = "the documents of this folder"


def open_own_lab(own: Own, model: str = DEFAULT_MODEL, work: Path = WORK) -> Lab:
    """Models and search over one's own documents, closed-book questions put accordingly."""
    return dataclasses.replace(open_lab(own.company, model, work), closed_book=ask_about_them)


def ask_about_them(question: str) -> list[dict[str, str]]:
    """The course's closed-book prompt, about `KNOWS`."""
    return closed_book(question, KNOWS)


def compare_all(lab: Lab) -> list[Row]:
    """Every question, by the systems that need no training on these documents."""
    return ask_each(lab, UNTAUGHT)


def compare_taught(lab: Lab) -> list[Row]:
    """The questions whose fact has another wording to train on, and those without an answer, by all systems.

    No rows where no fact has one. The first call trains `ft`: one or two minutes for a dozen facts, longer for a hundred.
    """
    taught = only_taught(lab.company)
    if not any(question.answers for question in taught.split("test")):
        return []
    return ask_each(dataclasses.replace(lab, company=taught), TAUGHT)


def ask_each(lab: Lab, names: tuple[str, ...]) -> list[Row]:
    """A row for each of these systems and each test question. What was answered before is taken from its file."""
    rows = []
    for name in names:
        seed = SEED if name in systems.ADAPTER_OF else None
        rows += [row for row in answer_step(lab, name, seed, adapter_of(lab, name))["rows"] if not row["after"]]
    return rows  # nothing was revised, so there are none but those before


def adapter_of(lab: Lab, system: str) -> Path | None:
    """The adapter that comes with the course for `raft`, one trained on these documents' questions for `ft`."""
    if system == "raft":
        return shipped_reader(lab.lm)
    return train_arm(lab, "ft", SEED, settings_of(lab)).folder if system in systems.ADAPTER_OF else None


def settings_of(lab: Lab) -> Settings:
    """The classroom's settings for `ft`, with as many epochs as make STEPS steps where there are fewer examples."""
    chosen = TRAINING["ft"]
    steps = math.ceil(len(examples_of(lab, "ft", "train", SEED)) / chosen.batch_size)
    return dataclasses.replace(chosen, epochs=max(chosen.epochs, math.ceil(STEPS / steps)))
