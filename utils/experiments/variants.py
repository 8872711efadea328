"""A system under changed conditions, `<system>/<variant>`: its model, a search over other pages, answers, labelled rows."""

import dataclasses
from collections.abc import Mapping, Sequence

from utils import systems
from utils.comparison import condition_of
from utils.data import DATA
from utils.formats import load_documents
from utils.lab import READING, SEARCH, Lab, train_arm
from utils.measure.evaluation import Condition, Row, score
from utils.models import LanguageModel
from utils.records import Answer, Document, Hit, Question
from utils.retrieve.chunking import chunk_documents
from utils.retrieve.retriever import Retrieve, build_retriever
from utils.tune.lora import adapter_sha256, merge_adapter

AS_IT_STANDS = ""  # the variant that changes nothing: its rows bear the system's own name


@dataclasses.dataclass(frozen=True)
class Asked:
    """A system ready to be asked: its model, with the adapter of this seed merged in, and the adapter's hash."""

    system: str
    seed: int | None
    lm: LanguageModel
    adapter_sha256: str | None


def pages_with(status: str) -> list[Document]:
    """Pages that no search holds unless an experiment puts them there, by their status: `private` or `poisoned`."""
    return [page for page in load_documents(DATA / "documents") if page.status == status]


def search_over(lab: Lab, documents: Sequence[Document]) -> Retrieve:
    """The lab's search, over these documents."""
    return build_retriever(chunk_documents(documents), lab.embed, SEARCH)


def open_system(lab: Lab, system: str, seed: int | None) -> Asked:
    """Train the system's adapter where it isn't there yet, and merge it."""
    if system not in systems.ADAPTER_OF:
        return Asked(system, None, lab.lm, None)
    folder = train_arm(lab, systems.ADAPTER_OF[system], seed).folder
    return Asked(system, seed, merge_adapter(lab.lm, folder), adapter_sha256(folder))


def ask_over(asked: Asked, questions: Sequence[Question], found: Mapping[str, list[list[Hit]]]) -> dict[str, list[Answer]]:
    """The answers by variant, from the passages `found` for each question. A prompt that two variants share is put once."""
    answers: dict[str, list[Answer]] = {}
    for variant, hits in found.items():
        known = [answer for given in answers.values() for answer in given]
        prompt, progress = READING[asked.system].prompt, f"asking {name_of(asked.system, variant)}"
        answers[variant] = systems.ask_with_passages(asked.lm, questions, (hits, None), prompt, progress, known)
    return answers


def score_variants(asked: Asked, questions: Sequence[Question], answers: Mapping[str, Sequence[Answer]]) -> list[Row]:
    """A row an answer, variant by variant, before any revision."""
    return [
        score(answer, question, condition_for(asked, variant), systems.citations(asked.system, answer))
        for variant, given in answers.items()
        for answer, question in zip(given, questions, strict=True)
    ]


def condition_for(asked: Asked, variant: str) -> Condition:
    """The label of a variant's rows."""
    plain = condition_of(asked.system, asked.seed, False, asked.adapter_sha256)
    name = name_of(asked.system, variant)
    return dataclasses.replace(plain, system=name, run_id=f"{name}-{asked.seed}" if asked.seed else name)


def name_of(system: str, variant: str) -> str:
    """`<system>/<variant>`, or the system's own name.

    >>> name_of("rag", "deleted"), name_of("rag", AS_IT_STANDS)
    ('rag/deleted', 'rag')
    """
    return f"{system}/{variant}" if variant else system
