"""Networks made from a file that only defines layers: classes with forward and backward, or pairs of functions."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable
from typing import Any

import numpy as np

from parity.check.inside.arrays import walk
from parity.check.inside.load import Submission
from parity.check.inside.names import signature
from parity.check.inside.program import CannotCall, Program, bind, run

LOSS_CLASS = re.compile(r"loss|entropy|mse|criterion|cost|nll|error", re.I)
OPTIMIZER_CLASS = re.compile(r"sgd|adam|momentum|rmsprop|adagrad|optimi[sz]er|descent", re.I)
HIDDEN_ACTIVATIONS = ("relu", "leaky", "tanh", "sigm", "logistic", "elu", "rect")


class Call:
    """Calls somebody's functions with arguments by role; failures are CannotCall with the line of their file."""

    def __init__(self, submission: Submission, columns: bool) -> None:
        self.file, self.names, self.columns = str(submission.path), submission.names, columns
        self.dtype = np.float64

    def __call__(self, function: Callable[..., Any], order: tuple[str, ...] = (), **roles: Any) -> Any:
        return run(function, bind(function, {}, roles, order=order), self.file, self.names)


def method(thing: Any, *names: str) -> Callable[..., Any] | None:
    """The first of these methods that the object has."""
    for name in names:
        found = getattr(thing, name, None)
        if callable(found) and not (name == "__call__" and isinstance(thing, type) and "__call__" not in vars(thing)):
            return found
    stem = names[0] if names and names[0] in ("forward", "backward") else None
    if stem:  # forward_propagation, backward_prop, …
        near = [n for n in dir(thing) if n.startswith(stem)]
        return getattr(thing, near[0]) if near else None
    return None


class FunctionLayer:
    """A pair `x_forward(x, w, b) -> out, cache` and `x_backward(dout, cache) -> dx, dw, db` as a layer object."""

    def __init__(
        self, forward: Callable[..., Any], backward: Callable[..., Any], sizes: tuple[int, int] | None, call: Call
    ) -> None:
        self._forward, self._backward, self._call = forward, backward, call
        self.cache: Any = None
        if sizes:
            self.W = np.ones(sizes)
            self.b = np.ones(sizes[1])

    def forward(self, x: Any) -> Any:
        """The output of the pair's first function."""
        weights = {"w": self.W, "W": self.W, "b": self.b} if hasattr(self, "W") else {}
        arguments = bind(self._forward, weights, {"x": x}, order=("x",))
        result = run(self._forward, arguments, self._call.file, self._call.names)
        out, self.cache = result if isinstance(result, tuple) and len(result) == 2 else (result, x)
        return out

    def backward(self, grad: Any) -> Any:
        """The first result of the pair's second function; the others are the parameters' gradients."""
        result = self._call(
            self._backward, order=("grad_output", "cache"), grad_output=grad, cache=self.cache, x=self.cache
        )
        if isinstance(result, tuple):
            if hasattr(self, "W"):
                self.dW, self.db = result[1], result[2]
            return result[0]
        return result


class Composed:
    """Layers in a row and a loss, driven in the way their methods ask for."""

    def __init__(self, layers: list[Any], loss: Any, optimizer: Any, call: Call) -> None:
        self.layers = layers
        self._loss, self._optimizer, self._call = loss, optimizer, call
        self._scores: Any = None

    def forward(self, x: Any) -> Any:
        """The output of the last layer (after the loss's own softmax, where it has one)."""
        for layer in self.layers:
            function = method(layer, "forward", "__call__", "forward_pass", "feedforward")
            assert function is not None
            result = self._call(function, order=("x",), x=x, training=True)
            x = result if isinstance(result, np.ndarray) else getattr(layer, "output", getattr(layer, "out", None))
            if not isinstance(x, np.ndarray):
                raise CannotCall(f"{type(layer).__name__}.forward() returned no array")
        self._scores = x
        return x

    def loss(self, y: Any) -> Any:
        """The loss of the last forward call."""
        function = method(self._loss, "calculate", "loss", "forward", "__call__", "compute")
        if function is None:
            raise CannotCall("no loss")
        result = self._call(function, order=("output", "y"), output=self._scores, x=self._scores, y=y)
        parts = result if isinstance(result, tuple) else (result,)
        self._from_loss = [p for p in parts if isinstance(p, np.ndarray) and p.shape == self._scores.shape]
        value = np.asarray(parts[0])
        return float(value.mean()) if value.ndim <= 1 or value.size == 1 else None

    def backward(self, y: Any) -> None:
        """Pass the loss's gradient back through all layers."""
        self.loss(y)
        function = method(self._loss, "backward", "grad", "gradient", "derivative", "backward_pass", "prime")
        if function is not None:
            start = getattr(self._loss, "output", self._scores)
            start = start if isinstance(start, np.ndarray) and start.shape == self._scores.shape else self._scores
            result = self._call(function, order=("output", "y"), output=start, grad_output=start, x=start, y=y)
            grad = (
                result
                if isinstance(result, np.ndarray)
                else getattr(self._loss, "dinputs", getattr(self._loss, "dx", None))
            )
        elif self._from_loss:
            grad = self._from_loss[-1]
        else:
            raise CannotCall("the loss has no backward")
        for layer in reversed(self.layers):
            function = method(layer, "backward", "backward_pass", "backprop", "backpropagate")
            if function is None:
                raise CannotCall(f"{type(layer).__name__} has no backward")
            result = self._call(function, order=("grad_output",), grad_output=grad, output=grad, lr=0.05)
            result = result[0] if isinstance(result, tuple) else result
            grad = result if isinstance(result, np.ndarray) else getattr(layer, "dinputs", getattr(layer, "dx", None))
            if not isinstance(grad, np.ndarray):
                raise CannotCall(f"{type(layer).__name__}.backward() returned no array")

    def params_and_grads(self) -> Any:
        """(parameter, gradient) pairs, as in joelnet."""
        for layer in self.layers:
            if hasattr(layer, "params") and hasattr(layer, "grads"):
                for name in layer.params:
                    yield layer.params[name], layer.grads[name]

    def update(self) -> None:
        """One step of the submission's optimiser over all layers."""
        if self._optimizer is None:
            self._each_layer_steps()
            return
        before = method(self._optimizer, "pre_update_params")
        if before:
            before()
        per_layer = method(self._optimizer, "update_params", "update_layer")
        if per_layer:
            for layer in self.layers:
                if any(
                    f.value.ndim == 2
                    for f in walk(layer, ("layer",))
                    if isinstance(f.value, np.ndarray) and not f.is_gradient
                ) and (hasattr(layer, "weights") or hasattr(layer, "W")):
                    run(per_layer, _only_argument(per_layer, layer), self._call.file, self._call.names)
        else:
            function = method(self._optimizer, "step", "update", "apply")
            if function is None:
                raise CannotCall("no optimiser")
            run(function, _only_argument(function, self), self._call.file, self._call.names)
        after = method(self._optimizer, "post_update_params")
        if after:
            after()

    def _each_layer_steps(self) -> None:
        """Layers that update themselves."""
        steps = [s for s in (method(layer, *LAYER_STEPS) for layer in self.layers) if s is not None]
        if not steps:
            raise CannotCall("no optimiser")
        for step in steps:
            self._call(step, lr=0.05)


LAYER_STEPS = ("step", "update", "update_params", "apply", "apply_gradients", "update_weights")


def _only_argument(function: Callable[..., Any], value: Any) -> dict[str, Any]:

    names = [p.name for p in signature(function).parameters.values() if p.default is p.empty]
    if len(names) > 1:
        raise CannotCall("the optimiser asks for more than the network")
    return {names[0]: value} if names else {}


def hidden_layers(submission: Submission, call: Call, sizes: list[int], activation: str) -> list[Any]:
    """Dense layers with an activation between them.

    Raises CannotCall where the file has none.
    """
    layers: list[Any] = []
    for index, (inputs, outputs) in enumerate(itertools.pairwise(sizes)):
        layers.append(_dense(submission, call, inputs, outputs))
        if index < len(sizes) - 2:
            layers.append(_activation(submission, call, activation))
    return layers


def compose(submission: Submission, sizes: list[int], columns: bool, activation: str) -> Program:
    """A network of the submission's own layers.

    Raises CannotCall where there is no dense layer.
    """
    call = Call(submission, columns)
    layers = hidden_layers(submission, call, sizes, activation)
    loss = _loss(submission, call)
    if not _has_softmax(loss):
        last = [c for n, c in submission.classes().items() if "softmax" in n.lower() and not LOSS_CLASS.search(n)]
        softmax = _pair(submission, "softmax") if not last else None
        if last and method(last[0], "backward"):
            layers.append(call(last[0]))
        elif softmax and "loss" not in softmax[0].__name__:
            layers.append(FunctionLayer(*softmax, None, call))
    net = Composed(layers, loss, _optimizer(submission, call), call)
    functions: dict[str, Callable[..., Any]] = {"forward": net.forward, "loss": net.loss, "backward": net.backward}
    if net._optimizer is not None or any(method(layer, *LAYER_STEPS) for layer in net.layers):
        functions["update"] = net.update
    return Program(functions, {"net": {"layers": net.layers}}, call.file, submission.names, style="layer objects")


def _is_layer(cls: type) -> bool:
    return (
        method(cls, "forward", "forward_pass", "__call__") is not None
        and method(cls, "backward", "backward_pass", "backprop") is not None
    )


def _dense(submission: Submission, call: Call, inputs: int, outputs: int) -> Any:
    for name, cls in submission.classes().items():
        if not _is_layer(cls) or LOSS_CLASS.search(name):
            continue
        try:
            layer = call(cls, order=("inputs", "outputs"), inputs=inputs, outputs=outputs)
        except CannotCall:
            continue
        shapes = [f.value.shape for f in walk(layer, ("l",)) if isinstance(f.value, np.ndarray)]
        if (inputs, outputs) in shapes or (outputs, inputs) in shapes:
            return layer
    for word in ("affine", "linear", "dense", "fc", "fully_connected"):
        pair = _pair(submission, word)
        if pair:
            return FunctionLayer(*pair, (inputs, outputs), call)
    raise CannotCall("no dense layer with forward and backward")


def _activation(submission: Submission, call: Call, word: str) -> Any:
    for name, cls in submission.classes().items():
        if word in name.lower() and _is_layer(cls) and not LOSS_CLASS.search(name):
            return call(cls)
    pair = _pair(submission, word)
    if pair:
        return FunctionLayer(*pair, None, call)
    raise CannotCall(f"no {word} layer")


def activations(submission: Submission) -> list[str]:
    """Words for the hidden activations that the file has layers for."""
    names = [n.lower() for n in (*submission.classes(), *submission.callables())]
    return [word for word in HIDDEN_ACTIVATIONS if any(word in name for name in names)]


def _pair(submission: Submission, word: str) -> tuple[Callable[..., Any], Callable[..., Any]] | None:
    functions = submission.callables()
    forwards = [n for n in functions if word in n.lower() and re.search("forward|fwd", n)]
    for name in forwards:
        back = name.replace("forward", "backward").replace("fwd", "bwd")
        if back in functions:
            return functions[name], functions[back]
    return None


class _FunctionLoss:
    def __init__(self, function: Callable[..., Any], gradient: Callable[..., Any] | None = None) -> None:
        self.loss = function
        if gradient is not None:
            self.backward = gradient


def _loss(submission: Submission, call: Call) -> Any:
    names = [n for n in submission.classes() if LOSS_CLASS.search(n)]
    names.sort(key=lambda n: ("softmax" not in n.lower(), not re.search("entropy|nll", n, re.I)))
    for name in names:
        try:
            loss = call(submission.classes()[name])
        except CannotCall:
            continue
        if method(loss, "backward", "grad", "gradient", "derivative", "backward_pass", "prime") is not None:
            return loss
    for name, function in submission.callables().items():
        if re.search("softmax_loss|softmax.*entropy|cross_entropy_loss$", name, re.I):
            return _FunctionLoss(function)
    functions = submission.callables()
    for name, function in functions.items():
        word = re.match(
            r"(.*?)_?(grad|gradient|prime|deriv|derivative|backward|delta)$|(?:d|grad|delta)_(.*)", name, re.I
        )
        base = (word.group(1) or word.group(3)) if word else None
        if base and LOSS_FUNCTION.search(base):
            loss = functions.get(base) or next(
                (f for n, f in functions.items() if n != name and LOSS_FUNCTION.search(n)), None
            )
            if loss is not None:
                return _FunctionLoss(loss, function)
    raise CannotCall("no loss with a gradient")


LOSS_FUNCTION = re.compile(r"loss|entropy|mse|nll|cost|xent|square|^ce$|bce", re.I)


def _has_softmax(loss: Any) -> bool:
    name = type(loss).__name__ if not isinstance(loss, _FunctionLoss) else loss.loss.__name__
    return bool(re.search("softmax|logit|nll|mse|square", name, re.I))


def _optimizer(submission: Submission, call: Call) -> Any:
    for name, cls in submission.classes().items():
        if OPTIMIZER_CLASS.search(name):
            try:
                return call(cls, lr=0.05)
            except CannotCall:
                continue
    return None
