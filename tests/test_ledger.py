"""The page and verdicts.json follow from the folder's rows: what is there is shown, what isn't there yet is no error."""

import copy
import dataclasses
import json

import pytest
import yaml

from utils.data import load_company
from utils.files import read_json, write_jsonl
from utils.ledger import (
    MARKS,
    PUBLISHED,
    TARGETS,
    advice_of,
    as_page,
    gather,
    load_claims,
    load_yaml,
    verdicts_of,
    write_ledger,
)
from utils.measure.evaluation import Condition, score
from utils.measure.published import SEEN, Finding, Ordering, Step, follow_order, parse_published
from utils.measure.results import figure, write_results
from utils.measure.samples import take_sample
from utils.measure.statistics import parse_statistic
from utils.measure.targets import check_targets, failure, parse_targets
from utils.page.cuts import desks, kinds, searched, strictness, versions
from utils.page.elsewhere import elsewhere
from utils.page.outcomes import came_out, targets
from utils.page.promises import in_brief, larger_models, ledger
from utils.page.seconds import seconds
from utils.page.skills import skills
from utils.page.surprises import conditional, contradicted, surprises
from utils.page.tables import contents, table
from utils.page.tried import tried
from utils.page.trust import trust
from utils.records import Answer
from utils.saved import Part, files_of, load_companies, load_parts, load_tried

CLASSROOM = load_company(slice_name="classroom")
COMPANIES = load_companies()
PER_DESK = 12
DESKS = ("customer", "people", "legal", "clinic")
SYSTEMS = {  # share of the questions that are answered right: as learned, changed since, on no page
    "base": (0, 0, 0), "rag": (0.5, 0.5, 0.25), "ft": (0.9, 0, 0.5), "ft+rag": (0.75, 0.1, 0.25), "raft": (0.8, 0.7, 0.6),
    "mixed": (0.7, 0.4, 0.5), "faq": (0.9, 0, 0.1), "search": (0.55, 0.5, 0),
}  # fmt: skip
TRAINED = ("ft", "ft+rag", "raft", "mixed")
READS = ("rag", "ft+rag", "raft", "mixed", "search")

EPOCHS = {"epochs": 6, "learning_rate": 0.002, "batch_size": 16}
TRIED = [  # as selection.jsonl has it
    {"system": "rag", "training": None, "reading": {"prompt": "plain", "k": 1}, "n": 9, "all": 0.2, "right": 0.25},
    {"system": "rag", "training": None, "reading": {"prompt": "fancy", "k": 2}, "n": 9, "all": 0.4, "right": 0.5},
    {"system": "ft", "training": EPOCHS, "reading": None, "n": 9, "all": 0.75, "right": 0.8},
]
READING = {
    name: {"prompt": "with_passages", "k": k}
    for name, k in {"rag": 1, "ft+rag": 1, "raft": 3, "mixed": 3, "oracle": 1}.items()
}
TRIED = [{**line, "abstains_rightly": 0.125} for line in TRIED]


def provenance(experiment, company, **settings):
    practice = {"k": 3, "spare": 3, "wordings": 2, "unanswerable": 60, "rounds": 3, "without_gold": 0.1}
    settings = {"threads": 1, "dtype": "float32", "practice": practice, **settings}
    about = {"experiment": experiment, "data_sha256": company.sha256, "cpu": "a processor", "cores": 2}
    return {**about, "settings": settings, "date": "2026-11-30"}


def asked(desk):
    """PER_DESK changed questions about a fact of a desk, where there are as many, and half as many that no page answers."""
    own = [q for q in COMPANIES.whole.split("test") if q.desk == desk and q.kind in ("fact", "unanswerable")]
    changed = [q for q in own if q.answers and q.answers_after][:PER_DESK]
    return changed + [q for q in own if not q.answers][: PER_DESK // 2]


def answers(system, desk, after, both_versions=False):
    """A row a question; the first ones of each part are right."""
    learned, changed, nowhere = SYSTEMS[system]
    made, questions = [], asked(desk)
    for part, share in ((True, changed if after else learned), (False, nowhere)):
        chosen = [q for q in questions if bool(q.answers) == part]
        for number, question in enumerate(chosen):
            said = "so they say"
            if number < share * len(chosen):
                said = (question.answers_after if after else question.answers)[0] if part else "I don't know."
            elif after and part and system not in READS:
                said = question.answers[0]
            prompt = None if system in ("faq", "search") else "a prompt"
            condition = Condition(
                "run", system, 1 if system in TRAINED else None, after, 1 if system in READS else None, None, both_versions
            )
            made.append(score(Answer(said, prompt=prompt, prefill_s=0.1, decode_s=0.1), question, condition, None))
    return made


def full_rows(system):
    return [
        row
        for desk in DESKS
        for after, both in ((False, False), (True, False), (True, True))
        for row in answers(system, desk, after, both)
    ]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Rows of all desks for every system; the classroom's comparison isn't there."""
    path = tmp_path_factory.mktemp("results")
    for system in SYSTEMS:
        write(path, "full", full_rows(system), COMPANIES.whole, f"full-{system}")
    trainings = [figure("training", arm, 300.0, "s", 1) for arm in ("ft", "raft", "mixed")]
    write(path, "full", trainings, COMPANIES.whole, "full-training")
    (path / "second_reader.jsonl").write_text('{"question_id": "people-001-t1", "answer": "five"}\n')
    write_jsonl(
        path / "selection.jsonl", [{"provenance": {**provenance("selection", CLASSROOM), "n_rows": len(TRIED)}}, *TRIED]
    )
    return path


def write(path, experiment, rows, company, name=None, **settings):
    write_results(
        path / f"{name or experiment}.jsonl", {**provenance(experiment, company, **settings), "n_rows": len(rows)}, rows
    )


@pytest.fixture(scope="module")
def evidence(folder):
    return gather(CLASSROOM, folder)


@pytest.fixture(scope="module")
def verdicts(evidence):
    return verdicts_of(evidence, load_claims())


@pytest.fixture(scope="module")
def page(evidence, verdicts):
    return as_page(CLASSROOM, evidence, load_claims(), verdicts)


# From files to evidence


def test_the_page_says_who_answers_with_how_many_passages_and_links_to_every_section(tmp_path):
    write(tmp_path, "full", full_rows("rag"), COMPANIES.whole, "full-rag", reading=READING, search={"max_words": 40})
    page = as_page(CLASSROOM, gather(CLASSROOM, tmp_path), load_claims(), {})
    assert "at most 40 words" in page
    assert "| `rag` | the same model, shown what the search finds: 1 passage, with `with_passages` |" in page
    assert "shown 3 passages; a third of the pages held out |" in page
    titles = [line.removeprefix("## ") for line in page.split("\n") if line.startswith("## ")]
    assert titles[0] == "Who answers" and contents(titles) in page and len(titles) > 3


def test_rows_are_found_by_their_experiment_and_other_files_left_alone(evidence):
    assert set(evidence.rows) == {"full"} and evidence.left_out == [] and evidence.widest == "full"
    assert len(evidence.of("full")) == len(SYSTEMS) + 1
    assert {row["system"] for row in evidence.rows["full"] if "figure" not in row} == set(SYSTEMS)


def test_nothing_measured_yet_is_no_error(tmp_path):
    empty = gather(CLASSROOM, tmp_path)
    assert verdicts_of(empty, load_claims()) == {}
    page = as_page(CLASSROOM, empty, load_claims(), {})
    assert "Not measured yet: R1 (RAG is always current)" in page and "D1 (" in page
    assert "## The comparison" not in page and "## What was meant" not in page and "| nothing |" in page


def test_rows_that_were_made_on_other_data_decide_nothing_and_are_named(tmp_path):
    other = dataclasses.replace(COMPANIES.whole, sha256={**COMPANIES.whole.sha256, "documents": "0" * 64})
    write(tmp_path, "full", answers("rag", "people", False), other, "full-rag")
    old = gather(CLASSROOM, tmp_path)
    assert old.parts == [] and old.left_out == ["data/results/full-rag.jsonl"] and verdicts_of(old, load_claims()) == {}
    page = as_page(CLASSROOM, old, load_claims(), {})
    assert "Made on other data than today's, and left out: data/results/full-rag.jsonl." in page


def test_a_data_file_that_has_changed_is_noticed_and_what_no_file_is_cannot_be(tmp_path):
    for hashes, left_out in (({"clauses.jsonl": "1" * 64}, 1), ({"private pages": "1" * 64}, 0)):
        write(tmp_path, "skills", [figure("t", "ft", 1.0, "s")], dataclasses.replace(CLASSROOM, sha256=hashes))
        assert len(load_parts(COMPANIES, tmp_path)[1]) == left_out


def test_a_verdict_names_the_files_it_rests_on(evidence, verdicts):
    assert verdicts["R1"]["files"] == ["data/results/full-rag.jsonl"]
    assert verdicts["S1"]["files"] == ["data/results/full-ft.jsonl", "data/results/full-rag.jsonl"]
    assert {"data/results/full-faq.jsonl", "data/results/full-training.jsonl", "data/prices.yaml"} <= set(
        verdicts["D1"]["files"]
    )
    money = parse_statistic("K2", {"figure": "money for an answer", "of": "ft", "over": "rag"}, "full")
    assert "data/prices.yaml" in files_of(money, evidence.parts)


def test_only_what_the_rows_can_decide_is_decided(verdicts):
    assert set(verdicts) == {"R1", "S1", "D1"}  # no oracle, no other experiment, no questions in reverse
    assert verdicts["R1"]["value"] == 0 and verdicts["R1"]["verdict"] in ("supported", "undecided")
    assert verdicts["D1"]["n"] == sum(len(asked(desk)) for desk in DESKS)


def test_all_three_files_are_written_and_say_the_same(folder, page):
    readme = folder / "front.md"
    readme.write_text("Before.\n" + "\n".join(MARKS) + "\nAfter.\n", encoding="utf-8")
    written = write_ledger(CLASSROOM, folder, readme)
    assert read_json(folder / "verdicts.json") == written == json.loads(json.dumps(written))
    assert (folder / "README.md").read_text(encoding="utf-8") == page
    assert all(f"| {claim_id} |" in page for claim_id in written) and "Not measured yet: R2" in page
    front = readme.read_text(encoding="utf-8")
    assert front.startswith("Before.\n") and front.endswith("\nAfter.\n") and in_brief(load_claims(), written) in front


def test_in_brief_every_promise_stands_once_under_its_outcome():
    claims = load_claims()[:6]
    outcomes = ["supported", "depends", "not supported", "supported", "undecided"]  # and one that isn't measured
    verdicts = {c.claim_id: {"verdict": o, "moderator": "the weather"} for c, o in zip(claims, outcomes, strict=False)}
    lines = in_brief(claims, verdicts).split("\n")
    assert [line.split(":")[0] for line in lines] == [
        "- **supported**, 2 of 6",
        "- **not supported**, 1 of 6",
        "- **depends**, 1 of 6",
        "- **undecided**, 1 of 6",
        "- **not measured yet**, 1 of 6",
    ]
    for claim, outcome in zip(claims, [*outcomes, "not measured yet"], strict=True):
        (line,) = [line for line in lines if f"({claim.claim_id})" in line]
        assert f"**{outcome}**" in line and claim.promise in line and ("weather" in line) == (outcome == "depends")


# The page


def test_with_rows_of_all_desks_the_page_shows_their_table_and_the_desks(page):
    assert "## The comparison over all desks" in page and "## The comparison in the classroom" not in page
    line = next(line for line in page.split("\n") if line.startswith("| `ft` |") and "→" in line)
    assert line.count("→") == len(DESKS) and line.count("0.92 [") == line.count("→ 0.00 [") == len(DESKS)  # 11 of 12
    assert (
        "Who always takes `raft`, the best single choice, found on the same trials, loses 0." in page
        and "can't be computed yet" not in page
    )


def test_kinds_of_questions_stand_apart_and_so_do_facts_on_held_out_pages(evidence):
    full = [row for row in evidence.rows["full"] if "figure" not in row]
    facts = [row for row in full if row["system"] == "raft" and row["kind"] == "fact" and not row["after"]]
    harder = [{**row, "kind": "two_fact", "correct": False} for row in facts]
    head, _, line = kinds(facts + harder, evidence.about).split("\n\n")[1].split("\n")
    assert [cell.strip() for cell in head.split("|")[2:-1]] == ["one fact", "one fact, page held out", "two fact"]
    seen, held_out, last = line.split("|")[2:-1]
    for cell, own in ((seen, False), (held_out, True)):
        right = [row["correct"] for row in facts if (row["question_id"] in evidence.about.unseen) == own]
        assert f" {sum(right) / len(right):.2f} [" in cell
    assert " 0.00 [" in last
    assert kinds([row for row in facts if row["question_id"] in evidence.about.unseen], evidence.about) is None


def test_a_right_answer_in_a_sentence_is_no_exact_match_and_a_citation_counts_by_its_document(evidence):
    facts = [q for q in asked("people") if q.answers][:4]
    said = [facts[0].answers[0], f"It is {facts[1].answers[0]}, as the page says.", "I don't know.", "something else"]
    cited = [[facts[0].evidence[0].doc_id], [facts[1].evidence[0].doc_id, "another-page"], [], ["another-page"]]
    condition = Condition("run", "raft", 1, False, 3)
    rows = [score(Answer(text), *told, condition, pages) for text, told, pages in zip(said, zip(facts), cited, strict=True)]
    blind = [{**row, "system": "ft", "cited": None} for row in rows]
    after = [{**row, "after": True, "correct": False} for row in rows]
    *_, raft, ft = strictness([*rows, *blind, *after], evidence.about).split("\n")
    assert [cell.split()[0] for cell in raft.split("|")[2:-1]] == [
        "0.50",
        "0.25",
        raft.split("|")[4].split()[0],
        "0.25",
        "0.50",
        "0.50",
    ]
    assert 0.25 < float(raft.split("|")[4].split()[0]) < 0.5 and ft.count("–") == 2
    assert strictness([], evidence.about) is None


def test_skills_show_rivals_what_was_out_of_form_and_records(evidence):
    def answer(system, kind, number, correct, em):
        named = {"system": system, "kind": kind, "question_id": f"{kind}-{number}", "seed": None}
        return {**named, "after": False, "correct": correct, "em": float(em)}

    rows = [
        *(answer("ft", "clause-seen", number, number < 3, number < 1) for number in range(4)),
        *(answer("ft", "clause-unseen", number, number < 1, False) for number in range(4)),
        *(answer("majority", "clause-seen", number, False, False) for number in range(4)),
        figure("unparsable", "ft", 2, "answers", 1, "clauses"),
        figure("unparsable", "ft", 1, "answers", 2, "clauses"),
        figure("unparsable", "ft", 50, "answers", 1, "triage"),
        figure("right on dev", "ft", 0.75, "share", item="clauses: a setting"),
        figure("right on dev", "ft", 0.5, "share", item="clauses: another"),
        *(answer("ft+record", "two_fact", number, number < 2, False) for number in range(4)),
        *(answer("ft", "two_fact", number, False, False) for number in range(4)),
        *({**answer("ft+record", "two_fact", number, True, False), "after": True} for number in range(4)),
        *(figure("code", "ft", float(number < 3), "right", 1, f"two_fact-{number}") for number in range(4)),
    ]
    text = skills(rows, evidence.about)
    assert "Clause review" in text and "Triage of notes" not in text
    ft, majority = [line for line in text.split("\n") if line.count("|") == 7][2:]
    cells = [cell.strip() for cell in ft.split("|")[2:-1]]
    assert [cell.split()[0] for cell in cells[:3]] == ["0.75", "0.25", "0.12"] and cells[3:] == ["3 of 8", "0.75, 0.50"]
    assert "| – |" in majority and "0 of 4" in majority
    assert "**Clause review**, 4 seen and 4 unseen items; 0 trainings" in text and "4 questions, before the records" in text
    records = text.split("\n")[-1]
    assert records.startswith("| `ft` | 0.75 | 0.00 [") and "| 0.50 [" in records  # of the codes, and of the answers
    assert skills([], evidence.about) is None


def test_a_search_is_shown_with_what_it_finds_and_what_its_reader_makes_of_it(evidence):
    rag = [row for row in evidence.rows["full"] if row["system"] == "rag" and row.get("em") is not None][:8]
    rows = [{**row, "system": "rag/hybrid", "gold_retrieved": n < 6, "correct": n < 2} for n, row in enumerate(rag)]
    line = searched(rows, evidence.about).split("\n")[-1]
    assert line.startswith("| `rag/hybrid` | 0.75 [") and "| 0.25 [" in line and searched([], evidence.about) is None


def test_trust_shows_deletion_secrets_poison_and_canaries(evidence):
    def said(system, right):
        named = {"system": system, "seed": None}
        return [{**named, "question_id": f"q{n}", "correct": n < right} for n in range(4)]

    def figures(system, name, values):
        return [figure(name, system, value, "share", item=f"attack-{n}") for n, value in enumerate(values)]

    rows = {
        "privacy": [*said("ft", 3), *said("ft/deleted", 2), *said("rag/no-filter", 3), *said("rag/other-desk", 0)],
        "attacks": [
            *said("rag/poisoned", 1),
            *figures("rag/poisoned", "page found", [1.0, 1.0, 0.5, 0.5]),
            *figures("rag/poisoned", "payload in the answer", [1.0, 0.0, 0.0, 0.0]),
        ],
        "canaries": [
            *(figure("rank", "ft-raw/4-times", float(n), "place", item=str(n)) for n in (1, 2, 7)),
            *(figure("decoys", "ft-raw/4-times", 99.0, "secrets", item=str(n)) for n in (1, 2, 7)),
            *(figure("secret told", "ft-raw/4-times", float(n > 2), "share", item=str(n)) for n in (1, 2, 7)),
        ],
    }
    deleted, secrets, poison, canaries = (part.split("\n")[-1] for part in trust(rows, evidence.about).split("\n\n")[1::2])
    cells = [line.split("|")[1:-1] for line in (deleted, secrets, poison)]
    assert [[cell.split()[0].strip("`") for cell in line] for line in cells] == [
        ["ft", "0.75", "0.50"],
        ["rag", "0.75", "0.00", "–"],  # nobody asked from the page's own desk
        ["rag", "poisoned", "0.75", "0.25", "0.25"],
    ]
    assert canaries == "| `ft-raw/4-times` | 2 | 1 to 7 | 1 of 3 |" and trust({}, evidence.about) is None


def test_what_was_tried_shows_the_better_setting_in_bold(page, evidence):
    assert list(evidence.tried) == TRIED and tried([]) is None
    assert "on the 9 dev questions" in page
    assert "| `rag` | `plain`, 1 passage | 0.25 | 0.12 | 0.20 |" in page
    assert "| `rag` | `fancy`, 2 passages | 0.50 | 0.12 | **0.40** |" in page
    assert "| `ft` | 6 epochs, learning rate 0.002, batches of 16 | 0.80 | 0.12 | **0.75** |" in page


def test_what_was_tried_on_other_data_is_left_out(tmp_path):
    other = dataclasses.replace(CLASSROOM, sha256={**CLASSROOM.sha256, "questions.jsonl": "0" * 64})
    for company, left in ((CLASSROOM, 3), (other, 0)):
        about = {**provenance("selection", company), "n_rows": len(TRIED)}
        write_jsonl(tmp_path / "selection.jsonl", [{"provenance": about}, *TRIED])
        assert len(load_tried(COMPANIES, tmp_path)) == left
    (tmp_path / "selection.jsonl").unlink()
    assert load_tried(COMPANIES, tmp_path) == []


def test_old_pages_that_stay_in_the_index_are_told_apart_from_removed_ones(evidence):
    changed = [row for row in evidence.rows["full"] if row["system"] == "rag" and row.get("stale") is not None]
    marked = [{**row, "correct": not row["both_versions"], "stale": row["both_versions"]} for row in changed]
    line = versions(marked, evidence.about).split("\n")[-1]
    assert [cell.split()[0] for cell in line.split("|")[2:-1]] == ["1.00", "0.00", "0.00", "1.00"]
    assert versions([row for row in marked if not row["both_versions"]], evidence.about) is None
    assert versions([{**row, "k": None} for row in marked], evidence.about) is None  # a system that reads no passages


def test_another_machine_is_compared_on_the_same_questions_and_seeds(evidence):
    here = [row for late in (False, True) for row in answers("ft", "people", late)]
    second = [{**row, "seed": 2, "correct": False} for row in here]  # a training that nobody ran there
    lost = next(row["question_id"] for row in here if row["correct"] and row["em"] is not None)
    there = [{**row, "correct": False, "answer": "a mug"} if row["question_id"] == lost else row for row in here]
    versions = dict.fromkeys(("python", "torch", "transformers", "peft"), "9.9")
    about = {**provenance("classroom", CLASSROOM, device="a big card"), "versions": versions}
    parts = [Part("", ("a", "b"), about, rows) for rows in ([*here, *second], there)]
    shown = elsewhere(parts[:1], parts[1:], evidence.about)
    cells = shown.split("| `ft` | ")[1].splitlines()[0].split(" | ")
    n, right = PER_DESK, round(0.9 * PER_DESK)
    assert [cell.split(" [")[0] for cell in cells[:3]] == [f"{share:.2f}" for share in (right / n, (right - 1) / n, -1 / n)]
    assert cells[6].startswith(f"{1 - 1 / len(asked('people')):.2f}") and "There: a big card, float32, python 9.9" in shown
    assert f"{n} questions with an answer, {n} of them changed by the revision, and {n // 2} without" in shown
    assert elsewhere([], parts, evidence.about) is None and elsewhere(parts, [], evidence.about) is None


def test_advice_on_a_skill_waits_for_its_rows(evidence):
    scenarios = {scenario.name: scenario.situation for scenario in evidence.guide.scenarios}
    assert advice_of(evidence, scenarios["legal review"]).option is None
    assert advice_of(evidence, scenarios["company policy"]).system == "raft"
    marked = [{**row, "kind": "clause-seen"} for row in answers("ft", "legal", False) + answers("base", "legal", False)]
    known = dataclasses.replace(evidence, rows={**evidence.rows, "skills": marked})
    assert advice_of(known, scenarios["legal review"]).option == "fine-tune"


def test_the_ledger_says_sides_promised_range_and_what_is_missing():
    claims = [claim for claim in load_claims() if claim.claim_id in ("S4", "R5")]
    side = {"verdict": "supported", "value": 0.25, "interval": [0.1, 0.4], "n": 9, "seeds": 1}
    made = {
        "verdict": "undecided", "reach": "this model", "value": 0.1, "interval": [0.0, 0.2], "n": 20, "seeds": 3,
        "promised": [0.05, None], "moderator": "what became of it", "sides": {"changed": side}, "questions_needed": 77,
        "beside": {"minus a coin": {"value": 0.3, "interval": [0.2, 0.4]}},
    }  # fmt: skip
    text = ledger(claims, {"S4": made})
    assert "0.10 [0.00, 0.20], 20 questions, 3 seeds | at least 0.05 | **undecided** (this model)" in text
    assert (
        "What became of it: *changed* supported, 0.25 [0.10, 0.40] (9 questions, 1 seed) (it would take at least 77" in text
    )
    assert "Beside it: *minus a coin* 0.30 [0.20, 0.40] |" in text
    assert text.endswith("Not measured yet: R5 (RAG answers a little slower).")


def test_broken_promises_come_first_where_they_are_surest():
    claims = load_claims()
    broken = {"verdict": "not supported", "sides": {}, "moderator": None}
    found = {
        "F2": {**broken, "value": 0.0, "interval": [-0.04, 0.04]},  # 0.05 below its margin
        "F7": {**broken, "value": 0.1, "interval": [0.05, 0.15]},  # 0.40 below
        "R5": {**broken, "value": 4.0, "interval": [3.9, 4.1]},  # 2.0 above
        "S4": {"verdict": "depends", "moderator": "the day", "sides": {"then": {"verdict": "supported"}}},
        "F6": {"verdict": "supported"},
    }
    assert [line[4:6] for line in contradicted(claims, found)] == ["R5", "F7", "F2"]
    assert conditional(claims, found) == [
        '- **S4**, "Company policy questions: RAG wins": it depends on the day (then: supported).'
    ]


def test_a_control_without_a_model_in_front_and_the_largest_falls_are_told(evidence):
    text = surprises(load_claims(), {}, evidence.rows, evidence.about)
    assert "Without a language model, `faq` is ahead of `ft`" not in text  # by less than its interval
    falls = [line.split("`")[1] for line in text.split("\n") if line.startswith("  - ")]
    assert falls == ["ft", "faq", "ft+rag"]
    ahead = [row for row in evidence.rows["full"] if row["system"] in ("faq", "rag")]
    assert "`faq` is ahead of the best with one, `rag`, by 0.42 [" in surprises([], {}, {"full": ahead}, evidence.about)
    assert surprises([], {}, {}, evidence.about) is None


def test_what_others_measured_stands_beside_verdicts_that_may_change_with_size():
    verdict = {"reach": "this model", "value": 0.5, "interval": [0.4, 0.6]}
    findings = {"R1": Finding("so much", "somebody", SEEN["damaged"]), "R5": Finding("so fast", "somebody", SEEN["table"])}
    text = larger_models({"R1": verdict, "F2": verdict, "R5": {**verdict, "reach": "this machine"}}, findings)
    assert "| R1 | 0.50 [0.40, 0.60] | so much (somebody) | from a garbled copy: rely on the order only |" in text
    assert "so fast" not in text and text.endswith("No figure of a larger model is at hand for F2.")


def test_one_desk_is_no_table_of_desks(evidence):
    one = [row for row in evidence.rows["full"] if row.get("desk") == "legal"]
    assert desks(one, evidence.about) is None and desks([], evidence.about) is None
    assert table(["a", "b"], [[1, 2]]) == "| a | b |\n| --- | --- |\n| 1 | 2 |"


def timed(system, retrieve, prefill, decode, tokens):
    """Figures of three questions, the second twice as long as the first in all its parts, the third three times."""
    made = []
    for times in (1, 2, 3):
        parts = {"retrieve": retrieve, "prefill": prefill, "decode": decode}
        parts = {name: second * times for name, second in parts.items() if second is not None}
        every = {**parts, "total": sum(parts.values())}
        made += [figure(name, system, second, "s", item=f"q{times}") for name, second in every.items()]
        made += [figure(name, system, n, "tokens", item=f"q{times}") for name, n in tokens.items()]
    return made


@pytest.fixture(scope="module")
def latency_rows():
    tokens = {"prompt tokens": 60, "answer tokens": 4}
    return [
        *timed("ft", None, 0.25, 0.25, tokens),
        *timed("ft/fixed", None, 0.25, 0.5, {}),
        *timed("rag", 0.25, 0.5, 1.25, {"prompt tokens": 200, "answer tokens": 17}),
        *timed("rag/fixed", 0.25, 0.5, 0.75, {}),
        *timed("search", 0.25, None, None, {}),
        figure("answers an hour", "ft", 1234.5, "answers/h"),
    ]


def test_seconds_stand_at_each_ones_length_and_at_one_for_all(latency_rows, evidence):
    settings = {"fixed_tokens": 8, "batch_size_in_bulk": 16, "questions": "1 a desk", "reading": READING}

    def take(statistic):
        return take_sample(statistic, {"latency": latency_rows}, evidence.about)

    told, own, shorter, alike = seconds(latency_rows, provenance("latency", CLASSROOM, **settings), take).split("\n\n")
    assert (
        "over 3 questions about one fact (1 a desk)" in told
        and "(a processor, 2 cores, float32)" in told
        and "number 8" in shorter
    )
    lines = {line.split("`")[1]: [cell.strip() for cell in line.split("|")[2:-1]] for line in own.split("\n")[2:]}
    assert set(lines) == {"ft", "rag", "search"}
    assert lines["ft"] == ["60", "4", "1.00 [0.50, 1.50]", "1.45", "1", "–", "0.50", "0.50", "1,234"]
    assert lines["rag"] == ["200", "17", "4.00 [2.00, 6.00]", "5.80", "4.00", "0.50", "1.00", "2.50", "–"]
    assert lines["search"][:2] == ["–", "–"] and lines["search"][4:] == ["0.50", "0.50", "–", "–", "–"]
    (rag,) = [line for line in alike.split("\n") if "`rag`" in line]
    assert "| 3.00 [1.50, 4.50] |" in rag and "| 2.00 |" in rag and "/fixed" not in alike
    assert [line.split("`")[1] for line in alike.split("\n")[2:]] == ["ft", "rag"]


# Targets


def outcomes(evidence, entries):
    def take(statistic):
        return take_sample(statistic, evidence.rows, evidence.about)

    return check_targets(parse_targets(entries), take, evidence.rows, evidence.about)


SHARE = {"measure": "correct", "of": "rag", "questions": "answerable", "when": "before"}


def test_targets_are_reached_or_missed_and_doubted_where_the_interval_holds_them(evidence):
    bounds = [
        {"at_least": 0.1},
        {"at_least": 0.49},
        {"at_least": 0.51},
        {"at_least": 0.9},
        {"at_most": 0.9},
        {"at_most": 0.1},
    ]
    found = outcomes(evidence, [{"target": "rag", "compute": SHARE, **bound} for bound in bounds])
    assert [outcome.reached for outcome in found] == [True, True, False, False, True, False]
    assert [outcome.sure for outcome in found] == [True, False, False, True, True, True]
    assert {outcome.target.compute.experiment for outcome in found} == {"full"}  # of the classroom there are no rows
    text = targets(found)
    assert "| rag | all desks | at least 0.9 | 0.50 [" in text and "| **missed** |" in text
    assert "| **missed**, but the interval holds the target |" in text and targets([]) is None


def test_what_failed_is_counted_answer_by_answer(evidence):
    row = {"retrieved": ["a"], "gold_retrieved": True, "abstained": False}
    assert failure(row) == "reading" and failure({**row, "gold_retrieved": False}) == "search"
    assert failure({**row, "abstained": True}) == "gave up" and failure({**row, "retrieved": None}) == "knowledge"
    missed, closed, reached, other = outcomes(
        evidence,
        [
            {"target": "rag", "compute": SHARE, "at_least": 0.9},
            {"target": "ft", "compute": {**SHARE, "of": "ft"}, "at_least": 0.99},
            {"target": "rag", "compute": SHARE, "at_least": 0.1},
            {"target": "rag", "compute": {**SHARE, "measure": "abstained"}, "at_least": 0.9},
        ],
    )
    wrong = sum(not r["correct"] for r in evidence.rows["full"] if r["system"] == "rag" and "figure" not in r
                and not r["after"] and r["em"] is not None)  # fmt: skip
    assert missed.failures == {"search": wrong, "reading": 0, "gave up": 0, "knowledge": 0} and wrong == 2 * PER_DESK
    assert closed.failures["knowledge"] == len(DESKS) and reached.failures == other.failures == {}
    assert "| rag | all desks | 24 | 0 | 0 | 0 |" in targets([missed, closed])


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"at_most": 1}, "'rag' needs target, compute, and either"),
        ({"colour": "red"}, "'rag' needs target, compute, and either"),
        ({"compute": {**SHARE, "when": "later"}}, "rag: when is one of before, after"),
    ],
)
def test_a_target_that_cannot_be_checked_is_refused(change, said):
    with pytest.raises(ValueError, match=said):
        parse_targets([{"target": "rag", "compute": SHARE, "at_least": 0.5, **change}])


def test_the_committed_targets_are_about_systems_and_words_that_exist():
    found = load_yaml(TARGETS, parse_targets)
    named = {target.target for target in found}
    assert len(named) == 17 and len(found) == 2 * 15 + 2


# Orders that others found


def test_our_order_agrees_step_by_step_or_not(evidence):
    def steps(*order):
        ordering = Ordering("so", Finding("so", "somebody", "so"), order)
        return follow_order(ordering, "full", lambda statistic: take_sample(statistic, evidence.rows, evidence.about))

    right, wrong = steps("base", "rag"), steps("rag", "base")
    assert [step.agrees for step in (*right, *wrong)] == [True, False]
    assert [came_out(step) for step in steps("ft", "faq")] == ["not told apart"]
    assert [(step.worse, step.better) for step in steps("base", "rag", "ft")] == [("base", "rag"), ("rag", "ft")]
    assert steps("base", "placebo") == [] and isinstance(right[0], Step)


def test_the_committed_findings_belong_to_claims_that_may_change_with_size():
    findings, orderings = load_yaml(PUBLISHED, parse_published)
    reach = {claim.claim_id: claim.reach for claim in load_claims()}
    assert {reach[claim_id] for claim_id in findings} == {"this model"} and len(orderings) == 3
    assert all(finding.trust for finding in findings.values())


def test_a_figure_of_unknown_origin_is_refused():
    entry = yaml.safe_load(PUBLISHED.read_text("utf-8"))
    for change, said in (({"seen": "in a dream"}, "R1: seen is one of table"), ({"page": 3}, "R1 needs exactly said")):
        broken = copy.deepcopy(entry)
        broken["figures"]["R1"].update(change)
        with pytest.raises(ValueError, match=said):
            parse_published(broken)
