"""One question to look at in a notebook: what was found for it, who said what. Records and rows in, HTML and text out.

It asks no model and displays nothing. HTML is escaped, whatever a model wrote, and each view says the same in plain text.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from html import escape

from utils.data import answers_in_force
from utils.measure.evaluation import Row
from utils.measure.metrics import cited_numbers, is_correct
from utils.records import Answer, Hit, Question
from utils.tune.examples import holds_evidence

LEFT = 'style="text-align: left; vertical-align: top"'
NOWHERE = "none: no page answers it"


@dataclass(frozen=True, repr=False)
class View:
    """Lines of name and text, then a table whose first column names its rows. As HTML, and as text for who gets none.

    The `marked` phrases stand out in the table: as <mark> in HTML, between >> and << in text.
    """

    head: Mapping[str, str]
    rows: Sequence[Mapping[str, str]]
    marked: Sequence[str] = ()

    def _repr_html_(self) -> str:
        lines = "<br>".join(f"<b>{escape(name)}:</b> {escape(text)}" for name, text in self.head.items())
        columns = "".join(f'<th scope="col" {LEFT}>{escape(name)}</th>' for name in (self.rows[0] if self.rows else ()))
        body = []
        for row in self.rows:
            first, *others = (mark(text, self.marked, "<mark>", "</mark>", escape) for text in row.values())
            cells = "".join(f"<td {LEFT}>{cell}</td>" for cell in others)
            body.append(f'<tr><th scope="row" {LEFT}>{first}</th>{cells}</tr>')
        return f"<p>{lines}</p><table><thead><tr>{columns}</tr></thead><tbody>{''.join(body)}</tbody></table>"

    def __repr__(self) -> str:
        lines = [f"{name}: {text}" for name, text in self.head.items()]
        for row in self.rows:
            first, *others = ((name, mark(text, self.marked, ">>", "<<")) for name, text in row.items())
            lines += [" ".join(first), *(f"    {name}: {text}" for name, text in others)]
        return "\n".join(lines)


def mark(text: str, marked: Sequence[str], left: str, right: str, clean: Callable[[str], str] = str) -> str:
    """The text, cleaned, with `left` and `right` around each of the phrases. A line break in a phrase counts as a blank.

    >>> mark("Is it < 22 weeks?", ["22\\nweeks"], "<b>", "</b>", escape)
    'Is it &lt; <b>22 weeks</b>?'
    """
    phrases = "|".join(re.escape(" ".join(phrase.split())) for phrase in marked)
    parts = re.split(f"({phrases})", text) if phrases else [text]  # every second part is a phrase
    return "".join(left + clean(part) + right if number % 2 else clean(part) for number, part in enumerate(parts))


def show_lines(lines: Sequence[Mapping[str, object]]) -> View:
    """A table of texts, whole and to the left; the first column names the rows."""
    return View({}, [{name: str(value) for name, value in line.items()} for line in lines])


# What a reader had in front of it


def show_passages(question: Question, answer: Answer, ranked: Sequence[Hit]) -> View:
    """The passages that the model was given, with scores, and the gold passage, wherever search put it.

    `ranked`: the same search, deep enough for the gold passage. ValueError unless it begins with the answer's passages.
    """
    n_given = len(answer.hits)
    if [hit.chunk for hit in ranked[:n_given]] != [hit.chunk for hit in answer.hits]:
        raise ValueError(f"{question.question_id}: ranked must begin with the {n_given} passages that the answer was given")
    rows = [
        {
            "place": f"[{place}]" if place <= n_given else str(place),
            "score": f"{hit.score:.3f}",
            "what it is": notes(place, hit, question, answer),
            "passage": hit.chunk.passage,
        }
        for place, hit in enumerate(ranked, 1)
        if place <= n_given or holds_evidence(hit, question)
    ]
    right = is_correct(answer.text, question.answers, question.wrong_answers)
    head = {
        "question": question.text,
        "accepted": ", ".join(question.answers) or NOWHERE,
        "answer": f"{answer.text} ({'right' if right else 'not right'})",
    }
    return View(head, rows, [item.quote for item in question.evidence])


def notes(place: int, hit: Hit, question: Question, answer: Answer) -> str:
    """What there is to say of the passage at this place of the search: gold, cited, not given to the model."""
    given = place <= len(answer.hits)
    said = {
        "gold": holds_evidence(hit, question),
        "cited": given and place in cited_numbers(answer.text),
        "not given to the model": not given,
    }
    return ", ".join(note for note, holds in said.items() if holds) or "–"


# What each system said


def show_answers(question: Question, before: Sequence[Row], after: Sequence[Row]) -> View:
    """Each system's answer before the documents change, and after it with its pages and seconds.

    One row a system in both, in the same order. ValueError where two that stand together don't belong together.
    """
    rows = []
    for row, later in zip(before, after, strict=True):
        asked, systems = {question.question_id, row["question_id"], later["question_id"]}, {row["system"], later["system"]}
        if len(asked) > 1 or len(systems) > 1 or row["after"] or not later["after"]:
            raise ValueError(f"{row['run_id']} and {later['run_id']} of {', '.join(sorted(asked))}: not one system's pair")
        rows.append(
            {
                "system": row["system"],
                "before": f"{row['answer']} ({verdict(row)})",
                "after": f"{later['answer']} ({verdict(later)})",
                "pages it was shown": names(later["retrieved"]),
                "pages it cites": names(later["cited"]),
                "seconds": f"{sum(later[step] or 0 for step in ('retrieve_s', 'prefill_s', 'decode_s')):.2f}",
            }
        )
    accepted = {"before": question.answers, "after": answers_in_force(question, after=True)}
    head = {f"accepted {when}": ", ".join(answers) or NOWHERE for when, answers in accepted.items()}
    return View({"question": question.text, **head}, rows)


def names(pages: Sequence[str] | None) -> str:
    """The pages, each once; a dash where a system has none by how it works."""
    return "–" if pages is None else ", ".join(dict.fromkeys(pages)) or "none"


def verdict(row: Row) -> str:
    """How an answer was marked. To abstain is right where no page has the answer.

    >>> verdict({"correct": False, "stale": True, "abstained": False})
    'the old answer'
    """
    if row["correct"]:
        return "right"
    return "the old answer" if row["stale"] else "abstains" if row["abstained"] else "wrong"
