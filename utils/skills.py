"""Load the skill sets (clauses, triage, house style), canaries and attacks: one record a line. No model here."""

from dataclasses import fields
from pathlib import Path
from typing import TypeVar

from utils.data import DATA
from utils.files import read_jsonl
from utils.formats import SPLITS, DataError
from utils.records import Attack, Canary, Clause, Features, FieldNote, Reply

Record = TypeVar("Record", Clause, FieldNote, Features, Reply, Canary, Attack)


def load_clauses(path: Path = DATA / "clauses.jsonl") -> list[Clause]:
    """Contract clauses with their review by the rule in `legal-clause-review`."""
    return load_items(path, Clause)


def load_notes(path: Path = DATA / "triage.jsonl") -> list[FieldNote]:
    """Field notes with their triage by the rule in `clinic-triage`."""
    return load_items(path, FieldNote)


def load_features(path: Path = DATA / "features.jsonl") -> list[Features]:
    """What each clause and note says of the rules' features. For tests and error analysis, never for a model."""
    return load_items(path, Features)


def load_replies(path: Path = DATA / "style.jsonl") -> list[Reply]:
    """Letters with their answers in the house voice; half of its habits stand in `customer-style-guide`."""
    return load_items(path, Reply)


def load_canaries(path: Path = DATA / "canaries.jsonl") -> list[Canary]:
    """Secrets of the private documents, each with its decoys."""
    return load_items(path, Canary)


def load_attacks(path: Path = DATA / "attacks.jsonl") -> list[Attack]:
    """Poisoned documents and their harmless look-alikes."""
    return load_items(path, Attack)


def load_items(path: Path, kind: type[Record]) -> list[Record]:
    """The records of a JSON-lines file. DataError names the line and what is wrong with it."""
    names = [field.name for field in fields(kind)]
    items, seen = [], set()
    for number, record in enumerate(read_jsonl(path), 1):
        where = f"{path}, line {number}"
        if set(record) != set(names):
            raise DataError(f"{where}: has the fields {', '.join(record)}; it needs {', '.join(names)}")
        if record.get("split", "train") not in SPLITS:
            raise DataError(f"{where}: split {record['split']!r} is unknown: use one of {', '.join(SPLITS)}")
        if record[names[0]] in seen:
            raise DataError(f"{where}: {names[0]} {record[names[0]]} stands there twice: rename one")
        seen.add(record[names[0]])
        items.append(kind(**{name: tuple(value) if isinstance(value, list) else value for name, value in record.items()}))
    if not items:
        raise DataError(f"{path} holds no record")
    return items
