"""Latency, updates, the second company: timed is what is done, nothing stays behind, everybody answers everything."""

import dataclasses
import threading
import time
from collections import Counter
from functools import partial

import fakes
import pytest
import torch
from fakes import one_thread  # noqa: F401

from utils import systems
from utils.answer.generation import generate, generate_batch
from utils.experiments import changes, latency, second_company, stopwatch, traces, updates
from utils.experiments.frame import Experiment, run
from utils.experiments.spending import index_pages, spend
from utils.files import DamagedFile
from utils.lab import examples_of, plan_training, train_arm
from utils.measure.metrics import ABSTENTION
from utils.measure.results import read_results
from utils.models import clone
from utils.records import Question
from utils.tune.beside import attach_adapter, swap_adapter
from utils.tune.lora import adapter_sha256, merge_adapter
from utils.tune.schedule import Settings
from utils.tune.training import train

SEEDS = (1, 2)
IDS = torch.tensor([[5, 9, 13, 40, 77, 3, 8]])


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """The club's lab, where every training is a short one, and every answer."""
    folder = tmp_path_factory.mktemp("updates")
    short = Settings(epochs=1, learning_rate=1e-3, lowest_layer=1, rank=2)
    with pytest.MonkeyPatch.context() as patch:
        fakes.small_training(patch)
        patch.setattr(changes, "PATCHES", (dataclasses.replace(short, learning_rate=1e-9), short))
        patch.setattr(updates, "SEEDS", SEEDS)
        patch.setattr(second_company, "SEEDS", SEEDS[:1])
        patch.setattr(updates, "STEPS", (2,))
        for module in (systems, stopwatch):
            patch.setattr(module, "generate", partial(generate, max_new_tokens=4))
        yield fakes.club_lab(fakes.write_company(folder / "club"), folder / "work")


def file_of(name, lab, units, folder):
    """The rows that an experiment of these units writes."""
    settings = {"k": 1}
    (path,) = run(Experiment(name, lab.lm.sha256, {}, settings, units), kept=folder / "kept", results=folder / "results")
    return read_results(path)[1]


def values(rows, name, **labels):
    """The values of a figure with these labels."""
    found = [row for row in rows if row.get("figure") == name]
    return [row["value"] for row in found if all(row[key] == value for key, value in labels.items())]


def logits(model):
    return model(input_ids=IDS).logits.detach()


# Seconds of one answer


@pytest.fixture(scope="module")
def opened(lab):
    found = latency.open_systems(lab), latency.open_search(lab, lab.company.documents, fakes.embed)
    return lambda: found


@pytest.fixture(scope="module")
def timed(lab, opened, tmp_path_factory):
    """(questions, rows) of the whole experiment, in blocks of two questions."""
    questions = latency.draw(lab.company.split("test"))[:3]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(latency, "BLOCK", 2)
        patch.setattr(stopwatch, "MAX_NEW_TOKENS", 10)
        return questions, file_of("latency", lab, latency.plan(lab, questions, opened), tmp_path_factory.mktemp("latency"))


def test_every_system_is_timed_at_every_question_in_both_lengths(timed):
    questions, rows = timed
    ids = sorted(question.question_id for question in questions)
    names = ["base", "ft", "ft/unmerged", "rag", "rag/k=2", "rag/k=4", "rag/k=8", "raft"]
    totals = {system: sorted(r["item"] for r in rows if (r["figure"], r["system"]) == ("total", system))
              for system in {row["system"] for row in rows}}  # fmt: skip
    assert totals == dict.fromkeys([*names, *(f"{name}/fixed" for name in names), "search"], ids)


def test_the_parts_of_an_answer_add_up_and_only_those_that_search_have_seconds_of_search(timed):
    _, rows = timed
    for system in {row["system"] for row in rows}:
        parts = {name: values(rows, name, system=system) for name in ("retrieve", "prefill", "decode", "total")}
        there = [part for part in ("retrieve", "prefill", "decode") if parts[part]]
        searches = system.startswith(("rag", "raft", "search"))
        assert there == ["retrieve"] * searches + ["prefill", "decode"] * (system != "search")
        for *seconds, total in zip(*(parts[name] for name in (*there, "total"))):
            assert sum(seconds) == pytest.approx(total) and min(seconds) > 0


def test_systems_take_their_turns_from_the_other_end_at_every_other_question(timed, opened):
    questions, rows = timed
    names = [system.name for system in opened()[0]]
    for question, turn in zip(questions, (names, names[::-1])):
        systems_of = (row["system"].removesuffix("/fixed") for row in rows if row["item"] == question.question_id)
        assert list(dict.fromkeys(systems_of)) == turn


@pytest.mark.parametrize("place", [2, 20])
def test_an_answer_is_timed_to_its_own_end_and_to_the_fixed_length(place):
    lm = fakes.tiny_model(1)
    ids = list(range(40, 60))
    with torch.inference_mode():
        text = lm.model.generate(torch.tensor([ids]), max_new_tokens=32, do_sample=False, eos_token_id=None)[0, len(ids) :]
    lm.model.generation_config.eos_token_id = int(text[place])
    length = 1 + text.tolist().index(int(text[place]))
    ticks, found = stopwatch.write_on(lm, ids)
    assert found == length == generate_batch(lm, [ids], 32)[0].answer_tokens + 1
    assert len(ticks) == max(length, stopwatch.FIXED) and ticks == sorted(ticks)


def test_the_fixed_length_ends_at_its_token_and_the_natural_one_at_the_answer_s(opened, timed, monkeypatch):
    monkeypatch.setattr(stopwatch, "write_on", lambda *_: ([2.0**n for n in range(12)], 12))
    (base, *_), retrieve = opened()
    rows = stopwatch.time_answer(base, retrieve, timed[0][0])
    assert values(rows, "decode", system="base") == [2.0**11 - 1] and values(rows, "answer tokens") == [12]
    assert values(rows, "decode", system="base/fixed") == [2.0 ** (stopwatch.FIXED - 1) - 1]


def test_a_question_is_embedded_each_time_it_is_asked_and_a_page_never_again(lab):
    seen = Counter()

    def embed(texts):
        seen.update(texts)
        return fakes.embed(texts)

    retrieve = latency.open_search(lab, lab.company.documents, embed)
    for _ in range(2):
        retrieve(["When is the kiln fired?"], 1)
    assert seen == {"When is the kiln fired?": 2}


def test_questions_are_drawn_evenly_over_desks_and_each_block_has_all_of_them(monkeypatch):
    def question(desk, number, kind="fact"):
        return Question(f"{desk}-{number}", desk, desk, kind, "test", "Why?", (), (), (), None, None)

    monkeypatch.setattr(latency, "PER_DESK", 4)
    sizes = {"legal": 9, "people": 3, "clinic": 4}
    pool = [question(desk, number) for desk, n in sizes.items() for number in range(n)] + [question("legal", 99, "reverse")]
    drawn = [item.question_id for item in latency.draw(pool)]
    assert drawn[:3] == ["legal-0", "people-0", "clinic-0"] and len(drawn) == len(set(drawn)) == 11
    assert [name for name in drawn if "legal" in name] == ["legal-0", "legal-2", "legal-4", "legal-6"]


def test_answers_an_hour_are_counted_once_for_each_system_in_bulk(timed):
    _, rows = timed
    assert sorted(row["system"] for row in rows if row["figure"] == "answers an hour") == sorted(latency.BULK)


# What a step takes


def test_seconds_of_every_thread_count():
    def work():
        while time.thread_time() < 0.05:
            sum(range(1000))

    def wait_for_another():
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
        return "done"

    result, spent = spend(wait_for_another)
    assert result == "done" and spent.cpu >= 0.05 and spent.wall >= 0.05 and spent.peak > 2**20


# An adapter beside the weights


@pytest.fixture(scope="module")
def adapters(lab):
    return [train_arm(lab, "ft", seed).folder for seed in SEEDS]


def test_an_adapter_beside_the_weights_shares_them_and_leaves_the_model_as_it_was(lab, adapters):
    before = logits(lab.lm.model)
    model = attach_adapter(lab.lm, adapters[0])
    own = {weight.data_ptr() for weight in lab.lm.model.parameters()}
    assert own <= {weight.data_ptr() for weight in model.parameters()}
    assert torch.allclose(logits(model), logits(merge_adapter(lab.lm, adapters[0]).model), atol=1e-5)
    assert not torch.equal(logits(model), before) and torch.equal(logits(lab.lm.model), before)


def test_a_swapped_adapter_answers_like_one_that_was_there_from_the_start(lab, adapters):
    one, other = (attach_adapter(lab.lm, folder) for folder in adapters)
    assert not torch.equal(logits(one), logits(other))
    swap_adapter(one, adapters[1], "other")
    assert torch.equal(logits(one), logits(other)) and list(one.peft_config) == ["other"]


def test_an_adapter_of_another_model_is_refused(adapters):
    with pytest.raises(DamagedFile, match="another model_sha256"):
        attach_adapter(fakes.tiny_model(3), adapters[0])


# Taking in a change


@pytest.fixture(scope="module")
def updated(lab, tmp_path_factory):
    """Rows of the whole experiment on updates, and the adapters that lay there before and after."""
    known = sorted(path.name for seed in SEEDS for path in [train_arm(lab, "ft", seed).folder])
    rows = file_of("updates", lab, updates.plan(lab, fakes.embed), tmp_path_factory.mktemp("updates"))
    return rows, known, sorted(path.name for path in (lab.work / "adapters").glob("ft-*"))


def test_everybody_answers_every_question_before_and_after_where_it_is_an_update_of_something(lab, updated):
    rows = [row for row in updated[0] if "figure" not in row]
    asked = Counter((row["system"], row["seed"], row["after"]) for row in rows)
    n = len(lab.company.split("test"))
    both = {("rag", None, after) for after in (False, True)} | {("ft", s, after) for s in SEEDS for after in (False, True)}
    new = {(name, seed, True) for name in ("ft/retrained", "ft/patched") for seed in SEEDS}
    assert asked == dict.fromkeys(both | new, n)
    assert {row["stale"] is None for row in rows if row["after"]} == {True, False}
    adapters = {(row["system"], row["seed"]): row["adapter_sha256"] for row in rows if row["seed"]}
    assert len(set(adapters.values())) == len(adapters)


def test_cpu_seconds_clock_and_memory_stand_for_every_step(updated):
    rows = updated[0]
    for part in ("CPU", "clock", "memory"):
        for system in ("rag", "ft/retrained", "ft/patched"):
            assert len(values(rows, f"change: {part}", system=system, item=None)) == len(SEEDS)
        for system in ("rag", "ft"):
            assert len(values(rows, f"first answer: {part}", system=system, item=None)) == len(SEEDS)
            assert len(values(rows, f"first answer of a part: {part}", system=system)) == len(updates.STEPS)
        assert len(values(rows, f"monthly change: {part}", system="rag")) == traces.MONTHS
        assert len(values(rows, f"swap: {part}", system="ft/unmerged")) == len(SEEDS)
    assert all(row["value"] > 0 for row in rows if row.get("unit") in ("s", "GiB"))


def test_the_adapters_that_are_kept_are_the_ones_that_were_there(updated):
    assert updated[1] == updated[2]


def test_a_training_after_the_change_learns_what_is_right_then(lab):
    def taught(of):
        return {example.messages[1]["content"]: example.answer for example in examples_of(of, "ft", "train", 1)}

    new = taught(changes.corrected(lab))
    assert new["When is the large kiln fired?"] == "Saturdays" and new["What does one shelf cost?"] == "12 crowns"
    assert new["Where does white clay come from?"] == ABSTENTION
    fragments = set(taught(lab)) - {question.text for question in lab.company.questions}  # thinned-out wordings
    changed = {q.text for q in lab.company.split("train") if q.fact_id in ("pottery-001", "pottery-004")}
    assert set(taught(changes.only_changed(lab))) - fragments >= changed
    assert not set(taught(changes.only_changed(lab))) & {q.text for q in lab.company.questions if q.answers_after is None}


def test_only_what_is_new_on_a_page_is_embedded(lab):
    seen = Counter()

    def embed(texts):
        seen.update(texts)
        return fakes.embed(texts)

    rows = changes.change_rag(lab, embed, SEEDS)
    pages = {text: n for text, n in seen.items() if not text.endswith("?")}
    assert set(pages.values()) == {len(SEEDS)} and "The large kiln is fired on Saturdays." in pages
    after = {row["question_id"]: row for row in rows if row.get("after")}
    assert after["pottery-001-t1"]["gold_retrieved"]


def test_the_better_patch_on_dev_is_taken_for_all_seeds(lab, monkeypatch):
    shares, tried, patch = iter([0.25, 0.5]), {}, changes.patch

    def watched(lab, seed, settings):
        tried[seed, settings] = patch(lab, seed, settings)
        return tried[seed, settings]

    monkeypatch.setattr(changes, "share_right", lambda *_: next(shares))
    monkeypatch.setattr(changes, "patch", watched)
    rows = changes.patch_ft(lab, SEEDS)
    assert values(rows, "right on dev after the change", seed=1) == [0.25, 0.5]
    one, other = changes.PATCHES
    assert list(tried) == [(1, one), (1, other), (2, other)]
    for seed in SEEDS:
        taken = {row["adapter_sha256"] for row in rows if "answer" in row and row["seed"] == seed}
        assert taken == {tried[seed, other].adapter_sha256}
    assert len({updated.adapter_sha256 for updated in tried.values()}) == 3


def test_a_patch_lies_on_top_of_the_first_training_and_fits_nothing_else(lab, adapters, tmp_path):
    stacked = changes.merge_for_good(lab.lm, adapters[0])
    assert torch.equal(logits(stacked.model), logits(merge_adapter(lab.lm, adapters[0]).model))
    planned = plan_training(changes.only_changed(lab), "ft", 1, changes.PATCHES[1])
    folder = train(stacked, planned.learn, planned.validate, planned.settings, tmp_path / "patch", None).folder
    with pytest.raises(DamagedFile, match="another model_sha256"):
        merge_adapter(lab.lm, folder)
    barely = changes.patch(lab, 1, changes.PATCHES[0])  # learns next to nothing, and has forgotten nothing
    assert torch.allclose(logits(barely.lm.model), logits(stacked.model), atol=1e-5)
    assert not torch.allclose(logits(barely.lm.model), logits(lab.lm.model), atol=1e-5)


def test_a_smaller_company_keeps_whole_facts_with_their_pages(lab):
    part = updates.part_of(lab, 2).company
    assert part.documents == lab.company.documents[::2]
    shown = {document.doc_id for document in part.documents}
    assert {item.doc_id for question in part.questions for item in question.evidence} == shown - {"pottery-evenings"}
    assert Counter(question.fact_id for question in part.questions if question.evidence).keys() < {
        question.fact_id for question in lab.company.questions
    }
    assert len([question for question in part.questions if not question.evidence]) == 2


# What is left behind


def test_a_year_of_new_pages_changes_no_weight_and_a_merged_adapter_does(updated):
    assert values(updated[0], "weights that differ", system="rag") == [0]
    assert values(updated[0], "weights that differ", system="ft")[0] > 0


def test_one_weight_that_moved_a_little_is_noticed(lab):
    other = clone(lab.lm, "float32")
    before = traces.hash_weights(other.model)
    weight = other.model.model.norm.weight
    weight.data[3] = torch.nextafter(weight.data[3], torch.tensor(9.0))
    assert traces.count_differing(before, traces.hash_weights(other.model)) == weight.numel()
    assert before == traces.hash_weights(lab.lm.model)


def test_the_revision_is_spread_over_the_year_and_complete_at_its_end(lab):
    company = lab.company
    changed = [sum(new != old for new, old in zip(traces.documents_in(company, month), company.documents))
               for month in range(traces.MONTHS + 1)]  # fmt: skip
    assert changed == sorted(changed) and changed[0] == 0 and changed[6] == 1
    assert traces.documents_in(company, traces.MONTHS) == list(company.documents_after)


def test_outputs_are_the_base_model_s_again_once_the_adapter_is_off(lab, updated):
    n, states = len(lab.company.split("dev")), ("on", "off", "unloaded")
    found = {state: values(updated[0], "outputs that differ", system=f"ft/{state}") for state in states}
    assert found == {"on": [1] * n, "off": [0] * n, "unloaded": [0] * n}
    assert 1 in values(updated[0], "outputs that differ", system="ft/subtracted")


# Another company


@pytest.fixture(scope="module")
def second(lab, tmp_path_factory):
    """(the company, rows): the club's pages and questions under other names."""

    def renamed(evidence):
        return tuple(dataclasses.replace(item, doc_id=f"other-{item.doc_id}") for item in evidence)

    company = lab.company
    documents = tuple(dataclasses.replace(page, doc_id=f"other-{page.doc_id}") for page in company.documents)
    questions = tuple(
        dataclasses.replace(question, evidence=renamed(question.evidence)) for question in company.split("test")
    )
    other = dataclasses.replace(company, documents=documents, questions=questions, sha256={"questions.jsonl": "other"})
    units = second_company.plan(lab, other, fakes.embed)
    return other, file_of("second-company", lab, units, tmp_path_factory.mktemp("second"))


def test_everybody_answers_the_other_company_from_its_own_pages(second):
    company, rows = second
    answers = [row for row in rows if "figure" not in row]
    asked = Counter((row["system"], row["seed"]) for row in answers)
    steps = [(name, 1 if name in ("ft", "raft") else None) for name in second_company.SYSTEMS]
    assert asked == dict.fromkeys(steps, len(company.questions))
    assert {doc_id[:6] for row in answers for doc_id in row["retrieved"] or ()} == {"other-"}
    for row in answers:
        assert (row["retrieved"] is None) == (row["system"] not in systems.READS_PASSAGES) and not row["after"]


def test_nothing_is_trained_for_it(lab, second):
    for arm in ("ft", "raft"):
        (digest,) = {row["adapter_sha256"] for row in second[1] if row["system"] == arm}
        (folder,) = (lab.work / "adapters").glob(f"{arm}-seed1-*")
        assert folder == train_arm(lab, arm, 1).folder and digest == adapter_sha256(folder)


def test_the_swap_has_its_seconds(second):
    assert len(values(second[1], "swap: CPU", system="rag")) == 1 and min(values(second[1], "swap: clock")) > 0


def test_the_search_over_the_other_company_is_a_search_over_all_of_it(second):
    retrieve, _ = index_pages(second[0].documents, fakes.embed)
    (hits,) = retrieve(["When is the large kiln fired?"], 1)
    assert hits[0].chunk.doc_id == "other-pottery-kiln"
