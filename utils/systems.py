"""The systems under comparison: a name each, and how it answers. Composes retrieve, answer and tune; scores nothing.

| name | what |
|---|---|
| `base` | the question only |
| `rag` | base + retrieved passages |
| `ft` | adapter trained on closed-book questions and answers |
| `ft+rag` | that adapter, with retrieval |
| `raft` | adapter trained on questions with the retriever's own passages |
| `mixed` | adapter trained on both kinds of questions, asked with retrieval |
| `mixed-cb` | that adapter, asked closed book |
| `faq` | control: the answer of the nearest training question, no model |
| `search` | control: the best passage found, no model |
| `oracle` | control: `rag` given the passage that holds the answer |
| `ft-raw` | control: adapter trained on the documents as text |
| `placebo` | control: as `ft`, trained on answers swapped between facts |
"""

import dataclasses
import time
from collections.abc import Callable, Sequence

from utils.answer.generation import generate, render
from utils.answer.prompts import Messages, Prompt, cited_documents, closed_book
from utils.data import evidence_in_force
from utils.measure.metrics import ABSTENTION
from utils.models import LanguageModel
from utils.records import Answer, Chunk, Evidence, Hit, Question
from utils.retrieve.embedding import Embed
from utils.retrieve.retriever import Retrieve

MAIN = ("base", "rag", "ft", "ft+rag", "raft")
CONTROLS = ("faq", "search", "oracle", "placebo")
FULL = (*MAIN, "mixed", "mixed-cb", "faq", "search", "oracle", "ft-raw", "placebo")  # at full size
ADAPTER_OF = {name: name for name in ("ft", "raft", "mixed", "ft-raw", "placebo")} | {"ft+rag": "ft", "mixed-cb": "mixed"}
READS_PASSAGES = ("rag", "ft+rag", "raft", "mixed", "oracle", "search")
SEES_DOCUMENTS = READS_PASSAGES  # only these can change their answer when documents change
CITES = ("rag", "ft+rag", "raft", "mixed", "oracle")


def ask_closed_book(
    lm: LanguageModel,
    questions: Sequence[Question],
    progress: str | None = None,
    prompt: Callable[[str], Messages] = closed_book,
) -> list[Answer]:
    """Each question's answer from the weights alone."""
    prompts = [render(lm, prompt(question.text)) for question in questions]
    return to_answers(lm, prompts, [()] * len(prompts), None, progress)


def ask_with_passages(
    lm: LanguageModel,
    questions: Sequence[Question],
    found: tuple[list[list[Hit]], float | None],
    prompt: Prompt,
    progress: str | None = None,
    known: Sequence[Answer] = (),
) -> list[Answer]:
    """Each question's answer with its passages in front of the model. `found` is (hits a question, seconds a search).

    A prompt that this model has answered before, as one of the `known`, isn't asked again.
    """
    hits, seconds = found
    prompts = [render(lm, prompt(question.text, shown)) for question, shown in zip(questions, hits, strict=True)]
    return to_answers(lm, prompts, hits, seconds, progress, known)


def to_answers(
    lm: LanguageModel,
    prompts: Sequence[str],
    hits: Sequence[Sequence[Hit]],
    retrieve_s: float | None,
    progress: str | None,
    known: Sequence[Answer] = (),
) -> list[Answer]:
    """Generate for every prompt that is new, once each, and keep with each text what led to it."""
    said = {answer.prompt: answer for answer in known}
    new = [prompt for prompt in dict.fromkeys(prompts) if prompt not in said]
    for prompt, made in zip(new, generate(lm, new, progress=progress), strict=True):
        said[prompt] = Answer(
            text=made.text,
            prompt=prompt,
            prompt_tokens=made.prompt_tokens,
            answer_tokens=made.answer_tokens,
            batched=made.batched,
            prefill_s=made.prefill_s,
            decode_s=made.decode_s,
        )
    return [
        dataclasses.replace(said[prompt], hits=tuple(shown), retrieve_s=retrieve_s)
        for prompt, shown in zip(prompts, hits, strict=True)
    ]


def find_passages(retrieve: Retrieve, questions: Sequence[Question], k: int) -> tuple[list[list[Hit]], float]:
    """(k hits a question, seconds a question), searched for all questions at once."""
    start = time.perf_counter()
    hits = retrieve([question.text for question in questions], k)
    return hits, (time.perf_counter() - start) / max(1, len(questions))


def give_gold(
    retrieve: Retrieve, chunks: Sequence[Chunk], questions: Sequence[Question], after: bool
) -> tuple[list[list[Hit]], None]:
    """The passage that holds each answer, without a search; the best one found where no document answers."""
    best = retrieve([question.text for question in questions], 1)
    return [gold_hits(chunks, evidence_in_force(q, after)) or hits for q, hits in zip(questions, best)], None


def gold_hits(chunks: Sequence[Chunk], evidence: Sequence[Evidence]) -> list[Hit]:
    """The passages that hold a quote, in reading order, with a score of 1."""
    return [
        Hit(chunk, 1.0)
        for chunk in chunks
        if any(item.doc_id == chunk.doc_id and item.quote in chunk.text for item in evidence)
    ]


def ask_nearest_question(embed: Embed, known: Sequence[Question], questions: Sequence[Question]) -> list[Answer]:
    """`faq`: the first accepted answer of the training question nearest in meaning."""
    start = time.perf_counter()
    similarity = embed([question.text for question in questions]) @ embed([question.text for question in known]).T
    nearest = [known[row] for row in similarity.argmax(axis=1)]
    seconds = (time.perf_counter() - start) / max(1, len(questions))
    texts = [question.answers[0] if question.answers else ABSTENTION for question in nearest]
    return [Answer(text=text, batched=len(questions), retrieve_s=seconds) for text in texts]


def ask_search(questions: Sequence[Question], found: tuple[list[list[Hit]], float]) -> list[Answer]:
    """`search`: the text of the best passage found, as it stands."""
    hits, seconds = found
    return [
        Answer(
            text=" ".join(shown[0].chunk.text.split()),
            hits=tuple(shown[:1]),
            batched=len(questions),
            retrieve_s=seconds,
        )
        if shown
        else Answer(text=ABSTENTION, batched=len(questions), retrieve_s=seconds)
        for shown in hits
    ]


def citations(system: str, answer: Answer) -> list[str] | None:
    """Documents that the generated text cites; None for systems that show no passage to a model."""
    return cited_documents(answer.text, answer.hits) if system in CITES else None
