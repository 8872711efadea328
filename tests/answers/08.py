# %% 1 right: a loop
ignored = []
for row in saved:
    if row["system"] != "ft+rag":
        continue
    if row["stale"] is True and row["gold_retrieved"] is True:
        ignored.append(row)


# %% 1 right: a table, back to rows
table = pd.DataFrame(saved)
chosen = table[(table["system"] == "ft+rag") & (table["stale"] == True) & (table["gold_retrieved"] == True)]  # noqa: E712
ignored = chosen.to_dict("records")


# %% 1 right: filters, in another order
ours = filter(lambda row: row["system"] == "ft+rag" and row["after"], saved)
ignored = sorted((row for row in ours if row["stale"] and row["gold_retrieved"]), key=lambda row: row["question_id"])


# %% 1 right: a tuple, by those who changed
ids = {question.question_id for question in (*changed, *gone)}
ignored = tuple(
    row
    for row in saved
    if row["system"] == "ft+rag" and row["question_id"] in ids and row["stale"] and row["gold_retrieved"]
)


# %% 1 wrong: stale, whether the passage was there or not
ignored = [row for row in saved if row["system"] == "ft+rag" and row["stale"]]


# %% 1 wrong: where the passage was missing
ignored = [row for row in saved if row["system"] == "ft+rag" and row["stale"] and row["gold_retrieved"] is False]


# %% 1 wrong: one seed
ours = [row for row in saved if row["system"] == "ft+rag" and row["seed"] == SEED]
ignored = [row for row in ours if row["stale"] and row["gold_retrieved"]]


# %% 1 wrong: not false, so None counts too
ignored = [row for row in saved if row["system"] == "ft+rag" and row["stale"] and row["gold_retrieved"] is not False]


# %% 1 wrong: their ids
ignored = [row["question_id"] for row in saved if row["system"] == "ft+rag" and row["stale"] and row["gold_retrieved"]]


# %% 1 wrong: their number
ignored = sum(row["system"] == "ft+rag" and bool(row["stale"] and row["gold_retrieved"]) for row in saved)


# %% 1 wrong: a question once, whatever the seed
chosen = {row["question_id"]: row for row in saved if row["system"] == "ft+rag" and row["stale"] and row["gold_retrieved"]}
ignored = list(chosen.values())


# %% 2 right: an Estimate
from utils.measure.evaluation import Estimate

rows = [row for row in saved if row["system"] == "raft" and not row["after"] and row["em"] is not None]
held_out = [row for row in rows if is_held_out(by_id[row["question_id"]], lab.held_out)]
seen = estimate([row for row in rows if row not in held_out], lambda row: row["correct"], clusters)
held = estimate(held_out, lambda row: row["correct"], clusters)
middle = seen.value - held.value
below = ((seen.value - seen.low) ** 2 + (held.high - held.value) ** 2) ** 0.5
above = ((seen.high - seen.value) ** 2 + (held.value - held.low) ** 2) ** 0.5
gap = Estimate(middle, middle - below, middle + above, seen.n + held.n)


# %% 2 right: numpy, as an array
import numpy as np

groups = {True: [], False: []}
for row in saved:
    if row["system"] == "raft" and row["after"] is False and by_id[row["question_id"]].answers:
        groups[is_held_out(by_id[row["question_id"]], lab.held_out)].append(row)
a, b = (estimate(groups[flag], lambda row: float(row["correct"]), clusters) for flag in (False, True))
down = np.linalg.norm([a.value - a.low, b.high - b.value])
up = np.linalg.norm([a.high - a.value, b.value - b.low])
gap = a.value - b.value + np.array([0, -down, up])


# %% 2 right: a list, to three decimals
held_ids = {question.question_id for question in test if is_held_out(question, lab.held_out)}
rows = [row for row in saved if (row["system"], row["after"]) == ("raft", False) and row["em"] is not None]
a = estimate([row for row in rows if row["question_id"] not in held_ids], lambda row: row["correct"], clusters)
b = estimate([row for row in rows if row["question_id"] in held_ids], lambda row: row["correct"], clusters)
arms = -hypot(a.value - a.low, b.high - b.value), hypot(a.high - a.value, b.value - b.low)
gap = [round(a.value - b.value + arm, 3) for arm in (0, *arms)]


# %% 2 wrong: subtracted end from end
rows = [row for row in saved if row["system"] == "raft" and not row["after"] and row["em"] is not None]
held = {row["question_id"]: is_held_out(by_id[row["question_id"]], lab.held_out) for row in rows}
a, b = (estimate([r for r in rows if held[r["question_id"]] is f], lambda r: r["correct"], clusters) for f in (False, True))
gap = a.value - b.value, *sorted((a.low - b.low, a.high - b.high))


# %% 2 wrong: the furthest ends, too wide
rows = [row for row in saved if row["system"] == "raft" and not row["after"] and row["em"] is not None]
held = {row["question_id"]: is_held_out(by_id[row["question_id"]], lab.held_out) for row in rows}
a, b = (estimate([r for r in rows if held[r["question_id"]] is f], lambda r: r["correct"], clusters) for f in (False, True))
gap = a.value - b.value, a.low - b.high, a.high - b.low


# %% 2 wrong: held-out minus seen
rows = [row for row in saved if row["system"] == "raft" and not row["after"] and row["em"] is not None]
held = {row["question_id"]: is_held_out(by_id[row["question_id"]], lab.held_out) for row in rows}
b, a = (estimate([r for r in rows if held[r["question_id"]] is f], lambda r: r["correct"], clusters) for f in (False, True))
middle = a.value - b.value
gap = middle, middle - hypot(a.value - a.low, b.high - b.value), middle + hypot(a.high - a.value, b.value - b.low)


# %% 2 wrong: a number without its ends
rows = [row for row in saved if row["system"] == "raft" and not row["after"] and row["em"] is not None]
held = {row["question_id"]: is_held_out(by_id[row["question_id"]], lab.held_out) for row in rows}
shares = [[row["correct"] for row in rows if held[row["question_id"]] == flag] for flag in (False, True)]
gap = sum(shares[0]) / len(shares[0]) - sum(shares[1]) / len(shares[1])


# %% 2 wrong: questions without an answer count too
rows = [row for row in saved if row["system"] == "raft" and not row["after"]]
held = {row["question_id"]: is_held_out(by_id[row["question_id"]], lab.held_out) for row in rows}
a, b = (estimate([r for r in rows if held[r["question_id"]] is f], lambda r: r["correct"], clusters) for f in (False, True))
middle = a.value - b.value
gap = middle, middle - hypot(a.value - a.low, b.high - b.value), middle + hypot(a.high - a.value, b.value - b.low)


# %% 2 wrong: the system that was never trained
rows = [row for row in saved if row["system"] == "rag" and not row["after"] and row["em"] is not None]
held = {row["question_id"]: is_held_out(by_id[row["question_id"]], lab.held_out) for row in rows}
a, b = (estimate([r for r in rows if held[r["question_id"]] is f], lambda r: r["correct"], clusters) for f in (False, True))
middle = a.value - b.value
gap = middle, middle - hypot(a.value - a.low, b.high - b.value), middle + hypot(a.high - a.value, b.value - b.low)


# %% 3 right: what stands in both only once, by a dictionary
both = build_retriever(list(dict.fromkeys([*lab.chunks[True], *lab.chunks[False]])), lab.embed, SEARCH)
counts = dict.fromkeys(SAID, 0)
for row in rows_of(replace(lab, retrieve={False: lab.retrieve[False], True: both}), "rag", lab.lm, changed):
    counts[said(row)] += 1


# %% 3 right: twice what stands in both, and a Series
both = build_retriever([*lab.chunks[True], *lab.chunks[False]], lab.embed, SEARCH)
rows = rows_of(replace(lab, retrieve=lab.retrieve | {True: both}), "rag", lab.lm, changed)
counts = pd.Series([said(row) for row in rows]).value_counts()


# %% 3 right: the old pages first
only_after = [chunk for chunk in lab.chunks[True] if chunk not in lab.chunks[False]]
both = build_retriever([*lab.chunks[False], *only_after], lab.embed, SEARCH)
counts = Counter(said(row) for row in rows_of(replace(lab, retrieve={True: both}), "rag", lab.lm, changed))


# %% 3 wrong: put in under False, so the new pages alone were asked, as when the saved rows were made
both = build_retriever(list({*lab.chunks[True], *lab.chunks[False]}), lab.embed, SEARCH)
ids = {question.question_id for question in changed}
counts = Counter(said(row) for row in saved if row["system"] == "rag" and row["after"] and row["question_id"] in ids)


# %% 3 wrong: the passages in place of a search over them
both = [*lab.chunks[True], *lab.chunks[False]]
counts = Counter({"old value": len(changed)})


# %% 3 wrong: the new pages alone
both = lab.retrieve[True]
counts = Counter({"new value": len(changed)})


# %% 3 wrong: the search is there, nobody was asked
both = build_retriever([*lab.chunks[True], *lab.chunks[False]], lab.embed, SEARCH)
counts = None


# %% 3 wrong: a table in place of counts
both = build_retriever([*lab.chunks[True], *lab.chunks[False]], lab.embed, SEARCH)
counts = tally({"both": [row for row in saved if row["system"] == "rag" and row["stale"] is not None]})


# %% 3 wrong: right and not right, in place of what was said
both = build_retriever([*lab.chunks[True], *lab.chunks[False]], lab.embed, SEARCH)
ids = {question.question_id for question in changed}
counts = Counter(row["correct"] for row in saved if row["system"] == "rag" and row["after"] and row["question_id"] in ids)
