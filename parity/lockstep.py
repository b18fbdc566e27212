"""Check 2: a whole epoch in lock-step, both tracks set to the same weights before each step.

So each step is compared for itself, without the differences of earlier ones. In float32 a gate (`parity/gates.py`),
such as a ReLU whose input is all but zero, may stand differently in the two; both are right to within rounding, but
gradients then differ by much more than rounding. Such steps are
counted and named apart, not hidden in a tolerance; at the first of them each layer is compared on its own, given the
same inputs.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import torch

from datamodules.images import Batch, ImageDataModule
from experiment.config import Experiment
from lightning_models import trainer as lightning_track
from lightning_models.classifier import Classifier as TorchClassifier
from numpy_ref import trainer as numpy_track
from numpy_ref.models.classifier import Classifier as NumpyClassifier
from parity.capture import BatchRecord, record_numpy, record_torch
from parity.gates import Flip, find_flips
from parity.gradients import SLACK, layers_alone
from parity.measure import LOCKSTEP_TARGET, difference

LOOKED_INTO = 10
"""At so many steps with flips every layer is compared on its own."""


@dataclass
class Lockstep:
    """The outcome of check 2 in one dtype."""

    worst: dict[str, tuple[float, int]] = field(default_factory=dict)
    """Largest relative difference of each quantity, and the step at which it occurred."""
    by_step: list[float] = field(default_factory=list)
    """Largest relative difference of any quantity at each step, flips left out (nan)."""
    flips: list[Flip] = field(default_factory=list)
    worst_alone: tuple[float, str] = (0.0, "")
    """At steps with flips: by how much of its limit a layer on its own was off, and which layer it was."""

    @property
    def worst_of_all(self) -> tuple[str, float, int]:
        """Quantity, difference and step of the largest difference."""
        name = max(self.worst, key=lambda key: self.worst[key][0])
        return name, *self.worst[name]


def compare_in_lockstep(experiment: Experiment, data: ImageDataModule) -> Lockstep:
    """One epoch of the experiment."""
    ours, theirs = numpy_track.start_model(experiment, data), lightning_track.start_model(experiment, data)
    optimizer, step_torch = ours.configure_optimizers(), torch_stepper(theirs)
    result = Lockstep()
    for step, batch in enumerate(data.batches("train", 0)):
        theirs.load_state_dict({name: torch.from_numpy(array) for name, array in ours.state_dict().items()})
        one, other = record_numpy(ours, batch, step), record_torch(theirs, batch, step)
        flips = find_flips(step, ours, one, other)
        if flips and len({flip.step for flip in result.flips}) < LOOKED_INTO:
            result.worst_alone = max(result.worst_alone, _worst_alone(ours, theirs, one, batch))
        result.flips += flips
        optimizer.step()
        step_torch()
        measured = {name: difference(a, b, scale).relative for name, (a, b, scale) in _pairs(one, other).items()}
        after = {name: tensor.numpy() for name, tensor in theirs.state_dict().items()}
        measured |= {
            f"{name} after the step": difference(array, after[name]).relative
            for name, array in ours.state_dict().items()
        }
        result.by_step.append(float("nan") if flips else max(measured.values()))
        if not flips:
            for name, value in measured.items():
                if value >= result.worst.get(name, (-1.0, 0))[0]:
                    result.worst[name] = (value, step)
    return result


def _worst_alone(
    ours: NumpyClassifier, theirs: TorchClassifier, record: BatchRecord, batch: Batch
) -> tuple[float, str]:
    target = LOCKSTEP_TARGET[str(batch[0].dtype)]
    alone = layers_alone(ours, copy.deepcopy(theirs), record, batch)
    return max((layer.apart / max(target, SLACK * layer.rounding), name) for name, layer in alone.items())


def find_first_flip(experiment: Experiment, data: ImageDataModule) -> Flip | None:
    """The first gate that the tracks set differently when each trains on its own: where two float32 runs part."""
    ours, theirs = numpy_track.start_model(experiment, data), lightning_track.start_model(experiment, data)
    optimizer, step_torch = ours.configure_optimizers(), torch_stepper(theirs)
    lightning_track.use_threads(theirs, data.shape)  # the same rounding as in the track itself
    for epoch in range(experiment.trainer.max_epochs):
        for number, batch in enumerate(data.batches("train", epoch)):
            one, other = record_numpy(ours, batch, number), record_torch(theirs, batch, number)
            flips = find_flips(epoch * data.num_batches("train") + number, ours, one, other)
            if flips:
                return flips[0]
            optimizer.step()
            step_torch()
    return None


def torch_stepper(model: TorchClassifier) -> Callable[[], None]:
    """A step of PyTorch's optimiser, and of its schedule where there is one."""
    configured = model.configure_optimizers()
    if not isinstance(configured, dict):
        return lambda: configured.step()

    def step() -> None:
        configured["optimizer"].step()
        configured["lr_scheduler"]["scheduler"].step()

    return step


def _pairs(one: BatchRecord, other: BatchRecord) -> dict[str, tuple[np.ndarray, np.ndarray, float]]:
    """What both tracks computed in a step, by name, and the size against which tiny differences are measured."""
    terms = {f"term {name}": (np.array([one.terms[name]]), np.array([other.terms[name]]), 0.0) for name in one.terms}
    pairs: dict[str, tuple[np.ndarray, np.ndarray, float]] = terms
    for name, layer in one.layers.items():
        twin = other.layers[name]
        pairs[f"output of {name}"] = layer.y, twin.y, 0.0
        if layer.grad_y is not None and twin.grad_y is not None:
            pairs[f"gradient at {name}"] = layer.grad_y, twin.grad_y, 0.0
    gradients = {
        f"gradient of {name}": (one.gradients[name], other.gradients[name], one.scale) for name in one.gradients
    }
    return pairs | gradients
