"""One submission's exercises, run in a kernel of their own under limits of time and memory. Reads no notebook.

Three processes. The grader, here, watches and kills. A child (`running`) drives the kernel cell by cell. In the kernel,
`guarding` surrounds the learner's code. What a check prints leaves the kernel under a secret name, so that printing
"Right." or taking `print` away changes nothing.

It is no sandbox: the code runs with your rights, and whoever means to can still fool a check, with an object that equals
everything or a look into the calling frame. That is why the reports show the code.
"""

import dataclasses
import json
import os
import queue
import secrets
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

import psutil

from utils.files import ROOT
from utils.grade.running import SETUP_MINUTES
from utils.grade.tasks import Task
from utils.machine import GIB

SCRATCH = ROOT / ".cache" / "grading"  # below the course's folder, where the setup cell looks for it
LOOK_EVERY = 0.2  # seconds between two looks at memory and clock
OWN_FOLDERS = ("IPYTHONDIR", "JUPYTER_RUNTIME_DIR")  # what the kernel leaves there goes with the run


@dataclass(frozen=True)
class Limits:
    """Minutes that one exercise with its check may take; GiB that all processes together may hold."""

    minutes: float
    gib: float


@dataclass(frozen=True)
class Verdict:
    """How one exercise came out; what its check said, what else went wrong, and what was put back before the check.

    Status: right, not yet, crashes, exits, endless, eats memory, empty, or not graded.
    """

    status: str
    said: str = ""
    error: str = ""
    changed: tuple[str, ...] = ()


class CourseFailure(RuntimeError):
    """The course's own setup failed, before any of the learner's code. The message says how."""


def check_tasks(tasks: Sequence[Task], limits: Limits) -> list[Verdict]:
    """A verdict for each task. After one that broke the run, all are run again with the course's stub in its place.

    CourseFailure when the setup fails.
    """
    found = {i: Verdict("empty") for i, task in enumerate(tasks) if task.untouched}
    with_stub = set(found)
    while left := [i for i in range(len(tasks)) if i not in found]:
        plan = [dataclasses.replace(task, learner=task.stubs) if i in with_stub else task for i, task in enumerate(tasks)]
        events, why = run_once(plan[: left[-1] + 1], limits)
        for event in events:
            if event["event"] == "done":
                found.setdefault(event["task"], judge(event))
        if not why:
            continue
        last = events[-1] if events else {"event": "setup", "task": 0}
        if last["event"] == "setup" and last["task"] == 0:
            hints = {
                "endless": f"it took over {SETUP_MINUTES} minutes",
                "eats memory": f"it needs over {limits.gib:g} GiB",
                "exits": "its kernel did not start or ended",
            }
            raise CourseFailure(hints.get(why, why))
        with_stub.add(last["task"])
        found.setdefault(last["task"], Verdict(why) if last["event"] == "learner" else Verdict("not graded", error=why))
        if last["task"] not in left:  # broke what it did not break before
            found |= {i: Verdict("not graded", error=f"{tasks[last['task']].title} {why}") for i in left if i not in found}
    return [found[i] for i in range(len(tasks))]


def judge(event: dict) -> Verdict:
    """The verdict from what the check said, the check's error, and the error of the learner's own cells."""
    said, error, own, changed = event["said"], event["error"], event["own_error"], tuple(event["changed"])
    if error or own and "not yet" in said.lower():
        leaves = any(text.startswith("SystemExit") for text in (own, error))
        return Verdict("exits" if leaves else "crashes", said, own or error, changed)
    if any(line.startswith("Right") for line in said.splitlines()) and "not yet" not in said.lower():
        return Verdict("right", said, own, changed)
    return Verdict("not yet", said or "The check said nothing.", own, changed)


def run_once(tasks: Sequence[Task], limits: Limits) -> tuple[list[dict], str]:
    """(what the child told, why it did not reach the end): "" where it did, else `endless`, `eats memory`, `exits`, or an
    error of the setup. Nothing that it started is left behind."""
    SCRATCH.mkdir(parents=True, exist_ok=True)
    job = {"token": secrets.token_hex(8), "tasks": [dataclasses.asdict(task) for task in tasks]}
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    with tempfile.TemporaryDirectory(dir=SCRATCH, ignore_cleanup_errors=True) as folder:
        child = subprocess.Popen(
            [sys.executable, "-m", "utils.grade.running"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=folder,
            env={**os.environ, "PYTHONPATH": path, "PYTHONUTF8": "1", **dict.fromkeys(OWN_FOLDERS, folder)},
            encoding="utf-8",
            start_new_session=True,
        )
        family = Family(child.pid)
        try:
            with suppress(BrokenPipeError):
                json.dump(job, child.stdin)
                child.stdin.close()
            return watch(child, job["token"], family, limits)
        finally:
            family.kill()
            child.wait()
            child.stdout.close()


def watch(child: subprocess.Popen, token: str, family: "Family", limits: Limits) -> tuple[list[dict], str]:
    """Collect what the child tells until it ends or breaks a limit. The clock starts anew with each event."""
    lines: queue.Queue[str | None] = queue.Queue()

    def pump() -> None:
        """Put each line into the queue, and None at the end."""
        with suppress(ValueError):  # the pipe was closed
            for line in child.stdout:
                lines.put(line)
        lines.put(None)

    threading.Thread(target=pump, daemon=True).start()
    events, deadline = [], time.monotonic() + 60 * SETUP_MINUTES
    while True:
        with suppress(queue.Empty):
            if (line := lines.get(timeout=LOOK_EVERY)) is None:
                return events, "exits"
            event = json.loads(line) if token in line else {}
            if event.pop("token", "") == token:
                if event["event"] == "end":
                    return events, event["why"]
                events.append(event)
                learners = event["event"] == "learner"
                deadline = time.monotonic() + 60 * (limits.minutes if learners else SETUP_MINUTES)
        if family.look() > limits.gib * GIB:
            return events, "eats memory"
        if time.monotonic() > deadline:
            return events, "endless"


class Family:
    """A process and all that it started, also what has left its process group."""

    def __init__(self, pid: int):
        self.head, self.members = psutil.Process(pid), set()

    def look(self) -> int:
        """Bytes that all of them hold, resident."""
        with suppress(psutil.NoSuchProcess):
            self.members |= {self.head, *self.head.children(recursive=True)}
        held = 0
        for member in list(self.members):
            try:
                held += member.memory_info().rss
            except psutil.Error:
                self.members.discard(member)
        return held

    def kill(self) -> None:
        """End them all, the first one last: while it lives, on Linux, orphans still belong to it."""
        for _ in range(20):
            self.look()
            others = [member for member in self.members if member != self.head]
            for member in others:
                with suppress(psutil.Error):
                    member.kill()
            if not others:
                break
            psutil.wait_procs(others, timeout=0.1)
        with suppress(psutil.NoSuchProcess):
            self.head.kill()
