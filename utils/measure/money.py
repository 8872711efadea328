"""Figures in money from answers that were measured: what a system takes to start, for an answer, for a change.

The seconds are measured, people's work is counted, and both are priced by utils/measure/costs.py as on one's own laptop.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from utils.data import Company
from utils.measure.costs import Effort, per_question, price, prices_of, together
from utils.measure.evaluation import Row
from utils.measure.results import figure
from utils.measure.situations import System

WAY = "own laptop"
INDEX_SECONDS = 30.0  # allowance for cutting, embedding and indexing all pages, which no row holds
EMBED_SECONDS = 0.05  # allowance for turning a question into a vector: a repeated one is remembered, so rows leave it out
START, ANSWER, CHANGE = "money to start", "money for an answer", "money for a change"
WRITTEN = "questions written"


@dataclass(frozen=True)
class Work:
    """What people write for a company, and what a revision of it touches; counted in pages, questions and facts."""

    pages: int
    new_pages: int
    answers: int  # questions written to be stored or learned by heart
    reading: int  # questions written to practise reading on
    corrections: int  # facts among them whose answer the revision changes


def count_work(company: Company, reading: int) -> Work:
    """The work on this company's documents and training questions."""
    train = company.split("train")
    changed = {question.fact_id for question in train if question.answers_after is not None}
    new = set(company.documents_after) - set(company.documents)
    return Work(len(company.documents), len(new), len(train), reading, len(changed))


def price_rows(rows: Sequence[Row], systems: Mapping[str, System], work: Work, values: Mapping[str, float]) -> list[dict]:
    """Figures in money of each system that has answers among the rows. `values`: the price list, name → number.

    A start or a change that needs a training is a figure for each seed, from the rows' figure `training`.
    """
    figures = []
    for name, system in systems.items():
        answers = [row for row in rows if row["system"] == name and "figure" not in row and not row["after"]]
        if answers:
            figures += price_answers(name, answers, values) + price_work(name, system, answers, rows, work, values)
    return figures


def price_answers(name: str, answers: Sequence[Row], values: Mapping[str, float]) -> list[dict]:
    """What each answer costs."""
    made = []
    for row in answers:
        embed = Effort(search_seconds=EMBED_SECONDS if row["retrieve_s"] is not None else 0.0)
        money = price(together(per_question([row]), embed), prices_of(WAY, values))
        made.append(figure(ANSWER, name, money, "money", row["seed"], row["question_id"]))
    return made


def price_work(
    name: str, system: System, answers: Sequence[Row], rows: Sequence[Row], work: Work, values: Mapping[str, float]
) -> list[dict]:
    """What the start costs, and a change of the documents: a figure for each training there was, or one without any.

    And how many questions had to be written.
    """
    index = Effort(search_seconds=INDEX_SECONDS if answers[0]["retrieve_s"] is not None else 0.0)
    written = sum(getattr(work, kind) for kind in system.needs)
    start = together(index, Effort(pages=work.pages * system.shows, examples=written))
    learned = "answers" in system.needs  # or stored: then a change has to be put right there, too
    change = together(index, Effort(pages=work.new_pages * system.shows, corrections=work.corrections * learned))
    trainings = [row for row in rows if (row.get("figure"), row["system"]) == ("training", system.adapter)]
    seconds_of = {row["seed"]: row["value"] for row in trainings} if system.adapter else {None: 0.0}
    made = [figure(WRITTEN, name, written, "questions")]
    for seed, seconds in seconds_of.items():
        again = Effort(model_seconds=seconds)
        for what, effort in ((START, together(start, again)), (CHANGE, together(change, again) if learned else change)):
            made.append(figure(what, name, price(effort, prices_of(WAY, values)), "money", seed))
    return made
