"""Finds where an answer stands: the passage with its words, and the sentence that is quoted from it. Guesses nothing."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from unicodedata import normalize

from utils.measure.metrics import contains, normalise
from utils.own.files import Source
from utils.own.limits import show
from utils.records import Chunk, Evidence
from utils.retrieve.chunking import split_sentences

MAX_SAME = 3  # passages of the document that a question names: any of them is as good as the other


@dataclass(frozen=True)
class Library:
    """All passages, each with its words as answers are compared, and the doc_ids by every name that means one document."""

    passages: tuple[tuple[Chunk, str], ...]
    doc_ids: dict[str, str]


def build_library(sources: Sequence[Source]) -> Library:
    """What evidence is looked up in. A document goes by its path, file name, name without ending, title, or doc_id."""
    names = defaultdict(set)
    for source in sources:
        path = Path(source.path)
        for name in (source.path, path.name, path.stem, source.document.title, source.document.doc_id):
            names[fold(name)].add(source.document.doc_id)
    passages = [(chunk, spell(chunk.text)) for source in sources for chunk in source.passages]
    return Library(tuple(passages), {name: min(ids) for name, ids in names.items() if len(ids) == 1})


def fold(name: str) -> str:
    """A name as it is compared: whatever its case, and accents composed or not."""
    return normalize("NFC", name.strip()).casefold().replace("\\", "/")


def spell(text: str) -> str:
    """The words by which answers are compared, with a blank around each: `spell(a) in spell(b)` is `contains(b, a)`."""
    return f" {' '.join(normalise(text))} "


def find_evidence(library: Library, answers: Sequence[str], document: str) -> tuple[tuple[Evidence, ...], str]:
    """(the evidence, what is to be said about it). No evidence where the answer's words stand in no passage or in several.

    `document` narrows the search to the one of that name; "" doesn't.
    """
    doc_id = library.doc_ids.get(fold(document))
    wanted, where = [spell(answer) for answer in answers], doc_id or "the folder"
    holding = [
        chunk
        for chunk, words in library.passages
        if doc_id in (None, chunk.doc_id) and any(answer in words for answer in wanted)
    ]
    notes = []
    if document and not doc_id:
        notes.append(f"names {show(document)!r}, which is no document here, or more than one: use its path")
    if not holding:
        notes.append(f"has an answer that {where} doesn't hold in these words: it is asked all the same")
    elif len(holding) > (MAX_SAME if doc_id else 1):
        places = f"in {len(holding)} passages of {where}, first {holding[0].doc_id}"
        notes.append(f"has an answer that stands {places}: name its document, or give more of its words as the answer")
        holding = []
    return tuple(Evidence(chunk.doc_id, quote(chunk, answers)) for chunk in holding), "; ".join(notes)


def quote(chunk: Chunk, answers: Sequence[str]) -> str:
    """The sentence of the passage that holds an answer; the passage where it takes more than one."""
    sentences = (part.text for part in split_sentences(chunk))
    return next((text for text in sentences if any(contains(text, answer) for answer in answers)), chunk.text)
