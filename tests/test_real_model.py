"""The real 135M model and the real embedder do what the lessons build on."""

import pytest

from utils import systems
from utils.answer.generation import generate, render
from utils.answer.prompts import closed_book, with_passages, with_worked_example
from utils.data import DATA, load_company
from utils.fetch import DEFAULT_MODEL, GGUF_SHA256
from utils.lab import READING, open_lab
from utils.measure.evaluation import holds_gold
from utils.measure.metrics import is_correct
from utils.measure.results import read_results
from utils.models import find_model, load_language_model
from utils.records import Answer
from utils.retrieve.retriever import build_retriever
from utils.tune.examples import closed_book_examples, encode
from utils.tune.lora import merge_adapter
from utils.tune.schedule import Settings
from utils.tune.training import train

pytestmark = pytest.mark.model


@pytest.fixture(scope="module")
def lab():
    return open_lab()


@pytest.fixture(scope="module")
def answerable(lab):
    return [question for question in lab.company.split("dev") if question.answers]


def right(questions, answers):
    pairs = zip(questions, answers, strict=True)
    return sum(is_correct(a.text, q.answers, q.wrong_answers) for q, a in pairs) / len(questions)


def test_the_default_model_is_the_expected_one(lab):
    assert lab.lm.sha256 == GGUF_SHA256
    assert sum(parameter.numel() for parameter in lab.lm.model.parameters()) == 134_515_008
    assert find_model(DEFAULT_MODEL).is_dir()


def test_batched_greedy_text_equals_generate_one_by_one():
    lm = load_language_model(dtype="float32", device="cpu")
    questions = ["What is a tent?", "How many days are in a week, and which one is your favourite of them all?", "Hi"]
    prompts = [render(lm, closed_book(question)) for question in questions]
    for prompt, made in zip(prompts, generate(lm, prompts, max_new_tokens=12), strict=True):
        ids = lm.tokenizer(prompt, return_tensors="pt", add_special_tokens=False)
        plain = lm.model.generate(**ids, max_new_tokens=12, do_sample=False)[0][ids.input_ids.shape[1] :]
        assert made.text == lm.tokenizer.decode(plain, skip_special_tokens=True).strip()


def test_questions_with_passages_get_the_same_answers_batched_as_one_by_one(lab, answerable):
    lm = load_language_model(dtype="float32", device="cpu")  # in bfloat16 rounding alone changes some answers
    questions = [question.text for question in answerable[:24]]
    found = lab.retrieve[False](questions, READING["rag"].k)
    prompts = [render(lm, READING["rag"].prompt(question, hits)) for question, hits in zip(questions, found, strict=True)]
    alone, batched = ([made.text for made in generate(lm, prompts, 16, batch_size=size)] for size in (1, 8))
    assert sum(one == other for one, other in zip(alone, batched, strict=True)) >= 23  # one near-tie may fall either way
    assert len(set(alone)) > 20


def test_the_base_model_knows_next_to_nothing_of_the_company(lab):
    facts = {question.fact_id: question for question in load_company().split("test") if question.kind == "fact"}
    questions = list(facts.values())  # a wording of each, over all desks
    assert right(questions, systems.ask_closed_book(lab.lm, questions)) <= 0.05


def test_the_base_model_reads_an_answer_that_it_does_not_know(lab, answerable):
    found = systems.give_gold(lab.retrieve[False], lab.chunks[False], answerable, after=False)
    assert right(answerable, systems.ask_with_passages(lab.lm, answerable, found, with_worked_example)) >= 0.25


def test_hybrid_search_finds_the_passage_oftener_than_keywords_alone(lab, answerable):
    def share(retrieve):
        hits = retrieve([question.text for question in answerable], 3)
        found = [holds_gold(Answer("", tuple(h)), q, False) for h, q in zip(hits, answerable, strict=True)]
        return sum(found) / len(found)

    keywords = build_retriever(lab.chunks[False], lab.embed, "keyword")
    assert share(lab.retrieve[False]) >= max(0.85, share(keywords) + 0.05)


def test_a_few_facts_are_learned_in_seconds_and_survive_merging(lab, tmp_path):
    facts = list(dict.fromkeys(q.fact_id for q in lab.company.split("train") if q.answers))[:4]
    questions = [q for q in lab.company.split("train") if q.fact_id in facts]
    learn = [encode(lab.lm.tokenizer, example) for example in closed_book_examples(questions, closed_book)]
    settings = Settings(epochs=25, learning_rate=2e-3, lowest_layer=24, batch_size=8)
    trained = train(lab.lm, learn, learn[:4], settings, tmp_path / "few", progress=None)
    assert trained.curve[-1][1] < trained.curve[0][1] / 3
    assert right(questions, systems.ask_closed_book(merge_adapter(lab.lm, trained.folder), questions)) >= 0.7
    assert right(questions, systems.ask_closed_book(lab.lm, questions)) <= 0.1  # the base model is as it was


def test_a_question_in_another_script_is_answered_without_a_crash(lab):
    hits = lab.retrieve[False](["有薪年假有多少天？"], 3)[0]
    made = generate(lab.lm, [render(lab.lm, with_passages("有薪年假有多少天？", hits))], max_new_tokens=8)
    assert isinstance(made[0].text, str)


def test_a_question_of_twenty_thousand_words_is_refused_with_the_way_out(lab):
    with pytest.raises(ValueError, match="20000 words: shorten"):
        systems.ask_closed_book(lab.lm, [long_question(lab)])


def long_question(lab):
    import dataclasses

    return dataclasses.replace(lab.company.questions[0], text="why " * 20_000)


def test_saved_faq_answers_are_those_of_the_nearest_training_question(lab):
    _, rows = read_results(DATA / "results" / "comparison.jsonl", lab.company.sha256)
    saved = {row["question_id"]: row["answer"] for row in rows if row["system"] == "faq" and not row["after"]}
    questions = lab.company.split("test")
    made = systems.ask_nearest_question(lab.embed, lab.company.split("train"), questions)
    same = sum(saved[q.question_id] == a.text for q, a in zip(questions, made, strict=True))
    assert same >= len(questions) - 1  # a near-tie may fall the other way on another processor


def test_saved_prompts_are_those_of_todays_code(lab):
    from utils.files import sha256_text

    _, rows = read_results(DATA / "results" / "comparison.jsonl", lab.company.sha256)
    saved = {row["question_id"]: row["prompt_sha256"] for row in rows if row["system"] == "base" and not row["after"]}
    for question in lab.company.split("test"):
        assert saved[question.question_id] == sha256_text(render(lab.lm, closed_book(question.text)))


def test_a_model_cast_up_and_down_again_gives_the_same_logits_to_the_bit(lab):
    import torch

    from utils.models import cast_weights, clone

    dtype = str(lab.lm.model.dtype).removeprefix("torch.")
    back = cast_weights(clone(lab.lm, "float32").model, dtype)
    text = "Who decides when two people want the same week?"
    ids = lab.lm.tokenizer(text, return_tensors="pt").input_ids.to(lab.lm.device)
    with torch.inference_mode():
        assert torch.equal(back(ids).logits, lab.lm.model(ids).logits)
