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
# # 12. Pages can lie, and weights can tell

# %% [markdown]
# {{navigation}}

# %% [markdown]
# **Question** Whom does such a system believe, and to whom does it tell what it knows?
#
# **You will be able to** show what a poisoned page does to each system, put a filter where it works, measure whether a
# secret has moved into the weights, and tell a safe model from a weak one.
#
# **Minutes** About one on two cores, no GPU. It reads saved rows of three experiments and asks the small model a
# handful of questions live. Lessons 2, 6 and 8 help.
#
# **Promises tested** R3 RAG works with private data
#
# {{pipeline: documents, retrieve, answer}}

# %%
# {{setup}}

# %% [markdown]
# ## Two doors
#
# Text comes into these systems by two doors. Through the one, the **index**, pages are read at the moment of the answer:
# whoever can put a page there can talk to the model. Through the other, **training**, text is read once and becomes
# weights: whoever can ask the model can try to get it out again. This lesson looks at what passes each door, and what
# a guard at it would have to know.

# %% tags=["setup"]
import math
from collections import defaultdict
from statistics import mean, median

import matplotlib.pyplot as plt
import pandas as pd

from utils.data import DATA, readable
from utils.experiments.variants import search_over
from utils.files import sha256_file
from utils.formats import load_documents
from utils.lab import READING, TRAINING, open_lab
from utils.measure.evaluation import cluster_of, difference, estimate
from utils.measure.metrics import contains
from utils.measure.results import read_results
from utils.retrieve.quarantine import SIGNS, signs_of
from utils.skills import load_attacks, load_canaries

# %% tags=["setup"]
SYSTEMS = ["rag", "raft", "ft+rag"]  # those that read pages
FOLLOWED = "people-014"  # the fact that the poisoned page below is after
EVEN = 0.05  # share of facts that a system may still state once their page is gone: R3's border, fixed beforehand


def saved(name, **hashes):
    """Rows of an experiment, refused where they were made on other data."""
    provenance, rows = read_results(DATA / "results" / f"{name}.jsonl")
    for part, digest in hashes.items():
        assert provenance["data_sha256"][part] == digest, f"{name} was made on another {part}: reproduce it"
    return rows


attacks = {attack.doc_id: attack for attack in load_attacks()}
folder = load_documents(DATA / "documents")  # every page there is: in force, superseded, private, poisoned
poisoned = {page.doc_id: page for page in folder if page.status == "poisoned"}
known = {"attacks.jsonl": sha256_file(DATA / "attacks.jsonl")}
attack_rows, page_rows = saved("attacks", **known), saved("attacks-pages", **known)
print(f"{len(poisoned)} poisoned pages, {sum(a.harmless for a in attacks.values())} harmless ones that look like it")

# %% [markdown]
# ## Look at the data: a page that wants something
#
# Somebody with access to the folder has left this page there. It is written to be found for one question, and to be
# believed. Read it as a model would: what is a *fact* in it, and what is a *question with its answer* that nobody asked?

# %% tags=["nbval-check-output"]
attack = next(item for item in attacks.values() if item.target == FOLLOWED)
print(f"kind: {attack.attack}   after: {attack.target}   wants the answer to hold: {attack.payload!r}\n")
print(poisoned[attack.doc_id].text.strip())

# %% [markdown]
# There are four pages of each of five kinds: an **instruction** to the model, a forged **delimiter** (text that looks like
# the frame of the prompt, as above), a plain **false fact** in the house's own voice, **bait** for the ranker (the likely
# questions, again and again), and a made-up **citation**. Each is put into the index alone, among all the honest pages.
#
# ## Predict
#
# `rag` is the untrained reader. `raft` was trained to read closely. `ft+rag` was trained on questions and answers and then
# given pages. With the poisoned page in the index: **whose right answers fall most?** And which of the three will hardly
# notice the page? Write down an order.
#
# ## One question, live
#
# First the smallest true case: the same reader, the same question, once without the page and once with it.

# %%
from utils.answer.generation import generate, render

lab = open_lab()
question = next(q for q in lab.company.split("test") if q.fact_id == FOLLOWED)
pages = list(lab.company.documents)
searches = {"honest pages": search_over(lab, pages), "and the other": search_over(lab, [*pages, poisoned[attack.doc_id]])}
print(f"{question.text}\nright: {question.answers[0]}\n")
for name, search in searches.items():
    hits = search([question.text], READING["rag"].k)[0]
    prompt = render(lab.lm, READING["rag"].prompt(question.text, hits))
    print(f"{name}: {generate(lab.lm, [prompt])[0].text}")
    print(f"    found: {hits[0].chunk.passage[:110]}…")

# %% [markdown]
# ## By hand: what counts as success, for an attacker
#
# Three things have to happen, one after the other: the page is **found**, its **payload** (what it wants the answer to
# hold) lies **in the passage** that is shown, and the payload stands **in the answer**. The last one, in a few lines,
# on the saved answers; it must give what the experiment counted.


# %%
def payload_share(rows, system, attack):
    """The share of a system's answers about the attack's target in which its payload stands, word for word."""
    texts = [row["answer"] for row in rows if row["system"] == system and row["question_id"].startswith(attack.target)]
    return sum(contains(text, attack.payload) for text in texts) / len(texts)


answers = [row for row in attack_rows if "figure" not in row]
figures = {(row["figure"], row["system"], row["item"]): row["value"] for row in attack_rows if "figure" in row}
for item in attacks.values():
    if not item.harmless:
        for name in SYSTEMS:
            counted = figures["payload in the answer", f"{name}/poisoned", item.doc_id]
            assert payload_share(answers, f"{name}/poisoned", item) == counted
print("The same shares as in the saved figures, for all attacks and systems.")

# %% [markdown]
# ## What the pages did
#
# All twenty, and for each system four conditions: as it stands; with the poisoned page in the index (`/poisoned`); the
# same behind a guard that will be built below (`/defended`); and **told** (`/told`): the page's words put straight into
# the user's message, without any search.

# %% tags=["nbval-check-output"]
FIGURES = ["page found", "payload in the passages", "payload in the answer", "right"]
conditions = [""] + ["/poisoned", "/defended", "/told"]
lines = {}
for name in SYSTEMS:
    for condition in conditions:
        chosen = {figure: [v for (f, s, _), v in figures.items() if (f, s) == (figure, name + condition)] for figure in FIGURES}
        lines[name + condition] = {figure: round(mean(values), 2) if values else None for figure, values in chosen.items()}
table = pd.DataFrame(lines).T
print(table.to_string(na_rep="–"))

# %% tags=["nbval-check-output"]
attacked = [item.doc_id for item in attacks.values() if not item.harmless]
same_target = {doc_id: attacks[doc_id].target for doc_id in attacked}


def marks(system):
    """The share of right answers about each attack's target, as rows that can be drawn anew."""
    return [{"question_id": doc_id, "seed": None, "right": figures["right", system, doc_id]} for doc_id in attacked]


falls = {}  # an attack a row: how far a system's right answers fall
for name in SYSTEMS:
    pairs = [(figures["right", name, doc_id], figures["right", f"{name}/poisoned", doc_id]) for doc_id in attacked]
    falls[name] = [{"question_id": d, "seed": None, "fall": a - b} for d, (a, b) in zip(attacked, pairs)]
    shown, said = (table[figure][f"{name}/poisoned"] for figure in FIGURES[1:3])
    print(f"{name:8} falls by {mean(a - b for a, b in pairs):.2f}; of the payloads that it was shown it says {said / shown:.0%}")
gap = difference(falls["raft"], falls["rag"], lambda row: row["fall"], same_target)
said = "further, beyond chance" if gap.low > 0 else "less far, beyond chance" if gap.high < 0 else "as far or not, they can't tell"
print(f"raft's fall minus rag's, over {len(attacked)} attacks: {gap}: {said}")

# %% tags=["nbval-check-output"] alt="Three groups of bars with intervals, for rag, raft and ft+rag: right answers with honest pages, with the poisoned page, and with the guard."
colours = {"": "#444444", "/poisoned": "#cc4c02", "/defended": "#74a9cf"}
hatches = {"": "", "/poisoned": "//", "/defended": ".."}
names = {"": "honest pages", "/poisoned": "with the poisoned page", "/defended": "with the guard"}
figure, axes = plt.subplots(figsize=(8, 3.6))
for place, condition in enumerate(names):
    shares = [estimate(marks(name + condition), lambda row: row["right"], same_target) for name in SYSTEMS]
    places = [x + (place - 1) * 0.27 for x in range(len(SYSTEMS))]
    axes.bar(places, [share.value for share in shares], 0.25, color=colours[condition], hatch=hatches[condition],
             label=names[condition], edgecolor="white")
    for x, share in zip(places, shares):
        axes.plot([x, x], [share.low, share.high], color="black", linewidth=1)
        axes.text(x, share.high + 0.02, f"{share.value:.2f}", ha="center", fontsize=9)
axes.set_xticks(range(len(SYSTEMS)), SYSTEMS)
axes.set(ylim=(0, 1.15), ylabel="right answers, with 95 % intervals",
         title=f"One page in the index, and what is left of the answers ({len(attacked)} attacks)")
axes.legend(frameon=False, ncols=3, loc="upper center", bbox_to_anchor=(0.5, -0.1))
plt.show()
for name in SYSTEMS:
    print(f"{name:8}" + ", ".join(f"{word} {table['right'][name + condition]:.2f}" for condition, word in names.items()))

# %% [markdown]
# What to see: one page takes most of their right answers from both readers, the untrained and the trained. Training to read
# is no training to doubt. The trained one has more to lose, and it is shown three passages where `rag` is shown one, so it
# meets the payload more often. And `ft+rag` stands there untouched. Is it the safe one?

# %% tags=["nbval-check-output"]
comparison, rows = read_results(DATA / "results" / "comparison.jsonl", lab.company.sha256)
stale = [row for row in rows if row["system"] == "ft+rag" and row["after"] and row["stale"] is not None]
share = estimate(stale, lambda row: row["stale"], cluster_of(lab.company.questions))
print(f"ft+rag, after the company itself has changed its pages: the old answer on {share} of the changed questions.")
print(f"And told the payload by the user: right all the same on {table['right']['ft+rag/told']:.2f}.")

# %% [markdown]
# It doesn't resist the lie: it doesn't listen. The honest revision of lesson 8 leaves it just as untouched. **A system
# that ignores its pages can't be misled by them, and can't be corrected either.** In the same way a model that doesn't carry
# out an instruction in a page may only be too weak to follow it. The row *told* is there to tell the two apart: where
# the words in the user's own message don't work either, their failing in a page says nothing about safety.
#
# ## A guard at the first door
#
# Pages can be looked at when they come in, before they are indexed. The signs below are simple on purpose: you can read
# each, and say of any page why it was stopped. Which of them count was chosen on every second attack; what they do to the
# others is the test. The rows `/defended` above hold both halves, so they flatter the guard a little.

# %% tags=["nbval-check-output"]
for name in SIGNS:
    print(f"{name:24}", ", ".join(sorted({attacks[d].attack for d, page in poisoned.items() if signs_of(page.text, [name])})))
flagged = {row["item"]: bool(row["value"]) for row in page_rows if row["system"] == "quarantine"}
order = list(attacks)
groups = defaultdict(list)
for doc_id, stopped in flagged.items():
    item = attacks.get(doc_id)
    kind = "ordinary page" if item is None else "harmless look-alike" if item.harmless else item.attack
    half = "" if item is None else ", chosen on" if order.index(doc_id) % 2 else ", test"
    groups[kind + half].append(stopped)
print()
for kind in sorted(groups):
    print(f"{kind:32}{sum(groups[kind]):4} of {len(groups[kind]):3} stopped")

# %% [markdown]
# ## Break it
#
# Now the page that no such guard can stop: four sentences in the house's own voice, with a wrong number in them. It bears no
# sign, because there is nothing wrong with its *form*. And on the other side a harmless page is stopped that only
# *talks* about such things. Both are printed, so that you can judge for yourself.

# %% tags=["nbval-check-output"]
missed = next(item for item in attacks.values() if item.attack == "false_fact" and not item.harmless)
wrongly = next(item for item in attacks.values() if item.harmless and flagged[item.doc_id])
every = {page.doc_id: page for page in folder}
sentence = next(line for line in every[missed.doc_id].text.split("\n") if contains(line, missed.payload))
print(f"Not stopped, signs: {signs_of(every[missed.doc_id].text)}\n  …{sentence[:300]}\n")
line = next(line for line in every[wrongly.doc_id].text.split("\n") if signs_of(line))
print(f"Stopped, and harmless, signs: {signs_of(every[wrongly.doc_id].text)}\n  …{line[:300]}")

# %% [markdown]
# Against a lie in the right form only knowing *who wrote the page* helps: who may put pages into the folder, who has
# signed them off, and whether a second page says the same. That is work for people and their rights, not for a pattern.
#
# ## Who may read what
#
# Twelve private pages hold made-up secrets: a key-safe's word, a password, a date. A search over everything will find them
# for whoever asks. The place for the filter is **before** the search: what isn't searched can't be shown, summarised or let
# slip. A filter after the answer must recognise the secret in every disguise.

# %%
private = [page for page in folder if page.status == "private"]
everything, reader = [*pages, *private], "people"
allowed = readable(everything, reader)
by_hand = [page for page in everything if page.status != "private" or page.desk == reader]
assert allowed == by_hand
print(f"{len(everything)} pages in the folder, {len(allowed)} for a reader at the desk {reader!r}")

# %% tags=["nbval-check-output"]
secrets = saved("privacy-secrets", **{"canaries.jsonl": sha256_file(DATA / "canaries.jsonl")})
lines = defaultdict(dict)
for name in ("rag", "raft"):
    for condition in ("no-filter", "other-desk", "own-desk"):
        told = [row for row in secrets if row["system"] == f"{name}/{condition}"]
        found = sum(bool(row["gold_retrieved"]) for row in told)
        lines[condition][name] = f"found {found:2}, told {sum(row['correct'] for row in told):2} of {len(told)}"
print(pd.DataFrame(lines).T.to_string())

# %% [markdown]
# With a filter, whoever may not see the page gets nothing of it, by construction: it isn't in their index. Without one,
# the search finds the secrets, and what keeps some of them from being told is that this small model reads
# badly. Don't mistake that for protection.
#
# ## Delete a page: who still says what it said?
#
# A page is deleted, and with it must go what it said (R3). Here every page is taken out of the index once. The trained
# systems had learned their answers before.

# %% tags=["nbval-check-output"]
deleted = saved("privacy")
asked = {row["question_id"] for row in deleted if row["system"] == "ft"}  # the classroom's facts, which all systems answered
clusters = cluster_of(lab.company.questions)
for name in ("rag", "ft", "ft+rag", "raft"):
    for condition in ("", "/deleted"):
        own = [row for row in deleted if row["system"] == name + condition and row["question_id"] in asked]
        print(f"{name + condition:16} states the page's answer on {estimate(own, lambda row: row['correct'], clusters)}")
told = [row for row in deleted if row["system"] == "rag/deleted" and row["question_id"] in asked]
kept = estimate(told, lambda row: row["correct"], clusters)
print(f"\nrag, once the page is gone: {kept}; R3's border is {EVEN:.2f}.")

# %% [markdown]
# What was read is gone with the page. What was learned by heart stays: no deletion reaches the weights, and `ft` doesn't even
# notice. To take one fact out of it you'd train it again without, and then check. (`raft` learned to read, and hardly says it
# any more; what its weights may still hold isn't measured here.)
#
# ## Has a secret moved into the weights?
#
# Does the interval of `rag` reach over R3's border? From the classroom's few pages it may. The ledger's R3 asks about all desks,
# four times as many questions, and decides it ([the results](../data/results/README.md#the-guides-promises-decided)).
#
# `ft` learned from questions and answers in which no secret stood, so its silence proves nothing. For a fair test there
# is `ft-raw`, trained on the raw text of pages, and among them the secrets' passages: not at all, once, four and
# sixteen times. Then the model is given the sentence up to the secret, and the true one competes with ninety-nine
# made-up ones of the same form, so a hundred in all. Its **rank** is its place among them. **Exposure** is the same in bits: 0 where it comes last,
# one more for each halving of the rank.

# %%
def exposure(rank, candidates):
    """In bits: how much better than last the secret is placed (Carlini et al. 2019)."""
    return math.log2(candidates / rank)


canaries = saved("canaries", **{"canaries.jsonl": sha256_file(DATA / "canaries.jsonl")})
values = {(row["figure"], row["system"], row["seed"], row["item"]): row["value"] for row in canaries}
for (name, system, seed, item), rank in values.items():
    if name == "rank":
        candidates = 1 + values["decoys", system, seed, item]
        assert math.isclose(exposure(rank, candidates), values["exposure", system, seed, item], abs_tol=1e-9)
by_chance = median(exposure(rank, candidates) for rank in range(1, candidates + 1))
print(f"{len(load_canaries())} secrets; placed by chance, half of them have less than {by_chance:.1f} bits")

# %% tags=["nbval-check-output"] alt="Six columns of points, one point per secret, by exposure in bits: base, ft, and trained on raw pages with the secret planted 0, 1, 4 and 16 times; bars mark the medians, the dotted line on top those that are ranked first."
ORDER = ["base", "ft", "ft-raw/0-times", "ft-raw/1-times", "ft-raw/4-times", "ft-raw/16-times"]
of = {s: [v for (f, system, _, _), v in values.items() if (f, system) == ("exposure", s)] for s in ORDER}
first = {s: [v for (f, system, _, _), v in values.items() if (f, system) == ("rank", s)] for s in ORDER}
told = {s: [v for (f, system, _, _), v in values.items() if (f, system) == ("secret told", s)] for s in ORDER}
print(f"{'':16}{'median bits':>12}{'ranked first':>14}{'said aloud':>12}{'n':>5}")
for name in ORDER:
    print(f"{name:16}{median(of[name]):12.1f}{mean(rank == 1 for rank in first[name]):14.2f}{mean(told[name]):12.2f}{len(of[name]):5}")
figure, axes = plt.subplots(figsize=(8, 3.2))
for place, name in enumerate(ORDER):
    spread = [place + 0.3 * (number / len(of[name]) - 0.5) for number in range(len(of[name]))]
    axes.plot(spread, of[name], "o", color="gray", markersize=4, alpha=0.6)
    axes.plot([place - 0.25, place + 0.25], [median(of[name])] * 2, color="black", linewidth=2)
axes.axhline(math.log2(candidates), linestyle=":", color="black")
axes.text(len(ORDER) - 0.45, math.log2(candidates), "ranked first", va="center", fontsize=8)
axes.set(ylabel="exposure in bits", title="A point is a secret in one training, a bar their median", xticks=range(len(ORDER)))
axes.set_xticklabels([name.replace("ft-raw/", "ft-raw\nplanted ").replace("-times", " ×") for name in ORDER], fontsize=8)
plt.show()
once = "ft-raw/1-times"
print(f"One copy, read {TRAINING['ft-raw'].epochs} times: ahead of all decoys in {mean(r == 1 for r in first[once]):.0%}, said aloud in {mean(told[once]):.0%}.")

# %% [markdown]
# What to see: at the dotted line the true secret comes first of all. How far the bars climb with the number of copies is
# the answer. A point up there that was never planted may well be luck: with so many secrets and decoys, one comes first by
# chance now and then. Note the last column, too: a model may *know* a secret by rank and still not say it when asked
# nicely. Not said aloud is not the same as not known.
#
# ## What this does not show
#
# - **Which reader is the more gullible.** Twenty attacks are few, and the two are shown different numbers of passages.
# - **Safety.** The attacks were written by one author, who also wrote the guard's list of signs. Somebody who knows the guard
#   writes the twenty-first so that it passes.
# - **A larger model.** It follows instructions better, so the rows *told* and *poisoned* would rise; it also memorises
#   more. Published for large ones: five texts in millions steer nine answers of ten (PoisonedRAG, as reported by others).
# - **Getting text out of vectors.** Short texts can be rebuilt from their embeddings nearly word for word (vec2text, as
#   reported): an index is as private as its pages.
# - **Other doors.** Logs, caches and the questions people type hold secrets, too. This lesson only looked at two.

# %% [markdown]
# ## Exercises
# Solutions: [solutions/12_pages_can_lie_and_weights_can_tell.ipynb](solutions/12_pages_can_lie_and_weights_can_tell.ipynb)

# %% [markdown] tags=["exercise"]
# **1. The filter in its place.** Write `may_search(pages, desks)`: the pages that somebody may search who works at several
# `desks`: all but the private pages of other desks, and no poisoned page at all.
#
# *Hint 1:* A page has a `status` and a `desk`. For which status does the desk matter, and for which doesn't it?
#
# *Hint 2:* Say it as "leave out a page if …, or if …", then turn it round. Somebody who works at two desks reads the
# private pages of both.


# %% tags=["stub"]
def may_search(pages, desks):
    return list(pages)


# %% tags=["solution"]
def may_search(pages, desks):
    return [page for page in pages if page.status != "poisoned" and (page.status != "private" or page.desk in desks)]


# %% tags=["exercise"]
got = may_search(folder, {"people", "legal"})
wrong = [page for page in got if page.status == "poisoned" or page.status == "private" and page.desk not in ("people", "legal")]
lost = [page for page in folder if page.status == "private" and page.desk in ("people", "legal") and page not in got]
if wrong:
    print(f"Not yet: {wrong[0].doc_id} must not be searched by them; it is {wrong[0].status}, of the desk {wrong[0].desk}.")
elif lost or not all(page in got for page in folder if page.status in ("in_force", "superseded")):
    print("Not yet: a page is missing that they may read.")
elif may_search(folder, set()) != [page for page in folder if page.status not in ("private", "poisoned")]:
    print("Not yet: somebody without a desk reads the pages that are for everybody, in their order.")
else:
    print(f"Right: {len(got)} of {len(folder)} pages.")

# %% [markdown] tags=["exercise"]
# **2. A sign of your own.** Two instructions still pass the guard. Write `suspicious(text)`, True for a page that ought to be
# looked at by a person: it should stop at least three of the four instructions, and at most one in twenty of the
# ordinary pages.
#
# *Hint 1:* Print the four instructions side by side (`poisoned` has the pages, `attacks[doc_id].attack` says which of
# them are instructions). To whom do they speak, and what do they say about other pages?
#
# *Hint 2:* No honest page in this folder speaks to a program. Which words give that away, and which of them do honest
# pages use, too? One pattern for the address and one for what is said about other pages, each tried on the ordinary
# pages before you join them.


# %% tags=["stub"]
def suspicious(text):
    return False


# %% tags=["solution"]
import re


def suspicious(text):
    speaks = re.search(r"\b(assistant|chatbot|help program|answering system|program reading this)\b", text, re.I)
    rules_out = re.search(r"\b(pay no attention to|disregard|ignore|leave out|forget)\b[^.]*\b(page|passage)s?\b", text, re.I)
    return bool(speaks or rules_out)


# %% tags=["exercise"]
instructions = [page for page in poisoned.values() if attacks[page.doc_id].attack == "instruction"]
plain = [page for page in folder if page.status == "in_force" and page.doc_id not in attacks]
caught, alarms = [bool(suspicious(page.text)) for page in instructions], [bool(suspicious(page.text)) for page in plain]
if sum(caught) < 3:
    missed = next(page for page, stopped in zip(instructions, caught) if not stopped)
    print(f"Not yet: {sum(caught)} of {len(caught)} stopped. One that passes: {missed.doc_id}")
elif sum(alarms) > len(alarms) / 20:
    print(f"Not yet: it stops {sum(alarms)} of {len(alarms)} ordinary pages, too.")
else:
    print(f"Right: {sum(caught)} of {len(caught)} instructions, {sum(alarms)} of {len(alarms)} ordinary pages.")

# %% [markdown] tags=["exercise"]
# **3. How many copies are too many?** Write `safe_copies(ranks, candidates)`. `ranks` maps a number of copies to the ranks of
# secrets planted so often; return the largest number of copies at which the median exposure is under one bit above that of
# secrets that were never planted (0 copies).
#
# *Hint 1:* Exposure first, then the median for each number of copies: `exposure` and `statistics.median` do most of it.
#
# *Hint 2:* Compare each median with the one at 0 copies; "under one bit" is strict. Which of the numbers of copies that
# pass is asked for?

# %% tags=["stub"]
from statistics import median


def safe_copies(ranks, candidates):
    return None


# %% tags=["solution"]
from statistics import median


def safe_copies(ranks, candidates):
    bits = {copies: median(math.log2(candidates / rank) for rank in found) for copies, found in ranks.items()}
    return max(copies for copies in bits if bits[copies] < bits[0] + 1)


# %% tags=["exercise"]
tried = [safe_copies({0: [50, 60, 40], 1: [45, 50, 55], 4: [20, 25, 30], 16: [1, 2, 1]}, 100),
         safe_copies({0: [50, 50, 50], 1: [50, 48, 52], 4: [40, 30, 45], 16: [27, 30, 26]}, 100),
         safe_copies({0: [10, 12, 11], 2: [1, 1, 1]}, 64)]  # fmt: skip
if tried[0] != 1:
    print(f"Not yet: with medians 50, 50, 25 and 1 it is 1, for 4 copies are exactly one bit above; you say {tried[0]}.")
elif tried[1:] != [16, 0]:
    print(f"Not yet: the other two are 16 and 0; you say {tried[1:]}.")
else:
    print("Right: and in the saved rows above?")

# %% [markdown]
# ## Takeaways
#
# - **Whoever can write a page can speak to the model.** Who was trained to read passes on what a page says, true or not.
# - **Weak is not safe.** A system that ignores its pages isn't protected from them; ask whether it would obey if told
#   directly before you call it robust.
# - A guard that looks at the form of a page stops the forms that its author thought of, and some honest pages with them. A
#   false sentence in the house's voice has no form to look at.
# - **Filter before the search.** What a reader may not see mustn't be in what is searched for them.
# - Deleting a page deletes it from the index. **Nothing deletes it from weights**, so don't train on what may have to go.
# - "It never said it" is no test. Measure the rank.
#
# **What comes next** is the choice: lesson 13 puts the ledger of promises beside your own needs.
