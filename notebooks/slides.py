"""Slides from the lessons as they were built: one HTML file a lesson, which opens without a network. Runs nothing.

A heading begins a slide, with the first sentence below it and code of a few lines; figures and tables get slides of their
own. What the lesson says besides goes into the speaker's notes. Keys: arrows or space, n for notes, Home and End.
"""

import argparse
import html
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import nbformat
from markdown_it import MarkdownIt
from nbformat import NotebookNode
from tqdm import tqdm

NOTEBOOKS = Path(__file__).resolve().parent
SLIDES = NOTEBOOKS.parent / "slides"
SHORT_CODE = 8  # lines that can be read from the last row
SHORT_TEXT = 14  # lines of output
HEADING = re.compile(r"^(#{1,3}) (.+)$", re.M)
PLACEHOLDERS = re.compile(r"^(\[←|\[Map|\[!\[|←|documents ─|`?\(documents).*$", re.M)  # navigation, badge, pipeline
MARKDOWN = MarkdownIt("commonmark").enable("table")
STYLE = """
body{margin:0;background:#fff;color:#111;font:2.6vmin/1.45 system-ui,sans-serif}
section{display:none;box-sizing:border-box;height:100vh;padding:5vmin 7vmin;overflow:hidden}
section.now{display:flex;flex-direction:column;gap:2vmin}
h1{font-size:6vmin;line-height:1.15;margin:0}h2{font-size:4.4vmin;line-height:1.2;margin:0}
.lead{font-size:3.6vmin;max-width:38em}li{font-size:3.3vmin;margin:.8vmin 0}
img{max-width:100%;height:74vh;object-fit:contain;align-self:center}
pre{font-size:2.1vmin;background:#f4f4f4;padding:2vmin;margin:0;overflow:auto;white-space:pre-wrap}
table{border-collapse:collapse;font-size:2.2vmin}td,th{border:1px solid #aaa;padding:.5vmin 1vmin;text-align:left}
aside{display:none;position:fixed;left:0;right:0;bottom:0;max-height:45vh;overflow:auto;background:#222;color:#fff;
padding:2vmin 4vmin;font-size:2.2vmin}.notes section.now aside{display:block}aside a{color:#9cf}
footer{position:fixed;right:2vmin;bottom:1vmin;font-size:1.8vmin;color:#666}
@media print{section{display:flex;flex-direction:column;page-break-after:always}aside{display:block;position:static}}
"""
SCRIPT = """
const all=[...document.querySelectorAll('section')];
let at=Math.min(Math.max(+location.hash.slice(1)||1,1),all.length);
const go=n=>{at=Math.min(Math.max(n,1),all.length);all.forEach((s,i)=>s.classList.toggle('now',i===at-1));
document.querySelector('footer').textContent=at+' / '+all.length;history.replaceState(null,'','#'+at)};
addEventListener('keydown',e=>{const k=e.key;if(k==='ArrowRight'||k===' '||k==='PageDown')go(at+1);
else if(k==='ArrowLeft'||k==='PageUp')go(at-1);else if(k==='Home')go(1);else if(k==='End')go(all.length);
else if(k==='n')document.body.classList.toggle('notes');else return;e.preventDefault()});
addEventListener('click',e=>{if(!e.target.closest('a,aside,pre'))go(at+1)});go(at);
"""


@dataclass
class Slide:
    """One slide: its title, HTML parts to show, and Markdown for the speaker."""

    title: str
    level: int = 2
    parts: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def make_slides(notebook: NotebookNode) -> list[Slide]:
    """The slides of a built lesson, in its order."""
    slides: list[Slide] = []
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            for slide in from_text(PLACEHOLDERS.sub("", cell.source)):
                if slide.title:
                    slides.append(slide)
                elif slides:
                    slides[-1].parts += question_in(slide.notes[0])
                    slides[-1].notes += slide.notes
        elif "exercise" not in cell.metadata.get("tags", ()) and slides:
            slides += from_code(cell, slides[-1])
    return [slide for slide in slides if slide.title and (slide.parts or slide.notes)]


def from_text(text: str) -> Iterator[Slide]:
    """A slide for each heading of a markdown cell; what stands before the first has no title."""
    ends = [match.start() for match in HEADING.finditer(text)]
    for start, end in zip([0, *ends], [*ends, len(text)]):
        block = text[start:end].strip()
        heading = HEADING.match(block)
        body = block[heading.end() :].strip() if heading else block
        if heading:
            yield Slide(heading[2], len(heading[1]), [lead(body)] if body else [], [body] if body else [])
        elif body:
            yield Slide("", notes=[body])


def question_in(text: str) -> list[str]:
    """The question that a lesson opens with, to stand under its title."""
    found = re.search(r"^\*\*Question\*\* (.+?)(?:\n\n|$)", text, re.S)
    return [f'<div class="lead">{MARKDOWN.render(found[1])}</div>'] if found else []


def lead(body: str) -> str:
    """What of a text is shown: its bullets, each with its first sentence, or else its own first sentence."""
    bullets = re.findall(r"^- (.+(?:\n  .+)*)", body, re.M)
    if bullets:
        return MARKDOWN.render("\n".join(f"- {first_sentence(bullet)}" for bullet in bullets))
    opening = first_sentence(body.split("\n\n")[0])
    return f'<div class="lead">{MARKDOWN.render(opening)}</div>'


def first_sentence(text: str) -> str:
    """Up to the first full stop, question mark or colon that ends a sentence; `e.g. 0.5` doesn't.

    >>> first_sentence("Search failed in 0.5 of them. Then\\nit read.")
    'Search failed in 0.5 of them.'
    """
    line = " ".join(text.split())
    end = re.search(r"[.?!:](?:\*\*)?(?= [A-Z*`“])", line)
    return line[: end.end()] if end else line


def from_code(cell: NotebookNode, current: Slide) -> list[Slide]:
    """Puts short code and output on the current slide; a new one for each figure or table."""
    if "setup" in cell.metadata.get("tags", ()):
        return []
    if len(cell.source.splitlines()) <= SHORT_CODE:
        current.parts.append(f"<pre>{html.escape(cell.source)}</pre>")
    new = []
    for output in cell.outputs:
        data = output.get("data", {})
        if "image/png" in data:
            picture = "".join(data["image/png"].split())
            alt = html.escape(f"Figure to: {current.title}")
            new.append(Slide(current.title, parts=[f'<img alt="{alt}" src="data:image/png;base64,{picture}">']))
        elif "text/html" in data and "<table" in data["text/html"]:
            new.append(Slide(current.title, parts=[data["text/html"]]))
        elif text := output.get("text", data.get("text/plain", "")):
            if len(text.splitlines()) <= SHORT_TEXT:
                current.parts.append(f"<pre>{html.escape(text.rstrip())}</pre>")
    return new


def to_html(title: str, slides: Sequence[Slide]) -> str:
    """One file with everything in it."""
    shown = []
    for slide in slides:
        heading = f"<h{min(slide.level, 2)}>{MARKDOWN.renderInline(slide.title)}</h{min(slide.level, 2)}>"
        spoken = MARKDOWN.render("\n\n".join(slide.notes))  # a blank line ends the HTML of a folded hint
        notes = f"<aside>{spoken}</aside>" if spoken else ""
        shown.append(f"<section>{heading}\n{''.join(slide.parts)}\n{notes}</section>")
    head = f'<head><meta charset="utf-8"><title>{html.escape(title)}</title><style>{STYLE}</style></head>'
    body = "\n".join([*shown, "<footer></footer>", f"<script>{SCRIPT}</script>"])
    return f'<!DOCTYPE html>\n<html lang="en">{head}<body>\n{body}\n</body></html>\n'


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
    print(f"{len(paths)} files in {SLIDES}: open one in a browser; arrow keys to go on, n for the speaker's notes")


if __name__ == "__main__":
    main()
