"""Files that are whole or absent: atomic writes, hashes, JSON lines. Knows nothing of what stands in them."""

import hashlib
import json
import os
import re
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


class DamagedFile(ValueError):
    """A file that is missing, cut short, altered, or made from something else. The message names it and the way out."""


def sha256_text(text: str) -> str:
    """Hex sha256 of the text in UTF-8."""
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def sha256_file(path: Path) -> str:
    """Hex sha256 of a file's bytes, read in pieces."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def atomic_file(path: Path) -> Iterator[Path]:
    """A temporary path beside `path`, moved onto it when the block ends well and deleted when it doesn't."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        yield temporary
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def atomic_folder(path: Path) -> Iterator[Path]:
    """A temporary folder beside `path`, put in its place when the block ends well and deleted when it doesn't."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary, old = (path.with_name(f".{path.name}.{os.getpid()}{suffix}") for suffix in ("", ".old"))
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir()
    try:
        yield temporary
        if path.exists():
            os.replace(path, old)
        os.replace(temporary, path)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
        shutil.rmtree(old, ignore_errors=True)


def write_text(path: Path, text: str) -> None:
    """Write UTF-8 text, whole or not at all."""
    with atomic_file(path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")


def write_json(path: Path, value: object) -> None:
    """Write one JSON value, indented, whole or not at all."""
    write_text(path, json.dumps(value, indent=2, ensure_ascii=False) + "\n")


def write_jsonl(path: Path, values: Iterable[object]) -> None:
    """Write one JSON value a line, whole or not at all."""
    write_text(path, "".join(json.dumps(value, ensure_ascii=False) + "\n" for value in values))


def read_text(path: Path) -> str:
    """The file's text. DamagedFile where it is missing or not UTF-8."""
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise DamagedFile(f"{path} is missing: restore it, or check the path") from None
    except UnicodeDecodeError as problem:
        raise DamagedFile(f"{path} is not UTF-8 (byte {problem.start}): save it again as UTF-8") from None


def renew_between(page: Path, generated: str, marks: tuple[str, str]) -> str:
    """The page's text with its generated part, marks included, made new. DamagedFile when it has lost the marks."""
    text, pattern = read_text(page), re.escape(marks[0]) + ".*?" + re.escape(marks[1])
    if len(re.findall(pattern, text, re.S)) != 1:
        raise DamagedFile(f"{page} needs the lines {marks[0]!r} and {marks[1]!r} once each, around its generated part")
    return re.sub(pattern, lambda _: generated, text, flags=re.S)


def read_json(path: Path) -> dict:
    """The file's JSON value. DamagedFile where it is missing or cut short."""
    try:
        return json.loads(read_text(path))
    except json.JSONDecodeError as problem:
        raise DamagedFile(f"{path} is not whole JSON ({problem}): delete it and make it again") from None


def read_jsonl(path: Path) -> list[dict]:
    """One JSON object a line. DamagedFile names the first bad line."""
    values = []
    lines = read_text(path).removesuffix("\n").split("\n")  # splitlines() would also cut at U+2028, inside a text
    for number, line in enumerate(lines if lines != [""] else [], 1):
        try:
            values.append(json.loads(line))
        except json.JSONDecodeError as problem:
            raise DamagedFile(f"{path}, line {number}, is not JSON ({problem.msg}): mend or restore the file") from None
        if not isinstance(values[-1], dict):
            raise DamagedFile(f"{path}, line {number}, is not a JSON object like {{...}}: mend or restore the file")
    return values


def write_manifest(folder: Path, about: dict) -> None:
    """Write `manifest.json`: what the folder was made from (`about`) and the sha256 of every file in it."""
    files = {path.name: sha256_file(path) for path in sorted(folder.iterdir()) if path.name != "manifest.json"}
    write_json(folder / "manifest.json", {**about, "files": files})


def check_manifest(folder: Path, way_out: str, **expected: str) -> dict:
    """The folder's manifest, after checking every hash in it and that it was made from what is `expected`.

    FAISS, safetensors and GGUF all load a file with a flipped bit without a word; this doesn't.
    """
    try:
        manifest = read_json(folder / "manifest.json")
    except DamagedFile:
        raise DamagedFile(f"{folder / 'manifest.json'} is missing or damaged: {way_out}") from None
    for key, value in expected.items():
        if manifest.get(key) != value:
            raise DamagedFile(f"{folder} was made with another {key} ({manifest.get(key)}, here {value}): {way_out}")
    if not manifest.get("files"):
        raise DamagedFile(f"{folder / 'manifest.json'} lists no files: {way_out}")
    for name, digest in manifest["files"].items():
        if not (folder / name).exists():
            raise DamagedFile(f"{folder / name} is missing: {way_out}")
        if sha256_file(folder / name) != digest:
            raise DamagedFile(f"{folder / name} has been cut short or altered since it was written: {way_out}")
    return manifest
