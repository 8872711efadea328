"""Search by meaning: passages in a FAISS index, saved with their ids and hashes. Vectors come from outside."""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import faiss
import numpy as np

from utils.files import DamagedFile, atomic_folder, check_manifest, read_jsonl, sha256_text, write_jsonl, write_manifest
from utils.records import Chunk, Hit

REBUILD = "delete the folder and build the index again"


@dataclass(frozen=True)
class VectorIndex:
    """Unit vectors (n, d) in a flat inner-product index; row i belongs to chunks[i]."""

    chunks: tuple[Chunk, ...]
    index: faiss.IndexFlatIP


def build_vector_index(chunks: Sequence[Chunk], vectors: np.ndarray) -> VectorIndex:
    """Index vectors (n, d) float32, one a chunk. ValueError for no chunks, another count, or a value that isn't finite."""
    vectors = np.ascontiguousarray(vectors, dtype=np.float32)
    if not len(chunks) or vectors.ndim != 2 or len(vectors) != len(chunks):
        raise ValueError(f"need one vector a chunk and at least one, got {len(chunks)} chunks and shape {vectors.shape}")
    if not np.isfinite(vectors).all():
        raise ValueError(f"vector {int(np.argwhere(~np.isfinite(vectors))[0][0])} holds a value that is not finite")
    index = faiss.IndexFlatIP(vectors.shape[1])
    index.add(vectors)
    return VectorIndex(tuple(chunks), index)


def search_vectors(store: VectorIndex, vectors: np.ndarray, k: int) -> list[list[Hit]]:
    """The k nearest chunks of each query vector (q, d), best first; ties in reading order.

    ValueError for k outside 1..n, another dimension, or a value that isn't finite (FAISS would answer -1 or crash).
    """
    vectors = np.ascontiguousarray(vectors, dtype=np.float32)
    if not 1 <= k <= len(store.chunks):
        raise ValueError(f"k={k} but the index holds {len(store.chunks)} passages: choose 1 <= k <= {len(store.chunks)}")
    if vectors.ndim != 2 or vectors.shape[1] != store.index.d or not np.isfinite(vectors).all():
        raise ValueError(
            f"need finite vectors of shape (q, {store.index.d}), got {vectors.shape}: same embedder as the index?"
        )
    depth = min(k + 1, len(store.chunks))
    scores, rows = store.index.search(vectors, depth)
    while depth < len(store.chunks) and (scores[:, k - 1] == scores[:, -1]).any():  # ties beyond k: FAISS keeps any
        depth = min(2 * depth, len(store.chunks))
        scores, rows = store.index.search(vectors, depth)
    ranked = [
        sorted(zip(map(float, line), found), key=lambda pair: (-pair[0], pair[1]))[:k] for line, found in zip(scores, rows)
    ]
    return [[Hit(store.chunks[row], score) for score, row in line] for line in ranked]


def save_vector_index(store: VectorIndex, folder: Path, made_from: str) -> None:
    """Write index, chunks and manifest, all or nothing. `made_from` names model and documents (`index_key`)."""
    with atomic_folder(folder) as temporary:
        faiss.write_index(store.index, str(temporary / "index.faiss"))
        write_jsonl(temporary / "chunks.jsonl", (dataclasses.asdict(chunk) for chunk in store.chunks))
        write_manifest(temporary, {"made_from": made_from})


def load_vector_index(folder: Path, made_from: str) -> VectorIndex:
    """Read it back. DamagedFile when a file was cut short, altered, or made from another model or other documents."""
    check_manifest(folder, REBUILD, made_from=made_from)
    chunks = tuple(Chunk(**record) for record in read_jsonl(folder / "chunks.jsonl"))
    index = faiss.read_index(str(folder / "index.faiss"))
    if index.ntotal != len(chunks):
        raise DamagedFile(f"{folder} holds {index.ntotal} vectors for {len(chunks)} chunks: {REBUILD}")
    return VectorIndex(chunks, index)


def index_key(model_id: str, chunks: Sequence[Chunk]) -> str:
    """Hash of everything the index depends on: the embedder and every chunk as it stands, with its place."""
    return sha256_text(model_id + "".join(f"\n{dataclasses.astuple(chunk)}" for chunk in chunks))
