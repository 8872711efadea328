"""Reads a CSV of questions row by row; a row with a problem is left out, with its line number. Joins no rows."""

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from utils.formats import SPLITS, DataError
from utils.measure.metrics import abstains, normalise
from utils.own.files import read_bytes
from utils.own.limits import MAX_ANSWER_WORDS, MAX_CSV_BYTES, MAX_QUESTION, MAX_QUESTIONS, Remark, Unusable, listed, show
from utils.own.text import clean, decode, is_certain

NEEDED = ("question", "answer")
OPTIONAL = ("other_answers", "wrong_answers", "document", "fact", "split")
DELIMITERS = ",;\t"
EXPORT = "in a spreadsheet, choose Save as and CSV UTF-8"


@dataclass(frozen=True)
class Wording:
    """One row: a question in one wording. No answers: the documents don't say. What isn't given is ""."""

    line: int
    text: str
    answers: tuple[str, ...]
    wrong_answers: tuple[str, ...]
    document: str
    fact: str
    split: str


def read_wordings(path: Path) -> tuple[list[Wording], list[Remark]]:
    """The rows that can be asked, and remarks on the others. DataError where the file can't be used at all."""
    try:
        text, encoding = decode(read_bytes(path, MAX_CSV_BYTES))
    except Unusable as problem:
        raise DataError(f"{path} {problem}; {EXPORT}") from None
    delimiter, names = read_header(path, text)
    remarks = [Remark(path.name, f"was read as {encoding}", False, not is_certain(encoding))]
    if unknown := [name for name in names if name not in NEEDED + OPTIONAL]:
        columns = f"has columns that are not read: {show(', '.join(unknown))}; known are {', '.join(NEEDED + OPTIONAL)}"
        remarks.append(Remark(path.name, columns, False))
    wordings, problems = sift(read_rows(text, delimiter), names)
    remarks += [Remark(f"{path.name}, line {line}", problem, True) for line, problem in problems]
    if not wordings:
        way_out = f"write one a line below {', '.join(NEEDED)}"
        raise DataError(f"{path} holds no question that can be asked: {way_out}{listed(remarks)}")
    return wordings, remarks


def sift(rows: Iterable[tuple[int, list[str] | str]], names: list[str]) -> tuple[list[Wording], list[tuple[int, str]]]:
    """(the rows that can be asked, (line, what is wrong) of the others), up to MAX_QUESTIONS rows."""
    wordings: dict[tuple[str, ...], Wording] = {}
    problems = []
    for number, (line, cells) in enumerate(rows):
        if number == MAX_QUESTIONS:
            problems.append((line, f"comes after {MAX_QUESTIONS:,} rows; from here on none was read: choose among them"))
            break
        try:
            wording = to_wording(line, cells, names)
            same = wordings.setdefault(tuple(normalise(wording.text)), wording)
            if same is not wording:
                raise Unusable(f"asks the same as line {same.line}: delete one, or word it differently")
        except Unusable as problem:
            problems.append((line, str(problem)))
    return list(wordings.values()), problems


def read_header(path: Path, text: str) -> tuple[str, list[str]]:
    """(delimiter, column names) of the first line. DataError where no delimiter gives the columns that are needed."""
    first = (text.splitlines() or [""])[0][:1000]
    for delimiter in DELIMITERS:
        cells = next(csv.reader([first], delimiter=delimiter), [])
        names = ["_".join(cell.lower().replace("-", " ").replace("_", " ").split()) for cell in cells]
        if set(NEEDED) <= set(names):
            if len(set(names)) < len(names):
                raise DataError(f"{path} names a column twice: {show(first)}; rename one")
            return delimiter, names
    raise DataError(f"{path} begins with {show(first)!r}: name the columns there, at least {','.join(NEEDED)}; {EXPORT}")


def read_rows(text: str, delimiter: str) -> Iterator[tuple[int, list[str] | str]]:
    """(line it begins on, cells) of each row below the header; where quotes don't match, what is wrong with them."""
    lines = io.StringIO(text, newline="").readlines()
    rows = csv.reader(lines, delimiter=delimiter, strict=True)
    line = 0
    while True:
        begins, cells = line + 1, []
        try:
            cells = next(rows)
        except StopIteration:
            return
        except csv.Error as problem:
            more = sum(bool(swallowed.strip()) for swallowed in lines[begins : rows.line_num])
            lost = f", and {more} more line{'s' * (more != 1)} went with it" * bool(more)
            cells = f"is no row of a CSV ({problem}){lost}: check its quotation marks; one inside a text is written twice"
        line = rows.line_num
        if begins > 1 and any(cells):
            yield begins, cells


def to_wording(line: int, cells: list[str] | str, names: list[str]) -> Wording:
    """One row as a record. Unusable says what is wrong with it."""
    if isinstance(cells, str):
        raise Unusable(cells)
    if len(cells) > len(names) or len(cells) <= max(names.index(name) for name in NEEDED):
        raise Unusable(f"has {len(cells)} cells for {len(names)} columns: put a text with a delimiter in it in quotes")
    row = {name: " ".join(clean(cell).split()) for name, cell in zip(names, cells)}
    answers = (*split_list(row["answer"]), *split_list(row.get("other_answers", "")))
    split = row.get("split", "").lower()
    if not normalise(row["question"]):
        raise Unusable("has no question: write one or delete the row")
    if len(row["question"]) > MAX_QUESTION:
        raise Unusable(f"has a question of {len(row['question']):,} characters, at most {MAX_QUESTION}: shorten it")
    for answer in answers:
        if not 0 < len(normalise(answer)) <= MAX_ANSWER_WORDS:
            length = f"{len(normalise(answer))} words, needs 1 to {MAX_ANSWER_WORDS}"
            raise Unusable(f"has the answer {show(answer, 40)!r} of {length}: give the words that matter")
        if abstains(answer):
            raise Unusable("answers that nobody knows: leave the answer empty where the documents don't say")
    if split and split not in SPLITS:
        raise Unusable(f"has split {show(split)!r}: leave it empty, or use one of {', '.join(SPLITS)}")
    wrong = split_list(row.get("wrong_answers", ""))
    return Wording(line, row["question"], answers, wrong, row.get("document", ""), row.get("fact", ""), split)


def split_list(cell: str) -> tuple[str, ...]:
    """The parts of `a | b`, without empty ones."""
    return tuple(part.strip() for part in cell.split("|") if part.strip())
