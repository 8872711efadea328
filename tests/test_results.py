"""Saved rows come back with where they came from, or not at all."""

import datetime
import subprocess

import pytest
from fakes import cut_short, write_company

from utils.data import load_company
from utils.files import DamagedFile
from utils.measure import results
from utils.measure.evaluation import Condition, score
from utils.measure.results import PROVENANCE_FIELDS, ROW_FIELDS, describe_run, read_results, write_results
from utils.records import Answer

DATA = {"questions.jsonl": "a1", "documents": "b2", "revision": "c3"}


@pytest.fixture
def rows(tmp_path):
    questions = load_company(write_company(tmp_path / "club")).split("test")
    return [score(Answer("Thursdays 窯"), q, Condition("base", "base", None, False, None), None) for q in questions]


@pytest.fixture
def path(rows, tmp_path):
    path = tmp_path / "comparison.jsonl"
    write_results(path, describe_run("classroom", "f00d", DATA, {"k": 3}, 12.34, len(rows)), rows)
    return path


def test_rows_come_back_as_they_went_with_their_provenance(path, rows):
    provenance, found = read_results(path, DATA)
    assert found == rows and tuple(provenance) == PROVENANCE_FIELDS
    assert (provenance["experiment"], provenance["model_sha256"], provenance["n_rows"]) == ("classroom", "f00d", len(rows))
    assert provenance["settings"] == {"k": 3} and provenance["seconds"] == 12.3
    assert provenance["date"] == datetime.date.today().isoformat() and provenance["versions"]["torch"]


@pytest.mark.parametrize("name", DATA)
def test_rows_of_other_data_are_refused_and_the_data_named(path, name):
    with pytest.raises(DamagedFile, match=rf"comparison\.jsonl was made on other data \({name} differ\): run `python"):
        read_results(path, {**DATA, name: "another"})


def test_missing_rows_are_refused(path):
    lines = path.read_text("utf-8").splitlines(keepends=True)
    path.write_text("".join(lines[:-1]), encoding="utf-8")
    with pytest.raises(DamagedFile, match=rf"promises {len(lines) - 1} rows and holds {len(lines) - 2}: restore it"):
        read_results(path)


def test_a_file_cut_within_a_row_is_refused(path):
    cut_short(path, 0.99)
    with pytest.raises(DamagedFile, match=r"comparison\.jsonl, line 8, is not JSON"):
        read_results(path)


@pytest.mark.parametrize("first", ["", '{"run_id": "base"}\n'])
def test_rows_without_provenance_are_refused(path, first):
    path.write_text(first, encoding="utf-8")
    with pytest.raises(DamagedFile, match="doesn't begin with its provenance: make it again with `python course.py"):
        read_results(path)


@pytest.mark.parametrize("change", [lambda row: row.pop("seed"), lambda row: row.update(extra=1)])
def test_a_row_with_other_fields_is_not_written(path, rows, change):
    before = path.read_bytes()
    change(rows[2])
    with pytest.raises(ValueError, match="comparison.jsonl has fields .* too many or too few"):
        write_results(path, {}, rows)
    assert path.read_bytes() == before


def test_the_contract_names_each_field_once():
    assert len(set(ROW_FIELDS)) == len(ROW_FIELDS) and len(set(PROVENANCE_FIELDS)) == len(PROVENANCE_FIELDS)


def test_the_commit_says_whether_code_differs_from_it_and_results_are_no_code(tmp_path, monkeypatch):
    def git(*arguments):
        named = ("-c", "user.name=n", "-c", "user.email=e@example.org")
        subprocess.run(["git", *named, *arguments], cwd=tmp_path, check=True, capture_output=True)

    monkeypatch.setattr(results, "ROOT", tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert results.code_commit() is None
    code, rows = tmp_path / "code.py", tmp_path / "data" / "results" / "rows.jsonl"
    rows.parent.mkdir(parents=True)
    code.write_text("a = 1\n")
    rows.write_text("{}\n")
    git("init", "-q")
    git("add", ".")
    git("commit", "-qm", "first")
    commit = results.code_commit()
    assert len(commit) == 12
    rows.write_text("{}\n{}\n")
    assert results.code_commit() == commit
    code.write_text("a = 2\n")
    assert results.code_commit() == f"{commit}+changes"
