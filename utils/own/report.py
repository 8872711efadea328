"""What was loaded and what was not, for people: as plain text, and as an HTML table in which everything is escaped."""

import html
from collections import Counter

from utils.own.company import Own, only_taught, unfound
from utils.own.limits import Remark, show

MOST = 60  # lines that are shown; the rest is counted
COLUMNS = ("what", "how", "more")


def summary(own: Own) -> str:
    """One sentence on what there is to compare on."""
    questions, taught = own.company.split("test"), only_taught(own.company).split("test")
    unanswerable = sum(1 for question in questions if not question.answers)
    n_unfound = len(unfound(own.company))
    n_taught = sum(1 for question in taught if question.answers)
    n_passages = sum(len(source.passages) for source in own.sources)
    return (
        f"{len(own.sources)} documents with {n_passages:,} passages. {len(questions)} questions to ask: {unanswerable} "
        f"without an answer, {n_unfound} whose passage isn't known. For {n_taught} there is another wording to train on."
    )


def lines(own: Own) -> list[tuple[str, str, str]]:
    """(file or row, check | left out | note | read, more) of everything, in this order."""
    read = [
        (
            show(source.path),
            "read",
            f"{len(source.document.text.split()):,} words in {len(source.passages)} passages"
            + (f", {source.encoding}" if source.encoding else ""),
        )
        for source in own.sources
    ]
    told = [(remark.place, how(remark), remark.text) for remark in own.remarks]
    return sorted(told, key=lambda line: line[1]) + read


def how(remark: Remark) -> str:
    """In a word, what became of its file or row. In the order of the alphabet, which is that of the report."""
    return "left out" if remark.left_out else "check" if remark.misread else "note"


def shown(own: Own) -> list[tuple[str, str, str]]:
    """The first MOST lines, and one that counts the others."""
    every = lines(own)
    rest = Counter(word for _, word, _ in every[MOST:])
    more = ", ".join(f"{n} {word}" for word, n in rest.items())
    return every[:MOST] + [("and", "", f"{more} more")] * bool(rest)


def to_text(own: Own) -> str:
    """The report as plain text, a line a file or row."""
    return "\n".join([summary(own), *(f"{word:8}  {what}: {more}" for what, word, more in shown(own))])


def to_html(own: Own) -> str:
    """The report as an HTML table for a notebook. Everything in it is escaped, and $ doesn't begin a formula."""
    head = "".join(f'<th scope="col" style="text-align: left">{name}</th>' for name in COLUMNS)
    cells = ["".join(f'<td style="text-align: left">{html.escape(cell)}</td>' for cell in line) for line in shown(own)]
    body = "".join(f"<tr>{line}</tr>" for line in cells)
    ignored = "tex2jax_ignore mathjax_ignore"
    return f'<div class="{ignored}"><p>{html.escape(summary(own))}</p><table><tr>{head}</tr>{body}</table></div>'
