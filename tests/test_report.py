"""The report writes what it computed where it says, and the README's headline changes between its marks only."""

import os

import fakes
import pytest

from utils.data import load_company
from utils.measure.evaluation import Condition, score
from utils.measure.results import describe_run
from utils.records import Answer
from utils.report import MARKS, caption, headline, report, table_of, training_line, with_memory, write_readme

os.environ.setdefault("MPLBACKEND", "Agg")
SETTINGS = {
    "dtype": "float32",
    "threads": 2,
    "peak_gib": {"base": 1.25, "ft-1": 2.04, "ft-2": 1.5, "ft+rag-1": 3.0},
    "training_seconds": {"ft-1": 60.0, "ft-2": 80.0, "ft-3": 70.0, "raft-1": 200.0},
}


@pytest.fixture
def club(tmp_path):
    return load_company(fakes.write_company(tmp_path / "club"))


@pytest.fixture
def rows(club):
    """`base` never knows; `ft` gives the old answers, with two seeds."""
    made = []
    for system, seed in (("base", None), ("ft", 1), ("ft", 2)):
        for after in (False, True):
            for question in club.split("test"):
                text = question.answers[0] if system == "ft" and question.answers else "I don't know."
                answer = Answer(text, prefill_s=0.25, decode_s=0.25)
                made.append(score(answer, question, Condition("r", system, seed, after, None), None))
    return made


@pytest.fixture
def provenance(club, rows):
    return describe_run("classroom", "f00d", club.sha256, SETTINGS, 1.0, len(rows))


def test_the_caption_counts_questions_and_seeds(provenance, rows):
    text = caption(provenance, rows)
    changed = "2 of them changed by the revision, 1 of these taken away"
    assert text.startswith(f"6 test questions with an answer ({changed}) and 1 without; 2 training")
    assert provenance["cpu"] in text and provenance["date"] in text and "float32" in text


def test_training_time_is_that_of_the_middle_seed(provenance):
    assert training_line(provenance) == "Training: ft 70 s, raft 200 s."


def test_memory_is_the_least_peak_over_seeds_and_not_that_of_a_namesake(club, provenance, rows):
    table = with_memory(table_of(club, rows), provenance)
    assert dict(table["memory"]) == {"base": 1.25, "ft": 1.5}


def test_the_report_writes_the_table_and_the_figure_it_names(club, provenance, rows, tmp_path, capsys):
    folder = tmp_path / "results"
    report(folder, club, provenance, rows)
    said, table = capsys.readouterr().out, (folder / "comparison.md").read_text("utf-8")
    assert table in said and str(folder / "comparison.md") in said and str(folder / "comparison.png") in said
    assert (folder / "comparison.png").read_bytes().startswith(b"\x89PNG")
    lines = {line.split("|")[1].strip(): line.split("|")[2:] for line in table.split("\n\n")[0].splitlines()[2:]}
    assert lines["`base`"][0].strip().startswith("0.00 [0.00, ") and lines["`ft`"][0].strip().startswith("1.00 [")
    assert lines["`ft`"][3].strip().startswith("1.00 [")  # stale: it knows the old answers only


def test_the_headline_is_renewed_between_its_marks_only(club, provenance, rows, tmp_path):
    path, generated = tmp_path / "README.md", headline(club, provenance, rows)
    path.write_text(f"# Course\n\nBefore.\n\n{MARKS[0]}\n\nold table \\1\n\n{MARKS[1]}\n\nAfter.\n", encoding="utf-8")
    for _ in range(2):
        write_readme(club, provenance, rows, path)
        assert path.read_text(encoding="utf-8") == f"# Course\n\nBefore.\n\n{generated}\n\nAfter.\n"


@pytest.mark.parametrize("text", ["# Course", MARKS[0], f"{MARKS[1]} {MARKS[0]}", " ".join(MARKS * 2)])
def test_a_readme_without_its_marks_is_not_touched(text, club, provenance, rows, tmp_path):
    path = tmp_path / "README.md"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=r"README\.md needs the lines .* once each"):
        write_readme(club, provenance, rows, path)
    assert path.read_text(encoding="utf-8") == text
