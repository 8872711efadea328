"""The ten lines of RAG pass on what they are given: passages to the prompt, the prompt to the model, both to the answer."""

import pytest

from utils.answer.generation import Generation
from utils.answer.prompts import closed_book, with_passages, with_worked_example
from utils.answer.rag import answer_closed_book, answer_with_rag
from utils.records import Chunk, Hit

SHELF = [Chunk("kiln", 0, 9, "The kiln is fired on Thursdays.", "Kiln"), Chunk("clay", 0, 9, "Ask Marten.", "Clay")]


def retrieve(question):
    return [Hit(chunk, 1.0) for chunk in SHELF if set(question.lower().split()) & set(chunk.text.lower().split())]


def last_word_of_the_first_passage(messages):
    lines = messages[-1]["content"].splitlines()
    text = f"{lines[0].split()[-1]} [1]" if lines[0].startswith("[1]") else "I don't know."
    return Generation(text, prompt_tokens=1, answer_tokens=1, batched=1, prefill_s=0.0, decode_s=0.0)


def test_the_answer_comes_from_the_passages_found_and_keeps_them():
    answer = answer_with_rag("when is the kiln fired", retrieve, last_word_of_the_first_passage)
    assert answer.text == "Thursdays. [1]" and answer.hits == (Hit(SHELF[0], 1.0),)


def test_nothing_found_is_nothing_shown():
    answer = answer_with_rag("wheels?", retrieve, last_word_of_the_first_passage)
    assert answer.text == "I don't know." and answer.hits == ()


class Listening:
    """A model that keeps what it is shown."""

    def __init__(self):
        self.shown = []

    def __call__(self, messages):
        self.shown.append(messages)
        return last_word_of_the_first_passage(messages)


@pytest.mark.parametrize("prompt", [with_passages, with_worked_example])
def test_the_model_is_shown_the_prompt_that_was_chosen(prompt):
    model = Listening()
    answer_with_rag("ask", retrieve, model, prompt)
    assert model.shown == [prompt("ask", retrieve("ask"))]


def test_closed_book_shows_no_passage():
    model = Listening()
    answer = answer_closed_book("when?", model)
    assert model.shown == [closed_book("when?")] and answer.text == "I don't know." and answer.hits == ()
