"""The training loop: masked prompts, equal-length batches, a validation curve, resumable every hundred steps or so.

Two things make it fast on a small machine. Layers below the lowest adapted one never change, so what they compute is
computed once and kept (`encode_below`). And only the answer's tokens are scored, so only they pass the output layer.
"""

import hashlib
import io
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from peft import PeftModel
from tqdm import tqdm

from utils.files import DamagedFile, atomic_file, check_manifest, sha256_text
from utils.machine import return_memory
from utils.models import LanguageModel
from utils.tune.examples import MASKED, Encoded
from utils.tune.lora import RETRAIN, add_adapter, lower_layers, save_adapter, trainable, upper_layers
from utils.tune.schedule import LEG, Settings, learning_rate, plan_batches, plan_legs

MAX_TOKENS = 512  # computed at once in training; 15 layers keep about 0.35 GiB for their gradients


@dataclass(frozen=True)
class Trained:
    """A finished adapter: its folder, (epochs so far, training loss, validation loss) a leg, and the seconds it took."""

    folder: Path
    curve: tuple[tuple[float, float, float | None], ...]
    seconds: float


def train(
    lm: LanguageModel,
    examples: Sequence[Encoded],
    validation: Sequence[Encoded],
    settings: Settings,
    folder: Path,
    progress: str | None = "training",
) -> Trained:
    """Train an adapter and save it in `folder`. Finished before: read back. Killed before: goes on after its last leg.

    ValueError for no examples; DamagedFile when the folder holds an adapter of other data or settings.
    """
    if not examples:
        raise ValueError("need at least one training example")
    provenance = {"model_sha256": lm.sha256, "data_sha256": hash_examples(examples), "settings": asdict(settings)}
    if folder.exists():
        return read_trained(folder, provenance)
    return_memory()
    start = time.perf_counter()
    held = encode_below(lm, validation, settings)
    model = add_adapter(lm, settings.rank, settings.lowest_layer, settings.seed)
    try:
        run = Run(model, settings, len(examples), folder.parent / f".{folder.name}.checkpoint", provenance)
        prepare = Prepare(lm, examples, settings)
        curve, seconds = run.epochs(prepare, held, start, progress)
        save_adapter(model, folder, {**provenance, "curve": curve, "seconds": seconds})
    finally:
        model.unload().eval()  # hands the base model back as it came, without the adapter
        return_memory()
    run.checkpoint.unlink(missing_ok=True)
    return Trained(folder, tuple(map(tuple, curve)), seconds)


def read_trained(folder: Path, provenance: dict) -> Trained:
    """An adapter trained before, after checking that it is whole and made from the same model, data and settings."""
    manifest = check_manifest(folder, RETRAIN, **provenance)
    return Trained(folder, tuple(map(tuple, manifest["curve"])), manifest["seconds"])


def hash_examples(examples: Sequence[Encoded]) -> str:
    """One hash over all tokens and labels."""
    return sha256_text(repr([(example.ids, example.labels) for example in examples]))


Prepared = tuple[torch.Tensor, torch.Tensor]  # hidden states (tokens, width) after the frozen layers; labels (tokens,)


@torch.inference_mode(False)
@torch.no_grad()
def encode_below(lm: LanguageModel, examples: Sequence[Encoded], settings: Settings) -> list[Prepared]:
    """Each example's hidden states where the first adapted layer begins, computed once for all epochs."""
    prepared: dict[int, Prepared] = {}
    decoder = lm.model.get_decoder()
    order = sorted(range(len(examples)), key=lambda number: len(examples[number].ids))
    with lower_layers(decoder, settings.lowest_layer):
        for start in range(0, len(order), settings.batch_size):
            batch = order[start : start + settings.batch_size]
            rows = [torch.tensor(examples[number].ids) for number in batch]
            ids, mask = pad_right(rows)
            hidden = decoder(input_ids=ids.to(lm.device), attention_mask=on_device(mask, lm.device), use_cache=False)[0]
            for number, states in zip(batch, hidden):
                labels = torch.tensor(examples[number].labels, device=lm.device)
                prepared[number] = (states[: len(labels)].clone(), labels)
    return [prepared[number] for number in range(len(examples))]


class Prepare:
    """Examples after the frozen layers, by number: computed when first asked for, and kept if they will be asked again."""

    def __init__(self, lm: LanguageModel, examples: Sequence[Encoded], settings: Settings):
        self.lm, self.examples, self.settings = lm, examples, settings
        self.kept: dict[int, Prepared] = {}

    def __call__(self, numbers: set[int]) -> dict[int, Prepared]:
        """number → example, for these numbers. A single epoch keeps nothing: all of it would fill hundreds of MiB."""
        missing = sorted(numbers - self.kept.keys())
        found = self.kept | dict(zip(missing, encode_below(self.lm, [self.examples[n] for n in missing], self.settings)))
        if self.settings.epochs > 1:
            self.kept = found
        return found


def pad_right(rows: Sequence[torch.Tensor], filler: float = 0) -> tuple[torch.Tensor, torch.Tensor | None]:
    """Rows of unequal length as one tensor, and its attention mask; None for the mask where all are equally long."""
    padded = torch.nn.utils.rnn.pad_sequence(list(rows), batch_first=True, padding_value=filler)
    if len({len(row) for row in rows}) == 1:
        return padded, None  # without a mask attention takes its faster causal path
    lengths = torch.tensor([len(row) for row in rows])
    return padded, (torch.arange(padded.shape[1])[None] < lengths[:, None]).long()


def on_device(mask: torch.Tensor | None, device: str) -> torch.Tensor | None:
    """The mask on the model's device."""
    return None if mask is None else mask.to(device)


def answer_loss(model: PeftModel, decoder: torch.nn.Module, batch: Sequence[Prepared]) -> torch.Tensor:
    """Mean cross entropy over the answers' tokens. Only they go through the output layer, as one flat matrix."""
    hidden, mask = pad_right([states for states, _ in batch])
    labels, _ = pad_right([labels for _, labels in batch], MASKED)
    with torch.autocast(hidden.device.type, dtype=hidden.dtype, enabled=hidden.dtype != torch.float32):
        states = decoder(inputs_embeds=hidden, attention_mask=on_device(mask, hidden.device), use_cache=False)[0]
        scored = labels[:, 1:] != MASKED  # position t predicts token t + 1
        logits = model.get_base_model().get_output_embeddings()(states[:, :-1][scored])
    return torch.nn.functional.cross_entropy(logits.float(), labels[:, 1:][scored])


def count_scored(example: Prepared) -> int:
    """How many of its tokens the loss is over."""
    return int((example[1] != MASKED).sum())


def split_batch(batch: Sequence[Prepared]) -> list[Sequence[Prepared]]:
    """Parts of at most MAX_TOKENS with their padding, whose gradients are added up: long batches then fit into memory."""
    rows = max(1, MAX_TOKENS // max(len(labels) for _, labels in batch))
    return [batch[start : start + rows] for start in range(0, len(batch), rows)]


class Run:
    """One training run with its optimiser, able to stop after any leg and go on in another process."""

    def __init__(self, model: PeftModel, settings: Settings, n_examples: int, checkpoint: Path, made_from: dict):
        self.model, self.settings, self.checkpoint, self.made_from = model, settings, checkpoint, made_from
        self.parameters = trainable(model)
        self.optimiser = torch.optim.AdamW(self.parameters.values(), lr=settings.learning_rate, weight_decay=0.0)
        half = model.get_base_model().dtype == torch.float16
        self.scaler = torch.amp.GradScaler(model.device.type, enabled=half)  # float16 gradients underflow without it
        self.steps_per_epoch = -(-n_examples // settings.batch_size)

    def epochs(self, prepare: Prepare, held: Sequence[Prepared], start: float, progress: str | None) -> tuple[list, float]:
        """Train to the last epoch: ([epochs so far, training loss, validation loss] a leg, seconds over all starts)."""
        curve, before = self.resume()
        lengths = [len(example.ids) for example in prepare.examples]
        batch_size, seed, epochs = self.settings.batch_size, self.settings.seed, self.settings.epochs
        batches = [batch for epoch in range(epochs) for batch in plan_batches(lengths, batch_size, seed, epoch)]
        legs = plan_legs(self.steps_per_epoch, epochs)
        done = legs[len(curve) - 1][1] if curve else 0
        with tqdm(total=len(batches), initial=done, desc=progress, disable=progress is None) as bar:
            for first, end in legs[len(curve) :]:
                examples = prepare({number for batch in batches[first:end] for number in batch})
                losses = []
                with upper_layers(self.model, self.settings.lowest_layer) as decoder:
                    for number in range(first, end):
                        batch = [examples[example] for example in batches[number]]
                        losses.append(self.step(decoder, batch, number, len(batches)))
                        return_memory()  # else a run over long examples grows to twice its memory
                        bar.update()
                    loss = self.validate(decoder, held)
                curve.append([end / self.steps_per_epoch, sum(losses) / len(losses), loss])
                self.save(curve, before + time.perf_counter() - start)
        return curve, before + time.perf_counter() - start

    def step(self, decoder: torch.nn.Module, batch: Sequence[Prepared], step: int, total: int) -> float:
        """One update; returns its loss."""
        for group in self.optimiser.param_groups:
            group["lr"] = learning_rate(step, total, self.settings)
        n_scored, total_loss = sum(map(count_scored, batch)), 0.0
        for part in split_batch(batch):
            loss = answer_loss(self.model, decoder, part) * (sum(map(count_scored, part)) / n_scored)
            self.scaler.scale(loss).backward()
            total_loss += loss.item()
        self.scaler.unscale_(self.optimiser)
        torch.nn.utils.clip_grad_norm_(self.parameters.values(), 1.0)
        self.scaler.step(self.optimiser)
        self.scaler.update()
        self.optimiser.zero_grad()
        return total_loss

    @torch.no_grad()
    def validate(self, decoder: torch.nn.Module, held: Sequence[Prepared]) -> float | None:
        """Mean loss over the validation examples; None where there are none."""
        size = self.settings.batch_size
        held = sorted(held, key=lambda example: len(example[1]))
        losses = [answer_loss(self.model, decoder, held[i : i + size]).item() for i in range(0, len(held), size)]
        return sum(losses) / len(losses) if losses else None

    def save(self, curve: list, seconds: float) -> None:
        """Keep everything the next leg depends on, whole or not at all."""
        state = {
            "made_from": repr((self.made_from, LEG)),
            "curve": curve,
            "seconds": seconds,
            "adapter": {name: parameter.detach() for name, parameter in self.parameters.items()},
            "optimiser": self.optimiser.state_dict(),
            "scaler": self.scaler.state_dict(),
        }
        buffer = io.BytesIO()
        torch.save(state, buffer)
        with atomic_file(self.checkpoint) as temporary:  # its hash first: torch.load takes a flipped bit without a word
            temporary.write_bytes(hashlib.sha256(buffer.getvalue()).digest() + buffer.getvalue())

    def resume(self) -> tuple[list, float]:
        """Take up a checkpoint of the same model, data and settings, if there is one: (curve so far, seconds so far)."""
        if not self.checkpoint.exists():
            return [], 0.0
        content = self.checkpoint.read_bytes()
        if hashlib.sha256(content[32:]).digest() != content[:32]:
            raise DamagedFile(f"{self.checkpoint} has been cut short or altered: delete it and train again")
        state = torch.load(io.BytesIO(content[32:]), weights_only=True, map_location=self.model.device)
        if state["made_from"] != repr((self.made_from, LEG)):
            return [], 0.0
        with torch.no_grad():
            for name, parameter in self.parameters.items():
                parameter.copy_(state["adapter"][name])
        self.optimiser.load_state_dict(state["optimiser"])
        self.scaler.load_state_dict(state["scaler"])
        return state["curve"], state["seconds"]
