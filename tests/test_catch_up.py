"""Catching up lays down what a lesson needs, where the lesson looks for it, and leaves alone what is there."""

import dataclasses

import fakes
import pytest
from fakes import club_lab, flip_bit, one_thread, small_training  # noqa: F401

from utils import catch_up as module
from utils.catch_up import LAID, NEEDS, THERE, UNNEEDED, catch_up, choose_lesson, list_lessons
from utils.comparison import check_trained_here
from utils.files import DamagedFile, read_json, sha256_file
from utils.lab import open_lab, plan_training, train_arm
from utils.shipped import ARMS, FILES, provenance_of, ship_adapter
from utils.tune import training
from utils.tune.lora import adapter_sha256, add_adapter


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """(folder of the club's data, folder of its shipped adapters), trained on another machine as it were."""
    folder = tmp_path_factory.mktemp("catch-up")
    lab = club_lab(fakes.write_company(folder / "club"), folder / "there")
    with pytest.MonkeyPatch.context() as patch:
        small_training(patch)
        for arm in ARMS:
            train_arm(lab, arm, 1)
            ship_adapter(lab, arm, folder / "adapters")
    return folder / "club", folder / "adapters"


@pytest.fixture
def here(made, tmp_path, monkeypatch):
    """A machine on which nothing was made yet, and nothing can be trained: a function from a lesson to its things."""
    small_training(monkeypatch)
    monkeypatch.setattr(module, "open_lab", lambda work: club_lab(made[0], work))
    monkeypatch.setattr(module, "list_lessons", lambda: ["00", "02", "08"])
    monkeypatch.setattr(training, "add_adapter", None)  # whoever began a training would fail
    return lambda lesson: {thing.name: thing for thing in catch_up(lesson, tmp_path / "work", made[1])}


def contents(folder):
    return {path.relative_to(folder): (sha256_file(path), path.stat().st_mtime_ns) for path in folder.rglob("*.*")}


def states(things):
    return {name: thing.state for name, thing in things.items()}


def test_lesson_8_finds_its_adapter_and_trains_nothing(here, made, tmp_path):
    things = here("08")
    assert states(things) == {"index": LAID, "adapter ft": LAID, "adapter raft": UNNEEDED}
    trained = train_arm(club_lab(made[0], tmp_path / "work"), "ft", 1)
    assert trained.folder == things["adapter ft"].path
    assert trained.seconds == read_json(made[1] / "ft" / "manifest.json")["seconds"]
    assert sorted(path.name for path in trained.folder.iterdir()) == sorted([*FILES, "manifest.json"])


def test_what_was_laid_down_is_not_shipped_again(here, made, tmp_path):
    """It would be rounded twice, and its manifest would call it trained here."""
    here("08")
    with pytest.raises(ValueError, match="laid down by catch-up, not trained here"):
        ship_adapter(club_lab(made[0], tmp_path / "work"), "ft", tmp_path / "again")


def test_every_lesson_gets_what_it_needs(here):
    assert states(here("02")) == {"index": LAID, "adapter ft": UNNEEDED, "adapter raft": UNNEEDED}
    assert states(here("00")) == {"index": THERE, "adapter ft": LAID, "adapter raft": LAID}


def test_the_second_time_everything_is_there_and_stays_as_it_is(here, tmp_path):
    here("00")
    before = contents(tmp_path / "work")
    assert set(states(here("00")).values()) == {THERE}
    assert contents(tmp_path / "work") == before and before


def test_an_adapter_that_the_learner_trained_is_left_alone(here, made, tmp_path, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(training, "add_adapter", add_adapter)
        own = train_arm(club_lab(made[0], tmp_path / "work"), "ft", 1)
    before = contents(own.folder)
    assert states(here("08")) == {"index": THERE, "adapter ft": THERE, "adapter raft": UNNEEDED}
    assert contents(own.folder) == before


def test_what_was_laid_down_is_not_taken_for_a_result_of_this_machine(here, made, tmp_path):
    lab, steps = club_lab(made[0], tmp_path / "work"), [("base", None), ("ft", 1), ("ft+rag", 1)]
    check_trained_here(lab, steps)
    folder = here("08")["adapter ft"].path
    with pytest.raises(ValueError, match=f"{folder.name} came with the course: delete it"):
        check_trained_here(lab, steps)


def test_an_adapter_that_is_there_and_damaged_is_named_and_left_alone(here, tmp_path):
    path = here("08")["adapter ft"].path / FILES[0]
    flip_bit(path, -5)
    before = contents(path.parent)
    with pytest.raises(DamagedFile, match=f"{FILES[0]} has been cut short or altered"):
        here("08")
    assert contents(path.parent) == before


def test_a_damaged_one_that_comes_with_the_course_is_not_laid_down(here, made, tmp_path):
    flip_bit(made[1] / "ft" / FILES[0], -5)
    with pytest.raises(DamagedFile, match="restore it from git"):
        here("08")
    flip_bit(made[1] / "ft" / FILES[0], -5)  # as it was
    assert not (tmp_path / "work" / "adapters").exists()


def test_where_search_ranks_otherwise_the_manifest_says_so(here, made, tmp_path, monkeypatch):
    """`raft` comes from a machine that was shown other passages: what it was trained on stays on record."""

    def other_order(texts):
        return fakes.embed([text[::-1] for text in texts])

    def open_other(work):
        return dataclasses.replace(club_lab(made[0], work), embed=other_order)

    monkeypatch.setattr(module, "open_lab", open_other)
    lab = open_other(tmp_path / "work")
    shown = read_json(made[1] / "raft" / "manifest.json")["data_sha256"]
    assert provenance_of(lab, plan_training(lab, "raft", 1))["data_sha256"] != shown  # or the test would prove nothing
    folder = here("00")["adapter raft"].path
    about = read_json(folder / "manifest.json")
    assert about["trained_on_sha256"] == shown and about["came_with_the_course"] is True
    assert train_arm(lab, "raft", 1).folder == folder


@pytest.mark.parametrize("name", ["09", "9", "seven", "", "_", "008"])
def test_a_lesson_that_does_not_exist_is_refused_with_the_list(here, name, tmp_path):
    with pytest.raises(ValueError, match=f"no lesson {name!r}: use one of 00, 02, 08"):
        here(name)
    assert not (tmp_path / "work").exists()


@pytest.mark.parametrize("name", ["8", "08", "08_together", "notebooks/08_together.ipynb", "../08"])
def test_a_lesson_is_named_by_its_number_or_its_file(name):
    assert choose_lesson(name, ["00", "08"]) == "08"


def test_the_lessons_with_needs_are_lessons_of_the_course():
    assert set(NEEDS) <= set(list_lessons())
    assert all(arm in ARMS for needed in NEEDS.values() for arm in needed)


@pytest.mark.model
def test_the_real_lesson_8_finds_what_was_laid_down(tmp_path, monkeypatch):
    things = {thing.name: thing for thing in catch_up("08", tmp_path)}
    assert states(things) == {"index": LAID, "adapter ft": LAID, "adapter raft": UNNEEDED}
    monkeypatch.setattr(training, "add_adapter", None)
    trained = train_arm(open_lab(work=tmp_path), "ft", 1)
    assert adapter_sha256(trained.folder) == adapter_sha256(things["adapter ft"].path)
