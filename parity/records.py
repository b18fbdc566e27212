"""What a training in NumPy did, written down while it runs: one record for each step, batch, epoch and result.

`NumpyRecorder` puts stand-ins before the methods of a model's layers, losses and optimizer. They call the method and
copy what went in and came out; the training itself is the project's own, and goes on as if nobody watched.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from datamodules.images import Batch
from numpy_ref.classifier import Classifier
from numpy_ref.module import Layer
from numpy_ref.optim import Optimizer

State = dict[str, np.ndarray]


@dataclass
class LayerCall:
    """What went through a layer once: copies, taken before anybody could change the arrays."""

    x: np.ndarray
    y: np.ndarray
    changed_input: bool = False
    """Whether `forward` changed the array that it was given."""
    grad_y: np.ndarray | None = None
    grad_x: np.ndarray | None = None
    gradients: State = field(default_factory=dict)
    """The layer's own parameters' gradients when its `backward` had ended."""


@dataclass
class StepRecord:
    """One training step, or one batch of an evaluation."""

    kind: Literal["train", "validation", "test"]
    epoch: int
    """From 0."""
    batch_idx: int
    step: int
    """From 0, over the whole training."""
    images: np.ndarray
    labels: np.ndarray
    training: bool
    """Whether the model was in training mode."""
    scores: np.ndarray = field(default_factory=lambda: np.empty(0))
    terms: dict[str, float] = field(default_factory=dict)
    loss: float = float("nan")
    score_grad: np.ndarray | None = None
    layers: dict[str, list[LayerCall]] = field(default_factory=dict)
    """Empty for a step whose layers were not recorded."""
    gradients: State = field(default_factory=dict)
    """Of every parameter, as the optimizer got it."""
    lr: float = float("nan")
    before: State = field(default_factory=dict)
    """Weights before the step, or before the first batch of an evaluation."""
    after: State = field(default_factory=dict)
    """Weights and buffers after the step."""
    optimized: bool = False
    """Whether the optimizer took a step with these gradients."""

    @property
    def detailed(self) -> bool:
        """Whether the layers were recorded."""
        return bool(self.layers)


Wanted = Callable[[str, int, int], bool]
"""(kind, epoch, batch_idx) → whether to record the layers, too."""
Emit = Callable[[StepRecord], None]


class NumpyRecorder:
    """Hands a `StepRecord` to `emit` after each step of `model`'s training, and each batch of its evaluations."""

    def __init__(self, model: Classifier, emit: Emit, wanted: Wanted, steps_per_epoch: int) -> None:
        self.model, self.emit, self.wanted, self.steps_per_epoch = model, emit, wanted, steps_per_epoch
        self.record: StepRecord | None = None
        self.epoch, self.evaluated = 0, {"validation": 0, "test": 0}
        self._trained: StepRecord | None = None
        self._replaced: list[tuple[Any, str]] = []
        self._install()

    def remove(self) -> None:
        """Take the stand-ins away."""
        for thing, name in self._replaced:
            thing.__dict__.pop(name, None)
        self._replaced.clear()

    def last_trained(self) -> StepRecord:
        """The training step whose gradients no optimizer has used yet."""
        assert self._trained is not None
        return self._trained

    def _replace(self, thing: Any, name: str, stand_in: Callable[..., Any]) -> None:
        thing.__dict__[name] = stand_in
        self._replaced.append((thing, name))

    def _install(self) -> None:
        model = self.model
        for name, layer in [*model.named_layers(), *model.named_blocks()]:
            self._watch_layer(name, layer)
        forward, loss_terms = model.forward, model.loss_terms
        training_step, configure = model.training_step, model.configure_optimizers

        def watched_forward(images: np.ndarray) -> np.ndarray:
            scores = forward(images)
            if self.record is not None:
                self.record.scores = scores.copy()
            return scores

        def watched_loss_terms(scores: np.ndarray, labels: np.ndarray) -> dict[str, float]:
            terms = loss_terms(scores, labels)
            if self.record is not None:
                self.record.terms = dict(terms)
            return terms

        def watched_training_step(batch: Batch, batch_idx: int = 0) -> float:
            self._emit_without_step()
            self.epoch = int(model.current_epoch)
            self.record = self._begin("train", self.epoch, batch_idx, batch)
            self.record.before = {name: p.data.copy() for name, p in model.named_parameters()}
            self.record.loss = loss = training_step(batch, batch_idx)
            self._trained, self.record = self.record, None
            self.evaluated = dict.fromkeys(self.evaluated, 0)
            return loss

        def watched_configure() -> Optimizer:
            optimizer = configure()
            step = optimizer.step

            def watched_step() -> None:
                self._optimize(optimizer, step)

            self._replace(optimizer, "step", watched_step)
            return optimizer

        self._replace(model, "forward", watched_forward)
        for method in BACKWARDS:
            self._replace(model, method, self._watched_score_gradient(getattr(model, method)))
        self._replace(model, "loss_terms", watched_loss_terms)
        self._replace(model, "training_step", watched_training_step)
        self._replace(model, "configure_optimizers", watched_configure)
        for kind in ("validation", "test"):
            self._watch_evaluation(kind, getattr(model, f"{kind}_step"))

    def _watched_score_gradient(self, backward: Callable[..., Any]) -> Callable[..., Any]:
        def watched_backward(grad: np.ndarray) -> Any:
            if self.record is not None:
                self.record.score_grad = grad.copy()
            return backward(grad)

        return watched_backward

    def _begin(self, kind: Any, epoch: int, batch_idx: int, batch: Batch) -> StepRecord:
        step = epoch * self.steps_per_epoch + batch_idx
        record = StepRecord(kind, epoch, batch_idx, step, batch[0].copy(), batch[1].copy(), self.model.training)
        record.layers = {"": []} if self.wanted(kind, epoch, batch_idx) else {}
        return record

    def _watch_evaluation(self, kind: str, step: Callable[..., Any]) -> None:
        def watched(batch: Batch, *rest: Any) -> Any:
            self._emit_without_step()
            self.record = self._begin(kind, self.epoch, self.evaluated[kind], batch)
            if not self.evaluated[kind]:
                self.record.before = {name: p.data.copy() for name, p in self.model.named_parameters()}
            self.evaluated[kind] += 1
            result = step(batch, *rest)
            record, self.record = self.record, None
            self._emit(record)
            return result

        self._replace(self.model, f"{kind}_step", watched)

    def _optimize(self, optimizer: Optimizer, step: Callable[[], None]) -> None:
        record = self._trained
        if record is None:
            step()
            return
        record.gradients = {name: p.grad.copy() for name, p in self.model.named_parameters()}
        step()
        record.lr, record.optimized = float(optimizer.lr), True
        record.after = self.model.state_dict()
        self._trained = None
        self._emit(record)

    def _emit_without_step(self) -> None:
        """A training step whose gradients no optimizer has used is a step all the same."""
        if self._trained is not None:
            record, self._trained = self._trained, None
            record.gradients = {name: p.grad.copy() for name, p in self.model.named_parameters()}
            record.after = self.model.state_dict()
            self._emit(record)

    def _emit(self, record: StepRecord) -> None:
        record.layers.pop("", None)
        self.emit(record)

    def _watch_layer(self, name: str, layer: Layer) -> None:
        forward = layer.forward

        def watched_forward(x: np.ndarray) -> np.ndarray:
            record = self.record
            if record is None or not record.layers:
                return forward(x)
            given = x.copy()
            y = forward(x)
            changed = not np.array_equal(given, x, equal_nan=True)
            record.layers.setdefault(name, []).append(LayerCall(given, y.copy(), changed))
            return y

        self._replace(layer, "forward", watched_forward)
        for method in BACKWARDS:
            if hasattr(layer, method):
                self._replace(layer, method, self._watched_backward(name, layer, getattr(layer, method)))

    def _watched_backward(self, name: str, layer: Layer, backward: Callable[..., Any]) -> Callable[..., Any]:
        def watched_backward(grad: np.ndarray) -> Any:
            call = self._open_call(name)
            if call is None:
                return backward(grad)
            call.grad_y = grad.copy()
            grad_x = backward(grad)
            if isinstance(grad_x, np.ndarray):
                call.grad_x = grad_x.copy()
            call.gradients = {key: p.grad.copy() for key, p in layer.named_parameters()}
            return grad_x

        return watched_backward

    def _open_call(self, name: str) -> LayerCall | None:
        """The last call of a layer whose gradient has not come back yet."""
        calls: Iterator[LayerCall] = reversed(self.record.layers.get(name, []) if self.record else [])
        return next((call for call in calls if call.grad_y is None), None)


BACKWARDS = ("backward", "backward_parameters")
"""Methods that take a layer's dL/dy; the second leaves dL/dx out."""


def one_step(model: Classifier, batch: Batch) -> StepRecord:
    """NumPy's first training step, recorded, without the optimizer's part."""
    model.train()
    recorder = NumpyRecorder(model, lambda _: None, lambda *_: True, 1)
    model.training_step(batch, 0)
    record = recorder.last_trained()
    recorder.remove()
    record.layers.pop("", None)
    record.gradients = {name: parameter.grad.copy() for name, parameter in model.named_parameters()}
    return record
