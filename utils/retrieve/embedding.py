"""Turn texts into unit vectors, and remember them by content. The model is passed in or loaded here; no index."""

import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

import numpy as np

from utils.files import DamagedFile, sha256_text

Embed = Callable[[Sequence[str]], np.ndarray]


def load_embedder(folder: str | Path) -> Embed:
    """A function from n texts to float32 unit vectors (n, dimensions), by a sentence-transformers folder or hub id."""
    from sentence_transformers import SentenceTransformer
    from transformers.utils import logging

    logging.disable_progress_bar()  # loading takes a second
    model = SentenceTransformer(str(folder))

    def embed(texts: Sequence[str]) -> np.ndarray:
        """Float32 unit vectors (n, dimensions) of n texts."""
        return model.encode(
            list(texts), normalize_embeddings=True, convert_to_numpy=True, show_progress_bar=len(texts) > 2000
        )

    return embed


def remember(embed: Embed, model_id: str, path: Path) -> Embed:
    """The same function, computing each text once: vectors are kept in an SQLite file under model and content.

    A killed run loses at most the texts of its last call; a text that changed has another key. DamagedFile when the
    SQLite file can't be read.
    """
    path.parent.mkdir(parents=True, exist_ok=True)

    def embed_remembered(texts: Sequence[str]) -> np.ndarray:
        """As `embed`, computing only the texts that the file doesn't hold yet."""
        keys = [sha256_text(f"{model_id}\n{text}") for text in texts]
        try:
            with closing(sqlite3.connect(path, timeout=60)) as database, database:
                database.execute("create table if not exists vectors (key text primary key, vector blob)")
                known = {key: blob for key in set(keys) for blob in _lookup(database, key)}
                missing = {key: text for key, text in zip(keys, texts) if key not in known}
                if missing:
                    vectors = embed(list(missing.values()))
                    fresh = {key: vector.astype(np.float32).tobytes() for key, vector in zip(missing, vectors)}
                    database.executemany("insert or replace into vectors values (?, ?)", fresh.items())
                    known |= fresh
        except sqlite3.OperationalError:
            raise  # locked, or no room: the file itself is sound
        except sqlite3.DatabaseError as problem:
            raise DamagedFile(f"{path} is damaged ({problem}): delete it, and its vectors are computed again") from problem
        return np.stack([np.frombuffer(known[key], dtype=np.float32) for key in keys])

    return embed_remembered


def _lookup(database: sqlite3.Connection, key: str) -> list[bytes]:
    return [row[0] for row in database.execute("select vector from vectors where key = ?", (key,))]
