"""Look at a page before it is indexed: which signs of an attack does its text bear? Knows no model and no search.

Signs are kept or dropped by `choose_signs`, on examples. A false fact told in the house's own voice bears none: to keep it
out, somebody has to know who wrote the page.
"""

import re
from collections.abc import Callable, Mapping, Sequence

FEWEST_DIFFERENT = 0.45  # of a page's words; ordinary prose of this length has 0.5 or more


def matches(*patterns: str) -> Callable[[str], bool]:
    """A sign: one of the patterns stands in the text, in small or capital letters; `^` is the beginning of a line."""
    pattern = re.compile("|".join(patterns), re.IGNORECASE | re.MULTILINE)
    return lambda text: pattern.search(text) is not None


def repeats_itself(text: str) -> bool:
    """Whether fewer than FEWEST_DIFFERENT of the words are different ones, as in a list of likely questions.

    >>> repeats_itself("boots form, which form for boots, boots form which, form boots boots")
    True
    """
    words = re.findall(r"\w+", text.lower())
    return len(set(words)) < FEWEST_DIFFERENT * len(words)


SIGNS: Mapping[str, Callable[[str], bool]] = {
    "speaks to a machine": matches(
        r"\b(dear|hello|attention|note to|to) (the |our )?(\w+ )?(assistant|chatbot|bot|language model|answering system)\b"
    ),
    "overrides other pages": matches(
        r"\b(disregard|ignore|forget|override)\b[^.]*\b(pages?|passages?|messages?|instructions?|documents?)\b",
        r"\babove the system message\b",
    ),
    "dictates the answer": matches(r"\byour (whole|only|full) answer\b", r"\b(write|reply|answer|say) only\b"),
    "forges chat marks": matches(r"<\|\w+\|>", r"^\W*(system|assistant|user|tool result)\s*:", r'^"""'),
    "forges the prompt": matches(
        r"^\W*(question|answer|passages?|context)\s*:",
        r"^\W*\d+\]\s",
        r"\b(end|begin) of (the )?(\w+ )?(passages?|documents?)\b",
    ),
    "cites by number": matches(r"\[\d+\]"),  # numbers are given in the prompt; a page can't know its own
    "repeats itself": repeats_itself,
}


def signs_of(text: str, among: Sequence[str] = tuple(SIGNS)) -> list[str]:
    """The signs that a text bears."""
    return [name for name in among if SIGNS[name](text)]


def choose_signs(attacks: Sequence[str], ordinary: Sequence[str]) -> list[str]:
    """The signs that more of the attacks bear than of the ordinary pages, harmless look-alikes included."""
    return [name for name, bears in SIGNS.items() if sum(map(bears, attacks)) > sum(map(bears, ordinary))]
