"""The preflight trains and searches for real, keeps nothing, and fails with a reason where something is wrong."""

import re

import fakes
import pytest
import torch
from fakes import one_thread  # noqa: F401

from utils import preflight
from utils.data import load_company
from utils.fetch import NoModel
from utils.lab import TRAINING
from utils.tune.schedule import Settings, plan_batches
from utils.tune.training import Run


@pytest.fixture(scope="module")
def club(tmp_path_factory):
    return load_company(fakes.write_company(tmp_path_factory.mktemp("club") / "data"))


@pytest.fixture
def few_layers(monkeypatch):
    monkeypatch.setitem(TRAINING, "ft", Settings(epochs=6, learning_rate=1e-3, lowest_layer=1, rank=2))


def test_training_takes_two_real_steps_and_leaves_model_and_disk_as_they_were(club, few_layers, tmp_path, monkeypatch):
    lm, steps, one_step = fakes.tiny_model(), [], Run.step
    before = {name: weight.clone() for name, weight in lm.model.state_dict().items()}
    monkeypatch.setattr(Run, "step", lambda *arguments: steps.append(one_step(*arguments)) or steps[-1])
    monkeypatch.setattr(preflight.tempfile, "tempdir", str(tmp_path))
    seconds = preflight.try_training(lm, club.split("train"))
    assert len(steps) == 2 == len(plan_batches(preflight.STEPS * preflight.BATCH, preflight.BATCH, 1, 0)) and seconds > 0
    assert all(torch.equal(weight, before[name]) for name, weight in lm.model.state_dict().items())
    assert list(tmp_path.iterdir()) == []


def test_a_loss_that_is_no_number_fails(club, few_layers):
    lm = fakes.tiny_model()
    lm.model.lm_head.weight.fill_(float("nan"))
    with pytest.raises(RuntimeError, match="COURSE_DTYPE=float32"):
        preflight.try_training(lm, club.split("train"))


def test_the_search_has_to_find_the_passage_with_the_answer(club):
    question = next(question for question in club.split("train") if question.answers)
    assert preflight.try_search(fakes.embed, list(club.documents), question) > 0
    elsewhere = [document for document in club.documents if document.doc_id != question.evidence[0].doc_id]
    with pytest.raises(RuntimeError, match="did not find"):
        preflight.try_search(fakes.embed, elsewhere, question)


def test_without_a_cached_model_nothing_is_fetched(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_CACHE", str(tmp_path / "none"))
    with pytest.raises(NoModel, match="python course.py run"):
        preflight.try_both()
    assert not (tmp_path / "none").exists()


@pytest.mark.model
def test_the_real_models_train_and_find_in_little_memory():
    line = preflight.try_both()
    found = re.fullmatch(
        r"2 training steps [\d.]+ s, 1 search [\d.]+ s, ([\d.]+) GiB used, \w+, packages [0-9a-f]{8}", line
    )
    assert found, line
