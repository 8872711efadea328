"""Does the course work here? Two real training steps and one real search, with the models that are there. No network.

`python -m utils.preflight` prints what it took in one short line, or fails with the reason. It keeps nothing.
"""

import dataclasses
import math
import os
import tempfile
import time
from pathlib import Path

from utils.answer.prompts import closed_book
from utils.data import load_company
from utils.fetch import DEFAULT_MODEL, NoModel
from utils.files import sha256_text
from utils.lab import SEARCH, TRAINING
from utils.machine import GIB, PeakMemory, cache_folder, versions
from utils.models import LanguageModel, default_embedder, load_language_model
from utils.records import Document, Question
from utils.retrieve.chunking import chunk_documents
from utils.retrieve.embedding import Embed, load_embedder
from utils.retrieve.retriever import build_retriever
from utils.tune.examples import closed_book_examples, encode, holds_evidence
from utils.tune.training import train

STEPS, BATCH = 2, 2  # training steps, and examples in each
N_DOCUMENTS = 3  # to search in


def try_training(lm: LanguageModel, questions: list[Question]) -> float:
    """Seconds that STEPS training steps took, with lesson 6's settings. RuntimeError where no usable adapter came out."""
    learn = [encode(lm.tokenizer, example) for example in closed_book_examples(questions[: STEPS * BATCH], closed_book)]
    settings = dataclasses.replace(TRAINING["ft"], epochs=1, batch_size=BATCH)
    with tempfile.TemporaryDirectory() as folder:
        trained = train(lm, learn, [], settings, Path(folder) / "adapter", progress=None)
    loss = trained.curve[-1][1]
    if not math.isfinite(loss):
        raise RuntimeError(f"the loss of the training is {loss}: try another number format, COURSE_DTYPE=float32")
    return trained.seconds


def try_search(embed: Embed, documents: list[Document], question: Question) -> float:
    """Seconds until the passage with the question's answer was found. RuntimeError where it wasn't."""
    start = time.perf_counter()
    pages = {item.doc_id for item in question.evidence}
    few = sorted(documents, key=lambda document: document.doc_id not in pages)[:N_DOCUMENTS]
    hits = build_retriever(chunk_documents(few), embed, SEARCH)([question.text], 3)[0]
    if not any(holds_evidence(hit, question) for hit in hits):
        raise RuntimeError(f"the search did not find where {question.text!r} is answered")
    return time.perf_counter() - start


def try_both() -> str:
    """Train and search; what it took. NoModel where the language model isn't cached: nothing is fetched here."""
    if not (cache_folder() / DEFAULT_MODEL).exists():
        raise NoModel("the models are not cached yet: `python course.py run` fetches them")
    company = load_company(slice_name="classroom")
    questions = [question for question in company.split("train") if question.answers]
    with PeakMemory() as memory:
        lm = load_language_model()
        training = try_training(lm, questions)
        search = try_search(load_embedder(default_embedder()), list(company.documents), questions[0])
    packages = sha256_text(repr(versions()))[:8]
    return (
        f"{STEPS} training steps {training:.1f} s, 1 search {search:.1f} s, {memory.peak / GIB:.1f} GiB used, "
        f"{str(lm.model.dtype).removeprefix('torch.')}, packages {packages}"
    )


if __name__ == "__main__":
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    print(try_both())
