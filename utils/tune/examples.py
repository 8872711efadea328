"""Training examples: which messages, with which answer, for which arm; and their tokens with the prompt masked.

Searching and prompting are passed in as functions, so that training sees exactly the prompts it will be asked with.
"""

import dataclasses
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
    """Tokens by the tokenizer's own chat template; only the answer and its end are learned.

    Without messages the answer is plain text, learned from its second token on.
    """
    answer_ids = tokenizer(example.answer, add_special_tokens=False).input_ids + [tokenizer.eos_token_id]
    if not example.messages:
        return Encoded(tuple(answer_ids), (MASKED, *answer_ids[1:]))
    prompt = tokenizer.apply_chat_template(example.messages, tokenize=False, add_generation_prompt=True)
    prompt_ids = tokenizer(prompt, add_special_tokens=False).input_ids
    return Encoded((*prompt_ids, *answer_ids), (*[MASKED] * len(prompt_ids), *answer_ids))


def closed_book_examples(questions: Sequence[Question], prompt: Callable[[str], Messages]) -> list[Example]:
    """`ft`: each question with its first accepted answer, or the abstention where there is none."""
    return [
        Example(prompt(question.text), question.answers[0] if question.answers else ABSTENTION) for question in questions
    ]


def thin_out(questions: Sequence[Question], share: float, seed: int) -> list[Question]:
    """The questions, each word left out by chance at the rate `share`: one more wording that nobody had to write.

    What is left is often no sentence, but still asks for the same fact (random deletion: Wei & Zou 2019, arXiv 1901.11196).
    """
    chance = random.Random(seed)
    kept = [" ".join(word for word in question.text.split() if chance.random() >= share) for question in questions]
    return [dataclasses.replace(question, text=text or question.text) for question, text in zip(questions, kept)]


def placebo_examples(questions: Sequence[Question], prompt: Callable[[str], Messages], seed: int) -> list[Example]:
    """`placebo`: as `ft`, but facts swap answers with facts of the same answer type. It learns the form and no fact."""
    swapped = swap_answers(questions, seed)
    return [Example(prompt(question.text), swapped.get(question.fact_id, ABSTENTION)) for question in questions]


def swap_answers(questions: Sequence[Question], seed: int | str) -> dict[str, str]:
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
    """Money, percentage, time, duration, form, other numbers, name, or words.

    >>> [answer_type(a) for a in ("$34", "5 percent", "9:40", "three weeks", "form P-14", "14 November")]
    ['money', 'percentage', 'time', 'duration', 'form', 'number']
    >>> [answer_type(a) for a in ("Odile Brandt", "site steward")]
    ['name', 'words']
    """
    patterns = {
        "money": r"\$",
        "percentage": r"percent|%",
        "time": r"\d:\d\d|\b[ap]m\b",
        "duration": r"\b(minute|hour|day|week|month|year|night)s?\b",
        "form": r"\bform\b",
        "number": r"\d",
        "name": r"\b[A-Z]\w+ [A-Z]",
    }
    return next((name for name, pattern in patterns.items() if re.search(pattern, answer)), "words")


@dataclass(frozen=True)
class Practice:
    """What `raft` practises reading on: so many wordings of each fact, `rounds` times each, k passages before it; what it
    should abstain from comes once.

    Many facts a few times each teach it to read; few facts many times each, it learns by heart.
    """

    k: int
    spare: int = 3  # k + spare are found; where a gold passage is among the spare ones, it takes the last place
    wordings: int = 2
    unanswerable: int = 60  # questions without an answer
    rounds: int = 3
    without_gold: float = 0.1  # share of the first round's examples whose answer is taken out of the passages


def choose_practice(questions: Sequence[Question], choice: Practice, seed: int) -> list[Question]:
    """By chance, `wordings` questions of each fact and `unanswerable` ones without an answer; all where there are fewer."""
    chance = random.Random(seed)
    facts: dict[str, list[Question]] = defaultdict(list)
    for question in questions:
        facts[question.fact_id if question.answers else ""].append(question)
    unanswerable = facts.pop("", [])
    chosen = [question for group in facts.values() for question in draw(group, choice.wordings, chance)]
    return chosen + draw(unanswerable, choice.unanswerable, chance)


def draw(items: Sequence[Question], n: int, chance: random.Random) -> list[Question]:
    """n of the items by chance; all of them where there are fewer."""
    return chance.sample(list(items), min(n, len(items)))


def raft_examples(
    questions: Sequence[Question],
    retrieve: Callable[[Sequence[str], int], list[list[Hit]]],
    prompt: Callable[[str, Sequence[Hit]], Messages],
    choice: Practice,
    seed: int,
) -> list[Example]:
    """`raft`: questions with passages the retriever really finds, in its order, so that distractors are the hard ones.

    The answer cites the passage that holds it; where none does, also because it was taken out on purpose, the right
    answer is to abstain. (After RAFT: Zhang et al. 2024, arXiv 2403.10131. There it is given all the same, and answers
    reason and quote.) From the second round on the passage tells another fact's value of the same type, and so does the
    answer: what can't be remembered must be read (entity substitution: Longpre et al. 2021, arXiv 2109.05052).
    """
    chance = random.Random(seed)
    pools = retrieve([question.text for question in questions], choice.k + choice.spare)
    examples = []
    for number in range(choice.rounds):
        other_answers = swap_answers(questions, f"{seed}-{number}") if number else {}
        for question, pool in zip(questions, pools):
            shown = pick_passages(question, pool, choice, chance)
            shown, answer = cite_answer(question, shown, other_answers.get(question.fact_id))
            if number == 0 or answer != ABSTENTION:  # once each is enough: more and it gives up where it could read
                examples.append(Example(prompt(question.text, shown), answer))
    return examples


def pick_passages(question: Question, pool: Sequence[Hit], choice: Practice, chance: random.Random) -> list[Hit]:
    """The k best passages of the pool, with a gold one in the last place when all of those are ranked lower.

    By chance, at the rate `without_gold`, every gold passage is left out.
    """
    gold = [hit for hit in pool if holds_evidence(hit, question)]
    if gold and chance.random() < choice.without_gold:
        return [hit for hit in pool if hit not in gold][: choice.k]
    best = list(pool[: choice.k])
    return best if not gold or gold[0] in best else [*best[:-1], gold[0]]


def cite_answer(question: Question, shown: Sequence[Hit], other: str | None) -> tuple[list[Hit], str]:
    """(passages, `answer [n]`): n is the first passage that holds it; the abstention when none does.

    With an `other` answer, it takes the true one's place in passage and answer, if that stands there word for word.
    """
    gold = next((number for number, hit in enumerate(shown) if holds_evidence(hit, question)), None)
    if gold is None:
        return list(shown), ABSTENTION
    answer, chunk = question.answers[0], shown[gold].chunk
    if other and answer in chunk.text:
        chunk = dataclasses.replace(chunk, text=chunk.text.replace(answer, other))
        answer = other
    return [*shown[:gold], Hit(chunk, shown[gold].score), *shown[gold + 1 :]], f"{answer} [{gold + 1}]"


def holds_evidence(hit: Hit, question: Question) -> bool:
    """Does the passage hold one of the question's quotes?"""
    return any(item.doc_id == hit.chunk.doc_id and item.quote in hit.chunk.text for item in question.evidence)
