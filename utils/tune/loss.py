"""From examples to their loss: as trees of tokens, once through the frozen layers, then through the adapted ones.

Four things make it fast on a small machine. What examples begin with in common is computed once (`sharing`). Tokens that
don't look at each other aren't multiplied with each other (`attention`). Layers below the lowest adapted one never change,
so what they compute is kept from epoch to epoch (`Prepared`). And only the answer's tokens are scored, so only they pass
the output layer. How the weights are changed stays out of here.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from peft import PeftModel

from utils.tune.attention import Block, attending_in_trees, plan_blocks
from utils.tune.examples import Encoded
from utils.tune.forms import CrossEntropy
from utils.tune.lora import lower_layers, upper_layers
from utils.tune.sharing import Tree, grow_tree, scored, split_batch

# Of a tree, computed at once: longer ones ask less of Python, shorter ones take less memory. So many hold a batch of raft.
MAX_TOKENS = 1024


@dataclass(frozen=True)
class Part:
    """Some examples as one tree of n tokens, past the frozen layers, with all that their loss depends on."""

    hidden: torch.Tensor  # (n, width)
    positions: torch.Tensor  # (n,)
    blocks: list[Block]  # who looks at whom
    places: torch.Tensor  # which tokens predict
    labels: torch.Tensor  # what they should predict


class Prepared:
    """Examples, known by their numbers, to be handed out as Parts.

    To `keep` what the frozen layers compute pays where examples come again.
    """

    def __init__(self, model: PeftModel, examples: Sequence[Encoded], lowest_layer: int, keep: bool = True):
        self.base, self.examples, self.lowest_layer = model.get_base_model(), examples, lowest_layer
        self.kept: dict[int, torch.Tensor] = {}  # number → (tokens, width); all at once, so that a resumed run has the same
        for numbers in split_batch(examples, MAX_TOKENS) if keep else []:
            tree = grow_tree([examples[number] for number in numbers])
            hidden = encode_below(self.base, tree, plan_blocks(tree, self.base), lowest_layer)
            self.kept |= {number: hidden[list(path)] for number, path in zip(numbers, tree.paths)}

    def parts(self, numbers: Sequence[int]) -> Iterator[Part]:
        """The examples with these numbers as trees of at most MAX_TOKENS tokens; gradients over parts are added up."""
        for part in split_batch([self.examples[number] for number in numbers], MAX_TOKENS):
            yield self.part([numbers[place] for place in part])

    def part(self, numbers: Sequence[int]) -> Part:
        """These examples as one tree."""
        examples = [self.examples[number] for number in numbers]
        tree = grow_tree(examples)
        blocks = plan_blocks(tree, self.base)
        if self.kept:
            hidden = self.base.get_input_embeddings().weight.new_empty(len(tree.tokens), self.base.config.hidden_size)
            for number, path in zip(numbers, tree.paths):
                hidden[list(path)] = self.kept[number]
        else:
            hidden = encode_below(self.base, tree, blocks, self.lowest_layer)
        positions, places, labels = (
            torch.tensor(values, device=hidden.device) for values in (tree.positions, *scored(examples, tree))
        )
        return Part(hidden, positions, blocks, places, labels)


@torch.inference_mode(False)
@torch.no_grad()
def encode_below(model: torch.nn.Module, tree: Tree, blocks: list[Block], lowest_layer: int) -> torch.Tensor:
    """(n, width): the tree's hidden states where the first adapted layer begins."""
    decoder = model.get_decoder()
    ids, positions = (torch.tensor(values, device=model.device)[None] for values in (tree.tokens, tree.positions))
    with lower_layers(decoder, lowest_layer), attending_in_trees(model):
        return decoder(input_ids=ids, position_ids=positions, blocks=blocks, use_cache=False)[0][0]


def answer_loss(model: PeftModel, part: Part, lowest_layer: int) -> torch.Tensor:
    """Mean cross entropy over the answers' tokens. Only they go through the output layer, as one flat matrix."""
    device, dtype, base = part.hidden.device.type, part.hidden.dtype, model.get_base_model()
    autocast = torch.autocast(device, dtype, enabled=dtype != torch.float32)
    with upper_layers(model, lowest_layer) as decoder, attending_in_trees(base), autocast:
        hidden, positions = part.hidden[None], part.positions[None]
        states = decoder(inputs_embeds=hidden, position_ids=positions, blocks=part.blocks, use_cache=False)[0].squeeze(0)
        logits = base.get_output_embeddings()(states[part.places])
    return CrossEntropy.apply(logits, part.labels)
