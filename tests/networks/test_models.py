"""The two models, each in both tracks: the same names, weights, batches, losses and gradients."""

from __future__ import annotations

import ast
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from datamodules.lightning_adapter import DeviceBatches, ImageLightningDataModule
from datamodules.quickdraw import QuickDrawDataModule
from experiment.config import DualTower, Experiment, Optimizer, Softmax, Trainer
from lightning_models import trainer as lightning_track
from numpy_ref import trainer as numpy_track
from tests.conftest import EVERYTHING, PROJECT
from tests.networks.numerical import numerical_gradient
from training.program import begin

MODELS: dict[str, dict[str, Any]] = {
    "softmax": {"model": "softmax"},
    "linear": {"model": "softmax", "softmax": Softmax(hidden_dims=[])},
    "layers": {"model": "softmax", "softmax": Softmax(layers=EVERYTHING, label_smoothing=0.1)},
    "binary, with a penalty": {
        "model": "softmax",
        "softmax": Softmax(hidden_dims=[8], loss="binary_cross_entropy"),
        "optimizer": Optimizer(l2=0.01),
    },
    "dual tower over layers": {"model": "dual_tower", "dual_tower": DualTower(image_layers=EVERYTHING)},
    "dual tower": {"model": "dual_tower", "dual_tower": DualTower(image_dims=[24, 16])},
    "dual tower, all terms, both towers": {
        "model": "dual_tower",
        "dual_tower": DualTower(
            image_dims=[24], train_word_tower=True, margin_weight=0.7, contrast_weight=0.2, label_smoothing=0.1
        ),
    },
}
TWINS = ["softmax", "dual_tower", "network"]


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_first_gradients_agree(name: str, dtype: Any, small: Callable[..., Experiment]) -> None:
    experiment = small(**MODELS[name], trainer=Trainer(dtype=dtype))
    data = QuickDrawDataModule(experiment)
    ours, theirs = numpy_track.start_model(experiment, data), lightning_track.start_model(experiment, data)
    images, labels = next(data.batches("train", 0))
    loss = ours.training_step((images, labels))
    loss_torch = theirs.training_step((torch.from_numpy(images), torch.from_numpy(labels)))
    loss_torch.backward()
    limit = 1e-12 if dtype == "float64" else 1e-4
    assert loss == pytest.approx(loss_torch.item(), rel=limit)
    twins = dict(theirs.named_parameters())
    assert [key for key, _ in ours.named_parameters()] == list(twins)
    for key, parameter in ours.named_parameters():
        grad = twins[key].grad
        expected = np.zeros(parameter.data.shape) if grad is None else grad.numpy()
        np.testing.assert_allclose(parameter.grad, expected, rtol=limit, atol=limit / 100, err_msg=key)


@pytest.mark.parametrize("name", list(MODELS)[1:])
def test_gradients_equal_central_differences(name: str, small: Callable[..., Experiment]) -> None:
    experiment = small(**MODELS[name], trainer=Trainer(dtype="float64"))
    data = QuickDrawDataModule(experiment)
    model = numpy_track.start_model(experiment, data)
    images, labels = next(data.batches("train", 0))
    images, labels = images[:3], labels[:3]
    model.training_step((images, labels))
    trained = {id(parameter) for parameter in model.trained_parameters()}

    def loss() -> float:
        return model.loss_terms(model.forward(images), labels)["loss"]

    for key, parameter in model.named_parameters():
        if id(parameter) not in trained:
            continue
        rows = parameter.data[:2] if parameter.data.ndim == 2 else parameter.data  # two rows of a large matrix
        gradient = numerical_gradient(loss, rows)
        np.testing.assert_allclose(parameter.grad[: len(rows)], gradient, rtol=1e-5, atol=1e-8, err_msg=key)


@pytest.mark.parametrize("name", MODELS)
def test_state_dicts_are_interchangeable(name: str, small: Callable[..., Experiment]) -> None:
    experiment = small(**MODELS[name])
    data = QuickDrawDataModule(experiment)
    ours, theirs = numpy_track.start_model(experiment, data), lightning_track.start_model(experiment, data)
    state = {key: tensor.numpy() for key, tensor in theirs.state_dict().items()}
    assert ours.state_dict().keys() == state.keys()
    for key, array in ours.state_dict().items():
        np.testing.assert_array_equal(array, state[key])
    ours.load_state_dict(state)
    with pytest.raises(ValueError, match="expected the weights"):
        ours.load_state_dict({})


def test_frozen_words_are_kept_for_a_pass_and_follow_loaded_weights(small: Callable[..., Experiment]) -> None:
    experiment = small(**MODELS["dual tower"])
    data = QuickDrawDataModule(experiment)
    for track, back in ((numpy_track, np.asarray), (lightning_track, lambda words: words.detach().numpy())):
        model: Any = track.start_model(experiment, data)
        first = model.words()
        assert model.words() is first
        other: Any = track.start_model(replace(experiment, seed=7), data)
        model.load_state_dict(other.state_dict())
        model.reset_sums()
        np.testing.assert_array_equal(back(model.words()), back(other.words()))
        assert not np.array_equal(back(model.words()), back(first))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_batches_gathered_on_a_device_are_the_same_bits(dtype: Any, small: Callable[..., Experiment]) -> None:
    data = QuickDrawDataModule(small(trainer=Trainer(dtype=dtype)))
    for split in ("train", "validation", "test"):
        batches = DeviceBatches(data, split, torch.device("cpu"))
        for ours, theirs in zip(data.batches(split, 3), batches.of_epoch(3), strict=True):
            for mine, other in zip(ours, theirs, strict=True):
                assert mine.dtype == other.numpy().dtype
                np.testing.assert_array_equal(mine, other.numpy())


def test_both_tracks_see_the_same_batches(small: Callable[..., Experiment]) -> None:
    data = QuickDrawDataModule(small())
    loader = ImageLightningDataModule(small(), data).train_dataloader()
    assert len(loader) == data.num_batches("train")
    for (images, labels), batch in zip(data.batches("train", 0), loader, strict=True):
        np.testing.assert_array_equal(images, batch[0].numpy())
        np.testing.assert_array_equal(labels, batch[1].numpy())


@pytest.mark.parametrize("name", TWINS)
def test_twins_have_the_same_names_in_the_same_order(name: str) -> None:
    ours = _names(PROJECT / "numpy_ref" / f"{name}.py")
    theirs = _names(PROJECT / "lightning_models" / f"{name}.py")
    assert without_backward(ours) == [each for each in theirs if each in ours]


def test_classifiers_share_their_names_in_order() -> None:
    ours = _names(PROJECT / "numpy_ref" / "classifier.py")
    theirs = _names(PROJECT / "lightning_models" / "classifier.py")
    common = [each for each in theirs if each in ours]
    assert common == without_backward(ours)


def without_backward(names: list[str]) -> list[str]:
    """The Lightning twins have autograd for it."""
    return [name for name in names if "backward" not in name]


def _names(path: Path) -> list[str]:
    """Classes, functions and methods of a file, in order."""
    names = []
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.FunctionDef):
            names.append(node.name)
        if isinstance(node, ast.ClassDef):
            names.append(node.name)
            names += [f"{node.name}.{item.name}" for item in node.body if isinstance(item, ast.FunctionDef)]
    return names


@pytest.mark.skipif(shutil.which("g++") is None, reason="torch.compile needs a C++ compiler")
def test_a_compiled_network_learns_the_same(small: Callable[..., Experiment], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("torch._dynamo.config.fail_on_recompile_limit_hit", True)  # not anew for every batch
    layers: list[Any] = [{"Linear": 3}, {"Dropout": 0.2}, "ReLU"]
    experiment = small(softmax=Softmax(layers=layers), trainer=Trainer(max_epochs=2))
    losses = []
    for compiled in (False, True):
        experiment = replace(experiment, compile=compiled)
        data = QuickDrawDataModule(experiment)
        model = lightning_track.start_model(experiment, data)
        names = list(model.state_dict())
        run = begin(experiment, "lightning", data, data.metadata())
        history = lightning_track.Trainer(experiment, data, run, model).fit()
        losses.append(history[-1]["val/loss"])
        assert list(model.state_dict()) == names
    assert losses[0] == pytest.approx(losses[1], rel=1e-5)
