"""RAG with LlamaIndex: a query engine over a FAISS store, one `query` a question, with its defaults."""

from collections.abc import Callable

import faiss
import rag_loop
import torch
from llama_index.core import ChatPromptTemplate, StorageContext, VectorStoreIndex
from llama_index.core.llms import ChatMessage
from llama_index.core.schema import TextNode
from llama_index.embeddings.huggingface import HuggingFaceEmbedding
from llama_index.llms.huggingface import HuggingFaceLLM
from llama_index.vector_stores.faiss import FaissVectorStore

SETTINGS = {
    "set": "messages, chat template (is_chat_model), similarity_top_k, max_new_tokens, do_sample=False",
    "default": "number format of the model's folder, batch of one, response mode compact; a flat L2 index, as its docs do",
}


def build(job: dict) -> tuple[Callable[[str], str], torch.nn.Module]:
    """(ask, model): the query engine, over an index of the passages."""
    embed = HuggingFaceEmbedding(model_name=job["embedder"])
    dimensions = len(embed.get_query_embedding(job["questions"][0]))
    store = FaissVectorStore(faiss.IndexFlatL2(dimensions))
    index = VectorStoreIndex(
        [TextNode(text=passage) for passage in job["passages"]],
        storage_context=StorageContext.from_defaults(vector_store=store),
        embed_model=embed,
    )
    llm = HuggingFaceLLM(
        model_name=job["model"],
        tokenizer_name=job["model"],
        is_chat_model=True,
        max_new_tokens=job["max_new_tokens"],
        generate_kwargs={"do_sample": False},
    )
    template = ChatPromptTemplate(
        [ChatMessage(role=message["role"], content=message["content"]) for message in job["messages"]],
        template_var_mappings={"context_str": "passages", "query_str": "question"},
        function_mappings={"context_str": number_passages},
    )
    engine = index.as_query_engine(llm=llm, similarity_top_k=job["k"], text_qa_template=template)
    return lambda question: str(engine.query(question)), llm._model


def number_passages(context_str: str = "", **_: object) -> str:
    """A passage a line, with the number by which an answer cites it. The engine joins them by empty lines, and first
    asks how long the prompt is without any.
    """
    return "\n".join(f"[{number}] {passage}" for number, passage in enumerate(context_str.split("\n\n"), 1))


if __name__ == "__main__":
    packages = ("core", "llms-huggingface", "embeddings-huggingface", "vector-stores-faiss")
    rag_loop.run(build, SETTINGS, tuple(f"llama-index-{package}" for package in packages))
