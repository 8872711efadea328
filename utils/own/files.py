"""One file of a learner's folder, as a document with its passages. Which files are read is not decided here."""

import stat
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from textwrap import wrap
from unicodedata import normalize

from utils.own.limits import KINDS, MAX_FILE_BYTES, MAX_PASSAGE, MAX_PASSAGES, MIB, Unusable, show
from utils.own.reading import read_apart
from utils.own.text import clean, decode, is_certain, paragraphs, tidy
from utils.records import Chunk, Document
from utils.retrieve.chunking import HEADING, chunk_document


@dataclass(frozen=True)
class Source:
    """A document, the file it came from (`path` in the folder), its encoding (None of DOCX and PDF), and its passages.

    `doubt`: why much of it may be wrong or missing, else "".
    """

    path: str
    encoding: str | None
    document: Document
    passages: tuple[Chunk, ...]
    doubt: str = ""


def read_source(path: Path, place: str, before: Sequence[Source]) -> Source:
    """One file as a document. Unusable where it can't be read, is empty, repeats one `before`, or fills the measure."""
    data, kind, encoding, doubt = read_bytes(path, MAX_FILE_BYTES), KINDS[path.suffix.lower()], None, ""
    if kind in ("md", "txt", "html"):
        text, encoding = decode(data)
        data = text.encode("utf-8")
        doubt = "" if is_certain(encoding) else f"was read as {encoding}"
    if kind in ("html", "docx", "pdf"):
        text, unread = read_apart(kind, data)
        doubt = unread or doubt
    elif kind == "txt":
        text = paragraphs(clean(text))
    document, passages = to_document(place, tidy(text), {source.document.doc_id for source in before})
    if not passages:
        raise Unusable("is empty, or has headings only: fill it or delete it")
    for source in before:
        if source.document.text == document.text:
            raise Unusable(f"says the same as {show(source.path)}: delete one, or every passage is there twice")
    if sum(len(source.passages) for source in before) + len(passages) > MAX_PASSAGES:
        raise Unusable(f"would take the folder over {MAX_PASSAGES:,} passages: give fewer or shorter documents")
    return Source(place, encoding, document, passages, doubt)


def read_bytes(path: Path, most: int) -> bytes:
    """The bytes of an ordinary file. Unusable where it is none, can't be opened, or has over `most` bytes."""
    try:
        about = path.stat()
        if not stat.S_ISREG(about.st_mode):
            raise Unusable("is not an ordinary file: put a copy in its place")
        if about.st_size > most:
            raise Unusable(
                f"has {about.st_size / MIB:,.0f} MiB, at most {most // MIB}: save it without pictures, or split it"
            )
        with open(path, "rb") as file:
            return file.read(most)
    except OSError as problem:
        raise Unusable(f"can't be opened ({problem.strerror}): check its path, and who may read it") from None


def to_document(place: str, text: str, taken: set[str]) -> tuple[Document, tuple[Chunk, ...]]:
    """(document, passages) of tidy Markdown. Its title is the heading that opens it, else the file's name."""
    path = Path(normalize("NFC", place))
    heading = HEADING.match(text.split("\n", 1)[0])
    title = heading[2] if heading else show(path.stem.replace("_", " ").replace("-", " "))
    slug = to_id(path.with_suffix("").as_posix())
    names = [slug, *(f"{slug}-{number}" for number in range(2, len(taken) + 2))]
    doc_id = next(name for name in names if name not in taken)
    document = Document(doc_id, title, "own", 1, "unknown", "in_force", text)
    for chunk in reversed(chunk_document(document)):
        if len(chunk.text) > MAX_PASSAGE:  # a sentence without end
            pieces = "\n\n".join(wrap(chunk.text, MAX_PASSAGE, break_on_hyphens=False))
            text = f"{text[: chunk.start]}\n\n{pieces}\n\n{text[chunk.end :]}"
    document = replace(document, text=text)
    return document, tuple(chunk_document(document))


def to_id(text: str) -> str:
    """Letters, digits and single hyphens, at most 60: an id that is safe in a table, a figure and a file's name.

    >>> to_id("Policies/Leave & <Pay>")
    'policies-leave-pay'
    """
    words = "".join(letter if letter.isalnum() else " " for letter in text.casefold()).split()
    return "-".join(words)[:60].strip("-") or "document"
