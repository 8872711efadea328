"""What the language model costs: seconds of a training by examples, and of an answer by passages read. No search timed."""

import dataclasses
import statistics
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks.curves import Curve, time_work
from utils.answer.generation import Generation, generate, render
from utils.lab import READING, TRAINING, Lab, examples_of, open_lab
from utils.records import Hit
from utils.tune.examples import Encoded, encode
from utils.tune.training import train

EXAMPLES = (16, 32, 64, 128, 256)
PASSAGES = (1, 2, 4, 8, 16)
N_QUESTIONS = 8


def train_examples() -> list[Curve]:
    """Seconds of one epoch on n of the examples that `ft` learns from."""
    lab = open_lab()
    examples = [encode(lab.lm.tokenizer, example) for example in examples_of(lab, "ft", "train", 1)]
    train_once(lab, examples[: EXAMPLES[0]])  # a warm-up
    seconds = []
    for n in EXAMPLES:
        seconds.append(time_work(train_once, lab, examples[:n])[0])
        print(f"  {n} examples: {seconds[-1]:.1f} s", flush=True)
    note = "ft's settings, one epoch, nothing kept from an epoch before"
    return [Curve("one epoch", "training", "examples", EXAMPLES, seconds, note)]


def train_once(lab: Lab, examples: Sequence[Encoded]) -> None:
    """A training that nothing is kept of."""
    settings = dataclasses.replace(TRAINING["ft"], epochs=1)
    with tempfile.TemporaryDirectory() as folder:
        train(lab.lm, examples, [], settings, Path(folder) / "adapter", None)


def read_passages() -> list[Curve]:
    """Seconds until an answer's first token, and of each further one, for questions asked singly with k passages."""
    lab = open_lab()
    questions = [question.text for question in lab.company.split("dev")[:N_QUESTIONS]]
    found = lab.retrieve[False](questions, PASSAGES[-1])
    answer_with(lab, questions, found, 1)  # a warm-up
    rows, tokens = [], []
    for k in PASSAGES:
        answers = answer_with(lab, questions, found, k)
        prefill = statistics.median(answer.prefill_s for answer in answers)
        rows.append((prefill, sum(one.decode_s for one in answers) / sum(one.answer_tokens for one in answers)))
        tokens.append(round(statistics.mean(answer.prompt_tokens for answer in answers)))
        print(f"  {k} passages: {rows[-1][0]:.3f} s, then {rows[-1][1]:.3f} s a token", flush=True)
    note = f"{len(questions)} questions, one at a time; prompts of {', '.join(map(str, tokens))} tokens on average"
    names = ("prefill", "decode, a token")
    return [Curve(name, "one answer", "passages", PASSAGES, column, note) for name, column in zip(names, zip(*rows))]


def answer_with(lab: Lab, questions: Sequence[str], found: Sequence[Sequence[Hit]], k: int) -> list[Generation]:
    """Each question's answer from the first k of its hits."""
    prompt = READING["rag"].prompt
    prompts = [render(lab.lm, prompt(question, hits[:k])) for question, hits in zip(questions, found)]
    return generate(lab.lm, prompts, batch_size=1)
