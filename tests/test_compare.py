"""The comparison of the tracks: it passes where they agree, and finds a planted bug and its place where they do not."""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from datamodules.quickdraw import QuickDrawDataModule
from experiment.config import DualTower, Experiment, Optimizer, Trainer
from experiment.errors import UserError
from experiment.trained import read_trained
from lightning_models.predictor import Predictor as TorchPredictor
from numpy_ref import layers, losses, optim
from numpy_ref.module import Sequential
from numpy_ref.predictor import Predictor
from parity.capture import BatchRecord, LayerRecord
from parity.checks import compare_experiment, compare_runs, in_both_dtypes
from parity.finished import read_run
from parity.gates import find_flips
from parity.gradients import compare_along_directions, compare_gradients, compare_numerically
from parity.lockstep import compare_in_lockstep, find_first_flip
from parity.measure import difference
from parity.report import save, verdict
from parity.trace import as_page, as_text, trace
from tests.conftest import Program, assert_refused

DUAL: dict[str, Any] = {
    "model": "dual_tower",
    "dual_tower": DualTower(image_dims=[16, 12], train_word_tower=True, margin_weight=1.0, contrast_weight=0.5),
}
MODELS: dict[str, dict[str, Any]] = {"softmax": {"model": "softmax"}, "dual_tower": DUAL}


@pytest.mark.parametrize("model", MODELS)
def test_whole_comparison_passes(model: str, small: Callable[..., Experiment], tmp_path: Path) -> None:
    experiment = small(**MODELS[model], optimizer=Optimizer(lr=0.02), trainer=Trainer(max_epochs=3))
    comparison = compare_experiment(in_both_dtypes(experiment), tmp_path)
    assert comparison.passed, verdict(comparison)
    assert len(comparison.rows) >= 14
    assert max(comparison.free_running["float64"].weights_apart) < 1e-13
    save(comparison, tmp_path)
    text = (tmp_path / "comparison.md").read_text()
    for name in ("gradients", "lockstep", "free_running", "curves_float64", "curves_float32"):
        assert (tmp_path / f"{name}.png").stat().st_size > 5000 and f"({name}.png)" in text
    assert "layers.1.weight" in text or "image_tower.1.weight" in text
    scalars = _scalars(tmp_path)
    assert {"parity/weights/float64", "parity/lockstep/float32"} <= scalars


# --- planted bugs: each is a plausible slip, and must be blamed on its own layer


def wrong_sign(self: Any, grad: np.ndarray, input_grad: bool = True) -> np.ndarray:
    right: np.ndarray = RIGHT["Linear"](self, grad, input_grad)
    self.bias.grad *= -1
    return right


def updated_too_early(self: Any, grad: np.ndarray, input_grad: bool = True) -> np.ndarray:
    RIGHT["Linear"](self, grad, input_grad)
    self.weight.data -= 0.1 * self.weight.grad
    return grad @ self.weight.data if input_grad else grad


def open_gate(self: Any, grad: np.ndarray, input_grad: bool = True) -> np.ndarray:
    return grad.copy()


def no_jacobian(self: Any, grad: np.ndarray, input_grad: bool = True) -> np.ndarray:
    return grad / self._norm


def not_divided(self: Any) -> np.ndarray:
    right: np.ndarray = RIGHT["CrossEntropyLoss"](self)
    return right * len(right)


def doubled(self: Any) -> np.ndarray:
    right: np.ndarray = RIGHT["MarginLoss"](self)
    return 2 * right


RIGHT: dict[str, Any] = {
    "Linear": layers.Linear.backward,
    "CrossEntropyLoss": losses.CrossEntropyLoss.backward,
    "MarginLoss": losses.MarginLoss.backward,
}
BUGS: list[tuple[str, type, Callable[..., Any], list[str]]] = [
    ("softmax", layers.Linear, wrong_sign, ["layers.1", "layers.3", "layers.5"]),
    ("softmax", layers.Linear, updated_too_early, ["layers.3", "layers.5"]),
    ("softmax", layers.ReLU, open_gate, ["layers.2", "layers.4"]),
    ("softmax", losses.CrossEntropyLoss, not_divided, ["loss cross_entropy"]),
    ("dual_tower", layers.Normalize, no_jacobian, ["image_norm", "word_norm"]),
    ("dual_tower", losses.MarginLoss, doubled, ["loss margin"]),
    ("dual_tower", losses.CrossEntropyLoss, not_divided, ["loss contrast"]),
]


@pytest.mark.parametrize(("model", "where", "bug", "blamed"), BUGS, ids=lambda value: getattr(value, "__name__", ""))
def test_planted_bug_is_caught_and_located(
    model: str,
    where: Any,
    bug: Callable[..., Any],
    blamed: list[str],
    small: Callable[..., Experiment],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    experiment = small(**MODELS[model], trainer=Trainer(dtype="float64"))
    data = QuickDrawDataModule(experiment)
    assert not compare_gradients(experiment, data).blamed
    monkeypatch.setattr(where, "backward", bug)
    found = compare_gradients(experiment, data)
    assert found.blamed == blamed
    assert found.worst > 1e-3


def test_bug_between_the_layers_is_caught(small: Callable[..., Experiment], monkeypatch: pytest.MonkeyPatch) -> None:
    from numpy_ref.models.dual_tower import DualTower as NumpyDualTower

    def forgets_the_words(self: Any, grad: np.ndarray) -> None:
        self.image_tower.backward(self.image_norm.backward(grad @ self._e), input_grad=False)

    experiment = small(**DUAL, trainer=Trainer(dtype="float64"))
    monkeypatch.setattr(NumpyDualTower, "backward", forgets_the_words)
    found = compare_gradients(experiment, QuickDrawDataModule(experiment))
    assert found.blamed == ["DualTower.backward (each layer on its own is right)"]


def test_bug_in_the_optimiser_is_caught_in_lockstep(
    small: Callable[..., Experiment], monkeypatch: pytest.MonkeyPatch
) -> None:
    def forgets_momentum(self: Any, w: np.ndarray, g: np.ndarray, *_: object) -> np.ndarray:
        return self.lr * g

    experiment = small(trainer=Trainer(dtype="float64"))
    monkeypatch.setattr(optim.SGD, "_change", forgets_momentum)
    name, worst, _ = compare_in_lockstep(experiment, QuickDrawDataModule(experiment)).worst_of_all
    assert name.endswith("after the step") and worst > 1e-6


@pytest.mark.parametrize("model", MODELS)
def test_planted_bug_fails_against_central_differences(
    model: str, small: Callable[..., Experiment], monkeypatch: pytest.MonkeyPatch
) -> None:
    experiment = small(**MODELS[model])
    data = QuickDrawDataModule(experiment)
    checks = (compare_numerically, compare_along_directions)
    assert all(check(experiment, data).worst < 1e-6 for check in checks)
    monkeypatch.setattr(layers.ReLU, "backward", open_gate)
    assert all(check(experiment, data).worst > 1e-3 for check in checks)


def test_a_flipped_gate_is_named() -> None:
    open_here = LayerRecord(np.array([[1e-8, 1.0]]), np.array([[1e-8, 1.0]]))
    shut_there = LayerRecord(np.array([[-1e-8, 1.0]]), np.array([[0.0, 1.0]]))
    records = (BatchRecord(layers={"0": record}) for record in (open_here, shut_there))
    (flip,) = find_flips(7, Sequential(layers.ReLU()), *records)
    assert (flip.step, flip.layer, flip.distance) == (7, "0", 1e-8)


def test_a_maximum_taken_elsewhere_is_named() -> None:
    first = np.array([0.5, 0.5 - 1e-8, 0, 0]).reshape(1, 1, 2, 2)
    second = np.array([0.5, 0.5 + 1e-8, 0, 0]).reshape(1, 1, 2, 2)
    records = (BatchRecord(layers={"0": LayerRecord(x, x.max(keepdims=True))}) for x in (first, second))
    (flip,) = find_flips(0, Sequential(layers.MaxPool2d(2)), *records)
    assert flip.distance == pytest.approx(1e-8)


def test_the_first_flip_of_free_runs_is_found(
    small: Callable[..., Experiment], monkeypatch: pytest.MonkeyPatch
) -> None:
    experiment = small(trainer=Trainer(max_epochs=1, dtype="float64"))
    data = QuickDrawDataModule(experiment)
    assert find_first_flip(experiment, data) is None
    right = layers.Linear.forward
    monkeypatch.setattr(layers.Linear, "forward", lambda self, x: right(self, x) + 1e-3)
    flip = find_first_flip(experiment, data)
    assert flip and flip.layer in ("layers.2", "layers.4") and flip.distance < 0.01


def test_difference_by_hand() -> None:
    # |1 - 1.5| / (1 + 1.5) = 0.2; the other two agree. Cosine: (1.5 + 4) / (√5 √6.25).
    measured = difference(np.array([1.0, 2.0, 0.0]), np.array([1.5, 2.0, 0.0]))
    assert measured.absolute == 0.5 and measured.relative == pytest.approx(0.2)
    assert measured.cosine == pytest.approx(5.5 / np.sqrt(5 * 6.25))
    assert difference(np.zeros(2), np.zeros(2)).relative == 0
    assert difference(np.array([np.nan]), np.zeros(1)).relative == np.inf


# --- trace, finished runs, interchange


@pytest.mark.parametrize("model", MODELS)
def test_trace_shows_each_layer_with_its_formula(model: str, small: Callable[..., Experiment]) -> None:
    experiment = small(**MODELS[model])
    parts = trace(experiment, QuickDrawDataModule(experiment))
    text, page = as_text(parts), as_page(parts, "heading")
    for words in ("y = x Wᵀ + b", "dL/dweight", "NumPy", "PyTorch", "backward", "loss"):
        assert words in text and words in page
    assert "http" not in page


@pytest.fixture
def pair(small: Callable[..., Experiment], tmp_path: Path) -> tuple[Path, Path]:
    """Two finished runs of one experiment, of both tracks."""
    from parity.free_running import compare_free_running

    experiment = small(**DUAL, trainer=Trainer(max_epochs=2))
    runs = compare_free_running(experiment, QuickDrawDataModule(experiment), tmp_path / "logs").runs
    return runs["numpy"].folder, runs["lightning"].folder


def test_two_finished_runs(pair: tuple[Path, Path], program: Program) -> None:
    comparison = compare_runs(pair)
    assert comparison.finished["finished runs"].agreement == 1 and comparison.passed
    result = program("compare.py", *pair)
    assert result.returncode == 0, result.stderr
    assert "McNemar" in result.stdout
    folder = Path(result.stdout.split("Pictures and tables: ")[1].strip()).parent
    assert "| accuracy |" in (folder / "comparison.md").read_text()


def test_mcnemar_by_hand(pair: tuple[Path, Path]) -> None:
    # 10 drawings that only the first run names rightly, none that only the second does: p = 2 / 2^10.
    run = read_run(pair[1])
    guesses = run.labels.copy()
    guesses[:10] = (guesses[:10] + 1) % 5
    for folder, values in ((pair[0], run.labels), (pair[1], guesses)):
        np.savez(folder / "predictions.npz", labels=run.labels, probabilities=np.eye(5)[values])
    finished = compare_runs(pair).finished["finished runs"]
    assert (finished.only_one, finished.only_other) == (10, 0)
    assert finished.p_value == pytest.approx(2 / 2**10)


def test_weights_are_interchangeable(pair: tuple[Path, Path], small: Callable[..., Experiment]) -> None:
    images = QuickDrawDataModule(small(**DUAL)).images("test")
    for folder in pair:
        trained = read_trained(folder)
        ours, theirs = Predictor(trained).probabilities(images), TorchPredictor(trained).probabilities(images)
        np.testing.assert_allclose(ours, theirs, atol=1e-6)
        np.testing.assert_allclose(ours, np.load(folder / "predictions.npz")["probabilities"], atol=1e-6)


def test_predict_with_either_track(pair: tuple[Path, Path], program: Program, tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.random.default_rng(0).integers(0, 256, (5, 28, 28)).astype(np.uint8))
    tables = []
    for track in ("numpy", "lightning"):
        result = program("predict.py", pair[0], "x.npy", "--track", track, "--out", f"{track}.csv")
        assert result.returncode == 0, result.stderr
        with (tmp_path / f"{track}.csv").open() as file:
            tables.append([(row["label"], float(row["probability"])) for row in csv.DictReader(file)])
    for ours, theirs in zip(*tables, strict=True):
        assert ours[0] == theirs[0] and ours[1] == pytest.approx(theirs[1], abs=1e-6)


def test_bad_comparisons_are_refused(pair: tuple[Path, Path], program: Program, tmp_path: Path) -> None:
    assert_refused(program("compare.py", pair[0]), "two run folders")
    assert_refused(program("compare.py", pair[0], tmp_path), "not the folder of a finished run")
    assert_refused(program("compare.py", "--optimizer.lrr", 3), "Did you mean")
    assert_refused(program("compare.py", "--data.root", "nowhere", "--logs_root", "new"), "no such folder")
    assert not (tmp_path / "new").exists()
    (pair[1] / "predictions.npz").write_bytes(b"garbage")
    with pytest.raises(UserError, match="missing or damaged"):
        compare_runs(pair)


def test_exit_code_tells_a_failed_target(small: Callable[..., Experiment], monkeypatch: pytest.MonkeyPatch) -> None:
    import compare
    from parity import checks

    experiment = replace(small(trainer=Trainer(max_epochs=1)), experiment="failing")
    monkeypatch.setattr(checks, "NUMERICAL_TARGET", 0.0)
    assert compare._experiment(experiment) == 1


def _scalars(folder: Path) -> set[str]:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    return set(EventAccumulator(str(folder)).Reload().Tags()["scalars"])
