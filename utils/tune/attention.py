"""Attention in a tree of tokens, computed only where tokens look, with its gradients written out.

A tree of several examples is mostly places where nobody looks: a token sees none of the other examples and nothing that
comes later. So tokens are taken in blocks, and each block is multiplied only with what at least one of its tokens sees.
The formulas are those of attention (Vaswani et al. 2017, arXiv 1706.03762) and the usual rules for their derivatives.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from transformers import AttentionInterface, PreTrainedModel

from utils.tune.sharing import Tree

ROWS = 128  # tokens of a block; fewer leave out more, but their products are too small to be fast


@dataclass(frozen=True)
class Block:
    """Tokens that follow each other, `rows`, and whom they look at, `columns`.

    `mask`, (query heads a key head × rows, columns), is added to scores: 0 where a token looks, else the lowest number.
    """

    rows: slice
    columns: torch.Tensor
    mask: torch.Tensor


def plan_blocks(tree: Tree, model: PreTrainedModel) -> list[Block]:
    """The tree's tokens in blocks of ROWS, in the model's number format and on its device."""
    config, n = model.config, len(tree.tokens)
    rows = bytearray().join(tree.visible())  # as bytes: of lists, torch made a tensor in a twentieth of a step
    visible = torch.frombuffer(rows, dtype=torch.bool).view(n, n).to(model.device)
    blocks = []
    for start in range(0, n, ROWS):
        seen = visible[start : start + ROWS]
        columns = seen.any(0).nonzero()[:, 0]
        hidden = ~seen[:, columns].repeat(config.num_attention_heads // config.num_key_value_heads, 1)
        mask = torch.zeros_like(hidden, dtype=model.dtype).masked_fill_(hidden, torch.finfo(model.dtype).min)
        blocks.append(Block(slice(start, start + len(seen)), columns, mask))
    return blocks


class TreeAttention(torch.autograd.Function):
    """softmax(scaling · query · keyᵀ + mask) · value, a block at a time. Several query heads may share a key head."""

    @staticmethod
    def forward(ctx, query, key, value, scaling, blocks):
        """query (heads, n, d), key and value (key heads, n, d) → (n, heads, d)."""
        n_keys, n, d = key.shape
        n_shared = len(query) // n_keys
        result, kept = query.new_empty(n, n_keys, n_shared, d), []
        with torch.autocast(query.device.type, enabled=False):
            for block in blocks:
                asking = query[:, block.rows].reshape(n_keys, -1, d)  # heads that share a key are rows of one product
                keys, values = key[:, block.columns], value[:, block.columns]
                weights = torch.baddbmm(block.mask, asking, keys.mT, alpha=scaling).softmax(-1)
                result[block.rows] = (weights @ values).view(n_keys, n_shared, -1, d).permute(2, 0, 1, 3)
                kept += asking, keys, values, weights
        ctx.scaling, ctx.blocks = scaling, blocks
        ctx.save_for_backward(*kept)
        return result.view(n, -1, d)

    @staticmethod
    def backward(ctx, d_result):
        """(heads, n, d), (key heads, n, d) twice: what the loss gains from each number of query, key and value."""
        kept = ctx.saved_tensors
        n, (n_keys, _, d) = len(d_result), kept[0].shape
        d_result = d_result.reshape(n, n_keys, -1, d)
        d_query = d_result.new_empty(n_keys, d_result.shape[2], n, d)
        d_key, d_value = d_result.new_zeros(2, n_keys, n, d)
        for number, block in enumerate(ctx.blocks):
            asking, keys, values, weights = kept[4 * number : 4 * number + 4]
            d_rows = d_result[block.rows].permute(1, 2, 0, 3).reshape(asking.shape)
            d_weights = d_rows @ values.mT
            d_scores = torch._softmax_backward_data(d_weights, weights, -1, weights.dtype)
            d_query[:, :, block.rows] = (d_scores @ keys).view(n_keys, d_query.shape[1], -1, d)
            d_key.index_add_(1, block.columns, d_scores.mT @ asking)
            d_value.index_add_(1, block.columns, weights.mT @ d_rows)
        return d_query.view(-1, n, d).mul_(ctx.scaling), d_key.mul_(ctx.scaling), d_value, None, None


def tree_attention(module, query, key, value, attention_mask, scaling: float, blocks: Sequence[Block], **_):
    """As transformers calls it: (1, heads, n, d) each → (1, n, heads, d), and no weights to look at."""
    return TreeAttention.apply(query.squeeze(0), key.squeeze(0), value.squeeze(0), scaling, blocks)[None], None


AttentionInterface.register("tree", tree_attention)


@contextmanager
def attending_in_trees(model: PreTrainedModel) -> Iterator[None]:
    """Inside, the model's passes take one tree and its `blocks` instead of a mask."""
    before = model.config._attn_implementation
    model.set_attn_implementation("tree")
    try:
        yield
    finally:
        model.set_attn_implementation(before)
