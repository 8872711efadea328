"""What is put to the model: every passage under its number, the question last, and no question that isn't one."""

import pytest

from utils.answer.prompts import (
    EXAMPLE_ANSWER,
    EXAMPLE_QUESTION,
    REMINDER,
    check_question,
    cited_documents,
    closed_book,
    number_passages,
    with_passages,
    with_worked_example,
)
from utils.measure.metrics import ABSTENTION, cited_numbers, is_correct
from utils.records import Chunk, Hit

HITS = [
    Hit(Chunk("kiln", 0, 9, "Fired on\nThursdays.", "Kiln › Days"), 0.9),
    Hit(Chunk("clay", 5, 9, "Ask Marten.", "Clay"), 0.8),
]


def test_passages_are_numbered_from_one_a_line_each():
    assert number_passages(HITS) == "[1] Kiln › Days: Fired on Thursdays.\n[2] Clay: Ask Marten."
    assert number_passages([]) == ""


@pytest.mark.parametrize("prompt", [with_passages, with_worked_example])
def test_the_last_message_shows_the_passages_and_ends_in_the_question(prompt):
    messages = prompt("When is it fired?", HITS)
    reminder = f"\n{REMINDER}" if prompt is with_worked_example else ""
    assert messages[-1]["role"] == "user"
    assert messages[-1]["content"].endswith(f"\n\nQuestion: When is it fired?{reminder}")
    assert number_passages(HITS) in messages[-1]["content"]


@pytest.mark.parametrize("prompt", [lambda question, hits: closed_book(question), with_passages, with_worked_example])
def test_every_prompt_says_how_to_abstain_and_keeps_the_roles_in_turn(prompt):
    messages = prompt("When?", HITS)
    assert messages[0]["role"] == "system" and ABSTENTION in messages[0]["content"]
    assert [m["role"] for m in messages[1:]] == ["user", "assistant", "user", "assistant"][: len(messages) - 1]


def test_the_worked_example_cites_a_passage_that_holds_its_answer():
    (number,) = cited_numbers(EXAMPLE_ANSWER)
    passage = next(line for line in EXAMPLE_QUESTION.splitlines() if line.startswith(f"[{number}]"))
    assert is_correct(passage, [EXAMPLE_ANSWER])


def test_closed_book_shows_the_question_alone():
    assert closed_book("  When?\n")[-1] == {"role": "user", "content": "When?"} and len(closed_book("When?")) == 2


@pytest.mark.parametrize("make", [closed_book, lambda question: with_passages(question, HITS)])
@pytest.mark.parametrize("question", ["", " \n\t"])
def test_an_empty_question_is_refused(make, question):
    with pytest.raises(ValueError, match="the question is empty: write one"):
        make(question)


@pytest.mark.parametrize("n_words", [301, 20_000])
def test_a_question_as_long_as_a_document_is_refused(n_words):
    with pytest.raises(ValueError, match=f"the question has {n_words} words: shorten it to at most 300"):
        with_passages("word " * n_words, HITS)


@pytest.mark.parametrize("question", ["word " * 300, "大きな窯はいつ焼きますか？", "Когда обжигают печь?", "🫖?"])
def test_a_long_or_foreign_question_stays_as_it_is(question):
    assert check_question(question) == question.strip()


@pytest.mark.parametrize(
    ("answer", "cited"),
    [
        ("Thursdays [1]", ["kiln"]),
        ("Marten [2], on Thursdays [1][2]", ["clay", "kiln"]),
        ("Thursdays [3] [0]", []),
        ("Thursdays", []),
    ],
)
def test_a_citation_is_the_document_of_the_passage_with_that_number(answer, cited):
    assert cited_documents(answer, HITS) == cited


def test_two_passages_of_one_document_are_one_citation():
    assert cited_documents("[1] [2]", [HITS[0], HITS[0]]) == ["kiln"]
