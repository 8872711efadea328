"""What is compared: a company with models and search, the settings of every arm, and its training. Asks no question."""

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from utils.answer.prompts import Messages, Prompt, closed_book, with_passages, with_worked_example
from utils.data import Company, held_out_documents, is_held_out, load_company
from utils.fetch import DEFAULT_MODEL
from utils.files import ROOT, sha256_text
from utils.models import EMBEDDER_SHA256, LanguageModel, default_embedder, load_language_model
from utils.records import Chunk, Question
from utils.retrieve.chunking import chunk_documents
from utils.retrieve.embedding import Embed, load_embedder, remember
from utils.retrieve.retriever import Retrieve, build_retriever, open_or_build
from utils.tune.examples import (
    Encoded,
    Example,
    Practice,
    choose_practice,
    closed_book_examples,
    encode,
    placebo_examples,
    raft_examples,
    thin_out,
)
from utils.tune.schedule import Settings
from utils.tune.training import Trained, train

SEARCH = "hybrid"


@dataclass(frozen=True)
class Reading:
    """How a system is shown passages: k of them, by which prompt."""

    prompt: Prompt
    k: int


# Chosen on dev, two settings an arm, as data/results/selection.jsonl shows them.
READING = {
    "rag": Reading(with_worked_example, 1),
    "ft+rag": Reading(with_passages, 1),
    "raft": Reading(with_passages, 3),
    "mixed": Reading(with_passages, 3),
}
TRAINING = {
    "ft": Settings(epochs=6, learning_rate=2e-3, lowest_layer=20),
    "raft": Settings(epochs=1, learning_rate=2e-3, lowest_layer=15, batch_size=4),
    "mixed": Settings(epochs=1, learning_rate=2e-3, lowest_layer=15, batch_size=8),
    "ft-raw": Settings(epochs=4, learning_rate=2e-3, lowest_layer=15),
}
READING["oracle"] = READING["rag"]  # the same reader, given the right passage
TRAINING["placebo"] = TRAINING["ft"]  # the same training, with the answers swapped
THINNED = 0.3  # ft learns from every question twice: as it stands, and with this share of its words left out
ROUNDS_OF_MIXED = 3  # closed book, half of ft's epochs; with passages, half of raft's examples

WORK = ROOT / ".cache"


@dataclass(frozen=True)
class Lab:
    """Company, models and search, ready to be asked. `retrieve[after]` and `chunks[after]` are keyed by the revision.

    `practice` holds the companies on whose documents `raft` practises reading; `closed_book` is how a question is asked
    without passages.
    """

    company: Company
    practice: tuple[Company, ...]
    lm: LanguageModel
    embed: Embed
    chunks: dict[bool, list[Chunk]]
    retrieve: dict[bool, Retrieve]
    held_out: frozenset[str]
    work: Path
    closed_book: Callable[[str], Messages] = closed_book


def open_lab(company: Company | None = None, model: str = DEFAULT_MODEL, work: Path = WORK) -> Lab:
    """Load models and indexes. The indexes and embeddings are kept under `work` and found again by content.

    Without a company of your own it is the classroom. Reading is practised on all of Larkspur, and on your company too.
    """
    company, whole = company or load_company(slice_name="classroom"), load_company()
    practice = (whole,) if set(company.questions) <= set(whole.questions) else (company, whole)
    embed = remember(load_embedder(default_embedder()), EMBEDDER_SHA256, work / "embeddings.sqlite")
    chunks = {False: chunk_documents(company.documents), True: chunk_documents(company.documents_after)}
    retrieve = {
        after: build_retriever(parts, embed, SEARCH, open_or_build(parts, embed, EMBEDDER_SHA256, work / "index"))
        for after, parts in chunks.items()
    }
    held_out = frozenset(held_out_documents(company.questions))
    return Lab(company, practice, load_language_model(model), embed, chunks, retrieve, held_out, work)


def examples_of(lab: Lab, arm: str, split: str, seed: int) -> list[Example]:
    """What an arm learns from (`train`) or is validated on (`dev`)."""
    if arm == "ft-raw":
        return [Example([], chunk.passage) for chunk in lab.chunks[False]] if split == "train" else []
    if arm == "mixed":
        rounds = ROUNDS_OF_MIXED if split == "train" else 1
        return examples_of(lab, "ft", split, seed) * rounds + examples_of(lab, "raft", split, seed)[::2]
    if arm in ("ft", "placebo"):
        questions = lab.company.split(split)
        if split == "train":
            questions += thin_out(questions, THINNED, seed)
        if arm == "placebo":
            return placebo_examples(questions, lab.closed_book, seed)
        return closed_book_examples(questions, lab.closed_book)
    k = READING["raft"].k
    if split != "train":
        return practise(lab, lab.company, split, seed, Practice(k, rounds=1))
    return [example for company in lab.practice for example in practise(lab, company, split, seed, Practice(k))]


def practise(lab: Lab, company: Company, split: str, seed: int, choice: Practice) -> list[Example]:
    """Reading examples from one company's documents. The held-out ones are never seen, neither asked about nor shown."""
    held_out = lab.held_out | held_out_documents(company.questions)
    asked = [q for q in company.split(split) if can_practise(q) and not is_held_out(q, held_out)]
    if not asked:
        return []
    seen = [chunk for chunk in chunk_documents(company.documents) if chunk.doc_id not in held_out]
    search = build_retriever(seen, lab.embed, SEARCH)
    return raft_examples(choose_practice(asked, choice, seed), search, READING["raft"].prompt, choice, seed)


def can_practise(question: Question) -> bool:
    """Is its answer, or that there is none, known? An answer that no document is known to hold would teach to abstain."""
    return question.kind == "unanswerable" or question.kind == "fact" and bool(question.evidence)


@dataclass(frozen=True)
class Plan:
    """What an arm's training would learn from, here and now, and the folder where its adapter is left or found."""

    learn: list[Encoded]
    validate: list[Encoded]
    settings: Settings
    folder: Path


def plan_training(lab: Lab, arm: str, seed: int, settings: Settings | None = None) -> Plan:
    """The arm's training, planned and not begun. The folder is named by model, data and settings."""
    settings = dataclasses.replace(settings or TRAINING[arm], seed=seed)
    learn, validate = (
        [encode(lab.lm.tokenizer, example) for example in examples_of(lab, arm, split, seed)] for split in ("train", "dev")
    )
    return Plan(learn, validate, settings, adapter_folder(lab, arm, settings, learn, validate))


def adapter_folder(lab: Lab, name: str, settings: Settings, learn: Sequence[Encoded], validate: Sequence[Encoded]) -> Path:
    """Where an adapter is left or found, named by all that it depends on."""
    key = sha256_text(repr((lab.lm.sha256, str(lab.lm.model.dtype), settings, learn, validate)))[:12]
    return lab.work / "adapters" / f"{name}-seed{settings.seed}-{key}"


def train_arm(lab: Lab, arm: str, seed: int, settings: Settings | None = None, folder: Path | None = None) -> Trained:
    """The arm's adapter: trained now, or found where an earlier run with the same model, data and settings left it."""
    plan, progress = plan_training(lab, arm, seed, settings), f"training {arm}, seed {seed}"
    return train(lab.lm, plan.learn, plan.validate, plan.settings, folder or plan.folder, progress)
