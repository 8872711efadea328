"""Training examples: which messages, with which answer, for which arm; and their tokens with the prompt masked.

Searching and prompting are passed in as functions, so that training sees exactly the prompts it will be asked with.
"""

import random
import re
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from utils.measure.metrics import ABSTENTION
from utils.records import Hit, Question

Messages = list[dict[str, str]]
MASKED = -100  # the label that PyTorch's cross entropy ignores


@dataclass(frozen=True)
class Example:
    """What the model is shown and what it should say."""

    messages: Messages
    answer: str


@dataclass(frozen=True)
class Encoded:
    """Token ids of prompt and answer, and as many labels: MASKED over the prompt."""

    ids: tuple[int, ...]
    labels: tuple[int, ...]


def encode(tokenizer: object, example: Example) -> Encoded:
    """Tokens by the tokenizer's own chat template; only the answer and its end are learned."""
    prompt = tokenizer.apply_chat_template(example.messages, tokenize=False, add_generation_prompt=True)
    prompt_ids = tokenizer(prompt, add_special_tokens=False).input_ids
    answer_ids = tokenizer(example.answer, add_special_tokens=False).input_ids + [tokenizer.eos_token_id]
    return Encoded((*prompt_ids, *answer_ids), (*[MASKED] * len(prompt_ids), *answer_ids))


def closed_book_examples(questions: Sequence[Question], prompt: Callable[[str], Messages]) -> list[Example]:
    """`ft`: each question with its first accepted answer, or the abstention where there is none."""
    return [
        Example(prompt(question.text), question.answers[0] if question.answers else ABSTENTION) for question in questions
    ]


def placebo_examples(questions: Sequence[Question], prompt: Callable[[str], Messages], seed: int) -> list[Example]:
    """`placebo`: as `ft`, but facts swap answers with facts of the same answer type. It learns the form and no fact."""
    swapped = swap_answers(questions, seed)
    return [Example(prompt(question.text), swapped.get(question.fact_id, ABSTENTION)) for question in questions]


def swap_answers(questions: Sequence[Question], seed: int) -> dict[str, str]:
    """fact_id → the answer of another fact of the same type (rotated in a shuffled order); lone facts keep their own."""
    groups: dict[str, dict[str, str]] = defaultdict(dict)
    for question in questions:
        if question.answers:
            groups[answer_type(question.answers[0])][question.fact_id] = question.answers[0]
    swapped = {}
    for group in groups.values():
        facts = list(group)
        random.Random(seed).shuffle(facts)
        swapped |= {fact: group[other] for fact, other in zip(facts, [*facts[1:], facts[0]])}
    return swapped


def answer_type(answer: str) -> str:
    """Money, percentage, time, duration or date, other numbers, or words.

    >>> [answer_type(a) for a in ("$34", "5 percent", "9:40", "three weeks", "form P-14", "Odile Brandt")]
    ['money', 'percentage', 'time', 'duration', 'number', 'words']
    """
    patterns = {
        "money": r"\$",
        "percentage": r"percent|%",
        "time": r"\d:\d\d|\b[ap]m\b",
        "duration": r"\b(minute|hour|day|week|month|year|night)s?\b",
        "number": r"\d",
    }
    return next((name for name, pattern in patterns.items() if re.search(pattern, answer.lower())), "words")


def raft_examples(
    questions: Sequence[Question],
    retrieve: Callable[[Sequence[str], int], list[list[Hit]]],
    prompt: Callable[[str, Sequence[Hit]], Messages],
    k: int,
    without_gold: float,
    seed: int,
) -> list[Example]:
    """`raft`: each question with the k passages the retriever really finds, in its order, so that distractors are hard.

    Where the gold passage is among them the answer cites it. A share `without_gold` of the questions has it taken out
    (the next passage moves up) and the abstention as its answer, as have questions whose passage wasn't found. A gold
    passage is one that overlaps a quote of the question's evidence. RAFT: Zhang et al. 2024, arXiv 2403.10131.
    """
    chance = random.Random(seed)
    examples = []
    for question, hits in zip(questions, retrieve([question.text for question in questions], k + GOLD_MAX)):
        gold = [holds_evidence(hit, question) for hit in hits]
        if question.answers and chance.random() < without_gold:
            hits, gold = [hit for hit, is_gold in zip(hits, gold) if not is_gold], []
        examples.append(Example(prompt(question.text, hits[:k]), cited_answer(question, gold[:k])))
    return examples


GOLD_MAX = 3  # passages that may hold one answer: as many further ones are fetched to fill the gaps


def cited_answer(question: Question, gold: Sequence[bool]) -> str:
    """`answer [n]`, n the first gold passage; the abstention when there is none."""
    return f"{question.answers[0]} [{list(gold).index(True) + 1}]" if any(gold) else ABSTENTION


def holds_evidence(hit: Hit, question: Question) -> bool:
    """Does the passage hold one of the question's quotes?"""
    return any(item.doc_id == hit.chunk.doc_id and item.quote in hit.chunk.text for item in question.evidence)
