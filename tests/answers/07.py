# %% 1 right: the remainder makes one batch more
def count_steps(n_examples, batch_size, epochs):
    whole, rest = divmod(n_examples, batch_size)
    return epochs * (whole + bool(rest))


# %% 1 right: walks through the batches and counts
def count_steps(n_examples, batch_size, epochs):
    steps = 0
    for _ in range(epochs):
        for _ in range(0, n_examples, batch_size):
            steps += 1
    return steps


# %% 1 right: numpy rounds up, and gives a float
import numpy as np


def count_steps(n_examples, batch_size, epochs):
    return np.ceil(n_examples / batch_size) * epochs


# %% 1 right: upside-down floor division
def count_steps(n_examples, batch_size, epochs):
    return -(-n_examples // batch_size) * epochs


# %% 1 wrong: forgets the last, smaller batch
def count_steps(n_examples, batch_size, epochs):
    return epochs * (n_examples // batch_size)


# %% 1 wrong: rounds up once, at the end
def count_steps(n_examples, batch_size, epochs):
    return math.ceil(epochs * n_examples / batch_size)


# %% 1 wrong: one batch more in any case
def count_steps(n_examples, batch_size, epochs):
    return epochs * (n_examples // batch_size + 1)


# %% 1 wrong: to the nearest whole number
def count_steps(n_examples, batch_size, epochs):
    return epochs * round(n_examples / batch_size)


# %% 1 wrong: one epoch only
def count_steps(n_examples, batch_size, epochs):
    return math.ceil(n_examples / batch_size)


# %% 2 right: two loops
def find_leaks(tested, learned, border):
    found = []
    for text in tested:
        for other in learned:
            if overlap(text, other) >= border:
                found.append(text)
                break
    return found


# %% 2 right: a set, from any
def find_leaks(tested, learned, border):
    return {text for text in tested if any(overlap(text, other) >= border for other in learned)}


# %% 2 right: an overlap of one's own
import re


def find_leaks(tested, learned, border):
    bags = [set(re.findall(r"[\w']+", other.lower())) for other in learned]

    def leaks(text):
        bag = set(re.findall(r"[\w']+", text.lower()))
        return max(len(bag & other) / len(bag | other) for other in bags) >= border

    return tuple(filter(leaks, tested))


# %% 2 right: yields them one by one, those found twice twice
def find_leaks(tested, learned, border):
    for text in tested:
        for other in learned:
            if overlap(text, other) >= border:
                yield text


# %% 2 wrong: finds exact copies only
def find_leaks(tested, learned, border):
    return [text for text in tested if text in learned]


# %% 2 wrong: the same words only, and not nearly the same
def find_leaks(tested, learned, border):
    return [text for text in tested if any(words(text) == words(other) for other in learned)]


# %% 2 wrong: more than the border
def find_leaks(tested, learned, border):
    return [text for text in tested if max(overlap(text, other) for other in learned) > border]


# %% 2 wrong: pair by pair
def find_leaks(tested, learned, border):
    return [text for text, other in zip(tested, learned) if overlap(text, other) >= border]


# %% 2 wrong: all learned words in one bag
def find_leaks(tested, learned, border):
    bag = set().union(*map(words, learned))
    return [text for text in tested if len(words(text) & bag) / len(words(text)) >= border]


# %% 2 wrong: a half, whatever the border
def find_leaks(tested, learned, border):
    return [text for text in tested if max(overlap(text, other) for other in learned) >= 0.5]


# %% 2 wrong: gives back the learned ones
def find_leaks(tested, learned, border):
    return [other for other in learned if max(overlap(text, other) for text in tested) >= border]


# %% 2 wrong: says of each whether it leaks
def find_leaks(tested, learned, border):
    return [max(overlap(text, other) for other in learned) >= border for text in tested]


# %% 2 wrong: the honest ones
def find_leaks(tested, learned, border):
    return [text for text in tested if max(overlap(text, other) for other in learned) < border]


# %% 3 right: asks first whether anything was gained
def price(small, large):
    if large["right"] <= small["right"]:
        return None
    return (large["written"] - small["written"]) / (large["right"] - small["right"])


# %% 3 right: exact fractions
from fractions import Fraction


def price(small, large):
    written, right = (Fraction(large[what]) - Fraction(small[what]) for what in ("written", "right"))
    return written / right if right > 0 else None


# %% 3 right: numpy numbers
import numpy as np


def price(small, large):
    written, right = np.subtract([large["written"], large["right"]], [small["written"], small["right"]])
    return np.float64(written) / right if right > 0 else None


# %% 3 right: catches the division by nothing
def price(small, large):
    try:
        cost = (large["written"] - small["written"]) / (large["right"] - small["right"])
    except ZeroDivisionError:
        return None
    return cost if large["right"] > small["right"] else None


# %% 3 wrong: the average over everything
def price(small, large):
    return large["written"] / large["right"] if large["right"] > small["right"] else None


# %% 3 wrong: a price below nothing
def price(small, large):
    more = large["right"] - small["right"]
    return (large["written"] - small["written"]) / more if more else None


# %% 3 wrong: endless instead of None
def price(small, large):
    more = large["right"] - small["right"]
    return (large["written"] - small["written"]) / more if more > 0 else math.inf


# %% 3 wrong: upside down
def price(small, large):
    more = large["right"] - small["right"]
    return more / (large["written"] - small["written"]) if more > 0 else None


# %% 3 wrong: whole questions only
def price(small, large):
    more = large["right"] - small["right"]
    return (large["written"] - small["written"]) // more if more > 0 else None


# %% 3 wrong: the case that the check prints
def price(small, large):
    return 5
