# %% 1 right: fixes the two systems and looks through the ids
verdicts = {(row["question_id"], row["system"], row["seed"]): row["correct"] for row in saved if not row["after"]}
ids = sorted({question_id for question_id, _, _ in verdicts})
found = [one for one in ids if verdicts[one, "raft", 1] and not verdicts[one, "base", None]]
disagree = [found[-1], "raft", "base"]


# %% 1 right: a table of pandas, and the other way round than most
before = pd.DataFrame([row for row in saved if row["seed"] in (None, 1) and not row["after"]])
marks = before.pivot(index="question_id", columns="system", values="correct")
disagree = (marks.index[marks["rag"].astype(bool) & ~marks["ft"].astype(bool)][0], "rag", "ft")


# %% 1 right: copied from a table, with a control as one of the two
disagree = "people-010-t1", "oracle", "rag"


# %% 1 wrong: the two systems the other way round
disagree = ("people-010-t1", "rag", "oracle")


# %% 1 wrong: both are right
disagree = ("people-002-t2", "ft", "rag")


# %% 1 wrong: counts what was said after the change
after = {(row["question_id"], row["system"]): row["correct"] for row in saved if row["seed"] in (None, 1) and row["after"]}
disagree = next((one, "raft", "ft") for one, _ in after if after[one, "raft"] and not after[one, "ft"])


# %% 1 wrong: right in another seed alone
disagree = ("people-001-t1", "ft", "rag")


# %% 1 wrong: the question alone
disagree = "people-003-t1"


# %% 1 wrong: the question's words in place of its id
disagree = (by_id["people-010-t1"].text, "oracle", "rag")


# %% 1 wrong: a dev question
disagree = ("people-010-d1", "rag", "ft")


# %% 1 wrong: a set, which has no first
disagree = {"people-010-t1", "oracle", "rag"}


# %% 2 right: begins with what ft knows by heart
my_edit = ("people-probation-notice", "16 weeks", "18 weeks")


# %% 2 right: a list
my_edit = ["people-equipment", "14 months", "22 months"]


# %% 2 right: from a dictionary, with another value than the solution's
chosen = {"doc_id": "people-home-office-money", "old": "40 days", "new": "30 days"}
my_edit = tuple(chosen.values())


# %% 2 wrong: the lesson's own page
my_edit = (DOC, OLD, "30 days")


# %% 2 wrong: the bare number
my_edit = ("people-home-office-money", "40", "25")


# %% 2 wrong: numbers and not words
my_edit = ("people-home-office-money", 40, 25)


# %% 2 wrong: a page that there isn't
my_edit = ("home-office-money", "40 days", "25 days")


# %% 2 wrong: nothing changes
my_edit = ("people-home-office-money", "40 days", "40 days")


# %% 2 wrong: the old value in other words
my_edit = ("people-home-office-money", "40 days", "forty days")


# %% 2 wrong: the new value alone
my_edit = ("people-probation-notice", "18 weeks")


# %% 2 wrong: the old value stays beside the new one
my_edit = ("people-home-office-money", "40 days", "45 days, not 40 days")


# %% 3 right: lists, and a change every other year
mine = [
    ["What does a pallet of paper cost us now?", "price list", 4],
    ["Who is on call at the weekend?", "rota", 52],
    ["How long may a customer return a lamp?", "terms of sale, page 2", 0.5],
]


# %% 3 right: short questions, and numbers of numpy
import numpy as np

often = np.array([12, 1, 250])
mine = list(zip(["Who signs?", "Which printer?", "谁可以签合同?"], ["signing rules", None, "wiki"], often))


# %% 3 right: four of them as a tuple, a page by its number
mine = (
    ("Which day is the waste collected?", 14, 1),
    ("What is the guest password of the network?", "notice board", 12),
    ("Who repairs the till in the second shop?", None, 2),
    ("Which supplier sends the small boxes?", None, 0),
)


# %% 3 wrong: two
mine = [("Who may sign a contract?", "signing rules", 1), ("Which version do we send?", "release notes", 12)]


# %% 3 wrong: words in place of a number
mine = [
    ("Who may sign a contract?", "signing rules", "once"),
    ("Which version do we send?", "release notes", "every month"),
    ("Whom do I call at night?", None, "never"),
]


# %% 3 wrong: questions without their pages
mine = ["Who may sign a contract?", "Which version do we send?", "Whom do I call at night?"]


# %% 3 wrong: the example, three times
mine = [("Who signs off a large order?", "purchasing rules", 1)] * 3


# %% 3 wrong: page and number the other way round
mine = [
    ("Who may sign a contract?", 1, "signing rules"),
    ("Which version do we send?", 12, "release notes"),
    ("Whom do I call at night?", 2, None),
]


# %% 3 wrong: an entry is still empty
mine = [("Who may sign a contract?", "rules", 1), ("Which version?", "notes", 12), ("Who helps?", None, 2), ("", "", 0)]
