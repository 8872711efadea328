"""data/README.md says what the data are: counted again here, hashes and all, and the search is as hard as it should be."""

import fakes
import pandas as pd
import pytest

from utils.data import DATA, load_company
from utils.data_card import DIFFICULTY, MARKS, describe, hash_table, to_text
from utils.difficulty import count_misses, measure_difficulty, rank_gold
from utils.files import read_json, read_text, renew_between, sha256_file
from utils.models import EMBEDDER_SHA256
from utils.records import Hit
from utils.retrieve.chunking import chunk_documents
from utils.retrieve.retriever import build_retriever, search_settings

COMPANY = load_company()
SEARCH = {"embedder_sha256": EMBEDDER_SHA256, **search_settings()}


@pytest.fixture
def club(tmp_path):
    return load_company(fakes.write_company(tmp_path / "club"))


def test_the_readme_says_what_the_data_are():
    readme, said = DATA / "README.md", describe(COMPANY, read_json(DIFFICULTY))
    assert renew_between(readme, said, MARKS) == read_text(readme), "run: python -m utils.data_card"


def test_the_difficulty_was_measured_on_this_data_by_this_search():
    saved = read_json(DIFFICULTY)
    assert (saved["data_sha256"], saved["search"]) == (COMPANY.sha256, SEARCH), "run: python -m utils.data_card"


def test_search_is_hard_but_not_hopeless():
    table = pd.DataFrame(read_json(DIFFICULTY)["table"]).set_index(["search", "desk"])
    assert 0.60 <= table.loc[("dense", "all"), "document first"] <= 0.85
    assert table.loc[("hybrid", "all"), "passage in three"] >= 0.80


def test_gold_is_ranked_where_it_stands(club):
    question = next(q for q in club.split("test") if q.fact_id == "pottery-001")
    chunks = chunk_documents(club.documents)
    gold = next(chunk for chunk in chunks if "fired on Thursdays" in chunk.text)
    same_page = next(chunk for chunk in chunks if chunk.doc_id == gold.doc_id and chunk != gold)
    other = next(chunk for chunk in chunks if chunk.doc_id != gold.doc_id)
    ranks = {name: list(rank_gold(question, [Hit(chunk, 1.0) for chunk in hits]).values()) for name, hits in {
        "first": [gold, other], "same page": [same_page, gold], "third": [other, other, gold], "nowhere": [other],
    }.items()}  # fmt: skip
    assert ranks == {
        "first": [True, True, True], "same page": [True, False, True], "third": [False, False, True],
        "nowhere": [False, False, False],
    }  # fmt: skip


def test_difficulty_and_misses_agree_with_a_count_by_hand(club):
    retrieve = build_retriever(chunk_documents(club.documents), fakes.embed, "keyword")
    asked = [question for question in club.split("test") if question.kind == "fact"]
    ranks = [rank_gold(question, hits) for question, hits in zip(asked, retrieve([q.text for q in asked], 3))]
    line = measure_difficulty(club, {"keyword": retrieve}).set_index("desk").loc["all"]
    assert line["n"] == len(asked) == 6
    assert line["passage first"] == sum(rank["passage first"] for rank in ranks) / 6
    assert count_misses(club, retrieve)[0] == sum(not rank["passage in three"] for rank in ranks)


def test_hashes_follow_files_and_pages(tmp_path):
    folder = fakes.write_company(tmp_path / "club")
    (folder / "slices.yaml").write_text("small: {documents: [], facts: []}\n", encoding="utf-8")
    before = hash_table(folder)["sha256"]
    assert before["`questions.jsonl`"] == f"`{sha256_file(folder / 'questions.jsonl')}`"
    path = folder / "documents" / "pottery-kiln.md"
    path.write_text(path.read_text("utf-8") + "One more line.\n", encoding="utf-8")
    after = hash_table(folder)["sha256"]
    assert [name for name in before.index if before[name] != after[name]] == ["`documents/ (4 files)`"]


def test_a_table_reads_as_markdown():
    table = pd.DataFrame({"n": [3], "share": [0.5]}, index=pd.Index(["legal"], name="desk"))
    assert to_text(table) == "| desk | n | share |\n| --- | --- | --- |\n| legal | 3 | 0.50 |"
