"""The notebook build on a tiny made-up course: what goes where, what stays stable, and that a failure loses nothing."""

import tomllib

import nbformat
import pytest

from notebooks import build, slides

FIRST = """\
# %% [markdown]
# # 1. Count the pens
# About pens.

# %% [markdown]
# {{navigation}}

# %% [markdown]
# Where we are:
#
# {{pipeline: retrieve}}

# %%
# {{setup}}

# %% tags=["setup"]
pens = [3, 4]

# %%
import sys
print("long training", file=sys.stderr)
print(sys.prefix + "/lib")

# %% tags=["nbval-check-output"]
sum(pens)

# %% tags=["raises-exception"]
pens["red"]

# %% [markdown] tags=["exercise"]
# **Exercise 1.** The largest.
#
# *Hint 1:* Look at `pens`,
# at **all** of them.
#
# *Hint 2:* Python has a word for it.

# %% tags=["stub"]
largest = None

# %% tags=["solution"]
largest = max(pens)

# %% tags=["exercise"]
print("Right." if largest == 4 else "Not yet: which is the largest?")
"""
FOLDED = """\
**Exercise 1.** The largest.

<details><summary>Hint 1</summary>

Look at `pens`,
at **all** of them.

<details><summary>Hint 2</summary>

Python has a word for it.

</details>
</details>"""
SECOND = """\
# %% [markdown]
# # 2. Sell the pens

# %% [markdown]
# {{navigation}}

# %%
1 + 1
"""
FIGURES = """
# %% alt="One bar."
print("a figure")

# %% tags=["solution"] alt="Two *tall* <bars>."
print("another")
"""


@pytest.fixture
def course(tmp_path):
    """A folder like notebooks/, with two sources and nothing built."""
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "setup_cell.py").write_text("ready = True\n", encoding="utf-8")
    (tmp_path / "src" / "01_count.py").write_text(FIRST, encoding="utf-8")
    (tmp_path / "src" / "02_sell.py").write_text(SECOND, encoding="utf-8")
    return tmp_path


def edit(course, old, new, name="01_count"):
    path = course / "src" / f"{name}.py"
    assert old in path.read_text(encoding="utf-8")
    path.write_text(path.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")


def texts(course, file):
    return [cell.source for cell in nbformat.read(course / file, as_version=4).cells]


def ids(course, file):
    return {cell.source: cell.id for cell in nbformat.read(course / file, as_version=4).cells}


# What goes where


def test_a_lesson_has_the_stub_and_never_the_solution(course):
    build.main(["--no-run"], course)
    lesson = texts(course, "01_count.ipynb")
    assert "largest = None" in lesson
    assert "largest = max(pens)" not in lesson
    assert len(lesson) == 11


def test_solutions_have_setup_exercises_and_solutions_in_order_and_nothing_else(course):
    build.main(["--no-run"], course)
    head, *rest = texts(course, "solutions/01_count.ipynb")
    assert head.startswith("# Solutions: 1. Count the pens\n") and "](../01_count.ipynb)" in head
    assert rest == [
        "ready = True",
        "pens = [3, 4]",
        FOLDED,
        "largest = max(pens)",
        'print("Right." if largest == 4 else "Not yet: which is the largest?")',
    ]


def test_hints_are_folded_alike_in_both_notebooks_and_other_text_stays(course):
    edit(course, "About pens.", "About pens.\n#\n# *Hint 1:* They write.")
    build.main(["--no-run"], course)
    lesson = texts(course, "01_count.ipynb")
    assert FOLDED in lesson and FOLDED in texts(course, "solutions/01_count.ipynb")
    assert lesson[0].endswith("*Hint 1:* They write.")


def test_slides_leave_hints_folded_and_what_follows_them_readable(course):
    edit(course, '# %% tags=["stub"]', '# %% [markdown]\n# Then **sell** it.\n\n# %% tags=["stub"]')
    build.main(["--no-run"], course)
    made = slides.make_slides(nbformat.read(course / "01_count.ipynb", as_version=4))
    page = slides.to_html("Pens", made)
    assert "<details><summary>Hint 1</summary>\n<p>Look at <code>pens</code>,\nat <strong>all</strong>" in page
    assert "</details>\n</details>\n<p>Then <strong>sell</strong> it.</p>" in page
    assert not any("Look at" in part for slide in made for part in slide.parts)


def test_a_lesson_without_solutions_has_no_solutions_notebook(course):
    build.main(["--no-run"], course)
    assert not (course / "solutions" / "02_sell.ipynb").exists()


def test_navigation_links_the_neighbours_by_title_and_opens_this_lesson_on_colab(course):
    build.main(["--no-run"], course)
    first, second = texts(course, "01_count.ipynb")[1], texts(course, "02_sell.ipynb")[1]
    assert first.startswith("[All lessons](../README.md) · [2. Sell the pens →](02_sell.ipynb)\n")
    assert second.startswith("[← 1. Count the pens](01_count.ipynb) · [All lessons](../README.md)\n")
    assert (
        f"(https://colab.research.google.com/github/{build.REPOSITORY}/blob/{build.REF}/notebooks/02_sell.ipynb)" in second
    )


def test_placeholders_are_filled_in(course):
    build.main(["--no-run"], course)
    lesson = texts(course, "01_count.ipynb")
    assert lesson[2] == "Where we are:\n\n" + build.pipeline("retrieve")
    assert lesson[3] == "ready = True"


@pytest.mark.parametrize("step", build.STEPS)
def test_the_pipeline_line_marks_one_step(step):
    assert build.pipeline(step).replace("**", "") == build.PIPELINE
    assert build.pipeline(step).count(f"**{step}**") == 1


@pytest.mark.parametrize(
    "old, new, said",
    [
        ('tags=["stub"]', 'tags=["stubb"]', "cell 10: tags ['stubb']"),
        ('tags=["stub"]', 'tags=["stub", "solution"]', "at most one"),
        ("{{pipeline: retrieve}}", "{{pipeline: train}}", "no step 'train'"),
        ("{{navigation}}", "{{navigatoin}}", "'{{navigatoin}}' is no placeholder"),
        ("# # 1. Count", "# Count", "start with the lesson's title"),
        ("*Hint 1:* Look", "*Hint:* Look", "cell 9: an exercise's text must end with a paragraph '*Hint 1:* …'"),
        ("#\n# *Hint 2:* Python has a word for it.", "", "and a paragraph '*Hint 2:* …'"),
        ("*Hint 2:* Python has a word for it.", "*Hint 2:*", "cell 9: an exercise's text must end"),
    ],
)
def test_a_mistake_in_a_source_is_refused_and_named(course, capsys, old, new, said):
    edit(course, old, new)
    assert build.main(["--no-run"], course) == 1
    complaint = capsys.readouterr().err
    assert said in complaint and "01_count.py" in complaint
    assert not list(course.glob("*.ipynb"))


def test_a_course_without_sources_is_an_error_and_not_an_empty_success(tmp_path, capsys):
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "setup_cell.py").touch()
    assert build.main(["--check"], tmp_path) == 1
    assert "no lesson source" in capsys.readouterr().err


def test_an_unknown_lesson_is_refused_with_the_ones_there_are(course, capsys):
    assert build.main(["07"], course) == 1
    assert "07" in (said := capsys.readouterr().err) and "01_count" in said


# Stability


def test_building_twice_gives_the_same_bytes(course):
    build.main(["--no-run"], course)
    before = (course / "01_count.ipynb").read_bytes()
    (course / "01_count.ipynb").unlink()
    build.main(["--no-run"], course)
    assert (course / "01_count.ipynb").read_bytes() == before


def test_a_new_cell_leaves_the_ids_of_all_others(course):
    build.main(["--no-run"], course)
    before = ids(course, "01_count.ipynb")
    edit(course, '# %% tags=["setup"]', '# %%\nextra = 1\n\n# %% tags=["setup"]')
    build.main(["--no-run"], course)
    after = ids(course, "01_count.ipynb")
    assert after.items() > before.items() and len(after) == len(before) + 1


def test_equal_cells_still_have_ids_of_their_own(course):
    edit(course, "1 + 1", "1 + 1\n\n# %%\n1 + 1", "02_sell")
    build.main(["--no-run"], course)
    cells = nbformat.read(course / "02_sell.ipynb", as_version=4).cells
    assert len({cell.id for cell in cells}) == len(cells)


# Running


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """The tiny course, built and run once; tests that write get a copy of their own."""
    folder = tmp_path_factory.mktemp("built")
    (folder / "src").mkdir()
    for name, text in (("setup_cell", "ready = True\n"), ("01_count", FIRST)):
        (folder / "src" / f"{name}.py").write_text(text, encoding="utf-8")
    assert build.main([], folder) == 0
    return folder


@pytest.fixture
def built_copy(built, tmp_path):
    for path in built.rglob("*.*"):
        if path.is_file():
            (tmp_path / path.relative_to(built)).parent.mkdir(exist_ok=True)
            (tmp_path / path.relative_to(built)).write_bytes(path.read_bytes())
    return tmp_path


def outputs(folder, source, file="01_count.ipynb"):
    cells = nbformat.read(folder / file, as_version=4).cells
    return next(cell.outputs for cell in cells if cell.source == source)


def test_a_built_notebook_was_run_in_order_and_knows_its_cost(built):
    notebook = nbformat.read(built / "01_count.ipynb", as_version=4)
    nbformat.validate(notebook)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    assert outputs(built, "sum(pens)")[0].data["text/plain"] == "7"
    assert outputs(built, 'pens["red"]')[0].ename == "TypeError"
    assert 0 < notebook.metadata.course.minutes < 1
    assert 0 < notebook.metadata.course.peak_gib < 1
    assert notebook.metadata.course.rows == {}
    assert set(notebook.metadata) == {"course", "kernelspec", "language_info"}
    assert all(set(cell.metadata) <= {"tags"} for cell in notebook.cells)


def test_stderr_and_local_paths_are_not_stored(built):
    (stdout,) = outputs(built, 'import sys\nprint("long training", file=sys.stderr)\nprint(sys.prefix + "/lib")')
    assert stdout.name == "stdout" and stdout.text == "lib\n"


def test_the_check_is_right_in_the_stub_of_the_lesson_and_in_the_solution(built):
    check = 'print("Right." if largest == 4 else "Not yet: which is the largest?")'
    assert outputs(built, check)[0].text.startswith("Not yet")
    assert outputs(built, check, "solutions/01_count.ipynb")[0].text == "Right.\n"


def test_what_is_up_to_date_is_not_run_again(built_copy, monkeypatch, capsys):
    monkeypatch.setattr(build, "run", lambda target: pytest.fail(f"ran {target.path}"))
    assert build.main([], built_copy) == 0
    assert capsys.readouterr().out.count("up to date") == 2


def test_new_text_around_the_same_code_keeps_the_outputs(built_copy, monkeypatch):
    monkeypatch.setattr(build, "run", lambda target: pytest.fail(f"ran {target.path}"))
    edit(built_copy, "About pens.", "All about pens.")
    assert build.main(["--check"], built_copy) == 1
    assert build.main([], built_copy) == 0
    assert "All about pens." in texts(built_copy, "01_count.ipynb")[0]
    assert outputs(built_copy, "sum(pens)")[0].data["text/plain"] == "7"
    assert build.main(["--check"], built_copy) == 0


@pytest.mark.parametrize(
    "old, new",
    [
        ("sum(pens)", "len(pens)"),
        ("About pens.", "All about pens."),
        ('tags=["stub"]', ""),
    ],
)
def test_check_finds_every_change_of_a_source(built_copy, old, new):
    assert build.check(built_copy) == []
    edit(built_copy, old, new)
    assert "01_count.ipynb" in " ".join(build.check(built_copy))


def test_check_finds_a_new_setup_cell(built_copy):
    (built_copy / "src" / "setup_cell.py").write_text("ready = False\n", encoding="utf-8")
    assert len(build.check(built_copy)) == 2


def test_check_finds_a_notebook_changed_by_hand(built_copy):
    path = built_copy / "01_count.ipynb"
    path.write_text(path.read_text(encoding="utf-8").replace("sum(pens)", "min(pens)"), encoding="utf-8")
    assert [str(path) in complaint for complaint in build.check(built_copy)] == [True]


def test_check_finds_a_notebook_that_was_never_run_and_one_without_a_source(built_copy):
    (built_copy / "src" / "02_sell.py").write_text(SECOND, encoding="utf-8")
    build.main(["02", "--no-run"], built_copy)
    (built_copy / "03_gone.ipynb").write_bytes((built_copy / "01_count.ipynb").read_bytes())
    unbuilt_first, never_run, stray = build.check(built_copy)
    assert "01_count.ipynb" in unbuilt_first  # its navigation now has a next lesson
    assert "02_sell.ipynb" in never_run
    assert "03_gone.ipynb: no source" in stray


def test_a_failing_cell_is_named_and_leaves_the_old_notebook_untouched(built_copy, capsys):
    before = {path: path.read_bytes() for path in built_copy.rglob("*.ipynb")}
    edit(built_copy, "sum(pens)", "sum(pencils)")
    assert build.main([], built_copy) == 1
    complaint = capsys.readouterr().err
    assert "01_count.py: cell 7 failed" in complaint and "name 'pencils' is not defined" in complaint
    assert {path: path.read_bytes() for path in built_copy.rglob("*.ipynb*")} == before


def test_the_setup_cell_fetches_what_the_badges_open():
    setup = build.stamp((build.NOTEBOOKS / "src" / "setup_cell.py").read_text(encoding="utf-8"))
    assert f'"--branch", "{build.REF}", "https://github.com/{build.REPOSITORY}"]\n' in setup and "{{" not in setup
    assert f"/{build.REPOSITORY}/blob/{build.REF}/notebooks/a.ipynb" in build.colab_badge("a.ipynb")
    assert setup.startswith(build.SETUP_LINE)


def test_the_ref_is_the_tag_of_this_version():
    about = tomllib.loads((build.ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert build.REF == f"v{about['project']['version']}"


def test_another_setup_cell_costs_no_outputs_and_other_code_does(built_copy):
    setup, path = built_copy / "src" / "setup_cell.py", built_copy / "01_count.ipynb"
    setup.write_text(f"{build.SETUP_LINE}\nready = True\n", encoding="utf-8")
    build.main([], built_copy)
    before = build.read_stored(path)
    setup.write_text(f"{build.SETUP_LINE}\nready = 1\n", encoding="utf-8")
    build.main(["--no-run"], built_copy)
    after = build.read_stored(path)
    assert "ready = 1" in after.cells[3].source and not build.check(built_copy)
    assert [cell.get("outputs") for cell in after.cells] == [cell.get("outputs") for cell in before.cells]
    edit(built_copy, "sum(pens)", "sum(pens) + 0")
    build.main(["--no-run"], built_copy)
    assert not any(cell.get("outputs") for cell in build.read_stored(path).cells)


def test_other_saved_rows_make_a_notebook_out_of_date_and_its_outputs_too(built_copy, monkeypatch):
    monkeypatch.setattr(build, "saved_rows", lambda sources: {"data/results/new.jsonl": "full"})
    assert len(build.check(built_copy)) == 2  # the lesson and its solutions
    build.main(["--no-run"], built_copy)
    notebook = build.read_stored(built_copy / "01_count.ipynb")
    assert notebook.metadata.course.rows == {"data/results/new.jsonl": "full"}
    assert not any(cell.get("outputs") for cell in notebook.cells)


def test_a_figure_is_followed_by_its_words_in_the_notebooks_that_have_the_figure(course):
    source = course / "src" / "01_count.py"
    source.write_text(source.read_text(encoding="utf-8") + FIGURES, encoding="utf-8")
    build.main(["--no-run"], course)
    lesson, solutions = "01_count.ipynb", "solutions/01_count.ipynb"
    for notebook, alt, words in (
        (lesson, "One bar.", "One bar."),
        (solutions, "Two *tall* <bars>.", "Two *tall* &lt;bars&gt;."),
    ):
        cells = build.read_stored(course / notebook).cells
        (place,) = [number for number, cell in enumerate(cells) if cell.metadata.get("alt")]
        assert cells[place].metadata.alt == alt and cells[place + 1].cell_type == "markdown"
        assert cells[place + 1].source == f"<details><summary>The figure in words</summary><p>{words}</p></details>"


def test_the_words_of_a_figure_add_no_cell_where_there_is_text_beside_it():
    def cell(kind, text, alt="", part=""):
        return build.Cell(kind, text, (), part, "here", alt)

    drawn = cell("code", "draw()", alt="One bar.")
    below = build.say_figures([cell("markdown", "Before."), drawn, cell("markdown", "After.")])
    assert [one.text for one in below] == ["Before.", "draw()", f"{drawn.in_words}\n\nAfter."]
    above = build.say_figures([cell("markdown", "Before."), drawn, cell("code", "more()")])
    assert [one.text for one in above] == [f"Before.\n\n{drawn.in_words}", "draw()", "more()"]
    alone = build.say_figures([drawn, cell("markdown", "Try it.", part="exercise"), drawn])
    assert [one.text for one in alone] == ["draw()", drawn.in_words, "Try it.", "draw()", drawn.in_words]


def test_the_page_for_a_class_has_a_button_a_lesson(course):
    sources = build.read_sources(course / "src")
    path = course / "colab.md"
    path.write_text("Before.\n\n" + "\nold\n".join(build.MARKS) + "\n\nAfter.\n", encoding="utf-8")
    page = build.class_page(sources, path)
    assert page.startswith("Before.\n\n") and page.endswith("\n\nAfter.\n") and "old" not in page
    assert [line.split(" | ")[0] for line in page.splitlines() if "badge.svg" in line] == [
        "| 1. Count the pens",
        "| 2. Sell the pens",
    ]
    path.write_text(page, encoding="utf-8")
    assert build.class_page(sources, path) == page


def test_the_page_for_instructors_has_what_each_lesson_takes(tmp_path):
    notebooks = [tmp_path / "01_pens.ipynb", tmp_path / "02_ink.ipynb"]
    for path, cost in zip(notebooks, ({"minutes": 1.5, "peak_gib": 0.7}, {})):  # the second has never been run
        path.write_text(nbformat.writes(nbformat.v4.new_notebook(metadata={"course": cost})), encoding="utf-8")
    path = tmp_path / "instructor.md"
    path.write_text("Before.\n\n" + "\nold\n".join(build.COST_MARKS) + "\n\nAfter.\n", encoding="utf-8")
    page = build.cost_page(notebooks, path)
    assert "| 01 | 1.5 | 0.7 |\n| 02 | – | – |" in page and "old" not in page and page.endswith("\n\nAfter.\n")


def test_both_pages_are_those_of_todays_lessons():
    stale = [page.name for page, text in build.pages(build.NOTEBOOKS).items() if text != page.read_text(encoding="utf-8")]
    assert not stale, f"{stale}: run `python course.py build`"
