"""A tree of examples holds each of them whole, computes what they share once, and lets no branch see another."""

import random

import pytest

from utils.tune.examples import MASKED, Encoded
from utils.tune.sharing import grow_tree, scored, split_batch


def example(prompt, answer) -> Encoded:
    return Encoded((*prompt, *answer), (*[MASKED] * len(prompt), *answer))


@pytest.fixture(params=range(5))
def examples(request):
    """Eight random examples over three tokens, so that many begin alike; the last two are the same."""
    chance = random.Random(request.param)
    draw = [chance.choices((1, 2, 3), k=chance.randint(1, 8)) for _ in range(14)]
    made = [example(draw[i], draw[i + 1]) for i in range(0, 14, 2)]
    return [*made, made[-1]]


def test_every_example_stands_on_its_path(examples):
    tree = grow_tree(examples)
    for one, path in zip(examples, tree.paths, strict=True):
        assert tuple(tree.tokens[place] for place in path) == one.ids
        assert [tree.positions[place] for place in path] == list(range(len(one.ids)))
        assert [tree.parents[place] for place in path] == [-1, *path[:-1]]


def test_a_token_sees_exactly_its_own_beginning(examples):
    tree = grow_tree(examples)
    visible = tree.visible()
    for path in tree.paths:
        for position, place in enumerate(path):
            assert {n for n, seen in enumerate(visible[place]) if seen} == set(path[: position + 1])


def test_shared_prompts_are_there_once_and_answers_never_shared(examples):
    tree = grow_tree(examples)
    prompts = {one.ids[: n + 1] for one in examples for n, label in enumerate(one.labels) if label == MASKED}
    n_answers = sum(label != MASKED for one in examples for label in one.labels)
    assert len(tree.tokens) == len(prompts) + n_answers
    places, labels = scored(examples, tree)
    assert labels == [label for one in examples for label in one.labels if label != MASKED]
    assert all(place in path for one, path in zip(examples, tree.paths) for place in path) and len(places) == n_answers


def test_one_example_alone_is_a_plain_sequence():
    tree = grow_tree([example([5, 6], [7, 8])])
    assert tree.tokens == (5, 6, 7, 8) and tree.parents == (-1, 0, 1, 2)
    assert scored([example([5, 6], [7, 8])], tree) == ([1, 2], [7, 8])


def test_parts_are_as_large_as_allowed_and_keep_the_order(examples):
    parts = split_batch(examples, most=12)
    assert sum(parts, []) == list(range(len(examples)))
    sizes = [len(grow_tree([examples[n] for n in part]).tokens) for part in parts]
    assert all(size <= 12 or len(part) == 1 for size, part in zip(sizes, parts))
    for part, following in zip(parts, parts[1:]):
        assert len(grow_tree([examples[n] for n in [*part, following[0]]]).tokens) > 12


def test_an_example_longer_than_a_part_stands_alone():
    assert split_batch([example([1] * 30, [2]), example([1] * 30, [3])], most=10) == [[0], [1]]
