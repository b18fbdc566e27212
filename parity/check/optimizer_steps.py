"""An optimiser beside torch's: the same gradients, step by step; a wrong rule is named by reproducing the steps."""

from __future__ import annotations

import copy
import inspect
import itertools
import re
from collections.abc import Callable
from types import FunctionType
from typing import Any

import numpy as np
import torch

from parity.check.diagnosis import Diagnosis, Finding
from parity.check.hand_written import find_method
from parity.check.inside.program import CannotCall
from parity.check.outputs import distance
from parity.check.updates import RULES, Settings, two_mistakes, variants

Array = np.ndarray
COUNT, CLASSES = 6, 4


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
    for mistake, numbers in itertools.chain(variants(rule, s), two_mistakes(rule, s)):
        w, path = start, [start]
        for k in range(len(gradients)):
            with np.errstate(all="ignore"):
                w = path[0] + sum(RULES[rule](gradients[: k + 1], path[: k + 1], numbers, mistake))
            path.append(w)
        if mistake and all(
            np.allclose(a, b, rtol=1e-6, atol=1e-12, equal_nan=True) for a, b in zip(seen, path, strict=True)
        ):
            return [Finding(one.split(":")[0], "update") for one in mistake.split("+")]
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
STATE = re.compile(r"^_?(state|cache|config|conf|velocity|v|m|s|moments?|memory|opt_state|buf|store)_?$", re.I)


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
        if name in COUNTERS and not optional:
            arguments[name] = states.get(name, t)
        elif GRADS.match(name) and not optional:
            arguments[name] = grads
        elif name in ("key", "name", "id", "index") and not optional:
            arguments[name] = key
        elif STATE.match(name) and (not optional or p.default is None):
            long = name in ("state", "cache", "config", "conf", "opt_state", "memory", "store")
            settings = {n: v for n, v in known.items() if v is not None} if name in ("config", "conf") else {}
            arguments[name] = states.setdefault(name, _State(settings) if long else zeros)
        elif name in known:
            arguments[name] = known[name]
        elif PARAMS.match(name) and not optional:
            arguments[name] = params
        elif not optional:
            raise CannotCall(f"parameter {name!r} of the optimiser is not understood")
    return arguments


COUNTERS = ("t", "step", "iteration", "n", "k")


class _State(dict[Any, Any]):
    """An empty state in which a counter that nobody set is 0."""

    def __missing__(self, key: Any) -> int:
        if key in ("t", "step", "iteration"):
            return 0
        raise KeyError(key)


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
    if isinstance(mine, FunctionType) and not any(GRADS.match(n) for n in inspect.signature(mine).parameters):
        made = mine(**_bind(mine, params, None, known, {}, None, 1))  # a function that makes the update
        return made if callable(made) else mine
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
    """The function that makes a step."""
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
        states = _counts_itself(_function_of(_make_optimizer(mine, [w], known)), w, gradients[0][index], known)
        function = _function_of(_make_optimizer(mine, [w], known))
        values = []
        for t, grads in enumerate(gradients, 1):
            zero = np.zeros_like(w)
            arguments = _bind(function, w, grads[index].copy(), known, states, zero, t, index)
            result = function(**arguments)
            if isinstance(result, tuple):
                states.update(_returned(arguments, states, result))
                result = result[0]
            w = result if isinstance(result, np.ndarray) else w
            values.append(np.array(w, copy=True).ravel())
        columns.append(values)
    return _moved([np.concatenate([c[t] for c in columns]) for t in range(len(gradients))], gradients)


def _returned(arguments: dict[str, Any], states: dict[str, Any], result: tuple[Any, ...]) -> dict[str, Any]:
    """The new state by name, from `return w, m, v` or `return w, [m, v, t]`."""
    rest = list(result[1:])
    names = [n for n in arguments if n in COUNTERS or isinstance(states.get(n), np.ndarray | dict)]
    if len(rest) == 1 and isinstance(rest[0], list | tuple):
        rest = list(rest[0])
    if len(rest) != len(names):
        names = [n for n in names if n not in COUNTERS]
    return {n: v for n, v in zip(names, rest, strict=False) if n not in COUNTERS or n in states}


def _counts_itself(function: Callable[..., Any], w: Array, grad: Array, known: dict[str, Any]) -> dict[str, Any]:
    """{counter: 0} for a function that is given its step, counts on and returns it; else nothing."""
    states: dict[str, Any] = {}
    arguments = _bind(function, w.copy(), grad.copy(), known, states, np.zeros_like(w), 1)
    counter = next((n for n in arguments if n in COUNTERS), None)
    if counter is None:
        return {}
    states[counter] = 1
    result = function(**{n: copy.deepcopy(v) for n, v in arguments.items()})
    found = _returned(arguments, states, result) if isinstance(result, tuple) else {}
    return {counter: 0} if found.get(counter) == 2 else {}


def _moved(path: list[Array], gradients: list[list[Array]]) -> list[Array]:
    if len(path) > 1 and np.array_equal(path[0], path[-1]):
        raise CannotCall("the parameters do not change")
    return path
