"""Somebody's network as a program: its functions, the values they need, and where its weights are."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from parity.check.inside.arrays import Array, Found, Layout, look_up, parts, walk
from parity.check.inside.chance import rewind
from parity.check.inside.load import Slow, time_limit
from parity.check.inside.names import fits_role, pairs_parameters, returned_name, returned_names, roles_of, signature

BATCHES = (7, 7, 7, 7, 5)
"""The numbers of samples in the batches of a session; the last one is short."""
CALL_SECONDS = 1.5
TOO_LONG = f"took longer than {CALL_SECONDS:g} seconds"
ENDLESS: set[Any] = set()
"""Functions that did not come to an end; they are not called again."""


class CannotCall(Exception):
    """A function cannot be called with what is known, or it failed; the message says where."""


@dataclass
class Program:
    """Callables by name, values by name (`known`) and by role (`roles`), and the roots below which weights lie."""

    functions: dict[str, Callable[..., Any]]
    roots: dict[str, Any]
    file: str
    globals: dict[str, Any]
    known: dict[str, Any] = field(default_factory=dict)
    roles: dict[str, Any] = field(default_factory=dict)
    layout: Layout | None = None
    style: str = "functions"
    failures: list[str] = field(default_factory=list)
    gradients: list[Array] = field(default_factory=list)
    """The last gradients of all weights and then of all biases, as the program stores them."""
    aliased: bool = False
    """Whether two values of a forward pass lie in the same memory."""
    makes_masks: tuple[str, int] | tuple[()] | None = None
    """The function that makes dropout's masks, and how it is called; None where nobody has looked."""
    mask_draws: list[Array] = field(default_factory=list)
    """The random numbers of the masks that functions are given, samples as rows."""
    slots: list[tuple[dict[str, Any], str, str]] = field(default_factory=list)
    """(dictionary, name, role) of attributes and global names that hold the data: each batch is written there."""

    @property
    def source(self) -> str:
        """The file's text."""
        return Path(self.file).read_text(encoding="utf-8", errors="replace")

    def find_slots(self, owner: Any, sizes: list[int]) -> None:
        """Where the file keeps its data: attributes made from the constructor's samples, and global arrays."""
        held = getattr(owner, "__dict__", {})
        samples = BATCHES[0]
        for name, value in held.items():
            if isinstance(value, np.ndarray) and value.ndim and len(value) == samples:
                role = "x" if value.ndim == 2 and fits_role(name, "x") else "y" if fits_role(name, "y") else None
                self.slots += [(held, name, role)] if role else []
        for name, value in self.globals.items():
            if isinstance(value, np.ndarray) and value.size and not name.startswith("_"):
                role = "x" if fits_role(name, "x") else "y" if fits_role(name, "y") else None
                self.slots += [(self.globals, name, role)] if role else []

    def supply(self, name: str) -> Any:
        """The value of a global name that the file reads and does not have: its data, or their number."""
        for role in ("x", "y", "count"):
            if role in self.roles and fits_role(name, role):
                if role != "count":
                    self.slots.append((self.globals, name, role))
                return self.roles[role]
        return None

    def set_epochs(self, name: str, epochs: int) -> bool:
        """Let a training run for this many epochs, by a parameter, an attribute or a global name; False without one."""
        self.roles["epochs"] = epochs
        if any(fits_role(p, "epochs") for p in signature(self.functions[name]).parameters):
            return True
        for holder in (getattr(self.roots.get("self"), "__dict__", {}), self.globals):
            for word, value in holder.items():
                if fits_role(word, "epochs") and isinstance(value, int) and not isinstance(value, bool):
                    holder[word] = epochs
                    return True
        return False

    def call(self, name: str, without: tuple[str, ...] = (), order: tuple[str, ...] = ()) -> Any:
        """Call a function with whatever its parameters' names ask for.

        Raises CannotCall where a parameter cannot be bound or the call fails.
        """
        function = self.functions[name]
        problem: CannotCall | None = None
        tried: list[dict[str, int]] = []
        # a parameter called `p` may be probabilities or parameters, and `n` or `w` a network
        for less, first in (
            ((), ()),
            (("output",), ()),
            (("params",), ()),
            (("count", "output"), ("params",)),
            (("training", "testing", "mode"), ()),
        ):
            try:
                arguments = bind(function, self.known, self.roles, (*without, *less), (*first, *order))
                if (same := {word: id(value) for word, value in arguments.items()}) in tried:
                    continue
                tried.append(same)
                return run(function, arguments, self.file, self.globals, self.supply)
            except CannotCall as error:
                problem = problem or error
        raise problem or CannotCall("cannot be called")

    def absorb(self, name: str, result: Any) -> list[Found]:
        """Remember what a function returned under the names of its `return` line; list the arrays in it."""
        function = self.functions[name]
        names = returned_names(function, result)
        if isinstance(result, tuple) and names:
            self.known.update({n: v for n, v in zip(names, result, strict=True) if not _nameless(n)})
            return [f for n, v in zip(names, result, strict=True) for f in walk(v, (n,))]
        single = returned_name(function)
        if single and result is not None and not isinstance(result, tuple):
            self.known[single] = result
        if isinstance(result, dict):
            self.known.update({str(key): value for key, value in result.items()})
        return list(walk(result))

    def replace_roots(self, name: str, result: Any) -> None:
        """After an update that returns new weights: they are the weights now."""
        if result is None:
            return
        kept = dict(self.roots)
        self._replace(name, result)
        if self.layout is not None and not all(self._holds(path) for path in self.layout.weights):
            self.roots.clear()
            self.roots.update(kept)
        self.known.update(self.roots)
        self.refresh_params()

    def _holds(self, path: tuple[str, ...]) -> bool:
        try:
            return isinstance(look_up(self.roots, path), np.ndarray)
        except (KeyError, IndexError, TypeError, AttributeError):
            return False

    def _replace(self, name: str, result: Any) -> None:
        root = next(iter(self.roots))
        old = [part for part, _ in parts(self.roots[root])]
        if len(self.roots) == 1 and hasattr(result, "_fields") and [part for part, _ in parts(result)] == old:
            self.roots[root] = result
            return
        names = returned_names(self.functions[name], result)
        if (
            isinstance(result, tuple)
            and names
            and all(_nameless(n) or n == r for n, r in zip(names, self.roots, strict=False))
        ):
            names = list(self.roots) if len(result) == len(self.roots) else names
        if isinstance(result, tuple) and names and set(names) & set(self.roots):
            self.roots.update({n: v for n, v in zip(names, result, strict=True) if n in self.roots})
        elif isinstance(result, tuple) and len(result) == len(self.roots):
            self.roots.update(zip(self.roots, result, strict=True))
        elif len(self.roots) == 1:
            root = next(iter(self.roots))
            old = [part for part, _ in parts(self.roots[root])]
            value = result[0] if isinstance(result, tuple) and result else result
            if old and [part for part, _ in parts(value)][: len(old)] == old:
                self.roots[root] = value

    def refresh_params(self) -> None:
        """The role `params`: the container of the weights, or all of them in order."""
        values = list(self.roots.values())
        self.roles["params"] = values[0] if len(values) == 1 else tuple(values)
        for value in values:
            if isinstance(value, dict):
                self.known.update({str(k): v for k, v in value.items() if isinstance(v, np.ndarray | list)})

    def weights(self) -> tuple[list[Array], list[Any]]:
        """Copies of the weights as (in, out) and of the biases, as they are now."""
        assert self.layout is not None
        matrices = [np.array(look_up(self.roots, path), copy=True) for path in self.layout.weights]
        if self.layout.transposed:
            matrices = [matrix.T if matrix.ndim == 2 else matrix for matrix in matrices]
        if self.layout.joined is not None:
            return split(matrices, self.layout.joined)
        biases = [
            None if path is None else np.array(look_up(self.roots, path), copy=True) for path in self.layout.biases
        ]
        return matrices, biases

    def arrays(self) -> list[Array]:
        """Copies of the weights and biases as the program holds them."""
        return [np.array(array, copy=True) for array in self.held()]

    def put(self, arrays: list[Array]) -> None:
        """Overwrite the weights and biases, in place."""
        for held, array in zip(self.held(), arrays, strict=True):
            held[...] = array

    def held(self) -> list[Array]:
        """The weights and then the biases themselves."""
        assert self.layout is not None
        return [look_up(self.roots, path) for path in (*self.layout.weights, *self.layout.biases) if path]

    def set_weights(self, rng: np.random.Generator) -> None:
        """Overwrite the weights, in place, with numbers large enough to tell mistakes apart; biases are never zero."""
        assert self.layout is not None
        for path, (fan_in, _) in zip(
            self.layout.weights, zip(self.layout.sizes, self.layout.sizes[1:], strict=False), strict=True
        ):
            array = look_up(self.roots, path)
            array[...] = rng.normal(0, 1.2 / np.sqrt(min(fan_in, 40)), array.shape)
        for bias in self.layout.biases:
            if bias is not None:
                array = look_up(self.roots, bias)
                array[...] = rng.normal(0, 0.3, array.shape)


def _nameless(name: str) -> bool:
    """Whether a returned value has no name of its own: r0, r1, …"""
    return name[:1] == "r" and name[1:].isdigit()


def split(matrices: list[Array], row: int) -> tuple[list[Array], list[Any]]:
    """(weights, biases) of matrices (in + 1, out) that hold the bias in their first or last row."""
    weights = [matrix[:-1] if row == -1 else matrix[1:] for matrix in matrices]
    return weights, [matrix[row] for matrix in matrices]


def bind(
    function: Callable[..., Any],
    known: dict[str, Any],
    roles: dict[str, Any],
    without: tuple[str, ...] = (),
    order: tuple[str, ...] = (),
) -> dict[str, Any]:
    """Arguments for a function by its parameters' names. `order` lists roles for required names that say nothing.

    Raises CannotCall for a parameter that has neither a known name nor a default.
    """
    try:
        parameters = signature(function).parameters.values()
    except (TypeError, ValueError) as error:
        raise CannotCall(f"no signature: {error}") from error
    arguments: dict[str, Any] = {}
    unbound: list[str] = []
    used: set[str] = set()
    samples = pairs_parameters(function) if "pairs" in roles else ()
    for parameter in parameters:
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            continue
        if parameter.name in samples:
            arguments[parameter.name] = roles["pairs"]
            continue
        role = _role(parameter.name, roles, used, without)
        optional = parameter.default is not parameter.empty
        if parameter.name in known and role not in ("lr", "epochs", "batch_size", "x", "y", "verbose") and not optional:
            arguments[parameter.name] = known[parameter.name]
        elif role and not (optional and (role in NEVER_REPLACED or _keeps_default(parameter.default, roles[role]))):
            arguments[parameter.name] = roles[role]
            used.add(role)
        elif not optional:
            unbound.append(parameter.name)
    free = [role for role in order if role in roles and role not in used and role not in without]
    if len(unbound) > len(free):
        raise CannotCall(f"parameter {unbound[0]!r} is not understood")
    arguments.update({name: roles[role] for name, role in zip(unbound, free, strict=False)})
    return arguments


NEVER_REPLACED = {
    "keep",
    "params",
    "grads",
    "output",
    "cache",
    "seed",
    "rng",
    "count",
    "grad_output",
    "sizes",
    "hidden_list",
}


def _keeps_default(default: Any, value: Any) -> bool:
    return isinstance(default, bool | str) and not isinstance(value, bool)


def _role(name: str, roles: dict[str, Any], used: set[str], without: tuple[str, ...]) -> str | None:
    for role in roles_of(name):
        if role in roles and role not in used and role not in without:
            return role
    return None


def run(
    function: Callable[..., Any],
    arguments: dict[str, Any],
    file: str,
    names: dict[str, Any],
    supply: Callable[[str], Any] | None = None,
) -> Any:
    """Call somebody's function; any failure becomes one line that names the line of their file.

    Raises CannotCall.
    """
    code = getattr(function, "__code__", function)
    if code in ENDLESS:
        raise CannotCall(f"{getattr(function, '__name__', function)}() {TOO_LONG} before")
    for _ in range(5):
        try:
            with time_limit(CALL_SECONDS), warnings.catch_warnings(), np.errstate(all="ignore"):
                warnings.simplefilter("ignore")
                rewind()
                return _positional(function, arguments)
        except NameError as error:  # data, or their number, that a notebook has as a global
            name = str(getattr(error, "name", ""))
            value = supply(name) if supply and name not in names else None
            if value is None:
                raise CannotCall(where(error, file)) from error
            names[name] = value
        except (Exception, SystemExit, Slow) as error:
            if isinstance(error, Slow):
                ENDLESS.add(code)
            raise CannotCall(where(error, file)) from error
    raise CannotCall("names are missing")


def _positional(function: Callable[..., Any], arguments: dict[str, Any]) -> Any:
    parameters = signature(function).parameters.values()
    first = [arguments[p.name] for p in parameters if p.kind == p.POSITIONAL_ONLY and p.name in arguments]
    only = {p.name for p in parameters if p.kind == p.POSITIONAL_ONLY}
    return function(*first, **{name: value for name, value in arguments.items() if name not in only})


def where(error: BaseException, file: str) -> str:
    """One line: the kind of error, its message, and the line of the submission that raised it."""
    line = None
    trace = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == file:
            line = trace.tb_lineno
        trace = trace.tb_next
    what = TOO_LONG if isinstance(error, Slow) else f"{type(error).__name__}: {error}"
    what = " ".join(what.split())[:200]
    return f"line {line}: {what}" if line else what
