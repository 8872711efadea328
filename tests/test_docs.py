"""What the documents promise is there: links lead somewhere, every lesson has its page and its button, commands exist."""

import re
from pathlib import Path

import pytest

import course
from notebooks.build import colab_badge

ROOT = Path(course.__file__).resolve().parent
DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", *sorted(DOCS.rglob("*.md"))]
NOTEBOOKS = sorted(ROOT.glob("notebooks/[0-9][0-9]_*.ipynb"))


def without_code(text):
    """Markdown without fenced blocks and inline code: what is left are its links."""
    return re.sub(r"`[^`\n]*`", "", re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL))


def links(text):
    """The target of every link and image; `[![a](b)](c)` has two."""
    return re.findall(r"\]\(([^)\s]+)\)", without_code(text))


def anchor(heading):
    """The name under which GitHub finds a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def anchors(page):
    """The names of a page's headings."""
    text = without_code(page.read_text(encoding="utf-8"))
    return {anchor(heading) for heading in re.findall(r"^#+ (.+)$", text, re.MULTILINE)}


def broken(page, text):
    """The links of a page's text that lead nowhere in the repository."""
    found = []
    for link in links(text):
        if re.match(r"\w+:", link):
            continue
        path, _, name = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        inside = target.exists() and ROOT in (target, *target.parents)
        if not inside or name and (target.suffix != ".md" or name not in anchors(target)):
            found.append(link)
    return found


def named_commands(text):
    """What stands behind `python course.py`, also with an option or a path before or after it."""
    return set(re.findall(r"course\.py\s+([a-z][\w-]*)", text))


def badge_targets(text):
    """The lessons that a page's Colab buttons open."""
    return set(re.findall(r"/blob/[^/]+/notebooks/([^/)]+\.ipynb)", text))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_into_the_repository_resolve(page):
    assert not broken(page, page.read_text(encoding="utf-8"))


def test_a_broken_link_is_noticed():
    text = "[a](colab.md) [b](gone.md) [c](#grading) [d](colab.md#gone) [e](https://example.org/gone) `[f](no.md)`"
    assert broken(DOCS / "instructor.md", text) == ["gone.md", "colab.md#gone"]
    assert broken(DOCS / "instructor.md", "[![badge](gone.svg)](lessons/99.md)") == ["gone.svg", "lessons/99.md"]
    assert broken(DOCS / "instructor.md", "[out](../../elsewhere.md)") == ["../../elsewhere.md"]


def test_every_lesson_has_its_page_and_every_page_its_lesson():
    pages = {path.stem for path in DOCS.glob("lessons/*.md")}
    assert pages == {path.name[:2] for path in NOTEBOOKS}


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda notebook: notebook.stem)
def test_a_lessons_page_opens_with_its_notebook(notebook):
    text = (DOCS / "lessons" / f"{notebook.name[:2]}.md").read_text(encoding="utf-8")
    assert f"(../../notebooks/{notebook.name})" in text
    assert text.startswith(f"# Lesson {int(notebook.name[:2])}: ")


def test_every_lesson_has_its_button_for_colab_and_no_button_is_without_a_lesson():
    text = (DOCS / "colab.md").read_text(encoding="utf-8")
    lacking = [path.name for path in NOTEBOOKS if colab_badge(path.name) not in text]
    assert not lacking
    assert badge_targets(text) == {path.name for path in NOTEBOOKS}


def test_the_table_of_minutes_names_every_lesson_once():
    text = (DOCS / "instructor.md").read_text(encoding="utf-8")
    table = re.search(r"<!-- lessons: .*?-->(.*?)<!-- end of lessons -->", text, re.DOTALL)[1]
    assert "| lesson | minutes | GiB |" in table
    assert re.findall(r"^\| (\d\d) \|", table, re.MULTILINE) == [path.name[:2] for path in NOTEBOOKS]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_command_that_is_named_exists(page):
    assert named_commands(page.read_text(encoding="utf-8")) <= set(course.COMMANDS)


def test_a_command_that_does_not_exist_is_noticed():
    assert named_commands("`python course.py fly` or `python3 course.py run --data x`, not `course.py …`") == {"fly", "run"}
