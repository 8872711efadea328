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
# # 2. RAG finds, reads and names its source, and each of the three can fail

# %% [markdown]
# {{navigation}}

# %% [markdown]
# **Question** How does a model answer from pages it has never seen? And when it names a source, what is that worth?
#
# **You will be able to** build a RAG system (retrieval-augmented generation: search, then answer from what was found)
# in ten lines, follow a citation to the very characters of a page, and say of a wrong answer whether search or reader
# failed.
#
# **Minutes** About two on two cores, no GPU; an hour with reading and exercises. Nothing is trained.
#
# **Promises tested** RAG shows where its answers come from (R2). It is limited by the model that reads (R7). And it
# leaves that model as it was (R9).
#
# {{pipeline: documents, retrieve, answer}}

# %%
# {{setup}}

# %% [markdown]
# ## The company, the model and the settings
#
# Larkspur is an invented company, so no model can have read its handbook. Our model is small on purpose: 135 million
# parameters, which two laptop cores can run. The cell loads it, together with a search over the handbook. (The very
# first time, it also converts the model: half a minute.)
#
# The search is a black box here: a question goes in, the best passages come out. Lessons 3 and 4 open it.
#
# Questions come in three parts. `train` is for a later lesson. We try things out on the `dev` questions and keep the
# `test` questions for the table at the end.

# %% tags=["setup"]
from utils.answer.generation import generate, render
from utils.answer.prompts import closed_book, with_passages
from utils.lab import READING, open_lab
from utils.tune.examples import holds_evidence

MORE = 3  # passages in the second try; nearly every answer is among the first three that search finds
N_LIVE = 24  # dev questions answered here; enough to see a large difference, at about ten seconds a system
PROMPT = READING["rag"].prompt  # the instructions that did best on the dev questions

lab = open_lab()
retrieve, chunks = lab.retrieve[False], lab.chunks[False]  # False: before the revision, which a later lesson brings
pages = {page.doc_id: page for page in lab.company.documents}
questions = {question.question_id: question for question in lab.company.questions}
dev = [question for question in lab.company.split("dev") if question.answers]
question = questions["people-003-d1"]
print(f"{len(pages)} pages in {len(chunks)} passages; {len(dev)} dev questions that have an answer")

# %% [markdown]
# ## Look at the data
#
# One page of the handbook, whole, and one question about it. Read the page and answer the question yourself: where
# exactly did you find it?
#
# Look at the last three lines too. `accepted` lists the wordings that count as right, `wrong` the look-alikes that a
# careless reader might take instead, and the quote is the place in the page that holds the answer. It is called the
# **gold** evidence, and the passage around it the gold passage. Except where we say so, no system is told which one
# that is; we mark with it.

# %%
page = pages[question.evidence[0].doc_id]
print(page.text)
print("question:", question.text)
print("accepted:", ", ".join(question.answers))
print("wrong:   ", ", ".join(question.wrong_answers))
print("quote:   ", question.evidence[0].quote)

# %% [markdown]
# ## Predict
#
# Write down three guesses before you go on.
#
# 1. What does the model answer to this question **closed book**, that is, with nothing in front of it?
# 2. Three passages hold the answer more often than one. Does the model also give more right answers with three than
#    with one?
# 3. It is told to cite the passage that it answers from, like [1]. Of ten citations, how many lead to a passage that
#    holds the answer?
#
# ## Closed book
#
# The model never saw the handbook. It has been told to say "I don't know." when it doesn't. Look at what it says.

# %%
from utils.measure.metrics import abstains, is_correct


def write(messages):
    """The model's answer to one conversation."""
    return generate(lab.lm, [render(lab.lm, messages)])[0]


guess = write(closed_book(question.text))
print("the model:", guess.text)
print("right:", is_correct(guess.text, question.answers, question.wrong_answers), "  abstains:", abstains(guess.text))

# %% [markdown]
# Whatever it said, it can't have known. Against answers that sound sure and have nothing behind them, let us give it
# something to read.
#
# ## RAG in ten lines
#
# Search, number what was found, put it before the question, let the model write. That is all of it. Search and model
# are *passed in* as functions, so any will do. To see the machine at work, we begin with two that you can follow by
# eye: a search that counts shared words over three sentences, and a "model" that copies the first passage.

# %% tags=["nbval-check-output"]
from types import SimpleNamespace

from utils.answer.prompts import WITH_PASSAGES
from utils.records import Chunk, Hit


def rag_by_hand(question, search, model):
    """(the answer's text, the passages that it was given)"""
    hits = search(question)
    numbered = "\n".join(f"[{number}] {hit.chunk.passage}" for number, hit in enumerate(hits, 1))
    messages = [{"role": "system", "content": WITH_PASSAGES},
                {"role": "user", "content": f"{numbered}\n\nQuestion: {question}"}]
    return model(messages).text, hits


print("the instructions:", WITH_PASSAGES)

# %% tags=["nbval-check-output"]
shelf = ["The large kiln is fired on Thursdays.", "Aprons hang behind the door.", "Odile keeps the key to the glaze room."]


def count_words(question):
    words = set(question.lower().strip("?").split())
    best = max(shelf, key=lambda sentence: len(words & set(sentence.lower().strip(".").split())))
    return [Hit(Chunk("studio", 0, len(best), best, "Studio rules"), 1.0)]


def copy_first(messages):
    first = messages[-1]["content"].splitlines()[0]
    return SimpleNamespace(text=first.split(": ")[1] + " [1]")


for asked in ("Who keeps the key to the glaze room?", "Where do aprons hang?", "When may I use the wheel?"):
    print(f"{asked:38} → {rag_by_hand(asked, count_words, copy_first)[0]}")

# %% [markdown]
# Two good answers with a source, and a third that looks just like them and is nonsense. Search always finds
# *something*. Keep that in mind.
#
# Now the real search and the real model in the same two places. The course's own version is `answer_with_rag`. The
# `assert` makes sure that it says the same as ours, word for word. Then read the answer: would it have helped you?

# %%
from utils.answer.rag import answer_with_rag


def search_for(k):
    """A search that gives k passages for one question."""
    return lambda text: retrieve([text], k)[0]


text, hits = rag_by_hand(question.text, search_for(1), write)
theirs = answer_with_rag(question.text, search_for(1), write, with_passages)
assert (text, tuple(hits)) == (theirs.text, theirs.hits)
print("question:", question.text)
print("passage: ", hits[0].chunk.passage)
print("answer:  ", text)

# %% [markdown]
# ## What the model reads
#
# There is no more to RAG than text. Below is the prompt that did best on the dev questions, as the model gets it. The
# words in angle brackets come from the chat template of the tokenizer (the part that cuts text into the pieces which a
# model reads); they say who speaks. The conversation about a kiln is a **worked example**: a small model copies the
# form of an answer more easily than it follows an instruction.
#
# Read it as the model does. Under which number stands the gold passage? Which others could be mistaken for it?

# %%
hits = search_for(MORE)(question.text)
print(render(lab.lm, PROMPT(question.text, hits)))
gold = [number for number, hit in enumerate(hits, 1) if holds_evidence(hit, question)]
print("\n(The gold passage:", f"[{gold[0]}].)" if gold else "not among them.)")

# %% [markdown]
# ## Follow the citation
#
# We ask the same question with one passage and with three. First look at whether each answer is right.
#
# Then follow its citation. The number in brackets is *generated*, like every other word: nobody guarantees that it
# belongs to the answer. But every passage knows its **offsets**, the characters of the page where it starts and ends.
# So the second cell goes there and looks.

# %%
walked = {k: answer_with_rag(question.text, search_for(k), write, PROMPT) for k in (1, MORE)}
for k, answer in walked.items():
    right = is_correct(answer.text, question.answers, question.wrong_answers)
    print(f"{k} passage{'s' if k > 1 else ''}: {answer.text!r}  →  {'right' if right else 'not right'}")

# %%
from utils.measure.metrics import cited_numbers

for k, answer in walked.items():
    print(f"{k} shown, cited: {cited_numbers(answer.text) or 'none'}")
    for number in cited_numbers(answer.text):
        if not 1 <= number <= len(answer.hits):
            print(f"[{number}] is no passage that it was shown")
            continue
        chunk = answer.hits[number - 1].chunk
        page = pages[chunk.doc_id]
        print(f"[{number}] “{page.title}”, of {page.effective}, characters {chunk.start} to {chunk.end}:")
        before = " ".join(page.text[max(0, chunk.start - 60):chunk.start].split())
        print(f"    …{before} >>> {page.text[chunk.start:chunk.end]}")
        print(f"    holds the gold quote: {holds_evidence(answer.hits[number - 1], question)}")

# %% [markdown]
# This is what RAG can offer and a model alone can't: a claim that a reader can check, against a page with a date. It's
# an offer, not a guarantee. A citation may lead to the right passage from a wrong answer, or the other way round, or
# nowhere.
#
# ## One passage too many
#
# One question proves nothing, so count. Five systems answer the same dev questions. `base` is closed book. `rag` reads
# what search found: one passage, or three, or the same three the other way round, with the best one last. And `gold` is
# given the gold passage by us, without any search: whatever *it* gets wrong, no search could have saved. (Well under a
# minute each; progress bars appear.)
#
# Each mark knows whether the gold passage was in front of the model. So every wrong answer falls on one side: the
# passage **wasn't found**, or it was found and **misread** ("I don't know." with the answer in front of one counts as
# misread; closed book, everything counts as not found). In brackets stands the 95 % interval: if we drew other pages,
# the share would probably come out in there.

# %%
from utils.measure.evaluation import Condition, score
from utils.systems import ask_closed_book, ask_with_passages, find_passages, give_gold

live = dev[:: max(1, len(dev) // N_LIVE)][:N_LIVE]
shown = {f"rag, k = {k}": find_passages(retrieve, live, k) for k in (1, MORE)}
LAST = f"rag, k = {MORE}, best last"
shown[LAST] = [hits[::-1] for hits in shown[f"rag, k = {MORE}"][0]], None
shown["gold"] = give_gold(retrieve, chunks, live, after=False)

answers = {"base": ask_closed_book(lab.lm, live, "base")}
answers |= {name: ask_with_passages(lab.lm, live, found, PROMPT, name) for name, found in shown.items()}
marks = {}
for name, given in answers.items():
    label = Condition("lesson 2", name, None, False, None if name == "base" else len(given[0].hits))
    marks[name] = [score(answer, q, label, None) for answer, q in zip(given, live, strict=True)]

# %%
import pandas as pd
from utils.measure.evaluation import cluster_of, difference, estimate

clusters = cluster_of(live)  # questions on one page stand or fall together
counts = {}
for name, rows in marks.items():
    wrong = [row for row in rows if not row["correct"]]
    lost = sum(not row["gold_retrieved"] for row in wrong)  # closed book nothing was found
    counts[name] = {"right": len(rows) - len(wrong), "misread": len(wrong) - lost, "not found": lost}
table = pd.DataFrame(counts).T
table["share right [95 %]"] = [str(estimate(rows, lambda row: row["correct"], clusters)) for rows in marks.values()]
print(f"{len(live)} dev questions\n{table.to_string()}")
one, more, limit = (counts[name] for name in ("rag, k = 1", f"rag, k = {MORE}", "gold"))
for fault in ("not found", "misread"):
    print(f"{fault} with 1 passage: {one[fault]}, with {MORE}: {more[fault]}")
for name in (f"rag, k = {MORE}", LAST):
    gap = difference(marks[name], marks["rag, k = 1"], lambda row: row["correct"], clusters)
    told = "fewer right" if gap.high < 0 else "more right" if gap.low > 0 else f"{len(live)} questions can't tell"
    print(f"{name}, share right minus that of rag, k = 1: {gap} ({told})")
print(f"Perfect search would give {limit['right']}; the other {limit['misread']} need a better reader.")

# %% alt="Stacked bars: of the same questions, how many were answered right, misread, or not found, for base, rag with one passage, rag with three, with the same three and the best one last, and for the gold passage given."
import matplotlib.pyplot as plt

from utils.measure.plots import BLUE, GREY, ORANGE

figure, axis = plt.subplots(figsize=(7, 3.2), layout="constrained")
left = [0] * len(counts)
for part, colour, hatch in (("right", BLUE, ""), ("misread", ORANGE, "//"), ("not found", GREY, "..")):
    widths = [count[part] for count in counts.values()]
    bars = axis.barh(list(counts), widths, left=left, color=colour, hatch=hatch, edgecolor="white", label=part)
    axis.bar_label(bars, [str(width) if width else "" for width in widths], label_type="center", fontweight="bold",
                   bbox={"facecolor": "white", "edgecolor": "none", "pad": 1})
    left = [start + width for start, width in zip(left, widths)]
axis.invert_yaxis()
axis.set(xlim=(0, len(live)), title=f"What happened to each of the same {len(live)} questions")
axis.spines[["top", "right"]].set_visible(False)
axis.legend(frameon=False, ncols=3, loc="upper center", bbox_to_anchor=(0.5, -0.12))
plt.show()

# %% [markdown]
# From one passage to three, the grey part shrinks: search did its work. Watch what the hatched part does meanwhile. The
# two failures need different cures, and a single share of right answers doesn't tell you which one you have.
#
# Then compare the two bars with three passages. Only the order differs: in the lower one the best passage stands last,
# right before the question. Is it their number that confuses this reader, or the place of the best one?
#
# So here is one answer that was right with one passage and got lost with three (the first question, if none was). In the
# table, look for the highlighted sentence: it is the gold quote. Is it among the passages that the model was given? Which
# one did it cite? And what did it take instead, from where? The score says how well search thought a passage fits; it
# compares passages of this one search only.

# %%
pairs = list(zip(live, answers["rag, k = 1"], answers[f"rag, k = {MORE}"], marks["rag, k = 1"], marks[f"rag, k = {MORE}"]))
broken = [(q, few, many) for q, few, many, row, row_more in pairs if row["correct"] and not row_more["correct"]]
mended = sum(row_more["correct"] and not row["correct"] for *_, row, row_more in pairs)
print(f"right with 1 and wrong with {MORE}: {len(broken)}; wrong with 1 and right with {MORE}: {mended}")
for q, few, many in broken[:1]:
    print(f"\n{q.text}\n  with 1: {few.text}\n  with {MORE}: {many.text}")

# %%
from IPython.display import display

from utils.show import show_passages

INTERACTIVE = False  # True, and run this cell again: menus for the question and for k
answered = {(q.question_id, k): answer for k in (1, MORE) for q, answer in zip(live, answers[f"rag, k = {k}"])}


def look(question, k):
    """Its passages beside the gold one, which may lie further down, and the answer."""
    return show_passages(questions[question], answered[question, k], retrieve([questions[question].text], len(chunks))[0])


display(look(broken[0][0].question_id if broken else live[0].question_id, MORE))
if INTERACTIVE:
    from ipywidgets import interact

    interact(look, question=[(q.text, q.question_id) for q in live], k=[MORE, 1])

# %% [markdown]
# It is easy to say that more text makes a small model lose the thread. If the amount alone did it, the order wouldn't
# matter. On all of Larkspur's pages it does, a great deal: with two close but wrong passages beside it, this reader is
# right far more often when the gold one stands last than when it stands first (the [results](../data/results/README.md)
# have the figure, beside R6). What stands nearest to the question seems to count most. Turning the order round is free;
# how much it brings back for a real search, the lines above say for these few questions only. Place matters to larger
# models too, though differently: they use the first and the last documents best (Liu et al. 2023, arXiv 2307.03172).
#
# Lesson 3 asks how long a passage should be, lesson 8 trains a model to read several.
#
# *Optional:* with `INTERACTIVE = True` the cell also shows two menus, where the notebook runs live. Go through
# the questions with three passages, then with one: where the gold passage isn't given to the model, at which place of the
# search does it stand?
#
# ## Do the citations hold?
#
# Count over the answers that had several passages to choose from. And put beside it a rule that needs no model and
# reads nothing: *always cite [1]*. A model whose citations are no better than that doesn't show where its answer comes
# from; it has a habit.

# %%
several = list(zip(answers[f"rag, k = {MORE}"], live))
cite = [(answer, q, [n for n in cited_numbers(answer.text) if 1 <= n <= len(answer.hits)]) for answer, q in several]
cite = [(answer, q, numbers) for answer, q, numbers in cite if numbers]
hold = [(answer, q) for answer, q, numbers in cite if any(holds_evidence(answer.hits[n - 1], q) for n in numbers)]
both = sum(is_correct(answer.text, q.answers, q.wrong_answers) for answer, q in hold)
habit = sum(holds_evidence(answer.hits[0], q) for answer, q in several)

print(f"{len(several)} answers from {MORE} passages: {len(cite)} cite a passage that was shown")
print(f"{len(hold)} cite one that holds the answer; {both} of these answers are right")
print(f"always citing [1], without a model: {habit} would hold the answer")
print("The model's citations", "beat" if len(hold) > habit else "don't beat", "that habit.")

# %% [markdown]
# ### Take the cited passage away
#
# A harder test asks whether the model *used* what it cites. Take the cited passage out, ask again, and see whether the
# answer changes. Any change of a prompt may change a few words, so there is a control: take out a passage that was
# *not* cited. If citations meant something, the first should change many more answers than the second.

# %%
from utils.measure.metrics import normalise

testable = [(answer, q, numbers) for answer, q, numbers in cite if len(set(numbers)) < len(answer.hits)]
changes = {}  # an answer a row: does it change without the passage?
for name, drop_cited in (("the cited passage", True), ("one not cited", False)):
    left = []
    for answer, q, numbers in testable:
        spare = [n for n in range(1, len(answer.hits) + 1) if n not in numbers][-1]  # the last that isn't cited
        dropped = set(numbers) if drop_cited else {spare}
        left.append([hit for n, hit in enumerate(answer.hits, 1) if n not in dropped])
    again = ask_with_passages(lab.lm, [q for _, q, _ in testable], (left, None), PROMPT, name)
    changes[name] = [{"question_id": q.question_id, "seed": None, "changed": normalise(new.text) != normalise(old.text)}
                     for new, (old, q, _) in zip(again, testable)]
    print(f"without {name}: {sum(row['changed'] for row in changes[name])} of {len(testable)} answers change")
gap = difference(changes["the cited passage"], changes["one not cited"], lambda row: row["changed"], clusters)
print(f"the first minus the second: {gap}")
print("The cited passage matters more, as a source should." if gap.low > 0
      else "Whether the cited one matters more, these answers don't tell: many change whichever is taken away.")

# %% [markdown]
# ## Did RAG change the model?
#
# It answered a good hundred questions about a handbook. Did it *learn* any of it? A hash is a fingerprint: one changed
# bit in the 135 million parameters would make another one. Take it, let the model read and answer once more, take it
# again.

# %%
import hashlib

import torch


def fingerprint():
    digest = hashlib.sha256()
    for weight in lab.lm.model.parameters():
        digest.update(weight.detach().cpu().contiguous().flatten().view(torch.uint8).numpy().data)
    return digest.hexdigest()


before = fingerprint()
read = answer_with_rag(question.text, search_for(1), write, PROMPT)
asked_again = write(closed_book(question.text))
print("same weights, bit for bit:", fingerprint() == before)
print("with the page:", read.text)
print("closed book, right after it:", asked_again.text, "(as at the start)" if asked_again.text == guess.text else "")

# %% [markdown]
# ## Break it: nothing to find
#
# Search always returns something, however far from the question. Two ways to use that against our system:
#
# - ask what the handbook doesn't say (the dev questions without an answer),
# - ask what it does say, and take the gold passage away.
#
# Both times the only right answer is "I don't know.", as the instructions say. Look at how often it comes, and read the
# examples.

# %%
nothing = [q for q in lab.company.split("dev") if not q.answers]
robbed = live[: len(nothing)]
deep = retrieve([q.text for q in robbed], 2 * MORE)
without = [[hit for hit in hits if not holds_evidence(hit, q)][:1] for hits, q in zip(deep, robbed)]
cases = {"the handbook doesn't say": (nothing, find_passages(retrieve, nothing, 1)),
         "the gold passage taken away": (robbed, (without, None))}
for case, (asked, found) in cases.items():
    given = ask_with_passages(lab.lm, asked, found, PROMPT, case)
    admitted = sum(abstains(answer.text) for answer in given)
    print(f"{case}: {admitted} of {len(given)} say that they don't know, {len(given) - admitted} answer all the same")
    for answer, q in list(zip(given, asked))[:2]:
        print(f"    {q.text}\n    → {answer.text!r}, before it: “{pages[answer.hits[0].chunk.doc_id].title}”")

# %% [markdown]
# An answer with a number in brackets looks just the same whether the passage behind it answers the question or is
# merely the nearest there was. (Does an answer speak of a kiln? That is the worked example from the prompt, see *What the
# model reads*: with nothing to copy from the passage, the model copies that.) Abstaining is a skill of its own; an instruction alone may not be enough to give it to a
# small model. A later lesson trains it.
#
# ## The table
#
# Two dozen live answers are few. These rows were saved by a run of the whole course, on every test question that has an
# answer; `rag` and `oracle` read one passage, which is what did best on dev. `oracle` is what we called `gold`. And
# there is a newcomer, `search`: no language model at all, the best passage just as it stands. Whoever adds a model to a
# search should ask what it adds.
#
# With one passage, the last two columns say: of all answers, how many name a passage that holds the answer, and how
# many do that *and* are right?

# %% tags=["nbval-check-output"]
from utils.data import DATA
from utils.measure.results import read_results

provenance, saved = read_results(DATA / "results" / "comparison.jsonl", lab.company.sha256)
everyone = cluster_of(lab.company.questions)
lines, rows_of = {}, {}
for name in ("base", "rag", "oracle", "search"):
    rows_of[name] = rows = [r for r in saved if r["system"] == name and not r["after"] and r["em"] is not None]
    found = [bool(row["gold_retrieved"]) for row in rows]
    sourced = [f and (name == "search" or bool(row["cited"])) for row, f in zip(rows, found)]
    lines[name] = {"right": str(estimate(rows, lambda row: row["correct"], everyone)),
                   "not found": sum(not row["correct"] and not f for row, f in zip(rows, found)),
                   "misread": sum(not row["correct"] and f for row, f in zip(rows, found)),
                   "names a holding passage": f"{sum(sourced) / len(rows):.2f}",
                   "and is right": f"{sum(s and row['correct'] for row, s in zip(rows, sourced)) / len(rows):.2f}"}
print(f"{len(rows)} test questions\n{pd.DataFrame(lines).T.to_string()}")

# %% tags=["nbval-check-output"]
for ours, theirs in (("rag", "base"), ("oracle", "rag"), ("search", "rag")):
    gap = difference(rows_of[ours], rows_of[theirs], lambda row: row["correct"], everyone)
    sure = f"{ours} is ahead" if gap.low > 0 else f"{theirs} is ahead" if gap.high < 0 else "not told apart"
    print(f"right, {ours} minus {theirs}: {gap}  {sure}")
lost, misread = lines["rag"]["not found"], lines["rag"]["misread"]
print(f"Of the {lost + misread} wrong answers of rag, {misread} had the gold passage in front of the model:",
      "most are the reader's." if misread > lost else "most are the search's." if lost > misread else "half and half.")

# %% [markdown]
# If `search` is ahead of `rag`, that is no mistake in the table. A passage that holds the answer holds it whatever the
# model makes of it. (For `search`, "misread" means that a look-alike stands in the same passage; the mark is strict,
# and a person would often read it right.) A small reader can *lose* answers that were found. What it gives in return is
# a short sentence in place of a paragraph, and only if it's right is that a service.
#
# ## What this does not show
#
# - **One small model.** Larger ones read better, but don't read everything: a 13-billion-parameter model answered 83 %
#   of questions with the gold document alone, and 53 to 69 % among twenty, depending on where it stood (Liu et al.
#   2023, arXiv 2307.03172).
# - **Two dozen live answers.** They separate closed book from gold passage, hardly one prompt from another. Lesson 10
#   compares on all test questions.
# - **What made the answer change.** Taking a passage away also shortens the prompt and moves the others up; the control
#   shares the first, not wholly the second.
# - **That RAG is current.** Nothing has changed yet; lesson 8 revises the handbook.
#
# ## Exercises
#
# Solutions: [solutions/02_rag_finds_then_reads.ipynb](solutions/02_rag_finds_then_reads.ipynb)

# %% [markdown] tags=["exercise"]
# **1. Easy.** Write `sources(answer)`: for each passage that the answer cites, `(title of its page, start, end)`, each
# once, in the order of the citations. A number that no passage has leads nowhere and is left out.
#
# *Hint 1:* `cited_numbers(answer.text)` gives the numbers, each once and in order; `answer.hits` are the passages that
# were shown. Which numbers can lead somewhere, if so and so many were shown? Test that before you look anything up.
#
# *Hint 2:* People count from 1 and lists from 0; and what would a list do with the number 0 minus 1? The passage of a
# hit is `hit.chunk`, with `doc_id`, `start` and `end`; `pages[doc_id].title` is a title.

# %% tags=["stub"]
from utils.measure.metrics import cited_numbers

def sources(answer):
    return None  # your code

# %% tags=["solution"]
from utils.measure.metrics import cited_numbers

def sources(answer):
    shown = [answer.hits[n - 1].chunk for n in cited_numbers(answer.text) if 1 <= n <= len(answer.hits)]
    return [(pages[chunk.doc_id].title, chunk.start, chunk.end) for chunk in shown]

# %% tags=["exercise"]
from utils.records import Answer

two = tuple(retrieve([question.text], 2)[0])
places = [(pages[hit.chunk.doc_id].title, hit.chunk.start, hit.chunk.end) for hit in two]
cases = {"Six days [2]": [places[1]], "Six [2] or seven [1] [2]": places[::-1], "Six days": [], "Six [0] days [7]": []}

def led_to(text):
    """Where the answer leads; in words, if to an error."""
    try:
        found = sources(Answer(text, two))
        return found if found is None else [tuple(place) for place in found]
    except (IndexError, TypeError) as problem:
        return f"an error, “{problem}”"

wrong = [text for text in cases if led_to(text) != cases[text]]
print(f"Not yet: {wrong[0]!r} with two passages shown should lead to {len(cases[wrong[0]])} place(s), each as "
      f"(title, start, end). Yours leads to {led_to(wrong[0])}." if wrong else
       f"Right. The first example leads to “{places[1][0]}”, characters {places[1][1]} to {places[1][2]}.")

# %% [markdown] tags=["exercise"]
# **2. Middle.** Some pages aren't for everyone. Write `leave_out(doc_id)`: it returns a search like `retrieve`, a
# function of texts and k, that never returns a passage of that page and still gives k passages. Is leaving a page out
# of the search enough to keep it secret?
#
# *Hint 1:* A search is a function of (texts, k). You can wrap the old one, or build a new one from fewer passages.
# `retrieve` is a black box, but you may ask it for more than k.
#
# *Hint 2:* If you ask first and drop afterwards, think of the worst case: how many passages of that page could stand
# above the ones you want? `chunks` holds all passages, so you can count.

# %% tags=["stub"]
def leave_out(doc_id):
    return retrieve  # your code

# %% tags=["solution"]
def leave_out(doc_id):
    n_own = sum(chunk.doc_id == doc_id for chunk in chunks)

    def search(texts, k):
        return [[hit for hit in hits if hit.chunk.doc_id != doc_id][:k] for hits in retrieve(texts, k + n_own)]

    return search

# %% tags=["exercise"]
def complaint(page):
    """What is wrong with the search that leaves this page out; None if nothing is."""
    texts, n_left = [q.text for q in dev], sum(chunk.doc_id != page for chunk in chunks)
    all_found = [[hit.chunk for hit in hits if hit.chunk.doc_id != page] for hits in retrieve(texts, len(chunks))]
    search = leave_out(page)
    for k in (1, MORE, n_left):
        try:
            lists = [[hit.chunk for hit in hits] for hits in search(texts, k)]
        except (AttributeError, TypeError, ValueError) as problem:
            return f"for k = {k} and {page} it stops at “{problem}”; it should give k hits a text, as retrieve does"
        leaks = sum(chunk.doc_id == page for found in lists for chunk in found)
        short = len(dev) - sum(len(found) == len(set(found)) == k for found in lists)
        if leaks or short:
            return f"{leaks} passages of {page} still come through, {short} lists don't have k = {k} passages"
        if sum(found[0] == other[0] for found, other in zip(lists, all_found)) < len(dev) / 2:
            return "most lists don't begin with what retrieve puts first among the other pages"

problem = complaint(question.evidence[0].doc_id) or complaint(dev[0].evidence[0].doc_id)
print(f"Not yet: {problem}." if problem else "Right: nothing of the page, and k passages each, up to all the others.")

# %% [markdown] tags=["solution"]
# In the worst case all passages of the page stand on top, so k and their number is deep enough. (Leaving them out
# *before* the index is built works too, and needs an index for each group of readers.) Either way the page can't reach
# the prompt, so the model can't quote it: nothing of it ever was in the model, as the fingerprint showed. That holds as
# long as *every* way to the page is closed: another page may repeat its facts.

# %% [markdown] tags=["exercise"]
# **3. Open.** Can you write better instructions? `my_prompt(question, hits)` returns the conversation: a list of
# `{"role": ..., "content": ...}` with every passage, numbered, and the question in it. The check tells you how many of
# a dozen dev questions it answers right from one passage, beside the course's prompt. Beware of believing small
# differences.
#
# *Hint 1:* Start from the messages that `with_passages(question, hits)` gives and print them. Change one thing:
# another instruction, the question first, "quote the sentence". Run, and write down both counts before the next
# change.
#
# *Hint 2:* What is easiest for a model that goes along with what stands before it: to word an answer, to copy a
# sentence, or to follow an example? Whatever you choose, all passages and the question have to stay in.

# %% tags=["stub"]
def my_prompt(question, hits):
    return None  # your code

# %% tags=["solution"]
def my_prompt(question, hits):
    numbered = "\n".join(f"[{number}] {hit.chunk.passage}" for number, hit in enumerate(hits, 1))
    order = "Copy the one sentence that answers the question, word for word, and the passage's number after it, like [1]."
    user = f"{numbered}\n\nQuestion: {question}\n{order}"
    return [{"role": "system", "content": order}, {"role": "user", "content": user}]

# %% tags=["exercise"]
from functools import reduce
from utils.measure.metrics import is_correct
from utils.systems import ask_with_passages, find_passages
hits, sample = retrieve([question.text], 2)[0], dev[::4]
messages = my_prompt(question.text, hits) or []
turns = [isinstance(message, dict) and {"role", "content"} <= {*message} for message in messages]
content = " ".join("\n".join(message["content"] for message in messages).split()) if all(turns) else ""
parts = [" ".join(part.split()) for hit in hits for part in (hit.chunk.text, hit.chunk.context)]
around = reduce(lambda text, part: text.replace(part, ""), [*parts, question.text], content)
complaints = {'it returns no list of {"role": ..., "content": ...}': not content,
              "a passage, or the headings above it, is missing": any(part not in content for part in parts),
              "the question is missing": question.text not in content, "the passages have no numbers": "2" not in around}
if any(complaints.values()):
    print(f"Not yet: {next(text for text, found in complaints.items() if found)}.")
else:
    for name, prompt in (("yours", my_prompt), ("the course's", PROMPT)):
        given = ask_with_passages(lab.lm, sample, find_passages(retrieve, sample, 1), prompt)
        n_right = sum(is_correct(a.text, q.answers, q.wrong_answers) for a, q in zip(given, sample))
        print(f"Right: a conversation with all it needs; {name} answers {n_right} of {len(sample)} questions right"
              if prompt is my_prompt else f"       {name} answers {n_right} of {len(sample)}; e.g. {given[0].text!r}")

# %% [markdown] tags=["solution"]
# Copying a sentence is easier for a small model than wording an answer, but a whole sentence brings more values along,
# and one of them may be a look-alike. Whichever comes out ahead on a dozen questions, the next dozen may turn it round:
# choose on all dev questions, and report on test questions that you looked at once.

# %% [markdown]
# ## Takeaways
#
# - RAG is a few lines around two functions: **find**, then **read**. Both must succeed, and a wrong answer looks the
#   same whichever failed. Mark the gold passage and you can tell them apart: was it in front of the model or not?
# - More passages miss fewer answers, but an untrained reader leans towards the one that stands nearest to the
#   question: try the order before you blame the number. What remains wrong with the gold passage alone in front is the
#   model's own limit (R7).
# - A citation is generated text. It gives you something to check, with a page, a date and the characters; it isn't the
#   check (R2). Hold it against a habit, and take the cited passage away.
# - Search always finds something, also where there's nothing to find. Whether the model notices is another count.
# - Not a bit of the model changed: the handbook stayed outside it all along (R9).
#
# **Next** [lesson 3](03_vectors_find_meaning.ipynb) opens the black box: how does a search find a passage that shares
# no word with the question?
