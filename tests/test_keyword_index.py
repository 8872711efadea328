"""Keyword search ranks as BM25 does when it is written out."""

import math
import re
from collections import Counter

import pytest

from utils.records import Chunk
from utils.retrieve.keyword_index import build_keyword_index, search_keywords

PASSAGES = [
    "kiln fired thursdays kiln shelf",
    "shelf costs twelve crowns",
    "blue glaze needs seven spoons ash",
    "red clay dug behind shed clay clay",
    "kiln",
    "kiln",
    "窯 焼成 木曜日",
]
QUESTIONS = ["kiln", "which shelf costs crowns", "clay clay kiln", "seven wheels", "焼成"]


def chunks() -> list[Chunk]:
    return [Chunk("page", place, place + 1, text, "pottery club") for place, text in enumerate(PASSAGES)]


def bm25(passages: list[str], question: str, k1: float = 1.5, b: float = 0.75) -> list[float]:
    """Robertson's BM25 with Lucene's idf: idf · tf / (tf + k1 (1 - b + b · length / mean length)), summed over words."""
    bags = [Counter(re.findall(r"\w\w+", passage.lower())) for passage in passages]
    mean = sum(bag.total() for bag in bags) / len(bags)
    scores = [0.0] * len(bags)
    for word in re.findall(r"\w\w+", question.lower()):
        holders = sum(word in bag for bag in bags)
        idf = math.log(1 + (len(bags) - holders + 0.5) / (holders + 0.5))
        for row, bag in enumerate(bags):
            scores[row] += idf * bag[word] / (bag[word] + k1 * (1 - b + b * bag.total() / mean))
    return scores


@pytest.mark.parametrize("question", QUESTIONS)
def test_search_agrees_with_bm25_written_out(question):
    scores = bm25([chunk.passage for chunk in chunks()], question)
    expected = sorted((row for row, score in enumerate(scores) if score > 0), key=lambda row: (-round(scores[row], 6), row))
    (hits,) = search_keywords(build_keyword_index(chunks()), [question], len(PASSAGES))
    assert [hit.chunk.start for hit in hits] == expected
    assert [hit.score for hit in hits] == pytest.approx([scores[row] for row in expected], rel=1e-4)


def test_questions_together_are_answered_as_one_by_one():
    store = build_keyword_index(chunks())
    assert search_keywords(store, QUESTIONS, 3) == [search_keywords(store, [question], 3)[0] for question in QUESTIONS]


def test_ties_come_in_reading_order():
    (hits,) = search_keywords(build_keyword_index(chunks()), ["kiln"], 2)
    assert [hit.chunk.start for hit in hits] == [0, 4]  # 4 and 5 are alike


def test_codes_are_compared_whole():
    store = build_keyword_index([Chunk("a", 0, 1, "Send form P-14.", "A"), Chunk("b", 0, 1, "Send form Q-14.", "B")])
    assert [hit.chunk.doc_id for hit in search_keywords(store, ["What is q-14 for?"], 2)[0]] == ["b"]


def test_the_heading_above_a_passage_is_searched_too():
    store = build_keyword_index([Chunk("a", 0, 1, "22 days", "Leave"), Chunk("b", 0, 1, "34 dollars", "Meals")])
    assert [hit.chunk.doc_id for hit in search_keywords(store, ["meals"], 2)[0]] == ["b"]


@pytest.mark.parametrize("question", ["wheels", "the of and", "", "?!", "печь"])
def test_a_question_without_a_known_word_finds_nothing(question):
    assert search_keywords(build_keyword_index(chunks()), [question], 3) == [[]]


@pytest.mark.parametrize("k", [0, 8])
def test_a_k_outside_the_index_is_refused(k):
    with pytest.raises(ValueError, match=f"k={k} but the index holds 7 passages: choose 1 <= k <= 7"):
        search_keywords(build_keyword_index(chunks()), ["kiln"], k)


def test_no_passage_is_refused():
    with pytest.raises(ValueError, match="at least one chunk"):
        build_keyword_index([])
