"""Attention by blocks is attention: same results and gradients as transformers' plain form with a mask."""

from types import SimpleNamespace

import pytest
import torch
from fakes import tiny_model
from transformers.models.llama.modeling_llama import eager_attention_forward

from utils.tune import attention
from utils.tune.attention import attending_in_trees, plan_blocks, tree_attention
from utils.tune.examples import MASKED, Encoded
from utils.tune.sharing import Tree, grow_tree

# Two prompts with a common beginning, one of them with two answers, and one that shares nothing.
EXAMPLES = [Encoded(ids, (MASKED,) * n + ids[n:]) for ids, n in (((1, 2, 3, 4, 8), 4), ((1, 2, 3, 4, 9, 9), 4),
                                                                 ((1, 2, 5, 8), 3), ((7, 6, 5), 2))]  # fmt: skip
D = 16


def mask_of(tree: Tree) -> torch.Tensor:
    """(1, 1, n, n): 0 where a token looks: itself and its ancestors, found by walking up."""
    n = len(tree.tokens)
    mask = torch.full((1, 1, n, n), torch.finfo(torch.float32).min)
    for token in range(n):
        place = token
        while place >= 0:
            mask[0, 0, token, place] = 0.0
            place = tree.parents[place]
    return mask


def model_with(heads: int, key_heads: int) -> SimpleNamespace:
    config = SimpleNamespace(num_attention_heads=heads, num_key_value_heads=key_heads)
    return SimpleNamespace(config=config, dtype=torch.float32, device=torch.device("cpu"))


@pytest.mark.parametrize("rows", [1, 3, 5, 128])
@pytest.mark.parametrize("heads, key_heads", [(6, 2), (3, 3)])
@pytest.mark.parametrize("examples", [EXAMPLES, EXAMPLES[:1]], ids=["branches", "a chain"])
def test_blocks_give_what_plain_attention_gives(monkeypatch, rows, heads, key_heads, examples):
    monkeypatch.setattr(attention, "ROWS", rows)
    tree = grow_tree(examples)
    n = len(tree.tokens)
    torch.manual_seed(0)
    inputs = [torch.randn(1, n, size, D).transpose(1, 2).requires_grad_() for size in (heads, key_heads, key_heads)]
    d_result = torch.randn(1, n, heads, D)
    module = SimpleNamespace(num_key_value_groups=heads // key_heads, training=True)
    plain, _ = eager_attention_forward(module, *inputs, mask_of(tree), scaling=0.3)
    ours, _ = tree_attention(module, *inputs, None, 0.3, plan_blocks(tree, model_with(heads, key_heads)))
    torch.testing.assert_close(ours, plain)
    expected = torch.autograd.grad(plain, inputs, d_result)
    torch.testing.assert_close(torch.autograd.grad(ours, inputs, d_result), expected)


def test_a_block_leaves_out_what_none_of_its_tokens_sees(monkeypatch):
    monkeypatch.setattr(attention, "ROWS", 3)
    tree = grow_tree(EXAMPLES)
    blocks = plan_blocks(tree, model_with(1, 1))
    tokens, visible = list(range(len(tree.tokens))), mask_of(tree)[0, 0] == 0
    assert [token for block in blocks for token in tokens[block.rows]] == tokens
    for block in blocks:
        assert block.columns.tolist() == [token for token in tokens if visible[block.rows, token].any()]
    assert sum(block.mask.numel() for block in blocks) < len(tokens) ** 2 / 2


def test_the_model_attends_as_before_afterwards():
    model = tiny_model().model
    before = model.config._attn_implementation
    with pytest.raises(RuntimeError), attending_in_trees(model):
        assert model.config._attn_implementation == "tree"
        raise RuntimeError
    assert model.config._attn_implementation == before
