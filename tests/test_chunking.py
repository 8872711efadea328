"""Passages keep their place, lose no text, and break only where a reader would."""

import re

import pytest

from utils.data import load_company
from utils.records import Document
from utils.retrieve.chunking import MAX_WORDS, chunk_document, chunk_documents

COMPANY = load_company(slice_name="classroom")
DOCUMENTS = {f"{d.doc_id} {d.version}": d for d in (*COMPANY.documents, *COMPANY.documents_after)}
SENTENCE_BREAK = re.compile(r"[.!?][\"”)]? +[\"“(]?[A-Z0-9]")


def page(text: str) -> Document:
    return Document("page", "The page", "desk", 1, "2025-01-01", "in_force", text)


def texts(text: str, max_words: int = MAX_WORDS) -> list[str]:
    return [chunk.text for chunk in chunk_document(page(text), max_words)]


def lost_lines(document: Document, max_words: int) -> list[str]:
    """Lines that no passage covers, although a reader would miss them: no blank, heading, table rule or header row."""
    covered = bytearray(len(document.text))
    for chunk in chunk_document(document, max_words):
        covered[chunk.start : chunk.end] = b"x" * (chunk.end - chunk.start)
    lines, lost, position = document.text.splitlines(keepends=True), [], 0
    for line, following in zip(lines, [*lines[1:], ""]):
        left = "".join(c for i, c in enumerate(line, position) if not covered[i]).strip()
        is_header = line.startswith("|") and set(following.strip()) <= set("|-: ") and "-" in following
        is_rule = line.startswith("|") and set(line.strip()) <= set("|-: ")
        if left and not (line.startswith("#") or is_header or is_rule):
            lost.append(line)
        position += len(line)
    return lost


@pytest.mark.parametrize("max_words", [1, 15, MAX_WORDS, 1000])
def test_every_passage_is_what_stands_at_its_place(max_words):
    for document in DOCUMENTS.values():
        chunks = chunk_document(document, max_words)
        for chunk in chunks:
            assert document.text[chunk.start : chunk.end] == chunk.text == chunk.text.strip() != ""
        assert all(one.end <= other.start for one, other in zip(chunks, chunks[1:]))


@pytest.mark.parametrize("max_words", [1, 15, MAX_WORDS, 1000])
def test_no_text_is_lost(max_words):
    assert {name: lost for name, d in DOCUMENTS.items() if (lost := lost_lines(d, max_words))} == {}


@pytest.mark.parametrize("max_words", [15, MAX_WORDS])
def test_only_a_single_sentence_or_row_is_longer_than_allowed(max_words):
    for chunk in chunk_documents(list(DOCUMENTS.values()), max_words):
        assert len(chunk.text.split()) <= max_words or not SENTENCE_BREAK.search(chunk.text), chunk.text


def test_a_passage_says_what_it_is_about():
    for document in DOCUMENTS.values():
        for chunk in chunk_document(document):
            above = re.findall(r"^##+ (.*)$", document.text[: chunk.start], re.M)
            expected = " › ".join([document.title, *above[-1:]])
            assert chunk.context.startswith(expected)
            assert chunk.passage.startswith(f"{chunk.context}: ") and "\n" not in chunk.passage


def test_short_neighbours_share_a_passage_and_paragraphs_do_not():
    assert texts("One. Two. Three.\n\nFour.\n", 2) == ["One. Two.", "Three.", "Four."]


def test_one_sentence_of_5000_words_stays_whole():
    sentence = "The " + " ".join(["word"] * 4998) + " end."
    assert texts(f"Before it. {sentence} After it.") == ["Before it.", sentence, "After it."]


def test_each_bullet_is_a_passage_with_its_wrapped_lines():
    assert texts("We ask for:\n- a form,\n  signed\n* a photo\n1. a fee\n\nThat is all.\n") == [
        "We ask for:", "- a form,\n  signed", "* a photo", "1. a fee", "That is all.",
    ]  # fmt: skip


def test_a_wrapped_paragraph_is_one_passage_on_one_line():
    (chunk,) = chunk_document(page("Rest days\nfollow a\ntrek.\n"))
    assert chunk.text == "Rest days\nfollow a\ntrek." and chunk.passage == "The page: Rest days follow a trek."


def test_a_table_row_carries_its_header():
    text = "## Rest\n\nAs follows:\n\n| Nights | Days |\n|:---|---:|\n| 1 or 2 | one |\n| 3 | two |\n\n"
    text += "| A |\n|---|\n| b |\n"
    found = [(chunk.text, chunk.context) for chunk in chunk_document(page(text))]
    assert found == [
        ("As follows:", "The page › Rest"),
        ("| 1 or 2 | one |", "The page › Rest › Nights, Days"),
        ("| 3 | two |", "The page › Rest › Nights, Days"),
        ("| b |", "The page › Rest › A"),
    ]


def test_headings_give_the_context_and_a_new_part_forgets_the_old_one():
    text = "# Part one\nA.\n## Leave\nB.\n# Part two\nC.\n"
    assert [chunk.context for chunk in chunk_document(page(text))] == ["The page", "The page › Leave", "The page"]


@pytest.mark.parametrize("line", ["It costs 3.5 kg at 9:40, i.e. early.", "Ask Dr. Brandt.", "#tag first", "**Bold** text"])
def test_no_word_of_an_odd_line_is_lost(line):
    assert "".join("".join(texts(line)).split()) == "".join(line.split())


@pytest.mark.parametrize("text", ["", "\n\n", "# Only a heading\n"])
def test_a_page_without_text_has_no_passage(text):
    assert texts(text) == []


@pytest.mark.parametrize(
    "text",
    [
        "両方の窯。\n\n二つ目。",
        "Две печи. Обжиг в четверг.",
        "line one\u2028line two\x85 line three",
        "a\tb\x0cc",
        "One.   \n\n  Two.\t\nThree.",
    ],
)
def test_offsets_hold_in_any_script_and_with_odd_blanks(text):
    for chunk in chunk_document(page(text), 1):
        assert text[chunk.start : chunk.end] == chunk.text
    assert "".join("".join(texts(text, 1)).split()) == "".join(text.split())


@pytest.mark.parametrize("max_words", [0, -3])
def test_a_size_below_one_is_refused(max_words):
    with pytest.raises(ValueError, match=f"need max_words >= 1, got {max_words}"):
        chunk_document(page("Text."), max_words)
