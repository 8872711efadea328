"""One folder for a USB stick or a room's server, from which the course is set up without a network. Standard library only.

`packages/` holds wheels, the language model's and the embedder's among them; `course/` is the course itself, adapters and
rows included; `SHA256SUMS` is written last, so a folder without it isn't finished.
"""

import hashlib
import shutil
import subprocess
import tomllib
from collections.abc import Sequence
from pathlib import Path

SUMS = "SHA256SUMS"
LEFT_OUT = (".git", ".venv", ".venv-peers", ".cache", "results", ".pytest_cache", ".ruff_cache")  # what runs leave behind
README = """\
RAG vs Fine-Tuning, measured: everything that the course needs, without a network.

1. Copy this whole folder to your machine, which must have a Python that is named below.
2. In the sub-folder course:   python course.py run --bundle ..
3. Afterwards:                 python course.py lab

The wheels are for: {targets}.
Here linux is x86-64 with glibc 2.28 or newer, windows is 64-bit x86, and macos is 14 or newer on Apple silicon.
"""


def packages_needed(root: Path, torch: str) -> list[str]:
    """What pip is asked for: torch in its exact version, the dependencies, and what builds the course."""
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    return [torch, *project["project"]["dependencies"], *project["build-system"]["requires"]]


def copy_course(root: Path, folder: Path) -> None:
    """The course's files into `course/`: those that git knows, or, outside a checkout, all but what a run leaves behind."""
    target = folder / "course"
    shutil.rmtree(target, ignore_errors=True)
    for name in tracked(root) or kept(root):
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(root / name, target / name)


def tracked(root: Path) -> list[Path]:
    """The files that git knows, below root and still there; [] outside a checkout or without git."""
    try:
        listed = subprocess.run(["git", "ls-files", "-z"], cwd=root, capture_output=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return []
    paths = [Path(name) for name in listed.decode("utf-8").split("\0") if name]
    return [path for path in paths if (root / path).is_file()]


def kept(root: Path) -> list[Path]:
    """Every file below root that isn't left over from a run."""
    paths = [path.relative_to(root) for path in sorted(root.rglob("*")) if path.is_file()]
    return [path for path in paths if path.parts[0] not in LEFT_OUT and "__pycache__" not in path.parts]


def finish(folder: Path, targets: Sequence[str]) -> None:
    """Write the readme and then, as the last file, the sums of all others."""
    (folder / "README.txt").write_text(README.format(targets=", ".join(targets)), encoding="utf-8")
    lines = [f"{sha256(path)}  {path.relative_to(folder).as_posix()}\n" for path in files_of(folder)]
    draft = folder / f"{SUMS}.draft"
    draft.write_text("".join(lines), encoding="utf-8")
    draft.replace(folder / SUMS)


def files_of(folder: Path) -> list[Path]:
    """Every file of the bundle but the sums."""
    return [path for path in sorted(folder.rglob("*")) if path.is_file() and not path.name.startswith(SUMS)]


def sha256(path: Path) -> str:
    """Hex sha256 of a file."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def check(folder: Path) -> Path:
    """The folder of wheels of a bundle that is whole. ValueError names what is missing or altered, and the way out.

    Only the wheels are checked: the course beside them is there to be worked in.
    """
    if not (folder / SUMS).is_file():
        raise ValueError(
            f"{folder} is no finished bundle, it has no {SUMS}: make it with `python course.py bundle {folder}`"
        )
    lines = (folder / SUMS).read_text(encoding="utf-8").splitlines()
    wheels = [line.split("  ", 1) for line in lines if "  packages/" in line]
    for digest, name in wheels:
        if not (folder / name).is_file():
            raise ValueError(f"{folder / name} is missing: copy the bundle again")
        if sha256(folder / name) != digest:
            raise ValueError(f"{folder / name} was cut short or altered: copy the bundle again")
    if not wheels:
        raise ValueError(f"{folder / SUMS} lists no packages: make the bundle again")
    return folder / "packages"
