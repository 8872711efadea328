"""Who answers, on the page: every system in a line, with how much it is shown."""

from collections.abc import Mapping

from utils.page.tables import table

INTRO = (
    "Every system answers the same questions. A passage has at most {words} words. What was tried before this was chosen "
    "stands [below](#what-was-tried-beforehand). Intervals are drawn over documents and trainings; where all answers are "
    "right or all wrong there is nothing to draw, and the exact interval over documents stands there, which is wider."
)
WHAT = {
    "base": "the small model, asked with nothing in front of it",
    "rag": "the same model, shown what the search finds: {rag}, with `{rag_prompt}`",
    "ft": "trained on questions and answers, asked with nothing in front of it",
    "ft+rag": "the same adapter, shown what the search finds: {ft+rag}",
    "raft": "trained to read: on questions with what the search finds, shown {raft}; a third of the pages held out",
    "mixed": "trained on both kinds of questions, shown {mixed}",
    "mixed-cb": "the same adapter, asked with nothing in front of it",
    "faq": "control without a language model: the stored answer of the most similar training question",
    "search": "control without a language model: the best passage, as it stands",
    "oracle": "control: `rag`, shown every passage that the answer takes, and nothing else",
    "ft-raw": "control: trained on the text of the documents instead of questions",
    "placebo": "control: `ft`, trained on answers that belong to other questions",
}


def arms(settings: Mapping) -> str:
    """`settings`: those of a comparison's provenance."""
    reading = settings["reading"]
    shown = {name: passages(one["k"]) for name, one in reading.items()} | {"rag_prompt": reading["rag"]["prompt"]}
    lines = [[f"`{name}`", what.format(**shown)] for name, what in WHAT.items()]
    return f"{INTRO.format(words=settings['search']['max_words'])}\n\n{table(['system', 'what it is'], lines)}"


def passages(k: int) -> str:
    """How many.

    >>> passages(1), passages(3)
    ('1 passage', '3 passages')
    """
    return f"{k} passage{'s' * (k != 1)}"
