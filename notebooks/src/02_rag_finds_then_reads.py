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
# # 1. RAG finds first and reads second, and either step can fail

# %% [markdown]
# {{navigation}}

# %% [markdown]
# **Question** How does a model answer from pages it has never seen, and when the answer is wrong, who failed: the search or the
# reader?
#
# **You will be able to** build a RAG system (retrieval-augmented generation: search, then answer from what was found) out of
# parts that you have checked by hand, follow a citation back to its page, and tell a failed search from a failed reading.
#
# **Minutes** Less than 10 of computing on two cores, no GPU; an hour with reading and exercises. Nothing is trained.
#
# **Promises tested** RAG shows where its answers come from (R2). It needs good search (R6). It is limited by the model that
# reads (R7). And it leaves that model as it was (R9).
#
# {{pipeline: documents, retrieve, answer}}

# %%
# {{setup}}

# %% [markdown]
# ## The company, the model and the settings
#
# Larkspur is an invented company, so no model can have read its handbook. Our model is small on purpose: 135 million
# parameters, which two laptop cores can run. The cell loads it, cuts the handbook into passages and builds three searches,
# which this lesson takes apart one by one. (The very first time, it also converts the model: half a minute.)
#
# Questions come in three parts. We try things out on the `dev` questions and keep the `test` questions for the table at the
# end.

# %% tags=["setup"]
from utils.lab import READING, SEARCH, open_lab
from utils.retrieve.chunking import MAX_WORDS, chunk_documents
from utils.retrieve.retriever import DEPTH, build_retriever
from utils.tune.examples import holds_evidence

TOP_K = 3  # passages a question; each further one is more for a small model to mix up
N_LIVE = 24  # dev questions answered here; enough to see a large difference, at about ten seconds a system
FORM = "form P-78"  # an exact name to search for
PROMPT = READING["rag"].prompt  # the instructions that did best on the dev questions

lab = open_lab()
company, chunks = lab.company, lab.chunks[False]  # False: the handbook before the revision, which a later lesson brings
retrieve = {mode: build_retriever(chunks, lab.embed, mode) for mode in ("dense", "keyword", "hybrid")}
questions = {question.question_id: question for question in company.questions}
dev = [question for question in company.split("dev") if question.answers]
question = questions["people-008-d1"]

print(f"{len(company.documents)} documents, cut into {len(chunks)} passages of about {MAX_WORDS} words or fewer")
print(f"{len(dev)} dev questions that have an answer; the course searches by {SEARCH!r} and asks by {PROMPT.__name__!r}")

# %% [markdown]
# ## Look at the data
#
# One page of the handbook, whole, and one question about it. Read the page and answer the question yourself: where exactly did
# you find it?
#
# Look at the last three lines too. `accepted` lists the wordings that count as right, `wrong` the look-alikes that a careless
# reader might take instead, and the quote is the place in the page that holds the answer. It is called the **gold** evidence, and
# the passage around it the gold passage. Except where we say so, no system is told which one that is; we mark with it.

# %%
document = next(document for document in company.documents if document.doc_id == question.evidence[0].doc_id)
print(document.text)
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
# 2. For how many test questions in a hundred does the best search put the gold passage in first place?
# 3. Three passages hold the answer more often than one. Does the model also give more right answers with three than with one?
#
# ## Closed book
#
# The model never saw the handbook. It has been told to say "I don't know." when it doesn't. Look at what it says.

# %%
from utils.answer.generation import generate, render
from utils.answer.prompts import closed_book
from utils.measure.metrics import abstains, is_correct


def write(messages):
    """The model's answer to one conversation."""
    return generate(lab.lm, [render(lab.lm, messages)])[0]


guess = write(closed_book(question.text))
print("the model:", guess.text)
print("right:", is_correct(guess.text, question.answers, question.wrong_answers), "  abstains:", abstains(guess.text))

# %% [markdown]
# Whatever it said, it can't have known. Against answers that sound sure and have nothing behind them, let us give it something
# to read.
#
# ## Step 1: cut the pages into passages
#
# A whole page is too much for a small reader, so we cut it. A passage is made of whole sentences or of one table row, and it
# never crosses a heading. Two things to look for below. The numbers at the left are **offsets**: they say where the passage
# stands in its page, so that a citation can be followed later. The words before the colon are the title and headings above the
# passage (for a row, the table's head too): a row like `eight` means nothing without them, so search and model read them along.

# %%
from utils.retrieve.chunking import chunk_document

for chunk in chunk_document(document):
    assert document.text[chunk.start:chunk.end] == chunk.text
    print(f"{chunk.start:5}–{chunk.end:<5} {chunk.passage}\n")

# %% [markdown]
# ## Step 2: search by meaning
#
# An **embedding** turns a text into a list of numbers, a vector, so that texts about similar things point in similar
# directions. How similar, the cosine of the angle says: 1 for the same direction, about 0 for texts that have nothing to do
# with each other.
#
# Three passages and one question are few enough to check by eye. Say which passage should win. Then see whether the cosine,
# worked out by hand, agrees with you, and with FAISS, the package that the course searches with.

# %%
import numpy as np

from utils.retrieve.vector_index import build_vector_index, search_vectors

gift = questions["people-010-d1"]
three = [next(chunk for chunk in chunks if words in chunk.text) for words in ("Dunlin child carrier", "form X-17", FORM)]
vectors, asked = lab.embed([chunk.passage for chunk in three]), lab.embed([gift.text])[0]

lengths = np.linalg.norm(vectors, axis=1) * np.linalg.norm(asked)
cosines = vectors @ asked / lengths
by_hand = [three[row] for row in np.argsort(-cosines)]

hits = search_vectors(build_vector_index(three, vectors), asked[None], k=3)[0]
assert [hit.chunk for hit in hits] == by_hand
assert np.allclose([hit.score for hit in hits], sorted(cosines, reverse=True), atol=1e-5)
print(gift.text)
for hit in hits:
    print(f"  {hit.score:.2f}  {hit.chunk.text[:105]}")
print("FAISS gives the same order and the same scores.")

# %% [markdown]
# The question and the winning passage share hardly a word. That is the strength of **dense** search: it compares what is meant.
#
# ## Step 3: search by words
#
# **Keyword** search (BM25) compares the words themselves: a text scores for each word it shares with the question, and more
# for a rare word than for a common one. Now search the whole handbook in both ways: once for a form by its number, once with
# the question about the gift. Look at the place of the passage that we want, and at the words that keyword search had to go by.
#
# Two examples prove nothing, so the second cell asks for **every** form number in the handbook: how often does the first
# passage name it?

# %%
from utils.retrieve.keyword_index import tokenise


def place(hits, wanted):
    """The place of the first hit that is wanted, counted from 1; None where there is none."""
    return next((number for number, hit in enumerate(hits, 1) if wanted(hit)), None)


searches = {FORM: lambda hit: FORM in hit.chunk.text, gift.text: lambda hit: holds_evidence(hit, gift)}
for text, wanted in searches.items():
    print(f"{text}\n  the words: {tokenise([text])[0]}")
    for mode in ("dense", "keyword"):
        hits = retrieve[mode]([text], DEPTH)[0]
        first = hits[0].chunk.text[:75] if hits else "nothing"
        print(f"  {mode:8} place {place(hits, wanted) or f'beyond {DEPTH}'}; on top: {first}")

# %%
import re


def forms_in(text):
    return set(re.findall(r"\b[A-Z]-\d+\b", text))


numbers = sorted(set().union(*(forms_in(chunk.text) for chunk in chunks)))
for mode in ("dense", "keyword"):
    tops = retrieve[mode]([f"form {number}" for number in numbers], 1)
    missed = [number for number, hits in zip(numbers, tops) if not any(number in forms_in(hit.chunk.text) for hit in hits)]
    named = len(numbers) - len(missed)
    print(f"{mode:8} first passage names the form: {named} of {len(numbers)}; missed: {', '.join(missed) or 'none'}")

# %% [markdown]
# One letter and two digits hardly move a vector; to keyword search the number is a rare word, and rare words weigh most. If keyword search missed some too, run `tokenise` on one of them: what isn't kept as a word can't be found
# as one. Try names of your own, too.
#
# ## Step 4: both, each on the same scale
#
# So each search sees what the other overlooks. Their scores can't be added as they stand, for a cosine never exceeds 1 and a
# BM25 score has no upper end. So stretch each ranking until its first hit has 1 and its hundredth has 0. (Where fewer share a
# word with the question, a score of 0 stays 0.) Then add them up, with a little more weight on meaning. Such a sum, with
# weights that make 1 together, is a **convex combination** (Bruch and others, 2022, arXiv 2210.11934); adding up is called
# **fusion**, and a search that does both is a **hybrid** search.
#
# All three searches share a trick that step 3 kept quiet about. They look for **sentences** and show the **passage** around
# the best ones, each passage once: a sentence says one thing, so its vector is no mixture, and the model still gets what
# stands around it. People call it *small to big*. (A sentence's vector lies halfway between that of the sentence alone and
# that of the sentence with its title and headings; `index_sentences` makes it.) The cells stretch, add and go from sentence to
# passage by hand, and check the first `TOP_K` passages against the hybrid search, for the form and for every dev question.

# %%
from utils.retrieve.chunking import split_sentences
from utils.retrieve.keyword_index import build_keyword_index, search_keywords
from utils.retrieve.retriever import DENSE_SHARE, index_sentences

passage_of = {sentence: chunk for chunk in chunks for sentence in split_sentences(chunk)}


def fuse_by_hand(dense, keyword):
    points = {}
    for ranking, weight in ((dense, DENSE_SHARE), (keyword, 1 - DENSE_SHARE)):
        low = ranking[-1].score if len(ranking) == DEPTH else 0  # fewer found: the others score nothing
        for hit in ranking:
            stretched = (hit.score - low) / ((ranking[0].score - low) or 1)
            points[hit.chunk] = points.get(hit.chunk, 0) + weight * stretched
    best = sorted(points, key=lambda sentence: -points[sentence])
    return list(dict.fromkeys(passage_of[sentence] for sentence in best))  # each passage once, by its best sentence


# %%
texts = [FORM, *(q.text for q in dev)]
near = search_vectors(index_sentences(chunks, lab.embed), lab.embed(texts), DEPTH)
same_words = search_keywords(build_keyword_index(list(passage_of)), texts, DEPTH)
for dense, keyword, hits in zip(near, same_words, retrieve["hybrid"](texts, TOP_K)):
    assert fuse_by_hand(dense, keyword)[:TOP_K] == [hit.chunk for hit in hits]
print(f"{len(chunks)} passages of {len(passage_of)} sentences; by hand and hybrid agree on {len(texts)} searches")
found = {mode: retrieve[mode](texts, DEPTH) for mode in retrieve}
for text, wanted in searches.items():
    print({mode: place(found[mode][texts.index(text)], wanted) for mode in retrieve}, text)

# %% [markdown]
# Each line gives one passage's place in the three searches (`None`: not among the `DEPTH` passages that we looked at). Fusion
# rewards a sentence that *both* searches like. So it can also pull down one that only a single search had found. Whether it pays
# is a matter for counting, which we come to.
#
# ## Step 5: put the passages before the model
#
# There is no more to RAG than text: instructions, the passages with a number each, the question. The words in angle brackets
# come from the chat template of the tokenizer (the part that cuts text into the pieces which a model reads); they say who
# speaks. If a conversation about a kiln comes first, that is a worked example: a small model copies the form of an answer more
# easily than it follows an instruction.
#
# Read the prompt as the model does. Is the gold passage in it, and under which number?

# %%
hits = retrieve[SEARCH]([question.text], TOP_K)[0]
print(render(lab.lm, PROMPT(question.text, hits)))
print(f"\n(The gold passage: {place(hits, lambda hit: holds_evidence(hit, question)) or 'not found'}.)")

# %% [markdown]
# ## Step 6: generate, and follow the citation
#
# `answer_with_rag` is all the steps in a row, with search and model passed in as functions. We ask the question twice: with one
# passage, and with three. First look at whether each answer is right.
#
# Then follow its citation. The number in brackets is *generated*, like every other word: nobody guarantees that it belongs to
# the answer. So the second cell goes where it points, to the page and the characters in it, and looks.

# %%
from utils.answer.rag import answer_with_rag

walked = {}
for k in (1, TOP_K):
    walked[k] = answer_with_rag(question.text, lambda text: retrieve[SEARCH]([text], k)[0], write, PROMPT)
    right = is_correct(walked[k].text, question.answers, question.wrong_answers)
    print(f"{k} passage{'s' if k > 1 else ''}: {walked[k].text!r}  →  {'right' if right else 'not right'}")

# %%
from utils.measure.metrics import cited_numbers

pages = {page.doc_id: page for page in company.documents}
for k, answer in walked.items():
    print(f"\n{k} shown, cited: {cited_numbers(answer.text) or 'none'}")
    for number in cited_numbers(answer.text):
        if not 1 <= number <= len(answer.hits):
            print(f"[{number}] is no passage that it was shown")
            continue
        hit = answer.hits[number - 1]
        page = pages[hit.chunk.doc_id]
        print(f"[{number}] “{page.title}”, of {page.effective}, characters {hit.chunk.start} to {hit.chunk.end}:")
        print(f"    {page.text[hit.chunk.start:hit.chunk.end]}")
        print(f"    holds the gold quote: {holds_evidence(hit, question)}")

# %% [markdown]
# This is what RAG can offer and a model alone can't: a claim that a reader can check, against a page with a date. It's an
# offer, not a guarantee. A citation may lead to the right passage from a wrong answer, or the other way round, or nowhere.
#
# ## How often does the search find the passage?
#
# Now count, over all test questions that have an answer. A row for each search and question says at which place the gold
# passage came, and whether the first passage was at least from the right **document**. **Recall at k** is the share of
# questions whose gold passage is among the first k.
#
# In the figure, look at two things: how far apart the lines are at the left end, and how much is gained by going right.

# %% tags=["setup"]
def gold_place(hits, question):
    """The place of the first passage that holds the answer, counted from 1; None where no hit does."""
    return next((number for number, hit in enumerate(hits, 1) if holds_evidence(hit, question)), None)


def recall(places, k):
    """Share of questions whose gold passage is among the first k."""
    return sum(place is not None and place <= k for place in places) / len(places)


# %%
test = [q for q in company.split("test") if q.answers]
rows = []
for mode in retrieve:
    for q, hits in zip(test, retrieve[mode]([q.text for q in test], DEPTH)):
        same_page = bool(hits) and hits[0].chunk.doc_id in {item.doc_id for item in q.evidence}
        rows.append({"system": mode, "seed": None, "question_id": q.question_id, "place": gold_place(hits, q),
                     "same page": same_page})
places = {mode: [row["place"] for row in rows if row["system"] == mode] for mode in retrieve}
print(f"{len(rows)} rows: {len(retrieve)} searches, {len(test)} test questions each; the first one:\n{rows[0]}")

# %%
import matplotlib.pyplot as plt

from utils.measure.plots import BLUE, GREY, ORANGE

figure, axis = plt.subplots(figsize=(6, 3.4), layout="constrained")
styles = {"dense": (BLUE, "o-"), "keyword": (GREY, "D:"), "hybrid": (ORANGE, "s--")}
ks = range(1, 11)
for mode, (colour, style) in styles.items():
    axis.plot(ks, [recall(places[mode], k) for k in ks], style, color=colour, ms=4, label=mode)
axis.set(xlabel="k: passages taken from the top of the ranking", ylabel="recall at k", xticks=ks, ylim=(0.5, 1.01),
         title=f"How often the gold passage is among the first k ({len(test)} test questions)")
axis.grid(alpha=0.3)
axis.spines[["top", "right"]].set_visible(False)
axis.legend(frameon=False, loc="lower right")
plt.show()

# %% [markdown]
# Recall can only rise with k, and that is the temptation: take more passages, miss fewer answers. But somebody has to read them
# all.
#
# ## Did the search fail, or the reader?
#
# Four systems answer the same dev questions. `base` is closed book. `rag` reads what search found: one passage, or three.
# `oracle` is given the gold passage by us, without any search: whatever *it* gets wrong, no search could have saved. (Well
# under a minute each; progress bars appear.)
#
# Each mark knows whether the gold passage was in front of the model. So every wrong answer falls on one side: the passage
# **wasn't found**, or it was found and **misread** ("I don't know." with the answer in front of one counts as misread). In
# brackets stands the 95 % interval: if we drew other pages, the share would probably come out in there. With so few questions
# it is wide; trust only what it can bear.

# %%
from utils.measure.evaluation import Condition, score
from utils.systems import ask_closed_book, ask_with_passages, find_passages, give_gold

live = dev[:: max(1, len(dev) // N_LIVE)][:N_LIVE]
shown = {f"rag, k = {k}": find_passages(retrieve[SEARCH], live, k) for k in (1, TOP_K)}
shown["oracle"] = give_gold(retrieve[SEARCH], chunks, live, after=False)

answers = {"base": ask_closed_book(lab.lm, live, "base")}
answers |= {name: ask_with_passages(lab.lm, live, hits, PROMPT, name) for name, hits in shown.items()}
marks = []
for name, given in answers.items():
    label = Condition("lesson 1", name, None, False, None if name == "base" else len(given[0].hits))
    marks += [score(answer, q, label, None) for answer, q in zip(given, live, strict=True)]

# %%
import pandas as pd

from utils.measure.evaluation import cluster_of, estimate

lines, right = {}, {}
for name in answers:
    mine = [row for row in marks if row["system"] == name]
    wrong = [row for row in mine if not row["correct"]]
    right[name] = len(mine) - len(wrong)
    reads = name != "base"
    lines[name] = {"right": right[name], "share [95 %]": str(estimate(mine, lambda row: row["correct"], cluster_of(live))),
                   "wrong: not found": sum(not row["gold_retrieved"] for row in wrong) if reads else "–",
                   "wrong: misread": sum(row["gold_retrieved"] for row in wrong) if reads else "–"}
print(pd.DataFrame(lines).T.to_string())
one, more, limit = right["rag, k = 1"], right[f"rag, k = {TOP_K}"], right["oracle"]
print(f"\nOf {len(live)}: {one} right with one passage, {more} with {TOP_K}. More passages "
      + ("helped here." if more > one else "didn't help here."))
print(f"Perfect search would give {limit}: the other {len(live) - limit} need a better reader, not a better search.")

# %% [markdown]
# Compare the two columns of wrong answers. From one passage to three, `not found` should shrink; watch what `misread` does
# meanwhile. The two failures need different cures, and a single share of right answers doesn't tell you which one you have.
#
# ### Do the citations hold?
#
# Count over the answers that had several passages to choose from. And put beside it a rule that needs no model and reads
# nothing: *always cite [1]*. A model whose citations are no better than that doesn't show where its answer comes from; it has a
# habit.

# %%
several = list(zip(answers[f"rag, k = {TOP_K}"], live))
cite = [(answer, q) for answer, q in several if cited_numbers(answer.text)]
hold = [(answer, q) for answer, q in cite
        if any(holds_evidence(answer.hits[n - 1], q) for n in cited_numbers(answer.text) if 1 <= n <= len(answer.hits))]
both = [(answer, q) for answer, q in hold if is_correct(answer.text, q.answers, q.wrong_answers)]
habit = sum(gold_place(answer.hits, q) == 1 for answer, q in several)

print(f"{len(several)} answers from {TOP_K} passages: {len(cite)} cite something")
print(f"{len(hold)} cite a passage that holds the answer")
print(f"{len(both)} are right and cite such a passage")
print(f"always citing [1], without a model: {habit} would hold the answer")
print("The model's citations", "beat" if len(hold) > habit else "don't beat", "that habit.")

# %% [markdown]
# ## Break it: nothing to find
#
# Search always returns something: k passages, however far from the question. Two ways to use that against our system:
#
# - ask what the handbook doesn't say (the dev questions without an answer),
# - ask what it does say, and take the gold passage away.
#
# Both times the only right answer is "I don't know.", as the instructions say. Look at how often it comes, and read the
# examples.

# %%
nothing = [q for q in company.split("dev") if not q.answers]
robbed = live[: len(nothing)]
deep = retrieve[SEARCH]([q.text for q in robbed], 2 * TOP_K)
without = [[hit for hit in hits if not holds_evidence(hit, q)][:TOP_K] for hits, q in zip(deep, robbed)]
cases = {"the handbook doesn't say": (nothing, find_passages(retrieve[SEARCH], nothing, TOP_K)),
         "the gold passage taken away": (robbed, (without, None))}
for case, (asked_now, hits) in cases.items():
    given = ask_with_passages(lab.lm, asked_now, hits, PROMPT)
    admitted = sum(abstains(answer.text) for answer in given)
    print(f"{case}: {admitted} of {len(given)} say that they don't know, {len(given) - admitted} answer all the same")
    for answer, q in list(zip(given, asked_now))[:2]:
        print(f"    {q.text}\n    → {answer.text!r}, before it: {[hit.chunk.doc_id for hit in answer.hits]}")

# %% [markdown]
# An answer with a number in brackets looks just the same whether the passage behind it answers the question or is merely the
# nearest there was. Abstaining is a skill of its own; an instruction alone may not be enough to give it to a small model. A
# later lesson trains it.
#
# ## The table
#
# Here are the figure's numbers: the share of test questions with the gold passage among the first 1, 2, 3 and 5, and the share
# whose *first* passage is from the right document. This is the ceiling for everything that reads: what isn't found can't be
# read.
#
# Is the best search *surely* the best, or just on these questions? The lines below the table give the difference between two
# searches with its 95 % interval. Where that reaches across 0, another set of pages could turn the order round.

# %% tags=["nbval-check-output"]
from utils.measure.evaluation import difference

table = pd.DataFrame({
    mode: {**{f"recall at {k}": recall(places[mode], k) for k in (1, 2, 3, 5)},
           "right document first": np.mean([row["same page"] for row in rows if row["system"] == mode])}
    for mode in retrieve}).T.round(2)
print(f"{len(test)} test questions")
print(table.to_string())
for k, other in ((k, other) for k in (1, TOP_K) for other in ("dense", "keyword")):
    ours, theirs = ([row for row in rows if row["system"] == mode] for mode in ("hybrid", other))
    gap = difference(ours, theirs, lambda row: float((row["place"] or DEPTH + 1) <= k), cluster_of(test))
    sure = "hybrid is ahead" if gap.low > 0 else f"{other} is ahead" if gap.high < 0 else "not told apart"
    print(f"recall at {k}, hybrid minus {other:8}{gap}  {sure}")
near = sum(row["same page"] and row["place"] != 1 for row in rows if row["system"] == SEARCH)
lost = sum(place is None or place > TOP_K for place in places[SEARCH])
print(f"{SEARCH}: for {near} questions the right document comes first, but with another of its passages on top.")
print(f"{SEARCH}: {lost} questions are lost at k = {TOP_K} before the model has read a word.")
print(f"Given the gold passage, the model beats itself closed book: {right['oracle'] > right['base']}")

# %% [markdown]
# ## What this does not show
#
# - **Two dozen live answers are few.** They separate closed book from gold passage, hardly one prompt from another. Lesson 4
#   has every system on all test questions.
# - **One small model.** Larger ones read better, but don't read everything: a 13-billion-parameter model answered 83 % of
#   questions with the gold document alone, and 53 to 69 % among twenty, depending on where it stood (Liu et al. 2023, arXiv
#   2307.03172).
# - **One handbook, two dozen pages.** With a million pages there are more look-alikes, and comparing a question with each of
#   them is too slow. Which search is best depends on the pages and on how people ask; the form numbers and the test questions
#   need not agree.
# - **A citation was judged by the passage it names.** Whether the model *used* that passage is another question: take it away,
#   and see whether the answer changes.
# - **That RAG is current.** Nothing has changed yet; lesson 3 revises the handbook.
#
# ## Exercises
#
# Solutions: [solutions/01_rag_finds_then_reads.ipynb](solutions/01_rag_finds_then_reads.ipynb)

# %% [markdown] tags=["exercise"]
# **1. How long should a passage be?** Write `recall_at_3(max_words)`: cut the handbook into passages of at most `max_words`
# words, build a hybrid search over them, and give the share of `dev` questions whose gold passage is among the first three.
# Choose on `dev`, never on `test`.
#
# The check also prints how many words three such passages have. Which size would you give to a reader like ours?
#
# *Hint:* `chunk_documents(company.documents, max_words)`, `build_retriever(…, lab.embed, "hybrid")`, then `gold_place` and
# `recall` from above.

# %% tags=["stub"]
def recall_at_3(max_words):
    return None  # your code

# %% tags=["solution"]
def recall_at_3(max_words):
    smaller = chunk_documents(company.documents, max_words)
    found = build_retriever(smaller, lab.embed, "hybrid")([q.text for q in dev], 3)
    return recall([gold_place(hits, q) for hits, q in zip(found, dev)], 3)

# %% tags=["exercise"]
expected = recall([gold_place(hits, q) for hits, q in zip(retrieve["hybrid"]([q.text for q in dev], 3), dev)], 3)
if recall_at_3(MAX_WORDS) is None or abs(recall_at_3(MAX_WORDS) - expected) > 1e-9:
    print(f"Not yet: at {MAX_WORDS} words recall_at_3 should give {expected:.3f}, as the search above does on dev.")
else:
    print("Right.")
    for size in (10, 20, 40, 80, 160):  # one sentence is never cut, and no passage crosses a paragraph
        parts = chunk_documents(company.documents, size)
        words = sum(len(part.passage.split()) for part in parts) / len(parts)
        print(f"{size:4} words at most: recall at 3 {recall_at_3(size):.2f}, about {3 * words:.0f} words to read")

# %% [markdown] tags=["solution"]
# Recall alone leans towards long passages: a longer one is simply more likely to hold the answer, as one passage that is the
# whole handbook always would. But the reader pays for every word beside the right ones. So compare sizes at the same number of
# *words* (three long passages or six short ones), and let right answers on `dev` decide, not recall.

# %% [markdown] tags=["exercise"]
# **2. A page that this reader may not see** (open). Some pages aren't for everyone. Write `leave_out(doc_id)`: it returns a
# search like `retrieve["hybrid"]`, a function of texts and k, that never returns a passage of that document and still gives k
# passages.
#
# Then go further: ask `question` with the page about it left out. What should the model say? Is leaving a page out of the
# search enough to keep it secret?
#
# *Hint:* leave it out before searching, or search deeper and drop it afterwards. How deep is deep enough?

# %% tags=["stub"]
def leave_out(doc_id):
    return retrieve["hybrid"]  # your code

# %% tags=["solution"]
def leave_out(doc_id):
    return build_retriever([chunk for chunk in chunks if chunk.doc_id != doc_id], lab.embed, "hybrid")

# %% tags=["exercise"]
hidden = question.evidence[0].doc_id
lists = leave_out(hidden)([q.text for q in dev], TOP_K)
leaks = sum(hit.chunk.doc_id == hidden for hits in lists for hit in hits)
short = sum(len(hits) < TOP_K for hits in lists)
print(f"Not yet: {leaks} passages of {hidden} still come through, {short} lists have fewer than {TOP_K} passages."
      if leaks or short else f"Right: {len(lists)} searches, {TOP_K} passages each, none of {hidden}.")

# %% [markdown] tags=["solution"]
# Leaving it out **before** the search always gives k passages, but needs an index for each group of readers. Dropping it
# **afterwards** keeps one index; then k plus the number of that page's passages is deep enough. Either way the page can't reach
# the prompt, so the model can't quote it: nothing of it ever was in the model. That is so as long as *every* way to the page is
# closed: another page may repeat its facts.

# %% [markdown]
# ## Takeaways
#
# - RAG is two steps in a row: **find**, then **read**. Both must succeed, and a wrong answer looks the same whichever failed.
#   Mark the gold passage and you can tell them apart: was it in front of the model or not?
# - Dense search compares meaning, keyword search compares words, and fusing the two takes both into account. Recall at k is the
#   ceiling (R6).
# - More passages raise that ceiling. Whether they help the reader is another count, and you have made it. What remains wrong
#   with the gold passage in front is the model's own limit (R7).
# - A citation is generated text. It gives you something to check, with a page and a date; it isn't the check (R2).
# - Nothing here changed a weight of the model: the handbook stayed outside it all along, so the model is what it was (R9).
#
# **Next:** [lesson 2](02_fine_tuning_remembers.ipynb) goes the other way and puts the handbook *into* the weights.
