"""Experiments: units are kept and never done twice, files are written when they are whole, full size asks everybody."""

import dataclasses
import gzip
import re

import fakes
import pytest
from fakes import one_thread  # noqa: F401

from utils import machine, systems
from utils.experiments import __main__ as command
from utils.experiments import frame, full
from utils.experiments.frame import Experiment, Unit, run
from utils.files import DamagedFile
from utils.measure.evaluation import check_same_questions
from utils.measure.results import FIGURE_FIELDS, figure, read_results, write_results

SETTINGS = {"k": 3}


def experiment(done: list[str], **depends_on: object) -> Experiment:
    """Three units in two files; each says when it works."""

    def unit(name: str, file: str) -> Unit:
        def work():
            done.append(name)
            return [figure("seconds", name, 1.5, "s", seed=1)]

        return Unit(name, file, 2, depends_on.get(name, "the data"), work)

    units = [unit("a", "one"), unit("b", "one"), unit("c/d", "two")]
    return Experiment("trial", "model", {"file": "hash"}, SETTINGS, units)


@pytest.fixture
def folders(tmp_path):
    return {"kept": tmp_path / "kept", "results": tmp_path / "results"}


def test_every_unit_is_done_once_and_each_file_holds_its_rows(folders):
    done = []
    assert run(experiment(done), **folders) == [folders["results"] / "one.jsonl", folders["results"] / "two.jsonl"]
    assert done == ["a", "b", "c/d"]
    provenance, rows = read_results(folders["results"] / "one.jsonl", {"file": "hash"})
    assert [row["system"] for row in rows] == ["a", "b"] and set(rows[0]) == set(FIGURE_FIELDS)
    assert provenance["experiment"] == "trial" and provenance["settings"]["k"] == 3
    run(experiment(done), **folders)
    assert done == ["a", "b", "c/d"]


def test_a_file_that_is_as_it_should_be_keeps_its_date_and_a_broken_one_is_written_again(folders):
    path, _ = run(experiment([]), **folders)
    older = re.sub(rb'"date": "....', b'"date": "1999', path.read_bytes())
    path.write_bytes(older)
    run(experiment([]), **folders)
    assert path.read_bytes() == older
    fakes.cut_short(path)
    run(experiment([]), **folders)
    assert len(read_results(path)[1]) == 2


def test_stopped_in_the_middle_it_goes_on_with_the_next_unit(folders):
    done = []
    broken = experiment(done)
    broken.units[1] = dataclasses.replace(broken.units[1], work=lambda: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        run(broken, **folders)
    assert done == ["a"] and not (folders["results"] / "one.jsonl").exists()
    run(experiment(done), **folders)
    assert done == ["a", "b", "c/d"]


def test_units_that_came_packed_with_the_repository_are_not_done_again(folders):
    done = []
    run(experiment([]), **folders)
    packed = folders["results"] / "unfinished" / "trial"
    packed.mkdir(parents=True)
    for path in (folders["kept"] / "trial").glob("[ac]*.json"):
        (packed / f"{path.name}.gz").write_bytes(gzip.compress(path.read_bytes()))
        path.unlink()
    run(experiment(done), **folders)
    assert done == []
    for path in (folders["kept"] / "trial").glob("a*.json"):
        path.unlink()
        fakes.cut_short(packed / f"{path.name}.gz")
    with pytest.raises(DamagedFile, match="restore it from git, or delete it"):
        run(experiment(done), **folders)


def test_units_can_be_asked_for_by_name_so_that_two_processes_share_the_work(folders):
    done = []
    assert run(experiment(done), ["b", "c/d"], **folders) == []  # the ledger would take the rows there are for all
    assert done == ["b", "c/d"] and not folders["results"].exists()
    one, two = run(experiment(done), ["a"], **folders)
    assert done == ["b", "c/d", "a"] and [row["system"] for row in read_results(one)[1]] == ["a", "b"]
    with pytest.raises(SystemExit, match="trial has no unit e: use some of a, b, c/d"):
        run(experiment(done), ["e"], **folders)


def test_units_of_two_machines_say_so_in_their_file(folders, monkeypatch):
    run(experiment([]), **folders)
    monkeypatch.setattr(frame, "cpu_name", lambda: "another processor")
    one, two = run(experiment([], a="other data"), **folders)
    assert read_results(one)[0]["settings"]["cpus"] == sorted(["another processor", machine.cpu_name()])
    assert "cpus" not in read_results(two)[0]["settings"]


def test_what_depends_on_something_else_is_done_anew(folders):
    done = []
    run(experiment(done), **folders)
    run(experiment(done, b="other data"), **folders)
    assert done == ["a", "b", "c/d", "b"]


def test_a_figure_with_other_fields_is_refused(tmp_path):
    with pytest.raises(ValueError, match="too many or too few"):
        write_results(tmp_path / "x.jsonl", {"n_rows": 1}, [{"figure": "seconds", "value": 1}])


def test_experiments_are_chosen_by_name_or_by_promise():
    of = {"F7": "full", "R3": "privacy-of-the-future"}
    assert command.choose([], of) == list(command.ORDER)
    assert command.choose(["F7", "full"], of) == ["full"]
    with pytest.raises(SystemExit, match=f"no experiment measures R3 yet: use one of {', '.join(command.ORDER)}, F7"):
        command.choose(["R3"], of)


@pytest.fixture(scope="module")
def club(tmp_path_factory):
    """The club with the tiny model; raft's classroom is the club, too."""
    folder = tmp_path_factory.mktemp("full")
    with pytest.MonkeyPatch.context() as patch:
        fakes.small_training(patch)
        patch.setattr(full, "lab_of", lambda lab, arm: lab)
        lab = fakes.club_lab(fakes.write_company(folder / "club"), folder / "work")
        both = full.with_both_versions(lab)
        yield lab, both, {step: full.answer_all(lab, both, *step) for step in full.plan() if step[1] in (None, 1)}


def test_everybody_answers_every_question_in_every_version(club):
    lab, _, rows = club
    check_same_questions([row for part in rows.values() for row in part])
    test = lab.company.split("test")
    for (system, seed), part in rows.items():
        assert len(part) == len(full.VERSIONS) * len(test)
        assert {row["system"] for row in part} == {system} and {row["seed"] for row in part} == {seed}
        assert (part[0]["adapter_sha256"] is None) == (system not in systems.ADAPTER_OF)
        assert len({row["run_id"] for row in part}) == len(full.VERSIONS)


def test_both_versions_of_a_page_are_found_and_a_sentence_they_share_once(club):
    lab, both, _ = club
    texts = [hit.chunk.text for hit in both.retrieve[True](["When is the large kiln fired?"], 8)[0]]
    assert any("Thursdays" in text for text in texts) and any("Saturdays" in text for text in texts)
    assert len(both.chunks[True]) > len(lab.chunks[True])


@pytest.mark.parametrize("arm", dict.fromkeys(systems.ADAPTER_OF.values()))
def test_each_adapter_has_its_seconds(club, arm):
    (row,) = full.seconds_unit(club[0], (arm, 1), full.plan_adapter(club[0], arm, 1)).work()
    assert (row["system"], row["seed"], row["unit"]) == (arm, 1, "s") and row["value"] > 0


def test_mixed_learns_from_both_kinds(club):
    from utils.lab import examples_of

    lab = club[0]
    closed, reading, mixed = (examples_of(lab, arm, "train", 1) for arm in ("ft", "raft", "mixed"))
    assert mixed == closed * 3 + reading[::2]
    raw = examples_of(lab, "ft-raw", "train", 1)
    assert [example.answer for example in raw] == [chunk.passage for chunk in lab.chunks[False]]
