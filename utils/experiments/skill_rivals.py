"""Rivals that cost nothing: words counted, the nearest training item, the commonest marks. No language model."""

from collections import Counter
from collections.abc import Sequence

from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from utils.experiments.skill_prompts import SEPARATOR, Item
from utils.records import Answer
from utils.retrieve.embedding import Embed


def count_words(train: Sequence[Item], longest: int, items: Sequence[Item]) -> list[Answer]:
    """A bag of words and phrases of up to `longest` words (TF-IDF), and a logistic regression for each mark apart."""
    texts = [item.text for item in items]
    columns = []
    for place in range(len(train[0].marks)):
        model = make_pipeline(TfidfVectorizer(ngram_range=(1, longest)), LogisticRegression(C=10, max_iter=2000))
        model.fit([item.text for item in train], [item.marks[place] for item in train])
        columns.append(model.predict(texts))
    return [Answer(SEPARATOR.join(marks), batched=len(items)) for marks in zip(*columns)]


def ask_nearest(embed: Embed, train: Sequence[Item], k: int, items: Sequence[Item]) -> list[Answer]:
    """The marks that most of the k training items nearest in meaning have; of equally many, those of the nearer one."""
    return [Answer(vote(neighbours), batched=len(items)) for neighbours in nearest(embed, train, k, items)]


def ask_majority(train: Sequence[Item], items: Sequence[Item]) -> list[Answer]:
    """The commonest marks for everybody."""
    return [Answer(vote(train), batched=len(items)) for _ in items]


def nearest(embed: Embed, train: Sequence[Item], k: int, items: Sequence[Item]) -> list[list[Item]]:
    """For each item the k training items nearest in meaning, the nearest first."""
    similarity = embed([item.text for item in items]) @ embed([item.text for item in train]).T
    order = (-similarity).argsort(axis=1, kind="stable")[:, :k]
    return [[train[place] for place in row] for row in order]


def vote(items: Sequence[Item]) -> str:
    """Each mark's commonest value among these items; of equally common ones, the first."""
    return SEPARATOR.join(Counter(values).most_common(1)[0][0] for values in zip(*(item.marks for item in items)))
