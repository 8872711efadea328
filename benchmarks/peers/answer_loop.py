"""What every peer that answers goes through: a prompt at a time, each timed, text in and text out."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from job import serve


@dataclass(frozen=True)
class Made:
    """An answer, how many tokens its prompt had, and the seconds until its first token where they are known."""

    text: str
    prompt_tokens: int
    prefill_s: float | None = None


def run(build: Callable[[dict], Callable[[str], Made]], packages: tuple[str, ...]) -> None:
    """Answer every prompt of the job. `build(job)` loads the model; it gives the asking.

    Only the asking is timed, after the job's `warm_up`.
    """

    def work(job: dict) -> dict:
        """The report."""
        ask = build(job)
        for prompt in job["warm_up"]:
            ask(prompt)
        each, made = [], []
        for prompt in job["prompts"]:
            start = time.perf_counter()
            made.append(ask(prompt))
            each.append(time.perf_counter() - start)
        return {
            "seconds": sum(each),
            "each": each,
            "prefill": [one.prefill_s for one in made],
            "answers": [one.text for one in made],
            "prompt_tokens": [one.prompt_tokens for one in made],
        }

    serve(work, packages)
