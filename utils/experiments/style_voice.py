"""How near a reply is to the house voice: habits that a program can count, and a judge that learned to tell replies apart.

The habits are those of `data/README.md`: five that the style guide states, the others to be picked up from good replies.
The judge reads bodies only: a greeting and a signature would tell it more than the voice does, and cost nothing to add.
"""

import re
from collections.abc import Callable, Sequence

from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

SIGNATURE = "Warm boots,\nThe Larkspur desk"
Judge = Callable[[Sequence[str]], list[float]]  # from replies to how much each looks like the house; above 0: like it


def body_of(reply: str) -> str:
    """The reply without the lines that greet and sign, in whosever style.

    >>> body_of("Dear Ann,\\n\\nYour boots are dry. They left today.\\n\\nBest regards,\\n[Your Name]")
    'Your boots are dry. They left today.'
    """
    lines = [line.strip() for line in reply.split("\n") if line.strip()]
    while lines and is_frame(lines[-1]):
        lines.pop()
    return "\n".join(lines[1:] if lines and is_frame(lines[0]) else lines)


def is_frame(line: str) -> bool:
    """Does the line only greet or sign: at most five words that end as no sentence does?"""
    return len(line.split()) <= 5 and not line.endswith((".", "?"))


def greets(reply: str, letter: str) -> bool:
    """Does the reply begin with Hello and a name that stands in the letter, on a line of its own?"""
    greeting = re.match(r"Hello ([A-Z][\w'’-]+),\n", reply)
    return bool(greeting) and re.search(rf"\b{re.escape(greeting[1])}\b", letter, re.I) is not None


def first_sentence(reply: str) -> str:
    """What stands before the body's first full stop or semicolon."""
    return re.split(r"(?<=[.;])\s", body_of(reply))[0]


def last_sentence(reply: str) -> str:
    """What stands after the body's last full stop but one."""
    return re.split(r"(?<=\.)\s", body_of(reply))[-1]


Habit = Callable[[str, str], bool]  # from a reply and the letter that it answers
STATED: dict[str, Habit] = {
    "Hello and the name": greets,
    "45 to 80 words": lambda reply, _: 45 <= len(body_of(reply).split()) <= 80,
    "signed": lambda reply, _: reply.rstrip().endswith(SIGNATURE),
    "no banned word": lambda reply, _: not re.search(r"\b(unfortunately|policy|inconvenience|valued)\b", reply, re.I),
    "prices in $": lambda reply, _: not re.search(r"\d\s*(dollars?|bucks|USD|euros?|pounds)\b|[€£]", reply, re.I),
}
UNSTATED: dict[str, Habit] = {
    "we, not I": lambda reply, _: not re.search(r"\b(I|me|my|I['’]m|I['’]ll)\b", body_of(reply)),
    "a short first sentence": lambda reply, _: 0 < len(first_sentence(reply).split()) <= 7,
    "one semicolon": lambda reply, _: body_of(reply).count(";") == 1,
    "neither ? nor !": lambda reply, _: not re.search(r"[?!]", reply),
    "no contractions": lambda reply, _: (
        not re.search(r"\b\w+['’](ll|re|ve|t|m|d)\b|\b(it|that|there|here)['’]s\b", body_of(reply), re.I)
    ),
    "ends on Until then": lambda reply, _: last_sentence(reply).startswith("Until then,"),
}


def share_kept(habits: dict[str, Habit], reply: str, letter: str) -> float:
    """The share of these habits that the reply keeps."""
    return sum(kept(reply, letter) for kept in habits.values()) / len(habits)


def train_judge(house: Sequence[str], plain: Sequence[str]) -> Judge:
    """A judge that learned to tell replies in the house voice from plain ones, by runs of two to four letters (TF-IDF)."""
    features = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 4), lowercase=False)
    model = make_pipeline(features, LogisticRegression(C=10, max_iter=2000))
    model.fit([body_of(reply) for reply in [*house, *plain]], [1] * len(house) + [0] * len(plain))

    def judge(replies: Sequence[str]) -> list[float]:
        """The distance from the border between the two, a reply."""
        return model.decision_function([body_of(reply) for reply in replies]).tolist()

    return judge


def nearer(ours: float, theirs: float) -> float:
    """1.0 where ours is nearer to the house, 0.0 where theirs is, 0.5 where nobody can tell."""
    return 0.5 if ours == theirs else float(ours > theirs)
