"""One page on what a comparison of one's own came to: tables, the lead with its width, every answer. Runs nothing.

Everything that comes from the documents, the questions or a model is escaped: the page is opened in a browser.
"""

import html
from collections import defaultdict
from collections.abc import Sequence

from utils.data import Company
from utils.measure.evaluation import Estimate, Row, cluster_of, difference
from utils.measure.summary import COLUMNS, show
from utils.own.company import Own
from utils.own.report import to_html
from utils.report import table_of

SHOWN = ("right", "right where found", "abstains rightly", "abstains wrongly", "citation precision", "words", "seconds")
STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#111;background:#fff}"
    "table{border-collapse:collapse;margin:1rem 0;display:block;overflow-x:auto}"
    "th,td{border:1px solid #bbb;padding:.3rem .6rem;text-align:left;"
    "vertical-align:top}caption{text-align:left;font-weight:bold;padding:.3rem 0}td.wrong{color:#555}"
)
FEW = 20  # documents that are asked about: with fewer, drawing them makes an interval too narrow
ALONE = (
    "the answers are known to stand in one document only, and one gives no interval, whatever the brackets say. "
    "Give its chapters as files of their own"
)
UNKNOWN = "where the answers stand isn't known, so no interval can be trusted. The report says of each line of the CSV why"
CAVEATS = (
    "One small language model; a larger one reads and remembers better, and the order of the systems may change with it.",
    f"Intervals draw whole documents. With fewer than about {FEW} they come out too narrow: trust large leads only.",
    "The questions are those of the file. What people ask tomorrow may be worded otherwise, or be about something else.",
    "Nothing was revised here: a fine-tuned model goes on giving the old answer until it is trained again.",
    "`raft` came as the course trained it, on other documents; trained on these it might read them better.",
)


def make_page(own: Own, every: Sequence[Row], taught: Sequence[Row], made_with: str) -> str:
    """The page as HTML: `every` has rows on all questions, `taught` (or []) on those that fine-tuning can take part in."""
    parts = [
        "<h1>Which one for these documents?</h1>",
        f"<p>{html.escape(made_with)}</p>",
        section("All questions, by the systems that need no training on these documents", own.company, every),
        section("What was taught in other words, by all systems", own.company, taught) if taught else "",
        "<h2>Every answer</h2>",
        answers_table(own.company, every, taught),
        "<h2>What this page does not show</h2>",
        "<ul>" + "".join(f"<li>{html.escape(text)}</li>" for text in CAVEATS) + "</ul>",
        "<h2>What was read</h2>",
        to_html(own),
    ]
    screen = '<meta name="viewport" content="width=device-width,initial-scale=1">'  # a phone's own width
    head = f'<head><meta charset="utf-8">{screen}<title>Which one for these documents?</title><style>{STYLE}</style></head>'
    return f'<!DOCTYPE html>\n<html lang="en">{head}<body>\n' + "\n".join(filter(None, parts)) + "\n</body></html>\n"


def section(title: str, company: Company, rows: Sequence[Row]) -> str:
    """A table with its title and the sentence about who is ahead."""
    table = table_of(company, rows)[list(SHOWN)].map(show)
    table.columns, table.index.name = [COLUMNS[name] for name in SHOWN], None
    n = len({row["question_id"] for row in rows if row["em"] is not None})
    said = html.escape(f"{n} questions with an answer. {who_leads(company, rows)}")
    return f"<h2>{title}</h2>\n{table.to_html()}\n<p>{said}</p>"


def who_leads(company: Company, rows: Sequence[Row]) -> str:
    """The best system, the next one, and the paired difference in right answers with its 95 % interval, as a sentence.

    An interval draws documents: of one there is none, and of few it is said to be too narrow.
    """
    (first, second, gap), n = lead(company, rows), documents_asked(company, rows)
    if n < 2:
        return f"Nobody is ahead yet: {ALONE if n else UNKNOWN}."
    if gap.low > 0:
        caution = f" Of {n} documents such an interval is too narrow: trust a large lead only." * (n < FEW)
        return f"{first} is ahead of {second} by {gap} of the questions with an answer.{caution}"
    apart = f"{first} and {second} can't be told apart on so few documents"
    return f"{apart}: {gap} of the questions with an answer lie between the two."


def documents_asked(company: Company, rows: Sequence[Row]) -> int:
    """How many documents are known to hold the answers that the rows ask for."""
    asked = {row["question_id"] for row in rows if row["em"] is not None}
    evidence = [item for question in company.questions if question.question_id in asked for item in question.evidence]
    return len({item.doc_id for item in evidence})


def lead(company: Company, rows: Sequence[Row]) -> tuple[str, str, Estimate]:
    """(the system with the most right answers, the next one, their difference), where there is an answer to give."""
    of: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        if row["em"] is not None:
            of[row["system"]].append(row)
    first, second = sorted(of, key=lambda name: -sum(row["correct"] for row in of[name]))[:2]
    return first, second, difference(of[first], of[second], lambda row: row["correct"], cluster_of(company.questions))


def answers_table(company: Company, every: Sequence[Row], taught: Sequence[Row]) -> str:
    """A line a question, a column a system; right answers are marked, and where nobody was asked there is a dash."""
    said = {(row["question_id"], row["system"]): row for row in (*every, *taught)}
    names = list(dict.fromkeys(row["system"] for row in (*taught, *every)))
    head = "".join(f'<th scope="col">{html.escape(text)}</th>' for text in ("question", "answer", *names))
    lines = []
    for question in company.split("test"):
        cells = [question.text, question.answers[0] if question.answers else "(the documents don't say)"]
        answers = "".join(answer_cell(said.get((question.question_id, name))) for name in names)
        lines.append(f"<tr>{''.join(f'<td>{html.escape(cell)}</td>' for cell in cells)}{answers}</tr>")
    return f"<table><tr>{head}</tr>\n" + "\n".join(lines) + "</table>"


def answer_cell(row: Row | None) -> str:
    """One answer, marked by a sign and not by colour alone."""
    if row is None:
        return "<td>–</td>"
    mark, kind = ("✓", "right") if row["correct"] else ("✗", "wrong")
    return f'<td class="{kind}">{mark} {html.escape(row["answer"])}</td>'
