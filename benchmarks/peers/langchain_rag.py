"""RAG with LangChain: retriever | prompt | model, one `invoke` a question, with its defaults."""

from collections.abc import Callable

import rag_loop
import torch
from langchain_community.vectorstores import FAISS
from langchain_core.documents import Document
from langchain_core.output_parsers import StrOutputParser
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.runnables import RunnablePassthrough
from langchain_huggingface import ChatHuggingFace, HuggingFaceEmbeddings, HuggingFacePipeline

SETTINGS = {
    "set": "messages, chat template (ChatHuggingFace), k, max_new_tokens, do_sample=False, return_full_text=False",
    "default": "number format of the model's folder, batch of one, flat L2 index, embedder without settings",
}


def build(job: dict) -> tuple[Callable[[str], str], torch.nn.Module]:
    """(ask, model): the chain, over an index of the passages."""
    store = FAISS.from_texts(job["passages"], HuggingFaceEmbeddings(model_name=job["embedder"]))
    llm = HuggingFacePipeline.from_model_id(
        job["model"],
        task="text-generation",
        pipeline_kwargs={"max_new_tokens": job["max_new_tokens"], "do_sample": False, "return_full_text": False},
    )
    chain = (
        {
            "passages": store.as_retriever(search_kwargs={"k": job["k"]}) | number_passages,
            "question": RunnablePassthrough(),
        }
        | ChatPromptTemplate.from_messages([(message["role"], message["content"]) for message in job["messages"]])
        | ChatHuggingFace(llm=llm)
        | StrOutputParser()
    )
    return chain.invoke, llm.pipeline.model


def number_passages(found: list[Document]) -> str:
    """A passage a line, with the number by which an answer cites it."""
    return "\n".join(f"[{number}] {document.page_content}" for number, document in enumerate(found, 1))


if __name__ == "__main__":
    rag_loop.run(build, SETTINGS, ("langchain-core", "langchain-community", "langchain-huggingface"))
