"""The capstone: who takes part on one's own documents, on the tool library that comes as an example and on the fakes."""

import dataclasses
import html
import re

import fakes
import pytest
from fakes import one_thread  # noqa: F401

from utils import capstone
from utils.answer.prompts import closed_book
from utils.data import DATA
from utils.files import DamagedFile
from utils.lab import SEARCH, Lab, train_arm
from utils.measure.evaluation import check_same_questions
from utils.measure.metrics import precision, recall
from utils.measure.summary import cited_share
from utils.own.company import build_company, load_own
from utils.own.limits import Remark
from utils.own.page import FEW, documents_asked, lead, make_page, who_leads
from utils.records import Evidence
from utils.retrieve.chunking import chunk_documents
from utils.retrieve.retriever import build_retriever
from utils.shipped import shipped_reader

EXAMPLE = load_own(DATA / "own_example" / "documents", DATA / "own_example" / "questions.csv")


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    company = EXAMPLE.company
    chunks = chunk_documents(company.documents)
    retrieve = build_retriever(chunks, fakes.embed, SEARCH)
    with pytest.MonkeyPatch.context() as patch:
        fakes.small_training(patch)
        work = tmp_path_factory.mktemp("own")
        made = Lab(
            company, (company,), fakes.tiny_model(), fakes.embed, {False: chunks, True: chunks},
            {False: retrieve, True: retrieve}, frozenset(), work, capstone.ask_about_them,
        )  # fmt: skip
        patch.setattr(capstone, "STEPS", 6)
        patch.setattr(capstone, "shipped_reader", lambda lm: train_arm(made, "raft", 1).folder)
        yield made


def test_the_example_reads_without_a_complaint_and_holds_every_kind_of_file():
    assert {source.path.rsplit(".")[-1] for source in EXAMPLE.sources} == {"md", "txt", "html", "docx", "pdf"}
    assert [remark.text for remark in EXAMPLE.remarks] == ["was read as UTF-8"]
    asked = EXAMPLE.company.split("test")
    assert all(question.evidence for question in asked if question.answers) and not all(q.answers for q in asked)


def test_everybody_who_needs_no_training_answers_everything(lab):
    rows = capstone.compare_all(lab)
    check_same_questions(rows)
    assert list(dict.fromkeys(row["system"] for row in rows)) == list(capstone.UNTAUGHT)
    assert len(rows) == len(capstone.UNTAUGHT) * len(lab.company.split("test"))


def test_a_fine_tuned_system_is_asked_only_what_it_was_taught(lab):
    rows = capstone.compare_taught(lab)
    check_same_questions(rows)
    assert list(dict.fromkeys(row["system"] for row in rows)) == list(capstone.TAUGHT)
    taught = {question.fact_id for question in lab.company.split("train")}
    of = {question.question_id: question for question in lab.company.questions}
    asked = {row["question_id"] for row in rows}
    assert all(of[name].fact_id in taught or not of[name].answers for name in asked)
    assert len(asked) < len(lab.company.split("test"))


def test_without_a_second_wording_there_is_nothing_to_compare_fine_tuning_on(lab):
    company = build_company(lab.company.documents, lab.company.split("test"))
    assert capstone.compare_taught(dataclasses.replace(lab, company=company)) == []


def test_closed_book_the_model_is_asked_about_the_folder_and_not_about_larkspur():
    told = capstone.ask_about_them("When?")[0]["content"]
    assert capstone.KNOWS in told and "Larkspur" not in told
    assert "the staff handbook of Larkspur" in closed_book("When?")[0]["content"]


def test_the_reader_that_comes_with_the_course_fits_its_model_only():
    with pytest.raises(DamagedFile, match="model_sha256"):
        shipped_reader(fakes.tiny_model())


@pytest.fixture(scope="module")
def page(lab):
    return make_page(EXAMPLE, capstone.compare_all(lab), capstone.compare_taught(lab), "a tiny model, <today>")


def test_the_page_shows_every_question_with_every_answer(lab, page):
    assert page.count("<tr>") > len(lab.company.split("test")) and "&lt;today&gt;" in page
    for row in capstone.compare_taught(lab):
        assert html.escape(row["answer"]) in page
    for question in lab.company.split("test"):
        assert html.escape(question.text) in page


def test_nothing_a_document_or_a_model_says_becomes_markup(lab):
    evil = "<script>alert(1)</script>"
    rows = [{**row, "answer": evil} for row in capstone.compare_all(lab)]
    own = dataclasses.replace(EXAMPLE, remarks=(Remark(evil, evil, True),))
    shown = make_page(own, rows, [], evil)
    assert evil not in shown and html.escape(evil) in shown


def test_the_lead_is_the_paired_difference_of_the_two_best(lab):
    rows = capstone.compare_all(lab)
    asked = [row for row in rows if row["em"] is not None]
    marked = [
        {**row, "correct": row["system"] == "raft" or row["system"] == "rag" and n % 2 == 0} for n, row in enumerate(asked)
    ]
    first, second, gap = lead(lab.company, marked)
    assert (first, second) == ("raft", "rag") and gap.low > 0.2 and gap.value == pytest.approx(0.5, abs=0.05)
    assert "raft is ahead of rag" in who_leads(lab.company, marked)
    same = [{**row, "correct": True} for row in asked]
    assert "can't be told apart" in who_leads(lab.company, same)


def planted(documents):
    """(a company, rows): a question about each of these documents, None where it isn't known; `rag` is right on all, the
    others on every second one."""
    asked = [question for question in EXAMPLE.company.split("test") if question.answers][: len(documents)]
    about = [(Evidence(name, "a quote"),) if name else () for name in documents]
    questions = [dataclasses.replace(question, evidence=items) for question, items in zip(asked, about, strict=True)]
    rows = [
        {"system": name, "seed": None, "question_id": q.question_id, "em": 0.0, "correct": name == "rag" or n % 2 == 0}
        for name in ("base", "rag")
        for n, q in enumerate(questions)
    ]
    return build_company(EXAMPLE.company.documents, questions), rows


@pytest.mark.parametrize(
    ("documents", "known", "said"),
    [
        (["a"] * 12, 1, "one document only.*chapters"),
        (["a"] * 8 + [None] * 4, 1, "one document only.*chapters"),
        ([None] * 12, 0, "isn't known"),
    ],
)
def test_nobody_is_ahead_where_fewer_than_two_documents_are_asked_about(documents, known, said):
    company, rows = planted(documents)
    assert documents_asked(company, rows) == known
    assert re.fullmatch(f"Nobody is ahead yet: .*{said}.*", who_leads(company, rows))


def test_of_few_documents_a_lead_is_told_with_its_caution():
    few, many = ([f"d{place % n}" for place in range(FEW + 2)] for n in (7, FEW))
    assert "rag is ahead of base" in who_leads(*planted(many)) and "too narrow" not in who_leads(*planted(many))
    assert "rag is ahead of base" in who_leads(*planted(few)) and "Of 7 documents" in who_leads(*planted(few))


def test_citations_count_only_where_the_right_document_is_known():
    row = {"question_id": "q", "cited": ["a", "b"]}
    assert [cited_share(row, {"q": ["a"]}, measure) for measure in (precision, recall)] == [0.5, 1.0]
    assert [cited_share(row, {"q": []}, measure) for measure in (precision, recall)] == [None, None]


def test_few_examples_are_shown_more_often_and_many_as_often_as_in_the_classroom(lab, monkeypatch):
    few = capstone.settings_of(lab)
    steps = -(-2 * len(lab.company.split("train")) // few.batch_size)  # as they stand, and thinned
    assert few.epochs * steps >= capstone.STEPS > (few.epochs - 1) * steps
    monkeypatch.setattr(capstone, "STEPS", 1)
    assert capstone.settings_of(lab).epochs == capstone.TRAINING["ft"].epochs
