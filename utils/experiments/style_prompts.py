"""Letters, and what a model is told before it answers one: the style guide, good replies, or nothing. No model here."""

import re
from dataclasses import dataclass

from utils.data import DATA
from utils.experiments.style_voice import SIGNATURE, body_of
from utils.formats import load_document
from utils.records import Reply
from utils.skills import load_replies
from utils.tune.examples import Messages

TOLD = "You answer letters from customers of Larkspur, a maker of outdoor gear. Write a short reply to the customer."
EVERY = 8  # so many letters of the training split, one is kept to choose settings on


@dataclass(frozen=True)
class Told:
    """What a prompt holds besides the instruction and the letter: the style guide (`page`, only its `rules`, or `none`),
    and so many good replies. `wrapped`: what comes back is put between the house's first and last lines.
    """

    guide: str = "none"
    replies: int = 0
    wrapped: bool = False


@dataclass(frozen=True)
class Letters:
    """The letters with their replies, by what they are for, and the style guide in its lengths."""

    learn: tuple[Reply, ...]
    dev: tuple[Reply, ...]
    test: tuple[Reply, ...]
    guides: dict[str, str]


def load_letters() -> Letters:
    """The house's letters; every eighth of the training split is for choosing settings."""
    letters = load_replies()
    train, test = (tuple(letter for letter in letters if letter.split == split) for split in ("train", "test"))
    learn = tuple(letter for number, letter in enumerate(train, 1) if number % EVERY)
    page = load_document(DATA / "documents" / "customer-style-guide.md").text.strip()
    rules = "\n".join(line for line in page.splitlines() if line.startswith("- "))
    return Letters(learn, train[EVERY - 1 :: EVERY], test, {"none": "", "page": page, "rules": rules})


def messages(letters: Letters, letter: str, told: Told = Told()) -> Messages:
    """Instruction and guide, good replies as earlier turns, then the letter."""
    turns = [{"role": "system", "content": "\n\n".join(filter(None, (TOLD, letters.guides[told.guide])))}]
    for good in letters.learn[: told.replies]:
        turns += [{"role": "user", "content": good.inquiry}, {"role": "assistant", "content": good.reply}]
    return [*turns, {"role": "user", "content": letter}]


def wrap(reply: str, letter: str) -> str:
    """The reply's body between the house's first and last lines. The name is guessed: the letter's last word.

    >>> wrap("Dear customer,\\nWe are sorry.", "where are my boots?? thanks, greta")
    'Hello Greta,\\nWe are sorry.\\nWarm boots,\\nThe Larkspur desk'
    """
    names = re.findall(r"[^\W\d][\w'’-]*", letter) or ["customer"]
    return f"Hello {names[-1][0].upper()}{names[-1][1:]},\n{body_of(reply)}\n{SIGNATURE}"
