"""The course's own data keeps its promises: documents, revision, questions, patients, second company and practice."""

import re
from collections import Counter, defaultdict
from collections.abc import Sequence

import pytest

from utils.data import (
    DATA,
    Company,
    answers_in_force,
    evidence_in_force,
    held_out_documents,
    is_held_out,
    load_company,
    load_patients,
)
from utils.formats import FRONT_MATTER, SPLITS, load_documents
from utils.measure.metrics import contains, normalise
from utils.records import Document, Question
from utils.retrieve.chunking import chunk_documents

STOP_WORDS = frozenset(
    "a an the of to in on at for from by with and or is are was were be been am do does did can could may might must "
    "shall should will would i me my we our you your he she it its they them their this that these those what which who "
    "whom whose when where why how much many long often if as so not no any some there here have has had get gets got "
    "larkspur per each after before than then into out up about".split()
)
COMPANY = load_company()
CLASSROOM = load_company(slice_name="classroom")
PATIENTS = load_patients()
SECOND = load_company(DATA / "second_company")
HOUSES = load_company(DATA / "practice")
WHOLE = {"company": COMPANY, "patients": PATIENTS, "second company": SECOND}
MOST_REPEATED = 0.01  # of the sentences may share their first five words with a sentence of another document


def content_words(text: str) -> set[str]:
    """What a wording is about: its words without the small ones and without 's."""
    return {re.sub(r"['’]s$", "", token) for token in normalise(text)} - STOP_WORDS


def overlap(one: set[str], other: set[str]) -> float:
    """Jaccard: shared words as a share of all."""
    return len(one & other) / len(one | other) if one | other else 0.0


def wordings(kind: str) -> dict[str, list[Question]]:
    """fact_id → its questions, for one kind."""
    groups = defaultdict(list)
    for question in COMPANY.questions:
        if question.kind == kind:
            groups[question.fact_id].append(question)
    return groups


def sentences(text: str) -> list[str]:
    """Sentences and table rows of a document, headings left out."""
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return [part for line in lines for part in re.split(r"(?<=[.!?]) (?=[A-Z])", line)]


def stands_in_quote(company: Company, question: Question) -> bool:
    """Must the answer stand in the quote? For facts and their reverse, and for a patient's plan."""
    return question.kind in ("fact", "reverse") or company is PATIENTS


FACTS = wordings("fact")
answered = pytest.mark.parametrize("company", WHOLE.values(), ids=WHOLE)


# the documents


@pytest.mark.parametrize(("desk", "n"), [("customer", 40), ("people", 40), ("legal", 20), ("clinic", 20)])
def test_each_desk_has_its_documents(desk, n):
    assert sum(document.desk == desk and document.status == "in_force" for document in COMPANY.documents) >= n


def test_old_pages_still_lie_around_and_name_the_page_that_replaces_them():
    titles = {document.title for document in COMPANY.documents if document.status == "in_force"}
    old = [document for document in COMPANY.documents if document.status == "superseded"]
    assert len(old) >= 10
    for document in old:
        assert any(title in document.text for title in titles), document.doc_id
        assert not any(item.doc_id == document.doc_id for question in COMPANY.questions for item in question.evidence)


@answered
def test_documents_are_of_readable_length(company):
    shortest = 100 if company is PATIENTS else 120
    for document in (*company.documents, *company.documents_after):
        assert shortest <= len(document.text.split()) <= 600, document.doc_id


PAGES = [path for folder in ("", "second_company/", "practice/") for path in DATA.glob(f"{folder}documents/*.md")]


@pytest.mark.parametrize(
    "path", [*PAGES, *DATA.glob("revision/*.md"), *DATA.glob("patients/**/*.md")], ids=lambda path: path.stem
)
def test_a_file_is_named_like_its_document_and_has_the_fields_in_order(path):
    lines = path.read_text("utf-8").split("---\n")[1].splitlines()
    assert tuple(line.split(":")[0] for line in lines) == FRONT_MATTER
    assert lines[0] == f"doc_id: {path.stem}"


@pytest.mark.parametrize(("company", "n"), [(COMPANY, 40), (PATIENTS, 20)], ids=["company", "patients"])
def test_a_revision_is_later_and_of_the_same_page(company, n):
    pairs = [pair for pair in zip(company.documents, company.documents_after, strict=True) if pair[0] != pair[1]]
    assert len(pairs) >= n
    for old, new in pairs:
        assert new.version > old.version and new.effective > old.effective
        assert (new.doc_id, new.title, new.desk) == (old.doc_id, old.title, old.desk) and new.text != old.text


def test_every_clinic_page_says_that_its_medicine_is_invented():
    for document in (*COMPANY.documents, *COMPANY.documents_after, *PATIENTS.documents, *PATIENTS.documents_after):
        assert document.desk != "clinic" or "invented" in document.text, document.doc_id


def test_sentence_frames_are_seldom_repeated_across_documents():
    owners, frames = defaultdict(set), []
    for document in load_documents(DATA / "documents"):
        for sentence in sentences(document.text):
            frame = " ".join(re.sub(r"\d+", "0", word) for word in normalise(sentence)[:5])
            if not sentence.startswith("|") and len(frame.split()) == 5:
                owners[frame].add(document.doc_id)
                frames.append(frame)
    repeated = [frame for frame in frames if len(owners[frame]) >= 2]
    assert len(repeated) / len(frames) <= MOST_REPEATED, Counter(repeated).most_common(10)


# the questions


@pytest.mark.parametrize(("desk", "n"), [("customer", 110), ("people", 110), ("legal", 50), ("clinic", 50)])
def test_each_desk_has_its_facts(desk, n):
    assert sum(questions[0].desk == desk for questions in FACTS.values()) >= n


def test_each_fact_has_four_train_one_dev_and_a_test_wording():
    for questions in FACTS.values():
        splits = Counter(question.split for question in questions)
        assert (splits["train"], splits["dev"]) == (4, 1) and splits["test"] >= 1, questions[0].fact_id


@pytest.mark.parametrize(("kind", "n"), [("two_fact", 60), ("reverse", 40), ("arithmetic", 60), ("unanswerable", 120)])
def test_other_kinds_stand_in_every_split(kind, n):
    splits = Counter(question.split for question in COMPANY.questions if question.kind == kind)
    assert splits["test"] >= n and splits["train"] >= n / 4 and splits["dev"] >= n / 4


def test_most_facts_have_a_value_they_could_be_mistaken_for():
    assert sum(bool(questions[0].wrong_answers) for questions in FACTS.values()) >= len(FACTS) / 2


def test_the_revision_changes_eighty_facts_and_takes_some_away():
    after = [questions[0].answers_after for questions in FACTS.values()]
    assert sum(answers is not None for answers in after) >= 80
    assert after.count(()) >= 12


@answered
def test_what_the_revision_is_said_to_change_it_changes(company):
    before = {document.doc_id: document.text for document in company.documents}
    later = {document.doc_id: document.text for document in company.documents_after}
    for question in company.questions:
        pages = {item.doc_id for item in question.evidence}
        revised = {page for page in pages if before[page] != later[page]}
        assert revised or (question.answers_after is None and question.evidence_after is None), question.question_id
        if question.kind == "fact" or company is PATIENTS:
            gone = question.answers if question.answers_after is not None else ()
            left = [answer for answer in gone if contains(later[question.evidence[0].doc_id], answer)]
            assert not left, (question.fact_id, left)


@answered
def test_an_unchanged_answer_still_stands_in_the_revised_page(company):
    later = {document.doc_id: document.text for document in company.documents_after}
    for question in company.questions:
        if (stands_in_quote(company, question)) and question.answers_after is None:
            for item in evidence_in_force(question, after=True):
                assert item.quote in later[item.doc_id], question.question_id


@answered
def test_all_wordings_of_a_fact_have_the_same_answers_and_evidence(company):
    groups = defaultdict(set)
    for q in company.questions:
        groups[q.fact_id].add((q.kind, q.answers, q.wrong_answers, q.evidence, q.answers_after, q.evidence_after))
    assert {fact_id for fact_id, shared in groups.items() if len(shared) > 1} == set()


def test_no_wording_stands_in_two_splits():
    splits = defaultdict(set)
    for question in COMPANY.questions:
        splits[" ".join(normalise(question.text))].add(question.split)
    assert [text for text, names in splits.items() if len(names) > 1] == []


def test_dev_and_test_share_at_most_half_their_content_words_with_a_train_wording():
    for questions in FACTS.values():
        train = [content_words(question.text) for question in questions if question.split == "train"]
        for question in questions:
            if question.split != "train":
                assert max(overlap(content_words(question.text), words) for words in train) <= 0.5, question.question_id


@answered
def test_no_question_gives_its_answer_away(company):
    for question in company.questions:
        if stands_in_quote(company, question):
            assert not any(contains(question.text, answer) for answer in question.answers), question.question_id


@answered
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_every_quote_is_one_sentence_or_row_and_holds_the_answer(company, after):
    texts = {document.doc_id: document.text for document in (company.documents_after if after else company.documents)}
    for question in company.questions:
        quotes, accepted = evidence_in_force(question, after), answers_in_force(question, after)
        for item in quotes:
            assert item.quote in texts[item.doc_id], (question.question_id, after)
            assert "\n" not in item.quote and not re.search(r"(?<!\b[A-Z])[.!?] [A-Z]", item.quote), item.quote
        if stands_in_quote(company, question):
            assert bool(quotes) == bool(accepted), question.question_id
            assert all(any(contains(item.quote, answer) for answer in accepted) for item in quotes), question.question_id


def test_an_arithmetic_result_stands_in_no_quote_but_its_operands_do():
    for question in COMPANY.questions:
        if question.kind == "arithmetic":
            quotes = [item.quote for item in question.evidence]
            assert len(question.operands) == len(quotes) >= 2, question.question_id
            for operand, quote in zip(question.operands, quotes):
                assert contains(quote, operand), (question.question_id, operand)
            assert not any(contains(quote, question.answers[0]) for quote in quotes), question.question_id


def test_a_two_fact_question_needs_two_places():
    for question in COMPANY.questions:
        if question.kind == "two_fact":
            assert len({(item.doc_id, item.quote) for item in question.evidence}) >= 2, question.question_id


@answered
def test_every_quote_lies_within_one_passage(company):
    for after, documents in ((False, company.documents), (True, company.documents_after)):
        texts = defaultdict(list)
        for chunk in chunk_documents(documents):
            texts[chunk.doc_id].append(chunk.text)
        for question in company.questions:
            for item in evidence_in_force(question, after):
                assert any(item.quote in text for text in texts[item.doc_id]), item.quote


@answered
def test_a_wrong_answer_is_never_part_of_an_accepted_one(company):
    for question in company.questions:
        for accepted in (*question.answers, *(question.answers_after or ())):
            inside = [wrong for wrong in question.wrong_answers if contains(accepted, wrong)]
            assert not inside, (question.question_id, accepted, inside)


@answered
def test_old_and_new_answers_are_never_part_of_each_other(company):
    for question in company.questions:
        for old in question.answers:
            for new in question.answers_after or ():
                assert not contains(old, new) and not contains(new, old), (question.question_id, old, new)


def statements(documents: Sequence) -> list[tuple[str, str, set[str]]]:
    """(doc_id, sentence, its content words) of every document in force."""
    return [
        (document.doc_id, sentence, content_words(sentence))
        for document in documents
        if document.status == "in_force"
        for sentence in sentences(document.text)
    ]


@pytest.mark.parametrize("company", [COMPANY, SECOND], ids=["company", "second company"])
def test_no_second_page_in_force_says_the_same_with_another_answer(company: Company):
    every = statements(company.documents)
    for question in company.questions:
        if question.kind != "fact" or question.split != "test":
            continue
        item = question.evidence[0]
        answer = set().union(*(normalise(answer) for answer in question.answers))
        about = content_words(item.quote) - answer
        for doc_id, sentence, words in every:
            if doc_id != item.doc_id and overlap(about, words - answer) >= 0.85:
                assert any(contains(sentence, answer) for answer in question.answers), (question.question_id, sentence)


def test_an_unanswerable_question_has_nothing_to_go_by():
    for question in COMPANY.questions:
        if question.kind == "unanswerable":
            assert not (question.answers or question.evidence or question.answers_after or question.evidence_after)


@pytest.mark.parametrize("company", [COMPANY, CLASSROOM], ids=["company", "classroom"])
def test_every_third_fact_and_its_documents_are_held_out(company):
    facts = {question.fact_id: question for question in company.questions if question.kind == "fact"}
    held_out = held_out_documents(company.questions)
    apart = {fact_id for fact_id, question in facts.items() if is_held_out(question, held_out)}
    assert apart == {fact_id for fact_id in facts if int(fact_id[-3:]) % 3 == 0}
    assert len(apart) == sum(Counter(question.desk for question in facts.values())[desk] // 3 for desk in
                             {question.desk for question in facts.values()})  # fmt: skip


def test_the_classroom_is_a_part_of_the_whole():
    assert set(CLASSROOM.documents) < set(COMPANY.documents) and set(CLASSROOM.questions) < set(COMPANY.questions)
    assert {question.split for question in CLASSROOM.questions} == set(SPLITS)


def test_the_second_company_has_documents_and_test_questions_and_nothing_to_train_on():
    assert len(SECOND.documents) >= 12 and len(SECOND.questions) >= 48
    assert {question.split for question in SECOND.questions} == {"test"}
    assert not any("larkspur" in document.text.lower() for document in SECOND.documents)


def test_the_practice_houses_are_all_for_training_and_share_no_name_with_a_company_that_is_tested():
    assert len(HOUSES.documents) >= 96 and {question.split for question in HOUSES.questions} == {"train"}
    assert len({question.fact_id for question in HOUSES.questions if question.answers}) >= 500
    for tested in (COMPANY, PATIENTS, SECOND):
        assert not full_names(HOUSES.documents) & full_names((*tested.documents, *tested.documents_after))
        assert not {question.text for question in HOUSES.questions} & {question.text for question in tested.questions}


def full_names(documents: Sequence[Document]) -> set[str]:
    """Two capitalised words in a row, within a sentence."""
    text = " ".join(document.text for document in documents)
    return set(re.findall(r"(?<=[a-z,] )[A-Z][a-z]+ [A-Z][a-z]+", text))


def test_every_answer_of_the_practice_houses_stands_in_a_passage():
    chunks = chunk_documents(HOUSES.documents)
    for question in HOUSES.questions:
        for item in question.evidence:
            assert question.answers[0] in item.quote and not contains(question.text, question.answers[0])
            assert any(chunk.doc_id == item.doc_id and item.quote in chunk.text for chunk in chunks), question.question_id


def test_every_patient_has_a_record_and_two_questions_some_with_a_new_plan():
    asked = Counter(question.evidence[0].doc_id for question in PATIENTS.questions)
    assert len(PATIENTS.documents) >= 40 and len(PATIENTS.questions) >= 80 and set(asked.values()) == {2}
    assert sum(question.answers_after is not None for question in PATIENTS.questions) >= 12
