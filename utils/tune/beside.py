"""An adapter beside the model's weights instead of merged into them: slower, but it can be switched off. Trains nothing."""

import copy
from pathlib import Path

from peft import PeftModel

from utils.files import check_manifest
from utils.models import LanguageModel
from utils.tune.lora import RETRAIN


def attach_adapter(lm: LanguageModel, folder: Path) -> PeftModel:
    """A model that adds the adapter to what each layer computes. It shares its weights with `lm`, which stays as it is.

    DamagedFile when the adapter was altered or trained on another base model.
    """
    check_manifest(folder, RETRAIN, model_sha256=lm.sha256)
    shared = {id(weight): weight for weight in lm.model.parameters()}  # for the copy: take these, don't copy them
    return PeftModel.from_pretrained(copy.deepcopy(lm.model, shared), folder).eval()


def swap_adapter(model: PeftModel, folder: Path, name: str) -> None:
    """Put another adapter, under a name of its own, in the place of the one beside the model."""
    old = model.active_adapter
    model.load_adapter(folder, name)
    model.set_adapter(name, inference_mode=True)
    model.delete_adapter(old)
