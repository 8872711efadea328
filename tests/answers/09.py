# %% 1 right: one pattern
import re


def plain_marks(reply):
    return not re.search(r"[()\[\]{}–—]| - ", reply)


# %% 1 right: a set of marks, and the hyphen as a word of its own
def plain_marks(reply):
    return not set(reply) & set("()[]{}–—") and "-" not in reply.split()


# %% 1 right: a list of what is bad
BAD = ["(", ")", "[", "]", "{", "}", " – ", " — ", " - "]
plain_marks = lambda reply: all(bad not in reply for bad in BAD)  # noqa: E731


# %% 1 wrong: forgets the dashes
def plain_marks(reply):
    return "(" not in reply and "[" not in reply


# %% 1 wrong: forgets the curly brackets
def plain_marks(reply):
    return not any(mark in reply for mark in "()[]–—") and " - " not in reply


# %% 1 wrong: takes a hyphen inside a word for a dash
def plain_marks(reply):
    return not any(mark in reply for mark in "()[]{}–—-")


# %% 1 wrong: forgets the hyphen that stands for a dash
def plain_marks(reply):
    return not any(mark in reply for mark in "()[]{}–—")


# %% 1 wrong: a semicolon, which the house writes
def plain_marks(reply):
    return not any(mark in reply for mark in "()[]{}–—;") and " - " not in reply


# %% 2 right: words and pairs
def cues(text):
    words = text.lower().split()
    return words + [a + " " + b for a, b in zip(words, words[1:])]


# %% 2 right: up to three words
def cues(text):
    words = re.findall(r"\w+", text.lower())
    return words + ["-".join(words[i : i + n]) for n in (2, 3) for i in range(len(words) - n + 1)]


# %% 2 right: the library's own
from sklearn.feature_extraction.text import CountVectorizer

cues = CountVectorizer(ngram_range=(1, 2)).build_analyzer()


# %% 2 right: pairs with the ends marked
def cues(text):
    words = ["^", *re.findall(r"\w+", text.lower()), "$"]
    return words + [f"{a}>{b}" for a, b in zip(words, words[1:])]


# %% 2 wrong: letters
def cues(text):
    return list(text.lower())


# %% 2 wrong: words alone, in which no order is left
def cues(text):
    return sorted(set(re.findall(r"\w+", text.lower())))


# %% 2 wrong: a text in place of a list
def cues(text):
    return text.lower()


# %% 2 wrong: tuples in place of strings
def cues(text):
    words = text.lower().split()
    return list(zip(words, words[1:]))


# %% 3 right: the paired difference of utils
from utils.measure.evaluation import difference


def leader(ours, theirs):
    a, b = ([{"question_id": str(i), "seed": None, "v": v} for i, v in enumerate(s)] for s in (ours, theirs))
    gap = difference(a, b, lambda row: row["v"], {str(i): str(i) for i in range(len(ours))})
    return "ours" if gap.low > 0 else "theirs" if gap.high < 0 else "neither"


# %% 3 right: an interval by the normal curve
def leader(ours, theirs):
    gaps = [a - b for a, b in zip(ours, theirs)]
    mean = sum(gaps) / len(gaps)
    wide = 1.96 * math.sqrt(sum((gap - mean) ** 2 for gap in gaps)) / len(gaps)
    return "ours" if mean > wide else "theirs" if mean < -wide else "neither"


# %% 3 right: a sign test
from math import comb


def leader(ours, theirs):
    won, lost = (sum(a > b for a, b in zip(*two)) for two in ((ours, theirs), (theirs, ours)))
    tail = sum(comb(won + lost, k) for k in range(min(won, lost) + 1)) / 2 ** (won + lost)
    return "neither" if tail >= 0.025 else "ours" if won > lost else "theirs"


# %% 3 wrong: whoever has more
def leader(ours, theirs):
    return "ours" if sum(ours) > sum(theirs) else "theirs"


# %% 3 wrong: two intervals that don't overlap, which forgets the pairs
def leader(ours, theirs):
    a, b = sum(ours) / len(ours), sum(theirs) / len(theirs)
    ends = [1.96 * math.sqrt(p * (1 - p) / len(ours)) for p in (a, b)]
    return "ours" if a - ends[0] > b + ends[1] else "theirs" if a + ends[0] < b - ends[1] else "neither"


# %% 3 wrong: subtracts the wrong way round
import numpy as np


def leader(ours, theirs):
    gaps = np.array(theirs) - np.array(ours)
    means = np.random.default_rng(0).choice(gaps, size=(500, len(gaps))).mean(axis=1)
    low, high = np.quantile(means, [0.025, 0.975])
    return "ours" if low > 0 else "theirs" if high < 0 else "neither"


# %% 3 wrong: a border of eight in a hundred, without pairs or an interval
def leader(ours, theirs):
    more = sum(ours) / len(ours) - sum(theirs) / len(theirs)
    return "neither" if abs(more) < 0.08 else "ours" if more > 0 else "theirs"
