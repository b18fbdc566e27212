"""Networks that are handed their layers, or their activation: `Net([Dense(4, 3), ReLU()])`, `Net(sizes, f)`.

What a class or a function is shows when it is called: an activation maps each number alone, a softmax makes sums of 1.
"""

from __future__ import annotations

import inspect
import itertools
import re
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np

from parity.check.inside.arrays import walk
from parity.check.inside.chance import given_rng
from parity.check.inside.load import Submission
from parity.check.inside.names import fits_role, required, signature
from parity.check.inside.program import CannotCall, bind, run
from parity.check.inside.toolkit import LOSS_CLASS, OPTIMIZER_CLASS, method

FORWARD = ("forward", "__call__", "forward_pass", "feedforward", "apply", "fwd", "call")
ADD = ("add", "append", "push", "add_layer", "addLayer")
WORDS = ("relu", "leaky_relu", "leaky", "tanh", "sigmoid", "logistic", "elu")
LAST = (None, "linear", "identity", "none", "softmax")
HOLDS_LAYERS = re.compile(r"layers?|items|modules|stack|net|network|blocks|steps|nodes|parts|l|seq|structure", re.I)


def activations(submission: Submission) -> list[dict[str, Any]]:
    """What may be given for a parameter that asks for an activation: {"activation": …, "derivative": …}."""
    if "activations" not in submission.found:
        submission.found["activations"] = _find_activations(submission)
    return list(submission.found["activations"])


def _find_activations(submission: Submission) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    functions = submission.callables()
    for name, function in functions.items():
        if not _is_elementwise(submission, function) or _is_derivative(name):
            continue
        slope = next(
            (f for n, f in functions.items() if n != name and _is_derivative(n) and _stem(n) in _stem(name)), None
        )
        slope = slope or next((f for n, f in functions.items() if _is_derivative(n)), None)
        found.append({"activation": function, **({"derivative": slope} if slope else {})})
    words = [w for w in WORDS if re.search(rf"[\"']{w}[\"']", submission.source, re.I)]
    return [*({"activation": w} for w in words), *found]


def _is_derivative(name: str) -> bool:
    return bool(re.search(r"grad|prime|deriv|^d_|_d$|back|slope|delta|^d[A-Z]", name))


def _stem(name: str) -> str:
    return re.sub(r"grad(ient)?|prime|deriv\w*|^d_|_d$|back\w*|slope|delta|_", "", name).lower()


def _is_elementwise(submission: Submission, function: Callable[..., Any]) -> bool:
    """Whether a function of one array maps each of its numbers alone, and not to a constant."""
    needed = required(function)
    return (
        len(needed) == 1 and _kind(lambda x: run(function, {needed[0]: x}, str(submission.path), {})) == "elementwise"
    )


def _kind(call: Callable[[Any], Any]) -> str:
    """What a function of an array does: elementwise, softmax, rows (another map to the same shape), or nothing."""
    x = np.random.RandomState(3).normal(0, 1, (4, 5))
    try:
        out = np.asarray(call(x.copy()))
        turned = np.asarray(call(x[::-1, ::-1].copy()))
    except (CannotCall, ValueError, TypeError, IndexError, AttributeError, KeyError):
        return ""
    if out.shape != x.shape or out.dtype.kind not in "fiub" or not np.ptp(out.astype(float)):
        return ""
    if np.all(out >= 0) and any(np.allclose(s, 1) for s in (out.sum(), out.sum(0), out.sum(1))):
        return "softmax"
    alone = np.asarray(call(x[:1].copy())) if len(x) else out
    same = turned.shape == x.shape and np.allclose(turned[::-1, ::-1], out)
    moved = x.copy()
    moved[0, 0] += 0.3
    others = np.asarray(call(moved))[:, 1:]
    if same and np.allclose(alone, out[:1]) and np.allclose(others, out[:, 1:]):
        return "elementwise"
    return "rows"


# ---- lists of layers -------------------------------------------------------------------------------------------------


def stacks(submission: Submission, sizes: list[int]) -> Iterator[tuple[str, list[Any]]]:
    """(label, layers): the file's own layers from `sizes[0]` to `sizes[-1]` features, the likeliest first.

    What follows " with " in a label is the activation: a choice of ours, where the file has several.
    """
    between = _between(submission)
    tails: list[tuple[str, list[Any]]] = [("", [])]
    tails[:0] = [(f", then {name}", [make]) for kind, name, make in between if kind == "softmax"]
    middles = [(name, [make]) for kind, name, make in between if kind == "elementwise"]
    middles += [(name, [make]) for kind, name, make in between if kind == "rows"]
    for maker, options in _dense_makers(submission):
        inner: list[tuple[str, dict[str, Any], list[Any]]] = [
            (str(getattr(o["activation"], "__name__", o["activation"])), o, []) for o in options
        ]
        inner = inner or [(name, {}, middle) for name, middle in middles] or [("", {}, [])]
        for (ending, tail), (name, option, middle) in itertools.product(tails, inner):
            try:
                yield f"{ending} with {name}", _stack(maker, option, middle, tail, sizes)
            except CannotCall as error:
                submission.skipped.append(str(error))


def _stack(
    maker: Callable[..., Any], option: dict[str, Any], middle: list[Any], tail: list[Any], sizes: list[int]
) -> list[Any]:
    layers: list[Any] = []
    for index, (inputs, outputs) in enumerate(itertools.pairwise(sizes)):
        last = index == len(sizes) - 2
        layers.append(maker(inputs, outputs, {**option, "activation": option["last"]} if last and option else option))
        layers += [make() for make in (tail if last else middle)]
    return layers


def _dense_makers(submission: Submission) -> list[tuple[Callable[..., Any], list[dict[str, Any]]]]:
    """(maker of a dense layer for (inputs, outputs, option), the options where it asks for an activation)."""
    if "dense layers" not in submission.found:
        submission.found["dense layers"] = _find_dense_makers(submission)
    return list(submission.found["dense layers"])


def _find_dense_makers(submission: Submission) -> list[tuple[Callable[..., Any], list[dict[str, Any]]]]:
    found = []
    for name, cls in submission.classes().items():
        if LOSS_CLASS.search(name) or OPTIMIZER_CLASS.search(name):
            continue
        options = _options(submission, cls)
        maker = _maker(submission, cls)
        try:
            layer = maker(4, 3, options[0] if options else {})
        except CannotCall:
            continue
        if any(isinstance(f.value, np.ndarray) and sorted(f.value.shape) == [3, 4] for f in walk(layer, ("l",))):
            found.append((maker, options))
    return found


def _maker(submission: Submission, cls: type) -> Callable[..., Any]:
    def make(inputs: int, outputs: int, option: dict[str, Any]) -> Any:
        roles = {"inputs": inputs, "outputs": outputs, "lr": 0.05, "rng": given_rng(), "seed": 0, **option}
        arguments = bind(cls, {}, roles, order=("inputs", "outputs"))
        for name, value in option.items():  # an option with a default is chosen all the same
            arguments.update({p: value for p in signature(cls).parameters if name != "last" and fits_role(p, name)})
        return run(cls, arguments, str(submission.path), submission.names)

    return make


def _options(submission: Submission, cls: type) -> list[dict[str, Any]]:
    """Pairs of a hidden and a last activation that a layer's constructor may be given."""
    try:
        asks = any(fits_role(p, "activation") for p in signature(cls).parameters)
    except (TypeError, ValueError):
        return []
    if not asks:
        return []
    found = []
    for one in activations(submission):
        ends: tuple[Any, ...] = LAST if isinstance(one["activation"], str) else (None, *_soft(submission))
        ends = tuple(
            w for w in ends if w is None or callable(w) or re.search(rf"[\"']{w}[\"']", submission.source, re.I)
        )
        found += [{**one, "last": end} for end in (*ends, one["activation"])]
    return found


def _soft(submission: Submission) -> list[Callable[..., Any]]:
    return [f for n, f in submission.callables().items() if re.fullmatch(r"softmax|identity|linear", n, re.I)]


def _between(submission: Submission) -> list[tuple[str, str, Callable[[], Any]]]:
    """(kind, name, maker) of the file's layers without weights."""
    if "layers" not in submission.found:
        submission.found["layers"] = _find_between(submission)
    return list(submission.found["layers"])


def _find_between(submission: Submission) -> list[tuple[str, str, Callable[[], Any]]]:
    found = []
    for name, cls in submission.classes().items():
        forward = method(cls, *FORWARD)
        if LOSS_CLASS.search(name) or OPTIMIZER_CLASS.search(name) or forward is None:
            continue
        make = _bare(submission, cls)
        try:
            layer = make()
        except CannotCall:
            continue
        kind = _kind(partial(_forward, submission, layer))
        if kind:
            found.append((kind, name, make))
    return found


def _bare(submission: Submission, cls: type) -> Callable[[], Any]:
    return lambda: run(cls, bind(cls, {}, {"lr": 0.05}), str(submission.path), submission.names)


def _forward(submission: Submission, layer: Any, x: Any) -> Any:
    function = method(layer, *FORWARD)
    assert function is not None
    roles = {"x": x, "training": True, "mode": "train"}
    result = run(function, bind(function, {}, roles, order=("x",)), str(submission.path), submission.names)
    return result if isinstance(result, np.ndarray) else getattr(layer, "output", getattr(layer, "out", result))


# ---- networks of them ------------------------------------------------------------------------------------------------


def made_of_layers(submission: Submission, sizes: list[int]) -> Iterator[tuple[str, Any]]:
    """(label, instance) of classes that are handed a list of layers, one by one, or by a method that adds them."""
    for name, cls in submission.classes().items():
        way = _way_in(cls)
        if way is None or LOSS_CLASS.search(name):
            continue
        for label, layers in itertools.islice(stacks(submission, sizes), 6):
            try:
                yield f"class {name}{label}", _filled(submission, cls, way, layers)
            except CannotCall as error:
                submission.skipped.append(f"{name}(): {error}")


def _way_in(cls: type) -> str | None:
    """How layers get into a class: the name of a parameter, "*" for any number, or the method that adds one."""
    try:
        parameters = signature(cls).parameters.values()
    except (TypeError, ValueError):
        return None
    for parameter in parameters:
        if parameter.kind == parameter.VAR_POSITIONAL:
            return "*"
        if HOLDS_LAYERS.fullmatch(parameter.name) and method(cls, "__enter__") is None:
            return parameter.name
    return next((a for a in ADD if inspect.isfunction(getattr(cls, a, None))), None)


def _filled(submission: Submission, cls: type, way: str, layers: list[Any]) -> Any:
    file, names = str(submission.path), submission.names
    roles: dict[str, Any] = {"lr": 0.05, "seed": 0}
    losses = [c for n, c in submission.classes().items() if LOSS_CLASS.search(n)]
    made = [run(c, {}, file, names) for c in losses[:1] if not signature(c).parameters]
    known = dict.fromkeys(("loss", "loss_fn", "criterion", "loss_function", "cost"), made[0]) if made else {}
    if way == "*":
        return run(partial(cls, *layers), {}, file, names)
    if way in ADD:
        network = run(cls, bind(cls, known, roles), file, names)
        for layer in layers:
            run(partial(getattr(network, way), layer), {}, file, names)
        return network
    return run(cls, bind(cls, {way: layers, **known}, roles), file, names)
