"""Slides say what the lesson says, show every figure large, keep code short, and load nothing from elsewhere."""

import base64
import re

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from notebooks import slides
from notebooks.build import NOTEBOOKS

PICTURE = base64.b64encode(b"a picture").decode()
LESSONS = sorted(NOTEBOOKS.glob("[0-9][0-9]_*.ipynb"))


def shown(text: str) -> dict:
    """An output of printed text."""
    return new_output("stream", name="stdout", text=text)


@pytest.fixture
def lesson():
    figure = new_output("display_data", data={"image/png": PICTURE, "text/plain": "<Figure>"})
    table = new_output("execute_result", data={"text/html": "<table><tr><td>7</td></tr></table>", "text/plain": "7"})
    return new_notebook(
        cells=[
            new_markdown_cell("# 3. Kilns crack"),
            new_markdown_cell("[← 2](02.ipynb) · [Map](../README.md)\n\n[![Open in Colab](badge.svg)](colab)"),
            new_markdown_cell("**Question** Why do kilns crack? Nobody says.\n\n**Minutes** Two."),
            new_code_cell("import secret_setup", metadata={"tags": ["setup"]}),
            new_markdown_cell(
                "## Look\nHeat comes first. Then comes cold, in 0.5 hours.\n\n## Break it\nOpen the *door*: it cracks."
            ),
            new_code_cell("crack()\n", outputs=[shown("crack <loud>\n"), figure, table]),
            new_code_cell("\n".join(f"line_{n} = {n}" for n in range(15)), outputs=[shown("a\n" * 40)]),
            new_markdown_cell("## Takeaways\n- **Wait.** A day at least.\n- Doors stay shut: always."),
            new_code_cell("hidden_check()", metadata={"tags": ["exercise"]}),
        ]
    )


def test_a_heading_begins_a_slide_and_says_its_first_sentence(lesson):
    made = slides.make_slides(lesson)
    assert [slide.title for slide in made] == ["3. Kilns crack", "Look", "Break it", "Break it", "Break it", "Takeaways"]
    assert "Why do kilns crack? Nobody says." in made[0].parts[0] and "Minutes" not in made[0].parts[0]
    assert "Heat comes first." in made[1].parts[0] and "cold" not in made[1].parts[0]
    assert "cold, in 0.5 hours." in made[1].notes[0]  # the speaker has all of it


def test_figures_and_tables_stand_alone_and_long_code_stays_away(lesson):
    made = slides.make_slides(lesson)
    assert f'src="data:image/png;base64,{PICTURE}"' in made[3].parts[0] and "alt=" in made[3].parts[0]
    assert "<td>7</td>" in made[4].parts[0]
    everything = slides.to_html("Kilns", made)
    assert "crack()" in everything and "crack &lt;loud&gt;" in everything
    assert not any(word in everything for word in ("line_3", "secret_setup", "hidden_check", "Open in Colab", "a\na\na"))


def test_bullets_stay_bullets(lesson):
    last = slides.make_slides(lesson)[-1].parts[0]
    assert last.count("<li>") == 2 and "<strong>Wait.</strong>" in last and "A day at least" not in last


@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)
def test_a_lesson_s_slides_are_whole_and_load_nothing_from_elsewhere(path):
    notebook = nbformat.read(path, as_version=4)
    made = slides.make_slides(notebook)
    page = slides.to_html(made[0].title, made)
    assert not re.search(r"""(src|srcset|poster)=["'](?!data:)|@import|url\(|<link|<script src""", page)
    outputs = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
    assert page.count("data:image/png;base64,") == sum("image/png" in output.get("data", {}) for output in outputs)
    assert made[0].level == 1 and made[-1].title.startswith("Takeaways") and len(made) > 8
    assert sum(bool(slide.notes) for slide in made) > 8


def test_what_is_no_lesson_is_refused(monkeypatch):
    monkeypatch.setattr("sys.argv", ["slides", "77"])
    with pytest.raises(SystemExit, match="77"):
        slides.main()
