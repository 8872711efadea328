"""Documents and questions in the course's file formats, as records; what is broken is refused by name. No company here."""

from collections.abc import Sequence
from pathlib import Path

import yaml

from utils.files import read_jsonl, read_text
from utils.records import Document, Evidence, Question

FRONT_MATTER = ("doc_id", "title", "desk", "version", "effective", "status")
STATUSES = ("in_force", "superseded", "private", "poisoned")
KINDS = ("fact", "two_fact", "reverse", "arithmetic", "unanswerable")
SPLITS = ("train", "dev", "test")


class DataError(ValueError):
    """A document or question that can't be used. The message names the file and what to mend."""


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
