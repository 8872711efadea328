"""The generated part of data/README.md: how much data, how hard it is to search, who read it again, which bytes.

`python -m utils.data_card` searches with the default embedder, saves `data/results/difficulty.json`, draws the figures
and renews the generated part of data/README.md.
"""

from collections import Counter
from pathlib import Path

import pandas as pd

from utils.data import DATA, Company, load_company, load_patients
from utils.difficulty import DESKS, count_misses, faq_accuracy, measure_difficulty
from utils.files import (
    ROOT,
    atomic_file,
    read_json,
    read_jsonl,
    renew_between,
    sha256_file,
    sha256_text,
    write_json,
    write_text,
)
from utils.models import EMBEDDER_SHA256, default_embedder
from utils.retrieve.chunking import chunk_documents
from utils.retrieve.retriever import MODES, build_retriever, search_settings
from utils.skills import load_attacks, load_canaries, load_clauses, load_notes, load_replies

MARKS = ("<!-- counted and measured by `python -m utils.data_card` -->", "<!-- end of the counted part -->")
DIFFICULTY = DATA / "results" / "difficulty.json"


def count_company(company: Company) -> pd.DataFrame:
    """A line a desk: documents, revised ones, facts, changed facts, and train + dev + test questions of the other kinds."""
    revised = [old.desk for old, new in zip(company.documents, company.documents_after) if old != new]
    facts = {question.fact_id: question for question in company.questions if question.kind == "fact"}.values()
    columns = {
        "documents in force": Counter(page.desk for page in company.documents if page.status == "in_force"),
        "superseded": Counter(page.desk for page in company.documents if page.status == "superseded"),
        "revised": Counter(revised),
        "facts": Counter(fact.desk for fact in facts),
        "changed": Counter(fact.desk for fact in facts if fact.answers_after is not None),
        "taken away": Counter(fact.desk for fact in facts if fact.answers_after == ()),
    }
    for kind in ("two_fact", "reverse", "arithmetic", "unanswerable"):
        asked = [question for question in company.questions if question.kind == kind]
        columns[kind] = {
            desk: " + ".join(
                str(sum(q.desk == desk and q.split == split for q in asked)) for split in ("train", "dev", "test")
            )
            for desk in DESKS
        }
    return pd.DataFrame({name: [counts[desk] for desk in DESKS] for name, counts in columns.items()}, index=list(DESKS))


def count_others() -> pd.DataFrame:
    """A line a file beside the questions: how many records in each split, and the share of its largest class."""
    patients, second, houses = load_patients(), load_company(DATA / "second_company"), load_company(DATA / "practice")
    lines = {
        "`clauses.jsonl`": (load_clauses(), ("label", "risk", "action")),
        "`triage.jsonl`": (load_notes(), ("code", "urgency")),
        "`style.jsonl`": (load_replies(), ()),
        f"`patients/` ({len(patients.documents)} records)": (patients.questions, ()),
        f"`second_company/` ({len(second.documents)} documents)": (second.questions, ()),
        f"`practice/` ({len(houses.documents)} documents)": (houses.questions, ()),
    }
    table = {}
    for name, (items, classes) in lines.items():
        splits = Counter(item.split for item in items)
        largest = ", ".join(
            f"{field} {max(Counter(getattr(item, field) for item in items).values()) / len(items):.2f}" for field in classes
        )
        table[name] = {split: splits[split] for split in ("train", "dev", "test")} | {"largest class": largest or "–"}
    return pd.DataFrame.from_dict(table, orient="index")


def hash_table(folder: Path = DATA) -> pd.DataFrame:
    """sha256 of each data file, and of each folder of documents over the sorted lines `sha256  name`."""
    files = [*folder.glob("*.jsonl"), folder / "slices.yaml", *folder.glob("*/questions.jsonl")]
    lines = {path.relative_to(folder).as_posix(): sha256_file(path) for path in sorted(files)}
    for parent in sorted({path.parent for path in folder.glob("**/*.md")} - {folder, folder / "results"}):
        pages = sorted(path for path in parent.iterdir() if path.is_file() and path.suffix != ".jsonl")
        listing = "".join(f"{sha256_file(path)}  {path.name}\n" for path in pages)
        lines[f"{parent.relative_to(folder).as_posix()}/ ({len(pages)} files)"] = sha256_text(listing)
    return pd.DataFrame({"sha256": [f"`{digest}`" for digest in lines.values()]}, index=[f"`{name}`" for name in lines])


def second_reader_line() -> str:
    """How often the second reader, who saw no gold answer, agreed with it before anything was mended."""
    rows = read_jsonl(DATA / "results" / "second_reader.jsonl")
    return f"The second reader agreed on {sum(row['agreed'] for row in rows)} of {len(rows)} questions when first read."


def skills_reader_line() -> str:
    """How often a reader with only the two rule pages marked clauses and notes as the data do."""
    rows = {row["id"]: row for row in read_jsonl(DATA / "results" / "second_reader_skills.jsonl")}
    parts = []
    for what, items, fields in (
        ("clauses", [(item.clause_id, item) for item in load_clauses()], ("label", "risk", "action")),
        ("notes", [(item.note_id, item) for item in load_notes()], ("code", "urgency")),
    ):
        read = [(rows[name], item) for name, item in items if name in rows]
        same = [f"{field} {sum(row[field] == getattr(item, field) for row, item in read)}" for field in fields]
        parts.append(f"of {len(read)} {what} alike: {', '.join(same)}")
    return f"Another reader of the same kind, with only the two rule pages, marked {'; '.join(parts)}."


def to_text(table: pd.DataFrame) -> str:
    """The table as Markdown, its index first, shares with two digits."""
    head = [table.index.name or "", *map(str, table.columns)]
    lines = [[name, *(f"{cell:.2f}" if isinstance(cell, float) else str(cell) for cell in cells)]
             for name, *cells in table.itertuples()]  # fmt: skip
    return "\n".join(f"| {' | '.join(line)} |" for line in [head, ["---"] * len(head), *lines])


def describe(company: Company, difficulty: dict) -> str:
    """The generated part of data/README.md."""
    table = pd.DataFrame(difficulty["table"]).set_index("desk")
    parts = [
        "### The company",
        to_text(count_company(company)),
        "Of the other kinds: questions for train + dev + test.",
        "### Skills, patients, second company",
        to_text(count_others()),
        f"Also {len(load_canaries())} canaries with their decoys (`canaries.jsonl`) in as many private pages, "
        f"{sum(not item.harmless for item in load_attacks())} poisoned pages and "
        f"{sum(item.harmless for item in load_attacks())} harmless look-alikes (`attacks.jsonl`).",
        "### How hard it is to search",
        to_text(table),
        f"Of the {difficulty['missed']} test questions whose passage the hybrid search has not among its first three, "
        f"{difficulty['near']} have another passage of the right page there.",
        f"`faq`, the answer of the nearest training question, is right on {difficulty['faq']:.2f} "
        "of the test questions about a fact.",
        "![Share of test questions whose right document, and whose passage, a search puts first](results/difficulty.png)",
        "![Length of the documents by desk](results/lengths.png)",
        "### The second reader",
        second_reader_line(),
        skills_reader_line(),
        "### Hashes",
        to_text(hash_table()),
        "A folder's hash is the sha256 of its sorted listing, a line `sha256  name` for each page.",
    ]
    return f"{MARKS[0]}\n\n" + "\n\n".join(parts) + f"\n\n{MARKS[1]}"


def main() -> None:
    """Measure, draw, and renew data/README.md."""
    from utils.measure.plots import plot_difficulty, plot_lengths
    from utils.retrieve.embedding import load_embedder, remember

    company = load_company()
    embed = remember(load_embedder(default_embedder()), EMBEDDER_SHA256, ROOT / ".cache" / "embeddings.sqlite")
    chunks = chunk_documents(company.documents)
    retrievers = {mode: build_retriever(chunks, embed, mode) for mode in MODES}
    table = measure_difficulty(company, retrievers)
    missed, near = count_misses(company, retrievers["hybrid"])
    result = {
        "data_sha256": company.sha256,
        "search": {"embedder_sha256": EMBEDDER_SHA256, **search_settings()},
        "missed": missed,
        "near": near,
        "faq": faq_accuracy(company, embed),
        "table": table.to_dict("records"),
    }
    write_json(DIFFICULTY, result)
    lengths = {desk: [len(page.text.split()) for page in company.documents if page.desk == desk] for desk in DESKS}
    for figure, name in ((plot_difficulty(table), "difficulty"), (plot_lengths(lengths), "lengths")):
        with atomic_file(DIFFICULTY.with_name(f"{name}.png")) as temporary:
            figure.savefig(temporary, dpi=130, format="png")
    readme = DATA / "README.md"
    write_text(readme, renew_between(readme, describe(company, read_json(DIFFICULTY)), MARKS))
    print(to_text(table.set_index("desk")))


if __name__ == "__main__":
    main()
