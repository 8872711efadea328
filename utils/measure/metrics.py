"""Scores for one answer at a time. Pure Python: no model, no files."""

import re
from collections import Counter
from collections.abc import Collection, Sequence

ABSTENTION = "I don't know."
CITATION = re.compile(r"\[(\d+)\]")


def normalise(text: str) -> list[str]:
    """Tokens to compare: lower case, citation marks, quotes, brackets and emphasis gone, hyphens as spaces.

    >>> normalise('**Twenty-two** weeks, i.e. "$1,250".[1]')
    ['twenty', 'two', 'weeks', 'i.e', '$1250']
    """
    text = CITATION.sub(" ", text.lower())
    text = re.sub(r"[\"“”()\[\]{}*`]", " ", text)
    text = re.sub(r"(?<=\d),(?=\d)", "", text).replace("-", " ")
    tokens = (token.rstrip(".,;:!?") for token in text.split())
    return [token for token in tokens if token]


def contains(text: str, phrase: str) -> bool:
    """Does the phrase stand in the text as a whole token sequence?

    >>> contains("It is 122 weeks.", "22 weeks")
    False
    """
    tokens, wanted = normalise(text), normalise(phrase)
    return any(tokens[i : i + len(wanted)] == wanted for i in range(len(tokens) - len(wanted) + 1)) if wanted else False


def is_correct(answer: str, accepted: Collection[str], wrong: Collection[str] = ()) -> bool:
    """An accepted answer is there and no wrong one is.

    >>> is_correct("22 weeks, or 16 weeks abroad", ["22 weeks"], ["16 weeks"])
    False
    """
    return any(contains(answer, item) for item in accepted) and not any(contains(answer, item) for item in wrong)


def is_stale(answer: str, old: Collection[str], new: Collection[str]) -> bool:
    """An old answer is there and no new one is.

    >>> is_stale("22 weeks", ["22 weeks"], ["24 weeks"])
    True
    """
    return any(contains(answer, item) for item in old) and not any(contains(answer, item) for item in new)


def abstains(answer: str) -> bool:
    """Is the answer "I don't know."?

    >>> abstains("i don't know [2]")
    True
    """
    return normalise(answer) == normalise(ABSTENTION)


def exact_match(answer: str, accepted: Collection[str]) -> float:
    """1.0 when the answer is one of the accepted ones after normalising, else 0.0."""
    return float(any(normalise(answer) == normalise(item) for item in accepted))


def token_f1(answer: str, accepted: Collection[str]) -> float:
    """Best harmonic mean of token precision and recall over the accepted answers (SQuAD, arXiv 1606.05250).

    >>> round(token_f1("22 paid weeks", ["22 weeks"]), 2)
    0.8
    """
    return max((_f1(normalise(answer), normalise(item)) for item in accepted), default=0.0)


def _f1(answer: Sequence[str], gold: Sequence[str]) -> float:
    shared = sum((Counter(answer) & Counter(gold)).values())
    return 2 * shared / (len(answer) + len(gold)) if shared else 0.0


def cited_numbers(answer: str) -> list[int]:
    """Passage numbers the answer cites, each once, in order.

    >>> cited_numbers("22 weeks [2][1] [2]")
    [2, 1]
    """
    return list(dict.fromkeys(int(number) for number in CITATION.findall(answer)))


def precision(cited: Collection[str], gold: Collection[str]) -> float | None:
    """Share of the cited documents that hold the answer; None when nothing is cited."""
    return len(set(cited) & set(gold)) / len(set(cited)) if cited else None


def recall(cited: Collection[str], gold: Collection[str]) -> float | None:
    """Share of the documents that hold the answer which are cited; None when none holds it."""
    return len(set(cited) & set(gold)) / len(set(gold)) if gold else None
