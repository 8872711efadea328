# %% [markdown]
# # 0. Start here: a rule changes, and not everyone notices

# %% [markdown]
# {{navigation}}

# %% [markdown]
# **Question** An assistant can look things up in your pages, or be trained on them, or both. Then somebody changes a
# rule. Who notices?
#
# **You will be able to** say what each of the five systems of this course does, change a page and count who goes along
# with it, and bet on a promise before you see it tested.
#
# **Minutes** About two of computing on two cores, without a GPU; three quarters of an hour with reading and exercises.
# Nothing is trained here: two trained models come with the course. You need to read a little Python, and nothing else.
#
# **Promises tested** None is settled yet. This course takes the promises of a popular beginner's guide to RAG and
# fine-tuning and measures them. Today you bet on ten of them, and see two at work: RAG is always current (R1), a
# fine-tuned model goes out of date (F6).
#
# {{pipeline: documents, answer}}
#
# Every lesson begins with that line, its own part in bold. Read it like this: pages are cut and searched for passages,
# *or* examples train an adapter; from either a model answers, and the answers are measured.

# %%
# {{setup}}

# %% [markdown]
# ## How to take this course
#
# - **Alone:** in order, about an hour a lesson. Each one also runs by itself.
# - **In half a day:** the lessons marked ● below. They tell the whole story once.
# - **In a class:** say your predictions aloud before anybody runs the cell. Being wrong together is half the fun.
#
# Run the cells from top to bottom (Shift+Enter) and read what they print; it may differ a little on your machine. Every
# lesson asks you to **predict** something: write it down. At its end are exercises, whose checks say "Not yet" until you
# have solved them, and there are solutions to compare with. Missed a lesson? Open the next one all the same:
# each runs by itself.
#
# The map, as it stands in the README:

# %%
import re
from html import escape
from pathlib import Path

from IPython.display import HTML, display

LINE = re.compile(r"\| (\*\*)?\[(.+?)\]\(notebooks/(\S+?)\)(?:\*\*)? \| (.+?) \| (\d+) \|")
lines = []
for line in Path("../README.md").read_text(encoding="utf-8").splitlines():
    if found := LINE.match(line):
        half_day, title, file, asks, minutes = found.groups()
        link = f'<a href="{escape(file)}">{escape(title)}</a>'
        lines.append(["●" if half_day else "", link, escape(asks), minutes])
cells = ["".join(f'<td style="text-align: left">{cell}</td>' for cell in line) for line in lines]
head = "<th>half a day</th><th>lesson</th><th>the question it answers</th><th>minutes of computing</th>"
display(HTML(f"<table><tr>{head}</tr>{''.join(f'<tr>{line}</tr>' for line in cells)}</table>"))

# %% [markdown]
# ## Your machine
#
# The model of this course is tiny, so that it runs anywhere. The last word of the first line is the **number format** in
# which your machine multiplies faster; the cell has just measured it. Another format means slightly other answers, so the
# texts below may differ from a neighbour's.

# %%
from utils.machine import GIB, cores, free_memory, pick_device, pick_dtype

HERE, TRAINING_NEEDS = 2.5, 4  # GiB of free memory: for this lesson, and for those that train

free = free_memory() / GIB
print(f"{cores()} cores, {free:.1f} GiB of memory free, computing on {pick_device()}, numbers as {pick_dtype()}")
if free < HERE:
    print(f"This lesson wants {HERE} GiB: close other programs first, above all the browser tabs you don't need.")
elif free < TRAINING_NEEDS:
    print(f"Enough for this lesson. The ones that train want {TRAINING_NEEDS} GiB: close other programs before those.")
else:
    print("Enough for every lesson.")

# %% tags=["setup"]
from dataclasses import replace

import pandas as pd
from IPython.display import display

from utils.answer.generation import generate
from utils.comparison import ask, condition_of
from utils.data import DATA, load_company
from utils.files import read_json, write_json
from utils.lab import READING, SEARCH, open_lab
from utils.measure.evaluation import cluster_of, difference, score
from utils.measure.metrics import contains
from utils.measure.results import read_results
from utils.measure.summary import COLUMNS
from utils.report import caption, table_of
from utils.retrieve.chunking import chunk_documents
from utils.retrieve.retriever import build_retriever
from utils.shipped import shipped_adapter
from utils.systems import citations
from utils.tune.lora import merge_adapter

# %% tags=["setup"]
QUESTION = "people-019-t1"  # the question we follow; any question of the classroom that has an answer will do
DOC = "people-private-vehicle"  # the page that we change
OLD, NEW = "18 days", "25 days"  # the value on that page, and the value to put in its place
N_REAL = 12  # questions about the company's own revision, each about another rule; every one more costs a few seconds

lab = open_lab()  # the company, the search and the model
by_id = {question.question_id: question for question in lab.company.questions}
provenance, saved = read_results(DATA / "results" / "comparison.jsonl", lab.company.sha256)
pd.set_option("display.max_colwidth", None)  # show texts whole



# %% [markdown]
# ## Meet Larkspur
#
# Larkspur makes outdoor gear and guides treks. It doesn't exist, and that is the point: no model can have read about it,
# so whatever a model knows of it, it knows from us. Four **desks**, or departments, write its pages.

# %% tags=["nbval-check-output"]
WRITES = {"customer": "what customers may expect: returns, repairs, treks", "people": "the staff handbook",
          "legal": "contracts with suppliers", "clinic": "the health rules for people in the field"}
whole = load_company()
then = {document.doc_id: document for document in whole.documents_after}
for desk, writes in WRITES.items():
    pages = [page for page in whole.documents if page.desk == desk]
    n_revised = sum(then[page.doc_id] != page for page in pages)
    n_test = sum(question.desk == desk for question in whole.split("test"))
    print(f"{desk:8}  {len(pages):2} pages, {n_revised:2} of them revised next year, {n_test:3} test questions: {writes}")
n_pages, n_test = len(lab.company.documents), len(lab.company.split("test"))
print(f"\nThe lessons use a part of it, the classroom: {n_pages} pages of the staff handbook, {n_test} test questions.")

# %% [markdown]
# Here is one page, whole, and one question about it. Answer the question yourself before you read the lines below it. How
# many other numbers on the page could a hasty reader take for the answer?

# %% tags=["nbval-check-output"]
question = by_id[QUESTION]
page = next(document for document in lab.company.documents if document.doc_id == question.evidence[0].doc_id)
print(page.text)
print("question:  ", question.text)
print("accepted:  ", ", ".join(question.answers))
print("look-alike:", ", ".join(question.wrong_answers))
print("quote:     ", question.evidence[0].quote)

# %% [markdown]
# An answer counts as right when an accepted value stands in it and no look-alike does. No judgement is asked for, neither
# ours nor a model's: a program compares words.
#
# Eight words come up everywhere in this course. Don't learn them; come back when you meet one.
#
# | word | what it means here |
# |---|---|
# | **passage** | a piece of a page, about two sentences with the headings above; what a search finds and a model reads |
# | **index** | the passages, prepared so that a search finds the nearest ones at once; made from the pages in seconds |
# | **adapter** | a small file of numbers made by training, laid beside the model's own |
# | **closed book** | asked with the question alone and nothing to read |
# | **gold** | what we mark with: the accepted answers, and the quote on the page that holds them |
# | **abstain** | to say "I don't know."; right where no page has the answer, wrong elsewhere |
# | **stale** | the old answer, given after the rule has changed |
# | **seed** | the number from which a training draws its random choices; another seed makes a slightly other model |
#
# ## Five systems
#
# All five are the same small model. They differ in two things: what lies in front of it, and whether it was trained.
#
# | system | what it reads | training |
# |---|---|---|
# | `base` | the question | none |
# | `rag` | the question and the best passage found | none |
# | `ft` | the question | on questions and answers about the pages |
# | `ft+rag` | the question and the best passage found | the same as `ft` |
# | `raft` | the question and the best three passages | on questions *with* passages, so that it learns to read |
#
# RAG is short for retrieval-augmented generation: search first, then write. The next cell draws the line from the top of
# this lesson as a picture. Three arrows lead into *answer*, where the model works. The middle one is the question. On the
# upper one passages arrive, on the lower one an adapter that was made from examples. `base` takes the middle one alone,
# `rag` also the upper, `ft` also the lower. `ft+rag` and `raft` take all three, and differ in the examples. The cell also
# checks the two adapters that come with the course (are they whole, and made for this model and this company?) and puts
# each into a copy of the model.

# %% tags=["setup"] alt="Diagram of arrows: pages and question lead to retrieve, which hands passages to answer; examples lead to tune, which hands an adapter to answer; the question also leads straight to answer; answers go to measure."
from utils.diagrams import draw_pipeline

SYSTEMS = ["base", "rag", "ft", "ft+rag", "raft"]
FOUR = SYSTEMS[1:]  # those that know something, or can read it
models = dict.fromkeys(SYSTEMS, lab.lm)
for arm in ("ft", "raft"):
    folder = shipped_adapter(lab, arm)
    about = read_json(folder / "manifest.json")
    examples, seed = about["counts"]["examples"], about["settings"]["seed"]
    print(f"{arm:4}  whole, and it fits: learned from {examples} examples with seed {seed}, shipped on {about['date']}")
    models[arm] = merge_adapter(lab.lm, folder)
models["ft+rag"] = models["ft"]
figure = draw_pipeline()

# %% [markdown]
# ## Bet on the guide
#
# Before you see anything: what do you believe? Below stand ten promises (and warnings) of the guide in our words; the
# letter says what one is about (R: RAG, F: fine-tuning, B: both). Put `True` or `False` where you are sure, or a number
# from 0 to 1: `0.8` says that you would bet four to one on it. Leave `None` where you have no idea. The second cell
# keeps your bets in a small file for the last lessons, where the promises are settled. Run both again whenever you
# like: a `None` never wipes out an earlier bet.

# %%
bets = {
    "R1 A system that looks things up is up to date as soon as its pages are, even with the old ones still about": None,
    "R2 Nine of ten of its right answers cite a page that says so": None,
    "R4 Taking in a change costs it less than a tenth of the computing that a trained model needs": None,
    "R6 With a worse search it gives clearly fewer right answers": None,
    "F1 A trained model answers in half the time of one that looks things up, or less": None,
    "F5 Training needs several wordings of every fact, not just one": None,
    "F6 When a rule changes, a trained model goes on giving the old answer": None,
    "F7 A trained model knows its facts, also asked the other way round or two at a time": None,
    "F8 Training is for good: you can't take it back": None,
    "B1 Both together are clearly ahead of the better of the two, once rules have changed": None,
}

# %%
placed = {promise.split()[0]: bet for promise, bet in bets.items() if bet is not None}
for promise, bet in placed.items():
    if not isinstance(bet, (bool, int, float)) or not 0 <= bet <= 1:
        raise ValueError(f"{promise}: {bet!r} is no bet; use True, False, or a number from 0 to 1")
path = lab.work / "bets.json"
kept = {**(read_json(path) if path.exists() else {}), **{promise: float(bet) for promise, bet in placed.items()}}
if placed:
    write_json(path, kept)
print(f"{len(kept)} of {len(bets)} bets placed", *(f"· {promise} {bet:g}" for promise, bet in kept.items()))
if not placed:
    print("The cell above holds no bet: put a number in place of a None, and run both cells again.")

# %% [markdown]
# ## Predict
#
# Nothing is trained from here on. We ask all five systems our question. Then we change one number on the page, make the
# index anew, and ask again. **Which of the five will give the new number, and which the old one?** Write down five words,
# one a system: *new*, *old*, or *neither*.
#
# ## One question, five systems
#
# First `rag` alone, by hand, in four lines: find, ask, render, generate. (`retrieve[False]` searches the pages before
# the change, `retrieve[True]` those after it; *render* writes the conversation down in the form that the model was
# brought up on.) Read the passage as the model gets it: does it hold the answer? The last line makes sure that the
# `ask` of `utils` does nothing else; we use that from here on.

# %%
hits = lab.retrieve[False]([question.text], READING["rag"].k)[0]
conversation = READING["rag"].prompt(question.text, hits)
prompt = lab.lm.tokenizer.apply_chat_template(conversation, tokenize=False, add_generation_prompt=True)
by_hand = generate(lab.lm, [prompt])[0].text

print(conversation[-1]["content"])
print("\nrag:", by_hand)
assert by_hand == ask(lab, "rag", lab.lm, [question], after=False)[0].text

# %%
def side_by_side(lab, question, after):
    """One row a system: its answer, what lay in front of it, and the seconds it took."""
    rows = []
    for system, lm in models.items():
        answer = ask(lab, system, lm, [question], after)[0]
        cited = citations(system, answer)
        rows.append({
            "system": system,
            "answer": answer.text,
            "pages it was shown": ", ".join(dict.fromkeys(hit.chunk.doc_id for hit in answer.hits)) or "none",
            "pages it cites": "can't cite" if cited is None else ", ".join(cited) or "none",
            "seconds": f"{(answer.retrieve_s or 0) + answer.prefill_s + answer.decode_s:.1f}",
        })
    return rows

# %%
from utils.show import show_lines

before = side_by_side(lab, question, after=False)
print(f"{question.text}\nOn the page: {question.answers[0]}")
show_lines(before)

# %% [markdown]
# Go through the rows and ask of each answer where it can come from. `base` has never seen Larkspur: what it says is
# made up, and it may sound as sure as the others. `ft` was shown no page, so what it knows, it has in its **weights**,
# the numbers inside the model. The others had a page to go by, and some *cite* it: the number in brackets leads back to
# a page, which you can check. The seconds are for one question alone; the tables of this course ask sixteen at a time,
# and give each its part.
#
# ## Change the page
#
# Now be the person who edits the handbook. `DOC`, `OLD` and `NEW` stand in the settings above: the page, the value on it,
# and the value to put in its place. Change them later as you like; nothing on your disk is touched, for we work on a copy
# in memory. With the page, the accepted answers of the questions about that value change too. Then the index is made
# anew. That is all there is to "updating" a RAG system.

# %% tags=["setup"]
def change_pages(lab, documents, questions):
    """The same lab, but after the change its pages are `documents`; `questions` say what is right then."""
    chunks = chunk_documents(documents)
    company = replace(lab.company, documents_after=tuple(documents), questions=tuple(questions))
    return replace(lab, company=company, retrieve={**lab.retrieve, True: build_retriever(chunks, lab.embed, SEARCH)})


def mark(question, doc_id, old, new):
    """The question as it has to be marked when `doc_id` says `new` instead of `old`. None: nothing changes for it."""
    quotes = question.evidence
    about = any(item.doc_id == doc_id and old in item.quote for item in quotes)
    if not about or not any(contains(old, answer) for answer in question.answers):
        return replace(question, answers_after=None, evidence_after=None)
    after = tuple(replace(item, quote=item.quote.replace(old, new)) for item in quotes)
    others = tuple(value for value in question.wrong_answers if not contains(new, value))
    return replace(question, answers_after=(new,), evidence_after=after, wrong_answers=others)

# %% tags=["setup"]
def edit(lab, doc_id, old, new):
    """(the lab after one value on one page has changed, the questions about that value)."""
    texts = {document.doc_id: document.text for document in lab.company.documents}
    if old not in texts.get(doc_id, ""):
        raise ValueError(f"{doc_id} doesn't say {old!r}: copy the words from the page, or choose one of {', '.join(texts)}")
    edited = {doc_id: texts[doc_id].replace(old, new)}
    pages = [replace(page, text=edited.get(page.doc_id, page.text)) for page in lab.company.documents]
    questions = [mark(question, doc_id, old, new) for question in lab.company.questions]
    about_it = [question for question in questions if question.answers_after]
    if not about_it:
        raise ValueError(f"no question asks for {old!r} on {doc_id}: give the whole value that is an answer, and no more")
    if any(contains(new, answer) for question in about_it for answer in question.answers):
        raise ValueError(f"{new!r} is the old value over again: give another one")
    return change_pages(lab, pages, questions), about_it

# %%
import time

start = time.perf_counter()
edited, about_it = edit(lab, DOC, OLD, NEW)
print(f"{DOC}: {OLD} is now {NEW}, and the new index is there after {1000 * (time.perf_counter() - start):.0f} ms")
asked = next(question for question in about_it if question.split == "test")
rows = side_by_side(edited, asked, after=True)
if asked.text != question.text:  # another question than the one above: ask it before the change, too
    before = side_by_side(edited, asked, after=False)
for row, earlier in zip(rows, before):
    row["answer before"] = earlier["answer"]
    row["noticed"] = "new" if contains(row["answer"], NEW) else "old" if contains(row["answer"], OLD) else "neither"
print(f"\n{asked.text}")
columns = ("system", "answer before", "answer", "noticed", "pages it was shown")
show_lines([{name: row[name] for name in columns} for row in rows])

# %% [markdown]
# Hold the column "noticed" against your five words. Where it says *old*, look at the last column: did the system have the
# changed page in front of it, and answer from memory all the same?
#
# ## Who notices? All the questions about that page
#
# One question is an anecdote. The next cell asks every question there is about this page, in all wordings: those about
# the value that we changed, and, as a control, those about its other rules, which the edit leaves alone. These are asked
# after the edit only, so a low count there says how well a system reads or remembers this page, not what the edit did.
# (`ft` was trained on four of the seven wordings of each fact, which the data calls `train`. That is no unfair help: it
# shows what training on them does.)
#
# `base` sits out from here: it has nothing to notice with. Three small functions first: `rows_of` asks and marks, `said`
# puts an answer into one of four boxes, and `tally` counts.

# %% tags=["setup"]
BOXES = ["new value", "old value", "I don't know", "something else"]


def rows_of(lab, system, questions):
    """One marked answer a question, after the change."""
    answers, label = ask(lab, system, models[system], questions, after=True), condition_of(system, 1, True, None)
    return [score(answer, question, label, None) for answer, question in zip(answers, questions)]


def said(row):
    """Which of the boxes an answer about a changed rule belongs in."""
    if row["abstained"] or row["stale"]:
        return "I don't know" if row["abstained"] else "old value"
    return "new value" if row["correct"] else "something else"


def tally(answers):
    """How many answers in each box; a line a system. `answers`: system → rows."""
    counts = {system: [sum(said(row) == box for row in rows) for box in BOXES] for system, rows in answers.items()}
    return pd.DataFrame.from_dict(counts, orient="index", columns=BOXES)

# %%
others = [q for q in edited.company.questions if q.evidence and q.evidence[0].doc_id == DOC and q.answers_after is None]
answers = {system: rows_of(edited, system, about_it) for system in FOUR}
unchanged = {system: sum(row["correct"] for row in rows_of(edited, system, others)) for system in FOUR}
table = tally(answers)
display(table.assign(**{f"other rules: right, of {len(others)}": unchanged}))
for word, box, other in (("Noticed", *BOXES[:2]), ("Did not notice", *BOXES[1::-1])):
    names = [system for system in FOUR if table.loc[system, box] > table.loc[system, other]]
    print(f"{word} (more often the {box} than the {other}, of {len(about_it)} questions): {', '.join(names) or 'none'}")

# %% [markdown]
# The last column keeps us honest: it says how well a system does on the rules of this page that nobody has touched. To
# notice a change is one thing. To be right is another.
#
# ## The company's own revision
#
# You changed one value. Larkspur revises many of its pages next year, and polishes the sentences as it goes. Here are a
# dozen questions whose answer changes, each about another rule, spread over the classroom. In the figure, look for the
# systems whose bar is mostly striped: they had last year's answer, and gave it.

# %%
changed = {q.fact_id: q for q in reversed(lab.company.split("test")) if q.answers_after}  # the first wording of each rule
rules = list(changed.values())
dozen = [rules[number * len(rules) // N_REAL] for number in range(N_REAL)]
answers = {system: rows_of(lab, system, dozen) for system in FOUR}
table = tally(answers)
old = {row["question_id"] for row in answers["ft"] if row["stale"]}
page_shown = [row for row in answers["ft+rag"] if row["question_id"] in old and row["gold_retrieved"]]
n_stuck, n_read = (sum(bool(row[key]) for row in page_shown) for key in ("stale", "correct"))
print(f"ft gives last year's answer to {len(old)} of {len(dozen)}.")
print(f"On {len(page_shown)} of these {len(old)}, ft+rag had the new passage in front of it.")
print(f"It gave the old answer all the same to {n_stuck} of them, and the new one to {n_read}.")
table

# %% alt="Stacked bars, one per system: how many of the changed questions get the new value, the old value, I don't know, or something else. The table above holds the counts."
import matplotlib.pyplot as plt

from utils.measure.plots import BLUE, GREY, ORANGE

figure, axis = plt.subplots(figsize=(8, 2.5), layout="constrained")
start = pd.Series(0, index=FOUR)
for box, colour, hatch in zip(BOXES, (BLUE, ORANGE, "white", GREY), ("", "///", "", "...")):
    axis.barh(FOUR, table[box], left=start, color=colour, hatch=hatch, edgecolor="black", linewidth=0.6, label=box)
    start = start + table[box]
axis.set(xlim=(0, len(dozen)), xlabel=f"of {len(dozen)} questions whose answer the revision changes")
axis.set_title("What each system says afterwards")
axis.legend(frameon=False, loc="upper left", bbox_to_anchor=(1, 1))
axis.invert_yaxis()
axis.spines[["top", "right"]].set_visible(False)

# %% [markdown]
# ## Break it: take the page away
#
# Rules are not only changed, they are dropped. We take our page out of the handbook altogether and ask the same questions
# again. Nothing that the systems can read holds the answer now, so the only right answer is "I don't know." Before you
# run the cell: which systems will still recite the value, and what will the readers say, who now get another page to
# read?

# %%
left = [document for document in lab.company.documents if document.doc_id != DOC]
dropped = [replace(question, answers_after=(), evidence_after=()) for question in about_it]
without = change_pages(lab, left, lab.company.questions)
answers = {system: rows_of(without, system, dropped) for system in FOUR}
display(tally(answers)[BOXES[1:]])
for system in ("rag", "ft+rag", "raft"):
    n_pages = len({name for row in answers[system] for name in row["retrieved"]})
    texts = [row["answer"] for row in answers[system] if said(row) == "something else"]
    print(f"{system:6} now reads passages of {n_pages} other pages" + (f"; one answer: {texts[0]}" if texts else ""))
reciting = [system for system in FOUR if tally(answers).loc[system, "old value"]]
print("\nStill state the value of a page that is gone:", ", ".join(reciting) or "none")

# %% [markdown]
# A page can be deleted. What was learned from it can't be deleted in the same way. And a reader without the right page
# may take the next best one and answer from it, with a source that looks serious. Both will come back in later lessons.
#
# ## The table
#
# Now away from our few questions, to all of them. These rows were saved by a run of the whole course: every test
# question of the classroom, several training seeds, before and after the revision. Each cell is a share with its **95 %
# interval**: how far it might move with other pages and other seeds of the same sort. The lines below it make the
# question of this lesson a number: *new* answers minus *old* ones, over the changed questions that still have an
# answer. Above zero, a system goes along with the change; below zero, it holds on to the past.

# %% tags=["nbval-check-output"]
overall = table_of(lab.company, saved)
display(overall.loc[SYSTEMS, ["right", "new", "stale"]].map(str).rename(columns=COLUMNS))
print("; ".join(caption(provenance, saved).split("; ")[:2]) + ".\n")
clusters = cluster_of(lab.company.questions)
for system in SYSTEMS:
    rows = [row for row in saved if row["system"] == system and row["stale"] is not None and row["em"] is not None]
    new, old = ([row | {"mark": row[field]} for row in rows] for field in ("correct", "stale"))
    gap = difference(new, old, lambda row: row["mark"], clusters)
    verdict = "notices" if gap.low > 0 else "holds on to the past" if gap.high < 0 else "can't be told"
    if not any(row["correct"] or row["stale"] for row in rows):
        verdict = "knew neither answer"
    print(f"{system:6} new minus old {gap}, n = {gap.n} answers: {verdict}")

# %% [markdown]
# ### Behind the table
#
# Each share stands for answers that somebody would have got. Here is one question whose answer the company's revision
# changes, with the saved answers of all five (of the trained ones, those of seed 1). Go down the column *after*: who
# noticed? Who had the page and gave the old answer all the same? The seconds are each answer's part of a batch of sixteen.
#
# *Optional:* with `INTERACTIVE = True` the cell also shows a menu with every test question, where the notebook runs live.
# No model is asked, so it answers at once. How many questions does it take until you would bet on one of the five?

# %% tags=["nbval-check-output"]
from utils.show import show_answers

INTERACTIVE = False  # True, and run this cell again: a menu for the question
first_seed = [row for row in saved if row["seed"] in (None, 1) and row["system"] in SYSTEMS]


def behind(question):
    """What the five said to it, before and after the revision."""
    rows = [row for row in first_seed if row["question_id"] == question]
    return show_answers(by_id[question], *([row for row in rows if row["after"] == after] for after in (False, True)))


display(behind("people-016-t1"))
if INTERACTIVE:
    from ipywidgets import interact

    interact(behind, question=[(q.text, q.question_id) for q in lab.company.split("test")])

# %% [markdown]
# ## What this does not show
#
# - **Your edit is one edit.** We chose the page so that most systems had something to say about it. The dozen and the
#   table are there because of that.
# - **Noticing is not being right.** A system can drop the old value and still miss the new one. Hold its "new" against 1.
# - **A tidy change.** The old page was gone when the new one came. Where both lie in the index, the readers have a harder
#   time.
# - **One small model.** What 135 million numbers can't do, larger models may; the lessons give their figures where others
#   measured them.
# - **One kind of training.** `ft` learned questions and answers. There are other ways, and they fail in other ways.
#
# ## Exercises
#
# Solutions: [solutions/00_not_everyone_notices.ipynb](solutions/00_not_everyone_notices.ipynb)

# %% [markdown] tags=["exercise"]
# **1. They disagree.** Find a test question that one system gets right and another gets wrong, before any change. Give
# its id and the two systems, the one that is right first. In `saved`, only the rows from before the change count, and of
# these seed 1 or no seed (where nothing was trained).
#
# *Hint 1:* A row of `saved` has `system`, `seed`, `question_id`, `after` and `correct`. Make a dictionary first, from
# (question id, system) to right or wrong. Then you're only comparing two entries.
#
# *Hint 2:* Fix the two systems before you look for a question: which two lie furthest apart in the big table? Run
# through the ids and stop at the first that fits. `by_id` has the questions, so you can read it.

# %% tags=["stub"]
disagree = None  # ("people-…", the system that is right, the system that is wrong)

# %% tags=["solution"]
verdict = {
    (row["question_id"], row["system"]): row["correct"]
    for row in saved
    if row["seed"] in (None, 1) and not row["after"] and row["system"] in SYSTEMS
}
disagree = next((q, "ft", "rag") for q, system in verdict if system == "ft" and verdict[q, "ft"] and not verdict[q, "rag"])
print(by_id[disagree[0]].text, "→", by_id[disagree[0]].answers[0])

# %% tags=["exercise"]
rows = {(row["question_id"], row["system"]): row for row in saved if row["seed"] in (None, 1) and not row["after"]}
if not isinstance(disagree, (tuple, list)) or len(disagree) != 3:
    print("Not yet: give a question id and two systems.")
elif missing := [name for name in disagree[1:] if (disagree[0], name) not in rows]:
    print(f"Not yet: there is no saved answer of {missing[0]!r} to a test question {disagree[0]!r}.")
else:
    texts = [f"{name} says {rows[disagree[0], name]['answer']!r}" for name in disagree[1:]]
    marks = [bool(rows[disagree[0], name]["correct"]) for name in disagree[1:]]
    print("Right:" if marks == [True, False] else f"Not yet (right: {marks}; wanted: [True, False]):", "; ".join(texts))

# %% [markdown] tags=["exercise"]
# **2. Fool one, not the other.** Find an edit of your own that `ft+rag` falls for and `raft` does not: on at least one
# question about the value, `ft+rag` gives the old value and `raft` the new one. Take another page than the lesson's.
#
# *Hint 1:* An old value can only be given by a system that has learned it. The saved rows know what `ft+rag` holds on
# to: look for its rows that are `stale`, and for the pages that their questions are about. Pages and questions:
# `lab.company.documents`, `lab.company.questions`.
#
# *Hint 2:* Put in a value of the same kind and length that stands nowhere else on the page. `edit` says when the page or
# the old value doesn't fit, or the new one is the old; the rest you must see to. Some edits fail, so try several pages in
# a loop, and count with `rows_of` and `said`.

# %% tags=["stub"]
my_edit = None  # (the page's doc_id, the old value, the new value)

# %% tags=["solution"]
tries = [
    ("people-home-office-money", "40 days", "25 days"),
    ("people-travel-abroad", "$61", "$75"),
    ("people-pension-insurance", "6.5 percent", "8 percent"),
    ("people-probation-notice", "16 weeks", "18 weeks"),
    ("people-equipment", "14 months", "22 months"),
]


def fools(doc_id, old, new):
    """On how many questions `ft+rag` says the old value and `raft` the new one."""
    changed_lab, asked = edit(lab, doc_id, old, new)
    pairs = zip(rows_of(changed_lab, "ft+rag", asked), rows_of(changed_lab, "raft", asked))
    return sum(said(stuck) == "old value" and said(read) == "new value" for stuck, read in pairs)


my_edit = next((attempt for attempt in tries if fools(*attempt)), None)
print(my_edit)

# %% tags=["exercise"]
try:
    if my_edit is None or len(my_edit) != 3 or my_edit[0] == DOC:
        raise ValueError("give a page's doc_id, the old value and the new value; another page than the lesson's")
    changed_lab, asked = edit(lab, *my_edit)
    two = [list(map(said, rows_of(changed_lab, system, asked))) for system in ("ft+rag", "raft")]
    both = sum(pair == ("old value", "new value") for pair in zip(*two))
    print(f"Right: on {both} of {len(asked)} questions." if both else f"Not yet: on none of {len(asked)} questions.")
    for system, words in zip(("ft+rag", "raft"), two):
        n_old, n_new = words.count("old value"), words.count("new value")
        print(f"{system:6} gives the old value {n_old} times and the new one {n_new} times")
except (TypeError, ValueError) as problem:
    print("Not yet:", problem)

# %% [markdown] tags=["exercise"]
# **3. Yours** (open). Which questions do people ask *you* at work, and which of the answers would be stale next month?
# Write down at least three as (question, the page where the answer stands, how many times a year it changes).
#
# *Hint 1:* What did you look up for somebody in the last week? Think of prices, people, deadlines, versions.
#
# *Hint 2:* For each answer: if the one colleague who knows it is on holiday, where does it stand? If nowhere, give
# `None` as the page: it is the most interesting kind. Then count how often it changed in the last year.

# %% tags=["stub"]
mine = []  # entries like ("Who signs off a large order?", "purchasing rules", 1)

# %% tags=["solution"]
mine = [
    ("Who may sign a contract for more than a year?", "signing rules, section 2", 1),
    ("Which version of the installer do we send to new customers?", "release notes", 12),
    ("Whom do I call when the building is locked?", None, 2),
]

# %% [markdown] tags=["solution"]
# An answer that changes twelve times a year and is asked every day is one for looking up. One that hasn't changed in
# years and has to sound right may be one for training. One that stands on no page is for neither, until somebody writes
# the page.

# %% tags=["exercise"]
whole_ones = [item for item in mine if isinstance(item, (tuple, list)) and len(item) == 3]
good = [item for item in whole_ones if len(str(item[0]).strip()) > 3 and item[1] != "" and hasattr(item[2], "__float__")]
if len({str(item[0]) for item in good}) < 3 or len(good) < len(mine) or any(item[2] < 0 for item in good):
    print(f"Not yet: {len(good)} of {len(mine)} entries are complete (question, page or None, times a year as a number).",
          "Give three different questions.")
else:
    often, nowhere = sum(item[2] >= 12 for item in good), sum(item[1] is None for item in good)
    print(f"Right. Of {len(good)}, {often} change every month or oftener, and {nowhere} stand on no page. Keep them.")

# %% [markdown]
# ## Takeaways
#
# - A system that looks things up is as new as its index, and the index as new as its pages. That takes seconds, and a
#   reader that reads.
# - What is in the weights stays there. The page changed and the weights did not, so `ft`, which sees no page, says what
#   it said.
# - Having the page in front of it is not the same as reading it. Which of the five did, and which did not, stands
#   computed above.
# - One question is an anecdote, a dozen a hint, and a table without intervals a rumour.
#
# **What comes next:** what a language model knows before anybody has told it anything, and how to mark its answers. In
# the half-day track: lesson 2, a first RAG system by hand.
