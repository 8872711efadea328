"""Submissions to a tiny made-up course: each gets the line it deserves, whatever it tries, and none stops the rest."""

import csv
import json
import os
import re
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import psutil
import pytest
from fakes import ROOT

from notebooks import build
from utils.grade import checking, grading, reports
from utils.grade.checking import CourseFailure, Limits, Verdict, check_tasks, judge
from utils.grade.lessons import Cell, NotANotebook, read_cells, read_lesson, read_lessons
from utils.grade.names import lean_on, names
from utils.grade.running import rename_print
from utils.grade.submissions import find_learner, find_lesson
from utils.grade.tasks import lay_out

PENS = """\
# %% [markdown]
# # 1. Count the pens

# %%
# {{setup}}

# %% tags=["setup"]
from utils.measure.metrics import is_correct

pens = [3, 4]

def total(numbers):
    return sum(numbers)

# %%
def double(number):
    return 2 * number

# %% [markdown] tags=["exercise"]
# **1. The largest.** Make `largest`, the largest of the pens.
#
# *Hint 1:* Look at all of them.
#
# *Hint 2:* Python has a word for it.

# %% tags=["stub"]
largest = None  # your code

# %% tags=["solution"]
largest = max(pens)

# %% tags=["exercise"]
wanted = max(pens)
print("Right." if largest == wanted else "Not yet: which is the largest?")

# %% [markdown] tags=["exercise"]
# **2. Twice.** Write `twice(numbers)`: twice their total.
#
# *Hint 1:* The total comes first.
#
# *Hint 2:* The lesson doubles numbers, too.

# %% tags=["stub"]
def twice(numbers):
    return None  # your code

# %% tags=["solution"]
def twice(numbers):
    return 2 * sum(numbers)

# %% tags=["exercise"]
solved = twice([1, 2]) == 6 and is_correct("22 weeks", ["22 weeks"], []) and not is_correct("12", ["22"], [])
print("Right." if solved and total([1]) == 1 else "Not yet: 1 and 2 should give 6.")

# %% [markdown]
# ## Takeaways
# Pens can be counted, and the largest one can be found.
"""
INK = """\
# %% [markdown]
# # 2. Sell the ink

# %%
# {{setup}}

# %% tags=["setup"]
bottles = [1, 2, 3]

# %% [markdown] tags=["exercise"]
# **1. How many?** Make `n_bottles`.
#
# *Hint 1:* Count them.
#
# *Hint 2:* Python has a word for it.

# %% tags=["stub"]
n_bottles = None

# %% tags=["solution"]
n_bottles = len(bottles)

# %% tags=["exercise"]
print("Right." if n_bottles == len(bottles) else "Not yet: count them.")
"""
LARGEST, TWICE = "largest = None  # your code", "def twice(numbers):\n    return None  # your code"
CHECKS = [text.split("\n", 1)[1].strip() for text in re.findall(r'tags=\["exercise"\]\n[^#].*?(?=\n# %%)', PENS, re.DOTALL)]
RIGHT_TWICE = "def twice(numbers):\n    return 2 * sum(numbers)"
LIMITS = Limits(minutes=0.1, gib=0.6)


@pytest.fixture(scope="module", autouse=True)
def scratch(tmp_path_factory):
    """Where runs take place; the tiny lessons don't look for the course above it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(checking, "SCRATCH", tmp_path_factory.mktemp("scratch"))
        yield checking.SCRATCH


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """The tiny course's folder, its lessons built and not run."""
    folder = tmp_path_factory.mktemp("course")
    (folder / "src").mkdir()
    for name, text in (("setup_cell", "ready = True\n"), ("01_count_pens", PENS), ("02_sell_ink", INK)):
        (folder / "src" / f"{name}.py").write_text(text, encoding="utf-8")
    assert build.main(["--no-run"], folder) == 0
    return folder


@pytest.fixture(scope="module")
def pens(course):
    return read_lesson(course / "01_count_pens.ipynb")


def handed_in(course, changes, lesson="01_count_pens"):
    """The lesson's notebook as JSON, with the cells of these texts replaced by others (a list: by several cells)."""
    notebook = json.loads((course / f"{lesson}.ipynb").read_text(encoding="utf-8"))
    cells = []
    for cell in notebook["cells"]:
        text = "".join(cell["source"])
        new = changes.get(text, text)
        first, *more = [new] if isinstance(new, str) else new
        cells.append({**cell, "source": first})
        cells += [{"cell_type": "code", "id": f"own-{len(cells)}", "metadata": {}, "source": source} for source in more]
    return {**notebook, "cells": cells}


def without_ids(notebook):
    """As some editors save it: no ids, no tags."""
    cells = [{key: value for key, value in cell.items() if key != "id"} | {"metadata": {}} for cell in notebook["cells"]]
    return {**notebook, "cells": cells}


def write(path, notebook):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(notebook if isinstance(notebook, str) else json.dumps(notebook), encoding="utf-8")
    return path


def tasks_of(lesson, notebook, tmp_path):
    return lay_out(lesson, read_cells(write(tmp_path / "some.ipynb", notebook)))


# Whose, and of which lesson


@pytest.mark.parametrize(
    ("path", "learner"),
    [
        ("anna/01_count_pens.ipynb", "anna"),
        ("Anna B_77_file/deep/01_count_pens.ipynb", "Anna B_77_file"),
        ("anna_01_count_pens.ipynb", "anna"),
        ("01_count_pens-anna.ipynb", "anna"),
        ("01_count_pens (2).ipynb", "01_count_pens (2)"),
        ("anna-01.ipynb", "anna"),
        ("user01.ipynb", "user01"),
        ("anna.ipynb", "anna"),
    ],
)
def test_the_learner_is_told_by_the_folder_or_else_by_the_file(course, path, learner):
    assert find_learner(course / path, course, read_lessons(course)) == learner


@pytest.mark.parametrize(
    ("file", "changed", "lesson"),
    [
        ("anna.ipynb", False, "01_count_pens"),
        ("02_sell_ink.ipynb", False, "01_count_pens"),  # the cells know better
        ("anna_01.ipynb", True, "01_count_pens"),
        ("02_sell_ink (1).ipynb", True, "02_sell_ink"),
        ("2026.ipynb", True, None),
    ],
)
def test_the_lesson_is_told_by_the_cells_or_else_by_the_name(course, file, changed, lesson):
    cells = [Cell("code", "x = 1")] if changed else read_cells(course / "01_count_pens.ipynb")
    found = find_lesson(Path(file), cells, read_lessons(course))
    assert (found.name if found else None) == lesson


@pytest.mark.parametrize(
    ("file", "content", "why"),
    [
        ("a.ipynb", '{"cells": [', "not whole JSON"),
        ("a.ipynb", "[1, 2]", "no notebook"),
        ("a.ipynb", '{"cells": [{"cell_type": "code", "source": 7}]}', "no notebook"),
        ("a.ipynb", '{"cells": 3}', "no notebook"),
        ("a.ipynb", "[" * 100_000, "JSON"),
        ("a.ipynb", "", "not whole JSON"),
        ("a.pdf", "%PDF", r"a \.pdf file"),
    ],
)
def test_what_is_no_notebook_is_refused_with_the_reason(tmp_path, file, content, why):
    with pytest.raises(NotANotebook, match=why):
        read_cells(write(tmp_path / file, content))


# The learner's cells in the course's frame


def test_a_lesson_as_it_is_leaves_every_stub_untouched(course, pens, tmp_path):
    tasks = tasks_of(pens, handed_in(course, {}), tmp_path)
    assert [(task.title, task.untouched, task.check_changed) for task in tasks] == [
        ("1. The largest.", True, False),
        ("2. Twice.", True, False),
    ]
    assert tasks[0].setup[0] == "ready = True" and "pens = [3, 4]" in tasks[0].setup[1] and tasks[1].setup == ()
    assert [list(task.checks) for task in tasks] == [[CHECKS[0]], [CHECKS[1]]]


@pytest.mark.parametrize("damage", [lambda n: n, without_ids, lambda n: {**n, "cells": n["cells"][3:]}])
def test_edited_stubs_and_inserted_cells_are_found_with_ids_and_without(course, pens, tmp_path, damage):
    changes = {LARGEST: ["best = sorted(pens)", "largest = best[-1]"], TWICE: RIGHT_TWICE}
    one, two = tasks_of(pens, damage(handed_in(course, changes)), tmp_path)
    assert one.learner == ("best = sorted(pens)", "largest = best[-1]") and two.learner == (RIGHT_TWICE,)


def test_an_answer_in_a_cell_after_the_check_counts_where_the_stub_was_left_alone(course, pens, tmp_path):
    changes = {
        CHECKS[0]: [CHECKS[0], "largest = 4", "print(largest)"],
        TWICE: RIGHT_TWICE,
        CHECKS[1]: [CHECKS[1], "twice = 3"],
    }
    one, two = tasks_of(pens, handed_in(course, changes), tmp_path)
    assert one.learner == (LARGEST, "largest = 4")
    assert two.learner == (RIGHT_TWICE,)  # an experiment afterwards takes nothing away


def test_bare_answers_without_the_lesson_around_them_are_told_by_the_names_they_give(pens):
    cells = [Cell("code", "four = 4"), Cell("code", RIGHT_TWICE), Cell("code", "largest = four")]
    one, two = lay_out(pens, cells)
    assert one.learner == ("four = 4", "largest = four") and two.learner == (RIGHT_TWICE,)


def test_the_check_handed_in_is_never_the_one_that_runs(course, pens, tmp_path):
    notebook = handed_in(course, {LARGEST: "largest = 1", CHECKS[0]: "print('Right.')", CHECKS[1]: ""})
    for handed in (notebook, without_ids(notebook)):
        one, two = tasks_of(pens, handed, tmp_path)
        assert one.checks == (CHECKS[0],) and two.checks == (CHECKS[1],)
    assert tasks_of(pens, notebook, tmp_path)[0].check_changed


def test_cells_of_the_lesson_that_an_answer_leans_on_run_before_it(course, pens, tmp_path):
    changes = {TWICE: "def twice(numbers):\n    return double(total(numbers))"}
    one, two = tasks_of(pens, handed_in(course, changes), tmp_path)
    assert one.before == () and two.before == ("def double(number):\n    return 2 * number",)


def test_leaning_goes_from_cell_to_cell_and_takes_the_lessons_own_first():
    given, own = ["a = b", "b = 1", "c = 5"], ["b = 2", "d = e", "e = c"]
    assert lean_on(["print(a + d)"], {"x"}, given, own) == (["a = b", "b = 1", "c = 5"], ["d = e", "e = c"])
    assert lean_on(["print(x)"], {"x"}, given, own) == ([], [])


def test_names_are_those_of_the_top_and_those_looked_up_there():
    code = "%time\nimport os\nfor i in rows:\n    pass\ndef f(a):\n    b = a + g\n    return [c for c in b if h]"
    assert names(code) == ({"os", "i", "f"}, {"rows", "g", "h"})
    assert names("def f(:") == (set(), set())


def test_what_a_check_relies_on_is_guarded_and_the_answer_is_not(course, pens, tmp_path):
    one, two = tasks_of(pens, handed_in(course, {}), tmp_path)
    assert {"pens", "max", "print"} <= set(one.guarded) and "largest" not in one.guarded
    assert {"total", "is_correct", "sum"} <= set(two.guarded) and "twice" not in two.guarded


# The course's own lessons


def test_every_check_of_the_course_says_itself_right_and_not_yet():
    """Grading hears only what a check prints by its own hand."""
    for lesson in read_lessons(ROOT / "notebooks"):
        for exercise in lesson.exercises:
            text = "\n".join(rename_print(lesson.cells[place].source, "heard") for place in exercise.checks)
            assert "heard(" in text and "Right" in text and "Not yet" in text, (lesson.name, exercise.title)


def test_the_courses_solutions_fit_into_its_lessons():
    for lesson in read_lessons(ROOT / "notebooks"):
        solutions = read_cells(ROOT / "notebooks" / "solutions" / f"{lesson.name}.ipynb")
        assert find_lesson(Path("a.ipynb"), solutions, read_lessons(ROOT / "notebooks")) == lesson
        code = [cell.source for cell in solutions if "solution" in cell.tags and cell.cell_type == "code"]
        tasks = lay_out(lesson, solutions)
        assert not any(task.untouched for task in tasks) and {c for task in tasks for c in task.learner} <= set(code)
        assert not any(task.before for task in tasks), "a solution needs the setup only"


# Verdicts


@pytest.mark.parametrize(
    ("said", "error", "own_error", "status"),
    [
        ("Right.\n", "", "", "right"),
        ("Right: 7\nmore\n", "", "NameError: x", "right"),
        ("Not yet: try\n", "", "", "not yet"),
        ("Right.\nNot yet: 2\n", "", "", "not yet"),
        ("", "", "", "not yet"),
        ("Not yet: try\n", "", "NameError: x", "crashes"),
        ("", "TypeError: x", "", "crashes"),
        ("Right.\n", "TypeError: x", "", "crashes"),
        ("", "NameError: x", "SystemExit: ", "exits"),
    ],
)
def test_a_verdict_follows_the_check_and_an_error_comes_first(said, error, own_error, status):
    event = {"said": said, "error": error, "own_error": own_error, "changed": []}
    assert judge(event).status == status


def test_a_failing_setup_is_the_courses_fault_and_nobody_elses(course, pens, tmp_path):
    (task, _) = tasks_of(pens, handed_in(course, {LARGEST: "largest = 4"}), tmp_path)
    broken = [checking.dataclasses.replace(task, setup=("import a_package_that_lacks",))]
    with pytest.raises(CourseFailure, match="No module named 'a_package_that_lacks'"):
        check_tasks(broken, LIMITS)


CHEAT_PRINT = """\
import builtins, sys
print("Right.")
class Deaf:
    def write(self, text): pass
    def flush(self): pass
sys.stdout = Deaf()
builtins.print = lambda *values, **how: None
max = lambda numbers: 1
pens = [1]
largest = 1"""
CHEAT_CHECK = """\
import os
import utils.measure.metrics
is_correct = utils.measure.metrics.is_correct = lambda *anything: True
total = lambda numbers: 1
def twice(numbers):
    print("Right.")
    os.write(1, b'{"event": "done", "task": 1, "said": "Right."}\\n')
    return 7"""
DETACHED = """\
import os, subprocess, sys
subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
os._exit(0)"""
SUBMITTED = {  # learner → (changes, line, exercises)
    "honest": ({LARGEST: ["best = sorted(pens)", "largest = best[-1]"], TWICE: RIGHT_TWICE}, "done", "1 right; 2 right"),
    "partly": ({LARGEST: "largest = 3", TWICE: "twice = lambda n: double(sum(n))"}, "partly done", "1 not yet; 2 right"),
    "cheat": (
        {LARGEST: CHEAT_PRINT, TWICE: CHEAT_CHECK, CHECKS[0]: "print('Right.')", CHECKS[1]: "print('Right.')"},
        "wrong", "1 not yet; 2 not yet",
    ),
    "crash": ({LARGEST: "largest = penss[0]", TWICE: "twice = lambda n: n.total"}, "crashes", "1 crashes; 2 crashes"),
    "exit": ({LARGEST: "import sys\nsys.exit()", TWICE: "def twice(n):\n    sys.exit()"}, "exits", "1 exits; 2 exits"),
    "dead": ({LARGEST: DETACHED, TWICE: RIGHT_TWICE}, "partly done", "1 exits; 2 right"),
    "endless": ({LARGEST: "while True:\n    pass"}, "endless", "1 endless; 2 empty"),
    "eater": ({TWICE: "eaten = []\nwhile True:\n    eaten.append(b'x' * 2**24)"}, "eats memory", "1 empty; 2 eats memory"),
    "empty": ({LARGEST: "largest = None  # how?"}, "empty", "1 empty; 2 empty"),
}  # fmt: skip
OTHERS = {
    "broken/01_count_pens.ipynb": "not a notebook",
    "paper/answer.pdf": "not a notebook",
    "odd/odd.ipynb": "unknown lesson",
}


@pytest.fixture(scope="module")
def graded(course, tmp_path_factory):
    """(folder of submissions, rows of the CSV by learner, exit status) of one run over all of them."""
    folder = tmp_path_factory.mktemp("class") / "hand-in"
    for learner, (changes, *_) in SUBMITTED.items():
        path = write(folder / learner / "01_count_pens.ipynb", handed_in(course, changes))
        os.utime(path, (0, datetime(2026, 11, 25, 17).timestamp()))
    late = write(folder / "late" / "pens.ipynb", handed_in(course, SUBMITTED["honest"][0]))
    os.utime(late, (0, datetime(2026, 11, 25, 21, 5).timestamp()))
    for file in OTHERS:
        write(folder / file, {"cells": [{"cell_type": "code", "source": "x = 1"}]} if "odd" in file else '{"cells": [')
    write(folder / ".ipynb_checkpoints" / "01_count_pens.ipynb", "")
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    status = grading.main([str(folder), "--deadline=2026-11-25T18:00", "--minutes=0.1", "--gib=0.6"], course)
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before, "nothing is changed"
    with open(folder.with_name("hand-in-grades") / "grades.csv", encoding="utf-8", newline="") as file:
        rows = {row["learner"]: row for row in csv.DictReader(file)}
    return folder, rows, status


@pytest.mark.parametrize("learner", SUBMITTED)
def test_each_submission_gets_the_line_it_deserves(graded, learner):
    _, line, exercises = SUBMITTED[learner]
    row = graded[1][learner]
    assert (row["line"], row["exercises"], row["late"], row["lesson"]) == (line, exercises, "no", "01_count_pens")
    assert (int(row["right"]), row["of"]) == (exercises.count(" right"), "2")


def test_what_is_no_notebook_of_the_course_gets_a_line_too_and_stops_nothing(graded):
    _, rows, status = graded
    assert {row["file"]: row["line"] for row in rows.values() if row["file"] in OTHERS} == OTHERS
    assert status == 0 and len(rows) == len(SUBMITTED) + len(OTHERS) + 1  # the hidden copy is none


def test_a_late_submission_is_graded_like_any_other_and_marked(graded):
    row = graded[1]["late"]
    assert (row["line"], row["late"]) == ("done", "3 h 5 min")


def test_what_the_code_overwrote_is_put_back_and_told(graded):
    notes = graded[1]["cheat"]["notes"]
    for part in ("1: the check handed in differs", "print", "max", "pens", "total", "utils.measure.metrics.is_correct"):
        assert part in notes


def test_every_learner_gets_a_report_with_code_and_what_the_check_said(graded):
    folder, rows, _ = graded
    reports = {path.stem: path.read_text(encoding="utf-8") for path in folder.with_name("hand-in-grades").glob("*.md")}
    assert set(reports) == set(rows)
    assert "    largest = best[-1]" in reports["honest"] and "    Right." in reports["honest"]
    assert "    Not yet: which is the largest?" in reports["partly"] and "→ not yet" in reports["partly"]
    assert "NameError: name 'penss' is not defined" in reports["crash"].replace("\\", "")
    assert "late by 3 h 5 min" in reports["late"]


def test_nothing_that_was_started_is_left(graded, scratch):
    """Not even what a submission started in a session of its own, before it ended its kernel."""
    assert list(scratch.iterdir()) == []
    where = [process.info["cwd"] or "" for process in psutil.process_iter(["cwd"])]
    assert not [folder for folder in where if folder.startswith(str(scratch))]


def test_what_was_graded_is_not_run_again_unless_asked_or_changed(graded, course, monkeypatch, capsys):
    folder, rows, _ = graded
    ran = []
    monkeypatch.setattr(grading, "check_tasks", lambda tasks, limits: ran.append(tasks) or [Verdict("right")] * len(tasks))
    limits = ["--minutes=0.1", "--gib=0.6"]
    output = folder.with_name("hand-in-grades")
    saved = (output / "grades.csv").read_bytes()
    assert grading.main([str(folder), "--deadline=2026-11-25T18:00", *limits], course) == 0
    assert ran == [] and (output / "grades.csv").read_bytes() == saved
    assert grading.main([str(folder), "--minutes=0.2", f"--output={folder.parent / 'other'}"], course) == 0
    assert len(ran) == len(SUBMITTED) + 1 - 1  # `late` handed in what `honest` did


def test_a_course_that_fails_here_grades_nobody_and_says_so_once(course, tmp_path, monkeypatch, capsys):
    tried = []

    def fail(tasks, limits):
        tried.append(tasks)
        raise CourseFailure("FileNotFoundError: no model")

    monkeypatch.setattr(grading, "check_tasks", fail)
    for learner in ("anna", "bob"):
        write(tmp_path / "in" / learner / "01_count_pens.ipynb", handed_in(course, {LARGEST: f"largest = '{learner}'"}))
    assert grading.main([str(tmp_path / "in")], course) == 1
    assert "no model" in capsys.readouterr().out and len(tried) == 1
    assert (tmp_path / "in-grades" / "grades.csv").read_text(encoding="utf-8").count("not graded") == 2


# Paths and names


def test_folders_that_cannot_be_graded_are_refused_with_the_way_out(course, tmp_path, capsys):
    (tmp_path / "in").mkdir()
    for folder, options, said in (
        ("none", [], "is no folder"),
        ("in", [], "holds no file"),
        ("in", ["--output", str(tmp_path / "in" / "grades")], "choose another --output"),
    ):
        assert grading.main([str(tmp_path / folder), *options], course) == 1
        assert said in capsys.readouterr().err


def test_a_deadline_without_a_time_is_the_end_of_that_day():
    assert grading.read_deadline("2026-11-25") == datetime(2026, 11, 25, 23, 59, 59, 999999).astimezone()
    assert grading.read_deadline("2026-11-25T18:00+00:00").isoformat().startswith("2026-11-25T18:00")


def test_learners_whose_names_look_alike_get_a_report_each():
    taken = set()
    assert [reports.file_name(name, taken) for name in ("A b", "a_b", "../..", "é")] == ["A_b", "a_b_2", "learner", "é"]


def test_foreign_text_makes_no_link_and_no_html_in_a_report():
    assert reports.plain("<b>[x](y)\n# z") == r"\<b\>\[x\](y) \# z"


def test_help_says_that_it_is_no_sandbox_and_how_to_use_one():
    command = [sys.executable, ROOT / "course.py", "grade", "--help"]
    said = subprocess.run(command, capture_output=True, encoding="utf-8").stdout
    for part in ("no sandbox", "--network none", "--deadline", "--minutes", "--gib"):
        assert part in said


@pytest.mark.model
def test_the_quickest_lessons_own_solutions_are_graded_right(tmp_path, monkeypatch):
    monkeypatch.setattr(checking, "SCRATCH", ROOT / ".cache" / "grading")  # a lesson looks for the course above itself
    solutions = list((ROOT / "notebooks" / "solutions").glob("*.ipynb"))
    quickest = min(solutions, key=lambda path: json.loads(path.read_text("utf-8"))["metadata"]["course"]["minutes"])
    write(tmp_path / "in" / f"anna_{quickest.name}", quickest.read_text(encoding="utf-8"))
    assert grading.main([str(tmp_path / "in")]) == 0
    assert ",done," in (tmp_path / "in-grades" / "grades.csv").read_text(encoding="utf-8")
