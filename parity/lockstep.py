"""Check 2: a whole epoch in lock-step, both tracks set to the same weights before each step.

So each step is compared for itself, without the differences of earlier ones. In float32 a ReLU whose input is all
but zero may be open in one track and shut in the other; both are right to within rounding, but gradients then
differ by much more than rounding. Such steps are counted and named apart, not hidden in a tolerance.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import torch

from datamodules.quickdraw import QuickDrawDataModule
from experiment.config import Experiment
from lightning_models import trainer as lightning_track
from numpy_ref import trainer as numpy_track
from numpy_ref.layers import ReLU
from parity.capture import BatchRecord, record_numpy, record_torch
from parity.measure import difference


@dataclass(frozen=True)
class Flip:
    """A ReLU gate that the two tracks set differently."""

    step: int
    layer: str
    input_size: float
    """|z| at the gate, by the NumPy track."""


@dataclass
class Lockstep:
    """The outcome of check 2 in one dtype."""

    worst: dict[str, tuple[float, int]] = field(default_factory=dict)
    """Largest relative difference of each quantity, and the step at which it occurred."""
    by_step: list[float] = field(default_factory=list)
    """Largest relative difference of any quantity at each step, flips left out (nan)."""
    flips: list[Flip] = field(default_factory=list)

    @property
    def worst_of_all(self) -> tuple[str, float, int]:
        """Quantity, difference and step of the largest difference."""
        name = max(self.worst, key=lambda key: self.worst[key][0])
        return name, *self.worst[name]


def compare_in_lockstep(experiment: Experiment, data: QuickDrawDataModule) -> Lockstep:
    """One epoch of the experiment."""
    ours, theirs = numpy_track.start_model(experiment, data), lightning_track.start_model(experiment, data)
    sgd, sgd_torch = ours.configure_optimizers(), theirs.configure_optimizers()
    relus = [name for name, layer in ours.named_layers() if isinstance(layer, ReLU)]
    result = Lockstep()
    for step, batch in enumerate(data.batches("train", 0)):
        theirs.load_state_dict({name: torch.from_numpy(array) for name, array in ours.state_dict().items()})
        one, other = record_numpy(ours, batch), record_torch(theirs, batch)
        flips = [flip for name in relus for flip in _flips(step, name, one, other)]
        result.flips += flips
        sgd.step()
        sgd_torch.step()
        pairs = _pairs(one, other)
        after = {name: tensor.numpy() for name, tensor in theirs.state_dict().items()}
        pairs |= {f"{name} after the step": (array, after[name]) for name, array in ours.state_dict().items()}
        measured = {name: difference(a, b).relative for name, (a, b) in pairs.items()}
        result.by_step.append(float("nan") if flips else max(measured.values()))
        if not flips:
            for name, value in measured.items():
                if value >= result.worst.get(name, (-1.0, 0))[0]:
                    result.worst[name] = (value, step)
    return result


def find_first_flip(experiment: Experiment, data: QuickDrawDataModule) -> Flip | None:
    """The first gate that the tracks set differently when each trains on its own: where two float32 runs part."""
    ours, theirs = numpy_track.start_model(experiment, data), lightning_track.start_model(experiment, data)
    sgd, sgd_torch = ours.configure_optimizers(), theirs.configure_optimizers()
    lightning_track.use_threads(theirs)  # the same rounding as in the track itself
    relus = [name for name, layer in ours.named_layers() if isinstance(layer, ReLU)]
    for epoch in range(experiment.trainer.max_epochs):
        for number, batch in enumerate(data.batches("train", epoch)):
            one, other = record_numpy(ours, batch), record_torch(theirs, batch)
            step = epoch * data.num_batches("train") + number
            flips = [flip for name in relus for flip in _flips(step, name, one, other)]
            if flips:
                return flips[0]
            sgd.step()
            sgd_torch.step()
    return None


def _pairs(one: BatchRecord, other: BatchRecord) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """What both tracks computed in a step, by name."""
    pairs = {f"term {name}": (np.array([one.terms[name]]), np.array([other.terms[name]])) for name in one.terms}
    for name, layer in one.layers.items():
        twin = other.layers[name]
        pairs[f"output of {name}"] = layer.y, twin.y
        if layer.grad_y is not None and twin.grad_y is not None:
            pairs[f"gradient at {name}"] = layer.grad_y, twin.grad_y
    return pairs | {f"gradient of {name}": (one.gradients[name], other.gradients[name]) for name in one.gradients}


def _flips(step: int, name: str, one: BatchRecord, other: BatchRecord) -> list[Flip]:
    places = np.nonzero((one.layers[name].y > 0) != (other.layers[name].y > 0))
    return [Flip(step, name, float(size)) for size in np.abs(one.layers[name].x[places])]
