"""Load the company, its documents and questions, and refuse what is broken. No model and no index here."""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from utils.files import ROOT, read_jsonl, read_text, sha256_text
from utils.records import Document, Evidence, Question

DATA = ROOT / "data"
FRONT_MATTER = ("doc_id", "title", "desk", "version", "effective", "status")
SEARCHED = ("in_force", "superseded")  # what a search over the company's folder finds
STATUSES = ("in_force", "superseded", "private", "poisoned")
KINDS = ("fact", "two_fact", "reverse", "arithmetic", "unanswerable")
SPLITS = ("train", "dev", "test")


class DataError(ValueError):
    """A document or question that can't be used. The message names the file and what to mend."""


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
    for question in questions:
        check_evidence(question, question.evidence, documents, folder / "questions.jsonl")
        check_evidence(question, question.evidence_after or (), after, folder / "questions.jsonl")
    digests = hash_data(folder, kept, {question.question_id for question in questions})
    return Company(tuple(documents), tuple(after), tuple(questions), digests)


def load_patients(folder: Path = DATA / "patients") -> Company:
    """The clinic's records (`*.md`), their later versions (`revision/`) and the questions about them."""
    documents, questions = load_documents(folder), load_questions(folder / "questions.jsonl")
    after = revise(documents, load_documents(folder / "revision"))
    for question in questions:
        check_evidence(question, question.evidence, documents, folder / "questions.jsonl")
        check_evidence(question, question.evidence_after or (), after, folder / "questions.jsonl")
    kept = {document.doc_id for document in documents}
    digests = {
        "questions.jsonl": hash_questions(folder / "questions.jsonl", {question.question_id for question in questions}),
        "documents": hash_documents(folder, kept),
        "revision": hash_documents(folder / "revision", kept),
    }
    return Company(tuple(documents), tuple(after), tuple(questions), digests)


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


def hash_data(folder: Path, doc_ids: Collection[str], question_ids: Collection[str]) -> dict[str, str]:
    """sha256 of the questions asked and of each folder of documents (over names and contents, in order of name)."""
    return {
        "questions.jsonl": hash_questions(folder / "questions.jsonl", question_ids),
        "documents": hash_documents(folder / "documents", doc_ids),
        "revision": hash_documents(folder / "revision", doc_ids),
    }


def hash_questions(path: Path, question_ids: Collection[str]) -> str:
    """sha256 of the lines that hold these questions."""
    lines = [line for line in read_text(path).split("\n") if line]
    return sha256_text("".join(line + "\n" for line in lines if json.loads(line)["question_id"] in question_ids))


def hash_documents(folder: Path, doc_ids: Collection[str]) -> str:
    """sha256 over the names and contents of the files that hold these documents."""
    paths = [path for path in sorted(folder.glob("*.md")) if load_document(path).doc_id in doc_ids]
    return sha256_text("".join(f"{path.name}\n{read_text(path)}" for path in paths))


def load_documents(folder: Path) -> list[Document]:
    """Every `*.md` of the folder, by file name. DataError when there is none or two share an id."""
    if not folder.is_dir():
        raise DataError(f"{folder} is not a folder: give the folder that holds your .md documents")
    documents = [load_document(path) for path in sorted(folder.glob("*.md"))]
    if not documents:
        raise DataError(f"{folder} holds no .md document: put at least one there")
    owners: dict[str, str] = {}
    for document, path in zip(documents, sorted(folder.glob("*.md")), strict=True):
        if document.doc_id in owners:
            raise DataError(f"{path} and {owners[document.doc_id]} both say doc_id: {document.doc_id}; rename one")
        owners[document.doc_id] = str(path)
    return documents


def load_document(path: Path) -> Document:
    """One Markdown file with its YAML front matter. DataError names what is missing."""
    text = read_text(path).lstrip("\ufeff")
    parts = text.split("---\n", 2)
    if len(parts) != 3 or parts[0].strip():
        raise DataError(f"{path} has no front matter: start it with '---', the lines {', '.join(FRONT_MATTER)}, and '---'")
    try:
        meta = yaml.safe_load(parts[1])
    except yaml.YAMLError as problem:
        raise DataError(f"{path} has broken front matter: {' '.join(str(problem).split())}") from None
    missing = [key for key in FRONT_MATTER if not isinstance(meta, dict) or meta.get(key) in (None, "")]
    if missing:
        raise DataError(f"{path} lacks {', '.join(missing)} in its front matter")
    if meta["status"] not in STATUSES:
        raise DataError(f"{path} has status {meta['status']!r}: use one of {', '.join(STATUSES)}")
    if not parts[2].strip():
        raise DataError(f"{path} has front matter but no text: write the document below it, or delete the file")
    if not isinstance(meta["version"], int):
        raise DataError(f"{path} has version {meta['version']!r}: use a whole number, like 1")
    fields = {key: str(meta[key]) for key in FRONT_MATTER if key != "version"}
    return Document(**fields, version=meta["version"], text=parts[2].strip() + "\n")


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


def load_questions(path: Path) -> list[Question]:
    """The questions of a JSON-lines file. DataError names the line and the field."""
    questions = [parse_question(record, f"{path}, line {number}") for number, record in enumerate(read_jsonl(path), 1)]
    if not questions:
        raise DataError(f"{path} holds no question")
    seen: set[str] = set()
    for question in questions:
        if question.question_id in seen:
            raise DataError(f"{path} holds question_id {question.question_id} twice: rename one")
        seen.add(question.question_id)
    return questions


def parse_question(record: dict, where: str) -> Question:
    """One record in the contract format. `where` names its place in error messages."""
    try:
        question = Question(
            **{key: record[key] for key in ("question_id", "fact_id", "desk", "kind", "split", "text")},
            answers=tuple(record["answers"]),
            wrong_answers=tuple(record["wrong_answers"]),
            evidence=tuple(Evidence(**item) for item in record["evidence"]),
            answers_after=None if record["answers_after"] is None else tuple(record["answers_after"]),
            evidence_after=None
            if record["evidence_after"] is None
            else tuple(Evidence(**item) for item in record["evidence_after"]),
            operands=tuple(record.get("operands", ())),
        )
    except KeyError as missing:
        raise DataError(f"{where} lacks the field {missing}") from None
    except TypeError as problem:
        raise DataError(f"{where}: evidence is a list of {{doc_id, quote}}, answers are lists ({problem})") from None
    if any(isinstance(record[key], str) for key in ("answers", "wrong_answers", "answers_after")):
        raise DataError(f'{where}: answers, wrong_answers and answers_after are lists: write ["…"], not "…"')
    if question.kind not in KINDS or question.split not in SPLITS:
        raise DataError(f"{where}: kind {question.kind!r} or split {question.split!r} is unknown: {KINDS}, {SPLITS}")
    if not isinstance(question.text, str) or not question.text.strip():
        raise DataError(f"{where}: question {question.question_id} has no text")
    if bool(question.answers) == (question.kind == "unanswerable"):
        raise DataError(f"{where}: {question.question_id} needs answers, or the kind 'unanswerable' and none")
    return question


def check_evidence(question: Question, evidence: Sequence[Evidence], documents: Sequence[Document], where: Path) -> None:
    """DataError where a quote isn't in its document, word for word, or names a document that doesn't exist."""
    texts = {document.doc_id: document.text for document in documents}
    for item in evidence:
        if item.doc_id not in texts:
            raise DataError(f"{where}: {question.question_id} names the document {item.doc_id!r}, which isn't there")
        if item.quote not in texts[item.doc_id]:
            raise DataError(f"{where}: {question.question_id} quotes {item.quote!r}, which isn't in {item.doc_id}.md")


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
