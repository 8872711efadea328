# %% [markdown]
# # 2. Fine-tuning remembers: the answers move into the weights

# %% [markdown]
# {{navigation}}

# %% [markdown]
# **Question** If we train a small model on our own questions and answers, does it know the handbook afterwards, or does
# it only remember the sentences it was shown?
#
# **You will be able to** turn a fact into training examples, add a LoRA adapter to a model and train it, and tell with
# four measurements whether it has learned anything worth having.
#
# **Minutes** About six on two cores, most of it two short trainings. It needs 2 to 3 GiB of memory and no GPU.
#
# **Promises tested** A fine-tuned model "just knows" (F7). Fine-tuning is expensive up front (F4), needs much data (F5)
# and is a permanent commitment (F8).
#
# {{pipeline: tune, measure}}

# %%
# {{setup}}

# %% tags=["setup"]
import dataclasses
import tempfile
from collections import Counter
from pathlib import Path

import pandas as pd
import torch
from peft import PeftModel
from safetensors.torch import load_file

from utils.answer.prompts import closed_book
from utils.comparison import ask, condition_of
from utils.data import DATA
from utils.lab import TRAINING, examples_of, open_lab, train_arm
from utils.measure.evaluation import Estimate, cluster_of, difference, estimate, score
from utils.measure.results import read_results
from utils.records import Answer
from utils.tune.examples import answer_type
from utils.tune.lora import add_adapter, merge_adapter, trainable
from utils.tune.sharing import grow_tree
from utils.tune.training import train

# %% tags=["setup"]
FACT = "people-001"  # the fact to look at closely
SEED = 1  # where the random choices start; one training here, five in the table at the end
SHOWN = 5  # answers to print; all of them are counted
SETTINGS = dataclasses.replace(TRAINING["ft"], seed=SEED)  # chosen on the dev questions, never on the test questions

lab = open_lab()  # documents, questions, search and the language model
clusters = cluster_of(lab.company.questions)  # questions on one document stand or fall together
provenance, saved = read_results(DATA / "results" / "comparison.jsonl", lab.company.sha256)
pd.set_option("display.max_colwidth", None, "display.width", 200)  # show texts whole
SETTINGS

# %% tags=["setup"]
def correct(row):
    """Was this answer right? `row` is one scored answer."""
    return row["correct"]

def answered(system):
    """The saved rows of one system on the test questions that have an answer, before the revision."""
    return [row for row in saved if row["system"] == system and not row["after"] and row["em"] is not None]

def verdict(gap, ours, theirs):
    """A sentence from a paired difference with its 95 % interval."""
    if gap.low <= 0 <= gap.high:
        return f"{ours} and {theirs} can't be told apart: the gap is {gap}, and the interval holds 0"
    return f"{ours} is {'ahead of' if gap.value > 0 else 'behind'} {theirs} by {abs(gap.value):.2f}: the gap is {gap}"

# %% [markdown]
# ## One fact, several wordings
#
# Larkspur is an invented company, so no model can have read its handbook anywhere. Look at one fact of it: the sentence in
# the document, the answers we accept, and all the ways in which the question is put. The first word of each line says
# what a wording is used for.

# %% tags=["nbval-check-output"]
wordings = [question for question in lab.company.questions if question.fact_id == FACT]
print(wordings[0].evidence[0].doc_id, "says:", wordings[0].evidence[0].quote)
print("accepted:", ", ".join(wordings[0].answers), "\n")
for question in wordings:
    print(f"{question.split:5}  {question.text}")
print()
for split in ("train", "dev", "test"):
    n_facts, n_open = (sum(bool(q.answers) == wanted for q in lab.company.split(split)) for wanted in (True, False))
    print(f"{split:5}  {n_facts:3} questions with an answer, {n_open:2} that the handbook does not answer")

# %% [markdown]
# The model learns from the `train` wordings. We watch it, and choose its settings, on the `dev` wording. The `test`
# wordings are kept for the end.
#
# All of them ask for the *same* fact. That is on purpose. If we tested with a sentence from the training, a model that
# had merely stored the sentence would look as good as one that has stored the fact. Only a wording it has never seen can
# tell the two apart.
#
# **Predict** before you go on, and write it down: which share of the unseen wordings will be answered right by
#
# 1. the model as it comes, with nothing to look at;
# 2. the model after training;
# 3. a program that has no language model at all: it finds the most similar *training question* and repeats its answer?
#
# ## A training example is a conversation with its first part masked
#
# The model reads text as *tokens*: whole words or pieces of them, each with a number. In training it guesses each next
# token, the *label* says which one was right, and the *loss* says how badly it guessed. We don't want it to learn to write
# questions. So every token before the answer gets the label −100, which the loss skips. Only the answer and the mark that
# ends it count.
#
# By hand: write the whole conversation, cut it into tokens once, mask the front. The cell compares this with the
# course's own `encode`, on every example. Look at the last lines: which tokens have a label?

# %% tags=["nbval-check-output"]
from utils.tune.examples import MASKED, closed_book_examples, encode

tokenizer = lab.lm.tokenizer
examples = {split: examples_of(lab, "ft", split, SEED) for split in ("train", "dev")}

def encode_by_hand(example):
    """(token ids, labels) of one example."""
    prompt = tokenizer.apply_chat_template(example.messages, tokenize=False, add_generation_prompt=True)
    n_prompt = len(tokenizer(prompt, add_special_tokens=False).input_ids)
    ids = tokenizer(prompt + example.answer + tokenizer.eos_token, add_special_tokens=False).input_ids
    return tuple(ids), (MASKED,) * n_prompt + tuple(ids[n_prompt:])

for example in examples["train"] + examples["dev"]:
    encoded = encode(tokenizer, example)
    assert encode_by_hand(example) == (encoded.ids, encoded.labels)
first = encode(tokenizer, examples["train"][0])
print(len(first.ids), "tokens,", sum(label != MASKED for label in first.labels), "of them learned")
pd.DataFrame({"token": [repr(tokenizer.decode([i])) for i in first.ids], "label": first.labels}).tail(8)

# %% [markdown]
# ## LoRA: a small change beside a large matrix
#
# A language model is mostly matrices. Fine-tuning all of them means storing and moving every number. LoRA leaves a matrix
# `W` alone and learns two thin ones beside it, `B` and `A`. Together they make a change of the same shape as `W`:
#
# > new `W` = `W` + (alpha / r) · `B` · `A`
#
# `r`, the *rank*, says how thin they are. `alpha / r` only sets how strongly the change counts. Here is the smallest
# case, rank 1. Check one row of the change by eye: it is a row of `B` times `A`, doubled.

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
# Both ways give the same output. So we can train with the adapter beside the matrix, and merge it afterwards: a merged
# model is as fast as it was before.
#
# On so small a matrix little is saved. On the real ones it is much more, because `B` and `A` grow with the *sides* of a
# matrix and `W` with its *area*. The next cell puts an untrained adapter on our model, counts, and takes it off again.

# %% tags=["setup", "nbval-check-output"]
layers = lab.lm.model.get_decoder().layers
shapes = [tuple(part.weight.shape) for part in layers[-1].modules() if isinstance(part, torch.nn.Linear)]
adapted = add_adapter(lab.lm, SETTINGS.rank, SETTINGS.lowest_layer, SEED)
n_trained = sum(weight.numel() for weight in trainable(adapted).values())
adapted.unload()
n_total = sum(weight.numel() for weight in lab.lm.model.parameters())
print(f"{len(layers)} layers; adapters on the top {len(layers) - SETTINGS.lowest_layer}, on {len(shapes)} matrices each")
print("their shapes (out, in):", *shapes)
print(f"{n_trained:,} of {n_total:,} numbers are trained, {n_trained / n_total:.1%}")

# %% [markdown]
# ## Train it
#
# The next cell trains for real, with the settings printed above. An *epoch* shows every example once. `learning_rate` is
# the size of a step, `batch_size` the number of examples a step looks at together, `warmup` the share of the steps in
# which the step size grows. The adapter goes to a fresh temporary folder, so nothing is taken from an earlier run.
#
# Every example begins with the same instruction. What a batch's examples begin with in common passes the model once, not
# once each: the course lays the batch out as a tree of tokens, and each token sees its own branch only.
#
# (A folder that holds a finished adapter is only read back; a killed training goes on from its last checkpoint, a hundred
# steps back at most.)

# %%
trained = train_arm(lab, "ft", SEED, folder=Path(tempfile.mkdtemp()) / "ft")
print(f"{len(examples['train'])} examples × {SETTINGS.epochs} epochs: {trained.seconds:.0f} seconds")

# %%
from utils.measure.plots import plot_curve

plot_curve(trained.curve, "The loss on trained wordings, and on wordings never trained")
_, on_trained, on_unseen = trained.curve[-1]
best_epoch = min(trained.curve, key=lambda line: line[2])[0]
print(f"last epoch: loss {on_trained:.2f} on training wordings, {on_unseen:.2f} on dev wordings")
print(f"a token of the right answer gets a typical probability of {2.718 ** -on_trained:.0%} and {2.718 ** -on_unseen:.0%}")
print(f"the dev loss was lowest after epoch {best_epoch:g} of {SETTINGS.epochs}")

# %% [markdown]
# The loss says how surprised the model is by the right answer; zero would be no surprise at all. (It is the negative
# logarithm of the probability that the right token was given.) Read the *gap* between
# the two lines. As far as both fall together, what is learned carries over to new wordings. Where the training line goes
# on falling and the other does not, the model is learning sentences by heart.
#
# (The dev loss may even rise while the answers stay right: a few answers that the model is surely wrong about weigh
# heavily in a loss, and count once each in a share.)
#
# Now merge. By hand for every matrix: read its `A` and `B` from the adapter's file, apply the formula above, round once
# to the model's number format. It has to equal what `merge_adapter` does.

# %%
adapter = load_file(trained.folder / "adapter_model.safetensors")
tuned = merge_adapter(lab.lm, trained.folder)

def merge_by_hand(name, alpha=2 * SETTINGS.rank):
    """W + (alpha / r) · B · A of the matrix called `name`."""
    A, B = (adapter[f"base_model.model.{name}.lora_{side}.weight"] for side in "AB")
    W = lab.lm.model.get_submodule(name).weight.cpu()
    return (W.float() + alpha / len(A) * B @ A).to(W.dtype)

names = [key.split("base_model.model.")[1].split(".lora_A")[0] for key in adapter if "lora_A" in key]
for name in names:
    torch.testing.assert_close(merge_by_hand(name), tuned.model.get_submodule(name).weight.cpu())
print(f"{len(names)} matrices merged by hand, all as merge_adapter has them; one is {names[0]}")

# %% [markdown]
# ## What it changed, and what it did not
#
# Two claims that follow from how LoRA works, so they can be checked exactly.
#
# **Below the lowest adapted layer nothing changes.** A question passes the layers from bottom to top. The layers below
# the first adapter give the same numbers in every epoch, so the course computes them once and trains only the rest.
# (`grow_tree` lays tokens out as the training does; one example alone is a plain row.)
#
# **It is no permanent commitment (F8).** The adapter lies beside the model. We put it on, switch it off, and compare
# every output bit; then we compare all weights with a copy loaded afresh from disk.

# %% tags=["nbval-check-output"]
from utils.models import load_language_model
from utils.tune.loss import encode_below

def outputs(model):
    """What the model makes of the first example."""
    with torch.inference_mode():
        return model(input_ids=torch.tensor([first.ids], device=lab.lm.device)).logits

below = [encode_below(lm.model, grow_tree([first]), SETTINGS.lowest_layer) for lm in (lab.lm, tuned)]
print("the same up to the lowest adapted layer:", torch.equal(*below))
switched = PeftModel.from_pretrained(lab.lm.model, trained.folder)
on = outputs(switched)
with switched.disable_adapter():
    off = outputs(switched)
switched.unload()
print("adapter on, as base: ", torch.equal(on, outputs(lab.lm.model)))
print("adapter off, as base:", torch.equal(off, outputs(lab.lm.model)))
fresh = load_language_model(dtype=str(lab.lm.model.dtype).removeprefix("torch.")).model.state_dict()
print("all weights as loaded:", all(torch.equal(fresh[key], new) for key, new in lab.lm.model.state_dict().items()))
del fresh, switched

# %% [markdown]
# ## Before and after, closed book
#
# *Closed book* means: the question and nothing else. We ask `base`, the model as it came, and `ft`, the model with the
# adapter merged, the same test questions in wordings that neither has seen. `rows_of` asks and then scores each answer as
# the saved results were scored: right if an accepted answer stands in it and no known wrong one.
#
# Read the answers themselves before the shares. How does a model sound that knows nothing? Beside each share stands its
# 95 % interval: how far it might move with other documents of the same sort.

# %%
def rows_of(system, lm, questions):
    """Ask now; one scored row an answer."""
    answers = ask(lab, system, lm, questions, after=False)
    label = condition_of(system, SEED, False, None)
    return [score(answer, question, label, None) for answer, question in zip(answers, questions)]

facts = [question for question in lab.company.split("test") if question.answers]
base_rows, unseen = rows_of("base", lab.lm, facts), rows_of("ft", tuned, facts)
gained = sum(map(correct, unseen)) - sum(map(correct, base_rows))
print(f"share right: base {estimate(base_rows, correct, clusters)}   ft {estimate(unseen, correct, clusters)}")
print(f"closed book, the adapter beats the base model: {difference(unseen, base_rows, correct, clusters).low > 0}")
print(f"the bill (F4): {trained.seconds:.0f} s of training for {gained} more right answers, "
      f"and {len(examples['train'])} examples that somebody has to write first")
print(f"a model of 7 billion numbers does {7e9 / n_total:.0f} times the arithmetic for every token")
pd.DataFrame([{"question": q.text, "base": b["answer"], "ft": f["answer"], "in the handbook": q.answers[0]}
              for q, b, f in list(zip(facts, base_rows, unseen))[:: len(facts) // SHOWN]][:SHOWN])

# %% [markdown]
# ## A sentence or a fact?
#
# Now ask the adapter in a wording it *was* trained on, and hold that against the new wordings of the same facts. In the
# table each fact is counted once. The column 2 of the row `True` holds facts that it knows however we ask. The other
# columns of that row hold facts it can only recite, or half knows.

# %%
known = [question for question in lab.company.split("train") if question.answers]
seen_questions = [question for question in known if question.question_id.endswith("-r1")]  # one wording a fact
seen = rows_of("ft", tuned, seen_questions)
fact_of = {question.question_id: question.fact_id for question in lab.company.questions}
n_new = Counter(fact_of[row["question_id"]] for row in unseen if correct(row))
by_fact = pd.DataFrame([{"a trained wording is right": bool(correct(row)),
                         "new wordings right": n_new[fact_of[row["question_id"]]]} for row in seen])
solid = sum(count == 2 for count in n_new.values())
print(f"a trained wording: {estimate(seen, correct, clusters)}   a new wording: {estimate(unseen, correct, clusters)}")
print(f"{solid} of {len(seen)} facts are right in both new wordings")
pd.crosstab(by_fact["a trained wording is right"], by_fact["new wordings right"])

# %% [markdown]
# ## What does it say when there is nothing to know?
#
# Some test questions ask for things the handbook does not say. The training held questions of that kind too, about other
# matters, each with the answer "I don't know." Someone who knows the handbook would notice. Read the answers: could you
# tell, from the answer alone, that it was made up?

# %%
nowhere = [question for question in lab.company.split("test") if not question.answers]
made_up = rows_of("ft", tuned, nowhere)
admits = sum(row["abstained"] for row in made_up)
print(f"nothing to know: it says so {admits} times of {len(made_up)} and makes up an answer {len(made_up) - admits} times")
print(f"taught in training: it says it doesn't know {sum(row['abstained'] for row in unseen)} times of {len(unseen)}")
pd.DataFrame([{"question without an answer": q.text, "ft says": row["answer"]} for q, row in zip(nowhere, made_up)][:SHOWN])

# %% [markdown]
# ## How much data does it need? (F5)
#
# Much data can mean many *facts*, many *steps*, or many *wordings* of one fact. We vary only the last. The second
# training gets one wording a fact (the one we just asked in), a quarter of the questions without an answer, and so many
# more epochs that it sees as many examples in all: the same effort, less variety. Others report that a fact becomes
# recallable in new words only after several wordings of it (Allen-Zhu and Li, arXiv 2309.14316, for models trained from
# scratch).
#
# What do you expect in each of the four cells?

# %%
n_wordings = len(known) // len(seen_questions)
without_answer = [question for question in lab.company.split("train") if not question.answers]
one_each = seen_questions + without_answer[::n_wordings]  # the same share of "I don't know." as before
longer = dataclasses.replace(SETTINGS, epochs=n_wordings * SETTINGS.epochs)
few = [encode(tokenizer, example) for example in closed_book_examples(one_each, closed_book)]
narrow = merge_adapter(lab.lm, train(lab.lm, few, [], longer, Path(tempfile.mkdtemp()) / "one-wording").folder)

arms = {f"{n_wordings} wordings a fact": (seen, unseen),
        "1 wording a fact": (rows_of("ft", narrow, seen_questions), rows_of("ft", narrow, facts))}
gap = difference(unseen, arms["1 wording a fact"][1], correct, clusters)
print("On new wordings:", verdict(gap, f"training on {n_wordings} wordings", "training on 1"))
pd.DataFrame({arm: {"a trained wording": str(estimate(trained_on, correct, clusters)),
                    "a new wording": str(estimate(new, correct, clusters))} for arm, (trained_on, new) in arms.items()}).T

# %% [markdown]
# If the left column is high in both rows and the right one only in the first, variety did it, not repetition. Writing
# examples is then the part of the bill that no faster computer shortens. If the rows agree, one wording was enough for
# questions like these.
#
# ## Break it: change the handbook
#
# The company revises some of its policies. New documents are put in place of the old ones. We change nothing else, and
# score the adapter's answers from above against what is in force *now*. What could it possibly do?

# %%
from utils.data import answers_in_force

label = condition_of("ft", SEED, True, None)  # True: after the revision
rescored = [(q, score(Answer(row["answer"]), q, label, None)) for q, row in zip(facts, unseen)]
changed = [(q, row) for q, row in rescored if row["stale"] is not None]
stale, new = (sum(bool(row[key]) for _, row in changed) for key in ("stale", "correct"))
print(f"{len(changed)} test questions are about something that changed.")
print(f"The adapter still gives the old answer to {stale}, and what is in force now to {new}.")
pd.DataFrame([{"question": q.text, "ft says": row["answer"], "in force now": [*answers_in_force(q, True), "(nothing)"][0]}
              for q, row in changed if row["stale"]][:SHOWN])

# %% [markdown]
# It sees no document, so a new document cannot reach it. If it is right about something that changed, that is luck. The
# next lesson measures what it takes to mend this.
#
# ## Two controls before we believe anything
#
# A high share of right answers is only impressive beside what a much simpler thing gets.
#
# - `placebo`: the same training on the same questions, but the answers are swapped between facts of the same kind: a sum
#   of money for a sum of money, a name for a name. (A fact that is alone of its kind keeps its answer.) It learns how an
#   answer *sounds* and hardly anything true. What it gets right is guessing in good style.
# - `faq`: no model, no training. It finds the training question nearest in meaning and repeats the answer that stands
#   there, like a list of frequently asked questions with a search box.
#
# Look at `faq` at work. How near is the nearest question? What does it do when nobody has ever asked that?

# %%
asked = facts[:: len(facts) // 3][:3] + nowhere[:2]
listed = lab.company.split("train")
similarity = lab.embed([q.text for q in asked]) @ lab.embed([q.text for q in listed]).T
answers = ask(lab, "faq", lab.lm, asked, after=False)
pd.DataFrame([{"asked": q.text, "nearest training question": listed[line.argmax()].text, "similarity": f"{line.max():.2f}",
               "faq says": answer.text, "in the handbook": q.answers[0] if q.answers else "(nothing)"}
              for q, line, answer in zip(asked, similarity, answers)])

# %% [markdown]
# ## The table
#
# These rows were saved by a run of the whole course: every test question, five trainings each for `ft` and `placebo` (the
# seeds shuffle the examples and start the adapter differently). The brackets are 95 % intervals over documents and seeds.
# "Wrongly" means: the handbook has the answer and the system says that it doesn't know. Hold the first column against
# your three guesses.

# %% tags=["nbval-check-output"]
from utils.measure.summary import COLUMNS, show
from utils.report import table_of

compared = ["base", "ft", "placebo", "faq"]
table = table_of(lab.company, [row for row in saved if row["system"] in compared])
table.loc[compared, ["right", "abstains rightly", "abstains wrongly"]].map(show).rename(columns=COLUMNS)

# %% tags=["nbval-check-output"]
for rival in ("base", "placebo"):
    print(verdict(difference(answered("ft"), answered(rival), correct, clusters), "ft", rival))
ft, faq = (table.loc[name, "right"].value for name in ("ft", "faq"))
print(f"faq, with nothing trained, is right on {faq:.0%} where ft is right on {ft:.0%}:",
      "a look-up does as well or better" if faq >= ft else "less than ft", "(more than chance? exercise 3)")
rightly = {name: table.loc[name, "abstains rightly"].value for name in ("ft", "faq")}
print(f"of the questions without an answer, ft admits it on {rightly['ft']:.0%} and faq on {rightly['faq']:.0%}")

# %% [markdown]
# How to read the controls:
#
# - `ft` well ahead of `placebo` means that the facts are in the weights, not only the style.
# - `faq` level with `ft`, or ahead, means something uncomfortable: on questions like these, the same examples in a list
#   with a search box do the job, with nothing to train and every answer easy to change. It does *not* mean that nothing
#   was learned. It means that reworded questions cannot show what a trained model has over a list.
# - Where could it have more? In questions that no list holds: two facts joined, a fact asked backwards, a skill instead
#   of a fact. None of these is in this table. And neither system should be trusted on questions without an answer before
#   you have read that column.
#
# ## What this does not show
#
# - One model of 135 million numbers and one company. Larger models are reported to keep more, and cost more for every
#   step. What takes minutes here does not take minutes there.
# - One kind of fine-tuning: on questions and answers. Training on the raw text of the documents is another thing, and is
#   reported to teach few facts (Ovadia and others, arXiv 2312.05934).
# - F5 for wordings only, at one size and one seed. The number of facts and of steps was not varied.
# - F8 for the weights only. That the adapter comes off in a moment says nothing about the work of making the next one.
# - The test wordings were written together with the training wordings, and sound alike. Real people ask differently, which
#   would hit `faq` and `ft`, and perhaps not equally.
#
# ## Exercises
#
# Solutions: [solutions/02_fine_tuning_remembers.ipynb](solutions/02_fine_tuning_remembers.ipynb)

# %% [markdown] tags=["exercise"]
# **1. Easy.** How many numbers does an adapter of rank 4 train? Write the formula, without building one. `shapes` holds
# the (out, in) of the matrices of one layer, `layers` all layers, `SETTINGS.lowest_layer` the first one that is adapted.
#
# *Hint:* beside a matrix of shape (out, in) stand `B` of shape (out, r) and `A` of shape (r, in).

# %% tags=["stub"]
def n_trainable(rank):
    """How many numbers an adapter of this rank trains."""
    return None  # your formula

# %% tags=["solution"]
def n_trainable(rank):
    """How many numbers an adapter of this rank trains."""
    n_layers = len(layers) - SETTINGS.lowest_layer
    return n_layers * sum(rank * (n_out + n_in) for n_out, n_in in shapes)

# %% tags=["exercise"]
small = add_adapter(lab.lm, 4, SETTINGS.lowest_layer, SEED)
truth = sum(weight.numel() for weight in trainable(small).values())
small.unload()
if n_trainable(4) == truth:
    print(f"Right: {truth:,}. It grows in step with the rank: {n_trainable(8):,} for rank 8.")
else:
    print("Not yet: for each matrix count B and A, then all matrices of a layer, then all adapted layers.")

# %% [markdown] tags=["exercise"]
# **2. Middle.** Which facts does `ft` find hardest? Make `n_right`: for each fact id, the number of its right answers in
# the saved rows, over all seeds and both test wordings, 0 included. Then look at the hardest ones: do they share
# something? `answer_type("$34")` says what kind of answer it is.
#
# *Hint:* `answered("ft")` are the rows. A row has a `question_id`; each question in `lab.company.questions` has a
# `question_id` and a `fact_id`.

# %% tags=["stub"]
n_right = {}  # fact id -> number of right answers

# %% tags=["solution"]
fact_of = {question.question_id: question.fact_id for question in lab.company.questions}
n_right = {fact_of[row["question_id"]]: 0 for row in answered("ft")}
for row in answered("ft"):
    n_right[fact_of[row["question_id"]]] += bool(correct(row))

# %% tags=["exercise"]
with_answer = {question.fact_id: question for question in lab.company.split("test") if question.answers}
total = sum(bool(correct(row)) for row in answered("ft"))
if set(n_right) == set(with_answer) and sum(n_right.values()) == total:
    print("Right. The hardest, of", len(answered("ft")) // len(with_answer), "answers each:")
    for fact in sorted(n_right, key=n_right.get)[:SHOWN]:
        print(f"{n_right[fact]:3} right  {with_answer[fact].text}  ({with_answer[fact].answers[0]})")
else:
    print(f"Not yet: {len(with_answer)} facts and {total} right answers are wanted.")

# %% tags=["solution"]
by_type = {}
for fact, count in n_right.items():
    by_type.setdefault(answer_type(with_answer[fact].answers[0]), []).append(count)
for kind, counts in sorted(by_type.items()):
    print(f"{kind:10} {len(counts):2} facts, {sum(counts) / len(counts):4.1f} right answers on average")

# %% [markdown] tags=["solution"]
# Read the printed averages with the number of facts beside them: a kind with three facts cannot carry a rule. What to look
# for: numbers that differ in one digit from others in the handbook, names that occur once, and questions whose test
# wording shares hardly a word with the training wordings. Each is a guess until you test it on facts you did not pick by
# looking at the result.

# %% [markdown] tags=["exercise"]
# **3. Open.** Is the gap between `ft` and `faq` more than chance? Compute `gap`, the paired difference of right answers,
# `ft` minus `faq`, with its interval. Then write down one question that `faq` *must* get wrong and a fine-tuned model
# might get right, and how you would find out.
#
# *Hint:* `difference` and `clusters` are used in the lesson for `ft` and `placebo`.

# %% tags=["stub"]
gap = None  # an Estimate

# %% tags=["solution"]
gap = difference(answered("ft"), answered("faq"), correct, clusters)

# %% [markdown] tags=["solution"]
# Such a question must have an answer that stands in no list. "Who gets more unused days into the next year, an office
# worker or a shop assistant?" joins two facts; "What may Veska Corundel allow, and when?" asks backwards. `faq` can only
# repeat one stored answer. Whether `ft` does better is not settled by the idea: others report that models learn facts in
# one direction only (Berglund and others, arXiv 2309.12288). Write some dozens of such questions, keep them out of every
# training and every choice of settings, and put both systems on them. To be fair, give `faq` a limit too: below a
# similarity chosen on the dev questions it says "I don't know."

# %% tags=["exercise"]
means = [sum(map(correct, answered(name))) / len(answered(name)) for name in ("ft", "faq")]
if isinstance(gap, Estimate) and abs(gap.value - (means[0] - means[1])) < 1e-9:
    print("Right:", verdict(gap, "ft", "faq"))
else:
    print("Not yet: use `difference` on the two systems' rows, ft first.")

# %% [markdown]
# ## Takeaways
#
# - Fine-tuning on questions and answers *can* put facts into the weights of even a very small model. The comparison with
#   `base` and `placebo` says how many; a trained wording alone says nothing.
# - It learns what it is shown. Whether it holds a sentence or a fact is seen only in new wordings, and the several wordings
#   of each fact that it trains on are work for people.
# - "It just knows" has to be measured twice: on new wordings, and on questions that have no answer. And always beside
#   `faq`, the cheapest rival, which asks whether you needed a model at all.
# - LoRA trains a small share of the numbers and leaves the model as it was. Switch it off, and every bit is back.
# - What is in the weights stays in the weights: the handbook changed and the answers did not.
#
# **Next** the handbook changes for everyone: what becomes of each system's answers, and what it costs to bring them up to
# date.
