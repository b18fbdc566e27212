"""What all judges of a step share: the bands, the words of a finding, and NumPy's arrays in PyTorch's place."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch

from lightning_models.classifier import Classifier as TorchClassifier
from numpy_ref.classifier import Classifier as NumpyClassifier
from parity.bands import Arrays, Bands, largest
from parity.hints import describe
from parity.ledger import Finding, code_of
from parity.records import LayerCall, State, StepRecord
from parity.replay import perturbed


class Given(torch.autograd.Function):
    """Puts NumPy's array in the place of PyTorch's, and on the way back NumPy's gradient in the place of autograd's."""

    @staticmethod
    def forward(ctx: Any, theirs: torch.Tensor, ours: torch.Tensor, on_grad: Callable[[np.ndarray], np.ndarray]) -> Any:
        ctx.on_grad = on_grad
        return ours.clone()

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> Any:
        return torch.from_numpy(ctx.on_grad(grads[0].numpy()).copy()), None, None


class Judge:
    """State and words; `context` is the lock-step with its ledger and NumPy's events."""

    def __init__(self, context: Any, ours: NumpyClassifier, theirs: TorchClassifier) -> None:
        self.context, self.ledger, self.model = context, context.ledger, theirs
        self.experiment, self.data = context.experiment, context.data
        self.layers = dict([*ours.named_layers(), *ours.named_blocks()])
        self.modules = dict(theirs.named_modules())
        self.ours = ours
        self.random = np.random.default_rng(self.experiment.seed)
        self.bands = Bands(float(np.finfo(self.experiment.trainer.dtype).eps))
        self.record: StepRecord | None = None
        self.open: dict[str, list[LayerCall]] = {}
        self.runs: dict[str, list[Arrays]] = {}
        self.synced: State = {}
        self.before: dict[str, np.ndarray] = {}
        self.epochs: Any = None
        self.handles: list[Any] = []
        self.base: type[TorchClassifier] = type(theirs)
        self.highest_lr = self.experiment.optimizer.lr

    @contextmanager
    def paused(self) -> Iterator[None]:
        """The hooks do nothing within: for replays of layers."""
        record, self.record = self.record, None
        try:
            yield
        finally:
            self.record = record

    def _call(self, name: str) -> LayerCall | None:
        """NumPy's call of the layer that is being computed, if its layers were recorded."""
        calls = self.open.get(name, []) if self.record is not None else []
        return calls[0] if calls else None

    def _runs(self, name: str, call: LayerCall, key: str) -> list[np.ndarray]:
        """A quantity of a layer in its perturbed runs, which are made once a step."""
        if name not in self.runs:
            with self.paused():
                self.runs[name] = list(perturbed(self.modules[name], call, self.random))
        return [run[key] for run in self.runs[name] if key in run]

    def _has_weights(self, name: str) -> bool:
        return next(self.modules[name].parameters(), None) is not None

    def _judge(
        self, stage: str, quantity: str, what: str, where: str, ours: np.ndarray, theirs: Any,
        runs: Callable[[], list[np.ndarray]], natural: float, code: tuple[str, ...],
    ) -> None:  # fmt: skip
        array = theirs.detach().numpy() if torch.is_tensor(theirs) else theirs
        difference, band = self.bands.judge(quantity, ours, array, runs, natural)
        if difference <= band:
            size = max(largest(array), natural, 1e-300)
            self.ledger.passed(stage, difference / band if band else 0.0, difference / size)
        else:
            self._add(stage, what, where, difference, band, code, describe(ours, array))

    def _add(
        self, stage: str, what: str, where: str, difference: float, band: float, code: tuple[str, ...], hint: str
    ) -> None:
        record = self.record
        step, epoch = (record.step, record.epoch + 1) if record else (None, None)
        self.ledger.add(Finding(stage, what, where, step, epoch, difference, band, code, hint))

    def _finding(self, stage: str, what: str, where: str, *code: str, hint: str = "") -> Finding:
        record = self.record
        step, epoch = (record.step, record.epoch + 1) if record else (None, None)
        return Finding(stage, what, where, step, epoch, code=code, hint=hint)

    def _called(self, name: str) -> str:
        return f"{name} ({type(self.layers[name]).__name__})"

    def _layer_code(self, name: str, method: str) -> tuple[str, ...]:
        return code_of(getattr(type(self.layers[name]), method, None), type(self.modules[name]).forward)

    def _around_code(self, name: str, method: str) -> tuple[str, ...]:
        """Where a layer is handed what it gets: in the block that it belongs to, else in the model."""
        blocks = [type(block) for other, block in self.layers.items() if name.startswith(f"{other}.")]
        return code_of(*(getattr(block, method, None) for block in blocks)) + self._model_code(method)

    def _model_code(self, method: str) -> tuple[str, ...]:
        return code_of(getattr(type(self.ours), method, None), getattr(self.base, method, None))

    def _step_methods(self) -> tuple[Any, ...]:
        return type(self.ours).training_step, self.base.training_step


def function(module: str, path: str) -> Any:
    """A function or method by name; None where there is none of this name (any more)."""
    from importlib import import_module

    found: Any = import_module(module)
    for name in path.split("."):
        found = getattr(found, name, None)
    return found
