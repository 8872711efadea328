"""What this machine can multiply in a second, and what a model multiplies when it reads and writes."""

import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager

import torch

from utils.models import LanguageModel

SHAPES = ((384, 576, 1536), (512, 576, 1536), (512, 1536, 576), (1024, 576, 1536))  # of the model's own, and larger


def ceiling_flops(dtype: torch.dtype, repeats: int = 15) -> float:
    """FLOPs a second of the fastest of SHAPES, each by its median, in this number format."""
    best = 0.0
    for rows, inner, columns in SHAPES:
        left, right = (torch.randn(size, inner).to(dtype) for size in (rows, columns))
        seconds = []
        for _ in range(repeats):
            start = time.perf_counter()
            torch.nn.functional.linear(left, right)
            seconds.append(time.perf_counter() - start)
        best = max(best, 2 * rows * inner * columns / statistics.median(seconds))
    return best


@contextmanager
def counted(lm: LanguageModel) -> Iterator[list[float]]:
    """FLOPs of each pass inside: two a weight, in the layers for every token, in the output layer for a row's last one."""
    output = lm.model.get_output_embeddings()
    linear = [part for part in lm.model.modules() if isinstance(part, torch.nn.Linear) and part is not output]
    layers, last, passes = sum(part.weight.numel() for part in linear), output.weight.numel(), []

    def note(_: object, __: tuple, named: dict) -> None:
        rows, columns = named["input_ids"].shape
        passes.append(2.0 * rows * (layers * columns + last))

    hook = lm.model.register_forward_pre_hook(note, with_kwargs=True)
    try:
        yield passes
    finally:
        hook.remove()
