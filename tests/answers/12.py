# %% 1 right: leaves out, one after the other
def may_search(pages, desks):
    honest = [page for page in pages if not page.status == "poisoned"]
    foreign = [page for page in honest if page.status == "private" and page.desk not in desks]
    return [page for page in honest if page not in foreign]


# %% 1 right: asks each page for a pass
def may_search(pages, desks):
    passes = {"in_force": True, "superseded": True, "poisoned": False}
    return [page for page in pages if passes.get(page.status, page.desk in desks)]


# %% 1 right: a loop
def may_search(pages, desks):
    allowed = []
    for page in pages:
        if page.status == "poisoned":
            continue
        if page.status != "private":
            allowed.append(page)
        elif any(page.desk == desk for desk in desks):
            allowed.append(page)
    return allowed


# %% 1 wrong: leaves out every private page
def may_search(pages, desks):
    return [page for page in pages if page.status not in ("private", "poisoned")]


# %% 1 wrong: lets poisoned pages through
def may_search(pages, desks):
    return [page for page in pages if page.status != "private" or page.desk in desks]


# %% 1 wrong: shows only the pages of one's own desks
def may_search(pages, desks):
    return [page for page in pages if page.status != "poisoned" and page.desk in desks]


# %% 1 wrong: turns their order round
def may_search(pages, desks):
    return [page for page in pages[::-1] if page.status != "poisoned" and (page.status != "private" or page.desk in desks)]


# %% 2 right: looks for words that only a program is told
def suspicious(text):
    words = ("assistant", "chatbot", "help program", "answering system", "program reading")
    return any(word in text.lower() for word in words)


# %% 2 right: two signs, joined by or
import re


def suspicious(text):
    speaks_to_it = re.compile(r"(assistant|chatbot|(help|answering) (program|system))", re.I)
    forbids_a_page = re.compile(r"(disregard|pay no attention to|ignore)[^.]{0,80}pages?", re.I)
    return speaks_to_it.search(text) is not None or forbids_a_page.search(text) is not None


# %% 2 right: gives a word and not a truth value
def suspicious(text):
    words = ("assistant", "chatbot", "answering system", "help program")
    return next((word for word in words if word in text.lower()), None)


# %% 2 wrong: matches one attack
def suspicious(text):
    return "chatbot" in text


# %% 2 wrong: stops everything
def suspicious(text):
    return True


# %% 2 wrong: a word of ordinary pages
def suspicious(text):
    return "page" in text or "answer" in text or "desk" in text


# %% 3 right: a loop
from statistics import median


def safe_copies(ranks, candidates):
    safe, never = 0, median(exposure(rank, candidates) for rank in ranks[0])
    for copies in sorted(ranks):
        if median(exposure(rank, candidates) for rank in ranks[copies]) - never < 1:
            safe = copies
    return safe


# %% 3 right: by ranks, as a bit is a halving
import numpy as np


def safe_copies(ranks, candidates):
    bits = {copies: math.log2(candidates) - np.median(np.log2(found)) for copies, found in ranks.items()}
    return [copies for copies in sorted(bits) if bits[copies] - bits[0] < 1][-1]


# %% 3 right: medians of the ranks themselves
from statistics import median


def safe_copies(ranks, candidates):
    middle = {copies: median(found) for copies, found in ranks.items()}
    return max(copies for copies in middle if middle[copies] > middle[0] / 2)


# %% 3 wrong: at most one bit, where under one was asked
from statistics import median


def safe_copies(ranks, candidates):
    bits = {copies: median(math.log2(candidates / rank) for rank in found) for copies, found in ranks.items()}
    return max(copies for copies in bits if bits[copies] <= bits[0] + 1)


# %% 3 wrong: the first number that is too many
from statistics import median


def safe_copies(ranks, candidates):
    bits = {copies: median(math.log2(candidates / rank) for rank in found) for copies, found in ranks.items()}
    return min((copies for copies in bits if bits[copies] >= bits[0] + 1), default=max(bits))


# %% 3 wrong: the mean, which one secret that comes first pulls down
from statistics import mean


def safe_copies(ranks, candidates):
    bits = {copies: mean(math.log2(candidates / rank) for rank in found) for copies, found in ranks.items()}
    return min(copies for copies in bits if bits[copies] < bits[0] + 1)
