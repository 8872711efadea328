"""What stays behind in the model: weights after a year of rag's updates, outputs once an adapter is switched off again.

Each has a control that must show a difference: the weights with an adapter merged in, the outputs with it switched on.
"""

import dataclasses
import hashlib
import tempfile
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

from utils.answer.generation import render
from utils.comparison import ask
from utils.data import Company, revise
from utils.experiments.spending import figures_of, index_pages, spend
from utils.lab import Lab, train_arm
from utils.measure.results import figure
from utils.models import EMBEDDER_SHA256, clone
from utils.records import Document
from utils.retrieve.embedding import Embed, remember
from utils.tune.beside import attach_adapter, swap_adapter
from utils.tune.lora import merge_adapter

MONTHS = 12

Weights = dict[str, tuple[str, int]]  # name of a tensor → its sha256, how many weights it has


def update_for_a_year(lab: Lab, embed: Embed, seed: int) -> list[dict]:
    """What each of MONTHS small changes takes with rag, and how many of the model's weights differ at the end.

    After each change a twelfth of the test questions is asked, so that the model works as it does in service.
    """
    before, rows, questions = hash_weights(lab.lm.model), [], lab.company.split("test")
    with tempfile.TemporaryDirectory() as folder:
        known = remember(embed, EMBEDDER_SHA256, Path(folder) / "vectors.sqlite")
        index_pages(lab.company.documents, known)
        for month in range(1, MONTHS + 1):
            retrieve, spent = index_pages(documents_in(lab.company, month), known)
            rows += figures_of("monthly change", "rag", spent, item=f"month {month}")
            updated = dataclasses.replace(lab, retrieve={True: retrieve})
            ask(updated, "rag", lab.lm, questions[month - 1 :: MONTHS], True)
    merged = merge_adapter(lab.lm, train_arm(lab, "ft", seed).folder)
    models = {"rag": lab.lm.model, "ft": merged.model}
    return rows + [
        figure("weights that differ", system, count_differing(before, hash_weights(model)), "weights")
        for system, model in models.items()
    ]


def documents_in(company: Company, month: int) -> list[Document]:
    """The pages as they stand at the end of a month, the revision being spread evenly over MONTHS."""
    revised = [document for document in company.documents_after if document not in company.documents]
    return revise(company.documents, revised[: len(revised) * month // MONTHS])


def hash_weights(model: object) -> Weights:
    """Every tensor of weights, hashed as float32, which holds the values of shorter formats exactly."""
    values = {name: weight.detach().float().cpu().numpy() for name, weight in model.named_parameters()}
    return {name: (hashlib.sha256(tensor.tobytes()).hexdigest(), tensor.size) for name, tensor in values.items()}


def count_differing(before: Weights, after: Weights) -> int:
    """The number of weights in tensors that are no longer the same, bit for bit.

    >>> count_differing({"a": ("1f", 6), "b": ("2e", 3)}, {"a": ("1f", 6), "b": ("77", 3)})
    3
    """
    return sum(size for name, (digest, size) in before.items() if after[name][0] != digest)


def switch_off(lab: Lab, seeds: Sequence[int]) -> list[dict]:
    """For every dev question's prompt: is the output another one than the base model's? 1 where it is, else 0.

    With the adapter on (`ft/on`), switched off (`ft/off`) and taken away (`ft/unloaded`). And with one that was merged into
    the weights and subtracted from them again (`ft/subtracted`), where no copy of the old ones was kept.
    """
    folder = train_arm(lab, "ft", seeds[0]).folder
    plain, model = hash_outputs(lab, lab.lm.model), attach_adapter(lab.lm, folder)
    found = {"ft/on": hash_outputs(lab, model)}
    with model.disable_adapter():
        found["ft/off"] = hash_outputs(lab, model)
    found["ft/unloaded"] = hash_outputs(lab, model.unload())
    found["ft/subtracted"] = hash_outputs(lab, subtracted(lab, folder))
    return [
        figure("outputs that differ", system, int(digest != plain[question_id]), "outputs", item=question_id)
        for system, outputs in found.items()
        for question_id, digest in outputs.items()
    ] + time_swaps(lab, seeds)


def subtracted(lab: Lab, folder: Path) -> object:
    """A model whose weights had the adapter added to them and taken away again: floating point rounds both times."""
    model = attach_adapter(clone(lab.lm, str(lab.lm.model.dtype).removeprefix("torch.")), folder)
    model.merge_adapter()
    model.unmerge_adapter()
    return model.unload()


def hash_outputs(lab: Lab, model: object) -> Mapping[str, str]:
    """question_id → the sha256 of the scores (logits) that the model gives every token of the dev question's prompt."""
    digests = {}
    for question in lab.company.split("dev"):
        text = render(lab.lm, lab.closed_book(question.text))
        ids = lab.lm.tokenizer(text, add_special_tokens=False, return_tensors="pt").input_ids.to(lab.lm.device)
        scores = model(input_ids=ids).logits.detach().float().cpu().numpy()
        digests[question.question_id] = hashlib.sha256(scores.tobytes()).hexdigest()
    return digests


def time_swaps(lab: Lab, seeds: Sequence[int]) -> list[dict]:
    """What it takes to serve another adapter: beside the weights (`ft/unmerged`), or merged into a new copy (`ft`)."""
    folders = [train_arm(lab, "ft", seed).folder for seed in seeds]
    model, rows = attach_adapter(lab.lm, folders[-1]), []
    for run, folder in enumerate(folders, 1):
        _, spent = spend(partial(swap_adapter, model, folder, f"run-{run}"))
        rows += figures_of("swap", "ft/unmerged", spent, run)
        _, spent = spend(partial(merge_adapter, lab.lm, folder))
        rows += figures_of("swap", "ft", spent, run)
    return rows
