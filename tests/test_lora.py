"""An adapter starts as nothing, comes back as saved or not at all, and merged says what it said beside the model."""

import pytest
import torch
from fakes import cut_short, flip_bit, one_thread, tiny_model  # noqa: F401

from utils.files import DamagedFile, sha256_file
from utils.models import clone
from utils.tune.lora import (
    adapter_sha256,
    add_adapter,
    linear_names,
    lower_layers,
    merge_adapter,
    save_adapter,
    trainable,
    upper_layers,
)

IDS = torch.tensor([[5, 9, 13, 40, 77, 3, 8]])


@pytest.fixture
def lm():
    return tiny_model()


def logits(model):
    with torch.no_grad():
        return model(input_ids=IDS).logits


def adapted(lm, lowest_layer=1, seed=1):
    """The model with an adapter that does something: the half that starts at zero is filled at random."""
    model = add_adapter(lm, 4, lowest_layer, seed)
    torch.manual_seed(seed)
    with torch.no_grad():
        for name, parameter in trainable(model).items():
            if "lora_B" in name:
                parameter.normal_(std=0.1)
    return model


@pytest.fixture
def saved(lm, tmp_path):
    """(folder, logits with the adapter beside the model, logits without it)."""
    without = logits(lm.model)
    model = adapted(lm)
    beside = logits(model)
    save_adapter(model, tmp_path / "adapter", {"model_sha256": lm.sha256})
    model.unload()
    return tmp_path / "adapter", beside, without


def test_a_fresh_adapter_changes_nothing(lm):
    before = logits(lm.model)
    assert torch.equal(logits(add_adapter(lm, 4, 0, seed=1)), before)


@pytest.mark.parametrize("lowest_layer", [0, 1, 2])
def test_only_the_linear_parts_from_the_lowest_layer_up_are_trained(lm, lowest_layer):
    parameters = trainable(add_adapter(lm, 4, lowest_layer, seed=1))
    assert {int(name.split(".layers.")[1].split(".")[0]) for name in parameters} == set(range(lowest_layer, 3))
    assert all("lora_" in name and parameter.dtype == torch.float32 for name, parameter in parameters.items())
    assert len(parameters) == 2 * 7 * (3 - lowest_layer)  # an A and a B for q, k, v, o, gate, up and down


def test_the_linear_parts_are_those_torch_calls_linear(lm):
    names = {"q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"}
    assert set(linear_names(lm.model.model.layers[0])) == names


@pytest.mark.parametrize("lowest_layer", [-1, 3, 99])
def test_a_layer_that_the_model_lacks_is_refused(lm, lowest_layer):
    with pytest.raises(ValueError, match=f"lowest_layer={lowest_layer}, but the model has layers 0 to 2"):
        add_adapter(lm, 4, lowest_layer, seed=1)


def test_the_seed_decides_how_an_adapter_starts():
    starts = [trainable(add_adapter(tiny_model(), 4, 1, seed)) for seed in (1, 1, 2)]
    one, again, other = (torch.cat([parameter.flatten() for parameter in start.values()]) for start in starts)
    assert torch.equal(one, again) and not torch.equal(one, other)


def test_merged_into_the_weights_an_adapter_says_the_same(lm, saved):
    folder, beside, without = saved
    merged = merge_adapter(lm, folder)
    torch.testing.assert_close(logits(merged.model), beside, rtol=1e-4, atol=1e-5)
    assert not torch.allclose(beside, without, atol=0.01)  # or the comparison would prove nothing
    assert type(merged.model) is type(lm.model) and not merged.model.training


def test_merging_leaves_the_base_model_alone(lm, saved):
    folder, _, without = saved
    merge_adapter(lm, folder)
    assert torch.equal(logits(lm.model), without)


def test_a_model_in_bfloat16_stays_so_and_is_merged_in_float32(lm, saved):
    folder, beside, _ = saved
    merged = merge_adapter(clone(lm, "bfloat16"), folder).model
    assert merged.dtype == torch.bfloat16
    exact = merge_adapter(lm, folder).model.model.layers[1].mlp.up_proj.weight
    once_rounded = (exact - lm.model.model.layers[1].mlp.up_proj.weight).abs().max()
    assert once_rounded > 0.01
    torch.testing.assert_close(merged.model.layers[1].mlp.up_proj.weight.float(), exact, rtol=0.02, atol=0.01)


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_merging_an_adapter_that_does_nothing_changes_nothing(lm, tmp_path, dtype):
    save_adapter(add_adapter(tiny_model(), 4, 1, seed=1), tmp_path / "fresh", {"model_sha256": lm.sha256})
    base = clone(lm, dtype)
    merged = merge_adapter(base, tmp_path / "fresh")
    assert torch.equal(logits(merged.model), logits(base.model))
    for model in (base.model, merged.model):  # rounded rotary frequencies would shift every position a little
        assert torch.equal(model.model.rotary_emb.inv_freq, lm.model.model.rotary_emb.inv_freq)


def test_an_adapter_is_named_by_the_hash_of_its_weights(saved):
    folder, *_ = saved
    assert adapter_sha256(folder) == sha256_file(folder / "adapter_model.safetensors")


@pytest.mark.parametrize("name", ["adapter_model.safetensors", "adapter_config.json", "manifest.json"])
def test_an_adapter_cut_short_is_refused(lm, saved, name):
    cut_short(saved[0] / name, 0.8)
    with pytest.raises(DamagedFile, match=f"{name}.*delete the folder and train again"):
        merge_adapter(lm, saved[0])


@pytest.mark.parametrize("name", ["adapter_model.safetensors", "adapter_config.json"])
@pytest.mark.parametrize("byte", [3, -5])
def test_an_adapter_with_a_flipped_bit_is_refused(lm, saved, name, byte):
    flip_bit(saved[0] / name, byte)
    with pytest.raises(DamagedFile, match=f"{name} has been cut short or altered"):
        merge_adapter(lm, saved[0])


def test_an_adapter_of_another_base_model_is_refused(saved):
    with pytest.raises(DamagedFile, match="another model_sha256 .tiny-0, here tiny-7.: delete the folder and train again"):
        merge_adapter(tiny_model(7), saved[0])


def test_lower_and_upper_layers_together_are_the_whole_decoder(lm):
    model = adapted(lm, lowest_layer=2)
    decoder = lm.model.model
    with torch.no_grad():
        whole = decoder(input_ids=IDS, use_cache=False)[0]
        with lower_layers(decoder, 2):
            hidden = decoder(input_ids=IDS, use_cache=False)[0]
        with upper_layers(model, 2) as upper:
            torch.testing.assert_close(upper(inputs_embeds=hidden, use_cache=False)[0], whole)
        torch.testing.assert_close(decoder(input_ids=IDS, use_cache=False)[0], whole)  # all layers are back
