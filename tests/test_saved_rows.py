"""A notebook's metadata names the saved rows that its code reads, and says whether they are the classroom's or all."""

import json

import pytest

from notebooks.saved_rows import classroom_questions, saved_rows


@pytest.fixture
def results(tmp_path):
    """Three files of rows, and one that says nothing of where it comes from."""
    for name, digest in (("comparison", classroom_questions()), ("skills-a", "another"), ("skills-b", None)):
        about = {"data_sha256": {"questions.jsonl": digest} if digest else {"clauses.jsonl": "its own"}}
        (tmp_path / f"{name}.jsonl").write_text(json.dumps({"provenance": about}) + "\n", encoding="utf-8")
    (tmp_path / "second_reader.jsonl").write_text('{"answer": 1}\n', encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize(
    "code, named",
    [
        ('read_results(DATA / "results" / "comparison.jsonl")', ["comparison"]),
        ('saved("skills-a")', ["skills-a"]),
        ('[saved(f"skills-{name}") for name in SKILLS]', ["skills-a", "skills-b"]),
        ('read_results(DATA / f"{name}.jsonl")  # "comparison"', []),
        ('read("second_reader.jsonl")', []),
        ("evidence = gather(company)", ["comparison", "skills-a", "skills-b"]),
    ],
)
def test_rows_are_found_by_name_by_pattern_or_through_the_ledger(results, code, named):
    size = {"comparison": "classroom", "skills-a": "full", "skills-b": "full"}
    assert saved_rows(["import json", code], results) == {f"data/results/{name}.jsonl": size[name] for name in named}
