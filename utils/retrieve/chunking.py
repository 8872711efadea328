"""Cut documents into short passages that keep their offsets. Knows Markdown paragraphs, bullets and tables; no models.

Short matters more than it seems: every further fact beside the right one costs a 135M model reading accuracy.
"""

import re
from collections.abc import Iterator, Sequence

from utils.records import Chunk, Document

MAX_WORDS = 40  # about two sentences
HEADING = re.compile(r"(#+)\s+(.*)")
SENTENCE_END = re.compile(r"(?<=[.!?])(?<!\b[A-Z]\.)[\"”)]?\s+(?=[\"“(]?[A-Z0-9])")  # not after an initial: "P. Droy"
TABLE_RULE = re.compile(r"\|[\s:|-]+\|")


def chunk_documents(documents: Sequence[Document], max_words: int = MAX_WORDS) -> list[Chunk]:
    """Every document's passages, in reading order."""
    return [chunk for document in documents for chunk in chunk_document(document, max_words)]


def chunk_document(document: Document, max_words: int = MAX_WORDS) -> list[Chunk]:
    """Passages of whole sentences, bullets or table rows, of at most `max_words` words unless one sentence has more.

    ValueError for a size below one.
    """
    if max_words < 1:
        raise ValueError(f"need max_words >= 1, got {max_words}")
    chunks = []
    for start, end, context in blocks(document.text, document.title):
        for first, last in pack(document.text, sentence_spans(document.text, start, end), max_words):
            chunks.append(Chunk(document.doc_id, first, last, document.text[first:last], context))
    return chunks


def split_sentences(chunk: Chunk) -> list[Chunk]:
    """The passage's sentences, each a chunk of its own with the same context."""
    spans = sentence_spans(chunk.text, 0, len(chunk.text))
    return [
        Chunk(chunk.doc_id, chunk.start + first, chunk.start + last, chunk.text[first:last], chunk.context)
        for first, last in spans
    ]


def blocks(text: str, title: str) -> Iterator[tuple[int, int, str]]:
    """(start, end, context) of each paragraph, bullet and table row; context is title › heading (› table header)."""
    heading, header, open_from, position = "", "", None, 0
    for line in [*text.splitlines(keepends=True), "\n"]:
        stripped = line.strip()
        is_row, is_bullet = stripped.startswith("|"), bool(re.match(r"([-*]|\d+\.)\s", stripped))
        ends_block = not stripped or stripped.startswith("#") or is_row or is_bullet
        if ends_block and open_from is not None:
            yield open_from, len(text[:position].rstrip()), join_context(title, heading)
            open_from = None
        if match := HEADING.match(stripped):
            heading = "" if len(match[1]) == 1 else match[2]
        elif is_row and not TABLE_RULE.fullmatch(stripped):
            start = position + line.index("|")
            if header:
                yield start, start + len(stripped), join_context(title, heading, header)
            else:
                header = cells(stripped)
        elif stripped and not is_row and open_from is None:
            open_from = position + len(line) - len(line.lstrip())
        if not is_row:
            header = ""
        position += len(line)


def join_context(*parts: str) -> str:
    """The parts that are there, from the widest to the nearest."""
    return " › ".join(part for part in parts if part)


def cells(row: str) -> str:
    """A table row's cells, for people: `| Group | Days |` → `Group, Days`."""
    return ", ".join(cell.strip() for cell in row.strip("|").split("|") if cell.strip())


def sentence_spans(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """(start, end) of each sentence of text[start:end], without the blanks between them."""
    cuts = [match.span() for match in SENTENCE_END.finditer(text, start, end)]
    starts = [start, *(last for _, last in cuts)]
    return [(first, first + len(text[first:last].rstrip())) for first, last in zip(starts, [*starts[1:], end])]


def pack(text: str, sentences: Sequence[tuple[int, int]], max_words: int) -> Iterator[tuple[int, int]]:
    """Join neighbouring sentences while together they have at most `max_words` words."""
    start, end = sentences[0]
    for first, last in sentences[1:]:
        if len(text[start:last].split()) > max_words:
            yield start, end
            start = first
        end = last
    yield start, end
