"""transformers' own `generate`, greedy, in the job's number format; everything else as it comes."""

from collections.abc import Callable

import answer_loop
import torch
from answer_loop import Made
from transformers import AutoModelForCausalLM, AutoTokenizer


def build(job: dict) -> Callable[[str], Made]:
    """The asking, with the model loaded."""
    torch.set_num_threads(job["threads"])
    tokenizer = AutoTokenizer.from_pretrained(job["model"])
    model = AutoModelForCausalLM.from_pretrained(job["model"], dtype=getattr(torch, job["dtype"]))

    def ask(prompt: str) -> Made:
        """One prompt's answer."""
        inputs = tokenizer(prompt, add_special_tokens=False, return_tensors="pt")
        output = model.generate(**inputs, max_new_tokens=job["max_new_tokens"], do_sample=False)
        length = inputs.input_ids.shape[1]
        return Made(tokenizer.decode(output[0, length:], skip_special_tokens=True).strip(), length)

    return ask


if __name__ == "__main__":
    answer_loop.run(build, ("torch", "transformers"))
