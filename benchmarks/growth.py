"""`python -m benchmarks.growth`: what costs grow with, as curves with exponents, in `results/growth/`.

Half an hour on two cores, and up to 8 GiB of memory for the largest index. A part that is done is kept under
`.cache/bench/growth`, so a run that was stopped goes on with the next.
"""

import dataclasses
from collections.abc import Callable

import matplotlib.pyplot as plt

from benchmarks.curves import Curve, describe, plot_curves
from benchmarks.frame import RESULTS, kept_folder, provenance
from benchmarks.growth_model import read_passages, train_examples
from benchmarks.growth_search import embed_documents, index_documents
from utils.files import atomic_file, read_json, write_json

FOLDER = RESULTS / "growth"
PARTS = (embed_documents, index_documents, train_examples, read_passages)


def keep(part: Callable[[], list[Curve]]) -> list[Curve]:
    """The part's curves: measured now, or found as the same code left them on the same machine."""
    path = kept_folder("growth", None) / f"{part.__name__}.json"
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
