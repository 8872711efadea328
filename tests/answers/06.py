# %% 1 right: a loop
barest, least = None, 2.0
for whole, thin in zip(written, thinned):
    share = len(thin.text.split()) / len(whole.text.split())
    if share < least:
        barest, least = thin, share


# %% 1 right: numpy finds its place
import numpy as np

n_kept = np.array([len(question.text.split()) for question in thinned])
n_whole = np.array([len(question.text.split()) for question in written])
barest = thinned[np.argmin(n_kept / n_whole)]


# %% 1 right: a table, sorted
table = pd.DataFrame({"whole": [q.text for q in written], "thin": [q.text for q in thinned]})
share = table["thin"].str.split().str.len() / table["whole"].str.split().str.len()
barest = thinned[share.sort_values().index[0]]


# %% 1 right: the most words lost, as a share
wholes = {question.question_id: len(question.text.split()) for question in written}
barest = max(thinned, key=lambda thin: 1 - len(thin.text.split()) / wholes[thin.question_id])


# %% 1 wrong: the fewest words left, whatever there was
barest = min(thinned, key=lambda question: len(question.text.split()))


# %% 1 wrong: its text in place of the question
barest = min(zip(thinned, written), key=lambda pair: len(pair[0].text.split()) / len(pair[1].text.split()))[0].text


# %% 1 wrong: the pair in place of the question
barest = min(zip(written, thinned), key=lambda pair: len(pair[1].text.split()) / len(pair[0].text.split()))


# %% 1 wrong: a list of the questions that share the smallest share
shares = [len(thin.text.split()) / len(whole.text.split()) for whole, thin in zip(written, thinned)]
barest = [thin for thin, share in zip(thinned, shares) if share == min(shares)]


# %% 1 wrong: the one that has kept most
barest = max(zip(written, thinned), key=lambda pair: len(pair[1].text.split()) / len(pair[0].text.split()))[1]


# %% 2 right: a table, grouped
fact_of = {question.question_id: question.fact_id for question in lab.company.questions}
table = pd.DataFrame(answered("ft"))
n_right = table.groupby(table["question_id"].map(fact_of))["correct"].sum()


# %% 2 right: the same table as a dictionary
facts_by_id = pd.Series({question.question_id: question.fact_id for question in lab.company.questions})
table = pd.DataFrame(answered("ft")).assign(fact=lambda rows: rows["question_id"].map(facts_by_id))
n_right = table.groupby("fact")["correct"].sum().to_dict()


# %% 2 right: a Counter that starts at 0
fact_of = {question.question_id: question.fact_id for question in lab.company.questions}
n_right = Counter({fact_of[row["question_id"]]: 0 for row in answered("ft")})
n_right.update(fact_of[row["question_id"]] for row in answered("ft") if correct(row))


# %% 2 right: by fact, and then by its questions
ids = {}
for question in lab.company.split("test"):
    if question.answers:
        ids.setdefault(question.fact_id, set()).add(question.question_id)
n_right = {name: sum(correct(row) for row in answered("ft") if row["question_id"] in these) for name, these in ids.items()}


# %% 2 wrong: by question
n_right = Counter(row["question_id"] for row in answered("ft") if correct(row))


# %% 2 wrong: right in any seed counts once
fact_of = {question.question_id: question.fact_id for question in lab.company.questions}
right_ids = {row["question_id"] for row in answered("ft") if correct(row)}
n_right = {fact_of[row["question_id"]]: 0 for row in answered("ft")}
for question_id in right_ids:
    n_right[fact_of[question_id]] += 1


# %% 2 wrong: all answers, not the right ones
fact_of = {question.question_id: question.fact_id for question in lab.company.questions}
n_right = Counter(fact_of[row["question_id"]] for row in answered("ft"))


# %% 2 wrong: one seed
fact_of = {question.question_id: question.fact_id for question in lab.company.questions}
n_right = {fact_of[row["question_id"]]: 0 for row in answered("ft")}
for row in answered("ft"):
    n_right[fact_of[row["question_id"]]] += row["correct"] and row["seed"] == SEED


# %% 2 wrong: the right total on the wrong facts
fact_of = {question.question_id: question.fact_id for question in lab.company.questions}
counts = Counter(fact_of[row["question_id"]] for row in answered("ft") if correct(row))
n_right = dict(zip(sorted(counts), sorted(counts.values())))


# %% 2 wrong: shares
fact_of = {question.question_id: question.fact_id for question in lab.company.questions}
table = pd.DataFrame(answered("ft"))
n_right = table.groupby(table["question_id"].map(fact_of))["correct"].mean().to_dict()


# %% 2 wrong: a fact is missing
fact_of = {question.question_id: question.fact_id for question in lab.company.questions}
n_right = Counter(fact_of[row["question_id"]] for row in answered("ft") if correct(row))
del n_right[min(n_right, key=n_right.get)]


# %% 2 wrong: pairs in place of a dictionary
fact_of = {question.question_id: question.fact_id for question in lab.company.questions}
n_right = Counter(fact_of[row["question_id"]] for row in answered("ft") if correct(row)).most_common()


# %% 3 right: rows picked by hand
ours = [row for row in saved if row["system"] == "ft" and row["after"] is False and row["em"] is not None]
theirs = [row for row in saved if row["system"] == "faq" and row["after"] is False and row["em"] is not None]
gap = difference(ours, theirs, lambda row: row["correct"], cluster_of(lab.company.questions))


# %% 3 right: marks as numbers
gap = difference(answered("ft"), answered("faq"), lambda row: float(row["correct"]), clusters)


# %% 3 right: the draws subtracted by hand
import numpy as np

from utils.measure.evaluation import resample

draws = resample(answered("ft"), correct, clusters) - resample(answered("faq"), correct, clusters)
ft, faq = (np.mean([correct(row) for row in answered(name)]) for name in ("ft", "faq"))
gap = Estimate(ft - faq, *np.quantile(draws, [0.025, 0.975]), len(answered("ft")))


# %% 3 wrong: the other way round
gap = difference(answered("faq"), answered("ft"), correct, clusters)


# %% 3 wrong: a number without an interval
gap = estimate(answered("ft"), correct, clusters).value - estimate(answered("faq"), correct, clusters).value


# %% 3 wrong: two intervals subtracted, end by end
ft, faq = (estimate(answered(name), correct, clusters) for name in ("ft", "faq"))
gap = Estimate(ft.value - faq.value, ft.low - faq.high, ft.high - faq.low, ft.n)


# %% 3 wrong: another control
gap = difference(answered("ft"), answered("placebo"), correct, clusters)


# %% 3 wrong: one seed
gap = difference([row for row in answered("ft") if row["seed"] == SEED], answered("faq"), correct, clusters)


# %% 3 wrong: the share of one system
gap = estimate(answered("ft"), correct, clusters)
