"""Walks a learner's folder: which files are documents, what each gave, and why the others gave nothing. Follows no link."""

import os
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from utils.formats import DataError
from utils.own.files import Source, read_source
from utils.own.limits import KINDS, MAX_DEPTH, MAX_ENTRIES, MAX_FILES, MIN_PASSAGES, Remark, Unusable, listed, show


@dataclass(frozen=True)
class Loaded:
    """What a folder gave, by path: the documents that were read, and what is to be said about these and other files."""

    sources: tuple[Source, ...]
    remarks: tuple[Remark, ...]


def load_folder(folder: Path) -> Loaded:
    """Read every document below the folder. DataError, with what was found, where that gives too little to compare on."""
    if not folder.is_dir():
        raise DataError(f"{folder} is not a folder: give the folder that holds your documents")
    root = folder.resolve()
    paths, remarks = list_files(root)
    sources: list[Source] = []
    for path in paths:
        try:
            source = read_source(path, path.relative_to(root).as_posix(), sources)
        except Unusable as problem:
            remarks.append(Remark(place_of(path, root), str(problem), True))
        else:
            sources.append(source)
            remarks += [Remark(place_of(path, root), source.doubt, False, True)] * bool(source.doubt)
    n_passages = sum(len(source.passages) for source in sources)
    if n_passages < MIN_PASSAGES:
        gives = f"{folder} gives {len(sources)} documents with {n_passages} passages, and a comparison needs {MIN_PASSAGES}"
        raise DataError(f"{gives}: add documents, as {', '.join(KINDS)}{listed(remarks)}")
    return Loaded(tuple(sources), tuple(remarks))


def list_files(root: Path) -> tuple[list[Path], list[Remark]]:
    """(the documents below the folder by path, at most MAX_FILES; remarks on what is passed over)."""
    found, remarks, others, n_entries = [], [], Counter(), 0

    def complain(problem: OSError) -> None:
        """A folder that can't be listed."""
        remarks.append(Remark(place_of(Path(problem.filename), root), f"can't be opened ({problem.strerror})", True))

    for where, folders, names in os.walk(root, onerror=complain):
        n_entries += len(folders) + len(names)
        if n_entries > MAX_ENTRIES:
            raise DataError(f"{root} holds over {MAX_ENTRIES:,} files: give a folder with your documents only")
        folders[:] = [name for name in folders if is_ours(Path(where, name), root, remarks)]
        files = [path for name in names if is_ours(path := Path(where, name), root, remarks)]
        found += [path for path in files if path.suffix.lower() in KINDS]
        others.update(path.suffix.lower() for path in files if path.suffix.lower() not in KINDS)
    if others:
        kinds = ", ".join(f"{n} × {show(ending, 20) or 'without ending'}" for ending, n in others.most_common(10))
        remarks.append(Remark("other files", f"were not read ({kinds}): save them as {', '.join(KINDS)}", True))
    if len(found) > MAX_FILES:
        text = f"holds {len(found):,} documents; the first {MAX_FILES} by name were read: give a smaller folder"
        remarks.append(Remark("the folder", text, True))
    return sorted(found)[:MAX_FILES], remarks


def is_ours(path: Path, root: Path, remarks: list[Remark]) -> bool:
    """Is the file or folder to be read? A hidden one isn't; nor is a link or what lies too deep, which gets a remark."""
    if path.name.startswith((".", "~$")):  # ~$ marks what Word has open
        return False
    why = ""
    if os.path.islink(path) or not path.resolve().is_relative_to(root):
        why = "is a link, which could lead anywhere: put a copy in its place"
    elif len(path.relative_to(root).parts) > MAX_DEPTH + 1:
        why = f"lies over {MAX_DEPTH} folders deep: move it up"
    remarks += [Remark(place_of(path, root), why, True)] * bool(why)
    return not why


def place_of(path: Path, root: Path) -> str:
    """A path inside the folder, for people."""
    return show(path.relative_to(root).as_posix())
