"""The rules every committed notebook keeps, and for each rule a made-up notebook that breaks it.

A rule is a function from one notebook to its complaints. Nothing is run here: nbval runs the notebooks.
"""

import ast
import copy
import math
import re
from dataclasses import dataclass
from html.parser import HTMLParser

import nbformat
import pytest
from IPython.core.inputtransformer2 import TransformerManager
from markdown_it import MarkdownIt

from notebooks import build

MAX_LINES = 20  # of a code cell: more does not fit one thought, nor one screen
MAX_BYTES = 300_000
MAX_MINUTES = 10  # on two cores
MAX_GIB = 3
DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
OPENING = ("Question", "You will be able to", "Minutes", "Promises tested")
CLOSING = ("What this does not show", "Exercises", "Takeaways")
FOLDED = [  # an exercise's goal, then its hints: the folds around each text, and the words to click on
    ("", "…"),
    ("details summary", "Hint 1"),
    ("details", "…"),
    ("details details summary", "Hint 2"),
    ("details details", "…"),
]
SETUP = build.stamp((build.NOTEBOOKS / "src" / "setup_cell.py").read_text(encoding="utf-8").strip())

FORBIDDEN_SOURCE = {
    "a progress bar as a widget (use tqdm.tqdm, on stderr)": r"tqdm\.(notebook|auto|autonotebook)|tqdm_notebook",
    "clear_output": r"clear_output",
    "an installation (the setup cell installs)": r"pip3? install|(?m:^\s*[!%](pip|conda|uv))",
    "git clone (the setup cell clones)": r"git[\s\"',]+clone",
    "an absolute path (start from utils or from the notebook's folder)": r"[\"'](/[\w.-]+/|[A-Za-z]:[\\/]|~/)",
}
FORBIDDEN_OUTPUT = {
    "a widget": r"application/vnd\.jupyter\.widget-view",
    "a path of the machine it was built on": r"(?<![\w.:/+<~-])/[\w.-]+/[\w.-]+|[A-Z]:\\+Users|(?<!\w)~/\w",
}


@dataclass(frozen=True)
class Notebook:
    """One stored notebook: its path below the repository's root, and what it holds."""

    file: str
    cells: list
    metadata: dict
    size: int = 0

    @property
    def is_lesson(self) -> bool:
        return "/solutions/" not in self.file

    @property
    def code(self) -> list[tuple[str, nbformat.NotebookNode]]:
        """The code cells, each with the words that name it in a complaint."""
        return [
            (f"{self.file}, cell {number} `{(cell.source.strip().splitlines() or ['(empty)'])[0][:60]}`", cell)
            for number, cell in enumerate(self.cells, 1)
            if cell.cell_type == "code"
        ]


def tags(cell) -> list[str]:
    return cell.metadata.get("tags", [])


def has_error(cell) -> bool:
    return any(output.output_type == "error" for output in cell.outputs)


def texts(output) -> list[str]:
    """What nbval can compare in an output: text. Beside an image the text says only that there is one."""
    data = output.get("data", {})
    if any(kind.startswith("image/") for kind in data):
        return []
    found = (output.get("text"), data.get("text/plain"), data.get("text/html"))
    return [text for text in found if text and text.strip()]


def printed(cell) -> str:
    return "\n".join(text for output in cell.outputs for text in texts(output))


def tree(cell) -> ast.Module:
    """The cell's syntax tree, magics turned into calls; an empty one for a cell that is to fail with a SyntaxError."""
    try:
        return ast.parse(TransformerManager().transform_cell(cell.source))
    except SyntaxError:
        if "raises-exception" in tags(cell):
            return ast.Module([], [])
        raise


# The rules


def run_once_from_top_to_bottom(notebook):
    counts = [cell.execution_count for _, cell in notebook.code]
    due = range(1, len(counts) + 1)
    wrong = [where for (where, _), count, expected in zip(notebook.code, counts, due, strict=True) if count != expected]
    if not any(cell.outputs for _, cell in notebook.code):
        wrong.append(f"{notebook.file}: no cell")
    return [f"{where} was not stored as run once, in order" for where in wrong[:1]]


def errors_only_where_they_are_meant(notebook):
    meant = {where: "raises-exception" in tags(cell) for where, cell in notebook.code}
    return [
        f"{where}: " + ("raises-exception, but no error is stored" if meant[where] else "a stored error")
        for where, cell in notebook.code
        if has_error(cell) != meant[where]
    ]


def checked_cells_hold_text(notebook):
    checked = [(where, cell) for where, cell in notebook.code if "nbval-check-output" in tags(cell)]
    if notebook.is_lesson and not checked:
        return [f"{notebook.file}: no cell with the tag nbval-check-output, so nbval compares nothing"]
    empty = [where for where, cell in checked if not printed(cell)]
    return [f"{where}: nbval-check-output, but no text to compare is stored" for where in empty]


def skipped_cells_define_nothing_used_later(notebook):
    complaints = []
    for index, (where, cell) in enumerate(notebook.code):
        if "nbval-skip" in tags(cell):
            later = {name for _, after in notebook.code[index + 1 :] for name in names(after, ast.Load)}
            needed = sorted(names(cell, ast.Store) & later)
            complaints += [f"{where}: nbval-skip, but {name} is used later" for name in needed]
    return complaints


def names(cell, context) -> set[str]:
    """Names that the cell uses (`ast.Load`) or binds (`ast.Store`: assignments, definitions, imports)."""
    nodes = list(ast.walk(tree(cell)))
    found = {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, context)}
    if context is ast.Store:
        found |= {node.name for node in nodes if isinstance(node, DEFINITIONS)}
        found |= {(node.asname or node.name).split(".")[0] for node in nodes if isinstance(node, ast.alias)}
    return found


def cells_and_files_are_short(notebook):
    complaints = [
        f"{where}: {len(cell.source.splitlines())} lines, at most {MAX_LINES}"
        for where, cell in notebook.code
        if not 0 < len(cell.source.splitlines()) <= MAX_LINES
    ]
    if notebook.is_lesson and not 25 <= len(notebook.cells) <= 50:
        complaints.append(f"{notebook.file}: {len(notebook.cells)} cells, a lesson has 25 to 50")
    if notebook.size >= MAX_BYTES:
        complaints.append(f"{notebook.file}: {notebook.size:,} bytes, under {MAX_BYTES:,}: fewer or smaller figures")
    return complaints


def figures_have_an_alt_text(notebook):
    complaints = []
    for where, cell in notebook.code:
        is_figure = any(kind.startswith("image/") for output in cell.outputs for kind in output.get("data", {}))
        if is_figure and not cell.metadata.get("alt"):
            complaints.append(f'{where}: a figure, and no words for who cannot see it: # %% alt="…"')
        if cell.metadata.get("alt") and not is_figure:
            complaints.append(f"{where}: alt, and no figure")
    return complaints


def nothing_forbidden_in_the_code(notebook):
    complaints = []
    for where, cell in notebook.code:
        if cell.source == SETUP:
            continue
        found = [what for what, pattern in FORBIDDEN_SOURCE.items() if re.search(pattern, cell.source)]
        nodes = list(ast.walk(tree(cell)))
        found += ["import *" for node in nodes if isinstance(node, ast.ImportFrom) and node.names[0].name == "*"]
        found += ["a bare except" for node in nodes if isinstance(node, ast.ExceptHandler) and node.type is None]
        complaints += [f"{where}: {what}" for what in found]
    return complaints


def nothing_forbidden_in_the_outputs(notebook):
    complaints = []
    for where, cell in notebook.code:
        coloured = "\n".join(text for output in cell.outputs for text in everything_in(output))
        plain = re.sub(r"\x1b\[[\d;]*m", "", coloured)
        complaints += [
            f"{where}: stored output with {what}" for what, pattern in FORBIDDEN_OUTPUT.items() if re.search(pattern, plain)
        ]
    return complaints


def everything_in(output) -> list[str]:
    return [*output.get("data", {}), *texts(output), *output.get("traceback", [])]


def the_setup_cell_comes_first_and_is_the_same_everywhere(notebook):
    first = notebook.code[:1]
    return [f"{where}: should be the setup cell, '# {{{{setup}}}}'" for where, cell in first if cell.source != SETUP]


def a_lesson_opens_and_closes_as_all_do(notebook):
    if not notebook.is_lesson:
        return []
    first_code = next((i for i, cell in enumerate(notebook.cells) if cell.cell_type == "code"), len(notebook.cells))
    last_code = max((i for i, cell in enumerate(notebook.cells) if cell.cell_type == "code"), default=0)
    complaints = []
    if not notebook.cells[0].source.startswith("# "):
        complaints.append(f"{notebook.file}, cell 1: no title, '# ...'")
    if "colab.research.google.com" not in notebook.cells[1].source:
        complaints.append(f"{notebook.file}, cell 2: no navigation bar, '{{{{navigation}}}}'")
    complaints += missing_headings(notebook.file, "opening", notebook.cells[:first_code], OPENING)
    complaints += missing_headings(notebook.file, "closing", notebook.cells[first_code:], CLOSING)
    return complaints or missing_headings(notebook.file, "last text", notebook.cells[last_code:], CLOSING[-1:])


def missing_headings(file, part, cells, wanted) -> list[str]:
    """A complaint for each of `wanted` that begins no line as a heading or in bold, or for another order of them."""
    lines = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown").splitlines()
    heads = [
        next((i for i, line in enumerate(lines) if re.match(rf"(- )?(#+ |\*\*){re.escape(head)}", line)), None)
        for head in wanted
    ]
    if None in heads:
        return [f"{file}: no '{wanted[i]}' in the {part}" for i, line in enumerate(heads) if line is None]
    return [] if heads == sorted(heads) else [f"{file}: the {part} should be in the order {', '.join(wanted)}"]


def the_measured_cost_is_small(notebook):
    cost = notebook.metadata.get("course", {})
    limits = {"minutes": MAX_MINUTES, "peak_gib": MAX_GIB}
    return [
        f"{notebook.file}: {key} is {cost.get(key)}, measured and under {limit} wanted"
        for key, limit in limits.items()
        if cost.get(key) is None or cost[key] >= limit
    ]


def stubs_run_as_they_stand(notebook):
    return [
        f"{where}: a stub must run without an error"
        for where, cell in notebook.code
        if "stub" in tags(cell) and (has_error(cell) or "raises-exception" in tags(cell))
    ]


def checks_say_not_yet_until_the_exercise_is_solved(notebook):
    checks = [(where, "not yet" in printed(cell).lower()) for where, cell in notebook.code if "exercise" in tags(cell)]
    wish = "should say 'not yet' to the stub" if notebook.is_lesson else "says 'not yet' to the solution"
    return [f"{where}: the exercise's check {wish}" for where, not_yet in checks if not_yet != notebook.is_lesson]


class Folds(HTMLParser):
    """The texts of a rendered page in order, each with the folds it stands in: [["details summary", "Hint 1"], …]."""

    def __init__(self, page):
        super().__init__()
        self.around, self.texts = [], []
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        if tag in ("details", "summary"):
            self.around.append(" ".join([tag, *(name for name, _ in attributes)]))

    def handle_endtag(self, tag):
        if tag in ("details", "summary"):
            self.around.pop()

    def handle_data(self, text):
        if not text.strip():
            return
        if not self.texts or self.texts[-1][0] != " ".join(self.around):
            self.texts.append([" ".join(self.around), ""])
        self.texts[-1][1] += text


def exercises_have_two_hints_one_fold_inside_the_other(notebook):
    complaints = []
    for number, cell in enumerate(notebook.cells, 1):
        if cell.cell_type == "markdown":
            where = f"{notebook.file}, cell {number} `{cell.source[:40]}`"
            folds = Folds(MarkdownIt("commonmark").render(cell.source))
            shape = [(place, text if "summary" in place else "…") for place, text in folds.texts]
            if "exercise" not in tags(cell):
                complaints += [f"{where}: a hint outside an exercise"] * ("*Hint" in cell.source)
            elif shape != FOLDED or folds.around:
                complaints.append(f"{where}: two folded hints end an exercise, the second inside the first")
    return complaints


RULES = [
    run_once_from_top_to_bottom,
    errors_only_where_they_are_meant,
    checked_cells_hold_text,
    skipped_cells_define_nothing_used_later,
    cells_and_files_are_short,
    figures_have_an_alt_text,
    nothing_forbidden_in_the_code,
    nothing_forbidden_in_the_outputs,
    the_setup_cell_comes_first_and_is_the_same_everywhere,
    a_lesson_opens_and_closes_as_all_do,
    the_measured_cost_is_small,
    stubs_run_as_they_stand,
    checks_say_not_yet_until_the_exercise_is_solved,
    exercises_have_two_hints_one_fold_inside_the_other,
]


# The committed notebooks


@pytest.fixture(scope="module")
def notebooks():
    paths = sorted([*build.NOTEBOOKS.glob("*.ipynb"), *build.NOTEBOOKS.glob("solutions/*.ipynb")])
    assert paths, f"no notebook in {build.NOTEBOOKS}: run `python course.py build`"
    return [load(path) for path in paths]


def load(path) -> Notebook:
    stored = nbformat.read(path, as_version=4)
    nbformat.validate(stored)
    return Notebook(path.relative_to(build.ROOT).as_posix(), stored.cells, stored.metadata, path.stat().st_size)


def test_every_notebook_is_built_from_its_current_source(notebooks):
    complaints = build.check()
    assert not complaints, "\n".join(complaints)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_every_notebook_keeps_the_rule(rule, notebooks):
    complaints = [complaint for notebook in notebooks for complaint in rule(notebook)]
    assert not complaints, "\n" + "\n".join(complaints)


def test_every_exercise_has_its_solution(notebooks):
    n_solved = {notebook.file: count(notebook, "solution") for notebook in notebooks}
    for lesson in (notebook for notebook in notebooks if notebook.is_lesson):
        n_stubs = count(lesson, "stub")
        n_solutions = n_solved.get(lesson.file.replace("notebooks/", "notebooks/solutions/"), 0)
        assert 0 < n_stubs <= n_solutions, f"{lesson.file}: {n_stubs} stubs need as many solutions, has {n_solutions}"


def count(notebook, tag) -> int:
    return sum(tag in tags(cell) for _, cell in notebook.code)


def test_every_lesson_stands_in_the_map_of_the_readme(notebooks):
    readme = (build.ROOT / "README.md").read_text(encoding="utf-8")
    missing = [notebook.file for notebook in notebooks if notebook.is_lesson and f"({notebook.file})" not in readme]
    assert not missing, f"README.md does not link {', '.join(missing)}"


def test_the_map_of_the_readme_gives_the_minutes_that_were_measured(notebooks):
    readme = (build.ROOT / "README.md").read_text(encoding="utf-8")
    given = dict(re.findall(r"^\|.*\]\((notebooks/\S+\.ipynb)\).*\| (\d+) \|$", readme, flags=re.MULTILINE))
    measured = {n.file: str(math.ceil(n.metadata["course"]["minutes"])) for n in notebooks if n.is_lesson}
    assert given == measured


# Each rule finds what it is for


def code(source, *marks, out="7\n"):
    return nbformat.v4.new_code_cell(
        source, metadata={"tags": list(marks)}, outputs=[nbformat.v4.new_output("stream", text=out)] if out else []
    )


def good_lesson() -> Notebook:
    """A made-up lesson that keeps every rule, for the tests below to break in one place."""
    text = nbformat.v4.new_markdown_cell
    cells = [
        text("# 1. Title"),
        text("[Open](https://colab.research.google.com/x)"),
        text("\n".join(f"**{head}**: so" for head in OPENING)),
        code(SETUP, out=""),
    ]
    cells += [code(f"step_{i} = {i}") for i in range(20)]
    cells += [
        code("sum([3, 4])", "nbval-check-output"),
        text("## What this does not show"),
        text("## Exercises"),
        text(
            build.fold_hints("**1.** `Goal`.\n\n*Hint 1:* Some `way`.\n\n*Hint 2:* **More**."),
            metadata={"tags": ["exercise"]},
        ),
        code("largest = None", "stub"),
        code("check(largest)", "exercise", out="Not yet."),
        text("## Takeaways"),
    ]
    for count, cell in enumerate((cell for cell in cells if cell.cell_type == "code"), 1):
        cell.execution_count = count
    return Notebook("notebooks/01_title.ipynb", cells, {"course": {"minutes": 1.0, "peak_gib": 0.5}}, 1000)


STEP = 10  # a plain code cell of the good lesson, which the breakages below change


def set_step(source, *marks, out="7\n"):
    def change(notebook):
        count = notebook.cells[STEP].execution_count
        notebook.cells[STEP] = code(source, *marks, out=out)
        notebook.cells[STEP].execution_count = count

    return change


def set_error(notebook):
    notebook.cells[STEP].outputs = [nbformat.v4.new_output("error", ename="E", evalue="", traceback=[])]


def set_data(**data):
    def change(notebook):
        bundle = {key.replace("__", "/"): text for key, text in data.items()}
        output = nbformat.v4.new_output("display_data", data=bundle)
        notebook.cells[STEP].metadata.tags = ["nbval-check-output"]
        notebook.cells[STEP].outputs = [output]

    return change


def replace_in_exercise(old, new):
    def change(notebook):
        cell = next(cell for cell in notebook.cells if cell.cell_type == "markdown" and "exercise" in tags(cell))
        assert old in cell.source
        cell.source = cell.source.replace(old, new)

    return change


def drop(start):
    return lambda notebook: notebook.cells.remove(next(c for c in notebook.cells if c.source.startswith(start)))


BREAKAGES = [
    (run_once_from_top_to_bottom, lambda notebook: notebook.cells[STEP].update(execution_count=None)),
    (run_once_from_top_to_bottom, lambda notebook: [cell.update(outputs=[]) for _, cell in notebook.code]),
    (errors_only_where_they_are_meant, set_error),
    (errors_only_where_they_are_meant, set_step("1 / 1", "raises-exception")),
    (checked_cells_hold_text, drop("sum([3, 4])")),
    (checked_cells_hold_text, set_step("table", "nbval-check-output", out="")),
    (checked_cells_hold_text, set_data(image__png="iVBO", text__plain="<Figure>")),
    (skipped_cells_define_nothing_used_later, set_step("check = 1", "nbval-skip")),
    (skipped_cells_define_nothing_used_later, set_step("def check(x): pass", "nbval-skip")),
    (skipped_cells_define_nothing_used_later, set_step("from json import loads as check", "nbval-skip")),
    (cells_and_files_are_short, set_step("\n".join(["x = 1"] * 21))),
    (cells_and_files_are_short, set_step("")),
    (figures_have_an_alt_text, set_data(image__png="iVBO", text__plain="<Figure>")),
    (figures_have_an_alt_text, lambda notebook: notebook.cells[STEP].metadata.update(alt="One bar.")),
    (cells_and_files_are_short, lambda notebook: notebook.cells.extend([notebook.cells[STEP]] * 30)),
    (nothing_forbidden_in_the_code, set_step("from tqdm.auto import tqdm")),
    (nothing_forbidden_in_the_code, set_step("clear_output()")),
    (nothing_forbidden_in_the_code, set_step("!pip install numpy")),
    (nothing_forbidden_in_the_code, set_step("%pip install numpy")),
    (nothing_forbidden_in_the_code, set_step('run(["git", "clone", address])')),
    (nothing_forbidden_in_the_code, set_step("from utils import *")),
    (nothing_forbidden_in_the_code, set_step("try:\n    1\nexcept:\n    2")),
    (nothing_forbidden_in_the_code, set_step("open('/srv/course/x.txt')")),
    (nothing_forbidden_in_the_code, set_step("open('C:/x.txt')")),
    (nothing_forbidden_in_the_outputs, set_step("x", out="saved to /srv/course/x.txt")),
    (nothing_forbidden_in_the_outputs, set_step("x", out="File \x1b[32m~/course/x.py:3\x1b[39m")),
    (nothing_forbidden_in_the_outputs, set_data(**{"application__vnd.jupyter.widget-view+json": {}})),
    (the_setup_cell_comes_first_and_is_the_same_everywhere, lambda notebook: notebook.cells[3].update(source="")),
    (the_setup_cell_comes_first_and_is_the_same_everywhere, drop(SETUP)),
    (a_lesson_opens_and_closes_as_all_do, lambda notebook: notebook.cells[0].update(source="Title")),
    (a_lesson_opens_and_closes_as_all_do, drop("[Open]")),
    (a_lesson_opens_and_closes_as_all_do, drop("**Question**")),
    (a_lesson_opens_and_closes_as_all_do, drop("## What this does not show")),
    (a_lesson_opens_and_closes_as_all_do, drop("## Takeaways")),
    (a_lesson_opens_and_closes_as_all_do, lambda notebook: notebook.cells.append(notebook.cells[STEP])),
    (the_measured_cost_is_small, lambda notebook: notebook.metadata["course"].update(minutes=10.5)),
    (the_measured_cost_is_small, lambda notebook: notebook.metadata["course"].update(peak_gib=None)),
    (the_measured_cost_is_small, lambda notebook: notebook.metadata.clear()),
    (stubs_run_as_they_stand, set_step("1 / 0", "stub", "raises-exception")),
    (checks_say_not_yet_until_the_exercise_is_solved, set_step("check(7)", "exercise", out="Right.")),
    (exercises_have_two_hints_one_fold_inside_the_other, replace_in_exercise("Hint 2", "Hint 1")),
    (exercises_have_two_hints_one_fold_inside_the_other, replace_in_exercise("**More**.", "")),
    (exercises_have_two_hints_one_fold_inside_the_other, replace_in_exercise("<details>", "<details open>")),
    (exercises_have_two_hints_one_fold_inside_the_other, replace_in_exercise("\n</details>", "")),
    (exercises_have_two_hints_one_fold_inside_the_other, lambda notebook: notebook.cells[1].update(source="*Hint:* so")),
]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_a_good_lesson_keeps_the_rule_and_some_breakage_is_tried(rule):
    assert rule(good_lesson()) == []
    assert any(rule is broken for broken, _ in BREAKAGES)


@pytest.mark.parametrize("rule, breakage", BREAKAGES, ids=[rule.__name__ for rule, _ in BREAKAGES])
def test_the_rule_finds_the_breakage_and_names_the_notebook(rule, breakage):
    notebook = copy.deepcopy(good_lesson())
    breakage(notebook)
    complaints = rule(notebook)
    assert complaints and all(complaint.startswith("notebooks/01_title.ipynb") for complaint in complaints)


@pytest.mark.parametrize(
    "source, out",
    [
        ('f"{euros}/month and {days}/7"', "3/month, and/or 2 km/h, https://example.org/a/b, ../data/documents/x.md"),
        ("Path('../data') / 'documents'", "<td>1</td></tr>"),
        ("# from x import * would be bad", "See data/results/comparison.jsonl"),
    ],
)
def test_harmless_text_is_not_taken_for_an_absolute_path(source, out):
    notebook = good_lesson()
    set_step(source, out=out)(notebook)
    assert nothing_forbidden_in_the_code(notebook) == nothing_forbidden_in_the_outputs(notebook) == []
