"""Explain what was seen by reproducing it: which forward pass, which loss, which mistakes of the backward pass."""

from __future__ import annotations

import itertools
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from parity.check.mistakes import all_tweaks
from parity.check.network import ACTIVATIONS, OUTPUTS, Context, Net, Trace, Tweak, forward, softmax
from parity.check.reference import backward
from parity.check.seen import Array, Session, Step

PAIR_SECONDS = 1.5


def distance(mine: Array | None, other: Array | None) -> float:
    """The largest difference relative to the largest number; infinite for other shapes or numbers not finite."""
    if mine is None or other is None or np.size(mine) != np.size(other):
        return np.inf
    one, two = np.ravel(mine).astype(float), np.ravel(other).astype(float)
    if not (np.isfinite(one).all() and np.isfinite(two).all()):
        return np.inf
    return float(np.abs(one - two).max() / max(np.abs(two).max(), np.abs(one).max(), 1e-12))


# ---- forward ---------------------------------------------------------------------------------------------------------


def forward_candidates(hidden: int) -> Iterator[Net]:
    """Networks, right ones first, then those with a mistake in the forward pass."""
    same = [(name,) * hidden for name in ACTIVATIONS if name != "linear" or not hidden]
    mixed = [
        m
        for m in itertools.product(("relu", "sigmoid", "tanh", "linear", "leaky 0.01"), repeat=hidden)
        if len(set(m)) > 1
    ]
    linear = [("linear",) * hidden] if hidden else []
    for activations in [*same, *(mixed if hidden <= 3 else [])]:
        yield from (Net(activations, output) for output in OUTPUTS)
    layers: list[int | None] = [None, *range(hidden + 1)]
    main = [m for m in same if m and m[0] in ("relu", "sigmoid", "tanh", "leaky 0.01")] or [()]
    for activations in [*main, *linear, *(mixed if hidden == 2 else [])]:
        yield from (
            Net(activations, "softmax", (Tweak("activation_on_output", a),)) for a in ("relu", "sigmoid", "tanh")
        )
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


def explain_forward(session: Session) -> Net | None:
    """The network whose outputs are the observed ones in every step."""
    steps = [s for s in session.steps if s.output is not None]
    for net in forward_candidates(len(session.sizes) - 2):
        if all(distance(s.output, run(net, s).out) < session.tolerance * 3 for s in steps):
            return net
    return None


def run(net: Net, step: Step) -> Trace:
    """The reference's forward pass with the person's weights."""
    with np.errstate(all="ignore"):
        return forward(net, step.x, [w.astype(float) for w in step.weights], step.biases)


# ---- loss ------------------------------------------------------------------------------------------------------------

REDUCTIONS = {
    "mean": lambda n, c: 1 / n,
    "sum": lambda n, c: 1.0,
    "half mean": lambda n, c: 0.5 / n,
    "half sum": lambda n, c: 0.5,
    "mean of all entries": lambda n, c: 1 / (n * c),
    "half mean of all entries": lambda n, c: 0.5 / (n * c),
    "sum over classes' mean": lambda n, c: 1 / c,
}


@dataclass
class Loss:
    """Which loss: its kind, how it is reduced (None where it was not seen), its penalty λ ΣW², wrong labels."""

    kind: str
    reduction: str | None = None
    penalty: float = 0.0
    tweak: Tweak | None = None
    recognised: bool = True

    def factor(self, count: int, classes: int) -> float:
        """The factor before the sum of the reference's gradients (½Σ(p-t)² for sse)."""
        base = REDUCTIONS[self.reduction or "mean"](count, classes)
        return base * (2 if self.kind == "sse" else 1)


def base_losses(output: Array, target: Array) -> dict[str, float]:
    """Every loss that the outputs may have, as a sum."""
    found: dict[str, float] = {}
    with np.errstate(all="ignore"):
        inside = (output > 0) & (output < 1)
        if inside.all():
            if target.shape[1] > 1:
                found["ce"] = float(-(target * np.log(output)).sum())
            found["bce"] = float(-(target * np.log(output) + (1 - target) * np.log(1 - output)).sum())
        if target.shape[1] > 1:
            key = "ce of softmax" if (inside.all() and np.abs(output.sum(1) - 1).max() < 1e-4) or inside.all() else "ce"
            found[key if key not in found else "ce of softmax"] = float(-(target * np.log(softmax(output))).sum())
            correct = (output * target).sum(1, keepdims=True)
            found["hinge"] = float((np.maximum(0, output - correct + 1) * (1 - target)).sum())
            if (output < 0).all():
                found.setdefault("nll", float(-(target * output).sum()))
        if not inside.all():
            found["bce of sigmoid"] = float((np.logaddexp(0, output) - target * output).sum())
        found["sse"] = float(((output - target) ** 2).sum())
    return found


def explain_loss(session: Session, net: Net) -> list[Loss]:
    """The losses that are the observed numbers in every step; those that the output suggests where none was seen."""
    steps = [s for s in session.steps if s.loss is not None and s.output is not None and np.isfinite(s.loss)]
    if steps:
        for tweak in (None, *(Tweak("labels_off_by_one", o) for o in ("+1", "-1", "+1 lost", "-1 lost"))):
            for kind in base_losses(steps[0].output, steps[0].target):  # type: ignore[arg-type]
                for name in REDUCTIONS:
                    penalty = _penalty(steps, kind, name, tweak, session.tolerance)
                    if penalty is not None and (penalty == 0 or not session.single):
                        kind = {"nll": "ce", "bce of sigmoid": "bce"}.get(kind, kind)
                        return [Loss(kind, name, penalty, tweak)]
    guesses = {
        "softmax": ["ce", "sse", "bce"],
        "sigmoid": ["bce", "sse", "ce"],
        "linear": ["ce", "sse", "hinge", "bce"],
        "log-softmax": ["ce"],
    }.get(net.output, ["sse", "ce"])
    classes = session.sizes[-1]
    guesses = [g for g in guesses if classes > 1 or g not in ("ce", "hinge")]
    return [Loss(kind, None, recognised=not steps) for kind in guesses]


def _penalty(steps: list[Step], kind: str, name: str, tweak: Tweak | None, tolerance: float) -> float | None:
    """λ such that every step's loss is factor · base + λ ΣW²; None where no single λ will do."""
    found = []
    for step in steps:
        assert step.output is not None and step.loss is not None
        target = move_labels(step.target, tweak)
        base = REDUCTIONS[name](step.count, step.target.shape[1]) * base_losses(step.output, target).get(kind, np.nan)
        squares = sum(float((w.astype(float) ** 2).sum()) for w in step.weights)
        close = abs(step.loss - base) < 10 * tolerance * max(abs(step.loss), 1e-3)
        found.append((0.0 if close else (step.loss - base) / squares, step.count))
    alike = [value for value, count in found if count == found[0][1]]
    if not np.isfinite(alike).all() or min(alike) < 0:
        return None
    spread = max(alike) - min(alike)
    if len(alike) < 2 and alike[0] != 0:
        return None
    return alike[0] if spread <= 1e-5 * max(alike[0], 1e-9) else None


def move_labels(target: Array, tweak: Tweak | None) -> Array:
    """Targets with the labels off by one."""
    if tweak is None:
        return target
    shift = 1 if tweak.option[0] == "+" else -1
    moved = np.roll(target, shift, 1)
    if tweak.option.endswith("lost"):
        moved[:, 0 if shift == 1 else -1] = 0
    return moved


# ---- gradients -------------------------------------------------------------------------------------------------------


@dataclass
class Match:
    """Mistakes that reproduce the gradients: observed = ratio · reference + decay · weights, in every step."""

    tweaks: tuple[Tweak, ...]
    loss: Loss
    ratios: list[float]
    decays: list[float]
    bias_decays: list[float]
    error: float


NEVER_RESET = ((Tweak("grad_not_reset"),), (Tweak("grad_not_reset", "sums"),))
"""Means are added up, or sums that are divided by the batch size afterwards."""


class Gradients:
    """The observed gradients of a session, and the search for mistakes that reproduce them."""

    def __init__(
        self, session: Session, net: Net, losses: list[Loss], observed: list[tuple[list[Array], list[Array | None]]]
    ) -> None:
        self.session, self.net, self.losses, self.observed = session, net, losses, observed
        self.steps = session.steps[: len(observed)]
        self.weights = [[w.astype(float) for w in s.weights] for s in self.steps]
        self.traces = [run(net, s) for s in self.steps]
        self.has_bias = any(b is not None for b in self.steps[0].biases)
        self.rate = session.rate or 0.05

    def predict(self, loss: Loss, tweaks: tuple[Tweak, ...], index: int) -> tuple[list[Array], list[Array]]:
        """The reference's summed gradients of one step, with mistakes."""
        step = self.steps[index]
        context = Context(self.traces[:index], self.rate, loss.factor(step.count, step.target.shape[1]))
        target = move_labels(step.target, loss.tweak)
        plain = tuple(t for t in tweaks if t.id != "grad_not_reset")
        with np.errstate(all="ignore"):
            dws, dbs = backward(loss.kind, self.net, self.traces[index], target, self.weights[index], plain, context)
        if len(plain) < len(tweaks) and index:
            before_w, before_b = self.predict(loss, tweaks, index - 1)
            sums = loss.reduction in ("sum", "half sum") or any(t.option == "sums" for t in tweaks)
            share = 1.0 if sums else step.count / self.steps[index - 1].count
            dws = [a + share * b for a, b in zip(dws, before_w, strict=True)]
            dbs = [a + share * b for a, b in zip(dbs, before_b, strict=True)]
        return dws, dbs

    def match(self, loss: Loss, tweaks: tuple[Tweak, ...]) -> Match | None:
        """Whether these mistakes reproduce every step."""
        order = sorted(range(len(self.steps)), key=lambda k: k != 1)  # a later step tells more: try it first
        ratios, decays, bias_decays, worst = {}, {}, {}, 0.0
        for index in order:
            try:
                with np.errstate(all="ignore"):
                    dws, dbs = self.predict(loss, tweaks, index)
                fit = self._fit(index, dws, dbs)
            except (ValueError, FloatingPointError, IndexError):
                return None
            if fit is None or fit[3] > self.session.tolerance * 3:
                return None
            ratios[index], decays[index], bias_decays[index] = fit[0], fit[1], fit[2]
            worst = max(worst, fit[3])
        keys = range(len(self.steps))
        same = [ratios[k] for k in keys if self.steps[k].count == self.steps[0].count]
        if max(same) - min(same) > 1e-3 * max(abs(value) for value in same):
            return None
        return Match(
            tweaks, loss, [ratios[k] for k in keys], [decays[k] for k in keys], [bias_decays[k] for k in keys], worst
        )

    def _fit(self, index: int, dws: list[Array], dbs: list[Array]) -> tuple[float, float, float, float] | None:
        """(ratio, weight decay, bias decay, error) of observed = ratio · predicted + decay · weights."""
        seen_w, seen_b = self.observed[index]
        weights = self.weights[index]
        if any(np.shape(a) != np.shape(b) for a, b in zip(seen_w, dws, strict=True)):
            return None
        y = np.concatenate([np.ravel(a).astype(float) for a in seen_w])
        p = np.concatenate([np.ravel(a) for a in dws])
        if not (np.isfinite(p).all() and np.isfinite(y).all()) or not p.any():
            return None
        ratio, decay = float(p @ y / (p @ p)), 0.0
        if np.abs(y - ratio * p).max() > self.session.tolerance * np.abs(y).max():
            w = np.concatenate([a.ravel() for a in weights])
            (ratio, decay), *_ = np.linalg.lstsq(np.stack([p, w], 1), y, rcond=None)
        error = max(
            _relative(a, ratio * b + decay * w, b * ratio) for a, b, w in zip(seen_w, dws, weights, strict=True)
        )
        bias_decay = 0.0
        pairs = [
            (a, b, v)
            for a, b, v in zip(seen_b, dbs, self.steps[index].biases, strict=True)
            if a is not None and v is not None
        ]
        if pairs and error < self.session.tolerance * 3:
            floor = 1e-9 * float(np.abs(y).max())
            errors = [_bias_error(a, ratio * b, floor) for a, b, _ in pairs]
            if (
                max(errors) > self.session.tolerance * 3
                and decay
                and all(np.size(a) == np.size(b) == np.size(v) for a, b, v in pairs)
            ):
                wrong = [
                    _relative(np.ravel(a), ratio * np.ravel(b) + decay * np.ravel(v), np.ravel(b)) for a, b, v in pairs
                ]
                if max(wrong) < self.session.tolerance * 3:
                    errors, bias_decay = wrong, decay
            error = max(error, *errors)
        return float(ratio), float(decay), bias_decay, error

    def explain(self, with_pairs: bool) -> tuple[Match | None, list[Match]]:
        """The first match (none, one, then two mistakes), and others that reproduce the same numbers."""
        for loss in self.losses:
            found = self.match(loss, ())
            if found:
                return found, []
        for loss in self.losses:
            singles = [m for tweaks in self.singles(loss) if (m := self.match(loss, tweaks))]
            if singles:
                singles.sort(key=lambda m: not self._usual_factor(m))
                return singles[0], singles[1:]
        if not with_pairs:
            return None, []
        begin = time.thread_time()
        for loss in self.losses:
            pairs: list[Match] = []
            for one, two in self._pairs(loss):
                if time.thread_time() - begin > PAIR_SECONDS or len(pairs) > 3:
                    break
                if {t.id for t in one} != {t.id for t in two} and (m := self.match(loss, one + two)):
                    pairs.append(m)
            if pairs:
                return pairs[0], pairs[1:]
        return None, []

    def _usual_factor(self, match: Match) -> bool:
        """Whether the mistakes alone give the numbers, without a factor beside them."""
        q = match.ratios[0] / match.loss.factor(self.steps[0].count, self.session.sizes[-1])
        return abs(q - 1) < 1e-3

    def singles(self, loss: Loss) -> list[tuple[Tweak, ...]]:
        """All single mistakes that may have been made."""
        return [*all_tweaks(loss.kind, self.net, self.session.sizes, self.has_bias), *NEVER_RESET]

    def _pairs(self, loss: Loss) -> Iterator[tuple[tuple[Tweak, ...], tuple[Tweak, ...]]]:
        """Pairs that can reproduce the last layer's gradients, which show only the mistakes made up to there."""
        index = min(1, len(self.steps) - 1)
        base = self._last_layer(loss, (), index)
        touching: list[tuple[tuple[Tweak, ...], list[Array]]] = []
        others: list[tuple[tuple[Tweak, ...], list[Array]]] = []
        for tweaks in self.singles(loss):
            predicted = self._last_layer(loss, tweaks, index)
            changes = max(distance(a, b) for a, b in zip(predicted, base, strict=True)) > 1e-9
            (touching if changes else others).append((tweaks, predicted))
        seen = [part[index] for part in self._seen_last()]
        if _alike(base, seen):
            yield from itertools.combinations([t for t, _ in others], 2)
            return
        right = [t for t, predicted in touching if _alike(predicted, seen)]
        yield from itertools.product(right, [t for t, _ in others])
        if not right:
            yield from itertools.combinations([t for t, _ in touching], 2)

    def _seen_last(self) -> list[list[Array | None]]:
        return [[w[-1] for w, _ in self.observed], [b[-1] for _, b in self.observed]]

    def _last_layer(self, loss: Loss, tweaks: tuple[Tweak, ...], index: int) -> list[Array]:
        try:
            with np.errstate(all="ignore"):
                dws, dbs = self.predict(loss, tweaks, index)
        except (ValueError, IndexError):
            return [np.full(1, np.nan), np.full(1, np.nan)]
        return [dws[-1], dbs[-1]]


def _alike(predicted: list[Array], seen: list[Array | None]) -> bool:
    """Equal up to one common factor (the weights' penalty, if any, is small beside it)."""
    weight = seen[0]
    if weight is None or np.shape(weight) != np.shape(predicted[0]) or not np.isfinite(predicted[0]).all():
        return False
    factor = float((predicted[0] * weight).sum() / max((predicted[0] ** 2).sum(), 1e-300))
    if distance(weight, factor * predicted[0]) > 1e-3:
        return False
    return seen[1] is None or _bias_error(seen[1], factor * predicted[1], 1e-9 * float(np.abs(weight).max())) < 1e-3


def _relative(seen: Array, predicted: Array, scale: Array) -> float:
    return float(np.abs(seen - predicted).max() / max(np.abs(predicted).max(), np.abs(seen).max(), 1e-12))


def _bias_error(seen: Array, predicted: Array, floor: float = 1e-300) -> float:
    """Like `distance`; sums that are 0 but for rounding (below `floor`) are equal, yet not equal to exact zeros."""
    one, two = np.ravel(seen).astype(float), np.ravel(predicted)
    if one.size > 1 and one.any() != two.any():
        return np.inf
    if one.size == 1 and np.ptp(two) <= max(floor, 1e-12 * np.abs(two).max()):
        two = two[:1]
    if one.size != two.size:
        return np.inf
    return float(np.abs(one - two).max() / max(np.abs(one).max(), np.abs(two).max(), floor * 1e6, 1e-300))


def mentions_activation(source: str) -> bool:
    """Whether a file speaks of an activation function at all."""
    written_out = r"1\.?0?\s*/\s*\(\s*1\.?0?\s*\+\s*\w*\.?exp"  # a sigmoid without its name
    return bool(re.search(rf"relu|tanh|sigmoid|maximum\(|activation|{written_out}", source, re.I))
