"""Where no known mistake fits: which layer is the first wrong one, and what can be said of its numbers.

A dense layer's weight gradient is aᵀδ. Where the batch is no larger than the layer's input, and its samples are
independent, δ (the gradient that reached the layer) follows from it by least squares. So each layer is judged by what
it was given.
"""

from __future__ import annotations

import numpy as np

from parity.check.diagnosis import Finding
from parity.check.explain import Gradients
from parity.check.outputs import distance
from parity.check.reference import output_gradient, through_hidden
from parity.check.seen import Array, Session


def recover(a: Array, dw: Array) -> Array | None:
    """The δ with aᵀδ = dW; None where it is not determined or dW is not of this form."""
    if np.linalg.matrix_rank(a) < len(a):
        return None
    delta, *_ = np.linalg.lstsq(a.T, dw, rcond=None)
    return delta if distance(a.T @ delta, dw) < 1e-6 else None


def against_own_loss(session: Session) -> list[tuple[float, float]] | None:
    """(ratio to the central differences of the network's own loss, error of that ratio) of each layer's gradients."""
    step = session.steps[0]
    if not step.weight_gradients or any(n is None or not n.size for n in step.numeric) or not step.numeric:
        return None
    found = []
    for layer, rows in enumerate(step.numeric):
        assert rows is not None
        bias = (step.bias_gradients or [])[layer]
        pairs = []
        for i, j, slope in rows:
            if j >= 0:
                pairs.append((float(step.weight_gradients[layer][int(i), int(j)]), slope))
            elif bias is not None and bias.size > int(i):
                pairs.append((float(bias.ravel()[int(i)]), slope))
        mine, right = np.array(pairs).T
        ratio = float(mine @ right / max(right @ right, 1e-300))
        found.append(
            (ratio, float(np.abs(mine - ratio * right).max() / max(np.abs(mine).max(), np.abs(right).max(), 1e-12)))
        )
    return found


def unexplained(search: Gradients) -> list[Finding]:
    """Findings without a name: the layers that are wrong given what reached them, from the output down."""
    trace, weights = search.traces[0], search.weights[0]
    loss, step = search.losses[0], search.steps[0]
    seen_w, seen_b = search.observed[0]
    found = []
    expected = output_gradient(loss.kind, search.net, trace, step.target) * loss.factor(
        step.count, step.target.shape[1]
    )
    for layer in reversed(range(len(weights))):
        a, dw = trace.a[layer], np.asarray(seen_w[layer], float)
        if not np.isfinite(dw).all():
            found.append(Finding("not_finite", "gradients", layer, detail="holds NaN or infinity", reproduced=False))
            return found
        delta = recover(a, dw) if dw.shape == weights[layer].shape else None
        if distance(dw, a.T @ expected) > 1e-4:
            found.append(
                Finding(
                    "unexplained",
                    "gradients",
                    layer,
                    reproduced=False,
                    detail=describe(dw, a.T @ expected, delta, expected),
                )
            )
        arrived = expected if delta is None else delta
        bias = seen_b[layer]
        if bias is not None and distance(bias, arrived.sum(0)) > 1e-4 and (not found or found[-1].layer != layer):
            detail = "bias gradient: " + describe(np.asarray(bias, float), arrived.sum(0), None, None)
            found.append(Finding("unexplained", "gradients", layer, reproduced=False, detail=detail))
        if layer:
            grad = arrived @ weights[layer].T
            expected, _ = through_hidden(search.net, layer - 1, trace, grad, [])
    return found[:2] or [
        Finding(
            "unexplained", "update", reproduced=False, detail="the weights change in a way that no known rule gives"
        )
    ]


def describe(seen: Array, right: Array, delta: Array | None, expected: Array | None) -> str:
    """What can be said of two arrays: shape, ratio, sign, rows."""
    if np.shape(seen) != np.shape(right):
        return f"shape {np.shape(seen)} where {np.shape(right)} is right"
    ratio = float((seen * right).sum() / max((right * right).sum(), 1e-300))
    if distance(seen, ratio * right) < 1e-5:
        return f"{ratio:.6g} times the right one"
    if distance(np.abs(seen), np.abs(right)) < 1e-5:
        return "right but for the signs of some entries"
    if delta is not None and expected is not None:
        rows = [i for i, (one, two) in enumerate(zip(delta, expected, strict=True)) if distance(one, two) > 1e-5]
        if len(rows) < len(delta):
            return f"the gradient that reached it is wrong for samples {rows} only"
        zero = (np.abs(delta) < 1e-12) & (np.abs(expected) > 1e-9)
        if zero.any():
            return f"{int(zero.sum())} entries of the gradient that reached it are 0 and should not be"
    correlation = float((seen * right).sum() / (np.linalg.norm(seen) * np.linalg.norm(right) + 1e-300))
    return f"points elsewhere (cosine {correlation:.3f} with the right one)"
