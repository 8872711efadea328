"""What every peer that answers goes through: a prompt at a time, each timed, text in and text out."""

import json
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib import metadata


@dataclass(frozen=True)
class Made:
    """An answer, how many tokens its prompt had, and the seconds until its first token where they are known."""

    text: str
    prompt_tokens: int
    prefill_s: float | None = None


def run(build: Callable[[dict], Callable[[str], Made]], packages: tuple[str, ...]) -> None:
    """Answer every prompt of the job and write the report. `build(job)` loads the model; it gives the asking.

    Only the asking is timed, after the job's `warm_up`.
    """
    with open(sys.argv[1], encoding="utf-8") as file:
        job = json.load(file)
    ask = build(job)
    for prompt in job["warm_up"]:
        ask(prompt)
    each, made = [], []
    for prompt in job["prompts"]:
        start = time.perf_counter()
        made.append(ask(prompt))
        each.append(time.perf_counter() - start)
    report = {
        "seconds": sum(each),
        "each": each,
        "prefill": [one.prefill_s for one in made],
        "answers": [one.text for one in made],
        "prompt_tokens": [one.prompt_tokens for one in made],
        "versions": {name: metadata.version(name) for name in packages},
    }
    with open(sys.argv[2], "w", encoding="utf-8") as file:
        json.dump(report, file)
