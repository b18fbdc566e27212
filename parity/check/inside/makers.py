"""Programs from a submission: its classes, functions, global names, networks, and its layers put together."""

from __future__ import annotations

import copy
import inspect
import itertools
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from parity.check.inside import stacks, toolkit
from parity.check.inside.adapter import adapted, is_adapter
from parity.check.inside.arrays import BIAS, WEIGHT, find_layout
from parity.check.inside.chance import own_rng
from parity.check.inside.data import BATCHES, PENALTY, RATE, Form, batches, give
from parity.check.inside.load import Submission
from parity.check.inside.names import fits_role, returned_name, returned_names, signature
from parity.check.inside.optimizers import call_step, optimizer_methods, set_rates
from parity.check.inside.program import CannotCall, Program, bind, run
from parity.check.inside.session import LOSS, TRAIN, ranked

SEED = [0]


def stream(purpose: int) -> np.random.Generator:
    """One stream for each purpose."""
    return own_rng([SEED[0], purpose])


def size_roles(sizes: list[int]) -> dict[str, Any]:
    """What a constructor may be asked for."""
    return {
        "sizes": list(sizes),
        "hidden_list": sizes[1:-1],
        "inputs": sizes[0],
        "hidden": sizes[1],
        "hidden_2": sizes[-2],
        "outputs": sizes[-1],
        "lr": RATE,
        "epochs": 1,
        "batch_size": BATCHES[0],
        "reg": PENALTY,
        "seed": 0,
        "rng": np.random.default_rng(0),
        "verbose": False,
    }


FORMS = [
    Form(False, "one-hot"),
    Form(False, "integers"),
    Form(True, "one-hot"),
    Form(True, "integers"),
    Form(False, "integers-2d"),
    Form(False, "one-hot", single=True),
    Form(True, "one-hot", single=True),
    Form(False, "one-hot", single=True, stacked=True),
]
ATTEMPTS: list[tuple[tuple[str, ...], tuple[str, ...]]] = [
    (("sizes",), ()),
    (("inputs", "hidden", "outputs"), ("sizes",)),
    (("inputs", "hidden", "hidden_2", "outputs"), ("sizes",)),
]
"""(roles for names that say nothing, roles not to be used), in the order in which constructors are tried."""


def call_roles(roles: dict[str, Any]) -> dict[str, Any]:
    """What remains of them for calls: `layers` is a size for a constructor, and the parameters for everything else."""
    return {
        role: value for role, value in roles.items() if role in ("lr", "reg", "verbose", "batch_size", "rng", "seed")
    }


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
    needed = [n for n, p in signature(cls).parameters.items() if p.default is p.empty]
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
    settled = list(_settled(program, sizes))
    if program.layout is None and _made_by_training(program, sizes):
        settled = [program]
    for one in settled:
        one.refresh_params()
        held = getattr(instance, "__dict__", {})
        weights = next((held[n] for n in ("params", "parameters") if n in held), None)
        if isinstance(weights, dict | list):
            one.roles["params"] = weights
        one.functions = {**one.functions, **dict(optimizer_methods(submission, one))}
    yield from settled


def _is_one_layer(cls: type) -> bool:
    """A layer's backward takes the gradient at its output; a network's takes labels, or nothing."""
    back = toolkit.method(cls, "backward", "backward_pass", "backprop")
    if back is None:
        return False
    methods = [m for m in vars(cls).values() if inspect.isfunction(m)]
    if any(fits_role(n, "y") for m in methods for n in signature(m).parameters):
        return False
    names = [n for n, p in signature(back).parameters.items() if p.default is p.empty][1:]
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
            if _settle(program, sizes) and program.layout and program.layout.sizes[-1] == sizes[-1]:
                return True
        vars(program.roots["self"]).clear()
        vars(program.roots["self"]).update(copy.deepcopy(before))  # one-hot labels are two classes to some
    return False


def _settled(program: Program, sizes: list[int]) -> Iterator[Program]:
    """The program with its weights found; twice where the biases are a row of the weights, first or last."""
    if _settle(program, sizes):
        yield program
        return
    for row in (-1, 0):
        if _settle(program, sizes, row):
            yield replace(
                program, layout=program.layout, style=f"{program.style}, bias in the {'last' if row else 'first'} row"
            )


def function_programs(submission: Submission, sizes: list[int]) -> Iterator[Program]:
    """Programs whose weights come from an initialising function, if necessary with other sizes in global names."""
    found = list(_made_by_function(submission, sizes))
    if not found and submission.set_sizes(sizes):
        found = list(_made_by_function(submission, sizes))
    yield from found


def _made_by_function(submission: Submission, sizes: list[int]) -> Iterator[Program]:
    functions = submission.callables()
    constants = submission.constants()
    likely = re.compile(r"init|create|make|build|setup|random|params|new|get_w|start|net", re.I)
    makers = [n for n in functions if likely.search(n) or not _asks_for_data(functions[n])]
    makers.sort(key=lambda n: (not re.search("init", n, re.I), not likely.search(n)))
    makers += [n for n in functions if n not in makers and _takes_sizes(functions[n])]
    for maker in makers:
        roles = size_roles(sizes)
        function = functions[maker]
        give_data(roles, sizes)
        for order, without in [(o, (*w, "x", "y")) for o, w in ATTEMPTS] + [(ATTEMPTS[0][0], ())]:
            try:
                arguments = bind(function, constants, roles, without, order)
                result = run(
                    function, arguments, str(submission.path), submission.names, supply=_supplier(submission, sizes)
                )
            except CannotCall as error:
                submission.skipped.append(f"{maker}(): {error}")
                continue
            result = _each_layer(submission, function, sizes, result)
            names = returned_names(function, result)
            if isinstance(result, tuple) and all(re.fullmatch(r"r\d+", n) for n in names or []):
                names = _names_in_use(functions, len(result)) or names
            if isinstance(result, tuple) and names and not hasattr(result, "_fields"):
                roots = dict(zip(names, result, strict=True))
            else:
                word = returned_name(function) or "r0"
                roots = {"params" if re.fullmatch(r"r\d+", word) else word: result}
            program = Program(functions, roots, str(submission.path), submission.names, style="functions")
            program.roles.update(call_roles(roles))
            program.known.update({**constants, **loss_arguments(submission)})
            program.find_slots(None, sizes)
            settled = list(_settled(program, sizes))
            for one in settled:
                one.known.update(one.roots)
                one.refresh_params()
                one.functions = {
                    **functions,
                    **_methods(submission, result),
                    **dict(optimizer_methods(submission, one)),
                }
            yield from settled
            if settled:
                return


def _each_layer(submission: Submission, function: Callable[..., Any], sizes: list[int], result: Any) -> Any:
    """The weights of all layers, where a function of two sizes makes those of one layer."""
    words = _required(function)
    one = result[0] if isinstance(result, tuple) and len(result) == 2 else result
    if len(words) != 2 or not isinstance(one, np.ndarray) or one.ndim != 2 or len(sizes) < 3:
        return result
    made = []
    for pair in itertools.pairwise(sizes):
        try:
            part = run(function, dict(zip(words, pair, strict=True)), str(submission.path), submission.names)
        except CannotCall:
            return result
        made += list(part) if isinstance(part, tuple) else [part]
    return tuple(made)


def _names_in_use(functions: dict[str, Callable[..., Any]], count: int) -> list[str] | None:
    """What other functions call so many weights and biases that an initialiser returns without names."""
    for function in functions.values():
        words = list(signature(function).parameters)[:count]
        if len(words) == count and all(WEIGHT.match(w) or BIAS.match(w) for w in words):
            return words
    return None


LOSS_NAMES = "loss", "loss_fn", "loss_func", "loss_function", "cost", "cost_function", "criterion", "error_function"
SLOPE_NAMES = "loss_prime", "loss_grad", "loss_gradient", "loss_derivative", "d_loss", "cost_prime", "cost_derivative"


def loss_arguments(submission: Submission) -> dict[str, Any]:
    """The file's loss and its derivative, for functions that are handed them."""
    two = {n: f for n, f in submission.callables().items() if re.search(LOSS, n, re.I) and len(_required(f)) == 2}
    slopes = [f for n, f in two.items() if re.search(r"prime|grad|deriv|^d_|back", n)]
    losses = [f for f in two.values() if f not in slopes]
    found: dict[str, Any] = dict.fromkeys(LOSS_NAMES, losses[0]) if losses else {}
    return {**found, **(dict.fromkeys(SLOPE_NAMES, slopes[0]) if slopes else {})}


def _required(function: Callable[..., Any]) -> list[str]:
    return [n for n, p in signature(function).parameters.items() if p.default is p.empty]


def _supplier(submission: Submission, sizes: list[int]) -> Callable[[str], Any]:
    """Values for global names that the file reads and does not have: its data."""
    (x, target), *_ = batches(sizes, stream(5))

    def supply(name: str) -> Any:
        return x if fits_role(name, "x") else target.argmax(1) if fits_role(name, "y") else None

    return supply


def _methods(submission: Submission, thing: Any) -> dict[str, Callable[..., Any]]:
    """The methods of an object of one of the file's own classes."""
    if not submission.is_own(type(thing)) or type(thing).__module__ == "builtins":
        return {}
    names = [n for n in dir(type(thing)) if not n.startswith("__") or n == "__call__"]
    return {n: getattr(thing, n) for n in names if inspect.ismethod(getattr(thing, n))}


def _takes_sizes(function: Callable[..., Any]) -> bool:
    """Whether each name that a function asks for may be a size; a lone `d` or `h` may be data as well."""
    names = [n for n, p in signature(function).parameters.items() if p.default is p.empty]
    return bool(names) and all(any(fits_role(n, r) for r in ("inputs", "hidden", "outputs", "sizes")) for n in names)


def _asks_for_data(function: Callable[..., Any]) -> bool:
    names = [n for n, p in signature(function).parameters.items() if p.default is p.empty]
    return not names or any(fits_role(n, role) for n in names for role in ("x", "y", "params", "grads") if n != "i")


def give_data(roles: dict[str, Any], sizes: list[int]) -> None:
    """Some initialisers look at the data to learn the sizes."""
    (x, target), *_ = batches(sizes, stream(5))
    roles.update(x=x, y=target)


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
        if _settle(listed, sizes):
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
        if _settle(program, sizes):
            yield program


def _lists(
    submission: Submission, sizes: list[int], columns: bool, words: list[str]
) -> Iterator[tuple[str, list[Any]]]:
    """(label, layers) of classes; of pairs of functions where there are no classes."""
    found = False
    for label, layers in itertools.islice(stacks.stacks(submission, sizes), 8):
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
        settled = list(_settled(program, sizes))
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


def _settle(program: Program, sizes: list[int], joined: int | None = None) -> bool:
    program.layout = find_layout(program.roots, sizes[0], sizes[-1], joined)
    if program.layout is None and joined is None:
        program.layout = find_layout(program.roots, None, None)
    if program.layout is None or not _plausible(program):
        return False
    try:
        program.set_weights(stream(1))
    except (TypeError, ValueError, KeyError):
        return False
    return True


def _plausible(program: Program) -> bool:
    assert program.layout is not None
    return len(program.layout.sizes) >= 2 and all(size >= 1 for size in program.layout.sizes)
