"""One submission's exercises, run in a kernel of their own under limits of time and memory. Reads no notebook.

Three processes. The grader (`check_tasks`) watches and kills. A child (`python -m utils.checking`) drives the kernel cell
by cell. In the kernel, `remember` and `stand_guard` surround the learner's code. What a check prints leaves the kernel
under a secret name, so that printing "Right." or taking `print` away changes nothing.

It is no sandbox: the code runs with your rights, and whoever means to can still fool a check, with an object that equals
everything or a look into the calling frame. That is why the reports show the code.
"""

import ast
import builtins
import ctypes
import dataclasses
import io
import json
import os
import queue
import secrets
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass

import psutil
from jupyter_client import BlockingKernelClient, KernelManager
from jupyter_client.manager import start_new_kernel

from utils.files import ROOT
from utils.machine import GIB
from utils.submissions import Task, clean, names

SCRATCH = ROOT / ".cache" / "grading"  # below the course's folder, where the setup cell looks for it
SETUP_MINUTES = 30  # for the course's own cells; nothing that a learner wrote can use it up
LOOK_EVERY = 0.2  # seconds between two looks at memory and clock
OWN_FOLDERS = ("IPYTHONDIR", "JUPYTER_RUNTIME_DIR")  # what the kernel leaves there goes with the run
LONGEST = 2000  # characters kept of what a check says


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


Kernel = tuple[KernelManager, BlockingKernelClient]


class CourseFailure(RuntimeError):
    """The course's own setup failed, before any of the learner's code. The message says how."""


# The grader: starts, watches, kills


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
            [sys.executable, "-m", "utils.checking"],
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


# The child: drives the kernel


def main() -> None:
    """Take a job from stdin, and tell the grader what comes of it, a JSON object a line."""
    die_with_the_grader()
    job = json.load(sys.stdin)
    tell = open_channel(job["token"])
    tasks = [Task(**{key: tuple(v) if isinstance(v, list) else v for key, v in task.items()}) for task in job["tasks"]]
    patience = 60 * SETUP_MINUTES  # the grader loses its own first
    kernel = start_new_kernel(startup_timeout=patience, kernel_name="python3", cwd=os.getcwd())
    try:
        tell(event="end", why=drive(kernel, tasks, tell))
    except DeadKernel:
        tell(event="end", why="exits")


class DeadKernel(RuntimeError):
    """The kernel has ended, and with it the run."""


def die_with_the_grader() -> None:
    """On Linux: be killed when the grader is, and inherit every orphan of the learner's code."""
    if sys.platform == "linux":
        prctl = ctypes.CDLL(None).prctl
        prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
        prctl(36, 1)  # PR_SET_CHILD_SUBREAPER


def open_channel(token: str) -> Callable[..., None]:
    """A function that tells the grader something. Stdout itself is closed first: the kernel would inherit it."""
    channel = os.fdopen(os.dup(1), "w", encoding="utf-8")  # Python's own duplicates aren't inherited
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)

    def tell(**event: object) -> None:
        """Write one event as a line."""
        channel.write(json.dumps({"token": token, **event}) + "\n")
        channel.flush()

    return tell


def drive(kernel: Kernel, tasks: Sequence[Task], tell: Callable[..., None]) -> str:
    """Run every task; "" or the error of the setup that stopped it."""
    guarded = {name for task in tasks for name in task.guarded}
    for number, task in enumerate(tasks):
        tell(event="setup", task=number)
        for code in task.setup:
            if (error := execute(kernel, code)[0]) and number == 0:
                return error
        if number == 0:
            execute(kernel, kernel_call("remember", sorted(guarded)))
        tell(event="before", task=number)
        for code in task.before:
            execute(kernel, code)
        execute(kernel, kernel_call("remember", sorted(guarded & names(*task.setup, *task.before)[0])))
        tell(event="learner", task=number)
        own_error = next(filter(None, [execute(kernel, code)[0] for code in task.learner]), "")
        said, error, changed = run_checks(kernel, task)
        execute(kernel, kernel_call("remember", sorted(guarded & names(*task.checks)[0])))
        tell(event="done", task=number, said=said, error=error, own_error=own_error, changed=changed)
    return ""


def run_checks(kernel: Kernel, task: Task) -> tuple[str, str, list[str]]:
    """(what the checks printed, the first error, names that were put back). Their `print` has a secret name."""
    said, changed = [], {}
    for code in task.checks:
        key = f"x{secrets.token_hex(8)}"
        _, found = execute(kernel, kernel_call("stand_guard", list(task.guarded), key), key)
        changed |= dict.fromkeys(name for text in found for name in json.loads(text))
        error, told = execute(kernel, rename_print(code, key), key)
        said += told
        if error:
            break
    return clean("".join(said))[:LONGEST], error, list(changed)


def execute(kernel: Kernel, code: str, key: str = "") -> tuple[str, list[str]]:
    """(the first error of a cell or "", what it published under `key`). DeadKernel where the kernel ends over it.

    By hand, since importing nbclient takes longer than most checks. What a learner prints is dropped unread.
    """
    manager, client = kernel
    request = client.execute(code, store_history=False, allow_stdin=False, stop_on_error=False)
    error, told = "", []
    while True:
        try:
            message = client.get_iopub_msg(timeout=1)
        except queue.Empty:
            if not manager.is_alive():
                raise DeadKernel from None
            if has_replied(client, request):  # a flood of output can wash the last message away
                return error, told
            continue
        kind, content = message["msg_type"], message["content"]
        if message["parent_header"].get("msg_id") != request:
            continue
        if kind == "error":
            error = error or clean(f"{content['ename']}: {content['evalue']}")[:LONGEST]
        elif kind == "display_data" and key in content["data"]:
            told.append(content["data"][key])
        elif kind == "status" and content["execution_state"] == "idle":
            return error, told


def has_replied(client: BlockingKernelClient, request: str) -> bool:
    """Whether the kernel has said that it is through with the request."""
    with suppress(queue.Empty):
        while True:
            if client.get_shell_msg(timeout=0)["parent_header"].get("msg_id") == request:
                return True
    return False


def kernel_call(function: str, *arguments: object) -> str:
    """Code that calls one of the functions below in the kernel, with its namespace first."""
    return f'__import__("utils.checking").checking.{function}(globals(), {", ".join(map(repr, arguments))})'


def rename_print(code: str, new: str) -> str:
    """The cell with every `print` under another name.

    >>> rename_print("print('Right.')", "x7")
    "x7('Right.')"
    """
    tree = ast.parse(code)
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id == "print":
            node.id = new
    return ast.unparse(tree)


# In the kernel: around the learner's code

_MISSING = object()
_names: dict[str, object] = {}
_modules: dict[str, dict[str, object]] = {}
_print = print


def remember(namespace: dict[str, object], chosen: Iterable[str]) -> None:
    """Keep what these names mean now, and what stands in `builtins` and every module of the course.

    `input` is left out: the kernel itself replaces it for every cell.
    """
    for name in chosen:
        _names[name] = namespace.get(name, _MISSING)
    for name, module in list(sys.modules.items()):
        if name == "builtins" or name.startswith("utils."):
            _modules.setdefault(name, {key: value for key, value in vars(module).items() if key != "input"})


def stand_guard(namespace: dict[str, object], chosen: Iterable[str], key: str) -> None:
    """Before a check: undo changes, publish their names under `key`, and make `key` a `print` that publishes too."""
    publish = builtins.get_ipython().display_pub.publish
    changed = put_back(namespace, chosen)
    publish({key: json.dumps(changed)}, {})

    def tell(*values: object, **how: object) -> None:
        """Publish what `print` would write."""
        text = io.StringIO()
        _print(*values, **{"file": text, **how})
        publish({key: text.getvalue()}, {})

    namespace[key] = tell


def put_back(namespace: dict[str, object], chosen: Iterable[str]) -> list[str]:
    """Give names, `builtins` and the course's modules back what they held when remembered; what had to be put back."""
    changed = []
    for name, before in _modules.items():
        now = vars(sys.modules[name]) if name in sys.modules else {}
        for key in [key for key, value in before.items() if now.get(key, _MISSING) is not value]:
            now[key] = before[key]
            changed.append(key if name == "builtins" else f"{name}.{key}")
    for name in chosen:
        if namespace.get(name, _MISSING) is not _names.get(name, _MISSING):
            changed.append(name)
            namespace.pop(name, None)
            if _names.get(name, _MISSING) is not _MISSING:
                namespace[name] = _names[name]
    return changed


if __name__ == "__main__":
    main()
