"""Greedy answers for many prompts at once, with the seconds of each phase. Knows no retrieval and no scoring."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile

import torch
from tqdm import tqdm

from utils.machine import return_memory
from utils.models import LanguageModel

MAX_NEW_TOKENS = 32  # the same cap for every system
BATCH_SIZE = 16  # decoding 16 at once takes hardly longer than decoding one
ENOUGH = 0.25  # share of a batch's rows that have ended: from there on to drop them pays


@dataclass(frozen=True)
class Generation:
    """One generated text. Seconds are its share of the batch it was in."""

    text: str
    prompt_tokens: int
    answer_tokens: int
    batched: int
    prefill_s: float
    decode_s: float


def render(lm: LanguageModel, messages: Sequence[dict[str, str]]) -> str:
    """The prompt's text by the tokenizer's own chat template, up to where the answer begins."""
    return lm.tokenizer.apply_chat_template(list(messages), tokenize=False, add_generation_prompt=True)


def generate(
    lm: LanguageModel,
    prompts: Sequence[str],
    max_new_tokens: int = MAX_NEW_TOKENS,
    batch_size: int = BATCH_SIZE,
    progress: str | None = None,
) -> list[Generation]:
    """The greedy continuation of each prompt, in the order given. Prompts of like length share a batch.

    ValueError for a prompt that the model's context can't hold.
    """
    ids = [lm.tokenizer(prompt, add_special_tokens=False).input_ids for prompt in prompts]
    limit = lm.model.config.max_position_embeddings - max_new_tokens
    if ids and max(map(len, ids)) > limit:
        raise ValueError(f"a prompt has {max(map(len, ids))} tokens and the model reads {limit}: fewer or shorter passages")
    order = sorted(range(len(ids)), key=lambda number: len(ids[number]), reverse=True)
    done: dict[int, Generation] = {}
    with tqdm(total=len(ids), desc=progress, disable=progress is None, leave=False) as bar:
        for start in range(0, len(order), batch_size):
            batch = order[start : start + batch_size]
            done |= zip(batch, generate_batch(lm, [ids[number] for number in batch], max_new_tokens))
            bar.update(len(batch))
            return_memory()  # the cache of past tokens, in a new size at every step
    return [done[number] for number in range(len(ids))]


@torch.inference_mode()
def generate_batch(lm: LanguageModel, prompts: Sequence[Sequence[int]], max_new_tokens: int) -> list[Generation]:
    """Greedy decoding of one batch: all prompts are read at once, then a token a step until every answer has ended.

    Rows that have ended are dropped as soon as they are ENOUGH: dropping copies the cache of the others.
    """
    start = time.perf_counter()
    output, mask = read_prompts(lm, prompts)
    past, token = output.past_key_values, output.logits[:, -1].argmax(-1)
    answers = [[first] for first in token.tolist()]  # .tolist() waits for an asynchronous device
    prefilled = time.perf_counter()
    rows, ended, droppable = list(range(len(prompts))), ends(token, lm), sees_whole_past(lm)
    for _ in range(1, max_new_tokens):
        if ended.all():
            break
        if droppable and ended.sum() >= ENOUGH * len(rows):
            going = (~ended).nonzero()[:, 0]
            past.batch_select_indices(going)
            rows, token, mask, ended = [rows[place] for place in going], token[going], mask[going], ended[going]
        output, mask = read_token(lm, token, past, mask)
        past, token = output.past_key_values, output.logits[:, -1].argmax(-1)
        ended |= ends(token, lm)
        for row, new in zip(rows, token.tolist()):
            answers[row].append(new)
    decoded = time.perf_counter()
    n = len(prompts)
    answers = [cut(answer, lm) for answer in answers]
    return [
        Generation(
            text=lm.tokenizer.decode(answer, skip_special_tokens=True).strip(),
            prompt_tokens=len(prompt),
            answer_tokens=len(answer),
            batched=n,
            prefill_s=(prefilled - start) / n,
            decode_s=(decoded - prefilled) / n,
        )
        for prompt, answer in zip(prompts, answers)
    ]


def read_prompts(lm: LanguageModel, prompts: Sequence[Sequence[int]]) -> tuple[object, torch.Tensor]:
    """The model's output at the last token of each prompt, and the mask of what it has read, (rows, columns).

    What all prompts begin with is computed once, and each row goes on from a copy. The columns are that beginning, then
    padding, then the rest of the row.
    """
    shared = count_shared(prompts) if sees_whole_past(lm) else 0
    past = None
    if shared:
        begin = torch.tensor([prompts[0][:shared]], device=lm.device)
        past = lm.model(input_ids=begin, use_cache=True, logits_to_keep=last_places(1, lm)).past_key_values
        past.batch_repeat_interleave(len(prompts))
    ids, mask = pad_left([prompt[shared:] for prompt in prompts], lm.tokenizer.eos_token_id, lm.device)
    mask = torch.cat([mask.new_ones(len(mask), shared), mask], dim=1)
    places = positions(mask)[:, shared:]
    output = lm.model(
        input_ids=ids,
        attention_mask=mask,
        position_ids=places,
        past_key_values=past,
        use_cache=True,
        logits_to_keep=last_places(1, lm),
    )
    return output, mask


def last_places(n: int, lm: LanguageModel) -> torch.Tensor:
    """The last n places of each row, for `logits_to_keep`, as an index.

    Given as a number, they are a slice with gaps between its rows. For that torch multiplies each row by a copy of the
    output layer's weights of its own: in bfloat16 on a processor a third of the reading, and much memory.
    """
    return torch.arange(-n, 0, device=lm.device)


def read_token(lm: LanguageModel, token: torch.Tensor, past: object, mask: torch.Tensor) -> tuple[object, torch.Tensor]:
    """The model's output after one more token in each row, (rows,), and the mask with its column."""
    mask = torch.cat([mask, mask.new_ones(len(mask), 1)], dim=1)
    places = positions(mask)[:, -1:]
    output = lm.model(
        input_ids=token[:, None], attention_mask=mask, position_ids=places, past_key_values=past, use_cache=True
    )
    return output, mask


def count_shared(rows: Sequence[Sequence[int]]) -> int:
    """How many tokens all rows begin with, at least one short of the shortest row; none for a row that is alone.

    >>> count_shared([[5, 6, 7], [5, 6, 8, 9]]), count_shared([[5, 6], [5, 6]]), count_shared([[5, 6, 7]])
    (2, 1, 0)
    """
    columns = zip(*(row[:-1] for row in rows)) if len(rows) > 1 else ()
    return sum(1 for _ in takewhile(lambda column: len(set(column)) == 1, columns))


def sees_whole_past(lm: LanguageModel) -> bool:
    """Whether every layer attends to all that came before. A window or a recurrence would count padding in the middle."""
    kinds = getattr(lm.model.config, "layer_types", None)
    if kinds is None:
        return getattr(lm.model.config, "sliding_window", None) is None
    return set(kinds) == {"full_attention"}


def pad_left(rows: Sequence[Sequence[int]], filler: int, device: str) -> tuple[torch.Tensor, torch.Tensor]:
    """Token ids and attention mask, both (rows, longest): answers begin in the same column."""
    width = max(map(len, rows))
    ids = torch.tensor([[filler] * (width - len(row)) + list(row) for row in rows], device=device)
    mask = torch.tensor([[0] * (width - len(row)) + [1] * len(row) for row in rows], device=device)
    return ids, mask


def positions(mask: torch.Tensor) -> torch.Tensor:
    """Each token's position among the tokens that count, (rows, width)."""
    return (mask.cumsum(-1) - 1).clamp(min=0)


def end_tokens(lm: LanguageModel) -> list[int]:
    """Ids that end an answer."""
    ids = lm.model.generation_config.eos_token_id
    ids = [] if ids is None else ids if isinstance(ids, list) else [ids]
    return sorted({*ids, lm.tokenizer.eos_token_id})


def ends(token: torch.Tensor, lm: LanguageModel) -> torch.Tensor:
    """Which rows end with this token."""
    return torch.isin(token, torch.tensor(end_tokens(lm), device=token.device))


def cut(tokens: list[int], lm: LanguageModel) -> list[int]:
    """The tokens before the first that ends the answer."""
    stop = end_tokens(lm)
    return next((tokens[:place] for place, token in enumerate(tokens) if token in stop), tokens)
