"""From examples to their loss: as trees of tokens, once through the frozen layers, then through the adapted ones.

Four things make it fast on a small machine. What examples begin with in common is computed once (`sharing`). Layers below
the lowest adapted one never change, so what they compute is kept from epoch to epoch (`Prepared`). Only the answer's
tokens are scored, so only they pass the output layer. And of two forms of a computation the faster is taken
(`fast_forms`). How the weights are changed stays out of here.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from peft import PeftModel
from peft.helpers import disable_input_dtype_casting

from utils.tune.examples import Encoded
from utils.tune.lora import lower_layers, upper_layers
from utils.tune.sharing import Tree, grow_tree, scored, split_batch

# Of a tree, computed at once. Longer trees share more and ask less of Python; shorter ones take less memory: in float32,
# with half as many tokens raft peaked at 1.65 instead of 2.2 GiB. Numbers half as wide leave room for more.
MAX_TOKENS, MAX_TOKENS_HALF = 384, 512


@dataclass(frozen=True)
class Part:
    """Some examples as one tree of n tokens, past the frozen layers, with all that their loss depends on."""

    hidden: torch.Tensor  # (n, width)
    positions: torch.Tensor  # (n,)
    mask: torch.Tensor | None  # (1, 1, n, n), added to attention scores; None where each token sees all before it
    places: torch.Tensor  # which tokens predict
    labels: torch.Tensor  # what they should predict


class Prepared:
    """Examples, known by their numbers, to be handed out as Parts.

    To `keep` what the frozen layers compute pays where examples come again.
    """

    def __init__(self, model: PeftModel, examples: Sequence[Encoded], lowest_layer: int, keep: bool = True):
        self.base, self.examples, self.lowest_layer = model.get_base_model(), examples, lowest_layer
        self.most = MAX_TOKENS if self.base.dtype == torch.float32 else MAX_TOKENS_HALF
        self.kept: dict[int, torch.Tensor] = {}  # number → (tokens, width); all at once, so that a resumed run has the same
        for numbers in split_batch(examples, self.most) if keep else []:
            tree = grow_tree([examples[number] for number in numbers])
            hidden = encode_below(self.base, tree, lowest_layer)
            self.kept |= {number: hidden[list(path)] for number, path in zip(numbers, tree.paths)}

    def parts(self, numbers: Sequence[int]) -> Iterator[Part]:
        """The examples with these numbers as trees of at most `most` tokens; gradients over parts are added up."""
        for part in split_batch([self.examples[number] for number in numbers], self.most):
            yield self.part([numbers[place] for place in part])

    def part(self, numbers: Sequence[int]) -> Part:
        """These examples as one tree."""
        examples = [self.examples[number] for number in numbers]
        tree = grow_tree(examples)
        if self.kept:
            hidden = self.base.get_input_embeddings().weight.new_empty(len(tree.tokens), self.base.config.hidden_size)
            for number, path in zip(numbers, tree.paths):
                hidden[list(path)] = self.kept[number]
        else:
            hidden = encode_below(self.base, tree, self.lowest_layer)
        positions, places, labels = (
            torch.tensor(values, device=hidden.device) for values in (tree.positions, *scored(examples, tree))
        )
        return Part(hidden, positions, attention_mask(tree, hidden), places, labels)


def attention_mask(tree: Tree, like: torch.Tensor) -> torch.Tensor | None:
    """(1, 1, n, n), to be added to attention scores: 0 where a token may look, the lowest number elsewhere.

    None for a tree without branches: there attention takes its faster causal path. `like` gives number format and device.
    """
    if tree.parents == tuple(range(-1, len(tree.parents) - 1)):
        return None
    rows = bytearray().join(tree.visible())  # as bytes: of lists, torch made a tensor in a twentieth of a step
    visible = torch.frombuffer(rows, dtype=torch.bool).view(len(tree.tokens), -1).to(like.device)
    return torch.zeros_like(visible, dtype=like.dtype).masked_fill(~visible, torch.finfo(like.dtype).min)[None, None]


@contextmanager
def fast_forms(model: PeftModel) -> Iterator[None]:
    """Inside, what is the same up to rounding and faster, where that was measured: in bfloat16 on a processor.

    Attention is written out as matrix products, which saves a tenth of a step on trees this short. And adapters take what
    comes as it comes: PEFT would widen it to float32 first, for autocast to make it narrow again.
    """
    base = model.get_base_model()
    before, measured = base.config._attn_implementation, (base.device.type, base.dtype) == ("cpu", torch.bfloat16)
    if measured:
        base.set_attn_implementation("eager")
    try:
        with disable_input_dtype_casting(model, active=measured):
            yield
    finally:
        base.set_attn_implementation(before)


@torch.inference_mode(False)
@torch.no_grad()
def encode_below(model: torch.nn.Module, tree: Tree, lowest_layer: int) -> torch.Tensor:
    """(n, width): the tree's hidden states where the first adapted layer begins."""
    decoder = model.get_decoder()
    ids, positions = (torch.tensor(values, device=model.device)[None] for values in (tree.tokens, tree.positions))
    mask = attention_mask(tree, model.get_input_embeddings().weight)
    with lower_layers(decoder, lowest_layer):
        return decoder(input_ids=ids, position_ids=positions, attention_mask=mask, use_cache=False)[0][0]


def answer_loss(model: PeftModel, part: Part, lowest_layer: int) -> torch.Tensor:
    """Mean cross entropy over the answers' tokens. Only they go through the output layer, as one flat matrix."""
    device, dtype = part.hidden.device.type, part.hidden.dtype
    with upper_layers(model, lowest_layer) as decoder, torch.autocast(device, dtype, enabled=dtype != torch.float32):
        states = decoder(
            inputs_embeds=part.hidden[None],
            position_ids=part.positions[None],
            attention_mask=part.mask,
            use_cache=False,
        )[0][0]
        logits = model.get_base_model().get_output_embeddings()(states[part.places])
    return torch.nn.functional.cross_entropy(logits.float(), part.labels)
