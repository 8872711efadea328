"""The benchmarks' frame, and their saved results: what the table says is what the raw figures give."""

import os
import re
import statistics

import pytest
from fakes import ROOT, tiny_model

from benchmarks import frame
from benchmarks.__main__ import ORDER
from benchmarks.ask import ask_ours
from benchmarks.ceiling import counted
from benchmarks.frame import in_turn, is_met, kept_folder, middle
from benchmarks.report import MARKS, README, outcome, plot_reach, reach, saved_results, to_notes, to_text
from benchmarks.train import choose_ours
from utils.answer.generation import generate
from utils.files import read_text

FIELDS = {"name", "value", "unit", "target", "better", "against", "n_runs", "low", "high", "raw", "provenance"}
SAVED = saved_results(ORDER)


def test_each_side_runs_once_a_round_and_neither_always_comes_first():
    calls = []

    def side(name):
        def run():
            calls.append(name)
            return {"seconds": float(len(calls))}

        return run

    rounds = in_turn({"a": side("a"), "b": side("b")}, 2)
    assert calls == ["a", "b", "b", "a"]
    assert [[rounds[n][name]["seconds"] for name in ("a", "b")] for n in (0, 1)] == [[1, 2], [4, 3]]


def test_a_stopped_run_goes_on_after_its_last_round_and_a_finished_one_is_measured_anew(tmp_path):
    calls = []

    def side():
        calls.append(len(calls))
        if len(calls) == 3:
            raise KeyboardInterrupt
        return {"seconds": float(len(calls))}

    kept = tmp_path / "kept"
    with pytest.raises(KeyboardInterrupt):
        in_turn({"a": side}, 4, kept)
    rounds = in_turn({"a": side}, 4, kept)
    assert [one["a"]["seconds"] for one in rounds] == [1, 2, 4, 5]
    assert not kept.exists()


def double(job):
    """Work for another process."""
    return {"twice": 2 * job["once"], "process": os.getpid()}


def test_our_side_runs_in_a_process_of_its_own():
    report = ask_ours(double, {"once": 21})
    assert report["twice"] == 42 and report["process"] != os.getpid()


@pytest.mark.parametrize("changed", ["depends on", "commit", "threads"])
def test_what_is_kept_is_not_taken_for_anything_else(monkeypatch, changed):
    before = kept_folder("many", {"k": 1})
    assert kept_folder("many", {"k": 1}) == before
    if changed == "commit":
        monkeypatch.setattr(frame, "code_commit", lambda: "another")
    if changed == "threads":
        monkeypatch.setattr(frame.torch, "get_num_threads", lambda: 96)
    assert kept_folder("many", {"k": 2 if changed == "depends on" else 1}) != before


def test_the_interval_of_a_median_holds_the_median_and_stays_in_the_range():
    values = [7.1, 8.2, 8.4, 9.9, 12.0]
    value, low, high = middle(values)
    assert value == statistics.median(values)
    assert min(values) <= low <= value <= high <= max(values)


def test_a_result_below_its_target_is_missed_whichever_way_is_better():
    for better, value, met in (("higher", 2, True), ("higher", 0.5, False), ("lower", 0.5, True), ("lower", 2, False)):
        result = {"value": value, "target": 1, "better": better}
        assert is_met(result) is met
        assert (reach(result, "value") >= 1) is met


@pytest.mark.parametrize(
    ("right", "more", "said"),
    [("as_accurate", {}, "not shown"), ("as_asked", {"right": 0.784, "asked": 0.8}, "0.78 right, asked 0.80")],
)
def test_speed_that_was_bought_with_wrong_answers_reaches_no_target(right, more, said):
    result = {"value": 9.0, "low": 8.5, "high": 9.5, "target": 8.0, "better": "higher"}
    kept, lost = ({**result, "provenance": {"settings": {right: whether, **more}}} for whether in (True, False))
    assert is_met(kept) and outcome(kept) == "yes"
    assert not is_met(lost) and outcome(lost).startswith("no; ") and said in outcome(lost)


def test_a_race_is_shown_with_its_right_answers_and_in_one_number_format():
    settings = {"right_ours_minus_theirs": [-0.01, -0.04, 0.02], "in_float32": {"times": 5.25}}
    others = [{"name": "search-1m", "provenance": {"settings": {}}}]
    notes = to_notes([*others, {"name": "train-short", "provenance": {"settings": settings}}])
    assert notes.startswith("- `train-short`") and "-0.01 [-0.04, 0.02]" in notes and "5.2 ×" in notes
    assert to_notes(others) == ""
    assert "6.4 × if ours did nothing but" in to_notes([{"name": "many", "provenance": {"settings": {"at_ceiling": 6.4}}}])


def test_operations_are_counted_pass_by_pass():
    lm = tiny_model(n_layers=1)  # 32 units: attention 2 · 32 · 32 + 2 · 32 · 16, the block's middle 3 · 32 · 64
    with counted(lm) as flops:
        made = generate(lm, ["ash", "oak"], max_new_tokens=2)
    layers, output = 3072 + 6144, 32 * len(lm.tokenizer)
    assert {one.answer_tokens for one in made} == {2}
    assert flops == [2 * 2 * (layers * 3 + output), 2 * 2 * (layers + output)]


@pytest.mark.parametrize(("needed", "chosen"), [(0.70, 4), (0.80, 6), (0.90, 6)], ids=["both", "one", "neither"])
def test_ours_is_the_quickest_setting_as_right_as_the_peer(needed, chosen):
    tried = [
        ({"seconds": 80.0, "dev": {"all": 0.82}}, {"epochs": 6}),
        ({"seconds": 55.0, "dev": {"all": 0.75}}, {"epochs": 4}),
    ]
    assert choose_ours(tried, needed) == {"epochs": chosen}


def test_every_comparison_has_its_module():
    for name in ORDER:
        source = read_text(ROOT / "benchmarks" / f"{name.replace('-', '_')}.py")
        assert re.search(rf'^BENCHMARK = Benchmark\(\s*"{name}"', source, re.M), name


def test_there_are_saved_results():
    assert SAVED


@pytest.mark.parametrize("result", SAVED, ids=lambda result: result["name"])
def test_a_saved_result_is_in_the_contracts_form(result):
    assert set(result) == FIELDS
    assert result["low"] <= result["value"] <= result["high"]
    assert result["n_runs"] == len(result["raw"]) >= 1
    assert {"code_commit", "versions", "cpu", "cores", "threads", "settings", "date"} <= set(result["provenance"])
    assert "+changes" not in result["provenance"]["code_commit"], "measure it on committed code"


def test_the_table_is_that_of_the_saved_results():
    table = read_text(README).split(MARKS[0])[1].split(MARKS[1])[0]
    assert table.strip() == to_text(SAVED)


def test_the_figure_marks_every_result():
    axis = plot_reach(SAVED).axes[0]
    assert [label.get_text() for label in axis.get_yticklabels()] == [result["name"] for result in reversed(SAVED)]
