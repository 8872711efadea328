"""Skills and style: prompts hold what is shown, all arms answer the same items, rows say what they mean."""

import dataclasses
import re
from collections import Counter

import fakes
import numpy as np
import pytest
from fakes import one_thread  # noqa: F401

from utils.answer.prompts import with_passages
from utils.data import evidence_in_force, load_patients
from utils.experiments import skill_arms, skill_patients, skills, style, style_replies
from utils.experiments.kept import keep, train_once
from utils.experiments.skill_arms import PROMPTS, Arm, choose
from utils.experiments.skill_prompts import Item, Shown, Skill, fixed_examples, load_skills, messages, read_marks
from utils.experiments.skill_records import choose_reader, find_rows, read_plans, unasked_rows, with_plans
from utils.experiments.skill_rivals import ask_majority, ask_nearest, count_words, nearest, vote
from utils.experiments.style_prompts import Letters, Told, load_letters, wrap
from utils.experiments.style_prompts import messages as told
from utils.experiments.style_voice import SIGNATURE, STATED, UNSTATED, body_of, nearer, train_judge
from utils.lab import Lab
from utils.measure.evaluation import Condition, check_same_questions
from utils.measure.results import read_results, write_results
from utils.records import Answer, Reply
from utils.retrieve.chunking import chunk_documents
from utils.retrieve.retriever import build_retriever
from utils.skills import load_features, load_replies
from utils.tune.examples import Example
from utils.tune.schedule import Settings

REAL = load_skills()
SMALL = tuple(Settings(epochs=1, learning_rate=rate, lowest_layer=1, rank=2) for rate in (1e-3, 2e-3))


def item(number: int, split: str, text: str, *marks: str, unseen: bool = False) -> Item:
    return Item(f"mug-{number}", split, text, marks, unseen)


POTS = Skill(
    "pots", "pottery", "mug", "You sort pots.", ("shape", "glaze"), (("bowl", "mug"), ("ash", "salt")), "A mug has an ear.",
    (
        item(1, "train", "It has an ear and a blue foot.", "mug", "ash"),
        item(2, "train", "An ear, and a grey foot.", "mug", "salt"),
        item(3, "train", "No handle, wide as a hat, blue.", "bowl", "ash"),
        item(4, "train", "Another ear here, blue.", "mug", "ash"),
        item(5, "dev", "One ear, blue.", "mug", "ash"),
        item(6, "dev", "Wide as two hats, blue.", "bowl", "ash"),
        item(7, "test", "It has an ear and a blue foot.", "mug", "ash"),
        item(8, "test", "Wide as a hat, no handle, grey.", "bowl", "salt", unseen=True),
    ),
)  # fmt: skip


@pytest.fixture(scope="module")
def club(tmp_path_factory):
    """The club's lab with the tiny model, where every training is small."""
    folder = tmp_path_factory.mktemp("skills")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(skill_arms, "TRAINING", SMALL)
        patch.setattr(skills, "SEEDS", (1, 2))
        patch.setitem(style_replies.TRIED, "ft", SMALL)
        patch.setattr(style_replies, "MAX_NEW_TOKENS", 12)
        yield fakes.club_lab(fakes.write_company(folder / "club"), folder / "work")


# what units share


def test_a_value_is_made_once_for_what_it_depends_on(tmp_path):
    made = []
    for depends_on in ("a", "a", "b"):
        assert keep(tmp_path, depends_on, lambda: made.append(1) or {"n": len(made)})["n"] == len(made)
    assert len(made) == 2


def test_an_adapter_is_trained_once_a_seed(club):
    examples = [Example(messages(POTS, "An ear.", Shown()), "mug · ash")], []
    first, again, other = (train_once(club, "pots", examples, SMALL[0], seed) for seed in (1, 1, 2))
    assert first == again and first.folder != other.folder and first.folder.parent == club.work / "adapters"


# the words of a skill


@pytest.mark.parametrize("name", REAL)
def test_unseen_items_are_those_whose_case_no_training_item_has(name):
    features = {feature.item_id: set(feature.features) for feature in load_features()}
    train, test = REAL[name].split("train"), REAL[name].split("test")
    for asked in test:
        like = [i for i in train if i.marks[0] == asked.marks[0] and features[i.item_id] == features[asked.item_id]]
        assert asked.unseen == (not like), asked.item_id
    assert 0.3 < sum(asked.unseen for asked in test) / len(test) < 0.5


@pytest.mark.parametrize("name", REAL)
def test_every_mark_that_is_asked_for_can_be_said_and_read(name):
    skill = REAL[name]
    assert all(read_marks(skill, item.answer) == item.marks for item in skill.items)
    told = messages(skill, "a text", Shown())[0]["content"]
    assert all(value in told for values in skill.values for value in values)
    assert not any(value in messages(skill, "a text", Shown(values=False))[0]["content"] for value in skill.values[0])


@pytest.mark.parametrize(
    ("answer", "marks"),
    [
        ("mug · ash", ("mug", "ash")), ("mug · ash\nIt has an ear.", ("mug", "ash")), (" bowl · ash ", ("bowl", "ash")),
        ("mug", ("mug", None)), ("mug · tin", ("mug", None)), ("ash · mug", (None, None)), ("Mug · ash", (None, "ash")),
        ("mug, ash", (None, None)), ("It is a mug · ash", (None, "ash")), ("", (None, None)),
    ],
)  # fmt: skip
def test_marks_are_read_letter_for_letter_each_in_its_place(answer, marks):
    assert read_marks(POTS, answer) == marks


def test_a_prompt_holds_what_is_shown_and_nothing_else():
    plain, page = messages(POTS, "An ear.", Shown()), messages(POTS, "An ear.", Shown(page=True))
    assert [turn["role"] for turn in plain] == ["system", "user"] and plain[1]["content"] == "An ear."
    assert POTS.page in page[0]["content"] and POTS.page not in plain[0]["content"]
    turns = messages(POTS, "An ear.", Shown(reminder=True), POTS.items[:2])
    assert [turn["role"] for turn in turns] == ["system", "user", "assistant", "user", "assistant", "user"]
    assert turns[1]["content"] == POTS.items[0].text and turns[2]["content"] == "mug · ash"
    assert turns[5]["content"] == "An ear.\n\nAnswer in this form: mug · ash"


@pytest.mark.parametrize("name", REAL)
def test_the_fixed_examples_are_of_as_many_labels(name):
    examples = fixed_examples(REAL[name], 12)
    assert len({example.marks[0] for example in examples}) == 12 and {example.split for example in examples} == {"train"}


def test_examples_chosen_for_an_item_end_with_the_nearest(club, monkeypatch):
    seen = []
    monkeypatch.setattr(skill_arms, "render", lambda lm, turns: seen.append(turns) or "prompt")
    skill_arms.ask_model(club, POTS, club.lm, Shown(examples=2, nearest=True), POTS.split("test")[:1])
    assert seen[0][-3]["content"] == POTS.items[0].text == seen[0][-1]["content"]  # the same text stands in train


# rivals that cost nothing


def test_counting_words_learns_what_words_decide_for_each_mark_apart():
    cases = [("an ear, blue", "mug", "ash"), ("an ear, grey", "mug", "salt"), ("a hat, blue", "bowl", "ash")]
    train = [item(number, "train", *case) for number, case in enumerate(cases)]
    (said,) = count_words(train, 1, [item(9, "test", "a hat, grey", "bowl", "salt")])
    assert said.text == "bowl · salt"  # no training item is both


def test_the_nearest_items_are_those_of_a_full_scan():
    train, test = REAL["triage"].split("train")[:60], REAL["triage"].split("test")[:9]
    for asked, found in zip(test, nearest(fakes.embed, train, 3, test)):
        scores = {i.item_id: float(np.dot(*fakes.embed([i.text, asked.text]))) for i in train}
        assert [scores[i.item_id] for i in found] == pytest.approx(sorted(scores.values(), reverse=True)[:3])
    assert ask_nearest(fakes.embed, POTS.split("train"), 1, POTS.split("test"))[0].text == "mug · ash"


def test_neighbours_vote_on_each_mark_and_the_nearer_one_breaks_a_tie():
    assert vote(POTS.items[1:4]) == "mug · ash" and vote(POTS.items[1:3]) == "mug · salt"
    assert {answer.text for answer in ask_majority(POTS.split("train"), POTS.split("test"))} == {"mug · ash"}


# arms and their rows


def fixed_arm(said: dict[str, str], calls: list) -> Arm:
    """An arm whose setting is what it says to everything."""
    return Arm(
        "parrot", tuple(said), lambda setting, items: calls.append(setting) or [Answer(said[setting]) for _ in items]
    )


def test_the_setting_that_does_better_on_dev_is_taken_and_dev_is_asked_once(club):
    calls = []
    arm = fixed_arm({"worse": "tin · ash", "better": "mug · salt", "as good": "bowl · ash"}, calls)
    pots = dataclasses.replace(POTS, items=POTS.items[:6])  # nothing to test
    setting, tried = choose(club, pots, arm)
    assert setting == "better" and [row["value"] for row in tried] == [0.0, 0.5, 0.5]
    assert choose(club, pots, arm)[0] == setting and calls == ["worse", "better", "as good"]
    assert choose(club, dataclasses.replace(pots, page="Another rule."), arm)[0] == setting and len(calls) == 6


def test_a_skill_is_learned_from_train_and_validated_on_dev(club):
    learn, validate = (
        [Example(messages(POTS, item.text, Shown(values=False)), item.answer) for item in POTS.split(split)]
        for split in ("train", "dev")
    )
    expected = train_once(club, "pots", (learn, validate), SMALL[0], 1)
    assert skill_arms.train_skill(club, POTS, SMALL[0], 1).folder == expected.folder


def test_a_row_tells_the_first_mark_from_all_marks():
    items = [POTS.items[7]] * 4
    said = [Answer(text) for text in ("bowl · salt", "bowl · ash", "mug · salt", "a bowl")]
    rows = skills.score_all(POTS, items, said, Condition("run", "parrot", None, False, None))
    answers, figures = rows[:4], rows[4:]
    assert [(row["correct"], row["em"]) for row in answers] == [(True, 1.0), (True, 0.0), (False, 0.0), (False, 0.0)]
    assert {(row["kind"], row["desk"], row["question_id"]) for row in answers} == {("mug-unseen", "pottery", "mug-8")}
    assert [row["value"] for row in figures if row["figure"] == "glaze"] == [1.0, 0.0, 1.0, 0.0]
    assert [row["value"] for row in figures if row["figure"] == "unparsable"] == [1]


@pytest.fixture(scope="module")
def contest(club):
    """Rows of every unit of the pots."""
    return {unit.name: unit.work() for unit in skills.units_of(club, POTS)}


def test_every_arm_answers_every_test_item(contest):
    rows = [row for part in contest.values() for row in part if "figure" not in row]
    check_same_questions(rows)
    assert Counter(row["system"] for row in rows) == {
        **dict.fromkeys([*PROMPTS, "tf-idf", "nearest", "majority"], 2),
        "ft": 4,
    }
    assert {row["kind"] for row in rows} == {"mug-seen", "mug-unseen"}


def test_rows_come_back_from_their_file_as_they_were(contest, tmp_path):
    rows = [row for part in contest.values() for row in part]
    write_results(tmp_path / "pots.jsonl", {"n_rows": len(rows)}, rows)
    assert read_results(tmp_path / "pots.jsonl")[1] == rows


def test_what_was_tried_stands_in_the_rows_once_an_arm(contest):
    tried = Counter(row["system"] for part in contest.values() for row in part if row.get("figure") == "right on dev")
    assert tried == {**dict.fromkeys([*PROMPTS, "tf-idf", "nearest", "ft"], 2), "majority": 1}


def test_each_seed_has_its_adapter_and_its_seconds(contest):
    tuned = [part for name, part in contest.items() if "-ft-" in name]
    digests = [{row["adapter_sha256"] for row in part if "figure" not in row} for part in tuned]
    assert all(len(digest) == 1 for digest in digests) and len(set.union(*digests)) == 2
    assert all([row["value"] > 0 for row in part if row.get("figure") == "training"] == [True] for part in tuned)
    assert {row["adapter_sha256"] for row in contest["pots-base"] if "figure" not in row} == {None}


def test_units_are_named_apart_and_depend_on_the_rule(club):
    units = skills.units_of(club, POTS)
    others = skills.units_of(club, dataclasses.replace(POTS, page="Another rule."))
    assert len({unit.name for unit in units}) == len(units) == len(PROMPTS) + 3 + 2
    assert not {repr(unit.depends_on) for unit in units} & {repr(unit.depends_on) for unit in others}
    assert len({repr(unit.depends_on) for unit in units}) == len(units)


# patients


@pytest.fixture(scope="module")
def clinic(club):
    """The real records and questions, searched by their words, read by the tiny model."""
    company = load_patients()
    chunks = {False: chunk_documents(company.documents), True: chunk_documents(company.documents_after)}
    retrieve = {after: build_retriever(parts, fakes.embed, "keyword") for after, parts in chunks.items()}
    return dataclasses.replace(club, company=company, chunks=chunks, retrieve=retrieve)


def with_few_questions(clinic: Lab) -> Lab:
    """The same clinic asked four questions, one of them about a plan that the revision changes."""
    return dataclasses.replace(clinic, company=dataclasses.replace(clinic.company, questions=clinic.company.questions[:4]))


def test_each_question_names_a_code_of_the_clinic_whose_row_answers_it(clinic):
    for question in clinic.company.questions:
        code = skill_patients.gold_code(question)
        assert code.title() in REAL["triage"].values[0]
        assert question.evidence[0].quote.lower().startswith(f"| {code}")


@pytest.mark.parametrize("after", [False, True])
def test_the_code_finds_its_row_in_the_patients_own_record(clinic, after):
    titles = {page.doc_id: page.title for page in clinic.company.documents}
    questions = clinic.company.split("test")
    wanted = [(q.evidence[0].doc_id, titles[q.evidence[0].doc_id], skill_patients.gold_code(q).title()) for q in questions]
    for question, hit in zip(questions, find_rows(clinic, wanted, after)):
        assert evidence_in_force(question, after)[0].quote in hit.chunk.text, question.question_id


def test_a_code_that_is_in_no_plan_is_looked_up_in_the_patients_record_all_the_same(clinic):
    (hit,) = find_rows(clinic, [("patient-01", "Orlan Venter", "Oak")], False)  # words of another record
    assert hit.chunk.doc_id == "patient-01"


def test_the_reader_is_chosen_on_rows_that_nobody_asks_about(clinic):
    rows, quotes = unasked_rows(clinic), {e.quote for q in clinic.company.questions for e in q.evidence}
    assert len(rows) == 80 and not {row.text for row in rows} & quotes
    few = dataclasses.replace(clinic, chunks={**clinic.chunks, False: rows[:3]})
    assert [row["item"] for row in choose_reader(few)[1]] == ["1 worked examples", "2 worked examples"]


def test_worked_examples_have_the_form_of_what_is_asked(clinic):
    (answer,) = read_plans(clinic, [("patient-01", "Juniper")], False, with_plans(2))
    assert "| Juniper (Vint) | nine drops of marl |" in answer.prompt and answer.hits[0].chunk.doc_id == "patient-01"
    assert answer.prompt.count("Question: What is ") == 3 and answer.prompt.count("'s plan for ") == 3
    assert with_plans(0)("a question", []) == with_passages("a question", [])


def test_patients_are_triaged_with_and_without_their_record(clinic, monkeypatch):
    few, searched = with_few_questions(clinic), []
    note = {
        after: lambda *asked, after=after: searched.append(after) or clinic.retrieve[after](*asked)
        for after in (False, True)
    }
    few = dataclasses.replace(few, retrieve=note)
    monkeypatch.setattr(skill_patients, "choose_reader", lambda lab: (with_plans(1), []))
    rows = [row for system, seed in (("base/rules", None), ("ft", 1)) for row in ask_patients(few, system, seed)]
    answers = [row for row in rows if "figure" not in row]
    check_same_questions(answers)
    assert searched == [False, True] * 2
    assert {row["system"] for row in answers} == {"base/rules", "base/rules+record", "ft", "ft+record"}
    for row in answers:
        shown = row["system"].endswith("+record")
        assert (row["k"], row["retrieved"]) == ((1, [row["question_id"][:10]]) if shown else (None, None))
        assert (row["adapter_sha256"] is not None) == row["system"].startswith("ft")
    assert {(row["after"], row["stale"] is not None) for row in answers} == {(False, False), (True, False), (True, True)}
    assert [row["figure"] for row in rows[-4:]] == ["code"] * 4


def ask_patients(lab: Lab, system: str, seed: int | None) -> list[dict]:
    """Triage by a rule that is short enough for the tiny model."""
    return skill_patients.triage_patients(lab, POTS, system, seed)


def test_both_steps_of_an_answer_are_paid_for():
    steps = [Answer("Oak", None, "a", 10, 2, 4, None, 0.5, 0.25), Answer("marl", ("hit",), "b", 30, 5, 4, None, 1.0, 2.0)]
    both = skill_patients.add_costs(*steps)
    assert (both.prompt_tokens, both.answer_tokens, both.prefill_s, both.decode_s) == (40, 7, 1.5, 2.25)
    assert (both.text, both.prompt, both.hits) == ("marl", "b", ("hit",))


# the house voice

GOOD = (
    "Hello Ann,\nYour boots are at the door. They left Saltmere at dawn, and the carrier was told to knock until somebody "
    "came down the stairs; the neighbor has the other parcel, which weighs $9 more than it should and smells of wax. Write "
    f"to us when both are in your hands and the laces are counted. Until then, wear what is dry.\n{SIGNATURE}"
)
SPOILED = {
    "Hello and the name": GOOD.replace("Hello Ann", "Hello Bob"),
    "45 to 80 words": GOOD.replace("and smells of wax", "and smells of wax" + " and wax" * 20),
    "signed": GOOD.replace("Warm boots", "Kind regards"),
    "no banned word": GOOD.replace("the carrier", "unfortunately the carrier"),
    "prices in $": GOOD.replace("$9", "9 dollars"),
    "we, not I": GOOD.replace("to us when", "to me when"),
    "a short first sentence": GOOD.replace("at the door.", "at the door of the house that you named."),
    "one semicolon": GOOD.replace("stairs; the", "stairs, the"),
    "neither ? nor !": GOOD.replace("of wax.", "of wax!"),
    "no contractions": GOOD.replace("Your boots are", "They're"),
    "ends on Until then": GOOD.replace("Until then, wear", "For now, wear"),
}


def test_every_reply_of_the_house_keeps_every_habit():
    for name, kept in {**STATED, **UNSTATED}.items():
        assert [letter.reply_id for letter in load_replies() if not kept(letter.reply, letter.inquiry)] == [], name


@pytest.mark.parametrize("habit", SPOILED)
def test_a_habit_is_broken_by_a_reply_that_breaks_it_and_by_no_other(habit):
    letter, habits = "Where are my boots? Thanks, ann", STATED | UNSTATED
    assert set(SPOILED) == set(habits) and all(kept(GOOD, letter) for kept in habits.values())
    assert [name for name, kept in habits.items() if not kept(SPOILED[habit], letter)] == [habit]


def test_the_body_is_what_stands_between_greeting_and_signature():
    for letter in load_replies():
        plain = letter.reply.split("\n", 1)[1].removesuffix(SIGNATURE).strip()
        assert body_of(letter.reply) == plain
        assert body_of(f"Dear customer,\n\n{plain}\n\nSincerely,\n[Your Name]\nLarkspur") == plain
    assert body_of("") == body_of("Hello Ann,") == ""
    assert (
        body_of("Hello Ann, your boots are dry and on their way to you")
        == "Hello Ann, your boots are dry and on their way to you"
    )


def test_a_judge_knows_the_house_by_its_body_alone():
    replies = [letter.reply for letter in load_replies()]
    plain = [
        f"I'm sorry to hear that! Thank you for telling me about {reply.split()[5]}. Can I help you?" for reply in replies
    ]
    judge = train_judge(replies[:60], plain[:60])
    assert min(judge(replies[60:])) > 0 > max(judge(plain[60:]))
    assert judge([wrap(plain[0], "ann")]) == judge([plain[0]])
    assert (nearer(2.0, 1.0), nearer(-2.0, -1.0), nearer(1.0, 1.0)) == (1.0, 0.0, 0.5)


def test_letters_are_each_for_one_thing():
    letters = load_letters()
    assert (len(letters.learn), len(letters.dev), len(letters.test)) == (140, 20, 40)
    assert len({letter.reply_id for part in (letters.learn, letters.dev, letters.test) for letter in part}) == 200
    assert {letter.split for letter in letters.learn + letters.dev} == {"train"}
    assert len(re.findall("^- ", letters.guides["rules"], re.M)) == 5 and letters.guides["rules"] in letters.guides[
        "page"
    ].replace("\n\n", "\n")


def letter(number: int, split: str) -> Reply:
    return Reply(f"letter-{number}", split, f"Where is mug {number}? Ann", GOOD.replace("boots", f"mug {number}"))


FEW = Letters(
    tuple(letter(number, "train") for number in range(4)), (letter(4, "train"),), (letter(5, "test"), letter(6, "test")),
    {"none": "", "page": "Say hello. And be brief.", "rules": "Say hello."},
)  # fmt: skip


@pytest.fixture(scope="module")
def written(club):
    """Rows of every arm on two letters."""
    steps = [(system, seed) for system in style_replies.TRIED for seed in ((1, 2) if system == "ft" else (None,))]
    return {step: style.reply_all(club, FEW, *step) for step in steps}


def test_every_arm_replies_to_every_letter_and_is_measured_alike(written):
    check_same_questions([row for part in written.values() for row in part if "figure" not in row])
    for (system, seed), part in written.items():
        figures = Counter(row["figure"] for row in part if (row.get("item") or "").startswith("letter"))
        names = ["stated habits", "unstated habits", "about its letter", "nearer than house"]
        names += [f"nearer than {rival}" for rival in ("base/style-prompt", "base/few-shot") if rival != system]
        assert figures == dict.fromkeys(names, 2), system
        assert {row["seed"] for row in part if "figure" not in row} == {seed}


def test_rows_of_replies_come_back_from_their_file_as_they_were(club, written, tmp_path):
    rows = [*(row for part in written.values() for row in part), *style.examine_judge(club, FEW)]
    write_results(tmp_path / "style.jsonl", {"n_rows": len(rows)}, rows)
    assert read_results(tmp_path / "style.jsonl")[1] == rows


def test_the_template_puts_two_lines_around_the_plain_reply(written):
    plain, wrapped = (
        [row["answer"] for row in written[system, None] if "figure" not in row] for system in ("base", "template")
    )
    assert wrapped == [wrap(text, "from Ann") for text in plain] and all(
        text.startswith("Hello Ann,\n") for text in wrapped
    )


def test_style_is_learned_from_letters_that_nobody_is_asked_about(club):
    learn, validate = (
        [Example(told(FEW, letter.inquiry), letter.reply) for letter in part] for part in (FEW.learn, FEW.dev)
    )
    expected = train_once(club, "style", (learn, validate), SMALL[0], 1)
    assert style_replies.train_style(club, FEW, SMALL[0], 1).folder == expected.folder


def test_settings_of_style_are_tried_on_dev_and_written_down_once(club, written):
    untested = dataclasses.replace(FEW, test=())
    assert style_replies.choose(club, untested, "ft") == style_replies.choose(club, FEW, "ft")
    tried = Counter(row["system"] for part in written.values() for row in part if row.get("figure") == "habits on dev")
    assert tried == {"base/style-prompt": 2, "base/few-shot": 2, "ft": 2}


def test_replies_are_written_once(club, written, monkeypatch):
    monkeypatch.setattr(style_replies, "generate", None)
    assert [row["answer"] for row in style.reply_all(club, FEW, "ft", 2) if "figure" not in row] == [
        row["answer"] for row in written["ft", 2] if "figure" not in row
    ]


def test_a_reply_is_about_its_letter_where_that_is_the_nearest_one(club):
    about = [f"Hello Ann,\nMug {number} is here.\n{SIGNATURE}" for number in (5, 6)]
    assert style.find_letters(club, FEW, about) == [1.0, 1.0]
    assert style.find_letters(club, FEW, about[::-1]) == [0.0, 0.0]


def test_the_judge_is_examined_on_letters_that_it_has_not_seen(club):
    figures = style.examine_judge(club, FEW)
    (accuracy,) = (row["value"] for row in figures if row["figure"] == "accuracy")
    house = [row["value"] for row in figures if row["figure"] == "nearer than base"]
    assert 0 <= accuracy <= 1 and len(house) == len(FEW.test)


def test_the_style_guide_is_shown_where_it_should_be():
    assert [FEW.guides["page"] in told(FEW, "x", Told(guide))[0]["content"] for guide in FEW.guides] == [False, True, False]
    assert [turn["content"] for turn in told(FEW, "x", Told(replies=1))[1:]] == [
        FEW.learn[0].inquiry,
        FEW.learn[0].reply,
        "x",
    ]
