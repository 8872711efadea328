"""How every peer is run: a job comes as JSON, its report goes back as JSON, with the versions that it was made with."""

import json
import sys
from collections.abc import Callable, Sequence
from importlib import metadata


def serve(work: Callable[[dict], dict], packages: Sequence[str]) -> None:
    """Do the job that the command line names (job.json report.json)."""
    with open(sys.argv[1], encoding="utf-8") as file:
        job = json.load(file)
    report = {**work(job), "versions": {name: metadata.version(name) for name in packages}}
    with open(sys.argv[2], "w", encoding="utf-8") as file:
        json.dump(report, file)
