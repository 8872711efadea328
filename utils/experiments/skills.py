"""Skills: clause review and triage, fine-tuned or prompted, against rivals that cost nothing; and triage with records.

Three files of rows. `skills-clauses` and `skills-triage`: an answer an item, where `correct` is the first mark (label or
code) and `em` all of them, and a figure for each other mark. `kind` ends in `-unseen` where no training item has the same
first mark and the same features. `skills-patients`: an answer a question about a patient.
"""

import dataclasses
from collections.abc import Mapping, Sequence
from functools import partial

from utils.data import DATA, load_patients
from utils.experiments.frame import Experiment, Unit
from utils.experiments.skill_arms import Arm, arms_of, ask_tuned, choose, train_skill, what_decides
from utils.experiments.skill_patients import triage_patients
from utils.experiments.skill_prompts import Item, Skill, load_skills, read_marks
from utils.experiments.skill_records import TRIED, choose_reader, reading_depends_on
from utils.files import sha256_file
from utils.lab import SEARCH, Lab, open_lab
from utils.measure.evaluation import Condition, Row, score
from utils.measure.results import figure
from utils.records import Answer, Question
from utils.retrieve.retriever import search_settings
from utils.tune.lora import adapter_sha256

NAME = "skills"
SEEDS = (1, 2, 3)
PROMPTED = ("base/rules", "base/retrieved")  # how patients' questions are triaged without training
PAGES = ("documents/legal-clause-review.md", "documents/clinic-triage.md")
FILES = ("clauses.jsonl", "triage.jsonl", "features.jsonl", *PAGES)
MINUTES = {"base": 1.5, "base/few-shot": 1, "base/retrieved": 2.5, "base/rules": 1.5, "ft": 3.5}  # the others: seconds


def prepare() -> Experiment:
    """A unit for each skill, arm and seed; then the patients, by the triage that was prompted and trained for notes."""
    lab, skills = open_lab(load_patients()), load_skills()
    arms = arms_of(lab, skills["clauses"])
    units = [unit for skill in skills.values() for unit in units_of(lab, skill)]
    return Experiment(
        NAME, lab.lm.sha256, hashes(lab), describe(lab, arms), [*units, *patient_units(lab, skills["triage"])]
    )


def units_of(lab: Lab, skill: Skill) -> list[Unit]:
    """A unit an arm that isn't trained, and one a seed of the arm that is. The first seed's unit trains both settings."""
    units = []
    for arm in arms_of(lab, skill).values():
        for seed in SEEDS if arm.system == "ft" else (None,):
            name = f"{skill.name}-{arm.system}-{seed}" if seed else f"{skill.name}-{arm.system}"
            minutes = MINUTES.get(arm.system, 0.1) * (2 if seed == SEEDS[0] else 1) * len(skill.items) / 500
            key = (what_decides(lab, skill, arm), seed)
            units.append(Unit(name, f"{NAME}-{skill.name}", minutes, key, partial(compete, lab, skill, arm, seed)))
    return units


def compete(lab: Lab, skill: Skill, arm: Arm, seed: int | None) -> list[dict]:
    """Choose the arm's setting on dev, then answer every test item: rows, and the figures of what was tried."""
    setting, tried = choose(lab, skill, arm)
    items = skill.split("test")
    condition = Condition(f"{skill.name}-{arm.system}-{seed}", arm.system, seed, False, None)
    if seed is None:
        return [*score_all(skill, items, arm.answer(setting, items), condition), *tried]
    trained = train_skill(lab, skill, setting, seed)
    condition = dataclasses.replace(condition, adapter_sha256=adapter_sha256(trained.folder))
    rows = score_all(skill, items, ask_tuned(lab, skill, setting, items, seed), condition)
    seconds = figure("training", arm.system, trained.seconds, "s", seed, skill.name)
    return [*rows, seconds, *(tried if seed == SEEDS[0] else ())]


def score_all(skill: Skill, items: Sequence[Item], answers: Sequence[Answer], condition: Condition) -> list[dict]:
    """A row an item, a figure for each of its further marks, and how many answers miss the form somewhere."""
    marked = [read_marks(skill, answer.text) for answer in answers]
    rows = [score_item(skill, *answered, condition) for answered in zip(items, answers, marked)]
    name, seed = condition.system, condition.seed
    figures = [
        figure(mark, name, float(given == gold), "right", seed, item.item_id)
        for item, marks in zip(items, marked)
        for mark, given, gold in list(zip(skill.marks, marks, item.marks))[1:]
    ]
    broken = sum(None in marks for marks in marked)
    return [*rows, *figures, figure("unparsable", name, broken, "answers", seed, skill.name)]


def score_item(skill: Skill, item: Item, answer: Answer, marks: Sequence[str | None], condition: Condition) -> Row:
    """`correct`: the first mark is right. `em`: all are. `f1`: words shared with the gold answer."""
    kind = f"{skill.kind}-{'unseen' if item.unseen else 'seen'}"
    names = {"question_id": item.item_id, "fact_id": item.item_id, "desk": skill.desk, "kind": kind, "split": item.split}
    gold = {"answers": (item.answer,), "wrong_answers": (), "evidence": (), "answers_after": None, "evidence_after": None}
    row = score(answer, Question(**names, text=item.text, **gold), condition, None)
    return row | {"correct": marks[0] == item.marks[0], "em": float(tuple(marks) == item.marks)}


def patient_units(lab: Lab, triage: Skill) -> list[Unit]:
    """The reader of records; then triage of the questions in each way of PROMPTED, and by each seed's adapter."""
    arms, file = arms_of(lab, triage), f"{NAME}-patients"
    units = [Unit("patients-reader", file, 1, reading_depends_on(lab), lambda: choose_reader(lab)[1])]
    for system, seed in (*((system, None) for system in PROMPTED), *(("ft", seed) for seed in SEEDS)):
        name = f"patients-{system}-{seed}" if seed else f"patients-{system}"
        key = (what_decides(lab, triage, arms[system]), reading_depends_on(lab), seed)
        units.append(Unit(name, file, 1, key, partial(triage_patients, lab, triage, system, seed)))
    return units


def hashes(lab: Lab) -> dict[str, str]:
    """The sha256 of every file, and of the patients' folder, that the rows are about."""
    patients = {f"patients/{name}": digest for name, digest in lab.company.sha256.items()}
    return {name: sha256_file(DATA / name) for name in FILES} | patients


def describe(lab: Lab, arms: Mapping[str, Arm]) -> dict[str, object]:
    """What the rows depend on, as plain values. Which of the settings tried was taken, the rows on dev say."""
    return {
        "dtype": str(lab.lm.model.dtype).removeprefix("torch."),
        "tried": {arm.system: [str(setting) for setting in arm.tried] for arm in arms.values()},
        "search": {"mode": SEARCH, **search_settings()},
        "reader": {"worked examples": list(TRIED)},
    }
