"""Skill sets, canaries and attacks keep their promises: balanced, by the written rule, not solved by counting words."""

import re
from collections import Counter

import pytest
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from utils.data import DATA, load_company
from utils.experiments.style_voice import STATED, UNSTATED
from utils.formats import load_documents
from utils.measure.metrics import contains
from utils.skills import load_attacks, load_canaries, load_clauses, load_features, load_notes, load_replies

CLAUSES, NOTES, REPLIES = load_clauses(), load_notes(), load_replies()
HABITS = STATED | UNSTATED
PAGES = {page.doc_id: page for page in load_documents(DATA / "documents")}
RULE, TRIAGE = PAGES["legal-clause-review"].text, PAGES["clinic-triage"].text


def table_rows(text: str) -> list[list[str]]:
    """The cells of a document's table, without head and rule."""
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line.startswith("|")]
    return rows[2:]


def split(items: list, name: str) -> list:
    return [item for item in items if item.split == name]


@pytest.mark.parametrize(
    ("items", "counts"), [(CLAUSES, (300, 60, 150)), (NOTES, (240, 40, 120)), (REPLIES, (160, 0, 40))],
    ids=["clauses", "notes", "replies"],
)  # fmt: skip
def test_there_are_enough_of_each_split(items, counts):
    found = Counter(item.split for item in items)
    assert all(found[name] >= n for name, n in zip(("train", "dev", "test"), counts))


@pytest.mark.parametrize(
    ("items", "field"), [(CLAUSES, "label"), (CLAUSES, "risk"), (CLAUSES, "action"), (NOTES, "code"), (NOTES, "urgency")]
)
def test_no_class_is_a_safe_guess(items, field):
    for name in ("train", "dev", "test"):
        values = Counter(getattr(item, field) for item in split(items, name))
        assert max(values.values()) / sum(values.values()) <= 0.35 + 1e-9, (name, values)


@pytest.mark.parametrize(
    ("items", "field"), [(CLAUSES, "label"), (NOTES, "code")], ids=["clauses", "notes"]
)  # fmt: skip
@pytest.mark.parametrize("ngrams", [(1, 1), (1, 2)], ids=["words", "pairs of words"])
def test_a_bag_of_words_does_not_solve_it(items, field, ngrams):
    train, test = split(items, "train"), split(items, "test")
    model = make_pipeline(TfidfVectorizer(ngram_range=ngrams), LogisticRegression(C=10, max_iter=2000))
    model.fit([item.text for item in train], [getattr(item, field) for item in train])
    right = model.score([item.text for item in test], [getattr(item, field) for item in test])
    assert 2 / len({getattr(item, field) for item in items}) <= right <= 0.75  # the words do carry the subject


def test_labels_are_a_subject_and_a_side_and_codes_those_of_the_page():
    subjects = ("ending", "price", "indemnity", "audit", "exclusive", "designs")
    assert {clause.label for clause in CLAUSES} == {f"{s}-for-{side}" for s in subjects for side in ("us", "supplier")}
    assert all(f"**{subject}**" in RULE for subject in subjects)
    assert {note.code for note in NOTES} == {row[2] for row in table_rows(TRIAGE)}
    assert 12 <= len({note.code for note in NOTES}) <= 16


def test_the_action_follows_from_label_and_risk_as_the_page_says():
    phrases = {row[2] for row in table_rows(RULE)}
    assert {clause.action for clause in CLAUSES} == phrases
    for clause in CLAUSES:
        fitting = [row for row in table_rows(RULE) if row[0] == clause.risk]
        if clause.risk == "medium":
            side = "for us" if clause.label.endswith("-us") else "for the supplier"
            fitting = [row for row in fitting if row[1] == side]
        assert clause.action in [row[2] for row in fitting], clause.clause_id


FEATURES = {item.item_id: frozenset(item.features) for item in load_features()}
STEPS = {"no way back": 1, "no ceiling": 1, "safety valve": -1, "both sides": 1, "within the hour": 1, "eased by rest": -2}


def step_up(start: int, features: frozenset[str]) -> int:
    """Both pages: start, add the steps of the features together, and only then stop at either end of the ladder."""
    return min(2, max(0, start + sum(STEPS[feature] for feature in features)))


def test_risk_and_urgency_follow_from_the_features_as_the_pages_say():
    for clause in CLAUSES:
        rung = step_up(0 if clause.label.endswith("-us") else 1, FEATURES[clause.clause_id])
        assert clause.risk == ("low", "medium", "high")[rung], clause.clause_id
        if clause.risk == "high":
            no_way_back = "no way back" in FEATURES[clause.clause_id]
            assert clause.action == ("Send back with our wording." if no_way_back else "Escalate before signing.")
    for note in NOTES:
        rung = step_up(1, FEATURES[note.note_id])
        assert note.urgency == ("routine", "within three days", "same day")[rung], note.note_id


def test_every_feature_stands_on_its_page():
    assert all(f"**{name}.**" in RULE.lower() for name in ("no way back", "no ceiling", "safety valve"))
    assert all(words in TRIAGE for words in ("both sides", "within the hour", "rest eased"))


@pytest.mark.parametrize(("items", "field", "key"), [(CLAUSES, "label", "clause_id"), (NOTES, "code", "note_id")])
def test_a_third_of_the_test_items_need_a_combination_never_seen_in_train(items, field, key):
    def combination(item):
        return getattr(item, field), FEATURES[getattr(item, key)]

    train, test = ([combination(item) for item in split(items, name)] for name in ("train", "test"))
    assert sum(one not in train for one in test) >= len(test) / 3
    assert {features for _, features in test} <= {features for _, features in train}  # each set of features alone is known


def test_a_note_names_both_signs_of_its_code():
    signs = {row[2]: (row[0].split()[-1], row[1].split()[-1]) for row in table_rows(TRIAGE)}
    for note in NOTES:
        assert all(sign in note.text.lower() for sign in signs[note.code]), (note.note_id, note.text)


def test_no_text_stands_in_two_splits_or_frames():
    for items in (CLAUSES, NOTES):
        texts = Counter(re.sub(r"\W+", " ", item.text.lower()) for item in items)
        assert max(texts.values()) == 1
        starts = Counter(" ".join(item.text.lower().split()[:5]) for item in items)
        assert starts.most_common(1)[0][1] <= 5, starts.most_common(3)


# the house voice


@pytest.mark.parametrize("habit", HABITS)
def test_every_reply_keeps_the_habits_of_the_house(habit):
    broken = [item.reply_id for item in REPLIES if not HABITS[habit](item.reply, item.inquiry)]
    assert broken == []


def test_the_style_guide_states_half_of_the_habits_only():
    guide = PAGES["customer-style-guide"].text.lower()
    assert all(word in guide for word in ("hello", "45", "80", "warm boots", "unfortunately", "inconvenience"))
    assert not any(word in guide for word in ("semicolon", "until then", "contraction", "weather", "question mark"))


# canaries and attacks


def test_each_secret_stands_in_its_private_page_once_and_nowhere_else():
    canaries = load_canaries()
    assert len(canaries) >= 12 and len({canary.doc_id for canary in canaries}) == len(canaries)
    for canary in canaries:
        page = PAGES[canary.doc_id]
        assert page.status == "private" and page.text.count(canary.secret) == 1
        assert canary.sentence in page.text and canary.secret in canary.sentence
        assert not any(canary.secret in other.text for other in PAGES.values() if other is not page)
        assert not any(decoy in other.text for decoy in canary.decoys for other in PAGES.values())


def shape(secret: str) -> str:
    """The form of a secret: letters to one mark, digits to as many others."""
    return re.sub(r"[^\W\d]+", "w", re.sub(r"\d", "0", secret))


def test_each_secret_has_99_decoys_of_the_same_form():
    for canary in load_canaries():
        assert len(set(canary.decoys) - {canary.secret}) == 99
        assert {shape(decoy) for decoy in canary.decoys} == {shape(canary.secret)}, canary.canary_id


def test_private_and_poisoned_pages_stay_out_of_the_search():
    searched = {page.doc_id for page in load_company().documents}
    assert all((page.status in ("private", "poisoned")) == (name not in searched) for name, page in PAGES.items())


def test_attacks_come_in_five_kinds_and_aim_at_facts_that_hold():
    attacks = [attack for attack in load_attacks() if not attack.harmless]
    facts = {question.fact_id: question for question in load_company().questions}
    kinds = Counter(attack.attack for attack in attacks)
    assert set(kinds) == {"instruction", "delimiter", "false_fact", "ranker_bait", "citation"}
    assert len(attacks) >= 20 and min(kinds.values()) >= 4
    for attack in attacks:
        page, fact = PAGES[attack.doc_id], facts[attack.target]
        assert page.status == "poisoned" and attack.payload in page.text, attack.doc_id
        assert fact.answers_after is None
        assert not any(contains(attack.payload, answer) for answer in fact.answers), attack.doc_id


def test_harmless_lookalikes_are_pages_in_force_that_answer_no_question():
    harmless = [attack for attack in load_attacks() if attack.harmless]
    evidence = {item.doc_id for question in load_company().questions for item in question.evidence}
    assert len(harmless) >= 10
    assert all(PAGES[attack.doc_id].status == "in_force" and attack.doc_id not in evidence for attack in harmless)
