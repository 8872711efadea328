# %% 1 right: a product, factor by factor
def any_by_luck(n):
    none = 1.0
    for _ in range(n):
        none *= 1 - 0.05
    return 1 - none


# %% 1 right: scipy's binomial distribution
from scipy.stats import binom


def any_by_luck(n):
    return binom.sf(0, n, 0.05)


# %% 1 right: one promise more at a time
def any_by_luck(n):
    if n == 0:
        return 0.0
    before = any_by_luck(n - 1)
    return before + (1 - before) * 0.05


# %% 1 right: lots are drawn
import numpy as np


def any_by_luck(n):
    return (np.random.default_rng(0).random((200_000, n)) < 0.05).any(axis=1).mean()


# %% 1 right: summed over how many it might be
from math import comb


def any_by_luck(n):
    return sum(comb(n, k) * 0.05**k * 0.95 ** (n - k) for k in range(1, n + 1))


# %% 1 wrong: n times as likely
def any_by_luck(n):
    return 0.05 * n


# %% 1 wrong: n times as likely, at most 1
def any_by_luck(n):
    return min(1.0, 0.05 * n)


# %% 1 wrong: that none is
def any_by_luck(n):
    return 0.95**n


# %% 1 wrong: that all are
def any_by_luck(n):
    return 0.05**n


# %% 1 wrong: exactly one
def any_by_luck(n):
    return n * 0.05 * 0.95 ** (n - 1)


# %% 1 wrong: takes the pairs off, and forgets the rest
def any_by_luck(n):
    return 0.05 * n - n * (n - 1) / 2 * 0.05**2


# %% 1 wrong: prints it
def any_by_luck(n):
    print(1 - 0.95**n)


# %% 1 wrong: in percent
def any_by_luck(n):
    return 100 * (1 - 0.95**n)


# %% 2 right: calls itself, and has no default ends
def turning_point(situation, low, high):
    left, right = (advice_of(evidence, replace(situation, changed_a_year=rate)).option for rate in (low, high))
    if left == right:
        return None
    if high - low <= 0.01:
        return high
    middle = (low + high) / 2
    first_half = turning_point(situation, low, middle)
    return turning_point(situation, middle, high) if first_half is None else first_half


# %% 2 right: the standard library's bisect over hundredths
from bisect import bisect_left


def turning_point(situation, low=0.0, high=2.0):
    def option(hundredths):
        return advice_of(evidence, replace(situation, changed_a_year=hundredths / 100)).option

    ends = round(100 * low), round(100 * high)
    old = option(ends[0])
    if option(ends[1]) == old:
        return None
    return bisect_left(range(ends[1] + 1), True, lo=ends[0], key=lambda rate: option(rate) != old) / 100


# %% 2 right: a number of halvings
def turning_point(situation, low=0.0, high=2.0):
    old = advice_of(evidence, replace(situation, changed_a_year=low)).option
    if advice_of(evidence, replace(situation, changed_a_year=high)).option == old:
        return None
    for _ in range(8):
        middle = low + (high - low) / 2
        if advice_of(evidence, replace(situation, changed_a_year=middle)).option != old:
            high = middle
        else:
            low = middle
    return round(high, 4)


# %% 2 wrong: compares the systems
def turning_point(situation, low=0.0, high=2.0):
    def system(rate):
        return advice_of(evidence, replace(situation, changed_a_year=rate)).system

    first = system(low)
    if system(high) == first:
        return None
    while high - low > 0.01:
        middle = (low + high) / 2
        low, high = (middle, high) if system(middle) == first else (low, middle)
    return high


# %% 2 wrong: gives the end where it's still the old one
def turning_point(situation, low=0.0, high=2.0):
    def option(rate):
        return advice_of(evidence, replace(situation, changed_a_year=rate)).option

    first = option(low)
    if option(high) == first:
        return None
    while high - low > 0.01:
        middle = (low + high) / 2
        low, high = (middle, high) if option(middle) == first else (low, middle)
    return low


# %% 2 wrong: never None
def turning_point(situation, low=0.0, high=2.0):
    first = advice_of(evidence, replace(situation, changed_a_year=low)).option
    while high - low > 0.01:
        middle = (low + high) / 2
        if advice_of(evidence, replace(situation, changed_a_year=middle)).option == first:
            low = middle
        else:
            high = middle
    return high


# %% 2 wrong: stops at a tenth
def turning_point(situation, low=0.0, high=2.0):
    def option(rate):
        return advice_of(evidence, replace(situation, changed_a_year=rate)).option

    first = option(low)
    if option(high) == first:
        return None
    return next(low + step / 10 for step in range(1, 100) if option(low + step / 10) != first)


# %% 2 wrong: looks at its own range
def turning_point(situation, low=0.0, high=2.0):
    low, high = 0.0, 2.0
    first = advice_of(evidence, replace(situation, changed_a_year=low)).option
    if advice_of(evidence, replace(situation, changed_a_year=high)).option == first:
        return None
    while high - low > 0.01:
        middle = (low + high) / 2
        if advice_of(evidence, replace(situation, changed_a_year=middle)).option == first:
            low = middle
        else:
            high = middle
    return high


# %% 2 wrong: always None
def turning_point(situation, low=0.0, high=2.0):
    return None


# %% 3 right: percent
recommendation = (
    "Build search with a reader that was trained to read. It is right on 76 % (69 to 82) of questions like ours, the next "
    "best that shows its page on 58 % (53 to 63). That isn't chance. If nobody asked for the page, a list would do!"
)


# %% 3 right: a list of sentences
recommendation = [
    "I'd build retrieval with a tuned reader",
    "Right answers: 0.76 [0.69, 0.82]",
    "The next one allowed gets 0.58 [0.53, 0.63]",
    "I'd decide otherwise if sources didn't matter",
]


# %% 3 right: plus and minus, several lines, quotation marks
recommendation = """We should not fine-tune alone: it "knows" no page.
With search and a trained reader, 0.76 ± 0.07 of the answers are right.
Without the training it is 0.32 ± 0.09, and my colleague asked: "Is that all?" Yes.
I would decide otherwise if a rule never changed."""


# %% 3 wrong: shares without their width
recommendation = (
    "I would build search with a trained reader. It is right on 76 % of our questions. The next best is right on 58 %. If "
    "our rules never changed, I'd take the list."
)


# %% 3 wrong: no number at all
recommendation = (
    "I would build search with a trained reader. It is clearly better than the others. It costs little. If our rules never "
    "changed, I'd take the list."
)


# %% 3 wrong: two sentences, numbered
recommendation = (
    "1. I'd take raft with 0.76 [0.69, 0.82] against 0.58 [0.53, 0.63]. 2. If rules never changed, I'd take faq."
)


# %% 3 wrong: one sentence and an abbreviation
recommendation = "Some system with search, e.g. raft, i.e. 0.76 [0.69, 0.82] against 0.58 [0.53, 0.63], is what I'd take."


# %% 3 wrong: the name alone
recommendation = "raft"


# %% 3 wrong: nothing at all
recommendation = None
