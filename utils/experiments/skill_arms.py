"""The ways to do a skill, two settings of each, and the choice between the two on dev. Scores one thing: the first mark."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from utils import systems
from utils.answer.generation import MAX_NEW_TOKENS, render
from utils.experiments.kept import keep, train_once
from utils.experiments.skill_prompts import Item, Shown, Skill, fixed_examples, messages, read_marks
from utils.experiments.skill_rivals import ask_majority, ask_nearest, count_words, nearest
from utils.lab import Lab
from utils.measure.results import figure
from utils.models import EMBEDDER_SHA256, LanguageModel
from utils.records import Answer
from utils.tune.examples import Example
from utils.tune.lora import merge_adapter
from utils.tune.schedule import Settings
from utils.tune.training import Trained

PROMPTS = {
    "base": (Shown(), Shown(reminder=True)),
    "base/few-shot": (Shown(examples=4), Shown(examples=12)),
    "base/retrieved": (Shown(examples=3, nearest=True), Shown(examples=6, nearest=True)),
    "base/rules": (Shown(page=True, reminder=True), Shown(page=True, examples=4)),
}
TUNED = Shown(values=False)  # what the answers look like is learned
TRAINING = (
    Settings(epochs=6, learning_rate=2e-3, lowest_layer=20, batch_size=8),
    Settings(epochs=5, learning_rate=2e-3, lowest_layer=15, batch_size=8),
)
LONGEST = (1, 2)  # words alone, or pairs too
NEIGHBOURS = (1, 5)


@dataclass(frozen=True)
class Arm:
    """A way to do a skill: its name in the rows, the settings tried on dev, and how items are answered with one of them."""

    system: str
    tried: tuple
    answer: Callable[[object, Sequence[Item]], list[Answer]]


def arms_of(lab: Lab, skill: Skill) -> dict[str, Arm]:
    """Every arm by its system's name. `ft` answers with the adapter of seed 1, on which its setting is chosen."""
    train = skill.split("train")
    arms = [
        *(Arm(system, tried, partial(ask_model, lab, skill, lab.lm)) for system, tried in PROMPTS.items()),
        Arm("tf-idf", LONGEST, partial(count_words, train)),
        Arm("nearest", NEIGHBOURS, partial(ask_nearest, lab.embed, train)),
        Arm("majority", ("commonest",), lambda _, items: ask_majority(train, items)),
        Arm("ft", TRAINING, partial(ask_tuned, lab, skill)),
    ]
    return {arm.system: arm for arm in arms}


def ask_model(lab: Lab, skill: Skill, lm: LanguageModel, shown: Shown, items: Sequence[Item]) -> list[Answer]:
    """The model's answers. Examples that were chosen for an item stand with the nearest one last, next to the item."""
    if shown.nearest:
        examples = [found[::-1] for found in nearest(lab.embed, skill.split("train"), shown.examples, items)]
    else:
        examples = [fixed_examples(skill, shown.examples)] * len(items)
    prompts = [render(lm, messages(skill, item.text, shown, before)) for item, before in zip(items, examples)]
    return systems.to_answers(lm, prompts, [()] * len(prompts), None, f"asking about {skill.name}")


def ask_tuned(lab: Lab, skill: Skill, settings: Settings, items: Sequence[Item], seed: int = 1) -> list[Answer]:
    """The answers of the model with the skill's adapter merged in."""
    lm = merge_adapter(lab.lm, train_skill(lab, skill, settings, seed).folder)
    return ask_model(lab, skill, lm, TUNED, items)


def train_skill(lab: Lab, skill: Skill, settings: Settings, seed: int) -> Trained:
    """The skill's adapter, trained on the instruction, the item and its marks."""
    parts = (skill.split(split) for split in ("train", "dev"))
    examples = tuple([Example(messages(skill, item.text, TUNED), item.answer) for item in part] for part in parts)
    return train_once(lab, skill.name, examples, settings, seed)


def choose(lab: Lab, skill: Skill, arm: Arm) -> tuple[object, list[dict]]:
    """(the setting with the larger share of dev items whose first mark is right, a figure for each that was tried)."""
    shares = [share_on_dev(lab, skill, arm, setting) for setting in arm.tried]
    tried = [
        figure("right on dev", arm.system, share, "share", item=f"{skill.name}: {setting}")
        for setting, share in zip(arm.tried, shares)
    ]
    return arm.tried[shares.index(max(shares))], tried


def share_on_dev(lab: Lab, skill: Skill, arm: Arm, setting: object) -> float:
    """The share of dev items whose first mark is right, measured once."""
    dev = skill.split("dev")

    def measure() -> float:
        """Answer them all."""
        answers = arm.answer(setting, dev)
        return sum(read_marks(skill, said.text)[0] == item.marks[0] for said, item in zip(answers, dev)) / len(dev)

    return keep(lab.work / "selection", (what_decides(lab, skill, arm), setting), measure)


def what_decides(lab: Lab, skill: Skill, arm: Arm) -> tuple:
    """All that an arm's answers depend on, as plain values: models, items and page, settings, the words of a prompt."""
    whole = Shown(values=True, page=True, reminder=True)
    prompts = [messages(skill, "an item", shown, skill.split("train")[:1]) for shown in (TUNED, whole)]
    models = lab.lm.sha256, str(lab.lm.model.dtype), EMBEDDER_SHA256, MAX_NEW_TOKENS
    return (*models, skill, arm.system, arm.tried, prompts)
