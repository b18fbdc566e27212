"""Programs from a submission: its classes, functions, global names, networks, and its layers put together."""

from __future__ import annotations

import copy
import inspect
import itertools
import re
from collections.abc import Iterator
from typing import Any

import numpy as np

from parity.check.inside import stacks, toolkit
from parity.check.inside.adapter import adapted, is_adapter
from parity.check.inside.data import RATE, Form, batches, give
from parity.check.inside.initialisers import function_programs
from parity.check.inside.load import Submission
from parity.check.inside.names import fits_role, required, signature
from parity.check.inside.optimizers import call_step, optimizer_methods, set_rates
from parity.check.inside.program import CannotCall, Program, bind, run
from parity.check.inside.session import TRAIN, ranked
from parity.check.inside.settle import (
    ATTEMPTS,
    FORMS,
    call_roles,
    give_data,
    loss_arguments,
    settle,
    settled_programs,
    size_roles,
    stream,
)


def class_programs(submission: Submission, sizes: list[int]) -> Iterator[Program]:
    """A program for each class that can be made and holds a chain of weights; else for each network of the file."""
    several = False
    for name, cls in submission.classes().items():
        roles = size_roles(sizes)
        if _asks_for_both(cls):
            give_data(roles, sizes)
        if _is_one_layer(cls):
            continue
        instance = _instance(submission, name, cls, roles, sizes)
        found = list(_instance_programs(submission, instance, sizes, f"class {name}")) if instance is not None else []
        if not found:
            made = [v for v in submission.names.values() if type(v) is cls]
            found = [p for one in made[:1] for p in _instance_programs(submission, one, sizes, f"the file's {name}")]
        yield from found
        several |= bool(found) and any(inspect.isfunction(m) for n, m in vars(cls).items() if n != "__init__")
    if several:
        return
    for label, instance in stacks.made_of_layers(submission, sizes):
        yield from _instance_programs(submission, instance, sizes, label)


def _instance(submission: Submission, name: str, cls: type, roles: dict[str, Any], sizes: list[int]) -> Any:
    """The class with the sizes, and the activation where it asks for one; None if it cannot be made."""
    for order, without in ATTEMPTS:
        for activation in [{}, *stacks.activations(submission)] if _asks_for_activation(cls) else [{}]:
            try:
                arguments = bind(cls, {}, {**roles, **activation}, without, order)
                for word, parameter in signature(cls).parameters.items():
                    if fits_role(word, "hidden_list") and isinstance(parameter.default, tuple | list):
                        arguments[word] = type(parameter.default)(sizes[1:-1])
                return run(cls, arguments, str(submission.path), submission.names)
            except CannotCall as error:
                submission.skipped.append(f"{name}(): {error}")
    return None


def _asks_for_activation(cls: type) -> bool:
    parameters = signature(cls).parameters.items()
    return any(fits_role(n, "activation") and p.default is p.empty for n, p in parameters)


def _asks_for_both(cls: type) -> bool:
    """Whether a constructor wants the samples and the labels."""
    needed = required(cls)
    return any(fits_role(n, "x") and not fits_role(n, "inputs") for n in needed) and any(
        fits_role(n, "y") for n in needed
    )


def _instance_programs(submission: Submission, instance: Any, sizes: list[int], style: str) -> Iterator[Program]:
    cls = type(instance)
    methods = {
        n: getattr(instance, n)
        for n in dir(instance)
        if not n.startswith("__") and inspect.ismethod(getattr(instance, n))
    }
    if "__call__" in dir(cls):
        methods["__call__"] = instance.__call__
    statics = {n: f for n, f in vars(cls).items() if isinstance(f, staticmethod)}
    methods.update({n: getattr(instance, n) for n in statics})
    functions = {**methods, **{n: f for n, f in submission.callables().items() if n not in methods}}
    program = Program(functions, {"self": instance}, str(submission.path), submission.names, style=style)
    program.roles.update(call_roles(size_roles(sizes)))
    program.known.update(dict.fromkeys(("model", "net", "network", "nn", "mlp"), instance))
    program.known.update(loss_arguments(submission))
    program.find_slots(instance, sizes)
    set_rates(program, instance)
    settled = list(settled_programs(program, sizes))
    key = f"no weights after training: {style} {sizes}"
    trains = key not in submission.found and any(re.search(TRAIN, n, re.I) for n in methods)
    if program.layout is None and trains:
        if _made_by_training(program, sizes):
            settled = [program]
        else:
            submission.found[key] = True
    for one in settled:
        one.refresh_params()
        held = getattr(instance, "__dict__", {})
        weights = next((held[n] for n in ("params", "parameters") if n in held), None)
        if isinstance(weights, dict | list):
            one.roles["params"] = weights
        one.functions = {**one.functions, **dict(optimizer_methods(submission, one))}
        one.functions = {**_trainer_methods(submission, instance), **one.functions}
    yield from settled


HOLDS_NETWORK = re.compile(r"_?(model|net(work)?|nn|n|mlp|classifier|red|netz|reseau)_?", re.I)


def _trainer_methods(submission: Submission, network: Any) -> dict[str, Any]:
    """The methods of classes that are made of a network, to train it: Trainer(model).train(x, y)."""
    found: dict[str, Any] = {}
    for name, cls in submission.classes().items():
        needed = required(cls)
        if type(network) is cls or len(needed) != 1 or not HOLDS_NETWORK.fullmatch(needed[0]):
            continue
        try:
            trainer = run(cls, bind(cls, {needed[0]: network}, {"lr": RATE}), str(submission.path), submission.names)
        except CannotCall as error:
            submission.skipped.append(f"{name}(): {error}")
            continue
        found.update({n: getattr(trainer, n) for n, m in vars(cls).items() if inspect.isfunction(m) and n[0] != "_"})
    return found


def _is_one_layer(cls: type) -> bool:
    """A layer's backward takes the gradient at its output; a network's takes labels, or nothing."""
    back = toolkit.method(cls, "backward", "backward_pass", "backprop", "back", "bwd", "bprop")
    if back is None:
        return False
    methods = [m for m in vars(cls).values() if inspect.isfunction(m)]
    if any(fits_role(n, "y") for m in methods for n in signature(m).parameters):
        return False
    names = required(back)[1:]
    others = ("y", "x", "params", "cache", "output")
    named = bool(names) and (fits_role(names[0], "grad_output") or not any(fits_role(names[0], r) for r in others))
    return named and not any(fits_role(n, "y") or fits_role(n, "x") for n in names)


def _made_by_training(program: Program, sizes: list[int]) -> bool:
    """Whether the weights appear once the network's own training has seen data."""
    before = copy.deepcopy(getattr(program.roots.get("self"), "__dict__", {}))
    for form in FORMS[:4]:
        give(program, form, *batches(sizes, stream(5), complete=True)[0])
        for name in ranked(program, TRAIN):
            try:
                call_step(program, name)
            except CannotCall as error:
                program.failures.append(f"{name}(): {error}")
            if settle(program, sizes) and program.layout and program.layout.sizes[-1] == sizes[-1]:
                return True
        vars(program.roots["self"]).clear()
        vars(program.roots["self"]).update(copy.deepcopy(before))  # one-hot labels are two classes to some
    return False


def toolkit_programs(submission: Submission, sizes: list[int], columns: bool) -> Iterator[Program]:
    """Programs put together from layer classes or pairs of functions, one for each hidden activation."""
    words = toolkit.activations(submission)[:3]
    for label, layers in _lists(submission, sizes, columns, words):
        style = "a list of layers" + label
        listed = Program(
            submission.callables(), {"layers": layers}, str(submission.path), submission.names, style=style
        )
        listed.roles.update(call_roles(size_roles(sizes)))
        listed.known.update(loss_arguments(submission))
        if settle(listed, sizes):
            listed.refresh_params()
            yield listed
    for word in words or ["activation"]:
        try:
            program = toolkit.compose(submission, sizes, columns, word)
        except CannotCall as error:
            submission.skipped.append(str(error))
            continue
        program.roles.update(call_roles(size_roles(sizes)))
        program.style += f" with {word}"
        if settle(program, sizes):
            yield program


def _lists(
    submission: Submission, sizes: list[int], columns: bool, words: list[str]
) -> Iterator[tuple[str, list[Any]]]:
    """(label, layers) of classes; of pairs of functions where there are no classes."""
    found = False
    for label, layers in itertools.islice(stacks.stacks(submission, sizes), 6):
        found = True
        yield label, layers
    if found:
        return
    for word in words or ["activation"]:
        try:
            yield f" with {word}", toolkit.hidden_layers(submission, toolkit.Call(submission, columns), sizes, word)
        except CannotCall as error:
            submission.skipped.append(str(error))


def script_programs(submission: Submission, sizes: list[int]) -> Iterator[Program]:
    """The file's global names as a network: functions with `global W1`, or a loop at top level that trains."""
    changed = submission.changed_names()
    if not changed:
        return
    functions = {**submission.callables(), **submission.loops()}
    for names in (changed, set(submission.names)):
        roots = {"globals": Globals(submission.names, names)}
        program = Program(functions, roots, str(submission.path), submission.names, style="global names")
        program.roles.update(call_roles(size_roles(sizes)))
        program.find_slots(None, sizes)
        settled = list(settled_programs(program, sizes))
        if settled:
            for one in settled:
                one.roles.pop("params", None)
                yield one
            return


class Globals:
    """Some of the file's global names as they are now, for `walk`."""

    def __init__(self, names: dict[str, Any], chosen: set[str]) -> None:
        object.__setattr__(self, "_names", names)
        object.__setattr__(self, "_chosen", chosen)

    @property
    def __dict__(self) -> dict[str, Any]:  # type: ignore[override]
        names, chosen = object.__getattribute__(self, "_names"), object.__getattribute__(self, "_chosen")
        held = {n: v for n, v in names.items() if n in chosen and isinstance(v, np.ndarray | list | dict)}
        return {n: v for n, v in held.items() if not n.startswith("__") and not fits_role(n, "x")}


KINDS = ("own", "put together")
"""The file's own networks, and networks that we put together from its layers."""


def programs(submission: Submission, sizes: list[int], form: Form, kind: str) -> Iterator[Program]:
    """Every program of a kind that can be made of the file, in a fixed order."""
    if is_adapter(submission):
        yield from adapted(submission, sizes) if kind == "own" else ()
    elif kind == "own":
        found = False
        for program in itertools.chain(class_programs(submission, sizes), function_programs(submission, sizes)):
            found = True
            yield program
        if not found:
            yield from script_programs(submission, sizes)
    elif not form.single:
        yield from toolkit_programs(submission, sizes, form.columns)
