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
# # 13. No advice without a situation

# %% [markdown]
# {{navigation}}

# %% [markdown]
# **Question** So which one should I take?
#
# **You will be able to** read a ledger of promises without being fooled by it, settle your bets, and get advice for a
# situation of your own in which every reason is a measured number.
#
# **Minutes** Under 1 on two cores, no GPU: it reads saved rows and asks no model. Lesson 0 took your bets; lesson 10
# explains intervals and verdicts.
#
# **Promises tested** All 26, and D1 among them: the right choice depends on your situation
#
# {{pipeline: measure}}

# %%
# {{setup}}

# %% tags=["setup"]
from collections import Counter
from dataclasses import replace

import matplotlib.pyplot as plt
from IPython.display import Markdown, display

from utils.data import DATA, load_company
from utils.files import read_json, read_text
from utils.lab import WORK
from utils.ledger import advice_of, gather, load_claims, verdicts_of
from utils.measure.regret import try_out
from utils.page.advice import trust
from utils.page.tables import described
from utils.show import show_lines

# %% [markdown]
# ## Your situation, in a few answers
#
# The settings of this lesson are about you. They stand here for an office that answers questions about its own rules: a third
# of the rules changes in a year, sources must be shown. Change them now or come back later.

# %% tags=["setup"]
MINE = {
    "changed_a_year": 0.33,  # share of the facts that change in a year
    "trainings_a_year": 1,  # how often you would train anew
    "sources": True,  # must the page stand beside the answer?
    "deletable": False,  # must a single fact be removable, for good?
    "seconds": 5,  # that an answer may take; None: as long as it likes
    "questions_a_day": 100,
    "examples": 500,  # questions with their answers that you have, or will write
    "style": False,  # must answers sound like your house?
    "budget": None,  # for the first year, in the currency of data/prices.yaml; None: no limit
    "unanswered": 0.15,  # share of the questions that no page answers
    "wrong_costs": 0,  # how many right answers does one wrong one undo?
}

# %% [markdown]
# ## Look at the data: one promise
#
# Each promise of the guide became an entry in a file: what is measured, how it is taken from the rows, on which side of which
# border it is promised to lie, and the day on which all this was fixed. Verdicts don't stand there; they are computed. Here
# is one entry, whole.

# %% tags=["nbval-check-output"]
text = read_text(DATA / "claims.yaml")
start = text.index("\nS4:") + 1
print(text[start : text.index("\nK1:", start)])

# %% [markdown]
# ## Predict
#
# Count on your fingers before you run on: of the 26 promises, what share is simply **supported**? And
# will the company's policy questions (the entry above) be one of them?
#
# ## A verdict by hand
#
# Two numbers make an interval, two make a range (an open end is `None`). The whole interval inside the range: supported. All
# of it outside: not supported. Otherwise the data don't say. That is all there is to it, and it must give what the ledger
# says, unless something stricter applies: with many promises at once, chance would decide one now and then, so the borders
# are drawn tighter for all of them together (Holm).

# %% tags=["setup"]
company = load_company(slice_name="classroom")
evidence, claims = gather(company), load_claims()
verdicts = verdicts_of(evidence, claims)


# %%
def judge_by_hand(interval, promised):
    """`supported`, `not supported` or `undecided`."""
    low, high = promised
    inside = (low is None or interval[0] >= low) and (high is None or interval[1] <= high)
    outside = low is not None and interval[1] < low or high is not None and interval[0] > high
    return "supported" if inside else "not supported" if outside else "undecided"


stricter = []
for name, verdict in verdicts.items():
    said = judge_by_hand(verdict["interval"], verdict["promised"])
    if verdict["verdict"] == "depends":  # then its two sides were judged, each by itself
        said = "depends" if len({side["verdict"] for side in verdict["sides"].values()}) > 1 else said
    if said != verdict["verdict"]:
        assert verdict["verdict"] == "undecided", (name, said, verdict["verdict"])
        stricter.append(name)
print(f"{len(verdicts)} of {len(claims)} promises judged by hand. Stricter is the ledger about {', '.join(stricter) or 'none'}.")

# %% [markdown]
# ## The ledger
#
# Every promise with its number; what each one counts, and its border, stands in
# [the results](../data/results/README.md#the-guides-promises-decided). Shares lie between 0 and 1, a difference may be
# negative, and R4, R5, F1, F4 and K1 to K3 are ratios. *Reach* says how far it carries: `mechanism` holds for every model; `this model` may
# change with its size; `this machine` is about seconds and money here.

# %% tags=["nbval-check-output"]
lines = [
    {
        "id": claim.claim_id,
        "promise": claim.promise,
        "measured": described(verdict),
        "verdict": verdict["verdict"],
        "reach": verdict["reach"],
    }
    for claim in claims
    if (verdict := verdicts.get(claim.claim_id))
]
display(show_lines(lines))
counted = Counter(line["verdict"] for line in lines)
print("\n" + ", ".join(f"{n} {word}" for word, n in counted.most_common()), end=". ")
print(f"Supported are {counted['supported'] / len(lines):.0%} of those that are measured.")
print("Not measured yet:", ", ".join(claim.claim_id for claim in claims if claim.claim_id not in verdicts) or "none")

# %% [markdown]
# A line that says `depends` is the most useful of the table: one number would have hidden that the answer turns round.
# Here are both sides, wherever two were named beforehand. (Where they come out opposite and the line above says `undecided`,
# one of them isn't sure enough yet among so many promises.)

# %% tags=["nbval-check-output"]
show_lines([
    {"id": name, "named beforehand": verdict["moderator"], "side": side, "measured": described(found), "verdict": found["verdict"]}
    for name, verdict in verdicts.items()
    for side, found in verdict["sides"].items()
])

# %% [markdown]
# ## Settle the bets
#
# In lesson 0 you put numbers on promises: 0.8 means "I'd bet four to one". A fair way to settle such bets is the **Brier
# score**: the squared distance between the bet and what came out (1 for supported, 0 for not supported). Knowing
# nothing, 0.5 everywhere, scores 0.25; less is better. Bets on promises that depend, or aren't decided, are off.


# %%
def brier(bets, outcomes):
    """(mean squared distance, n) over the bets whose promise was decided; (None, 0) for none (Brier 1950)."""
    pairs = [(bet, outcomes[name]) for name, bet in bets.items() if outcomes.get(name) is not None]
    return (sum((bet - outcome) ** 2 for bet, outcome in pairs) / len(pairs), len(pairs)) if pairs else (None, 0)


decided = {"supported": 1.0, "not supported": 0.0}
outcomes = {name: decided.get(verdict["verdict"]) for name, verdict in verdicts.items()}
path = WORK / "bets.json"
bets = read_json(path) if path.exists() else {}
score, n = brier(bets, outcomes)
if n:
    print(f"Your score: {score:.2f} over {n} decided promises; 0.25 is what knowing nothing gets.")
    for name in (name for name in bets if outcomes.get(name) is not None):
        print(f"  {name}: you bet {bets[name]:.2f}, it is {verdicts[name]['verdict']}")
else:
    print("Your bets are all on promises that nobody won or lost." if bets else
          "No bets of yours lie here: place them in lesson 0, then run this cell again.")
assert brier({"a": 0.5, "b": 0.5}, {"a": 1.0, "b": 0.0}) == (0.25, 2)

# %% [markdown]
# ## Four stories
#
# The guide tells four stories and ends each with advice. Here they are put into numbers (`data/decisions.yaml`; the
# words "constantly" and "regularly" became shares, and that is our reading). The advice is made from rows: requirements
# rule systems out, by how they work or by a measured limit; of what is left, the best answers win; and where two can't
# be told apart, the cheaper one does. (*Both* is a trained model with passages: `ft+rag`, `raft`, or `mixed`, which was
# trained on questions with passages and on questions without; *search only* is a system without a language model, `faq` or
# `search`.)
#
# Its money is rough: each training that you name is charged with one whole revision, for every system and however much
# changes, and all questions are charged as still to be written. If yours exist already, `faq` and `ft` are far cheaper than
# it says.

# %% tags=["nbval-check-output"]
told = {scenario.name: (scenario, advice_of(evidence, scenario.situation)) for scenario in evidence.guide.scenarios}
for name, (scenario, advice) in told.items():
    ours = f"{advice.option}, as {advice.system}" if advice.option else "nothing yet"
    same = "" if not advice.option else "  as the guide" if advice.option == scenario.advice else "  NOT as the guide"
    print(f"{name:18} the guide: {scenario.advice:10} our rows: {ours:22}{same}")
    for reason in filter(None, (*advice.reasons[:1], advice.thin)):
        print("\n".join(f"{'':18} {part}" for part in reason.split("; ")))
    print()

# %% [markdown]
# Don't take the right-hand column for truth. It is what *these rows* say: one invented company, one model of 135 million
# parameters. What the rows can say for themselves is how wide their doubt is. Here is one situation with all its systems.

# %% tags=["nbval-check-output"] alt="Points with intervals, one row per system: right answers on this situation's mix of questions; systems that the situation rules out are hollow and dotted. The lines below hold the numbers."
scenario, advice = told["company policy"]
standings = list(advice.standings)[::-1]
figure, axes = plt.subplots(figsize=(8, 3.4))
for place, standing in enumerate(standings):
    low, high = standing.worth.interval
    out = standing.system in advice.ruled_out
    axes.plot([low, high], [place, place], color="gray" if out else "black", linestyle=":" if out else "-", linewidth=2)
    axes.plot(standing.worth.value, place, "o", color="white" if out else "black", markeredgecolor="black")
axes.set_yticks(range(len(standings)), [standing.system for standing in standings])
axes.set(xlim=(-0.02, 1), xlabel="right answers on this mix of questions", title="Company policy: hollow and dotted is ruled out")
plt.show()
for standing in advice.standings:
    low, high = standing.worth.interval
    why = advice.ruled_out.get(standing.system, "")
    print(f"{standing.system:7} {standing.worth.value:.2f} [{low:.2f}, {high:.2f}]  {standing.money:5,.0f} a year  {why}")

# %% [markdown]
# What to see: whether the dots of the best two lie clearly apart, and what is thrown out although its answers are good,
# only because it can't show a page.
#
# ## Turn one knob
#
# "It depends" is empty until you can say on what. Take the situation above without the demand for sources and without
# questions that no page answers, and let only the share of facts that change in a year grow. Who is advised, and where does
# it turn?

# %% tags=["nbval-check-output"]
free = replace(scenario.situation, sources=False, unanswered=0)
knob = [0, 0.05, 0.1, 0.2, 0.33, 0.5, 0.75, 1, 1.5, 2]
turned = {rate: advice_of(evidence, replace(free, changed_a_year=rate)) for rate in knob}
for rate, advice in turned.items():
    best = advice.standings[0]
    close = "" if best.system == advice.system else f"   ({best.system} is ahead, but not clearly, and dearer)"
    print(f"{rate:5.2f} of the facts a year: {advice.option:12} {advice.system:7}{close}")
names = list(dict.fromkeys(advice.system for advice in turned.values()))
print(f"\nAs change grows, the advice goes {' → '.join(names)}.")

# %% [markdown]
# That is D1 as a picture: no system is right everywhere on this line. And it is the guide's own advice turned into something
# you can check: the more your facts move, the more it pays to read. (Put `unanswered` back to 0.15 and run it again. Why is
# a list of stored answers no longer advised, even where nothing changes? Who of the two ever says that it doesn't know?)
#
# ## Follow it where it had no part
#
# Advice looks good on the rows that it was made from. The fair test is a desk that had no part in it: leave one desk out, let
# our adviser (not the beginner's guide) advise from the others, follow it on the one left out, and count the right answers that are lost there against the
# best system: the **regret**. Every desk has its turn in every situation. Beside it stands who asks nobody and takes the same
# system everywhere, the one that loses least over all turns. (It is picked with hindsight, which is a favour to it.) Two things
# are simpler than in the stories: requirements, like a page beside the answer, are set aside, and every situation asks ordinary
# questions. So *legal review* is a mix of questions here in which little changes, and not the marking of clauses.

# %% tags=["nbval-check-output"]
trials = try_out(evidence.guide, evidence.rows["full"], evidence.about)
lines = {trial.desk: {"left out": trial.desk} for trial in trials}
for trial in trials:
    lines[trial.desk][trial.scenario] = f"{trial.advised}, {trial.lost(trial.advised):.3f}"
display(show_lines(list(lines.values())))
display(Markdown(trust(trials, verdicts["D1"])))

# %% [markdown]
# What to see: in each cell the system that was advised and the share of right answers lost with it.
# Look for the column in which the advice is not the usual one. There an adviser earns its keep, or does harm.
#
# ## Ask for yourself
#
# Now `MINE`, from the top. Each reason carries its number; what was ruled out says by what.

# %%
situation = replace(scenario.situation, **MINE)


def tell(situation):
    """The advice in words."""
    advice = advice_of(evidence, situation)
    said = f"{advice.option}, as {advice.system}" if advice.option else "no advice"
    lines = [f"Advice: {said}", *(f"  because {reason}" for reason in advice.reasons)]
    lines += [f"  {name} is out: {why}" for name, why in advice.ruled_out.items()]
    return "\n".join(lines + ([f"  But: {advice.thin}"] if advice.thin else []))


print(tell(situation))

# %% [markdown]
# *Optional:* with `INTERACTIVE = True`, all your answers become sliders, boxes and menus, where the notebook runs live.
# They start at `MINE`. Change one at a time and put it back: which one turns the first line round? (`None` in a menu
# means no limit.)

# %%
INTERACTIVE = False  # True, and run this cell again: all your answers as controls
RANGES = {"changed_a_year": (0, 2, 0.05), "trainings_a_year": (1, 12, 1), "questions_a_day": (0, 1000, 10),
          "examples": (0, 2000, 50), "unanswered": (0, 1, 0.05), "wrong_costs": (0, 3, 0.25)}  # lowest, highest, step
CHOICES = {"seconds": (None, 0.05, 0.5, 2, 5), "budget": (None, 50, 200, 1000, 5000),
           "task": ("questions", *evidence.guide.skills)}
if INTERACTIVE:
    from ipywidgets import FloatSlider, interact

    start, whole = vars(situation), {"description_width": "initial"}  # whole names beside the sliders
    sliders = {name: FloatSlider(value=start[name], min=low, max=high, step=step, style=whole)
               for name, (low, high, step) in RANGES.items()}
    menus = {name: list(dict.fromkeys([start[name], *others])) for name, others in CHOICES.items()}
    boxes = {name: start[name] for name in ("sources", "deletable", "style")}
    interact(lambda **answers: print(tell(replace(situation, **answers))), **boxes, **menus, **sliders)

# %% [markdown]
# ## Break it
#
# An adviser that always has advice is a salesman. Two situations in which this one should hold back: one in which
# nothing fulfils what is asked, so that it names no system; and one in which the rows are too few, so that it names one and says
# that it isn't sure. For the second we take nine of ten questions away. (The questions that it says would tell are a lower bound,
# counted in all, with the pages growing in step.)

# %% tags=["nbval-check-output"]
from utils.measure.decide import advise

hard = replace(situation, sources=True, deletable=True, seconds=0.05, budget=5)
advice = advice_of(evidence, hard)
print(f"Sources, deletable, 50 milliseconds, 5 in the first year: {advice.system or advice.thin}")
ids = sorted({row["question_id"] for row in evidence.rows["comparison"] if "figure" not in row})
few = [row for row in evidence.rows["comparison"] if "figure" in row or row["question_id"] in set(ids[::10])]
thin = advise(replace(free, changed_a_year=0.33), evidence.guide.systems, few, evidence.about)
print(f"{len(ids[::10])} questions instead of {len(ids)}: {thin.system}, but {thin.thin or 'it is sure of it'}")

# %% [markdown]
# ## And with a larger model?
#
# The verdicts with the reach *this model* are the ones to doubt. Where somebody measured the same thing on a larger one, it
# stands beside ours, with how well we know it. Read the directions, not the digits: other data, other rules of marking.

# %%
from utils.ledger import PUBLISHED, load_yaml
from utils.measure.published import parse_published
from utils.page.promises import larger_models

findings, _ = load_yaml(PUBLISHED, parse_published)
beside = larger_models(verdicts, findings)
display(Markdown(beside or "No decided promise has a larger model's figure beside it yet."))

# %% [markdown]
# ## What this does not show
#
# - **Your documents.** The rows are about Larkspur. Lesson 14 makes rows of your own. This guide doesn't read them: it needs a
#   revision and prices, too.
# - **Another company.** A desk that had no part in the advice is a fair test of it, but all desks belong to one company, and
#   the same people wrote their questions.
# - **What isn't asked.** Who will maintain it, what the law asks, what your colleagues can do already.
# - **A larger reader.** `rag` here is held down by a model that reads badly. That is the first thing to change at work, and
#   the first to be measured anew.

# %% [markdown]
# ## Exercises
# Solutions: [solutions/13_no_advice_without_a_situation.ipynb](solutions/13_no_advice_without_a_situation.ipynb)

# %% [markdown] tags=["exercise"]
# **1. How many would be supported by luck?** Suppose that a promise is a coin: no effect at all, and each test wrongly says
# "supported" in 5 of 100 cases. Write `any_by_luck(n)`: the probability that at least one of `n` such promises is
# "supported" if nothing is done about it.
#
# *Hint 1:* It is easier to say how likely it is that *none* is. What is the probability that one promise is *not*
# supported by luck?
#
# *Hint 2:* That it happens to none of `n` promises is a product with `n` equal factors. And what is left of 1?


# %% tags=["stub"]
def any_by_luck(n):
    return 0.05


# %% tags=["solution"]
def any_by_luck(n):
    return 1 - 0.95**n


# %% tags=["exercise"]
tried = [any_by_luck(n) for n in (1, 2, 26)]
if any(each is None for each in tried):
    print("Not yet: `any_by_luck` should return a probability.")
elif abs(tried[0] - 0.05) > 2e-3:  # near enough for whoever draws lots
    print(f"Not yet: for one promise it is 0.05; you say {tried[0]:.3f}.")
elif abs(tried[1] - 0.0975) > 2e-3:
    print(f"Not yet: for two promises it is a little under 0.10; you say {tried[1]:.4f}.")
elif abs(tried[2] - 0.7365) > 1e-2:
    print(f"Not yet: for 26 promises it is about three in four; you say {tried[2]:.3f}.")
else:
    print(f"Right: {tried[2]:.0%} for 26 promises. That's why Holm's procedure stands over the ledger.")

# %% [markdown] tags=["exercise"]
# **2. Where does it turn?** Write `turning_point(situation, low, high)`: the smallest `changed_a_year` between the two, to 0.01,
# at which the advised *option* is another one than at `low`; `None` if it never is.
#
# *Hint 1:* What is the option at the low end, and is it another one at the high end? `advice_of(evidence, …).option`
# says it for a situation, and `replace(situation, changed_a_year=…)` makes one.
#
# *Hint 2:* Halve the range, and keep the half that has the old option at its left end and another one at its right. Stop
# when the two ends are 0.01 apart. At which of them has it turned?


# %% tags=["stub"]
def turning_point(situation, low=0.0, high=2.0):
    return high


# %% tags=["solution"]
def turning_point(situation, low=0.0, high=2.0):
    def option(rate):
        return advice_of(evidence, replace(situation, changed_a_year=rate)).option

    first = option(low)
    if option(high) == first:
        return None
    while high - low > 0.01:
        middle = (low + high) / 2
        low, high = (middle, high) if option(middle) == first else (low, middle)
    return high


# %% tags=["exercise"]
base = next(scenario.situation for scenario in evidence.guide.scenarios if scenario.name == "company policy")
plain, alike = (replace(base, sources=False, unanswered=0.0, wrong_costs=0.5, seconds=limit) for limit in (None, 0.5))


def options(situation, *rates):
    return [advice_of(evidence, replace(situation, changed_a_year=max(0, rate))).option for rate in rates]


found, never = turning_point(plain, 0.0, 2.0), turning_point(alike, 0.0, 2.0)
first, last, there, before = options(plain, 0, 2, *((found, found - 0.02) if found is not None else (0, 0)))
if len(set(options(alike, 0, 2))) == 1 and never is not None:
    print(f"Not yet: where the option is the same at both ends, the answer is None; you say {never}.")
elif found is None or there == first:
    print(f"Not yet: the option is {first!r} at 0 and {last!r} at 2; you say {found}, where it is {there!r}.")
elif before != first:
    print(f"Not yet: it has turned before {found:.2f}.")
elif (short := turning_point(plain, 0.0, found / 2)) is not None:
    print(f"Not yet: up to {found / 2:.2f} it doesn't turn, so None; you say {short}.")
else:
    print(f"Right: it turns at {found:.2f}, from {first!r} to {there!r}.")

# %% [markdown] tags=["exercise"]
# **3. Write the recommendation.** For your own situation: what you would build, the two numbers that decide it with
# their intervals, and the one answer that would turn it round. Four sentences, to somebody who hasn't taken this
# course.
#
# *Hint 1:* Change your answers in `MINE` one at a time and watch the first line of `tell`. Begin your text with what is
# ruled out, and by whom.
#
# *Hint 2:* A share alone is no number: say what it is a share of, and how wide it is. Then finish this sentence: "I
# would decide otherwise if …".

# %% tags=["stub"]
recommendation = ""  # your four sentences

# %% tags=["solution"]
office = next(scenario.situation for scenario in evidence.guide.scenarios if scenario.name == "company policy")
advice = advice_of(evidence, replace(office, **MINE))
best, second = (
    f"{standing.worth.value:.2f} (from {standing.worth.interval[0]:.2f} to {standing.worth.interval[1]:.2f})"
    for standing in [standing for standing in advice.standings if standing.system not in advice.ruled_out][:2]
)
recommendation = (
    f"I would build a system that finds the page and a model trained to read it: of questions like ours it answers {best} "
    f"rightly. Of the others that can show their source, the next best answers {second}. A list of stored answers was "
    "better before the rules changed and gave the old answers afterwards. If our rules hardly ever changed, every question "
    "had its page and nobody had to see it, I'd take that list instead."
)
print(recommendation)

# %% tags=["exercise"]
import re

said = recommendation if isinstance(recommendation, str) else ". ".join(map(str, recommendation or []))
n_sentences = sum(len(part.split()) > 2 for part in re.split(r"[.!?]+[\"'”’)]*(?:\s|$)", said))  # "1." or "e.g." isn't one
n_figures = len(re.findall(r"\d+(?:[.,]\d+)?", said))
if n_sentences < 4:
    print(f"Not yet: four sentences; I count {n_sentences}.")
elif n_figures < 4:
    print(f"Not yet: two numbers, each with its interval; I count {n_figures} figures in all.")
else:
    print("Right: now read it to somebody.")

# %% [markdown]
# ## Takeaways
#
# - **The question is not which is better, but under which circumstances.** If you can't name the knob that would turn your
#   choice round, you don't know yet why you chose.
# - Requirements first: what must be shown, what must be deletable, how fast. They cost nothing to check and rule out half.
# - Then the share of right answers **on your mix of questions**, changed and unanswerable ones included, with its interval.
# - Where two can't be told apart, take the cheaper one, and say that you couldn't tell.
# - "Undecided" and "it depends" are results. An adviser without them is a salesman.
#
# **What comes next** is your own folder: lesson 14 makes rows about *your* pages, to be held against this advice.
