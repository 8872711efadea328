"""Seconds for many RAG questions: a LlamaIndex query engine asked one by one, over the course's batches."""

from benchmarks.frame import Benchmark, Measured
from benchmarks.many import compare

BENCHMARK = Benchmark("many-llamaindex", "×", 10, "higher", "LlamaIndex: FAISS store, HuggingFaceLLM, its defaults")


def measure() -> Measured:
    """Two rounds of both sides: half an hour, and resumable."""
    return compare("llamaindex_rag")
