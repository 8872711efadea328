"""Records of the skill sets are loaded as they stand; a bad line is named with its file and number."""

import json

import pytest

from utils.formats import DataError
from utils.records import Canary, Clause
from utils.skills import load_canaries, load_clauses

CLAUSE = {
    "clause_id": "clause-1", "split": "train", "text": "The Supplier may end this.", "label": "ending-for-supplier",
    "risk": "medium", "action": "Ask for a limit in writing.",
}  # fmt: skip


def write(path, *records):
    path.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    return path


def test_a_record_is_loaded_as_it_stands(tmp_path):
    assert load_clauses(write(tmp_path / "clauses.jsonl", CLAUSE)) == [Clause(**CLAUSE)]


def test_lists_become_tuples(tmp_path):
    canary = {"canary_id": "canary-1", "doc_id": "a", "sentence": "It is x-1.", "secret": "x-1", "decoys": ["x-2", "x-3"]}
    (found,) = load_canaries(write(tmp_path / "canaries.jsonl", canary))
    assert found == Canary("canary-1", "a", "It is x-1.", "x-1", ("x-2", "x-3"))


@pytest.mark.parametrize(
    ("records", "said"),
    [
        ([{**CLAUSE, "split": "exam"}], "line 1: split 'exam' is unknown: use one of train, dev, test"),
        ([CLAUSE, CLAUSE], "line 2: clause_id clause-1 stands there twice: rename one"),
        ([{key: CLAUSE[key] for key in CLAUSE if key != "risk"}], "line 1: has the fields .* it needs .*risk"),
        ([{**CLAUSE, "colour": "red"}], "line 1: has the fields .*colour"),
        ([], "clauses.jsonl holds no record"),
    ],
    ids=["split", "twice", "missing", "too many", "none"],
)
def test_a_bad_line_is_named(tmp_path, records, said):
    with pytest.raises(DataError, match=said):
        load_clauses(write(tmp_path / "clauses.jsonl", *records))
