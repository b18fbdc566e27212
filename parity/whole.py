"""Whole trainings, each track on its own: do they stay together as long as rounding lets them?

In lock-step every step is compared by itself. Here nothing is brought into line: the Lightning track trains alone, and
its weights after each epoch are set beside NumPy's. How far rounding alone drives two such trainings apart is found
from Lightning's side: further trainings of its module start with every weight moved by one rounding, or add up their
batches in another order. The tracks must not part faster than these do from each other. Where even these part (the
training amplifies rounding), the row says from which epoch on nothing can be compared. The same holds from the step on
where a number that is 0 to rounding decides: a ReLU's input, the lead of a maximum. There the tracks may take different
sides.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from datamodules.images import ImageDataModule
from experiment.config import Experiment
from experiment.run import Row, Run
from lightning_models import trainer as lightning_track
from lightning_models.layers import Dropout
from lightning_models.threads import prepare
from numpy_ref import trainer as numpy_track
from parity.bands import moved_by_rounding
from parity.ledger import Finding, Ledger
from parity.lockstep import EpochEnds, Lockstep
from parity.records import State
from training.results import TrainingResult

FACTOR = 32.0
"""Width of the band around perturbed trainings: these were moved once, rounding errs at every step."""
USUAL = 8.0
"""Roundings by which a layer's results usually differ between two libraries."""
TOO_FAR = 1e-3
"""Beyond this share of the way that the weights have gone, perturbed trainings say nothing any more."""
MOVED, MOVING, REVERSED = "moved start", "moved at every step", "reversed sums"
"""How a training is perturbed: each weight moved by one rounding at the start, at every step; batches backwards."""
KINKS = (torch.nn.ReLU, torch.nn.LeakyReLU)


@dataclass
class Whole:
    """The outcome of one dtype."""

    weights_apart: list[float]
    """Largest difference of any weight of the two tracks after each epoch."""
    band: list[float]
    """The same between Lightning and its perturbed trainings, times FACTOR."""
    history: list[Row]
    result: TrainingResult
    run: Run
    predictions_apart: int
    """Test predictions that differ, but for ties."""
    limited_at: int | None = None
    """The epoch from which on rounding decides."""
    reason: str = ""


def compare_whole(experiment: Experiment, data: ImageDataModule, run: Run, lockstep: Lockstep) -> Whole:
    """Train with Lightning alone, then again with perturbations, and set NumPy's weights beside them.

    Args:
        experiment: what to train.
        data: the images.
        run: where Lightning's training goes.
        lockstep: what NumPy did.
    """
    states, trainer = _train(experiment, data, run)
    first = _state(_start(experiment, data))
    result = trainer.test()
    random = np.random.default_rng(experiment.seed)
    drops = any(isinstance(module, Dropout) for module in trainer.model.modules())  # its masks belong to an order
    ways = (MOVED, MOVED if drops else REVERSED)
    deviations = [_apart(states, _train_perturbed(experiment, data, len(states), random, way)) for way in ways]
    apart = _apart(lockstep.numpy_states, states)
    roundings = _roundings(lockstep.ledger)
    band = _bands(deviations, states, len(apart), experiment, roundings)
    if any(one > other for one, other in zip(apart, band, strict=True)):  # before anything is called a difference
        for way in (MOVED, MOVING, MOVING):
            deviations.append(_apart(states, _train_perturbed(experiment, data, len(states), random, way)))
        band = _bands(deviations, states, len(apart), experiment, roundings)
    predictions = _predictions_apart(lockstep, result)
    whole = Whole(apart, band, trainer.history, result, run, predictions)
    _judge(whole, experiment, data, lockstep, first, states)
    return whole


def _start(experiment: Experiment, data: ImageDataModule) -> Any:
    """A LightningModule with the initial weights, prepared as the Trainer prepares it."""
    model = lightning_track.start_model(experiment, data)
    prepare(model, experiment, data.shape)
    return model


def _train(experiment: Experiment, data: ImageDataModule, run: Run) -> tuple[list[State], Any]:
    """Lightning's weights after each epoch, and its trainer."""
    states: list[State] = []
    model = lightning_track.start_model(experiment, data)
    done = EpochEnds(lambda _: states.append(_state(model)))
    trainer = lightning_track.Trainer(experiment, data, run, model, done)
    trainer.fit()
    return states, trainer


def _train_perturbed(
    experiment: Experiment, data: ImageDataModule, epochs: int, random: np.random.Generator, how: str
) -> list[State]:
    """PyTorch's weights after each epoch of a perturbed training; fewer epochs where they stop being numbers.

    A plain loop over the LightningModule: what the Trainer does beside it (validation, files) changes no weight.
    """
    model = _start(experiment, data)
    if how == MOVED:
        _move(model, random)
    step, states = _torch_stepper(model), []
    for epoch in range(epochs):
        for batch_idx, batch in enumerate(data.batches("train", epoch)):
            if how == MOVING:
                _move(model, random)
            images, labels = batch[:2]
            altered = (images[::-1].copy(), labels[::-1].copy()) if how == REVERSED else (images, labels)
            _torch_step(model, altered, epoch, batch_idx)
            step()
        state = _state(model)
        if not all(np.isfinite(array).all() for array in state.values()):
            break
        states.append(state)
    return states


def _state(model: torch.nn.Module) -> State:
    return {name: tensor.detach().cpu().numpy().copy() for name, tensor in model.state_dict().items()}


def _move(model: torch.nn.Module, random: np.random.Generator) -> None:
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(torch.from_numpy(moved_by_rounding(parameter.numpy(), random)))


def _apart(states: list[State], twins: list[State]) -> list[float]:
    return [
        max(float(np.abs(state[name].astype(np.float64) - twin[name]).max(initial=0)) for name in state if name in twin)
        for state, twin in zip(states, twins, strict=False)
    ]


def _roundings(ledger: Ledger) -> float:
    """How many roundings NumPy's layers were apart from PyTorch's in lock-step: the perturbed starts moved by one."""
    local = max(ledger.checks[stage].difference for stage in ("forward", "loss gradient", "dL/dx", "dL/dW"))
    return max(1.0, local / (USUAL * float(np.finfo(ledger.dtype).eps)))


def _bands(
    deviations: list[list[float]], states: list[State], epochs: int, experiment: Experiment, roundings: float
) -> list[float]:
    """FACTOR times the largest deviation up to the epoch after; an epoch that a perturbed training missed has none.

    `roundings`: by how many roundings the tracks' steps differ, where that is more than usual.
    """
    eps = float(np.finfo(experiment.trainer.dtype).eps)
    band = []
    for epoch in range(epochs):
        reached = [max(each[: epoch + 2]) for each in deviations if len(each) > epoch]
        if len(reached) < len(deviations):  # stopped earlier: the trainings have parted
            band.append(float("inf"))
            continue
        size = max(float(np.abs(array).max(initial=0)) for array in states[min(epoch, len(states) - 1)].values())
        band.append(FACTOR * roundings * max([eps * size, *reached]))
    return band


def _predictions_apart(lockstep: Lockstep, result: TrainingResult) -> int:
    """Test predictions that differ, and not because two scores are equal to rounding."""
    ours = lockstep.results["numpy"].scores
    theirs = result.scores
    rows = np.arange(len(ours))
    one, other = ours.argmax(axis=1), theirs.argmax(axis=1)
    lead = np.abs(ours[rows, one] - ours[rows, other])
    tied = lead <= 2 * np.abs(ours - theirs).max(initial=0)
    return int(((one != other) & ~tied).sum())


def _judge(
    whole: Whole, experiment: Experiment, data: ImageDataModule, lockstep: Lockstep, first: State, states: list[State]
) -> None:
    ledger, name = lockstep.ledger, "whole training"
    ledger.expect(name)
    for epoch, (apart, band) in enumerate(zip(whole.weights_apart, whole.band, strict=True), start=1):
        way = max(_apart([first], [states[epoch - 1]])[0], 1e-300)
        if not np.isfinite(band) or band > TOO_FAR * way:
            _limit(whole, ledger, epoch, "from here on the training amplifies rounding beyond what can be compared")
            return
        if apart <= band:
            ledger.passed(name, apart / band, apart / way)
            continue
        parting = find_parting(experiment, data, epoch)
        if parting is not None:
            _limit(whole, ledger, parting.epoch, str(parting))
        else:
            what = "weights of the two tracks after an epoch of training on their own"
            ledger.add(Finding(name, what, "", None, epoch, apart, band))
        return
    if len(lockstep.histories["numpy"]) != len(whole.history):
        what = f"NumPy trains {len(lockstep.histories['numpy'])} epochs, Lightning alone {len(whole.history)}"
        if lockstep.ledger.checks["early stopping"].limited:
            _limit(whole, ledger, len(whole.history), what)
        else:
            ledger.add(Finding(name, what))
    elif whole.predictions_apart:
        ledger.add(Finding(name, f"{whole.predictions_apart} test predictions differ, though the weights do not"))


def _limit(whole: Whole, ledger: Ledger, epoch: int, reason: str) -> None:
    whole.limited_at, whole.reason = epoch, reason
    check = ledger.checks["whole training"]
    check.limited, check.note = True, f"compared up to epoch {epoch - 1}; {reason}" if epoch > 1 else reason


@dataclass(frozen=True)
class Parting:
    """The first number that is 0 to rounding and on whose sign the tracks decide differently."""

    step: int
    epoch: int
    """From 1."""
    layer: str
    distance: float
    """How far NumPy's number is from the other side."""
    drift: float
    """How far the two tracks' numbers of this layer are apart."""

    def __str__(self) -> str:
        return (
            f"step {self.step}: an input of {self.layer} is {self.distance:.0e} from its kink, and the tracks are "
            f"{self.drift:.0e} apart there, which is rounding; from then on each may take another side"
        )


def find_parting(experiment: Experiment, data: ImageDataModule, epochs: int) -> Parting | None:
    """Train both tracks side by side, and find the first kink that they take on different sides."""
    ours, theirs = numpy_track.start_model(experiment, data), lightning_track.start_model(experiment, data)
    optimizer, step_torch = ours.configure_optimizers(), _torch_stepper(theirs)
    seen: dict[str, np.ndarray] = {}
    modules = dict(theirs.named_modules())
    for name, layer in ours.named_layers():
        if isinstance(modules[name], (*KINKS, torch.nn.MaxPool2d)):
            modules[name].register_forward_pre_hook(_keep(seen, name))
            layer.__dict__["forward"] = _keeping(layer.forward, seen, f"numpy {name}")
    ours.train()
    for epoch in range(epochs):
        ours.current_epoch = epoch
        for batch_idx, batch in enumerate(data.batches("train", epoch)):
            ours.reset_sums()
            ours.training_step(batch, batch_idx)
            _torch_step(theirs, batch, epoch, batch_idx)
            step = epoch * data.num_batches("train") + batch_idx
            for name in [name for name in seen if not name.startswith("numpy ")]:
                parting = _parting(seen[f"numpy {name}"], seen[name], modules[name])
                if parting is not None:
                    return Parting(step, epoch + 1, name, *parting)
            optimizer.step()
            step_torch()
    return None


def _parting(ours: np.ndarray, theirs: np.ndarray, module: torch.nn.Module) -> tuple[float, float] | None:
    """Distance from the kink and drift of the first input that counts differently; None where all count alike."""
    drift = float(np.abs(ours - theirs).max(initial=0))
    if isinstance(module, torch.nn.MaxPool2d):
        pool = torch.nn.MaxPool2d(module.kernel_size, module.stride, module.padding, return_indices=True)
        (_, one), (_, other) = pool(torch.from_numpy(ours)), pool(torch.from_numpy(theirs))
        return (drift, drift) if bool((one != other).any()) else None
    differ = (ours > 0) != (theirs > 0)
    return (float(np.abs(ours[differ]).min()), drift) if differ.any() else None


def _keep(seen: dict[str, np.ndarray], name: str) -> Any:
    def hook(_: torch.nn.Module, inputs: Any) -> None:
        seen[name] = inputs[0].detach().numpy().copy()

    return hook


def _keeping(forward: Callable[[np.ndarray], np.ndarray], seen: dict[str, np.ndarray], name: str) -> Any:
    def stand_in(x: np.ndarray) -> np.ndarray:
        seen[name] = x.copy()
        return forward(x)

    return stand_in


def _torch_step(model: Any, batch: Any, epoch: int, batch_idx: int) -> None:
    """Forward and backward of a LightningModule without a Trainer."""
    for module in model.modules():
        if isinstance(module, Dropout):
            _set_step(module, epoch, batch_idx)
    model.train()
    model.zero_grad()
    scores = model(torch.from_numpy(batch[0]))
    model.loss_terms(scores, torch.from_numpy(batch[1]))["loss"].backward()


def _set_step(dropout: Any, epoch: int, batch_idx: int) -> None:
    """The masks of dropout belong to a step."""
    dropout.step = (epoch, batch_idx)


def _torch_stepper(model: Any) -> Any:
    """A step of PyTorch's optimizer, and of its schedule where there is one."""
    configured = model.configure_optimizers()
    if not isinstance(configured, dict):
        return configured.step

    def step() -> None:
        configured["optimizer"].step()
        configured["lr_scheduler"]["scheduler"].step()

    return step
