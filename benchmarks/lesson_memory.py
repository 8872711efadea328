"""The most memory that a lesson takes, as `course.py build` measured it while it ran the lesson."""

from benchmarks.frame import Benchmark, Measured
from utils.files import ROOT, read_json

BENCHMARK = Benchmark("lesson-memory", "GiB", 2.5, "lower", "an old laptop's free memory")


def measure() -> Measured:
    """The largest of all lessons; each was measured once, so there is no interval."""
    lessons = {path.stem: read_json(path)["metadata"]["course"] for path in sorted(ROOT.glob("notebooks/*.ipynb"))}
    raw = [{"lesson": name, "peak_gib": about["peak_gib"], "minutes": about["minutes"]} for name, about in lessons.items()]
    peaks = [row["peak_gib"] for row in raw]
    return Measured(max(peaks), max(peaks), max(peaks), raw, {"measured_by": "course.py build"})
