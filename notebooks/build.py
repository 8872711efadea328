"""Notebooks from their text sources: derive the lesson and its solutions, run both, store them with outputs.

What makes a lesson good stays out of here: tests/test_notebook_rules.py judges that. Sources: see src/README.md.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
import threading
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import jupytext
import nbformat
import psutil
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat import NotebookNode
from tqdm import tqdm

NOTEBOOKS = Path(__file__).resolve().parent
sys.path.insert(0, str(NOTEBOOKS.parent))  # so that `utils` is found when this file is run as a script

from utils.files import ROOT, read_text, sha256_text, write_text  # noqa: E402

REPOSITORY = "rag-vs-fine-tuning-measured/course"  # on GitHub, for the Colab badges
CELL_TIMEOUT = 1200  # seconds; the longest cells train for minutes on two cores
SAMPLE_EVERY = 0.1  # seconds between two looks at the kernel's memory

PARTS = {  # a cell's part in the course -> the notebooks that it goes to
    "": {"lesson"},  # no tag
    "setup": {"lesson", "solutions"},
    "exercise": {"lesson", "solutions"},
    "stub": {"lesson"},
    "solution": {"solutions"},
}
NBVAL_TAGS = {"nbval-check-output", "nbval-ignore-output", "nbval-skip", "raises-exception"}
STEPS = ("documents", "retrieve", "answer", "tune", "measure")
PIPELINE = "(documents → retrieve → passages) + (examples → tune → adapter) → answer → measure"


@dataclass(frozen=True)
class Cell:
    """One cell of a source; `alt` is its figure in words, `origin` says which cell, for the author of one that fails."""

    cell_type: str
    text: str
    tags: tuple[str, ...]
    part: str
    origin: str
    alt: str = ""

    @property
    def metadata(self) -> dict:
        """As the notebook has it. The slides take `alt` from here, and so does nbconvert with `--template classic`."""
        return ({"tags": list(self.tags)} if self.tags else {}) | ({"alt": self.alt} if self.alt else {})


@dataclass(frozen=True)
class Source:
    """One text source: its stem, the title from its first cell, and its cells in order."""

    name: str
    title: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class Target:
    """One notebook to be built: its place, and its cells with placeholders filled in and hints folded."""

    path: Path
    cells: tuple[Cell, ...]


# Reading the sources


def read_sources(folder: Path) -> list[Source]:
    """Every `NN_short_claim.py` of `folder`, in the order of the course."""
    paths = sorted(folder.glob("[0-9][0-9]_*.py"))
    if not paths:
        raise FileNotFoundError(f"{folder}: no lesson source, expected files named NN_short_claim.py")
    return [read_source(path) for path in paths]


def read_source(path: Path) -> Source:
    """The source at `path`; refuses one with no title, or with a cell type or tag that this build does not know."""
    read = jupytext.reads(read_text(path), fmt="py:percent").cells
    cells = tuple(_read_cell(cell, f"{path}: cell {number}") for number, cell in enumerate(read, 1))
    title = re.match(r"# (.+)", cells[0].text) if cells and cells[0].cell_type == "markdown" else None
    if not title:
        raise ValueError(f"{path}: the first cell must be markdown and start with the lesson's title, '# ...'")
    return Source(path.stem, title[1].strip(), cells)


def _read_cell(cell: NotebookNode, origin: str) -> Cell:
    tags = tuple(cell.metadata.get("tags", ()))
    parts = [tag for tag in tags if tag in PARTS]
    unknown = [tag for tag in tags if tag not in PARTS and tag not in NBVAL_TAGS]
    if cell.cell_type not in ("code", "markdown"):
        raise ValueError(f"{origin}: a {cell.cell_type} cell, begin every cell with '# %%' or '# %% [markdown]'")
    if unknown or len(parts) > 1:
        raise ValueError(
            f"{origin}: tags {list(tags)}, use at most one of {[part for part in PARTS if part]}, "
            f"and any of {sorted(NBVAL_TAGS)}"
        )
    if cell.source.strip() == "# {{setup}}":
        parts = ["setup"]  # needs no tag: every notebook has it
    return Cell(cell.cell_type, cell.source, tags, parts[0] if parts else "", origin, cell.metadata.get("alt", ""))


# Placeholders


def fill(text: str, navigation: str, setup: str) -> str:
    """`text` with its placeholders filled in; refuses a line that looks like a placeholder and is none."""
    if text.strip() == "{{navigation}}":
        return navigation
    if text.strip() == "# {{setup}}":
        return setup
    text = re.sub(r"^\{\{pipeline: (.+)\}\}$", lambda found: pipeline(found[1]), text, flags=re.MULTILINE)
    left = re.search(r"^(?:# )?\{\{.*\}\}$", text, flags=re.MULTILINE)
    if left:
        raise ValueError(f"{left[0]!r} is no placeholder, or has to be alone in its cell: see notebooks/src/README.md")
    return text


def pipeline(steps: str) -> str:
    """The course's pipeline in one line, with `steps` (separated by commas) in bold.

    >>> pipeline("retrieve, measure")
    '(documents → **retrieve** → passages) + (examples → tune → adapter) → answer → **measure**'
    """
    line = PIPELINE
    for step in steps.split(","):
        if step.strip() not in STEPS:
            raise ValueError(f"no step {step.strip()!r} in the pipeline, use {', '.join(STEPS)}")
        line = line.replace(step.strip(), f"**{step.strip()}**")
    return line


def navigation_bar(sources: list[Source], index: int) -> str:
    """Links from lesson `index` to the previous lesson, the map and the next one, and its Colab badge."""
    links = ["[All lessons](../README.md)"]
    if index > 0:
        links.insert(0, f"[← {sources[index - 1].title}]({sources[index - 1].name}.ipynb)")
    if index + 1 < len(sources):
        links.append(f"[{sources[index + 1].title} →]({sources[index + 1].name}.ipynb)")
    return " · ".join(links) + "\n\n" + colab_badge(f"{sources[index].name}.ipynb")


def solutions_head(source: Source) -> str:
    """The first cell of a solutions notebook."""
    links = f"[← The lesson](../{source.name}.ipynb) · [All lessons](../../README.md)"
    return f"# Solutions: {source.title}\n\n{links}\n\n{colab_badge(f'solutions/{source.name}.ipynb')}"


def colab_badge(file: str) -> str:
    """Markdown for the button that opens `file`, a path below notebooks/, on Colab."""
    link = f"https://colab.research.google.com/github/{REPOSITORY}/blob/main/notebooks/{file}"
    return f"[![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)]({link})"


# Hints


def fold_hints(text: str) -> str:
    """An exercise's text with its two hints folded, the second inside the first: a click each, and no kernel.

    Without the blank lines, renderers would show the hints' Markdown as it is typed.
    """
    goal, *found = re.split(r"\s*\*Hint ?(\d*):\*\s*", text)
    if found[::2] != ["1", "2"] or not all(found):
        raise ValueError("an exercise's text must end with a paragraph '*Hint 1:* …' and a paragraph '*Hint 2:* …'")
    first, second = (f"<details><summary>Hint {number}</summary>\n\n{hint}\n\n" for number, hint in zip("12", found[1::2]))
    return f"{goal}\n\n{first}{second}</details>\n</details>"


# From one source to two notebooks


def plan(folder: Path = NOTEBOOKS) -> list[Target]:
    """Every notebook that the sources in `folder`/src give."""
    setup = read_text(folder / "src" / "setup_cell.py").strip()
    sources = read_sources(folder / "src")
    bars = [navigation_bar(sources, index) for index in range(len(sources))]
    return [target for source, bar in zip(sources, bars, strict=True) for target in derive(source, bar, setup, folder)]


def derive(source: Source, navigation: str, setup: str, folder: Path) -> list[Target]:
    """The lesson of one source, and its solutions notebook where it has solutions."""
    cells = [_filled(cell, navigation, setup) for cell in source.cells]
    targets = [Target(folder / f"{source.name}.ipynb", tuple(cell for cell in cells if "lesson" in PARTS[cell.part]))]
    if any(cell.part == "solution" for cell in cells):
        head = Cell("markdown", solutions_head(source), (), "setup", f"{source.name}: generated title")
        solutions = [cell for cell in cells if "solutions" in PARTS[cell.part]]
        targets.append(Target(folder / "solutions" / f"{source.name}.ipynb", (head, *solutions)))
    return targets


def _filled(cell: Cell, navigation: str, setup: str) -> Cell:
    try:
        text = fill(cell.text, navigation, setup)
        is_exercise = cell.part == "exercise" and cell.cell_type == "markdown"
        return replace(cell, text=fold_hints(text) if is_exercise else text)
    except ValueError as problem:
        raise ValueError(f"{cell.origin}: {problem}") from None


def as_notebook(target: Target) -> NotebookNode:
    """The target before it is run. A cell's id depends on its text: an edit changes one id and not all after it."""
    notebook = nbformat.v4.new_notebook()
    seen: Counter[str] = Counter()
    for cell in target.cells:
        new = nbformat.v4.new_code_cell if cell.cell_type == "code" else nbformat.v4.new_markdown_cell
        seen[cell.text] += 1
        identity = sha256_text(f"{target.path.parent.name}/{target.path.stem}/{seen[cell.text]}/{cell.text}")[:12]
        notebook.cells.append(new(cell.text, id=identity, metadata=cell.metadata))
    notebook.metadata = nbformat.from_dict(
        {
            "course": {"source_sha256": source_hash(notebook), "minutes": None, "peak_gib": None},
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        }
    )
    return notebook


def source_hash(notebook: NotebookNode) -> str:
    """Hash of all that comes from text: the source, the setup cell, and the neighbours' titles in the navigation."""
    cells = [[cell.cell_type, cell.source, *map(cell.metadata.get, ("tags", "alt"))] for cell in notebook.cells]
    return sha256_text(json.dumps(cells))


# Running


class PeakMemory(threading.Thread):
    """While entered, watches process `pid`; `gib` is the largest resident size seen so far (GiB)."""

    def __init__(self, pid: int):
        super().__init__(daemon=True)
        self.process, self.gib, self.done = psutil.Process(pid), 0.0, threading.Event()

    def __enter__(self) -> PeakMemory:
        self._look()
        self.start()
        return self

    def __exit__(self, *_) -> None:
        self.done.set()
        self.join()

    def run(self) -> None:
        """Looks again and again until done; a process that has ended shows nothing more."""
        while not self.done.wait(SAMPLE_EVERY):
            self._look()

    def _look(self) -> None:
        with suppress(psutil.NoSuchProcess):
            self.gib = max(self.gib, self.process.memory_info().rss / 2**30)


def run(target: Target) -> NotebookNode:
    """The target run from top to bottom in a fresh kernel in its own folder, with its minutes and its peak memory."""
    target.path.parent.mkdir(exist_ok=True)
    notebook = as_notebook(target)
    client = NotebookClient(
        notebook,
        kernel_name="python3",
        resources={"metadata": {"path": str(target.path.parent)}},
        timeout=CELL_TIMEOUT,
        record_timing=False,
        store_widget_state=False,
        coalesce_streams=True,
    )
    started = time.perf_counter()
    with client.setup_kernel(), PeakMemory(client.km.provisioner.pid) as memory:
        for index, cell in enumerate(tqdm(notebook.cells, desc=target.path.stem, unit="cell")):
            try:
                client.execute_cell(cell, index)
            except (CellExecutionError, CellTimeoutError, DeadKernelError) as problem:
                origin = target.cells[index].origin
                raise RuntimeError(f"{origin} failed, {target.path} is left as it was\n{problem}") from None
    minutes = (time.perf_counter() - started) / 60
    notebook.metadata.course.update(minutes=round(minutes, 2), peak_gib=round(memory.gib, 2))
    return portable(notebook)


def portable(notebook: NotebookNode) -> NotebookNode:
    """The notebook without stderr (progress bars, warnings) and with the paths of this machine cut short."""
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = [_shortened(output) for output in cell.outputs if output.get("name") != "stderr"]
    return notebook


def _shortened(value):
    if isinstance(value, dict):
        kept = {key: item if key.startswith("image/") else _shortened(item) for key, item in value.items()}
        return NotebookNode(kept)
    if isinstance(value, list):
        return [_shortened(item) for item in value]
    for folder in map(str, (sys.prefix, sys.base_prefix, ROOT)) if isinstance(value, str) else ():
        for spelling in (folder, folder.replace(str(Path.home()), "~", 1)):  # tracebacks abbreviate the home folder
            value = value.replace(spelling + os.sep, "")
    return value


# Is the stored notebook still the one?


def read_stored(path: Path) -> NotebookNode:
    """The notebook at `path`, an empty one where there is none."""
    return nbformat.read(path, as_version=4) if path.is_file() else nbformat.v4.new_notebook()


def is_current(target: Target, stored: NotebookNode) -> bool:
    """Whether the stored notebook was run, from the target's text, and nobody has touched its cells since."""
    course = stored.metadata.get("course", {})
    wanted = as_notebook(target).metadata.course.source_sha256
    return course.get("source_sha256") == source_hash(stored) == wanted and course.get("minutes") is not None


def with_stored_outputs(target: Target, stored: NotebookNode) -> NotebookNode | None:
    """The target with the outputs of the stored notebook, None where that was not run or any code has changed since."""
    notebook = as_notebook(target)
    new, old = ([cell for cell in cells if cell.cell_type == "code"] for cells in (notebook.cells, stored.cells))
    course = stored.metadata.get("course", {})
    if course.get("minutes") is None or [cell.source for cell in new] != [cell.source for cell in old]:
        return None
    for cell, before in zip(new, old, strict=True):
        cell.outputs, cell.execution_count = before.outputs, before.execution_count
    notebook.metadata.course.update(minutes=course["minutes"], peak_gib=course["peak_gib"])
    return notebook


# The command


def check(folder: Path = NOTEBOOKS) -> list[str]:
    """A complaint for each notebook that is not what its source gives, [] when all are."""
    targets = plan(folder)
    stale = [
        f"{target.path}: not built from its current source, run `python course.py build`"
        for target in targets
        if not is_current(target, read_stored(target.path))
    ]
    strays = {*folder.glob("*.ipynb"), *folder.glob("solutions/*.ipynb")} - {target.path for target in targets}
    return stale + [f"{path}: no source in {folder / 'src'} gives this notebook, remove it" for path in sorted(strays)]


def build(target: Target, execute: bool = True, again: bool = False) -> str:
    """Brings one notebook up to date and says how; `again` also runs one that is up to date."""
    stored = read_stored(target.path)
    if is_current(target, stored) and not (again and execute):
        return "up to date"
    kept = None if again and execute else with_stored_outputs(target, stored)
    if kept or not execute:
        write_text(target.path, nbformat.writes(kept or as_notebook(target)) + "\n")
        return "text changed, outputs kept" if kept else "written, not run yet"
    built = run(target)
    write_text(target.path, nbformat.writes(built) + "\n")
    return f"run in {built.metadata.course.minutes} minutes, {built.metadata.course.peak_gib} GiB"


def choose(targets: list[Target], names: list[str]) -> list[Target]:
    """The targets of the named lessons (`03`, `03_short_claim` or the path of a file), all when none is named."""
    asked = {Path(name).stem for name in names}
    unknown = asked - {known for target in targets for known in (target.path.stem, target.path.stem[:2])}
    if unknown:
        raise ValueError(f"no lesson {sorted(unknown)}, use some of {sorted({target.path.stem for target in targets})}")
    return [target for target in targets if not asked or asked & {target.path.stem, target.path.stem[:2]}]


def main(arguments: list[str] | None = None, folder: Path = NOTEBOOKS) -> int:
    """Exit status: 0 when the notebooks are up to date, 1 with the reason on stderr."""
    parser = argparse.ArgumentParser(description="Build the notebooks from notebooks/src.")
    parser.add_argument(
        "names", nargs="*", help="lessons to run even if up to date, such as 03 (default: what is out of date)"
    )
    parser.add_argument("--no-run", action="store_true", help="run nothing; outputs stay where no code changed")
    parser.add_argument("--check", action="store_true", help="write nothing; fail if a notebook is out of date")
    options = parser.parse_args(arguments)
    try:
        if options.check:
            complaints = check(folder)
            print("\n".join(complaints) or "every notebook is what its source gives")
            return 1 if complaints else 0
        for target in choose(plan(folder), options.names):
            print(f"{target.path.relative_to(folder)}: {build(target, not options.no_run, bool(options.names))}")
    except (OSError, ValueError, RuntimeError) as problem:
        print(problem, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
