"""House style: replies to letters, fine-tuned, prompted with guide or examples, or put between two lines of the house.

A row a reply; `correct`: it keeps every habit that a program can count. Figures a reply: the shares of stated and of
unstated habits kept; whether a judge finds it nearer to the house than the style prompt's reply, and than the real one
(`house`); and whether it is about its letter at all, without which one canned reply would do for everybody.
"""

import dataclasses
from collections.abc import Sequence
from functools import partial

from utils.data import DATA
from utils.experiments.frame import Experiment, Unit
from utils.experiments.style_prompts import Letters, Told, load_letters
from utils.experiments.style_replies import (
    FEW_SHOT,
    MAX_NEW_TOKENS,
    RIVAL,
    TRIED,
    choose,
    open_judge,
    train_style,
    what_decides,
    write_replies,
)
from utils.experiments.style_voice import STATED, UNSTATED, Judge, body_of, nearer, share_kept
from utils.files import sha256_file
from utils.lab import Lab, open_lab
from utils.measure.evaluation import Condition, Row, score
from utils.measure.results import figure
from utils.records import Answer, Question, Reply
from utils.tune.lora import adapter_sha256
from utils.tune.schedule import Settings

NAME = "style"
SEEDS = (1, 2, 3)
FILES = ("style.jsonl", "documents/customer-style-guide.md")
MINUTES = {"base": 0.1, RIVAL: 2.5, FEW_SHOT: 2.5, "template": 0.1, "ft": 3}  # base writes for the judge, first of all


def prepare() -> Experiment:
    """A unit for the judge, then one for each arm and seed. The lab's company isn't asked here."""
    lab, letters = open_lab(), load_letters()
    hashes = {name: sha256_file(DATA / name) for name in FILES}
    steps = [(system, seed) for system in TRIED for seed in (SEEDS if system == "ft" else (None,))]
    units = [unit_of(lab, letters, *step) for step in steps]
    key = what_decides(lab, letters, "base")
    judging = Unit("judge", NAME, 4, key, partial(examine_judge, lab, letters))
    return Experiment(NAME, lab.lm.sha256, hashes, describe(lab), [judging, *units])


def unit_of(lab: Lab, letters: Letters, system: str, seed: int | None) -> Unit:
    """One arm and seed on all test letters. The first seed's unit trains both settings."""
    minutes = MINUTES[system] * (2 if seed == SEEDS[0] else 1)
    key = ([what_decides(lab, letters, name) for name in (system, RIVAL, FEW_SHOT)], seed)
    return Unit(f"{system}-{seed}" if seed else system, NAME, minutes, key, partial(reply_all, lab, letters, system, seed))


def reply_all(lab: Lab, letters: Letters, system: str, seed: int | None) -> list[dict]:
    """An arm's rows and figures on the test letters, with what was tried on dev."""
    setting, tried = choose(lab, letters, system)
    answers = write_replies(lab, letters, setting, letters.test, seed)
    condition = Condition(f"{system}-{seed}", system, seed, False, None)
    training = []
    if isinstance(setting, Settings):
        trained = train_style(lab, letters, setting, seed)
        condition = dataclasses.replace(condition, adapter_sha256=adapter_sha256(trained.folder))
        training = [figure("training", system, trained.seconds, "s", seed)]
    rows = [score_reply(answer, letter, condition) for answer, letter in zip(answers, letters.test)]
    figures = figures_of(lab, letters, condition, [answer.text for answer in answers])
    return [*rows, *figures, *training, *(tried if seed in (None, SEEDS[0]) else ())]


def score_reply(answer: Answer, letter: Reply, condition: Condition) -> Row:
    """The row of a reply. It has no one right wording, so `em` and `f1` are None."""
    names = {"question_id": letter.reply_id, "fact_id": letter.reply_id, "desk": "customer", "kind": "reply"}
    gold = {"answers": (), "wrong_answers": (), "evidence": (), "answers_after": None, "evidence_after": None}
    row = score(answer, Question(**names, split=letter.split, text=letter.inquiry, **gold), condition, None)
    return row | {"correct": share_kept(STATED | UNSTATED, answer.text, letter.inquiry) == 1.0}


def figures_of(lab: Lab, letters: Letters, condition: Condition, replies: Sequence[str]) -> list[dict]:
    """What is measured of each reply to a test letter."""
    others = {name: write_replies(lab, letters, choose(lab, letters, name)[0], letters.test) for name in (RIVAL, FEW_SHOT)}
    texts = {name: [answer.text for answer in answers] for name, answers in others.items()}
    texts["house"] = [letter.reply for letter in letters.test]
    judge, inquiries = open_judge(lab, letters), [letter.inquiry for letter in letters.test]
    measured = {
        "stated habits": [share_kept(STATED, reply, inquiry) for reply, inquiry in zip(replies, inquiries)],
        "unstated habits": [share_kept(UNSTATED, reply, inquiry) for reply, inquiry in zip(replies, inquiries)],
        "about its letter": find_letters(lab, letters, replies),
        **{f"nearer than {name}": compare(judge, replies, theirs) for name, theirs in texts.items()},
    }
    return [
        figure(name, condition.system, value, "share", condition.seed, letter.reply_id)
        for name, values in measured.items()
        if name != f"nearer than {condition.system}"
        for value, letter in zip(values, letters.test)
    ]


def compare(judge: Judge, ours: Sequence[str], theirs: Sequence[str]) -> list[float]:
    """A pair a letter: 1.0 where the judge finds ours nearer to the house."""
    return [nearer(*pair) for pair in zip(judge(ours), judge(theirs))]


def find_letters(lab: Lab, letters: Letters, replies: Sequence[str]) -> list[float]:
    """1.0 for a reply whose own letter is the nearest in meaning among all test letters, a reply a test letter."""
    similarity = lab.embed([body_of(reply) for reply in replies]) @ lab.embed([item.inquiry for item in letters.test]).T
    return [float(place == found) for place, found in enumerate(similarity.argmax(axis=1))]


def examine_judge(lab: Lab, letters: Letters) -> list[dict]:
    """How often the judge is right on replies to letters that it hasn't seen, and how the house itself does."""
    judge, house = open_judge(lab, letters), [letter.reply for letter in letters.test]
    plain = [answer.text for answer in write_replies(lab, letters, Told(), letters.test)]
    right = [score > 0 for score in judge(house)] + [score < 0 for score in judge(plain)]
    about = zip(find_letters(lab, letters, house), letters.test)
    return [
        figure("accuracy", "judge", sum(right) / len(right), "share"),
        *(figure("nearer than base", "house", value, "share", item=letter.reply_id)
          for value, letter in zip(compare(judge, house, plain), letters.test)),
        *(figure("about its letter", "house", value, "share", item=letter.reply_id) for value, letter in about),
    ]  # fmt: skip


def describe(lab: Lab) -> dict[str, object]:
    """What the rows depend on, as plain values. Which of the settings tried was taken, the rows on dev say."""
    return {
        "dtype": str(lab.lm.model.dtype).removeprefix("torch."),
        "max_new_tokens": MAX_NEW_TOKENS,
        "tried": {system: [dataclasses.asdict(setting) for setting in tried] for system, tried in TRIED.items()},
    }
