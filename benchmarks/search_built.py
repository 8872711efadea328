"""What `search_1m` builds, each once and kept under its content: vectors, the true nearest, indexes. Times no search."""

import hashlib
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

import faiss
import numpy as np

from benchmarks import made_vectors
from benchmarks.made_vectors import deciles, describe, draw, fill, find_neighbourhoods, fit_noise, intrinsic_dimension
from utils.files import ROOT, atomic_folder, read_json, sha256_file, sha256_text, write_json

KEPT = ROOT / ".cache" / "bench" / "search"
SEED = 1
K = 10
POINTS = 64  # a list that k-means trains on; with 39 or more FAISS doesn't complain
LINKS, CANDIDATES = 16, 100  # of a graph: links a vector, and candidates kept while it is built


def keep(folder: Path, task: str, build: Callable[[Path], dict]) -> dict:
    """What `build(folder)` reported, with the seconds it took; built now, or found as it was left."""
    if not folder.exists():
        print(f"  {task} …", flush=True)
        start = time.perf_counter()
        with atomic_folder(folder) as temporary:
            report = build(temporary)
            write_json(temporary / "built.json", {**report, "build_seconds": round(time.perf_counter() - start, 1)})
    return read_json(folder / "built.json")


def keep_vectors(real: np.ndarray, size: int) -> tuple[Path, dict]:
    """The folder of `size` vectors, the real ones first, in `vectors.npy`, and how like the real ones the others are."""
    depends_on = (size, SEED, hashlib.sha256(real.tobytes()).hexdigest(), sha256_file(Path(made_vectors.__file__)))
    folder = KEPT / f"{size}-{sha256_text(repr(depends_on))[:12]}"
    task = f"making {size:,} vectors around {len(real):,} sentences: up to two minutes"
    return folder, keep(folder / "vectors", task, partial(make_vectors, real, size))


def make_vectors(real: np.ndarray, size: int, folder: Path) -> dict:
    """Write them block by block, and describe as many made ones as there are real ones beside those."""
    around = find_neighbourhoods(real)
    noise = fit_noise(around, SEED)
    vectors = np.lib.format.open_memmap(folder / "vectors.npy", "w+", np.float32, (size, real.shape[1]))
    vectors[: len(real)] = real
    fill(vectors[len(real) :], around, noise, SEED)
    vectors.flush()
    made = draw(around, len(real), noise, SEED)
    return {"n_real": len(real), "noise": noise, "real": describe(real), "made": describe(made)}


def keep_truth(folder: Path, flat: faiss.Index, asked: Mapping[str, np.ndarray]) -> tuple[Path, dict]:
    """A file of the questions by split with the K nearest of each (`<split>_truth`), and how densely all vectors lie."""
    key = sha256_text(repr([hashlib.sha256(vectors.tobytes()).hexdigest() for vectors in asked.values()]))[:12]
    task = f"scanning for the true {K} nearest of {sum(map(len, asked.values())):,} questions: about a minute"

    def scan(temporary: Path) -> dict:
        """Search everything."""
        truth = {f"{split}_truth": flat.search(vectors, K)[1] for split, vectors in asked.items()}
        np.savez(temporary / "asked.npz", **asked, **truth)
        some = flat.reconstruct_n(flat.ntotal // 2, 500)
        cosines = flat.search(some, K + 1)[0][:, 1:]  # the first is the vector itself
        return {"nearest_cosine": deciles(cosines[:, 0]), "intrinsic_dimension": intrinsic_dimension(cosines)}

    return folder / f"truth-{key}" / "asked.npz", keep(folder / f"truth-{key}", task, scan)


def keep_index(folder: Path, name: str, build: Callable[[np.ndarray], faiss.Index]) -> tuple[faiss.Index, dict]:
    """The index of the folder's vectors, and its report."""
    vectors = np.load(folder / "vectors" / "vectors.npy", mmap_mode="r")

    def write(temporary: Path) -> dict:
        """Build it and write it down."""
        faiss.write_index(build(vectors), str(temporary / "index.faiss"))
        return {}

    report = keep(folder / name, f"building {name}: two to ten minutes for a million vectors", write)
    return faiss.read_index(str(folder / name / "index.faiss")), report


def build_flat(folder: Path) -> faiss.IndexFlatIP:
    """The flat index of the folder's vectors: nothing to build, only to read."""
    vectors = np.load(folder / "vectors" / "vectors.npy", mmap_mode="r")
    index = faiss.IndexFlatIP(vectors.shape[1])
    index.add(vectors)
    return index


def build_ivf(vectors: np.ndarray, n_lists: int) -> faiss.IndexIVFFlat:
    """An inverted file: vectors in lists by their nearest of `n_lists` centroids, of which a search probes a few."""
    d = vectors.shape[1]
    index = faiss.IndexIVFFlat(faiss.IndexFlatIP(d), d, n_lists, faiss.METRIC_INNER_PRODUCT)
    index.cp.spherical, index.cp.max_points_per_centroid = True, POINTS
    index.train(vectors)
    index.add(vectors)
    return index


def build_hnsw(vectors: np.ndarray) -> faiss.IndexHNSWFlat:
    """A graph from each vector to near ones, in layers, walked greedily (Malkov and Yashunin, arXiv 1603.09320)."""
    index = faiss.IndexHNSWFlat(vectors.shape[1], LINKS, faiss.METRIC_INNER_PRODUCT)
    index.hnsw.efConstruction = CANDIDATES
    index.add(vectors)
    return index
