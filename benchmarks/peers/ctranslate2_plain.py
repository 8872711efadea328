"""CTranslate2, used plainly: the model converted to int8, one `generate_batch` a prompt, nothing kept in between."""

import os
import time
from collections.abc import Callable
from pathlib import Path

import answer_loop
import ctranslate2
from answer_loop import Made
from ctranslate2.converters import TransformersConverter
from transformers import AutoTokenizer


def build(job: dict) -> Callable[[str], Made]:
    """The asking, with the model converted, where it isn't yet, and loaded."""
    folder = Path(job["converted"])
    if not folder.exists():
        temporary = folder.with_name(f".{folder.name}.{os.getpid()}")
        TransformersConverter(job["model"]).convert(str(temporary), quantization="int8")
        os.replace(temporary, folder)
    tokenizer = AutoTokenizer.from_pretrained(job["model"])
    generator = ctranslate2.Generator(str(folder), device="cpu", intra_threads=job["threads"])

    def ask(prompt: str) -> Made:
        """One prompt's answer."""
        tokens = tokenizer.convert_ids_to_tokens(tokenizer(prompt, add_special_tokens=False).input_ids)
        clock = [time.perf_counter()]
        result = generator.generate_batch(
            [tokens],
            max_length=job["max_new_tokens"],
            sampling_topk=1,
            include_prompt_in_result=False,
            callback=lambda _: bool(clock.append(time.perf_counter())),
        )
        text = tokenizer.decode(result[0].sequences_ids[0], skip_special_tokens=True).strip()
        return Made(text, len(tokens), clock[1] - clock[0])

    return ask


if __name__ == "__main__":
    answer_loop.run(build, ("ctranslate2", "transformers"))
