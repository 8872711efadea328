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
# # 3. Vectors find a meaning without a shared word, and overlook a number

# %% [markdown]
# {{navigation}}

# %% [markdown]
# **Question** How does a computer find the right passage when the question shares no word with it? And how long should
# a passage be?
#
# **You will be able to** cut pages into passages that know where they come from, turn text into vectors and search them
# in ways that you have checked by hand, and keep an index that notices when it is damaged or out of date.
#
# **Minutes** One to three on two cores, no GPU; an hour with reading and exercises. Nothing is trained.
#
# **Promises tested** RAG needs a good search (R6): here its first half, search by meaning. Lesson 4 takes the other
# half.
#
# {{pipeline: documents, retrieve}}

# %%
# {{setup}}

# %% [markdown]
# ## The company and the settings
#
# The handbook of Larkspur, an invented company: no model has ever read it. We need the small language model only once,
# to see how it copes with passages of different lengths; everything else is the work of a second, still smaller one,
# the **embedder**.

# %% tags=["setup"]
import re

import numpy as np
import pandas as pd

from utils.lab import READING, open_lab
from utils.records import Chunk, Document, Hit
from utils.retrieve.chunking import MAX_WORDS, chunk_document, chunk_documents, sentence_spans, split_sentences
from utils.retrieve.vector_index import build_vector_index, search_vectors
from utils.tune.examples import holds_evidence

N_LIVE = 24  # dev questions put to the language model; enough to see a large difference
BUDGET = 120  # words: what we let the reader read when passages of different lengths are compared; three of ours
FORM = "form P-78"  # an exact name to search for

lab = open_lab()
documents, chunks = lab.company.documents, lab.chunks[False]  # False: before the revision, which a later lesson brings
questions = {question.question_id: question for question in lab.company.questions}
dev = [question for question in lab.company.split("dev") if question.answers]
print(f"{len(documents)} pages, {len(dev)} dev questions with an answer")

# %% [markdown]
# ## Look at the data
#
# One page, whole, and a question about it. Somewhere in it stands the answer. How many words would you have had to
# read, and how many of them did you need? And which words do the question and the answer's sentence have in common?

# %%
question = questions["people-010-d1"]
document = next(document for document in documents if document.doc_id == question.evidence[0].doc_id)
print(document.text)
print(f"question: {question.text}\nanswer:   {question.answers[0]}\nquote:    {question.evidence[0].quote}")
print(f"{len(document.text.split())} words on the page, {len(question.evidence[0].quote.split())} in the quote")

# %% [markdown]
# ## Predict
#
# Write down three guesses before you go on.
#
# 1. The model is given the right sentence alone; then its whole paragraph; then the whole page. How many of 24
#    questions does it answer right in each case?
# 2. Which finds more: one vector for each passage, or one for each sentence?
# 3. A search by meaning is asked for `form P-78`. At which place comes the passage that names it?
#
# ## Cut pages into passages
#
# A **passage** (in code a `Chunk`) should be short enough to say one thing, and whole enough to be understood. So we
# cut between sentences, never inside one, and join neighbours as long as they have at most so many words together. With
# each passage we keep its **offsets**: the places in the page where it starts and ends. Without them no citation could
# be followed.
#
# By hand, for plain prose. Look at the second example: where does our rule for the end of a sentence go wrong?

# %% tags=["nbval-check-output"]
def cut_by_hand(text, max_words):
    """(start, end) of each passage of a paragraph."""
    passages = []
    for sentence in re.finditer(r"\S.*?[.!?](?=\s|$)", text, re.DOTALL):
        start, end = sentence.span()
        if passages and len(text[passages[-1][0]:end].split()) <= max_words:
            passages[-1] = (passages[-1][0], end)  # it still fits
        else:
            passages.append((start, end))
    return passages


for text, size in (("The kiln is hot. Wear gloves! Who fires it? Odile does.", 5), ("Ask P. Droy. He has the key.", 2)):
    page = Document("studio", "Studio", "people", 1, "2026-01-01", "in_force", text)
    print("by hand:", [(start, end, text[start:end]) for start, end in cut_by_hand(text, size)])
    print("package:", [(chunk.start, chunk.end, chunk.text) for chunk in chunk_document(page, size)])

# %% [markdown]
# The package knows that a dot after a single capital is an initial. It also knows headings, lists and tables. On
# paragraphs of plain prose the two should agree; we ask on every such paragraph of the handbook.

# %%
n_paragraphs, cut = 0, {(chunk.doc_id, chunk.start, chunk.end) for chunk in chunks}
for page in documents:
    for paragraph in re.finditer(r"(?:^[^#|\n*-].*\n?)+", page.text, re.MULTILINE):  # no heading, table row or bullet
        for start, end in cut_by_hand(paragraph[0].rstrip(), MAX_WORDS):
            assert (page.doc_id, paragraph.start() + start, paragraph.start() + end) in cut
        n_paragraphs += 1
print(f"{n_paragraphs} paragraphs: cut at the same places by hand and by the package")
print(f"In all {len(chunks)} passages. The page from above, with what stands before each passage's colon:\n")
for chunk in chunk_document(document)[:8]:
    assert document.text[chunk.start:chunk.end] == chunk.text
    print(f"{chunk.start:5}–{chunk.end:<5} {chunk.passage[:150]}")

# %% [markdown]
# The words before the colon are the title and the headings above (for a table row, the table's head too). A table row
# that only says `eight` means nothing without them, so search and model read them along.
#
# ## Why not whole pages?
#
# A whole page surely holds the answer. So give the model the gold text, the one that holds the quote, in four sizes:
# the sentence, our passage, the paragraph, the page. Nothing is searched, and the answer is in front of it *every
# time*. (A minute; a progress bar appears.)

# %%
def as_page(document):
    """The whole page as one passage."""
    return Chunk(document.doc_id, 0, len(document.text), document.text, document.title)


sizes = {
    "sentence": chunk_documents(documents, 1),  # a sentence is never cut, so each stands alone
    "passage": chunks,
    "paragraph": chunk_documents(documents, 1000),  # nothing is joined across a paragraph's end
    "page": [as_page(document) for document in documents],
}

# %%
from utils.answer.generation import generate, render
from utils.measure.evaluation import Condition, cluster_of, difference, estimate, score
from utils.records import Answer
from utils.systems import gold_hits

live = dev[:: max(1, len(dev) // N_LIVE)][:N_LIVE]
marks, words_read = {}, {}
for size, parts in sizes.items():
    gold = [gold_hits(parts, q.evidence)[:1] for q in live]
    prompts = [render(lab.lm, READING["rag"].prompt(q.text, hits)) for q, hits in zip(live, gold)]
    made = generate(lab.lm, prompts, batch_size=6, progress=size)  # six at a time: whole pages take memory
    label = Condition("lesson 3", size, None, False, 1)
    marks[size] = [score(Answer(m.text, tuple(hits)), q, label, None) for m, hits, q in zip(made, gold, live)]
    words_read[size] = np.mean([len(hits[0].chunk.passage.split()) for hits in gold])

right = {size: estimate(rows, lambda row: row["correct"], cluster_of(live)) for size, rows in marks.items()}
print(*(f"{size:9} {words_read[size]:4.0f} words to read, right: {share}" for size, share in right.items()), sep="\n")
for other in ("passage", "page"):
    gap = difference(marks["sentence"], marks[other], lambda row: row["correct"], cluster_of(live))
    print(f"sentence minus {other}: {gap} ", "The rest costs right answers." if gap.low > 0 else "Not told apart.")

# %% [markdown]
# What stands around the sentence doesn't help a small model, whether it takes another fact from there or only loses the
# thread. So the reader wants it short. What does the *search* want? For that we need to know how it works.
#
# ## From text to a vector
#
# An **embedding** turns a text into a list of numbers, a **vector**, so that texts about similar things point in
# similar directions. Three steps lead there:
#
# 1. cut the text into **tokens**, words or pieces of words;
# 2. let a small language model give each token a vector, which depends on all the tokens around it;
# 3. take the mean of those vectors, and stretch or shrink it to length 1.
#
# Step 2 is the model's. Steps 1 and 3 are ours to check: the mean by hand, against the `embed` that the course searches
# with.

# %%
from sentence_transformers import SentenceTransformer

from utils.models import default_embedder

embedder = SentenceTransformer(str(default_embedder()))


def embed_by_hand(text):
    by_token = embedder.encode([text], output_value="token_embeddings")[0].cpu().numpy()  # one row a token
    middle = by_token.mean(axis=0)
    return middle / np.linalg.norm(middle)


for text in (question.text, chunks[0].passage, FORM):
    assert np.allclose(embed_by_hand(text), lab.embed([text])[0], atol=1e-5)
tokens = embedder.tokenizer.convert_ids_to_tokens(embedder.tokenizer(FORM).input_ids)
print(f"{FORM!r} in tokens: {tokens}")
vector = lab.embed([FORM])[0]
print(f"{len(tokens)} vectors of {len(vector)} numbers, one mean; it begins {vector[:4].round(3)}")
print("By hand and in utils: the same vector.")

# %% [markdown]
# Keep an eye on the form's number: it is in pieces, and each piece is one voice among several in the mean. That will
# matter.
#
# ## From vectors to a search
#
# How similar two directions are, the **cosine** of their angle says: 1 for the same direction, about 0 for texts that
# have nothing to do with each other. It is the inner product (multiply number by number and add up) divided by both
# lengths.
#
# Three passages and one question are few enough to check by eye. Say which passage should win. Then see whether the
# cosine, worked out by hand, agrees with you, and with FAISS, the package that the course searches with.

# %%
three = [next(chunk for chunk in chunks if words in chunk.text) for words in ("Dunlin child carrier", "form X-17", FORM)]
vectors, asked = lab.embed([chunk.passage for chunk in three]), lab.embed([question.text])[0]

cosines = vectors @ asked / (np.linalg.norm(vectors, axis=1) * np.linalg.norm(asked))
by_hand = [three[row] for row in np.argsort(-cosines)]

hits = search_vectors(build_vector_index(three, vectors), asked[None], k=3)[0]
assert [hit.chunk for hit in hits] == by_hand
assert np.allclose([hit.score for hit in hits], sorted(cosines, reverse=True), atol=1e-5)
print(question.text)
for hit in hits:
    print(f"  {hit.score:.2f}  {hit.chunk.text[:105]}")
shared = set(re.findall(r"\w{4,}", question.text.lower())) & set(re.findall(r"\w{4,}", hits[0].chunk.text.lower()))
print(f"words of four letters or more that question and winner share: {', '.join(sorted(shared)) or 'none'}")

# %% [markdown]
# That is the strength of **dense** search, as search by vectors is called: it compares what is meant, not what is
# written. (`parents` and `parent`, `present` and `presented` are kin, and lesson 4 will cut them down to the same stem.
# Compared letter for letter, they are other words.)
#
# ## A picture of it
#
# A vector has hundreds of numbers, and paper has two dimensions. **PCA** finds the two directions in which the points
# differ most and looks at them from there; numpy's `svd` does it in a line. Below are the passages of four pages, and
# the question as a star. Do the pages keep together? Where does the question land?

# %% alt="A map of passages in two dimensions, a marker shape for each of four pages, with the question as a star: whether a page keeps together, and where the question lands."
import matplotlib.pyplot as plt

from utils.measure.plots import BLUE, GREY, ORANGE

four = ("people-parental-leave", "people-company-card", "people-pay-warehouse", "people-remote-work")
some = [chunk for chunk in chunks if chunk.doc_id in four]
cloud, asked = lab.embed([chunk.passage for chunk in some]), lab.embed([question.text])
centre = cloud.mean(axis=0)
_, spread, directions = np.linalg.svd(cloud - centre, full_matrices=False)
flat, star = ((points - centre) @ directions[:2].T for points in (cloud, asked))

figure, axis = plt.subplots(figsize=(6.5, 4), layout="constrained")
for doc_id, colour, marker in zip(four, (BLUE, ORANGE, GREY, "white"), "osDv"):
    rows = [row for row, chunk in enumerate(some) if chunk.doc_id == doc_id]
    title = some[rows[0]].context.split(" › ")[0]
    axis.scatter(*flat[rows].T, color=colour, marker=marker, edgecolor="black", lw=0.5, label=title)
axis.scatter(*star.T, marker="*", s=220, color="black", label="the question")
axis.set(xticks=[], yticks=[], title=f"{len(some)} passages of four pages")
axis.legend(frameon=False, fontsize=8, loc="upper left", bbox_to_anchor=(1, 1))
plt.show()

# %%
in_full = np.argsort(-(cloud @ asked[0]))[:5]
in_picture = np.argsort(((flat - star) ** 2).sum(axis=1))[:5]
own = {name: sum(some[row].doc_id == document.doc_id for row in rows)
       for name, rows in (("vectors", in_full), ("picture", in_picture))}
print(f"The picture shows {(spread[:2] ** 2).sum() / (spread ** 2).sum():.0%} of how the passages differ.")
print(f"Of the five nearest to the question, its page has {own['vectors']} by vectors and {own['picture']} in the picture.")
print(f"Passages that are among the five both times: {len(set(in_full) & set(in_picture))}")

# %% [markdown]
# So enjoy such pictures and don't argue from them: most of what tells passages apart happens in directions that you
# don't see.
#
# ## What a vector never saw
#
# Back to the question of length, now from the search's side. A whole page has a vector, too. But the embedder reads
# only so many tokens, and what comes after them is cut off without a word. Watch what happens when we add a sentence at
# the end of the page, one that anyone would notice.

# %%
limit = embedder.max_seq_length
lengths = [len(embedder.tokenizer(page.passage, verbose=False).input_ids) for page in sizes["page"]]
page, pony = as_page(document).passage, " All of the above is cancelled, and everybody gets a pony."
before, after = lab.embed([page, page + pony])
print(f"The embedder reads {limit} tokens. {sum(n > limit for n in lengths)} of {len(lengths)} pages have more; "
      f"the longest has {max(lengths)}.")
print("The page's vector has", "not moved at all: the pony was never read." if np.allclose(before, after, atol=1e-6)
      else "moved.")
before, after = lab.embed([chunks[0].passage, chunks[0].passage + pony])
print(f"A passage's vector has moved: its cosine with the old one is {before @ after:.2f}.")

# %% [markdown]
# ## Search sentences, show passages
#
# Even within the limit, a vector is a mean. A passage that says two things gets a vector somewhere between them, and is
# found by neither as well as it might be. So the course searches **sentences** and shows the **passage** around the
# best ones, each passage once. People call it *small to big*: the vector says one thing clearly, and the reader still
# gets what stands around it.
#
# (A sentence's vector is made halfway between that of the sentence alone and that of the sentence with its title and
# headings: `index_sentences`.) By hand, against the course's dense search, for every dev question:

# %%
from utils.retrieve.retriever import DEPTH, build_retriever, index_sentences

passage_of = {sentence: chunk for chunk in chunks for sentence in split_sentences(chunk)}
sentence_index = index_sentences(chunks, lab.embed)
asked = lab.embed([q.text for q in dev])

dense = build_retriever(chunks, lab.embed, "dense")
for sentences, hits in zip(search_vectors(sentence_index, asked, DEPTH), dense([q.text for q in dev], 3)):
    passages = list(dict.fromkeys(passage_of[hit.chunk] for hit in sentences))  # each once, by its best sentence
    assert passages[:3] == [hit.chunk for hit in hits]
print(f"{len(passage_of)} sentences, {len(chunks)} passages; by hand and in utils the same three for {len(dev)} questions")

# %% [markdown]
# ## How long should a passage be?
#
# Now weigh both sides. For the four sizes, and for both kinds of index, one vector for each whole text and one for each
# sentence: how often is the gold text among the first k? That is called **recall at k**; lesson 4 takes it apart. Since
# the sentences are the same whatever is shown around them, their index serves all four. (The two also differ in their
# making: a whole text is embedded with its headings, a sentence's vector is the mixture from above. In the row `sentence`
# of the table below, both index the same texts, so what tells them apart there is the mixture alone.)

# %%
def place_of_gold(passages, question):
    """The place of the first passage that holds the answer, from 1."""
    return next(place for place, chunk in enumerate(passages, 1) if holds_evidence(Hit(chunk, 0), question))

def recall(places, k):
    return sum(place <= k for place in places) / len(places)

rankings = {}  # (size, kind of index) → a list of passages for each question, best first
all_sentences = search_vectors(sentence_index, asked, len(passage_of))
for size, parts in sizes.items():
    whole = build_vector_index(parts, lab.embed([chunk.passage for chunk in parts]))
    rankings[size, "whole"] = [[hit.chunk for hit in hits] for hits in search_vectors(whole, asked, len(parts))]
    around = {sentence: next(chunk for chunk in parts if chunk.doc_id == sentence.doc_id
                             and chunk.start <= sentence.start and sentence.end <= chunk.end) for sentence in passage_of}
    rankings[size, "sentences"] = [list(dict.fromkeys(around[hit.chunk] for hit in hits)) for hits in all_sentences]
places = {key: [place_of_gold(passages, q) for passages, q in zip(lists, dev)] for key, lists in rankings.items()}
n_words = {size: np.mean([len(chunk.passage.split()) for chunk in parts]) for size, parts in sizes.items()}
for size, n in n_words.items():
    first, read = recall(places[size, "sentences"], 1), right[size].value
    print(f"{size:9} {n:4.0f} words; gold first {first:.2f} × gold read right {read:.2f} = {first * read:.2f}")

# %% [markdown]
# The product is a rough forecast for one text: found first, *and* read right. If another size is ahead of `passage`
# there, believe your numbers more than our setting. (Our setting also has to serve readers that come later and are
# trained to read. The words here are the mean of all texts, those above of the gold ones.)
#
# Recall alone leans towards long texts: the longer it is, the more likely it holds the answer, as one passage that is
# the whole handbook always would. So the left panel puts recall over the *words* that have to be read for it. Up is
# better, left is cheaper. The right panel is the reader from above, also over words. Where would you stop?

# %% alt="Two panels over the number of words that have to be read: left, how often the answer is found, for texts cut four ways; right, how often it is right with the gold text given."
figure, (left, right_panel) = plt.subplots(1, 2, figsize=(9.5, 3.6), sharey=True, layout="constrained")
styles = {"sentence": (BLUE, "o-"), "passage": (ORANGE, "s--"), "paragraph": (GREY, "D:"), "page": ("black", "v-.")}
for size, (colour, style) in styles.items():
    ks = [k for k in (1, 2, 3, 5, 10) if k <= len(sizes[size])]
    left.plot([k * n_words[size] for k in ks], [recall(places[size, "sentences"], k) for k in ks], style, color=colour,
              ms=5, label=size)
    share = right[size]
    right_panel.errorbar(words_read[size], share.value, [[share.value - share.low], [share.high - share.value]],
                         fmt=style[0], color=colour, ms=6, capsize=2)
left.set(xlabel="words to read: k = 1, 2, 3, 5, 10 texts", ylabel="share of questions", ylim=(0, 1.02),
         title=f"found ({len(dev)} questions)")
right_panel.set(xlabel="words of the one text it is given", title=f"gold text given: right ({len(live)})")
left.legend(frameon=False, loc="lower right")
for axis, ticks in ((left, (25, 50, 100, 200, 400, 1000, 3000)), (right_panel, (25, 50, 100, 200, 400))):
    axis.set(xscale="log")
    axis.set_xticks(ticks, labels=ticks)
    axis.minorticks_off()
    axis.grid(alpha=0.3)
    axis.spines[["top", "right"]].set_visible(False)
plt.show()

# %% [markdown]
# ## Where vectors fail
#
# So far the question had hardly a word in common with its passage, and was found all the same. Now the opposite: a
# question that is *nothing but* a word. We ask for one form by its number, and then, since one example proves nothing,
# for every form number in the handbook. How often does the first passage name it?

# %%
def forms_in(text):
    return set(re.findall(r"\b[A-Z]-\d+\b", text))


hits = dense([FORM], DEPTH)[0]
place = next((place for place, hit in enumerate(hits, 1) if FORM in hit.chunk.text), f"beyond {DEPTH}")
print(f"{FORM}: place {place}; on top: {hits[0].chunk.text[:90]}")
numbers = sorted(set().union(*(forms_in(chunk.text) for chunk in chunks)))
tops = [hits[0] for hits in dense([f"form {number}" for number in numbers], 1)]
missed = [number for number, hit in zip(numbers, tops) if number not in forms_in(hit.chunk.text)]
other = sum(bool(forms_in(hit.chunk.text)) for number, hit in zip(numbers, tops) if number in missed)
print(f"first passage names it: {len(numbers) - len(missed)} of {len(numbers)} forms; missed: {' '.join(missed) or 'none'}")
print(f"of the {len(missed)} missed, {other} lead to a passage that names another form")
near, far = (lab.embed([FORM])[0] @ lab.embed([text])[0] for text in ("form P-79", "the kiln is hot"))
print(f"cosine of {FORM!r} with 'form P-79': {near:.2f}; with 'the kiln is hot': {far:.2f}")

# %% [markdown]
# To the embedder one form is much like the next: one piece of a number among several tokens hardly moves the mean. For
# a person who needs *this* form it is all that counts. Product codes, names, paragraphs of a law: wherever the exact
# word matters, search by meaning needs a partner. Lesson 4 gives it one.
#
# ## An index on disk
#
# Embedding a large handbook takes time, so the vectors are saved: the index, the passages that its rows belong to, and
# a **manifest**, which says what it was made from and the hash of each file. (A hash is a fingerprint: change one bit,
# and it is another.) Saved, loaded, searched: is it still the same?

# %%
import tempfile
from pathlib import Path

from utils.files import read_json
from utils.models import EMBEDDER_SHA256
from utils.retrieve.vector_index import VectorIndex, index_key, load_vector_index, save_vector_index

made_from = index_key(EMBEDDER_SHA256, sentence_index.chunks)  # the embedder, and every sentence with its place
folder = Path(tempfile.mkdtemp()) / "index"
save_vector_index(sentence_index, folder, made_from)
again = load_vector_index(folder, made_from)
assert search_vectors(again, asked, 3) == search_vectors(sentence_index, asked, 3)
print(f"made_from: {read_json(folder / 'manifest.json')['made_from'][:16]}…")
for name, digest in read_json(folder / "manifest.json")["files"].items():
    print(f"  {name:13} {(folder / name).stat().st_size / 1024:5.0f} KiB  sha256 {digest[:16]}…")
print(f"loaded again: the same hits for {len(dev)} questions")

# %% [markdown]
# ## Break it: one bit, and one page
#
# Disks and downloads do drop a bit now and then. We flip a single one in the saved vectors, and ask two readers for the
# index: FAISS itself, and the course's `load_vector_index`.
#
# Then the failure that's far more common. The file is whole, but the handbook has moved on: the company revised some
# pages, and nobody built the index again.

# %%
import faiss

from utils.files import DamagedFile

damaged = bytearray((folder / "index.faiss").read_bytes())
damaged[-1] ^= 64  # one bit of the last number of the last vector, in its exponent
(folder / "index.faiss").write_bytes(bytes(damaged))
bent = VectorIndex(sentence_index.chunks, faiss.read_index(str(folder / "index.faiss")))
firsts = [hits[0].chunk for hits in search_vectors(bent, asked, 1)]
n_fooled = sum(chunk == sentence_index.chunks[-1] for chunk in firsts)
print(f"FAISS loads it without a word. Now the last sentence comes first for {n_fooled} of {len(dev)} questions:")
print(f"  {sentence_index.chunks[-1].text[:100]}")
revised = list(dict.fromkeys(sentence for chunk in lab.chunks[True] for sentence in split_sentences(chunk)))
for case, key in (("one bit flipped", made_from), ("pages revised", index_key(EMBEDDER_SHA256, revised))):
    try:
        load_vector_index(folder, key)
    except DamagedFile as problem:
        message = re.sub(r"([0-9a-f]{12})[0-9a-f]+", r"\1…", str(problem).replace(str(folder), "index"))
        print(f"{case}: load_vector_index refuses.\n  {message}")
    save_vector_index(sentence_index, folder, made_from)  # sound again for the second case

# %% [markdown]
# An index that is loaded but wrong doesn't crash. It answers, with a score, and someone believes it. A hash costs
# milliseconds.
#
# ## The table
#
# Dense search on the dev questions. The columns compare the two indexes; the last one is the fair comparison of sizes:
# recall when the reader may read `BUDGET` words, whatever the texts that make them up. (– means: even a single text has
# more.)

# %% tags=["nbval-check-output"]
def recall_in(size, budget):
    """Share of questions whose gold text comes before the first text that no longer fits; None where hardly any fits."""
    if n_words[size] > budget:
        return None
    ranked = zip(rankings[size, "sentences"], places[size, "sentences"])
    return np.mean([sum(len(c.passage.split()) for c in passages[:place]) <= budget for passages, place in ranked])


fair, lines = {size: recall_in(size, BUDGET) for size in sizes}, {}
for size in sizes:
    line = {"words": f"{n_words[size]:.0f}"}
    line |= {f"{kind} at {k}": f"{recall(places[size, kind], k):.2f}" for kind in ("whole", "sentences") for k in (1, 3)}
    lines[size] = {**line, f"in {BUDGET} words": "–" if fair[size] is None else f"{fair[size]:.2f}"}
print(f"recall, {len(dev)} dev questions\n{pd.DataFrame(lines).T.to_string()}")
for k in (1, 3):
    better = [size for size in sizes if recall(places[size, "sentences"], k) > recall(places[size, "whole"], k)]
    print(f"at {k}, the index of sentences finds more than that of whole texts for: {', '.join(better) or 'no size'}")
fits = {size: share for size, share in fair.items() if share is not None}
print(f"in {BUDGET} words most is found with: {' and '.join(s for s in fits if fits[s] == max(fits.values()))}")

# %% [markdown]
# ## What this does not show
#
# - **One small embedder, of 22 million parameters.** Newer ones read thousands of tokens and rank better. That a mean
#   blurs, and that a number is a small part of it, stays.
# - **Small differences on four dozen questions.** One question is two points of recall. Lesson 4 puts intervals on such
#   differences.
# - **One reader.** A larger model copes with longer texts, though not with any length: a 13-billion-parameter one is
#   reported to lose much between one page and twenty (Liu et al. 2023, arXiv 2307.03172).
# - **Search among a few hundred.** A flat index compares the question with every vector. For millions there are indexes
#   that look at a part of them, and miss some.
# - **That a hash protects from an attacker.** Whoever can change the index can change the manifest. It protects from
#   accidents.
#
# ## Exercises
#
# Solutions: [solutions/03_vectors_find_meaning.ipynb](solutions/03_vectors_find_meaning.ipynb)

# %% [markdown] tags=["exercise"]
# **1. Easy.** A search without FAISS. Write `nearest(text, k)`: the k passages of `chunks` whose vectors have the
# largest cosine with the text's, best first, in numpy. Then ask it things: "I broke my leg", "the boss is unfair".
#
# *Hint 1:* `lab.embed` gives vectors of length 1. What does that make of the cosine's formula? With all passages'
# vectors as one matrix and the text's as one vector, what does a product of the two give you?
#
# *Hint 2:* What is embedded of each chunk is its `passage`. `np.argsort` sorts upwards: what do you do to the scores
# so that the best come first, and how do you get from row numbers back to passages?

# %% tags=["stub"]
def nearest(text, k):
    return []  # your code

# %% tags=["solution"]
def nearest(text, k):
    vectors = lab.embed([chunk.passage for chunk in chunks])
    scores = vectors @ lab.embed([text])[0]  # both have length 1, so this is the cosine
    return [chunks[row] for row in np.argsort(-scores)[:k]]

# %% tags=["exercise"]
passage_index = build_vector_index(chunks, lab.embed([chunk.passage for chunk in chunks]))
for text in ("I broke my leg", "the boss is unfair", dev[0].text):
    expected = [hit.chunk for hit in search_vectors(passage_index, lab.embed([text]), 3)[0]]
    found = nearest(text, 3)
    given = [] if found is None else list(found)
    if given == expected:
        print(f"Right: {text!r} → {given[0].passage[:80]}")
    elif not all(isinstance(chunk, Chunk) for chunk in given):
        print(f"Not yet: passages are wanted, that is, items of chunks; the first that came back is {given[0]!r}.")
    elif len(given) != 3:
        print(f"Not yet: for {text!r}, 3 passages are wanted, and {len(given)} came back.")
    else:
        print(f"Not yet: for {text!r}, {sum(chunk in expected for chunk in given)} of the 3 are right; mind the order.")

# %% [markdown] tags=["exercise"]
# **2. Middle.** Many systems let neighbouring passages **overlap**, so that nothing is torn apart at a cut. Write
# `cut_overlapping(text, max_words)`: (start, end) of passages of whole sentences, each with as many as fit into
# `max_words` words, where each passage *begins with the last sentence* of the one before. What does it cost, and what
# would small to big make of it?
#
# *Hint 1:* `sentence_spans(text, 0, len(text))` gives (start, end) of each sentence. Keep two things while you walk
# through them: where the current passage begins, and which sentence you're looking at.
#
# *Hint 2:* When a sentence doesn't fit, the current passage ends *before* it, and the next one starts one sentence
# earlier than you'd think. And don't forget what is left when the walk is over.

# %% tags=["stub"]
def cut_overlapping(text, max_words):
    return []  # your code

# %% tags=["solution"]
def cut_overlapping(text, max_words):
    sentences = sentence_spans(text, 0, len(text))
    passages, first = [], 0
    for number in range(1, len(sentences)):
        if len(text[sentences[first][0]:sentences[number][1]].split()) > max_words:
            passages.append((sentences[first][0], sentences[number - 1][1]))
            first = number - 1
    return [*passages, (sentences[first][0], sentences[-1][1])]

# %% tags=["exercise"]
def complaint(text, limit, given):
    starts, ends = zip(*sentence_spans(text, 0, len(text)))
    if not given or not all(len(span) == 2 and span[0] in starts and span[1] in ends for span in given):
        return "passages must be whole sentences, as (start, end)"
    if given[0][0] != starts[0] or given[-1][1] != ends[-1]:
        return "the first or the last sentence is missing"
    if any(len(text[start:end].split()) > limit for start, end in given):
        return f"a passage has more than {limit} words"
    if any(starts.index(after[0]) != ends.index(before[1]) for before, after in zip(given, given[1:])):
        return "a passage must begin with the last sentence of the one before"
    if any(after[1] <= before[1] for before, after in zip(given, given[1:])):
        return "a passage has no sentence that isn't in the one before"
    if any(len(text[start:ends[ends.index(end) + 1]].split()) <= limit for start, end in given[:-1]):
        return "a passage ends although the next sentence would still fit"

text = "The kiln is hot. Wear long gloves. Odile fires it. She has the key. Ask her first. Then book a shelf."
for part, limit in ((text, 8), (text, 11), (text[:16], 8)):
    given = [] if (found := cut_overlapping(part, limit)) is None else [tuple(span) for span in found]
    problem = complaint(part, limit, given)
    print(f"Not yet: {problem} ({part!r} in {limit} words)." if problem else f"Right: {[part[a:b] for a, b in given]}")

# %% [markdown] tags=["solution"]
# Nearly every sentence is now stored, embedded and perhaps shown twice: the first two passages found may be half the
# same, and the reader pays for it in words. What it buys is a sentence that keeps a neighbour on both sides. Small to
# big gets most of that without copies, since the search looks at sentences anyway; the cut decides only what is shown
# along with the best one.

# %% [markdown] tags=["exercise"]
# **3. Open.** Texts about the same thing get similar vectors, also when they say the *opposite*. Find a sentence whose
# opposite is nearer to it than its own paraphrase is: `sentence`, `opposite` (it says the contrary) and `paraphrase`
# (it says the same in other words). The machine checks the cosines; whether the three mean what they should, you have
# to judge. What does that mean for a handbook with the old and the new version of a rule in it?
#
# *Hint 1:* Let the opposite differ in one small word: "may" and "may not" are one token apart.
#
# *Hint 2:* For the paraphrase, replace every noun and verb, and turn the sentence round: a good one shares no word.
# Then look at the cosines and keep going.

# %% tags=["stub"]
sentence, opposite, paraphrase = "", "", ""

# %% tags=["solution"]
sentence = "Staff may take the van home over the weekend."
opposite = "Staff may not take the van home over the weekend."
paraphrase = "On Saturdays and Sundays, keeping the company vehicle at your house is fine."

# %% tags=["exercise"]
texts = [sentence, opposite, paraphrase]
if len({" ".join(re.findall(r"\w+", text.lower())) for text in texts} - {""}) < 3:
    print("Not yet: three different sentences are wanted.")
else:
    base, wrong, same = lab.embed(texts)
    print(f"cosine with the opposite {base @ wrong:.2f}, with the paraphrase {base @ same:.2f}")
    print("Right, if the three mean what they should." if base @ wrong > base @ same
          else "Not yet: the paraphrase is nearer. Put it in other words, or the opposite in the same.")

# %% [markdown] tags=["solution"]
# A vector says what a text is *about*. Whether it is allowed or forbidden, old or new, six days or seven, is a small
# part of the mean. So of two versions of a rule, the search finds both or either, and can't know which is in force.
# That has to be known by other means: by taking the old version out, or by a date beside the passage. Lesson 8 measures
# what happens otherwise.

# %% [markdown]
# ## Takeaways
#
# - A passage is a piece of a page that still knows its place. Short is good for the reader: all that stands beside the
#   answer is more to lose the thread in.
# - A vector is a mean over tokens. It finds a meaning without a shared word, and it blurs what is rare and exact: a
#   number, a name, a "not".
# - Search small, show big: vectors of sentences, passages around the best of them.
# - Compare passage sizes at the same number of words, never at the same number of passages.
# - A damaged or outdated index answers as calmly as a sound one. Keep a manifest, and let loading fail.
#
# **Next** [lesson 4](04_search_sets_the_ceiling.ipynb): the partner that vectors need, and how to tell whether a search
# is any good.
