"""Rows with where they came from: write them, read them back, and refuse what doesn't fit. Scores nothing."""

import datetime
import subprocess
from collections.abc import Sequence
from pathlib import Path

from utils.files import ROOT, DamagedFile, read_jsonl, write_jsonl
from utils.machine import cores, cpu_name, versions

ROW_FIELDS = (
    "run_id", "system", "seed", "question_id", "desk", "kind", "after", "both_versions", "k", "retrieved",
    "gold_retrieved", "prompt_sha256", "adapter_sha256", "answer", "correct", "em", "f1", "stale", "abstained", "cited",
    "prompt_tokens", "answer_tokens", "batched", "retrieve_s", "prefill_s", "decode_s",
)  # fmt: skip
FIGURE_FIELDS = ("figure", "system", "seed", "item", "value", "unit")  # what is measured and is no answer: seconds, ranks
PROVENANCE_FIELDS = (
    "experiment", "model_sha256", "data_sha256", "code_commit", "versions", "cpu", "cores", "settings", "n_rows",
    "seconds", "date",
)  # fmt: skip
# What a run writes doesn't change the code that it ran.
RESULTS = ("data/results", "benchmarks/results", "benchmarks/README.md")


def describe_run(
    experiment: str, model_sha256: str, data_sha256: dict[str, str], settings: dict, seconds: float, n_rows: int
) -> dict:
    """The provenance that stands on the first line of a results file."""
    return {
        "experiment": experiment,
        "model_sha256": model_sha256,
        "data_sha256": data_sha256,
        "code_commit": code_commit(),
        "versions": versions(),
        "cpu": cpu_name(),
        "cores": cores(),
        "settings": settings,
        "n_rows": n_rows,
        "seconds": round(seconds, 1),
        "date": datetime.date.today().isoformat(),
    }


def code_commit() -> str | None:
    """The commit this code stands at, with `+changes` where files but results differ; None outside a checkout."""
    commit = git("rev-parse", "--short=12", "HEAD")
    others = (".", *(f":(exclude){folder}" for folder in RESULTS))
    changed = commit and git("status", "--porcelain", "--untracked-files=no", "--", *others)
    return commit + "+changes" * bool(changed) if commit else None


def git(*arguments: str) -> str:
    """What git says of this checkout; nothing where it fails or isn't there."""
    try:
        return subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True).stdout.strip()
    except FileNotFoundError:
        return ""


def figure(name: str, system: str, value: float, unit: str, seed: int | None = None, item: str | None = None) -> dict:
    """A row for what is measured and is no answer."""
    return {"figure": name, "system": system, "seed": seed, "item": item, "value": value, "unit": unit}


def write_results(path: Path, provenance: dict, rows: Sequence[dict]) -> None:
    """Provenance, then a row a line; whole or not at all. ValueError for a row with other fields than the contract's.

    A row is an answer (ROW_FIELDS) or a figure (FIGURE_FIELDS).
    """
    for row in rows:
        fields = FIGURE_FIELDS if "figure" in row else ROW_FIELDS
        if set(row) != set(fields):
            raise ValueError(f"a row of {path.name} has fields {sorted(set(row) ^ set(fields))} too many or too few")
    write_jsonl(path, [{"provenance": provenance}, *rows])


def read_results(path: Path, data_sha256: dict[str, str] | None = None) -> tuple[dict, list[dict]]:
    """(provenance, rows). DamagedFile when rows are missing, or when they were made on other data than `data_sha256`."""
    lines = read_jsonl(path)
    if not lines or "provenance" not in lines[0]:
        raise DamagedFile(f"{path} doesn't begin with its provenance: make it again with `python course.py reproduce`")
    provenance, rows = lines[0]["provenance"], lines[1:]
    if provenance["n_rows"] != len(rows):
        raise DamagedFile(f"{path} promises {provenance['n_rows']} rows and holds {len(rows)}: restore it from git")
    if data_sha256 is not None and provenance["data_sha256"] != data_sha256:
        changed = [name for name, digest in data_sha256.items() if provenance["data_sha256"].get(name) != digest]
        raise DamagedFile(
            f"{path} was made on other data ({', '.join(changed)} differ): run `python course.py reproduce` to measure anew"
        )
    return provenance, rows
