"""Same questions for every system, one tidy row per answer, paired intervals. Scores text; runs nothing.

Intervals resample documents (their questions stand or fall together) and training seeds: a cluster bootstrap, see
Davison & Hinkley 1997, chapter 3. Where all answers are right or all wrong a bootstrap sees no spread; there the exact
interval of Clopper & Pearson 1934 stands in.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from utils.data import answers_in_force, evidence_in_force
from utils.files import sha256_text
from utils.measure.metrics import abstains, exact_match, is_correct, is_stale, token_f1
from utils.records import Answer, Question

Row = dict[str, object]
RESAMPLES = 4000
LEVEL = 0.95


@dataclass(frozen=True)
class Condition:
    """Which run an answer belongs to: the label a row is born with. `k` None means: no passages."""

    run_id: str
    system: str
    seed: int | None
    after: bool
    k: int | None
    adapter_sha256: str | None = None
    both_versions: bool = False


@dataclass(frozen=True)
class Estimate:
    """A mean with its 95 % interval over n answers. All None when there is nothing to average."""

    value: float | None
    low: float | None
    high: float | None
    n: int

    def __str__(self) -> str:
        return "–" if self.value is None else f"{self.value:.2f} [{self.low:.2f}, {self.high:.2f}]"


def score(answer: Answer, question: Question, condition: Condition, cited: Sequence[str] | None) -> Row:
    """One row in the contract format. Where the right answer is to abstain, `correct` says whether it did.

    `stale` is None before the revision and for facts it leaves alone; em and f1 are None where no answer is accepted.
    """
    accepted = answers_in_force(question, condition.after)
    changed = condition.after and question.answers_after is not None
    passages = answer.hits if condition.k else None
    return {
        "run_id": condition.run_id,
        "system": condition.system,
        "seed": condition.seed,
        "question_id": question.question_id,
        "desk": question.desk,
        "kind": question.kind,
        "after": condition.after,
        "both_versions": condition.both_versions,
        "k": condition.k,
        "retrieved": None if passages is None else [hit.chunk.doc_id for hit in passages],
        "gold_retrieved": None if passages is None or not accepted else holds_gold(answer, question, condition.after),
        "prompt_sha256": None if answer.prompt is None else sha256_text(answer.prompt),
        "adapter_sha256": condition.adapter_sha256,
        "answer": answer.text,
        "correct": is_correct(answer.text, accepted, question.wrong_answers) if accepted else abstains(answer.text),
        "em": exact_match(answer.text, accepted) if accepted else None,
        "f1": token_f1(answer.text, accepted) if accepted else None,
        "stale": is_stale(answer.text, question.answers, accepted) if changed else None,
        "abstained": abstains(answer.text),
        "cited": None if cited is None else list(cited),
        "prompt_tokens": answer.prompt_tokens,
        "answer_tokens": answer.answer_tokens,
        "batched": answer.batched,
        "retrieve_s": answer.retrieve_s,
        "prefill_s": answer.prefill_s,
        "decode_s": answer.decode_s,
    }


def holds_gold(answer: Answer, question: Question, after: bool) -> bool:
    """Does some passage that the system was shown hold the quote with the answer?"""
    quotes = evidence_in_force(question, after)
    return any(hit.chunk.doc_id == item.doc_id and item.quote in hit.chunk.text for hit in answer.hits for item in quotes)


def check_same_questions(rows: Sequence[Row]) -> None:
    """ValueError unless every system and seed answered exactly the same questions, each once, in each condition."""
    asked: dict[tuple, list[str]] = {}
    for row in rows:
        asked.setdefault((row["after"], row["both_versions"], row["system"], row["seed"]), []).append(row["question_id"])
    reference: dict[tuple, tuple[tuple, set]] = {}
    for key, ids in asked.items():
        if len(ids) != len(set(ids)):
            raise ValueError(f"{key[2]} (seed {key[3]}, after={key[0]}) answered a question twice: run it again")
        other, expected = reference.setdefault(key[:2], (key, set(ids)))
        if set(ids) != expected:
            raise ValueError(f"{key[2]} and {other[2]} answered different questions (after={key[0]}): run both on one set")
    seeds: dict[str, set] = {}
    for condition in reference:
        for system in {key[2] for key in asked if key[:2] == condition}:
            here = {key[3] for key in asked if key[:3] == (*condition, system)}
            if seeds.setdefault(system, here) != here:
                raise ValueError(f"{system} has other seeds with after={condition[0]} than without: run all of them")


def cluster_of(questions: Sequence[Question]) -> dict[str, str]:
    """question_id → what it is resampled with: the document of its evidence, or its fact where there is none."""
    return {q.question_id: q.evidence[0].doc_id if q.evidence else q.fact_id for q in questions}


def estimate(rows: Sequence[Row], value: Callable[[Row], float | None], clusters: dict[str, str]) -> Estimate:
    """Mean of `value` over the rows where it isn't None, with its interval."""
    kept = [row for row in rows if value(row) is not None]
    if not kept:
        return Estimate(None, None, None, 0)
    mean = sum(float(value(row)) for row in kept) / len(kept)
    if is_alike(kept, value):
        independent = len({clusters[row["question_id"]] for row in kept})  # the same unit that is resampled elsewhere
        return Estimate(mean, *clopper_pearson(bool(mean), independent), len(kept))
    low, high = np.quantile(resample(kept, value, clusters), [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Estimate(mean, float(low), float(high), len(kept))


def is_alike(rows: Sequence[Row], value: Callable[[Row], float]) -> bool:
    """Are the values all 0, or all 1, so that a bootstrap sees no spread?"""
    return {float(value(row)) for row in rows} in ({0.0}, {1.0})


def difference(
    ours: Sequence[Row], theirs: Sequence[Row], value: Callable[[Row], float | None], clusters: dict[str, str]
) -> Estimate:
    """Mean of ours minus mean of theirs, paired: the same documents and seeds are drawn for both.

    Where all of ours are alike and all of theirs, the two exact intervals are put together instead (Zou & Donner 2008,
    Statistics in Medicine 27). ValueError when the two answered different questions.
    """
    ours, theirs = ([row for row in rows if value(row) is not None] for rows in (ours, theirs))
    if {row["question_id"] for row in ours} != {row["question_id"] for row in theirs}:
        raise ValueError("the two systems answered different questions: compare them on one set")
    gap = float(np.mean([value(row) for row in ours]) - np.mean([value(row) for row in theirs]))
    if is_alike(ours, value) and is_alike(theirs, value):
        one, other = (estimate(rows, value, clusters) for rows in (ours, theirs))
        below = math.hypot(one.value - one.low, other.high - other.value)
        above = math.hypot(one.high - one.value, other.value - other.low)
        return Estimate(gap, gap - below, gap + above, len(ours))
    gaps = resample(ours, value, clusters) - resample(theirs, value, clusters)
    low, high = np.quantile(gaps, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Estimate(gap, float(low), float(high), len(ours))


def resample(rows: Sequence[Row], value: Callable[[Row], float | None], clusters: dict[str, str]) -> np.ndarray:
    """RESAMPLES means of `value`, each over documents and seeds drawn with replacement. The same draws at every call."""
    groups = {name: place for place, name in enumerate(sorted({clusters[row["question_id"]] for row in rows}))}
    seeds = {seed: place for place, seed in enumerate(sorted({row["seed"] for row in rows}, key=str))}
    sums, counts = np.zeros((2, len(groups), len(seeds)))
    for row in rows:
        cell = groups[clusters[row["question_id"]]], seeds[row["seed"]]
        sums[cell] += float(value(row))
        counts[cell] += 1
    documents, drawn = multinomial(0, len(groups)), multinomial(1, len(seeds))  # apart, so that a seedless system pairs too
    totals = [np.einsum("rg,gs,rs->r", documents, table, drawn) for table in (sums, counts)]
    return totals[0] / np.maximum(totals[1], 1)


@cache
def multinomial(stream: int | tuple[int, ...], n: int) -> np.ndarray:
    """(RESAMPLES, n): how often each of n is drawn, n times with replacement; the same at every call for a stream."""
    return np.random.default_rng(stream).multinomial(n, np.full(n, 1 / n), size=RESAMPLES)


def clopper_pearson(all_right: bool, n: int) -> tuple[float, float]:
    """The exact 95 % interval of a share that came out 1 (`all_right`) or 0 of n.

    >>> [round(limit, 3) for limit in clopper_pearson(False, 30)]
    [0.0, 0.116]
    """
    reach = 1 - ((1 - LEVEL) / 2) ** (1 / n)
    return (1 - reach, 1.0) if all_right else (0.0, reach)
