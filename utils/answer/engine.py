"""Who computes when a learner waits for one answer: torch, or CTranslate2 in int8. Measures here; never guesses by name.

Small products of one answer don't always gain from a second core: its threads wait for each other at every one of them. So
CTranslate2 is measured on all cores and on one.
"""

import importlib.util
import statistics
import time
from collections.abc import Callable, Sequence
from functools import partial

import torch

from utils.answer.fast import MADE_UP, generate_fast, import_ctranslate2, open_fast
from utils.answer.generation import Generation, generate, render
from utils.answer.prompts import Prompt, with_worked_example
from utils.answer.smoothing import FITS
from utils.machine import asked_for, cpu_name, fastest
from utils.models import LanguageModel

ENGINES = ("torch", "ctranslate2", "ctranslate2-one-core")
TOKENS = 8  # of the answers that are timed
REPEATS = 3

Answering = Callable[[Sequence[str]], list[Generation]]


def open_engine(
    lm: LanguageModel, prompt: Prompt, adapter_sha256: str | None = None, engine: str | None = None
) -> Answering:
    """A function from prompts, put by `prompt`, to answers one by one. `engine` None takes the fastest one here."""
    engine = engine or pick_engine(lm, adapter_sha256)
    if engine == "torch":
        return partial(generate, lm, batch_size=1)
    threads = torch.get_num_threads() if engine == "ctranslate2" else 1
    return partial(generate_fast, open_fast(lm, prompt, adapter_sha256, threads))


def pick_engine(lm: LanguageModel, adapter_sha256: str | None = None) -> str:
    """The fastest of ENGINES here: $COURSE_ENGINE, or the winner of a short measurement that is kept with its result.

    torch where CTranslate2 isn't installed, on a device that is no CPU, and for models that it can't take over.
    """
    if chosen := asked_for("COURSE_ENGINE", ENGINES):
        return chosen
    installed = importlib.util.find_spec("ctranslate2") is not None
    if not installed or lm.device != "cpu" or lm.model.config.model_type not in FITS:
        return "torch"
    return fastest("engine", describe(lm), lambda: measure_engines(lm, adapter_sha256))


def describe(lm: LanguageModel) -> str:
    """What the choice depends on, in one line. An adapter isn't in it: merged, it costs nothing."""
    used = f"torch {torch.__version__} · ctranslate2 {import_ctranslate2().__version__}"
    what = f"{lm.model.dtype} · {lm.sha256[:12]} · {', '.join(ENGINES)}"
    return f"{cpu_name()} · {torch.get_num_threads()} threads · {used} · {what}"


def measure_engines(lm: LanguageModel, adapter_sha256: str | None) -> dict[str, float]:
    """Seconds of one short answer by each engine; the median of REPEATS, after one that isn't timed."""
    question, hit = MADE_UP[0]
    prompts = [render(lm, with_worked_example(question, [hit]))]
    return {name: time_answers(open_engine(lm, with_worked_example, adapter_sha256, name), prompts) for name in ENGINES}


def time_answers(answer: Answering, prompts: Sequence[str]) -> float:
    """The median of REPEATS."""
    seconds = []
    for _ in range(REPEATS + 1):
        start = time.perf_counter()
        answer(prompts, max_new_tokens=TOKENS)
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds[1:])
