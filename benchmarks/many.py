"""Many RAG questions: the course's batches against a library's loop, over the same passages, models and messages.

Each side has a process of its own. Loading and embedding the passages is set-up; embedding the questions, searching and
answering is timed. A finished round is kept as a file: a run that was stopped goes on with the next.
"""

import json
import random
import statistics
import time
from collections.abc import Mapping, Sequence

import torch

from benchmarks.ask import ask_ours, ask_peer
from benchmarks.ceiling import ceiling_flops, counted
from benchmarks.frame import Measured, in_turn, kept_folder, middle, share_right
from utils.answer.generation import MAX_NEW_TOKENS, generate, render
from utils.data import load_company
from utils.fetch import DEFAULT_MODEL
from utils.files import sha256_text
from utils.lab import READING
from utils.models import default_embedder, find_model, load_language_model
from utils.records import Question
from utils.retrieve.chunking import chunk_documents
from utils.retrieve.embedding import load_embedder
from utils.retrieve.vector_index import build_vector_index, search_vectors

N_QUESTIONS = 200
ROUNDS = 2
AT_ONCE = 64  # the course's tables ask 16 at once, which takes less memory
ALIKE = 0.98  # share of prompts that must be the same: two passages nearly as close may change places


def compare(script: str) -> Measured:
    """Their seconds over ours on the same questions, with the share of right answers of both sides beside it."""
    facts = [question for question in load_company().split("test") if question.kind == "fact"]
    questions = random.Random(1).sample(facts, N_QUESTIONS)  # of all desks
    job = make_job(questions)
    sides = {"ours": lambda: ask_ours(answer_all, job), "theirs": lambda: ask_peer(script, job)}
    rounds = in_turn(sides, ROUNDS, kept_folder("many", [script, job]))
    raw = [weigh(done, questions) for done in rounds]
    value, low, high = middle([one["ratio"] for one in raw])
    settings = {
        "questions": len(questions),
        "passages": len(job["passages"]),
        **{name: job[name] for name in ("k", "max_new_tokens")},
        "ours": {"dtype": rounds[0]["ours"]["dtype"], "batch_size": AT_ONCE},
        "theirs": {name: rounds[0]["theirs"][name] for name in ("dtype", "threads", "set", "default", "versions")},
        "same_prompts": statistics.mean(one["same_prompts"] for one in raw),
        "at_ceiling": statistics.median(one["at_ceiling"] for one in raw),
    }
    return Measured(value, low, high, raw, settings)


def make_job(questions: Sequence[Question]) -> dict:
    """What every side is told, as JSON. `messages` has {passages} and {question} where they go."""
    messages = READING["rag"].prompt("{question}", [])
    messages[-1]["content"] = "{passages}" + messages[-1]["content"]
    return {
        "model": str(find_model(DEFAULT_MODEL)),
        "embedder": str(default_embedder()),
        "passages": [chunk.passage for chunk in chunk_documents(load_company().documents)],
        "questions": [question.text for question in questions],
        "messages": messages,
        "k": READING["rag"].k,
        "max_new_tokens": MAX_NEW_TOKENS,
        "threads": torch.get_num_threads(),
    }


def answer_all(job: dict) -> dict:
    """Search and answer all questions at once, after one that isn't timed. In the child process."""
    torch.set_num_threads(job["threads"])
    embed, lm = load_embedder(job["embedder"]), load_language_model(job["model"])
    chunks = chunk_documents(load_company().documents)
    store = build_vector_index(chunks, embed([chunk.passage for chunk in chunks]))

    def answer(questions: Sequence[str]) -> tuple[list[str], list[str]]:
        """(prompts, answers)."""
        found = search_vectors(store, embed(questions), job["k"])
        prompts = [render(lm, READING["rag"].prompt(question, hits)) for question, hits in zip(questions, found)]
        return prompts, [made.text for made in generate(lm, prompts, job["max_new_tokens"], AT_ONCE)]

    answer(job["questions"][:1])
    with counted(lm) as flops:
        start = time.perf_counter()
        prompts, answers = answer(job["questions"])
        seconds = time.perf_counter() - start
    ids = [lm.tokenizer(prompt, add_special_tokens=False).input_ids for prompt in prompts]
    hashes = [sha256_text(json.dumps(line)) for line in ids]
    at_ceiling = sum(flops) / ceiling_flops(lm.model.dtype)
    return {
        "seconds": seconds,
        "at_ceiling": at_ceiling,
        "answers": answers,
        "prompts": hashes,
        "dtype": str(lm.model.dtype),
    }


def weigh(done: Mapping[str, dict], questions: Sequence[Question]) -> dict:
    """A round's figures; `at_ceiling` is what the ratio would be if ours did nothing but multiply at the best pace here.

    SystemExit where the models weren't given the same prompts.
    """
    pairs = list(zip(done["ours"]["prompts"], done["theirs"]["prompts"], strict=True))
    same = sum(ours == theirs for ours, theirs in pairs) / len(pairs)
    if same < ALIKE:
        raise SystemExit(f"only {same:.0%} of the prompts are the same on both sides: the seconds don't compare")
    sides = {
        name: {"seconds": done[name]["seconds"], "right": share_right(done[name]["answers"], questions)}
        for name in ("ours", "theirs")
    }
    theirs = sides["theirs"]["seconds"]
    return {
        "ratio": theirs / sides["ours"]["seconds"],
        "at_ceiling": theirs / done["ours"]["at_ceiling"],
        "same_prompts": same,
        **sides,
    }
