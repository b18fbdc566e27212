"""PyTorch's layers and models computed again from given inputs: the reference of each layer, and its perturbed runs."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from torch.nn.modules.batchnorm import _BatchNorm

from lightning_models.classifier import Classifier
from lightning_models.layers import Dropout, MultiheadAttention, Normalize
from parity.bands import Arrays, moved_by_rounding
from parity.records import LayerCall
from parity.replay_attention import attention_number_by_number
from parity.replay_norms import DX, Y, standardised_off_by_a_rounding, unit_vectors_off_by_a_rounding

Mean = Callable[[torch.Tensor], torch.Tensor]
SUMS = (torch.nn.Linear, torch.nn.Conv2d, torch.nn.AvgPool2d, torch.nn.AdaptiveAvgPool2d)
"""Layers whose every number is a sum of products."""
SAMPLES_APART = 128
"""Batches up to this size are also added up sample by sample."""


def through(module: torch.nn.Module, x: np.ndarray, grad_y: np.ndarray | None) -> Arrays:
    """What a PyTorch module makes of an input and an incoming gradient: y, dL/dx, and each parameter's gradient.

    A module with running statistics also gives these, as they are after the forward pass. The module stays as it is.
    """
    twin = copy.deepcopy(module)
    return _through(twin, x, grad_y)


def _through(twin: torch.nn.Module, x: np.ndarray, grad_y: np.ndarray | None) -> Arrays:
    for parameter in twin.parameters():
        parameter.grad = None
        parameter.requires_grad_(True)
    given = torch.from_numpy(np.array(x)).requires_grad_(True)
    with torch.enable_grad():
        y = twin(given)
        arrays: Arrays = {Y: y.detach().numpy().copy()}
        if grad_y is not None and grad_y.shape == tuple(y.shape) and y.requires_grad:
            y.backward(torch.from_numpy(np.array(grad_y)))
            if given.grad is not None:
                arrays[DX] = given.grad.numpy().copy()
            arrays |= {name: p.grad.numpy().copy() for name, p in twin.named_parameters() if p.grad is not None}
    return arrays | {name: b.numpy().copy() for name, b in twin.named_buffers() if b.is_floating_point()}


def perturbed(module: torch.nn.Module, call: LayerCall, random: np.random.Generator) -> Iterator[Arrays]:
    """The runs from which the band of one layer is taken: see parity/bands.py."""
    x, grad_y = call.x, call.grad_y
    for _ in range(2):
        twin = _moved(module, random)
        moved = x if isinstance(module, torch.nn.MaxPool2d) else moved_by_rounding(x, random)  # equals must stay equal
        yield _through(twin, moved, None if grad_y is None else moved_by_rounding(grad_y, random))
    if not any(isinstance(part, Dropout) for part in module.modules()):  # masks belong to the places of the batch
        if len(x) > 1:
            order = random.permutation(len(x))
            yield _in_order(module, x, grad_y, order)
        normed = any(isinstance(part, _BatchNorm) for part in module.modules())
        if not normed and list(module.parameters()) and 1 < len(x) <= SAMPLES_APART:
            yield _sample_by_sample(module, x, grad_y)
    if isinstance(module, SUMS):
        yield _off_by_a_rounding(module, x, grad_y)
        yield _number_by_number(module, x, grad_y, None)
        yield _number_by_number(module, x, grad_y, np.longdouble)
    if isinstance(module, MultiheadAttention) and grad_y is not None:
        for dtype in (None, np.longdouble):
            yield attention_number_by_number(module, x, grad_y, through(module, x, grad_y), dtype)
    if isinstance(module, torch.nn.LayerNorm) or (isinstance(module, _BatchNorm) and module.training):
        yield standardised_off_by_a_rounding(module, x, grad_y, through(module, x, grad_y))
    if isinstance(module, Normalize):
        yield unit_vectors_off_by_a_rounding(x, grad_y, through(module, x, grad_y))
    if isinstance(module, _BatchNorm) and module.training:
        yield _by_formula(module, x, grad_y, lambda rows: rows.cumsum(dim=1)[:, -1:] / rows.shape[1])
        yield _by_formula(module, x, grad_y, lambda rows: rows.mean(dim=1, keepdim=True))
    if x.dtype == np.float32:
        twin = copy.deepcopy(module).double()
        yield _through(twin, x.astype(np.float64), None if grad_y is None else grad_y.astype(np.float64))


def _moved(module: torch.nn.Module, random: np.random.Generator) -> torch.nn.Module:
    """A copy whose weights are moved by one rounding."""
    twin = copy.deepcopy(module)
    with torch.no_grad():
        for parameter in twin.parameters():
            parameter.copy_(torch.from_numpy(moved_by_rounding(parameter.detach().numpy(), random)))
    return twin


def _off_by_a_rounding(module: torch.nn.Module, x: np.ndarray, grad_y: np.ndarray | None) -> Arrays:
    """Every sum of n terms off by √n roundings of Σ |terms|: what adding them up one by one typically does to it."""
    twin = copy.deepcopy(module)
    with torch.no_grad():
        for parameter in twin.parameters():
            parameter.abs_()
    sizes = _through(twin, np.abs(x), None if grad_y is None else np.abs(grad_y))
    run, eps = through(module, x, grad_y), float(np.finfo(x.dtype).eps)
    terms = _terms(module, x, run[Y])
    roots = {name: np.sqrt(terms.get(name, 1)).astype(x.dtype) for name in run}
    return {name: array + eps * roots[name] * sizes[name] for name, array in run.items()}


def _terms(module: torch.nn.Module, x: np.ndarray, y: np.ndarray) -> dict[str, int]:
    """How many terms the sums of a layer have: those of y, of dL/dx and of the parameters' gradients."""
    outputs = y.size // y.shape[1] if y.ndim > 1 else y.size
    if isinstance(module, torch.nn.Linear):
        rows = x.size // module.in_features  # of sequences, each point is one
        return {Y: module.in_features, DX: module.out_features, "weight": rows, "bias": rows}
    if isinstance(module, torch.nn.Conv2d):
        window = module.kernel_size[0] * module.kernel_size[1]
        sums = {Y: module.in_channels * window, DX: module.out_channels * window}
        return sums | {"weight": outputs, "bias": outputs}
    if isinstance(module, torch.nn.AdaptiveAvgPool2d):
        return {Y: x.shape[-1] * x.shape[-2]}
    kernel = module.kernel_size if isinstance(module.kernel_size, int) else 1  # AvgPool2d
    return {Y: kernel * kernel, DX: kernel * kernel}


def _number_by_number(module: torch.nn.Module, x: np.ndarray, grad_y: np.ndarray | None, dtype: type | None) -> Arrays:
    """Sums over a whole map or batch taken number by number, as they are and with more digits (`dtype`).

    Equal numbers, such as a black background's, add up with an error that grows with how many they are.
    """
    run = through(module, x, grad_y)
    if isinstance(module, torch.nn.AdaptiveAvgPool2d):
        sums = np.cumsum(x.reshape(*x.shape[:2], -1), axis=2, dtype=dtype)[:, :, -1]
        run[Y] = (sums / (x.shape[2] * x.shape[3])).astype(x.dtype).reshape(run[Y].shape)
    elif "bias" in run and grad_y is not None:
        channel = -1 if isinstance(module, torch.nn.Linear) else 1
        rows = np.moveaxis(grad_y, channel, 0).reshape(grad_y.shape[channel], -1)
        run["bias"] = np.cumsum(rows, axis=1, dtype=dtype)[:, -1].astype(x.dtype)
    return run


def _in_order(module: torch.nn.Module, x: np.ndarray, grad_y: np.ndarray | None, order: np.ndarray) -> Arrays:
    """The batch in another order; what belongs to a sample is put back."""
    run = through(_of_rows(module, order), x[order], None if grad_y is None else grad_y[order])
    for name in (Y, DX):
        if name in run:
            back = np.empty_like(run[name])
            back[order] = run[name]
            run[name] = back
    return run


def _of_rows(module: torch.nn.Module, rows: np.ndarray) -> torch.nn.Module:
    """The module, knowing the padding of these rows of the batch alone."""
    masked = [part for part in module.modules() if getattr(part, "_padding", None) is not None]
    if not masked:
        return module
    twin = copy.deepcopy(module)
    for part in twin.modules():
        padding: Any = getattr(part, "_padding", None)
        if padding is not None:
            part.note_padding(padding[torch.from_numpy(rows)])  # type: ignore[operator]
    return twin


def _sample_by_sample(module: torch.nn.Module, x: np.ndarray, grad_y: np.ndarray | None) -> Arrays:
    """Each sample by itself; the parameters' gradients are added up in the order of the batch."""
    twin = copy.deepcopy(module)  # one for all samples: copying takes as long as running
    runs = [
        _through(_of_rows(twin, np.array([i])), x[i : i + 1], None if grad_y is None else grad_y[i : i + 1])
        for i in range(len(x))
    ]
    result: Arrays = {name: np.concatenate([run[name] for run in runs]) for name in (Y, DX) if name in runs[0]}
    for name in runs[0]:
        if name not in result:
            total = runs[0][name]
            for run in runs[1:]:
                total = total + run[name]
            result[name] = total
    return result


@torch.enable_grad()
def _by_formula(module: _BatchNorm, x: np.ndarray, grad_y: np.ndarray | None, mean: Mean) -> Arrays:
    """Batch norm in training, by its formula, with means of rows (F, N) taken in another way."""
    given = torch.from_numpy(x.copy()).requires_grad_(True)
    weight, bias = (p.detach().clone().requires_grad_(True) for p in (module.weight, module.bias))
    rows = given.transpose(0, 1).reshape(given.shape[1], -1)
    centred = rows - mean(rows)
    scale = (mean(centred * centred) + module.eps).rsqrt()
    y = centred * scale * weight[:, None] + bias[:, None]
    y = y.reshape(given.shape[1], given.shape[0], *given.shape[2:]).transpose(0, 1)
    arrays: Arrays = {Y: y.detach().numpy().copy()} | _followed(
        module, mean(rows), mean(centred * centred), rows.shape[1]
    )
    if grad_y is not None:
        y.backward(torch.from_numpy(grad_y.copy()))
        assert given.grad is not None and weight.grad is not None and bias.grad is not None
        arrays |= {DX: given.grad.numpy(), "weight": weight.grad.numpy(), "bias": bias.grad.numpy()}
    return arrays


def _followed(module: _BatchNorm, mean: torch.Tensor, variance: torch.Tensor, rows: int) -> Arrays:
    """The running statistics after a batch with this mean and (biased) variance, both (F, 1)."""
    take = module.momentum or 0.0
    assert module.running_mean is not None and module.running_var is not None
    followed = {
        "running_mean": (1 - take) * module.running_mean + take * mean[:, 0],
        "running_var": (1 - take) * module.running_var + take * variance[:, 0] * (rows / max(1, rows - 1)),
    }
    return {name: tensor.detach().numpy().copy() for name, tensor in followed.items()}


def model_scores(model: Classifier, images: np.ndarray, state: Arrays | None = None) -> np.ndarray:
    """The scores of the model with its own weights, or with those of `state`; nothing in it is changed."""
    tensors = {name: torch.from_numpy(np.array(array)) for name, array in (state or state_of(model)).items()}
    frozen = model.__dict__.pop("_frozen_words", None)
    model.__dict__["_frozen_words"] = None
    try:
        with torch.no_grad():
            scores = torch.func.functional_call(model, tensors, (torch.from_numpy(np.array(images)),))
            return np.asarray(scores.numpy())
    finally:
        model.__dict__["_frozen_words"] = frozen


def state_of(model: torch.nn.Module) -> Arrays:
    """Copies of all parameters and buffers."""
    return {name: tensor.detach().cpu().numpy().copy() for name, tensor in model.state_dict().items()}


def perturbed_scores(model: Classifier, images: np.ndarray, random: np.random.Generator) -> Iterator[np.ndarray]:
    """The scores of the whole model with inputs and weights moved by one rounding, and in the other precision."""
    state = state_of(model)
    for _ in range(2):
        moved = {name: moved_by_rounding(array, random) for name, array in state.items()}
        yield model_scores(model, moved_by_rounding(images, random), moved)
    if images.dtype == np.float32:
        double = {name: a.astype(np.float64) if a.dtype == np.float32 else a for name, a in state.items()}
        yield model_scores(model, images.astype(np.float64), double)


def loss_gradient(model: Classifier, scores: np.ndarray, labels: np.ndarray) -> tuple[dict[str, float], np.ndarray]:
    """The loss's terms and dL/dscores, by autograd; without the penalty's gradient, which does not reach the scores."""
    given = torch.from_numpy(np.array(scores)).requires_grad_(True)
    with torch.enable_grad():
        terms = model.loss_terms(given, torch.from_numpy(np.array(labels)))
        (grad,) = torch.autograd.grad(terms["loss"], given)
    return {name: float(value.detach()) for name, value in terms.items()}, grad.numpy().copy()


def perturbed_losses(
    model: Classifier, scores: np.ndarray, labels: np.ndarray, random: np.random.Generator
) -> Iterator[tuple[dict[str, float], np.ndarray]]:
    """The same with scores moved by one rounding, with the samples in another order, and in the other precision."""
    for _ in range(2):
        yield loss_gradient(model, moved_by_rounding(scores, random), labels)
    order = random.permutation(len(scores))
    terms, grad = loss_gradient(model, scores[order], labels[order])
    back = np.empty_like(grad)
    back[order] = grad
    yield terms, back
    if scores.dtype == np.float32:
        yield loss_gradient(model, scores.astype(np.float64), labels)
