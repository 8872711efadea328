"""Does a citation carry the answer? What right answers cite, and whether they stand without it.

Only what the model wrote counts: to attach the best hit to an answer is no citation. With one passage there is only one
number to write, so `rag` is also asked with three; and as these are often of one page, what counts in the figures is the
passage, not the page. The rival, `ft/cites`, sees no passage and has learned to name its page.

A row an answer; `cited` of the rival are the pages whose titles it wrote, and its `em` and `f1` take these for words of the
answer. Then figures, 1 or 0 for each right answer, under its question's id:

| figure | 1 where |
|---|---|
| `cites the source` | a cited passage holds the evidence; for the rival, where a named page does |
| `changed when the cited passage is gone` | the answer is no longer right; asked where a passage was cited |
| `changed when another passage is gone` | the same for the control; asked where a passage was cited and another shown |
| `changed when the passage with the answer is gone` | the same, cited or not; asked where that passage was shown |
"""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from utils import systems
from utils.comparison import step_key
from utils.experiments import full
from utils.experiments.citing import CITER, ask_citer, citing_examples, named_documents, titles_of
from utils.experiments.frame import Experiment, Unit
from utils.experiments.taking_away import CITES, Ask, Right, figure_of, figures_of, is_right
from utils.experiments.variants import Asked, condition_for, name_of, open_system
from utils.lab import READING, TRAINING, Lab, open_lab
from utils.measure.evaluation import score
from utils.records import Answer, Hit, Question

NAME = "citations"
CITER_SEEDS = (1, 2)
MINUTES = {"rag": 2.5, "ft+rag": 1, "raft": 2.5, CITER: 4}  # of asking; the rival trains, too


@dataclass(frozen=True)
class Reader:
    """A system that is shown k passages; a `variant` of it where that isn't its own number."""

    system: str
    seed: int | None
    k: int
    variant: str = ""


READERS = (
    Reader("rag", None, READING["rag"].k),
    Reader("rag", None, 3, "3-passages"),
    Reader("ft+rag", 1, READING["ft+rag"].k),
    *(Reader("raft", seed, READING["raft"].k) for seed in (1, 2, 3)),
)


def prepare() -> Experiment:
    """A unit for each reader and for each seed of the rival, in the classroom."""
    lab = open_lab()
    settings = {**full.describe(lab), "readers": [dataclasses.asdict(reader) for reader in READERS]}
    units = [*(reader_unit(lab, reader) for reader in READERS), *(citer_unit(lab, seed) for seed in CITER_SEEDS)]
    return Experiment(NAME, lab.lm.sha256, lab.company.sha256, settings, units)


def reader_unit(lab: Lab, reader: Reader) -> Unit:
    """Ask, then take passages away."""
    arm = systems.ADAPTER_OF.get(reader.system)
    folder = full.plan_adapter(lab, arm, reader.seed) if arm else None
    minutes = MINUTES[reader.system] + (full.MINUTES[arm] if arm and not folder.exists() else 0)
    key = (step_key(lab, reader.system, folder and folder.name), dataclasses.astuple(reader))
    name = name_of(reader.system, reader.variant)
    return Unit(f"{name}-{reader.seed}" if reader.seed else name, NAME, minutes, key, partial(answer_reader, lab, reader))


def citer_unit(lab: Lab, seed: int) -> Unit:
    """The rival, trained and asked."""
    key = (step_key(lab, "ft", None), dataclasses.astuple(TRAINING["ft"]), seed, citing_examples(lab, seed))
    return Unit(f"{CITER}-{seed}", NAME, MINUTES[CITER], key, partial(answer_citer, lab, seed))


def answer_citer(lab: Lab, seed: int) -> list[dict]:
    """The rival's rows, and whether the pages that its right answers name hold them."""
    questions, titles = lab.company.split("test"), titles_of(lab.company.documents)
    condition, answers = ask_citer(lab, questions, seed)
    named = [named_documents(answer.text, titles) for answer in answers]
    given = list(zip(questions, answers, named, strict=True))
    rows = [score(answer, question, condition, pages) for question, answer, pages in given]
    figures = [
        figure_of(CITER, seed, CITES, question, any(item.doc_id in pages for item in question.evidence))
        for question, answer, pages in given
        if is_right(question, answer)
    ]
    return rows + figures


def answer_reader(lab: Lab, reader: Reader) -> list[dict]:
    """A reader's rows on the test questions, and the figures about those it answered rightly."""
    asked, questions = open_system(lab, reader.system, reader.seed), lab.company.split("test")
    pools = lab.retrieve[False]([question.text for question in questions], 2 * reader.k)
    ask = ask_once_each(asked)
    answers = ask(questions, [pool[: reader.k] for pool in pools])
    condition = dataclasses.replace(condition_for(asked, reader.variant), k=reader.k)
    rows = [
        score(answer, question, condition, systems.citations(reader.system, answer))
        for answer, question in zip(answers, questions, strict=True)
    ]
    right = [Right(*each) for each in zip(questions, answers, pools) if is_right(*each[:2])]
    return rows + figures_of(condition.system, reader.seed, right, ask)


def ask_once_each(asked: Asked) -> Ask:
    """A function from questions and their passages to answers. It remembers: the same prompt isn't put twice."""
    known: list[Answer] = []

    def ask(questions: Sequence[Question], hits: Sequence[Sequence[Hit]]) -> list[Answer]:
        """The answers in the order of the questions."""
        prompt, progress = READING[asked.system].prompt, f"asking {asked.system}"
        answers = systems.ask_with_passages(asked.lm, questions, (hits, None), prompt, progress, known)
        known.extend(answers)
        return answers

    return ask
