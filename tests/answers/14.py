# %% 1 right: another fact of the same sentence
my_rows = [
    ("weekly", "How often may I book a bench in one week?", "three times", "thrice", "two hours", "workshop-hours.txt"),
    ("weekly", "What is the most that anybody reserves?", "three times", "thrice", "six benches", "workshop-hours.txt"),
]


# %% 1 right: lists, and no document
my_rows = [
    ["dust", "Where do I put the dust?", "brown sacks", "the brown sacks", "red bucket | tin", ""],
    ["dust", "What is sawdust thrown into?", "brown sacks", "the brown sacks", "red bucket | tin", ""],
]


# %% 1 right: a table
my_rows = pd.DataFrame(
    {
        "fact": ["rags", "rags"],
        "question": ["Where do oily rags go?", "My cloth is full of linseed. What do I throw it into?"],
        "answer": ["the tin with the lid", "the tin with the lid"],
        "other_answers": ["the tin", "tin"],
        "wrong_answers": ["red bucket", "brown sacks"],
        "document": ["workshop-hours.txt", "workshop-hours.txt"],
    }
)


# %% 1 right: written with blanks and another case
my_rows = [
    ("Benches", "  How many  benches are there? ", "Six benches", "6", "two hours", "workshop-hours"),
    ("benches ", "How many people can work there at once?", "six benches", "six", "three times", "workshop-hours.txt"),
]


# %% 1 wrong: the same question with one word changed
my_rows = [
    ("benches", "How many benches does the back room have?", "six benches", "six | 6", "two hours", "workshop-hours.txt"),
    ("benches", "How many benches does that back room have?", "six benches", "six | 6", "two hours", "workshop-hours.txt"),
]


# %% 1 wrong: an answer that the page doesn't give in these words
my_rows = [
    ("benches", "How many benches does the back room have?", "half a dozen", "", "two hours", "workshop-hours.txt"),
    ("benches", "What number of people can work there at once?", "half a dozen", "", "two hours", "workshop-hours.txt"),
]


# %% 1 wrong: no wrong answer
my_rows = [
    ("benches", "How many benches does the back room have?", "six benches", "six | 6", "", "workshop-hours.txt"),
    ("benches", "What number of people can work there at once?", "six benches", "six | 6", "", "workshop-hours.txt"),
]


# %% 1 wrong: a wrong answer that stands nowhere
my_rows = [
    ("benches", "How many benches does the back room have?", "six benches", "six", "ninety benches", "workshop-hours.txt"),
    ("benches", "What number of people can work there at once?", "six benches", "six | 6", "ninety", "workshop-hours.txt"),
]


# %% 1 wrong: two names
my_rows = [
    ("benches", "How many benches does the back room have?", "six benches", "six | 6", "two hours", "workshop-hours.txt"),
    ("people", "What number of people can work there at once?", "six benches", "six", "two hours", "workshop-hours.txt"),
]


# %% 1 wrong: one wording
my_rows = [
    ("benches", "How many benches does the back room have?", "six benches", "six | 6", "two hours", "workshop-hours.txt")
]


# %% 1 wrong: the CSV asks for it already
my_rows = [
    ("slot", "How long is the slot on the slate?", "two hours", "2 hours", "three times", "workshop-hours.txt"),
    ("slot", "When must I leave my place to somebody else?", "two hours", "2 hours", "three times", "workshop-hours.txt"),
]


# %% 1 wrong: joins a fact of the CSV
my_rows = [
    ("bench", "How long is the slot on the slate?", "two hours", "2 hours", "three times", "workshop-hours.txt"),
    ("bench", "When must I leave my place to somebody else?", "two hours", "2 hours", "three times", "workshop-hours.txt"),
]


# %% 1 wrong: the columns in another order
my_rows = [
    ("How many benches does the back room have?", "six benches", "six | 6", "two hours", "benches", "workshop-hours.txt"),
    ("What number of people can work there at once?", "six benches", "6", "two hours", "benches", "workshop-hours.txt"),
]


# %% 1 wrong: a whole paragraph as the answer
paragraph = "The back room has six benches. A bench is booked for two hours at a time, and nobody books more than that."
my_rows = [
    ("benches", "How many benches does the back room have?", paragraph, "", "two hours", "workshop-hours.txt"),
    ("benches", "What number of people can work there at once?", paragraph, "", "two hours", "workshop-hours.txt"),
]


# %% 2 right: a table
def weakest(rows, system):
    table = pd.DataFrame([row for row in rows if row["system"] == system])
    table = table[table["em"].notna()]
    by_document = table.groupby(table["question_id"].map(cluster_of(company.questions)))["correct"].agg(["mean", "size"])
    return by_document.sort_values(["mean", "size"], ascending=[True, False]).index[0]


# %% 2 right: two Counters
def weakest(rows, system):
    about = cluster_of(company.questions)
    asked, right = Counter(), Counter()
    for row in rows:
        if row["system"] == system and row["em"] is not None:
            asked[about[row["question_id"]]] += 1
            right[about[row["question_id"]]] += row["correct"]
    return sorted(asked, key=lambda name: (right[name] / asked[name], -asked[name]))[0]


# %% 2 right: by the documents of the questions
def weakest(rows, system):
    where = {q.question_id: q.evidence[0].doc_id for q in company.questions if q.evidence}
    best, found = (2.0, 0), ""
    for name in set(where.values()):
        marks = [row["correct"] for row in rows if row["system"] == system and where.get(row["question_id"]) == name]
        if marks and (sum(marks) / len(marks), -len(marks)) < best:
            best, found = (sum(marks) / len(marks), -len(marks)), name
    return found


# %% 2 wrong: the most wrong answers
def weakest(rows, system):
    document = cluster_of(company.questions)
    wrong = Counter(
        document[r["question_id"]] for r in rows if r["system"] == system and r["em"] is not None and not r["correct"]
    )
    return wrong.most_common(1)[0][0]


# %% 2 wrong: whichever comes first of equals
def weakest(rows, system):
    document = cluster_of(company.questions)
    marks = {}
    for row in rows:
        if row["system"] == system and row["em"] is not None:
            marks.setdefault(document[row["question_id"]], []).append(row["correct"])
    return min(sorted(marks), key=lambda name: sum(marks[name]) / len(marks[name]))


# %% 2 wrong: of equals the one with fewer questions
def weakest(rows, system):
    document = cluster_of(company.questions)
    marks = {}
    for row in rows:
        if row["system"] == system and row["em"] is not None:
            marks.setdefault(document[row["question_id"]], []).append(row["correct"])
    return min(marks, key=lambda name: (sum(marks[name]) / len(marks[name]), len(marks[name])))


# %% 2 wrong: counts the questions without an answer
def weakest(rows, system):
    document = cluster_of(company.questions)
    marks = {}
    for row in rows:
        if row["system"] == system:
            marks.setdefault(document[row["question_id"]], []).append(row["correct"])
    return min(marks, key=lambda name: (sum(marks[name]) / len(marks[name]), -len(marks[name])))


# %% 2 wrong: all systems together
def weakest(rows, system):
    document = cluster_of(company.questions)
    marks = {}
    for row in rows:
        if row["em"] is not None:
            marks.setdefault(document[row["question_id"]], []).append(row["correct"])
    return min(marks, key=lambda name: (sum(marks[name]) / len(marks[name]), -len(marks[name])))


# %% 2 wrong: the strongest
def weakest(rows, system):
    document = cluster_of(company.questions)
    marks = {}
    for row in rows:
        if row["system"] == system and row["em"] is not None:
            marks.setdefault(document[row["question_id"]], []).append(row["correct"])
    return max(marks, key=lambda name: (sum(marks[name]) / len(marks[name]), len(marks[name])))


# %% 2 wrong: the document with its share
def weakest(rows, system):
    document = cluster_of(company.questions)
    marks = {}
    for row in rows:
        if row["system"] == system and row["em"] is not None:
            marks.setdefault(document[row["question_id"]], []).append(row["correct"])
    return min((sum(each) / len(each), -len(each), name) for name, each in marks.items())


# %% 3 right: with numbers that have points
verdict = (
    "I'd take raft. It is 0.12 ahead of search, by the interval 0.03 to 0.21. If somebody had to be able to check every "
    "answer word by word, I'd take search."
)


# %% 3 right: a list
verdict = [
    "Search alone will do for us",
    "It is 0.04 ahead, and the interval holds zero",
    "If it failed on more than a third of the new questions, I'd look again",
]


# %% 3 right: over several lines, with quotation marks
verdict = """
I would say: "take search." It costs nothing to keep.
Nobody is clearly ahead: 0.02 [-0.1, 0.15]!
I would change my mind if the questions were longer.
"""


# %% 3 wrong: the highest share
verdict = "raft, with 81 %."


# %% 3 wrong: two sentences in a numbered list
verdict = "1. I'd take raft, it's 0.12 ahead.\n2. If nobody could train it, I'd take search."


# %% 3 wrong: one sentence with abbreviations
verdict = "I'd take a system that reads, e.g. raft, i.e. the one that is 0.12 [0.03, 0.21] ahead of search."


# %% 3 wrong: still nothing
verdict = None


# %% 3 wrong: three words
verdict = "Raft. Clearly ahead. Nothing."
