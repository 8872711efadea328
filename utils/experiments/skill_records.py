"""Reading the plan in a patient's record: which of its passages is shown, and how the base model is asked what it says.

With how many worked examples it reads better is tried on the rows of the plans that no question is about.
"""

from collections.abc import Sequence

from utils import systems
from utils.answer.generation import render
from utils.answer.prompts import Messages, Prompt, with_passages
from utils.experiments.kept import keep
from utils.lab import SEARCH, Lab
from utils.measure.metrics import contains
from utils.measure.results import figure
from utils.models import EMBEDDER_SHA256
from utils.records import Answer, Chunk, Hit
from utils.retrieve.retriever import search_settings

TRIED = (1, 2)  # worked examples
WORKED = (  # (name, code, context, row, what the row says), in nobody's record
    ("Joss Arden", "Teasel", "Plan › code, Arden's plan", "| Teasel (Arden) | six cups of broth |", "six cups of broth"),
    (
        "Mina Lorre", "Sorrel", "What helps › code, Lorre's plan", "| Sorrel, M. Lorre | warm the hands, two minutes |",
        "warm the hands, two minutes",
    ),
)  # fmt: skip


def ask_plan(name: str, code: str) -> str:
    """The question that a row of somebody's plan answers."""
    return f"What is {name}'s plan for {code}?"


def with_plans(n: int) -> Prompt:
    """The prompt of `rag`, after n worked examples of reading a plan."""
    turns: Messages = []
    for name, code, context, row, said in WORKED[:n]:
        hit = Hit(Chunk("example", 0, len(row), row, f"Record of {name} › {context}"), 1.0)
        turns += [with_passages(ask_plan(name, code), [hit])[1], {"role": "assistant", "content": f"{said} [1]"}]

    def prompt(question: str, hits: Sequence[Hit]) -> Messages:
        """Instruction, worked examples as earlier turns, passages and question."""
        system, user = with_passages(question, hits)
        return [system, *turns, user]

    return prompt


def read_plans(
    lab: Lab, wanted: Sequence[tuple[str, str]], after: bool, prompt: Prompt, known: Sequence[Answer] = ()
) -> list[Answer]:
    """What the base model reads for each (record, code). A prompt that a `known` answer had isn't read again."""
    names = {document.doc_id: document.title.removeprefix("Record of ") for document in lab.company.documents}
    hits = find_rows(lab, [(doc_id, names[doc_id], code) for doc_id, code in wanted], after)
    asked = [ask_plan(names[doc_id], code) for doc_id, code in wanted]
    prompts = [render(lab.lm, prompt(question, [hit])) for question, hit in zip(asked, hits)]
    return systems.to_answers(lab.lm, prompts, [[hit] for hit in hits], None, "reading records", known)


def find_rows(lab: Lab, wanted: Sequence[tuple[str, str, str]], after: bool) -> list[Hit]:
    """For each (record, patient's name, code) the passage of that record that a search for the code puts first."""
    queries = [f"code {code}, {name.split()[-1]}'s plan" for _, name, code in wanted]
    found = lab.retrieve[after](queries, len(lab.chunks[after]))
    return [next(hit for hit in hits if hit.chunk.doc_id == doc_id) for hits, (doc_id, *_) in zip(found, wanted)]


def choose_reader(lab: Lab) -> tuple[Prompt, list[dict]]:
    """(the prompt that reads more rows of plans rightly, a figure for each that was tried)."""
    rows = unasked_rows(lab)
    shares = [share_read(lab, rows, n) for n in TRIED]
    figures = [figure("rows read", "reader", s, "share", item=f"{n} worked examples") for n, s in zip(TRIED, shares)]
    return with_plans(TRIED[shares.index(max(shares))]), figures


def unasked_rows(lab: Lab) -> list[Chunk]:
    """The rows of plans that no question is about."""
    asked = {item.quote for question in lab.company.questions for item in question.evidence}
    return [chunk for chunk in lab.chunks[False] if chunk.text.startswith("|") and chunk.text not in asked]


def share_read(lab: Lab, rows: Sequence[Chunk], n: int) -> float:
    """The share of these rows of plans that the base model reads rightly after n worked examples, measured once."""
    cells = [[cell.strip() for cell in row.text.strip("|").split("|")] for row in rows]
    wanted = [(row.doc_id, name_of_code(code)) for row, (code, _) in zip(rows, cells)]

    def measure() -> float:
        """Read them all."""
        answers = read_plans(lab, wanted, False, with_plans(n))
        return sum(contains(answer.text, said) for answer, (_, said) in zip(answers, cells)) / len(rows)

    return keep(lab.work / "selection", (*reading_depends_on(lab), n), measure)


def reading_depends_on(lab: Lab) -> tuple:
    """All that the reading of records depends on, as plain values: models, records, search, prompts."""
    search, prompts = (SEARCH, search_settings()), [with_plans(n)("a question", []) for n in TRIED]
    return lab.lm.sha256, str(lab.lm.model.dtype), EMBEDDER_SHA256, lab.company.sha256, search, prompts


def name_of_code(cell: str) -> str:
    """The code in a row's first cell.

    >>> name_of_code("Juniper (Vint)"), name_of_code("Hazel, P. Droy")
    ('Juniper', 'Hazel')
    """
    return cell.split()[0].rstrip(",")
