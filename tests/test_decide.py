"""Advice follows from the rows: who is ruled out by what, who is ahead on which mix, who is cheaper, when it's too thin."""

import copy
import dataclasses

import numpy as np
import pytest
import yaml

from utils import systems
from utils.ledger import GUIDE, load_yaml
from utils.measure.decide import advise, choose, gap, near
from utils.measure.draws import Clusters
from utils.measure.evaluation import difference
from utils.measure.money import ANSWER, CHANGE, START, WRITTEN
from utils.measure.regret import always, follow, lost_on_average, try_out
from utils.measure.requirements import STYLE
from utils.measure.results import figure
from utils.measure.samples import Background, NotMeasured
from utils.measure.situations import OPTIONS, Guide, Scenario, Situation, System, parse_guide
from utils.measure.standings import measure, rank, shares

N = 40  # questions of each part, each on a page of its own
PLAIN = Situation(
    changed_a_year=1.0, trainings_a_year=1, sources=False, deletable=False, seconds=None, questions_a_day=10, examples=100,
    task="questions", style=False, budget=None, unanswered=0.2, wrong_costs=0.0,
)  # fmt: skip
SYSTEMS = {
    "base": System("prompt only", False, (), None),
    "rag": System("rag", True, (), None),
    "ft": System("fine-tune", False, ("answers",), "ft"),
    "raft": System("both", True, ("reading",), "raft"),
}
ABOUT = Background(Clusters(), {}, ())


def rows(system, learned, changed, nowhere, desk="people", stale=0, seconds=1.0):
    """N answers of each part of the questions, of which so many are right; the others are wrong, not withheld."""
    label = {"system": system, "seed": None, "desk": desk, "both_versions": False, "kind": "fact"}
    label |= {"retrieve_s": None, "prefill_s": seconds, "decode_s": 0.0}
    made = []
    for number in range(N):
        known = {**label, "question_id": f"{desk}-{number}", "em": 0.0, "abstained": False}
        made.append({**known, "after": False, "stale": None, "correct": number < learned})
        made.append({**known, "after": True, "stale": number < stale, "correct": number < changed})
        right = number < nowhere
        unknown = {**label, "question_id": f"{desk}-{number}-u", "em": None, "abstained": right}
        made.append({**unknown, "after": False, "stale": None, "correct": right})
    return made


def money(system, start, answer, change):
    values = {START: start, ANSWER: answer, CHANGE: change}
    return [figure(name, system, value, "money") for name, value in values.items()]


def ask(made, **answers):
    return advise(dataclasses.replace(PLAIN, **answers), SYSTEMS, made, ABOUT)


ROWS = rows("rag", 24, 24, 0, stale=0) + rows("ft", 36, 0, 20, stale=36) + rows("base", 0, 0, 0)
PRICES = money("rag", 10, 0.1, 1) + money("ft", 100, 0.01, 50) + money("base", 0, 0.05, 0)


# The mix, and who is ahead on it


def test_the_parts_of_the_questions_add_up_and_follow_the_answers():
    assert PLAIN.changed == 0.5  # all facts once a year, learned anew once a year: half a year old on average
    assert shares(PLAIN) == pytest.approx({"as learned": 0.4, "changed since": 0.4, "on no page": 0.2})
    fast = dataclasses.replace(PLAIN, changed_a_year=5)
    assert shares(fast) == pytest.approx({"as learned": 0, "changed since": 0.8, "on no page": 0.2})


def test_a_system_is_right_on_the_mix_of_its_parts():
    standing = {standing.system: standing for standing in rank(PLAIN, measure(SYSTEMS, ROWS, ABOUT))}
    assert standing["ft"].worth.value == pytest.approx(0.4 * 36 / N + 0.4 * 0 + 0.2 * 20 / N)
    assert standing["rag"].worth.value == pytest.approx(0.4 * 24 / N + 0.4 * 24 / N)
    assert (standing["ft"].measured.stale.value, standing["ft"].measured.stale.n) == (36 / N, N)
    assert standing["ft"].worth.n == 2 * N


def test_advice_turns_with_the_share_of_changed_facts():
    still, moving = ask(ROWS, changed_a_year=0.0), ask(ROWS, changed_a_year=2.0)
    assert (still.option, moving.option) == ("fine-tune", "rag")
    assert still.thin is moving.thin is None
    assert "`ft` is right on 0.82 [" in still.reasons[0] and "0.90 [" in still.reasons[0]
    assert "behind `rag`" in moving.reasons[-1]


def test_advice_turns_with_what_a_wrong_answer_costs():
    made = rows("rag", 36, 36, 0) + rows("ft", 30, 30, 40)
    assert ask(made, unanswered=0.3).system == "ft" and ask(made, unanswered=0.0).system == "rag"
    careful = [{**row, "abstained": not row["correct"]} if row["system"] == "ft" else row for row in made]
    assert ask(careful, unanswered=0.0).system == "rag"
    risky = ask(careful, unanswered=0.0, wrong_costs=5)
    assert risky.system == "ft" and "where a wrong one undoes 5" in risky.reasons[0]
    assert risky.standings[0].worth.value == pytest.approx(30 / N)
    assert risky.standings[1].worth.value == pytest.approx(36 / N - 5 * 4 / N)


def test_the_difference_of_two_is_the_paired_one():
    alone = dataclasses.replace(PLAIN, changed_a_year=0.0, unanswered=0.0)
    ft, rag, _ = rank(alone, measure(SYSTEMS, ROWS, ABOUT))
    ours, theirs = (
        [r for r in ROWS if r["system"] == name and not r["after"] and r["em"] is not None] for name in ("ft", "rag")
    )
    clusters = {row["question_id"]: row["question_id"] for row in ours}
    expected, found = difference(ours, theirs, lambda row: row["correct"], clusters), gap(ft, rag)
    assert (found.value, found.low, found.high) == pytest.approx((expected.value, expected.low, expected.high), abs=0.02)


# Requirements


@pytest.mark.parametrize(
    ("answers", "out", "why"),
    [
        ({"sources": True}, {"ft", "base"}, "shows no page beside its answer"),
        (
            {"deletable": True},
            {"ft"},
            "no single one comes out of its weights again; of the changed questions it still gave 0.90",
        ),
        ({"examples": 0}, {"ft"}, "needs questions with answers, and there are none"),
        ({"seconds": 0.5}, {"ft", "rag", "base"}, "takes 1 s for an answer among sixteen at once, of 0.5 s allowed"),
        ({"budget": 200}, {"rag"}, "costs 376 in the first year, of 200 allowed"),  # 10 + 3650 × 0.1 + 1
    ],
)
def test_what_the_situation_does_not_allow_is_ruled_out_with_a_reason(answers, out, why):
    advice = ask(ROWS + PRICES, **answers)
    assert set(advice.ruled_out) == out and all(said for said in advice.ruled_out.values())
    assert any(why in said for said in advice.ruled_out.values())
    assert advice.system not in out


def test_seconds_of_an_answer_that_comes_alone_go_before_those_of_a_batch():
    alone = [
        figure("total", "ft", 0.4, "s", 1, "q1"),
        figure("total", "ft", 9.0, "s", 1, "q2"),
        figure("total", "ft", 0.2, "s", 1, "q3"),
    ]
    advice = ask(ROWS + alone, seconds=0.5, changed_a_year=0.0)
    assert advice.system == "ft" and "0.4 s for an answer that comes alone" in advice.reasons[0]


def test_nothing_left_and_no_rows_are_said():
    nothing = ask(ROWS, sources=True, seconds=0.1)
    assert (nothing.option, nothing.thin) == (None, "nothing meets every requirement") and len(nothing.ruled_out) == 3
    assert ask([]).thin == "there are no rows on questions of this kind"
    before = [row for row in rows("raft", 40, 40, 40) if not row["after"]]
    assert {standing.system for standing in ask(ROWS + before).standings} == {"rag", "ft", "base"}


# A choice between two that aren't told apart

CLOSE = rows("rag", 30, 30, 20) + rows("ft", 31, 31, 20) + rows("base", 0, 0, 0)


def test_of_two_that_are_not_told_apart_the_cheaper_is_advised_and_it_says_so():
    advice = ask(CLOSE + PRICES)
    assert advice.system == "ft" and "not told apart from `rag`, none of them cheaper" in advice.reasons
    dear = ask(CLOSE + money("rag", 10, 0.001, 1) + money("ft", 100, 0.01, 50))
    assert dear.system == "rag" and dear.reasons[1].startswith("`ft` is 0.02 [0.00, ")
    assert dear.reasons[1].endswith("] ahead, which may be 0, and costs 186")


def test_without_money_the_better_one_is_advised_and_it_says_that_too():
    advice = ask(CLOSE)
    assert advice.system == "ft" and "not told apart from `rag`, at costs that no rows tell" in advice.reasons


def test_an_interval_that_could_hide_a_lead_is_too_thin_and_says_how_many_questions_it_would_take():
    flipped = [{**row, "correct": not row["correct"]} for row in rows("ft", 20, 20, 20)]  # as good, on other questions
    advice = ask(rows("rag", 20, 20, 20) + flipped)
    needed = int(advice.thin.split("at least ")[1].split()[0])
    lead = gap(advice.standings[1], advice.standings[0])
    ways = [(lead.high - lead.value) / (0.05 - lead.value)]  # its far end has to come down to 0.05 ...
    ways += [(lead.value - lead.low) / lead.value] if lead.value > 0 else []  # ... or its near end up to 0
    assert advice.thin.startswith("too thin to tell `") and needed == round(2 * N * min(ways) ** 2)
    assert needed > 2 * N, "these questions were too few"
    assert ask(ROWS, changed_a_year=0.0).thin is None


def test_choice_needs_nothing_but_standings():
    ranked = rank(PLAIN, measure(SYSTEMS, CLOSE + PRICES, ABOUT))
    assert [s.system for s in near(ranked)] == ["ft", "rag"] and choose(ranked[2:]).system == "base"


# What it should know besides


def test_fewer_examples_than_were_measured_and_the_house_style_are_noted():
    made = ROWS + [figure(WRITTEN, "ft", 200, "questions")]
    assert any("200 written questions, of which 100 are there" in said for said in ask(made, changed_a_year=0.0).reasons)
    assert not any("written" in said for said in ask(made, changed_a_year=0.0, examples=200).reasons)
    for n_nearer, said in ((38, "train an adapter on replies too"), (20, "a style prompt does no worse")):
        pairs = [figure(STYLE, "ft", float(number < n_nearer), "share", 1, f"letter-{number}") for number in range(N)]
        assert any(said in reason for reason in ask(ROWS + pairs, style=True).reasons)
    assert "no rows tell how to come by the house style" in ask(ROWS, style=True).reasons


def test_a_skill_is_decided_by_its_items_alone():
    made = [row for row in rows("ft", 36, 0, 0) + rows("rag", 20, 0, 0) if not row["after"] and row["em"] is not None]
    advice = ask(made, task="clauses", changed_a_year=9, unanswered=0.5)
    assert advice.system == "ft" and advice.standings[0].worth.value == 36 / N


# Regret

SCENARIOS = (
    Scenario("still", "a", "fine-tune", dataclasses.replace(PLAIN, changed_a_year=0.0)),
    Scenario("moving", "b", "rag", dataclasses.replace(PLAIN, changed_a_year=2.0, sources=True, wrong_costs=3)),
)
COURSE = Guide({}, {name: SYSTEMS[name] for name in ("rag", "ft")}, {}, SCENARIOS)


def desk_rows(desk, right):
    return [row for system, counts in right.items() for row in rows(system, *counts, desk=desk)]


def test_regret_takes_two_desks_with_rows_of_every_system():
    both = {"rag": (20, 20, 20), "ft": (38, 0, 20)}
    with pytest.raises(NotMeasured, match=r"rows are of \['people'\]"):
        follow(COURSE, desk_rows("people", both), ABOUT)
    with pytest.raises(NotMeasured, match=r"not of \['ft on b'\]"):
        follow(COURSE, desk_rows("a", both) + desk_rows("b", {"rag": (20, 20, 20)}), ABOUT)


def test_advice_that_turns_with_the_situation_loses_less_than_any_one_system():
    made = [row for desk in "abc" for row in desk_rows(desk, {"rag": (20, 20, 20), "ft": (38, 0, 20)})]
    trials = try_out(COURSE, made, ABOUT)
    assert {(t.desk, t.scenario, t.advised) for t in trials} == {
        (desk, *said) for desk in "abc" for said in (("still", "ft"), ("moving", "rag"))
    }
    assert all(trial.lost(trial.advised) == 0 for trial in trials)
    sample = follow(COURSE, made, ABOUT)
    lost = np.mean([trial.lost(always(trials)) for trial in trials])
    assert lost_on_average(trials) == pytest.approx((0, lost)) and sample.value == pytest.approx(-lost)
    assert lost == pytest.approx(0.8 * (38 - 20) / N / 2)
    assert sample.interval[1] < 0 and sample.n == 3 * 2 * N


def test_a_desk_unlike_the_others_is_advised_wrongly_and_the_loss_is_counted():
    like, unlike = {"rag": (10, 10, 20), "ft": (38, 38, 20)}, {"rag": (38, 38, 20), "ft": (10, 10, 20)}
    made = [row for desk, right in (("a", like), ("b", like), ("c", unlike)) for row in desk_rows(desk, right)]
    trials = try_out(COURSE, made, ABOUT)
    wrong = [trial for trial in trials if trial.desk == "c"]
    assert all(trial.advised == "ft" and trial.lost("ft") == pytest.approx(0.8 * 28 / N) for trial in wrong)


def test_where_one_system_is_best_everywhere_following_the_guide_gains_nothing():
    made = [row for desk in "ab" for row in desk_rows(desk, {"rag": (38, 38, 20), "ft": (10, 0, 20)})]
    sample = follow(COURSE, made, ABOUT)
    assert sample.value == 0 and not sample.draws.any()


def test_regret_is_about_right_answers_and_leaves_requirements_out():
    made = [row for desk in "ab" for row in desk_rows(desk, {"rag": (10, 10, 20), "ft": (38, 38, 20)})]
    assert {trial.advised for trial in try_out(COURSE, made, ABOUT)} == {"ft"}  # although `moving` wants a page beside it


# What stands in decisions.yaml


def test_the_committed_guide_fits_the_systems_of_the_course():
    guide = load_yaml(GUIDE, parse_guide)
    assert len(guide.questions) == 10 and {scenario.advice for scenario in guide.scenarios} <= set(OPTIONS)
    assert {scenario.desk for scenario in guide.scenarios} == {"customer", "people", "legal", "clinic"}
    for name, system in guide.systems.items():
        assert name in systems.FULL and system.adapter == systems.ADAPTER_OF.get(name)
        assert system.shows == (name in systems.READS_PASSAGES)


ENTRY = yaml.safe_load(GUIDE.read_text("utf-8"))


def broken(change):
    entry = copy.deepcopy(ENTRY)
    change(entry)
    return entry


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda e: e["questions"].pop("sources"), "questions: .* see sources"),
        (lambda e: e["systems"]["rag"].update(option="magic"), "rag: option is one of prompt only"),
        (lambda e: e["systems"]["ft"].update(needs=["luck"]), "ft: .* needs some of answers, reading"),
        (lambda e: e["systems"]["ft"].update(weight=3), "ft: weight missing or unknown"),
        (
            lambda e: e["scenarios"]["legal review"].update(task="knitting"),
            "legal review: task is one of questions, clauses",
        ),
        (lambda e: e["scenarios"]["legal review"].update(unanswered=2), "legal review: unanswered is a share"),
        (lambda e: e["scenarios"]["legal review"].update(examples=-1), "legal review: examples is 0 or more, got -1"),
        (lambda e: e["scenarios"]["legal review"].pop("budget"), "legal review: budget missing or unknown"),
        (
            lambda e: e["scenarios"]["legal review"].update(guide="both of them"),
            "legal review: needs a desk, and guide is one",
        ),
    ],
)
def test_a_guide_that_cannot_be_followed_is_refused(change, said):
    with pytest.raises(ValueError, match=said):
        parse_guide(broken(change))
