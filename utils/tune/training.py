"""The training loop: steps, a validation curve, resumable every hundred steps or so. What a loss is stays in `loss`."""

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
from utils.tune.forms import fast_forms
from utils.tune.lora import RETRAIN, add_adapter, save_adapter, trainable
from utils.tune.loss import Prepared, answer_loss
from utils.tune.schedule import LEG, Settings, learning_rate, plan_batches, plan_legs

# Steps from one handing back of memory to the next. Never, and a run over long examples grows to twice its memory; at each,
# and a tenth of its time is lost.
RETURN_EVERY = 8


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
    provenance = made_from(lm, examples, validation, settings)
    if folder.exists():
        return read_trained(folder, provenance)
    return_memory()
    start = time.perf_counter()
    model = add_adapter(lm, settings.rank, settings.lowest_layer, settings.seed)
    try:
        run = Run(model, settings, folder.parent / f".{folder.name}.checkpoint", provenance)
        with fast_forms(model):
            held = Prepared(model, validation, settings.lowest_layer)
            learn = Prepared(model, examples, settings.lowest_layer, keep=settings.epochs > 1)
            curve, seconds = run.epochs(learn, held, start, progress)
        save_adapter(model, folder, {**provenance, "curve": curve, "seconds": seconds})
    finally:
        model.unload().eval()  # hands the base model back as it came, without the adapter
        return_memory()
    run.checkpoint.unlink(missing_ok=True)
    return Trained(folder, tuple(map(tuple, curve)), seconds)


def made_from(
    lm: LanguageModel, examples: Sequence[Encoded], validation: Sequence[Encoded], settings: Settings
) -> dict[str, object]:
    """What an adapter depends on, as its manifest holds it."""
    data_sha256 = hash_examples(examples, validation)
    return {"model_sha256": lm.sha256, "data_sha256": data_sha256, "settings": asdict(settings)}


def read_trained(folder: Path, provenance: dict) -> Trained:
    """An adapter trained before, after checking that it is whole and made from the same model, data and settings."""
    manifest = check_manifest(folder, RETRAIN, **provenance)
    return Trained(folder, tuple(map(tuple, manifest["curve"])), manifest["seconds"])


def hash_examples(*sets: Sequence[Encoded]) -> str:
    """One hash over all tokens and labels, and over which set they are in: the curve depends on the validation, too."""
    return sha256_text(repr([[(example.ids, example.labels) for example in examples] for examples in sets]))


def count_scored(example: Encoded) -> int:
    """How many of its tokens the loss is over."""
    return sum(label != MASKED for label in example.labels)


class Run:
    """One training run with its optimiser, able to stop after any leg and go on in another process."""

    def __init__(self, model: PeftModel, settings: Settings, checkpoint: Path, made_from: dict):
        self.model, self.settings, self.checkpoint, self.made_from = model, settings, checkpoint, made_from
        self.parameters = trainable(model)
        self.optimiser = torch.optim.AdamW(
            self.parameters.values(), lr=settings.learning_rate, weight_decay=0.0, fused=True
        )
        half = model.get_base_model().dtype == torch.float16
        self.scaler = torch.amp.GradScaler(model.device.type, enabled=half)  # float16 gradients underflow without it

    def epochs(self, learn: Prepared, held: Prepared, start: float, progress: str | None) -> tuple[list, float]:
        """Train to the last epoch: ([epochs so far, training loss, validation loss] a leg, seconds over all starts)."""
        curve, before = self.resume()
        n, size, epochs = len(learn.examples), self.settings.batch_size, self.settings.epochs
        batches = [batch for epoch in range(epochs) for batch in plan_batches(n, size, self.settings.seed, epoch)]
        legs = plan_legs(len(batches) // epochs, epochs)
        done = legs[len(curve) - 1][1] if curve else 0
        with tqdm(total=len(batches), initial=done, desc=progress, disable=progress is None) as bar:
            for first, end in legs[len(curve) :]:
                losses = []
                for number in range(first, end):
                    losses.append(self.step(learn, batches[number], number, len(batches)))
                    if number % RETURN_EVERY == 0:
                        return_memory()
                    bar.update()
                curve.append([end * epochs / len(batches), sum(losses) / len(losses), self.validate(held)])
                self.save(curve, before + time.perf_counter() - start)
        return curve, before + time.perf_counter() - start

    def step(self, learn: Prepared, batch: Sequence[int], step: int, total: int) -> float:
        """One update from the examples with these numbers, a part at a time; returns its loss."""
        for group in self.optimiser.param_groups:
            group["lr"] = learning_rate(step, total, self.settings)
        n_scored, total_loss = sum(count_scored(learn.examples[number]) for number in batch), 0.0
        for part in learn.parts(batch):
            loss = answer_loss(self.model, part, self.settings.lowest_layer) * (len(part.labels) / n_scored)
            self.scaler.scale(loss).backward()
            total_loss += loss.item()
        self.scaler.unscale_(self.optimiser)
        torch.nn.utils.clip_grad_norm_(self.parameters.values(), 1.0)
        self.scaler.step(self.optimiser)
        self.scaler.update()
        self.optimiser.zero_grad()
        return total_loss

    @torch.no_grad()
    def validate(self, held: Prepared) -> float | None:
        """Mean loss over the tokens of the validation answers; None where there are none."""
        parts = held.parts(range(len(held.examples)))
        losses = [(answer_loss(self.model, part, self.settings.lowest_layer).item(), len(part.labels)) for part in parts]
        return sum(loss * n for loss, n in losses) / sum(n for _, n in losses) if losses else None

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
