"""Seconds of one answer, closed book and with one passage to eight; the systems take turns at every question.

A batch of one, after a warm-up. What the answers say doesn't matter here: `ft` and `raft` are the classroom's, asked about
all desks. At the end come answers an hour, many at once.
"""

from collections.abc import Callable, Sequence
from functools import cache, partial
from itertools import zip_longest

from utils.answer.generation import BATCH_SIZE
from utils.comparison import step_key
from utils.data import load_company
from utils.experiments import full
from utils.experiments.frame import Experiment, Unit
from utils.experiments.stopwatch import FIXED, System, time_answer, time_bulk
from utils.lab import READING, SEARCH, Lab, open_lab, plan_training, train_arm
from utils.measure.results import figure
from utils.models import LanguageModel, default_embedder
from utils.records import Document, Question
from utils.retrieve.chunking import chunk_documents
from utils.retrieve.embedding import Embed, load_embedder
from utils.retrieve.retriever import Retrieve, build_retriever, index_sentences
from utils.tune.beside import attach_adapter
from utils.tune.lora import merge_adapter

NAME = "latency"
PASSAGES = (READING["rag"].k, 2, 4, 8)  # of rag; the first is rag as it is elsewhere
PER_DESK = 50  # questions
BLOCK = 20  # questions a unit
SEED = 1
SECONDS = 10.5  # of a question over all systems, on two cores
BULK = ("base", "ft", "ft/unmerged", "rag", "raft", "search")
MINUTES = {"ft": 5, "raft": 13}  # of a training, where the adapter isn't there yet

Opened = Callable[[], tuple[list[System], Retrieve]]


def prepare() -> Experiment:
    """A unit for every BLOCK questions over all systems, so that what is compared was timed together; then the bulk."""
    lab, company = open_lab(), load_company()
    questions = draw(company.split("test"))

    @cache
    def opened() -> tuple[list[System], Retrieve]:
        """Opened when the first unit needs them, and warm."""
        retrieve = open_search(lab, company.documents, load_embedder(default_embedder()))
        return warm_up(open_systems(lab), retrieve, company.split("dev")[0])

    return Experiment(NAME, lab.lm.sha256, company.sha256, describe(lab), plan(lab, questions, opened))


def plan(lab: Lab, questions: Sequence[Question], opened: Opened) -> list[Unit]:
    """The units. The first one has to train what isn't trained yet."""
    adapters = {arm: plan_training(lab, arm, SEED).folder for arm in MINUTES}
    left = sum(MINUTES[arm] for arm, folder in adapters.items() if not folder.exists())
    made_of = step_key(lab, "rag", None), [folder.name for folder in adapters.values()], repr(describe(lab))
    blocks = [questions[start : start + BLOCK] for start in range(0, len(questions), BLOCK)]
    units = [
        Unit(
            f"one by one {number}",
            NAME,
            len(block) * SECONDS / 60 + (left if number == 1 else 0),
            (made_of, [question.text for question in block]),
            partial(time_block, opened, block),
        )
        for number, block in enumerate(blocks, 1)
    ]
    return [
        *units,
        Unit("in bulk", NAME, 4, (made_of, [q.text for q in questions]), partial(count_bulk, opened, questions)),
    ]


def draw(questions: Sequence[Question]) -> list[Question]:
    """PER_DESK questions about a fact from each desk, evenly spaced, or all there are; desks in turn, so in any block."""
    drawn = []
    for desk in dict.fromkeys(question.desk for question in questions):
        asked = [question for question in questions if question.desk == desk and question.kind == "fact"]
        n = min(PER_DESK, len(asked))
        drawn.append([asked[number * len(asked) // n] for number in range(n)])
    return [question for turn in zip_longest(*drawn) for question in turn if question]


def open_systems(lab: Lab) -> list[System]:
    """Every system, trained or found, in the order in which they take their turns."""
    ft, raft = (train_arm(lab, arm, SEED).folder for arm in ("ft", "raft"))
    beside = LanguageModel(attach_adapter(lab.lm, ft).get_base_model(), lab.lm.tokenizer, lab.lm.sha256)
    return [
        System("base", lab.lm),
        System("ft", merge_adapter(lab.lm, ft)),
        System("ft/unmerged", beside),
        *(System(f"rag/k={k}" if k > PASSAGES[0] else "rag", lab.lm, k, READING["rag"].prompt) for k in PASSAGES),
        System("raft", merge_adapter(lab.lm, raft), READING["raft"].k, READING["raft"].prompt),
        System("search", None, 1),
    ]


def open_search(lab: Lab, documents: Sequence[Document], embed: Embed) -> Retrieve:
    """The search over these documents. The lab remembers their vectors; a question is embedded each time it is asked."""
    chunks = chunk_documents(documents)
    return build_retriever(chunks, embed, SEARCH, index_sentences(chunks, lab.embed))


def warm_up(systems: list[System], retrieve: Retrieve, question: Question) -> tuple[list[System], Retrieve]:
    """The same systems and search, after an answer each that doesn't count."""
    for system in systems:
        time_answer(system, retrieve, question)
    return systems, retrieve


def time_block(opened: Opened, questions: Sequence[Question]) -> list[dict]:
    """Figures of every system at each question; at every other one they take their turns from last to first."""
    systems, retrieve = opened()
    return [
        row
        for number, question in enumerate(questions)
        for system in (systems[::-1] if number % 2 else systems)
        for row in time_answer(system, retrieve, question)
    ]


def count_bulk(opened: Opened, questions: Sequence[Question]) -> list[dict]:
    """Answers an hour, each at its own length: half of the questions, then the others, the systems from last to first."""
    systems, retrieve = opened()
    systems = [system for system in systems if system.name in BULK]
    seconds = dict.fromkeys((system.name for system in systems), 0.0)
    for half, turns in ((questions[::2], systems), (questions[1::2], systems[::-1])):
        for system in turns:
            seconds[system.name] += time_bulk(system, retrieve, half)
    return [figure("answers an hour", name, 3600 * len(questions) / s, "answers/h") for name, s in seconds.items()]


def describe(lab: Lab) -> dict[str, object]:
    """What the rows depend on, as plain values."""
    return {
        **full.describe(lab),
        "fixed_tokens": FIXED,
        "passages": list(PASSAGES),
        "batch_size_in_bulk": BATCH_SIZE,
        "questions": f"{PER_DESK} a desk",
    }
