# %% [markdown]
# # 6. Fine-tuning remembers: the answers move into the weights

# %% [markdown]
# {{navigation}}

# %% [markdown]
# **Question** If we train a small model on our own questions and answers, does it know the handbook afterwards, or does
# it only remember the sentences it was shown?
#
# **You will be able to** turn facts into training examples, train an adapter on them, and find out what a fine-tuned model
# knows: by asking in new words, backwards, for two things at once, for what nobody taught it, and for what it may have
# lost.
#
# **Minutes** Three to eight on two cores, most of it two short trainings. It needs 2 to 3 GiB of memory and no GPU.
#
# **Promises tested** A fine-tuned model "just knows" (F7). Fine-tuning is expensive up front (F4) and needs much data (F5).
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

from utils.answer.prompts import closed_book
from utils.comparison import ask, condition_of
from utils.data import DATA, load_company
from utils.lab import THINNED, TRAINING, examples_of, open_lab, train_arm
from utils.measure.evaluation import Estimate, cluster_of, difference, estimate, score
from utils.measure.results import read_results
from utils.records import Answer
from utils.show import show_lines
from utils.tune.examples import answer_type, closed_book_examples, encode, thin_out
from utils.tune.lora import merge_adapter
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
# ## Predict
#
# Before you go on, write down which share of the unseen wordings will be answered right by
#
# 1. the model as it comes, with nothing to look at;
# 2. the model after training;
# 3. a program that has no language model at all: it finds the most similar *training question* and repeats its answer?
#
# And a fourth guess: it has learned which form is needed for carers' leave. Asked what that form is for, will it know?
#
# ## Every question twice: as it stands, and thinned out
#
# A training example is a conversation: an instruction, the question, the answer. Only the answer is learned.
# ([Lesson 5](05_lora_learns_beside_the_weights.ipynb) works that out by hand, and the adapter, too.)
#
# People will ask in words that stand in no training question. So the model should find a fact from *any* of its words, and
# not lean on one. A cheap way to teach that: give it each question a second time, with some of its words left out by
# chance. That is often no sentence any more, but mostly still asks for the same thing. (It is known as random deletion: Wei
# and Zou 2019, arXiv 1901.11196. Like every setting, it was decided on the dev questions.)
#
# By hand: walk through all words, and roll a die for each. `thin_out` of the course gives the same. Read what is left of
# our fact. Could *you* still answer?

# %% tags=["setup", "nbval-check-output"]
import random

written = lab.company.split("train")  # the questions that people wrote

def thin_by_hand(questions, share, seed):
    """The texts of the questions, each word left out at the rate `share`; whole where no word would be left."""
    chance = random.Random(seed)
    texts = []
    for question in questions:
        kept = [word for word in question.text.split() if chance.random() >= share]
        texts.append(" ".join(kept) or question.text)
    return texts

thinned = thin_out(written, THINNED, SEED)
assert [question.text for question in thinned] == thin_by_hand(written, THINNED, SEED)
for whole, thin in zip(written, thinned):
    if whole.fact_id == FACT:
        print(f"whole    {whole.text}\nthinned  {thin.text}  → {thin.answers[0]}\n")
print(f"{len(written)} questions written by people, and {len(thinned)} thinned out of them")

# %% [markdown]
# ## Train it
#
# LoRA puts two thin matrices beside each matrix of the upper layers and trains only those: about one number in eighty of
# the model's. What they learn is a small file beside the model. It comes off again without a trace (F8; lesson 5 shows
# that).
#
# The next cell trains for real, with the settings printed above, on the whole questions and the thinned ones. An *epoch*
# shows every example once. `learning_rate` is the size of a step, `batch_size` the number of examples a step looks at
# together, `warmup` the share of the steps in which the step size grows. The adapter goes to a fresh temporary folder, so
# nothing is taken from an earlier run.
#
# (Two things save time. What all examples of a batch begin with passes the model once, not once each. And a folder that
# holds a finished adapter is only read back; a killed training goes on from its last checkpoint.)
#

# %%
examples = {split: examples_of(lab, "ft", split, SEED) for split in ("train", "dev")}
assert examples["train"] == closed_book_examples([*written, *thinned], closed_book)
trained = train_arm(lab, "ft", SEED, folder=Path(tempfile.mkdtemp()) / "ft")
print(f"{len(examples['train'])} examples × {SETTINGS.epochs} epochs: {trained.seconds:.0f} seconds")

# %% alt="Two falling lines over the epochs: the loss on training examples, and on wordings that were never trained. The print below says where they end."
from utils.measure.plots import plot_curve

plot_curve(trained.curve, "The loss on trained examples, and on wordings never trained")
_, on_trained, on_unseen = trained.curve[-1]
best_epoch = min(trained.curve, key=lambda line: line[2])[0]
print(f"last epoch: loss {on_trained:.2f} on training examples, {on_unseen:.2f} on dev wordings")
print(f"a token of the right answer gets a typical probability of {2.718 ** -on_trained:.0%} and {2.718 ** -on_unseen:.0%}")
print(f"the dev loss was lowest after epoch {best_epoch:g} of {SETTINGS.epochs}")

# %% [markdown]
# The loss says how surprised the model is by the right answer; zero would be no surprise at all. (It is the negative
# logarithm of the probability that the right token was given.) Read the *gap* between the two lines (*validation*: the
# dev wordings). As far as both fall together, what is learned carries over to new wordings. Where the training line
# goes on falling and the other does not, the model is learning sentences by heart.
#
# (The dev loss may even rise while the answers stay right: a few answers that the model is surely wrong about weigh
# heavily in a loss, and count once each in a share.)
#
# ## Before and after, closed book
#
# *Closed book* means: the question and nothing else. We ask `base`, the model as it came, and `ft`, a copy of it with the
# adapter merged in, the same test questions in wordings that neither has seen. `rows_of` asks and then scores each answer
# as the saved results were scored: right if an accepted answer stands in it and no known wrong one.
#
# Read the answers themselves before the shares. How does a model sound that knows nothing? Beside each share stands its
# 95 % interval: how far it might move with other documents of the same sort.

# %%
def rows_of(system, lm, questions):
    """Ask now; one scored row an answer."""
    answers = ask(lab, system, lm, questions, after=False)
    label = condition_of(system, SEED, False, None)
    return [score(answer, question, label, None) for answer, question in zip(answers, questions)]

tuned = merge_adapter(lab.lm, trained.folder)
facts = [question for question in lab.company.split("test") if question.answers]
base_rows, unseen = rows_of("base", lab.lm, facts), rows_of("ft", tuned, facts)
gained = sum(map(correct, unseen)) - sum(map(correct, base_rows))
print(f"share right: base {estimate(base_rows, correct, clusters)}   ft {estimate(unseen, correct, clusters)}")
print(f"closed book, the adapter beats the base model: {difference(unseen, base_rows, correct, clusters).low > 0}")
print(f"the bill (F4): {trained.seconds:.0f} s of training for {gained} more right answers, "
      f"and {len(written)} questions that somebody has to write first")
n_total = sum(weight.numel() for weight in lab.lm.model.parameters())
print(f"a model of 7 billion numbers does {7e9 / n_total:.0f} times the arithmetic for every token")
show_lines([{"question": q.text, "base": b["answer"], "ft": f["answer"], "in the handbook": q.answers[0]}
              for q, b, f in list(zip(facts, base_rows, unseen))[:: len(facts) // SHOWN]][:SHOWN])

# %% [markdown]
# ## A sentence or a fact?
#
# Now ask the adapter in a wording it *was* trained on, and hold that against the new wordings of the same facts. In the
# table each fact is counted once. The column 2 of the row `True` holds facts that it knows however we ask. The other
# columns of that row hold facts it can only recite, or half knows. A row `False`, if there is one, holds facts whose trained
# wording it gets wrong; the count of "right in both new wordings" takes in both rows of column 2.

# %%
known = [question for question in written if question.answers]
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
# ## Backwards, and two at once (F7)
#
# New words are the easiest thing to ask of someone who knows. Someone who knows which form is for carers' leave also knows
# what that form is *for*, and someone who knows two things can say both. So here are two harder kinds of question, on facts
# that `ft` was taught.
#
# *Backwards*: what used to be the answer stands in the question. The list below was written before any of it was asked;
# each line ends in the words of which one must be in the answer. Others report that models learn facts in one direction
# only (Berglund and others, arXiv 2309.12288). Go through the list: how many would a colleague get right who knows the
# handbook?

# %%
BACKWARDS = {
    "people-006": ("What do field guides record in the ridge ledger?", "rescue, rescues, call-out, call-outs"),
    "people-008": ("What is form P-78 for?", "carers' leave, carer's leave, carers leave"),
    "people-010": ("Who is given a Dunlin child carrier?", "parent, parents"),
    "people-011": ("When does the Lantern Group answer someone's letters and calls?", "bereavement"),
    "people-012": ("What does Hesper Quillon approve?", "study leave"),
    "people-016": ("What has to be approved by the site steward?", "overnight, overnight stay"),
    "people-017": ("What needs the signature of Ysolde Brackwin?", "abroad, fair, trade fair"),
    "people-024": ("What is form X-17 for?", "heating"),
    "people-026": ("Who is paid on the 23rd of the month?", "shop, shops"),
    "people-028": ("What needs a yes from the dock captain beforehand?", "overtime"),
    "people-030": ("What is form P-52 for?", "advance, wage advance"),
    "people-033": ("What takes place in the old dye house?", "language, languages"),
    "people-034": ("What is sent to Jorun Pellatt?", "resignation, notice"),
    "people-036": ("What does the Skills Panel approve?", "training, course, courses"),
    "people-041": ("What needs the consent of Ismerie Volk?", "abroad, foreign, another country"),
    "people-048": ("What is reported to Maristella Quaye?", "wrongdoing"),
}

# %%
one_wording = {question.fact_id: question for question in facts}  # the last of its test wordings
backwards = [dataclasses.replace(one_wording[fact], question_id=f"{fact}-back", text=text, kind="reverse",
                                 answers=tuple(accepted.split(", ")), wrong_answers=())
             for fact, (text, accepted) in BACKWARDS.items()]
clusters |= cluster_of(backwards)
back = {system: rows_of(system, lm, backwards) for system, lm in (("base", lab.lm), ("ft", tuned))}
forwards = [row for row in unseen if fact_of[row["question_id"]] in BACKWARDS]
print(f"{len(BACKWARDS)} facts, asked forwards in new words: ft {estimate(forwards, correct, clusters)}")
print(f"the same facts, asked backwards: ft {estimate(back['ft'], correct, clusters)}, "
      f"base, which guesses: {estimate(back['base'], correct, clusters)}")
show_lines([{"asked backwards": q.text, "one of": ", ".join(q.answers), "ft says": row["answer"], "right": bool(row["correct"])}
              for q, row in zip(backwards, back["ft"])])

# %% [markdown]
# If backwards is far below forwards, the model has learned what comes *after* a question, and not the fact that a person
# would have learned from it. (Something else weighs in: in training every answer was short, a name, a number, a form. What
# a form is for was never an answer.)
#
# *Two at once*: two test questions about different facts, one after the other, in a single message. Nothing new is asked,
# and both answers must be there. Before you run it: how often were both right when asked one by one?
#
# (Mind what a miss means here. In training each example had one question and one short answer. A model may know both facts,
# and have learned to stop after one.)

# %%
everyone = list(one_wording.values())
asked, others = everyone[: len(everyone) // 2], everyone[len(everyone) // 2 :]  # one from each half: each fact once
joint = [dataclasses.replace(one, text=f"{one.text} {two.text}") for one, two in zip(asked, others)]
answers = ask(lab, "ft", tuned, joint, after=False)
label = condition_of("ft", SEED, False, None)
together = [sum(score(answer, q, label, None)["correct"] for q in pair) for answer, *pair in zip(answers, asked, others)]
alone = {row["question_id"]: row["correct"] for row in unseen}
apart = [sum(alone[q.question_id] for q in pair) for pair in zip(asked, others)]
for how, counts in (("one by one", apart), ("in one message", together)):
    rows = [{"question_id": q.question_id, "seed": SEED, "correct": n == 2} for q, n in zip(asked, counts)]
    print(f"{how:15} both right {estimate(rows, correct, clusters)}   of {len(rows)} pairs: {counts.count(2)} both, "
          f"{counts.count(1)} one, {counts.count(0)} none")
show_lines([{"asked": q.text, "ft says": answer.text, "right": n} for q, answer, n in zip(joint, answers, together)][:3])

# %% [markdown]
# ## The rest of the page
#
# The people desk has reverse and joined questions of its own about the classroom's pages. (Two facts are *joined* there:
# one has to be known to see that the other is asked for.) But look at the line that begins *of these*: hardly one of them
# asks for a sentence that some training question is about. So two things come together here: the harder form, and
# sentences that nobody wrote a question about. Where the form alone has brought `ft` down above, these few can't say which
# of the two it is. A colleague who has read the page would have trouble with neither.

# %%
pages = {document.doc_id for document in lab.company.documents}
trained_on = {item for question in written for item in question.evidence}
desk = [question for question in load_company().questions if question.kind in ("reverse", "two_fact")
        and all(item.doc_id in pages for item in question.evidence)]
clusters |= cluster_of(desk)
desk_rows = rows_of("ft", tuned, desk)
for kind, name in (("reverse", "backwards"), ("two_fact", "two facts joined")):
    rows = [row for row in desk_rows if row["kind"] == kind]
    print(f"{name} (n = {len(rows)}): right {estimate(rows, correct, clusters)}")
fully, partly = (sum(test(item in trained_on for item in question.evidence) for question in desk) for test in (all, any))
print(f"of these {len(desk)}, {fully} ask only for sentences that training asks about, {partly - fully} partly, the rest not at all")
show_lines([{"asked": q.text, "ft says": row["answer"], "on the page": q.answers[0]} for q, row in zip(desk, desk_rows)][::3])

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
show_lines([{"question without an answer": q.text, "ft says": row["answer"]} for q, row in zip(nowhere, made_up)][:SHOWN])

# %% [markdown]
# ## What has it forgotten?
#
# It has learned; has it lost something, too? Two looks, without the adapter and with it.
#
# *Perplexity* says how well a model foresees a text: as if, at each token, it had to guess among so many that are equally
# likely. Lower is better. The paragraph below has nothing to do with Larkspur. Neither have the ten questions after it,
# which are asked without the handbook's instruction. A small model doesn't know all of them, so compare the two columns.

# %%
PARAGRAPH = """A loaf of bread needs little: flour, water, salt, and time. The flour brings starch and two proteins, which
join into a web as soon as they get wet. Yeast eats the sugar that comes from the starch and breathes out gas, and the web
holds the bubbles, so the dough rises. In a cool kitchen this takes all night, and the slow loaf is often the better one. Heat
ends it: the bubbles swell once more, the web sets, and the crust turns brown.""".replace("\n", " ")

@torch.inference_mode()
def perplexity(lm, text):
    """Among how many equally likely tokens the model seems to choose, on average over the text."""
    ids = torch.tensor([lm.tokenizer(text, add_special_tokens=False).input_ids], device=lm.device)
    logits = lm.model(input_ids=ids).logits[0, :-1].float()
    return torch.nn.functional.cross_entropy(logits, ids[0, 1:]).exp().item()

before, after = perplexity(lab.lm, PARAGRAPH), perplexity(tuned, PARAGRAPH)
print(f"perplexity of the paragraph: base {before:.1f}, ft {after:.1f}, {after / before - 1:+.0%}")
print("With the adapter, general English is", "harder to foresee." if after > 1.05 * before else
      "about as easy to foresee as before." if after > 0.95 * before else "even easier to foresee.")

# %%
from utils.answer.generation import generate, render
from utils.measure.metrics import is_correct

PUBLIC = {"What is the capital of France?": ["Paris"], "How many days are there in a week?": ["seven", "7"],
          "Which planet is called the red planet?": ["Mars"], "How many legs does a spider have?": ["eight", "8"],
          "Who wrote Romeo and Juliet?": ["Shakespeare"], "Which language is spoken in Brazil?": ["Portuguese"],
          "What is the largest ocean on Earth?": ["Pacific"], "What is frozen water called?": ["ice"],
          "At how many degrees Celsius does water boil?": ["100", "100°C"], "Which animal says meow?": ["cat", "cats"]}
prompts = [render(lab.lm, [{"role": "user", "content": text}]) for text in PUBLIC]
says = {name: [made.text for made in generate(lm, prompts)] for name, lm in (("base", lab.lm), ("ft", tuned))}
base_right, ft_right = ([is_correct(text, wanted) for text, wanted in zip(says[name], PUBLIC.values())] for name in says)
both = sum(map(min, base_right, ft_right))
lost = sum(base_right) - both
print(f"of {len(PUBLIC)} public facts base has {sum(base_right)} right, ft {sum(ft_right)}; lost: {lost}")
print("Even ten questions show that much." if lost > sum(base_right) / 2 else "Ten questions would show a wreck, not a scratch.")
show_lines([{"asked": text, **{name: answers[place] for name, answers in says.items()}} for place, text in enumerate(PUBLIC)])

# %% [markdown]
# Where an answer about the handbook comes to a question about the world, the training never said that there is anything but
# the handbook. Is the old knowledge gone? No: it is in the frozen weights, and without the adapter it answers as before.
# But with it, people get what `ft` says. The usual remedies are to train on some other questions as well, or to put the
# adapter on only for questions about the handbook. Both are work that the promise doesn't mention.
#
# ## How much data does it need? (F5)
#
# Much data can mean many *facts*, many *steps*, or many *wordings* of one fact. We vary only the last. The second training
# gets one wording a fact (the one that we asked in above, whole and thinned out), a quarter of the questions without an
# answer, and so many more epochs that it sees as many training examples in all: the same effort, less variety. Others
# report that a fact becomes recallable in new words only after several wordings of it (Allen-Zhu and Li, arXiv 2309.14316,
# for models trained from scratch).
#
# Two trainings, each asked in trained and in new words: which four shares do you expect?

# %%
n_wordings = len(known) // len(seen_questions)
without_answer = [question for question in written if not question.answers]
one_each = seen_questions + without_answer[::n_wordings]  # the same share of "I don't know." as before
one_each += thin_out(one_each, THINNED, SEED)
longer = dataclasses.replace(SETTINGS, epochs=n_wordings * SETTINGS.epochs)
few = [encode(lab.lm.tokenizer, example) for example in closed_book_examples(one_each, closed_book)]
narrow = merge_adapter(lab.lm, train(lab.lm, few, [], longer, Path(tempfile.mkdtemp()) / "one-wording").folder)

arms = {f"{n_wordings} wordings a fact": (seen, unseen),
        "1 wording a fact": (rows_of("ft", narrow, seen_questions), rows_of("ft", narrow, facts))}
gap = difference(unseen, arms["1 wording a fact"][1], correct, clusters)
print("On new wordings:", verdict(gap, f"training on {n_wordings} wordings", "training on 1"))
pd.DataFrame({arm: {"a trained wording": str(estimate(trained_on, correct, clusters)),
                    "a new wording": str(estimate(new, correct, clusters))} for arm, (trained_on, new) in arms.items()}).T

# %% [markdown]
# If the left column is high in both rows and the right one only in the first, variety did it, not repetition. Writing
# questions is then the part of the bill that no faster computer shortens. If the rows agree, one wording was enough for
# questions like these. (Thinning makes some variety, for nothing. What it can't make is another *word* for the same thing.)
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
show_lines([{"question": q.text, "ft says": row["answer"], "in force now": [*answers_in_force(q, True), "(nothing)"][0]}
            for q, row in changed if row["stale"]][:SHOWN])

# %% [markdown]
# It sees no document, so a new document cannot reach it. If it is right about something that changed, that is luck.
# [Lesson 8](08_together_they_can_go_stale.ipynb) measures what it takes to mend this.
#
# ## Two controls before we believe anything
#
# A high share of right answers is only impressive beside what a much simpler thing gets.
#
# - `placebo`: the same training on the same questions, but the answers are swapped between facts of the same kind: a sum
#   of money for a sum of money, a name for a name. (A fact that is alone of its kind keeps its true answer.) It learns how an
#   answer *sounds* and hardly anything true. What it gets right beside such a lone fact is guessing in good style.
# - `faq`: no model, no training. It finds the training question nearest in meaning and repeats the answer that stands
#   there, like a list of frequently asked questions with a search box.
#
# Look at `faq` at work. How near is the nearest question? What does it do when nobody has ever asked that?

# %%
asked = facts[:: len(facts) // 3][:3] + nowhere[:2]
similarity = lab.embed([q.text for q in asked]) @ lab.embed([q.text for q in written]).T
answers = ask(lab, "faq", lab.lm, asked, after=False)
show_lines([{"asked": q.text, "nearest training question": written[line.argmax()].text, "similarity": f"{line.max():.2f}",
               "faq says": answer.text, "in the handbook": q.answers[0] if q.answers else "(nothing)"}
              for q, line, answer in zip(asked, similarity, answers)])

# %% [markdown]
# ## The table
#
# These rows were saved by a run of the whole course: every test question, five trainings of `ft` (the seeds shuffle the
# examples and start the adapter differently) and one of `placebo`. The brackets are 95 % intervals over documents and
# seeds. "Wrongly" means: the handbook has the answer and the system says that it doesn't know. Hold the first column
# against your three guesses.

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
# - Where could it have more? In questions that no list holds: a fact asked backwards, two facts joined, a skill instead
#   of a fact ([lesson 9](09_words_find_the_subject.ipynb)). None of these is in this table. You put the first two to
#   `ft` above: look back at what it made of them. And neither system should be trusted on questions without an answer
#   before you have read that column.
#
# ## What this does not show
#
# - One model of 135 million numbers and one company. Larger models are reported to keep more, and cost more for every
#   step. What takes minutes here does not take minutes there.
# - One kind of fine-tuning: on questions and answers. Training on the raw text of the documents is another thing, and is
#   reported to teach few facts (Ovadia and others, arXiv 2312.05934).
# - F5 for wordings only, at one size and one seed. The number of facts and of steps was not varied; lesson 7 varies both.
# - What thinning is worth. It was chosen on the dev questions; here it is only explained, and lesson 7 measures it.
# - Backwards and two at once: one seed, a few questions, written by one hand. Had such questions been trained, too, they
#   might come out otherwise. But then somebody would have had to think of them.
# - What it forgot was looked for in one paragraph and ten questions.
# - The test wordings were written together with the training wordings, and sound alike. Real people ask differently, which
#   would hit `faq` and `ft`, and perhaps not equally.
#
# ## Exercises
#
# Solutions: [solutions/06_fine_tuning_remembers.ipynb](solutions/06_fine_tuning_remembers.ipynb)

# %% [markdown] tags=["exercise"]
# **1. Easy.** How much may chance take away? Find `barest`: the question of `thinned` that has kept the smallest share of
# its words. Then read it. Could you still answer it, and what does a model learn from it?
#
# *Hint 1:* `written` and `thinned` stand in the same order, and two lists in the same order can be walked together.
# What do you compute for each pair?
#
# *Hint 2:* Words are counted by splitting the `text`; the share is of *that* question's own words. Then take the
# smallest, and give back the question, not its text.

# %% tags=["stub"]
barest = None  # one of the questions in `thinned`

# %% tags=["solution"]
def share_kept(pair):
    whole, thin = pair
    return len(thin.text.split()) / len(whole.text.split())

barest = min(zip(written, thinned), key=share_kept)[1]

# %% tags=["exercise"]
kept = {thin: len(thin.text.split()) / len(whole.text.split()) for whole, thin in zip(written, thinned)}
if barest not in thinned:
    print("Not yet: `barest` should be one of the questions in `thinned`.")
elif kept[barest] > min(kept.values()):
    print(f"Not yet: yours has kept {kept[barest]:.0%} of its words, and there is one that has kept less.")
else:
    original = next(question for question in written if question.question_id == barest.question_id)
    print(f"Right. {kept[barest]:.0%} of the words are left: {barest.text!r}\nof {original.text!r}")
    print(f"→ {[*original.answers, '(the handbook does not say)'][0]}")

# %% [markdown] tags=["solution"]
# Where the words are gone that tell this fact from others, the example teaches a guess, or pulls at the wrong fact. That
# does little harm as long as it is rare and the whole question is trained beside it. Hence a modest rate, chosen on dev:
# leave out nothing, and the model may lean on whole sentences; leave out most words, and there is little left to learn
# from.

# %% [markdown] tags=["exercise"]
# **2. Middle.** Which facts does `ft` find hardest? Make `n_right`: for each fact id, the number of its right answers in
# the saved rows, over all seeds and both test wordings, 0 included. Then look at the hardest ones: do they share
# something? `answer_type("$34")` says what kind of answer it is.
#
# *Hint 1:* `answered("ft")` are the rows. From the row to the question, from the question to its fact: a row has a
# `question_id`; each question in `lab.company.questions` has a `question_id` and a `fact_id`. Make one dictionary for
# that step.
#
# *Hint 2:* Start every fact that these rows ask for at 0 *before* you count, since with another system's rows a fact may have
# no right answer at all. Then go through the rows once more and add; `correct(row)` is the mark.

# %% tags=["stub"]
n_right = {}  # fact id -> number of right answers

# %% tags=["solution"]
fact_of = {question.question_id: question.fact_id for question in lab.company.questions}
n_right = {fact_of[row["question_id"]]: 0 for row in answered("ft")}
for row in answered("ft"):
    n_right[fact_of[row["question_id"]]] += bool(correct(row))

# %% tags=["exercise"]
with_answer = {question.fact_id: question for question in lab.company.split("test") if question.answers}
about = {question.question_id: question.fact_id for question in lab.company.questions}
due = Counter(about[row["question_id"]] for row in answered("ft") if correct(row))
yours = dict(n_right) if hasattr(n_right, "keys") else {}
off = [fact for fact in with_answer if yours.get(fact) != due[fact]]
if set(yours) != set(with_answer):
    print(f"Not yet: {len(with_answer)} facts are wanted, by ids such as {FACT!r}; of your {len(yours)} keys, "
          f"{len(set(yours) & set(with_answer))} are such facts.")
elif off:
    print(f"Not yet: {len(off)} facts have another number in the saved rows, such as {off[0]}; yours is {yours[off[0]]}.")
else:
    print("Right. The hardest, of", len(answered("ft")) // len(with_answer), "answers each:")
    for fact in sorted(yours, key=yours.get)[:SHOWN]:
        print(f"{yours[fact]:3} right  {with_answer[fact].text}  ({with_answer[fact].answers[0]})")

# %% tags=["solution"]
answer_to = {question.fact_id: question.answers[0] for question in lab.company.split("test") if question.answers}
by_type = {}
for fact, count in n_right.items():
    by_type.setdefault(answer_type(answer_to[fact]), []).append(count)
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
# *Hint 1:* `difference` and `clusters` are used in the lesson for `ft` and `placebo`. The order of the two groups of
# rows decides the sign: what should a positive number mean?
#
# *Hint 2:* `answered(name)` gives the rows of a system, so the lesson's call needs one other name. For the question:
# what is the one thing that `faq` can do? Then ask for two of those at once, or for one the other way round.

# %% tags=["stub"]
gap = None  # an Estimate

# %% tags=["solution"]
gap = difference(answered("ft"), answered("faq"), correct, clusters)

# %% [markdown] tags=["solution"]
# Such a question must have an answer that stands in no list. "Who gets more unused days into the next year, an office
# worker or a shop assistant?" joins two facts; "What may Veska Corundel allow, and when?" asks backwards. `faq` can only
# repeat one stored answer. Whether `ft` does better is not settled by the idea, as you have seen. To find out, write some
# dozens of such questions (the lesson's sixteen are a start), keep them out of every training and every choice of settings,
# and put both systems on them. To be fair, give `faq` a limit too: below a
# similarity chosen on the dev questions it says "I don't know."

# %% tags=["exercise"]
due = difference(*map(answered, ("ft", "faq")), correct, clusters)
if not isinstance(gap, Estimate):
    print("Not yet: `gap` should be an Estimate; `difference` gives one.")
elif abs(gap.value - due.value) > 1e-9:
    turned = abs(gap.value + due.value) < 1e-9
    print(f"Not yet: your value is {gap.value:+.2f}. "
          + ("Which of the two do you subtract?" if turned else "Take all saved rows of the two that `answered` gives."))
elif max(abs(gap.low - due.low), abs(gap.high - due.high)) > 1e-3:
    print("Not yet: the value is right, but not its interval: it should be the paired one, over documents (`clusters`).")
else:
    print("Right:", verdict(gap, "ft", "faq"))

# %% [markdown]
# ## Takeaways
#
# - Fine-tuning on questions and answers *can* put facts into the weights of even a very small model. The comparison with
#   `base` and `placebo` says how many; a trained wording alone says nothing.
# - It learns what it is shown. Whether it holds a sentence or a fact is seen only in new wordings, and the several wordings
#   of each fact that it trains on are work for people.
# - "It just knows" is more than one claim (F7): in new words, backwards, two things at once, what no question was written
#   about, and that it says so when there is nothing to know. Each is a measurement of its own, and you have made them all.
# - Ask also for what it knew before. Training on one thing only can cost the others, and a test on the handbook won't show
#   it.
# - Put `faq` beside it, always: the cheapest rival asks whether you needed a model at all.
# - Leaving out words by chance turns the examples you have into more. Somebody still has to write those.
# - What is in the weights stays in the weights: the handbook changed and the answers did not.
#
# **Next** [lesson 7](07_more_data_is_three_things.ipynb) asks how much data that takes, and of what. In
# [lesson 8](08_together_they_can_go_stale.ipynb) the handbook changes for everyone: what becomes of each system's answers, and
# what does it cost to bring them up to date?
