"""Which forward pass gives the observed outputs: right ones first, then those with a mistake."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from parity.check.network import ACTIVATIONS, INPUTS, OUTPUTS, Extras, Net, Trace, Tweak, forward
from parity.check.seen import Array, Session, Step
from parity.check.variants import numbers_of, slopes, with_layers_between


def distance(mine: Array | None, other: Array | None) -> float:
    """The largest difference relative to the largest number; infinite for other shapes or numbers not finite."""
    if mine is None or other is None or np.size(mine) != np.size(other):
        return np.inf
    one, two = np.ravel(mine).astype(float, copy=False), np.ravel(other).astype(float, copy=False)
    sizes = float(np.maximum.reduce(np.abs(one))), float(np.maximum.reduce(np.abs(two)))
    if not (sizes[0] < np.inf and sizes[1] < np.inf):  # nor NaN
        return np.inf
    return float(np.maximum.reduce(np.abs(one - two))) / max(*sizes, 1e-12)


def forward_candidates(hidden: int, leaky: list[str]) -> Iterator[Net]:
    """Networks, right ones first, then those with a mistake in the forward pass."""
    same = [(name,) * hidden for name in (*ACTIVATIONS, *leaky) if name != "linear" or not hidden]
    mixed = [
        m
        for m in itertools.product(("relu", "sigmoid", "tanh", "linear", "leaky 0.01"), repeat=hidden)
        if len(set(m)) > 1
    ]
    linear = [("linear",) * hidden] if hidden else []
    for activations in [*same, *(mixed if hidden <= 3 else [])]:
        yield from (Net(activations, output) for output in OUTPUTS)
    layers: list[int | None] = [None, *range(hidden + 1)]
    main = [m for m in same if m and m[0] in (*USUAL, *leaky)] or [()]
    for activations in [*main, *linear, *(mixed if hidden == 2 else [])]:
        yield from (Net(activations, "softmax", (Tweak("activation_on_output", a),)) for a in _on_output(activations))
        yield from (Net(activations, "sigmoid", (Tweak("activation_on_output", a),)) for a in ("relu", "tanh"))
        for way in itertools.product(("batch", "classes", "one"), ("batch", "all")):
            yield Net(activations, "softmax", (Tweak("softmax_wrong_axis", " / ".join(way)),))
        yield Net(activations, "softmax", (Tweak("softmax_twice"),))
        for output in OUTPUTS:
            yield Net(activations, output)
            for layer in layers:
                yield Net(activations, output, (Tweak("bias_missing_forward", "", layer),))
    for activations in main:  # two mistakes
        for layer in layers:
            missing = Tweak("bias_missing_forward", "", layer)
            for other in (
                Tweak("activation_on_output", "relu"),
                Tweak("softmax_wrong_axis", "batch / batch"),
                Tweak("softmax_twice"),
            ):
                yield Net(activations, "softmax", (missing, other))


USUAL = ("relu", "sigmoid", "tanh", "elu", "softplus", "swish", "gelu")


def _on_output(hidden: tuple[str, ...]) -> list[str]:
    """The activations that may have been applied to the logits: those of the hidden layers, too."""
    return list(dict.fromkeys(("relu", "sigmoid", "tanh", *(a for a in hidden if a in USUAL))))


def explain_forward(session: Session) -> Net | None:
    """The network whose outputs are the observed ones in every step."""
    steps = [s for s in session.steps if s.output is not None]
    for net in session.known:
        if _outputs_differ(net, steps) < session.tolerance * 3:
            return net
    found = _find_forward(session, steps)
    if found is not None and (any(found.norms) or any(found.masks)):  # the search for them is long
        session.known.append(found)
    return found


def _find_forward(session: Session, steps: list[Step]) -> Net | None:
    hidden, leaky = len(session.sizes) - 2, slopes(session)
    for net in forward_candidates(hidden, leaky):
        if _outputs_differ(net, steps) < session.tolerance * 3:
            return net
    for net in itertools.chain(_with_prepared_inputs(session), _cosine_heads(session)):
        if _outputs_differ(net, steps) < session.tolerance * 3:
            return net
    plain = [Net((a,) * hidden, o) for a in ("relu", "tanh", "sigmoid", *leaky) for o in BESIDE_NORMS]
    found = [(_outputs_differ(net, steps[:1]), net) for net in with_layers_between(session, plain, training=False)]
    found = [(error, net) for error, net in found if error < session.tolerance * 3]
    for _, net in sorted(found, key=lambda pair: pair[0]):  # other values of ε are near
        if _outputs_differ(net, steps) < session.tolerance * 3:
            return net
    return None


def _prepared_inputs(session: Session) -> list[str]:
    """What may be done to the samples before the first layer, where the file speaks of it."""
    spoken = re.search(r"\.(std|mean|min)\(|linalg\.norm|255|normali[sz]|standardi[sz]", session.source)
    return list(INPUTS) if spoken and not session.single else []


def _with_prepared_inputs(session: Session) -> Iterator[Net]:
    """Right networks that do something to their samples first."""
    hidden = len(session.sizes) - 2
    activations = (*ACTIVATIONS, *slopes(session))
    for inputs, activation, output in itertools.product(_prepared_inputs(session), activations, OUTPUTS):
        yield Net((activation,) * hidden, output, inputs=inputs)


def _cosine_heads(session: Session) -> Iterator[Net]:
    """Networks whose last layer gives cosines, times the number that makes them the observed outputs."""
    hidden, step = len(session.sizes) - 2, session.steps[0]
    if not re.search(r"norm\(|\bcos|sqrt", session.source) or not hidden or step.output is None:
        return
    shifted = [f"relu + {value:g}" for value in numbers_of(session) if value <= 0.01]
    for inputs, activation in itertools.product(("", *_prepared_inputs(session)), (*ACTIVATIONS, *shifted)):
        net = Net((activation,) * hidden, "linear", inputs=inputs, cosine=1.0)
        plain = run(net, step).out
        for output in ("linear", "softmax"):
            with np.errstate(all="ignore"):
                seen = step.output if output == "linear" else np.log(step.output)
            one, two = plain - plain.mean(1, keepdims=True), seen - seen.mean(1, keepdims=True)
            scale = float((one * two).sum() / max((one * one).sum(), 1e-300))
            if scale > 0:
                yield replace(net, output=output, cosine=scale)


BESIDE_NORMS = ("softmax", "linear", "sigmoid", "log-softmax")


def _outputs_differ(net: Net, steps: list[Step]) -> float:
    """The largest distance between the observed outputs and this network's; infinite after the first large one."""
    worst = 0.0
    for step in steps:
        worst = max(worst, distance(step.output, run(net, step).out))
        if worst > 1e-2:
            return np.inf
    return worst


def run(net: Net, step: Step) -> Trace:
    """The reference's forward pass with the person's weights."""
    with np.errstate(all="ignore"):
        extras = Extras(step.others, step.draws)
        return forward(net, step.x, [w.astype(float, copy=False) for w in step.weights], step.biases, extras)


def mentions_activation(source: str) -> bool:
    """Whether a file speaks of an activation function at all."""
    written_out = r"1\.?0?\s*/\s*\(\s*1\.?0?\s*\+\s*\w*\.?exp"  # a sigmoid without its name
    return bool(re.search(rf"relu|tanh|sigmoid|maximum\(|activation|{written_out}", source, re.I))
