"""One answer with an eye on the clock: seconds of search, prompt and writing. Also many at once. Chooses no questions.

An answer is written on until it has ended *and* has FIXED tokens, and the clock is read at every token. So one run gives
two times: up to the answer's own end, and up to FIXED tokens, the same for all (`<system>/fixed`).
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch

from utils.answer.generation import MAX_NEW_TOKENS, ends, generate, read_prompts, read_token, render
from utils.answer.prompts import Prompt, closed_book
from utils.measure.results import figure
from utils.models import LanguageModel
from utils.records import Hit, Question
from utils.retrieve.retriever import Retrieve

FIXED = 8  # tokens: more than ft's answers have, fewer than rag's


@dataclass(frozen=True)
class System:
    """What is timed: a model (None: `search`, which shows what it found) with k passages, put by `prompt`."""

    name: str
    lm: LanguageModel | None
    k: int = 0
    prompt: Prompt | None = None


def time_answer(system: System, retrieve: Retrieve, question: Question) -> list[dict]:
    """The figures of one answer, at its own length and at the fixed one."""
    start = time.perf_counter()
    hits = retrieve([question.text], system.k)[0] if system.k else []
    found = time.perf_counter()
    parts = {"retrieve": found - start} if system.k else {}
    if system.lm is None:
        return seconds_of(system.name, parts, question)
    ids = system.lm.tokenizer(put(system, question, hits), add_special_tokens=False).input_ids
    ticks, length = write_on(system.lm, ids)
    parts["prefill"] = ticks[0] - found
    tokens = {"prompt tokens": len(ids), "answer tokens": length}
    return [
        *seconds_of(system.name, {**parts, "decode": ticks[length - 1] - ticks[0]}, question),
        *seconds_of(f"{system.name}/fixed", {**parts, "decode": ticks[FIXED - 1] - ticks[0]}, question),
        *(figure(name, system.name, n, "tokens", item=question.question_id) for name, n in tokens.items()),
    ]


def put(system: System, question: Question, hits: Sequence[Hit]) -> str:
    """The prompt's text for the system's model."""
    return render(system.lm, system.prompt(question.text, hits) if system.prompt else closed_book(question.text))


@torch.inference_mode()
def write_on(lm: LanguageModel, ids: Sequence[int]) -> tuple[list[float], int]:
    """(the clock at each new token, how many tokens the answer has, the one that ends it included), greedy.

    The same steps as `generate_batch` takes for one prompt, going on up to FIXED tokens where the answer ends earlier.
    """
    output, mask = read_prompts(lm, [ids])
    ticks, length = [], MAX_NEW_TOKENS
    while True:
        token = output.logits[:, -1].argmax(-1)
        ended = bool(ends(token, lm))  # waits for an asynchronous device
        ticks.append(time.perf_counter())
        if ended:
            length = min(length, len(ticks))
        if len(ticks) >= max(length, FIXED):
            return ticks, length
        output, mask = read_token(lm, token, output.past_key_values, mask)


def seconds_of(name: str, parts: Mapping[str, float], question: Question) -> list[dict]:
    """A figure for each part of an answer's seconds, and one for their sum. A step that a system hasn't has no figure."""
    every = {**parts, "total": sum(parts.values())}
    return [figure(part, name, value, "s", item=question.question_id) for part, value in every.items()]


def time_bulk(system: System, retrieve: Retrieve, questions: Sequence[Question]) -> float:
    """Seconds for all of these questions, searched for together and answered in batches."""
    start = time.perf_counter()
    found = retrieve([question.text for question in questions], system.k) if system.k else [[]] * len(questions)
    if system.lm is not None:
        generate(system.lm, [put(system, *pair) for pair in zip(questions, found)])
    return time.perf_counter() - start
