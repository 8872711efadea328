"""What a lesson needs, laid down for a learner who was away: the index, and adapters that come with the course.

`python -m utils.catch_up 08` gets this machine ready for lesson 8. It trains nothing and overwrites nothing.
"""

import argparse
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from utils.files import ROOT, atomic_folder, read_json, write_manifest
from utils.lab import WORK, Lab, open_lab, plan_training
from utils.shipped import ARMS, CAME, FILES, SEED, SHIPPED, find_trained, provenance_of, shipped_adapter

NOTEBOOKS = ROOT / "notebooks"
NEEDS = {"00": ("ft", "raft"), "08": ("ft",)}  # lesson → adapters; every lesson needs the index
THERE, LAID, UNNEEDED = "was there already", "laid down", "not needed"


@dataclass(frozen=True)
class Thing:
    """One thing a lesson may need: THERE, LAID or UNNEEDED, and where it lies."""

    name: str
    state: str
    path: Path | None = None


def catch_up(lesson: str, work: Path = WORK, shipped: Path = SHIPPED) -> list[Thing]:
    """Lay down under `work` what a lesson (`08`, `8` or its file's name) needs, and say of each thing whether it was there.

    ValueError, with the list, for a lesson that doesn't exist; DamagedFile for a thing that is there or comes damaged.
    """
    lesson = choose_lesson(lesson, list_lessons())
    before = list_folders(work / "index")
    lab = open_lab(work=work)  # builds the indexes of both versions of the handbook where they aren't there
    index = Thing("index", THERE if list_folders(work / "index") == before else LAID, work / "index")
    needed = NEEDS.get(lesson, ())
    adapters = [lay_down(lab, arm, shipped) if arm in needed else Thing(f"adapter {arm}", UNNEEDED) for arm in ARMS]
    return [index, *adapters]


def list_lessons(folder: Path = NOTEBOOKS) -> list[str]:
    """The numbers of the lessons there are, as their files begin: `00`, `02`, …"""
    return sorted(path.name[:2] for path in folder.glob("[0-9][0-9]_*.ipynb"))


def choose_lesson(name: str, lessons: Sequence[str]) -> str:
    """The number of the lesson meant. ValueError, with the list, where there is none.

    >>> choose_lesson("8", ["00", "08"]), choose_lesson("notebooks/08_together.ipynb", ["00", "08"])
    ('08', '08')
    """
    number = Path(name).name.split("_")[0]
    if not number or number.zfill(2) not in lessons:
        raise ValueError(f"there is no lesson {name!r}: use one of {', '.join(lessons)}")
    return number.zfill(2)


def list_folders(folder: Path) -> set[str]:
    """Names of what lies in a folder; none where there is no folder."""
    return {path.name for path in folder.iterdir()} if folder.is_dir() else set()


def lay_down(lab: Lab, arm: str, shipped: Path = SHIPPED) -> Thing:
    """Put the adapter that comes with the course where `train_arm` looks for one, unless one is there.

    Its manifest is made to fit what would be trained on here, and keeps as `trained_on_sha256` what it was trained on:
    `raft`'s passages come from a search that may rank near-equals otherwise on another processor.
    """
    plan = plan_training(lab, arm, SEED)
    name = f"adapter {arm}"
    if find_trained(lab, plan):
        return Thing(name, THERE, plan.folder)
    source = shipped_adapter(lab, arm, shipped)
    came_with = read_json(source / "manifest.json")
    about = {**came_with, **provenance_of(lab, plan), "trained_on_sha256": came_with["data_sha256"], CAME: True}
    with atomic_folder(plan.folder) as temporary:
        for file in FILES:
            shutil.copyfile(source / file, temporary / file)
        write_manifest(temporary, about)
    return Thing(name, LAID, plan.folder)


def main() -> None:
    """Lay down what one lesson needs and say what was done."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("lesson", help=f"one of {', '.join(list_lessons())}")
    lesson = parser.parse_args().lesson
    try:
        things = catch_up(lesson)
    except ValueError as problem:
        sys.exit(str(problem))
    for thing in things:
        print(f"{thing.name:14}{thing.state:20}{thing.path or ''}")
    print("The saved rows come with the course, in data/results. Ready.")


if __name__ == "__main__":
    main()
