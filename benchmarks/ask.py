"""Run a side in a process of its own: ours, or what people would use, in its own environment. A job in, a report out."""

import multiprocessing
import os
import subprocess
import tempfile
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import torch

from utils.files import ROOT, read_json, write_json

PEERS = Path(__file__).parent / "peers"


def ask_ours(work: Callable[[dict], dict], job: dict) -> dict:
    """What `work(job)` reports: our side alone in a fresh process, as a peer is."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as alone:
        return alone.submit(work, job).result()


def peers_python() -> Path:
    """The peers' interpreter: $COURSE_PEERS, or the environment that `python course.py bench` makes. SystemExit without."""
    folder = Path(os.environ.get("COURSE_PEERS", ROOT / ".venv-peers"))
    python = folder / "Scripts" / "python.exe" if os.name == "nt" else folder / "bin" / "python"
    if not python.exists():
        raise SystemExit(f"{python} is missing: `python course.py bench` makes it")
    return python


def ask_peer(script: str, job: dict) -> dict:
    """The report of `peers/<script>.py` on this job, with the versions that it ran on.

    It gets as many threads as this process, no network, and no other package than its own. SystemExit when it fails.
    """
    with tempfile.TemporaryDirectory() as folder:
        question, answer = Path(folder) / "job.json", Path(folder) / "report.json"
        write_json(question, job)
        settings = {
            "HF_HUB_OFFLINE": "1",
            "TOKENIZERS_PARALLELISM": "false",
            "OMP_NUM_THREADS": str(torch.get_num_threads()),
            "PYTHONPATH": "",
        }
        command = [peers_python(), PEERS / f"{script}.py", question, answer]
        done = subprocess.run(command, env=os.environ | settings, capture_output=True, encoding="utf-8")
        if done.returncode:
            raise SystemExit(f"{PEERS / script}.py failed:\n{done.stderr[-2000:]}")
        return read_json(answer)
