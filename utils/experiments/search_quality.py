"""Does RAG need good search? The same reader on better and worse passages: as many each time, and about as long.

The promise is decided with one passage, which is what `rag` was set to on dev: the right one, or the best wrong one, and
nothing else to lean on. Three passages (`-3` in the name) show what wrong ones cost beside the right one, and whether its
place matters ("lost in the middle": Liu et al. 2023, arXiv 2307.03172). `raft` reads three, as it was trained to.

| variant | the passages |
|---|---|
| `none` | none, after the same prompt |
| `gold` | the one that holds the answer, then `hard` ones: a search that never errs |
| `middle`, `last` | the same, the right one further down |
| `hybrid`, `dense`, `keyword` | what this search finds |
| `hard` | the best found without the right one, and without any that holds an accepted answer: a search that always errs |
| `random` | by chance from the other desks, also without an accepted answer |

A search that errs on a share of the questions is a mixture of `gold` and `hard` rows, drawn afterwards.
"""

import dataclasses
import random
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from utils import systems
from utils.comparison import step_key
from utils.data import load_company
from utils.experiments import full
from utils.experiments.frame import Experiment, Unit
from utils.experiments.variants import Asked, ask_over, condition_for, open_system
from utils.lab import READING, SEARCH, Lab, open_lab
from utils.measure.evaluation import Row, score
from utils.measure.metrics import contains
from utils.records import Answer, Hit, Question
from utils.retrieve.retriever import MODES, build_retriever
from utils.tune.examples import holds_evidence

NAME = "search-quality"
SEED = 1  # of raft's adapter
POOL = 40  # passages, found or drawn, of which those without the answer are shown


@dataclass(frozen=True)
class Part:
    """A reader, how many passages it is shown, and which: one variant after the other, those with like prompts together."""

    system: str
    k: int
    variants: tuple[str, ...]
    minutes: float


PARTS = (
    Part("rag", 1, ("none", "gold", "hybrid", "dense", "keyword", "hard", "random"), 8),
    Part("rag", 3, ("gold", "middle", "last", "hybrid", "hard"), 13),
    Part("rag", 3, ("dense", "keyword", "random"), 10),
    Part("raft", 3, ("gold", "hybrid", "hard", "random"), 9),
)


def prepare() -> Experiment:
    """A unit for each part, on all desks."""
    lab = open_lab(load_company())
    settings = {**full.describe(lab), "parts": [dataclasses.asdict(part) for part in PARTS], "pool": POOL}
    return Experiment(NAME, lab.lm.sha256, lab.company.sha256, settings, [unit_of(lab, part) for part in PARTS])


def unit_of(lab: Lab, part: Part) -> Unit:
    """One part on every test question about a fact."""
    folder = full.plan_adapter(lab, part.system, SEED) if part.system in systems.ADAPTER_OF else None
    minutes = part.minutes + (full.MINUTES[part.system] if folder and not folder.exists() else 0)
    key = (step_key(lab, part.system, folder and folder.name), part.k, part.variants, POOL)
    name = f"{part.system}-{part.k}-{part.variants[0]}"
    return Unit(name, NAME, minutes, key, partial(answer_part, lab, part))


def answer_part(lab: Lab, part: Part) -> list[Row]:
    """A row for each variant and question."""
    asked = open_system(full.lab_of(lab, part.system), part.system, SEED)
    questions = [question for question in lab.company.split("test") if question.kind == "fact"]
    found = {name_of(part, kind): passages_of(lab, kind, part.k, questions) for kind in part.variants}
    answers = ask_over(asked, questions, found)
    return [row for variant, given in answers.items() for row in rows_of(asked, variant, part.k, questions, given)]


def name_of(part: Part, kind: str) -> str:
    """The variant's name; with the number of passages where it isn't the system's own."""
    return kind if part.k == READING[part.system].k else f"{kind}-{part.k}"


def rows_of(asked: Asked, variant: str, k: int, questions: Sequence[Question], answers: Sequence[Answer]) -> list[Row]:
    """A row an answer, with the number of passages that were really shown."""
    condition = dataclasses.replace(condition_for(asked, variant), k=None if variant == "none" else k)
    return [
        score(answer, question, condition, systems.citations(asked.system, answer))
        for answer, question in zip(answers, questions, strict=True)
    ]


def passages_of(lab: Lab, kind: str, k: int, questions: Sequence[Question]) -> list[list[Hit]]:
    """The k passages of each question; [] for `none`."""
    texts = [question.text for question in questions]
    if kind == "none":
        return [[] for _ in questions]
    if kind in MODES:
        search = lab.retrieve[False] if kind == SEARCH else build_retriever(lab.chunks[False], lab.embed, kind)
        return search(texts, k)
    if kind == "random":
        return [without_answer(question, draw_elsewhere(lab, question), k) for question in questions]
    pools = lab.retrieve[False](texts, min(POOL, len(lab.chunks[False])))
    if kind == "hard":
        return [without_answer(question, pool, k) for question, pool in zip(questions, pools)]
    place = {"gold": 0, "middle": k // 2, "last": k - 1}[kind]
    return [put_gold(lab, question, pool, k, place) for question, pool in zip(questions, pools)]


def put_gold(lab: Lab, question: Question, pool: Sequence[Hit], k: int, place: int) -> list[Hit]:
    """The right passage in this place (0 is the first) among the k - 1 best that don't hold the answer."""
    gold = systems.gold_hits(lab.chunks[False], question.evidence)[0]
    others = without_answer(question, pool, k - 1)
    return [*others[:place], gold, *others[place:]]


def without_answer(question: Question, pool: Sequence[Hit], k: int) -> list[Hit]:
    """The first k passages of the pool that hold neither the evidence nor an accepted answer. ValueError for fewer."""
    left = [hit for hit in pool if not holds_answer(hit, question)]
    if len(left) < k:
        raise ValueError(
            f"{question.question_id}: {len(left)} of {len(pool)} passages don't hold its answer, need {k}: raise POOL"
        )
    return left[:k]


def holds_answer(hit: Hit, question: Question) -> bool:
    """Does the passage hold the evidence, or, perhaps about something else, the words of an accepted answer?"""
    return holds_evidence(hit, question) or any(contains(hit.chunk.passage, answer) for answer in question.answers)


def draw_elsewhere(lab: Lab, question: Question) -> list[Hit]:
    """POOL passages of the other desks, drawn by chance; the same for a question at every call."""
    desk_of = {document.doc_id: document.desk for document in lab.company.documents}
    elsewhere = [chunk for chunk in lab.chunks[False] if desk_of[chunk.doc_id] != question.desk]
    drawn = random.Random(question.question_id).sample(elsewhere, min(POOL, len(elsewhere)))
    return [Hit(chunk, 0.0) for chunk in drawn]
