"""Several examples as one tree of tokens: what they begin with in common is computed once. Pure Python; no model.

In a causal model a token depends on the tokens before it and on nothing else, so examples that begin alike are the same
computation up to where they part: all share the instruction, questions about one set of passages share the passages.
Each token sees its own branch only ("tree attention": Miao et al. 2023, arXiv 2305.09781), which gives the losses and
gradients that the examples have one by one, up to rounding.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from utils.tune.examples import MASKED, Encoded


@dataclass(frozen=True)
class Tree:
    """Tokens in an order in which each comes after its parent. `parents` holds -1 for a first token.

    `positions` count from an example's own beginning; `paths` name, for each example, its tokens in the tree.
    """

    tokens: tuple[int, ...]
    parents: tuple[int, ...]
    positions: tuple[int, ...]
    paths: tuple[tuple[int, ...], ...]

    def visible(self) -> list[bytearray]:
        """(tokens, tokens): 1 where the row's token sees the column's: itself and what stands before it on its branch."""
        rows: list[bytearray] = []
        for number, parent in enumerate(self.parents):
            row = bytearray(rows[parent]) if parent >= 0 else bytearray(len(self.tokens))
            row[number] = 1
            rows.append(row)
        return rows


def grow_tree(examples: Sequence[Encoded]) -> Tree:
    """One tree of these examples. Answers are never shared, so that each is scored as often as it is given."""
    tokens, parents, positions, paths = [], [], [], []
    known: dict[tuple[int, int], int] = {}  # (parent, token) of the prompts → place in the tree
    for example in examples:
        path: list[int] = []
        for position, (token, label) in enumerate(zip(example.ids, example.labels)):
            parent = path[-1] if path else -1
            place = known.get((parent, token)) if label == MASKED else None
            if place is None:
                place = len(tokens)
                tokens.append(token)
                parents.append(parent)
                positions.append(position)
                if label == MASKED:
                    known[parent, token] = place
            path.append(place)
        paths.append(tuple(path))
    return Tree(tuple(tokens), tuple(parents), tuple(positions), tuple(paths))


def split_batch(examples: Sequence[Encoded], most: int) -> list[list[int]]:
    """The examples' numbers, in parts whose trees have at most `most` tokens unless one example alone has more."""
    parts: list[list[int]] = []
    for number in range(len(examples)):
        if parts and len(grow_tree([examples[n] for n in [*parts[-1], number]]).tokens) <= most:
            parts[-1].append(number)
        else:
            parts.append([number])
    return parts


def scored(examples: Sequence[Encoded], tree: Tree) -> tuple[list[int], list[int]]:
    """(places in the tree that predict an answer's token, those tokens), over all examples."""
    pairs = [
        (path[position - 1], label)
        for example, path in zip(examples, tree.paths)
        for position, label in enumerate(example.labels)
        if label != MASKED
    ]
    return [place for place, _ in pairs], [label for _, label in pairs]
