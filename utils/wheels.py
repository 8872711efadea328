"""Wheels for this machine, or for one of another kind: the command that fetches them with pip. Standard library only."""

import runpy
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

HERE = "this machine"


@dataclass(frozen=True)
class Platform:
    """A kind of machine: the tags of wheels that run there, and its four answers to the markers of dependencies."""

    tags: tuple[str, ...]
    os_name: str
    sys_platform: str
    platform_system: str
    platform_machine: str


GLIBC = tuple(f"manylinux_2_{minor}_x86_64" for minor in range(28, 16, -1))  # pip tries no older one by itself
PLATFORMS = {
    "linux": Platform((*GLIBC, "manylinux2014_x86_64", "linux_x86_64"), "posix", "linux", "Linux", "x86_64"),
    "windows": Platform(("win_amd64",), "nt", "win32", "Windows", "AMD64"),
    "macos": Platform(("macosx_14_0_arm64",), "posix", "darwin", "Darwin", "arm64"),  # older ones: pip tries them itself
}


def download_command(folder: Path, wanted: Sequence[str], platform: str, python: str) -> list[str]:
    """The command that puts wheels for one platform and Python into `packages/`. ValueError for an unknown platform.

    For another platform than this machine it starts this module, which starts pip: run it where `utils` can be imported.
    """
    download = ["--disable-pip-version-check", "download", "-d", str(folder / "packages")]
    if platform == HERE:
        return [sys.executable, "-m", "pip", *download, *wanted]
    if platform not in PLATFORMS:
        raise ValueError(f"platform {platform!r} is unknown: use {', '.join(PLATFORMS)}")
    target = ["--only-binary=:all:", "--implementation=cp", f"--python-version={python}"]
    tags = [f"--platform={tag}" for tag in PLATFORMS[platform].tags]
    return [sys.executable, "-m", "utils.wheels", platform, python, *download, *target, *tags, *wanted]


def marker_values(platform: str, python: str) -> dict[str, str]:
    """What a machine of that platform and Python (`3.12`, taken as 3.12.0) answers to environment markers (PEP 508)."""
    machine = PLATFORMS[platform]
    return {
        "os_name": machine.os_name,
        "sys_platform": machine.sys_platform,
        "platform_system": machine.platform_system,
        "platform_machine": machine.platform_machine,
        "platform_release": "",
        "platform_version": "",
        "platform_python_implementation": "CPython",
        "implementation_name": "cpython",
        "implementation_version": f"{python}.0",
        "python_version": python,
        "python_full_version": f"{python}.0",
    }


def answer_markers(markers: ModuleType, values: dict[str, str]) -> None:
    """Make the module `packaging.markers` give these answers instead of the running machine's. SystemExit if it doesn't."""
    markers.default_environment = lambda: dict(values)
    if not all(markers.Marker(f"{name} == '{value}'").evaluate() for name, value in values.items() if value):
        raise SystemExit("this pip can't ask for another system's packages: make the bundle on one like the learners'")


def run_pip_for(platform: str, python: str, arguments: Sequence[str]) -> None:
    """Run pip, and end as it ends, with dependencies as that platform and Python have them.

    Told --platform, pip chooses wheels by it and still decides by the running machine what depends on what: on Linux it
    asks for Windows builds of CUDA, which don't exist, and nowhere for what only Windows needs.
    """
    from pip._vendor.packaging import markers

    answer_markers(markers, marker_values(platform, python))
    sys.argv = ["pip", *arguments]
    runpy.run_module("pip", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    run_pip_for(sys.argv[1], sys.argv[2], sys.argv[3:])
