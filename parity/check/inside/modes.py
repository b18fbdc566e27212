"""Training and evaluation mode: switches by parameter, attribute or method, and what evaluations give."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from parity.check.inside.arrays import Array, look_up, parts, walk
from parity.check.inside.chance import DRAWN
from parity.check.inside.data import Evaluation, Form, Step, as_output, batches, give
from parity.check.inside.masks import take_away
from parity.check.inside.names import fits_role, signature
from parity.check.inside.program import CannotCall, Program

EVALUATES = r"predict|eval|infer|^test|proba|score|accura|valid|classif|forward|^__call__$|run|propag|feed|output"
SAMPLES = 40
"""The samples of an evaluation: enough that labels tell two networks apart."""


def set_mode(program: Program, training: bool) -> None:
    """Tell the program's functions and objects whether this is training."""
    program.roles.update(training=training, testing=not training)
    word = _mode_word(program, training)
    if word is None:
        program.roles.pop("mode", None)
    else:
        program.roles["mode"] = word
    for holder in own_objects(program):
        for name, value in list(vars(holder).items()):
            if isinstance(value, bool) and fits_role(name, "training"):
                setattr(holder, name, training)
            elif isinstance(value, bool) and fits_role(name, "testing"):
                setattr(holder, name, not training)


def _mode_word(program: Program, training: bool) -> Any:
    """What a parameter called `mode` is given: a word that the file uses for it, or a truth value."""
    words = {w.lower(): w for w in re.findall(r"[\"']([A-Za-z]+)[\"']", program.source)}
    wanted = (
        ("train", "training", "fit") if training else ("eval", "evaluation", "test", "testing", "inference", "predict")
    )
    found = next((words[w] for w in wanted if w in words), None)
    if found is None and any(w in words for w in ("train", "training", "eval", "test")):
        return wanted[0]
    return training if found is None else found


def own_objects(program: Program) -> Iterator[Any]:
    """The program's own objects, and those in their attributes and lists."""
    waiting, seen = [*program.roots.values()], set[int]()
    while waiting and len(seen) < 200:
        value = waiting.pop()
        if id(value) in seen or isinstance(value, np.ndarray):
            continue
        seen.add(id(value))
        waiting += [part for _, part in parts(value)]
        if type(value).__module__ == "submission" and hasattr(value, "__dict__"):
            yield value


def has_switch(program: Program) -> bool:
    """Whether anything tells training from evaluation: a parameter, an attribute or a method."""
    roles = ("training", "testing", "mode")
    words = {p for f in program.functions.values() for p in _parameters(f)}
    held = {n for o in own_objects(program) for n, v in vars(o).items() if isinstance(v, bool)}
    return any(fits_role(w, role) for w in words | held for role in roles) or "eval" in program.functions


def _parameters(function: Any) -> list[str]:
    try:
        return list(signature(function).parameters)
    except (TypeError, ValueError):
        return []


# ---- arrays beside the weights ---------------------------------------------------------------------------------------


def others(program: Program) -> dict[str, Array]:
    """Arrays of the hidden layers' widths that are neither weights nor biases: γ, β, running statistics."""
    assert program.layout is not None
    layout, widths = program.layout, program.layout.sizes[1:-1]
    paths = [p for p in (*layout.weights, *layout.biases) if p]
    known = {id(look_up(program.roots, p)) for p in paths}
    found: dict[str, Array] = {}
    for name, root in program.roots.items():
        for one in walk(root, (name,)):
            value = one.value
            if not isinstance(value, np.ndarray) or id(value) in known or one.path in paths or value.size not in widths:
                continue
            plain = max(value.shape) == value.size and not one.is_gradient and np.isfinite(value).all()
            if plain and len(found) < 16 and not re.search(r"^d_|cache|velocit|momentum|moment", one.name, re.I):
                found[".".join(one.path)] = value
    return found


def snapshot(program: Program) -> dict[str, Array]:
    """Copies of them, in their shapes."""
    return {name: array.copy() for name, array in others(program).items()}


def put_others(program: Program, arrays: dict[str, Array]) -> None:
    """Overwrite them, in place."""
    for name, array in others(program).items():
        if name in arrays and arrays[name].shape == array.shape:
            array[...] = arrays[name]


def vary_others(program: Program, forward: Callable[[], Array], rng: np.random.Generator) -> None:
    """Give γ and β numbers of their own: ones and zeros on which the outputs depend."""
    for name in others(program):
        array = others(program).get(name)
        if array is None or array.dtype.kind != "f" or np.ptp(array) or array.flat[0] not in (0, 1):
            continue
        before, kept = forward(), array.copy()
        array = others(program)[name]
        array[...] = rng.uniform(0.7, 1.4, array.shape) - 1 + array.flat[0]
        if np.array_equal(before, forward()):
            put_others(program, {name: kept})


def copies(arrays: dict[str, Array]) -> dict[str, Array]:
    """Copies of arrays, as rows."""
    return {name: np.array(array, float).ravel() for name, array in arrays.items()}


def masks_drawn(form: Form) -> list[Array]:
    """The random numbers of the last call, samples as rows."""
    return [draw.T.copy() if form.columns else draw.copy() for draw in DRAWN]


# ---- evaluation ------------------------------------------------------------------------------------------------------


def evaluations(program: Program, form: Form, rng: np.random.Generator) -> list[Evaluation]:
    """What each function that may evaluate gives for many samples, as it is and when it is asked to evaluate."""
    assert program.layout is not None
    if form.single:
        return []
    switched = has_switch(program)
    found = []
    for name, function in list(program.functions.items()):
        words = _parameters(function)
        outputs_only = _may_lack_labels(function)
        if not (outputs_only or re.search(EVALUATES, name, re.I)) or not any(fits_role(w, "x") for w in words):
            continue
        explicit = any(fits_role(w, role) for w in words for role in ("training", "testing", "mode", "mask", "masks"))
        plain = bool(re.search(r"predict|eval|infer|^test|proba|score|accura|valid|classif", name, re.I))
        if not explicit and not plain and not outputs_only:
            continue
        forms = [form, *(replace(form, labels=labels) for labels in ("integers", "one-hot") if labels != form.labels)]
        one = next((e for f in forms if (e := _evaluate(program, f, rng, name, explicit))), None)
        if one is not None:
            one.switched = switched
            found.append(one)
    return found


def _may_lack_labels(function: Callable[..., Any]) -> bool:
    """Whether a function gives outputs where it is given no labels: loss(X, y=None)."""
    return any(fits_role(n, "y") and p.default is None for n, p in signature(function).parameters.items())


def _evaluate(program: Program, form: Form, rng: np.random.Generator, name: str, explicit: bool) -> Evaluation | None:
    assert program.layout is not None
    ((x, target),) = batches(program.layout.sizes, rng, (SAMPLES,), complete=True)
    give(program, form, x, target)
    set_mode(program, training=True)  # as a training leaves it
    if explicit:
        set_mode(program, training=False)
        take_away(program)
    step = Step(x, target, *program.weights(), others=copies(others(program)))
    try:
        result = program.call(
            name, without=("output", "y") if _may_lack_labels(program.functions[name]) else ("output",)
        )
    except (CannotCall, KeyError, ValueError, TypeError, IndexError, AttributeError):
        return None
    step.draws = masks_drawn(form)
    seen = _result(result, form, program.layout.sizes[-1])
    set_mode(program, training=True)
    return None if seen is None else Evaluation(name, explicit, False, step, seen)


def _result(result: Any, form: Form, classes: int) -> Array | None:
    """Outputs (N, C), labels (N,) or one number."""
    values = list(result.values()) if isinstance(result, dict) else result if isinstance(result, tuple) else (result,)
    for value in values if isinstance(values, list | tuple) else ():
        array = np.asarray(value) if isinstance(value, np.ndarray | float | int | np.generic) else None
        if array is None:
            continue
        output = as_output(array, SAMPLES, classes, form.columns)
        if output is not None and classes > 1:
            return output
        if array.size == SAMPLES and array.dtype.kind in "iu":
            return array.ravel()
        if array.size == 1 and array.dtype.kind in "fiu":
            return array.ravel()
    return None
