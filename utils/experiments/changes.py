"""Taking in a change, and what it costs: rag's pages are replaced; ft is trained from scratch, or on the changes only.

Afterwards every test question is asked again, those about facts that didn't change too: what a training breaks counts.
"""

import dataclasses
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from utils.comparison import ask, condition_of, score_all
from utils.data import answers_in_force
from utils.experiments.spending import Spent, figures_of, index_pages, spend
from utils.files import sha256_text
from utils.lab import Lab, Plan, plan_training, train_arm
from utils.measure.evaluation import Row
from utils.measure.results import figure
from utils.models import EMBEDDER_SHA256, LanguageModel
from utils.records import Question
from utils.retrieve.embedding import Embed, remember
from utils.tune.lora import adapter_sha256, merge_adapter
from utils.tune.schedule import Settings
from utils.tune.training import train

STEP = "change"  # what the figures are named by
PATCHES = (  # tried on dev: a short and gentle training, and the one that ft had
    Settings(epochs=3, learning_rate=1e-3, lowest_layer=20),
    Settings(epochs=6, learning_rate=2e-3, lowest_layer=20),
)


@dataclass(frozen=True)
class Updated:
    """A model with a new adapter merged in, the adapter's hash, and what training and merging took."""

    lm: LanguageModel
    adapter_sha256: str
    spent: Spent


def change_rag(lab: Lab, embed: Embed, runs: Sequence[int]) -> list[Row]:
    """Figures of every run, and answers before and after. A page that didn't change keeps its vectors."""
    rows, questions = [], lab.company.split("test")
    with tempfile.TemporaryDirectory() as folder:
        for run in runs:
            known = remember(embed, EMBEDDER_SHA256, Path(folder) / f"{run}.sqlite")
            index_pages(lab.company.documents, known)
            retrieve, spent = index_pages(lab.company.documents_after, known)
            rows += figures_of(STEP, "rag", spent, run)
        new = dataclasses.replace(lab, retrieve={**lab.retrieve, True: retrieve})
        before = ask(lab, "rag", lab.lm, questions, False)
        after = ask(new, "rag", lab.lm, questions, True, before)
    for changed, answers in ((False, before), (True, after)):
        rows += score_all(answers, questions, condition_of("rag", None, changed, None))
    return rows


def change_ft(lab: Lab, seed: int) -> list[Row]:
    """`ft` as it was, before and after the change; then `ft/retrained`, with what its training took."""
    old = train_arm(lab, "ft", seed).folder
    new = train_live(lab.lm, plan_training(corrected(lab), "ft", seed))
    return [
        *answer(lab, "ft", seed, merge_adapter(lab.lm, old), adapter_sha256(old), (False, True)),
        *figures_of(STEP, "ft/retrained", new.spent, seed),
        *answer(lab, "ft/retrained", seed, new.lm, new.adapter_sha256, (True,)),
    ]


def patch_ft(lab: Lab, seeds: Sequence[int]) -> list[Row]:
    """`ft/patched`: PATCHES are tried with the first seed, and the better one on dev is taken for all."""
    tried = [patch(lab, seeds[0], settings) for settings in PATCHES]
    shares = [share_right(lab, updated.lm) for updated in tried]
    best = shares.index(max(shares))
    rows = [
        figure("right on dev after the change", "ft/patched", share, "share", seeds[0], describe(settings))
        for settings, share in zip(PATCHES, shares)
    ]
    for seed in seeds:
        new = tried[best] if seed == seeds[0] else patch(lab, seed, PATCHES[best])
        rows += figures_of(STEP, "ft/patched", new.spent, seed)
        rows += answer(lab, "ft/patched", seed, new.lm, new.adapter_sha256, (True,))
    return rows


def patch(lab: Lab, seed: int, settings: Settings) -> Updated:
    """A second adapter, trained on the changed questions alone, on top of the merged first one."""
    planned = plan_training(only_changed(lab), "ft", seed, settings)
    return train_live(merge_for_good(lab.lm, train_arm(lab, "ft", seed).folder), planned)


def merge_for_good(lm: LanguageModel, folder: Path) -> LanguageModel:
    """The model with its adapter merged in, as one of its own: an adapter trained on it fits no other."""
    merged = merge_adapter(lm, folder)
    return dataclasses.replace(merged, sha256=sha256_text(f"{lm.sha256} {adapter_sha256(folder)}"))


def train_live(lm: LanguageModel, planned: Plan) -> Updated:
    """Train here and now, whatever was trained before, and merge. The adapter is left nowhere."""

    def work() -> LanguageModel:
        """All that is timed; the training looks at dev along the way, as every training of the course does."""
        return merge_adapter(lm, train(lm, planned.learn, planned.validate, planned.settings, folder).folder)

    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "adapter"
        merged, spent = spend(work)
        return Updated(merged, adapter_sha256(folder), spent)


def corrected(lab: Lab, chosen: Callable[[Question], bool] = lambda question: True) -> Lab:
    """The lab for a training after the change: its chosen questions, with the answers that are right then."""
    questions = [
        dataclasses.replace(question, answers=answers_in_force(question, True))
        for question in lab.company.questions
        if chosen(question)
    ]
    return dataclasses.replace(lab, company=dataclasses.replace(lab.company, questions=tuple(questions)))


def only_changed(lab: Lab) -> Lab:
    """The same, with nothing but the questions whose answer has changed."""
    return corrected(lab, lambda question: question.answers_after is not None)


def share_right(lab: Lab, lm: LanguageModel) -> float:
    """Share of all dev questions that are answered, after the change, as they should be."""
    questions = lab.company.split("dev")
    rows = score_all(ask(lab, "ft", lm, questions, True), questions, condition_of("ft", None, True, None))
    return sum(row["correct"] for row in rows) / len(rows)


def answer(lab: Lab, name: str, seed: int, lm: LanguageModel, adapter: str, when: Sequence[bool]) -> list[Row]:
    """Closed-book answers to the test questions, asked once and scored for each side of the change in `when`."""
    questions = lab.company.split("test")
    answers = ask(lab, "ft", lm, questions, when[0])
    return [row for after in when for row in score_all(answers, questions, condition_of(name, seed, after, adapter))]


def describe(settings: Settings) -> str:
    """In a few words."""
    return f"{settings.epochs} epochs at {settings.learning_rate:g}"
