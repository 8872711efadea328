"""The fast engine answers as the plain one does, is found again, and is picked where it is faster.

A stand-in computes in CTranslate2's place: a plain greedy loop over the weights it was given, so what is tested is how they
are prepared, asked for and read. What rounding does to real answers is measured by the benchmark `same-answers`.
"""

import importlib.machinery
import json
import shutil
import sys
import types

import pytest
import torch
from fakes import flip_bit, one_thread, tiny_model  # noqa: F401

from utils.answer import engine, fast
from utils.answer.engine import open_engine, pick_engine
from utils.answer.fast import NoEngine, generate_fast, open_fast
from utils.answer.generation import generate, render
from utils.answer.prompts import closed_book, with_passages
from utils.files import DamagedFile
from utils.records import Chunk, Hit

QUESTIONS = ["When is the large kiln fired?", "Ash?", "What does one shelf cost, and who is paid?"]
HIT = Hit(Chunk("pottery-kiln", 0, 4, "The large kiln is fired on Thursdays.", "Using the kiln"), 1.0)


class Converter:
    """Copies the weights as they are."""

    def __init__(self, source):
        self.source = source

    def convert(self, folder, quantization, force):
        assert quantization == "int8"
        shutil.copytree(self.source, folder, dirs_exist_ok=force)


class Generator:
    """Reads the whole prompt anew for every token."""

    opened, static = [], []

    def __init__(self, folder, **_):
        from transformers import AutoModelForCausalLM, AutoTokenizer

        self.opened.append(folder)
        self.model = AutoModelForCausalLM.from_pretrained(folder).eval()
        self.tokenizer = AutoTokenizer.from_pretrained(folder)

    @torch.inference_mode()
    def generate_batch(self, rows, static_prompt, include_prompt_in_result, max_length, end_token, callback):
        assert rows[0] and not include_prompt_in_result
        self.static.append(len(static_prompt or ()))
        ids = self.tokenizer.convert_tokens_to_ids([*(static_prompt or ()), *rows[0]])
        made = []
        while len(made) < max_length:
            token = int(self.model(torch.tensor([ids + made])).logits[0, -1].argmax())
            callback(token)
            if token in end_token:
                break
            made.append(token)
        return [types.SimpleNamespace(sequences_ids=[made])]


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("COURSE_ENGINE", raising=False)
    return tmp_path / "cache"


@pytest.fixture
def installed(monkeypatch):
    """CTranslate2's stand-in, with nothing opened yet."""
    package, converters = types.ModuleType("ctranslate2"), types.ModuleType("ctranslate2.converters")
    package.__spec__ = importlib.machinery.ModuleSpec("ctranslate2", None)
    package.__version__, package.Generator, converters.TransformersConverter = "0", Generator, Converter
    monkeypatch.setitem(sys.modules, "ctranslate2", package)
    monkeypatch.setitem(sys.modules, "ctranslate2.converters", converters)
    monkeypatch.setattr(Generator, "opened", [])
    monkeypatch.setattr(Generator, "static", [])


@pytest.fixture
def missing(monkeypatch):
    monkeypatch.setitem(sys.modules, "ctranslate2", None)


@pytest.fixture(scope="module")
def lm():
    return tiny_model()


def prompts(lm, questions=QUESTIONS):
    return [render(lm, with_passages(question, [HIT])) for question in questions]


def test_it_answers_as_the_plain_engine_does(lm, installed):
    made, plain = generate_fast(open_fast(lm, with_passages), prompts(lm), 12), generate(lm, prompts(lm), 12, batch_size=1)
    for field in ("text", "prompt_tokens", "answer_tokens", "batched"):
        assert [getattr(one, field) for one in made] == [getattr(one, field) for one in plain]
    assert len({one.text for one in made}) == len(QUESTIONS)  # or the comparison would prove nothing
    assert all(one.prefill_s > 0 and one.decode_s > 0 for one in made)


def test_it_stops_where_the_model_ends_an_answer(installed):
    lm = tiny_model()
    answer = generate(lm, prompts(lm)[:1], 6)[0].text
    lm.model.generation_config.eos_token_id = lm.tokenizer(answer).input_ids[2]
    made, plain = generate_fast(open_fast(lm, with_passages), prompts(lm)[:1], 6)[0], generate(lm, prompts(lm)[:1], 6)[0]
    assert (made.text, made.answer_tokens) == (plain.text, plain.answer_tokens) and made.answer_tokens <= 2


def test_what_all_prompts_begin_with_is_given_apart(lm, installed):
    model = open_fast(lm, with_passages)
    begin = lm.tokenizer.decode(model.beginning)
    assert all(prompt.startswith(begin) for prompt in prompts(lm))
    assert begin.endswith("<|im_start|>user\n[1] ")
    other = render(lm, closed_book(QUESTIONS[0]))
    made = generate_fast(model, [prompts(lm)[0], other, begin], 3)
    assert Generator.static == [len(model.beginning), 0, 0]
    assert [one.text for one in made] == [one.text for one in generate(lm, [prompts(lm)[0], other, begin], 3, batch_size=1)]


def test_a_prompt_beyond_the_context_is_refused(lm, installed):
    model = open_fast(lm, with_passages)
    with pytest.raises(ValueError, match="a prompt has 2017 tokens and the model reads 2016: fewer or shorter passages"):
        generate_fast(model, ["x" * 2017])
    assert len(generate_fast(model, ["x" * 2016], 32)) == 1 and generate_fast(model, []) == []


def test_weights_are_converted_once_for_each_model_and_adapter(lm, installed, cache):
    for _ in range(2):
        open_fast(lm, with_passages)
    assert len(set(Generator.opened)) == len(list((cache / "int8").iterdir())) == 1
    open_fast(lm, with_passages, adapter_sha256="another")
    open_fast(tiny_model(seed=1), with_passages)
    assert len(set(Generator.opened)) == len(list((cache / "int8").iterdir())) == 3


def test_altered_weights_are_refused(lm, installed, cache):
    open_fast(lm, with_passages)
    (folder,) = (cache / "int8").iterdir()
    flip_bit(folder / "model.safetensors", -9)
    with pytest.raises(DamagedFile, match="altered since it was written: delete it and it is made again"):
        open_fast(lm, with_passages)


def test_without_the_package_one_is_told_how_to_get_it(lm, missing, cache):
    with pytest.raises(NoEngine, match="CTranslate2 isn't installed: `python -m pip install ctranslate2` in the course's"):
        open_fast(lm, with_passages)
    assert not cache.exists()


def test_without_the_package_torch_answers(lm, missing, cache):
    assert pick_engine(lm) == "torch" and not cache.exists()
    made = open_engine(lm, with_passages)(prompts(lm), 4)
    assert [one.text for one in made] == [one.text for one in generate(lm, prompts(lm), 4, batch_size=1)]
    assert {one.batched for one in made} == {1}


@pytest.mark.parametrize("chosen", engine.ENGINES)
def test_an_engine_asked_for_is_taken_without_measuring(lm, installed, cache, monkeypatch, chosen):
    monkeypatch.setenv("COURSE_ENGINE", chosen)
    assert pick_engine(lm) == chosen and not cache.exists()
    open_engine(lm, with_passages)(prompts(lm)[:1], 2)
    assert len(Generator.opened) == (chosen != "torch")


def test_an_engine_that_does_not_exist_is_refused(lm, monkeypatch):
    monkeypatch.setenv("COURSE_ENGINE", "onnx")
    with pytest.raises(ValueError, match="is 'onnx': use torch, ctranslate2 or ctranslate2-one-core, or unset it"):
        pick_engine(lm)


def test_the_faster_engine_is_kept_with_its_seconds_and_found_again(lm, installed, cache):
    chosen = pick_engine(lm)
    known = json.loads((cache / "engine.json").read_text("utf-8"))
    ((key, entry),) = known.items()
    assert entry["engine"] == chosen == min(entry["seconds"], key=entry["seconds"].get)
    assert set(entry["seconds"]) == set(engine.ENGINES) and lm.sha256 in key
    other = next(name for name in engine.ENGINES if name != chosen)
    (cache / "engine.json").write_text(json.dumps({key: {**entry, "engine": other}}), encoding="utf-8")
    assert pick_engine(lm) == other  # as the file says: it was not measured again


@pytest.mark.parametrize("content", [b'{"half', b"\xff\xfe", b""])
def test_a_damaged_measurement_is_made_again(lm, installed, cache, content):
    cache.mkdir()
    (cache / "engine.json").write_bytes(content)
    assert pick_engine(lm) in engine.ENGINES
    assert json.loads((cache / "engine.json").read_text("utf-8"))


def test_a_model_that_cannot_be_taken_over_stays_with_torch(installed):
    lm = tiny_model()
    lm.model.config.model_type = "gpt2"
    assert pick_engine(lm) == "torch"


def test_conversion_leaves_nothing_half_done(lm, installed, cache, monkeypatch):
    monkeypatch.setattr(fast, "convert", lambda *_: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        open_fast(lm, with_passages)
    assert list((cache / "int8").iterdir()) == []
