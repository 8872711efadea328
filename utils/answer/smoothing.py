"""Prepare a model for int8: what its layers' inputs exaggerate moves into the weights. It answers as before.

SmoothQuant: Xiao et al. 2022, arXiv 2211.10438, with its even share (α = 0.5). In int8 the values of a token share a scale,
which the largest sets, and in a few channels they are hundreds of times larger than elsewhere. So a channel is divided by
a number of its own where it is made, and multiplied by it where it is read.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from utils.models import LanguageModel, clone

FITS = ("llama",)  # `model_type` of models whose layers are laid out and named as below
SMALLEST = 1e-5  # a channel that never spoke is left at about this


@dataclass(frozen=True)
class Joint:
    """A norm or linear layer, and the linear layers that read what it makes."""

    before: torch.nn.Module
    after: tuple[torch.nn.Linear, ...]


def smooth(lm: LanguageModel, text: str) -> LanguageModel:
    """A float32 copy with smaller peaks between its layers; `text` shows where they are. Its output layer is its own.

    ValueError for a model that isn't laid out like Llama.
    """
    kind = lm.model.config.model_type
    if kind not in FITS:
        raise ValueError(
            f"only models of type {', '.join(FITS)} can be smoothed, and this is a {kind}: use COURSE_ENGINE=torch"
        )
    copy = clone(lm, "float32")
    untie(copy.model)
    found = joints(copy.model)
    for joint, peaks in zip(found, input_peaks(copy, found, text)):
        share(joint, peaks)
    return copy


def untie(model: torch.nn.Module) -> None:
    """Give the output layer weights of its own where it shares those of the embeddings."""
    model.lm_head.weight = torch.nn.Parameter(model.lm_head.weight.clone(), requires_grad=False)
    model.config.tie_word_embeddings = False


def joints(model: torch.nn.Module) -> list[Joint]:
    """Every place where channels can be rescaled without changing the output."""
    found = [Joint(model.model.norm, (model.lm_head,))]
    for layer in model.model.layers:
        attention, mlp = layer.self_attn, layer.mlp
        found.append(Joint(layer.input_layernorm, (attention.q_proj, attention.k_proj, attention.v_proj)))
        found.append(Joint(layer.post_attention_layernorm, (mlp.gate_proj, mlp.up_proj)))
        found.append(Joint(mlp.up_proj, (mlp.down_proj,)))
    return found


@torch.inference_mode()
def input_peaks(lm: LanguageModel, found: Sequence[Joint], text: str) -> list[torch.Tensor]:
    """For each joint the largest absolute value, by channel, that its reading layers see in this text."""
    peaks: dict[torch.nn.Module, torch.Tensor] = {}

    def note(layer: torch.nn.Module, inputs: tuple[torch.Tensor]) -> None:
        """Called before the layer computes."""
        peaks[layer] = inputs[0].abs().amax(dim=(0, 1))

    hooks = [joint.after[0].register_forward_pre_hook(note) for joint in found]
    lm.model(torch.tensor([lm.tokenizer(text, add_special_tokens=False).input_ids], device=lm.device))
    for hook in hooks:
        hook.remove()
    return [peaks[joint.after[0]] for joint in found]


def share(joint: Joint, peaks: torch.Tensor) -> None:
    """Divide each channel where it is made by √(peak of its values / peak of its weights); multiply where it is read."""
    weights = torch.stack([layer.weight.abs().amax(dim=0) for layer in joint.after]).amax(dim=0)
    scale = (peaks.clamp(min=SMALLEST) / weights.clamp(min=SMALLEST)).sqrt()
    for made in joint.before.parameters(recurse=False):  # weight, and bias where there is one
        made.data /= scale if made.dim() == 1 else scale[:, None]
    for layer in joint.after:
        layer.weight.data *= scale
