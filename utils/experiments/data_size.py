"""How much must fine-tuning be shown? Wordings of a fact, facts and steps varied one at a time; all else stays as in `ft`.

`ft` learns the classroom's facts from four wordings of each, every one as it stands and thinned out: a wording that nobody
wrote. With fewer written wordings, these come as many times more, thinned out afresh each time, so that examples and steps
stay the same. With fewer facts each is shown as often as before, so that the steps shrink with them. What is to be answered
by "I don't know." stays in proportion. (Of models trained on texts it is reported that a fact met in one wording can hardly
be asked for, and one met in several can: Allen-Zhu & Li 2023, arXiv 2309.14316.)

| system | what differs from `ft` |
|---|---|
| `ft/4-wordings` | nothing: it is `ft`, with the adapters of the comparison |
| `ft/2-wordings`, `ft/1-wording` | two or one of the four, drawn by chance for each fact and seed |
| `ft/4-wordings-plain`, `ft/1-wording-plain` | no thinned ones: the written wordings twice as often instead |
| `ft/24-facts`, `ft/12-facts` | every second, every fourth fact; each seed takes others |
| `ft/half-steps`, `ft/sixth-steps` | three epochs or one instead of six |

Each is asked the test questions about the facts it learned, and, as `…/trained`, the very questions it learned from: how
much more is right there is what a test would overstate if training leaked into it. `rag` learns from none; its answers to
the same test questions are in the comparison.
"""

import dataclasses
import random
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from utils import systems
from utils.comparison import step_key
from utils.experiments.frame import Experiment, Unit
from utils.experiments.kept import train_once
from utils.lab import THINNED, TRAINING, Lab, open_lab, plan_training
from utils.measure.evaluation import Condition, Row, score
from utils.records import Question
from utils.tune.examples import Example, closed_book_examples, draw, thin_out
from utils.tune.lora import adapter_sha256, merge_adapter
from utils.tune.schedule import Settings

NAME = "data-size"
WRITTEN = 4  # wordings of each fact that the data hold to train on
TRAINING_MINUTES, ASKING_MINUTES = 3.0, 0.5  # of `ft`, on two cores


@dataclass(frozen=True)
class Size:
    """What is learned: `wordings` of one fact in `one_in`, with thinned copies or without; how long, on how many seeds."""

    name: str
    wordings: int = WRITTEN
    one_in: int = 1
    epochs: int = TRAINING["ft"].epochs
    thinned: bool = True
    seeds: int = 3

    @property
    def share(self) -> float:
        """Of the written questions, as a share of all."""
        return self.wordings / WRITTEN / self.one_in


SIZES = (
    Size("4-wordings", seeds=5),  # these two decide the promise
    Size("1-wording", wordings=1, seeds=5),
    Size("2-wordings", wordings=2),
    Size("4-wordings-plain", thinned=False, seeds=2),
    Size("1-wording-plain", wordings=1, thinned=False, seeds=2),
    Size("24-facts", one_in=2),
    Size("12-facts", one_in=4),
    Size("half-steps", epochs=3),
    Size("sixth-steps", epochs=1),
)


def prepare() -> Experiment:
    """A unit for each size and seed, in the classroom."""
    lab = open_lab()
    settings = {
        "training": {"ft": dataclasses.asdict(TRAINING["ft"])},
        "thinned": THINNED,
        "dtype": str(lab.lm.model.dtype).removeprefix("torch."),
        "sizes": {size.name: describe(lab, size) for size in SIZES},
    }
    units = [unit_of(lab, size, seed) for size in SIZES for seed in range(1, size.seeds + 1)]
    return Experiment(NAME, lab.lm.sha256, lab.company.sha256, settings, units)


def describe(lab: Lab, size: Size) -> dict[str, object]:
    """What the size is, the questions that somebody had to write for it, and its steps."""
    written = choose_questions(lab.company.split("train"), size, 1)
    return {**dataclasses.asdict(size), "written": len(written), "steps": count_steps(lab, size)}


def count_steps(lab: Lab, size: Size) -> int:
    """Updates of the weights in a whole training."""
    learn, _ = examples_of(lab, size, 1)
    return size.epochs * -(-len(learn) // settings_of(size).batch_size)


def settings_of(size: Size) -> Settings:
    """Those of `ft`, as they were chosen on dev, but for the epochs."""
    return dataclasses.replace(TRAINING["ft"], epochs=size.epochs)


def unit_of(lab: Lab, size: Size, seed: int) -> Unit:
    """One size and seed: trained, then asked."""
    whole = size.epochs / TRAINING["ft"].epochs / size.one_in  # of ft's steps
    is_there = size.share == whole == 1 and size.thinned and plan_training(lab, "ft", seed).folder.exists()
    minutes = ASKING_MINUTES + (0 if is_there else TRAINING_MINUTES * whole)
    key = (step_key(lab, "ft", None), dataclasses.astuple(settings_of(size)), seed, examples_of(lab, size, seed))
    return Unit(f"{size.name}-{seed}", NAME, minutes, key, partial(answer_size, lab, size, seed))


def answer_size(lab: Lab, size: Size, seed: int) -> list[Row]:
    """Rows on the test questions about what was learned, and on the questions learned from."""
    folder = train_once(lab, "ft", examples_of(lab, size, seed), settings_of(size), seed).folder
    lm, digest = merge_adapter(lab.lm, folder), adapter_sha256(folder)
    learned = choose_questions(lab.company.split("train"), size, seed)
    rows = []
    for name, questions in (("", about_facts_of(learned, lab.company.split("test"))), ("/trained", learned)):
        system = f"ft/{size.name}{name}"
        condition = Condition(f"{system}-{seed}", system, seed, False, None, digest)
        answers = systems.ask_closed_book(lm, questions, f"asking {system}, seed {seed}", lab.closed_book)
        rows += [score(answer, question, condition, None) for answer, question in zip(answers, questions, strict=True)]
    return rows


def examples_of(lab: Lab, size: Size, seed: int) -> tuple[list[Example], list[Example]]:
    """(to learn from, to validate on)."""
    chosen = choose_questions(lab.company.split("train"), size, seed)
    written = chosen * (WRITTEN // size.wordings)
    learn = written + (thin_out(written, THINNED, seed) if size.thinned else written)
    validate = about_facts_of(chosen, lab.company.split("dev"))
    return closed_book_examples(learn, lab.closed_book), closed_book_examples(validate, lab.closed_book)


def choose_questions(questions: Sequence[Question], size: Size, seed: int) -> list[Question]:
    """What somebody would have to write: wordings of the size's facts and, in proportion, questions without an answer.

    In file order.
    """
    chance = random.Random(seed)
    facts: dict[str, list[Question]] = defaultdict(list)
    for question in questions:
        facts[question.fact_id if question.answers else ""].append(question)
    unanswerable = facts.pop("", [])
    groups = list(facts.values())[(seed - 1) % size.one_in :: size.one_in]
    chosen = {question for group in groups for question in draw(group, size.wordings, chance)}
    chosen |= set(draw(unanswerable, round(len(unanswerable) * size.share), chance))
    return [question for question in questions if question in chosen]


def about_facts_of(learned: Sequence[Question], questions: Sequence[Question]) -> list[Question]:
    """Those of the questions that are about a learned fact, or have no answer."""
    facts = {question.fact_id for question in learned}
    return [question for question in questions if question.fact_id in facts or not question.answers]
