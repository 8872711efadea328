# %% 1 right: steps with names
def documents_needed(value, low, high, border, n_documents):
    half_width, distance = (high - low) / 2, abs(value - border)
    if distance == 0:
        return math.inf
    factor = (half_width / distance) ** 2
    return math.ceil(factor * n_documents)


# %% 1 right: not rounded, and numpy's infinity
def documents_needed(value, low, high, border, n_documents):
    with np.errstate(divide="ignore"):
        return n_documents * np.square(np.divide((high - low) / 2, value - border))


# %% 1 right: None where no number is enough
def documents_needed(value, low, high, border, n_documents):
    if math.isclose(value, border):
        return None
    return int(np.ceil(n_documents * (high - low) ** 2 / (4 * (value - border) ** 2)))


# %% 1 right: one document more, until it's enough
def documents_needed(value, low, high, border, n_documents):
    half = (high - low) / 2
    if value == border:
        return float("inf")
    n = 1
    while half * math.sqrt(n_documents / n) > abs(value - border) + 1e-12:
        n += 1
    return n


# %% 1 wrong: twice the documents for half the width
def documents_needed(value, low, high, border, n_documents):
    return math.inf if value == border else math.ceil(n_documents * (high - low) / 2 / abs(value - border))


# %% 1 wrong: the whole width
def documents_needed(value, low, high, border, n_documents):
    return math.inf if value == border else math.ceil(n_documents * ((high - low) / (value - border)) ** 2)


# %% 1 wrong: fails where the value lies on the border
def documents_needed(value, low, high, border, n_documents):
    return math.ceil(n_documents * ((high - low) / 2 / (value - border)) ** 2)


# %% 1 wrong: rounds down
def documents_needed(value, low, high, border, n_documents):
    return math.inf if value == border else int(n_documents * ((high - low) / 2 / (value - border)) ** 2)


# %% 1 wrong: how many more
def documents_needed(value, low, high, border, n_documents):
    if value == border:
        return math.inf
    return math.ceil(n_documents * ((high - low) / 2 / (value - border)) ** 2) - n_documents


# %% 1 wrong: what the check printed
def documents_needed(value, low, high, border, n_documents):
    return 96


# %% 1 wrong: the factor alone
def documents_needed(value, low, high, border, n_documents):
    return ((high - low) / 2 / (value - border)) ** 2


# %% 1 wrong: nobody is needed on the border
def documents_needed(value, low, high, border, n_documents):
    return 0 if value == border else math.ceil(n_documents * ((high - low) / 2 / (value - border)) ** 2)


# %% 2 right: a loop, and the readers by name
def complaints(rows):
    known, found = provenance["settings"]["adapters"], []
    for row in rows:
        adapter = known[f"{row['system']}-{row['seed']}"] if f"{row['system']}-{row['seed']}" in known else None
        reads = row["system"] in ("rag", "ft+rag", "raft", "search", "oracle")
        if row["adapter_sha256"] != adapter or (row["retrieved"] is None) == reads:
            found.append(row)
    return found


# %% 2 right: yields them
from utils.systems import READS_PASSAGES


def complaints(rows):
    for row in rows:
        due = provenance["settings"]["adapters"].get(f"{row['system']}-{row['seed']}")
        if row["adapter_sha256"] != due:
            yield row
        elif bool(row["retrieved"]) != (row["system"] in READS_PASSAGES):
            yield row


# %% 2 right: a table
import pandas as pd

from utils.systems import READS_PASSAGES


def complaints(rows):
    table = pd.DataFrame(rows)[["system", "question_id", "adapter_sha256", "k"]]
    keys = [f"{row['system']}-{row['seed']}" for row in rows]
    due = pd.Series([provenance["settings"]["adapters"].get(key, "") for key in keys], index=table.index)
    reads = table["system"].isin(READS_PASSAGES)
    return table[(table["adapter_sha256"].fillna("") != due) | (table["k"].notna() != reads)]


# %% 2 right: by the run_id that each row was born with
def complaints(rows):
    def born(row):
        when = "after" if row["after"] else "before"
        return f"{row['system']}-{row['seed']}-{when}"

    return tuple(row for row in rows if not row["run_id"].startswith(born(row)))


# %% 2 wrong: forgets that the untrained have no adapter
def complaints(rows):
    adapters = provenance["settings"]["adapters"]
    return [row for row in rows if row["adapter_sha256"] != adapters.get(f"{row['system']}-{row['seed']}", "no adapter")]


# %% 2 wrong: adapters only
def complaints(rows):
    adapters = provenance["settings"]["adapters"]
    return [row for row in rows if row["adapter_sha256"] != adapters.get(f"{row['system']}-{row['seed']}")]


# %% 2 wrong: passages only
def complaints(rows):
    readers = ("rag", "ft+rag", "raft", "search", "oracle")
    return [row for row in rows if (row["retrieved"] is not None) != (row["system"] in readers)]


# %% 2 wrong: says whether there is something to complain about
def complaints(rows):
    adapters = provenance["settings"]["adapters"]
    return any(row["adapter_sha256"] != adapters.get(f"{row['system']}-{row['seed']}") for row in rows)


# %% 2 wrong: all rows, as soon as one is off
def complaints(rows):
    off = [row for row in rows if not row["run_id"].startswith(f"{row['system']}-{row['seed']}-")]
    return rows if off else []


# %% 2 wrong: a search without passages is no search
def complaints(rows):
    return [row for row in rows if row["system"] != "base" and not row["retrieved"]]


# %% 2 wrong: ids in place of rows
def complaints(rows):
    return [row["question_id"] for row in rows if not row["run_id"].startswith(f"{row['system']}-{row['seed']}-")]
