"""The nouns of the course, frozen: what passes from one step to the next. No behaviour, no files."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Document:
    """One page of the handbook in one version. `text` is the Markdown body, without the front matter."""

    doc_id: str
    title: str
    desk: str
    version: int
    effective: str
    status: str
    text: str


@dataclass(frozen=True)
class Chunk:
    """A passage before it is found: `document.text[start:end] == text`. `context` is the title and headings above it."""

    doc_id: str
    start: int
    end: int
    text: str
    context: str

    @property
    def passage(self) -> str:
        """What search and model read: the context, then the text on one line."""
        return f"{self.context}: {' '.join(self.text.split())}"


@dataclass(frozen=True)
class Hit:
    """A passage after it is found. Scores compare hits of one search only."""

    chunk: Chunk
    score: float


@dataclass(frozen=True)
class Evidence:
    """The exact words of a document that hold an answer."""

    doc_id: str
    quote: str


@dataclass(frozen=True)
class Question:
    """One wording of one fact. `answers_after`: None where the revision changes nothing, () where the fact is gone."""

    question_id: str
    fact_id: str
    desk: str
    kind: str
    split: str
    text: str
    answers: tuple[str, ...]
    wrong_answers: tuple[str, ...]
    evidence: tuple[Evidence, ...]
    answers_after: tuple[str, ...] | None
    evidence_after: tuple[Evidence, ...] | None
    operands: tuple[str, ...] = ()  # of `arithmetic` only: one per evidence


@dataclass(frozen=True)
class Answer:
    """What a system said, what it had in front of it, and what it cost.

    Seconds are this question's share of its batch of `batched` questions. A step that did not happen is None.
    """

    text: str
    hits: tuple[Hit, ...] = ()
    prompt: str | None = None
    prompt_tokens: int | None = None
    answer_tokens: int | None = None
    batched: int = 1
    retrieve_s: float | None = None
    prefill_s: float | None = None
    decode_s: float | None = None


@dataclass(frozen=True)
class Clause:
    """A contract clause and its review by the house rule: label `<subject>-for-<side>`, risk, and a fixed phrase."""

    clause_id: str
    split: str
    text: str
    label: str
    risk: str
    action: str


@dataclass(frozen=True)
class FieldNote:
    """A note from the field and its triage by the clinic's rule: an invented protocol code, and how soon."""

    note_id: str
    split: str
    text: str
    code: str
    urgency: str


@dataclass(frozen=True)
class Features:
    """What a clause or field note was written to say, from which its risk or urgency follows by the rule."""

    item_id: str
    features: tuple[str, ...]


@dataclass(frozen=True)
class Reply:
    """A customer's letter and the answer to it in the house voice."""

    reply_id: str
    split: str
    inquiry: str
    reply: str


@dataclass(frozen=True)
class Canary:
    """A made-up secret as it stands in a private document, and decoys of the same form that stand nowhere."""

    canary_id: str
    doc_id: str
    sentence: str
    secret: str
    decoys: tuple[str, ...]


@dataclass(frozen=True)
class Attack:
    """What a poisoned document tries on which fact, and the words that show it worked; neither in a harmless one."""

    doc_id: str
    attack: str
    harmless: bool
    target: str | None
    payload: str | None
