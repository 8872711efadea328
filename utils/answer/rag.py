"""RAG in ten lines: retrieve, prompt, generate, cite. Everything it needs is passed in."""

from collections.abc import Callable, Sequence

from utils.answer.generation import Generation
from utils.answer.prompts import Messages, closed_book, with_passages
from utils.records import Answer, Hit


def answer_with_rag(
    question: str,
    retrieve: Callable[[str], Sequence[Hit]],
    generate: Callable[[Messages], Generation],
    prompt: Callable[[str, Sequence[Hit]], Messages] = with_passages,
) -> Answer:
    """Answer one question from the passages that `retrieve` finds; the text cites them by number, like [1]."""
    hits = retrieve(question)
    generation = generate(prompt(question, hits))
    return Answer(text=generation.text, hits=tuple(hits))


def answer_closed_book(question: str, generate: Callable[[Messages], Generation]) -> Answer:
    """Answer one question from the model's weights alone."""
    return Answer(text=generate(closed_book(question)).text)
