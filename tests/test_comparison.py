"""The comparison on the pottery club with a tiny random model: complete, resumable, keyed by what it depends on."""

import dataclasses
import os

import fakes
import pytest
from fakes import one_thread  # noqa: F401

from utils import comparison, systems
from utils.measure.evaluation import check_same_questions
from utils.measure.results import read_results, write_results
from utils.report import report

os.environ.setdefault("MPLBACKEND", "Agg")
STEPS = comparison.plan(full=True, seeds=(1, 2))


@pytest.fixture(scope="module", autouse=True)
def small_training():
    with pytest.MonkeyPatch.context() as patch:
        fakes.small_training(patch)
        yield


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    folder = tmp_path_factory.mktemp("comparison")
    return fakes.club_lab(fakes.write_company(folder / "club"), folder / "work")


@pytest.fixture(scope="module")
def finished(lab):
    return comparison.compare(lab, STEPS, "classroom")


def test_every_system_answers_every_test_question_before_and_after(lab, finished):
    _, rows = finished
    check_same_questions(rows)
    assert list(dict.fromkeys(row["system"] for row in rows)) == [*systems.MAIN, *systems.CONTROLS]
    assert len(rows) == len(STEPS) * 2 * len(lab.company.split("test"))
    for row in rows:
        assert (row["seed"] is None) == (row["adapter_sha256"] is None) == (row["system"] not in systems.ADAPTER_OF)


def test_a_system_that_sees_no_document_says_the_same_after_the_change(finished):
    said = {(r["system"], r["seed"], r["question_id"], r["after"]): r["answer"] for r in finished[1]}
    for (system, seed, question, after), text in said.items():
        if system not in systems.READS_PASSAGES:
            assert text == said[system, seed, question, not after]


def test_started_again_it_takes_every_finished_step_as_it_is(lab, finished, monkeypatch):
    monkeypatch.setattr(systems, "generate", None)  # whoever asked a model again would fail
    provenance, rows = comparison.compare(lab, STEPS, "classroom")
    assert rows == finished[1] and provenance["settings"] == finished[0]["settings"]


def test_stopped_in_the_middle_it_goes_on_to_the_same_rows(lab, finished):
    answers = sorted((lab.work / "answers").iterdir())
    for path in answers[: len(answers) // 2]:
        path.unlink()
    _, rows = comparison.compare(lab, STEPS, "classroom")
    timed = {"retrieve_s", "prefill_s", "decode_s"}
    for row, before in zip(rows, finished[1], strict=True):
        assert {k: v for k, v in row.items() if k not in timed} == {k: v for k, v in before.items() if k not in timed}


def test_a_step_is_named_by_everything_it_depends_on(lab):
    company = dataclasses.replace(lab.company, sha256={**lab.company.sha256, "revision": "another"})
    variants = [
        comparison.step_key(lab, "rag", None),
        comparison.step_key(lab, "rag", "an adapter"),
        comparison.step_key(lab, "base", None),
        comparison.step_key(dataclasses.replace(lab, company=company), "rag", None),
        comparison.step_key(dataclasses.replace(lab, lm=dataclasses.replace(lab.lm, sha256="another")), "rag", None),
    ]
    assert len(set(variants)) == len(variants) and variants[0] == comparison.step_key(lab, "rag", None)


def test_the_rows_are_saved_and_reported(lab, finished, tmp_path):
    provenance, rows = finished
    write_results(tmp_path / "comparison.jsonl", provenance, rows)
    assert read_results(tmp_path / "comparison.jsonl", lab.company.sha256)[1] == rows
    report(tmp_path, lab.company, provenance, rows)
    assert {path.name for path in tmp_path.iterdir()} >= {"comparison.md", "comparison.png"}


def test_the_placebo_and_the_other_seeds_belong_to_the_full_size():
    classroom = comparison.plan(full=False, seeds=(1,))
    assert {name for name, _ in STEPS} - {name for name, _ in classroom} == {"placebo"}
    assert all(seed in (None, 1) for _, seed in classroom)
