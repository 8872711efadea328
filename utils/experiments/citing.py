"""Closed book with a source: `ft/cites` learns what `ft` learns, and the title of the page behind each answer.

`15 February [Annual leave for shop staff]`. It trains as `ft` does; nothing of its own was tried on dev.
"""

import dataclasses
import re
from collections.abc import Mapping, Sequence

from utils import systems
from utils.experiments.kept import train_once
from utils.lab import THINNED, TRAINING, Lab
from utils.measure.evaluation import Condition
from utils.records import Answer, Document, Question
from utils.tune.examples import Example, closed_book_examples, thin_out
from utils.tune.lora import adapter_sha256, merge_adapter

CITER = "ft/cites"
TITLE = re.compile(r"\[([^\[\]]+)\]")


def ask_citer(lab: Lab, questions: Sequence[Question], seed: int) -> tuple[Condition, list[Answer]]:
    """(the label of its rows, its answers), from an adapter that is trained now if need be."""
    folder = train_once(lab, "ft-cites", citing_examples(lab, seed), TRAINING["ft"], seed).folder
    lm, progress = merge_adapter(lab.lm, folder), f"asking {CITER}, seed {seed}"
    answers = systems.ask_closed_book(lm, questions, progress, lab.closed_book)
    return Condition(f"{CITER}-{seed}", CITER, seed, False, None, adapter_sha256(folder)), answers


def citing_examples(lab: Lab, seed: int) -> tuple[list[Example], list[Example]]:
    """(to learn from, to validate on): the examples of `ft`, each answer followed by its page's title in brackets."""
    written = lab.company.split("train")
    learn, validate = written + thin_out(written, THINNED, seed), lab.company.split("dev")
    return name_sources(lab, learn), name_sources(lab, validate)


def name_sources(lab: Lab, questions: Sequence[Question]) -> list[Example]:
    """Closed-book examples whose answers name their page. An abstention has none."""
    titles, examples = titles_of(lab.company.documents), closed_book_examples(questions, lab.closed_book)
    return [
        dataclasses.replace(example, answer=f"{example.answer} [{titles[question.evidence[0].doc_id]}]")
        if question.evidence
        else example
        for question, example in zip(questions, examples)
    ]


def titles_of(documents: Sequence[Document]) -> dict[str, str]:
    """doc_id → title."""
    return {document.doc_id: document.title for document in documents}


def named_documents(text: str, titles: Mapping[str, str]) -> list[str]:
    """Ids of the documents whose titles stand in brackets in the text, each once. A title that none has counts for nothing.

    >>> named_documents("two days [Leave] [Leisure]", {"people-leave": "Leave"})
    ['people-leave']
    """
    doc_ids = {title: doc_id for doc_id, title in titles.items()}
    return list(dict.fromkeys(doc_ids[title] for title in TITLE.findall(text) if title in doc_ids))
