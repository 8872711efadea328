"""What several units need is made once, and kept under all that it depends on: values as JSON, adapters in their folder."""

import dataclasses
from collections.abc import Callable, Sequence
from pathlib import Path

from utils.files import read_json, sha256_text, write_json
from utils.lab import Lab, adapter_folder
from utils.tune.examples import Example, encode
from utils.tune.schedule import Settings
from utils.tune.training import Trained, train


def keep(folder: Path, depends_on: object, make: Callable[[], object]) -> object:
    """The value that `make` gives, as JSON holds it; read back where an earlier call left it for the same `depends_on`."""
    path = folder / f"{sha256_text(repr(depends_on))[:12]}.json"
    if not path.exists():
        write_json(path, make())
    return read_json(path)


def train_once(
    lab: Lab, name: str, examples: tuple[Sequence[Example], Sequence[Example]], settings: Settings, seed: int
) -> Trained:
    """An adapter from examples (to learn from, to validate on): trained now, or found where an earlier run left it.

    The folder is named like those of `utils.lab`, by model, data and settings.
    """
    settings = dataclasses.replace(settings, seed=seed)
    learn, validate = ([encode(lab.lm.tokenizer, example) for example in part] for part in examples)
    folder = adapter_folder(lab, name, settings, learn, validate)
    return train(lab.lm, learn, validate, settings, folder, f"training {name}, seed {seed}")
