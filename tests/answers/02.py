# %% 1 right: a loop, and lists in place of tuples
from utils.measure.metrics import cited_numbers


def sources(answer):
    places = []
    for number in cited_numbers(answer.text):
        if number in range(1, len(answer.hits) + 1):
            chunk = answer.hits[number - 1].chunk
            places.append([pages[chunk.doc_id].title, chunk.start, chunk.end])
    return places


# %% 1 right: numbers the passages first, and gives a generator
from utils.measure.metrics import cited_numbers


def sources(answer):
    numbered = {number: hit.chunk for number, hit in enumerate(answer.hits, 1)}
    wanted = [numbered[number] for number in cited_numbers(answer.text) if number in numbered]
    return ((pages[chunk.doc_id].title, chunk.start, chunk.end) for chunk in wanted)


# %% 1 right: finds the numbers itself
import re


def sources(answer):
    found = dict.fromkeys(int(number) for number in re.findall(r"\[(\d+)\]", answer.text))
    chunks_of = [answer.hits[number - 1].chunk for number in found if 0 < number <= len(answer.hits)]
    return tuple((pages[chunk.doc_id].title, chunk.start, chunk.end) for chunk in chunks_of)


# %% 1 wrong: zero leads to the last passage
from utils.measure.metrics import cited_numbers


def sources(answer):
    shown = [answer.hits[n - 1].chunk for n in cited_numbers(answer.text) if n <= len(answer.hits)]
    return [(pages[chunk.doc_id].title, chunk.start, chunk.end) for chunk in shown]


# %% 1 wrong: every number leads somewhere
from utils.measure.metrics import cited_numbers


def sources(answer):
    shown = [answer.hits[n - 1].chunk for n in cited_numbers(answer.text)]
    return [(pages[chunk.doc_id].title, chunk.start, chunk.end) for chunk in shown]


# %% 1 wrong: counts from zero
from utils.measure.metrics import cited_numbers


def sources(answer):
    shown = [answer.hits[n].chunk for n in cited_numbers(answer.text)]
    return [(pages[chunk.doc_id].title, chunk.start, chunk.end) for chunk in shown]


# %% 1 wrong: in the order of the passages
from utils.measure.metrics import cited_numbers


def sources(answer):
    numbers = sorted(n for n in cited_numbers(answer.text) if 1 <= n <= len(answer.hits))
    shown = [answer.hits[n - 1].chunk for n in numbers]
    return [(pages[chunk.doc_id].title, chunk.start, chunk.end) for chunk in shown]


# %% 1 wrong: one passage twice
import re


def sources(answer):
    numbers = [int(number) for number in re.findall(r"\[(\d+)\]", answer.text)]
    shown = [answer.hits[n - 1].chunk for n in numbers if 1 <= n <= len(answer.hits)]
    return [(pages[chunk.doc_id].title, chunk.start, chunk.end) for chunk in shown]


# %% 1 wrong: the page's id in place of its title
from utils.measure.metrics import cited_numbers


def sources(answer):
    shown = [answer.hits[n - 1].chunk for n in cited_numbers(answer.text) if 1 <= n <= len(answer.hits)]
    return [(chunk.doc_id, chunk.start, chunk.end) for chunk in shown]


# %% 1 wrong: all that was shown
def sources(answer):
    return [(pages[hit.chunk.doc_id].title, hit.chunk.start, hit.chunk.end) for hit in answer.hits]


# %% 1 wrong: the first place and no list
from utils.measure.metrics import cited_numbers


def sources(answer):
    for n in cited_numbers(answer.text):
        chunk = answer.hits[n - 1].chunk
        return pages[chunk.doc_id].title, chunk.start, chunk.end
    return []


# %% 2 right: asks for everything
def leave_out(doc_id):
    def search(texts, k):
        allowed = ([hit for hit in hits if hit.chunk.doc_id != doc_id] for hits in retrieve(texts, len(chunks)))
        return [hits[:k] for hits in allowed]

    return search


# %% 2 right: an index without the page
from utils.lab import SEARCH
from utils.retrieve.retriever import build_retriever


def leave_out(doc_id):
    return build_retriever([chunk for chunk in chunks if chunk.doc_id != doc_id], lab.embed, SEARCH)


# %% 2 right: deeper and deeper, until there are enough, as tuples
def leave_out(doc_id):
    def one(text, k):
        depth = k
        while True:
            kept = [hit for hit in retrieve([text], depth)[0] if hit.chunk.doc_id != doc_id]
            if len(kept) >= k:
                return tuple(kept[:k])
            depth = min(len(chunks), depth + 20)

    return lambda texts, k: tuple(one(text, k) for text in texts)


# %% 2 wrong: asks for k and drops
def leave_out(doc_id):
    def search(texts, k):
        return [[hit for hit in hits if hit.chunk.doc_id != doc_id] for hits in retrieve(texts, k)]

    return search


# %% 2 wrong: a handful more
def leave_out(doc_id):
    def search(texts, k):
        return [[hit for hit in hits if hit.chunk.doc_id != doc_id][:k] for hits in retrieve(texts, k + 2)]

    return search


# %% 2 wrong: ten times as deep, which is deeper than there is
def leave_out(doc_id):
    return lambda texts, k: [[h for h in hits if h.chunk.doc_id != doc_id][:k] for hits in retrieve(texts, 10 * k)]


# %% 2 wrong: always the page of the first question
def leave_out(doc_id):
    n_own = sum(chunk.doc_id == "people-carers-bereavement" for chunk in chunks)

    def search(texts, k):
        deep = retrieve(texts, k + n_own)
        return [[hit for hit in hits if hit.chunk.doc_id != "people-carers-bereavement"][:k] for hits in deep]

    return search


# %% 2 wrong: forgets to hand the search back
def leave_out(doc_id):
    def search(texts, k):
        return [[hit for hit in hits if hit.chunk.doc_id != doc_id][:k] for hits in retrieve(texts, len(chunks))]


# %% 2 wrong: the passages, and not the hits
def leave_out(doc_id):
    def search(texts, k):
        deep = retrieve(texts, len(chunks))
        return [[hit.chunk for hit in hits if hit.chunk.doc_id != doc_id][:k] for hits in deep]

    return search


# %% 2 wrong: one text alone
def leave_out(doc_id):
    return lambda texts, k: [hit for hit in retrieve(texts, len(chunks))[0] if hit.chunk.doc_id != doc_id][:k]


# %% 2 wrong: fills up with the same passage
def leave_out(doc_id):
    def search(texts, k):
        kept = [[hit for hit in hits if hit.chunk.doc_id != doc_id] for hits in retrieve(texts, min(len(chunks), k + 1))]
        return [(hits + hits[-1:] * k)[:k] for hits in kept]

    return search


# %% 2 wrong: finds nothing, so nothing of the page
def leave_out(doc_id):
    return lambda texts, k: []


# %% 2 wrong: any passages of other pages
from utils.records import Hit


def leave_out(doc_id):
    others = [Hit(chunk, 0.0) for chunk in chunks if chunk.doc_id != doc_id]
    return lambda texts, k: [others[:k] for _ in texts]


# %% 3 right: the question first, and a sentence to copy
def my_prompt(question, hits):
    listed = "\n\n".join(f"({number}) {hit.chunk.passage}" for number, hit in enumerate(hits, start=1))
    return [{"role": "user", "content": f"Question: {question}\n\nQuote the sentence that answers it.\n\n{listed}"}]


# %% 3 right: one change to the course's own
def my_prompt(question, hits):
    system, user = with_passages(question, hits)
    return [{**system, "content": system["content"].replace("in a few words", "in one short sentence")}, user]


# %% 3 right: headings and text on lines of their own, an example before
def my_prompt(question, hits):
    blocks = [f"Passage {i + 1}\n{hit.chunk.context}\n{hit.chunk.text}" for i, hit in enumerate(hits)]
    return (
        {"role": "system", "content": "Answer in a few words, with the number of the passage in brackets."},
        {"role": "user", "content": "Passage 1\nGarden\nThe gate is shut at eight.\n\nWhen is the gate shut?"},
        {"role": "assistant", "content": "At eight. [1]"},
        {"role": "user", "content": "\n".join(blocks) + "\n\n" + question},
    )


# %% 3 wrong: the first passage alone
def my_prompt(question, hits):
    return with_passages(question, hits[:1])


# %% 3 wrong: no question
def my_prompt(question, hits):
    return with_passages("What do the passages say?", hits)


# %% 3 wrong: passages without numbers
def my_prompt(question, hits):
    listed = "\n".join(hit.chunk.passage for hit in hits)
    return [{"role": "user", "content": f"{listed}\n\n{question} Cite the passage, like [1]."}]


# %% 3 wrong: passages without their headings
def my_prompt(question, hits):
    listed = "\n".join(f"[{number}] {hit.chunk.text}" for number, hit in enumerate(hits, 1))
    return [{"role": "user", "content": f"{listed}\n\n{question}"}]


# %% 3 wrong: one text and no conversation
def my_prompt(question, hits):
    return render(lab.lm, with_passages(question, hits))


# %% 3 wrong: a list of texts
def my_prompt(question, hits):
    return [f"[{number}] {hit.chunk.passage}" for number, hit in enumerate(hits, 1)] + [question]


# %% 3 wrong: closed book
def my_prompt(question, hits):
    return closed_book(question)
