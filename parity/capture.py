"""Watches both tracks take one batch forward and backward, layer by layer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch

from datamodules.images import Batch
from lightning_models.classifier import Classifier as TorchClassifier
from numpy_ref.models.classifier import Classifier as NumpyClassifier
from numpy_ref.module import Layer


@dataclass
class LayerRecord:
    """What went through one layer; gradients are None where nobody asked for them."""

    x: np.ndarray
    y: np.ndarray
    grad_y: np.ndarray | None = None
    grad_x: np.ndarray | None = None


@dataclass
class BatchRecord:
    """What one training step computed: the loss's terms, each layer's part, each parameter's gradient."""

    terms: dict[str, float] = field(default_factory=dict)
    layers: dict[str, LayerRecord] = field(default_factory=dict)
    gradients: dict[str, np.ndarray] = field(default_factory=dict)

    @property
    def scale(self) -> float:
        """The largest number in any parameter's gradient."""
        return max(float(np.abs(gradient).max()) for gradient in self.gradients.values())


def record_numpy(model: NumpyClassifier, batch: Batch, batch_idx: int = 0) -> BatchRecord:
    """One training step (without the optimiser's) in NumPy."""
    record = BatchRecord()
    model.reset_sums()
    for _, parameter in model.named_parameters():
        parameter.grad[...] = 0
    with _watched(model, record.layers):
        model.training_step(batch, batch_idx)
    record.terms = {name: value for name, value in model.means().items() if name != "accuracy"}
    record.gradients = {name: parameter.grad.copy() for name, parameter in model.named_parameters()}
    return record


def record_torch(model: TorchClassifier, batch: Batch, batch_idx: int = 0) -> BatchRecord:
    """The same step in PyTorch."""
    record = BatchRecord()
    model.reset_sums()
    model.zero_grad()
    handles = [
        module.register_forward_hook(_torch_hook(name, record.layers))
        for name, module in model.named_modules()
        if name and not list(module.children())
    ]
    try:
        model.training_step((torch.from_numpy(batch[0]), torch.from_numpy(batch[1])), batch_idx).backward()
    finally:
        for handle in handles:
            handle.remove()
    record.terms = {name: value for name, value in model.means().items() if name != "accuracy"}
    for name, parameter in model.named_parameters():
        gradient = torch.zeros_like(parameter) if parameter.grad is None else parameter.grad
        record.gradients[name] = gradient.numpy().copy()
    return record


@contextmanager
def _watched(model: NumpyClassifier, records: dict[str, LayerRecord]) -> Iterator[None]:
    layers = list(model.named_layers())
    for name, layer in layers:
        layer.__dict__.update(_watchers(name, layer, records))
    try:
        yield
    finally:
        for _, layer in layers:
            del layer.__dict__["forward"], layer.__dict__["backward"]


def _watchers(name: str, layer: Layer, records: dict[str, LayerRecord]) -> dict[str, Any]:
    """Stand-ins for a layer's `forward` and `backward` that write down what passes."""
    forward, backward = layer.forward, layer.backward

    def watched_forward(x: np.ndarray) -> np.ndarray:
        y = forward(x)
        records[name] = LayerRecord(x.copy(), y.copy())
        return y

    def watched_backward(grad: np.ndarray, input_grad: bool = True) -> np.ndarray:
        records[name].grad_y = grad.copy()
        grad_x = backward(grad, input_grad)
        records[name].grad_x = grad_x.copy() if input_grad else None
        return grad_x

    return {"forward": watched_forward, "backward": watched_backward}


def _torch_hook(name: str, records: dict[str, LayerRecord]) -> Callable[..., None]:
    def hook(_: torch.nn.Module, inputs: tuple[torch.Tensor, ...], output: torch.Tensor) -> None:
        record = LayerRecord(inputs[0].detach().numpy().copy(), output.detach().numpy().copy())
        records[name] = record
        if output.requires_grad:
            output.register_hook(lambda grad: setattr(record, "grad_y", grad.numpy().copy()))
        if inputs[0].requires_grad:
            inputs[0].register_hook(lambda grad: setattr(record, "grad_x", grad.numpy().copy()))

    return hook
