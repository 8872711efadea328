"""A bundle is whole or refused, holds the course as git knows it, and asks pip for what each platform needs. No network."""

import hashlib
import os
import subprocess
import sys
import zipfile
from pathlib import Path
from types import SimpleNamespace

import fakes
import pytest
from packaging.markers import Marker, default_environment

import course
from utils import bundle, wheels


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


@pytest.mark.parametrize("platform", wheels.PLATFORMS)
def test_pip_is_asked_for_wheels_of_the_platform(tmp_path, platform):
    command = wheels.download_command(tmp_path, ["torch"], platform, "3.12")
    tags = {f"--platform={tag}" for tag in wheels.PLATFORMS[platform].tags}
    assert {"--only-binary=:all:", "--python-version=3.12", str(tmp_path / "packages"), "torch"} | tags <= set(command)
    assert command[1:5] == ["-m", "utils.wheels", platform, "3.12"]


def test_for_this_machine_pip_is_asked_as_it_is(tmp_path):
    command = wheels.download_command(tmp_path, ["torch"], wheels.HERE, "3.12")
    assert command[1:3] == ["-m", "pip"] and command[-1] == "torch"
    with pytest.raises(ValueError, match="amiga"):
        wheels.download_command(tmp_path, ["torch"], "amiga", "3.12")


def make_wheel(folder, name, needs=()):
    """An empty wheel with these dependencies: `name` is `package-version-tags`."""
    package, version, _ = name.split("-", 2)
    about = [f"Name: {package}", f"Version: {version}", *(f"Requires-Dist: {need}" for need in needs)]
    folder.mkdir(exist_ok=True)
    with zipfile.ZipFile(folder / f"{name}.whl", "w") as wheel:
        inside = f"{package}-{version}.dist-info"
        wheel.writestr(f"{inside}/METADATA", "\n".join(["Metadata-Version: 2.1", *about, ""]))
        wheel.writestr(f"{inside}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{inside}/RECORD", "")


DEPENDENCIES = {  # package → when it is needed; the first, like a CUDA build, exists for Linux alone
    "cuda": "platform_system == 'Linux' and platform_machine == 'x86_64'",
    "colour": "os_name == 'nt'",
    "nap": "sys_platform == 'darwin'",
    "overrides": "python_version < '3.12'",
}


@pytest.fixture
def index(tmp_path):
    """A folder of made-up wheels, in place of a package index."""
    for name in DEPENDENCIES:
        make_wheel(tmp_path / "index", f"{name}-1.0-py3-none-{'manylinux_2_27_x86_64' if name == 'cuda' else 'any'}")
    needs = [f"{name}; {when}" for name, when in DEPENDENCIES.items()]
    for tag in ("manylinux_2_28_x86_64", "win_amd64", "macosx_11_0_arm64"):
        make_wheel(tmp_path / "index", f"torch-1.0-py3-none-{tag}", needs)
    return tmp_path / "index"


@pytest.mark.parametrize(
    ("platform", "python", "expected"),
    [
        ("linux", "3.12", {"torch", "cuda"}),
        ("windows", "3.12", {"torch", "colour"}),
        ("windows", "3.11", {"torch", "colour", "overrides"}),
        ("macos", "3.13", {"torch", "nap"}),
    ],
)
def test_what_a_platform_needs_is_downloaded_and_nothing_else(tmp_path, index, platform, python, expected):
    """Whatever machine asks: pip itself would decide what is needed by the machine that it runs on."""
    command = wheels.download_command(tmp_path, ["torch"], platform, python)
    alone = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": index.as_uri(), "PIP_CONFIG_FILE": os.devnull}
    result = subprocess.run(command, cwd=course.ROOT, env=os.environ | alone, capture_output=True, encoding="utf-8")
    assert result.returncode == 0, result.stderr
    assert {path.name.split("-")[0] for path in Path(tmp_path / "packages").iterdir()} == expected


@pytest.mark.parametrize("platform", wheels.PLATFORMS)
def test_every_marker_gets_an_answer_and_on_this_platform_the_machine_s_own(platform):
    values, real = wheels.marker_values(platform, "3.12"), default_environment()
    assert set(values) == set(real)
    if values["sys_platform"] == sys.platform and values["platform_machine"] == real["platform_machine"]:
        same = {"os_name", "platform_system", "platform_python_implementation", "implementation_name"}
        assert {name: values[name] for name in same} == {name: real[name] for name in same}


def test_a_pip_that_answers_for_its_own_machine_all_the_same_is_refused():
    deaf = SimpleNamespace(Marker=Marker)  # keeps the answers of a module that nobody altered
    with pytest.raises(SystemExit, match="make the bundle on one like the learners'"):
        wheels.answer_markers(deaf, wheels.marker_values("windows", "3.12"))


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
    told = {name: course.os.environ[name] for name in ("PIP_NO_INDEX", "PIP_FIND_LINKS")}
    assert told == {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": (finished / "packages").as_uri()}  # a path is split at spaces


def test_a_damaged_bundle_stops_run_with_the_way_out(finished):
    (finished / "packages" / "a.whl").unlink()
    command = [sys.executable, course.ROOT / "course.py", "run", "--bundle", finished]
    stopped = subprocess.run(command, capture_output=True, encoding="utf-8")
    assert stopped.returncode == 1 and "a.whl is missing: copy the bundle again" in stopped.stderr
