"""Joins the wordings of a fact and says which are trained on and which are asked. Never the same wording for both."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from utils.measure.metrics import contains, normalise
from utils.own.limits import Remark, show
from utils.own.wordings import Wording

ALIKE = 0.5  # of the content words in common (Jaccard); the course's own wordings share no more


@dataclass(frozen=True)
class Fact:
    """One fact: its wordings, and the split of each."""

    wordings: tuple[Wording, ...]
    splits: tuple[str, ...]

    @property
    def answers(self) -> tuple[str, ...]:
        """What any of the wordings accepts, in file order."""
        return tuple(dict.fromkeys(answer for wording in self.wordings for answer in wording.answers))

    @property
    def wrong_answers(self) -> tuple[str, ...]:
        """What any of the wordings calls wrong; not what stands inside an accepted answer, or nothing would be right."""
        wrong = dict.fromkeys(answer for wording in self.wordings for answer in wording.wrong_answers)
        return tuple(text for text in wrong if not any(contains(answer, text) for answer in self.answers))

    @property
    def document(self) -> str:
        """The document that one of the wordings names, else ""."""
        return next((wording.document for wording in self.wordings if wording.document), "")


def join_facts(wordings: Sequence[Wording], csv_name: str) -> tuple[list[Fact], list[Remark]]:
    """The facts in file order, and remarks on wordings that contradict or resemble another one of their fact."""
    groups: dict[str | int, list[Wording]] = defaultdict(list)
    remarks = []
    for wording in wordings:
        group = groups[wording.fact.casefold() or wording.line]
        if group and not agree(group[0], wording):
            text = f"answers otherwise than line {group[0].line} about the same fact: make them agree, or name two facts"
            remarks.append(Remark(f"{csv_name}, line {wording.line}", text, True))
        else:
            group.append(wording)
    facts = [Fact(tuple(group), choose_splits(group)) for group in groups.values()]
    doubts = [(line, text) for fact in facts for line, text in doubts_about(fact)]
    return facts, remarks + [Remark(f"{csv_name}, line {line}", text, False) for line, text in doubts]


def agree(one: Wording, other: Wording) -> bool:
    """Do two wordings accept an answer in common, or both none?"""
    first, second = ({tuple(normalise(answer)) for answer in wording.answers} for wording in (one, other))
    return bool(first & second) or not first | second


def choose_splits(wordings: Sequence[Wording]) -> tuple[str, ...]:
    """The last wording is asked, the one before it is for dev where two are left to train on; a row's own split goes first.

    A single wording is asked only: nothing about its fact is learned.
    """
    order = ["train"] * (len(wordings) - 2) + ["dev" if len(wordings) > 3 else "train", "test"]
    return tuple(wording.split or split for wording, split in zip(wordings, order[-len(wordings) :]))


def doubts_about(fact: Fact) -> Iterator[tuple[int, str]]:
    """(line, what to look at) of wordings that are nearly those trained on, and of wrong answers that can't count."""
    by_split = {name: [w for w, split in zip(fact.wordings, fact.splits) if split == name] for name in ("train", "test")}
    for asked in by_split["test"]:
        if near := [known for known in by_split["train"] if overlap(known.text, asked.text) > ALIKE]:
            yield asked.line, f"shares most of its words with line {near[0].line}, which is trained on: use other words"
    for wording in fact.wordings:
        if left_out := set(wording.wrong_answers) - set(fact.wrong_answers):
            yield wording.line, f"calls {show(min(left_out))!r} wrong, a part of an accepted answer: that doesn't count"


def overlap(one: str, other: str) -> float:
    """Jaccard of the words with over three letters or a digit.

    >>> overlap("How many days of leave are there?", "How many days of leave do I get?")
    0.75
    """
    first, second = ({w for w in normalise(text) if len(w) > 3 or any(map(str.isdigit, w))} for text in (one, other))
    return len(first & second) / len(first | second) if first | second else 0.0
