"""Search over both indexes: by sentence, fused as by hand, refusing what it can't answer, built once and found again."""

import fakes
import pytest

from utils.data import load_company
from utils.files import DamagedFile
from utils.records import Chunk, Hit
from utils.retrieve.chunking import chunk_documents, split_sentences
from utils.retrieve.keyword_index import build_keyword_index, search_keywords
from utils.retrieve.retriever import (
    MODES,
    build_retriever,
    fuse,
    index_sentences,
    open_or_build,
    scale,
    to_passages,
)
from utils.retrieve.vector_index import search_vectors

A, B, C, D = (Chunk(name, 0, 1, name, name) for name in "ABCD")
QUESTIONS = ["White clay is ordered from whom?", "How much ash does the blue glaze need?", "the porter"]


@pytest.fixture
def chunks(tmp_path):
    return chunk_documents(load_company(fakes.write_company(tmp_path / "club")).documents)


def hits(*pairs):
    return [Hit(chunk, score) for chunk, score in pairs]


def test_scores_are_scaled_from_the_best_to_the_last_or_to_nothing():
    ranking = hits((A, 0.9), (B, 0.6), (C, 0.3))
    assert scale(ranking, depth=3) == pytest.approx([1, 0.5, 0])
    assert scale(ranking, depth=4) == pytest.approx([1, 2 / 3, 1 / 3])  # fewer found than asked for: the rest score 0
    assert scale(hits((A, 0.4), (B, 0.4)), depth=2) == [1, 1] and scale([], depth=3) == []


def test_fusion_agrees_with_a_hand_calculation():
    dense, keyword = hits((A, 0.9), (B, 0.6), (C, 0.3)), hits((B, 8.0), (D, 2.0))
    fused = fuse(dense, keyword, depth=3, share=0.6)
    assert [hit.chunk for hit in fused] == [B, A, D, C]
    assert [hit.score for hit in fused] == pytest.approx([0.6 * 0.5 + 0.4, 0.6, 0.4 * 0.25, 0])


def test_fusion_with_an_empty_ranking_keeps_the_order():
    assert [hit.chunk for hit in fuse(hits((C, 2.0), (A, 1.0)), [], 5)] == [C, A] and fuse([], [], 5) == []


def test_a_passage_comes_where_its_best_sentence_comes_and_once():
    sentences = hits((A, 0.9), (B, 0.8), (C, 0.7))
    assert to_passages(sentences, {A: D, B: A, C: D}) == hits((D, 0.9), (A, 0.8))


def best_by_hand(chunks, scores):
    """Passages by the highest score of their sentences, ties in reading order."""
    best = {}
    for sentence, score in scores.items():
        owner = next(c for c in chunks if c.doc_id == sentence.doc_id and c.start <= sentence.start < c.end)
        best[owner] = max(best.get(owner, -1), score)
    return sorted(best, key=lambda chunk: (-best[chunk], chunks.index(chunk)))


@pytest.mark.parametrize("question", QUESTIONS)
def test_dense_search_ranks_passages_by_their_nearest_sentence(chunks, question):
    sentences = [sentence for chunk in chunks for sentence in split_sentences(chunk)]
    scores = {}
    for sentence in sentences:
        vector = fakes.embed([sentence.text])[0] + fakes.embed([sentence.passage])[0]
        scores[sentence] = float(vector @ fakes.embed([question])[0]) / float(vector @ vector) ** 0.5
    found = build_retriever(chunks, fakes.embed, "dense")([question], 3)[0]
    assert [hit.score for hit in found] == pytest.approx(
        [max(s for x, s in scores.items() if x in split_sentences(hit.chunk)) for hit in found]
    )
    assert found[0].chunk == best_by_hand(chunks, scores)[0]


@pytest.mark.parametrize("question", QUESTIONS)
def test_keyword_search_ranks_passages_by_their_best_sentence(chunks, question):
    sentences = [sentence for chunk in chunks for sentence in split_sentences(chunk)]
    (ranked,) = search_keywords(build_keyword_index(sentences), [question], len(sentences))
    found = build_retriever(chunks, fakes.embed, "keyword")([question], 3)[0]
    assert [hit.chunk for hit in found] == best_by_hand(chunks, {hit.chunk: hit.score for hit in ranked})[:3]


def test_hybrid_fuses_what_both_find(chunks):
    sentences = [sentence for chunk in chunks for sentence in split_sentences(chunk)]
    n = len(sentences)
    dense = search_vectors(index_sentences(chunks, fakes.embed), fakes.embed(QUESTIONS), n)
    keyword = search_keywords(build_keyword_index(sentences), QUESTIONS, n)
    for found, *pair in zip(build_retriever(chunks, fakes.embed)(QUESTIONS, 3), dense, keyword):
        scores = {hit.chunk: hit.score for hit in fuse(*pair, n)}
        assert [hit.score for hit in found] == pytest.approx(
            [max(scores[sentence] for sentence in split_sentences(hit.chunk) if sentence in scores) for hit in found]
        )
        assert found[0].score == max(scores.values())


@pytest.mark.parametrize("mode", MODES)
def test_the_order_does_not_depend_on_k(mode):
    words = "kiln clay glaze ash shelf wheel mug bowl spoon porter".split()
    pages = [f"{a} {b} {c}." for a in words for b in words for c in words[:3]]  # 300 sentences, many more than DEPTH
    chunks = [Chunk(f"page-{number}", 0, len(text), text, "Club") for number, text in enumerate(pages)]
    search = build_retriever(chunks, fakes.embed, mode)
    for question in ("Where is the clay shelf?", "ash for a mug", "the porter has a bowl"):
        assert search([question], 3)[0] == search([question], 60)[0][:3] == search([question], 300)[0][:3]


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
    fewer = [sentence for chunk in chunks[1:] for sentence in split_sentences(chunk)]
    assert list(open_or_build(chunks[1:], fakes.embed, "fake", tmp_path / "index").chunks) == fewer
    open_or_build(chunks, fakes.embed, "another", tmp_path / "index")
    assert len(list((tmp_path / "index").iterdir())) == 3
    again = open_or_build(chunks, must_not_embed, "fake", tmp_path / "index")
    assert list(again.chunks) == [sentence for chunk in chunks for sentence in split_sentences(chunk)]


def test_a_damaged_index_is_refused_and_not_built_over(chunks, tmp_path):
    open_or_build(chunks, fakes.embed, "fake", tmp_path / "index")
    (path,) = (tmp_path / "index").glob("*/index.faiss")
    fakes.flip_bit(path, -1)
    with pytest.raises(DamagedFile, match="index.faiss has been cut short or altered.*delete the folder"):
        open_or_build(chunks, fakes.embed, "fake", tmp_path / "index")
