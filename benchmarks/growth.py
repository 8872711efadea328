"""`python -m benchmarks.growth`: what costs grow with, as curves with exponents, in `results/growth/`.

Half an hour on two cores, and up to 8 GiB of memory for the largest index. A part that is done is kept under
`.cache/bench/growth`, so a run that was stopped goes on with the next.
"""

import dataclasses
from collections.abc import Callable

import matplotlib.pyplot as plt
import torch

from benchmarks.curves import Curve, describe, plot_curves
from benchmarks.frame import RESULTS, provenance
from benchmarks.growth_model import read_passages, train_examples
from benchmarks.growth_search import embed_documents, index_documents
from utils.files import ROOT, atomic_file, read_json, sha256_text, write_json
from utils.machine import cpu_name
from utils.measure.results import code_commit

KEPT = ROOT / ".cache" / "bench" / "growth"
FOLDER = RESULTS / "growth"
PARTS = (embed_documents, index_documents, train_examples, read_passages)


def keep(part: Callable[[], list[Curve]]) -> list[Curve]:
    """The part's curves: measured now, or found as the same code left them on the same machine."""
    key = sha256_text(repr((code_commit(), cpu_name(), torch.get_num_threads())))[:12]
    path = KEPT / f"{part.__name__}-{key}.json"
    if not path.exists():
        print(f"{part.__doc__.strip()} This takes up to ten minutes.", flush=True)
        write_json(path, {"curves": [dataclasses.asdict(curve) for curve in part()]})
    return [Curve(**curve) for curve in read_json(path)["curves"]]


def main() -> None:
    """Measure what isn't measured yet; write the curves and their figure."""
    curves = [describe(curve) for part in PARTS for curve in keep(part)]
    about = {"interval": "95 %, Student's t, of the slope on log-log"}
    write_json(FOLDER / "growth.json", {"name": "growth", "curves": curves, "provenance": provenance(about)})
    figure = plot_curves(curves)
    with atomic_file(FOLDER / "growth.png") as temporary:
        figure.savefig(temporary, format="png", dpi=130)
    plt.close(figure)
    for curve in curves:
        print(f"{curve['what']}: {curve['x_unit']} to the power {curve['exponent']:.2f}")


if __name__ == "__main__":
    main()
