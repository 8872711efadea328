# %% [markdown]
# # 9. Counted words find the subject and often miss the side

# %% [markdown]
# {{navigation}}

# %% [markdown]
# **Question** Some work isn't knowing a fact but doing a thing: marking a clause, sorting a note, writing as the house
# writes. Is that what fine-tuning is for, or would something far cheaper do?
#
# **You will be able to** put the cheap rivals beside a trained skill, tell learning a rule from learning its words, and
# measure a voice without being fooled by a reply that says nothing.
#
# **Minutes** Less than one on two cores, no GPU. Rows of long experiments are read as they were saved; live, the small model
# is asked one clause in four ways. Lessons 5 and 6 help.
#
# **Promises tested** F2 fine-tuning gives deep specialised skill · F3 its output sounds natural, in house style · in
# passing: S3 a medical assistant needs training, and with records both
#
# {{pipeline: tune, answer, measure}}

# %%
# {{setup}}

# %% [markdown]
# ## A skill isn't a fact
#
# "How many days of carers' leave?" has an answer that stands on a page. "Whose side does this clause take?" has none: the
# clause is new, and what is known is a *rule* for reading it. A **skill** here means: text in, marks out, by a rule that
# holds for texts nobody has seen. Larkspur has two. Its lawyers give each contract clause a **label**, a risk and an
# action. Its clinic gives each note from the field a protocol **code** and an urgency. (All of it is invented; none of it
# is law or medicine.)

# %% tags=["setup"]
import math
import re
from collections import Counter

import matplotlib.pyplot as plt
import pandas as pd
import yaml
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import MultinomialNB
from sklearn.pipeline import make_pipeline

from utils.data import DATA, load_patients
from utils.experiments.skill_prompts import load_skills, read_marks
from utils.experiments.style_prompts import load_letters, wrap
from utils.experiments.style_voice import STATED, UNSTATED, body_of, share_kept
from utils.files import read_text, sha256_file
from utils.measure.evaluation import cluster_of, difference, estimate
from utils.measure.results import read_results

# %% tags=["setup"]
skills, letters = load_skills(), load_letters()
clauses, triage = skills["clauses"], skills["triage"]
FIRST = {"clauses": "label", "triage": "code"}  # each skill's first mark, the hardest: what "right" means below
claims = yaml.safe_load(read_text(DATA / "claims.yaml"))  # the borders; the file says when they were fixed


def saved(name, *files):
    """(answers, figures) of an experiment, refused where they were made on other data."""
    provenance, rows = read_results(DATA / "results" / f"{name}.jsonl")
    for part in files:
        assert provenance["data_sha256"][part] == sha256_file(DATA / part), f"{name} was made on another {part}"
    return [row for row in rows if "answer" in row], [row for row in rows if "figure" in row]


marked = {name: saved(f"skills-{name}", f"{name}.jsonl", "features.jsonl") for name in skills}
style_rows, style_figures = saved("style", "style.jsonl")
items = {item.item_id: item for skill in skills.values() for item in skill.items}
alone = {name: name for name in [*items, *(letter.reply_id for letter in letters.test)]}  # each item is drawn by itself
{skill.name: {split: len(skill.split(split)) for split in ("train", "dev", "test")} for skill in skills.values()}

# %% [markdown]
# ## Look at the data: one rule, many clauses
#
# The label says what a clause is about (six **subjects**) and who gains by it (two **sides**). Read the two clauses. They
# are about the same thing. Which words tell you the side? Cover the marks and try. The other skill is **triage**: a note from
# the field gets a code for two signs and which of them came first, and an urgency.

# %% tags=["nbval-check-output"]
rule = next(line for line in clauses.page.splitlines() if line.startswith("Six subjects"))
print(f"The rule: {rule}\n")
for label in ("price-for-us", "price-for-supplier"):
    item = next(item for item in clauses.split("train") if item.marks[0] == label)
    print(f"{item.text}\n   → {item.answer}\n")
note = skills["triage"].split("train")[0]
print(f"A note from the field, its code and urgency:\n{note.text}\n   → {note.answer}\n")
print(f"{len(clauses.values[0])} labels; the page with the whole rule has {len(clauses.page.split())} words")

# %% [markdown]
# ## Predict
#
# A clause gets one of twelve labels, a note one of fourteen codes. Write down how often each of these will give the
# right one for a new text: the commonest label for everybody; a program that **counts words** and knows no order; the
# small model with the rule on a page in its prompt; the same model after training on the examples. And who of them will
# fall where the *combination* of rules is new?
#
# ## The smallest true example
#
# A **bag of words** is a text with its order thrown away: which words, and how often. Here are two sentences as bags.

# %%
ours, theirs = "Larkspur may inspect the Supplier", "the Supplier may inspect Larkspur"


def pairs(text):
    """Every two words that stand side by side."""
    words = text.split()
    return list(zip(words, words[1:]))


print("the same bag of words:", Counter(ours.split()) == Counter(theirs.split()))
print("the same bag of pairs:", Counter(pairs(ours)) == Counter(pairs(theirs)))
print("pairs only in the first:", sorted(set(pairs(ours)) - set(pairs(theirs))))

# %% [markdown]
# One clause is for us, the other for the supplier, and no way of counting single words will ever tell them apart. Pairs
# of words keep a little of the order. How far do both get on real clauses?
#
# ## By hand: the two rivals that cost nothing
#
# The **majority** answer is the commonest of each mark, whatever the text says. Whatever can't beat it has learned nothing.
# Then **naive Bayes**, the oldest bag of words: count how often each word stands under each label; a new text gets the
# label under which its words are likeliest. (The `+ 1` gives a word that never stood under a label a small chance instead
# of none.)
#
# The rival of the experiment is a better bag: words *and pairs of words* where those did better on dev, rare ones weighing
# more (**TF-IDF**: a word's count in this text, the heavier the fewer texts have it), and **logistic regression**, which
# learns one weight a word and label. It trains in seconds. Run again, it must give what was saved.

# %%
def words_of(text):
    """Words of two letters or more, in small letters."""
    return re.findall(r"\b\w\w+\b", text.lower())

def likeliest(text):
    """The label under which the text's words are likeliest, by the counts below."""
    def log_chance(label):
        n_words = counts[label].total() + len(vocabulary)
        chances = [(counts[label][word] + 1) / n_words for word in words_of(text) if word in vocabulary]
        return math.log(n_items[label]) + sum(map(math.log, chances))
    return max(sorted(n_items), key=log_chance)

train, test = clauses.split("train"), clauses.split("test")
n_items = Counter(item.marks[0] for item in train)
counts = {label: Counter(w for i in train if i.marks[0] == label for w in words_of(i.text)) for label in n_items}
vocabulary = set().union(*counts.values())
library = make_pipeline(CountVectorizer(), MultinomialNB()).fit([i.text for i in train], [i.marks[0] for i in train])
by_hand = [likeliest(item.text) for item in test]
assert by_hand == list(library.predict([item.text for item in test]))
print(f"by hand as by the library: right on {sum(b == i.marks[0] for b, i in zip(by_hand, test)) / len(test):.2f}")

# %%
from utils.experiments.skill_rivals import count_words

answers, tried = marked["clauses"]
commonest = [Counter(values).most_common(1)[0][0] for values in zip(*(item.marks for item in train))]
assert {row["answer"] for row in answers if row["system"] == "majority"} == {" · ".join(commonest)}
print(f"majority: always {commonest[0]}, right on {sum(item.marks[0] == commonest[0] for item in test) / len(test):.2f}")

on_dev = {row["item"]: row["value"] for row in tried if (row["figure"], row["system"]) == ("right on dev", "tf-idf")}
longest = int(max(on_dev, key=on_dev.get).split()[-1])
again = {item.item_id: said.text for item, said in zip(test, count_words(train, longest, test))}
before = {row["question_id"]: row["answer"] for row in answers if row["system"] == "tf-idf"}
same = sum(again[name] == before[name] for name in before)
assert same >= 0.97 * len(before)  # another processor may tip a clause that lies on the border
right = sum(again[item.item_id].startswith(f"{item.marks[0]} ") for item in test) / len(test)
print(f"tf-idf on dev, words and pairs: {', '.join(f'{share:.2f}' for share in on_dev.values())}; chosen: up to {longest} words, right on {right:.2f}")
print(f"run again just now, {same} of {len(before)} answers are as saved")

# %% [markdown]
# ## Half a label
#
# A label has two halves. So has a code: a note tells of two signs, and its code says which two, and which of them came
# first. So split each answer: is the **subject** right (for a note: the pair of signs)? And where it is, is the
# **side** right, too (for a note: the order)? A coin gets the second half right every other time. (`nearest` gives a
# text the marks of the training texts nearest to it in meaning.)

# %% tags=["nbval-check-output"]
def halves(skill, mark):
    """(subject, side) of a label; (pair of signs, order) of a code: neighbours in the rule's table share their signs."""
    if mark not in skill.values[0]:
        return None, None
    return tuple(mark.split("-for-")) if skill is clauses else divmod(skill.values[0].index(mark), 2)

def subject(skill, row):
    return halves(skill, read_marks(skill, row["answer"])[0])[0] == halves(skill, items[row["question_id"]].marks[0])[0]

split = {}
for name, skill in skills.items():
    for system in ("majority", "nearest", "tf-idf", "ft"):
        told = [row for row in marked[name][0] if row["system"] == system]
        sided = estimate([row for row in told if subject(skill, row)], lambda row: row["correct"], alone)
        split[name, system] = estimate(told, lambda row: subject(skill, row), alone), sided
    for who, system in (("the bag", "tf-idf"), ("ft", "ft")):
        found, sided = split[name, system]
        coin = "which a coin could give" if sided.low <= 0.5 <= sided.high else "and a coin 50%"
        print(f"{name}: {who} finds the subject in {found.value:.0%}, then the side in {sided.value:.0%}, {coin}")
print(pd.DataFrame(split, index=["subject", "and then the side"]).T.to_string())

# %% [markdown]
# That is what the lesson's title says. What a text is *about* shows in its words, so counting goes far. Who does what
# to whom shows in how the words are *put together*, and of that a bag keeps a part at best. Hold the trained model,
# `ft`, against it in the last column: that's where a skill beyond words would show.
#
# ## The same model, untrained, live
#
# Does it need training, or only to be told? One clause, asked in four ways: with the lists of marks (`base`); with
# worked **examples**, too (`base/few-shot`); with the training clauses nearest in meaning as examples
# (`base/retrieved`: RAG, for a skill); and with the page of rules (`base/rules`). An answer counts only in the form
# that was asked for, letter for letter. (Live, each is asked in the first of the two settings that were tried on dev; the
# saved rows below use the better one. There `base/retrieved` sees more neighbours, and on clauses `base/rules` has some
# examples beside the page.)

# %%
from utils.experiments.skill_arms import PROMPTS, ask_model
from utils.lab import open_lab

lab = open_lab()
item = clauses.split("dev")[0]
print(f"{item.text}\nright: {item.answer}\n")
for system, (shown, _) in PROMPTS.items():
    said = ask_model(lab, clauses, lab.lm, shown, [item])[0].text
    print(f"{system:15} {said.splitlines()[0][:90]!r}\n{'':15} read as {read_marks(clauses, said)}")

# %% [markdown]
# ## Everybody, on seen and unseen combinations
#
# About a third of the test items are **unseen**: no training item has the same label, or code, with exactly the same
# features (*no way back*, *no ceiling*, …). Features move the risk, the action and the urgency; label and code don't
# hang on them. So whoever learned by heart what stands beside what should fall in "all marks", which wants the whole line
# right, more than in the first mark. Whoever learned the rule doesn't mind.

# %% tags=["nbval-check-output"]
SYSTEMS = ["majority", "nearest", "tf-idf", "base", "base/few-shot", "base/retrieved", "base/rules", "ft"]


def share(name, system, part, value="correct"):
    """The share right of a system on the seen or unseen items of a skill; em: with all marks."""
    rows = [row for row in marked[name][0] if row["system"] == system and row["kind"].endswith(f"-{part}")]
    return estimate(rows, lambda row: row[value], alone)


for name in skills:
    lines = {system: {f"{words}, {part}": share(name, system, part, value)
                      for value, words in (("correct", FIRST[name]), ("em", "all marks")) for part in ("seen", "unseen")}
             for system in SYSTEMS}  # fmt: skip
    n = {part: share(name, "tf-idf", part).n for part in ("seen", "unseen")}
    print(f"{name}: {n['seen']} seen items, {n['unseen']} unseen\n{pd.DataFrame(lines).T.to_string()}\n")

# %% tags=["nbval-check-output"] alt="Two panels of points with intervals, one row per system: the share of clauses, and of triage notes, labelled right, for combinations of rules that were seen in training and for unseen ones."
figure, panels = plt.subplots(1, 2, figsize=(9, 3.8), sharey=True, sharex=True)
for panel, name in zip(panels, skills):
    for shift, part, marker, fill in ((0.14, "seen", "o", "black"), (-0.14, "unseen", "s", "white")):
        for place, system in enumerate(reversed(SYSTEMS)):
            at = share(name, system, part)
            panel.plot([at.low, at.high], [place + shift] * 2, color="gray", linewidth=1.5)
            panel.plot(at.value, place + shift, marker, color="black", markerfacecolor=fill,
                       label=part if place == 0 else None)  # fmt: skip
    panel.set(title=f"{name}: {FIRST[name]} right", xlim=(-0.03, 1.03), xlabel="share, with 95 % interval")
    panel.set_yticks(range(len(SYSTEMS)), reversed(SYSTEMS))
panels[0].legend(frameon=False, loc="upper right")
plt.tight_layout()
plt.show()
for n in skills:
    best = ("; ".join(f"{s} {share(n, s, 'seen').value:.2f} and {share(n, s, 'unseen').value:.2f}" for s in ("tf-idf", "ft")))
    print(f"{n}, seen and unseen: {best}")

# %% [markdown]
# Look for three things: how much of the way `tf-idf` goes without any language model; whether the black and the white
# marker of an arm lie apart; and what the page of rules, which any person could work by, does for the small model.
#
# Now the promise. F2 asks for more than being good: on *unseen* clauses, `ft` has to beat the better of the bag of words
# and the few-shot prompt by the border. The other lines are for you: whom is it ahead of at all? (The verdict itself stands
# in [the ledger](../data/results/README.md). It draws more carefully, because it judges all promises at once.)
#
# A share hides what went wrong. So after that, **read whole items**: one unseen clause for each way it can come out between
# the bag and the trained model (its first seed). Do you see why?

# %% tags=["nbval-check-output"]
def unseen(name, system):
    return [row for row in marked[name][0] if row["system"] == system and row["kind"].endswith("-unseen")]


border, gaps = claims["F2"]["margin"], {}
for name in skills:
    for rival in ("tf-idf", "nearest", "base/few-shot", "base/retrieved", "base/rules"):
        gaps[name, rival] = difference(unseen(name, "ft"), unseen(name, rival), lambda row: row["correct"], alone)
    close = [rival for (skill, rival), gap in gaps.items() if skill == name and gap.low <= 0]
    print(f"{name}, unseen: ft minus")
    for rival in (rival for skill, rival in gaps if skill == name):
        print(f"    {rival:15}{gaps[name, rival]}{'   not told apart, or ahead' if rival in close else ''}")
best = min(("tf-idf", "base/few-shot"), key=lambda rival: gaps["clauses", rival].value)
gap = gaps["clauses", best]
came = "more than" if gap.low > border else "less than" if gap.high < border else "perhaps more and perhaps less than"
seconds = [row["value"] for row in marked["clauses"][1] if row["figure"] == "training"]
print(f"\nF2, clauses: ft minus {best}, the better one of the two, {gap}: {came} the border of {border}.")
print(f"The bill: {len(train)} clauses marked by somebody; for ft also {sum(seconds) / len(seconds):.0f} s of training.")

# %% tags=["nbval-check-output"]
said = {system: {row["question_id"]: row for row in unseen("clauses", system) if row["seed"] in (None, 1)}
        for system in ("tf-idf", "ft")}  # fmt: skip
for case in ((False, True), (True, False), (False, False)):
    found = [name for name in said["ft"] if (said["tf-idf"][name]["correct"], said["ft"][name]["correct"]) == case]
    bag, trained = ("right" if right else "wrong" for right in case)
    print(f"tf-idf {bag}, ft {trained}: {len(found)} of {len(said['ft'])}")
    for name in found[:1]:
        print(f"    {items[name].text}\n    gold    {items[name].answer}")
        for system in said:
            print(f"    {system:7} {said[system][name]['answer'][:90]}")

# %% [markdown]
# ## A skill and a page together (S3, in passing)
#
# Forty patients have a record that says what a code means *for them*, and the records change. An answer takes both:
# triage gives the code, the record gives the plan. Triage is done by the page of rules in the prompt (`base/rules`), by
# the most similar notes in the prompt (`base/retrieved`) or by training (`ft`); `+record` means that the plan is then
# looked up and read by the untrained model.

# %% tags=["nbval-check-output"]
patients = load_patients()
asked, coded = saved("skills-patients", "triage.jsonl")
drawn_with = cluster_of(patients.questions)
lines, plans = {}, {}
PROMPTED = ("base/rules", "base/retrieved")
for system in (*PROMPTED, "ft", *(f"{name}+record" for name in (*PROMPTED, "ft"))):
    plans[system] = [row for row in asked if row["system"] == system and not row["after"]]
    new = [row for row in asked if row["system"] == system and row["stale"] is not None]
    right, fresh = (estimate(rows, lambda row: row["correct"], drawn_with) for rows in (plans[system], new))
    lines[system] = {"right": right, "right where the record changed": fresh}
print(pd.DataFrame(lines).T.to_string())
for system in (*PROMPTED, "ft"):
    codes = [row["value"] for row in coded if (row["figure"], row["system"]) == ("code", system)]
    print(f"{system}: the code is right in {sum(codes) / len(codes):.2f}")
best = max((*(f"{name}+record" for name in PROMPTED), "ft"), key=lambda system: lines[system]["right"].value)
gap = difference(plans["ft+record"], plans[best], lambda row: row["correct"], drawn_with)
print(f"S3: ft+record minus {best}: {gap}; the border is {claims['S3']['margin']}.")

# %% [markdown]
# Note what each part is for: no training can know a plan that was written yesterday, and no record says which sign came
# first. So of the guide's promise only the second half, "with records both", can be decided here; that training alone
# would win is impossible by construction. And look which of the prompted ways is the strong rival: it needs the same
# examples, and no training. Two steps can also fail twice: with a wrong code, the right plan is luck.
#
# ## The other skill: a voice
#
# Larkspur answers letters in a voice of its own. Five of its habits stand in the style guide. Others nobody wrote down:
# they are to be picked up from good replies. Here is one reply, and a few of its habits checked by hand, in a line each.

# %% tags=["nbval-check-output"]
letter = letters.test[1]
print(f"{letter.inquiry}\n\n{letter.reply}\n\nThe guide:\n{letters.guides['rules']}\n")
for each in letters.test:
    first, *middle, _, _ = each.reply.split("\n")  # greeting, body, and two lines of signature
    body = " ".join(middle)
    assert body == " ".join(body_of(each.reply).split("\n"))
    assert STATED["45 to 80 words"](each.reply, each.inquiry) == (45 <= len(body.split()) <= 80)
    assert UNSTATED["one semicolon"](each.reply, each.inquiry) == (body.count(";") == 1)
    assert UNSTATED["ends on Until then"](each.reply, each.inquiry) == body.split(". ")[-1].startswith("Until then,")
print("stated:  ", ", ".join(STATED), "\nunstated:", ", ".join(UNSTATED))

# %% [markdown]
# The writers: `base` is only told to reply; `base/style-prompt` has the guide in its prompt; `base/few-shot` has good
# replies, too, where that did better; `template` puts the house's first and last lines around what `base` wrote, by a
# program; `ft` was trained on letters with their replies, and **without** the guide. (Each had its setting chosen on
# letters kept aside.) First whole replies, to one letter: read them before anything is counted. Then the count. A
# **judge**, a bag of letter groups that learned to tell house replies from plain ones, compares pairs. **About its
# letter** asks: of all test letters, is the one nearest in meaning to a reply the one that it answers?

# %% tags=["nbval-check-output"]
WRITERS = ["base", "base/style-prompt", "base/few-shot", "template", "ft"]
shown = letters.test[0]
print(f"{shown.inquiry}\n")
for system in WRITERS:
    text = next(row["answer"] for row in style_rows if row["system"] == system and row["question_id"] == shown.reply_id)
    broken = [name for name, kept in (STATED | UNSTATED).items() if not kept(text, shown.inquiry)]
    print(f"--- {system}\n{text}\n    doesn't keep: {', '.join(broken) or 'none, it keeps them all'}\n")

# %% tags=["nbval-check-output"]
of_letter = {letter.reply_id: letter for letter in letters.test}
habits = {"stated habits": STATED, "unstated habits": UNSTATED}


def measured(figure, system):
    """A saved figure as an estimate over letters and seeds; None where nothing was measured."""
    rows = [row for row in style_figures if (row["figure"], row["system"]) == (figure, system)]
    return estimate([row | {"question_id": row["item"]} for row in rows], lambda row: row["value"], alone)


values = {(row["figure"], row["system"], row["seed"], row["item"]): row["value"] for row in style_figures}
for row in style_rows:  # counted again, from the saved replies
    for name, kept in habits.items():
        counted = share_kept(kept, row["answer"], of_letter[row["question_id"]].inquiry)
        assert math.isclose(counted, values[name, row["system"], row["seed"], row["question_id"]])
columns = [*habits, "about its letter", "nearer than base/style-prompt"]
table = pd.DataFrame({system: {name: measured(name, system) for name in columns} for system in WRITERS}).T
print(table.to_string())

# %% tags=["nbval-check-output"] alt="Pairs of bars with intervals, one pair per writer: the share of the house's stated habits that its replies keep, and of the unstated ones."
figure, axes = plt.subplots(figsize=(8, 3.4))
for shift, name, colour, hatch in ((-0.2, "stated habits", "#bbbbbb", ""), (0.2, "unstated habits", "#444444", "//")):
    for place, system in enumerate(WRITERS):
        at = table.loc[system, name]
        axes.bar(place + shift, at.value, 0.38, color=colour, hatch=hatch, edgecolor="white",
                 label=name if place == 0 else None)  # fmt: skip
        axes.plot([place + shift] * 2, [at.low, at.high], color="#d55e00", linewidth=2)
        axes.text(place + shift, at.high + 0.02, f"{at.value:.2f}", ha="center", fontsize=9)
axes.set_xticks(range(len(WRITERS)), [system.replace("/", "/\n") for system in WRITERS])
axes.set(ylim=(0, 1.15), ylabel="share kept, with 95 % intervals", title="Habits that the guide states, and habits that nobody wrote down")
axes.legend(frameon=False, ncols=2, loc="upper center", bbox_to_anchor=(0.5, -0.2))
plt.show()
border, at = claims["F3"]["margin"], table.loc["ft", "nearer than base/style-prompt"]
came = "above" if at.low > border else "below" if at.high < border else "on both sides of"
for name in habits:
    print(f"{name}:", ", ".join(f"{system} {table.loc[system, name]}" for system in WRITERS))
print(f"F3: ft is nearer to the house than the style prompt in {at} of pairs, {came} the border of {border}.")

# %% [markdown]
# Look at `template` first: lines that a program can add needn't be learned by anyone. Then at the dark bars, habits that
# no page states: how far does a page in the prompt move them, how far do examples, and how far does training? And then go
# back to the whole replies above and read the last one slowly, as the person who wrote that letter: whose voice is it, and
# what does it say?
#
# ## Break it: the reply that answers nobody
#
# Now the cheapest writer of all. Somebody reads the habits and writes *one* reply for all letters; a program puts in
# the name. Here it is, against the same measures. The judge here is a smaller one than the experiment's, trained on the
# spot.

# %%
from utils.experiments.style import compare, find_letters
from utils.experiments.style_voice import train_judge

CANNED = """We have read your letter with care. The matter you describe deserves a proper answer; it is now with the right
person at our bench. Keep the thing itself at hand, with its label or receipt if one is still about. We will write again
within the week and say plainly what happens next and who pays. Until then, keep the boots dry and the kettle warm."""
canned = [wrap(CANNED.replace("\n", " "), letter.inquiry) for letter in letters.test]
kept = [share_kept(STATED | UNSTATED, reply, letter.inquiry) for reply, letter in zip(canned, letters.test)]
assert set(kept) == {1.0}, "it should keep every habit"
plain, prompted = ([row["answer"] for row in style_rows if row["system"] == system] for system in WRITERS[:2])
judge = train_judge([letter.reply for letter in letters.learn], plain)
nearer, about = compare(judge, canned, prompted), find_letters(lab, letters, canned)
print(f"habits kept, stated and unstated: all {len(STATED | UNSTATED)}, in every one of {len(canned)} replies")
print(f"nearer to the house than the style prompt: {sum(nearer) / len(nearer):.2f}")
print(f"about its letter: {sum(about) / len(about):.2f}; the house's own replies: {measured('about its letter', 'house')}")

# %% [markdown]
# It keeps all that is counted, and helps nobody. **A measure of form is satisfied by form.** So a voice is never measured
# alone: beside it stands a measure of content, however rough, and a person who reads.
#
# ## What this does not show
#
# - **Real clauses, real notes.** One author wrote these by a rule that can be said on a page. Real work has cases on which
#   two experts disagree. Measure how often, before you call a mark wrong.
# - **A larger model.** It may well follow a page of rules, or a style guide, without any training; ours has 135 million
#   parameters. Before you train, ask the largest model that you may use, with the rules in the prompt.
# - **The best bag.** The rival had two settings tried, like everybody. Somebody who spends a day on features gets further:
#   exercise 2.
# - **That a reply is good.** Habits and a judge see form; "about its letter" sees the topic. Whether the promise in it is
#   true, or kind, only a reader sees.
# - **Few unseen items and letters.** Look at the widths before you rank anybody.
#
# ## Exercises
# Solutions: [solutions/09_words_find_the_subject.ipynb](solutions/09_words_find_the_subject.ipynb)

# %% [markdown] tags=["exercise"]
# **1. A habit that nobody has listed.** House replies hold no brackets of any kind, and no dash as a pause. (A hyphen
# inside a word is fine.) Write `plain_marks(reply)`: True for a reply that keeps this habit.
#
# *Hint 1:* Which characters must not occur? Look at how people type a pause: there is more than one dash.
#
# *Hint 2:* A hyphen counts as a dash only where it has a space on both sides; `" - " in reply` says that. Round, square
# and curly brackets, and the long dashes, are single characters: `any(… in reply for …)`.


# %% tags=["stub"]
def plain_marks(reply):
    return True


# %% tags=["solution"]
def plain_marks(reply):
    return not any(mark in reply for mark in ("(", ")", "[", "]", "{", "}", "–", "—", " - "))


# %% tags=["exercise"]
frame = "Hello Ann,\nA good pair of boots lasts {} and we will mend it.\nWarm boots,\nThe Larkspur desk"
breaks = ["(mostly) a decade", "a decade — or two —", "a decade – or two –", "a decade - or two -", "[number] years",
          "{number} years"]  # fmt: skip
wrong = [mark for mark in breaks if plain_marks(frame.format(mark))]
house = [letter.reply for letter in letters.test]
if wrong:
    print(f"Not yet: it lets {wrong[0]!r} pass.")
elif not plain_marks(frame.format("a well-worn decade")):
    print("Not yet: 'well-worn' has a hyphen inside a word, and that is allowed.")
elif not all(plain_marks(reply) for reply in house):
    print("Not yet: some house replies break it by your count. Print one.")
else:
    plain = [row["answer"] for row in style_rows if row["system"] == "base"]
    print(f"Right. Kept by all {len(house)} house replies, and by {sum(map(plain_marks, plain))} of base's {len(plain)}.")

# %% [markdown] tags=["exercise"]
# **2. A bag of your own.** Write `cues(text)`: the list of strings that a logistic regression counts in a clause. Single
# words are in the stub. On the *dev* clauses, yours has to get at least ten in a hundred more labels right than they do.
# What could keep a little of who does what?
#
# *Hint 1:* The smallest true example shows two sentences with the same words. What else did it count, and was that the
# same?
#
# *Hint 2:* A cue is any string, `"the_supplier"` for instance. Give the words *and* every two of them that stand side
# by side, joined to one string; `zip(words, words[1:])` walks through the pairs.


# %% tags=["stub"]
def cues(text):
    return re.findall(r"\w+", text.lower())


# %% tags=["solution"]
def cues(text):
    words = re.findall(r"\w+", text.lower())
    return words + ["_".join(pair) for pair in zip(words, words[1:])]


# %% tags=["exercise"]
def on_dev_clauses(analyze):
    """The share of dev clauses whose label is right, with these cues."""
    learn, dev = clauses.split("train"), clauses.split("dev")
    model = make_pipeline(TfidfVectorizer(analyzer=analyze), LogisticRegression(C=10, max_iter=2000))
    model.fit([item.text for item in learn], [item.marks[0] for item in learn])
    return model.score([item.text for item in dev], [item.marks[0] for item in dev])


tried = cues("Larkspur may inspect the Supplier")
if not isinstance(tried, list) or not tried or not all(isinstance(cue, str) for cue in tried):
    print("Not yet: cues(text) gives a list of strings.")
else:
    words_alone, yours = on_dev_clauses(lambda text: re.findall(r"\w+", text.lower())), on_dev_clauses(cues)
    verdict = "Right" if yours >= words_alone + 0.1 else "Not yet"
    print(f"{verdict}: your cues {yours:.2f} on dev, single words {words_alone:.2f}; wanted {words_alone + 0.1:.2f}.")

# %% [markdown] tags=["solution"]
# Then stop. Each further idea that is tried on the same sixty dev clauses makes the best of them look better than it is;
# the test clauses are for one look at the end. Note the price, too: pairs make many more cues, most of them seen once.

# %% [markdown] tags=["exercise"]
# **3. Who is ahead?** Two arms marked the same items; `ours` and `theirs` are lists of 0 and 1 in the same order. Write
# `leader(ours, theirs)`: `"ours"` or `"theirs"` where the whole 95 % interval of the *paired* difference lies on one side
# of 0, else `"neither"`.
#
# *Hint 1:* Subtract item by item first. Most differences are 0; only the items on which the two disagree can decide.
#
# *Hint 2:* Draw the list of differences many times with replacement (`numpy`: `rng.choice(gaps, size=(2000,
# len(gaps)))`), take the mean of each draw, and of these means the 2.5 % and the 97.5 % quantile.


# %% tags=["stub"]
def leader(ours, theirs):
    return None


# %% tags=["solution"]
import numpy as np


def leader(ours, theirs):
    gaps = np.array(ours, dtype=float) - np.array(theirs, dtype=float)
    means = np.random.default_rng(0).choice(gaps, size=(2000, len(gaps))).mean(axis=1)
    low, high = np.quantile(means, [0.025, 0.975])
    return "ours" if low > 0 else "theirs" if high < 0 else "neither"


# %% tags=["exercise"]
half = [1] * 50 + [0] * 50
better = [1] * 60 + [0] * 40  # the same fifty, and ten more
mixed = [0] * 20 + [1] * 30 + [1] * 30 + [0] * 20  # loses twenty of the fifty, and gains thirty: ten more, as above
cases = {"ten more, none lost": (better, half, "ours"), "ten fewer, none gained": (half, better, "theirs"),
         "30 gained and 20 lost": (mixed, half, "neither"), "the same": (half, half, "neither")}  # fmt: skip
wrong = [name for name, (a, b, wanted) in cases.items() if leader(a, b) != wanted]
if wrong:
    a, b, wanted = cases[wrong[0]]
    print(f"Not yet: {wrong[0]}, of {len(a)} items: {wanted!r}; you say {leader(a, b)!r}.")
else:
    rows = [row for row in marked["clauses"][0] if row["kind"].endswith("-unseen") and row["seed"] in (None, 1)]
    of = {s: {row["question_id"]: int(row["correct"]) for row in rows if row["system"] == s} for s in ("ft", "tf-idf")}
    named = {"ours": "ft", "theirs": "tf-idf"}
    ahead = leader([of["ft"][name] for name in of["ft"]], [of["tf-idf"][name] for name in of["ft"]])
    print(f"Right. And on the {len(of['ft'])} unseen clauses, seed 1, ahead: {named.get(ahead, ahead)}.")

# %% [markdown]
# ## Takeaways
#
# - **A skill needs its cheap rivals beside it**: the majority, a bag of words, the nearest example. A trained model that
#   only matches them has learned their words.
# - **Split the mark.** What a text is about can be counted. Of who does what to whom a bag keeps a part, and it is that part
#   which a trained model has to beat.
# - **Test on combinations that training didn't have**, and look whether anybody falls: whoever learned the rule shouldn't.
# - Rules that can be said can also be prompted, if the model is large enough to follow them; ask that before you train.
# - **In a voice, let programs add what programs can add.** Training is for what nobody can write down and everybody
#   recognises.
# - A measure of form is satisfied by form. Put one of content beside it, and read.
#
# **What comes next**: lesson 10 puts all systems on the same questions and asks which differences are real.
