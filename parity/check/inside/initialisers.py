"""Programs whose weights come from a function of the file: init(sizes), init(n_in, n_hidden, n_out), …"""

from __future__ import annotations

import inspect
import itertools
import re
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np

from parity.check.inside.arrays import BIAS, WEIGHT
from parity.check.inside.data import batches
from parity.check.inside.load import Submission
from parity.check.inside.names import fits_role, required, returned_name, returned_names, signature
from parity.check.inside.optimizers import optimizer_methods
from parity.check.inside.program import CannotCall, Program, bind, run
from parity.check.inside.settle import (
    ATTEMPTS,
    call_roles,
    give_data,
    loss_arguments,
    settled_programs,
    size_roles,
    stream,
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
    one_layer: list[Program] = []
    for maker in makers:
        settled = _made_by(submission, maker, sizes, constants)
        if any(p.layout and len(p.layout.sizes) > 2 for p in settled):
            yield from settled
            return
        one_layer = one_layer or settled  # perhaps what a maker of whole networks calls
    yield from one_layer


def _made_by(submission: Submission, maker: str, sizes: list[int], constants: dict[str, Any]) -> list[Program]:
    """The programs whose weights this function makes."""
    functions = submission.callables()
    roles = size_roles(sizes)
    function = functions[maker]
    give_data(roles, sizes)
    for order, without in [(o, (*w, "x", "y")) for o, w in ATTEMPTS] + [(ATTEMPTS[0][0], ())]:
        try:
            arguments = bind(function, constants, roles, without, order)
            result = run(
                _with_widths(function, sizes),
                arguments if not _widths(function) else {},
                str(submission.path),
                submission.names,
                supply=_supplier(submission, sizes),
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
        program.known.update(dict.fromkeys(("num_labels", "num_classes", "n_classes", "n_labels"), sizes[-1]))
        program.find_slots(None, sizes)
        settled = list(settled_programs(program, sizes))
        for one in settled:
            one.known.update(one.roots)
            one.refresh_params()
            one.functions = {
                **functions,
                **_inner_functions(result, roots),
                **_methods(submission, result),
                **dict(optimizer_methods(submission, one)),
            }
        if settled:
            return settled
    return []


def _widths(function: Callable[..., Any]) -> bool:
    """Whether a function takes any number of sizes: network(n_inputs, *widths)."""
    kinds = signature(function).parameters.values()
    return any(p.kind == p.VAR_POSITIONAL and re.search("width|size|layer|dim|unit", p.name) for p in kinds)


def _with_widths(function: Callable[..., Any], sizes: list[int]) -> Callable[..., Any]:
    return partial(function, *sizes) if _widths(function) else function


def _each_layer(submission: Submission, function: Callable[..., Any], sizes: list[int], result: Any) -> Any:
    """The weights of all layers, where a function of two sizes makes those of one layer."""
    words = required(function)
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
    """What other functions call as many weights and biases as an initialiser returns without names."""
    for function in functions.values():
        words = list(signature(function).parameters)[:count]
        if len(words) == count and all(WEIGHT.match(w) or BIAS.match(w) for w in words):
            return words
    return None


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


def _inner_functions(result: Any, roots: dict[str, Any]) -> dict[str, Callable[..., Any]]:
    """The functions that a maker of networks defines and returns: `return predict, train`."""
    held = result if isinstance(result, dict) else roots
    return {str(name): f for name, f in held.items() if inspect.isfunction(f)}


def _takes_sizes(function: Callable[..., Any]) -> bool:
    """Whether each name that a function asks for may be a size; a lone `d` or `h` may be data as well."""
    names = required(function)
    return bool(names) and all(any(fits_role(n, r) for r in ("inputs", "hidden", "outputs", "sizes")) for n in names)


def _asks_for_data(function: Callable[..., Any]) -> bool:
    names = required(function)
    return not names or any(fits_role(n, role) for n in names for role in ("x", "y", "params", "grads") if n != "i")
