"""The saved rows are what they say: complete, on this data, scored by today's rule, and under the right labels."""

from collections import defaultdict

import pytest

from utils import systems
from utils.comparison import FULL_SEEDS
from utils.data import DATA, load_company
from utils.experiments import full
from utils.files import ROOT, read_json, read_text, renew_between
from utils.lab import READING
from utils.ledger import README, as_page, front_page, gather, load_claims, verdicts_of
from utils.measure.evaluation import Condition, check_same_questions, score
from utils.measure.results import PROVENANCE_FIELDS, read_results
from utils.measure.statistics import Statistic
from utils.records import Answer
from utils.report import MARKS, headline

PATH = DATA / "results" / "comparison.jsonl"
COMPANY = load_company(slice_name="classroom")
PROVENANCE, ROWS = read_results(PATH, COMPANY.sha256)  # refuses rows made on other data
EVIDENCE, CLAIMS = gather(COMPANY), load_claims()
WHOLE = load_company()
QUESTIONS = {question.question_id: question for question in WHOLE.questions}
ANSWERS = [row for row in EVIDENCE.rows["full"] if "figure" not in row]  # of all desks


def test_provenance_is_complete():
    assert set(PROVENANCE) == set(PROVENANCE_FIELDS)
    assert PROVENANCE["n_rows"] == len(ROWS)


def test_every_system_answered_every_test_question_before_and_after():
    check_same_questions(ROWS)
    test = {question.question_id for question in COMPANY.split("test")}
    asked = defaultdict(set)
    for row in ROWS:
        asked[row["system"], row["seed"], row["after"]].add(row["question_id"])
    expected = {
        (name, seed, after)
        for name in (*systems.MAIN, *systems.CONTROLS)
        for seed in ([None] if name not in systems.ADAPTER_OF else FULL_SEEDS[:1] if name == "placebo" else FULL_SEEDS)
        for after in (False, True)
    }
    assert set(asked) == expected
    assert all(ids == test for ids in asked.values())


def test_scoring_the_saved_texts_again_gives_the_saved_verdicts():
    for row in [*ROWS, *ANSWERS]:
        condition = Condition(row["run_id"], row["system"], row["seed"], row["after"], None)
        again = score(Answer(row["answer"]), QUESTIONS[row["question_id"]], condition, None)
        for field in ("correct", "em", "f1", "stale", "abstained"):
            assert again[field] == row[field], (row["run_id"], row["question_id"], field)


def label_errors(rows: list[dict], adapters: dict[str, str]) -> list[str]:
    """What contradicts the systems' labels: passages, adapters and prompts are a system's fingerprints."""
    errors = []
    prompts = {(r["question_id"], r["after"], r["system"], r["seed"]): r["prompt_sha256"] for r in rows}
    for row in rows:
        name, where = row["system"], f"{row['run_id']} {row['question_id']}"
        reads = name in systems.READS_PASSAGES
        expected_k = 1 if name == "search" else READING[name].k if name in READING else None
        if (row["retrieved"] is not None) != reads or row["k"] != expected_k:
            errors.append(f"{where}: passages don't fit {name}")
        if row["adapter_sha256"] != adapters.get(f"{name}-{row['seed']}"):
            errors.append(f"{where}: adapter doesn't fit {name}")
        if (row["prompt_sha256"] is None) != (name in ("faq", "search")):
            errors.append(f"{where}: prompt doesn't fit {name}")
        if (row["cited"] is not None) != (name in systems.CITES) or not row["run_id"].startswith(f"{name}-"):
            errors.append(f"{where}: label doesn't fit {name}")
        closed = prompts.get((row["question_id"], row["after"], "base", None))
        if name in ("ft", "placebo") and row["prompt_sha256"] != closed:
            errors.append(f"{where}: {name} wasn't asked closed book")
    return errors


def test_labels_fit_what_the_rows_hold():
    assert label_errors(ROWS, PROVENANCE["settings"]["adapters"]) == []


def swap(rows: list[dict], one: str, other: str) -> list[dict]:
    names = {one: other, other: one}
    return [{**row, "system": names.get(row["system"], row["system"])} for row in rows]


NAMES = (*systems.MAIN, *systems.CONTROLS)


@pytest.mark.parametrize(("one", "other"), [(a, b) for i, a in enumerate(NAMES) for b in NAMES[i + 1 :]])
def test_swapping_two_labels_is_noticed(one, other):
    assert label_errors(swap(ROWS, one, other), PROVENANCE["settings"]["adapters"])


def test_adapters_of_different_arms_and_seeds_differ():
    adapters = PROVENANCE["settings"]["adapters"]
    for seed in FULL_SEEDS:
        assert adapters[f"ft-{seed}"] == adapters[f"ft+rag-{seed}"]
    assert len(set(adapters.values())) == 2 * len(FULL_SEEDS) + 1  # ft, raft; one placebo


def test_the_readme_shows_the_table_that_the_rows_give():
    readme = ROOT / "README.md"
    assert renew_between(readme, headline(COMPANY, PROVENANCE, ROWS), MARKS) == read_text(readme)


def test_no_rows_were_made_on_other_data():
    assert EVIDENCE.left_out == []


def test_the_verdicts_are_those_that_the_rows_give():
    verdicts = verdicts_of(EVIDENCE, CLAIMS)
    assert read_json(DATA / "results" / "verdicts.json") == verdicts
    page = (DATA / "results" / "README.md").read_text(encoding="utf-8")
    assert page == as_page(COMPANY, EVIDENCE, CLAIMS, verdicts)
    assert read_text(README) == front_page(CLAIMS, verdicts)


def test_a_promise_waits_for_systems_that_have_no_rows_yet_and_for_nothing_else():
    verdicts = read_json(DATA / "results" / "verdicts.json")
    for claim in CLAIMS:
        if claim.claim_id not in verdicts and isinstance(claim.compute, Statistic):
            needed = {(claim.compute.experiment, system) for system in claim.compute.systems}
            if claim.compute.minus:
                needed |= {(claim.compute.minus.experiment, system) for system in claim.compute.minus.systems}
            there = {(name, row["system"]) for name, rows in EVIDENCE.rows.items() for row in rows}
            assert needed - there, f"{claim.claim_id} has rows of all its systems, but none that fit {claim.compute.values}"


def test_on_all_desks_every_system_answered_every_test_question_in_every_version():
    asked = defaultdict(list)
    for row in ANSWERS:
        asked[row["system"], row["seed"], (row["after"], row["both_versions"])].append(row["question_id"])
    assert set(asked) == {(*step, version) for step in full.plan() for version in full.VERSIONS}
    test = sorted(question.question_id for question in WHOLE.split("test"))
    assert all(sorted(ids) == test for ids in asked.values())


def test_on_every_desk_the_base_model_is_near_zero_without_its_pages():
    right = defaultdict(list)
    for row in ANSWERS:
        if row["system"] == "base" and row["em"] is not None and not row["both_versions"]:
            right[row["desk"], row["after"]].append(row["correct"])
    assert {desk for desk, _ in right} == {question.desk for question in WHOLE.questions}
    assert {where: share for where, marks in right.items() if (share := sum(marks) / len(marks)) > 0.05} == {}


def test_every_experiment_s_rows_say_what_they_are_and_where_from():
    for part in EVIDENCE.parts:
        assert set(part.provenance) == set(PROVENANCE_FIELDS) and part.rows, part.files
        assert all((ROOT / file).exists() for file in part.files)
        for row in part.rows:
            assert row["system"] and (row["value"] is not None if "figure" in row else row["answer"] is not None)
