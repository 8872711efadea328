"""The course's own data keeps its promises, and data that doesn't is refused by name, with the way out."""

import json
import re
from collections import Counter, defaultdict
from pathlib import Path

import pytest
from fakes import DOCUMENTS, document_text, question_records, write_company

from utils.data import (
    DATA,
    FRONT_MATTER,
    answers_in_force,
    evidence_in_force,
    held_out_documents,
    is_held_out,
    load_company,
    load_documents,
)
from utils.measure.metrics import contains, normalise
from utils.retrieve.chunking import chunk_documents

STOP_WORDS = frozenset(
    "a an the of to in on at for from by with and or is are was were be been am do does did can could may might must "
    "shall should will would i me my we our you your he she it its they them their this that these those what which who "
    "whom whose when where why how much many long often if as so not no any some there here have has had get gets got "
    "larkspur per each after before than then into out up about".split()
)


def content_words(text: str) -> set[str]:
    """What a wording is about: its words without the small ones and without 's."""
    return {re.sub(r"['’]s$", "", token) for token in normalise(text)} - STOP_WORDS


def overlap(one: str, other: str) -> float:
    """Jaccard: shared content words as a share of all."""
    one, other = content_words(one), content_words(other)
    return len(one & other) / len(one | other)


@pytest.fixture(scope="module")
def ours():
    return load_company()


@pytest.fixture(scope="module")
def facts(ours):
    """fact_id → its questions, for everything that has an answer."""
    groups = defaultdict(list)
    for question in ours.questions:
        if question.answers:
            groups[question.fact_id].append(question)
    return groups


# the documents


def test_there_are_at_least_twenty_documents_of_readable_length(ours):
    assert len(ours.documents) >= 20
    for document in (*ours.documents, *ours.documents_after):
        assert 120 <= len(document.text.split()) <= 600, document.doc_id


@pytest.mark.parametrize("path", [*DATA.glob("documents/*.md"), *DATA.glob("revision/*.md")], ids=lambda path: path.stem)
def test_a_file_is_named_like_its_document_and_has_the_fields_in_order(path):
    lines = path.read_text("utf-8").split("---\n")[1].splitlines()
    assert tuple(line.split(":")[0] for line in lines) == FRONT_MATTER
    assert lines[0] == f"doc_id: {path.stem}"


def test_a_revision_is_later_and_of_the_same_page(ours):
    before = {document.doc_id: document for document in ours.documents}
    revised = load_documents(DATA / "revision")
    assert revised
    for document in revised:
        old = before[document.doc_id]
        assert document.version > old.version and document.effective > old.effective
        assert (document.title, document.desk) == (old.title, old.desk) and document.text != old.text


# the questions


def test_there_are_enough_facts_each_in_four_train_one_dev_and_two_test_wordings(facts):
    kinds = [questions for questions in facts.values() if questions[0].kind == "fact"]
    assert len(kinds) >= 48
    for questions in kinds:
        assert Counter(question.split for question in questions) == {"train": 4, "dev": 1, "test": 2}


def test_unanswerable_questions_stand_in_every_split(ours):
    splits = Counter(question.split for question in ours.questions if question.kind == "unanswerable")
    assert sum(splits.values()) >= 24 and set(splits) == {"train", "dev", "test"}


def test_the_revision_changes_half_the_facts_and_takes_some_away(facts):
    after = [questions[0].answers_after for questions in facts.values()]
    assert sum(answers is not None for answers in after) >= 24
    assert after.count(()) >= 3
    for questions in facts.values():
        assert not set(questions[0].answers) & set(questions[0].answers_after or ()), questions[0].fact_id


def test_all_wordings_of_a_fact_have_the_same_answers_and_evidence(facts):
    for questions in facts.values():
        shared = {(q.kind, q.answers, q.wrong_answers, q.evidence, q.answers_after, q.evidence_after) for q in questions}
        assert len(shared) == 1, questions[0].fact_id


def test_no_wording_stands_in_two_splits(ours):
    splits = defaultdict(set)
    for question in ours.questions:
        splits[" ".join(normalise(question.text))].add(question.split)
    assert [text for text, names in splits.items() if len(names) > 1] == []


def test_dev_and_test_share_at_most_half_their_content_words_with_a_train_wording(facts):
    for questions in facts.values():
        train = [question.text for question in questions if question.split == "train"]
        for question in questions:
            if question.split != "train":
                assert max(overlap(question.text, text) for text in train) <= 0.5, question.question_id


def test_no_question_gives_its_answer_away(facts):
    for question in sum(facts.values(), []):
        assert not any(contains(question.text, answer) for answer in question.answers), question.question_id


def test_every_quote_is_one_sentence_or_row_and_holds_an_accepted_answer(ours, facts):
    for after, documents in ((False, ours.documents), (True, ours.documents_after)):
        texts = {document.doc_id: document.text for document in documents}
        for questions in facts.values():
            question = questions[0]
            quotes = evidence_in_force(question, after)
            for item in quotes:
                assert item.quote in texts[item.doc_id], (question.fact_id, after)
                assert "\n" not in item.quote and not re.search(r"[.!?] [A-Z]", item.quote), item.quote
            accepted = answers_in_force(question, after)
            if question.kind == "fact":
                assert bool(quotes) == bool(accepted), question.fact_id
                assert all(any(contains(item.quote, answer) for answer in accepted) for item in quotes), question.fact_id


def test_every_quote_lies_within_one_passage(ours, facts):
    for after, documents in ((False, ours.documents), (True, ours.documents_after)):
        chunks = chunk_documents(documents)
        for questions in facts.values():
            for item in evidence_in_force(questions[0], after):
                assert any(c.doc_id == item.doc_id and item.quote in c.text for c in chunks), item.quote


def test_a_wrong_answer_is_never_part_of_an_accepted_one(facts):
    for questions in facts.values():
        question = questions[0]
        for accepted in (*question.answers, *(question.answers_after or ())):
            inside = [wrong for wrong in question.wrong_answers if contains(accepted, wrong)]
            assert not inside, (question.fact_id, accepted, inside)


def test_old_and_new_answers_are_never_part_of_each_other(facts):
    for questions in facts.values():
        for old in questions[0].answers:
            for new in questions[0].answers_after or ():
                assert not contains(old, new) and not contains(new, old), (questions[0].fact_id, old, new)


def test_the_old_answer_is_gone_from_the_revised_document(ours, facts):
    texts = {document.doc_id: document.text for document in ours.documents_after}
    for questions in facts.values():
        question = questions[0]
        if question.answers_after is not None:
            left = [answer for answer in question.answers if contains(texts[question.evidence[0].doc_id], answer)]
            assert not left, (question.fact_id, left)


def test_an_unanswerable_question_has_nothing_to_go_by(ours):
    for question in ours.questions:
        if question.kind == "unanswerable":
            assert not (question.answers or question.evidence or question.answers_after or question.evidence_after)


def test_every_third_fact_and_its_documents_are_held_out(ours, facts):
    held_out = held_out_documents(ours.questions)
    apart = {fact_id for fact_id, questions in facts.items() if is_held_out(questions[0], held_out)}
    assert {fact_id for fact_id in facts if int(fact_id[-3:]) % 3 == 0} <= apart
    assert len(held_out) * 3 == len(ours.documents) and len(apart) * 3 == len(facts)


def test_the_hashes_follow_the_contents_and_not_the_line_ends(tmp_path):
    folder = write_company(tmp_path / "club")
    before = load_company(folder).sha256
    path = folder / "documents" / "pottery-kiln.md"
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert load_company(folder).sha256 == before
    path.write_text(path.read_text("utf-8") + "One more line.\n", encoding="utf-8", newline="\n")
    after = load_company(folder).sha256
    assert [name for name in before if before[name] != after[name]] == ["documents"]


# bad input: each entry damages the pottery club in one way; then what the message must say, the file first

club = pytest.fixture(lambda tmp_path: write_company(tmp_path / "club"))


def replace(name, old, new):
    def damage(folder: Path) -> None:
        text = (folder / name).read_text("utf-8")
        assert old in text
        (folder / name).write_text(text.replace(old, new, 1), encoding="utf-8")

    return damage


def put(name, content):
    return lambda folder: (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())


def change(**fields):
    """Give the first question other fields; None stands for a field that is left out."""

    def damage(folder: Path) -> None:
        first, *others = question_records()
        first = {key: value for key, value in {**first, **fields}.items() if key not in fields or value is not None}
        put("questions.jsonl", "\n".join(json.dumps(record) for record in (first, *others)))(folder)

    return damage


def empty(folder: Path) -> None:
    for path in (folder / "documents").iterdir():
        path.unlink()


def remove(folder: Path) -> None:
    empty(folder)
    (folder / "documents").rmdir()


KILN, LINE = "documents/pottery-kiln.md", "questions.jsonl, line 1"
BAD_INPUT = {
    "no document folder": (remove, "documents is not a folder: give"),
    "an empty document folder": (empty, "documents holds no .md document: put"),
    "no front matter": (put(KILN, DOCUMENTS["pottery-kiln"]), "kiln.md has no front matter: start it"),
    "front matter without an end": (put(KILN, "---\ndoc_id: a\n"), "kiln.md has no front matter: start it"),
    "broken YAML": (replace(KILN, "title: ", "title: [:"), "kiln.md has broken front matter: ", "line "),
    "front matter that is a list": (put(KILN, "---\n- a\n---\ntext\n"), "kiln.md lacks doc_id, title"),
    "a missing key": (replace(KILN, "effective: 2021-01-01\n", ""), "kiln.md lacks effective"),
    "an empty key": (replace(KILN, "Using the kiln", ""), "kiln.md lacks title"),
    "an unknown status": (replace(KILN, "in_force", "valid"), "kiln.md has status 'valid': use one of in_force"),
    "a version that is no number": (replace(KILN, "version: 1", "version: one"), "kiln.md has version 'one': use a"),
    "no text": (put(KILN, document_text("pottery-kiln", "# K").replace("# K", "")), "kiln.md", "write the document"),
    "text that is not UTF-8": (put(KILN, b"---\nCaf\xe9"), "kiln.md is not UTF-8 (byte 7): save it again"),
    "two documents with one id": (
        put("documents/z.md", document_text("pottery-kiln", "# Z")), "z.md", "pottery-kiln.md both say", "rename one",
    ),
    "an older revision": (replace("revision/pottery-kiln.md", "version: 2", "version: 1"), "pottery-kiln", "must be later"),
    "a revision of nothing": (put("revision/x.md", document_text("x", "# X")), "revision/x.md", "check its doc_id"),
    "no questions file": (lambda folder: (folder / "questions.jsonl").unlink(), "questions.jsonl is missing: restore"),
    "no questions": (put("questions.jsonl", ""), "questions.jsonl holds no question"),
    "a line that is no JSON": (put("questions.jsonl", '{"question_id": '), LINE, "is not JSON", "mend or restore"),
    "a missing field": (change(evidence=None), LINE, "lacks the field 'evidence'"),
    "answers that are a text": (change(answers="Thursdays"), LINE, "lists: write"),
    "evidence of another form": (change(evidence=["Thursdays"]), LINE, "evidence is a list of {doc_id, quote}"),
    "an unknown kind": (change(kind="riddle"), LINE, "kind 'riddle'", "'two_fact'"),
    "an unknown split": (change(split="exam"), LINE, "split 'exam'", "'dev'"),
    "an empty question": (change(text=" \n"), LINE, "pottery-001-r1 has no text"),
    "a fact without an answer": (change(answers=[]), LINE, "needs answers, or the kind 'unanswerable'"),
    "an unanswerable with one": (change(kind="unanswerable"), LINE, "needs answers, or the kind 'unanswerable' and none"),
    "one question_id twice": (change(question_id="pottery-002-r1"), "questions.jsonl", "pottery-002-r1 twice: rename one"),
    "an unknown document": (change(evidence=[{"doc_id": "x", "quote": "y"}]), "questions.jsonl", "'x', which isn't there"),
    "a quote that isn't there": (
        change(evidence=[{"doc_id": "pottery-kiln", "quote": "on Fridays"}]), "questions.jsonl", "isn't in pottery-kiln.md",
    ),
    "a quote that the revision lacks": (
        change(evidence_after=[{"doc_id": "pottery-kiln", "quote": "on Thursdays"}]), "questions.jsonl", "'on Thursdays'",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD_INPUT)
def test_bad_input_is_named_with_the_way_out(club, name):
    damage, *words = BAD_INPUT[name]
    damage(club)
    with pytest.raises(ValueError) as caught:
        load_company(club)
    for word in words:
        assert word in str(caught.value)


def test_a_fact_without_a_number_cannot_be_held_out(club):
    change(fact_id="pottery-kiln")(club)
    with pytest.raises(ValueError, match="pottery-001-r1 has fact_id 'pottery-kiln': end it in a number"):
        held_out_documents(load_company(club).questions)


@pytest.mark.parametrize("spoil", [lambda b: b"\xef\xbb\xbf" + b, lambda b: b.replace(b"\n", b"\r\n")], ids=["BOM", "CRLF"])
def test_what_windows_editors_do_to_a_document_changes_nothing(club, spoil):
    before = load_company(club)
    for path in club.glob("*/*.md"):
        path.write_bytes(spoil(path.read_bytes()))
    after = load_company(club)
    assert (after.documents, after.documents_after) == (before.documents, before.documents_after)


def test_files_beside_the_documents_are_left_alone(club):
    before = load_company(club)
    put("documents/notes.txt", b"\xff\xfe")(club)
    put("documents/.pottery-kiln.md.4711", "half a docu")(club)  # as a killed write leaves it
    assert load_company(club) == before


def test_a_company_without_a_revision_stays_as_it_is(club):
    records = [{**record, "answers_after": None, "evidence_after": None} for record in question_records()]
    put("questions.jsonl", "\n".join(map(json.dumps, records)))(club)
    for path in (club / "revision").iterdir():
        path.unlink()
    (club / "revision").rmdir()
    company = load_company(club)
    assert company.documents_after == company.documents


def test_the_revision_decides_which_answer_and_evidence_hold(club):
    questions = {question.fact_id: question for question in load_company(club).questions}
    changed, same, gone = (questions[f"pottery-00{number}"] for number in (1, 3, 4))
    assert (answers_in_force(changed, False), answers_in_force(changed, True)) == (("Thursdays",), ("Saturdays",))
    assert evidence_in_force(changed, True)[0].quote == "The large kiln is fired on Saturdays."
    assert answers_in_force(same, True) == ("seven spoons",) and evidence_in_force(same, True) == same.evidence
    assert answers_in_force(gone, True) == () and evidence_in_force(gone, True) == ()
