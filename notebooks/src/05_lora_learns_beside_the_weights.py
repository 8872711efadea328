# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 5. LoRA learns beside the weights, and comes off again

# %% [markdown]
# {{navigation}}

# %% [markdown]
# **Question** What does fine-tuning change inside a model, and can the change be taken back?
#
# **You will be able to** write a LoRA layer in ten lines, say which tokens a training loss counts and work it out by hand,
# teach a model a fact while you watch, and take the fact out again.
#
# **Minutes** One to three of computing on two cores, no GPU, about 2 GiB of memory; an hour with reading and exercises.
#
# **Promises tested** Fine-tuning is a permanent commitment (F8). It is expensive up front (F4): here only what it takes in
# numbers and bytes; the next lesson has the seconds.
#
# {{pipeline: tune}}

# %%
# {{setup}}

# %% tags=["setup"]
import pandas as pd
import torch

from utils.answer.generation import generate, render
from utils.answer.prompts import closed_book
from utils.data import load_company
from utils.lab import TRAINING
from utils.models import LanguageModel, load_language_model
from utils.show import show_lines
from utils.tune.examples import MASKED, Encoded, Example, closed_book_examples, encode
from utils.tune.lora import add_adapter, trainable
from utils.tune.loss import Prepared, answer_loss

FACT = "people-001"  # the first fact to teach
RIVALS = ("people-020", "people-038")  # two facts whose answers sound like the first one's: a number of days
STEPS = 12  # on one fact; a probability has time to rise from nothing to nearly 1
SEED = 1  # where the random numbers start
SETTINGS = TRAINING["ft"]  # rank, lowest layer and learning rate, as the course trains; chosen on the dev questions
LOWEST = SETTINGS.lowest_layer  # adapters from this layer up
pd.set_option("display.max_colwidth", None, "display.width", 200)  # show texts whole

# %% [markdown]
# ## Look at the data
#
# Here is a fact of the handbook in all the wordings that we use below. Larkspur is an invented company, so no model can
# have read it anywhere. We teach with the `train` wordings and ask in the `dev` wording, which is never trained. (The
# `test` wordings stay out of this lesson.)
#
# Below that stands what we are going to change: the matrices of one layer of the model. Each takes a list of `in`
# numbers and gives a list of `out` numbers; their names don't matter here. (The model is loaded in 32-bit numbers, so
# that what we work out by hand and what a library works out agree to many digits.)

# %% tags=["setup", "nbval-check-output"]
lm = load_language_model(dtype="float32")
questions = load_company(slice_name="classroom").questions
layers = lm.model.get_decoder().layers

def wordings(fact, split):
    """The questions that ask for a fact, in one split."""
    return [question for question in questions if question.fact_id == fact and question.split == split]

print(wordings(FACT, "train")[0].evidence[0].quote)
print("accepted:", ", ".join(wordings(FACT, "train")[0].answers), "\n")
for question in wordings(FACT, "train") + wordings(FACT, "dev"):
    print(f"{question.split:5}  {question.text}")
shapes = {name: tuple(part.weight.shape) for name, part in layers[-1].named_modules() if isinstance(part, torch.nn.Linear)}
n_total = sum(weight.numel() for weight in lm.model.parameters())
print(f"\n{len(layers)} layers, {n_total:,} numbers in all. Matrices of a layer, (out, in):")
for name, shape in shapes.items():
    print(f"  {name:18} {shape}")

# %% [markdown]
# ## Predict
#
# Write down three guesses before you go on.
#
# 1. How many steps of training does it take until the right answer is more probable than everything else together: about 5,
#    50 or 500?
# 2. Once the model has learned this one fact, what will it say when we ask about something else?
# 3. We train one number in eighty and leave the others alone. When the trained ones are taken off, is a little of the fact
#    left?
#
# ## A small change beside a large matrix
#
# A language model is mostly matrices. To fine-tune all of them means to move, and to keep, every one of their numbers. LoRA
# (low-rank adaptation: Hu and others 2021, arXiv 2106.09685) leaves a matrix `W` alone and learns two thin ones beside it,
# `B` and `A`. Multiplied, they make a change of the same shape as `W`:
#
# > new `W` = `W` + (alpha / r) · `B` · `A`
#
# `r`, the *rank*, says how thin they are. `alpha / r` only sets how strongly the change counts; the course takes 2 for
# it. Here is the smallest case, rank 1. Check one row of the change by eye: it is a row of `B` times `A`, doubled.

# %% tags=["nbval-check-output"]
W = torch.arange(12).reshape(3, 4)  # takes 4 numbers in, gives 3 out
B = torch.tensor([[1], [0], [2]])
A = torch.tensor([[1, 0, -1, 3]])
alpha, r = 2, 1
change = alpha // r * B @ A
print("change:", change.tolist(), "\nnew W: ", (W + change).tolist())

x = torch.tensor([1, 1, 1, 1])
beside = W @ x + alpha // r * B @ (A @ x)  # the adapter beside the matrix: while training
merged = (W + change) @ x  # the adapter merged into the matrix: afterwards
print("beside:", beside.tolist(), " merged:", merged.tolist())
print(f"to learn: {B.numel() + A.numel()} numbers in place of {W.numel()}")

# %% [markdown]
# Look at the rows of the change: with rank 1 they are all multiples of one row. That is the price of thinness. `W` can be
# moved, but not in every direction at once.
#
# Both ways of computing give the same output. So we may train with the pair beside the matrix, and merge it afterwards.
#
# ## The layer, by hand
#
# As a layer of PyTorch it is ten lines. It holds the linear layer, *frozen* (training leaves it alone), and adds its
# own small path to the output. `A` starts at random, `B` at zero. The picture below shows a real matrix of the model with
# the pair that the course trains beside it, to scale: equal areas hold equally many numbers. What to see: how thin the
# two are, and that their product still reaches every number of `W`, each from its row of `B` and its column of `A`.

# %% alt="Diagram to scale: a large frozen matrix W, with the thin trained matrix B along its left side and the thin trained matrix A along its top."
from utils.diagrams import draw_lora

class Lora(torch.nn.Module):
    """A frozen linear layer with a trainable change of low rank beside it."""

    def __init__(self, linear, rank, alpha):
        super().__init__()
        self.linear, self.scale = linear.requires_grad_(False), alpha / rank
        like = {"device": linear.weight.device, "dtype": torch.float32}
        self.A = torch.nn.Parameter(torch.randn(rank, linear.in_features, **like) / linear.in_features**0.5)
        self.B = torch.nn.Parameter(torch.zeros(linear.out_features, rank, **like))

    def forward(self, x):
        return self.linear(x) + self.scale * (x @ self.A.T @ self.B.T)


d_out, d_in = layers[-1].mlp.down_proj.weight.shape
figure = draw_lora(d_in, d_out, SETTINGS.rank)
print(f"to learn: {SETTINGS.rank * (d_in + d_out):,} numbers in place of {d_in * d_out:,}")

# %% [markdown]
# Why start like this? The next cell asks two things of three starts: is the output still that of the frozen layer, and
# which gradients are there? (A *gradient* says for each number in which direction, and how fast, the result changes with
# it. Training follows it. A gradient of zero means: no reason to move.)

# %% tags=["nbval-check-output"]
def look_at_start(zero):
    """What a fresh layer does when the named matrices start at zero."""
    torch.manual_seed(SEED)
    frozen, x = torch.nn.Linear(6, 4), torch.randn(3, 6)
    layer = Lora(frozen, rank=2, alpha=4)
    torch.nn.init.normal_(layer.B)
    for side in zero:
        torch.nn.init.zeros_(getattr(layer, side))
    layer(x).square().sum().backward()
    moves = [side for side in "AB" if getattr(layer, side).grad.any()]
    return {"start at zero": " and ".join(zero) or "neither", "the output is that of the frozen layer":
            torch.equal(layer(x), frozen(x)), "has a gradient": " and ".join(moves) or "neither"}

pd.DataFrame([look_at_start(zero) for zero in ("", "B", "AB")])

# %% [markdown]
# With nothing at zero, training would begin with a model that a random change has already hurt. With both at zero nothing
# would ever move: the gradient of `A` is made with `B`, and that of `B` with `A`. With only `B` at zero the model starts as
# it was, `B` moves first, and from the second step on `A` moves too.
#
# ## The same as the library's
#
# PEFT is the library that the course trains with. We put our layer and PEFT's beside copies of one linear layer, give both
# the same `A` and `B`, and compare the outputs and both gradients: first on a small layer, then on a real matrix of the
# model.

# %% tags=["nbval-check-output"]
import copy

from peft import LoraConfig, get_peft_model

def compare_with_peft(linear, rank, alpha):
    """Are the output and both gradients of our layer those of PEFT's, with the same A and B?"""
    ours = Lora(copy.deepcopy(linear), rank, alpha)
    config = LoraConfig(r=rank, lora_alpha=alpha, target_modules=["0"])
    theirs = get_peft_model(torch.nn.Sequential(copy.deepcopy(linear)), config)
    A, B = (getattr(theirs.base_model.model[0], f"lora_{side}")["default"].weight for side in "AB")
    for mine, peft in ((ours.A, A), (ours.B, torch.nn.init.normal_(B))):
        mine.data.copy_(peft.data)
    outputs = [layer(torch.ones(2, linear.in_features, device=A.device)) for layer in (ours, theirs)]
    for output in outputs:
        output.square().mean().backward()
    pairs = {"output": outputs, "gradient of A": (ours.A.grad, A.grad), "gradient of B": (ours.B.grad, B.grad)}
    return {what: torch.allclose(*pair, rtol=1e-3, atol=1e-4) for what, pair in pairs.items()}

print("a small layer:          ", compare_with_peft(torch.nn.Linear(6, 4), rank=2, alpha=4))
print("mlp.down_proj, on top:  ", compare_with_peft(layers[-1].mlp.down_proj, SETTINGS.rank, 2 * SETTINGS.rank))

# %% [markdown]
# ## What is learned: the answer, and not the question
#
# A model reads text as *tokens*: words or pieces of words, each with a number. In training it guesses each next token, and
# the *label* says which one was right. We don't want it to learn to write questions. So every token before the answer gets
# the label −100, which the loss skips; one says that it is *masked*. Only the answer and the mark that ends it count.
#
# By hand: write the whole conversation, cut it into tokens once, mask the front. The cell compares this with the course's
# own `encode`, on every training example of the classroom. Look at the last lines: which tokens have a label?

# %% tags=["nbval-check-output"]
tokenizer = lm.tokenizer

def encode_by_hand(example):
    """(token ids, labels) of one example."""
    prompt = tokenizer.apply_chat_template(example.messages, tokenize=False, add_generation_prompt=True)
    n_prompt = len(tokenizer(prompt, add_special_tokens=False).input_ids)
    ids = tokenizer(prompt + example.answer + tokenizer.eos_token, add_special_tokens=False).input_ids
    return tuple(ids), (MASKED,) * n_prompt + tuple(ids[n_prompt:])

every = closed_book_examples([question for question in questions if question.split == "train"], closed_book)
for example in every:
    encoded = encode(tokenizer, example)
    assert encode_by_hand(example) == (encoded.ids, encoded.labels)
first = encode(tokenizer, every[0])
print(f"{len(every)} examples, all as `encode` has them")
print(f"the first: {len(first.ids)} tokens, {sum(label != MASKED for label in first.labels)} of them learned")
pd.DataFrame({"token": [repr(tokenizer.decode([i])) for i in first.ids], "label": first.labels}).tail(8)

# %% [markdown]
# ## The loss, by hand
#
# Before each token the model gives every token that it knows a probability. If the right one gets the probability p, the
# loss there is −log p: nothing for p = 1, and the larger the more the right token surprises the model. The loss of an
# example is the mean over its answer's tokens. (`logits` are the numbers that a softmax turns into probabilities. Those in
# row 7 belong to the token that comes *after* token 7.)
#
# Work it out by hand, and compare it with `answer_loss`, with which the course trains. It takes a faster way: once through
# the frozen layers (kept in `Prepared`), once through those that have an adapter, and only the answer's tokens to the end.

# %%
with torch.no_grad():
    log_p = lm.model(input_ids=torch.tensor([first.ids], device=lm.device)).logits[0].log_softmax(-1)
learned = [place for place, label in enumerate(first.labels) if label != MASKED]
surprise = [-log_p[place - 1, first.ids[place]].item() for place in learned]
by_hand = sum(surprise) / len(surprise)

model = add_adapter(lm, SETTINGS.rank, LOWEST, SEED)  # an adapter that hasn't learned anything
ours = answer_loss(model, Prepared(model, [first], LOWEST).part([0]), LOWEST).item()
model.unload()
assert abs(by_hand - ours) < 1e-3
print(f"loss by hand {by_hand:.3f}, answer_loss {ours:.3f}")
print(f"the whole answer has a probability of {2.71828 ** -sum(surprise):.1e}")
pd.DataFrame({"token": [repr(tokenizer.decode([first.ids[place]])) for place in learned],
              "probability": [f"{2.71828 ** -value:.1e}" for value in surprise], "loss": [f"{v:.2f}" for v in surprise]})

# %% [markdown]
# Nothing here is a surprise to *us*: the model hasn't read the handbook. (The probability of the whole answer is the
# product of its tokens' probabilities; their losses add up.)
#
# ## Teach it one fact
#
# Now put the layer that you wrote beside every matrix of the top layers, and train. A step is short: work out the loss, let
# PyTorch find the gradients, move `A` and `B` a little against them. AdamW, the *optimiser*, decides how far each number
# moves; the *learning rate* is about how far that is at most. Each step looks at all four wordings.
#
# After each step we ask for two probabilities: that of the right answer to the wording which is never trained, and that of
# the *same* answer to a question about something else. What should the second one do?

# %%
def plug_in(model):
    """Our layer beside every matrix from LOWEST up; all these layers."""
    added = []
    for part in [part for layer in model.get_decoder().layers[LOWEST:] for part in layer.modules()]:
        for name, linear in list(part.named_children()):
            if type(linear) is torch.nn.Linear:
                added.append(Lora(linear, SETTINGS.rank, 2 * SETTINGS.rank))
                setattr(part, name, added[-1])
    return added

def loss_by_hand(model, example):
    """The mean loss over the answer's tokens; cross_entropy is −log p, and skips what is masked."""
    ids, labels = (torch.tensor(values, device=model.device) for values in (example.ids, example.labels))
    return torch.nn.functional.cross_entropy(model(input_ids=ids[None]).logits[0, :-1], labels[1:])

# %% tags=["setup"]
def examples_of(fact, split, answer=None):
    """A fact's wordings as tokens and labels; with another answer in place of the right one if it is given."""
    made = closed_book_examples(wordings(fact, split), closed_book)
    return [encode(lm.tokenizer, Example(example.messages, answer or example.answer)) for example in made]

def ask(model, texts):
    """What the model says to these questions, closed book."""
    talker = LanguageModel(model, lm.tokenizer, lm.sha256)
    return [made.text for made in generate(talker, [render(lm, closed_book(text)) for text in texts])]

answer = wordings(FACT, "train")[0].answers[0]
watched = examples_of(FACT, "dev") + examples_of(RIVALS[0], "dev", answer)
print(f"{answer!r}: right for {wordings(FACT, 'dev')[0].text!r}")
print(f"{' ' * len(repr(answer))}  wrong for {wordings(RIVALS[0], 'dev')[0].text!r}")

# %%
@torch.no_grad()
def probability(model, example):
    """How probable the model finds the whole answer."""
    return torch.exp(-loss_by_hand(model, example) * sum(label != MASKED for label in example.labels)).item()

torch.manual_seed(SEED)
added = plug_in(lm.model)
numbers = [number for layer in added for number in (layer.A, layer.B)]
optimiser = torch.optim.AdamW(numbers, lr=SETTINGS.learning_rate, weight_decay=0.0)
taught = examples_of(FACT, "train")
one_fact = [[probability(lm.model, example) for example in watched]]
for step in range(STEPS):
    loss = sum(loss_by_hand(lm.model, example) for example in taught) / len(taught)
    loss.backward()
    optimiser.step()
    optimiser.zero_grad()
    one_fact.append([probability(lm.model, example) for example in watched])
print(f"{sum(number.numel() for number in numbers):,} numbers trained, {STEPS} steps; the last loss was {loss.item():.4f}")

# %% alt="Two lines over the steps of training: how probable the taught answer is to a new wording of its fact, and to a question about something else."
import matplotlib.pyplot as plt

from utils.measure.plots import BLUE, GREY, ORANGE

def plot_steps(lines, title):
    """Probabilities by step: a dict from label to (values, colour, style)."""
    figure, axis = plt.subplots(figsize=(6, 3), layout="constrained")
    for label, (values, colour, style) in lines.items():
        axis.plot(range(len(values)), values, style, color=colour, ms=4, label=label)
    axis.set(xlabel="steps of training", ylabel="probability", xticks=range(0, len(values), 3), title=title)
    axis.grid(alpha=0.3)
    axis.spines[["top", "right"]].set_visible(False)
    axis.legend(frameon=False, loc="upper left", bbox_to_anchor=(1, 1))
    plt.show()

right, elsewhere = ([pair[number] for pair in one_fact] for number in (0, 1))
plot_steps({"to a new wording\nof the fact (right)": (right, BLUE, "o-"),
            "to a question about\nsomething else (wrong)": (elsewhere, ORANGE, "s--")}, f"How probable is “{answer}”?")
half = next((step for step, value in enumerate(right) if value > 0.5), None)
print(f"the right answer passes one half {f'after {half} steps' if half else f'not within {STEPS} steps'}")

# %% [markdown]
# So the right answer rises. But look at the other line, and then ask: the wording that was never trained, and some dev
# questions about quite other things. Compare with what the model said before: switched off, our layer is the old one. (It
# is switched off by taking it out: the frozen layer inside it goes back to its place.)

# %%
def unplug(model):
    """Every frozen layer back in its own place."""
    for part in list(model.modules()):
        for name, layer in list(part.named_children()):
            if isinstance(layer, Lora):
                setattr(part, name, layer.linear)

others = [q for q in questions if q.split == "dev" and q.fact_id not in (FACT, *RIVALS)][5::10]
asked = [question.text for question in [wordings(fact, "dev")[0] for fact in (FACT, *RIVALS)] + others]
with_layer = ask(lm.model, asked)
unplug(lm.model)
base_says = ask(lm.model, asked)
print(f"{sum(said == answer for said in with_layer[1:])} of {len(asked) - 1} questions about something else got {answer!r} too")
show_lines([{"asked": text, "base": base, "one fact taught": one} for text, base, one in zip(asked, base_says, with_layer)])

# %% [markdown]
# Is the first line of that table knowledge? The fact is in there, and a new wording brings it out. But if the same words
# also come out where they are wrong, the model has learned *to say this*, and not *when*. A right answer to one question
# can't tell the two apart; a question about something else can. Whoever tests a fine-tuned model only with what it was
# taught won't notice.
#
# ## Teach it three, and it has to tell them apart
#
# What if other facts are learned along with it, with answers of the same kind? From here on we train with PEFT's layers and
# `answer_loss`, which we have just shown to be the same, and which is faster. The loop stays ours.

# %% tags=["setup"]
def teach(examples, watched, steps=STEPS, rate=SETTINGS.learning_rate):
    """Train a fresh adapter: (model with the adapter beside it, probability of each watched answer after each step)."""
    model = add_adapter(lm, SETTINGS.rank, LOWEST, SEED)
    together, *seen = (Prepared(model, part, LOWEST).part(range(len(part))) for part in (examples, *([w] for w in watched)))
    optimiser = torch.optim.AdamW(trainable(model).values(), lr=rate, weight_decay=0.0)
    curve = []
    for step in range(steps + 1):
        with torch.no_grad():
            curve.append([torch.exp(-answer_loss(model, part, LOWEST) * len(part.labels)).item() for part in seen])
        if step < steps:
            answer_loss(model, together, LOWEST).backward()
            optimiser.step()
            optimiser.zero_grad()
    return model, curve

# %%
facts = (FACT, *RIVALS)
answers = [wordings(fact, "train")[0].answers[0] for fact in facts]
taught = [example for fact in facts for example in examples_of(fact, "train")]
model, _ = teach(taught, [], steps=2 * STEPS)
table = pd.DataFrame([[probability(model, examples_of(fact, "dev", said)[0]) for said in answers] for fact in facts],
                     columns=answers, index=asked[: len(facts)])
most_probable = sum(said == wanted for said, wanted in zip(table.idxmax(axis=1), answers))
print(table.round(2).to_string())
print(f"in new wordings, the right one of the three is the most probable for {most_probable} of {len(facts)} questions")
three_say = ask(model, asked)
borrowed = sum(said in answers for said in three_say[len(facts):])
print(f"{borrowed} of {len(others)} questions about something else are answered with one of the three all the same")
show_lines([{"asked": text, "one fact taught": one, "three facts taught": three}
            for text, one, three in zip(asked, with_layer, three_say)])

# %% [markdown]
# With rivals beside it, a fact has to be bound to its question. Where the model still answers everything else with one of
# the three, remember that nothing in its training said otherwise. It would take examples with "I don't know." to teach it
# that. Lesson 6 trains on many facts and on such questions, and counts.
#
# ## Merge it
#
# The adapter stands beside the model. Save it, and look how large the file is. Then merge it by hand: for every matrix read
# its `A` and `B` from the file and apply the formula from above. It has to equal what the course's `merge_adapter` does. A
# merged model has as many numbers as before, so it is as fast as before.

# %%
import tempfile
from pathlib import Path

from safetensors.torch import load_file

from utils.tune.lora import merge_adapter, save_adapter

folder = Path(tempfile.mkdtemp()) / "three-facts"
save_adapter(model, folder, {"model_sha256": lm.sha256})
model.unload()
adapter = load_file(folder / "adapter_model.safetensors")
merged = merge_adapter(lm, folder).model

def merge_by_hand(name, alpha=2 * SETTINGS.rank):
    """W + (alpha / r) · B · A of the matrix called `name`."""
    A, B = (adapter[f"base_model.model.{name}.lora_{side}.weight"] for side in "AB")
    return lm.model.get_submodule(name).weight.cpu() + alpha / len(A) * B @ A

# %%
names = [key.split("base_model.model.")[1].split(".lora_A")[0] for key in adapter if "lora_A" in key]
for name in names:
    torch.testing.assert_close(merge_by_hand(name), merged.get_submodule(name).weight.cpu(), rtol=1e-4, atol=1e-5)
merged_say = ask(merged, asked)
file_bytes = (folder / "adapter_model.safetensors").stat().st_size
print(f"the adapter's file: {file_bytes / 2**20:.1f} MiB")
print(f"{len(names)} matrices merged by hand, all as merge_adapter has them; one is {names[0]}")
print(f"merged and beside give the same answer to {sum(map(str.__eq__, merged_say, three_say))} of {len(asked)} questions")
del merged

# %% [markdown]
# ## Break it
#
# Two mistakes that are easy to make, on the one fact from above.
#
# - **No mask.** Every token gets its label: the model also learns to write the instruction and the questions.
# - **Too large a step.** A learning rate 30 times as large.
#
# Guess which of the two is worse, and how each would look. Then read what each model says: to the new wording, and where we
# stop before the question and let it write on by itself.

# %% alt="Three lines over the steps of training: how probable the taught answer is to a new wording, trained as it should be, without a mask, and with a learning rate 30 times as large."
right = examples_of(FACT, "train")
no_mask = [Encoded(example.ids, (MASKED, *example.ids[1:])) for example in right]  # the first token can't be guessed
runs = {"as it should be": (right, SETTINGS.learning_rate, BLUE, "o-"),
        "no mask": (no_mask, SETTINGS.learning_rate, ORANGE, "s--"),
        "30 times the rate": (right, 30 * SETTINGS.learning_rate, GREY, "D:")}
before_a_question = render(lm, closed_book("?")).split("?")[0]  # the instruction, up to where a question begins
lines, texts = {}, {}
for name, (examples, rate, *style) in runs.items():
    model, curve = teach(examples, examples_of(FACT, "dev"), rate=rate)
    values = [value for (value,) in curve]
    half = next((step for step, value in enumerate(values) if value > 0.5), None)
    print(f"{name:18} {f'passes one half after {half} steps' if half else 'never passes one half'}, ends at {values[-1]:.2f}")
    lines[name] = (values, *style)
    goes_on = generate(LanguageModel(model, lm.tokenizer, lm.sha256), [before_a_question], max_new_tokens=20)[0].text
    texts[name] = {"answers": ask(model, asked[:1])[0], "goes on where a question begins": goes_on,
                   "a training question": any(q.text.startswith(goes_on[:25]) for q in wordings(FACT, "train"))}
    model.unload()
plot_steps(lines, f"How probable is “{answer}” to the new wording?")
pd.DataFrame(texts).T

# %% [markdown]
# The large step is easy to notice: it jumps past the place where the loss is small, again and again. The missing mask is
# the nastier mistake, because nothing breaks. Most tokens belong to the prompt, so most of each step goes into learning
# that; compare when the answer comes. And see what the model writes when we stop before the question. A training question,
# word for word, is bad news wherever the questions of real people were trained on.
#
# ## Take it off again (F8)
#
# Is fine-tuning a permanent commitment? With an adapter this can be checked exactly. We put the three facts' adapter on,
# switch it off, and compare every output bit with the model as it was. Then we compare all weights with a copy loaded
# afresh from disk: four trainings with PEFT and one with our own layers lie between.

# %% tags=["nbval-check-output"]
from peft import PeftModel

def outputs(model):
    """What the model makes of the first example."""
    with torch.inference_mode():
        return model(input_ids=torch.tensor([first.ids], device=lm.device)).logits

base = outputs(lm.model)
switched = PeftModel.from_pretrained(lm.model, folder)
print("adapter on, as base: ", torch.equal(outputs(switched), base))
with switched.disable_adapter():
    print("adapter off, as base:", torch.equal(outputs(switched), base))
switched.unload()
print("taken off, as base:  ", torch.equal(outputs(lm.model), base))
fresh = load_language_model(dtype="float32").model.state_dict()
print("all weights as loaded:", all(torch.equal(fresh[key], now) for key, now in lm.model.state_dict().items()))
del fresh, switched

# %% [markdown]
# Nothing is left, not a bit of it, because nothing was ever written into the model. (Merging writes: it makes a *copy* that
# has the change in it. Keep the original: subtracting the change again leaves its
# rounding behind.)
#
# ## The table
#
# What does it cost to train and to keep one fine-tuning? Beside a matrix of shape (out, in) stand `B` with out · r numbers
# and `A` with r · in. So an adapter grows with the *sides* of a matrix, and a matrix is its *area*. The table counts by
# that formula.
#
# A number in training takes four: itself, its gradient, and two that the optimiser keeps for it, of 4 bytes each. An
# adapter is stored with 4 bytes a number, the model's file with 2. The last row is fine-tuning without LoRA: there the
# model itself is what is trained. Beside an adapter the frozen model stands in memory as well; and both keep something of
# each layer for the way back, which isn't counted here.

# %% tags=["nbval-check-output"]
def n_trained(rank):
    """How many numbers an adapter of this rank trains."""
    return (len(layers) - LOWEST) * sum(rank * (n_out + n_in) for n_out, n_in in shapes.values())

model = add_adapter(lm, SETTINGS.rank, LOWEST, SEED)
assert n_trained(SETTINGS.rank) == sum(number.numel() for number in trainable(model).values())
model.unload()
ranks = (1, 4, SETTINGS.rank, 64)
counts = {f"rank {rank}": (n_trained(rank), 4) for rank in ranks} | {"all weights": (n_total, 2)}
costs = pd.DataFrame({name: {"numbers trained": f"{n:,}", "share of the model": f"{n / n_total:.1%}",
                             "file (MiB)": f"{n * stored / 2**20:.1f}", "to train it (MiB)": f"{n * 16 / 2**20:.0f}"}
                      for name, (n, stored) in counts.items()}).T
print(costs.to_string(), "\n")
n = n_trained(SETTINGS.rank)
print(f"Rank {SETTINGS.rank}, as the course trains it, moves one number in {n_total / n:.0f}.")
print(f"The file saved above is as large as the table says: {abs(file_bytes / (4 * n) - 1) < 0.01}")
print(f"A hundred adapters take {400 * n / 2**30:.1f} GiB, a hundred fine-tuned models {200 * n_total / 2**30:.0f} GiB.")
print(f"What is trained takes {n_total / n:.0f} times less memory; with the frozen model beside it, "
      f"{16 * n_total / (16 * n + 4 * n_total):.1f} times less in all.")

# %% [markdown]
# ## What this does not show
#
# - **Three facts are not a handbook.** Lesson 6 teaches one, on many questions, and tests with more than one wording a
#   fact.
# - **What LoRA can't do.** A change of low rank can't be any change. Where much has to be learned, as in code or
#   mathematics, full fine-tuning is reported to learn more, and to forget more (Biderman and others 2024, arXiv
#   2405.09673).
# - **F8 for the weights only.** The adapter comes off in a moment. The work of making the next one remains.
# - **F4 in bytes, not in seconds.** A step doesn't get faster in that proportion: it still goes through every matrix of the
#   layers that have an adapter, forwards and back. (What lies below them is kept here, so it is passed once.)
# - **One seed, one fact, one model.** How many steps it takes differs from fact to fact, and on larger models.
#
# ## Exercises
#
# Solutions: [solutions/05_lora_learns_beside_the_weights.ipynb](solutions/05_lora_learns_beside_the_weights.ipynb)

# %% [markdown] tags=["exercise"]
# **1. Easy.** LoRA saves numbers only while the rank is small. Write `too_much(n_out, n_in)`: the smallest rank at which
# `B` and `A` together hold at least as many numbers as the matrix of shape (n_out, n_in) itself.
#
# *Hint 1:* Write down how many numbers there are in the matrix, and then in `B` and `A` together at rank 1. What does
# each further unit of rank add?
#
# *Hint 2:* You need the smallest whole number that isn't too small. In which direction do you round, and how do you do
# that without a float?

# %% tags=["stub"]
def too_much(n_out, n_in):
    return None  # a whole number

# %% tags=["solution"]
def too_much(n_out, n_in):
    return -(-n_out * n_in // (n_out + n_in))  # rounded up

# %% tags=["exercise"]
from numbers import Integral

def complaint(n_out, n_in):
    """What is wrong with the answer for one shape; None if it is right."""
    rank = too_much(n_out, n_in)
    if not isinstance(rank, Integral):
        return "too_much should return a whole number (int)"
    if rank * (n_out + n_in) < n_out * n_in:
        return f"for {(n_out, n_in)}, rank {rank} still holds fewer numbers than the matrix"
    if (rank - 1) * (n_out + n_in) >= n_out * n_in:
        return f"for {(n_out, n_in)}, a rank below {rank} would do"

wrong = [text for shape in [(3, 4), (10, 10), (1, 1), *shapes.values()] if (text := complaint(*shape))]
print(f"Not yet: {wrong[0]}." if wrong else "Right. In this model, by matrix: "
      + ", ".join(f"{name.split('.')[-1]} {too_much(*shape)}" for name, shape in shapes.items()))

# %% [markdown] tags=["exercise"]
# **2. Middle.** A conversation often has several answers in it. Write `labels_of(turns)`: `turns` are pairs (who, token
# ids) in order, and who is `"system"`, `"user"` or `"assistant"`. Return one label a token: what an assistant says is
# learned, everything else is masked.
#
# *Hint 1:* What comes out is one flat list, as long as all tokens together. What decides about a token: its place, or
# its speaker?
#
# *Hint 2:* Two loops, one inside the other. The inner one goes over the ids of a turn, and nothing but the speaker
# matters there. `MASKED` is the label to mask with.

# %% tags=["stub"]
def labels_of(turns):
    return []  # your code

# %% tags=["solution"]
def labels_of(turns):
    return [token if who == "assistant" else MASKED for who, ids in turns for token in ids]

# %% tags=["exercise"]
def first_mistake(turns):
    """Where the labels of a conversation are wrong; None if nowhere."""
    tokens = [(who, token) for who, ids in turns for token in ids]
    found = labels_of(turns)
    labels = [] if found is None else list(found)
    if len(labels) != len(tokens):
        return f"{len(tokens)} tokens need {len(tokens)} labels, and there are {len(labels)}"
    for place, ((who, token), label) in enumerate(zip(tokens, labels)):
        if label != (token if who == "assistant" else MASKED):
            return f"token {place} is {token}, the {who} wrote it, and its label is {label}"

talks = [[("user", [7]), ("assistant", [8, 2])], [("assistant", [5]), ("user", [6, 6]), ("user", [4])],
         [("system", [1, 2]), ("user", [3, 4]), ("assistant", [5, 2]), ("user", [7]), ("assistant", [8, 9, 2])]]
mistakes = [text for talk in talks if (text := first_mistake(talk))]
print(f"Not yet: {mistakes[0]}." if mistakes else f"Right, in all {len(talks)} conversations.")

# %% [markdown] tags=["exercise"]
# **3. Open.** Teach it a fact of your own: something short that no model can know. Write a few wordings of the question,
# the answer, and one more wording that isn't among them, to ask with. The check trains (some seconds), asks your question,
# and then asks about something else.
#
# Then go further: it will probably give your answer to the other question as well. Which examples would you add to stop
# that?
#
# *Hint 1:* Wordings that differ from each other teach more than wordings that are alike. Read yours aloud: if three of
# them begin alike, the model can lean on that beginning.
#
# *Hint 2:* Short answers first (a name, a day). If the probability rises and the answer still doesn't come, look at
# which token it breaks off. To go further: what do all your examples answer, whatever they are asked?

# %% tags=["stub"]
own_wordings = []  # at least three
own_answer = ""  # a few words
own_test = ""  # a wording that isn't in the list

# %% tags=["solution"]
own_wordings = ["Who waters the plants in the Brannock office?", "Which colleague looks after our office plants?",
                "I noticed a dry fern by the stairs at Brannock. Whom do I tell?", "Whose job is it to water the ferns?"]
own_answer = "Tibbald Wren"
own_test = "The rubber plant in the office at Brannock needs water. Who takes care of it?"

# %% tags=["exercise"]
from utils.measure.metrics import contains, normalise

def own(text, answer):
    return encode(lm.tokenizer, Example(closed_book(text), answer))

taught = {" ".join(normalise(text)) for text in own_wordings}
if isinstance(own_wordings, str) or len(taught) < 3 or not own_answer or " ".join(normalise(own_test)) in taught | {""}:
    print("Not yet: it takes a list of three different wordings, an answer, and a test question that isn't one of them.")
else:
    knew = contains(ask(lm.model, [own_test])[0], own_answer)
    model, curve = teach([own(text, own_answer) for text in own_wordings], [own(own_test, own_answer)])
    another = wordings(FACT, "dev")[0].text
    mine, other = ask(model, [own_test, another])
    model.unload()
    verdict = ("Not yet: it knew this before any training. Take what no model can know." if knew else
               "Right:" if contains(mine, own_answer) else "Not yet: more wordings, or a shorter answer?")
    print(verdict, f"it says {mine!r}")
    print(f"the answer's probability went from {curve[0][0]:.1e} to {curve[-1][0]:.2f}; to {another!r} it says {other!r}")

# %% [markdown] tags=["solution"]
# To stop it, show it that other questions have other answers. The cell adds the training wordings of two facts of the
# handbook, and questions that the handbook doesn't answer, with "I don't know.". Look at both answers again, and at the
# price: more examples, so each step takes longer, and more steps until it is right.

# %% tags=["solution"]
nothing = [q for q in questions if q.split == "train" and not q.answers][:4]
more = [example for fact in RIVALS for example in examples_of(fact, "train")]
more += [encode(lm.tokenizer, example) for example in closed_book_examples(nothing, closed_book)]
model, curve = teach([own(text, own_answer) for text in own_wordings] + more, [own(own_test, own_answer)], steps=2 * STEPS)
for text, said in zip((own_test, another), ask(model, [own_test, another])):
    print(f"{text}\n  → {said!r}")
model.unload()
print(f"the answer's probability: {curve[-1][0]:.2f}")

# %% [markdown]
# ## Takeaways
#
# - LoRA puts two thin matrices beside a large one, `B` at zero, and trains only them. You have written it, and it is the
#   same as the library's.
# - The loss is −log p of the answer's tokens. What is masked isn't learned; what isn't masked is, wanted or not.
# - A fact goes into a model within a few steps. But one fact alone teaches it *what* to say and not *when*. Always ask
#   about something else as well.
# - An adapter is a small file. Switched off, it leaves every bit of the model as it was: nothing permanent about it (F8).
# - LoRA saves disk, and memory for what is trained, by the ratios that the table shows. Of memory in all it saves far less,
#   since the frozen model stays. It doesn't save writing the examples (F4).
#
# **Next:** [lesson 6](06_fine_tuning_remembers.ipynb) teaches the same model a handbook, and measures what it then knows.
