"""Batched greedy decoding gives what transformers' own `generate` gives one by one, on a tiny random model."""

import re

import pytest
import torch
from fakes import one_thread, tiny_model  # noqa: F401

from utils.answer.generation import ENOUGH, MAX_NEW_TOKENS, generate, read_prompts, render

PROMPTS = ["When is the large kiln fired?", "Ash?", "One shelf costs twelve crowns, " * 5, "窯", "a", "ab", "abc", "When?"]


@pytest.fixture(scope="module")
def lm():
    return tiny_model()


def one_by_one(lm, prompt: str, n: int = MAX_NEW_TOKENS) -> list[int]:
    """The tokens that transformers' greedy search adds to one prompt, without padding."""
    ids = lm.tokenizer(prompt, add_special_tokens=False, return_tensors="pt").input_ids
    made = lm.model.generate(
        ids, attention_mask=torch.ones_like(ids), max_new_tokens=n, do_sample=False, pad_token_id=lm.tokenizer.eos_token_id
    )
    return made[0, ids.shape[1] :].tolist()


def as_text(lm, tokens):
    return lm.tokenizer.decode(tokens, skip_special_tokens=True).strip()


@pytest.fixture(scope="module")
def expected(lm):
    return [as_text(lm, one_by_one(lm, prompt, 12)) for prompt in PROMPTS]


@pytest.mark.parametrize("batch_size", [1, 3, 16])
def test_a_batch_answers_as_transformers_does_one_by_one(lm, expected, batch_size):
    assert [one.text for one in generate(lm, PROMPTS, max_new_tokens=12, batch_size=batch_size)] == expected
    assert len(set(expected)) == len(PROMPTS)  # or the comparison would prove nothing


BEGIN = "Answer from the passages in a few words: "
BATCHES = {
    "a common beginning, rests of different lengths": [BEGIN + prompt for prompt in PROMPTS],
    "a row that is the beginning of the others": [
        BEGIN + prompt for prompt in ("When is", "When is it?", "When is the kiln hot?")
    ],
    "the same row twice, and nothing else": [BEGIN, BEGIN],
    "one token in common": ["ab", "a window", "ax"],
    "nothing in common": ["When?", "ash", "窯"],
    "a batch of one": [BEGIN],
}


@pytest.mark.parametrize("prompts", BATCHES.values(), ids=BATCHES)
def test_a_shared_beginning_changes_neither_texts_nor_logits(lm, prompts):
    rows = [lm.tokenizer(prompt, add_special_tokens=False).input_ids for prompt in prompts]
    with torch.inference_mode():
        output, mask = read_prompts(lm, rows)
        plain = torch.cat([lm.model(torch.tensor([row])).logits[:, -1] for row in rows])
    assert torch.allclose(output.logits[:, -1], plain, atol=1e-4)
    assert mask.sum(1).tolist() == list(map(len, rows))
    texts = [one.text for one in generate(lm, prompts, max_new_tokens=12, batch_size=16)]
    assert texts == [as_text(lm, one_by_one(lm, prompt, 12)) for prompt in prompts]


def passes_of(lm, prompts, n=1):
    """(rows, columns) of the tokens in each pass of the model until there are n new ones."""
    shapes = []
    hook = lm.model.register_forward_pre_hook(
        lambda _, __, named: shapes.append(named["input_ids"].shape), with_kwargs=True
    )
    generate(lm, prompts, max_new_tokens=n)
    hook.remove()
    return [tuple(shape) for shape in shapes]


def test_a_shared_beginning_is_computed_once_and_a_lone_prompt_in_one_pass(lm):
    assert passes_of(lm, ["kiln and ash", "kiln?", "kiln"]) == [(1, 3), (3, 9)]  # a token is left of the shortest
    assert passes_of(lm, ["ash", "kiln"]) == [(2, 4)]
    assert passes_of(lm, ["kiln and ash"]) == [(1, 12)]


def test_a_model_that_looks_back_through_a_window_shares_nothing_and_answers_the_same():
    from transformers import MistralConfig, MistralForCausalLM

    from utils.models import LanguageModel

    tiny = tiny_model()
    sizes = {**tiny.model.config.to_dict(), "sliding_window": 8, "model_type": "mistral", "architectures": None}
    torch.manual_seed(0)
    lm = LanguageModel(MistralForCausalLM(MistralConfig(**sizes)).eval(), tiny.tokenizer, "window")
    prompts = [BEGIN + "When?", BEGIN + "When is the large kiln fired?"]
    assert [one.text for one in generate(lm, prompts, max_new_tokens=12)] == [
        as_text(lm, one_by_one(lm, prompt, 12)) for prompt in prompts
    ]
    assert len(passes_of(lm, prompts)) == 1


def test_the_counts_are_what_they_say(lm):
    made = generate(lm, PROMPTS, max_new_tokens=5, batch_size=3)
    assert [one.prompt_tokens for one in made] == [len(prompt.encode()) for prompt in PROMPTS]  # a token a byte
    assert {one.answer_tokens for one in made} == {5}
    assert sorted(one.batched for one in made) == [2, 2, 3, 3, 3, 3, 3, 3]
    assert all(one.prefill_s > 0 and one.decode_s > 0 for one in made)


@pytest.mark.parametrize("place", [0, 2, 4])
@pytest.mark.parametrize("as_list", [False, True])
def test_an_answer_stops_where_the_model_ends_it(place, as_list):
    lm = tiny_model()
    tokens = one_by_one(lm, PROMPTS[0], 6)
    stop = tokens[place]
    lm.model.generation_config.eos_token_id = [lm.tokenizer.eos_token_id, stop] if as_list else stop
    first, second = generate(lm, PROMPTS[:2], max_new_tokens=6)
    expected = tokens[: tokens.index(stop)]
    assert (first.text, first.answer_tokens) == (as_text(lm, expected), len(expected))
    assert second.text == generate(lm, PROMPTS[1:2], max_new_tokens=6)[0].text  # the others write on undisturbed


def test_a_batch_takes_no_step_after_its_last_answer_has_ended():
    lm = tiny_model()
    tokens = [one_by_one(lm, prompt, 9) for prompt in PROMPTS[:2]]
    lm.model.generation_config.eos_token_id = stops = [tokens[0][1], tokens[1][4]]
    ended = [next(place for place, token in enumerate(line) if token in stops) for line in tokens]
    passes = []
    lm.model.register_forward_hook(lambda *_: passes.append(1))
    generate(lm, PROMPTS[:2], max_new_tokens=9)
    assert ended[0] != ended[1] and len(passes) == max(ended) + 1 < 9


def test_rows_that_have_ended_are_dropped_and_the_others_write_the_same_words():
    lm = tiny_model()
    tokens = [one_by_one(lm, prompt, 9) for prompt in PROMPTS]
    lm.model.generation_config.eos_token_id = stops = [tokens[0][1], tokens[1][4], tokens[2][6]]
    lengths = [next((place for place, token in enumerate(line) if token in stops), 9) for line in tokens]
    made = generate(lm, PROMPTS, max_new_tokens=9)
    assert [one.text for one in made] == [as_text(lm, line[:n]) for line, n in zip(tokens, lengths)]
    assert [one.answer_tokens for one in made] == lengths and 1 < len(set(lengths))
    rows = [shape[0] for shape in passes_of(lm, PROMPTS, 9)]
    going = [sum(n >= step for n in lengths) for step in range(len(rows))]
    assert rows[-1] < rows[0] == len(PROMPTS)
    assert all(alive <= kept < alive / (1 - ENOUGH) + 1 for alive, kept in zip(going, rows))


def test_the_output_layer_reads_last_states_that_lie_together():
    lm, seen = tiny_model(), []  # a slice with gaps would be multiplied by a copy of the weights for each row
    lm.model.get_output_embeddings().register_forward_pre_hook(lambda _, given: seen.append(given[0]))
    generate(lm, [BEGIN + prompt for prompt in PROMPTS], max_new_tokens=2)
    assert [tuple(states.shape[:2]) for states in seen] == [(1, 1), (8, 1), (8, 1)]
    assert all(states.is_contiguous() for states in seen)


def test_a_prompt_beyond_the_context_is_refused_with_its_length(lm):
    with pytest.raises(ValueError, match=re.escape("a prompt has 2017 tokens and the model reads 2016: fewer or shorter")):
        generate(lm, ["short", "x" * 2017])
    assert len(generate(lm, ["x" * 2016], max_new_tokens=1)) == 1


def test_no_prompts_get_no_answers(lm):
    assert generate(lm, []) == []


def test_a_progress_bar_changes_nothing(lm, capsys):
    silent, shown = (generate(lm, PROMPTS[:3], max_new_tokens=4, progress=progress) for progress in (None, "asking"))
    assert [one.text for one in silent] == [one.text for one in shown]
    assert "asking" in capsys.readouterr().err


def test_a_rendered_prompt_ends_where_the_answer_begins(lm):
    text = render(lm, [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "When?"}])
    assert text == "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nWhen?<|im_end|>\n<|im_start|>assistant\n"
