"""The classroom's comparison once more, on another kind of machine: does what was found depend on ours?"""

from collections.abc import Mapping, Sequence

from utils.measure.evaluation import Row, difference, estimate
from utils.measure.samples import Background
from utils.page.tables import table
from utils.report import computes
from utils.saved import Part

INTRO = (
    "The same commands with the same seed. *There* has other arithmetic, so a training ends with other weights, and a "
    "model that nobody trained answers in other words now and then. *The same words*: how often the answer is the same "
    "to the letter."
)
HEAD = ("system", "right, here", "right, there", "there minus here", "new answers, there minus here", "the same words")
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
    return f"{INTRO}\n\n{table(HEAD, lines)}\n\n{places}"


def answers_of(part: Part) -> list[Row]:
    """Its rows but for the figures."""
    return [row for row in part.rows if "figure" not in row]


def line(system: str, ours: Sequence[Row], others: Sequence[Row], about: Background) -> list[object]:
    """The cells of one system."""
    one, other = ([row for row in rows if row["system"] == system] for rows in (ours, others))
    before, after = ([[row for row in own if row["after"] == late] for own in (one, other)] for late in (False, True))

    def right(row: Row) -> bool | None:
        """Correctness, where there is an answer."""
        return None if row["em"] is None else row["correct"]

    def renewed(row: Row) -> bool | None:
        """The same, where the revision changed the answer."""
        return None if row["stale"] is None else right(row)

    said = {row["question_id"]: row["answer"] for row in before[0]}
    same = sum(said[row["question_id"]] == row["answer"] for row in before[1]) / len(before[1])
    shares = (estimate(rows, right, about.clusters) for rows in before)
    gaps = (difference(rows[1], rows[0], value, about.clusters) for rows, value in ((before, right), (after, renewed)))
    return [f"`{system}`", *shares, *gaps, f"{same:.2f}"]


def machine(provenance: Mapping) -> str:
    """What computed, in which number format, with which packages."""
    settings, versions = provenance["settings"], provenance["versions"]
    return ", ".join([computes(provenance), settings["dtype"], *(f"{name} {versions[name]}" for name in PACKAGES)])
