"""What an experiment is: a name and units of a few minutes, each of which gives rows. Runs them, keeps them, writes them.

A finished unit is kept as a file, named by what its rows depend on: stopped, the next start goes on after it. The rows go
to `data/results/<file>.jsonl` once all units are done: half of them would be taken for all by whoever reads that folder.

Many hours pass before a long experiment is whole. So that no machine need do them alone, its finished units can travel with
the repository, each packed (`gzip -n`) under `data/results/unfinished/<experiment>/`.
"""

import gzip
import time
import zlib
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from utils.data import DATA
from utils.files import ROOT, DamagedFile, read_json, sha256_text, write_json, write_text
from utils.machine import cpu_name
from utils.measure.results import describe_run, read_results, write_results

KEPT = ROOT / ".cache" / "experiments"
RESULTS = DATA / "results"


@dataclass(frozen=True)
class Unit:
    """A few minutes' work. `file` is the results file that its rows belong to, `minutes` a guess on two cores.

    `depends_on` is whatever its rows depend on, as plain values: the name of the file that keeps them is made from it.
    """

    name: str
    file: str
    minutes: float
    depends_on: object
    work: Callable[[], list[dict]]


@dataclass(frozen=True)
class Experiment:
    """A name, the hashes of what it is about, its settings as plain values, and its units in the order of their rows."""

    name: str
    model_sha256: str
    data_sha256: Mapping[str, str]
    settings: Mapping[str, object]
    units: Sequence[Unit]


def run(experiment: Experiment, only: Collection[str] = (), kept: Path = KEPT, results: Path = RESULTS) -> list[Path]:
    """Every unit left (of those named, if any); after the last one the files of rows. Their paths, where they were written.

    SystemExit for a name that no unit has.
    """
    unknown = set(only) - {unit.name for unit in experiment.units}
    if unknown:
        known = ", ".join(unit.name for unit in experiment.units)
        raise SystemExit(f"{experiment.name} has no unit {', '.join(sorted(unknown))}: use some of {known}")
    paths = {unit.name: path_of(unit, kept / experiment.name) for unit in experiment.units}
    unpack(paths.values(), results / "unfinished" / experiment.name)
    left = [unit for unit in experiment.units if not paths[unit.name].exists() and (not only or unit.name in only)]
    print(f"{experiment.name}: {len(left)} of {len(paths)} units to do, {tell(left, 1.0)}", flush=True)
    guessed = spent = 0.0
    for number, unit in enumerate(left, 1):
        done = do(unit)
        write_json(paths[unit.name], done)
        guessed, spent = guessed + unit.minutes, spent + done["seconds"] / 60
        still = tell(left[number:], spent / guessed)
        print(f"[{number}/{len(left)}] {unit.name}: {done['seconds'] / 60:.1f} min, {still}", flush=True)
    missing = [name for name, path in paths.items() if not path.exists()]
    if missing:
        print(f"{experiment.name}: its rows are written once {', '.join(missing)} are done, too", flush=True)
        return []
    return [save(experiment, file, paths, results) for file in dict.fromkeys(unit.file for unit in experiment.units)]


def do(unit: Unit) -> dict:
    """A unit's rows, with what they cost and where they were made."""
    start = time.perf_counter()
    rows = unit.work()
    return {"rows": rows, "seconds": time.perf_counter() - start, "threads": torch.get_num_threads(), "cpu": cpu_name()}


def path_of(unit: Unit, folder: Path) -> Path:
    """Where a unit's rows are kept."""
    name = "".join(letter if letter.isalnum() or letter in "+-." else "-" for letter in unit.name)
    return folder / f"{name}-{sha256_text(repr((unit.file, unit.depends_on)))[:12]}.json"


def unpack(paths: Iterable[Path], packed: Path) -> None:
    """Put units that came with the repository where finished ones are kept. DamagedFile for one that is cut short."""
    for path in paths:
        source = packed / f"{path.name}.gz"
        if source.exists() and not path.exists():
            try:
                write_text(path, gzip.decompress(source.read_bytes()).decode("utf-8"))
            except (OSError, EOFError, zlib.error) as problem:
                raise DamagedFile(f"{source} is damaged ({problem}): restore it from git, or delete it") from None


def tell(units: Sequence[Unit], pace: float) -> str:
    """The time left for people; `pace` is minutes taken for a guessed one."""
    return f"about {sum(unit.minutes for unit in units) * pace:.0f} min left"


def save(experiment: Experiment, file: str, paths: Mapping[str, Path], results: Path) -> Path:
    """Write the file, unless it is as it should be already."""
    path, units = results / f"{file}.jsonl", [unit for unit in experiment.units if unit.file == file]
    done = [read_json(paths[unit.name]) for unit in units]
    rows = [row for part in done for row in part["rows"]]
    cpus = sorted({part["cpu"] for part in done if "cpu" in part})
    settings = {**experiment.settings, "threads": max(part["threads"] for part in done)}
    settings |= {"cpus": cpus} if len(cpus) > 1 else {}  # the provenance's own is the last one's
    seconds = sum(part["seconds"] for part in done)
    about = experiment.model_sha256, dict(experiment.data_sha256), settings
    if not is_written(path, *about, rows):
        write_results(path, describe_run(experiment.name, *about, seconds, len(rows)), rows)
    return path


def is_written(path: Path, model_sha256: str, data_sha256: dict, settings: dict, rows: Sequence[dict]) -> bool:
    """Whether the file holds these rows already, with the date and the commit that they were made at."""
    try:
        provenance, written = read_results(path)
    except DamagedFile:  # or missing
        return False
    about = provenance["model_sha256"], provenance["data_sha256"], provenance["settings"]
    return (*about, written) == (model_sha256, data_sha256, settings, list(rows))
