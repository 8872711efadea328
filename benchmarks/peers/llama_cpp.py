"""llama.cpp in this process (xllamacpp), on the GGUF file that the course's model is converted from; its defaults."""

from collections.abc import Callable

import answer_loop
import xllamacpp
from answer_loop import Made


def build(job: dict) -> Callable[[str], Made]:
    """The asking, with the model loaded. Its server keeps what a prompt begins with like the one before."""
    params = xllamacpp.CommonParams()
    params.model.path = job["gguf"]
    params.n_ctx = 2048
    params.n_parallel = 1
    params.verbosity = 0
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = job["threads"]
    server = xllamacpp.Server(params)

    def ask(prompt: str) -> Made:
        """One prompt's answer."""
        made = server.handle_completions({"prompt": prompt, "n_predict": job["max_new_tokens"], "temperature": 0.0})
        text = made["choices"][0]["text"].strip()
        return Made(text, made["usage"]["prompt_tokens"], made["timings"]["prompt_ms"] / 1000)

    return ask


if __name__ == "__main__":
    answer_loop.run(build, ("xllamacpp",))
