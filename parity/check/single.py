"""Hand-written losses, optimisers and dropout against torch."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from types import FunctionType
from typing import Any

import numpy as np
import torch

from parity.check.diagnosis import Diagnosis, Finding
from parity.check.explain import distance
from parity.check.hand_written import BACKWARD, FORWARD, Layer, call, find_method, make, settings_of
from parity.check.inside.names import fits_role
from parity.check.inside.program import CannotCall
from parity.check.reference import Net, Trace, _tweaked_output, output_tweaks
from parity.check.updates import RULES, Settings, variants

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
            predicted = _tweaked_output(tweak, kind, net, Trace([pred], [pred, pred]), target)
            ratio = float((seen * predicted).sum() / max((predicted * predicted).sum(), 1e-300))
            if ratio and distance(seen, ratio * predicted) < 1e-6:
                return [Finding(tweak.id, "gradients", option=tweak.option)]
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


# ---- optimisers ------------------------------------------------------------------------------------------------------


def diagnose_optimizer(
    mine: Any, factory: Callable[..., torch.optim.Optimizer], seed: int, steps: int = 6
) -> Diagnosis:
    """Several steps with given gradients, some of them tiny, so that ε shows."""
    rng = np.random.default_rng(seed)
    start = [rng.normal(0, 1, (4, 3)), rng.normal(0, 1, 3)]
    size = 10.0 ** rng.uniform(-9, 0.5, (1, 15))
    flat = rng.normal(0, 1, (steps, 15)) * size
    gradients = [[row[:12].reshape(4, 3), row[12:]] for row in flat]
    params = [torch.nn.Parameter(torch.from_numpy(w.copy())) for w in start]
    optimizer = factory(params)
    right = [np.concatenate([w.ravel() for w in start])]
    for grads in gradients:
        for p, g in zip(params, grads, strict=True):
            p.grad = torch.from_numpy(g.copy())
        optimizer.step()
        right.append(np.concatenate([p.detach().numpy().ravel() for p in params]))
    d = Diagnosis(network=type(optimizer).__name__)
    try:
        seen = [right[0], *_drive(mine, optimizer, start, gradients)]
    except CannotCall as error:
        d.error = str(error)
        return d
    d.checked = ["update"]
    if _same_path(seen, right):
        return d
    d.findings = _name_update(optimizer, seen, list(flat), right[0])
    return d


def _same_path(seen: list[Array], right: list[Array]) -> bool:
    moves = [(b - a, d - c) for a, b, c, d in zip(seen, seen[1:], right, right[1:], strict=False)]
    return all(np.isfinite(one).all() and np.allclose(one, two, rtol=1e-6, atol=1e-13) for one, two in moves)


def settings(optimizer: torch.optim.Optimizer) -> tuple[str, Settings]:
    """The rule and the numbers of a torch optimiser."""
    g, name = optimizer.param_groups[0], type(optimizer).__name__
    b1, b2 = g.get("betas", (0.9, 0.999))
    rule = {"SGD": "sgd", "Adam": "adam", "AdamW": "adam", "RMSprop": "rmsprop", "Adagrad": "adagrad"}.get(name, "sgd")
    s = Settings(
        lr=g["lr"],
        momentum=g.get("momentum", 0.0),
        dampening=g.get("dampening", 0.0),
        nesterov=g.get("nesterov", False),
        weight_decay=g.get("weight_decay", 0.0),
        beta1=b1,
        beta2=b2,
        eps=g.get("eps", 1e-8),
        alpha=g.get("alpha", 0.99),
        decoupled=name == "AdamW",
    )
    return rule, s


def _name_update(
    optimizer: torch.optim.Optimizer, seen: list[Array], gradients: list[Array], start: Array
) -> list[Finding]:
    rule, s = settings(optimizer)
    for mistake, numbers in variants(rule, s):
        w, path = start, [start]
        for k in range(len(gradients)):
            with np.errstate(all="ignore"):
                w = path[0] + sum(RULES[rule](gradients[: k + 1], path[: k + 1], numbers, mistake))
            path.append(w)
        if mistake and all(
            np.allclose(a, b, rtol=1e-6, atol=1e-12, equal_nan=True) for a, b in zip(seen, path, strict=True)
        ):
            return [Finding(mistake.split(":")[0], "update")]
    if not np.isfinite(seen[1]).all() and rule == "adam":
        return [Finding("adam_step_starts_at_zero", "update", detail="the first step divides by 0")]
    one, two = seen[1] - seen[0], -s.lr * gradients[0]
    if rule == "sgd" and distance(one, -two) < 1e-6:
        return [Finding("sign_flipped", "update")]
    return [Finding("unexplained", "update", reproduced=False, detail="the steps differ from torch's")]


def _drive(
    mine: Any, optimizer: torch.optim.Optimizer, start: list[Array], gradients: list[list[Array]]
) -> list[Array]:
    """The parameters after each step, whichever way the optimiser wants to be called.

    Raises CannotCall.
    """
    problems = []
    for way in (_as_lists, _as_dicts, _one_by_one):
        try:
            return way(mine, optimizer, [w.copy() for w in start], gradients)
        except (CannotCall, TypeError, AttributeError, KeyError, ValueError, IndexError, ArithmeticError) as error:
            problems.append(str(error))
    raise CannotCall(f"the optimiser could not be driven: {'; '.join(dict.fromkeys(problems))}")


def _known(optimizer: torch.optim.Optimizer) -> dict[str, Any]:
    g = dict(optimizer.param_groups[0])
    g.pop("params")
    known = {**g, **dict.fromkeys(("learning_rate", "eta", "step_size", "lrate"), g["lr"])}
    if "betas" in g:
        b1, b2 = g["betas"]
        known.update(
            dict.fromkeys(("beta1", "b1", "beta_1", "rho1"), b1), **dict.fromkeys(("beta2", "b2", "beta_2", "rho2"), b2)
        )
    known.update({n: g["eps"] for n in ("epsilon", "e") if "eps" in g})
    known.update({n: g["momentum"] for n in ("mu", "beta", "gamma", "rho") if "momentum" in g})
    known.update({n: g["alpha"] for n in ("rho", "decay_rate", "beta", "decay") if "alpha" in g})
    known.update(
        {
            n: g["weight_decay"]
            for n in ("wd", "decay", "lam", "l2", "lambda_", "reg")
            if "weight_decay" in g and "alpha" not in g
        }
    )
    return known


PARAMS = re.compile(r"^_?(params?|parameters?|weights?|w|theta|p|x|model|values?|variables?)s?_?$", re.I)
GRADS = re.compile(r"^_?(grads?|gradients?|g|dw|dparams?|dp|dx|d)s?_?$", re.I)
STATE = re.compile(r"^_?(state|cache|config|velocity|v|m|s|moments?|memory|opt_state|buf|store)_?$", re.I)


def _bind(
    function: Callable[..., Any],
    params: Any,
    grads: Any,
    known: dict[str, Any],
    states: dict[str, Any],
    zeros: Any,
    t: int,
    key: Any = 0,
) -> dict[str, Any]:
    arguments: dict[str, Any] = {}
    for name, p in inspect.signature(function).parameters.items():
        optional = p.default is not p.empty
        if p.kind in (p.VAR_KEYWORD, p.VAR_POSITIONAL):
            continue
        if name in ("t", "step", "iteration", "n", "k") and not optional:
            arguments[name] = t
        elif GRADS.match(name) and not optional:
            arguments[name] = grads
        elif name in ("key", "name", "id", "index") and not optional:
            arguments[name] = key
        elif STATE.match(name) and (not optional or p.default is None):
            long = name in ("state", "cache", "config", "opt_state", "memory", "store")
            arguments[name] = states.setdefault(name, {} if long else zeros)
        elif name in known:
            arguments[name] = known[name]
        elif PARAMS.match(name) and not optional:
            arguments[name] = params
        elif not optional:
            raise CannotCall(f"parameter {name!r} of the optimiser is not understood")
    return arguments


class _Parameter:
    """A parameter with .data and .grad, for optimisers in torch's style."""

    def __init__(self, data: Array) -> None:
        self.data = self.value = data
        self.grad: Any = None


def _make_optimizer(mine: Any, params: Any, known: dict[str, Any]) -> Any:
    if isinstance(mine, type):
        return mine(**_bind(mine, params, None, known, {}, None, 1))
    if isinstance(mine, FunctionType) and mine.__name__ == "<lambda>":
        return mine(params=params)
    return mine


STEPS = (
    "step",
    "update",
    "apply",
    "update_params",
    "apply_gradients",
    "optimize",
    "__call__",
    "update_parameters",
    "minimize",
)


def _function_of(thing: Any) -> Callable[..., Any]:
    return thing if isinstance(thing, FunctionType) else find_method(thing, STEPS)


def _as_lists(
    mine: Any, optimizer: torch.optim.Optimizer, ws: list[Array], gradients: list[list[Array]]
) -> list[Array]:
    known = _known(optimizer)
    states: dict[str, Any] = {}
    thing = _make_optimizer(mine, ws, known)
    function = _function_of(thing)
    path = []
    for t, grads in enumerate(gradients, 1):
        arguments = _bind(function, ws, [g.copy() for g in grads], known, states, [np.zeros_like(w) for w in ws], t)
        if not any(value is ws or isinstance(value, list) for value in arguments.values()):
            raise CannotCall("the step takes no gradients")
        result = function(**arguments)
        result = result[0] if isinstance(result, tuple) and result and isinstance(result[0], list) else result
        if isinstance(result, list) and len(result) == len(ws) and all(isinstance(r, np.ndarray) for r in result):
            ws = result
        path.append(np.concatenate([np.ravel(w) for w in ws]))
    return _moved(path, gradients)


def _as_dicts(
    mine: Any, optimizer: torch.optim.Optimizer, start: list[Array], gradients: list[list[Array]]
) -> list[Array]:
    known = _known(optimizer)
    states: dict[str, Any] = {}
    ws = {"W": start[0], "b": start[1]}
    thing = _make_optimizer(mine, ws, known)
    function = _function_of(thing)
    path = []
    for t, grads in enumerate(gradients, 1):
        named = dict(zip(ws, (g.copy() for g in grads), strict=True))
        result = function(**_bind(function, ws, named, known, states, {k: np.zeros_like(w) for k, w in ws.items()}, t))
        result = result[0] if isinstance(result, tuple) and result and isinstance(result[0], dict) else result
        if isinstance(result, dict) and set(result) == set(ws):
            ws = result
        path.append(np.concatenate([np.ravel(w) for w in ws.values()]))
    return _moved(path, gradients)


def _one_by_one(
    mine: Any, optimizer: torch.optim.Optimizer, ws: list[Array], gradients: list[list[Array]]
) -> list[Array]:
    """One optimiser for each parameter; or objects with .grad, where the step takes nothing."""
    known = _known(optimizer)
    if not isinstance(mine, FunctionType) or mine.__name__ == "<lambda>":
        objects = [_Parameter(w) for w in ws]
        thing = _make_optimizer(mine, objects, known)
        function = _function_of(thing)
        if not inspect.signature(function).parameters:
            path = []
            for grads in gradients:
                for o, g in zip(objects, grads, strict=True):
                    o.grad = g.copy()
                function()
                path.append(np.concatenate([np.ravel(o.data) for o in objects]))
            return _moved(path, gradients)
    columns = []
    for index, w in enumerate(ws):
        states: dict[str, Any] = {}
        function = _function_of(_make_optimizer(mine, [w], known))
        values = []
        for t, grads in enumerate(gradients, 1):
            zero = np.zeros_like(w)
            arguments = _bind(function, w, grads[index].copy(), known, states, zero, t, index)
            result = function(**arguments)
            if isinstance(result, tuple):
                names = [n for n in arguments if n in states and isinstance(states[n], np.ndarray | dict)]
                states.update(zip(names, result[1:], strict=False))
                result = result[0]
            w = result if isinstance(result, np.ndarray) else w
            values.append(np.array(w, copy=True).ravel())
        columns.append(values)
    return _moved([np.concatenate([c[t] for c in columns]) for t in range(len(gradients))], gradients)


def _moved(path: list[Array], gradients: list[list[Array]]) -> list[Array]:
    if len(path) > 1 and np.array_equal(path[0], path[-1]):
        raise CannotCall("the parameters do not change")
    return path


__all__ = ["diagnose_dropout", "diagnose_loss", "diagnose_optimizer", "settings_of"]
