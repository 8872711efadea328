"""Slides from the lessons as they were built: one HTML file a lesson, which opens without a network. Runs nothing.

A heading begins a slide, with what its text opens with; then come short code and outputs, and more slides with that title
where there is no room. Below a figure or a table no other cell begins. All that a lesson says goes into the notes.
Keys: arrows or space, Home and End; p opens the speaker's notes in a second window, which keeps in step; n lays them over
the slides, for rehearsing and for printing. slides.html says how it all looks.
"""

import argparse
import html
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import accumulate, groupby, pairwise, takewhile
from math import ceil
from pathlib import Path

import nbformat
from markdown_it import MarkdownIt
from nbformat import NotebookNode
from tqdm import tqdm

NOTEBOOKS = Path(__file__).resolve().parent
SLIDES = NOTEBOOKS.parent / "slides"
TEMPLATE = NOTEBOOKS / "slides.html"
ROOM = 21  # rows of print below a title, large enough for the last row of seats
COLUMNS = 92  # characters of print in a row
FIGURE_LEAVES = 4  # rows, for a lead or a caption; a figure takes whatever room there is
WIDEST = 120  # print up to this width is set smaller, and only wider print is wrapped
SHORT_CODE = 8  # lines; longer code is for the notebook
HEADING = re.compile(r"^(#{1,3}) (.+)$", re.M)
IN_WORDS = re.compile(r"<details><summary>The figure in words</summary>.*?</details>\s*")  # the picture here has its own
NOT_SPOKEN = re.compile(r"^(\[←|\[All lessons|\[!\[|`?\(\**documents).*$", re.M)  # links, badge, pipeline
SOLUTIONS = re.compile(r"Solutions: \[[^]]*\]\([^)]*\)\.?\s*")
ITEM = re.compile(r"^(-|\d+\.) (.+(?:\n(?!(?:-|\d+\.) ).+)*)", re.M)  # of a list, with the lines that belong to it
SENTENCE_END = re.compile(r"[.?!][\"”)*]*(?= [A-Z*`“\"(])")  # `0.5` and `e.g. this` don't end one
OF_NOTEBOOKS = re.compile(r'href="(?!https?:|mailto:|#|\.\./)')  # links that count from there
MARKDOWN = MarkdownIt("commonmark").enable("table")


@dataclass
class Slide:
    """One slide: its title, HTML parts to show with the rows they fill, and Markdown for the speaker."""

    title: str
    level: int = 2
    parts: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    rows: float = 0.0


def make_slides(notebook: NotebookNode) -> list[Slide]:
    """The slides of a built lesson, in its order; one that has no notes of its own has those of the slide before it."""
    slides: list[Slide] = []
    cells = [{**cell, "source": IN_WORDS.sub("", cell.source)} for cell in notebook.cells]
    cells = [NotebookNode(cell) for cell in cells if cell["source"]]
    for place, cell in enumerate(cells):
        tags = set(cell.metadata.get("tags", ()))
        if cell.cell_type == "markdown":
            add_text(slides, NOT_SPOKEN.sub("", cell.source), "exercise" in tags)
        elif slides and not tags & {"exercise", "stub"}:
            add_code(slides, cell, text_after(cells[place + 1 :]))
    for before, slide in pairwise(slides):
        slide.notes = slide.notes or before.notes
    return [slide for slide in slides if slide.parts or slide.notes]


def put(slides: list[Slide], part: str, rows: float) -> None:
    """Adds a part to the last slide or, where that has no room for its rows, to a new one of the same title."""
    if slides[-1].parts and slides[-1].rows + rows > ROOM:
        slides.append(Slide(slides[-1].title))
    slides[-1].parts.append(part)
    slides[-1].rows += rows


# Text


def add_text(slides: list[Slide], text: str, is_exercise: bool) -> None:
    """A slide for each heading of a markdown cell. Its text goes to the notes, and its lead is shown."""
    for level, title, body in sections(text):
        if title:
            slides.append(Slide(title, level))
        shown = lead(title, body) if title else asked_in(body, is_exercise)
        if slides and shown:
            put(slides, f'<div class="lead">{MARKDOWN.render(shown)}</div>', text_rows(shown))
        for block in body.split("\n\n") if slides else ():
            if block.startswith("|"):
                add_tables(slides, MARKDOWN.render(block))
        if slides and body and body not in slides[-1].notes:
            slides[-1].notes.append(body)


def text_rows(text: str) -> float:
    """About how many rows of print a text takes, which is larger."""
    return 1 + sum(1.4 * ceil(len(line) / 75) for line in text.splitlines() if line)


def sections(text: str) -> Iterator[tuple[int, str, str]]:
    """(level, title, body) of each heading of a text; what stands before the first one has the title ''."""
    ends = [match.start() for match in HEADING.finditer(text)]
    for start, end in zip([0, *ends], [*ends, len(text)]):
        block = text[start:end].strip()
        heading = HEADING.match(block)
        yield (len(heading[1]), heading[2], block[heading.end() :].strip()) if heading else (0, "", block)


def text_after(cells: Sequence[NotebookNode]) -> str:
    """What the next markdown cell says before its first heading: mostly, what is to be seen in the outputs above it."""
    text = next((cell.source for cell in cells if cell.cell_type == "markdown"), "")
    return next(sections(text))[2] if not HEADING.match(text) else ""


def asked_in(body: str, is_exercise: bool) -> str:
    """The question that a lesson opens with; of an exercise its title and first sentence, as an item of a list; else ''."""
    if is_exercise:
        return lead("", re.sub(r"^\*\*(\d+)\. ", r"\1. **", body.split("\n\n")[0]))
    question = re.search(r"^\*\*Question\*\* (.+?)(?:\n\n|$)", body, re.S)
    return question[1] if question else ""


def lead(title: str, body: str) -> str:
    """What of a text is shown: all of a prediction; else two sentences to open with, and the items of its lists, short."""
    if title.startswith("Predict"):
        return body
    body = SOLUTIONS.sub("", body)
    opening, *rest = [block for block in body.split("\n\n") if not block.startswith(("|", "<"))] or [""]
    items = [item for block in (opening, *rest) if ITEM.match(block) for item in ITEM.findall(block)]
    listed = "\n".join(f"{mark} {short(text, is_numbered=mark != '-')}" for mark, text in items)
    return listed if ITEM.match(opening) else f"{sentences(opening)}\n\n{listed}".strip()


def short(item: str, is_numbered: bool) -> str:
    """One sentence of a list's item; two where it is numbered, or where the first is no more than a phrase in bold."""
    first = sentences(item, 1)
    return sentences(item) if is_numbered or re.fullmatch(r"\*\*[^*]+\*\*\W*", first) else first


def sentences(text: str, most: int = 2) -> str:
    """The first `most` sentences of a text, on one line.

    >>> sentences("Search failed in 0.5 of them. Then\\nit read. And failed.")
    'Search failed in 0.5 of them. Then it read.'
    """
    line = " ".join(text.split())
    ends = [match.end() for match in SENTENCE_END.finditer(line)]
    return line[: ends[most - 1]] if len(ends) >= most else line


# Code and its outputs


def add_code(slides: list[Slide], cell: NotebookNode, after: str) -> None:
    """A cell's code, where it is short, and its outputs; what the lesson says after them goes into the notes there."""
    current, first = slides[-1], len(slides)
    n_parts, is_setup = len(current.parts), "setup" in cell.metadata.get("tags", ())
    if any("<img" in part or "<table" in part for part in current.parts):
        current.rows = ROOM
    if not is_setup and len(cell.source.splitlines()) <= SHORT_CODE:
        add_print(slides, cell.source)
    for output in cell.outputs:
        add_output(slides, output, is_setup, cell.metadata.get("alt", ""))
    for slide in slides[first - (len(current.parts) > n_parts) :]:
        slide.notes += [after] * (after not in ["", *slide.notes])


def add_output(slides: list[Slide], output: NotebookNode, is_setup: bool, alt: str) -> None:
    """An output in the form that shows most: table, figure, formatted text or print. One line of a setup is only status."""
    data = output.get("data", {})
    if "<table" in data.get("text/html", ""):
        add_tables(slides, data["text/html"])
    elif "image/png" in data:
        picture = "".join(data["image/png"].split())
        put(slides, f'<img alt="{html.escape(alt)}" src="data:image/png;base64,{picture}">', ROOM - FIGURE_LEAVES)
    elif "text/markdown" in data:
        add_tables(slides, MARKDOWN.render(data["text/markdown"]))
    elif (text := printed(output)) and not (is_setup and "\n" not in text):
        add_print(slides, text)


def printed(output: NotebookNode) -> str:
    """What an output says in plain text: an error in its last line, and nothing of progress or of `<an object at 0x7f>`."""
    if output.output_type == "error":
        return f"{output.ename}: {output.evalue}"
    text = output.get("text", output.get("data", {}).get("text/plain", "")).strip("\n")
    return "" if output.get("name") == "stderr" or re.fullmatch(r"<.+>", text) else text


def add_print(slides: list[Slide], text: str) -> None:
    """Code or output, over several slides where it is long; if it is a table, its first line stands on each."""
    lines = text.strip("\n").splitlines()
    widest = max(map(len, lines), default=0)
    columns = widest if widest <= WIDEST else COLUMNS
    is_table = all(len(re.findall(r"\S {2,}(?=\S)", line)) > 1 for line in lines[:2])
    taken = [ceil(max(len(line), 1) / columns) for line in lines]
    for number, piece in enumerate(in_pieces(lines, taken, ROOM - 2)):
        shown = html.escape("\n".join(lines[:1] * (is_table and number > 0) + piece).strip("\n"))
        put(slides, f'<pre style="--columns:{columns}">{shown}</pre>', 2 + sum(ceil(len(line) / columns) for line in piece))


def add_tables(slides: list[Slide], page: str) -> None:
    """HTML with its tables, each over several slides where it is long, and its head on each of them."""
    *tables, rest = re.split(r"(?<=</table>)", re.sub(r"<style.*?</style>|</?div[^>]*>", "", page, flags=re.S))
    for before, opening, inside in (
        re.fullmatch(r"(.*?)(<table.*?>)(.*)</table>", table, re.S).groups() for table in tables
    ):
        rows = re.findall(r"<tr.*?</tr>", inside, re.S)
        head = list(takewhile(lambda row: "<td" not in row, rows))
        taken = heights(rows)
        room = ROOM - sum(taken[: len(head)])
        for number, piece in enumerate(in_pieces(rows[len(head) :], taken[len(head) :], room)):
            table = f"{opening}<thead>{''.join(head)}</thead><tbody>{''.join(piece)}</tbody></table>"
            put(slides, before * (number == 0) + table, 0.5 + sum(heights(head + piece)))
    if rest.strip():
        put(slides, rest, text_rows(rest))


def heights(rows: Sequence[str]) -> list[float]:
    """What a table's rows take, in rows of print, if columns share 100 characters by the lengths of their longest cells."""
    cells = [[len(re.sub(r"<[^>]+>", "", cell)) for cell in re.findall(r"<t[dh].*?</t[dh]>", row, re.S)] for row in rows]
    widths = [max(1, *column) for column in zip(*cells)]
    return [0.35 + ceil(max(1, sum(widths) / 100) * max((n / w for n, w in zip(row, widths)), default=1)) for row in cells]


def in_pieces(rows: Sequence[str], taken: Sequence[float], room: float) -> list[list[str]]:
    """The rows in as few pieces as `room` allows, which are about equally high.

    >>> in_pieces("abcdef", [1, 1, 1, 1, 1, 1], 5)
    [['a', 'b', 'c'], ['d', 'e', 'f']]
    """
    target = sum(taken) / max(1, ceil(sum(taken) / room))
    numbers = [int((end - height / 2) / target) for end, height in zip(accumulate(taken), taken)]
    return [[row for _, row in group] for _, group in groupby(zip(numbers, rows), key=lambda pair: pair[0])]


# The file


def to_html(title: str, slides: Sequence[Slide]) -> str:
    """One file with everything in it; links count from the folder of slides."""
    shown = []
    for slide in slides:
        level = min(slide.level, 2)
        heading = f"<h{level}>{MARKDOWN.renderInline(slide.title)}</h{level}>"
        spoken = MARKDOWN.render("\n\n".join(slide.notes))  # a blank line ends the HTML of a folded hint
        notes = f"<aside>{spoken}</aside>" if spoken else ""
        section = f"<section>{heading}\n{''.join(slide.parts)}\n{notes}</section>"
        shown.append(OF_NOTEBOOKS.sub(r'href="../notebooks/', section))
    page = TEMPLATE.read_text(encoding="utf-8").replace("{{title}}", html.escape(title))
    return page.replace("{{slides}}", "\n".join(shown))


def main() -> None:
    """Make the slides of all lessons, or of those named."""
    parser = argparse.ArgumentParser(prog="python course.py slides", description=__doc__.splitlines()[0])
    parser.add_argument("lessons", nargs="*", metavar="NN", help="numbers of lessons, like 08 (default: all)")
    wanted = parser.parse_args().lessons
    paths = [path for path in sorted(NOTEBOOKS.glob("[0-9][0-9]_*.ipynb")) if not wanted or path.name[:2] in wanted]
    if not paths:
        raise SystemExit(f"no lesson is called {', '.join(wanted)}: give numbers like 08")
    SLIDES.mkdir(exist_ok=True)
    for path in tqdm(paths, desc="slides"):
        slides = make_slides(nbformat.read(path, as_version=4))
        (SLIDES / f"{path.stem}.html").write_text(to_html(slides[0].title, slides), encoding="utf-8")
    print(f"{len(paths)} files in {SLIDES}: open one in a browser; arrow keys to go on, p for the notes in a second window")


if __name__ == "__main__":
    main()
