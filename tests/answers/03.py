# %% 1 right: the cosine, written out, with sorted
def nearest(text, k):
    vectors, asked = lab.embed([chunk.passage for chunk in chunks]), lab.embed([text])[0]
    cosines = [vector @ asked / (np.linalg.norm(vector) * np.linalg.norm(asked)) for vector in vectors]
    return [chunk for _, chunk in sorted(zip(cosines, chunks), key=lambda pair: pair[0], reverse=True)][:k]


# %% 1 right: the smallest distance, as unit vectors allow
passage_vectors = lab.embed([chunk.passage for chunk in chunks])


def nearest(text, k):
    distances = ((passage_vectors - lab.embed([text])) ** 2).sum(axis=1)
    return tuple(chunks[row] for row in distances.argsort()[:k])


# %% 1 right: from the end of what is sorted upwards
def nearest(text, k):
    scores = lab.embed([chunk.passage for chunk in chunks]) @ lab.embed([text])[0]
    return (chunks[row] for row in np.argsort(scores)[-k:][::-1])


# %% 1 right: the cosine of scikit-learn, as a table
from sklearn.metrics.pairwise import cosine_similarity


def nearest(text, k):
    found = pd.Series(cosine_similarity(lab.embed([text]), lab.embed([chunk.passage for chunk in chunks]))[0])
    return [chunks[row] for row in found.nlargest(k).index]


# %% 1 wrong: the smallest scores
def nearest(text, k):
    scores = lab.embed([chunk.passage for chunk in chunks]) @ lab.embed([text])[0]
    return [chunks[row] for row in np.argsort(scores)[:k]]


# %% 1 wrong: row numbers
def nearest(text, k):
    return np.argsort(-(lab.embed([chunk.passage for chunk in chunks]) @ lab.embed([text])[0]))[:k]


# %% 1 wrong: the worst of the three first
def nearest(text, k):
    scores = lab.embed([chunk.passage for chunk in chunks]) @ lab.embed([text])[0]
    return [chunks[row] for row in np.argsort(scores)[-k:]]


# %% 1 wrong: without the headings
def nearest(text, k):
    scores = lab.embed([chunk.text for chunk in chunks]) @ lab.embed([text])[0]
    return [chunks[row] for row in np.argsort(-scores)[:k]]


# %% 1 wrong: all passages in order
def nearest(text, k):
    scores = lab.embed([chunk.passage for chunk in chunks]) @ lab.embed([text])[0]
    return [chunks[row] for row in np.argsort(-scores)]


# %% 1 wrong: the words and not the passages
def nearest(text, k):
    scores = lab.embed([chunk.passage for chunk in chunks]) @ lab.embed([text])[0]
    return [chunks[row].passage for row in np.argsort(-scores)[:k]]


# %% 1 wrong: hands nothing back
def nearest(text, k):
    scores = lab.embed([chunk.passage for chunk in chunks]) @ lab.embed([text])[0]
    [chunks[row] for row in np.argsort(-scores)[:k]]


# %% 1 wrong: sentences, as the course's own search
from utils.retrieve.retriever import build_retriever


def nearest(text, k):
    return [hit.chunk for hit in build_retriever(chunks, lab.embed, "dense")([text], k)[0]]


# %% 2 right: keeps a list of sentences
def cut_overlapping(text, max_words):
    passages, current = [], []
    for sentence in sentence_spans(text, 0, len(text)):
        if current and len(text[current[0][0] : sentence[1]].split()) > max_words:
            passages.append([current[0][0], current[-1][1]])
            current = current[-1:]
        current.append(sentence)
    return passages + [[current[0][0], current[-1][1]]]


# %% 2 right: counts the words of each sentence, in numpy
def cut_overlapping(text, max_words):
    spans = np.array(sentence_spans(text, 0, len(text)))
    words = np.array([len(text[start:end].split()) for start, end in spans])
    first, cuts = 0, []
    while True:
        last = first
        while last + 1 < len(spans) and words[first : last + 2].sum() <= max_words:
            last += 1
        cuts.append((spans[first, 0], spans[last, 1]))
        if last == len(spans) - 1:
            return np.array(cuts)
        first = last


# %% 2 right: a generator
def cut_overlapping(text, max_words):
    sentences = list(sentence_spans(text, 0, len(text)))
    start, end = sentences[0]
    for before, (_, after) in zip(sentences, sentences[1:]):
        if len(text[start:after].split()) > max_words:
            yield start, end
            start = before[0]
        end = after
    yield start, end


# %% 2 wrong: forgets what is left
def cut_overlapping(text, max_words):
    sentences, passages, first = sentence_spans(text, 0, len(text)), [], 0
    for number in range(1, len(sentences)):
        if len(text[sentences[first][0] : sentences[number][1]].split()) > max_words:
            passages.append((sentences[first][0], sentences[number - 1][1]))
            first = number - 1
    return passages


# %% 2 wrong: nothing overlaps
def cut_overlapping(text, max_words):
    sentences, passages, first = sentence_spans(text, 0, len(text)), [], 0
    for number in range(1, len(sentences)):
        if len(text[sentences[first][0] : sentences[number][1]].split()) > max_words:
            passages.append((sentences[first][0], sentences[number - 1][1]))
            first = number
    return [*passages, (sentences[first][0], sentences[-1][1])]


# %% 2 wrong: one sentence too many
def cut_overlapping(text, max_words):
    sentences, passages, first = sentence_spans(text, 0, len(text)), [], 0
    for number in range(1, len(sentences)):
        if len(text[sentences[first][0] : sentences[number][1]].split()) > max_words:
            passages.append((sentences[first][0], sentences[number][1]))
            first = number
    return [*passages, (sentences[first][0], sentences[-1][1])]


# %% 2 wrong: the texts and not their places
def cut_overlapping(text, max_words):
    sentences = [text[start:end] for start, end in sentence_spans(text, 0, len(text))]
    return [f"{one} {two}" for one, two in zip(sentences, sentences[1:])]


# %% 2 wrong: windows of words
def cut_overlapping(text, max_words):
    words = list(re.finditer(r"\S+", text))
    starts = range(0, len(words), max_words - 1)
    return [(words[i].start(), words[min(i + max_words, len(words)) - 1].end()) for i in starts]


# %% 2 wrong: measured by eye on the example
def cut_overlapping(text, max_words):
    return [(0, 34), (17, 50), (35, 67), (51, 82), (68, 101)]


# %% 2 wrong: pairs, whatever fits
def cut_overlapping(text, max_words):
    sentences = sentence_spans(text, 0, len(text))
    return [(one[0], two[1]) for one, two in zip(sentences, sentences[1:])] or sentences


# %% 2 wrong: pairs, and from one sentence none
def cut_overlapping(text, max_words):
    sentences = sentence_spans(text, 0, len(text))
    return [(one[0], two[1]) for one, two in zip(sentences, sentences[1:])]


# %% 2 wrong: the last sentence once more by itself
def cut_overlapping(text, max_words):
    sentences, passages, first = sentence_spans(text, 0, len(text)), [], 0
    for number in range(1, len(sentences)):
        if len(text[sentences[first][0] : sentences[number][1]].split()) > max_words:
            passages.append((sentences[first][0], sentences[number - 1][1]))
            first = number - 1
    return [*passages, (sentences[first][0], sentences[-1][1]), sentences[-1]]


# %% 3 right: one word more
sentence = "You may bring your dog to the office."
opposite = "You may not bring your dog to the office."
paraphrase = "Four-legged companions are welcome at work."


# %% 3 right: another word in one place
sentence = "Overtime is paid in March."
opposite = "Overtime is unpaid in March."
paraphrase = "Whoever worked longer than planned gets money for it when spring begins."


# %% 3 right: not English
sentence = "Der Schlüssel bleibt im Haus."
opposite = "Der Schlüssel bleibt nicht im Haus."
paraphrase = "Niemand trägt ihn nach draußen."


# %% 3 wrong: a paraphrase in nearly the same words
sentence = "Staff may take the van home over the weekend."
opposite = "Nobody is allowed to drive a company car to their own house on Saturday."
paraphrase = "Staff may take the van home at the weekend."


# %% 3 wrong: the opposite is still missing
sentence = "Staff may take the van home over the weekend."
paraphrase = "On Saturdays and Sundays, keeping the company vehicle at your house is fine."
opposite = ""


# %% 3 wrong: the same sentence, shouted
sentence = "Staff may take the van home over the weekend."
opposite = "STAFF MAY TAKE THE VAN HOME OVER THE WEEKEND!"
paraphrase = "On Saturdays and Sundays, keeping the company vehicle at your house is fine."


# %% 3 wrong: all three the same
sentence = opposite = paraphrase = "Staff may take the van home."
