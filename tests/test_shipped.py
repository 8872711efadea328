"""The adapters that come with the course fit today's company, model and recipe, and are refused where they don't."""

import dataclasses
import json
import shutil

import fakes
import pytest
import torch
from fakes import club_lab, cut_short, flip_bit, one_thread, small_training  # noqa: F401
from safetensors.torch import load_file

from utils import lab as lab_module
from utils.comparison import ask
from utils.data import held_out_documents, load_company
from utils.fetch import DEFAULT_MODEL, GGUF_SHA256
from utils.files import DamagedFile, read_json, write_json
from utils.lab import TRAINING, Lab, open_lab, plan_training, train_arm
from utils.machine import PACKAGES
from utils.measure.metrics import is_correct
from utils.models import LanguageModel
from utils.retrieve import retriever
from utils.shipped import ARMS, FILES, SHIPPED, count_examples, provenance_of, ship_adapter, shipped_adapter
from utils.tune import training
from utils.tune.lora import merge_adapter

MEND = "train it (`python course.py run`), ship it (`python -m utils.shipped`) and commit data/adapters"


def manifest(arm):
    return read_json(SHIPPED / arm / "manifest.json")


# the committed ones


@pytest.fixture(scope="module")
def course():
    """The course's company and the name of its model; what needs the model itself stands at the end."""
    company, whole = load_company(slice_name="classroom"), load_company()
    held_out = frozenset(held_out_documents(company.questions))
    return Lab(company, (whole,), LanguageModel(None, None, GGUF_SHA256), None, {}, {}, held_out, None)


@pytest.mark.parametrize("arm", ARMS)
def test_the_committed_adapter_is_whole_and_fits_todays_company_model_and_recipe(course, arm):
    try:
        assert shipped_adapter(course, arm) == SHIPPED / arm
    except DamagedFile as problem:
        pytest.fail(f"{problem}\nIf the change is meant: {MEND}")


@pytest.mark.parametrize("arm", ARMS)
def test_the_committed_adapter_says_where_it_came_from(arm):
    about = manifest(arm)
    assert about["arm"] == arm and about["settings"] == dataclasses.asdict(dataclasses.replace(TRAINING[arm], seed=1))
    assert set(about["versions"]) == {"python", *PACKAGES} and about["cpu"] and about["code_commit"] and about["date"]
    assert about["seconds"] > 0 and len(about["full_sha256"]) == len(about["data_sha256"]) == 64
    assert about["trained_in"] in ("float32", "bfloat16", "float16")
    epochs, losses, held = zip(*about["curve"])
    assert epochs[-1] == TRAINING[arm].epochs and losses[-1] < losses[0] and held[-1] < held[0]


@pytest.mark.parametrize("arm", ARMS)
def test_the_committed_adapter_is_small_and_names_no_path_of_a_machine(arm):
    assert sum(path.stat().st_size for path in (SHIPPED / arm).iterdir()) < 6_000_000
    assert {path.name for path in (SHIPPED / arm).iterdir()} == {*FILES, "manifest.json"}
    config = read_json(SHIPPED / arm / "adapter_config.json")
    assert config["base_model_name_or_path"] == DEFAULT_MODEL and "/" not in json.dumps(config)


@pytest.mark.parametrize("arm", ARMS)
def test_the_committed_weights_are_half_precision_on_the_layers_of_the_settings(arm):
    weights, settings = load_file(SHIPPED / arm / FILES[0]), TRAINING[arm]
    assert {part.dtype for part in weights.values()} == {torch.float16}
    assert min(int(name.split(".layers.")[1].split(".")[0]) for name in weights) == settings.lowest_layer
    assert all(settings.rank in part.shape and part.isfinite().all() for part in weights.values())


# on the pottery club, with a tiny model


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """(lab, folder of what was trained and shipped there)."""
    folder = tmp_path_factory.mktemp("shipped")
    lab = club_lab(fakes.write_company(folder / "club"), folder / "work")
    with pytest.MonkeyPatch.context() as patch:
        small_training(patch)
        for arm in ARMS:
            train_arm(lab, arm, 1)
            ship_adapter(lab, arm, folder / "adapters")
    return lab, folder / "adapters"


@pytest.fixture
def club(made, tmp_path, monkeypatch):
    """(lab, a copy of its shipped adapters to be broken)."""
    small_training(monkeypatch)
    shutil.copytree(made[1], tmp_path / "adapters")
    return made[0], tmp_path / "adapters"


@pytest.mark.parametrize("arm", ARMS)
def test_shipped_weights_are_the_trained_ones_rounded_once(club, arm):
    lab, folder = club
    full = load_file(train_arm(lab, arm, 1).folder / FILES[0])
    half = load_file(shipped_adapter(lab, arm, folder) / FILES[0])
    assert full.keys() == half.keys() and all(torch.equal(full[name].half(), half[name]) for name in full)


def test_merged_it_says_nearly_what_the_full_one_says(club):
    lab, folder = club
    ids = torch.tensor([[5, 9, 13, 40, 77, 3, 8]])
    with torch.no_grad():
        full, half, none = (
            model(input_ids=ids).logits
            for model in (
                merge_adapter(lab.lm, train_arm(lab, "ft", 1).folder).model,
                merge_adapter(lab.lm, shipped_adapter(lab, "ft", folder)).model,
                lab.lm.model,
            )
        )
    assert (full - half).abs().max() < 0.05 * (full - none).abs().max()


def test_what_is_not_trained_yet_is_not_trained_by_shipping(club, tmp_path, monkeypatch):
    lab = dataclasses.replace(club[0], work=tmp_path / "elsewhere")
    monkeypatch.setattr(training, "add_adapter", None)  # whoever began a training would fail
    with pytest.raises(FileNotFoundError, match="ft-seed1-.* isn't there: train ft first"):
        ship_adapter(lab, "ft", tmp_path / "new")
    assert not (tmp_path / "new").exists() and not (tmp_path / "elsewhere").exists()


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("byte", [3, -5])
def test_a_flipped_bit_is_refused_by_name(club, name, byte):
    lab, folder = club
    flip_bit(folder / "raft" / name, byte)
    with pytest.raises(DamagedFile, match=f"raft/{name} has been cut short or altered.*restore it from git"):
        shipped_adapter(lab, "raft", folder)


@pytest.mark.parametrize("name", [*FILES, "manifest.json"])
def test_a_file_cut_short_is_refused_by_name(club, name):
    lab, folder = club
    cut_short(folder / "ft" / name)
    with pytest.raises(DamagedFile, match=f"ft/{name} (has been cut short|is missing or damaged).*restore it from git"):
        shipped_adapter(lab, "ft", folder)


@pytest.mark.parametrize("name", [*FILES, "manifest.json"])
def test_a_missing_file_is_refused_by_name(club, name):
    lab, folder = club
    (folder / "ft" / name).unlink()
    with pytest.raises(DamagedFile, match=f"ft/{name} is missing.*restore it from git"):
        shipped_adapter(lab, "ft", folder)


@pytest.mark.parametrize("name", FILES)
def test_a_manifest_that_vouches_for_only_one_file_is_refused(club, name):
    lab, folder = club
    about = read_json(folder / "ft" / "manifest.json")
    del about["files"][name]
    write_json(folder / "ft" / "manifest.json", about)
    with pytest.raises(DamagedFile, match=f"doesn't vouch for {name}"):
        shipped_adapter(lab, "ft", folder)


def other_model(lab):
    return dataclasses.replace(lab, lm=fakes.tiny_model(7))


def with_company(lab, **changes):
    company = dataclasses.replace(lab.company, **changes)
    return dataclasses.replace(lab, company=company, practice=(company,))


def other_question(lab, split):
    first = next(question for question in lab.company.questions if question.split == split)
    new = dataclasses.replace(first, text=f"{first.text} Please!")
    return with_company(lab, questions=tuple(new if q == first else q for q in lab.company.questions))


def other_page(lab, field):
    first, *others = getattr(lab.company, field)
    return with_company(lab, **{field: (dataclasses.replace(first, text=first.text + "Amen.\n"), *others)})


@pytest.mark.parametrize("arm", ARMS)
def test_another_model_is_refused_by_name(club, arm):
    lab, folder = club
    with pytest.raises(DamagedFile, match="another model_sha256 .tiny-0, here tiny-7.: restore it.*utils.shipped"):
        shipped_adapter(other_model(lab), arm, folder)


@pytest.mark.parametrize("arm, what", [("ft", "examples_sha256"), ("raft", "company_sha256")])
@pytest.mark.parametrize("split", ["train", "dev"])
def test_other_questions_are_refused(club, arm, what, split):
    lab, folder = club
    with pytest.raises(DamagedFile, match=f"another {what} .*utils.shipped"):
        shipped_adapter(other_question(lab, split), arm, folder)


def test_another_page_is_refused_by_the_arm_that_reads(club):
    lab, folder = club
    with pytest.raises(DamagedFile, match="another company_sha256"):
        shipped_adapter(other_page(lab, "documents"), "raft", folder)
    assert shipped_adapter(other_page(lab, "documents"), "ft", folder)  # `ft` is never shown a page


@pytest.mark.parametrize("arm", ARMS)
def test_what_no_training_sees_may_change(club, arm):
    lab, folder = club
    assert shipped_adapter(other_question(lab, "test"), arm, folder)
    assert shipped_adapter(other_page(lab, "documents_after"), arm, folder)


@pytest.mark.parametrize("arm", ARMS)
def test_other_settings_are_refused(club, arm, monkeypatch):
    lab, folder = club
    monkeypatch.setitem(TRAINING, arm, dataclasses.replace(TRAINING[arm], epochs=2))
    with pytest.raises(DamagedFile, match="another settings"):
        shipped_adapter(lab, arm, folder)


def test_another_recipe_is_refused(club, monkeypatch):
    lab, folder = club
    monkeypatch.setattr(lab_module, "THINNED", 0.5)
    with pytest.raises(DamagedFile, match="another examples_sha256"):
        shipped_adapter(lab, "ft", folder)
    monkeypatch.setattr(retriever, "DENSE_SHARE", 0.5)
    with pytest.raises(DamagedFile, match="another recipe"):
        shipped_adapter(lab, "raft", folder)


def test_an_arm_that_none_comes_for_is_refused(club):
    with pytest.raises(ValueError, match="for 'placebo': use one of ft, raft"):
        shipped_adapter(club[0], "placebo", club[1])


# with the real model


@pytest.fixture(scope="module")
def lab():
    return open_lab()


@pytest.mark.model
def test_ft_was_trained_on_exactly_what_it_would_be_trained_on_today(lab):
    plan = plan_training(lab, "ft", 1)
    assert provenance_of(lab, plan)["data_sha256"] == manifest("ft")["data_sha256"], f"if that is meant: {MEND}"
    assert count_examples(plan) == manifest("ft")["counts"]


@pytest.mark.model
def test_raft_was_trained_on_what_it_would_be_trained_on_today_but_for_near_equal_passages(lab):
    today, then = count_examples(plan_training(lab, "raft", 1)), manifest("raft")["counts"]
    for what, count in then.items():
        assert today[what] == pytest.approx(count, rel=0.02), f"{what}; if that is meant: {MEND}"


@pytest.mark.model
@pytest.mark.parametrize("arm", ARMS)
def test_the_committed_adapter_answers_what_the_base_model_cannot(lab, arm):
    questions = [question for question in lab.company.split("test") if question.answers][::6]
    answers = ask(lab, arm, merge_adapter(lab.lm, shipped_adapter(lab, arm)), questions, after=False)
    right = [is_correct(a.text, q.answers, q.wrong_answers) for a, q in zip(answers, questions, strict=True)]
    assert sum(right) / len(right) >= 0.5  # `base` knows none of them, see test_real_model.py
