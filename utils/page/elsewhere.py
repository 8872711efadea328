"""The classroom's comparison once more, on another kind of machine: does what was found depend on ours?"""

from collections.abc import Callable, Mapping, Sequence

from utils.measure.evaluation import Row, difference, estimate
from utils.measure.samples import Background
from utils.page.tables import table
from utils.report import computes
from utils.saved import Part

INTRO = (
    "The same commands, one training of each with the same seed: {n} questions with an answer, {changed} of them changed "
    "by the revision, and {without} without. *There* has other arithmetic, so a training ends with other weights, and a "
    "model that nobody trained answers in other words now and then. The differences are *there* minus *here*, paired, "
    "with intervals over documents (the wider exact ones where all answers are right or all wrong on both sides). *The "
    "same words*: how often the answer is the same to the letter."
)
MEASURES: dict[str, Callable[[Row], float | None]] = {  # column → value of one row; None where it doesn't count
    "right": lambda row: row["correct"] if not row["after"] and row["em"] is not None else None,
    "new answer": lambda row: row["correct"] if row["stale"] is not None and row["em"] is not None else None,
    "old answer": lambda row: row["stale"],
    "says it doesn't know, rightly": lambda row: row["correct"] if not row["after"] and row["em"] is None else None,
}
HEAD = ("system", "right, here", "right, there", *(f"{name}: difference" for name in MEASURES), "the same words")
PACKAGES = ("python", "torch", "transformers", "peft")


def elsewhere(here: Sequence[Part], there: Sequence[Part], about: Background) -> str | None:
    """Both machines' right answers, system by system, paired over the questions. None without rows of both."""
    if not here or not there:
        return None
    others = answers_of(there[0])
    seeds = {row["seed"] for row in others}
    ours = [row for row in answers_of(here[0]) if row["seed"] in seeds]
    lines = [line(name, ours, others, about) for name in dict.fromkeys(row["system"] for row in others)]
    places = f"Here: {machine(here[0].provenance)}. There: {machine(there[0].provenance)}."
    return f"{INTRO.format(**count(others))}\n\n{table(HEAD, lines)}\n\n{places}"


def answers_of(part: Part) -> list[Row]:
    """Its rows but for the figures."""
    return [row for row in part.rows if "figure" not in row]


def count(rows: Sequence[Row]) -> dict[str, int]:
    """How many questions there are of each sort."""
    asked = {name: len({row["question_id"] for row in rows if value(row) is not None}) for name, value in MEASURES.items()}
    return {"n": asked["right"], "changed": asked["old answer"], "without": asked["says it doesn't know, rightly"]}


def line(system: str, ours: Sequence[Row], others: Sequence[Row], about: Background) -> list[object]:
    """The cells of one system."""
    one, other = ([row for row in rows if row["system"] == system] for rows in (ours, others))
    shares = (estimate(rows, MEASURES["right"], about.clusters) for rows in (one, other))
    gaps = (difference(other, one, value, about.clusters) for value in MEASURES.values())
    said = {(row["question_id"], row["after"]): row["answer"] for row in one}
    same = sum(said[row["question_id"], row["after"]] == row["answer"] for row in other) / len(other)
    return [f"`{system}`", *shares, *gaps, f"{same:.2f}"]


def machine(provenance: Mapping) -> str:
    """What computed, in which number format, with which packages."""
    settings, versions = provenance["settings"], provenance["versions"]
    return ", ".join([computes(provenance), settings["dtype"], *(f"{name} {versions[name]}" for name in PACKAGES)])
