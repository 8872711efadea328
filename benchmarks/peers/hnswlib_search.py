"""hnswlib's graph over the same vectors: a job with `build` builds and saves it, any other loads it and is timed."""

import time

import hnswlib
import numpy as np
from job import serve


def build(job: dict) -> dict:
    """Build the index of the job's vectors (.npy) and save it."""
    vectors = np.load(job["vectors"], mmap_mode="r")
    index = hnswlib.Index("ip", vectors.shape[1])
    index.init_index(len(vectors), M=job["links"], ef_construction=job["candidates"], random_seed=1)
    index.add_items(vectors)
    index.save_index(job["build"])
    return {}


def search(job: dict) -> dict:
    """Seconds for the first `timed` test questions, at the least effort with the recall wanted on dev questions."""
    asked = np.load(job["asked"])
    index = hnswlib.Index("ip", asked["dev"].shape[1])
    index.load_index(job["index"])
    enough = (effort for effort in job["efforts"] if recall(index, asked, "dev", job["k"], effort) >= job["recall"])
    effort = next(enough, job["efforts"][-1])  # where none is, its recall says so
    questions = asked["test"][: job["timed"]]
    index.knn_query(questions[-10:], job["k"])  # a warm-up
    clock = [time.perf_counter()]
    for question in questions:
        index.knn_query(question, job["k"])
        clock.append(time.perf_counter())
    index.knn_query(questions, job["k"])
    return {
        "seconds": clock[-1] - clock[0],
        "p95": float(np.quantile(np.diff(clock), 0.95)),
        "batch_seconds": time.perf_counter() - clock[-1],
        "effort": effort,
        "recall": {split: recall(index, asked, split, job["k"], effort) for split in ("dev", "test")},
    }


def recall(index: hnswlib.Index, asked: dict, split: str, k: int, effort: int) -> float:
    """The share of the split's true nearest that the index finds when it keeps `effort` candidates."""
    index.set_ef(effort)
    found = index.knn_query(asked[split], k)[0]
    return float((asked[f"{split}_truth"][:, :, None] == found[:, None, :]).any(axis=2).mean())


if __name__ == "__main__":
    serve(lambda job: build(job) if "build" in job else search(job), ("hnswlib", "numpy"))
