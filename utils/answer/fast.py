"""One answer at a time, fast on a CPU: int8 weights, and what all prompts begin with is read once. Greedy; picks no engine.

While one answer is decoded every weight passes through memory once a token, so with a quarter of the bytes it takes about a
third of the time. CTranslate2 does the computing; it is an optional package.
"""

import os
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from utils.answer.generation import MAX_NEW_TOKENS, Generation, end_tokens, render
from utils.answer.prompts import Prompt, with_worked_example
from utils.answer.smoothing import smooth
from utils.files import atomic_folder, check_manifest, sha256_text, write_manifest
from utils.machine import cache_folder, return_memory
from utils.models import LanguageModel
from utils.records import Chunk, Hit

REMAKE = "delete it and it is made again"
MADE_UP = [("Who?", Hit(Chunk("a", 0, 3, "Ash", "Kiln"), 1.0)), ("Why not?", Hit(Chunk("b", 0, 4, "Clay", "Shed"), 1.0))]


class NoEngine(RuntimeError):
    """The optional package that computes in int8 isn't installed. The message says how to get it."""


@dataclass(frozen=True)
class FastModel:
    """The model in int8 with its tokenizer. `beginning` holds the tokens that its prompts have in common.

    `ends` are the ids that end an answer, `limit` is how many tokens prompt and answer may have together.
    """

    generator: object
    tokenizer: object
    beginning: list[int]
    ends: list[int]
    limit: int


def open_fast(lm: LanguageModel, prompt: Prompt, adapter_sha256: str | None = None, threads: int = 1) -> FastModel:
    """The model in int8, for questions put by `prompt`. Converted the first time (half a minute), then only found.

    `adapter_sha256` names the adapter that was merged into `lm`. NoEngine without CTranslate2.
    """
    ctranslate2 = import_ctranslate2()
    folder = quantise(lm, adapter_sha256)
    generator = ctranslate2.Generator(str(folder), compute_type="int8", intra_threads=threads)
    limit = lm.model.config.max_position_embeddings
    return FastModel(generator, lm.tokenizer, shared_beginning(lm, prompt), end_tokens(lm), limit)


def import_ctranslate2() -> object:
    """The package. NoEngine where it isn't installed."""
    try:
        import ctranslate2
    except ImportError:
        raise NoEngine(
            "CTranslate2 isn't installed: `python -m pip install ctranslate2` in the course's environment brings it, "
            "or unset COURSE_ENGINE to do without"
        ) from None
    return ctranslate2


def quantise(lm: LanguageModel, adapter_sha256: str | None) -> Path:
    """The folder of the model's int8 weights in the cache, checked; made where it isn't there yet."""
    text = render(lm, with_worked_example("When?", []))
    about = {
        "model_sha256": lm.sha256,
        "adapter_sha256": adapter_sha256,
        "dtype": str(lm.model.dtype),
        "smoothed_on": sha256_text(text),
        "ctranslate2": import_ctranslate2().__version__,
    }
    folder = cache_folder() / "int8" / sha256_text(repr(about))[:12]
    if not folder.exists():
        with atomic_folder(folder) as temporary:
            convert(smooth(lm, text), temporary)
            write_manifest(temporary, about)
        return_memory()  # that of the copies
    check_manifest(folder, REMAKE, **about)
    return folder


def convert(lm: LanguageModel, folder: Path) -> None:
    """Write the model's weights in int8, a scale a row, as CTranslate2 reads them."""
    from ctranslate2.converters import TransformersConverter

    with tempfile.TemporaryDirectory() as plain:
        lm.model.save_pretrained(plain)
        lm.tokenizer.save_pretrained(plain)
        TransformersConverter(plain).convert(str(folder), quantization="int8", force=True)


def shared_beginning(lm: LanguageModel, prompt: Prompt) -> list[int]:
    """The tokens that every prompt of this kind begins with: as many as two made-up ones have in common."""
    texts = [render(lm, prompt(question, [hit])) for question, hit in MADE_UP]
    return os.path.commonprefix([to_ids(lm.tokenizer, text) for text in texts])


def to_ids(tokenizer: object, text: str) -> list[int]:
    """The token ids of a rendered prompt."""
    return tokenizer(text, add_special_tokens=False).input_ids


def generate_fast(fast: FastModel, prompts: Sequence[str], max_new_tokens: int = MAX_NEW_TOKENS) -> list[Generation]:
    """The greedy continuation of each prompt, one after the other, as `generate` gives it.

    ValueError for a prompt that the model's context can't hold.
    """
    ids = [to_ids(fast.tokenizer, prompt) for prompt in prompts]
    longest, limit = max(map(len, ids), default=0), fast.limit - max_new_tokens
    if longest > limit:
        raise ValueError(f"a prompt has {longest} tokens and the model reads {limit}: fewer or shorter passages")
    return [continue_one(fast, prompt, max_new_tokens) for prompt in ids]


def continue_one(fast: FastModel, ids: list[int], max_new_tokens: int) -> Generation:
    """One answer. The state after the prompts' beginning is kept from the first answer on."""
    shared = len(fast.beginning) if ids[:-1][: len(fast.beginning)] == fast.beginning else 0  # one token to go on from
    tokens = fast.tokenizer.convert_ids_to_tokens(ids)
    clock = [time.perf_counter()]

    def note(_: object) -> bool:
        """Called at every token; True would end the answer."""
        clock.append(time.perf_counter())
        return False

    made = fast.generator.generate_batch(
        [tokens[shared:]],
        static_prompt=tokens[:shared] or None,
        include_prompt_in_result=False,
        max_length=max_new_tokens,
        end_token=fast.ends,
        callback=note,
    )
    answer = made[0].sequences_ids[0]
    clock.append(time.perf_counter())
    return Generation(
        text=fast.tokenizer.decode(answer, skip_special_tokens=True).strip(),
        prompt_tokens=len(ids),
        answer_tokens=len(answer),
        batched=1,
        prefill_s=clock[1] - clock[0],
        decode_s=clock[-1] - clock[1],
    )
