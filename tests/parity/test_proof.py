"""The proof by itself: planted bugs are caught and named, and correct code is not accused."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import replace
from functools import wraps
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from benchmarks import planted_bugs
from benchmarks.mutations import MUTATIONS
from datamodules.quickdraw import QuickDrawDataModule
from experiment import history
from experiment.config import Data, DualTower, Experiment, Optimizer, Softmax, Trainer
from experiment.errors import UserError
from lightning_models import classifier as torch_classifier
from lightning_models import layers as torch_layers
from lightning_models import losses as torch_losses
from lightning_models import trainer as torch_trainer
from numpy_ref import classifier, layers, losses, optim, schedules, trainer
from numpy_ref.dual_tower import DualTower as NumpyDualTower
from numpy_ref.module import Sequential
from parity.compare import compare_experiment, in_both_dtypes
from parity.ledger import Finding, Ledger, Status
from parity.lockstep import compare_in_lockstep
from parity.numerical import compare_numerically
from parity.stopping import compare_stopping
from training.program import begin

Small = Callable[..., Experiment]
Patch = Callable[[pytest.MonkeyPatch], None]

MLP: dict[str, Any] = {
    "model": "softmax", "softmax": Softmax(hidden_dims=[6, 5], label_smoothing=0.1),
    "optimizer": Optimizer(lr=0.05, nesterov=True, weight_decay=0.01, l2=1e-3, schedule="step", decay_every=1),
}  # fmt: skip
CNN: dict[str, Any] = {
    "model": "softmax",
    "softmax": Softmax(layers=[
        {"Conv2d": {"out_channels": 2, "kernel_size": 3, "stride": 2}}, "BatchNorm2d", "ReLU",
        {"MaxPool2d": {"kernel_size": 3, "stride": 2}}, {"Dropout": 0.3}, {"Linear": 6}, "Tanh",
    ]),
    "optimizer": Optimizer(name="adam", lr=0.01, weight_decay=0.01),
}  # fmt: skip
TOWERS: dict[str, Any] = {
    "model": "dual_tower",
    "dual_tower": DualTower(
        image_dims=[6], word_dims=[5], embedding_dim=4, train_word_tower=True, margin_weight=1.0, contrast_weight=0.5
    ),
    "optimizer": Optimizer(lr=0.02, schedule="cosine"),
}


@pytest.fixture
def tiny(small: Small, subset: Path, glove: Path) -> Small:
    """Makes experiments on 54 drawings in batches of 20, for two epochs in float64."""

    def make(**fields: Any) -> Experiment:
        data = Data(
            source="subset", root=str(subset), word_vectors=str(glove), train_per_category=12, test_per_category=4,
            batch_size=fields.pop("batch_size", 20),
        )  # fmt: skip
        return small(**({"data": data, "trainer": Trainer(max_epochs=2, dtype="float64")} | fields))

    return make


def judged(experiment: Experiment) -> Ledger:
    """Both trainings in lock-step."""
    data = QuickDrawDataModule(experiment)
    runs = {
        track: begin(replace(experiment, experiment=f"lockstep_{track}"), track, data, data.metadata())
        for track in ("numpy", "lightning")
    }
    return compare_in_lockstep(experiment, data, runs, thorough=False).ledger


def differentiated(experiment: Experiment) -> Ledger:
    """Gradients beside central differences."""
    ledger = Ledger("float64")
    compare_numerically(experiment, QuickDrawDataModule(experiment), ledger)
    return ledger


def stopped(experiment: Experiment) -> Ledger:
    """Trainings whose validation losses are given."""
    ledger = Ledger("float64")
    compare_stopping(experiment, QuickDrawDataModule(experiment), ledger)
    return ledger


def assert_blamed(ledger: Ledger, stage: str, place: str) -> None:
    """The first difference has this stage, and its words or its code this place."""
    assert ledger.first is not None and not ledger.held
    words = f"{ledger.first} {' '.join(ledger.first.code)}"
    assert (ledger.first.stage, place in words) == (stage, True), words


# --- planted bugs


def put(where: Any, name: str, wrong: Callable[..., Any]) -> Patch:
    """Replace a function by one that gets the right one first, and then its arguments."""
    right = getattr(where, name)

    @wraps(right)  # so that the proof names the file of what was replaced
    def stand_in(*arguments: Any, **options: Any) -> Any:
        return wrong(right, *arguments, **options)

    return lambda monkeypatch: monkeypatch.setattr(where, name, stand_in)


def _twice_the_bias(right: Any, layer: Any, grad: np.ndarray) -> Any:
    result = right(layer, grad)
    layer.bias.grad *= 2
    return result


def _in_place(right: Any, layer: Any, x: np.ndarray) -> np.ndarray:
    y: np.ndarray = right(layer, x)
    x *= 0.5
    return y


def _all_layers_but_one(right: Any, network: Any, x: np.ndarray) -> np.ndarray:
    for layer in network.layers[:-2] + network.layers[-1:]:
        x = layer.forward(x)
    return x


def _one_way_back_but_one(right: Any, network: Any, grad: np.ndarray) -> None:
    for layer in reversed(network.layers[1:-2] + network.layers[-1:]):
        grad = layer.backward(grad)


def both(*patches: Patch) -> Patch:
    """All of the patches."""
    return lambda monkeypatch: [patch(monkeypatch) for patch in patches].clear()


def _without_momentum(right: Any, sgd: Any, w: np.ndarray, g: np.ndarray, *state: np.ndarray) -> None:
    w -= sgd.lr * g


def _biased(right: Any, norm: Any, mean: np.ndarray, variance: np.ndarray, rows: int) -> None:
    right(norm, mean, variance * (rows - 1) / rows, rows)


def _of_another_epoch(right: Any, model: Any, batch: Any, batch_idx: int = 0) -> Any:
    model.current_epoch += 1
    loss = right(model, batch, batch_idx)
    model.current_epoch -= 1
    return loss


def _penalty_doubled(right: Any, model: Any, batch: Any, batch_idx: int = 0) -> Any:
    loss = right(model, batch, batch_idx)
    for weight in model.penalized():
        weight.grad += 2e-3 * weight.data
    return loss


def _by_256(right: Any, model: Any, batch: Any) -> Any:
    return right(model, (batch[0] * (255 / 256), batch[1]))


def _in_another_order(right: Any, track: Any, epoch: int) -> Any:
    data, track.data = track.data, copy.copy(track.data)
    track.data.seed += epoch
    try:
        return right(track, epoch)
    finally:
        track.data = data


def _in_training_mode(right: Any, track: Any) -> Any:
    evaluate, track.model.eval = track.model.eval, lambda: track.model.train()
    try:
        return right(track)
    finally:
        track.model.eval = evaluate


IN_LOCKSTEP: list[tuple[str, dict[str, Any], Patch, str, str]] = [
    ("dL/db of Linear", MLP, put(layers.Linear, "backward", _twice_the_bias), "dL/dW", "Linear.backward"),
    ("ReLU's gate", MLP, put(layers.ReLU, "backward", lambda right, layer, grad: grad.copy()), "dL/dx", "ReLU.backward"),
    ("Normalize's Jacobian", TOWERS, put(layers.Normalize, "backward", lambda right, layer, grad: grad / layer._norm), "dL/dx", "Normalize.backward"),
    ("changed input", MLP, put(layers.ReLU, "forward", _in_place), "handover", "ReLU.forward"),
    ("layer left out", MLP, both(
        put(Sequential, "forward", _all_layers_but_one), put(Sequential, "backward_parameters", _one_way_back_but_one)
     ), "handover", "layers.4 (ReLU)"),
    ("scale of Tanh", CNN, put(layers.Tanh, "forward", lambda right, layer, x: right(layer, x) * (1 + 1e-10)), "forward", "Tanh.forward"),
    ("biased running variance", CNN, put(layers.BatchNorm2d, "_follow", _biased), "running statistics", "running_var of layers.1"),
    ("masks of another epoch", CNN, put(classifier.Classifier, "training_step", _of_another_epoch), "masks", "training_step"),
    ("margin's gradient", TOWERS, put(losses.MarginLoss, "backward", lambda right, loss: 2 * right(loss)), "loss gradient", "MarginLoss.backward"),
    ("temperature in PyTorch", TOWERS, put(torch_losses.CrossEntropyLoss, "forward",
     lambda right, loss, scores, labels: right(loss, 2 * scores, labels)), "loss", "contrast"),
    ("penalty's gradient", MLP, put(classifier.Classifier, "training_step", _penalty_doubled), "total gradient", "training_step"),
    ("momentum forgotten", MLP, put(optim.SGD, "update", _without_momentum), "update", "SGD"),
    ("frozen schedule", MLP, put(schedules, "step_lr", lambda right, lr, *_: lr), "schedule", "schedules.py"),
    ("words never trained", TOWERS, put(NumpyDualTower, "_backward_words", lambda right, model, grad: None), "handover", "word_norm"),
    ("pixels / 256", MLP, put(classifier.Classifier, "_step", _by_256), "handover", "0.996094 times"),
    ("another order", MLP, put(trainer.Trainer, "_train_epoch", _in_another_order), "batches", "numpy_ref/trainer.py"),
    ("labels of other images", CNN, put(QuickDrawDataModule, "labels", lambda right, data, split: np.roll(right(data, split), 1)), "pixels", "batches"),
    ("validation in training mode", CNN, put(trainer.Trainer, "_validate", _in_training_mode), "evaluation", "numpy_ref/trainer.py"),
    ("F1 too large", MLP, put(trainer, "compute_test_metrics", lambda right, *arguments: _raised(right(*arguments))), "metrics", "numpy_ref/metrics.py"),
    ("sure of itself", MLP, put(classifier.Classifier, "probabilities", lambda right, model, scores: right(model, 2 * scores)), "probabilities", "probabilities"),
    ("another seed", MLP, put(trainer, "initial_weights", lambda right, shapes, seed, *rest: right(shapes, seed + 1, *rest)), "initial weights", "start_model"),
]  # fmt: skip


def _raised(metrics: dict[str, Any]) -> dict[str, Any]:
    metrics["overall"]["f1_macro"] += 0.1
    return metrics


@pytest.mark.parametrize(
    ("fields", "bug", "stage", "place"), [case[1:] for case in IN_LOCKSTEP], ids=[case[0] for case in IN_LOCKSTEP]
)
def test_a_bug_is_caught_and_named(
    fields: dict[str, Any], bug: Patch, stage: str, place: str, tiny: Small, monkeypatch: pytest.MonkeyPatch
) -> None:
    bug(monkeypatch)
    assert_blamed(judged(tiny(**fields)), stage, place)


def test_a_bug_in_both_tracks_is_seen_by_central_differences(tiny: Small, monkeypatch: pytest.MonkeyPatch) -> None:
    class Tanh(torch.nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x - (x - x.tanh()).detach()

    monkeypatch.setattr(torch_layers, "Tanh", Tanh)
    put(layers.Tanh, "backward", lambda right, self, grad: grad)(monkeypatch)
    assert judged(tiny(**CNN)).held
    assert_blamed(differentiated(tiny(**CNN)), "numerical", "Tanh.backward")


@pytest.mark.parametrize("module", [trainer, torch_trainer])
def test_a_test_of_the_last_weights_is_seen(module: Any, tiny: Small, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trainer.Classifier, "load_state_dict", lambda *_: None)
    monkeypatch.setattr(torch_trainer.Trainer, "_load_weights", lambda *_: None)
    ledger = stopped(tiny(**MLP, trainer=Trainer(max_epochs=2, patience=1, dtype="float64")))
    name = "NumPy" if module is trainer else "Lightning"
    (finding, *_) = [each for each in ledger.findings if each.what.startswith(name)]
    assert finding.stage == "test scores" and "Trainer.test" in finding.code[0] and "last epoch" in finding.hint


def test_patience_off_by_one_is_seen(tiny: Small, monkeypatch: pytest.MonkeyPatch) -> None:
    def patient(rows: Any, settings: Trainer) -> str | None:
        return history.ended_by(rows, replace(settings, patience=settings.patience + 1))

    monkeypatch.setattr(trainer, "ended_by", patient)
    assert_blamed(stopped(tiny(**MLP, trainer=Trainer(patience=1, dtype="float64"))), "early stopping", "NumPy stops")


def test_two_bugs_are_both_named(tiny: Small, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layers.ReLU, "backward", lambda self, grad: grad.copy())
    put(trainer, "compute_test_metrics", lambda right, *arguments: _raised(right(*arguments)))(monkeypatch)
    stages = [finding.stage for finding in judged(tiny(**MLP)).separate()]
    assert {"dL/dx", "metrics"} == set(stages)


# --- correct code


CORRECT: dict[str, dict[str, Any]] = {
    "penalty": {"model": "softmax", "softmax": Softmax(hidden_dims=[6, 5]), "optimizer": Optimizer(l2=0.1)},
    "convolution and ReLU without batch norm": {
        "model": "softmax", "initializer": "normal",
        "softmax": Softmax(layers=[{"Conv2d": {"out_channels": 2, "kernel_size": 3}}, "ReLU", {"MaxPool2d": 2}]),
    },
    "normal weights": {"model": "softmax", "softmax": Softmax(hidden_dims=[6, 5]), "initializer": "normal"},
    "embeddings of one number": {"model": "dual_tower", "dual_tower": DualTower(image_dims=[6], embedding_dim=1)},
    "a last batch of one": {"model": "softmax", "softmax": Softmax(hidden_dims=[6]), "batch_size": 53},
    "a frozen word tower, which no optimizer has, and decay that cancels gradients": TOWERS | {
        "dual_tower": DualTower(image_dims=[6], word_dims=[5], embedding_dim=4),
        "optimizer": Optimizer(name="adam", lr=0.01, weight_decay=0.01),
    },
    "one-cycle": CNN | {"optimizer": Optimizer(name="adamw", lr=0.01, schedule="one_cycle", warmup=0.5)},
}  # fmt: skip


@pytest.mark.parametrize("name", CORRECT)
def test_correct_code_is_not_accused(name: str, tiny: Small) -> None:
    experiment = tiny(**CORRECT[name])
    ledger = judged(experiment)
    compare_numerically(experiment, QuickDrawDataModule(experiment), ledger)
    ledger.checks["whole training"].expected = False
    assert ledger.held, ledger.first or [
        check for check in ledger.checks.values() if check.status is Status.NOT_CHECKED
    ]
    assert ledger.checks["numerical"].compared > 5


def test_ties_are_not_differences(tiny: Small, monkeypatch: pytest.MonkeyPatch) -> None:
    for track in (trainer, torch_trainer):  # all weights 0: every score of every drawing is the same
        name = "initial_weights"
        where = track if hasattr(track, name) else torch_classifier
        put(where, name, lambda right, *rest: {key: 0 * array for key, array in right(*rest).items()})(monkeypatch)
    ledger = judged(tiny(model="softmax", softmax=Softmax(hidden_dims=[5]), optimizer=Optimizer(lr=1e-300)))
    assert ledger.held, ledger.first


def test_a_whole_comparison_holds_in_both_dtypes(tiny: Small, tmp_path: Path) -> None:
    comparison = compare_experiment(in_both_dtypes(tiny(**MLP)), tmp_path)
    assert comparison.held and list(comparison.lockstep) == ["float64", "float32"]


# --- the verdict


def test_a_check_that_compared_nothing_is_not_ok() -> None:
    ledger = Ledger("float64")
    ledger.expect("masks")
    assert ledger.checks["masks"].status is Status.NOT_CHECKED and not ledger.held
    ledger.passed("masks")
    assert ledger.held
    ledger.check("masks", bool(np.False_), lambda: Finding("masks", "other masks"))
    assert ledger.checks["masks"].status is Status.DIFFERENT and not ledger.held


def test_a_bug_in_every_step_hides_no_other() -> None:
    ledger = Ledger("float64")
    for step in range(10_000):
        ledger.add(Finding("dL/dx", "dL/dx", "layers.1 (ReLU)", step))
    ledger.add(Finding("metrics", "f1", "numpy"))
    assert [finding.stage for finding in ledger.separate()] == ["dL/dx", "metrics"]
    assert ledger.checks["dL/dx"].different == 10_000


def test_a_crash_of_numpy_is_reported(tiny: Small, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(self: Any, grad: np.ndarray) -> np.ndarray:
        raise ZeroDivisionError("no rows")

    monkeypatch.setattr(layers.ReLU, "backward", fails)
    assert_blamed(judged(tiny(**MLP)), "handover", "fails with ZeroDivisionError: no rows")


def test_what_both_tracks_refuse_is_a_user_error(tiny: Small) -> None:
    with pytest.raises(UserError, match="learning rate"), np.errstate(all="ignore"):
        judged(tiny(model="softmax", softmax=Softmax(hidden_dims=[6]), optimizer=Optimizer(lr=1e200)))


def test_the_benchmark_plants_its_bugs_in_the_source_of_today() -> None:
    planted_bugs.check_sources(MUTATIONS)
    assert sum(not mutation.equivalent for mutation in MUTATIONS) >= 120
