"""Seconds for many RAG questions: a LangChain chain asked one by one, over the course's batches."""

from benchmarks.frame import Benchmark, Measured
from benchmarks.many import compare

BENCHMARK = Benchmark("many-langchain", "×", 12, "higher", "LangChain: FAISS retriever, HuggingFacePipeline, its defaults")


def measure() -> Measured:
    """Two rounds of both sides: half an hour, and resumable."""
    return compare("langchain_rag")
