"""What both RAG peers go through: a question at a time, timed, while the prompts that reach the model are noted."""

import hashlib
import json
import time
from collections.abc import Callable

import torch
from job import serve

PACKAGES = ("torch", "transformers", "sentence-transformers", "faiss-cpu")


def run(
    build: Callable[[dict], tuple[Callable[[str], str], torch.nn.Module]],
    settings: dict[str, str],
    packages: tuple[str, ...],
) -> None:
    """Ask every question of the job. `build(job)` loads and indexes; it gives (ask, model).

    Only the asking is timed, after one question that isn't. `prompts` are hashes of the token ids given to the model;
    `settings` says what was set, so that the task is the same, and what was left at its default.
    """

    def work(job: dict) -> dict:
        """The report."""
        ask, model = build(job)
        ask(job["questions"][0])
        given = note_prompts(model)
        start = time.perf_counter()
        answers = [ask(question) for question in job["questions"]]
        return {
            "seconds": time.perf_counter() - start,
            "answers": answers,
            "prompts": [hashlib.sha256(json.dumps(ids).encode()).hexdigest() for ids in given],
            "dtype": str(model.dtype),
            "threads": torch.get_num_threads(),
            **settings,
        }

    serve(work, (*PACKAGES, *packages))


def note_prompts(model: torch.nn.Module) -> list[list[int]]:
    """A list that will hold the token ids of each prompt: what the model is given more than one token of at once."""
    given: list[list[int]] = []

    def note(_: torch.nn.Module, __: tuple, named: dict) -> None:
        """Called before each pass."""
        if named["input_ids"].shape[1] > 1:
            given.extend(named["input_ids"].tolist())

    model.register_forward_pre_hook(note, with_kwargs=True)
    return given
