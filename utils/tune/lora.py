"""Low-rank adapters: add one, save it with where it came from, check and merge it. Knows no training loop.

LoRA: Hu et al. 2021, arXiv 2106.09685. Training all linear layers at alpha = 2 × rank follows the PEFT documentation.
"""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
from peft import LoraConfig, PeftModel, get_peft_model

from utils.files import DamagedFile, atomic_folder, check_manifest, read_json, write_manifest
from utils.machine import return_memory
from utils.models import LanguageModel, cast_weights, clone

RETRAIN = "delete the folder and train again"


def add_adapter(lm: LanguageModel, rank: int, lowest_layer: int, seed: int) -> PeftModel:
    """The model with a fresh float32 adapter on every linear layer from `lowest_layer` up. It changes nothing yet.

    ValueError when the model has fewer layers.
    """
    n_layers = lm.model.config.num_hidden_layers
    if not 0 <= lowest_layer < n_layers:
        raise ValueError(f"lowest_layer={lowest_layer}, but the model has layers 0 to {n_layers - 1}")
    warnings.filterwarnings("ignore", "`is_gradient_checkpointing` is deprecated")  # PEFT asks, transformers complains
    torch.manual_seed(seed)
    config = LoraConfig(
        r=rank,
        lora_alpha=2 * rank,
        lora_dropout=0.0,
        target_modules=linear_names(lm.model.get_decoder().layers[lowest_layer]),
        layers_to_transform=list(range(lowest_layer, n_layers)),
        task_type="CAUSAL_LM",
    )
    return get_peft_model(lm.model, config, autocast_adapter_dtype=True)


def linear_names(layer: torch.nn.Module) -> list[str]:
    """Last names of a layer's linear parts, like `q_proj`: what PEFT calls "all-linear", for a choice of layers."""
    return sorted({name.rsplit(".", 1)[-1] for name, part in layer.named_modules() if isinstance(part, torch.nn.Linear)})


def trainable(model: torch.nn.Module) -> dict[str, torch.nn.Parameter]:
    """The adapter's parameters by name."""
    return {name: parameter for name, parameter in model.named_parameters() if parameter.requires_grad}


def save_adapter(model: PeftModel, folder: Path, provenance: dict) -> None:
    """Write the adapter as safetensors with a manifest of hashes and its provenance, all or nothing."""
    with atomic_folder(folder) as temporary, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # PEFT looks for the base model on a hub, which may not be there
        model.save_pretrained(temporary)
        write_manifest(temporary, provenance)


def adapter_sha256(folder: Path) -> str:
    """The hash that names an adapter: that of its weights."""
    return read_json(folder / "manifest.json")["files"]["adapter_model.safetensors"]


def merge_adapter(lm: LanguageModel, folder: Path) -> LanguageModel:
    """A copy of the model with the adapter merged into its weights, as fast as the base model.

    Merged in float32 and rounded once. DamagedFile when the adapter was altered or trained on another base model.
    """
    check_manifest(folder, RETRAIN, model_sha256=lm.sha256)
    dtype = str(lm.model.dtype).removeprefix("torch.")
    wide = clone(lm, "float32")
    try:
        merged = PeftModel.from_pretrained(wide.model, folder).merge_and_unload()
    except (RuntimeError, ValueError) as problem:
        raise DamagedFile(f"{folder} doesn't fit this model ({problem}): {RETRAIN}") from problem
    merged = cast_weights(merged, dtype).eval()
    return_memory()  # that of the float32 copy
    return LanguageModel(merged, lm.tokenizer, lm.sha256)


@contextmanager
def upper_layers(model: PeftModel, lowest_layer: int) -> Iterator[torch.nn.Module]:
    """The decoder without the layers below `lowest_layer`, for hidden states that have already passed them."""
    decoder = model.get_base_model().get_decoder()
    layers = decoder.layers
    decoder.layers = layers[lowest_layer:]
    try:
        yield decoder
    finally:
        decoder.layers = layers


@contextmanager
def lower_layers(decoder: torch.nn.Module, lowest_layer: int) -> Iterator[None]:
    """The decoder with only the layers below `lowest_layer`; its output is what that layer would receive."""
    layers, norm = decoder.layers, decoder.norm
    decoder.layers, decoder.norm = layers[:lowest_layer], torch.nn.Identity()
    try:
        yield
    finally:
        decoder.layers, decoder.norm = layers, norm
