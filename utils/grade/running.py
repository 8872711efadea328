"""The child of a grading run: takes tasks from stdin, drives a kernel through them, tells what came of each. Sets no limit.

`python -m utils.grade.running` is started, watched and killed by `checking`.
"""

import ast
import ctypes
import json
import os
import queue
import secrets
import signal
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress

from jupyter_client import BlockingKernelClient, KernelManager
from jupyter_client.manager import start_new_kernel

from utils.grade.lessons import clean
from utils.grade.names import names
from utils.grade.tasks import Task

SETUP_MINUTES = 30  # for the course's own cells; nothing that a learner wrote can use it up
LONGEST = 2000  # characters kept of what a check says
Kernel = tuple[KernelManager, BlockingKernelClient]


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
    """Code that calls a function of `guarding` in the kernel, with its namespace first."""
    return f'__import__("utils.grade.guarding").grade.guarding.{function}(globals(), {", ".join(map(repr, arguments))})'


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


if __name__ == "__main__":
    main()
