"""Find the weights, the gradients and the outputs among the arrays of somebody's objects, by name and by shape."""

from __future__ import annotations

import contextlib
import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from types import FunctionType
from typing import Any

import numpy as np

Array = np.ndarray
Path = tuple[str, ...]

GRADIENT = re.compile(
    r"^(d(?!ense|ata|im|ecay|rop)(_?(w|b|theta|weight|bias|kernel|gamma|beta)|[A-Z])|.*grad|nabla|delta_?[wb]|g[wb]\d*$)",
    re.I,
)
STATE = re.compile(
    r"(momentum|velocit|cache|^v\d*$|^[vms]_?d?[wb]?\d*$|^[vms]_|moment|_avg|mask|prev|_sum$|^acc|best|history|init)",
    re.I,
)
WEIGHT = re.compile(r"^_*(w|weight|theta|kernel|syn|coef|param|u)", re.I)
NUMBERS = (np.ndarray, np.floating, float)
BIAS = re.compile(r"^_*(b[ohy]?|bias|biases|intercept|c)(\d|_|$|i)", re.I)


@dataclass
class Found:
    """An array and the names that lead to it."""

    path: Path
    value: Any

    @property
    def name(self) -> str:
        """The last word of the path that is not a number."""
        words = [word for word in self.path if not word.isdigit()]
        return words[-1] if words else ""

    @property
    def order(self) -> tuple[int, ...]:
        """The numbers in the path, in order: W2 comes after W1, layers[1] after layers[0]."""
        return _numbers_in(self.path)

    @property
    def is_gradient(self) -> bool:
        """Whether its name says that it is a gradient."""
        return any(GRADIENT.search(word) for word in self.path)


@lru_cache(4096)
def _numbers_in(path: Path) -> tuple[int, ...]:
    return tuple(int(digits) for word in path for digits in re.findall(r"\d+", word))


def walk(value: Any, path: Path = (), depth: int = 7, seen: set[int] | None = None) -> Iterator[Found]:
    """Every float array reachable from a value, with its names."""
    seen = set() if seen is None else seen
    if isinstance(value, NUMBERS):
        if np.ndim(value) <= 4 and (isinstance(value, float) or value.dtype.kind == "f"):
            yield Found(path, value)
        elif isinstance(value, np.ndarray) and value.dtype.kind == "O" and id(value) not in seen:
            seen.add(id(value))
            yield from walk(list(value.ravel()), path, depth - 1, seen)
        return
    if depth == 0 or id(value) in seen:
        return
    for name, part in parts(value):
        seen.add(id(value))
        yield from walk(part, (*path, name), depth - 1, seen)


def parts(value: Any) -> list[tuple[str, Any]]:
    """The named parts of a container, of an object, or of a function that is defined in another one."""
    if isinstance(value, FunctionType):
        return _enclosed(value)
    if isinstance(value, dict):
        return [(str(key), part) for key, part in value.items()]
    if isinstance(value, list | tuple) and not (value and isinstance(value[0], float)):
        named = getattr(value, "_fields", None)
        return [(str(named[i] if named else i), part) for i, part in enumerate(value)]
    if isinstance(value, type) or type(value).__module__.partition(".")[0] in ("builtins", "numpy", "types"):
        return []
    if hasattr(value, "__dict__"):
        return [] if callable(value) and hasattr(value, "__code__") else list(vars(value).items())
    slots = [n for cls in type(value).__mro__ for n in getattr(cls, "__slots__", ()) if isinstance(n, str)]
    return [(name, getattr(value, name)) for name in slots if hasattr(value, name)]


def _enclosed(function: FunctionType) -> list[tuple[str, Any]]:
    """The variables of the function around it that a function uses."""
    found = []
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
        with contextlib.suppress(ValueError):  # it has no value yet
            found.append((name, cell.cell_contents))
    return found


@dataclass
class Layout:
    """Where the weights lie: the paths of each layer's weight and bias, and how they are stored."""

    weights: list[Path]
    biases: list[Path | None]
    transposed: bool  # stored as (out, in)
    sizes: list[int]
    joined: int | None = None  # the bias is this row of the weights (0 or -1)


def find_layout(
    roots: dict[str, Any], inputs: int | None, outputs: int | None, joined: int | None = None
) -> Layout | None:
    """The chain of weight matrices from `inputs` to `outputs` features, with their biases; None where there is none.

    Square matrices lie as others of the file did.
    """
    found = _find_layout(roots, inputs, outputs, joined)
    if found is not None and len(set(found.sizes)) > 1:
        LAST_SEEN[0] = found.transposed
    return found


LAST_SEEN = [False]
"""Whether the last weights that were not square lay as (out, in)."""


def _find_layout(roots: dict[str, Any], inputs: int | None, outputs: int | None, joined: int | None) -> Layout | None:
    everything = [f for name, root in roots.items() for f in walk(root, (name,)) if isinstance(f.value, np.ndarray)]
    held = [f for f in everything if not f.is_gradient]
    plain = [f for f in held if not any(STATE.search(word) for word in f.path)]
    moved = [f for f in plain if f.value.ndim == 1 or 1 in f.value.shape or f.value.any()]  # moments begin as zeros
    found = _layout_of(_one_name_each(moved), inputs, outputs, joined) if len(moved) < len(plain) else None
    found = found or _layout_of(_one_name_each(plain), inputs, outputs, joined)
    if found is None:  # a weight may be called V: an optimizer's state is zero before its first step
        known = {f.path for f in plain}
        found = _layout_of(
            _one_name_each([f for f in held if f.path in known or f.value.any()]), inputs, outputs, joined
        )
    return found if found is None or joined is not None else _with_odd_biases(found, held)


def _with_odd_biases(layout: Layout, held: list[Found]) -> Layout:
    """Biases whose names look like an optimizer's state (S1 beside G1), where one array fits a layer."""
    numbers = {path: Found(path, None).order for path in layout.weights}
    for layer, (weight, width) in enumerate(zip(layout.weights, layout.sizes[1:], strict=True)):
        near = [f for f in held if f.path[:-1] == weight[:-1] and f.order == numbers[weight] and f.order]
        near = [f for f in near if f.value.size == width and max(f.value.shape) == width]
        if layout.biases[layer] is None and len(near) == 1:
            layout.biases[layer] = near[0].path
    return layout


def _layout_of(usable: list[Found], inputs: int | None, outputs: int | None, joined: int | None) -> Layout | None:
    matrices = [f for f in usable if f.value.ndim == 2 and f.value.size > 1 and not _is_bias(f)]
    named = [f for f in matrices if any(WEIGHT.match(word) for word in f.path)]
    wide = [f for f in matrices if 1 not in f.value.shape]
    for candidates in (named, wide, matrices):
        for ordered in (sorted(candidates, key=lambda f: f.order), candidates):
            for transposed in (LAST_SEEN[0], not LAST_SEEN[0]) if inputs == outputs else (False, True):
                chain = _chain(ordered, transposed, inputs, outputs, joined is not None)
                if chain and joined is not None:
                    sizes = [_shape(chain[0], transposed)[0] - 1] + [_shape(f, transposed)[1] for f in chain]
                    return Layout([f.path for f in chain], [None] * len(chain), transposed, sizes, joined)
                if chain:
                    sizes = [_shape(chain[0], transposed)[0]] + [_shape(f, transposed)[1] for f in chain]
                    biases = _biases(usable, chain, sizes)
                    return Layout([f.path for f in chain], biases, transposed, sizes)
    return None


def _one_name_each(found: list[Found]) -> list[Found]:
    seen: set[int] = set()
    kept = []
    for one in found:
        if id(one.value) not in seen:
            seen.add(id(one.value))
            kept.append(one)
    return kept


def _is_bias(found: Found) -> bool:
    return bool(BIAS.match(found.name)) and 1 in found.value.shape


def _shape(found: Found, transposed: bool) -> tuple[int, int]:
    rows, columns = found.value.shape
    return (columns, rows) if transposed else (rows, columns)


def _chain(
    ordered: list[Found], transposed: bool, inputs: int | None, outputs: int | None, more: bool = False
) -> list[Found]:
    if not ordered:
        return []
    shapes = [_shape(f, transposed) for f in ordered]
    shapes = [(rows - more, columns) for rows, columns in shapes]
    fits = all(one[1] == following[0] for one, following in itertools.pairwise(shapes))
    fits &= inputs in (None, shapes[0][0]) and outputs in (None, shapes[-1][1])
    if inputs is None and fits and transposed and shapes[0][0] < shapes[0][1] and len(shapes) == 1:
        return []
    return ordered if fits else []


def _biases(usable: list[Found], chain: list[Found], sizes: list[int]) -> list[Path | None]:
    taken = {id(f.value) for f in chain}
    rest = [f for f in usable if id(f.value) not in taken and 1 <= f.value.ndim <= 2]
    rest = [f for f in rest if max(f.value.shape) == f.value.size]
    named = [f for f in rest if BIAS.match(f.name)]
    pool = sorted(named or rest, key=lambda f: f.order)
    if len(named) < len(chain):  # A and a, B and b: one of them looks like a bias
        small = {f.name.lower() for f in chain} - {f.name for f in chain}
        pool += [f for f in rest if f.name in small and f not in pool]
    answer: list[Path | None] = []
    for index, width in enumerate(sizes[1:]):
        near = [f for f in pool if f.value.size == width and f.order == chain[index].order] or [
            f for f in pool if f.value.size == width
        ]
        answer.append(near[0].path if near else None)
        pool = [f for f in pool if not near or f is not near[0]]
    return answer


def look_up(roots: dict[str, Any], path: Path) -> Any:
    """The value at a path."""
    value: Any = roots[path[0]]
    for word in path[1:]:
        value = dict(parts(value))[word]
    return value


def find_gradients(
    found: list[Found], shapes: list[tuple[int, ...]], bias_shapes: list[tuple[int, ...] | None]
) -> tuple[list[Any], list[Any]] | None:
    """The gradients of all weights and biases among candidates, or None where a weight has none."""
    found = [f for f in found if not any(STATE.search(word) for word in f.path)]
    matrices = [f for f in found if np.ndim(f.value) == 2]
    named = [f for f in matrices if _kind(f) == "w"]
    weights = _match(named, shapes) or _match(matrices, shapes)
    if weights is None:
        return None
    taken = {id(w) for w in weights}
    rest = [f for f in found if id(f.value) not in taken]
    wanted = [shape for shape in bias_shapes if shape is not None]
    by_name = sorted((f for f in rest if _kind(f) == "b"), key=lambda f: f.order)
    biases: list[Any] | None = None
    if len(by_name) == len(wanted):
        biases = [f.value for f in by_name]
    if biases is None or len({len(np.shape(b)) for b in biases}) > 1:
        flat = [f for f in (by_name or rest) if np.size(f.value) > 1 or any(np.prod(s) == 1 for s in wanted)]
        biases = _match(flat, wanted, sizes_only=True) or biases
    if biases is None:
        return weights, [None] * len(bias_shapes)
    following = iter(biases)
    return weights, [None if shape is None else next(following) for shape in bias_shapes]


def _kind(found: Found) -> str:
    name = (
        re.sub(
            r"^(d_?|grads?_?|nabla_?|delta_?|gradient_?|g(?=[wb]))|(_?grads?|_?gradient)$", "", found.name, flags=re.I
        )
        .lower()
        .lstrip("_")
    )
    return "w" if WEIGHT.match(name) else "b" if BIAS.match(name) else ""


def _match(found: list[Found], shapes: list[tuple[int, ...]], sizes_only: bool = False) -> list[Any] | None:
    """One candidate for each shape: those of the same shape are taken in the order of their numbers."""
    pool = sorted(found, key=lambda f: f.order)
    answer: list[Any] = []
    for shape in shapes:
        fits = [f for f in pool if (np.size(f.value) == np.prod(shape) if sizes_only else np.shape(f.value) == shape)]
        if not fits:
            return None
        answer.append(fits[0].value)
        pool = [f for f in pool if f is not fits[0]]
    return answer
