"""Load the company, or a named slice of it, and say which documents are held out. No model and no index here."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from utils.files import ROOT, read_text, sha256_text
from utils.formats import DataError, check_evidence, load_document, load_documents, load_questions
from utils.records import Document, Evidence, Question

DATA = ROOT / "data"
SEARCHED = ("in_force", "superseded")  # what a search over the company's folder finds


@dataclass(frozen=True)
class Company:
    """Everything the experiments know: the documents, the same after the revision, and the questions."""

    documents: tuple[Document, ...]
    documents_after: tuple[Document, ...]
    questions: tuple[Question, ...]
    sha256: dict[str, str]

    def split(self, name: str) -> list[Question]:
        """The questions of one split, in file order."""
        return [question for question in self.questions if question.split == name]


def load_company(folder: Path = DATA, slice_name: str | None = None) -> Company:
    """Read `documents/`, `revision/` and `questions.jsonl` of a data folder, and check each against the others.

    Private and poisoned documents stay out; superseded ones are in, as they are in a real folder.
    `slice_name` keeps the part of the folder that its `slices.yaml` lists under that name.
    """
    every = load_documents(folder / "documents")
    revision = load_documents(folder / "revision") if (folder / "revision").is_dir() else []
    questions = load_questions(folder / "questions.jsonl")
    kept = {document.doc_id for document in every if document.status in SEARCHED}
    if slice_name:
        doc_ids, fact_ids = load_slice(folder / "slices.yaml", slice_name)
        check_known(doc_ids, kept, f"{folder / 'slices.yaml'}, {slice_name},")
        check_known(fact_ids, {question.fact_id for question in questions}, f"{folder / 'slices.yaml'}, {slice_name},")
        kept &= doc_ids
        questions = [question for question in questions if question.fact_id in fact_ids]
    documents = [document for document in every if document.doc_id in kept]
    after = [document for document in revise(every, revision) if document.doc_id in kept]
    folders = {"documents": folder / "documents", "revision": folder / "revision"}
    return assemble(documents, after, questions, folder / "questions.jsonl", folders)


def load_patients(folder: Path = DATA / "patients") -> Company:
    """The clinic's records (`*.md`), their later versions (`revision/`) and the questions about them."""
    documents = load_documents(folder)
    after = revise(documents, load_documents(folder / "revision"))
    path = folder / "questions.jsonl"
    return assemble(documents, after, load_questions(path), path, {"documents": folder, "revision": folder / "revision"})


def assemble(
    documents: Sequence[Document],
    after: Sequence[Document],
    questions: Sequence[Question],
    path: Path,
    folders: Mapping[str, Path],
) -> Company:
    """Check every quote against its document, and put the parts together with their hashes. `path` holds the questions."""
    for question in questions:
        check_evidence(question, question.evidence, documents, path)
        check_evidence(question, question.evidence_after or (), after, path)
    kept = {document.doc_id for document in documents}
    hashes = {"questions.jsonl": hash_questions(path, {question.question_id for question in questions})}
    hashes |= {name: hash_documents(folder, kept) for name, folder in folders.items()}
    return Company(tuple(documents), tuple(after), tuple(questions), hashes)


def load_slice(path: Path, name: str) -> tuple[set[str], set[str]]:
    """(doc_ids, fact_ids) of a named part of the data. DataError names the parts there are."""
    slices = yaml.safe_load(read_text(path))
    if name not in slices:
        raise DataError(f"{path} has no slice {name!r}: use one of {', '.join(slices)}")
    return set(slices[name]["documents"]), set(slices[name]["facts"])


def check_known(ids: Collection[str], known: Collection[str], where: str) -> None:
    """DataError where a slice lists what isn't there."""
    if unknown := sorted(set(ids) - set(known)):
        raise DataError(f"{where} lists {unknown[0]!r}, which isn't in the data: correct or delete it")


def readable(documents: Sequence[Document], desk: str) -> list[Document]:
    """What a reader at this desk may see: every page but the private ones of other desks. To be searched, nothing else."""
    return [document for document in documents if document.status != "private" or document.desk == desk]


def hash_questions(path: Path, question_ids: Collection[str]) -> str:
    """sha256 of the lines that hold these questions."""
    lines = [line for line in read_text(path).split("\n") if line]
    return sha256_text("".join(line + "\n" for line in lines if json.loads(line)["question_id"] in question_ids))


def hash_documents(folder: Path, doc_ids: Collection[str]) -> str:
    """sha256 over the names and contents of the files that hold these documents."""
    paths = [path for path in sorted(folder.glob("*.md")) if load_document(path).doc_id in doc_ids]
    return sha256_text("".join(f"{path.name}\n{read_text(path)}" for path in paths))


def revise(documents: Sequence[Document], revision: Sequence[Document]) -> list[Document]:
    """The documents after the change: those of `revision` in place of the older version with the same id."""
    later = {document.doc_id: document for document in revision}
    for document in documents:
        new = later.get(document.doc_id)
        if new and new.version <= document.version:
            raise DataError(f"revision of {new.doc_id} has version {new.version}; it must be later than {document.version}")
    unknown = sorted(set(later) - {document.doc_id for document in documents})
    if unknown:
        raise DataError(f"revision/{unknown[0]}.md revises a document that isn't in documents/: check its doc_id")
    return [later.get(document.doc_id, document) for document in documents]


def held_out_documents(questions: Sequence[Question]) -> set[str]:
    """Ids of the documents that `raft` never sees in training: those of every third fact.

    A fact is held out when its number (`people-017` → 17) is divisible by three.
    """
    facts = [question for question in questions if question.kind == "fact"]
    return {evidence.doc_id for question in facts if fact_number(question) % 3 == 0 for evidence in question.evidence}


def fact_number(question: Question) -> int:
    """The number that the fact_id ends in. DataError when it ends in none."""
    number = question.fact_id.rsplit("-", 1)[-1]
    if not number.isdecimal():
        raise DataError(f"{question.question_id} has fact_id {question.fact_id!r}: end it in a number, like people-017")
    return int(number)


def is_held_out(question: Question, held_out: set[str]) -> bool:
    """Does any evidence of the question lie in a held-out document?"""
    return any(evidence.doc_id in held_out for evidence in question.evidence)


def answers_in_force(question: Question, after: bool) -> tuple[str, ...]:
    """The accepted answers before or after the revision; () where the right answer is to abstain."""
    return question.answers if not after or question.answers_after is None else question.answers_after


def evidence_in_force(question: Question, after: bool) -> tuple[Evidence, ...]:
    """Where the answer stands before or after the revision; () where it stands nowhere."""
    if not after or question.evidence_after is None and question.answers_after != ():
        return question.evidence
    return question.evidence_after or ()
