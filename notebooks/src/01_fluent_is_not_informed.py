# %% [markdown]
# # 1. Fluent is not informed: a model always has a next word

# %% [markdown]
# {{navigation}}

# %% [markdown]
# **Question** A language model answers everything, in good sentences. How do we find out what it *knows*?
#
# **You will be able to** watch a model write one token at a time and do it yourself, mark its answers by a rule that you have
# checked, and say how much a share of right answers is worth.
#
# **Minutes** About two of computing on two cores, no GPU, less than 2 GiB of memory; an hour with reading and exercises.
# Nothing is trained.
#
# **Promises tested** None is decided here. This lesson draws the zero line for one of them, that a fine-tuned model "just
# knows" (F7): what the same model knows *before* any training. All later gains are counted from there. Lessons 6 and 10
# decide.
#
# {{pipeline: answer, measure}}

# %%
# {{setup}}

# %% [markdown]
# ## The model and the company
#
# Our model is small on purpose: 135 million numbers, its **weights**, which two laptop cores can run. Larkspur is a company
# that was invented for this course, so no model can have read about it. That keeps the question of this lesson clean:
# whatever the model says about Larkspur, it can't have known.
#
# We ask about half of Larkspur's staff handbook. Its questions come in three parts: `train` to learn from (not today), `dev`
# to try things out on, `test` to report. (The very first time, the cell also converts the model: half a minute.)

# %% tags=["setup"]
import re

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import torch

from utils.answer.generation import end_tokens, generate, render
from utils.answer.prompts import closed_book
from utils.data import DATA, load_company
from utils.measure.evaluation import RESAMPLES, cluster_of, estimate
from utils.measure.plots import BLUE, GREY, ORANGE
from utils.measure.results import read_results
from utils.models import load_language_model

# %% tags=["setup"]
DTYPE = "float32"  # the number format: finer than bfloat16, so that hardly any word hangs on rounding
N_LIVE = 24  # Larkspur questions asked here; enough to tell "almost never" from "every other time"
N_SHOWN = 6  # answers to read from each group; all of them are counted
RAW_TOKENS = 12  # tokens written by hand; each one takes a whole pass through the model

lm, company = load_language_model(dtype=DTYPE), load_company(slice_name="classroom")
tokenizer = lm.tokenizer
questions = {q.question_id: q for q in company.questions}
dev = [q for q in company.split("dev") if q.answers]
page_of = cluster_of(company.questions)  # question id → the page that answers it
provenance, saved = read_results(DATA / "results" / "comparison.jsonl", company.sha256)
saved = [row for row in saved if not row["after"]]  # a later lesson changes the handbook; here it is as it was
facts = [row for row in saved if row["em"] is not None]  # em is None where the handbook has no answer


def correct(row):
    """Was this saved answer marked right?"""
    return row["correct"]

# %% [markdown]
# ## Look at the data
#
# One question, whole. `accepted` lists the wordings that count as right. `wrong` are values from this page and its like, which
# a careless reader could take instead. The quote is where the answer stands. **Today nobody shows the model that page.**

# %% tags=["nbval-check-output"]
hours = questions["people-037-d1"]
print("question:", hours.text)
print("accepted:", ", ".join(hours.answers))
print("wrong:   ", ", ".join(hours.wrong_answers))
print("quote:   ", hours.evidence[0].quote, f"({hours.evidence[0].doc_id})")
print(f"\n{len(company.documents)} pages, {len(dev)} dev questions that have an answer")

# %% [markdown]
# ## Predict
#
# Write down four guesses before you go on.
#
# 1. The model is told to say "I don't know." when it doesn't. How often in 24 Larkspur questions will it say so?
# 2. How many of 16 easy questions about the world (capitals, sums, planets) will it answer right?
# 3. Ask for one Larkspur fact in two wordings. How often will the answer be the same?
# 4. Somebody gets 0 of 24 right. How large might their share of right answers be all the same, over all such questions?
#
# ## A text is cut into tokens
#
# A model doesn't read letters or words. The **tokenizer** cuts a text into **tokens**, pieces from a fixed list, and hands
# over their numbers in that list, the ids. A frequent word is one token, with the blank before it. A rare one falls into
# pieces, and this tokenizer takes every digit apart. Look at what becomes of the company's name.

# %% tags=["setup", "nbval-check-output"]
def ids_of(text):
    """The ids of a text's tokens."""
    return tokenizer(text, add_special_tokens=False).input_ids


for text in ("The capital of France is Paris.", "At Larkspur, the core hours of the office begin at 9:40."):
    pieces = [tokenizer.decode([number]) for number in ids_of(text)]
    assert "".join(pieces) == text  # nothing is lost
    print(len(pieces), "tokens:", " ".join(f"[{piece}]" for piece in pieces))
    print("   ids:", *ids_of(text))
print(f"{len(tokenizer):,} tokens in the list")

# %% [markdown]
# ## One step: a probability for every token
#
# Given some tokens, the model does one thing only: it gives **each** token of the list a score for coming next. A **softmax**
# makes probabilities of the scores: raise e to the power of each, then divide by the sum of them all. So none is below 0, and
# together they are 1. By hand that takes two lines; the cell checks them against PyTorch's.
#
# Mind what there is no room for. No entry of the list says "there is nothing to know here". Something always comes next.
#
# We take three steps: one about France, one about Larkspur, and the Larkspur sentence again, one token further on. The figure
# shows the five likeliest tokens of each. A small box stands for a blank; orange and hatched is the true token, if it is
# among the five.

# %%
def next_tokens(ids):
    """The probability of each token in the list to come after these."""
    scores = lm.model(input_ids=torch.tensor([ids], device=lm.device)).logits[0, -1].cpu().double()
    weights = torch.exp(scores - scores.max())  # less the largest: the same shares, and no number grows too large
    assert torch.allclose(weights / weights.sum(), torch.softmax(scores, 0))
    return weights / weights.sum()


FRANCE, HOURS = "The capital of France is", "At Larkspur, the core hours of the office begin at"
steps = []  # (the tokens so far, the true next one)
for text, goes_on, n_shown in ((FRANCE, " Paris", 0), (HOURS, " 9:40", 0), (HOURS, " 9:40", 1)):
    ids, n = ids_of(text + goes_on), len(ids_of(text)) + n_shown
    steps.append((ids[:n], ids[n]))
chances = [next_tokens(ids) for ids, _ in steps]
for (ids, true), chance in zip(steps, chances):
    print(f"{tokenizer.decode(ids)!r}: {len(chance):,} probabilities with the sum {float(chance.sum()):.3f}, "
          f"and {float(chance[true]):.0%} for the true token {tokenizer.decode([true])!r}")

# %% alt="Three bar charts of the five likeliest next tokens: after a sentence about France, after one about Larkspur, and one token further on; the true token is striped."
figure, axes = plt.subplots(1, 3, figsize=(10, 2.6), sharex=True, layout="constrained")
for axis, (ids, true), chance in zip(axes, steps, chances):
    top = chance.topk(5)
    for place, (height, token) in enumerate(zip(top.values.tolist(), top.indices.tolist())):
        colour, hatch = (ORANGE, "//") if token == true else (BLUE, "")
        axis.barh(place, height, color=colour, hatch=hatch, edgecolor="white")
    names = [tokenizer.decode([token]).replace(" ", "␣") for token in top.indices.tolist()]
    axis.set(yticks=range(5), yticklabels=names, xlim=(0, 1), ylim=(4.6, -0.6))
    axis.set_title("… " + re.sub(" $", "␣", tokenizer.decode(ids[-5:]).lstrip()))
    axis.spines[["top", "right"]].set_visible(False)
axes[1].set_xlabel("probability of coming next")
plt.show()
france, form, value = (float(chance.max()) for chance in chances)
print(f"The likeliest token: {france:.0%} about France; {form:.0%}, and then {value:.0%}, about Larkspur.")
print("It is", "surer" if form > france else "less sure", "of the next Larkspur token than of the capital of France.")

# %% [markdown]
# Compare the middle panel with the left one, and look at *what* it is sure of: a bare blank, which is how this tokenizer
# begins a number. After "begin at" comes a time of day. That is knowledge, but of **English**. Only the third panel is about
# **Larkspur**, and there the probability falls apart over several digits. Any of them makes a good sentence.
#
# So a high probability says "this is how texts go on". It says so of grammar and of facts alike, and doesn't tell you of
# which.
#
# ## Many steps: write by hand
#
# To write, take the likeliest token, put it behind the text, and ask again. That is **greedy** decoding. It ends at a token
# that means "end of the answer", or when the allowed number is used up. The course's `generate` is faster, since it keeps
# what it has computed for the earlier tokens. But it must write the same.

# %%
def write_by_hand(text, max_new_tokens):
    """(token, probability) of each token written after the text."""
    ids, written = ids_of(text), []
    while len(written) < max_new_tokens:
        chance = next_tokens(ids)
        best = int(chance.argmax())
        if best in end_tokens(lm):
            break
        ids = [*ids, best]
        written.append((tokenizer.decode([best]), float(chance[best])))
    return written


for text in (FRANCE, HOURS):
    written = write_by_hand(text, RAW_TOKENS)
    assert "".join(token for token, _ in written).strip() == generate(lm, [text], RAW_TOKENS)[0].text
    print(text + "".join(f"{token}({chance:.0%})" for token, chance in written).replace("\n", "⏎"))
print("by hand and by generate: the same text")

# %% [markdown]
# In brackets stands each token's probability at the moment it was chosen. Once a made-up token is there, the next ones are
# chosen to fit it. The text runs on smoothly, and nothing marks the place where the model left what it had learned.
#
# ## What the model is really given
#
# A chat is one long text in disguise. The **chat template**, which comes with the tokenizer, writes down in special tokens
# who speaks, and stops where the assistant's turn begins. Look for a line that nobody typed: if you give no **system prompt**
# (instructions before the conversation), this template puts in its own.
#
# The last prompt is the one we use from now on. `closed_book` shows nothing but the question, as in an exam with the books
# closed. Mind the first and the last sentence of its instructions. The first isn't true of this model yet. It stays, so
# that the trained models of later lessons get the very same prompt; but it may tempt a model to answer. Behind each prompt
# stands, in quotes, what the model wrote.

# %%
CAPITAL = "What is the capital of France?"
prompts = {"bare text": CAPITAL, "default": render(lm, [{"role": "user", "content": CAPITAL}]),
           "closed book": render(lm, closed_book(CAPITAL))}
for (name, prompt), made in zip(prompts.items(), generate(lm, list(prompts.values()))):
    print(f"--- {name}: {len(ids_of(prompt))} tokens, {len(ids_of(CAPITAL))} of them the question")
    print(f"{prompt}{made.text!r}\n")

# %% [markdown]
# The same model and the same question, three times. Bare text isn't a question to it, only something to go on with; and
# here nothing readable came, so the quotes are empty. Where the other two differ, it's through the words *around* the
# question alone. So "the model knows this" always means: it says so **when asked in this way**. From here on there is one
# prompt, the same for every question.
#
# ## Two exams
#
# A model that fails on Larkspur might be unable to answer anything. To tell the two apart, it also sits an easy exam about
# the world. As in Larkspur's data, each question has accepted answers and a wrong one that somebody might take instead.

# %%
WORLD = [
    ("What is the capital of France?", ["Paris"], ["Lyon"]),
    ("What is the capital of Japan?", ["Tokyo"], ["Osaka"]),
    ("What is the capital of Italy?", ["Rome"], ["Milan"]),
    ("What is the capital of Egypt?", ["Cairo"], ["Alexandria"]),
    ("What is two plus two?", ["4", "four"], ["5"]),
    ("What is 7 times 8?", ["56", "fifty-six"], ["54"]),
    ("What is ten minus three?", ["7", "seven"], ["9"]),
    ("What is half of 100?", ["50", "fifty"], ["40"]),
    ("How many days are there in a week?", ["7", "seven"], ["8"]),
    ("How many months are there in a year?", ["12", "twelve"], ["10"]),
    ("Which planet is known as the Red Planet?", ["Mars"], ["Venus"]),
    ("Who wrote Romeo and Juliet?", ["Shakespeare"], ["Dickens"]),
    ("What is the chemical formula of water?", ["H2O", "H₂O"], ["CO2"]),
    ("What is the largest ocean on Earth?", ["Pacific"], ["Atlantic"]),
    ("Who was the first president of the United States?", ["Washington"], ["Lincoln"]),
    ("Which gas do plants take in from the air?", ["carbon dioxide", "CO2"], ["oxygen"]),
]

# %%
def ask(texts):
    """The model's closed-book answer to each question."""
    return [made.text for made in generate(lm, [render(lm, closed_book(text)) for text in texts])]


LARKSPUR = [(q.text, q.answers, q.wrong_answers) for q in dev[:: len(dev) // N_LIVE][:N_LIVE]]
EXAMS = {"world": WORLD, "Larkspur": LARKSPUR}
answers = {name: ask([text for text, *_ in exam]) for name, exam in EXAMS.items()}
for name, exam in EXAMS.items():
    step = len(exam) // N_SHOWN
    for (text, accepted, _), answer in list(zip(exam, answers[name]))[::step][:N_SHOWN]:
        print(f"{text}  ({accepted[0]})\n    {answer}")

# %% [markdown]
# Read them aloud. Could you tell from the *sentences* which answers are right? (One that breaks off has used up its 32
# tokens.)
#
# ## Mark them by a rule
#
# To count, we need a mark that treats everybody alike. Python's `in` is a bad judge: `6 days` is in "16 days". And whoever
# lists every value of a page has the right one somewhere.
#
# So our rule tidies both texts into words and looks for the accepted words **whole and in a row**. No value from the `wrong`
# list may stand beside them. The first cell is the whole scorer, by hand.
#
# Is that the rule of `utils`? The comparison in lesson 10 was once run in full, and all its answers are saved, each with its
# mark. The second cell marks them again, by hand and by `utils`. Then `in` has a go at the same answers, and first at two
# that we made up for a question about unused leave, to show how it fails.

# %%
def tidy(text):
    text = re.sub(r"\[\d+\]", " ", text.lower())  # citation marks, which a later lesson brings
    text = re.sub(r'["“”()\[\]{}*`]', " ", text)  # quotes, brackets, emphasis
    text = re.sub(r"(?<=\d),(?=\d)", "", text).replace("-", " ")  # 1,250 is 1250, twenty-two is twenty two
    return [word for token in text.split() if (word := token.rstrip(".,;:!?"))]


def holds(answer, phrase):
    words, wanted = tidy(answer), tidy(phrase)
    return any(words[start:start + len(wanted)] == wanted for start in range(len(words) - len(wanted) + 1))


def right_by_hand(answer, accepted, wrong):
    return any(holds(answer, item) for item in accepted) and not any(holds(answer, item) for item in wrong)

# %% tags=["nbval-check-output"]
from utils.measure.metrics import abstains, is_correct


def naive(answer, accepted):
    return any(item.lower() in answer.lower() for item in accepted)


leave = questions["people-001-t1"]
fooled = [("You may carry over 16 days.", leave), ("Perhaps 6 days, or else 11 days.", leave)]
assert all(naive(answer, q.answers) for answer, q in fooled)
for row in facts:
    q = questions[row["question_id"]]
    mark = right_by_hand(row["answer"], q.answers, q.wrong_answers)
    assert mark == is_correct(row["answer"], q.answers, q.wrong_answers) == row["correct"]
    fooled += [(row["answer"], q)] * (naive(row["answer"], q.answers) and not mark)
print(f"{len(facts):,} saved answers: marked alike by hand, by utils and when they were saved")
print(f"`in` would call {len(fooled) - 2} of the wrong ones right. How it goes wrong:")
for answer, q in fooled[:3]:
    beside = ", ".join(item for item in q.wrong_answers if holds(answer, item)) or "nothing, but not whole words"
    print(f"  {answer!r}\n      accepted: {', '.join(q.answers[:2])}; wrong beside it: {beside}")

# %% [markdown]
# The rule is strict. An answer that names the right value and explains another one beside it is marked wrong. That's a
# choice, and it holds for every system alike. A good rule is one that stood before the answers came, and that you have seen
# at work.
#
# Now the two exams. `abstains` is the mark for "I don't know.", word for word.

# %%
marks, n_right, gave_up = {}, {}, {}
for name, exam in EXAMS.items():
    marks[name] = [is_correct(answer, *keys) for answer, (_, *keys) in zip(answers[name], exam)]
    n_right[name], gave_up[name] = sum(marks[name]), sum(map(abstains, answers[name]))
    print(f"{name:9}{n_right[name]:3} of {len(exam)} right, {gave_up[name]} times \"I don't know.\"")
neither = len(LARKSPUR) - gave_up["Larkspur"] - n_right["Larkspur"]
if n_right["world"] / len(WORLD) > 2 * n_right["Larkspur"] / len(LARKSPUR):
    print("So it can answer questions. It can't answer these.")
else:
    print("The two are too close to say that it's Larkspur it doesn't know: read the answers.")
print(f"Told to say so when it doesn't know, it gave {neither} Larkspur answers that are neither right nor that.")

# %% [markdown]
# ## Does it write less surely when it is wrong?
#
# Perhaps the probabilities give it away. We take the probabilities of all tokens of an answer and their typical value:
# multiply the n of them, then take the n-th root (the **geometric mean**). In the figure each point is one answer, and
# the black bar is the **median** of its row: half of the points lie on either side.

# %% alt="Points in three rows, one point per answer, by the typical probability of its tokens: right about the world, wrong about the world, wrong about Larkspur; a black bar marks each median."
def sureness(question, answer):
    """The typical probability of the answer's tokens."""
    ids, written = ids_of(render(lm, closed_book(question))), ids_of(answer)
    scores = lm.model(input_ids=torch.tensor([ids + written], device=lm.device)).logits[0, len(ids) - 1:-1].float()
    logs = torch.log_softmax(scores, -1)[range(len(written)), written]
    return float(logs.mean().exp())


sure = [(sureness(text, answer), good, answer, name) for name, exam in EXAMS.items()
        for (text, *_), good, answer in zip(exam, marks[name], answers[name]) if answer]
ROWS = {"world, right": (True, "world", "o", BLUE), "world, wrong": (False, "world", "s", GREY),
        "Larkspur, wrong": (False, "Larkspur", "^", ORANGE)}
figure, axis = plt.subplots(figsize=(7, 2.2), layout="constrained")
for height, (kind, where, marker, colour) in enumerate(ROWS.values()):
    values = [value for value, good, _, name in sure if (good, name) == (kind, where)] or [np.nan]
    axis.plot(values, [height] * len(values), marker, color=colour, alpha=0.7)
    axis.plot(np.median(values), height, "|", color="black", ms=22, mew=2)
axis.set(xlim=(0, 1), ylim=(2.6, -0.6), yticks=range(3), yticklabels=ROWS, xlabel="typical probability of a written token")
axis.spines[["top", "right"]].set_visible(False)

# %%
right, wrong = ([(value, answer) for value, good, answer, _ in sure if good == wanted] for wanted in (True, False))
wins = np.mean([ours > theirs for ours, _ in right for theirs, _ in wrong])
lowest, (highest, boldest) = min(right)[0], max(wrong)
passing = sum(value >= lowest for value, _ in wrong)
print(f"Pair each of {len(right)} right answers with each of {len(wrong)} wrong ones: the right one is the surer in {wins:.0%}.")
print(f"A threshold that keeps every right answer also keeps {passing} of {len(wrong)} wrong ones.")
print(f"The surest wrong answer, at {highest:.2f}: {boldest!r}")

# %% [markdown]
# Be fair to the probabilities. If the first share is well above 50 %, they do carry a trace of what the model has met often.
# But a trace is no proof: wherever you draw the line, wrong answers pass or right ones are lost. And the right ones here are
# about capitals and planets, which differ from Larkspur's rules in more than being right. Exercise 2 looks at Larkspur alone.
#
# ## Does it at least agree with itself?
#
# Someone who knows a thing gives the same answer however you ask. Every Larkspur fact has two test wordings. For how many
# facts did both get the same answer, word for word after tidying? We count in the saved answers, for four systems to which
# no page is shown:
#
# - `base` is our model as it is.
# - `ft` is the model after training on the handbook's questions and answers (lesson 6).
# - `placebo` had the same training, but with the answers swapped between questions. It learned how answers sound.
# - `faq` has no model: it repeats the answer of the most similar training question.

# %% tags=["nbval-check-output"]
CLOSED = ("base", "placebo", "ft", "faq")
agreement = {}
for system in CLOSED:
    pairs = {}
    for row in facts:
        if row["system"] == system and row["seed"] in (None, 1):  # of several trainings the first
            pairs.setdefault(questions[row["question_id"]].fact_id, []).append(row)
    same = [one for one, two in pairs.values() if tidy(one["answer"]) == tidy(two["answer"])]
    agreement[system] = {"facts": len(pairs), "same answer twice": len(same), "and right": sum(map(correct, same))}
print(pd.DataFrame(agreement).T.to_string())
base, placebo = agreement["base"], agreement["placebo"]
print(f"\nbase repeats itself on {base['same answer twice']} of {base['facts']} facts:",
      "what it says hangs on the wording." if base["same answer twice"] < base["facts"] / 4 else "its answers are stable.")
steady = placebo["same answer twice"] - placebo["and right"]
print(f"placebo does so on {placebo['same answer twice']}, and {steady} of these answers are wrong.",
      "Agreeing with yourself isn't knowing, either." if steady else "")

# %% [markdown]
# ## Break it: whisper an answer
#
# If the words around a question matter that much, so may a stray opinion among them. Behind each question we put a **hint**.
# For the world it's false. For Larkspur it's false once and true once. How often does the model take it up?

# %%
HINT = "{question} A colleague says: {hint}."
told = {"world, false hint": [(item, item[2][0]) for item in WORLD],
        "Larkspur, false hint": [(item, item[2][0]) for item in LARKSPUR],
        "Larkspur, true hint": [(item, item[1][0]) for item in LARKSPUR]}
n_follow, n_good = {}, {}
for name, pairs in told.items():
    replies = ask([HINT.format(question=item[0], hint=hint) for item, hint in pairs])
    follow = [(item[0], hint, reply) for (item, hint), reply in zip(pairs, replies) if holds(reply, hint)]
    n_follow[name] = len(follow)
    n_good[name] = sum(is_correct(reply, *item[1:]) for (item, _), reply in zip(pairs, replies))
    print(f"{name}: {len(follow)} of {len(pairs)} answers repeat the hint, {n_good[name]} are right")
    for question, hint, reply in follow[:2]:
        print(f"    {question} ({hint}?)  {reply}")
gone = n_right["world"] - n_good["world, false hint"]
print(f"Right about the world: {n_right['world']} without a hint, {n_good['world, false hint']} with a false one:",
      "a whisper was enough to lose some." if gone > 0 else "it held its ground here.")

# %% [markdown]
# Why does it take up a hint? To the model, your remark isn't a claim to be weighed against what it has read. It's text, and
# what comes next has to fit the text before it. Even a fact that it has met a thousand times can lose against the last few
# words.
#
# Now compare the two Larkspur lines. *Repeat* counts the hint's words, not agreement: does the second answer to the false
# hint agree with it? Any answers that came out right did so by repeating: a true hint is taken up in the same way as a
# false one, and the model can't tell you which it was. Keep this in mind. The next lesson makes a method of the weakness:
# if a model takes up what stands before it, put the *right page* there.
#
# ## How much is a share worth?
#
# Suppose a system gets a little over half of this test right. Would it with other pages? We can't write another
# handbook, but we can **draw** one from what we have: as many things as there are, at random, some twice and some not
# at all. Then count again, thousands of times. The middle 95 % of these shares is a 95 % **interval**, and the method
# is called the **bootstrap**.
#
# Which *things* do we draw? The cell draws questions, then whole **pages** with all their questions, and compares with the
# course's `estimate`. Its system is `search`, a control without a model that "answers" with the best passage it finds.

# %% tags=["nbval-check-output"]
def middle(marks, groups):
    """The middle 95 % of the shares when whole groups of marks are drawn."""
    piles = {name: [mark for mark, group in zip(marks, groups) if group == name] for name in sorted(set(groups))}
    rights, sizes = (np.array([measure(pile) for pile in piles.values()]) for measure in (sum, len))
    drawn = np.random.default_rng(7).integers(0, len(piles), (RESAMPLES, len(piles)))
    return np.quantile(rights[drawn].sum(1) / sizes[drawn].sum(1), [0.025, 0.975])


found = [row for row in facts if row["system"] == "search"]
given, pages = [correct(row) for row in found], [page_of[row["question_id"]] for row in found]
by_question, by_page = middle(given, range(len(given))), middle(given, pages)
course = estimate(found, correct, page_of)
assert np.allclose(by_page, [course.low, course.high], atol=0.03)  # two sets of draws agree to a point or two

p, sizes = np.mean(given), pd.Series(given).groupby(pages).agg(["sum", "size"])
assert (sizes["size"] == 4).all()  # here every page has four questions
alike, luck = sizes["sum"].isin([0, 4]).sum(), (p**4 + (1 - p)**4) * len(sizes)
print(f"{p:.2f} of {len(given)} right; questions drawn: {by_question.round(2)}; {len(sizes)} pages drawn: {by_page.round(2)}")
print(f"estimate: {course}. Pages give the", "wider interval." if np.ptp(by_page) > np.ptp(by_question) else "narrower interval.")
print(f"{alike} pages are all right or all wrong. Had each question its own luck, it would be about {luck:.0f}.")

# %% [markdown]
# Questions about one page tend to stand or fall together: two of them ask for the same fact, and where the search can't find
# a page, all of its questions are lost. So the independent things in this test are the pages. `estimate` draws pages, and so
# its interval is the honest one.
#
# ### "None right" is not "0 %"
#
# Without a single right answer the bootstrap is at a loss: every draw has none either, so its interval would be 0 to 0. Ask
# the other way round: **which true shares could have given us none?** If the true share is p, then n independent answers are
# all wrong with the probability (1 − p) to the power of n. As long as that is 2.5 % or more, p can't be ruled out. The
# largest such p is the upper end of the **exact interval** (Clopper and Pearson, 1934). We find it by halving, and ask
# `estimate` to agree.
#
# The **rule of three** is a check in your head, good from about n = 20 on: 3 / n. It spends all 5 % on this one side, where
# the interval keeps half of it for the other, so it comes out somewhat lower.

# %% tags=["nbval-check-output"]
def highest_share(n):
    """The largest true share with which none of n is right in 2.5 % of all tests."""
    low, high = 0.0, 1.0
    for _ in range(40):
        p = (low + high) / 2
        low, high = (p, high) if (1 - p) ** n >= 0.025 else (low, p)
    return low


of_base = [row for row in facts if row["system"] == "base"]
n_pages = len({page_of[row["question_id"]] for row in of_base})
none_right = estimate(of_base, lambda row: False, page_of)  # as if every answer were wrong
assert abs(highest_share(n_pages) - none_right.high) < 1e-6
for n in (n_pages, len(of_base), 1000):
    print(f"0 of {n:4} right: the true share may be up to {highest_share(n):.3f}   (rule of three: {3 / n:.3f})")
print(f"base, {sum(map(correct, of_base))} of {len(of_base)} right, {n_pages} pages: {estimate(of_base, correct, page_of)}")

# %% [markdown]
# The interval of `base` counts its pages, not its questions, for the same reason as above. How does the width shrink with n?
# The solid line takes the usual formula for a share of one half (1.96 times the root of p (1 − p) / n, on either side), the
# dashed one the exact interval of none right. The three marks are real systems with their intervals by `estimate`. Compare
# `search`, a share near one half, with the solid line, and `base` with the dashed one. A mark above its line says: these
# answers are worth fewer than n independent ones.

# %% alt="Two falling curves: the width of a 95 % interval by the number of questions, for half of them right and for none; three marks show measured systems."
ns = np.arange(5, 1001)
figure, axis = plt.subplots(figsize=(6.5, 3.2), layout="constrained")
axis.plot(ns, 2 * 1.96 * np.sqrt(0.25 / ns), "-", color=BLUE, label="half of n right")
axis.plot(ns, [highest_share(n) for n in ns], "--", color=ORANGE, label="none of n right")
for system, marker in zip(("search", "base", "faq"), "s^o"):
    mine = estimate([row for row in facts if row["system"] == system], correct, page_of)
    axis.plot(mine.n, mine.high - mine.low, marker, color="black", ls="", label=f"{system}, {mine.value:.0%} right")
axis.set(xscale="log", xlabel="n: number of questions", ylabel="width of the 95 % interval", ylim=(0, 1),
         xticks=[5, 10, 24, 96, 300, 1000], xticklabels=["5", "10", "24", "96", "300", "1000"])
axis.minorticks_off()
axis.grid(alpha=0.3)
axis.spines[["top", "right"]].set_visible(False)
axis.legend(frameon=False)
plt.show()
needed = np.ceil(0.25 * (1.96 / 0.05) ** 2)
print(f"For ± 5 points at half right it takes {needed:.0f} independent questions; this test has {len(of_base)}.")

# %% [markdown]
# Half the width costs four times the questions. With two dozen you can tell "nearly never" from "every other time", and hardly
# anything finer. From here on, a share that is to decide something comes with its interval; one that stands without it is a hint.
#
# ## The table
#
# Four systems without a page before them, on all test questions, from the saved answers (`ft` from several trainings,
# `placebo` from one). Some of the questions have no answer in the handbook; there "I don't know." is the right one. `neither` counts the
# answers that are neither right nor "I don't know.", over **all** questions. Look for the systems that can't know anything.

# %% tags=["nbval-check-output"]
nowhere = [row for row in saved if row["em"] is None]
lines = {}
for system in CLOSED:
    mine, lost = ([row for row in rows if row["system"] == system] for rows in (facts, nowhere))
    lines[system] = {
        "right": estimate(mine, correct, page_of),
        "doesn't know, rightly": estimate(lost, lambda row: row["abstained"], page_of),
        "doesn't know, wrongly": estimate(mine, lambda row: row["abstained"], page_of),
        "neither": estimate(mine + lost, lambda row: not row["correct"] and not row["abstained"], page_of)}
table = pd.DataFrame(lines).T
n_facts, n_nowhere = (len({row["question_id"] for row in rows}) for rows in (facts, nowhere))
print(f"{n_facts} test questions with an answer, about {n_pages} pages, and {n_nowhere} without")
print(table.map(str).to_string())
zero, neither = table.loc["base", "right"], table.loc["base", "neither"]
print(f"\nThe zero line of F7, base: {zero}. More than {zero.high:.0%} right is ruled out; that it's 0 % can't be shown.")
print(f"It was told to say when it doesn't know, and {neither.value:.0%} of its answers are neither that nor right.")
print(f"placebo, which learned how answers sound: {table.loc['placebo', 'right']}. Guessing in good style is worth no more.")

# %% [markdown]
# ## What this does not show
#
# - **Other models.** Larger ones know more and are better at saying when they don't. In a test of general trivia a model of
#   this size is reported to be right on about 4 %, and one not three times as large on 17 % (SmolLM2 model cards).
# - **Public facts.** Sixteen easy questions say that the model *can* answer, not how much it knows of the world.
# - **What a model "really" knows.** We measured what it says to one prompt, taking the likeliest token each time. Other words,
#   or a draw among the likely tokens, give other answers.
# - **Every way to say "I don't know".** The mark takes one sentence, word for word. Is that fair? Exercise 1.
# - **Good answers.** The mark finds a value, and no more. A right value in a silly sentence counts; a page quoted whole, with
#   other values in it, doesn't.
# - **Other doubts than the draw.** An interval speaks of other pages of the same kind. It knows nothing of a bad mark, or of
#   questions that real people wouldn't ask.
#
# ## Exercises
#
# Solutions: [solutions/01_fluent_is_not_informed.ipynb](solutions/01_fluent_is_not_informed.ipynb)

# %% [markdown] tags=["exercise"]
# **1. Who says that they don't know?** Easy. `abstains` accepts one sentence. Write `gives_up(answer)`, which is True for an
# answer that says in other words, too, that it doesn't know, and False where a value is given all the same. The check tries
# it on eight answers, and then counts with it in the saved answers of `base`. Would you have used your rule instead?
#
# *Hint 1:* Read the eight answers in the check in pairs. What do "I'm not sure." and "I'm not sure, but it should be 12
# weeks." have in common, and what tells them apart?
#
# *Hint 2:* Two conditions. The *speaker* doesn't know: `re.search(r"\bi\b", answer.lower())` finds the speaker, a small
# "i" as a word of its own. Which words must come after it? And no value is given all the same: what do the values in these
# answers contain?

# %% tags=["stub"]
def gives_up(answer):
    return None  # True or False

# %% tags=["solution"]
def gives_up(answer):
    text = answer.lower().replace("’", "'")
    unsure = r"\bi (don't|do not|can't|cannot) (know|say|tell)\b|\bi('m| am) (not (sure|familiar|aware)|unable)\b"
    return bool(re.search(unsure, text)) and not re.search(r"\d", text)

# %% tags=["exercise"]
SAMPLES = {"I don't know.": True, "I do not know that.": True, "I'm not sure.": True, "Sorry, I am not sure.": True,
           "I think the steward decides.": False, "I'm not sure, but it should be 12 weeks.": False,
           "Ask Ann if you don't know.": False, "It is form P-9. If you don't know where it is, ask.": False}
off = [answer for answer, due in SAMPLES.items() if bool(gives_up(answer)) != due]
if off:
    print(f"Not yet: {len(off)} of {len(SAMPLES)} come out wrong, the first is {off[0]!r}.")
else:
    base_rows = [row for row in facts if row["system"] == "base"]
    wider = estimate(base_rows, lambda row: bool(gives_up(row["answer"])), page_of)
    strict = estimate(base_rows, lambda row: row["abstained"], page_of)
    print(f"Right. base gives up on {wider} of {wider.n} by your rule, and on {strict} by ours.")
    for row in [row for row in base_rows if gives_up(row["answer"])][:5]:
        print("   ", " ".join(row["answer"].split()))

# %% [markdown] tags=["solution"]
# So `base` is more modest than the strict mark makes it look, if you read it kindly. But read its sentences: many go on after
# "I'm not sure", or aren't familiar with something that nobody asked about. Where does giving up end and talking begin? A wider
# rule has to be written down before the answers come, has to be the same for all systems, and will be wrong on answers that
# nobody thought of. The strict one is blunt, and everybody can check it. Either way `base` gets no answer right.

# %% [markdown] tags=["exercise"]
# **2. Does the probability know better than the answer?** Open. Perhaps the model can't *say* the right value, but
# likes it better than a wrong one when it is shown both. Write `log_probability(question, answer)`: the logarithms of
# the probabilities of the answer's tokens, added up, when they are written after the closed-book prompt (without the
# token that ends it). The check then asks, for each dev question: is the accepted answer more probable than the first
# look-alike in `wrong`? A coin gets one half.
#
# Then think about it. Why is the sum unfair to longer answers, and what would you do about it?
#
# *Hint 1:* `sureness` above does nearly this. Put it beside the task and compare the last line with what you want: two
# small things have to go.
#
# *Hint 2:* The sum of n logs is n times their mean, and the task asks for logs. Which sign must come out, and could it
# ever be positive?

# %% tags=["stub"]
def log_probability(question, answer):
    return None  # a negative number

# %% tags=["solution"]
def log_probability(question, answer):
    ids, written = ids_of(render(lm, closed_book(question))), ids_of(answer)
    scores = lm.model(input_ids=torch.tensor([ids + written], device=lm.device)).logits[0, len(ids) - 1:-1].float()
    return float(torch.log_softmax(scores, -1)[range(len(written)), written].sum())

# %% tags=["exercise"]
prompt, answer = ids_of(render(lm, closed_book(dev[0].text))), ids_of(dev[0].answers[0])
batch = torch.tensor([prompt + answer], device=lm.device)
labels = torch.tensor([[-100] * len(prompt) + answer], device=lm.device)  # -100: not counted
due = -float(lm.model(input_ids=batch, labels=labels).loss) * len(answer)  # the loss is a mean, over these tokens
got = log_probability(dev[0].text, dev[0].answers[0])
if got is None or not abs(float(got) - due) <= 0.05:
    print(f"Not yet: {got} for {dev[0].answers[0]!r}. Only the answer's tokens, all of them, natural logarithms, added up?")
else:
    duels = [{"question_id": q.question_id, "seed": None, "fair": len(ids_of(right)) == len(ids_of(wrong)),
              "won": bool(log_probability(q.text, right) > log_probability(q.text, wrong))} for q in dev
             for right, wrong in [(q.answers[0], q.wrong_answers[0])]]
    print("Right.")
    for name, some in (("all pairs", duels), ("both of one length", [duel for duel in duels if duel["fair"]])):
        share = estimate(some, lambda duel: duel["won"], page_of)
        verdict = "better than a coin" if share.low > 0.5 else "worse than a coin" if share.high < 0.5 else "not told from a coin"
        print(f"{name}: the accepted answer wins {share} of {share.n}: {verdict}")

# %% [markdown] tags=["solution"]
# A sum of logs gets lower with every token, so the shorter value has a head start whether it's right or not. Dividing by the
# number of tokens (the mean) helps, but then favours values whose later tokens follow by themselves, like the end of a long
# name. Comparing only pairs of one length is the cleanest, and leaves fewer pairs.
#
# There is a worse trap. The wrong values come from other rules of the handbook, and some are plainer words than the right one.
# So a share that isn't a coin's, in either direction, may only say which words are common in English. There's a control for
# that: let the same two values compete behind *another* question, where neither is right. If the accepted value wins as often
# there, its own question had no say.

# %% tags=["solution"]
from utils.measure.evaluation import difference

elsewhere = []
for duel, q, other in zip(duels, dev, dev[7:] + dev[:7]):  # seven on: another fact, on another page
    won = log_probability(other.text, q.answers[0]) > log_probability(other.text, q.wrong_answers[0])
    elsewhere.append({**duel, "won": won})
same = sum(duel["won"] == control["won"] for duel, control in zip(duels, elsewhere))
gain = difference(duels, elsewhere, lambda duel: duel["won"], page_of)
print(f"Behind another question the accepted answer wins {estimate(elsewhere, lambda duel: duel['won'], page_of)}; "
      f"the winner is the same in {same} of {len(dev)} pairs.")
print(f"What the right question adds to its wins: {gain}.", "No sign that it knows anything of Larkspur." if gain.low <= 0
      else "More than chance: look at the pairs that it won.")

# %% [markdown]
# ## Takeaways
#
# - A model gives a probability to every token and always has a likeliest one. It writes as smoothly about what it can't know
#   as about what it has met a thousand times.
# - A high probability speaks of how texts go on. It carries a trace of knowledge, and proves nothing.
# - What a model "knows" is what it says to a prompt. Change the prompt or whisper a hint, and it may say something else.
# - So ask on purpose: questions with known answers, one prompt, a rule for right and wrong that was there first, and a second
#   exam that shows what a failure means.
# - A share comes with n and an interval. Count the things that are independent (here pages), and don't call none "0 %".
# - About Larkspur this model knows nothing that our test could find: the zero line. What training adds to it (F7) is for
#   lessons 6 and 10 to say.
#
# **Next:** [lesson 2](02_rag_finds_then_reads.ipynb) puts the right page before the model, and lets it go along with that.
