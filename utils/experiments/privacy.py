"""Delete pages: who still states what they said? And with private pages in the index: who is handed their secrets?

A third of the company's pages is deleted at a time, each third in turn, so that every page is missing from the search once,
while its facts are asked for. `rag` is asked about all pages, the trained systems about the classroom's: those they know.
"""

from collections.abc import Sequence
from functools import partial

from utils import systems
from utils.comparison import step_key
from utils.data import DATA, Company, hash_documents, load_company, readable
from utils.experiments.canaries import beginning
from utils.experiments.frame import Experiment, Unit
from utils.experiments.full import describe, lab_of
from utils.experiments.variants import AS_IT_STANDS, ask_over, open_system, pages_with, score_variants, search_over
from utils.files import sha256_file
from utils.lab import READING, Lab, open_lab, plan_training
from utils.measure.evaluation import Row
from utils.measure.metrics import contains
from utils.measure.results import figure
from utils.records import Canary, Document, Evidence, Hit, Question
from utils.skills import load_canaries

NAME = "privacy"
SEEDS = (1, 2, 3)
STEPS = (("rag", None), *((system, seed) for system in ("ft", "ft+rag", "raft") for seed in SEEDS))
GUARDS = (("rag", None), ("raft", 1))  # who is asked for secrets
PARTS = 3
SECONDS = 0.4  # of an answer with passages, on two cores
TRAINING = {"ft": 5, "raft": 13}  # minutes of a training in the classroom, where the adapter isn't there yet


def prepare() -> Experiment:
    """A unit for each system and seed, for copies of what was deleted, and for the secrets of the private pages."""
    lab = open_lab(load_company())
    company, classroom, private = lab.company, lab_of(lab, "raft"), pages_with("private")
    secret = {"canaries.jsonl": sha256_file(DATA / "canaries.jsonl")}
    secret["private"] = hash_documents(DATA / "documents", {page.doc_id for page in private})
    units = [deletion_unit(classroom, company, *step) for step in STEPS]
    units.append(Unit("copies", f"{NAME}-copies", 0.2, units[0].depends_on, partial(look_for_copies, lab, company)))
    units += [
        secrets_unit(classroom, [*company.documents, *private], {**company.sha256, **secret}, *step) for step in GUARDS
    ]
    return Experiment(NAME, lab.lm.sha256, {**company.sha256, **secret}, {**describe(lab), "parts": PARTS}, units)


def plan_adapter(classroom: Lab, system: str, seed: int | None) -> tuple[str | None, float]:
    """(name of the system's adapter, minutes to train it); (None, 0) for a system that needs none."""
    if system not in systems.ADAPTER_OF:
        return None, 0
    arm = systems.ADAPTER_OF[system]
    folder = plan_training(classroom, arm, seed).folder
    return folder.name, 0 if folder.exists() else TRAINING[arm]


def deletion_unit(classroom: Lab, company: Company, system: str, seed: int | None) -> Unit:
    """One system and seed on the facts of the pages that it can know."""
    adapter, training = plan_adapter(classroom, system, seed)
    questions = facts_of(classroom.company if adapter else company)
    asked = len(questions) * (SECONDS * 2 if system in systems.READS_PASSAGES else SECONDS / 3) / 60
    parts = [sorted(part) for part in parts_of(company.documents)]
    key = (step_key(classroom, system, adapter), company.sha256, parts, [question.question_id for question in questions])
    work = partial(answer_deletion, classroom, company.documents, questions, system, seed)
    return Unit(f"{system}-{seed}" if seed else system, NAME, asked + training, key, work)


def facts_of(company: Company) -> list[Question]:
    """The test questions about one fact, which stands on one page."""
    return [question for question in company.split("test") if question.kind == "fact"]


def parts_of(documents: Sequence[Document]) -> list[set[str]]:
    """The ids of the pages in force, in PARTS parts. Pages of one family lie side by side and come into different ones.

    Superseded pages belong to none: whoever deletes a page may forget its old versions.
    """
    in_force = [document.doc_id for document in documents if document.status == "in_force"]
    return [set(in_force[first::PARTS]) for first in range(PARTS)]


def find_without(lab: Lab, documents: Sequence[Document], questions: Sequence[Question], k: int) -> list[list[Hit]]:
    """Each question's passages, from an index without the part of the documents that holds its page."""
    found: dict[str, list[Hit]] = {}
    for gone in parts_of(documents):
        asked = [question for question in questions if question.evidence[0].doc_id in gone]
        left = [document for document in documents if document.doc_id not in gone]
        hits = search_over(lab, left)([question.text for question in asked], k)
        found |= {question.question_id: shown for question, shown in zip(asked, hits)}
    return [found[question.question_id] for question in questions]


def answer_deletion(
    lab: Lab, documents: Sequence[Document], questions: Sequence[Question], system: str, seed: int | None
) -> list[Row]:
    """Rows before the deletion and after it. `correct` says that the answer is the page's, also where the page is gone."""
    asked = open_system(lab, system, seed)
    if system not in systems.READS_PASSAGES:
        answers = systems.ask_closed_book(asked.lm, questions, f"asking {system}", lab.closed_book)
        return score_variants(asked, questions, {AS_IT_STANDS: answers, "deleted": answers})  # it sees no page
    k = READING[system].k
    whole = search_over(lab, documents)([question.text for question in questions], k)
    found = {AS_IT_STANDS: whole, "deleted": find_without(lab, documents, questions, k)}
    return score_variants(asked, questions, ask_over(asked, questions, found))


def look_for_copies(lab: Lab, company: Company) -> list[dict]:
    """Whether a deleted page's answer still stands in the passage that `rag` is shown: another page may hold the words."""
    questions, rows = facts_of(company), []
    for question, hits in zip(questions, find_without(lab, company.documents, questions, READING["rag"].k)):
        left = any(contains(hit.chunk.passage, answer) for hit in hits for answer in question.answers)
        rows.append(figure("answer in the passage", "rag/deleted", float(left), "yes or no", item=question.question_id))
    return rows


def secrets_unit(classroom: Lab, pages: Sequence[Document], data: dict, system: str, seed: int | None) -> Unit:
    """One system and seed, asked for the secrets of the private ones among the pages."""
    adapter, training = plan_adapter(classroom, system, seed)
    key = (step_key(classroom, system, adapter), data)

    def work() -> list[Row]:
        """The adapter is the classroom's, the pages are all."""
        return answer_secrets(classroom, pages, load_canaries(), system, seed)

    return Unit(f"secrets-{system}", f"{NAME}-secrets", training + 0.3, key, work)


def answer_secrets(
    lab: Lab, pages: Sequence[Document], canaries: Sequence[Canary], system: str, seed: int | None
) -> list[Row]:
    """Rows without a filter, and with a search over what the reader may see. `correct` says that the secret was told.

    The reader is at a desk that may not see the page (`other-desk`), or at the one that may (`own-desk`).
    """
    asked, desks = open_system(lab, system, seed), sorted({page.desk for page in pages if page.status == "private"})
    everything = search_over(lab, pages)
    search_of = {desk: search_over(lab, readable(pages, desk)) for desk in desks}
    questions = [ask_for(canary, pages) for canary in canaries]
    found: dict[str, list[list[Hit]]] = {"no-filter": [], "other-desk": [], "own-desk": []}
    for question in questions:
        other = desks[(desks.index(question.desk) + 1) % len(desks)]
        searches = everything, search_of[other], search_of[question.desk]
        for hits, search in zip(found.values(), searches):
            hits += search([question.text], READING[system].k)
    return score_variants(asked, questions, ask_over(asked, questions, found))


def ask_for(canary: Canary, pages: Sequence[Document]) -> Question:
    """A question for the secret, in the words of the page that holds it."""
    (desk,) = {page.desk for page in pages if page.doc_id == canary.doc_id}
    evidence = (Evidence(canary.doc_id, canary.sentence),)
    names = canary.canary_id, canary.canary_id, desk, "fact", "test"
    return Question(*names, f"{beginning(canary)} what?", (canary.secret,), (), evidence, None, None)
