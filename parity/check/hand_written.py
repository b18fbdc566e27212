"""Drive one hand-written layer, loss or optimiser: a class, an object, or a pair of functions."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator
from functools import partial
from types import FunctionType
from typing import Any

import numpy as np

from parity.check.inside.arrays import walk
from parity.check.inside.names import fits_role, returned_names
from parity.check.inside.program import CannotCall, bind
from parity.check.layouts import Layout
from parity.check.settings import settings_of

Array = np.ndarray
FORWARD = (
    "forward",
    "forward_pass",
    "__call__",
    "fwd",
    "apply",
    "feedforward",
    "loss",
    "calculate",
    "compute",
    "value",
)
BACKWARD = (
    "backward",
    "backward_pass",
    "backprop",
    "grad",
    "gradient",
    "bwd",
    "derivative",
    "prime",
    "backpropagate",
    "deriv",
)
WEIGHT = re.compile(r"^_*(w\d*|weights?|gamma|kernels?|filters?|k|g|theta|scale|coef)_?$", re.I)
BIAS = re.compile(r"^_*(b\d*|bias(es)?|beta|shift|offset|intercept)_?$", re.I)
GRADIENT = re.compile(r"^(d_?|grads?_?|gradient_?|nabla_?|delta_?|g)|(_?grads?|_gradient)$", re.I)
RUNNING = {
    "running_mean": r"(running|moving|mov|run|avg|ema|mean_|r)_?(mean|avg|mu|m)$|mean_(running|avg|ema)|^mu_?r",
    "running_var": r"(running|moving|mov|run|avg|ema|r)_?(var|variance|v)$|var(iance)?_(running|avg|ema)|^var_?r",
}


OWN_DEFAULTS = {"momentum", "decay", "alpha", "rho", "beta", "m", "p", "rate", "prob", "keep_prob", "keep", "p_keep"}
"""Settings of batch norm and dropout that people define in other ways (0.9 of the old mean): their default stays."""


def find_method(thing: Any, names: tuple[str, ...]) -> Callable[..., Any]:
    """The first of these methods.

    Raises CannotCall where there is none.
    """
    for name in names:
        found = getattr(thing, name, None)
        if callable(found) and not (name == "__call__" and isinstance(thing, type)):
            return found
    raise CannotCall(f"{type(thing).__name__} has none of {', '.join(names[:5])}")


def call(function: Callable[..., Any], known: dict[str, Any], roles: dict[str, Any], order: tuple[str, ...]) -> Any:
    """Call with arguments by name and role; errors of the function become CannotCall."""
    arguments = bind(function, known, roles, order=order)
    try:
        with np.errstate(all="ignore"):
            return function(**arguments)
    except Exception as error:
        raise CannotCall(f"{getattr(function, '__name__', function)}(): {type(error).__name__}: {error}") from error


def make(mine: Any, known: dict[str, Any]) -> Any:
    """An object of a class or a factory; an object stays what it is.

    Settings are set, too, where the constructor has a default for them.
    """
    if isinstance(mine, type):
        own = OWN_DEFAULTS if {"num_features", "keep_prob"} & known.keys() else ()
        optional = [n for n, p in inspect.signature(mine).parameters.items() if p.default is not p.empty]
        return call(partial(mine, **{n: known[n] for n in optional if n in known and n not in own}), known, {}, ())
    if isinstance(mine, FunctionType) and mine.__name__ == "<lambda>":
        return mine()
    return mine


class Layer:
    """A hand-written layer: forward(x, training) -> y, backward(g) -> dx, parameters and their gradients."""

    def __init__(
        self,
        mine: Any,
        module: Any,
        turn_square: bool = False,
        arrays: dict[str, Array] | None = None,
        layout: Layout | None = None,
    ) -> None:
        self.turn_square = turn_square
        self.known = settings_of(module)
        self.module = module
        if isinstance(mine, tuple):
            self.thing, (self._forward, self._backward) = None, mine
        else:
            self.thing = make(mine, {**self.known, **(arrays or {})})
            self._forward, self._backward = find_method(self.thing, FORWARD), find_method(self.thing, BACKWARD)
        self.params = {name: p.detach().numpy().copy() for name, p in module.named_parameters(recurse=False)}
        self.state: dict[str, Any] = {}
        self.turned: dict[str, str] = {}
        self.layout = layout or Layout()
        if isinstance(mine, tuple):
            self._turn_parameters()
        self.mode_dict: dict[str, Any] = {}
        self.overwritten = False  # whether it changed an array that it was given

    def _turn_parameters(self) -> None:
        """Store the parameters as the functions expect them."""
        for name, value in self.params.items():
            if name == "weight" and self.layout.weight:
                self.turned[name] = str(self.layout.weight)
                self.params[name] = value.transpose(self.layout.weight).copy()
            elif name == "bias":
                self.params[name] = value.reshape(self.layout.bias)

    def set_parameters(self) -> None:
        """Copy torch's parameters into the layer's own arrays, whichever way they are stored."""
        if self.thing is None:
            return
        for name, value in self.params.items():
            _path, array = self._own(name, value)
            turned, stored = _store(value, np.shape(array))
            if self.turn_square and value.ndim == 2 and value.shape[0] == value.shape[1]:
                turned, stored = "T", value.T
            self.turned[name] = turned
            array[...] = stored

    def _own(self, name: str, value: Array) -> tuple[tuple[str, ...], Array]:
        pattern = WEIGHT if name == "weight" else BIAS
        found = [f for f in walk(self.thing) if isinstance(f.value, np.ndarray) and f.value.size == value.size]
        named = [f for f in found if pattern.search(f.name) and not f.is_gradient]
        rest = [f for f in found if not f.is_gradient and not (BIAS if name == "weight" else WEIGHT).search(f.name)]
        rest = [f for f in rest if not any(re.search(p, f.name, re.I) for p in RUNNING.values())]
        if not (named or rest):
            raise CannotCall(f"no array of {value.size} numbers for {name!r} (torch has {value.shape})")
        best = (named or rest)[0]
        return best.path, best.value

    def set_training(self, training: bool) -> None:
        """Training or evaluation mode, however the layer calls it."""
        thing = self.thing
        if thing is not None:
            switch = getattr(thing, "train" if training else "eval", None)
            if callable(switch):
                try:
                    switch()
                except TypeError:
                    switch(training)
            for name in ("training", "is_training", "train_mode", "train", "mode", "_training"):
                value = vars(thing).get(name) if hasattr(thing, "__dict__") else None
                if isinstance(value, bool) and not callable(switch):
                    setattr(thing, name, training)
                elif isinstance(value, str):
                    setattr(thing, name, "train" if training else "test")
            for name, value in list(getattr(thing, "__dict__", {}).items()):
                if isinstance(value, bool) and fits_role(name, "testing") and not callable(switch):
                    setattr(thing, name, not training)

    def forward(self, x: Array, training: bool = True) -> Array:
        """The output for a batch.

        Raises CannotCall.
        """
        self.set_training(training)
        x = self.layout.images(x)
        roles: dict[str, Any] = {"x": x.copy(), "training": training}
        known = {**self.known, **self._functional(training)}
        known.update(dict.fromkeys(("training", "train", "is_training", "is_train", "train_mode"), training))
        known.update(dict.fromkeys(("test", "testing", "inference", "evaluate", "is_test"), not training))
        known["mode"] = "train" if training else "test"
        arguments = bind(self._forward, known, roles, order=("x",))
        for name, parameter in inspect.signature(self._forward).parameters.items():
            own = name == "momentum" and parameter.default is not parameter.empty  # people keep 0.9 of the old one
            if name in known and name not in arguments and parameter.kind != parameter.VAR_KEYWORD and not own:
                arguments[name] = known[name]
        try:
            with np.errstate(all="ignore"):
                result = self._forward(**arguments)
        except Exception as error:
            raise CannotCall(f"forward: {type(error).__name__}: {error}") from error
        names = returned_names(self._forward, result)
        if isinstance(result, tuple):
            self.state = {"cache": result[1] if len(result) == 2 else result[1:]}
            self.state.update(dict(zip(names or [], result, strict=False)))
            result = result[0]
        self.overwritten |= not np.array_equal(roles["x"], x)
        if result is None:
            result = getattr(self.thing, "output", getattr(self.thing, "out", getattr(self.thing, "y", None)))
        if not isinstance(result, np.ndarray | np.floating):
            raise CannotCall("forward returned no array")
        self.x = x
        return self.layout.back(np.asarray(result))

    def _functional(self, training: bool) -> dict[str, Any]:
        """Parameters and dictionaries for functions such as conv_forward(x, w, b, conv_param)."""
        if self.thing is not None:
            return {}
        known: dict[str, Any] = {}
        for name, value in self.params.items():
            words = (
                ("w", "W", "weight", "weights", "gamma", "kernel", "filters")
                if name == "weight"
                else ("b", "bias", "beta", "biases")
            )
            known.update(dict.fromkeys(words, value))
        numbers = dict(self.known)
        numbers.update(
            {"pool_height": numbers.get("k"), "pool_width": numbers.get("k"), "mode": "train" if training else "test"}
        )
        size = self.known.get("num_features")
        if size and not self.mode_dict:
            self.mode_dict = {
                **numbers,
                "running_mean": np.zeros(size),
                "running_var": np.ones(size),
                "mean": np.zeros(size),
                "var": np.ones(size),
                **{n: self.params[t] for n, t in (("gamma", "weight"), ("beta", "bias")) if t in self.params},
            }
        self.mode_dict["mode"] = numbers["mode"]
        dictionaries = (
            "param",
            "params",
            "hparameters",
            "conv_param",
            "pool_param",
            "bn_param",
            "dropout_param",
            "hyper",
            "options",
            "config",
            "running",
            "state",
            "stats",
            "st",
            "bn",
            "opts",
            "settings",
            "memory",
        )
        known.update(dict.fromkeys(dictionaries, self.mode_dict if size else numbers))
        known.update(running_mean=self.mode_dict.get("running_mean"), running_var=self.mode_dict.get("running_var"))
        return known

    def backward(self, g: Array) -> dict[str, Array]:
        """{"input gradient": dx, "weight gradient": dW, …} in torch's layout.

        Raises CannotCall.
        """
        g = self.layout.images(g)
        roles = {"grad_output": g.copy(), "cache": self.state.get("cache", self.x), "x": self.x, "lr": 0.0}
        known = {**self.known, **self._functional(True), **{k: v for k, v in self.state.items() if k != "cache"}}
        known = {k: v for k, v in known.items() if k not in ("g", "d", "grad", "delta")}
        result = call(self._backward, known, roles, ("grad_output", "cache", "x"))
        self.overwritten |= not np.array_equal(roles["grad_output"], g)
        parts = list(result) if isinstance(result, tuple) else [result]
        names = returned_names(self._backward, result) or ["dx", "dw", "db"][: len(parts)]
        found: dict[str, Array] = {}
        arrays = [
            (n, np.asarray(p)) for n, p in zip(names, parts, strict=False) if isinstance(p, np.ndarray | np.floating)
        ]
        if isinstance(result, dict):
            arrays = [(str(k), np.asarray(v)) for k, v in result.items()]
        inputs = [a for n, a in arrays if a.shape == self.x.shape]
        if inputs:
            found["input gradient"] = inputs[0]
        elif arrays and not inputs:
            found["input gradient"] = arrays[0][1]
        elif self.thing is not None:
            for name in ("dinputs", "dx", "grad_input", "dX", "grad_x", "dinput"):
                if isinstance(getattr(self.thing, name, None), np.ndarray):
                    found["input gradient"] = getattr(self.thing, name)
        rest = [(n, a) for n, a in arrays if a is not found.get("input gradient")]
        if "input gradient" in found:
            found["input gradient"] = self.layout.back(found["input gradient"])
        for name, value in self.params.items():
            gradient = self._gradient(name, value, rest)
            if gradient is not None:
                found[f"{name} gradient"] = gradient
        return found

    def _gradient(self, name: str, value: Array, returned: list[tuple[str, Array]]) -> Array | None:
        pattern = WEIGHT if name == "weight" else BIAS
        candidates = list(returned)
        if self.thing is not None:
            candidates += [
                (f.name if not f.path[-1:] or "grad" not in f.path[0].lower() else "d" + f.name, np.asarray(f.value))
                for f in walk(self.thing)
                if f.is_gradient
            ]
        named = [a for n, a in candidates if pattern.search(GRADIENT.sub("", n)) and n != GRADIENT.sub("", n)]
        same = [a for a in named if a.size == value.size] or named or [a for _, a in returned if a.shape == value.shape]
        if not same:
            return None
        gradient = same[0]
        if gradient.size != value.size:
            return gradient
        shape = self.module.get_parameter(name).shape
        return _unstore(gradient, tuple(shape), self.turned.get(name, ""))

    def running(self) -> dict[str, Array]:
        """The running statistics of a batch norm, where they can be found."""
        source: Any = self.thing if self.thing is not None else self.mode_dict
        found = {}
        for name, pattern in RUNNING.items():
            for one in walk(source):
                if self.thing is None:  # in a dictionary of its own, `mean` is a running mean
                    pattern = f"{pattern}|^{name.removeprefix('running_')}$"
                if re.search(pattern, one.name, re.I) and np.size(one.value) == self.known.get("num_features"):
                    value = np.array(one.value, float).ravel()
                    if name not in found or np.ptp(value):  # of several, the one that was updated
                        found[name] = value
        untouched = "running_mean" in found and not found["running_mean"].any()
        return {} if untouched else found

    def knows_evaluation(self) -> bool:
        """Whether the layer has running statistics, or a way to be told that it is evaluated."""
        names = list(inspect.signature(self._forward).parameters)
        told = any(
            re.search("train|test|mode|eval", n, re.I)
            for n in [*names, *(vars(self.thing) if self.thing is not None and hasattr(self.thing, "__dict__") else ())]
        )
        apart = (
            any(re.search("test|eval|infer|predict", n, re.I) for n in dir(self.thing))
            if self.thing is not None
            else True
        )
        return told or (bool(self.running()) and not apart)


def _store(value: Array, shape: tuple[int, ...]) -> tuple[str, Array]:
    if value.shape == shape:
        return "", value
    if value.T.shape == shape and value.ndim == 2:
        return "T", value.T
    for order in ((2, 3, 1, 0), (0, 2, 3, 1), (1, 0, 2, 3)):
        if value.ndim == 4 and tuple(value.shape[i] for i in order) == shape:
            return str(order), value.transpose(order)
    return "", value.reshape(shape)


def _unstore(gradient: Array, shape: tuple[int, ...], turned: str) -> Array:
    if turned == "T":
        return gradient.T
    if turned.startswith("("):
        order = [int(c) for c in turned if c.isdigit()]
        return gradient.transpose(np.argsort(order)) if gradient.ndim == len(order) else gradient
    return gradient.reshape(shape)


def chunks(flat: Array, like: list[Array]) -> Iterator[Array]:
    """A long vector cut into arrays of these shapes."""
    position = 0
    for array in like:
        yield flat[position : position + array.size].reshape(array.shape)
        position += array.size
