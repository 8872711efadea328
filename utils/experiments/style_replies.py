"""Who writes replies, and how: prompted, wrapped or fine-tuned, each with the setting that keeps more habits on dev."""

import dataclasses
from collections.abc import Sequence

from utils.answer.generation import generate, render
from utils.experiments.kept import keep, train_once
from utils.experiments.style_prompts import Letters, Told, messages, wrap
from utils.experiments.style_voice import STATED, UNSTATED, Judge, share_kept, train_judge
from utils.lab import Lab
from utils.measure.results import figure
from utils.models import EMBEDDER_SHA256
from utils.records import Answer, Reply
from utils.tune.examples import Example
from utils.tune.lora import adapter_sha256, merge_adapter
from utils.tune.schedule import Settings
from utils.tune.training import Trained

MAX_NEW_TOKENS = 120  # the longest reply of the house has 114
RIVAL, FEW_SHOT = "base/style-prompt", "base/few-shot"
TRIED = {  # two settings an arm, chosen by the habits kept on dev; `base`, and `template` around it, have nothing to set
    "base": (Told(),),
    RIVAL: (Told(guide="page"), Told(guide="rules")),
    FEW_SHOT: (Told(replies=4), Told(guide="rules", replies=4)),
    "template": (Told(wrapped=True),),
    "ft": (
        Settings(epochs=4, learning_rate=2e-3, lowest_layer=20, batch_size=8),
        Settings(epochs=3, learning_rate=2e-3, lowest_layer=15, batch_size=8),
    ),
}


def what_decides(lab: Lab, letters: Letters, system: str) -> tuple:
    """All that an arm's replies and their figures depend on, as plain values."""
    models = lab.lm.sha256, str(lab.lm.model.dtype), EMBEDDER_SHA256, MAX_NEW_TOKENS
    return (*models, letters, system, TRIED[system], messages(letters, "a letter", Told("rules", 1)))


def write_replies(
    lab: Lab, letters: Letters, setting: Told | Settings, asked: Sequence[Reply], seed: int | None = 1
) -> list[Answer]:
    """Replies by one setting, written once; those of the template are the plain ones, wrapped. `seed` is for training."""
    trained = train_style(lab, letters, setting, seed) if isinstance(setting, Settings) else None
    told = Told() if trained else setting
    prompts = [render(lab.lm, messages(letters, letter.inquiry, told)) for letter in asked]
    digest = adapter_sha256(trained.folder) if trained else None

    def write() -> list[dict]:
        """Generate them."""
        lm = merge_adapter(lab.lm, trained.folder) if trained else lab.lm
        return [dataclasses.asdict(made) for made in generate(lm, prompts, MAX_NEW_TOKENS, progress="writing replies")]

    key = (lab.lm.sha256, str(lab.lm.model.dtype), MAX_NEW_TOKENS, digest, prompts)
    answers = [
        Answer(**made, prompt=prompt) for made, prompt in zip(keep(lab.work / "replies", key, write), prompts, strict=True)
    ]
    if not told.wrapped:
        return answers
    return [dataclasses.replace(said, text=wrap(said.text, letter.inquiry)) for said, letter in zip(answers, asked)]


def train_style(lab: Lab, letters: Letters, settings: Settings, seed: int) -> Trained:
    """The adapter that learned from letters and their replies, without the style guide."""
    examples = tuple(
        [Example(messages(letters, letter.inquiry), letter.reply) for letter in part]
        for part in (letters.learn, letters.dev)
    )
    return train_once(lab, "style", examples, settings, seed)


def choose(lab: Lab, letters: Letters, system: str) -> tuple[Told | Settings, list[dict]]:
    """(the setting that keeps more habits on dev, a figure for each that was tried)."""
    tried = TRIED[system]
    if len(tried) == 1:
        return tried[0], []
    shares = []
    for setting in tried:
        answers = write_replies(lab, letters, setting, letters.dev)
        kept = [share_kept(STATED | UNSTATED, said.text, letter.inquiry) for said, letter in zip(answers, letters.dev)]
        shares.append(sum(kept) / len(kept))
    figures = [figure("habits on dev", system, share, "share", item=str(setting)) for setting, share in zip(tried, shares)]
    return tried[shares.index(max(shares))], figures


def open_judge(lab: Lab, letters: Letters) -> Judge:
    """The judge, which learned from the house's replies to the training letters and the base model's to the same ones."""
    plain = write_replies(lab, letters, Told(), letters.learn)
    return train_judge([letter.reply for letter in letters.learn], [answer.text for answer in plain])
