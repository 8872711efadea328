"""What int8 costs in right answers: the quantised engine against plain float32 in torch, on the same prompts.

`rag` is asked about all documents of the company, `ft` and `raft`, with the adapters that come with the course, about the
classroom's. A finished part is kept as a file: a run that was stopped goes on with the next.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from benchmarks.frame import Benchmark, Measured, kept_folder
from utils.answer.fast import generate_fast, open_fast
from utils.answer.generation import Generation, generate, render
from utils.answer.prompts import Prompt, closed_book
from utils.files import read_json, write_json
from utils.lab import READING, SEARCH, Lab, open_lab
from utils.measure.evaluation import Condition, Estimate, Row, cluster_of, difference, score
from utils.models import LanguageModel, load_language_model
from utils.records import Answer, Hit, Question
from utils.retrieve.chunking import chunk_documents
from utils.retrieve.retriever import build_retriever
from utils.shipped import shipped_adapter
from utils.systems import find_passages
from utils.tune.lora import adapter_sha256, merge_adapter

BENCHMARK = Benchmark("same-answers", "points", 2, "lower", "the same model in float32")
PART = 64  # prompts in a kept file


@dataclass(frozen=True)
class Asked:
    """A system and what it is asked: its model, adapter merged in, and the questions with their passages."""

    system: str
    lm: LanguageModel
    adapter_sha256: str | None
    prompt: Prompt
    questions: list[Question]
    hits: list[list[Hit]]


def measure() -> Measured:
    """The largest loss among the systems, in points: half an hour, and resumable."""
    lab = open_lab()
    lab = replace(lab, lm=load_language_model(dtype="float32", device="cpu"))
    raw = [weigh(prepare(lab)) for prepare in (prepare_rag, prepare_ft, prepare_raft)]
    worst = max(raw, key=lambda row: row["loss"])
    settings = {"system": worst["system"], "adapters": {row["system"]: row["adapter_sha256"] for row in raw}}
    return Measured(worst["loss"], worst["low"], worst["high"], raw, settings)


def prepare_rag(lab: Lab) -> Asked:
    """The plain model on every fact that a test question of any desk asks for."""
    (whole,) = lab.practice
    retrieve = build_retriever(chunk_documents(whole.documents), lab.embed, SEARCH)
    questions = [question for question in whole.split("test") if question.kind == "fact"]
    hits, _ = find_passages(retrieve, questions, READING["rag"].k)
    return Asked("rag", lab.lm, None, READING["rag"].prompt, questions, hits)


def prepare_ft(lab: Lab) -> Asked:
    """The adapter that knows the classroom's handbook, asked closed book."""
    folder, questions = shipped_adapter(lab, "ft"), lab.company.split("test")
    hits = [[] for _ in questions]
    return Asked("ft", merge_adapter(lab.lm, folder), adapter_sha256(folder), ask_closed_book, questions, hits)


def prepare_raft(lab: Lab) -> Asked:
    """The adapter that has practised reading, with the passages found."""
    folder, questions = shipped_adapter(lab, "raft"), lab.company.split("test")
    hits, _ = find_passages(lab.retrieve[False], questions, READING["raft"].k)
    return Asked("raft", merge_adapter(lab.lm, folder), adapter_sha256(folder), READING["raft"].prompt, questions, hits)


def ask_closed_book(question: str, _: Sequence[Hit]) -> list[dict[str, str]]:
    """The closed-book prompt, in the form of those with passages."""
    return closed_book(question)


def weigh(asked: Asked) -> dict:
    """The system's figures with both engines."""
    fast = open_fast(asked.lm, asked.prompt, asked.adapter_sha256)
    exact = keep(asked, "float32", lambda prompts: generate(asked.lm, prompts, progress=f"{asked.system}, float32"))
    quick = keep(asked, "int8", lambda prompts: generate_fast(fast, prompts))
    gap = compare(asked, exact, quick)
    return {
        "system": asked.system,
        "adapter_sha256": asked.adapter_sha256,
        "n": gap.n,
        "loss": -100 * gap.value,
        "low": -100 * gap.high,
        "high": -100 * gap.low,
        "right_float32": share_right(score_texts(asked, exact)),
        "right_int8": share_right(score_texts(asked, quick)),
        "same_texts": sum(one == other for one, other in zip(exact, quick, strict=True)) / len(exact),
    }


def keep(asked: Asked, engine: str, answer: Callable[[Sequence[str]], list[Generation]]) -> list[str]:
    """The texts of all answers, PART at a time: made now, or found as the same code left them on the same machine."""
    pairs = zip(asked.questions, asked.hits, strict=True)
    prompts = [render(asked.lm, asked.prompt(question.text, hits)) for question, hits in pairs]
    texts = []
    for start in range(0, len(prompts), PART):
        part = prompts[start : start + PART]
        folder = kept_folder("same-answers", [asked.lm.sha256, asked.adapter_sha256, part])
        path = folder / f"{asked.system}-{engine}-{start}.json"
        if not path.exists():
            write_json(path, {"texts": [made.text for made in answer(part)]})
            print(f"  {path.stem}", flush=True)
        texts += read_json(path)["texts"]
    return texts


def compare(asked: Asked, exact: Sequence[str], quick: Sequence[str]) -> Estimate:
    """Int8 minus float32 in right answers, paired over documents."""
    rows = score_texts(asked, quick), score_texts(asked, exact)
    return difference(*rows, lambda row: row["correct"], cluster_of(asked.questions))


def score_texts(asked: Asked, texts: Sequence[str]) -> list[Row]:
    """A scored row a text."""
    condition = Condition("same-answers", asked.system, None, False, None, asked.adapter_sha256)
    return [score(Answer(text), question, condition, None) for text, question in zip(texts, asked.questions, strict=True)]


def share_right(rows: Sequence[Row]) -> float:
    """The share of answers that are as they should be; where there is no answer, that is to say so."""
    return sum(row["correct"] for row in rows) / len(rows)
