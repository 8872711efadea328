"""A learner waits for one answer: the course's engine over the fastest of what people would use, a prompt at a time.

Each side has a process of its own and gets the same prompts as text, passages included. Loading, converting and two answers
to warm up aren't timed. A finished round is kept as a file: a run that was stopped goes on with the next.
"""

import statistics
import time
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import torch

from benchmarks.ask import ask_ours, ask_peer
from benchmarks.frame import Benchmark, Measured, in_turn, kept_folder, middle, share_right
from utils.answer.engine import open_engine, pick_engine
from utils.answer.generation import MAX_NEW_TOKENS, render
from utils.data import load_company
from utils.fetch import DEFAULT_MODEL, fetch_gguf
from utils.files import ROOT
from utils.lab import READING, SEARCH, WORK
from utils.models import EMBEDDER_SHA256, default_embedder, find_model, load_language_model
from utils.records import Question
from utils.retrieve.chunking import chunk_documents
from utils.retrieve.embedding import load_embedder, remember
from utils.retrieve.retriever import build_retriever
from utils.systems import find_passages

BENCHMARK = Benchmark("one-answer", "×", 1.0, "lower", "the fastest of transformers, CTranslate2 int8 and llama.cpp")
N_QUESTIONS = 60
WARM_UP = 2
ROUNDS = 3
CONVERTED = ROOT / ".cache" / "bench" / "ctranslate2-int8"  # by the peer's own converter


def measure() -> Measured:
    """Ours over the fastest peer's, in the median seconds of an answer: a quarter of an hour, and resumable."""
    questions = pick_questions("test", N_QUESTIONS)
    job = make_job(questions)
    rounds = in_turn(sides_of(job), ROUNDS, kept_folder("one-answer", job))
    raw = [weigh(done, questions) for done in rounds]
    value, low, high = middle([one["ratio"] for one in raw])
    settings = {"questions": len(questions), "warm_up": WARM_UP, "max_new_tokens": MAX_NEW_TOKENS}
    return Measured(value, low, high, raw, settings)


def pick_questions(split: str, n: int) -> list[Question]:
    """n questions of kind fact, evenly over all desks."""
    facts = [question for question in load_company().split(split) if question.kind == "fact"]
    return facts[:: len(facts) // n][:n]


def make_job(questions: Sequence[Question]) -> dict:
    """What every side is told, as JSON. Warming up is done on dev questions."""
    CONVERTED.parent.mkdir(parents=True, exist_ok=True)
    return {
        "model": str(find_model(DEFAULT_MODEL)),
        "gguf": str(fetch_gguf()),
        "converted": str(CONVERTED),
        "prompts": make_prompts(questions),
        "warm_up": make_prompts(pick_questions("dev", WARM_UP)),
        "max_new_tokens": MAX_NEW_TOKENS,
        "threads": torch.get_num_threads(),
    }


def make_prompts(questions: Sequence[Question]) -> list[str]:
    """What `rag` gives the model: the question with the passages that the course's search finds in all documents."""
    lm, chunks = load_language_model(), chunk_documents(load_company().documents)
    embed = remember(load_embedder(default_embedder()), EMBEDDER_SHA256, WORK / "embeddings.sqlite")
    found, _ = find_passages(build_retriever(chunks, embed, SEARCH), questions, READING["rag"].k)
    return [render(lm, READING["rag"].prompt(question.text, hits)) for question, hits in zip(questions, found)]


def sides_of(job: dict) -> dict[str, Callable[[], dict]]:
    """Who takes part, by name."""
    return {
        "ours": lambda: ask_ours(answer_each, job),
        "transformers float32": lambda: ask_peer("transformers_generate", {**job, "dtype": "float32"}),
        "transformers bfloat16": lambda: ask_peer("transformers_generate", {**job, "dtype": "bfloat16"}),
        "CTranslate2 int8": lambda: ask_peer("ctranslate2_plain", job),
        "CTranslate2 int8, one core": lambda: ask_peer("ctranslate2_plain", {**job, "threads": 1}),
        "llama.cpp": lambda: ask_peer("llama_cpp", job),
    }


def answer_each(job: dict) -> dict:
    """Answer every prompt by the engine that the course picks here. In the child process."""
    torch.set_num_threads(job["threads"])
    lm = load_language_model(job["model"])
    answer = open_engine(lm, READING["rag"].prompt)
    for prompt in job["warm_up"]:
        answer([prompt])
    each, made = [], []
    for prompt in job["prompts"]:
        start = time.perf_counter()
        made += answer([prompt])
        each.append(time.perf_counter() - start)
    return {
        "seconds": sum(each),
        "each": each,
        "prefill": [one.prefill_s for one in made],
        "answers": [one.text for one in made],
        "prompt_tokens": [one.prompt_tokens for one in made],
        "versions": {"engine": pick_engine(lm)},
    }


def weigh(done: Mapping[str, dict], questions: Sequence[Question]) -> dict:
    """A round's figures, and the ratio. SystemExit where a side read other prompts than the others."""
    if len({tuple(report["prompt_tokens"]) for report in done.values()}) > 1:
        raise SystemExit("the sides read prompts of different lengths: the seconds don't compare")
    sides = {name: describe(report, questions) for name, report in done.items()}
    fastest = min((name for name in sides if name != "ours"), key=lambda name: sides[name]["p50"])
    return {"ratio": sides["ours"]["p50"] / sides[fastest]["p50"], "fastest": fastest, **sides}


def describe(report: Mapping, questions: Sequence[Question]) -> dict:
    """Seconds of an answer, those until its first token where they are known, and the share of right answers."""
    return {
        "p50": statistics.median(report["each"]),
        "p95": float(np.quantile(report["each"], 0.95)),
        "prefill_p50": None if None in report["prefill"] else statistics.median(report["prefill"]),
        "right": share_right(report["answers"], questions),
        "versions": report["versions"],
    }
