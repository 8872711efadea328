"""Each system answers as its name says, on the pottery club with the fake embedder and the tiny random model."""

import fakes
import numpy as np
import pytest
from fakes import one_thread  # noqa: F401

from utils import systems
from utils.answer.generation import generate, render
from utils.answer.prompts import closed_book, with_passages
from utils.data import load_company
from utils.measure.metrics import ABSTENTION
from utils.records import Answer
from utils.retrieve.chunking import chunk_documents
from utils.retrieve.retriever import build_retriever


@pytest.fixture(scope="module")
def club(tmp_path_factory):
    return load_company(fakes.write_company(tmp_path_factory.mktemp("data") / "club"))


@pytest.fixture(scope="module")
def lm():
    return fakes.tiny_model()


@pytest.fixture(scope="module")
def chunks(club):
    return chunk_documents(club.documents)


@pytest.fixture(scope="module")
def retrieve(chunks):
    return build_retriever(chunks, fakes.embed)


def test_the_names_are_the_design_s_and_say_the_same_everywhere():
    assert systems.MAIN == ("base", "rag", "ft", "ft+rag", "raft")
    everything = set(systems.FULL)
    assert {*systems.MAIN, *systems.CONTROLS} < everything and len(everything) == len(systems.FULL)
    assert {*systems.ADAPTER_OF, *systems.READS_PASSAGES, *systems.CITES} <= everything
    assert set(systems.CITES) <= set(systems.READS_PASSAGES)
    assert systems.ADAPTER_OF["ft+rag"] == "ft"  # one adapter, asked in two ways


def test_closed_book_is_the_model_s_own_continuation(lm, club):
    questions = club.split("test")
    prompts = [render(lm, closed_book(question.text)) for question in questions]
    answers = systems.ask_closed_book(lm, questions)
    assert [answer.text for answer in answers] == [made.text for made in generate(lm, prompts)]
    assert [answer.prompt for answer in answers] == prompts
    assert all(answer.hits == () and answer.retrieve_s is None and answer.prefill_s > 0 for answer in answers)


def test_with_passages_the_prompt_holds_them_and_the_answer_keeps_them(lm, club, retrieve):
    questions = club.split("test")
    found = systems.find_passages(retrieve, questions, 2)
    for question, hits, answer in zip(questions, found[0], systems.ask_with_passages(lm, questions, found, with_passages)):
        assert answer.prompt == render(lm, with_passages(question.text, hits))
        assert answer.hits == tuple(hits) and len(hits) == 2 and answer.retrieve_s == found[1] > 0


def test_a_prompt_that_was_answered_before_is_not_asked_again(lm, club, retrieve, monkeypatch):
    questions = club.split("test")
    before = systems.ask_with_passages(lm, questions, systems.find_passages(retrieve, questions, 1), with_passages)
    later = systems.find_passages(build_retriever(chunk_documents(club.documents_after), fakes.embed), questions, 1)
    asked = []
    monkeypatch.setattr(systems, "generate", lambda lm, prompts, **_: asked.extend(prompts) or generate(lm, prompts))
    after = systems.ask_with_passages(lm, questions, later, with_passages, known=before)
    changed = [made.prompt for made, old in zip(after, before) if made.prompt != old.prompt]
    assert asked == changed and 0 < len(changed) < len(questions)
    assert [made.text for made in after] == [
        made.text for made in systems.ask_with_passages(lm, questions, later, with_passages)
    ]
    assert [made.hits for made in after] == [tuple(hits) for hits in later[0]]  # of the new search, for all


def test_passages_of_another_number_of_questions_are_refused(lm, club, retrieve):
    found = systems.find_passages(retrieve, club.split("test")[:2], 1)
    with pytest.raises(ValueError, match="zip"):
        systems.ask_with_passages(lm, club.split("test"), found, with_passages)


def test_no_questions_get_no_passages(retrieve):
    assert systems.find_passages(retrieve, [], 3)[0] == []


def test_faq_gives_the_answer_of_the_nearest_known_question(club):
    known, asked = club.split("train"), club.split("test")
    vectors = fakes.embed([q.text for q in known])
    for question, answer in zip(asked, systems.ask_nearest_question(fakes.embed, known, asked)):
        distances = np.linalg.norm(vectors - fakes.embed([question.text]), axis=1)  # nearest = most alike, for unit vectors
        best = [known[row] for row in np.flatnonzero(np.isclose(distances, distances.min()))]
        assert answer.text in {near.answers[0] if near.answers else ABSTENTION for near in best}
    verbatim = systems.ask_nearest_question(fakes.embed, known, known)
    assert [answer.text for answer in verbatim] == [q.answers[0] if q.answers else ABSTENTION for q in known]


def test_search_shows_the_best_passage_as_it_stands(club, retrieve):
    questions = club.split("test")
    found = systems.find_passages(retrieve, questions, 3)
    for hits, answer in zip(found[0], systems.ask_search(questions, found)):
        assert answer.text == " ".join(hits[0].chunk.text.split()) and answer.hits == (hits[0],)
    assert systems.ask_search(questions[:1], ([[]], 0.1))[0].text == ABSTENTION


def test_oracle_is_given_the_passage_that_holds_the_answer(club, retrieve, chunks):
    questions = club.split("test")
    given, seconds = systems.give_gold(retrieve, chunks, questions, after=False)
    assert seconds is None
    for question, hits in zip(questions, given):
        if question.evidence:
            assert all(question.evidence[0].quote in hit.chunk.text for hit in hits) and hits
        else:
            assert hits == retrieve([question.text], 1)[0]


def test_oracle_follows_the_revision(club):
    chunks = chunk_documents(club.documents_after)
    questions = {question.question_id: question for question in club.questions}
    changed, gone = questions["pottery-001-t1"], questions["pottery-004-t1"]
    given, _ = systems.give_gold(build_retriever(chunks, fakes.embed), chunks, [changed, gone], after=True)
    assert "Saturdays" in given[0][0].chunk.text and len(given[1]) == 1
    assert not any("Marten Quay" in hit.chunk.text for hit in given[1])


@pytest.mark.parametrize("system", systems.FULL)
def test_only_systems_that_show_numbered_passages_can_cite(system, club, retrieve):
    hits = retrieve(["Who sells white clay?"], 2)[0]
    cited = systems.citations(system, Answer("Marten Quay [1]", tuple(hits)))
    assert cited == (["pottery-clay"] if system in ("rag", "ft+rag", "raft", "mixed", "oracle") else None)
