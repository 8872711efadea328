"""Slides say what the lesson says, lose no output, stay readable from the last row, and load nothing from elsewhere."""

import base64
import html
import re

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from notebooks import slides
from notebooks.build import NOTEBOOKS, Cell

PICTURE = base64.b64encode(b"a picture").decode()
LESSONS = sorted(NOTEBOOKS.glob("[0-9][0-9]_*.ipynb"))
FIGURE = new_output("display_data", data={"image/png": PICTURE, "text/plain": "<Figure>"})
LONG_CODE = "\n".join(f"line_{n} = {n}" for n in range(slides.SHORT_CODE + 1))


def shown(text: str) -> dict:
    """An output of printed text."""
    return new_output("stream", name="stdout", text=text)


def table_of(n_rows: int, cell: str = "cold") -> dict:
    """An output as pandas makes it, a table in a div with a head, and a line above it."""
    rows = "".join(f"<tr><th>kiln {n}</th><td>{cell}</td></tr>" for n in range(n_rows))
    head = "<thead><tr><th></th><th>state</th></tr></thead>"
    page = f"<div><style>td{{}}</style><p>Kilns:</p><table>{head}<tbody>{rows}</tbody></table></div>"
    return new_output("execute_result", data={"text/html": page, "text/plain": "kiln"})


def code(*outputs: dict, source: str = LONG_CODE, tag: str = "") -> dict:
    """A code cell that has run."""
    return new_code_cell(source, outputs=list(outputs), metadata={"tags": [tag]} if tag else {})


def made(*cells: str | dict) -> list[slides.Slide]:
    """The slides of cells; text stands for a markdown cell."""
    return slides.make_slides(new_notebook(cells=[new_markdown_cell(c) if isinstance(c, str) else c for c in cells]))


def text_of(*many: slides.Slide) -> str:
    """What can be read on slides."""
    return html.unescape(re.sub(r"<[^>]+>", "", "".join(part for slide in many for part in slide.parts)))


def page_of(*cells: str | dict) -> str:
    """The file that cells make."""
    return slides.to_html("Kilns", made(*cells))


# Text


def test_a_heading_begins_a_slide_and_shows_two_sentences():
    first, second = made(
        "# 3. Kilns\nHeat comes first. Then comes cold, in 0.5 hours. Nobody knows.", "## Next\nOpen *it*."
    )
    assert (first.title, first.level, second.title, second.level) == ("3. Kilns", 1, "Next", 2)
    assert text_of(first).strip() == "Heat comes first. Then comes cold, in 0.5 hours."
    assert "Nobody knows." in first.notes[0]  # the speaker has all of it
    assert "<em>it</em>" in second.parts[0]


def test_the_title_slide_asks_the_lesson_s_question_and_has_no_navigation():
    cells = (
        "# 3. Kilns",
        "[← 2](02.ipynb)\n\n[![Open in Colab](b.svg)](c)",
        "**Question** Why crack? Nobody says.\n\n**Minutes** 2.",
    )
    (slide,) = made(*cells, "(**documents** → retrieve → passages)")
    assert text_of(slide).strip() == "Why crack? Nobody says."
    assert slide.notes == ["**Question** Why crack? Nobody says.\n\n**Minutes** 2."]


def test_a_prediction_is_shown_whole():
    body = "Think. Then write. Now guess.\n\n1. How many? Of ten. Or of nine.\n2. Which one\n   cracks first?\n\nAnd why?"
    assert text_of(*made(f"## Predict\n{body}")).split() == re.sub(r"\b[12]\. ", "", body).split()


def test_numbered_items_show_two_sentences_and_stay_numbered():
    (slide,) = made("## Steps\nThree of them.\n\n1. Open it. Wait\n   a day. Or two.\n2. Close it.\n3. Say *so*.")
    assert slide.parts[0].count("<li>") == 3 and "<ol>" in slide.parts[0]
    assert "Three of them." in text_of(slide) and "Wait a day." in text_of(slide) and "Or two" not in text_of(slide)


def test_bullets_show_one_sentence_and_the_next_one_after_a_mere_phrase():
    (slide,) = made(
        "## Takeaways\n- **Wait.** A day at least. Or two.\n- Doors stay shut: always. Yes.\n\n**What comes next:** rain."
    )
    assert slide.parts[0].count("<li>") == 2
    assert text_of(slide).split("\n")[1:3] == ["Wait. A day at least.", "Doors stay shut: always."]
    assert "rain" not in text_of(slide)


def test_a_table_in_the_text_is_shown():
    assert "<td>cold</td>" in made("## Words\nLook them up.\n\n| kiln | state |\n|---|---|\n| a | cold |")[0].parts[1]


def test_exercises_are_listed_on_one_slide_without_stubs_and_checks():
    heading = "## Exercises\nSolutions: [solutions/03.ipynb](solutions/03.ipynb). They need\nno kiln."
    tasks = [f"**{n}. Find it.** Write `find({n})`. Be quick.\n\n<details>*A hint.*</details>" for n in (1, 2)]
    tasks = [new_markdown_cell(task, metadata={"tags": ["exercise"]}) for task in tasks]
    stub, check = code(source="found = None", tag="stub"), code(shown("Not yet"), source="check()", tag="exercise")
    (slide,) = made(heading, tasks[0], stub, tasks[1], check)
    assert text_of(slide).split("\n")[0] == "They need no kiln."
    assert '<ol start="2">' in slide.parts[2] and "Find it. Write find(2)." in text_of(slide)
    assert not any(word in text_of(slide) for word in ("Solutions", "found", "check", "Not yet", "hint", "quick"))
    assert "solutions/03.ipynb" in slide.notes[0] and "A hint." in slide.notes[1]


# Code and outputs


def test_short_code_is_shown_and_long_code_is_not():
    (slide,) = made("## Break it\nOpen.", code(shown("crack <loud>\n"), source="crack()"), code(shown("done")))
    assert [re.sub("<.+?>", "", part) for part in slide.parts[1:]] == ["crack()", "crack &lt;loud&gt;", "done"]


def test_of_a_setup_cell_the_table_is_shown_and_not_code_or_status():
    setup = [
        code(shown("24 pages\n"), source="read()", tag="setup"),
        code(shown("a  1\nb  2"), table_of(2), source="x", tag="setup"),
    ]
    text = text_of(*made("## The ledger\nHere.", *setup))
    assert "a  1\nb  2" in text and "kiln 1" in text and "read()" not in text and "24 pages" not in text


def test_long_print_goes_on_several_slides_with_a_table_s_head_on_each():
    lines = ["id  state  hours", *(f"{n}   cold   {n}" for n in range(50))]
    ledger = made("## The ledger\nHere.", code(shown("\n".join(lines))))[1:]
    assert [slide.title for slide in ledger] == ["The ledger"] * 3
    assert all(text_of(slide).startswith(lines[0]) for slide in ledger)
    assert [line for slide in ledger for line in text_of(slide).split("\n")[1:]] == lines[1:]
    assert all(len(text_of(slide).split("\n")) < slides.ROOM for slide in ledger)


def test_long_prose_has_no_head_to_repeat():
    lines = ["kind: lie   after: 14   wants: more", "", *(f"line {n}" for n in range(30))]
    assert text_of(*made("## A page", code(shown("\n".join(lines))))).count("kind: lie") == 1


def test_a_long_table_goes_on_several_slides_by_rows_with_its_head_on_each():
    tables = made("## The prices\nYours.", code(table_of(30)))
    assert len(tables) == 3 and all("<th>state</th>" in slide.parts[-1] for slide in tables)
    assert text_of(*tables).count("Kilns:") == 1
    assert not any("<style" in part or "<div>" in part for slide in tables for part in slide.parts)
    assert re.findall(r"kiln (\d+)", "".join(slide.parts[-1] for slide in tables)) == [str(n) for n in range(30)]
    assert len(made("## The prices", code(table_of(30, "many words " * 20)))) > len(tables)  # wrapped rows are higher


def test_below_a_figure_or_table_no_other_cell_begins():
    for output in (FIGURE, table_of(2)):
        first, second = made("## Look\nThere.", code(output), code(shown("next"), source="go()"))
        assert "<img" in first.parts[1] or "<table" in first.parts[1]
        assert text_of(second) == "go()next"


def test_parts_never_take_more_rows_than_a_slide_has():
    cells = [code(shown("a\n" * n), source="b\n" * (n % 8), tag="") for n in range(1, 60, 7)]
    many = made("## Look\nThere.", *cells, code(table_of(40)), code(FIGURE, shown("a caption")))
    assert len(many) > 8 and all(0 < slide.rows <= slides.ROOM for slide in many)


def test_markdown_is_rendered_and_a_bare_object_never_shown():
    beside = new_output(
        "display_data", data={"text/markdown": "| a |\n|---|\n| *b* |\n\nAnd **so**.", "text/plain": "<Markdown>"}
    )
    widget = new_output(
        "execute_result", data={"text/html": "<p>x</p>", "text/plain": "<IPython.core.display.HTML object>"}
    )
    progress = new_output("stream", name="stderr", text="100%")
    error = new_output("error", ename="ValueError", evalue="a is ranked twice", traceback=[])
    (slide,) = made("## Look\nThere.", code(beside, widget, progress, error))
    assert "<td><em>b</em></td>" in slide.parts[1] and "<strong>so</strong>" in slide.parts[2]
    assert text_of(slide).endswith("ValueError: a is ranked twice") and "object" not in text_of(slide)
    assert "<Markdown>" not in text_of(slide) and "100%" not in text_of(slide)


def test_print_is_fitted_to_its_longest_line_or_wrapped():
    wide, wider = slides.WIDEST * "w", (slides.WIDEST + 1) * "w"
    (slide,) = made("## Look", code(shown(wide)), code(shown(wider)))
    assert [re.search(r"--columns:(\d+)", part)[1] for part in slide.parts] == [str(slides.WIDEST), str(slides.COLUMNS)]


# The speaker, and those who cannot see


def test_slides_of_outputs_have_the_text_that_follows_or_else_the_notes_before():
    cells = (
        "## Look\nThere.",
        code(FIGURE),
        code(table_of(12)),
        "What to see: *one* bar. Tall.\n\n## Next\nOn.",
        code(FIGURE, table_of(12)),
    )
    notes = [slide.notes for slide in made(*cells)]
    after = "What to see: *one* bar. Tall."
    assert notes == [["There.", after], [after], ["On."], ["On."]]


def test_a_figure_has_the_alt_text_of_its_cell():
    cell = code(FIGURE)
    cell["metadata"]["alt"] = 'One bar, <not> two, "tall".'
    (slide,) = made("## A\nOne.", cell)
    assert html.unescape(re.search('<img alt="(.*?)"', slide.parts[1])[1]) == 'One bar, <not> two, "tall".'


def test_the_words_below_a_figure_are_not_shown_again():
    words = Cell("code", "", (), "", "here", alt="One bar.").in_words
    (slide,) = made("## A\nOne.", code(FIGURE), f"{words}\n\nWhat to see.")
    assert slide.notes == ["One.", "What to see."] and not any("One bar" in part for part in slide.parts)
    assert made("## A\nOne.", code(FIGURE), words)[0].notes == ["One."]


# The file


def test_links_count_from_the_folder_of_slides():
    links = "[a](03.ipynb) [b](../README.md) [c](https://a.org) [d](#e) [f](solutions/03.ipynb#g)"
    assert re.findall('href="(.*?)"', page_of(f"## Look\n{links}").split("<aside>")[1]) == [
        *("../notebooks/03.ipynb", "../README.md", "https://a.org", "#e", "../notebooks/solutions/03.ipynb#g")
    ]


def test_print_and_tables_are_large_and_nothing_is_squeezed():
    page = page_of("## Look\nThere.")
    size = float(re.search(r"  section \{[^}]*font-size: ([\d.]+)vmin", page)[1])
    tables = float(re.search(r"  table \{[^}]*font-size: ([\d.]+)em", page)[1])
    assert size >= 2.8 and size * tables >= 3 and "section > * { flex-shrink: 0;" in page
    width = float(re.search(r"min\(1em, \(100vw - [\d.]+vmin\) / var\(--columns\) / ([\d.]+)\)", page)[1])
    assert (100 * 16 / 9 - 19) / slides.COLUMNS / width >= 2.8  # on a screen of 16 to 9


def test_printing_breaks_between_slides_only_and_notes_open_in_a_second_window():
    page = page_of("## Look\nThere.")
    assert "section + section { break-before: page; }" in page and "break-after" not in page
    assert 'key === "p") open_notes()' in page and "There." in page.split("<aside>")[1]
    assert "{{" not in page


@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)
def test_a_lesson_s_slides_are_whole_and_load_nothing_from_elsewhere(path):
    notebook = nbformat.read(path, as_version=4)
    lesson = slides.make_slides(notebook)
    page = slides.to_html(lesson[0].title, lesson)
    assert not re.search(r"""(src|srcset|poster)=["'](?!data:)|@import|url\(|<link|<script src""", page)
    outputs = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
    assert page.count("data:image/png;base64,") == sum("image/png" in output.get("data", {}) for output in outputs)
    assert lesson[0].level == 1 and lesson[-1].title.startswith("Takeaways") and len(lesson) > 8
    assert all(slide.notes for slide in lesson) and "&lt;IPython" not in page
    links = {html.unescape(link).split("#")[0] for link in re.findall(r'href="(?!https?:|#)([^"]*)"', page)}
    assert [link for link in links if not (slides.SLIDES / link).resolve().exists()] == []


def test_what_is_no_lesson_is_refused(monkeypatch):
    monkeypatch.setattr("sys.argv", ["slides", "77"])
    with pytest.raises(SystemExit, match="77"):
        slides.main()
