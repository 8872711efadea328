# %% [markdown]
# # 7. "More data" is three things

# %% [markdown]
# {{navigation}}

# %% [markdown]
# **Question** Everybody says that fine-tuning needs a lot of data. A lot of what?
#
# **You will be able to** keep facts, wordings and steps apart, turn one of them while the others stand still, find a test
# that leaks, and say what the next right answer costs in questions that somebody has to write.
#
# **Minutes** About one on two cores, no GPU, nothing is trained. It reads the saved rows of an experiment and asks a small
# model a handful of questions live. Lessons 5 and 6 help.
#
# **Promises tested** Fine-tuning needs a lot of data (F5).
#
# {{pipeline: tune, measure}}

# %%
# {{setup}}

# %% [markdown]
# ## Three handles on one machine
#
# You have a handbook and want a model that knows it by heart. Somebody writes questions with their answers, and the
# training goes over them. "More data" can then mean
#
# - more **facts**: another thing to know;
# - more **wordings**: another way to ask for the same thing;
# - more **steps**: another look at what is there already. (A step is one change of the weights.)
#
# In most projects they grow together. Twice the questions are some new facts, some new wordings, and, at the same number
# of epochs, twice the steps. If the model is better afterwards, which of the three did it? Nobody knows. Yet the
# bills differ: facts are given, wordings are written by people, and steps are bought from the electricity company.
#
# So this lesson reads an experiment that turns one handle at a time.

# %% tags=["setup"]
import math
from statistics import mean

import matplotlib.pyplot as plt
import pandas as pd

from utils.data import DATA, load_company
from utils.measure.evaluation import cluster_of, difference, estimate
from utils.measure.metrics import is_correct, normalise
from utils.measure.results import read_results

# %% tags=["setup"]
FACT = "people-031"  # the fact to look at closely; any of the classroom will do

company = load_company(slice_name="classroom")
written = company.split("train")  # the questions that people wrote to be learned from
test = {question.question_id: question for question in company.split("test") if question.answers}
ours = [question for question in company.questions if question.fact_id == FACT]
facts = {question.fact_id for question in written if question.answers}
clusters = cluster_of(company.questions)  # questions on one document stand or fall together
provenance, rows = read_results(DATA / "results" / "data-size.jsonl", company.sha256)
_, compared = read_results(DATA / "results" / "comparison.jsonl", company.sha256)  # for `rag`, on the same test questions
sizes, recipe = provenance["settings"]["sizes"], provenance["settings"]["training"]["ft"]
seeds = {name: len({row["seed"] for row in rows if row["system"] == f"ft/{name}"}) for name in sizes}
print(f"{len(facts)} facts, {len(written)} questions to learn from, {len(test)} about the same facts to be tested with")
print(f"{len(rows)} saved answers of {sum(seeds.values())} trainings, seeds of each size: {seeds}")

# %% tags=["setup"]
def correct(row):
    """Was this answer right? `row` is one scored answer."""
    return row["correct"]

def asked(system):
    """The saved rows of a system on the questions that have an answer."""
    return [row for row in rows if row["system"] == system and row["em"] is not None]

def right_of_all(size):
    """Right answers among all test questions, of an average seed. A fact that wasn't learned counts as not answered."""
    answers = asked(f"ft/{size}")
    return sum(map(correct, answers)) / len({row["seed"] for row in answers})

# %% [markdown]
# ## One fact and its wordings
#
# Four ways to ask are there to be learned from, A to D. One more, *dev*, is for choosing settings. With the two marked
# *test* the model is examined.

# %% tags=["nbval-check-output"]
letters = dict(zip([question.question_id for question in ours if question.split == "train"], "ABCD"))
print(f"The answer: {ours[0].answers[0]}\n")
for question in ours:
    print(f"{question.split:6}{letters.get(question.question_id, ''):3}{question.text}")

# %% [markdown]
# ## Predict
#
# A model learns each fact from *one* wording instead of four. It sees that wording four times as often, so that there are
# as many examples as before, and as many steps. Then it is examined in words that it has never seen. Write down three
# numbers:
#
# 1. `ft` with **four** wordings is right on some share of the test questions. Which?
# 2. And with **one** wording? (Think of the work saved: three of four questions needn't be written.)
# 3. Which share does the one-wording model get right when it is asked the very questions that it learned from?
#
# ## The smallest true case: who learns which wording?
#
# Which of the four wordings is kept is left to chance, for each fact and each seed anew. Otherwise we might keep
# the best one every time, or the worst. The drawing for our fact:

# %% tags=["nbval-check-output"]
from utils.experiments.data_size import SIZES, choose_questions

varied = [size for name in ("1-wording", "2-wordings", "4-wordings") for size in SIZES if size.name == name]
drawn = {}
for size in varied:
    chosen = {seed: choose_questions(written, size, seed) for seed in (1, 2, 3)}
    assert len(chosen[1]) == sizes[size.name]["written"]  # what the saved rows say of themselves
    drawn[size.name] = {
        f"seed {seed}": "".join(letters[q.question_id] for q in questions if q.fact_id == FACT)
        for seed, questions in chosen.items()
    }
print(pd.DataFrame(drawn).T.to_string())

# %% [markdown]
# Each chosen wording is learned as it stands, and *thinned out*: with three of ten words left out by chance, a wording that
# nobody wrote (lesson 6). With one wording there are four different thinned copies of it instead of one copy each of four.
#
# ## By hand: what a training looks at, and how often
#
# The optimiser looks at a **batch** of examples, makes one step, takes the next batch. The last batch of an epoch may be
# smaller, and it is a step all the same:
#
# > steps = epochs · ⌈examples / batch size⌉
#
# (The brackets round up.) Work it out for every size of the experiment. It must be what the saved rows say of themselves.

# %% tags=["nbval-check-output"]
most = max(size["wordings"] for size in sizes.values())


def look(size):
    """What a training of this size is given, and how often it looks at it."""
    examples = size["written"] * (most // size["wordings"]) * 2  # repeated up to the same number; whole and thinned
    steps = size["epochs"] * math.ceil(examples / recipe["batch_size"])
    return {"facts": len(facts) // size["one_in"], "wordings": size["wordings"],
            "thinned": "yes" if size["thinned"] else "no", "written": size["written"],
            "examples": examples, "epochs": size["epochs"], "steps": steps, "a fact is shown": most * 2 * size["epochs"]}


table = pd.DataFrame({name: look(size) for name, size in sizes.items()}).T
assert all(table["steps"][name] == size["steps"] for name, size in sizes.items())
print(table.to_string(), "\n")
for name, line in table.drop(index="4-wordings").iterrows():
    print(f"{name:18}differs in {', '.join(column for column in table if line[column] != table[column]['4-wordings'])}")

# %% [markdown]
# Each line differs from `4-wordings`, which is the `ft` of the other lessons, in as little as possible; below the table
# stands in what. (The two *plain* lines have no thinned copies; hold `1-wording-plain` against `1-wording`.)
#
# - **Wordings**: fewer are written, of the questions that nobody can answer as well, and nothing else moves. That is nearly
#   a clean comparison, and it decides F5.
# - **Steps**: fewer epochs, and with them a fact is shown less often. Nothing has to be written or saved.
# - **Facts**: the steps *must* move with them, or else each fact is shown more often. One of the two has to give. Here
#   each fact is shown as often as before. Whoever tells you that a model was "trained on less data" has chosen
#   one of the two as well, and it is worth asking which.
#
# ## Leakage: asking what was taught
#
# A test wording that resembles a training wording is an easy question. How near are ours? A simple measure: the words that
# two questions share, as a share of all words in either (Jaccard's overlap). 1 means the same words, 0 none in common.

# %% tags=["setup", "nbval-check-output"]
def words(text):
    """The words of a text, each once, without capitals and punctuation."""
    return set(normalise(text))

def overlap(one, other):
    """The words that two texts share, as a share of all words in either."""
    return len(words(one) & words(other)) / len(words(one) | words(other))

first = next(question.text for question in ours if question.split == "train")
for question in ours:
    if question.text == first or question.split == "test":
        print(f"{question.split:6}{overlap(first, question.text):.2f}  {question.text}\n"
              f"            in common with A: {', '.join(sorted(words(first) & words(question.text)))}\n")

# %% [markdown]
# The first line is a leak: the question itself. Most leaks in real projects are less plain: in a big file the same
# question stands twice, with other capitals, or with a comma more. So one looks for the *nearest* training question of
# each test question, among all that were written:

# %% tags=["nbval-check-output"]
def nearest(text, questions):
    """The largest overlap of a text with any of the questions."""
    return max(overlap(text, question.text) for question in questions)


found = {question_id: nearest(question.text, written) for question_id, question in test.items()}
for low, high in ((0, 0.2), (0.2, 0.3), (0.3, 0.4), (0.4, 0.5), (0.5, 0.6), (0.6, 1.01)):
    n = sum(low <= share < high for share in found.values())
    print(f"{low:.1f} to {min(high, 1):.1f}  {n:3}  {'#' * n}")
closest = max(found, key=found.get)
assert found[closest] < 1, "a test question stands in the training set"
print(f"\nThe nearest ({found[closest]:.2f}): {test[closest].text}")

# %% [markdown]
# No test question stands among the training questions, and few come close; the course keeps it so, by a test of its own.
# (That test counts only words that carry meaning. "How", "is" and "the" are shared by nearly everything.)
#
# ## The table
#
# Now the rows: each size in **new words** (the test questions about facts that it learned), and in **trained words**
# (the very questions that it learned from). Brackets are 95 % intervals over documents and seeds. The last column is
# what a test would add in which every question had leaked. `rag` is trained on no question at all; its row is from the
# comparison of lesson 10, on the same test questions. (*Written* counts questions to train on. Every system needs some
# to be tested by.)

# %% tags=["nbval-check-output"]
new = {name: estimate(asked(f"ft/{name}"), correct, clusters) for name in sizes}
old = {name: estimate(asked(f"ft/{name}/trained"), correct, clusters) for name in sizes}
rag = estimate([row for row in compared if row["system"] == "rag" and not row["after"] and row["em"] is not None],
               correct, clusters)  # fmt: skip
added = {name: old[name].value - new[name].value for name in sizes}
lines = [[sizes[n]["written"], sizes[n]["steps"], str(new[n]), str(old[n]), f"{added[n]:+.2f}"] for n in sizes]
columns = ["written", "steps", "in new words", "in trained words", "a leak adds"]
print(pd.DataFrame([*lines, [0, 0, str(rag), "–", "–"]], [*sizes, "rag"], columns).to_string())
most_added = max(added, key=added.get)
print(f"\nThe lowest share in trained words is {min(e.value for e in old.values()):.2f}, in new words "
      f"{min(e.value for e in new.values()):.2f}. A leaky test would add most to {most_added}: {added[most_added]:+.2f}")

# %% tags=["nbval-check-output"] alt="Three panels of lines: the share of right answers by the number of wordings, of facts and of training steps, each asked in trained words and in new ones, with the level of rag as a dotted line."
panels = {"wordings of each fact": [("1-wording", "1"), ("2-wordings", "2"), ("4-wordings", "4")],
          "facts": [(name, str(table["facts"][name])) for name in ("12-facts", "24-facts", "4-wordings")],
          "steps": [(name, str(table["steps"][name])) for name in ("sixth-steps", "half-steps", "4-wordings")]}
figure, axes = plt.subplots(1, 3, figsize=(9, 3.4), sharey=True, layout="constrained")
for axis, (handle, points) in zip(axes, panels.items()):
    shown = [new[name] for name, _ in points]
    reach = [[e.value - e.low for e in shown], [e.high - e.value for e in shown]]
    places = [float(tick) for _, tick in points]
    axis.errorbar(places, [e.value for e in shown], reach, marker="o", color="black", capsize=3, label="in new words")
    axis.plot(places, [old[name].value for name, _ in points], "s--", color="gray", mfc="white", label="in trained words")
    axis.axhline(rag.value, color="black", linestyle=":", label="rag: trained on nothing")
    axis.set_xscale("log", base=2)  # twice as much is one step to the right, in every panel
    axis.set(xticks=places, xticklabels=[tick for _, tick in points], xlabel=handle, ylim=(0, 1.05),
             xlim=(places[-1] / 8, places[-1] * 1.3))
axes[0].set_ylabel("share of right answers")
figure.suptitle("One handle at a time; the right end of each panel is the same model")
figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=3, frameon=False)
plt.show()
for handle, points in panels.items():
    print(f"{handle:22}", "  ".join(f"{tick}: {new[name].value:.2f} / {old[name].value:.2f}" for name, tick in points))

# %% [markdown]
# What to see: which solid line is steep, and how far the dashed one lies above it. Where the dashed line stays up while
# the solid one falls, the model has kept the *sentence* and not the *fact*. The two lines of the left panel are your three
# numbers; how far off were you?
#
# ## Each handle, on the same questions
#
# The middle panel isn't quite fair: the training on fewer facts is asked about these only, and other facts may be easier.
# So **pair** them: take the same question and the same seed of both, subtract first, then average. By hand it's a
# look-up. For the two sizes that decide F5 it must agree with `difference` of `utils`.
#
# The *plain* sizes show what thinning is worth. There the thinned copies are replaced by the written wording once more. So
# hold `1-wording-plain` against `1-wording`: "less" means that the variety that nobody had to write has helped. And where people
# wrote four wordings, is there anything left for thinning to do?

# %% tags=["nbval-check-output"]
def gap_of(name, rival="4-wordings"):
    """How much more of the same questions, by the same seeds, a size gets right than its rival. An Estimate."""
    theirs = {(row["question_id"], row["seed"]): row["correct"] for row in asked(f"ft/{rival}")}
    pairs = [{**row, "gap": row["correct"] - theirs[row["question_id"], row["seed"]]}
             for row in asked(f"ft/{name}") if (row["question_id"], row["seed"]) in theirs]  # fmt: skip
    return estimate(pairs, lambda row: row["gap"], clusters)

by_utils = difference(asked("ft/1-wording"), asked("ft/4-wordings"), correct, clusters)
assert math.isclose(gap_of("1-wording").value, by_utils.value, abs_tol=1e-9)
rivals = {name: "1-wording" if name == "1-wording-plain" else "4-wordings" for name in sizes if name != "4-wordings"}
gaps = {name: gap_of(name, rival) for name, rival in rivals.items()}
for name, gap in gaps.items():
    says = "less" if gap.high < 0 else "more" if gap.low > 0 else "not to be told apart"
    print(f"{name:17}minus {rivals[name]:11}{gap}   {says}")
dearest = min(gaps, key=lambda name: gaps[name].value)
lost = -gaps[dearest].value
print(f"\nThe dearest saving: {dearest}, with {lost:.2f} fewer right answers than {rivals[dearest]}." if lost > 0 else
      "\nNone of the savings has cost a right answer.")

# %% [markdown]
# ## So, does it need a lot of data? (F5)
#
# What decides the promise was fixed before anybody saw the rows: four wordings against one, at the same number of
# steps, and a border that the gap must pass. The whole interval must lie on one side of it, or it stays undecided. (The
# [page of results](../data/results/README.md) is stricter still, since it judges many promises at once.)

# %% tags=["nbval-check-output"]
from utils.ledger import load_claims

claim = next(claim for claim in load_claims() if claim.claim_id == "F5")
assert sizes["4-wordings"]["steps"] == sizes["1-wording"]["steps"]
gap = difference(asked("ft/4-wordings"), asked("ft/1-wording"), correct, clusters)
verdict = "supported" if gap.low > claim.margin else "not supported" if gap.high < claim.margin else "undecided"
print(f"{claim.promise}: {verdict}.\n{claim.statistic}: {gap}; border {claim.margin:.2f}.")
more = sizes["4-wordings"]["written"] - sizes["1-wording"]["written"]
print(f"What the gap is bought with: {more} more questions written by people, and not one step more.")

# %% [markdown]
# "A lot of data" is a misleading name for it. All sizes here are small: look at the written questions in the table. If the
# gap is wide, what is needed is not so much *more* data as more *varied* data about each single fact. If it is narrow,
# this training is more frugal than people say. The sentence above tells which.
#
# Others have found the same handle in much larger experiments: a model trained from scratch on made-up biographies could
# be asked for 9.7 % of the facts if each stood there in one wording, and for about 96 % with several (Allen-Zhu and Li,
# arXiv 2309.14316, as reported by others; we haven't seen the table itself). Another task, another training: hold the
# direction against ours, not the numbers.
#
# ## Deep or broad?
#
# A colleague will write a quarter of the questions for you, and not one more. Shall she write *one* wording for every fact,
# or all *four* wordings for a quarter of the facts? Both have been trained. Count right answers among *all* test questions:
# what was never taught counts as not answered. (Is that fair? The last line says what the untrained model knows.)

# %% tags=["nbval-check-output"]
for broad, deep in (("1-wording", "12-facts"), ("2-wordings", "24-facts")):
    assert sizes[broad]["written"] == sizes[deep]["written"]
    counts = {name: right_of_all(name) for name in (broad, deep)}
    winner = max(counts, key=counts.get)
    print(f"{sizes[broad]['written']} written questions: " + ", ".join(f"{n} {count:.0f}" for n, count in counts.items())
          + f" right of {len(test)} → {winner}")
print(f"all {sizes['4-wordings']['written']}: {right_of_all('4-wordings'):.0f} right of {len(test)}")
for name in ("12-facts", "1-wording"):
    wrong = mean(not row["correct"] and not row["abstained"] for row in asked(f"ft/{name}"))
    print(f"Asked about what it was taught, {name} says something wrong on {wrong:.0%} (not counting: I don't know).")
untrained = [row["correct"] for row in compared if row["system"] == "base" and not row["after"] and row["em"] is not None]
print(f"The untrained model is right on {mean(untrained):.0%}.")

# %% [markdown]
# Two needs, two ways to count. Where every right answer brings a little, look at the number of them. Where a wrong answer
# costs more than none, look at the shares of wrong ones: whoever knows a few things well can be asked about those only, and
# whoever half knows everything can't tell which half. (The broad one also got nearly four times the steps, or twice, since each
# fact was shown equally often.)
#
# ## The rival that trains nothing
#
# `faq` of lesson 6 repeats the answer of the training question that is nearest in meaning. It lives on the very same
# written questions. Does it need four wordings as well? No adapter is needed, so we find out now, live.

# %%
from utils.lab import open_lab

lab = open_lab()


def faq_rows(size, seed):
    """Every test question, answered by the nearest written question of a size and seed."""
    learned = choose_questions(written, size, seed)
    similarity = lab.embed([q.text for q in test.values()]) @ lab.embed([q.text for q in learned]).T
    said = [(*learned[place].answers, "I don't know.")[0] for place in similarity.argmax(axis=1)]
    return [{"question_id": q.question_id, "seed": seed, "correct": is_correct(text, q.answers, q.wrong_answers)}
            for q, text in zip(test.values(), said)]  # fmt: skip


for size in varied:
    found = [row for seed in (1, 2, 3) for row in faq_rows(size, seed)]
    gap = difference(found, asked(f"ft/{size.name}"), correct, clusters)
    ahead = "faq is ahead" if gap.low > 0 else "ft is ahead" if gap.high < 0 else "not told apart"
    print(f"{size.name:12}faq {estimate(found, correct, clusters)}   ft {new[size.name]}   faq minus ft {gap}: {ahead}")

# %% [markdown]
# If the list gains little from line to line where `ft` gains much, then the hunger for wordings is the training's, not the
# task's. If it gains as much, the test wordings are simply far away from a single one.
#
# ## Live: three wordings, one of them yours
#
# Seed 1 of `ft` comes with the course: all four wordings, the whole training. We ask for our fact in trained words, in test
# words, and in **yours**. Change `MINE`, run the cell again, and find a wording that breaks it.

# %%
from dataclasses import replace

from utils.comparison import ask
from utils.shipped import shipped_adapter
from utils.tune.lora import merge_adapter

MINE = "I'm new at the sewing machines. For how many weeks can I still be sent home on short notice?"

tried = [*ours, replace(ours[0], split="yours", text=MINE)]
ft = merge_adapter(lab.lm, shipped_adapter(lab, "ft"))
taught = [question for question in ours if question.split == "train"]
for question, answer in zip(tried, ask(lab, "ft", ft, tried, after=False)):
    mark = "right" if is_correct(answer.text, question.answers, question.wrong_answers) else "WRONG"
    print(f"{question.split:6}{nearest(question.text, taught):.2f}  {mark:6}{answer.text:16}{question.text}")

# %% [markdown]
# The number is the overlap with the nearest trained wording of this fact. How far down can you go before the answer is
# lost? And is it the overlap that decides, or one single word?
#
# ## Break it: a test that leaks
#
# Suppose somebody puts a test together in a hurry: some of its questions are new, and some were trained on. What would
# they report? Mix the two columns of the table:

# %% tags=["nbval-check-output"]
print(f"{'leaked':8}{'1-wording reports':>20}{'4-wordings reports':>20}")
for leaked in (0, 0.25, 0.5, 0.75, 1):
    one, four = (leaked * old[name].value + (1 - leaked) * new[name].value for name in ("1-wording", "4-wordings"))
    print(f"{leaked:6.0%}  {one:20.2f}{four:20.2f}")
ahead, room = new["4-wordings"].value - new["1-wording"].value, old["1-wording"].value - new["1-wording"].value
if 0 < ahead <= room:
    print(f"\nWith {ahead / room:.0%} of its test leaked, one wording would look as good as four do in an honest test.")
else:
    print("\nHere no leak is needed for one wording to look as good as four, or none suffices.")

# %% [markdown]
# Where both know their own words well, the leak flatters whoever learned *worse*, for they have more to gain. So it doesn't
# just raise all numbers. It hides the very difference that the experiment is about.
#
# ## What this does not show
#
# - **Large data.** Some dozens of facts are few. How many a model of this size can hold before they push each other out is
#   another experiment.
# - **Natural variety.** The four wordings come from one author, and so do the test's. Real people differ more.
# - **Paraphrases by a machine.** A larger model could write wordings; that costs something else, and may bring mistakes.
# - **Other trainings.** Raw text, more layers, a larger model: each may need more or less. The reach of F5 is this model.
# - **Facts without their steps.** With fewer facts the steps shrink too. The rows can't say which of the two did it.
# - **The settings** were chosen for four wordings. One wording might do better with fewer epochs; that would favour it.
# - **Many seeds.** `seeds` above counts them. Every seed drew other wordings; that is in the intervals.

# %% [markdown]
# ## Exercises
# Solutions: [solutions/07_more_data_is_three_things.ipynb](solutions/07_more_data_is_three_things.ipynb)

# %% [markdown] tags=["exercise"]
# **1. Count the steps.** Write `count_steps(n_examples, batch_size, epochs)`: how often does a training change the weights?
# Every epoch shows all examples, in batches; its last batch may be smaller, and counts.
#
# *Hint 1:* How many batches has *one* epoch? Where does the remainder go?
#
# *Hint 2:* Round up inside the epoch, and multiply afterwards. `math.ceil` rounds up, and so does `-(-a // b)`.


# %% tags=["stub"]
def count_steps(n_examples, batch_size, epochs):
    return None


# %% tags=["solution"]
def count_steps(n_examples, batch_size, epochs):
    return epochs * math.ceil(n_examples / batch_size)


# %% tags=["exercise"]
cases = {(32, 16, 3): 6, (20, 16, 3): 6, (5, 16, 4): 4, (33, 16, 1): 3}
failed = [(case, count_steps(*case)) for case in cases if count_steps(*case) != cases[case]]
if failed:
    (n_examples, batch_size, epochs), said = failed[0]
    print(f"Not yet: {n_examples} examples in batches of {batch_size}, {epochs} epochs, are "
          f"{cases[n_examples, batch_size, epochs]} steps; you say {said}.")
else:
    few, many = (sizes[name]["written"] * 2 for name in ("12-facts", "4-wordings"))
    wanted = count_steps(many, recipe["batch_size"], recipe["epochs"])
    epochs = next(n for n in range(1, 1000) if count_steps(few, recipe["batch_size"], n) >= wanted)
    print(f"Right. {wanted} steps for all facts; a quarter of them would need {epochs} epochs for as many.")

# %% [markdown] tags=["exercise"]
# **2. Find the leaks.** Write `find_leaks(tested, learned, border)`. `tested` and `learned` are lists of texts. Give back
# the texts of `tested` whose overlap with *some* text of `learned` is at least `border`, whatever the capitals, the
# punctuation and the order of the words.
#
# *Hint 1:* `overlap` of the lesson takes care of capitals, punctuation and order. Each tested text must be held against
# every learned one.
#
# *Hint 2:* The largest overlap of a tested text decides. "At least" includes the border itself.


# %% tags=["stub"]
def find_leaks(tested, learned, border):
    return []


# %% tags=["solution"]
def find_leaks(tested, learned, border):
    return [text for text in tested if max(overlap(text, other) for other in learned) >= border]


# %% tags=["exercise"]
learned = ["Which form is for carers' leave?", "How long is probation in the workshop?", "Who pays for training?"]
leaks = {"how long is probation in the WORKSHOP": "other capitals", "For training, who pays?": "another order",
         "How long is the probation in our workshop?": "one word more", "Who pays?": "two of four words"}  # fmt: skip
honest = ["What trial period do newcomers serve?", "Is leave for training long?"]
said = find_leaks([*leaks, *honest], learned, 0.5)
said = [] if said is None else list(said)
missed, wrongly = [text for text in leaks if text not in said], [text for text in said if text in honest]
if any(text not in [*leaks, *honest] for text in said):
    print("Not yet: give back texts of `tested`, just as they stand there, and nothing else.")
elif missed:
    print(f"Not yet: with a border of a half, {missed[0]!r} is a leak ({leaks[missed[0]]}).")
elif wrongly:
    print(f"Not yet: {wrongly[0]!r} is no leak; no *single* learned text shares half of the words with it.")
elif set(find_leaks([*leaks, *honest], learned, 0.9)) != set(list(leaks)[:2]):
    print("Not yet: with a border of 0.9 only those with the very same words are leaks. Does yours use `border`?")
else:
    texts = [question.text for question in test.values()]
    half = len(set(find_leaks(texts, [question.text for question in written], 0.5)))
    print(f"Right. Of the course's {len(texts)} test questions, {half} share half of the words with a training question.")

# %% [markdown] tags=["exercise"]
# **3. What does one more right answer cost?** Write `price(small, large)`. Both are dictionaries with the number of
# `"written"` questions and of `"right"` answers. Give back how many written questions *one more* right answer has cost
# on the way from small to large, and `None` where the larger one hasn't more right: it isn't to be had there. Then read
# your prices for the rows. Where would *you* stop writing?
#
# *Hint 1:* The price is of what was added: not all questions, and not all answers.
#
# *Hint 2:* A difference divided by a difference. Look at the lower one before you divide by it.


# %% tags=["stub"]
def price(small, large):
    return None


# %% tags=["solution"]
def price(small, large):
    more = large["right"] - small["right"]
    return (large["written"] - small["written"]) / more if more > 0 else None


# %% [markdown] tags=["solution"]
# Where to stop depends on what a right answer is worth to you, and an hour of writing. If the price rises from step to
# step, the first wordings were the cheapest; a sensible place to stop is where the next right answer costs more than it
# brings. Mind that a price is shaky where few answers were gained: it divides by a small difference.

# %% tags=["exercise"]
cases = [((50, 20), (100, 30)), ((0, 0), (8, 32)), ((50, 30), (100, 30)), ((50, 30), (90, 25))]
tried = [price(*({"written": n, "right": right} for n, right in case)) for case in cases]
if tried[0] is None or not math.isclose(tried[0], 5):
    print(f"Not yet: 50 more written, 10 more right, so that one costs 5; you say {tried[0]}.")
elif tried[1] is None or not math.isclose(tried[1], 0.25):
    print(f"Not yet: 32 right answers for 8 questions are a quarter of a question each; you say {tried[1]}.")
elif tried[2:] != [None, None]:
    print(f"Not yet: where no answer more is right, the price is None; you say {tried[2:]}.")
else:
    print("Right. In written questions for one more right answer:")
    for way in (("1-wording", "2-wordings", "4-wordings"), ("12-facts", "24-facts", "4-wordings")):
        bought = [{"written": sizes[name]["written"], "right": right_of_all(name)} for name in way]
        costs = [price(*pair) for pair in zip(bought, bought[1:])]
        print(" → ".join(way), "costs", ", then ".join("not to be had" if c is None else f"{float(c):.1f}" for c in costs))

# %% [markdown]
# ## Takeaways
#
# - **"More data" is facts, wordings or steps.** They usually grow together. Only where one moves and the others stand still
#   can you tell what helped.
# - What F5 is about is *wordings*: work for people that no faster machine takes over. The computed sentence above says how
#   much four are worth against one; whoever plans a training should plan to write.
# - **Test in words that were never trained.** In trained words even a poor training can look good, and a leak hides the
#   difference that you are looking for.
# - Cheap variety is worth a try before the expensive one. Measure what it leaves over.
# - With a fixed number of questions to write, decide between broad and deep on purpose, by what a wrong answer costs.
# - RAG needs no question to train on. That doesn't make it better. It makes it *cheaper to begin with*.
#
# **What comes next**: the handbook changes, and all that was written and learned is last year's.
# [Lesson 8](08_together_they_can_go_stale.ipynb) puts both systems together and watches.
