"""Smoothing changes no answer, and what rounding to int8 loses gets less."""

import re

import pytest
import torch
from fakes import one_thread, tiny_model  # noqa: F401

from utils.answer.smoothing import input_peaks, joints, smooth

TEXT = "The large kiln is fired on Thursdays. Ask the porter for a shelf before noon."
OTHER = "One shelf costs 12 crowns, paid into the tin by the door."


@pytest.fixture
def lm():
    """A tiny model in which one channel in eight is loud between its layers, as in a trained one."""
    lm = tiny_model()
    for joint in joints(lm.model)[1:]:
        joint.before.weight.data[::8] *= 60
        for layer in joint.after:
            layer.weight.data[:, ::8] /= 60
    return lm


def logits(lm, text: str) -> torch.Tensor:
    """(tokens, vocabulary)."""
    return lm.model(torch.tensor([lm.tokenizer(text).input_ids])).logits[0]


def rounded_to_int8(_, inputs):
    """A layer's inputs as int8 holds them, a scale a token."""
    scale = inputs[0].abs().amax(-1, keepdim=True) / 127
    return ((inputs[0] / scale).round() * scale,)


def loss_by_rounding(lm) -> float:
    """How far the logits move when every linear layer reads int8."""
    exact = logits(lm, OTHER)
    hooks = [part.register_forward_pre_hook(rounded_to_int8) for joint in joints(lm.model) for part in joint.after]
    moved = (logits(lm, OTHER) - exact).abs().mean()
    for hook in hooks:
        hook.remove()
    return float(moved)


def test_a_smoothed_model_says_the_same(lm):
    before, smoothed = logits(lm, OTHER), smooth(lm, TEXT)
    assert torch.allclose(logits(smoothed, OTHER), before, atol=1e-3)
    assert torch.equal(logits(lm, OTHER), before)  # the original is left alone
    assert (smoothed.sha256, smoothed.tokenizer) == (lm.sha256, lm.tokenizer)


def test_rounding_loses_less_after_smoothing(lm):
    assert loss_by_rounding(smooth(lm, TEXT)) < 0.5 * loss_by_rounding(lm)


def test_inputs_and_weights_share_the_peaks_evenly(lm):
    smoothed = smooth(lm, TEXT)
    down = [joint for joint in joints(smoothed.model) if len(joint.after) == 1]
    for joint, peaks in zip(down, input_peaks(smoothed, down, TEXT)):
        assert torch.allclose(peaks, joint.after[0].weight.abs().amax(dim=0), rtol=1e-3)


def test_embeddings_and_output_layer_go_apart():
    lm = tiny_model()
    lm.model.lm_head.weight = lm.model.model.embed_tokens.weight
    lm.model.config.tie_word_embeddings = True
    before, smoothed = logits(lm, OTHER), smooth(lm, TEXT)
    assert torch.allclose(logits(smoothed, OTHER), before, atol=1e-3)
    assert not torch.equal(smoothed.model.lm_head.weight, smoothed.model.model.embed_tokens.weight)
    assert not smoothed.model.config.tie_word_embeddings and lm.model.config.tie_word_embeddings


def test_a_model_of_another_make_is_refused(lm):
    lm.model.config.model_type = "gpt2"
    with pytest.raises(ValueError, match=re.escape("only models of type llama can be smoothed, and this is a gpt2: use")):
        smooth(lm, TEXT)
