"""Documents and questions of one's own, put together as a Company that every experiment of the course runs on."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from utils.data import Company
from utils.files import sha256_text
from utils.formats import DataError, check_evidence
from utils.own.evidence import build_library, find_evidence
from utils.own.facts import Fact, join_facts
from utils.own.files import Source
from utils.own.folder import load_folder
from utils.own.limits import MIN_PASSAGES, Remark, listed
from utils.own.wordings import read_wordings
from utils.records import Document, Evidence, Question


@dataclass(frozen=True)
class Own:
    """The company, the files that its documents came from, and what is to be said about files and rows."""

    company: Company
    sources: tuple[Source, ...]
    remarks: tuple[Remark, ...]


def load_own(folder: Path | str, questions_csv: Path | str) -> Own:
    """Read a folder of documents and a CSV of questions. What can't be used is left out with a remark.

    DataError where that leaves too little: no answer to ask for, or fewer passages than a comparison needs.
    """
    loaded, path = load_folder(Path(folder)), Path(questions_csv)
    documents = [source.document for source in loaded.sources]
    wordings, remarks = read_wordings(path)
    facts, doubts = join_facts(wordings, path.name)
    library = build_library(loaded.sources)
    found = [find_evidence(library, fact.answers, fact.document) if fact.answers else ((), "") for fact in facts]
    lines = [f"{path.name}, line {fact.wordings[0].line}" for fact in facts]
    missing = [Remark(line, note, False) for line, (_, note) in zip(lines, found) if note]
    numbers = number_facts([evidence for evidence, _ in found], loaded.sources)
    questions = [q for fact, (evidence, _), n in zip(facts, found, numbers) for q in to_questions(fact, evidence, n)]
    asked = [question for question in questions if question.split == "test"]
    if not asked:
        raise DataError(f"{path} holds no question of the split test: leave the column split empty")
    if not any(question.answers for question in asked):
        way_out = "fill in the column answer, in the words of your documents; empty, it says that they don't tell"
        raise DataError(f"{path} holds no question to ask that has an answer: {way_out}{listed((*remarks, *doubts))}")
    for question in questions:
        check_evidence(question, question.evidence, documents, path)
    return Own(build_company(documents, questions), loaded.sources, (*loaded.remarks, *remarks, *doubts, *missing))


def build_company(documents: Sequence[Document], questions: Sequence[Question]) -> Company:
    """A company without a revision, with the hashes that saved results are recognised by."""
    documents, questions = tuple(documents), tuple(questions)
    hashes = {"documents": sha256_text(repr(documents)), "questions": sha256_text(repr(questions))}
    return Company(documents, documents, questions, hashes)


def unfound(company: Company) -> set[str]:
    """The question_ids of what is asked and has an answer, but no passage that is known to hold it."""
    return {question.question_id for question in company.split("test") if question.answers and not question.evidence}


def only_taught(company: Company) -> Company:
    """The same documents, with the facts that training has seen in another wording, and with what has no answer.

    On these a fine-tuned system can be compared; the others it was never told.
    """
    taught = {question.fact_id for question in company.split("train")}
    kept = [question for question in company.questions if question.fact_id in taught or not question.answers]
    return build_company(company.documents, kept)


def to_questions(fact: Fact, evidence: tuple[Evidence, ...], number: int) -> Iterator[Question]:
    """The fact's wordings as records."""
    for place, (wording, split) in enumerate(zip(fact.wordings, fact.splits), 1):
        yield Question(
            question_id=f"own-{number:03}-{place}",
            fact_id=f"own-{number:03}",
            desk="own",
            kind="fact" if fact.answers else "unanswerable",
            split=split,
            text=wording.text,
            answers=fact.answers,
            wrong_answers=fact.wrong_answers,
            evidence=evidence,
            answers_after=None,
            evidence_after=None,
        )


def number_facts(evidence: Sequence[Sequence[Evidence]], sources: Sequence[Source]) -> list[int]:
    """A number for each fact: divisible by three where its document is to be held out of `raft`'s training (`utils.data`).

    Held out is every third document that answers something, while the others keep passages enough to practise on.
    """
    asked = Counter(item.doc_id for items in evidence for item in items)
    left = sum(len(source.passages) for source in sources)
    held_out = set()
    for source in [source for source in sources if source.document.doc_id in asked][2::3]:
        if left - len(source.passages) >= MIN_PASSAGES:
            held_out.add(source.document.doc_id)
            left -= len(source.passages)
    thirds, others = count(3, 3), (number for number in count(1) if number % 3)
    return [next(thirds if any(item.doc_id in held_out for item in items) else others) for items in evidence]
