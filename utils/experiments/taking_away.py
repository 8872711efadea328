"""What becomes of a right answer when a passage is taken away: a figure a question. Asks by a function; trains nothing.

A citation can be right and carry nothing, where the answer came from elsewhere (Wallat et al. 2024, arXiv 2412.18004). So
the cited passage is taken away, the next one found moves up, and the question is put again. The control takes away the best
passage that was shown and not cited.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from utils.measure.metrics import cited_numbers, is_correct
from utils.measure.results import figure
from utils.records import Answer, Hit, Question
from utils.tune.examples import holds_evidence

CITES = "cites the source"

Ask = Callable[[Sequence[Question], Sequence[Sequence[Hit]]], list[Answer]]  # from questions and the passages of each


@dataclass(frozen=True)
class Right:
    """A right answer, its question, and all that was found for it: the passages shown, then those that would move up."""

    question: Question
    answer: Answer
    pool: Sequence[Hit]


def figures_of(system: str, seed: int | None, right: Sequence[Right], ask: Ask) -> list[dict]:
    """What is cited by each right answer, and whether it stays right without this passage or that one."""
    figures = [figure_of(system, seed, CITES, given.question, cites_source(given)) for given in right]
    for passage, chosen in TAKEN.items():
        gone = [(given, hits) for given in right if (hits := chosen(given))]
        answers = ask([given.question for given, _ in gone], [without(given, hits) for given, hits in gone])
        figures += [
            figure_of(system, seed, f"changed when {passage} is gone", given.question, not is_right(given.question, answer))
            for (given, _), answer in zip(gone, answers, strict=True)
        ]
    return figures


def figure_of(system: str, seed: int | None, name: str, question: Question, value: bool) -> dict:
    """A figure about one question."""
    return figure(name, system, float(value), "share", seed, question.question_id)


def is_right(question: Question, answer: Answer) -> bool:
    """Does an accepted answer stand in it, and no wrong one? Never so where no answer is accepted."""
    return is_correct(answer.text, question.answers, question.wrong_answers)


def without(given: Right, gone: Sequence[Hit]) -> list[Hit]:
    """As many passages as were shown, without those that are gone: the next ones found move up."""
    return [hit for hit in given.pool if hit not in gone][: len(given.answer.hits)]


def cited_hits(given: Right) -> list[Hit]:
    """The passages whose numbers the answer cites."""
    shown = given.answer.hits
    return [shown[number - 1] for number in cited_numbers(given.answer.text) if 1 <= number <= len(shown)]


def cites_source(given: Right) -> bool:
    """Does a cited passage hold the evidence?"""
    return any(holds_evidence(hit, given.question) for hit in cited_hits(given))


def best_uncited(given: Right) -> list[Hit]:
    """The best passage that was shown and not cited; none where nothing was cited."""
    cited = cited_hits(given)
    return [hit for hit in given.answer.hits if hit not in cited][:1] if cited else []


def holding_evidence(given: Right) -> list[Hit]:
    """The shown passages that hold the evidence."""
    return [hit for hit in given.answer.hits if holds_evidence(hit, given.question)]


TAKEN = {"the cited passage": cited_hits, "another passage": best_uncited, "the passage with the answer": holding_evidence}
