"""One search over both indexes: fused as by hand, refusing what it can't answer, built once and found again."""

import fakes
import pytest

from utils.data import load_company
from utils.files import DamagedFile
from utils.records import Chunk, Hit
from utils.retrieve.chunking import chunk_documents
from utils.retrieve.keyword_index import build_keyword_index, search_keywords
from utils.retrieve.retriever import MODES, build_retriever, fuse, open_or_build
from utils.retrieve.vector_index import build_vector_index, search_vectors

A, B, C, D = (Chunk(name, 0, 1, name, name) for name in "ABCD")
QUESTIONS = ["Who sells white clay?", "How much ash does the blue glaze need?", "the porter"]


@pytest.fixture
def chunks(tmp_path):
    return chunk_documents(load_company(fakes.write_company(tmp_path / "club")).documents)


def hits(*chunks):
    return [Hit(chunk, 1.0 - place / 10) for place, chunk in enumerate(chunks)]


def test_fusion_agrees_with_a_hand_calculation():
    fused = fuse([hits(A, B, C), hits(B, D)])
    assert [hit.chunk for hit in fused] == [B, A, D, C]
    assert [hit.score for hit in fused] == pytest.approx([1 / 62 + 1 / 61, 1 / 61, 1 / 62, 1 / 63])


def test_fusion_of_one_or_no_ranking_keeps_the_order():
    assert [hit.chunk for hit in fuse([hits(C, A), []])] == [C, A] and fuse([[], []]) == []


def test_each_mode_is_the_search_it_names(chunks):
    store = build_vector_index(chunks, fakes.embed([chunk.passage for chunk in chunks]))
    dense, keyword = (build_retriever(chunks, fakes.embed, mode) for mode in ("dense", "keyword"))
    assert dense(QUESTIONS, 3) == search_vectors(store, fakes.embed(QUESTIONS), 3)
    assert keyword(QUESTIONS, 3) == search_keywords(build_keyword_index(chunks), QUESTIONS, 3)


def test_hybrid_adds_the_reciprocal_ranks_of_both(chunks):
    rankings = [build_retriever(chunks, fakes.embed, mode)(QUESTIONS, len(chunks)) for mode in ("dense", "keyword")]
    for found, *pair in zip(build_retriever(chunks, fakes.embed)(QUESTIONS, 3), *rankings):
        scores = [
            sum(1 / (60 + rank) for ranking in pair for rank, hit in enumerate(ranking, 1) if hit.chunk == chunk)
            for chunk in chunks
        ]
        assert [hit.score for hit in found] == pytest.approx(sorted(scores, reverse=True)[:3])
        assert all(scores[chunks.index(hit.chunk)] == pytest.approx(hit.score) for hit in found)


@pytest.mark.parametrize("mode", MODES)
def test_every_mode_gives_k_hits_and_finds_the_plain_answer(chunks, mode):
    first, second, _ = build_retriever(chunks, fakes.embed, mode)(QUESTIONS, 2)
    assert "Marten Quay" in first[0].chunk.text and "seven spoons" in second[0].chunk.text
    assert len(first) == len(second) == 2


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("k", [0, -1, 99])
def test_a_k_outside_the_index_is_refused(chunks, mode, k):
    with pytest.raises(ValueError, match=f"k={k} but the index holds {len(chunks)} passages: choose"):
        build_retriever(chunks, fakes.embed, mode)(QUESTIONS, k)


@pytest.mark.parametrize("mode", MODES)
def test_all_passages_can_be_asked_for(chunks, mode):
    found = build_retriever(chunks, fakes.embed, mode)(QUESTIONS, len(chunks))
    assert all(len({hit.chunk for hit in line}) == len(line) <= len(chunks) for line in found)


@pytest.mark.parametrize("question", ["", "  \n", "\t"])
def test_an_empty_question_is_refused(chunks, question):
    with pytest.raises(ValueError, match="question 1 is empty: write one"):
        build_retriever(chunks, fakes.embed)(["When?", question], 1)


@pytest.mark.parametrize("question", ["大きな窯はいつ焼きますか", "Когда обжигают большую печь?", "🫖", "word " * 20_000])
def test_a_strange_question_gets_passages_all_the_same(chunks, question):
    (found,) = build_retriever(chunks, fakes.embed)([question], 3)
    assert len(found) == 3


def test_a_question_finds_the_passage_in_its_own_script(chunks):
    clay = Chunk("clay", 0, 1, "Белая глина у Марты.", "Глина")
    for mode in MODES:
        assert build_retriever([*chunks, clay], fakes.embed, mode)(["Где белая глина?"], 1)[0][0].chunk == clay


@pytest.mark.parametrize("mode", MODES)
def test_no_questions_get_no_answers(chunks, mode):
    assert build_retriever(chunks, fakes.embed, mode)([], 3) == []


def test_an_unknown_mode_is_refused(chunks):
    with pytest.raises(ValueError, match="mode 'magic' is unknown: use one of dense, keyword, hybrid"):
        build_retriever(chunks, fakes.embed, "magic")


def test_no_passages_are_refused():
    with pytest.raises(ValueError, match="at least one chunk"):
        build_retriever([], fakes.embed)


# found again


def must_not_embed(texts):
    raise AssertionError(f"embedded {len(texts)} texts again")


def test_an_index_is_built_once_and_found_again(chunks, tmp_path):
    built = open_or_build(chunks, fakes.embed, "fake", tmp_path / "index")
    found = open_or_build(chunks, must_not_embed, "fake", tmp_path / "index")
    assert found.chunks == built.chunks
    question = fakes.embed(QUESTIONS)
    assert search_vectors(found, question, 3) == search_vectors(built, question, 3)


def test_other_passages_or_another_model_get_their_own_index(chunks, tmp_path):
    open_or_build(chunks, fakes.embed, "fake", tmp_path / "index")
    assert open_or_build(chunks[1:], fakes.embed, "fake", tmp_path / "index").chunks == tuple(chunks[1:])
    open_or_build(chunks, fakes.embed, "another", tmp_path / "index")
    assert len(list((tmp_path / "index").iterdir())) == 3
    assert open_or_build(chunks, must_not_embed, "fake", tmp_path / "index").chunks == tuple(chunks)


def test_a_damaged_index_is_refused_and_not_built_over(chunks, tmp_path):
    open_or_build(chunks, fakes.embed, "fake", tmp_path / "index")
    (path,) = (tmp_path / "index").glob("*/index.faiss")
    fakes.flip_bit(path, -1)
    with pytest.raises(DamagedFile, match="index.faiss has been cut short or altered.*delete the folder"):
        open_or_build(chunks, fakes.embed, "fake", tmp_path / "index")
