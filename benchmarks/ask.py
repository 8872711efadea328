"""Run what people would use in its own environment: a job goes in as JSON, its report comes back as JSON."""

import os
import subprocess
import tempfile
from pathlib import Path

import torch

from utils.files import ROOT, read_json, write_json

PEERS = Path(__file__).parent / "peers"


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
