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
    choice: "Distractors",
    seed: int,
) -> list[Example]:
    """`raft`: questions with passages the retriever really finds, in its order, so that distractors are the hard ones.

    Each question comes `choice.rounds` times: first with its k best passages, then with k drawn from a few more. Where a
    passage holds the answer the example cites it; where none does, also because it was taken out on purpose, the right
    answer is to abstain. RAFT: Zhang et al. 2024, arXiv 2403.10131.
    """
    chance = random.Random(seed)
    pools = retrieve([question.text for question in questions], choice.k + choice.spare)
    examples = []
    for number in range(choice.rounds):
        for question, pool in zip(questions, pools):
            shown = pick_passages(question, pool, choice, number == 0, chance)
            examples.append(Example(prompt(question.text, shown), cited_answer(question, shown)))
    return examples


@dataclass(frozen=True)
class Distractors:
    """How `raft_examples` chooses passages: k shown of k + spare found; for a share, the one with the answer taken out."""

    k: int
    spare: int = 3
    rounds: int = 2
    without_gold: float = 0.1


def pick_passages(
    question: Question, pool: Sequence[Hit], choice: Distractors, best: bool, chance: random.Random
) -> list[Hit]:
    """k passages of the pool in its order: the first ones if `best`, else drawn, with a gold one if there is one.

    By chance, at the rate `without_gold`, all gold passages are taken out of the pool first.
    """
    gold = [hit for hit in pool if holds_evidence(hit, question)]
    if gold and chance.random() < choice.without_gold:
        pool, gold = [hit for hit in pool if hit not in gold], []
    if best:
        return list(pool[: choice.k])
    others = [hit for hit in pool if hit not in gold[:1]]
    kept = [*gold[:1], *chance.sample(others, min(len(others), choice.k - len(gold[:1])))]
    return [hit for hit in pool if hit in kept]


def cited_answer(question: Question, shown: Sequence[Hit]) -> str:
    """`answer [n]`, n the first passage that holds it; the abstention when none does."""
    gold = [number for number, hit in enumerate(shown, 1) if holds_evidence(hit, question)]
    return f"{question.answers[0]} [{gold[0]}]" if gold else ABSTENTION


def holds_evidence(hit: Hit, question: Question) -> bool:
    """Does the passage hold one of the question's quotes?"""
    return any(item.doc_id == hit.chunk.doc_id and item.quote in hit.chunk.text for item in question.evidence)
