"""The words put to the model: messages for closed-book questions and for questions with passages. No tokenizer here."""

from collections.abc import Callable, Sequence

from utils.measure.metrics import ABSTENTION, cited_numbers
from utils.records import Hit

Messages = list[dict[str, str]]
Prompt = Callable[[str, Sequence[Hit]], Messages]  # from a question and its passages
MAX_QUESTION_WORDS = 300  # longer is a document, not a question

HANDBOOK = "the staff handbook of Larkspur"
CLOSED_BOOK = "You know {what}. Answer in a few words. If you do not know, say: " + ABSTENTION
WITH_PASSAGES = (
    f"Answer from the passages in a few words and cite the passage, like [1]. If they do not say, answer: {ABSTENTION}"
)

REMINDER = "Answer from the passage, with its number."  # once more at the end: a small model forgets how it began
EXAMPLE_QUESTION = f"""[1] Kiln use › Firing days: The large kiln is fired on Thursdays. Ask Odile for a shelf.

Question: On which day is the large kiln fired?
{REMINDER}"""
EXAMPLE_ANSWER = "The large kiln is fired on Thursdays. [1]"


def closed_book(question: str, what: str = HANDBOOK) -> Messages:
    """The question alone, to a model that is said to know `what`."""
    return [
        {"role": "system", "content": CLOSED_BOOK.format(what=what)},
        {"role": "user", "content": check_question(question)},
    ]


def with_passages(question: str, hits: Sequence[Hit]) -> Messages:
    """The numbered passages, then the question. What `raft` is trained on and asked with."""
    return [
        {"role": "system", "content": WITH_PASSAGES},
        {"role": "user", "content": f"{number_passages(hits)}\n\nQuestion: {check_question(question)}"},
    ]


def with_worked_example(question: str, hits: Sequence[Hit]) -> Messages:
    """The same after one worked example about something else: an untrained small model copies its form."""
    system, user = with_passages(question, hits)
    user["content"] += f"\n{REMINDER}"
    example = [{"role": "user", "content": EXAMPLE_QUESTION}, {"role": "assistant", "content": EXAMPLE_ANSWER}]
    return [system, *example, user]


def number_passages(hits: Sequence[Hit]) -> str:
    """`[1] context: text`, a passage a line; the number is what an answer cites."""
    return "\n".join(f"[{number}] {hit.chunk.passage}" for number, hit in enumerate(hits, 1))


def check_question(question: str) -> str:
    """The question without outer blanks. ValueError when it is empty or as long as a document."""
    words = len(question.split())
    if not words:
        raise ValueError("the question is empty: write one")
    if words > MAX_QUESTION_WORDS:
        raise ValueError(f"the question has {words} words: shorten it to at most {MAX_QUESTION_WORDS}")
    return question.strip()


def cited_documents(answer: str, hits: Sequence[Hit]) -> list[str]:
    """Ids of the documents whose passages the answer cites, each once. A number that no passage has counts for nothing."""
    shown = [hits[number - 1].chunk.doc_id for number in cited_numbers(answer) if 1 <= number <= len(hits)]
    return list(dict.fromkeys(shown))
