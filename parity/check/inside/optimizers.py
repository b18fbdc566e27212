"""Updates that are functions of parameters, gradients and a state of their own, and optimiser classes."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from parity.check.inside.data import RATE
from parity.check.inside.load import Submission
from parity.check.inside.modes import own_objects
from parity.check.inside.names import fits_role, required, signature
from parity.check.inside.program import CannotCall, Program, bind, run
from parity.check.inside.toolkit import OPTIMIZER_CLASS

STATE_MAKER = re.compile(
    r"init|make|zero|create|new|start|empty|setup|build|adam|moment|veloc|state|slots|memory", re.I
)
SETTINGS = {"momentum": 0.9, "beta1": 0.9, "beta2": 0.999, "eps": 1e-8}
LEFT_OUT = ("x", "y", "x_other", "y_other", "output", "count", "cache", "pairs")
STEPS = ("step", "update", "apply", "apply_gradients", "update_params", "optimize", "minimize")


def takes_gradients(function: Callable[..., Any]) -> bool:
    """Whether a function asks for gradients and weights, and for no data: an update rule."""
    try:
        needed = required(function)
    except (TypeError, ValueError):
        return False
    grads = [n for n in needed if fits_role(n, "grads") and not fits_role(n, "x")]
    data = [n for n in needed if fits_role(n, "x") and n.lower() not in ("a", "i", "batch")]
    return bool(grads) and len(needed) > 1 and not data and any(fits_role(n, "params") for n in needed)


def call_update(program: Program, name: str, data: bool = False) -> Any:
    """Call an update rule; its state (velocities, moments, a step counter) is made at the first call and kept.

    `data`: the rule is part of a function that takes samples and labels.

    Raises CannotCall.
    """
    function = program.functions[name]
    states = program.known.setdefault("state of " + name, {})
    program.roles["step"] = states["step"] = states.get("step", 0) + 1
    program.roles.update(SETTINGS)
    needed = required(function)
    counts = "m" not in needed  # beside a batch size called n; m is more often a moment
    kept = ("x", "y", "x_other", "y_other") if data else ()
    roles = {r: v for r, v in program.roles.items() if r not in LEFT_OUT or r in kept or (r == "count" and counts)}
    first = [n for n in needed if not _understood(n, roles)]
    values = states.setdefault("values", _make_state(program, first) if first else {})
    known = {n: v for n, v in program.known.items() if n in needed and n not in values}
    known.update(values)
    if data and not values:
        raise CannotCall("no state to keep")
    result = run(function, bind(function, known, roles), program.file, program.globals)
    found = dict(zip(_names(program, name, result), result if isinstance(result, tuple) else (), strict=False))
    values.update({n: v for n, v in found.items() if n in values})
    return result


def _names(program: Program, name: str, result: Any) -> list[str]:
    from parity.check.inside.names import returned_names

    return returned_names(program.functions[name], result) or []


def _understood(name: str, roles: dict[str, Any]) -> bool:
    known = (
        "x",
        "y",
        "params",
        "grads",
        "lr",
        "reg",
        "step",
        "momentum",
        "beta1",
        "beta2",
        "eps",
        "batch_size",
        "epochs",
        "count",
    )
    if re.match(r"^(s|v|m|sq|r|h|state|cache|mem)$", name, re.I):
        return False
    return any(role in roles and fits_role(name, role) for role in known)


def _make_state(program: Program, names: list[str]) -> dict[str, Any]:
    """Values for the parameters that hold an optimiser's state: from the file's own initialiser, else zeros."""
    params = program.roles.get("params")
    for maker, function in program.functions.items():
        if not STATE_MAKER.search(maker):
            continue
        needed = required(function)
        if len(needed) > 1 or (needed and not fits_role(needed[0], "params")):
            continue
        try:
            made = run(function, dict.fromkeys(needed, params), program.file, program.globals)
        except CannotCall:
            continue
        if isinstance(made, tuple) and len(made) == len(names):
            return dict(zip(names, made, strict=True))
        if len(names) == 1 and made is not None and _is_zero(made):
            return {names[0]: made}
    return {name: _zeros(params) for name in names}


def _is_zero(value: Any) -> bool:
    from parity.check.inside.arrays import walk

    return all(not np.any(f.value) for f in walk(value))


def _zeros(value: Any) -> Any:
    """The same containers with zeros in the arrays."""
    if isinstance(value, dict):
        return {key: _zeros(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_zeros(part) for part in value]
    if isinstance(value, tuple):
        return tuple(_zeros(part) for part in value)
    return np.zeros_like(value) if isinstance(value, np.ndarray) else copy.deepcopy(value)


def optimizer_methods(submission: Submission, program: Program) -> Iterator[tuple[str, Callable[..., Any]]]:
    """(name, method) of the step of each optimiser class that can be made for these weights."""
    for name, cls in submission.classes().items():
        if not OPTIMIZER_CLASS.search(name):
            continue
        roles = {**program.roles, **SETTINGS}
        roles["layers"] = roles.get("params")
        try:
            made = run(cls, bind(cls, {}, roles, LEFT_OUT, ("params",)), program.file, program.globals)
        except CannotCall:
            continue
        for step in STEPS:
            if callable(getattr(made, step, None)):
                yield f"{name}.{step}", getattr(made, step)
                break


def is_rule_of_one(function: Callable[..., Any]) -> bool:
    """Whether a function updates a single array: rule(w, dw, config)."""
    try:
        needed = required(function)
    except (TypeError, ValueError):
        return False
    return len(needed) >= 2 and bool(ONE_WEIGHT.match(needed[0]) and ONE_GRADIENT.match(needed[1]))


ONE_WEIGHT = re.compile(r"^(w|weights?|x|p|param|theta|v|value)$", re.I)
ONE_GRADIENT = re.compile(r"^(dw|dx|g|grad|gradient|dp|dtheta|dparam|dv|d_?w|grad_w)$", re.I)


def call_each(program: Program, name: str) -> None:
    """Update each weight and bias by a rule of one array; what it returns beside the array is its state."""
    function = program.functions[name]
    words = list(signature(function).parameters)
    states = program.known.setdefault("state of " + name, {})
    for place, (array, gradient) in enumerate(zip(program.held(), program.gradients, strict=True)):
        roles: dict[str, Any] = {role: program.roles[role] for role in ("lr", "step") if role in program.roles}
        known = {words[0]: array, words[1]: np.array(gradient, copy=True)}
        arguments = bind(function, known, {**SETTINGS, **roles})
        state = states.setdefault(place, _own_state(words[2:]))
        arguments.update(state)
        result = run(function, arguments, program.file, program.globals)
        parts = result if isinstance(result, tuple) else (result,)
        if len(parts) == 2 and len(state) == 1:
            states[place] = dict.fromkeys(state, parts[1])
        if isinstance(parts[0], np.ndarray):
            array[...] = parts[0]


def _own_state(words: list[str]) -> dict[str, Any]:
    """A dictionary for a parameter called `config`, with our learning rate in it."""
    held = [w for w in words if re.match(r"^(config|state|cache|conf|opt|options|memory)$", w)]
    return {held[0]: {"learning_rate": RATE, "lr": RATE}} if held else {}


def _with_one_sample(program: Program, name: str) -> Any:
    """A training that goes through lists of samples, given a list of one."""
    roles, whole = program.roles, {role: program.roles.get(role) for role in ("x", "y")}
    if "x_alone" not in roles or program.layout is None:
        return None
    roles.update(x=roles["x_alone"], y=roles["y_alone"])
    before = program.arrays()
    try:
        result = program.call(name, order=("x", "y", "lr"))
    except CannotCall:
        return None
    finally:
        roles.update(whole)
    moved = any(not np.array_equal(a, b) for a, b in zip(before, program.arrays(), strict=True))
    return result if moved and result is not None else () if moved else None


RATE_NAMES = re.compile(
    r"^_?((current|base|initial)_)?(lr|learning_?rate|l_?rate|eta|taxa\w*|taux\w*|tasa\w*)(_init)?$", re.I
)
"""Names of attributes that are surely learning rates: an alpha or a rate may be a slope, or dropout's."""


def set_rates(program: Program, instance: Any) -> None:
    """Let a network and the optimisers in it learn at our rate, where they hold one of their own."""
    for word, value in vars(type(instance)).items():
        if isinstance(value, float) and fits_role(word, "lr") and not hasattr(instance, "__slots__"):
            setattr(instance, word, RATE)
    for holder in own_objects(program):
        for word, value in list(vars(holder).items()):
            if isinstance(value, float) and RATE_NAMES.match(word):
                setattr(holder, word, RATE)


CALLS: list[tuple[tuple[str, ...], tuple[str, ...]]] = [
    ((), ("x", "y", "lr")),
    ((), ("pairs", "lr")),
    (("x",), ("pairs", "batch_size", "lr")),
    (("x", "batch_size"), ("pairs", "lr")),
]
"""(roles not to be used, roles for names that say nothing) of calls that train: `data` may be (x, y) pairs."""


def call_step(program: Program, name: str) -> Any:
    """Call a function that trains; names that say nothing are inputs, labels, learning rate, or a list of samples."""
    if takes_gradients(program.functions[name]):
        return call_update(program, name)
    if "." in name:  # an optimiser's method
        return program.call(name, without=("x", "y", "pairs", "output", "cache"))
    if program.gradients and is_rule_of_one(program.functions[name]):
        return call_each(program, name)
    problem: CannotCall | None = None
    for without, order in CALLS:
        try:
            return program.call(name, without=without, order=order)
        except CannotCall as error:
            problem = problem or error
    if (alone := _with_one_sample(program, name)) is not None:
        return alone
    assert problem is not None
    try:
        return call_update(program, name, data=True)  # with velocities, say, beside the samples
    except CannotCall:
        raise problem from None
