"""Skills on the page: the fine-tuned model, the prompted one and rivals without a model, on items of each kind."""

from collections.abc import Sequence

from utils.measure.evaluation import Estimate, Row, estimate
from utils.measure.samples import Background
from utils.page.tables import table

SKILLS = {"clauses": ("Clause review", "clause"), "triage": ("Triage of notes", "note")}  # name → title, how kinds begin
PARTS = ("seen", "unseen")
RECORD = "+record"  # a system's name ends so where it was shown the patient's record
RIVALS = (
    "*First mark*: the label of a clause, the code of a note; *seen*: the training had an item with the same first mark "
    "and the same features. *All marks*: every part of the answer is right. *Out of form*: some mark couldn't be read, "
    "which counts as wrong. *On dev*: the first mark right with each setting that was tried; the best was taken. "
    "`majority` always gives the commonest answer, `tf-idf` is a bag of words with logistic regression, `nearest` copies "
    "the most similar training items. `base` is told the form, or shown a few examples, the most similar ones "
    "(`retrieved`) or the rules."
)
PATIENTS = (
    "{n} questions, before the records change, that take a skill *and* a page: triage names the code, and the patient's "
    "own record says what the code means for them. *Code right*: the first step. The answer is right where it says what "
    "the record says; with a wrong code that is luck."
)


def skills(rows: Sequence[Row], about: Background) -> str | None:
    """A table a skill, and one of the questions about patients. None without rows."""
    parts = []
    for name, (title, kind) in SKILLS.items():
        own = [row for row in rows if row.get("kind") in (f"{kind}-seen", f"{kind}-unseen")]
        figures = [row for row in rows if str(row.get("item")).split(":")[0] == name]
        if own:
            parts += [f"**{title}**, {counted(own)}", rivals(own, figures, about)]
    if parts:
        parts = [RIVALS, *parts]
    asked = [row for row in rows if row.get("kind") == "two_fact" and not row["after"]]
    if asked:
        n = len({row["question_id"] for row in asked})
        parts += [f"**Triage with records**. {PATIENTS.format(n=n)}", patients(asked, rows, about)]
    return "\n\n".join(parts) or None


def counted(answers: Sequence[Row]) -> str:
    """How many items of each kind, and how often something was trained for them."""
    seen, unseen = (len({row["question_id"] for row in answers if row["kind"].endswith(f"-{part}")}) for part in PARTS)
    seeds = len({row["seed"] for row in answers} - {None})
    return f"{seen} seen and {unseen} unseen items; {seeds} trainings of `ft`"


def rivals(answers: Sequence[Row], figures: Sequence[Row], about: Background) -> str:
    """A line a system. `figures`: what was counted of the skill's answers, and what settings reached on dev."""
    lines = []
    for system in dict.fromkeys(row["system"] for row in answers):
        own = [row for row in answers if row["system"] == system]
        seen, unseen = ([row for row in own if row["kind"].endswith(f"-{part}")] for part in PARTS)
        broken, tried = (
            [row["value"] for row in figures if row["system"] == system and row["figure"] == figure]
            for figure in ("unparsable", "right on dev")
        )
        lines.append(
            [
                f"`{system}`",
                *(right(part, about) for part in (seen, unseen)),
                right(own, about, "em"),
                f"{sum(broken):.0f} of {len(own)}",
                ", ".join(f"{share:.2f}" for share in tried),
            ]
        )
    return table(["system", "first mark, seen", "first mark, unseen", "all marks", "out of form", "on dev"], lines)


def patients(answers: Sequence[Row], rows: Sequence[Row], about: Background) -> str:
    """A line a way of triage: its codes, and what it answers without the record and with it."""
    lines = []
    for system in dict.fromkeys(row["system"].removesuffix(RECORD) for row in answers):
        codes = [row["value"] for row in rows if row["system"] == system and row.get("figure") == "code"]
        shown = [[row for row in answers if row["system"] == name] for name in (system, system + RECORD)]
        code = f"{sum(codes) / len(codes):.2f}" if codes else "–"
        lines.append([f"`{system}`", code, *(right(part, about) for part in shown)])
    return table(["system", "code right", "right without the record", "right with the record"], lines)


def right(answers: Sequence[Row], about: Background, measure: str = "correct") -> Estimate:
    """The share of right ones, with its interval."""
    return estimate(answers, lambda row: row[measure], about.clusters)
