"""Files are whole or absent, through errors and kills; and a manifest notices every change."""

import json
import os

import pytest
from fakes import cut_short, flip_bit, kill_in_the_middle

from utils.files import (
    DamagedFile,
    atomic_file,
    atomic_folder,
    check_manifest,
    read_json,
    read_jsonl,
    read_text,
    write_json,
    write_jsonl,
    write_manifest,
    write_text,
)

KILLED_WRITING_A_FILE = """
import sys, pathlib
from fakes import wait_to_be_killed
from utils.files import atomic_file
with atomic_file(pathlib.Path(sys.argv[1])) as temporary:
    temporary.write_text("half of the n")
    wait_to_be_killed()
"""
KILLED_WRITING_A_FOLDER = """
import sys, pathlib
from fakes import wait_to_be_killed
from utils.files import atomic_folder
with atomic_folder(pathlib.Path(sys.argv[1])) as temporary:
    (temporary / "new.txt").write_text("half of the n")
    wait_to_be_killed()
"""


def test_an_error_while_writing_leaves_the_old_file(tmp_path):
    path = tmp_path / "rows.txt"
    write_text(path, "old")
    with pytest.raises(KeyboardInterrupt), atomic_file(path) as temporary:
        temporary.write_text("half")
        raise KeyboardInterrupt
    assert path.read_text() == "old" and list(tmp_path.iterdir()) == [path]


def test_the_old_file_is_replaced_and_never_written_into(tmp_path):
    write_text(tmp_path / "rows.txt", "old")
    os.link(tmp_path / "rows.txt", tmp_path / "another name of the old file")
    write_text(tmp_path / "rows.txt", "new")
    assert (tmp_path / "another name of the old file").read_text() == "old"


def test_a_kill_while_writing_leaves_the_old_file(tmp_path):
    path = tmp_path / "rows.txt"
    write_text(path, "old")
    kill_in_the_middle(KILLED_WRITING_A_FILE, path)
    assert path.read_text() == "old"
    write_text(path, "new")  # what the killed process left behind is not in the way
    assert path.read_text() == "new"


def test_a_kill_while_writing_the_first_time_leaves_nothing_by_that_name(tmp_path):
    kill_in_the_middle(KILLED_WRITING_A_FILE, tmp_path / "rows.txt")
    kill_in_the_middle(KILLED_WRITING_A_FOLDER, tmp_path / "index")
    assert not (tmp_path / "rows.txt").exists() and not (tmp_path / "index").exists()
    assert all(left.name.startswith(".") for left in tmp_path.iterdir())


def test_an_error_while_writing_leaves_the_old_folder(tmp_path):
    folder = tmp_path / "index"
    with atomic_folder(folder) as temporary:
        write_text(temporary / "old.txt", "old")
    with pytest.raises(OSError, match="disk full"), atomic_folder(folder) as temporary:
        write_text(temporary / "new.txt", "half")
        raise OSError("disk full")
    assert [path.name for path in folder.iterdir()] == ["old.txt"] and list(tmp_path.iterdir()) == [folder]


def test_a_kill_while_writing_leaves_the_old_folder(tmp_path):
    folder = tmp_path / "index"
    with atomic_folder(folder) as temporary:
        write_text(temporary / "old.txt", "old")
    kill_in_the_middle(KILLED_WRITING_A_FOLDER, folder)
    assert [path.name for path in folder.iterdir()] == ["old.txt"]


def test_a_new_folder_replaces_the_old_one_whole(tmp_path):
    for name in ("old.txt", "new.txt"):
        with atomic_folder(tmp_path / "index") as temporary:
            write_text(temporary / name, name)
    assert [path.name for path in (tmp_path / "index").iterdir()] == ["new.txt"]
    assert [path.name for path in tmp_path.iterdir()] == ["index"]


def test_json_lines_come_back_as_they_went(tmp_path):
    records = [{"text": text} for text in ("plain", "two\nlines", "U+2028 \u2028 and U+0085 \x85", "日本語 🫖", '"quoted"')]
    write_jsonl(tmp_path / "rows.jsonl", records)
    assert read_jsonl(tmp_path / "rows.jsonl") == records
    assert (tmp_path / "rows.jsonl").read_bytes().count(b"\n") == len(records)


def test_an_empty_file_holds_no_lines(tmp_path):
    write_text(tmp_path / "rows.jsonl", "")
    assert read_jsonl(tmp_path / "rows.jsonl") == []


@pytest.mark.parametrize("line", ['{"a": ', "", "[1]", "3", "not json"])
def test_a_bad_line_is_named_with_its_number(tmp_path, line):
    write_text(tmp_path / "rows.jsonl", f'{{"a": 1}}\n{line}\n{{"a": 2}}\n')
    with pytest.raises(DamagedFile, match=r"rows\.jsonl, line 2, .*mend or restore"):
        read_jsonl(tmp_path / "rows.jsonl")


def test_text_that_is_not_utf8_is_named_with_the_byte(tmp_path):
    (tmp_path / "note.md").write_bytes("Caf\xe9".encode("latin-1"))
    with pytest.raises(DamagedFile, match=r"note\.md is not UTF-8 \(byte 3\): save it again as UTF-8"):
        read_text(tmp_path / "note.md")


def test_json_that_is_cut_short_or_missing_is_named(tmp_path):
    write_json(tmp_path / "step.json", {"rows": [1, 2, 3]})
    cut_short(tmp_path / "step.json")
    with pytest.raises(DamagedFile, match=r"step\.json is not whole JSON .*delete it"):
        read_json(tmp_path / "step.json")
    with pytest.raises(DamagedFile, match=r"other\.json is missing: restore it"):
        read_json(tmp_path / "other.json")


# the manifest


@pytest.fixture
def folder(tmp_path):
    write_text(tmp_path / "index.faiss", "vectors, vectors")
    write_text(tmp_path / "chunks.jsonl", "passages")
    write_manifest(tmp_path, {"made_from": "our documents"})
    return tmp_path


def check(folder):
    return check_manifest(folder, "build it again", made_from="our documents")


def refuse(folder, *words):
    with pytest.raises(DamagedFile) as caught:
        check(folder)
    assert str(caught.value).endswith("build it again") and all(word in str(caught.value) for word in words)


def test_an_untouched_folder_passes(folder):
    assert check(folder)["made_from"] == "our documents"


def test_no_flipped_bit_goes_unnoticed(folder):
    for path in sorted(folder.iterdir()):
        for byte in range(path.stat().st_size):
            flip_bit(path, byte, byte % 8)
            refuse(folder)
            flip_bit(path, byte, byte % 8)
    check(folder)


def test_no_cut_goes_unnoticed(folder):
    for path in sorted(folder.iterdir()):
        whole = path.read_bytes()
        for length in range(len(whole.rstrip())):
            path.write_bytes(whole[:length])
            refuse(folder)
        path.write_bytes(whole)


@pytest.mark.parametrize("name", ["index.faiss", "chunks.jsonl", "manifest.json"])
def test_a_missing_file_is_named(folder, name):
    (folder / name).unlink()
    refuse(folder, name, "missing")


def test_a_folder_made_from_something_else_is_refused(folder):
    write_manifest(folder, {"made_from": "other documents"})
    refuse(folder, "made_from", "other documents", "our documents")


def test_a_manifest_that_lists_nothing_vouches_for_nothing(folder):
    (folder / "manifest.json").write_text(json.dumps({"made_from": "our documents"}))
    refuse(folder, "lists no files")
