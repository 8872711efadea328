# %% [markdown]
# # 8. RAG and fine-tuning together can go stale

# %% [markdown]
# {{navigation}}

# %% [markdown]
# **Question** Looking things up helps, learning by heart helps. Do both together give the best of both, also on the
# day the policies change?
#
# **You will be able to** catch a trained model that answers from memory while the right page lies in front of it,
# train one that reads the page instead (RAFT), and tell reading from remembering.
#
# **Minutes** Two to six on a laptop with two cores; no GPU; under 3 GiB of memory. It helps to have done lessons 2 and
# 6, but this notebook runs without them.
#
# **Promises tested** B1 both together give the best of both · R1 RAG is always current · F6 a fine-tuned model goes
# out of date · in passing: R2 RAG shows its sources, R4 RAG needs no expensive retraining
#
# Four systems meet. `rag` is the plain model with passages. `ft` is the model of lesson 6, trained on questions and
# answers, with nothing in front of it. `ft+rag` is both: that trained model, with passages. `raft` is trained to read
# passages; we begin such a training below, and go on with one that was carried to its end.
#
# {{pipeline: documents, tune, answer}}

# %%
# {{setup}}

# %% tags=["setup"]
import time
from collections import Counter
from dataclasses import replace
from html import escape
from math import hypot

import pandas as pd
from IPython.display import HTML, display

from utils.comparison import ask, condition_of
from utils.data import DATA, answers_in_force, is_held_out
from utils.files import read_json
from utils.lab import READING, SEARCH, TRAINING, examples_of, open_lab, train_arm
from utils.measure.evaluation import cluster_of, difference, estimate, score
from utils.measure.metrics import ABSTENTION, abstains, contains, is_stale, normalise
from utils.measure.results import read_results
from utils.report import caption, table_of
from utils.retrieve.retriever import build_retriever
from utils.shipped import shipped_adapter
from utils.systems import ask_with_passages, citations

# %% tags=["setup"]
SEED = 1  # the training run that this lesson looks at; the saved rows hold several
WHOLE = False  # True: train raft on all its examples here and now, 6 to 15 minutes on two cores
PART = 10  # otherwise on every tenth example, one to three minutes, beside the whole training that comes with the course
QUESTION = "people-037-t1"  # the question we follow; any test question with a changed answer will do
SYSTEMS = ["rag", "ft", "ft+rag", "raft"]

lab = open_lab()  # the models, and search: lab.retrieve[False] before the revision, lab.retrieve[True] after it
company = lab.company
test = company.split("test")
by_id = {question.question_id: question for question in test}
changed = [question for question in test if question.answers_after]  # the revision gives another answer
gone = [question for question in test if question.answers_after == ()]  # the revision takes the answer away
clusters = cluster_of(company.questions)  # questions that share a document stand or fall together
provenance, saved = read_results(DATA / "results" / "comparison.jsonl", company.sha256)
print("The saved rows:", caption(provenance, saved))
for name in ("rag", "ft+rag", "raft"):  # chosen beforehand on dev questions, never on test questions
    print(f"{name:6} is shown {READING[name].k} passage(s), with the prompt {READING[name].prompt.__name__}")
for arm in ("ft", "raft"):
    print(f"{arm:6} is trained with {TRAINING[arm]}")

# %% [markdown]
# ## Look at the data: one page, before and after
#
# Last year's page stands on the left, this year's on the right. Read both columns with two questions in mind. Which
# *facts* are different? And which sentences say the same as before, only in other words?

# %% tags=["nbval-check-output"]
question = by_id[QUESTION]
columns = {}
for documents in (company.documents, company.documents_after):
    page = next(document for document in documents if document.doc_id == question.evidence[0].doc_id)
    parts = [escape(part).replace("\n", "<br>") for part in page.text.strip().split("\n\n")]
    columns[f"version {page.version}, {page.effective}"] = pd.Series(parts)
with pd.option_context("display.max_colwidth", None):
    table = pd.DataFrame(columns).to_html(index=False, justify="left", escape=False)
    display(HTML(table.replace("<td>", '<td style="text-align: left; vertical-align: top">')))
print(f"We follow one question: {question.text}")
print(f"before the revision:    {question.answers[0]}")
print(f"after it:               {question.answers_after[0]}")

# %% [markdown]
# A revision is like that in real life too: a few values move, one or two rules vanish, and someone took the
# opportunity to polish the prose. A system that is merely nervous about change gets the polished sentences wrong.
#
# ## Predict
#
# The adapter of `ft` was trained on last year's answers. Nothing will be trained again. Today the new pages are in
# the index, and every system is asked the questions whose answer has changed. **Which share will get the new
# answer?** Write down four numbers before you go on: one for `rag`, `ft`, `ft+rag` and `raft`. There is nothing to win,
# but a surprise needs a guess.
#
# ## The index follows the documents (R1, R4)
#
# To RAG, a revision is a set of files. Cut them into passages, embed their sentences, build both indexes: done. Watch
# the seconds, and the two shares below: can search find the sentence that holds the *new* answer?

# %%
from utils.models import default_embedder
from utils.retrieve.chunking import chunk_documents
from utils.retrieve.embedding import load_embedder

embed = load_embedder(default_embedder())  # a fresh one: lab.embed remembers texts that it has seen before
start = time.perf_counter()
passages = chunk_documents(company.documents_after)
search = build_retriever(passages, embed, SEARCH)
index_seconds = time.perf_counter() - start
known = {chunk.passage for chunk in lab.chunks[False]}
n_new = sum(chunk.passage not in known for chunk in passages)
print(f"{len(passages)} passages ({n_new} new) cut, embedded, in a vector and a keyword index: {index_seconds:.1f} s")
for k in (1, 3):
    found = search([question.text for question in changed], k)
    pairs = [(hits, question.evidence_after) for hits, question in zip(found, changed, strict=True)]
    hold = [any(item.quote in hit.chunk.text for hit in hits for item in items) for hits, items in pairs]
    print(f"new answer in the first {k} passage(s) found: {sum(hold) / len(hold):.2f} of {len(hold)} changed questions")

# %% [markdown]
# So what lies in front of the model is new. These shares are also a ceiling: where search brings the wrong passage,
# no reading helps.
#
# ## One question, by eye (F6)
#
# Now the adapter of lesson 6, trained on last year's answers. It comes with the course: the code of lesson 6 made it,
# with the settings above, and `shipped_adapter` refuses it if company, model or settings have changed since. We ask it
# our one question twice: closed book, and with the new page.

# %%
from utils.tune.lora import merge_adapter

ft = shipped_adapter(lab, "ft")
ft_seconds = read_json(ft / "manifest.json")["seconds"]
ft_model = merge_adapter(lab.lm, ft)
question = by_id[QUESTION]
closed = ask(lab, "ft", ft_model, [question], after=True)[0]
with_page = ask(lab, "ft+rag", ft_model, [question], after=True)[0]
print("question            ", question.text)
for hit in with_page.hits:
    print("the passage it gets ", hit.chunk.passage)
print("ft, closed book:    ", closed.text)
print("ft+rag, with it:    ", with_page.text)
print("the old answer was  ", question.answers[0])
print(f"Up to date again: the index after {index_seconds:.1f} s; ft after another training, {ft_seconds:.0f} s")

# %% [markdown]
# Does `ft+rag` answer from the page or from memory? The old value, with a page that says otherwise, can only be
# memory, or an accident; the control further down will tell which. It makes staleness easy to score without any
# judge: **an old answer is there, and no new one is.**
#
# By hand, once. Before you run the cell, go through the five answers and say which are stale. Mind the second one:
# 6 is not 16. Below them, the function is held against `is_stale` of `utils`, on every saved answer that the
# revision touches.

# %% tags=["nbval-check-output"]
def stale_by_hand(answer, old, new):
    def says(values):  # whole words only
        text = f" {' '.join(normalise(answer))} "
        return any(f" {' '.join(normalise(value))} " in text for value in values)

    return says(old) and not says(new)


for answer in ("6 days [1]", "16 days", "9 days [1]", "It was 6 days and is now 9 days.", "I don't know."):
    print(f"{answer:35} stale: {stale_by_hand(answer, ['six days', '6 days'], ['nine days', '9 days'])}")
judged = [row for row in saved if row["stale"] is not None]
for row in judged:
    case = row["answer"], by_id[row["question_id"]].answers, answers_in_force(by_id[row["question_id"]], after=True)
    assert stale_by_hand(*case) == is_stale(*case) == row["stale"]
print(f"By hand and utils.measure.metrics.is_stale agree on all {len(judged)} answers.")

# %% [markdown]
# ## All changed questions: does it read, or remember?
#
# Three lines, the same questions. The third is the control that gives the second its meaning: **the same passages
# in the same prompt, without the adapter**. Whatever differs between lines two and three, the training did it.
#
# Below the table the questions are split by what the adapter knew closed book. If page and memory compete,
# staleness should sit where there was an old value to remember.
#
# Three small functions first: `rows_of` asks and scores, `said` puts a row's answer into one of four boxes, `tally`
# counts.

# %% tags=["setup"]
SAID = ["new value", "old value", "I don't know", "something else"]


def rows_of(lab, system, lm, questions):  # asks `lm` in the way that `system` is asked, after the revision
    label = condition_of(system, SEED, after=True, adapter=None)
    answers = ask(lab, system, lm, questions, after=True)
    return [score(answer, q, label, citations(system, answer)) for answer, q in zip(answers, questions, strict=True)]


def said(row):
    if row["stale"] or row["abstained"]:
        return "old value" if row["stale"] else "I don't know"
    return "new value" if row["correct"] else "something else"


def tally(lines):
    counts = [Counter(map(said, rows)) for rows in lines.values()]
    return pd.DataFrame([[count[word] for word in SAID] for count in counts], index=list(lines), columns=SAID)

# %%
lines = {
    "ft, closed book": rows_of(lab, "ft", ft_model, changed),
    "ft+rag, with the new passages": rows_of(lab, "ft+rag", ft_model, changed),
    "control: the same, no adapter": rows_of(lab, "ft+rag", lab.lm, changed),
}
display(tally(lines))
closed, open_book, control = lines.values()
for knew in (True, False):
    part = [row["stale"] for row, before in zip(open_book, closed, strict=True) if before["stale"] == knew]
    knowledge = "known by heart" if knew else "not known"
    print(f"old value {knowledge}: stale with the new passages in {sum(part)} of {len(part)}")
gap = difference(open_book, control, lambda row: row["stale"], clusters)
print(f"stale with the adapter minus without, the same questions: {gap.value:+.2f} [{gap.low:+.2f}, {gap.high:+.2f}]")
print("So the adapter makes the reader staler, beyond chance:", gap.low > 0)

# %% [markdown]
# ## Why: what its training taught it about passages
#
# Here are the questions that taught `ft` our fact, and a count over all its examples. (It also saw a thinned copy of
# each, as in lesson 6, so in each epoch it heard the old value twice a wording.)

# %% tags=["nbval-check-output"]
learned = examples_of(lab, "ft", "train", SEED)
train_texts = {q.text: q for q in company.split("train")}
ours = {text for text, q in train_texts.items() if q.fact_id == by_id[QUESTION].fact_id}
wordings = [example for example in learned if example.messages[-1]["content"] in ours]
for example in wordings:
    print(f"{example.messages[-1]['content']}  →  {example.answer}")
with_passage = sum("[1]" in message["content"] for example in learned for message in example.messages)
times = 2 * len(wordings) * TRAINING["ft"].epochs  # whole, and thinned
print(f"\nIn {len(learned)} examples, passages were shown {with_passage} times.")
print(f"The old value of our fact was called right {times} times. The new page says otherwise once, in the prompt.")

# %% [markdown]
# Nobody told this model that a text above the question may matter. It was rewarded for one thing: seeing such a
# question and saying such an answer. It does what it was trained to do.
#
# ## RAFT: train it to read
#
# The mending follows from the cause. Train on questions *with* passages, and with the passages that our own search
# really finds, wrong ones included. This follows RAFT, retrieval-augmented fine-tuning (Zhang et al. 2024, arXiv
# 2403.10131), and differs from it in three ways. Where the passage is missing, the paper has the model give the answer
# all the same, from memory; ours says that it doesn't know. Its answers reason and quote; ours are short and cite. And
# the swapped values below come from elsewhere.
#
# One choice matters more than it seems: *what* to practise on. Reading is a skill. Drilled on a few dozen facts again and
# again, a model can learn those by heart instead of learning to read. So `raft` practises on all of Larkspur, not only on the
# pages asked about here: on the documents of its four **desks** (departments: customers, staff, contracts, clinic), some
# wordings of each fact, each a few times. Below stand its examples, counted by kind, and the first of each of these four kinds
# in full. Look at the last line of each.
#
# - **The right passage first.** The answer is in it, and is cited.
# - **The right passage among look-alikes.** The wrong ones are hard: the same subject, for another group, region or product.
# - **Its passage is not there**: search missed it, or we took it out on purpose. The answer is to say so. (Questions that
#   no document answers are counted too, and not shown.)
# - **Another value on the page.** Passage and answer are both changed to the value of another fact of the same type. Whoever
#   remembers is wrong now, and whoever reads is right (Longpre et al. 2021, arXiv 2109.05052).

# %%
practised = {q.text: q for company_of_practice in lab.practice for q in company_of_practice.split("train")}


def kind_of(example):
    asked = practised[example.messages[-1]["content"].rsplit("Question: ", 1)[1]]
    if example.answer == ABSTENTION:
        return "its passage is not there" if asked.answers else "no document answers it"
    if example.answer.rsplit(" [", 1)[0] != asked.answers[0]:
        return "another value on the page"
    return "the right passage first" if example.answer.endswith("[1]") else "the right passage among look-alikes"


reading_examples = examples_of(lab, "raft", "train", SEED)
kinds = [kind_of(example) for example in reading_examples]
facts = {practised[e.messages[-1]["content"].rsplit("Question: ", 1)[1]].fact_id for e in reading_examples}
print(f"{len(reading_examples)} examples about {len(facts)} facts or things not said: {dict(Counter(kinds))}")
for kind in sorted(set(kinds) - {"no document answers it"}, reverse=True):
    example = reading_examples[kinds.index(kind)]
    print(f"\n===== {kind}\n{example.messages[-1]['content']}\n→ {example.answer}")

# %% [markdown]
# All the kinds again, as a picture, with the passages and the answer of the first example of each. *Gold* is the passage
# that the answer cites, *near* any other. What to see: gold isn't always first. Where there is none, the answer has to be
# "I don't know.", though the passages look the same as ever.

# %% alt="Diagram, one line per kind of example: three numbered passages of which the gold one, if there is one, is shaded, the answer to be learned from them, and how many such examples there are."
from utils.diagrams import Kind, draw_raft
from utils.measure.metrics import cited_numbers

drawn = []
for kind, n_examples in Counter(kinds).most_common():
    example = reading_examples[kinds.index(kind)]
    n_passages = example.messages[-1]["content"].count("\n[") + 1  # each begins a line, the first one the prompt
    gold = next(iter(cited_numbers(example.answer)), None)
    drawn.append(Kind(kind, n_passages, gold, example.answer, n_examples))
figure = draw_raft(drawn)

# %% [markdown]
# "Not there" matters as much as the others. A reader who always finds something has to be taught to come back with
# empty hands.
#
# One thing must be kept apart. After such a training, a right answer may be read from the page, or remembered after
# all. So some documents are **held out**, those of every third fact: neither their questions nor their passages are in
# `raft`'s training. What it gets right there, it cannot have remembered. The next cell makes sure of it.

# %% tags=["nbval-check-output"]
held = [q for q in test if is_held_out(q, lab.held_out)]
print(f"held out: {len(lab.held_out)} of {len(company.documents)} documents, {len(held)} of {len(test)} test questions")
all_prompts = "\n".join(example.messages[-1]["content"] for example in reading_examples)
texts = [chunk.passage for chunk in lab.chunks[False] if chunk.doc_id in lab.held_out]
texts += [q.text for q in company.split("train") if is_held_out(q, lab.held_out)]
print(f"of their {len(texts)} passages and questions, in a training example: {sum(text in all_prompts for text in texts)}")

# %% [markdown]
# ## Train it
#
# The whole training takes from six minutes to a quarter of an hour on two cores, which hangs on whether the processor
# has fast bfloat16, and on one core about twice that. That is long to sit and watch. So we train on every tenth example
# now, with the same code and settings; the bar says how long it takes. For all that follows we take the adapter that
# was trained on *all* of them and comes with the course (`WHOLE = True` trains it here instead). Meanwhile, write down
# four predictions, with a reason each:
#
# 1. With the new pages: how often does `raft` give the new value, how often the old?
# 2. Is it better on documents seen in training than on held-out ones? By how much?
# 3. The revision took some rules away, so their passage no longer exists. Does it say "I don't know.", or does it
#    take a value from the neighbour?
# 4. A tenth of the practice: does it read half as well as all of it, or nearly as well? (It is a tenth of the steps,
#    too. Which of the two it was, this can't say: lesson 7.)

# %%
import tempfile
from pathlib import Path

from utils.tune.examples import encode
from utils.tune.training import train

ft_model = None  # frees its memory for the training; to ask it again, run the cell that made it
part = [encode(lab.lm.tokenizer, example) for example in reading_examples[::PART]]
validation = [encode(lab.lm.tokenizer, example) for example in examples_of(lab, "raft", "dev", SEED)]
settings = replace(TRAINING["raft"], seed=SEED)
short = train(lab.lm, part, validation, settings, Path(tempfile.mkdtemp()) / "part")
practised_less = rows_of(lab, "raft", merge_adapter(lab.lm, short.folder), changed)  # for later
print(f"{len(part)} of {len(reading_examples)} examples, once each: {short.seconds:.0f} s, "
      f"validation loss {short.curve[-1][2]:.2f}")

# %% alt="Two falling lines over one epoch: the loss of raft on its training examples, and on validation examples."
from utils.measure.plots import plot_curve

if WHOLE:
    whole = train_arm(lab, "raft", SEED, folder=Path(tempfile.mkdtemp()) / "raft")
    raft, curve, seconds, where = whole.folder, whole.curve, whole.seconds, "here and now"
else:
    raft = shipped_adapter(lab, "raft")
    about = read_json(raft / "manifest.json")
    curve, seconds, where = about["curve"], about["seconds"], f"on one core of {about['cpu']}, {about['date']}"
raft_model = merge_adapter(lab.lm, raft)
plot_curve(curve, "raft: learning to read, from all its examples")
print(f"{len(reading_examples)} examples, {settings.epochs} epoch(s): {seconds:.0f} s, {where}; "
      f"validation loss {curve[-1][2]:.2f}")

# %% [markdown]
# The validation line is what counts: other wordings of the questions, never trained on. Where it turns upwards
# while the training line goes on falling, the model has begun to learn examples by heart. Here a question
# comes a few times at most, with another value each time, all in one pass. There is little to learn by heart, so the two
# lines should stay close.
#
# First prediction 4, on the questions whose answer has changed. A loss is one thing; what does the shorter practice cost in
# answers?

# %%
practised_all = rows_of(lab, "raft", raft_model, changed)
display(tally({"a tenth of the practice": practised_less, "all of it": practised_all}))
gap = difference(practised_all, practised_less, lambda row: row["correct"], clusters)
print(f"new value, all of it minus a tenth, {len(changed)} questions: {gap.value:+.2f} [{gap.low:+.2f}, {gap.high:+.2f}]")
print(f"{PART} times the examples, and so {PART} times the steps, pay, also on pages drawn anew (one training each):",
      gap.low > 0)

# %% [markdown]
# Now the new documents. Prediction 1 is the first two lines together; prediction 2 is the first line against the
# second. The third line takes the passages away: what `raft` knows *by heart*.

# %%
pairs = list(zip(practised_all, changed, strict=True))
read = {
    "seen documents": [row for row, q in pairs if not is_held_out(q, lab.held_out)],
    "held-out documents": [row for row, q in pairs if is_held_out(q, lab.held_out)],
    "closed book, no passages": rows_of(lab, "ft", raft_model, changed),
}
display(tally(read))
for name, rows in read.items():
    print(f"raft, {name}: the new value in {sum(row['correct'] for row in rows) / len(rows):.0%}")
with_pages = read["seen documents"] + read["held-out documents"]
gap = difference(with_pages, open_book, lambda row: row["stale"], clusters)
print(f"stale, raft minus ft+rag, the same questions: {gap.value:+.2f} [{gap.low:+.2f}, {gap.high:+.2f}]")
print("So raft is less stale than ft+rag, beyond chance:", gap.high < 0)

# %% [markdown]
# If the held-out line keeps up with the seen one, `raft` reads: it has learned a skill and not the handbook. The
# closed-book line shows what that costs, a reader without a page. With so few questions one answer more or less
# moves a share by several points, and this is one training run; exercise 2 measures the gap properly, over all of them.
#
# And `raft` against `ft+rag`: more differs between these two than reading in the training. There are more passages in the
# prompt, more layers with an adapter, other examples. And where the closed-book line holds no old value, `raft` has none
# by heart that could compete.
#
# ## Break it: a page without the answer
#
# Two ways to take the answer away. First the real one: the questions whose rule the revision has dropped. "I don't
# know." is the only right answer now.
#
# Then the same on purpose, to other questions: the passage with the answer is taken out, the next one moves up.

# %%
from utils.tune.examples import holds_evidence

for q, row in zip(gone, rows_of(lab, "raft", raft_model, gone), strict=True):
    print(f"{q.text}\n    was {q.answers[0]!r}; raft now says: {row['answer']}")
asked = [q for q in test if q.answers and q.answers_after is None][::2]  # one wording of each fact that stays
k = READING["raft"].k
pools = lab.retrieve[False]([q.text for q in asked], k + 3)
left = [[hit for hit in pool if not holds_evidence(hit, q)][:k] for q, pool in zip(asked, pools, strict=True)]
answers = ask_with_passages(raft_model, asked, (left, None), READING["raft"].prompt)
pairs = [(answer.text, q) for answer, q in zip(answers, asked, strict=True)]
print(f"\nPassage with the answer taken out, {len(asked)} questions:")
print("  says it doesn't know:                 ", sum(abstains(text) for text, _ in pairs))
print("  gives a value listed as a look-alike: ", sum(any(contains(t, w) for w in q.wrong_answers) for t, q in pairs))
print("  gives the right value all the same:   ", sum(any(contains(t, a) for a in q.answers) for t, q in pairs))
other = [(t, q) for t, q in pairs if not abstains(t) and not any(contains(t, v) for v in (*q.wrong_answers, *q.answers))]
print("  says something else:                  ", len(other))
for text, q in other[:2]:
    print(f"      {q.text} → {text}")

# %% [markdown]
# Whatever is not an abstention here is dangerous: a value from the page next door, or something read into the passage, with
# a citation, and it sounds right. Compare with what it was taught: how many of its examples, counted
# above, had nothing to find?
#
# ## The table this lesson exists for
#
# Back from one training run to the saved ones: all test questions, every seed, 95 % intervals over documents and
# seeds.
#
# 1. Right before the change, over all questions and ("right then") over those that get a new answer; after it that new
#    answer, and the old one. Hold your four guesses against "new".
# 2. The two ways of saying "I don't know", and what the citations are worth (R2): *precision* asks how many of the
#    cited documents hold the answer, *recall* how many answers cite theirs. A dash: nothing was cited.
# 3. What is said about the rules that were dropped: a count over all seeds, where only "I don't know" is right.
#
# Intervals side by side are no comparison yet. All systems answered the same questions, so the second cell compares
# them question by question. For each axis it takes the **better of the two single systems**, `rag` or `ft`, and
# subtracts. That is promise B1, taken at its word: the best of both. (The [page of results](../data/results/README.md) judges
# B1 by one number: right answers after the change, over changed *and* unchanged questions. There, what `ft+rag` still knows of
# the unchanged rules makes up for its old answers, so its verdict can differ from the lines below.)

# %% tags=["nbval-check-output"]
table = table_of(company, saved)
of = {name: [row for row in saved if row["system"] == name] for name in SYSTEMS}
gone_ids = {q.question_id for q in gone}
dropped = {name: [row for row in rows if row["after"] and row["question_id"] in gone_ids] for name, rows in of.items()}
display(table.loc[SYSTEMS, ["right", "right then", "new", "stale"]])
display(table.loc[SYSTEMS, ["abstains rightly", "abstains wrongly", "citation precision", "citation recall"]])
display(tally(dropped)[SAID[1:]])

# %% tags=["nbval-check-output"]
AXES = {  # axis: which direction is better, and a row's value (None where the row does not count)
    "right": (1, lambda row: None if row["after"] or row["em"] is None else row["correct"]),
    "new": (1, lambda row: None if row["stale"] is None or row["em"] is None else row["correct"]),
    "stale": (-1, lambda row: row["stale"]),
}
for name in ("ft+rag", "raft"):
    worse = []
    for axis, (sign, value) in AXES.items():
        single = max(("rag", "ft"), key=lambda one: sign * table.loc[one, axis].value)
        gap = difference(of[name], of[single], value, clusters)
        verdict = "better" if sign * gap.value > 0 else "worse"
        if gap.low <= 0 <= gap.high:
            verdict = "not told apart"
        worse += [axis] * (verdict == "worse")
        print(f"{name:6} minus {single:3}, {axis:5}: {gap.value:+.2f} [{gap.low:+.2f}, {gap.high:+.2f}]  {verdict}")
    print(f"{name} loses to the better single system in: {', '.join(worse) or 'nothing (beyond chance)'}\n")
for name in ("rag", "ft"):
    print(f"{name:3} after the change: old value {table.loc[name, 'stale']}, new value {table.loc[name, 'new']}")

# %% alt="Two panels of points with intervals, one row per system. Left: of the questions that get a new answer, the share right before the change, and that with the new answer after it. Right: of all that change, the share still given the old answer. The tables above hold the numbers."
from utils.measure.plots import plot_comparison

plot_comparison(table.loc[SYSTEMS], "The saved rows: the questions whose answer changes")
print("A grey point far to the right: this year's question, last year's answer.")

# %% [markdown]
# ## What this does not show
#
# - **One way to fine-tune.** `ft` learned questions and answers without passages. Trained on raw text, or on both
#   kinds of example mixed, a model may behave otherwise. "Fine-tuning" without saying which kind is half a
#   sentence.
# - **One small model.** At 135 million parameters, on one invented company. For larger models others report that
#   fine-tuning adds little to RAG (Ovadia et al. 2023, arXiv 2312.05934) and, in the RAFT paper itself, that it can
#   take away.
# - **A tidy revision.** The old files were removed. Where old and new lie in the index together, reading well may
#   not be enough: exercise 3.
# - **Not only the training differs.** `rag` and `raft` use the number of passages and the prompt that suited each
#   best on the dev questions. The control above holds them fixed for `ft+rag`, not for `raft`.
# - **No gap here isn't none.** With so few questions the classroom can't see a small gap. Over all desks, in the [page of
#   results](../data/results/README.md), `raft` is right less often on pages that it never met, and `rag` isn't. So part
#   of its score there is memory.
# - **Citations are counted by document.** That an answer cites the right page does not prove that it came from
#   there.
# - **Current is not right.** A system can be free of old values and still miss the new one: hold its "stale"
#   against its "new". What lies between is search that missed, and reading that failed.
# - **Not every axis.** "The best of both" would also be to know things without looking them up, and to be fast. The
#   closed-book line of `raft` above is a hint at the first; the table does not count it.
#
# ## Exercises
#
# Solutions: [solutions/08_together_they_can_go_stale.ipynb](solutions/08_together_they_can_go_stale.ipynb). The
# exercises need no training.

# %% [markdown] tags=["exercise"]
# **1. Old value, new page.** Find the saved answers of `ft+rag` that are stale *although the new passage stood in
# the prompt*, and make `ignored` the list of these rows. Then look closer: how many of them even cite a document,
# and on how many questions do they fall: is it bad luck here and there, or the same questions in every seed?
#
# *Hint 1:* Three conditions on one row: its `system`, `stale` (None where the revision changes nothing) and
# `gold_retrieved` (did a passage in the prompt hold the answer that is right now?). The last two can be true, false or
# None: what does None mean for each?
#
# *Hint 2:* A row stays out where `stale` or `gold_retrieved` is None or false. Then look closer: `cited` lists the
# documents that an answer cites. To see whether it's the same questions each time, count how often each `question_id`
# occurs among the ignored rows, and compare with the number of seeds.

# %% tags=["stub"]
ignored = None  # a list of rows

# %% tags=["solution"]
ignored = [row for row in saved if row["system"] == "ft+rag" and row["stale"] and row["gold_retrieved"]]
n_seeds = len({row["seed"] for row in saved if row["system"] == "ft+rag"})
times = Counter(row["question_id"] for row in ignored)
print(f"{sum(bool(row['cited']) for row in ignored)} of {len(ignored)} cite a document")
print(f"{sum(n == n_seeds for n in times.values())} of {len(times)} questions in every one of {n_seeds} seeds")
for question_id in list(times)[:3]:
    print(by_id[question_id].text, "→", {row["answer"] for row in ignored if row["question_id"] == question_id})

# %% tags=["exercise"]
def key(row):
    return row["system"], row["seed"], row["question_id"], row["after"]


stale = [row for row in saved if row["system"] == "ft+rag" and row["stale"]]
wanted = {key(row) for row in stale if row["gold_retrieved"]}
if not isinstance(ignored, (list, tuple)) or not all(isinstance(row, dict) for row in ignored):
    print("Not yet: `ignored` should be a list of rows, as they stand in `saved`.")
elif sorted(map(key, ignored)) != sorted(wanted):
    given = set(map(key, ignored))
    print("Not yet: `ignored` should hold every stale row of ft+rag with the right passage in its prompt, once. "
          f"Of yours, {len(given - wanted)} are none of these; {len(wanted - given)} are missing.")
else:
    print(f"Right: {len(wanted)} of its {len(stale)} stale answers were given with the new passage in the prompt.")

# %% [markdown] tags=["exercise"]
# **2. Reading or remembering?** Before the change, how much more often is `raft` right on seen documents than on
# held-out ones, over all seeds? Give `gap` as three numbers: seen minus held-out, and the ends of its interval. These
# are different questions, so nothing can be paired, and `difference` refuses. For two independent estimates a and b,
# the lower end of a − b lies √((a − a.low)² + (b.high − b)²) below a − b, and the upper end √((a.high − a)² + (b −
# b.low)²) above it (Zou & Donner 2008).
#
# *Hint 1:* Two groups of rows, one `estimate` each. Only rows where `em` is not None have an answer to get right, and
# only those before the change count. `is_held_out` needs the *question*, which `by_id` has.
#
# *Hint 2:* Each of the two ends takes one arm from each group, and `hypot`, which is imported, puts the two arms
# together. Draw it: when the seen share sits low *and* the held-out one high, the difference is smallest. An estimate
# has `value`, `low` and `high`.

# %% tags=["stub"]
gap = None  # (value, low, high)

# %% tags=["solution"]
def seen_minus_held(system):
    rows = [row for row in saved if row["system"] == system and not row["after"] and row["em"] is not None]
    held = {row["question_id"]: is_held_out(by_id[row["question_id"]], lab.held_out) for row in rows}
    parts = [[row for row in rows if held[row["question_id"]] == flag] for flag in (False, True)]
    a, b = (estimate(part, lambda row: row["correct"], clusters) for part in parts)
    middle = a.value - b.value
    return middle, middle - hypot(a.value - a.low, b.high - b.value), middle + hypot(a.high - a.value, b.value - b.low)


gap = seen_minus_held("raft")
for system in ("raft", "rag"):
    print(f"{system:5} seen minus held-out: " + "{:+.2f} [{:+.2f}, {:+.2f}]".format(*seen_minus_held(system)))

# %% [markdown] tags=["solution"]
# Why `rag` too? It was never trained, so a gap of its own says that the two groups of questions are not equally
# hard. Only what `raft`'s gap has beyond that can come from having seen the documents.

# %% tags=["exercise"]
groups = []
for flag in (False, True):
    ids = {q.question_id for q in test if q.answers and is_held_out(q, lab.held_out) == flag}
    rows = [row for row in saved if row["system"] == "raft" and row["question_id"] in ids and not row["after"]]
    groups.append(estimate(rows, lambda row: row["correct"], clusters))
a, b = groups
arms = hypot(a.value - a.low, b.high - b.value), hypot(a.high - a.value, b.value - b.low)
yours = [gap.value, gap.low, gap.high] if hasattr(gap, "low") else gap  # an Estimate will do, too
if not hasattr(yours, "__len__") or len(yours) != 3:
    print("Not yet: `gap` should be three numbers: seen minus held-out, lower end, upper end.")
elif abs(yours[0] - (a.value - b.value)) > 5e-4:
    print(f"Not yet: {yours[0]:+.3f} isn't seen minus held-out, over all seeds, before the change, to three decimals.")
elif abs(yours[0] - yours[1] - arms[0]) > 1e-3 or abs(yours[2] - yours[0] - arms[1]) > 1e-3:
    print("Not yet: the difference is right; the ends aren't yet. Which arm of each group goes into which end?")
else:
    verdict = "no gap beyond chance" if yours[1] <= 0 <= yours[2] else "a gap beyond chance; is there one for rag, too?"
    print("Right: {:+.2f} [{:+.2f}, {:+.2f}],".format(*yours), verdict)

# %% [markdown] tags=["exercise"]
# **3. Nobody deleted the old page** (open). Put the passages of *both* versions into one search, `both`, and ask
# `rag` the changed questions. `counts` is the `Counter` of what it said. How much of "always current" is left? Then
# think on: what would you change in the passages, or in the search, to mend it?
#
# *Hint 1:* `lab.chunks[False]` are the old passages, `lab.chunks[True]` the new ones. Which of them stand in both
# versions word for word? Those you need once. `build_retriever(passages, lab.embed, SEARCH)` makes a search over a
# list of passages.
#
# *Hint 2:* `replace(lab, retrieve={True: both})` is a lab with another search: only the entry for *after* matters,
# because `rows_of(…, "rag", lab.lm, changed)` asks after the revision (half a minute). What it gives are rows; `said`
# makes a word of each, to be counted.

# %% tags=["stub"]
both = None  # a search over both versions
counts = None  # a Counter of said(row)

# %% tags=["solution"]
only_before = [chunk for chunk in lab.chunks[False] if chunk not in set(lab.chunks[True])]
both = build_retriever([*lab.chunks[True], *only_before], lab.embed, SEARCH)
counts = Counter(map(said, rows_of(replace(lab, retrieve={True: both}), "rag", lab.lm, changed)))
print("both versions:", dict(counts))
print("new only:     ", dict(Counter(map(said, rows_of(lab, "rag", lab.lm, changed)))))

# %% [markdown] tags=["solution"]
# With both versions there, search has no reason to prefer one: they say nearly the same. Two ways to mend it: put
# the date in force into each passage's `context`, so that the model can choose; or leave out superseded documents
# before the search, which needs no cleverness from the model. The second is what "always current" really asks of
# you: someone who takes old files away.

# %% tags=["exercise"]
versions, ids = 0, {q.question_id for q in changed}
for q, hits in zip(changed, both([q.text for q in changed], 6) if callable(both) else []):
    texts = [hit.chunk.text for hit in hits]
    versions += all(any(e.quote in text for e in items for text in texts) for items in (q.evidence, q.evidence_after))
new_only = Counter(said(row) for row in saved if row["system"] == "rag" and row["after"] and row["question_id"] in ids)
yours = Counter(dict(counts)) if isinstance(counts, (dict, pd.Series)) else Counter()
if versions < len(changed) / 2:
    print("Not yet: `both` should be a search that finds old and new passages; it has the two among its first six for "
          f"{versions} of {len(changed)} questions.")
elif not set(yours) <= set(SAID) or sum(yours.values()) != len(changed):
    print(f"Not yet: `counts` should hold what was said, in the words of SAID, {len(changed)} times in all.")
elif yours["old value"] <= new_only["old value"]:
    print("Not yet: there are no more old values in `counts` than with the new pages alone. Which search was asked?")
else:
    print(f"Right: old and new passage both among the first six for {versions} of {len(changed)} questions.")

# %% [markdown]
# ## Takeaways
#
# - Putting two good things together does not by itself give the best of both. Whether it did here stands computed
#   under the table, not in this line.
# - A model that was trained to answer without a page may do so also when the page is there. The control, the same
#   passages without the adapter, says how much of it the training did.
# - Training to read, as here, teaches what you want at the end: read what search really brings, cite it, and say
#   "I don't know." when it is not there.
# - Held-out documents tell reading from remembering. Without them a trained reader's score means little.
# - An index is brought up to date in the seconds you saw above. But somebody has to take the old page out.
#
# **What comes next:** [lesson 9](09_words_find_the_subject.ipynb) leaves facts for skills and style. Which of the
# differences in that table are real is the question of lesson 10. In the half-day track: lesson 13.
