"""What several processes hold together, and how much of it they share. Where the system doesn't tell, the share is None."""

import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

EVERY = 0.5  # seconds between two looks, or SELDOM times what a look takes
SELDOM = 20  # a look holds the processes up, so it gets a twentieth of the time


@dataclass(frozen=True)
class Held:
    """Bytes that processes hold at one moment. A page that several of them map is in `resident` once for each.

    In `total` (Linux's PSS) such a page is divided among all that map it, programs that aren't asked about included (so a
    single kernel's share is a little low); in `private` (USS) it isn't counted. Where the system doesn't tell, `private` is
    None and `total` is `resident`.
    """

    resident: int
    total: int
    private: int | None

    def __add__(self, other: "Held") -> "Held":
        private = None if None in (self.private, other.private) else self.private + other.private
        return Held(self.resident + other.resident, self.total + other.total, private)


def held_by(process: psutil.Process) -> Held:
    """What one process holds. OSError or psutil.Error where it has ended."""
    rollup = Path(f"/proc/{process.pid}/smaps_rollup")
    if not rollup.exists():
        resident = process.memory_info().rss
        return Held(resident, resident, None)
    lines = [line.split() for line in rollup.read_text().splitlines()[1:]]
    size = {words[0]: 1024 * int(words[1]) for words in lines}
    return Held(size["Rss:"], size["Pss:"], size["Private_Clean:"] + size["Private_Dirty:"])


class Watch(threading.Thread):
    """While entered, looks at all processes below this one; `.peak` is what they held when their total was largest."""

    def __init__(self):
        super().__init__(daemon=True)
        self.peak, self.done = Held(0, 0, 0), threading.Event()

    def __enter__(self) -> "Watch":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.done.set()
        self.join()

    def run(self) -> None:
        """Looks again and again, the more seldom the longer a look takes."""
        pause = 0.0
        while not self.done.wait(pause):
            began = time.perf_counter()
            self._look()
            pause = max(EVERY, SELDOM * (time.perf_counter() - began))

    def _look(self) -> None:
        now = Held(0, 0, 0)
        for process in psutil.Process().children(recursive=True):
            with suppress(OSError, KeyError, psutil.Error):  # it has just ended
                now += held_by(process)
        self.peak = max(self.peak, now, key=lambda held: held.total)
