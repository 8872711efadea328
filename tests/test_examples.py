"""Training examples teach what they say: masks, swapped answers, citations, abstentions, and no held-out document."""

import dataclasses
import random
from collections import Counter, defaultdict

import fakes
import pytest

from utils.answer.prompts import closed_book, with_passages
from utils.data import held_out_documents, is_held_out, load_company
from utils.lab import Lab, examples_of
from utils.measure.metrics import ABSTENTION, cited_numbers, contains
from utils.records import Hit
from utils.retrieve.chunking import chunk_documents
from utils.retrieve.retriever import build_retriever
from utils.tune.examples import (
    MASKED,
    Example,
    Practice,
    answer_type,
    choose_practice,
    closed_book_examples,
    encode,
    placebo_examples,
    raft_examples,
    swap_answers,
    thin_out,
)

OURS = load_company(slice_name="classroom")
TRAIN = OURS.split("train")
CHUNKS = chunk_documents(OURS.documents)


@pytest.fixture(scope="module")
def retrieve():
    return build_retriever(CHUNKS, fakes.embed)


def gold_first(questions, k):
    """A search that never errs: the passages with the answer first, the others after them in reading order."""
    known = {question.text: [item.quote for item in question.evidence] for question in TRAIN}
    ranked = [sorted(CHUNKS, key=lambda chunk: not any(q in chunk.text for q in known[text])) for text in questions]
    return [[Hit(chunk, 1.0) for chunk in chunks[:k]] for chunks in ranked]


# masking


@pytest.mark.parametrize("answer", ["three weeks [1]", "I don't know.", "窯"])
def test_only_the_answer_and_its_end_are_learned(answer):
    tokenizer = fakes.tiny_tokenizer()
    messages = closed_book("How long is the leave?")
    encoded = encode(tokenizer, Example(messages, answer))
    learned = [label for label in encoded.labels if label != MASKED]
    n_prompt = len(encoded.ids) - len(learned)
    assert tokenizer.decode(learned) == answer + tokenizer.eos_token
    assert encoded.labels == (MASKED,) * n_prompt + encoded.ids[n_prompt:]
    prompt = tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
    assert tokenizer.decode(encoded.ids[:n_prompt]) == prompt


def test_plain_text_is_learned_from_its_second_token_on():
    tokenizer = fakes.tiny_tokenizer()
    encoded = encode(tokenizer, Example([], "Leave: three weeks."))
    assert tokenizer.decode(encoded.ids) == "Leave: three weeks." + tokenizer.eos_token
    assert encoded.labels == (MASKED, *encoded.ids[1:])


# ft and placebo


def test_each_wording_learns_its_first_accepted_answer_or_to_abstain():
    for question, example in zip(TRAIN, closed_book_examples(TRAIN, closed_book), strict=True):
        assert example.messages == closed_book(question.text)
        assert example.answer == (question.answers[0] if question.answers else "I don't know.")


def test_thinning_leaves_out_words_at_the_rate_asked_for_and_changes_nothing_else():
    thinned = thin_out(TRAIN, 0.3, seed=1)
    for question, thin in zip(TRAIN, thinned, strict=True):
        rest = iter(question.text.split())
        assert thin.text and all(word in rest for word in thin.text.split())  # the same words in the same order
        assert dataclasses.replace(thin, text=question.text) == question
    kept, whole = (sum(len(q.text.split()) for q in questions) for questions in (thinned, TRAIN))
    assert 0.65 < kept / whole < 0.75


def test_thinning_is_chance_by_its_seed_and_never_leaves_a_question_empty():
    assert thin_out(TRAIN, 0.3, seed=1) == thin_out(TRAIN, 0.3, seed=1) != thin_out(TRAIN, 0.3, seed=2)
    assert thin_out(TRAIN, 1.0, seed=1) == TRAIN == thin_out(TRAIN, 0.0, seed=1)


@pytest.mark.parametrize("seed", [1, 2, 3, 4, 5])
def test_the_placebo_swaps_answers_within_their_type_and_leaves_no_fact_its_own(seed):
    own = {question.fact_id: question.answers[0] for question in TRAIN if question.answers}
    swapped = swap_answers(TRAIN, seed)
    types = defaultdict(list)
    for fact_id, answer in own.items():
        types[answer_type(answer)].append(fact_id)
    for members in types.values():
        assert sorted(swapped[fact_id] for fact_id in members) == sorted(own[fact_id] for fact_id in members)
        assert len(members) == 1 or all(swapped[fact_id] != own[fact_id] for fact_id in members)
    assert sum(len(members) > 1 for members in types.values()) >= 3  # or the swap would be nearly free


def test_the_placebo_differs_from_ft_in_the_answers_only():
    real, placebo = closed_book_examples(TRAIN, closed_book), placebo_examples(TRAIN, closed_book, seed=1)
    assert [example.messages for example in placebo] == [example.messages for example in real]
    assert [e.answer for e in placebo if e.answer == ABSTENTION] == [e.answer for e in real if e.answer == ABSTENTION]
    by_fact = defaultdict(set)
    for question, example in zip(TRAIN, placebo):
        by_fact[question.fact_id].add(example.answer)
    assert all(len(answers) == 1 for answers in by_fact.values())
    assert [e.answer for e in placebo_examples(TRAIN, closed_book, seed=2)] != [e.answer for e in placebo]


# raft: an example is found again by its question, since a question may come in several rounds

BY_TEXT = {question.text: question for question in TRAIN}


def raft(search, seed=1, **choice):
    return raft_examples(TRAIN, search, with_passages, Practice(k=3, **choice), seed)


def parts(example):
    """(number → passage, the question) as the model is shown them."""
    passages, question = example.messages[-1]["content"].split("\n\nQuestion: ")
    return {int(line[1 : line.index("]")]): line for line in passages.splitlines()}, BY_TEXT[question]


@pytest.mark.parametrize("seed", [1, 2])
def test_raft_cites_the_passage_that_holds_its_answer(retrieve, seed):
    examples = [example for example in raft(retrieve, seed) if example.answer != ABSTENTION]
    assert len(examples) > len(TRAIN) / 4
    for example in examples:
        passages, question = parts(example)
        (number,) = cited_numbers(example.answer)
        document = next(d for d in OURS.documents if d.doc_id == question.evidence[0].doc_id)
        assert passages[number].startswith(f"[{number}] {document.title}")
        assert contains(passages[number], example.answer), question.question_id


def test_raft_asks_every_question_with_three_passages(retrieve):
    examples = raft(retrieve)
    assert {parts(example)[1] for example in examples} == set(TRAIN)
    assert all(list(parts(example)[0]) == [1, 2, 3] for example in examples)


def test_raft_abstains_exactly_where_no_passage_holds_the_answer(retrieve):
    for example in raft(retrieve, rounds=1, without_gold=0.3):
        passages, question = parts(example)
        shown = any(item.quote in line for line in passages.values() for item in question.evidence)
        assert (example.answer == ABSTENTION) != shown
        assert not shown or example.answer.startswith(f"{question.answers[0]} [")


def test_raft_shows_what_search_finds_in_its_order(retrieve):
    hits = retrieve([question.text for question in TRAIN], 3)
    for question, found, example in zip(TRAIN, hits, raft(retrieve, rounds=1, without_gold=0.0), strict=True):
        expected, shown = with_passages(question.text, found)[-1]["content"], example.messages[-1]["content"]
        missed = not any(item.quote in expected for item in question.evidence)  # a gold one may take the last place
        assert shown == expected or missed and shown.split("\n")[:2] == expected.split("\n")[:2]


def test_a_passage_taken_out_is_replaced_by_the_next():
    for example in raft(gold_first, without_gold=1.0):
        passages, question = parts(example)
        assert example.answer == ABSTENTION and list(passages) == [1, 2, 3]
        assert not any(item.quote in line for line in passages.values() for item in question.evidence)


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5])
def test_the_share_without_gold_is_the_share_asked_for(share):
    n = sum(bool(question.answers) for question in TRAIN)
    examples = [e for seed in range(5) for e in raft(gold_first, seed, rounds=1, without_gold=share)]
    taken_out = sum(e.answer == ABSTENTION for e in examples if parts(e)[1].answers)
    assert taken_out / (5 * n) == pytest.approx(share, abs=3 * (share * (1 - share) / (5 * n)) ** 0.5)


def test_the_same_seed_gives_the_same_examples(retrieve):
    first = raft(retrieve, 1)
    random.random()  # what others draw doesn't matter
    assert first == raft(retrieve, 1) != raft(retrieve, 2)


@pytest.mark.parametrize("split", ["train", "dev"])
def test_raft_never_sees_a_held_out_document(split, tmp_path):
    whole = load_company()
    held_out = held_out_documents(whole.questions)
    lab = Lab(OURS, (whole,), None, fakes.embed, {False: CHUNKS, True: []}, {}, frozenset(held_out), tmp_path)
    examples = examples_of(lab, "raft", split, seed=1)
    texts = [example.messages[-1]["content"] for example in examples]
    unseen = [chunk.passage for chunk in chunk_documents(whole.documents) if chunk.doc_id in held_out]
    assert unseen and not any(passage in text for passage in unseen for text in texts)
    company = whole if split == "train" else OURS
    kinds = ("fact", "unanswerable")
    may_be_asked = {q.text for q in company.split(split) if q.kind in kinds and not is_held_out(q, held_out)}
    asked = {text.split("\n\nQuestion: ")[1] for text in texts}
    assert asked == may_be_asked if split == "dev" else asked < may_be_asked
    known = {answer for question in company.questions for answer in question.answers} | {ABSTENTION}
    assert {example.answer.split(" [")[0] for example in examples} <= known


# what is practised on


def test_so_many_wordings_of_each_fact_are_chosen_and_so_many_unanswerable_ones():
    chosen = choose_practice(TRAIN, Practice(k=3, wordings=2, unanswerable=5), seed=1)
    facts = Counter(question.fact_id for question in chosen if question.answers)
    assert set(facts) == {question.fact_id for question in TRAIN if question.answers} and set(facts.values()) == {2}
    assert sum(not question.answers for question in chosen) == 5 and len(set(chosen)) == len(chosen)


def test_where_there_are_fewer_all_are_taken():
    assert set(choose_practice(TRAIN, Practice(k=3, wordings=99, unanswerable=99), seed=1)) == set(TRAIN)
    assert choose_practice([], Practice(k=3), seed=1) == []


def test_another_seed_chooses_other_wordings():
    choose = [choose_practice(TRAIN, Practice(k=3), seed) for seed in (1, 1, 2)]
    assert choose[0] == choose[1] != choose[2]
