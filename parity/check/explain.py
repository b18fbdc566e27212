"""Explain the observed gradients by reproducing them: which mistakes of the backward pass, alone or two at once."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from parity.check.losses import Loss, move_labels
from parity.check.mistakes import all_tweaks
from parity.check.network import Context, Net, Tweak
from parity.check.outputs import distance, run
from parity.check.reference import backward
from parity.check.seen import Array, Session

PAIR_SECONDS = 1.5
ROUNDED = 1e-7
"""The error of sums that are 0 but for rounding beside exact zeros: other matches come first."""


@dataclass
class Match:
    """Mistakes that reproduce the gradients: observed = ratio · reference + decay · weights, in every step."""

    tweaks: tuple[Tweak, ...]
    loss: Loss
    ratios: list[float]
    decays: list[float]
    bias_decays: list[float]
    error: float
    layer_decays: list[float] = field(default_factory=list)
    """The multiples of the weights in each layer's gradient, where they are not the same."""


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
        self.after = [[w.astype(float) for w in s.new_weights] if s.new_weights else None for s in self.steps]
        self.traces = [run(net, s) for s in self.steps]
        self.has_bias = any(b is not None for b in self.steps[0].biases)
        self.rate = session.rate or 0.05
        self.tolerance = session.tolerance
        self.flat = [(_flat(dws), _flat(w)) for (dws, _), w in zip(observed, self.weights, strict=True)]
        self.finite = all(np.isfinite(seen).all() for seen, _ in self.flat)
        self.layer_decays: list[float] = []
        self.penalised = any(loss.penalty for loss in losses)
        self.pairs = False
        """Whether two mistakes at once are searched for."""

    def predict(
        self, loss: Loss, tweaks: tuple[Tweak, ...], index: int, lowest: int = 0
    ) -> tuple[list[Array], list[Array]]:
        """The reference's summed gradients of one step, with mistakes; empty below the layer `lowest`."""
        step = self.steps[index]
        scale = loss.factor(step.count, step.target.shape[1])
        if not step.new_weights and any(t.id == "update_before_backprop" for t in tweaks):
            scale = self._actual_scale(loss, tweaks, index)
        context = Context(self.traces[:index], self.rate, scale, self.after[index])
        target = move_labels(step.target, loss.tweak)
        plain = tuple(t for t in tweaks if t.id != "grad_not_reset")
        with np.errstate(all="ignore"):
            trace, weights = self.traces[index], self.weights[index]
            dws, dbs = backward(loss.kind, self.net, trace, target, weights, plain, context, lowest)
        if len(plain) < len(tweaks) and index:
            before_w, before_b = self.predict(loss, tweaks, index - 1, lowest)
            sums = loss.reduction in ("sum", "half sum") or any(t.option == "sums" for t in tweaks)
            share = 1.0 if sums else step.count / self.steps[index - 1].count
            dws = [a + share * b for a, b in zip(dws, before_w, strict=True)]
            dbs = [a + share * b for a, b in zip(dbs, before_b, strict=True)]
        return dws, dbs

    def _actual_scale(self, loss: Loss, tweaks: tuple[Tweak, ...], index: int) -> float:
        """The factor of the last layer's gradient, which an update made too early has, too."""
        others = tuple(t for t in tweaks if t.id != "update_before_backprop")
        right, seen = self._last_layer(loss, others, index)[0], np.asarray(self.observed[index][0][-1], float)
        if right.shape != seen.shape:
            return loss.factor(self.steps[index].count, self.steps[index].target.shape[1])
        return float((right * seen).sum() / max((right * right).sum(), 1e-300))

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
            if fit is None or fit[3] > self.tolerance * 3:
                return None
            ratios[index], decays[index], bias_decays[index] = fit[0], fit[1], fit[2]
            worst = max(worst, fit[3])
        keys = range(len(self.steps))
        same = [ratios[k] for k in keys if self.steps[k].count == self.steps[0].count]
        if max(same) - min(same) > 1e-3 * max(abs(value) for value in same) and not self._may_be_rates(same):
            return None
        first, second, third = ([found[k] for k in keys] for found in (ratios, decays, bias_decays))
        return Match(tweaks, loss, first, second, third, worst, self.layer_decays)

    def _may_match(self, loss: Loss, tweaks: tuple[Tweak, ...]) -> bool:
        """Whether the last layer's weight gradients fit: most mistakes are ruled out by these alone, four times faster.

        Where all fits, so do these: their own best factors leave no larger sum of squares.
        """
        index = min(1, len(self.steps) - 1)
        p, seen = self._last_layer(loss, tweaks, index)[0], np.asarray(self.observed[index][0][-1], float)
        if p.shape != seen.shape or not self.finite or not np.isfinite(p).all() or not p.any():
            return True
        y, p, w = seen.ravel(), p.ravel(), self.weights[index][-1].ravel()
        a, b = _two_factors(y, p, w)
        rest = y - a * p - b * w
        return float(rest @ rest) <= y.size * (10 * self.tolerance * float(np.abs(y).max())) ** 2

    def _may_be_rates(self, ratios: list[float]) -> bool:
        """Whether factors that differ from step to step may be a schedule: where only weights are seen, and falling."""
        falling = all(0 < abs(b) < abs(a) and a * b > 0 for a, b in itertools.pairwise(ratios))
        return falling and not self.steps[0].weight_gradients

    def _fit(self, index: int, dws: list[Array], dbs: list[Array]) -> tuple[float, float, float, float] | None:
        """(ratio, weight decay, bias decay, error) of observed = ratio · predicted + decay · weights."""
        seen_w, seen_b = self.observed[index]
        weights = self.weights[index]
        if any(np.shape(a) != np.shape(b) for a, b in zip(seen_w, dws, strict=True)):
            return None
        (y, w), p = self.flat[index], _flat(dws)
        if not (self.finite and np.isfinite(p).all()) or not p.any():
            return None
        ratio, decay = float(p @ y / (p @ p)), 0.0
        if np.abs(y - ratio * p).max() > self.tolerance * np.abs(y).max():
            ratio, decay = _two_factors(y, p, w)
        decayed = [decay] * len(weights)
        error = _worst(seen_w, dws, weights, ratio, decayed)
        if error > self.tolerance * 3 and len(weights) > 1 and self.penalised:
            ratio, decayed = self._fit_each(y, dws, weights)
            decay = max(decayed, key=abs)
            if all(any(abs(one - q * decay) < 1e-4 * abs(decay) for q in (1, 0, -1, 0.5)) for one in decayed):
                error = _worst(seen_w, dws, weights, ratio, decayed)
        bias_decay = 0.0
        pairs = [
            (a, b, v)
            for k, (a, b, v) in enumerate(zip(seen_b, dbs, self.steps[index].biases, strict=True))
            if a is not None and v is not None and not self.is_idle(k)
        ]
        if pairs and error < self.tolerance * 3:
            floor = 1e-9 * float(np.abs(y).max())
            errors = [_bias_error(a, ratio * b, floor) for a, b, _ in pairs]
            if (
                max(errors) > self.tolerance * 3
                and decay
                and all(np.size(a) == np.size(b) == np.size(v) for a, b, v in pairs)
            ):
                wrong = [
                    _relative(np.ravel(a), ratio * np.ravel(b) + decay * np.ravel(v), np.ravel(b)) for a, b, v in pairs
                ]
                if max(wrong) < self.tolerance * 3:
                    errors, bias_decay = wrong, decay
            error = max(error, *errors)
        self.layer_decays = decayed if decay and len({f"{one:.6g}" for one in decayed}) > 1 else []
        return float(ratio), float(decay), bias_decay, error

    @staticmethod
    def _fit_each(y: Array, dws: list[Array], weights: list[Array]) -> tuple[float, list[float]]:
        """(ratio, a weight decay for each layer)."""
        columns = [np.concatenate([a.ravel() for a in dws])]
        for layer in range(len(weights)):
            columns.append(np.concatenate([w.ravel() * (k == layer) for k, w in enumerate(weights)]))
        (ratio, *decays), *_ = np.linalg.lstsq(np.stack(columns, 1), y, rcond=None)
        return float(ratio), [float(one) for one in decays]

    def is_idle(self, layer: int) -> bool:
        """A bias before batch norm has the gradient 0, but for rounding."""
        norm = self.net.norm(layer)
        return norm is not None and norm.before and norm.shift != "bias"

    def explain(self, with_pairs: bool) -> tuple[Match | None, list[Match]]:
        """The first match (none, one, then two mistakes), and others that reproduce the same numbers."""
        for loss in self.losses:
            found = self.match(loss, ())
            if found:
                return found, []
        for loss in self.losses:
            singles = [m for t in self.singles(loss) if self._may_match(loss, t) and (m := self.match(loss, t))]
            if singles:
                singles.sort(key=lambda m: (not self._usual_factor(m), m.error >= ROUNDED))
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

    def last_layer_fits(self) -> bool:
        """Whether the last layer's gradients, which show no mistakes made below it, are right up to a factor."""
        index = min(1, len(self.steps) - 1)
        seen = [part[index] for part in self._seen_last()]
        held = self.weights[index][-1]
        return any(_alike(self._last_layer(loss, (), index), seen, held) for loss in self.losses)

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
        # the weights' part may be one mistake, and the biases' another
        weights = [t for t, predicted in touching if _alike(predicted, [seen[0], None])]
        yield from itertools.product(weights, [t for t, _ in touching])
        if not right:
            yield from itertools.combinations([t for t, _ in touching], 2)

    def _seen_last(self) -> list[list[Array | None]]:
        return [[w[-1] for w, _ in self.observed], [b[-1] for _, b in self.observed]]

    def _last_layer(self, loss: Loss, tweaks: tuple[Tweak, ...], index: int) -> list[Array]:
        try:
            with np.errstate(all="ignore"):
                dws, dbs = self.predict(loss, tweaks, index, len(self.weights[0]) - 1)
        except (ValueError, IndexError):
            return [np.full(1, np.nan), np.full(1, np.nan)]
        return [dws[-1], dbs[-1]]


def _alike(predicted: list[Array], seen: list[Array | None], held: Array | None = None) -> bool:
    """Equal up to one common factor, and a multiple of the weights `held` (without them, it must be small)."""
    weight = seen[0]
    if weight is None or np.shape(weight) != np.shape(predicted[0]) or not np.isfinite(predicted[0]).all():
        return False
    factor = float((predicted[0] * weight).sum() / max((predicted[0] ** 2).sum(), 1e-300))
    if distance(weight, factor * predicted[0]) > 1e-3:
        if held is None:
            return False
        parts = np.stack([predicted[0].ravel(), held.ravel()], 1)
        (factor, decay), *_ = np.linalg.lstsq(parts, weight.ravel().astype(float), rcond=None)
        if distance(weight, factor * predicted[0] + decay * held) > 1e-3:
            return False
    return seen[1] is None or _bias_error(seen[1], factor * predicted[1], 1e-9 * float(np.abs(weight).max())) < 1e-3


def _flat(arrays: list[Array]) -> Array:
    return np.concatenate([np.ravel(a).astype(float, copy=False) for a in arrays])


def _two_factors(y: Array, p: Array, w: Array) -> tuple[float, float]:
    """The least squares solution of y = a · p + b · w, by Cramer's rule where p and w are not nearly parallel."""
    pp, pw, ww, py, wy = float(p @ p), float(p @ w), float(w @ w), float(p @ y), float(w @ y)
    determinant = pp * ww - pw * pw
    if determinant > 1e-3 * pp * ww:
        return (py * ww - wy * pw) / determinant, (pp * wy - pw * py) / determinant
    (a, b), *_ = np.linalg.lstsq(np.stack([p, w], 1), y, rcond=None)
    return float(a), float(b)


def _worst(seen: list[Array], predicted: list[Array], weights: list[Array], ratio: float, decays: list[float]) -> float:
    """The largest error of ratio · predicted + decay · weights over the layers."""
    parts = zip(seen, predicted, weights, decays, strict=True)
    return max(_relative(a, ratio * b + decay * w, b * ratio) for a, b, w, decay in parts)


def _relative(seen: Array, predicted: Array, scale: Array) -> float:
    return float(np.abs(seen - predicted).max() / max(np.abs(predicted).max(), np.abs(seen).max(), 1e-12))


def _bias_error(seen: Array, predicted: Array, floor: float = 1e-300) -> float:
    """Like `distance`; sums that are 0 but for rounding (below `floor`) are equal, yet not equal to exact zeros."""
    one, two = np.ravel(seen).astype(float), np.ravel(predicted)
    if one.size > 1 and one.any() != two.any():
        return ROUNDED if max(np.abs(one).max(), np.abs(two).max()) < floor else np.inf
    if one.size == 1 and np.ptp(two) <= max(floor, 1e-12 * np.abs(two).max()):
        two = two[:1]
    if one.size != two.size:
        return np.inf
    return float(np.abs(one - two).max() / max(np.abs(one).max(), np.abs(two).max(), floor * 1e6, 1e-300))
