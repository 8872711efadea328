"""What number decides, as `compute` in a YAML file says it: which values, and how they are compared. Knows no rows.

Values come from answers (`measure:` a field of the rows, or one of MEASURES) or from figures (`figure:` their name). One
number is made of them so:

    take      their mean; or their median; or the largest, where a single exception breaks a rule
    against   minus the same of another system; of several, minus the best of them
    over      divided by the same of another system; with `take: median`, the median of the ratios item by item
    minus     minus a statistic of other questions (its keys replace those around it), drawn independently
    follow    instead of all these: what following the decision guide loses (utils/measure/regret.py)
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, fields

from utils.measure.metrics import precision, recall

Pages = Collection[str]  # the documents that hold a question's answer
FIELDS = ("correct", "stale", "abstained")  # of the rows
MEASURES: dict[str, Callable[[Mapping, Pages], float | None]] = {  # taken from the rows
    "cites its source": lambda row, pages: bool(row["gold_retrieved"] and set(row["cited"] or ()) & set(pages)),
    "citation precision": lambda row, pages: precision(row["cited"] or (), pages),
    "citation recall": lambda row, pages: recall(row["cited"] or (), pages),
    "words": lambda row, pages: len(row["answer"].split()),
}
QUESTIONS: dict[str, Callable[[Mapping], bool]] = {  # which rows a statistic is over
    "answerable": lambda row: row["em"] is not None,
    "unanswerable": lambda row: row["em"] is None,
    "changed": lambda row: row["stale"] is not None,
    "renewed": lambda row: row["stale"] is not None and row["em"] is not None,
    "found": lambda row: row["em"] is not None and bool(row["gold_retrieved"]),
    "right": lambda row: row["em"] is not None and row["correct"],
}
FOLLOW = {"follow": "the decision guide"}  # the one statistic of another kind
WORDS = {  # key → what it may say
    "measure": (*FIELDS, *MEASURES),
    "questions": tuple(QUESTIONS),
    "when": ("before", "after"),
    "versions": ("new", "both"),
    "pages": ("seen", "unseen"),
    "take": ("mean", "median", "largest"),
}


@dataclass(frozen=True)
class Answers:
    """A measure of the answers to some questions.

    `versions` is what the index holds after the revision. `pages`: whether raft's training has seen the answer's page.
    """

    measure: str
    questions: str
    when: str = "after"
    versions: str = "new"
    kinds: tuple[str, ...] = ()
    desk: str | None = None
    pages: str | None = None


@dataclass(frozen=True)
class Figures:
    """The values of a figure: seconds, ranks, whatever is no answer."""

    figure: str


@dataclass(frozen=True)
class Statistic:
    """Values of a system in an experiment, and how they become one number: see the top of the module."""

    experiment: str
    of: str
    values: Answers | Figures
    take: str = "mean"
    against: tuple[str, ...] = ()
    over: str | None = None
    minus: "Statistic | None" = None

    @property
    def systems(self) -> set[str]:
        """Every system whose rows it needs from its experiment."""
        return {self.of, *self.against, self.over} - {None}


@dataclass(frozen=True)
class Following:
    """What somebody loses who follows the decision guide, over all desks of an experiment's rows."""

    experiment: str


def parse_statistic(name: str, entry: Mapping, experiment: str) -> Statistic | Following:
    """A statistic from `compute`. ValueError, beginning with the name, for a key or word that is unknown or missing."""
    if entry == FOLLOW:
        return Following(experiment)
    kind = Answers if "measure" in entry else Figures
    check(name, entry, kind)
    plain = {key: tuple(value) if isinstance(value, list) else value for key, value in entry.items() if key != "minus"}
    chosen = {field.name for field in fields(kind)} & set(plain)
    values = kind(**{key: plain[key] for key in chosen})
    minus = parse_minus(name, entry, experiment) if entry.get("minus") else None
    return Statistic(experiment, values=values, minus=minus, **{key: plain[key] for key in set(plain) - chosen})


def parse_minus(name: str, entry: Mapping, experiment: str) -> Statistic:
    """The statistic to take away: that of the entry, with other keys, perhaps of another experiment."""
    changes = {"experiment": experiment, "minus": None, **entry["minus"]}
    other = changes.pop("experiment")
    return parse_statistic(name, {**entry, **changes}, other)


def check(name: str, entry: Mapping, kind: type) -> None:
    """ValueError for an entry that is no statistic over this kind of values."""
    if missing := ({"of", "measure", "questions"} if kind is Answers else {"of", "figure"}) - set(entry):
        raise ValueError(f"{name}: compute has no {', '.join(sorted(missing))}; it needs a measure of answers, or a figure")
    known = {field.name for field in (*fields(kind), *fields(Statistic))} - {"values", "experiment"}
    if unknown := set(entry) - known:
        raise ValueError(f"{name}: compute has {', '.join(sorted(unknown))}; its keys are {', '.join(sorted(known))}")
    for key in set(WORDS) & set(entry):
        if entry[key] not in WORDS[key]:
            raise ValueError(f"{name}: {key} is one of {', '.join(WORDS[key])}, got {entry[key]!r}")
