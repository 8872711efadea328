"""Which saved rows a notebook's code reads, and of which size: the classroom's, or everything. Runs nothing."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterable, Iterator
from fnmatch import fnmatch
from functools import cache
from pathlib import Path

from utils.data import DATA, load_company

RESULTS = DATA / "results"
LEDGER = "gather"  # the function that takes the rows of every experiment


def saved_rows(sources: Iterable[str], folder: Path = RESULTS) -> dict[str, str]:
    """Files of rows, each with `classroom` or `full`, that code cells name or, with the ledger, read without naming."""
    trees = [ast.parse(source) for source in sources]
    names = {node.id for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Name)}
    patterns = {text.removesuffix(".jsonl") for tree in trees for text in texts(tree) if not text.startswith("*")}
    patterns = {"*"} if LEDGER in names else patterns
    return {
        f"data/results/{path.name}": size
        for path in sorted(folder.glob("*.jsonl"))
        if any(fnmatch(path.stem, pattern) for pattern in patterns) and (size := size_of(path))
    }


def texts(tree: ast.AST) -> Iterator[str]:
    """Every string in the code; of an f-string what is typed, with `*` for what is put in."""
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            yield "".join(part.value if isinstance(part, ast.Constant) else "*" for part in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def size_of(path: Path) -> str | None:
    """`classroom` where rows are about the classroom's questions, else `full`; None for a file without provenance."""
    with open(path, encoding="utf-8") as file:
        first = json.loads(file.readline())
    if "provenance" not in first:
        return None
    return "classroom" if first["provenance"]["data_sha256"].get("questions.jsonl") == classroom_questions() else "full"


@cache
def classroom_questions() -> str:
    """The hash of the classroom's questions."""
    return load_company(slice_name="classroom").sha256["questions.jsonl"]
