"""How hard the data are to search: how often a search puts the right page, and the right passage, first. Writes nothing."""

from collections.abc import Sequence

import pandas as pd

from utils.data import Company
from utils.measure.metrics import is_correct
from utils.records import Hit, Question
from utils.retrieve.embedding import Embed
from utils.retrieve.retriever import Retrieve
from utils.systems import ask_nearest_question
from utils.tune.examples import holds_evidence

DESKS = ("customer", "people", "legal", "clinic")


def measure_difficulty(company: Company, retrievers: dict[str, Retrieve]) -> pd.DataFrame:
    """A line a desk and kind of search, over the test questions of kind `fact`.

    Shares: right document first; gold passage first; gold passage among the first three.
    """
    asked = [question for question in company.split("test") if question.kind == "fact"]
    lines = []
    for mode, retrieve in retrievers.items():
        found = retrieve([question.text for question in asked], 3)
        ranks = [rank_gold(question, hits) for question, hits in zip(asked, found)]
        for desk in (*DESKS, "all"):
            own = [rank for question, rank in zip(asked, ranks) if desk in (question.desk, "all")]
            if own:
                share = {name: sum(rank[name] for rank in own) / len(own) for name in own[0]}
                lines.append({"desk": desk, "search": mode, "n": len(own), **share})
    return pd.DataFrame(lines)


def count_misses(company: Company, retrieve: Retrieve) -> tuple[int, int]:
    """(test facts whose passage is not among the first three, those of them with another passage of its page there)."""
    asked = [question for question in company.split("test") if question.kind == "fact"]
    found = retrieve([question.text for question in asked], 3)
    missed = [(q, hits) for q, hits in zip(asked, found) if not rank_gold(q, hits)["passage in three"]]
    near = [q for q, hits in missed if q.evidence[0].doc_id in {hit.chunk.doc_id for hit in hits}]
    return len(missed), len(near)


def rank_gold(question: Question, hits: Sequence[Hit]) -> dict[str, bool]:
    """Where the question's evidence lies among the hits."""
    holds = [holds_evidence(hit, question) for hit in hits]
    right_document = bool(hits) and hits[0].chunk.doc_id in {item.doc_id for item in question.evidence}
    return {"document first": right_document, "passage first": bool(holds) and holds[0], "passage in three": any(holds)}


def faq_accuracy(company: Company, embed: Embed) -> float:
    """`faq`: share of test facts for which the nearest training question has the right answer."""
    asked = [question for question in company.split("test") if question.kind == "fact"]
    answers = ask_nearest_question(embed, company.split("train"), asked)
    right = [is_correct(answer.text, q.answers, q.wrong_answers) for answer, q in zip(answers, asked)]
    return sum(right) / len(right)
