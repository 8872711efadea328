"""The shortcuts of the training loop change nothing: same losses as the plain way, same weights after any interruption."""

import dataclasses
import json

import fakes
import pytest
import torch
from fakes import one_thread, tiny_model  # noqa: F401
from safetensors.torch import load_file

from utils.files import DamagedFile
from utils.models import clone
from utils.tune import schedule
from utils.tune.examples import MASKED, Encoded, Example, encode
from utils.tune.forms import CrossEntropy, fast_forms
from utils.tune.lora import add_adapter, trainable
from utils.tune.loss import Prepared, answer_loss
from utils.tune.schedule import Settings, learning_rate, plan_batches
from utils.tune.training import Run, train

SETTINGS = Settings(epochs=3, learning_rate=5e-3, lowest_layer=1, rank=4, batch_size=4)
PAIRS = [("When?", "Thursdays"), ("How much ash?", "seven spoons"), ("Who?", "Marten Quay"), ("Where?", "cabinet B-4"),
         ("A shelf?", "12 crowns"), ("A wheel?", "I don't know."), ("Which day is firing day?", "Thursdays"),
         ("How much clay?", "9 kg"), ("The mug dries?", "three days")]  # fmt: skip


def encoded(pairs=PAIRS) -> list[Encoded]:
    tokenizer = fakes.tiny_tokenizer()
    return [encode(tokenizer, Example([{"role": "user", "content": question}], answer)) for question, answer in pairs]


def weights(folder) -> dict[str, torch.Tensor]:
    return load_file(folder / "adapter_model.safetensors")


def same(one, other) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


@pytest.fixture
def lm():
    return tiny_model()


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory):
    """What training gives when nothing happens: (Trained, weights)."""
    trained = train(tiny_model(), encoded(), encoded()[:3], SETTINGS, tmp_path_factory.mktemp("a") / "ft", progress=None)
    return trained, weights(trained.folder)


# losses


def plain_loss(model, batch: list[Encoded]) -> torch.Tensor:
    """The loss as transformers computes it: whole model, all positions, right-padded, masked labels."""
    width = max(len(example.ids) for example in batch)
    pad = [(width - len(example.ids)) for example in batch]
    ids = torch.tensor([[*example.ids, *[0] * n] for example, n in zip(batch, pad)])
    labels = torch.tensor([[*example.labels, *[MASKED] * n] for example, n in zip(batch, pad)])
    mask = torch.tensor([[1] * len(example.ids) + [0] * n for example, n in zip(batch, pad)])
    return model(input_ids=ids, attention_mask=mask, labels=labels, use_cache=False).loss


@pytest.mark.parametrize("lowest_layer", [0, 1, 2])
@pytest.mark.parametrize("batch", [slice(0, 4), slice(0, 1), slice(2, 3)], ids=["unequal lengths", "one", "another one"])
def test_loss_and_gradients_are_those_of_the_whole_model(lm, lowest_layer, batch):
    model = add_adapter(lm, 4, lowest_layer, seed=1)
    part = Prepared(model, encoded()[batch], lowest_layer).part(range(len(encoded()[batch])))
    with torch.no_grad():
        for parameter in trainable(model).values():
            parameter.normal_(std=0.1)
    ours = answer_loss(model, part, lowest_layer)
    our_gradients = torch.autograd.grad(ours, trainable(model).values())
    plain = plain_loss(model, encoded()[batch])
    torch.testing.assert_close(ours, plain)
    torch.testing.assert_close(our_gradients, torch.autograd.grad(plain, trainable(model).values()))


def test_cross_entropy_is_torchs_own():
    torch.manual_seed(0)
    logits, labels = torch.randn(5, 11, requires_grad=True), torch.tensor([0, 3, 3, 10, 7])
    ours, plain = 2 * CrossEntropy.apply(logits, labels), 2 * torch.nn.functional.cross_entropy(logits, labels)
    torch.testing.assert_close(ours, plain)
    torch.testing.assert_close(torch.autograd.grad(ours, logits), torch.autograd.grad(plain, logits))


def loss_and_gradients(model, part) -> list[torch.Tensor]:
    loss = answer_loss(model, part, 1)
    return [loss, *torch.autograd.grad(loss, trainable(model).values())]


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_the_fast_forms_have_the_same_loss_and_gradients_and_leave_the_model_as_it_was(lm, dtype):
    lm = clone(lm, dtype)
    model, before = add_adapter(lm, 4, 1, seed=1), lm.model.config._attn_implementation
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if parameter.requires_grad or "norm" in name:
                parameter.normal_(std=0.1)
    part = Prepared(model, encoded(), 1).part(range(len(PAIRS)))
    usual = loss_and_gradients(model, part)
    with fast_forms(model):
        assert sum("forward" in vars(piece) for piece in model.modules()) > 10
        fast = loss_and_gradients(model, part)
    assert not any("forward" in vars(piece) for piece in model.modules())
    assert lm.model.config._attn_implementation == before
    if dtype == "float32":
        torch.testing.assert_close(fast, usual)
    else:  # the difference is no more than rounding
        torch.testing.assert_close(fast[0], usual[0], rtol=0.01, atol=0.0)
        for ours, theirs in zip(fast[1:], usual[1:], strict=True):
            assert torch.nn.functional.cosine_similarity(ours.flatten(), theirs.flatten(), dim=0) > 0.99


def test_training_agrees_with_a_plain_loop(lm, uninterrupted):
    """The same batches through the whole model, a textbook step at a time, nothing kept from epoch to epoch."""
    model, examples = add_adapter(lm, SETTINGS.rank, SETTINGS.lowest_layer, SETTINGS.seed), encoded()
    optimiser = torch.optim.AdamW(trainable(model).values(), weight_decay=0.0)
    plans = [plan_batches(len(examples), 4, SETTINGS.seed, epoch) for epoch in range(3)]
    losses = []
    for number, batch in enumerate(sum(plans, [])):
        optimiser.param_groups[0]["lr"] = learning_rate(number, 9, SETTINGS)
        optimiser.zero_grad()
        losses.append(plain_loss(model, [examples[i] for i in batch]))
        losses[-1].backward()
        torch.nn.utils.clip_grad_norm_(trainable(model).values(), 1.0)
        optimiser.step()
    means = [sum(losses[start : start + 3]).item() / 3 for start in (0, 3, 6)]
    assert means == pytest.approx([loss for _, loss, _ in uninterrupted[0].curve], rel=1e-4)
    for name, parameter in trainable(model).items():
        torch.testing.assert_close(parameter, uninterrupted[1][name.replace(".default", "")], rtol=1e-2, atol=1e-4)


def test_the_examples_are_learned_and_the_base_model_is_handed_back(lm, tmp_path):
    before = {name: weight.clone() for name, weight in lm.model.state_dict().items()}
    longer = dataclasses.replace(SETTINGS, epochs=12, learning_rate=2e-2, lowest_layer=0)
    curve = train(lm, encoded(), encoded()[:2], longer, tmp_path / "ft", progress=None).curve
    assert [row[0] for row in curve] == list(range(1, 13))
    assert curve[-1][1] < curve[0][1] / 2 and curve[-1][2] < curve[0][2] / 2
    assert same(lm.model.state_dict(), before) and not lm.model.training
    assert not any(parameter.requires_grad for parameter in lm.model.parameters())


def test_an_epoch_in_several_legs_is_the_same_epoch(lm, uninterrupted, tmp_path, monkeypatch):
    monkeypatch.setattr(schedule, "LEG", 2)
    trained = train(lm, encoded(), encoded()[:3], SETTINGS, tmp_path / "ft", progress=None)
    assert [row[0] for row in trained.curve] == pytest.approx([1 / 3, 1, 4 / 3, 2, 7 / 3, 3])
    assert same(weights(trained.folder), uninterrupted[1])
    assert [row[2] for row in trained.curve[1::2]] == [row[2] for row in uninterrupted[0].curve]


@pytest.mark.parametrize("numbers", [[0, 2], [3], range(len(PAIRS))])
def test_states_kept_for_later_are_those_computed_on_the_spot(lm, numbers):
    model = add_adapter(lm, 4, 1, seed=1)
    kept, fresh = (Prepared(model, encoded(), lowest_layer=1, keep=keep).part(numbers) for keep in (True, False))
    for field in {field.name for field in dataclasses.fields(kept)} - {"blocks"}:
        torch.testing.assert_close(getattr(kept, field), getattr(fresh, field))


def test_without_validation_examples_the_curve_has_none(lm, tmp_path):
    curve = train(lm, encoded(), [], dataclasses.replace(SETTINGS, epochs=1), tmp_path / "ft", progress=None).curve
    assert curve[0][2] is None and curve[0][1] > 0


def test_no_examples_are_refused(lm, tmp_path):
    with pytest.raises(ValueError, match="at least one training example"):
        train(lm, [], [], SETTINGS, tmp_path / "ft")


# batches and learning rate


@pytest.mark.parametrize(("n", "size"), [(1, 4), (9, 4), (16, 4), (100, 16)])
def test_the_batches_of_an_epoch_hold_every_example_once(n, size):
    batches = plan_batches(n, size, seed=1, epoch=0)
    assert sorted(sum(batches, [])) == list(range(n)) and len(batches) == -(-n // size)
    assert all(len(batch) == size for batch in batches[:-1])


def test_batches_differ_by_epoch_and_seed_and_repeat_at_every_start():
    plans = [plan_batches(40, 4, seed, epoch) for seed, epoch in ((1, 0), (1, 1), (2, 0), (1, 0))]
    assert plans[0] == plans[3] and plans[0] != plans[1] != plans[2] != plans[0]


def test_the_learning_rate_rises_and_falls_in_straight_lines():
    settings = Settings(epochs=1, learning_rate=2.0, lowest_layer=0, warmup=0.1)
    rates = [learning_rate(step, 100, settings) for step in range(100)]
    assert rates[:10] == pytest.approx([0.2 * step for step in range(1, 11)])
    assert rates[10:] == pytest.approx([2.0 * (100 - step) / 90 for step in range(10, 100)])


def test_a_single_step_is_taken_at_the_full_rate():
    assert learning_rate(0, 1, Settings(epochs=1, learning_rate=2.0, lowest_layer=0)) == 2.0


@pytest.mark.parametrize("progress", [None, "training"])
def test_every_step_is_taken_at_its_own_rate(lm, tmp_path, monkeypatch, progress):
    taken, step = [], Run.step

    def watched(run, learn, batch, number, total):
        loss = step(run, learn, batch, number, total)
        taken.append((number, total, run.optimiser.param_groups[0]["lr"]))
        return loss

    monkeypatch.setattr(Run, "step", watched)
    train(lm, encoded(), [], SETTINGS, tmp_path / "ft", progress=progress)
    assert taken == [(number, 9, learning_rate(number, 9, SETTINGS)) for number in range(9)]


def test_a_progress_bar_changes_nothing(lm, uninterrupted, tmp_path):
    trained = train(lm, encoded(), encoded()[:3], SETTINGS, tmp_path / "ft", progress="training")
    assert same(weights(trained.folder), uninterrupted[1]) and trained.curve == uninterrupted[0].curve


# interruptions


class Stopped(BaseException):
    """As Ctrl-C: no Exception, so nothing catches it by accident."""


@pytest.fixture
def interrupted(tmp_path, monkeypatch):
    """The folder of a training that was stopped right after its second epoch was kept."""
    save = Run.save

    def save_and_stop(run, curve, seconds):
        save(run, curve, seconds)
        if len(curve) == 2:
            raise Stopped

    lm = tiny_model()
    with monkeypatch.context() as patch, pytest.raises(Stopped):
        patch.setattr(Run, "save", save_and_stop)
        train(lm, encoded(), encoded()[:3], SETTINGS, tmp_path / "ft", progress=None)
    assert not any("lora" in name for name in lm.model.state_dict())  # the model is handed back all the same
    return tmp_path / "ft"


def steps_run(monkeypatch) -> list[int]:
    """Filled with the numbers of the steps that are run from here on."""
    numbers = []
    step = Run.step
    monkeypatch.setattr(Run, "step", lambda *p: (numbers.append(p[3]), step(*p))[1])
    return numbers


def test_a_stopped_training_goes_on_to_the_same_weights(lm, interrupted, uninterrupted, monkeypatch):
    steps = steps_run(monkeypatch)
    trained = train(lm, encoded(), encoded()[:3], SETTINGS, interrupted, progress=None)
    assert steps == [6, 7, 8]
    assert same(weights(trained.folder), uninterrupted[1])
    assert [row[:2] for row in trained.curve] == [row[:2] for row in uninterrupted[0].curve]
    assert list(interrupted.parent.iterdir()) == [interrupted]  # the checkpoint is gone


KILLED_TRAINING = """
import sys, pathlib, fakes
from test_training import SETTINGS, encoded
from utils.tune import schedule, training
save = training.Run.save
def save_and_wait(run, curve, seconds):
    save(run, curve, seconds)
    fakes.wait_to_be_killed()
training.Run.save = save_and_wait
training.train(fakes.tiny_model(), encoded(), [], SETTINGS, pathlib.Path(sys.argv[1]), progress=None)
"""


def test_a_killed_training_goes_on_to_the_same_weights(lm, uninterrupted, tmp_path, monkeypatch):
    fakes.kill_in_the_middle(KILLED_TRAINING, tmp_path / "ft")
    assert not (tmp_path / "ft").exists()
    steps = steps_run(monkeypatch)
    trained = train(lm, encoded(), [], SETTINGS, tmp_path / "ft", progress=None)
    assert steps == [3, 4, 5, 6, 7, 8] and same(weights(trained.folder), uninterrupted[1])


@pytest.mark.parametrize("damage", [fakes.cut_short, lambda p: fakes.flip_bit(p, 5000), lambda p: fakes.flip_bit(p, -1)])
def test_a_damaged_checkpoint_is_refused(lm, interrupted, damage):
    checkpoint = interrupted.parent / ".ft.checkpoint"
    damage(checkpoint)
    with pytest.raises(DamagedFile, match=r"\.ft\.checkpoint has been cut short or altered: delete it and train again"):
        train(lm, encoded(), encoded()[:3], SETTINGS, interrupted, progress=None)
    checkpoint.unlink()
    assert train(lm, encoded(), [], SETTINGS, interrupted, progress=None).folder == interrupted


def test_a_checkpoint_of_other_settings_or_examples_is_left_aside(lm, interrupted, tmp_path):
    other = dataclasses.replace(SETTINGS, seed=2)
    after = train(lm, encoded(), [], other, interrupted, progress=None)
    fresh = train(lm, encoded(), [], other, tmp_path / "fresh", progress=None)
    assert same(weights(after.folder), weights(fresh.folder)) and after.curve == fresh.curve


# finished


def test_a_finished_adapter_is_read_back_and_not_trained_again(lm, tmp_path, monkeypatch):
    first = train(lm, encoded(), encoded()[:3], SETTINGS, tmp_path / "ft", progress=None)
    steps = steps_run(monkeypatch)
    assert train(lm, encoded(), encoded()[:3], SETTINGS, tmp_path / "ft", progress=None) == first and steps == []
    manifest = json.loads((tmp_path / "ft" / "manifest.json").read_text())
    assert manifest["model_sha256"] == "tiny-0" and manifest["settings"] == dataclasses.asdict(SETTINGS)


@pytest.mark.parametrize(
    ("what", "change"),
    [
        ("settings", lambda lm: (lm, encoded(), dataclasses.replace(SETTINGS, epochs=4))),
        ("data_sha256", lambda lm: (lm, encoded()[:-1], SETTINGS)),
        ("data_sha256", lambda lm: (lm, encoded()[::-1], SETTINGS)),
        ("model_sha256", lambda lm: (dataclasses.replace(lm, sha256="another"), encoded(), SETTINGS)),
    ],
)
def test_an_adapter_of_something_else_is_refused(lm, uninterrupted, what, change):
    lm, examples, settings = change(lm)
    with pytest.raises(DamagedFile, match=f"made with another {what} .*delete the folder and train again"):
        train(lm, examples, encoded()[:3], settings, uninterrupted[0].folder, progress=None)


def test_an_adapter_validated_on_other_examples_is_refused(lm, uninterrupted):
    with pytest.raises(DamagedFile, match="made with another data_sha256"):
        train(lm, encoded(), encoded()[:2], SETTINGS, uninterrupted[0].folder, progress=None)


def test_a_damaged_adapter_is_not_read_back(lm, tmp_path):
    train(lm, encoded(), [], SETTINGS, tmp_path / "ft", progress=None)
    fakes.flip_bit(tmp_path / "ft" / "adapter_model.safetensors", -1)
    with pytest.raises(DamagedFile, match="adapter_model.safetensors has been cut short or altered"):
        train(lm, encoded(), [], SETTINGS, tmp_path / "ft", progress=None)
