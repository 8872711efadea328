"""Data is loaded as it stands, and what can't be used is refused by name, with the way out."""

import json
from pathlib import Path

import pytest
from fakes import DOCUMENTS, document_text, question_records, write_company

from utils.data import answers_in_force, evidence_in_force, held_out_documents, load_company


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


# parts of the data


def write_slices(club, text="small: {documents: [pottery-kiln], facts: [pottery-001, pottery-u01]}\n"):
    (club / "slices.yaml").write_text(text, encoding="utf-8")


def test_a_slice_holds_what_it_lists_and_keeps_its_hash(club):
    write_slices(club)
    small = load_company(club, "small")
    assert [document.doc_id for document in small.documents] == ["pottery-kiln"]
    assert {question.fact_id for question in small.questions} == {"pottery-001", "pottery-u01"}
    put("documents/wheel.md", document_text("wheel", "# Wheel\n\nThe wheel turns."))(club)  # outside the slice
    assert load_company(club, "small").sha256 == small.sha256 != load_company(club).sha256
    replace(KILN, "on Thursdays", "on  Thursdays")(club)
    with pytest.raises(ValueError, match="isn't in pottery-kiln.md"):
        load_company(club, "small")


def test_an_unknown_slice_is_refused_with_those_there_are(club):
    write_slices(club)
    with pytest.raises(ValueError, match="slices.yaml has no slice 'large': use one of small"):
        load_company(club, "large")


@pytest.mark.parametrize("listed", ["documents: [kiln], facts: []", "documents: [pottery-kiln], facts: [pottery-999]"])
def test_a_slice_that_lists_what_isnt_there_is_refused(club, listed):
    write_slices(club, f"small: {{{listed}}}\n")
    with pytest.raises(ValueError, match="slices.yaml, small, lists '(kiln|pottery-999)', which isn't in the data"):
        load_company(club, "small")


def test_a_slice_without_the_document_of_its_question_is_refused(club):
    write_slices(club, "small: {documents: [pottery-clay], facts: [pottery-001]}\n")
    with pytest.raises(ValueError, match="'pottery-kiln', which isn't there"):
        load_company(club, "small")


@pytest.mark.parametrize(("status", "found"), [("superseded", True), ("private", False), ("poisoned", False)])
def test_superseded_pages_are_searched_and_private_and_poisoned_ones_are_not(club, status, found):
    page = document_text("old-page", "# Old page\n\nThe kiln was cold.").replace("in_force", status)
    put("documents/old-page.md", page)(club)
    company = load_company(club)
    assert ("old-page" in {document.doc_id for document in company.documents}) == found
    assert ("old-page" in {document.doc_id for document in company.documents_after}) == found
