"""Several kernels at once: each in its own folder, their memory counted once, and no more of them than fit. No model."""

import json
import sys

import nbformat
import psutil
import pytest
from fakes import ROOT

from benchmarks import kernels, kernels_memory
from benchmarks.kernels_memory import Held, held_by
from benchmarks.kernels_table import MARKS, PAGE, saved, to_text, write_page
from utils.files import read_text

MIB, GIB = 2**20, 2**30
SIZE = 96 * MIB  # what the tiny notebook maps and what it holds itself: far more than a kernel's own code shares
FIRST = f"""import mmap, os, pathlib
file = open(os.environ["COURSE_TEST_FILE"], "rb")
mapped = mmap.mmap(file.fileno(), {SIZE}, access=mmap.ACCESS_READ)
touched = sum(mapped[::4096])
own = bytearray(os.urandom(1)) * {SIZE}
pathlib.Path("threads.txt").write_text(os.environ["OMP_NUM_THREADS"])"""
SECOND = """import time
while len(list(pathlib.Path("..").glob("*/threads.txt"))) < N_KERNELS:
    time.sleep(0.05)
time.sleep(1.2)"""  # until all of them hold it, and then for two looks

on_linux = pytest.mark.skipif(sys.platform != "linux", reason="hardware: a system that tells which pages are shared")


def make_notebooks(folder, number, second=SECOND):
    """A notebook of two cells in each of `number` folders."""
    paths = [folder / str(index) / "tiny.ipynb" for index in range(number)]
    for path in paths:
        path.parent.mkdir()
        cells = [FIRST, second.replace("N_KERNELS", str(number))]
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
        nbformat.write(notebook, path)
    return paths


@pytest.fixture
def mapped(tmp_path, monkeypatch):
    """A file that every kernel maps."""
    (tmp_path / "weights").write_bytes(b"x" * SIZE)
    monkeypatch.setenv("COURSE_TEST_FILE", str(tmp_path / "weights"))


@on_linux
def test_two_kernels_run_at_once_in_their_own_folders_and_shared_pages_count_once(tmp_path, mapped):
    """The second cell waits for the other kernel's first, so it ends only where both run at once."""
    row = kernels.run_together(make_notebooks(tmp_path, 2), threads=1)
    assert [read_text(tmp_path / name / "threads.txt") for name in "01"] == ["1", "1"]
    assert row["kernels"] == len(row["minutes"]) == 2 and min(row["minutes"]) > 1.2 / 60
    gib = SIZE / GIB
    assert row["private_gib"] > 2 * gib  # each holds its own
    assert row["resident_gib"] - row["peak_gib"] > 0.9 * gib  # the file is in both, and counts once
    assert row["peak_gib"] - row["private_gib"] > 0.9 * gib


def test_a_cell_that_fails_is_named(tmp_path, mapped):
    paths = make_notebooks(tmp_path, 1, second="raise KeyError('no such page')")
    with pytest.raises(RuntimeError, match=r"tiny\.ipynb: cell 2 failed\n(.|\n)*no such page"):
        kernels.run_together(paths, threads=2)


def test_what_a_process_holds_is_resident_at_most(monkeypatch):
    held = held_by(psutil.Process())
    assert 0 < held.total <= held.resident
    assert held.private is None or held.private <= held.total


def test_where_pages_are_not_told_resident_is_taken_and_the_share_is_unknown(monkeypatch):
    monkeypatch.setattr(kernels_memory, "Path", lambda path: ROOT / "no such system" / path.strip("/"))
    held = held_by(psutil.Process())
    assert held.private is None and held.total == held.resident > 0
    assert (Held(0, 0, 0) + held).private is None


def test_more_kernels_than_fit_are_not_started():
    assert kernels.lack(4, 2.0, int(9 * GIB)) is None
    assert kernels.lack(8, 2.0, int(9 * GIB)) == (
        "8 kernels were not started for want of memory: 17.6 GiB are needed, and 9.0 were free"
    )


@pytest.fixture
def made_up(tmp_path, monkeypatch):
    """A lesson that takes minutes and memory by formula: (what was run so far, `measure` where so many GiB are free)."""
    (tmp_path / "notebooks").mkdir()
    lesson = tmp_path / "notebooks" / "02_made_up.ipynb"
    nbformat.write(nbformat.v4.new_notebook(metadata={"course": {"peak_gib": 1.0}}), lesson)
    run = []

    def run_copies(notebook, number, threads):
        run.append((number, threads))
        return made_up_row(number, threads)

    def measure(free):
        monkeypatch.setattr(kernels, "free_memory", lambda: int(free * GIB))
        return kernels.measure(lesson, [1, 2, 4])

    monkeypatch.setattr(kernels, "run_copies", run_copies)
    monkeypatch.setattr(kernels, "cores", lambda: 2)
    monkeypatch.setattr(kernels, "kept_folder", lambda name, key: tmp_path / "kept")
    return run, measure


def made_up_row(number, threads):
    """2 minutes for each kernel, 1.5 GiB for the first and 1.25 for each other, 1 GiB of it private."""
    peak = 0.25 + 1.25 * number
    minutes = [2.0 * number * (5 if number * threads > 2 and threads > 1 else 1)] * number
    return {"kernels": number, "threads": threads, "minutes": minutes, "peak_gib": peak, "private_gib": float(number),
            "resident_gib": 1.5 * number}  # fmt: skip


def test_all_numbers_are_run_once_and_a_run_that_was_stopped_goes_on(made_up):
    run, measure = made_up
    rows, stopped = measure(free=5)
    assert run == [(1, 2), (1, 2), (2, 1), (2, 2)]  # the very first fills the caches and isn't counted
    assert len(rows) == 3 and stopped.startswith("4 kernels were not started for want of memory: 6.6 GiB")  # 4 × 1.5 × 1.1
    rows, stopped = measure(free=16)
    assert run[4:] == [(4, 1)] and [row["kernels"] for row in rows] == [1, 2, 2, 4] and stopped is None


def test_not_even_one_is_started_without_its_memory(made_up):
    run, measure = made_up
    rows, stopped = measure(free=0.5)
    assert not rows and not run and stopped.startswith("1 kernel was not started for want of memory: 1.1 GiB are needed")


def made_up_result(**more):
    about = {"cores": 2, "cpu": "Some CPU", "date": "2026-11-26"}
    rows = [made_up_row(*part) for part in kernels.plan([1, 2, 4], 2)]
    return {"lesson": "02", "memory": "PSS", "stopped": None, "rows": rows, "provenance": about, **more}


def test_the_table_has_slowdown_share_and_what_one_more_costs():
    lines = to_text(made_up_result()).splitlines()
    assert "| 1 | 2 | 2.0 | 1.0 | 1.0 | 1.5 | 1.50 | 33% |" in lines
    assert "| 2 | 1 | 4.0 | 2.0 | 2.0 | 2.8 | 1.38 | 27% |" in lines
    assert "| 2 | 2 | 20.0 | 10.0 | 2.0 | 2.8 | 1.38 | 27% |" in lines
    assert "One kernel alone takes 1.50 GiB, and each further one adds 1.25 GiB." in lines


def test_what_is_not_known_is_said():
    unknown = [{**made_up_row(1, 2), "private_gib": None}]
    text = to_text(made_up_result(rows=unknown, stopped="2 kernels were not started"))
    assert "unknown |" in text and text.endswith("\n2 kernels were not started.") and "further one" not in text


def test_the_result_goes_between_the_marks_and_nowhere_else(tmp_path):
    page = tmp_path / "server.md"
    page.write_text(f"before\n{MARKS[0]}\nold\n{MARKS[1]}\nafter\n", encoding="utf-8")
    write_page(json.loads(json.dumps(made_up_result())), page)
    assert read_text(page) == f"before\n{MARKS[0]}\n\n{to_text(made_up_result())}\n\n{MARKS[1]}\nafter\n"


def test_the_page_says_what_the_saved_result_says():
    assert read_text(PAGE).split(MARKS[0])[1].split(MARKS[1])[0].strip() == to_text(saved())
    assert saved() is None or "+changes" not in saved()["provenance"]["code_commit"], "measure it on committed code"


@pytest.mark.parametrize(
    ("words", "reason"), [(["--numbers", "2", "4"], "begin with 1"), (["--lesson", "99"], "holds 0 notebooks 99_")]
)
def test_a_command_that_cannot_be_measured_is_refused_with_the_reason(words, reason, capsys):
    with pytest.raises(SystemExit):
        kernels.options(words)
    assert reason in capsys.readouterr().err
