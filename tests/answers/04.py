# %% 1 right: walks up from one
needed = {"dense": None, "hybrid": None}
for mode in needed:
    rows, k = measure(mode, dev), 1
    while mean(rows, f"recall at {k}") < 0.95:
        k += 1
    needed[mode] = k


# %% 1 right: a table, and numbers of numpy
needed = {}
for mode in ("dense", "hybrid", "keyword"):
    shares = pd.DataFrame(measure(mode, dev))[[f"recall at {k}" for k in KS]].mean()
    needed[mode] = np.argmax(shares.to_numpy() >= 0.95) + 1


# %% 1 right: from the places of the gold passages, as a fraction
needed = {}
for mode in ("dense", "hybrid"):
    hits = retrieve[mode]([q.text for q in dev], DEPTH)
    places = [
        min([i for i, name in enumerate(ids_of(found), 1) if name in gold[q.question_id]] or [DEPTH])
        for found, q in zip(hits, dev)
    ]
    needed[mode] = float(np.quantile(places, 0.95, method="inverted_cdf"))


# %% 1 wrong: on test
needed = {}
for mode in ("dense", "hybrid"):
    rows = measure(mode, test)
    needed[mode] = next(k for k in KS if mean(rows, f"recall at {k}") >= 0.95)


# %% 1 wrong: the last that isn't enough
needed = {}
for mode in ("dense", "hybrid"):
    rows = measure(mode, dev)
    needed[mode] = max(k for k in KS if mean(rows, f"recall at {k}") < 0.95)


# %% 1 wrong: ten are surely enough
needed = {"dense": 10, "hybrid": 10}


# %% 1 wrong: the other way round
needed = {"dense": 3, "hybrid": 5}


# %% 1 wrong: half of it
needed = {"dense": 5, "hybrid": None}


# %% 1 wrong: the shares in place of the numbers
needed = {mode: mean(measure(mode, dev), "recall at 5") for mode in ("dense", "hybrid")}


# %% 1 wrong: words
needed = {"dense": "5", "hybrid": "3"}


# %% 2 right: a loop over all passages
def gains_of(question):
    worth = {}
    for chunk in chunks:
        if chunk.doc_id == question.evidence[0].doc_id:
            worth[passage_id(chunk)] = 1
    worth.update(dict.fromkeys(gold[question.question_id], 2))
    return worth


# %% 2 right: fractions, and nothing for the rest
def gains_of(question):
    on_page = {evidence.doc_id for evidence in question.evidence}
    names = {passage_id(chunk): chunk.doc_id in on_page for chunk in chunks}
    return {name: float(there) + (name in gold[question.question_id]) for name, there in names.items()}


# %% 2 right: counts
from collections import Counter


def gains_of(question):
    page = question.evidence[0].doc_id
    return Counter([passage_id(chunk) for chunk in chunks if chunk.doc_id == page] + list(gold[question.question_id]))


# %% 2 right: from the names alone, in numpy
def gains_of(question):
    pages = {name.split(":")[0] for name in gold[question.question_id]}
    names = [name for name in map(passage_id, chunks) if name.split(":")[0] in pages]
    return dict(zip(names, 1 + np.isin(names, list(gold[question.question_id]))))


# %% 2 wrong: the gold passage alone
def gains_of(question):
    return dict.fromkeys(gold[question.question_id], 2)


# %% 2 wrong: pages in place of passages
def gains_of(question):
    return {evidence.doc_id: 2 for evidence in question.evidence}


# %% 2 wrong: every passage of the page is worth the same
def gains_of(question):
    page = question.evidence[0].doc_id
    return {passage_id(chunk): 1 for chunk in chunks if chunk.doc_id == page}


# %% 2 wrong: every other passage of the handbook
def gains_of(question):
    return {passage_id(chunk): 2 if passage_id(chunk) in gold[question.question_id] else 1 for chunk in chunks}


# %% 2 wrong: three for the gold passage
from collections import Counter


def gains_of(question):
    page = question.evidence[0].doc_id
    worth = Counter(passage_id(chunk) for chunk in chunks if chunk.doc_id == page)
    return worth + Counter({name: 2 for name in gold[question.question_id]})


# %% 2 wrong: hands nothing back
def gains_of(question):
    page = question.evidence[0].doc_id
    worth = {passage_id(chunk): 1 for chunk in chunks if chunk.doc_id == page}
    worth |= dict.fromkeys(gold[question.question_id], 2)


# %% 2 wrong: the names without their worth
def gains_of(question):
    return {passage_id(chunk) for chunk in chunks if chunk.doc_id == question.evidence[0].doc_id}


# %% 2 wrong: passages in place of their names
def gains_of(question):
    page = question.evidence[0].doc_id
    return {chunk: 2 if passage_id(chunk) in gold[question.question_id] else 1 for chunk in chunks if chunk.doc_id == page}


# %% 3 right: the rankings of the stub
from utils.retrieve.keyword_index import build_keyword_index, search_keywords
from utils.retrieve.retriever import fuse, index_sentences, to_passages
from utils.retrieve.vector_index import search_vectors

passage_of = {sentence: chunk for chunk in chunks for sentence in split_sentences(chunk)}
store, words = index_sentences(chunks, lab.embed), build_keyword_index(list(passage_of))


def rankings_of(asked):
    texts = [q.text for q in asked]
    return list(zip(search_vectors(store, lab.embed(texts), DEPTH), search_keywords(words, texts, DEPTH)))


def mrr_at(share, asked=dev):
    ranked = [ids_of(to_passages(fuse(*pair, DEPTH, share), passage_of)) for pair in rankings_of(asked)]
    return np.mean([reciprocal_rank(ids, gold[q.question_id]) for ids, q in zip(ranked, asked)])


# %% 3 right: the reciprocal rank by hand
from utils.retrieve.keyword_index import build_keyword_index, search_keywords
from utils.retrieve.retriever import fuse, index_sentences, to_passages
from utils.retrieve.vector_index import search_vectors

passage_of = {sentence: chunk for chunk in chunks for sentence in split_sentences(chunk)}
store, words = index_sentences(chunks, lab.embed), build_keyword_index(list(passage_of))


def rankings_of(asked):
    texts = [q.text for q in asked]
    return list(zip(search_vectors(store, lab.embed(texts), DEPTH), search_keywords(words, texts, DEPTH)))


def mrr_at(share, asked=dev):
    total = 0
    for (dense, keyword), q in zip(rankings_of(asked), asked):
        for place, hit in enumerate(to_passages(fuse(dense, keyword, DEPTH, share), passage_of), 1):
            if passage_id(hit.chunk) in gold[q.question_id]:
                total += 1 / place
                break
    return total / len(asked)


# %% 3 right: fuses by hand, and gives a tensor
import torch

from utils.retrieve.keyword_index import build_keyword_index, search_keywords
from utils.retrieve.retriever import index_sentences
from utils.retrieve.vector_index import search_vectors

passage_of = {sentence: chunk for chunk in chunks for sentence in split_sentences(chunk)}
store, words = index_sentences(chunks, lab.embed), build_keyword_index(list(passage_of))


def rankings_of(asked):
    texts = [q.text for q in asked]
    return list(zip(search_vectors(store, lab.embed(texts), DEPTH), search_keywords(words, texts, DEPTH)))


def mrr_at(share, asked=dev):
    found = []
    for both, q in zip(rankings_of(asked), asked):
        points = {}
        for hits, weight in zip(both, (share, 1 - share)):
            low = hits[-1].score if len(hits) == DEPTH else 0
            for hit in hits:
                stretched = (hit.score - low) / ((hits[0].score - low) or 1)
                points[hit.chunk] = points.get(hit.chunk, 0) + weight * stretched
        ranked = dict.fromkeys(passage_id(passage_of[sentence]) for sentence in sorted(points, key=lambda s: -points[s]))
        found.append(reciprocal_rank(list(ranked), gold[q.question_id]))
    return torch.tensor(found).mean()


# %% 3 wrong: dev, whatever is asked
from utils.retrieve.keyword_index import build_keyword_index, search_keywords
from utils.retrieve.retriever import fuse, index_sentences, to_passages
from utils.retrieve.vector_index import search_vectors

passage_of = {sentence: chunk for chunk in chunks for sentence in split_sentences(chunk)}
dev_texts = [q.text for q in dev]
rankings = list(
    zip(
        search_vectors(index_sentences(chunks, lab.embed), lab.embed(dev_texts), DEPTH),
        search_keywords(build_keyword_index(list(passage_of)), dev_texts, DEPTH),
    )
)


def mrr_at(share, asked=dev):
    ranked = [ids_of(to_passages(fuse(*pair, DEPTH, share), passage_of)) for pair in rankings]
    return np.mean([reciprocal_rank(ids, gold[q.question_id]) for ids, q in zip(ranked, dev)])


# %% 3 wrong: the share is that of the words
from utils.retrieve.keyword_index import build_keyword_index, search_keywords
from utils.retrieve.retriever import fuse, index_sentences, to_passages
from utils.retrieve.vector_index import search_vectors

passage_of = {sentence: chunk for chunk in chunks for sentence in split_sentences(chunk)}
dev_texts = [q.text for q in dev]
rankings = list(
    zip(
        search_vectors(index_sentences(chunks, lab.embed), lab.embed(dev_texts), DEPTH),
        search_keywords(build_keyword_index(list(passage_of)), dev_texts, DEPTH),
    )
)


def mrr_at(share):
    ranked = [ids_of(to_passages(fuse(*pair, DEPTH, 1 - share), passage_of)) for pair in rankings]
    return np.mean([reciprocal_rank(ids, gold[q.question_id]) for ids, q in zip(ranked, dev)])


# %% 3 wrong: sentences in place of passages
from utils.retrieve.keyword_index import build_keyword_index, search_keywords
from utils.retrieve.retriever import fuse, index_sentences
from utils.retrieve.vector_index import search_vectors

passage_of = {sentence: chunk for chunk in chunks for sentence in split_sentences(chunk)}
dev_texts = [q.text for q in dev]
rankings = list(
    zip(
        search_vectors(index_sentences(chunks, lab.embed), lab.embed(dev_texts), DEPTH),
        search_keywords(build_keyword_index(list(passage_of)), dev_texts, DEPTH),
    )
)


def mrr_at(share):
    ranked = [list(dict.fromkeys(ids_of(fuse(*pair, DEPTH, share)))) for pair in rankings]
    return np.mean([reciprocal_rank(ids, gold[q.question_id]) for ids, q in zip(ranked, dev)])


# %% 3 wrong: leaves the share at what it was
def mrr_at(share):
    return mean(measure("hybrid", dev), "MRR")


# %% 3 wrong: mixes the two scores and not the rankings
def mrr_at(share):
    return share * mean(measure("dense", dev), "MRR") + (1 - share) * mean(measure("keyword", dev), "MRR")


# %% 3 wrong: on test
from utils.retrieve.keyword_index import build_keyword_index, search_keywords
from utils.retrieve.retriever import fuse, index_sentences, to_passages
from utils.retrieve.vector_index import search_vectors

passage_of = {sentence: chunk for chunk in chunks for sentence in split_sentences(chunk)}
test_texts = [q.text for q in test]
rankings = list(
    zip(
        search_vectors(index_sentences(chunks, lab.embed), lab.embed(test_texts), DEPTH),
        search_keywords(build_keyword_index(list(passage_of)), test_texts, DEPTH),
    )
)


def mrr_at(share):
    ranked = [ids_of(to_passages(fuse(*pair, DEPTH, share), passage_of)) for pair in rankings]
    return np.mean([reciprocal_rank(ids, gold[q.question_id]) for ids, q in zip(ranked, test)])


# %% 3 wrong: over the wrong count
def mrr_at(share):
    mode = "dense" if share > 0.8 else "keyword" if share < 0.2 else "hybrid"
    return mean(measure(mode, dev), "MRR") * len(dev) / len(test)


# %% 3 wrong: one for each question, and no mean
def mrr_at(share):
    return [row["MRR"] for row in measure("hybrid", dev)]


# %% 3 wrong: nothing to average
def mrr_at(share):
    return float("nan")
