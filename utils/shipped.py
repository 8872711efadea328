"""The adapters that come with the course: made from finished ones, and read only where they fit. Trains nothing.

`python -m utils.shipped` takes seed 1 of `ft` and `raft` as `train_arm` left them under `.cache/adapters`, rounds their
weights to half precision and writes them to `data/adapters`, each with where it came from.
"""

import argparse
import datetime
from dataclasses import asdict, replace
from pathlib import Path

from safetensors.numpy import load_file, save_file

from utils.data import DATA, Company
from utils.fetch import DEFAULT_MODEL
from utils.files import DamagedFile, atomic_folder, check_manifest, read_json, sha256_text, write_json, write_manifest
from utils.lab import READING, SEARCH, TRAINING, Lab, Plan, examples_of, open_lab, plan_training
from utils.machine import cpu_name, versions
from utils.measure.results import code_commit
from utils.models import EMBEDDER_SHA256, LanguageModel
from utils.retrieve.retriever import search_settings
from utils.tune.examples import Practice
from utils.tune.lora import adapter_sha256
from utils.tune.training import Trained, count_scored, made_from, read_trained

SHIPPED = DATA / "adapters"
ARMS = ("ft", "raft")
SEED = 1
FILES = ("adapter_model.safetensors", "adapter_config.json")
CONFIG = ("peft_type", "task_type", "r", "lora_alpha", "lora_dropout", "bias", "target_modules", "layers_to_transform")
CAME = "came_with_the_course"  # stands in the manifest of an adapter that `catch_up` has laid down
STORED_AS = "float16"  # half of float32; bfloat16 takes as much room and rounds eight times as coarsely
WAY_OUT = (
    "restore it from git; where company, model or settings have changed, `python course.py run` trains it "
    "and `python -m utils.shipped` ships it"
)


def find_trained(lab: Lab, plan: Plan) -> Trained | None:
    """The finished adapter of a plan, checked; None where there is none yet."""
    return read_trained(plan.folder, provenance_of(lab, plan)) if plan.folder.exists() else None


def came_with_the_course(folder: Path) -> bool:
    """Whether an adapter was laid down by `catch_up` instead of trained here."""
    return (folder / "manifest.json").exists() and bool(read_json(folder / "manifest.json").get(CAME))


def provenance_of(lab: Lab, plan: Plan) -> dict[str, object]:
    """What the manifest of a plan's adapter holds."""
    return made_from(lab.lm, plan.learn, plan.validate, plan.settings)


def sources_of(lab: Lab, arm: str) -> dict:
    """What decides an arm's adapter and is the same on every machine.

    For `ft` that is its examples. The passages that `raft` is shown are not among it: where two are nearly alike, another
    processor may rank them the other way.
    """
    made_from = {"model_sha256": lab.lm.sha256, "settings": asdict(replace(TRAINING[arm], seed=SEED))}
    if arm == "ft":
        examples = [examples_of(lab, arm, split, SEED) for split in ("train", "dev")]
        return {**made_from, "examples_sha256": sha256_text(repr(examples))}
    taught = [(taught_from(company), company.documents) for company in (lab.company, *lab.practice)]
    prompt, k = READING[arm].prompt("a question", []), READING[arm].k
    search = {"mode": SEARCH, "embedder_sha256": EMBEDDER_SHA256, **search_settings()}
    recipe = {"prompt_sha256": sha256_text(repr(prompt)), "practice": asdict(Practice(k)), "search": search}
    return {**made_from, "company_sha256": sha256_text(repr(taught)), "recipe": recipe}


def taught_from(company: Company) -> list[tuple]:
    """What a training can see of a company's questions: no test questions, and nothing of the revision."""
    asked = [question for split in ("train", "dev") for question in company.split(split)]
    return [(q.question_id, q.fact_id, q.kind, q.text, q.answers, q.evidence) for q in asked]


def count_examples(plan: Plan) -> dict[str, int]:
    """How many examples an arm learns from, their tokens, and the tokens of their answers."""
    tokens, scored = (sum(map(count, plan.learn)) for count in (lambda example: len(example.ids), count_scored))
    return {"examples": len(plan.learn), "tokens": tokens, "answer_tokens": scored}


def ship_adapter(lab: Lab, arm: str, folder: Path = SHIPPED) -> Path:
    """Write the arm's finished adapter, in half precision, to `folder`/<arm>.

    FileNotFoundError where there is none yet; ValueError where the one there came with the course itself.
    """
    plan = plan_training(lab, arm, SEED)
    trained = find_trained(lab, plan)
    if trained is None:
        raise FileNotFoundError(f"{plan.folder} isn't there: train {arm} first, `python course.py run` does")
    if came_with_the_course(trained.folder):
        raise ValueError(f"{plan.folder} was laid down by catch-up, not trained here: delete it and train {arm}")
    weights = {name: part.astype(STORED_AS) for name, part in load_file(trained.folder / FILES[0]).items()}
    about = {
        "arm": arm,
        **sources_of(lab, arm),
        "data_sha256": provenance_of(lab, plan)["data_sha256"],
        "counts": count_examples(plan),
        "curve": trained.curve,
        "seconds": round(trained.seconds, 1),
        "trained_in": str(lab.lm.model.dtype).removeprefix("torch."),
        "stored_as": STORED_AS,
        "full_sha256": adapter_sha256(trained.folder),
        **{"cpu": cpu_name(), "versions": versions(), "code_commit": code_commit()},
        "date": datetime.date.today().isoformat(),
    }
    with atomic_folder(folder / arm) as temporary:
        save_file(weights, temporary / FILES[0], metadata={"format": "pt"})
        config = read_json(trained.folder / FILES[1])  # with a path of this machine, and keys that other PEFTs don't know
        kept = {key: config[key] for key in CONFIG}
        write_json(temporary / FILES[1], {"base_model_name_or_path": DEFAULT_MODEL, **kept})
        write_manifest(temporary, about)
    return folder / arm


def shipped_adapter(lab: Lab, arm: str, folder: Path = SHIPPED) -> Path:
    """The folder of the adapter that comes with the course, for `merge_adapter`.

    ValueError for an arm that none comes for; DamagedFile, with the way out, when the adapter has been cut short or
    altered, or was made from another model, company or recipe than the lab's.
    """
    if arm not in ARMS:
        raise ValueError(f"no adapter comes with the course for {arm!r}: use one of {', '.join(ARMS)}")
    check_manifest(folder / arm, WAY_OUT, **sources_of(lab, arm))
    if missing := [name for name in FILES if name not in read_json(folder / arm / "manifest.json")["files"]]:
        raise DamagedFile(f"{folder / arm / 'manifest.json'} doesn't vouch for {missing[0]}: {WAY_OUT}")
    return folder / arm


def shipped_reader(lm: LanguageModel, folder: Path = SHIPPED) -> Path:
    """The folder of the `raft` that comes with the course, to read other documents than the course's.

    DamagedFile, with the way out, when it has been cut short or altered, or belongs to another model.
    """
    check_manifest(folder / "raft", WAY_OUT, model_sha256=lm.sha256)
    return folder / "raft"


def main() -> None:
    """Ship what is trained, and say what isn't."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("arms", nargs="*", default=ARMS, help=f"which ones, of {', '.join(ARMS)} (default: both)")
    arms = parser.parse_args().arms
    lab = open_lab()
    for arm in arms:
        path = ship_adapter(lab, arm) / FILES[0]
        print(f"{path}: {path.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
