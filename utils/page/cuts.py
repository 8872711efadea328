"""Tables of the comparison's rows, cut by desk, kind of question, measure, and versions of the pages in the index."""

from collections.abc import Callable, Sequence

from utils.measure.evaluation import Row, estimate
from utils.measure.metrics import precision, recall
from utils.measure.samples import Background
from utils.measure.statistics import Pages
from utils.page.tables import scope, table

FACTS = ("one fact", "one fact, page held out")  # held out of a training, or not
BY_KIND = (
    "Right answers before the revision. *Page held out*: `raft` never met the page, nor questions about it, in "
    "training; `mixed` met the questions and not the page. The other questions about *one fact* put in new words what "
    "training asked about, so `ft` and `faq` have met their answers; those of the other kinds nobody has. *Two fact*: "
    "the answer takes two statements. *Arithmetic*: it is a sum or a difference. *Reverse*: the value is given, and "
    "what it belongs to is asked."
)
WHERE_FOUND = (
    "The same where a passage shown held what was asked for; of two statements one suffices, of a sum a part. `oracle` "
    "is shown all of them."
)
STRICT = (
    "Before the revision, over the questions that have an answer. *Right* is the measure of this course: an accepted "
    "value stands in the answer and no wrong one. *Exact match*: nothing else stands there. *F1*: words in common. "
    "Whoever answers in a sentence loses by the last two without knowing less. A citation is right where it names a "
    "document that holds the answer; a dash: nothing was cited."
)
STRICTNESS: dict[str, Callable[[Row, Pages], float | None]] = {  # column → value of one answer
    "right": lambda row, _: row["correct"],
    "exact match": lambda row, _: row["em"],
    "F1": lambda row, _: row["f1"],
    "says it doesn't know": lambda row, _: row["abstained"],
    "citation precision": lambda row, pages: None if row["cited"] is None else precision(row["cited"], pages),
    "citation recall": lambda row, pages: None if row["cited"] is None else recall(row["cited"], pages),
}
SEARCHED = (
    "The same readers behind better and worse searches, on questions about one fact. `gold`: the passage with the "
    "answer is always there, first, in the `middle` or `last`; `hard`: only passages that look like it; `random`: some of "
    "the other desks' passages; `none`: no passage; `hybrid`, `dense` and `keyword`: what that search finds; `-3`: three "
    "passages instead of one. `raft` reads three, as it was trained to."
)
STAYED = (
    "The questions whose answer changed, after the revision: with the old pages taken out of the index, and with old and "
    "new ones both in it. Where an answer was taken away there is no new one, so there only the old one counts."
)
VERSIONS = {  # column → (measure, whether the old pages are still in the index)
    "new answer, old pages removed": ("correct", False),
    "new answer, old pages left": ("correct", True),
    "old answer, old pages removed": ("stale", False),
    "old answer, old pages left": ("stale", True),
}


def desks(rows: Sequence[Row], about: Background) -> str | None:
    """Right answers of each system on each desk, before the revision, and on the changed questions after it."""
    answers = [row for row in rows if "figure" not in row and not row["both_versions"] and row["em"] is not None]
    names = list(dict.fromkeys(row["desk"] for row in answers))
    if len(names) < 2:
        return None

    def cell(own: Sequence[Row], desk: str) -> str:
        """Both shares."""
        here = [row for row in own if row["desk"] == desk]
        parts = [row for row in here if not row["after"]], [row for row in here if row["stale"] is not None]
        return " → ".join(str(estimate(part, lambda row: row["correct"], about.clusters)) for part in parts)

    told = "Right answers before the revision → new answers after it, where the answer changed."
    return f"{told} {scope(answers)}\n\n{by_system(answers, names, cell)}"


def kinds(rows: Sequence[Row], about: Background) -> str | None:
    """Right answers of each system on each kind of question, facts on pages that were held out of a training apart."""
    answers = [row for row in rows if "figure" not in row and not row["after"] and row["em"] is not None]
    names = sorted({kind_of(row, about) for row in answers}, key=lambda name: (name not in FACTS, name))
    if len(names) < 2:
        return None

    def cell(own: Sequence[Row], name: str) -> str:
        """The share of right ones."""
        here = [row for row in own if kind_of(row, about) == name]
        return str(estimate(here, lambda row: row["correct"], about.clusters))

    found = [row for row in answers if row["gold_retrieved"]]
    parts = [f"{BY_KIND} {scope(answers)}", by_system(answers, names, cell)] + [
        WHERE_FOUND,
        by_system(found, names, cell),
    ] * bool(found)
    return "\n\n".join(parts)


def kind_of(row: Row, about: Background) -> str:
    """The column of a question that has an answer."""
    if row["kind"] != "fact":
        return row["kind"].replace("_", " ")
    return FACTS[row["question_id"] in about.unseen]


def strictness(rows: Sequence[Row], about: Background) -> str | None:
    """The same answers by stricter measures, so that a gain in form isn't read as knowledge, and their citations."""
    answers = [row for row in rows if "figure" not in row and not row["after"] and row["em"] is not None]
    if not answers:
        return None

    def cell(own: Sequence[Row], column: str) -> str:
        """The mean."""

        def value(row: Row) -> float | None:
            """Of one answer."""
            return STRICTNESS[column](row, about.pages[row["question_id"], False])

        return str(estimate(own, value, about.clusters))

    return f"{STRICT} {scope(answers)}\n\n{by_system(answers, list(STRICTNESS), cell)}"


def versions(rows: Sequence[Row], about: Background) -> str | None:
    """What becomes of the changed questions when nobody takes the old pages out of the index.

    Questions whose answer was taken away have no new one, so only the old one counts.
    """
    answers = [row for row in rows if "figure" not in row and row["stale"] is not None and row["k"]]
    if len({row["both_versions"] for row in answers}) < 2:
        return None

    def cell(own: Sequence[Row], column: str) -> str:
        """The share of new answers, or of old ones."""
        measure, both = VERSIONS[column]
        here = [row for row in own if row["both_versions"] == both and (measure == "stale" or row["em"] is not None)]
        return str(estimate(here, lambda row: row[measure], about.clusters))

    return f"{STAYED} {scope(answers)}\n\n{by_system(answers, list(VERSIONS), cell)}"


def searched(rows: Sequence[Row], about: Background) -> str | None:
    """How often each search shows the right passage, and how often its reader is right then and otherwise."""
    answers = [row for row in rows if "figure" not in row and row["em"] is not None]
    if not answers:
        return None
    columns = ("right passage shown", "right answers")

    def cell(own: Sequence[Row], column: str) -> str:
        """The share."""
        name = "gold_retrieved" if column == columns[0] else "correct"
        return str(estimate(own, lambda row: bool(row[name]), about.clusters))

    return f"{SEARCHED} {scope(answers)}\n\n{by_system(answers, columns, cell)}"


def by_system(answers: Sequence[Row], columns: Sequence[str], cell: Callable[[Sequence[Row], str], str]) -> str:
    """A line for each system: what `cell` makes of its answers in each column."""
    lines = []
    for system in dict.fromkeys(row["system"] for row in answers):
        own = [row for row in answers if row["system"] == system]
        lines.append([f"`{system}`", *(cell(own, column) for column in columns)])
    return table(["system", *columns], lines)
