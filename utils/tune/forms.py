"""An adapted product, a norm and a loss with gradients written out: the same numbers up to rounding, less memory to pass.

On a processor these spend more time on reading and writing than on computing. As PyTorch takes them apart, each step
writes a matrix that the next one reads again; by hand half of that falls away. `fast_forms` puts the first two to use.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

import torch
from peft import PeftModel
from peft.tuners.lora import Linear as AdaptedLinear
from transformers.models.llama.modeling_llama import LlamaRMSNorm


class AdaptedProduct(torch.autograd.Function):
    """x · Wᵀ + scaling · x · Aᵀ · Bᵀ: a frozen matrix with LoRA's two thin ones beside it (arXiv 2106.09685)."""

    @staticmethod
    def forward(ctx, x, weight, bias, a, b, scaling):
        """x (n, in), weight (out, in), bias (out,) or None, a (rank, in), b (out, rank) → (n, out)."""
        with torch.autocast(x.device.type, enabled=False):
            a, b = a.to(x.dtype), b.to(x.dtype)
            low = (x @ a.mT).mul_(scaling)
            ctx.scaling = scaling
            ctx.save_for_backward(x, weight, a, b, low)
            return torch.nn.functional.linear(x, weight, bias).addmm_(low, b.mT)

    @staticmethod
    def backward(ctx, d_result):
        """What the loss gains from each number of x, a and b; a's and b's in float32, as the optimiser wants them."""
        x, weight, a, b, low = ctx.saved_tensors
        d_low = (d_result @ b).mul_(ctx.scaling)
        d_x = (d_result @ weight).addmm_(d_low, a) if ctx.needs_input_grad[0] else None
        return d_x, None, None, (d_low.mT @ x).float(), (low.mT @ d_result).mT.float(), None


class Norm(torch.autograd.Function):
    """x / √(mean x² + ε) · weight along the last dimension, with a frozen weight (RMSNorm: arXiv 1910.07467)."""

    @staticmethod
    def forward(ctx, x, weight, epsilon):
        """x (..., width), weight (width,) → (..., width)."""
        squares = torch.linalg.vector_norm(x, dim=-1, keepdim=True, dtype=torch.float32).square_()
        scale = squares.div_(x.shape[-1]).add_(epsilon).rsqrt_()
        unit = (x * scale).to(x.dtype)
        ctx.save_for_backward(unit, weight, scale)
        return unit * weight

    @staticmethod
    def backward(ctx, d_result):
        """What the loss gains from each number of x: (g - unit · mean(g · unit)) · scale, where g = d_result · weight."""
        unit, weight, scale = ctx.saved_tensors
        d_unit = d_result * weight
        along = torch.linalg.vecdot(d_unit, unit)[..., None] / unit.shape[-1]
        return d_unit.addcmul_(unit, along, value=-1).mul_(scale), None, None


class CrossEntropy(torch.autograd.Function):
    """Mean of -log softmax(logits)[label] in float32, with one matrix of answer tokens × vocabulary instead of five."""

    @staticmethod
    def forward(ctx, logits, labels):
        """logits (n, vocabulary), labels (n,) → a number."""
        logs = logits.log_softmax(-1, dtype=torch.float32)
        ctx.dtype = logits.dtype
        ctx.save_for_backward(logs, labels)
        return torch.nn.functional.nll_loss(logs, labels)

    @staticmethod
    def backward(ctx, d_loss):
        """(softmax(logits) - 1 at the label) / n, written over the logarithms: it can be asked for once."""
        logs, labels = ctx.saved_tensors
        d_logits = logs.exp_()
        d_logits[torch.arange(len(labels), device=labels.device), labels] -= 1
        return d_logits.mul_(d_loss / len(labels)).to(ctx.dtype), None


def adapted(part: AdaptedLinear, x: torch.Tensor) -> torch.Tensor:
    """What the adapted layer gives for x (..., in), with its one active adapter."""
    (name,), base = part.active_adapters, part.base_layer
    a, b = part.lora_A[name].weight, part.lora_B[name].weight
    result = AdaptedProduct.apply(x.reshape(-1, x.shape[-1]), base.weight, base.bias, a, b, part.scaling[name])
    return result.view(*x.shape[:-1], -1)


def normed(part: LlamaRMSNorm, x: torch.Tensor) -> torch.Tensor:
    """What the norm gives for x (..., width)."""
    return Norm.apply(x, part.weight, part.variance_epsilon)


@contextmanager
def fast_forms(model: PeftModel) -> Iterator[None]:
    """Inside, adapted layers and Llama's norms compute by hand, where that was measured to be faster: on a processor."""
    forms = {AdaptedLinear: adapted, LlamaRMSNorm: normed}
    changed = [part for part in model.modules() if type(part) in forms and model.device.type == "cpu"]
    for part in changed:
        part.forward = partial(forms[type(part)], part)
    try:
        yield
    finally:
        for part in changed:
            del part.forward
