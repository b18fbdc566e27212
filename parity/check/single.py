"""Hand-written losses and dropout against torch."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from types import FunctionType
from typing import Any

import numpy as np
import torch

from parity.check.diagnosis import Diagnosis, Finding
from parity.check.hand_written import BACKWARD, FORWARD, Layer, call, find_method, make
from parity.check.inside.names import fits_role
from parity.check.inside.program import CannotCall
from parity.check.mistakes import output_tweaks
from parity.check.network import Net, Trace
from parity.check.outputs import distance
from parity.check.reference import tweaked_output

Array = np.ndarray
COUNT, CLASSES = 6, 4


# ---- dropout ---------------------------------------------------------------------------------------------------------


def diagnose_dropout(mine: Any, module: torch.nn.Dropout, seed: int) -> Diagnosis:
    """Dropout is random: its mask is read off its output."""
    d = Diagnosis(network="Dropout")
    rng = np.random.default_rng(seed)
    x, g, p = rng.uniform(1, 2, (40, 50)), rng.normal(0, 1, (40, 50)), module.p
    try:
        layer = Layer(mine, module)
        y = layer.forward(x)
        dx = layer.backward(g).get("input gradient")
        rest = layer.forward(x, training=False)
    except CannotCall as error:
        d.error = str(error)
        return d
    d.checked = ["forward", "evaluation"] + (["input gradient"] if dx is not None else [])
    factor = y / x
    kept = np.abs(factor) > 1e-9
    scale = float(np.median(factor[kept])) if kept.any() else 0.0
    share = kept.mean()
    scaled = abs(scale - 1 / (1 - p)) < 1e-6
    at_test = float(np.median(rest / x))
    random_at_test = (np.abs(rest / x) < 1e-9).any()
    if not scaled and abs(scale - 1) < 1e-9 and not random_at_test and abs(at_test - (1 - p)) < 1e-9:
        d.notes.append("scaled in evaluation instead of training: right, but another convention than torch's")
    elif not scaled and kept.any():
        d.findings.append(
            Finding(
                "dropout_not_scaled",
                "forward",
                detail=f"kept entries are multiplied by {scale:.4g}; {1 / (1 - p):.4g} is right",
            )
        )
    if random_at_test:
        d.findings.append(Finding("dropout_in_test", "forward"))
    elif distance(rest, x) > 1e-9 and not d.notes and not d.findings:
        d.findings.append(
            Finding("unexplained", "forward", reproduced=False, detail=f"evaluation multiplies by {at_test:.4g}")
        )
    if abs(share - (1 - p)) > 0.08:
        d.findings.append(
            Finding(
                "unexplained",
                "forward",
                reproduced=False,
                detail=f"keeps {share:.0%} of the entries, {1 - p:.0%} is right",
            )
        )
    if dx is not None and distance(dx, g * factor) > 1e-9:
        ones = np.abs(dx) > 1e-12
        if not np.array_equal(ones, kept):
            d.findings.append(Finding("dropout_mask_not_applied_backward", "gradients"))
        elif not any(f.id == "dropout_not_scaled" for f in d.findings):
            d.findings.append(
                Finding("dropout_not_scaled", "gradients", detail="the gradient is not scaled as the output is")
            )
    return d


# ---- losses ----------------------------------------------------------------------------------------------------------


def diagnose_loss(mine: Any, loss: Callable[..., torch.Tensor], seed: int) -> Diagnosis:
    """Value and gradient of a loss, in each form of the targets; the form with the least wrong counts."""
    rng = np.random.default_rng(seed)
    best: Diagnosis | None = None
    problems = []
    for pred, given, target in _loss_cases(loss, rng):
        try:
            d = _judge_loss(mine, loss, pred, given, target)
        except (
            CannotCall,
            IndexError,
            RuntimeError,
            ValueError,
        ) as error:  # torch's loss may not take this form either
            problems.append(str(error))
            continue
        if best is None or (d.unexplained, len(d.findings), -len(d.checked)) < (
            best.unexplained,
            len(best.findings),
            -len(best.checked),
        ):
            best = d
    return best or Diagnosis(error=(problems or ["it could not be called"])[0], network="loss")


def _loss_cases(loss: Any, rng: np.random.Generator) -> list[tuple[Array, Array, torch.Tensor]]:
    name = type(loss).__name__
    pred = rng.normal(0, 1, (COUNT, CLASSES))
    labels = rng.integers(0, CLASSES, COUNT)
    if name in ("CrossEntropyLoss", "NLLLoss"):
        onehot = np.eye(CLASSES)[labels]
        return [(pred, labels, torch.from_numpy(labels)), (pred, onehot, torch.from_numpy(labels))]
    if name in ("BCELoss", "BCEWithLogitsLoss"):
        pred = 1 / (1 + np.exp(-pred)) if name == "BCELoss" else pred
        bits = rng.integers(0, 2, pred.shape).astype(float)
        return [
            (pred, bits, torch.from_numpy(bits)),
            (pred[:, 0], bits[:, 0], torch.from_numpy(bits[:, 0])),
            (pred[:, :1], bits[:, :1], torch.from_numpy(bits[:, :1])),
        ]
    target = rng.normal(0, 1, pred.shape)
    return [(pred, target, torch.from_numpy(target)), (pred[:, 0], target[:, 0], torch.from_numpy(target[:, 0]))]


def _judge_loss(mine: Any, loss: Any, pred: Array, given: Array, target: torch.Tensor) -> Diagnosis:
    d = Diagnosis(network=type(loss).__name__)
    inputs = torch.from_numpy(pred.copy()).requires_grad_()
    right = loss(inputs, target)
    right.backward()
    right_gradient = inputs.grad.numpy()  # type: ignore[union-attr]
    value, gradient = _call_loss(mine, pred, given)
    classes = pred.shape[1] if pred.ndim > 1 else 1
    if value is not None:
        d.checked.append("loss")
        quotient = value / right.item()
        if abs(quotient - 1) > 1e-6:
            known = {float(len(pred)): "loss_not_averaged", float(pred.size): "loss_not_averaged"}
            name = next((n for q, n in known.items() if abs(quotient - q) < 1e-5 * q), "unexplained")
            d.findings.append(
                Finding(
                    name,
                    "loss",
                    reproduced=name != "unexplained",
                    detail=f"{value:.8g} where {right.item():.8g} is right",
                )
            )
    if gradient is None:
        return d
    d.checked.append("gradients")
    if np.size(gradient) != right_gradient.size:
        d.findings.append(Finding("unexplained", "gradients", reproduced=False, detail=f"shape {np.shape(gradient)}"))
    elif distance(gradient, right_gradient) > 1e-6:
        d.findings += _name_loss_gradient(type(loss).__name__, gradient, right_gradient, pred, given, classes)
    return d


def _name_loss_gradient(name: str, seen: Array, right: Array, pred: Array, given: Array, classes: int) -> list[Finding]:
    count = len(pred)
    seen = seen.reshape(right.shape)
    factor = float((seen * right).sum() / (right * right).sum())
    if distance(seen, factor * right) < 1e-6:
        for value, id in (
            (count, "grad_not_averaged"),
            (1 / count, "grad_averaged_twice"),
            (1 / classes, "grad_divided_by_classes"),
            (-1, "sign_flipped"),
            (count * classes, "grad_not_averaged"),
        ):
            if abs(factor - value) < 1e-5 * abs(value):
                return [Finding(id, "gradients", detail=f"{factor:.5g} times the right one")]
        return [Finding("wrong_scale", "gradients", reproduced=False, detail=f"{factor:.6g} times the right one")]
    if name in ("CrossEntropyLoss", "NLLLoss", "BCEWithLogitsLoss") and pred.ndim == 2:
        kind = "bce" if name.startswith("BCE") else "ce"
        net, target = Net((), "linear"), given if given.ndim == 2 else np.eye(classes)[given]
        for tweak in output_tweaks(kind, net, classes):
            predicted = tweaked_output(tweak, kind, net, Trace([pred], [pred, pred]), target)
            ratio = float((seen * predicted).sum() / max((predicted * predicted).sum(), 1e-300))
            if ratio and distance(seen, ratio * predicted) < 1e-6:
                return [Finding(tweak.id, "gradients", option=tweak.option)]
    if name == "BCELoss":
        predicted = pred - given
        ratio = float((seen * predicted).sum() / (predicted * predicted).sum())
        if distance(seen, ratio * predicted) < 1e-6:
            return [Finding("mse_gradient_for_cross_entropy", "gradients", also=["sigmoid_derivative_missing"])]
    vectors = _cosine_without_jacobian(pred, given)
    if vectors is not None:
        for predicted in vectors:
            ratio = float((seen * predicted).sum() / (predicted * predicted).sum())
            if distance(seen, ratio * predicted) < 1e-6:
                return [Finding("cosine_without_norm_jacobian", "gradients")]
    return [Finding("unexplained", "gradients", reproduced=False)]


def _cosine_without_jacobian(a: Array, b: Array) -> list[Array] | None:
    if a.ndim != 2 or a.shape != np.shape(b):
        return None
    na, nb = np.linalg.norm(a, axis=1, keepdims=True), np.linalg.norm(b, axis=1, keepdims=True)
    return [b / (na * nb), b / nb, b, a / na - b / nb]


def _call_loss(mine: Any, pred: Array, given: Array) -> tuple[float | None, Array | None]:
    if isinstance(mine, tuple):
        forward, backward = mine
    elif isinstance(mine, FunctionType) and mine.__name__ != "<lambda>":
        forward, backward = mine, None
    else:
        thing = make(mine, {})
        forward = find_method(thing, FORWARD)
        try:
            backward = find_method(thing, tuple(n for n in BACKWARD if n != getattr(forward, "__name__", "")))
        except CannotCall:
            backward = None
    roles = {"output": pred.copy(), "y": given.copy(), "x": pred.copy()}
    order = ("output", "y", "x")
    known: dict[str, Any] = {}
    result = call(forward, known, _only(forward, roles), order)
    parts = list(result) if isinstance(result, tuple) else [result]
    value = np.asarray(parts[0]) if parts[0] is not None else np.zeros(0)
    loss = float(value.mean()) if value.size and value.dtype.kind == "f" else None
    if value.ndim and value.size == pred.size and pred.ndim == 2:
        loss = None
    gradient = next((np.asarray(p) for p in parts[1:] if np.shape(p) == pred.shape), None)
    if backward is not None and gradient is None:
        cache = parts[1] if len(parts) == 2 else tuple(parts[1:])
        found = call(
            backward,
            known,
            _only(backward, {**roles, "cache": cache, "grad_output": 1.0}),
            (*order, "cache", "grad_output"),
        )
        found = found[0] if isinstance(found, tuple) else found
        gradient = np.asarray(found) if found is not None else None
    return loss, gradient


def _only(function: Callable[..., Any], roles: dict[str, Any]) -> dict[str, Any]:
    """`x` names the predictions only where no other parameter does."""
    names = list(inspect.signature(function).parameters)
    has_output = any(fits_role(n, "output") and not fits_role(n, "y") for n in names)
    return {r: v for r, v in roles.items() if r != "x" or not has_output or "output" not in roles}
