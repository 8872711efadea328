"""environment.yml asks for what pyproject.toml asks for; what is installed fulfils it; pip finds all of it, without CUDA.

Nothing here runs conda: its solver and the builds of conda-forge are left out, and so is `--editable .`, with which
course.py makes .venv.
"""

import json
import re
import subprocess
import venv
from importlib import metadata

import pytest
import yaml

import course
from utils.wheels import HERE

CONDA_NAMES = {"pytorch-cpu": "torch"}  # what conda-forge calls by another name
LISTED = yaml.safe_load((course.ROOT / "environment.yml").read_text(encoding="utf-8"))["dependencies"]
FROM_PIP = [text for entry in LISTED if isinstance(entry, dict) for text in entry["pip"] if not text.startswith("--")]
FROM_CONDA = [entry for entry in LISTED if isinstance(entry, str) and entry.split()[0] not in ("python", "pip")]


def pip_name(name: str) -> str:
    """As the package index compares names: PyStemmer is `pystemmer`, jupyter_core is `jupyter-core`."""
    return re.sub(r"[-_.]+", "-", CONDA_NAMES.get(name, name)).lower()


def listed() -> dict[str, course.Requirement]:
    """What environment.yml asks for beside Python, pip and the course itself, by pip's names."""
    entries = [course.parse_requirement(text) for text in FROM_CONDA + FROM_PIP]
    return {pip_name(entry.name): course.Requirement(pip_name(entry.name), entry.clauses) for entry in entries}


def cuda(names) -> list[str]:
    """The packages that only torch's builds for a GPU bring."""
    return [name for name in names if re.match("nvidia|cuda|triton", pip_name(name))]


def test_environment_yml_and_pyproject_name_the_same_requirements():
    found = {name: set(entry.clauses) for name, entry in listed().items()}
    assert found == {pip_name(wanted.name): set(wanted.clauses) for wanted in course.requirements()}


def test_environment_yml_asks_for_the_python_that_course_py_needs():
    python = course.parse_requirement(next(entry for entry in LISTED if entry.startswith("python ")))
    assert (">=", ".".join(map(str, course.MINIMUM_PYTHON))) in python.clauses


def test_what_is_installed_here_fulfils_environment_yml():
    """In continuous integration the environment was made from nothing a moment before."""
    assert not course.unmet([*listed().values()], course.installed_version)


def test_no_cuda_is_installed_where_there_is_no_gpu():
    if course.runs("nvidia-smi"):
        pytest.skip("hardware: with a GPU, its packages belong here")
    assert not cuda(found.metadata["Name"] for found in metadata.distributions())


def test_a_package_for_a_gpu_is_told_from_the_others():
    assert cuda(["torch", "nvidia-nccl-cu13", "cuda_bindings", "numpy", "triton"]) == [
        "nvidia-nccl-cu13", "cuda_bindings", "triton"]  # fmt: skip


def new_pip(folder):
    """The interpreter of an empty environment with the newest pip, whose dry run reads metadata instead of whole wheels."""
    venv.create(folder, with_pip=True, upgrade_deps=True)
    return course.venv_python(folder)


def would_install(python, wanted) -> list[dict]:
    """What pip would install for these, as its report has it: each with `metadata` and `download_info`."""
    report = python.parent / "report.json"
    command = [python, "-m", "pip", "--quiet", "install", "--dry-run", "--report", report, *wanted]
    environment = course.child_environment(PYTHONPATH="")
    result = subprocess.run(command, cwd=python.parent, env=environment, capture_output=True, encoding="utf-8")
    assert result.returncode == 0, result.stderr
    return json.loads(report.read_text(encoding="utf-8"))["install"]


@pytest.mark.model  # among the tests that may take a minute and that have asked the index before
def test_all_of_environment_yml_resolves_into_wheels_without_cuda(tmp_path):
    if course.check_index().level != "ok":
        pytest.skip("missing hardware: a network on which a package index answers")
    needed = listed()
    wanted = [course.TORCH, *(text for text in FROM_CONDA + FROM_PIP if text.split()[0] not in CONDA_NAMES)]
    found = would_install(new_pip(tmp_path / "empty"), course.with_cpu_torch(wanted, HERE))
    versions = {pip_name(one["metadata"]["name"]): one["metadata"]["version"] for one in found}
    assert not course.unmet([*needed.values()], versions.get)
    assert [one["metadata"]["name"] for one in found if not one["download_info"]["url"].endswith(".whl")] == []
    assert not cuda(versions)
