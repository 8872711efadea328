"""Every saved row with the files it rests on, and what follows from rows at once: trainings and money. Judges nothing."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from utils.data import DATA, Company, held_out_documents, is_held_out, load_company, load_patients
from utils.files import sha256_file
from utils.measure.evaluation import Row
from utils.measure.money import count_work, price_rows
from utils.measure.prices import load_prices
from utils.measure.results import FIGURE_FIELDS, ROW_FIELDS, figure, read_results
from utils.measure.samples import Background, background_of
from utils.measure.situations import System
from utils.measure.statistics import Answers, Following, Statistic
from utils.tune.examples import Practice, choose_practice

RESULTS = DATA / "results"
FOLDERS = ("questions.jsonl", "documents", "revision")  # hashed as parts, so that a file's own hash says nothing


@dataclass(frozen=True)
class Part:
    """Rows of an experiment, the files they rest on (as paths in the repository), and their provenance."""

    experiment: str
    files: tuple[str, ...]
    provenance: Mapping
    rows: Sequence[Row]


@dataclass(frozen=True)
class Companies:
    """Everybody that rows are about: Larkspur, its classroom, and others (the second company, the clinic's patients)."""

    whole: Company
    classroom: Company
    others: tuple[Company, ...]

    @property
    def background(self) -> Background:
        """What verdicts need to know of all their questions."""
        return background_of(self.whole.questions, *(company.questions for company in self.others))


def load_companies(folder: Path = DATA) -> Companies:
    """All of them."""
    others = load_company(folder / "second_company"), load_patients(folder / "patients")
    return Companies(load_company(folder), load_company(folder, "classroom"), others)


def load_parts(companies: Companies, folder: Path = RESULTS) -> tuple[list[Part], list[str]]:
    """(a part for each file of rows, the files left out because they were made on other data than today's)."""
    parts, left_out = [], []
    for path in sorted(folder.glob("*.jsonl")):
        if not has_provenance(path):
            continue  # such as what a second reader answered
        provenance, rows = read_results(path)
        file = f"data/results/{path.name}"
        if not rows or set(rows[0]) not in (set(ROW_FIELDS), set(FIGURE_FIELDS)):
            continue  # such as what was tried on dev
        if changed_since(provenance["data_sha256"], companies):
            left_out.append(file)
        else:
            parts.append(Part(provenance["experiment"], (file,), provenance, rows + trainings(provenance)))
    return parts, left_out


def load_tried(companies: Companies, folder: Path = RESULTS) -> list[dict]:
    """What was tried on dev, a line a setting; [] where there is no such file, or it is about other data."""
    path = folder / "selection.jsonl"
    if not path.exists():
        return []
    provenance, lines = read_results(path)
    return [] if changed_since(provenance["data_sha256"], companies) else lines


def has_provenance(path: Path) -> bool:
    """Does the file say where it comes from?"""
    with open(path, encoding="utf-8") as file:
        return file.readline().startswith('{"provenance"')


def changed_since(hashes: Mapping[str, str], companies: Companies) -> list[str]:
    """The names whose data is another one today. A name that is neither a company's nor a file's can't be checked."""
    every = (companies.whole, companies.classroom, *companies.others)
    known = {digest for company in every for digest in company.sha256.values()}
    changed = []
    for name, digest in hashes.items():
        path, last = DATA / name, name.rsplit("/", 1)[-1]
        if digest not in known and (last in FOLDERS or path.is_file() and sha256_file(path) != digest):
            changed.append(name)
    return changed


def trainings(provenance: Mapping) -> list[dict]:
    """The seconds of each training as figures, where the provenance holds them."""
    named = [(*key.rsplit("-", 1), seconds) for key, seconds in provenance["settings"].get("training_seconds", {}).items()]
    return [figure("training", adapter, seconds, "s", int(seed)) for adapter, seed, seconds in named]


def price_parts(parts: Sequence[Part], companies: Companies, systems: Mapping[str, System]) -> list[Part]:
    """The money that the comparisons' systems cost, at the prices of prices.yaml."""
    values = {name: line.value for name, line in load_prices(DATA / "prices.yaml")[1].items()}
    priced = []
    for experiment, company in (("comparison", companies.classroom), ("full", companies.whole)):
        own = [part for part in parts if part.experiment == experiment]
        if own:
            work = count_work(company, count_practice(companies, company, own[0].provenance["settings"]["practice"]))
            rows = price_rows([row for part in own for row in part.rows], systems, work, values)
            files = (*(file for part in own for file in part.files), "data/prices.yaml")
            priced.append(Part(experiment, files, own[0].provenance, rows))
    return priced


def count_practice(companies: Companies, company: Company, practice: Mapping) -> int:
    """How many questions were written for reading to be practised on: those of every desk, but for held-out documents."""
    held_out = held_out_documents(company.questions) | held_out_documents(companies.whole.questions)
    train = [q for q in companies.whole.split("train") if q.kind in ("fact", "unanswerable")]
    return len(choose_practice([q for q in train if not is_held_out(q, held_out)], Practice(**practice), seed=1))


def rows_of(parts: Iterable[Part]) -> dict[str, list[Row]]:
    """experiment → all its rows."""
    rows: dict[str, list[Row]] = {}
    for part in parts:
        rows.setdefault(part.experiment, []).extend(part.rows)
    return rows


def files_of(statistic: Statistic | Following, parts: Sequence[Part]) -> list[str]:
    """The files that hold rows the statistic is taken from."""
    if isinstance(statistic, Following):
        return sorted({file for part in parts if part.experiment == statistic.experiment for file in part.files})
    wanted = None if isinstance(statistic.values, Answers) else statistic.values.figure
    found = {
        file
        for part in parts
        if part.experiment == statistic.experiment
        and any(row["system"] in statistic.systems and row.get("figure") == wanted for row in part.rows)
        for file in part.files
    }
    return sorted(found | set(files_of(statistic.minus, parts) if statistic.minus else ()))
