"""A skill in words: its items, what a model is told and shown before one, how its answer is read back. No model here."""

from collections.abc import Sequence
from dataclasses import dataclass

from utils.data import DATA
from utils.formats import load_document
from utils.records import Clause, FieldNote
from utils.skills import load_clauses, load_features, load_notes
from utils.tune.examples import Messages

SEPARATOR = " · "


@dataclass(frozen=True)
class Item:
    """A clause or a field note with its gold marks.

    `unseen`: no training item has both its first mark and its features, so nobody could have learned the case by heart.
    """

    item_id: str
    split: str
    text: str
    marks: tuple[str, ...]
    unseen: bool

    @property
    def answer(self) -> str:
        """The marks as a model should write them: `designs-for-us · low · Accept as drafted.`"""
        return SEPARATOR.join(self.marks)


@dataclass(frozen=True)
class Skill:
    """What a model is told, the names of the marks, which values each may have, the page with the rule, the items."""

    name: str
    desk: str
    kind: str
    told: str
    marks: tuple[str, ...]
    values: tuple[tuple[str, ...], ...]
    page: str
    items: tuple[Item, ...]

    def split(self, name: str) -> list[Item]:
        """The items of one split, in file order."""
        return [item for item in self.items if item.split == name]


@dataclass(frozen=True)
class Shown:
    """What a prompt holds besides instruction and item: every mark's values, the page with the rule, so many examples, a
    reminder of the form at the end.

    Examples are the same ones for every item, or for each item the `nearest` in meaning.
    """

    values: bool = True
    page: bool = False
    examples: int = 0
    nearest: bool = False
    reminder: bool = False


def load_skills() -> dict[str, Skill]:
    """Clause review and triage by the names of their files."""
    clause, note = "You review contract clauses for Larkspur, the Buyer.", "You triage notes from the field."
    clauses, notes = load_clauses(), load_notes()
    return {
        "clauses": as_skill("clauses", clause, clauses, ("label", "risk", "action"), "legal-clause-review"),
        "triage": as_skill("triage", note, notes, ("code", "urgency"), "clinic-triage"),
    }


def as_skill(name: str, told: str, records: Sequence[Clause | FieldNote], marks: tuple[str, ...], doc_id: str) -> Skill:
    """The skill that these records teach and test. A mark's values are those of the training items, sorted."""
    kind = "clause" if isinstance(records[0], Clause) else "note"
    page = load_document(DATA / "documents" / f"{doc_id}.md")
    items = mark_unseen(records, f"{kind}_id", marks)
    train = [item for item in items if item.split == "train"]
    values = tuple(tuple(sorted({item.marks[place] for item in train})) for place in range(len(marks)))
    return Skill(name, page.desk, kind, told, marks, values, page.text.strip(), items)


def mark_unseen(records: Sequence[Clause | FieldNote], key: str, marks: tuple[str, ...]) -> tuple[Item, ...]:
    """The records as items; which test items are `unseen` is told by the features that each was written to have."""
    features = {item.item_id: frozenset(item.features) for item in load_features()}

    def case(record: Clause | FieldNote) -> tuple[str, frozenset[str]]:
        """The first mark together with the features."""
        return getattr(record, marks[0]), features[getattr(record, key)]

    seen = {case(record) for record in records if record.split == "train"}
    return tuple(
        Item(
            getattr(record, key), record.split, record.text, tuple(getattr(record, mark) for mark in marks),
            case(record) not in seen,
        )
        for record in records
    )  # fmt: skip


def messages(skill: Skill, text: str, shown: Shown, examples: Sequence[Item] = ()) -> Messages:
    """Instruction (with values and page where they are shown), examples as earlier turns, the text to be marked."""
    told = [f"{skill.told}\nAnswer on one line: {SEPARATOR.join(skill.marks)}."]
    if shown.values:
        told += [f"{mark}: {' | '.join(values)}" for mark, values in zip(skill.marks, skill.values)]
    turns = [{"role": "system", "content": "\n".join([*told, skill.page] if shown.page else told)}]
    for item in examples:
        turns += [{"role": "user", "content": item.text}, {"role": "assistant", "content": item.answer}]
    if shown.reminder:
        text = f"{text}\n\nAnswer in this form: {skill.split('train')[0].answer}"
    return [*turns, {"role": "user", "content": text}]


def fixed_examples(skill: Skill, n: int) -> list[Item]:
    """The first training item of each of n values of the first mark."""
    first: dict[str, Item] = {}
    for item in skill.split("train"):
        first.setdefault(item.marks[0], item)
    return list(first.values())[:n]


def read_marks(skill: Skill, answer: str) -> tuple[str | None, ...]:
    """The marks on the answer's first line, each in its place and letter for letter; None for one that is on no list."""
    parts = answer.strip().split("\n")[0].split(SEPARATOR)
    parts += [""] * (len(skill.marks) - len(parts))
    return tuple(part if part in values else None for part, values in zip(parts, skill.values))
