"""Train one arm on both sides, on the same examples, and ask both adapters the same questions.

Each training is kept as a file: a run that was stopped goes on with the next. A round is one seed on both sides.
"""

import dataclasses
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from benchmarks.ask import PEERS, ask_peer
from benchmarks.frame import Measured, middle
from utils.comparison import ask, condition_of
from utils.fetch import DEFAULT_MODEL
from utils.files import ROOT, read_json, sha256_file, sha256_text, write_json, write_manifest
from utils.lab import TRAINING, Lab, examples_of, open_lab
from utils.machine import cpu_name, pick_dtype, versions
from utils.measure.evaluation import Estimate, cluster_of, difference, score
from utils.models import LanguageModel, find_model
from utils.selection import shares
from utils.systems import citations
from utils.tune.examples import encode
from utils.tune.lora import merge_adapter
from utils.tune.training import train

KEPT = ROOT / ".cache" / "bench" / "train"
TRAINED_BY = {  # the files that a side's seconds depend on
    "ours": sorted((ROOT / "utils" / "tune").glob("*.py")),
    "theirs": [PEERS / "trl_sft.py", PEERS.parent / "peers.txt"],
}
MARGIN = -0.05  # the race counts where ours isn't clearly more than five points below


@dataclass(frozen=True)
class Race:
    """An arm, which of its examples (one in `every`), the seeds, and what each side tries; ours changes the course's."""

    arm: str
    every: int
    seeds: tuple[int, ...]
    ours: tuple[dict, ...]
    theirs: tuple[dict, ...]


def run(race: Race) -> Measured:
    """Both sides on every seed: theirs over ours in seconds, with the difference in right answers beside it.

    Dev chooses, on the first seed: theirs is the setting most often right, ours the quickest that is right as often.
    """
    lab, first = open_lab(), race.seeds[0]
    theirs = [(run_theirs(lab, race, first, setting), setting) for setting in race.theirs]
    ours = [(run_ours(lab, race, first, setting), setting) for setting in race.ours]
    best, their_setting = max(theirs, key=right_on_dev)
    our_setting = choose_ours(ours, best["dev"]["all"])
    rounds = [
        {
            "seed": seed,
            "ours": run_ours(lab, race, seed, our_setting),
            "theirs": run_theirs(lab, race, seed, their_setting),
        }
        for seed in race.seeds
    ]
    value, low, high = middle([pair["theirs"]["seconds"] / pair["ours"]["seconds"] for pair in rounds])
    gap = compare_answers(lab, rounds)
    settings = {
        "examples": len(examples_of(lab, race.arm, "train", first)[:: race.every]),
        "ours": dataclasses.asdict(dataclasses.replace(TRAINING[race.arm], **our_setting)),
        "theirs": their_setting,
        "tried": {
            side: [{**setting, "seconds": report["seconds"], **report["dev"]} for report, setting in reports]
            for side, reports in (("ours", ours), ("theirs", theirs))
        },
        "defaults": best["defaults"],
        "peer_versions": best["versions"],
        "right_ours_minus_theirs": [gap.value, gap.low, gap.high],
        "as_accurate": gap.low > MARGIN,
    }
    if pick_dtype() == "float32":  # what is left of the lead where the peer's own format is the slow one, on the first seed
        plain = run_theirs(lab, race, first, {**their_setting, "bf16": False})
        times = plain["seconds"] / rounds[0]["ours"]["seconds"]
        settings["in_float32"] = {"times": times, **{key: plain[key] for key in ("seconds", "dev", "test")}}
    return Measured(value, low, high, [without_rows(pair) for pair in rounds], settings)


def right_on_dev(tried: tuple[dict, dict]) -> float:
    """The share of dev that a (report, setting) answers rightly."""
    return tried[0]["dev"]["all"]


def choose_ours(tried: Sequence[tuple[dict, dict]], needed: float) -> dict:
    """Of (report, setting), the setting that took the fewest seconds to `needed` on dev; the most right where none did."""
    enough = [one for one in tried if right_on_dev(one) >= needed]
    return (min(enough, key=lambda one: one[0]["seconds"]) if enough else max(tried, key=right_on_dev))[1]


def run_ours(lab: Lab, race: Race, seed: int, setting: dict) -> dict:
    """The course's own loop with this changed in its settings; without validation, as the peer trains without it."""
    settings = dataclasses.replace(TRAINING[race.arm], **setting, seed=seed)
    examples = examples_of(lab, race.arm, "train", seed)[:: race.every]

    def work(folder: Path) -> dict:
        """Train into the folder."""
        encoded = [encode(lab.lm.tokenizer, example) for example in examples]
        return {"seconds": train(lab.lm, encoded, [], settings, folder, f"ours, seed {seed}").seconds}

    return keep(lab, race, seed, ("ours", settings, examples), work)


def run_theirs(lab: Lab, race: Race, seed: int, setting: dict) -> dict:
    """TRL's trainer in its own environment."""
    examples = examples_of(lab, race.arm, "train", seed)[:: race.every]
    job = {
        "model": str(find_model(DEFAULT_MODEL)),
        "examples": [dataclasses.asdict(example) for example in examples],
        "rank": TRAINING[race.arm].rank,
        "seed": seed,
        **setting,
    }

    def work(folder: Path) -> dict:
        """Train into the folder."""
        report = ask_peer("trl_sft", {**job, "folder": str(folder)})
        write_manifest(folder, {"model_sha256": lab.lm.sha256})
        return report

    return keep(lab, race, seed, ("theirs", setting, examples), work)


def keep(lab: Lab, race: Race, seed: int, depends_on: tuple, work: Callable[[Path], dict]) -> dict:
    """What `work(folder)` reports, with the adapter's answers; taken from its file where it was done before.

    The code that trains belongs to what it depends on, but not the whole commit: the peer's trainings take hours.
    """
    code = [sha256_file(path) for path in TRAINED_BY[depends_on[0]]]
    key = sha256_text(repr((depends_on, code, lab.lm.sha256, versions(), cpu_name(), torch.get_num_threads())))[:12]
    path = KEPT / f"{race.arm}-{depends_on[0]}-{seed}-{key}.json"
    if not path.exists():
        with tempfile.TemporaryDirectory() as folder:
            report = work(Path(folder) / "adapter")
            lm = merge_adapter(lab.lm, Path(folder) / "adapter")
        dev, test = (answer(lab, race.arm, lm, split, seed) for split in ("dev", "test"))
        write_json(path, {**report, "dev": shares(dev), "test": shares(test), "rows": test})
        print(f"  {path.stem}: {report['seconds']:.0f} s, dev {shares(dev)}, test {shares(test)}", flush=True)
    return read_json(path)


def answer(lab: Lab, arm: str, lm: LanguageModel, split: str, seed: int) -> list[dict]:
    """A scored row for each question of the split."""
    questions = lab.company.split(split)
    condition = condition_of(arm, seed, False, None)
    answers = ask(lab, arm, lm, questions, False)
    return [score(made, question, condition, citations(arm, made)) for made, question in zip(answers, questions)]


def compare_answers(lab: Lab, rounds: list[dict]) -> Estimate:
    """Ours minus theirs in right answers on the test questions, paired over documents and seeds."""
    ours, theirs = ([row for pair in rounds for row in pair[side]["rows"]] for side in ("ours", "theirs"))

    def right(row: dict) -> bool | None:
        """Correctness, where there is an answer."""
        return None if row["em"] is None else row["correct"]

    return difference(ours, theirs, right, cluster_of(lab.company.split("test")))


def without_rows(pair: dict) -> dict:
    """A round's figures: the answers stay in the kept files."""
    return {
        "seed": pair["seed"],
        **{side: {key: pair[side][key] for key in ("seconds", "dev", "test")} for side in ("ours", "theirs")},
    }
