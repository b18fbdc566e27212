"""Judge a whole epoch: it is computed again from what one step does, in every order that may have been meant."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass, replace

import numpy as np

from parity.check.diagnosis import Diagnosis, Finding
from parity.check.explain import Gradients, Match
from parity.check.losses import move_labels
from parity.check.network import Context, forward
from parity.check.outputs import distance
from parity.check.reference import backward
from parity.check.seen import Array, Session, Step

BATCH = 7
MOMENTUM = re.compile("moment|^mu$|^beta$|^gamma$", re.I)


@dataclass(frozen=True)
class Epoch:
    """How an epoch is gone through: batch size, what becomes of a short batch, momentum, and a step's factors."""

    size: int
    last: str
    momentum: float
    full: float  # change / reference gradient for a batch of 7
    averaged: bool  # whether it grows as the batch shrinks
    decay: float  # change / weights
    decay_averaged: bool  # whether that grows, too


def judge_training(training: Session, group: list[Session], d: Diagnosis) -> None:
    """Add what an epoch of mini-batches shows beyond single steps: last batch, shuffling."""
    known = [s for s in group if s.found is not None and s.steps[0].new_weights and np.isfinite(s.found[1].error)]
    if not known or training.rate is None:
        return
    search, match = known[0].found
    if search.net.norms or search.net.masks:  # their random numbers and statistics go on from batch to batch
        return
    factors = _step_factors(known[0], search, match)
    match = replace(match, tweaks=tuple(t for t in match.tweaks if t.id != "x_shuffled_without_y"))  # by the epoch
    if factors is None:
        return
    step = training.steps[0]
    momenta = [value for name, value in training.extra.items() if MOMENTUM.search(name) and 0 < value < 1]
    ways = itertools.product(
        ("alike", "backwards", "turned"),
        ("kept", "first only", "dropped", "divided by the full batch"),
        (False, True),
        (BATCH, step.count),
        (0.0, *dict.fromkeys(momenta)),
        _scales(step.count, *factors),
    )
    for differ, last, turned, size, mu, factors in sorted(
        ways, key=lambda w: ((w[0] != "alike") + (w[1] not in ("kept", "first only")), w[3] != BATCH)
    ):
        order = np.arange(step.count)[:: -1 if turned else 1]
        labels = {"alike": order, "backwards": order[::-1], "turned": np.roll(order, 2)}[differ]
        final = _train(step, search, match, order, labels, Epoch(size, last, mu, *factors))
        averaged = factors[1]
        if final is not None and all(distance(a, b) < 1e-4 for a, b in zip(_moves(step), final, strict=True)):
            _conclude(differ != "alike", last, averaged, d)
            return
    d.notes.append("a whole epoch of training could not be reproduced (another order of samples?)")


Factors = tuple[float, bool, float, bool]


def _scales(count: int, full: float, averaged: bool, decay: float, grows: bool) -> list[Factors]:
    """The factors of a step; a training may divide sums by the batch size, and λ by all its samples."""
    found = [(full, averaged, decay, grows)]
    found += [] if averaged else [(full / BATCH, True, decay, grows)]
    return found if not decay else [*found, *((f, a, d * BATCH / count, False) for f, a, d, _ in found)]


def _conclude(labels_differ: bool, last: str, averaged: bool, d: Diagnosis) -> None:
    if "training" in d.checked:
        return
    d.checked.append("training")
    if labels_differ and "x_shuffled_without_y" not in d.ids:
        d.findings.append(Finding("x_shuffled_without_y", "procedure"))
    if last == "dropped":
        d.findings.append(
            Finding("last_batch_dropped", "procedure", detail="17 samples in batches of 7: the last 3 are never used")
        )
    if last == "divided by the full batch" and averaged and "last_batch_wrong_size" not in d.ids:
        d.findings.append(Finding("last_batch_wrong_size", "procedure", detail="a last batch of 3 is divided by 7"))
    if not labels_differ and last in ("kept", "first only"):
        d.fine.append("training: an epoch of mini-batches")


def _moves(step: Step) -> list[Array]:
    return [new.astype(float) - old for old, new in zip(step.weights, step.new_weights or [], strict=True)]


def _step_factors(session: Session, search: Gradients, match: Match) -> tuple[float, bool, float, bool] | None:
    """(change / reference gradient for 7 samples, whether it grows as they get fewer, change / weights, the same)."""
    ratios, decays = {}, {}
    for index, step in enumerate(session.steps[: len(search.steps)]):
        if not step.new_weights:
            return None
        dws, _ = search.predict(match.loss, match.tweaks, index)
        p, c, w = (np.concatenate([a.ravel() for a in parts]) for parts in (dws, _moves(step), search.weights[index]))
        factor, decay = float(p @ c / max(p @ p, 1e-300)), 0.0
        if distance(c, factor * p) > 1e-3:
            (factor, decay), *_ = np.linalg.lstsq(np.stack([p, w], 1), c, rcond=None)
        if distance(c, factor * p + decay * w) > 1e-3:
            return None
        ratios[step.count], decays[step.count] = factor, decay
    if BATCH not in ratios:
        return None
    short = next((count for count in ratios if count != BATCH), None)
    averaged = short is None or abs(ratios[short] / ratios[BATCH] - BATCH / short) < 0.01
    grows = short is not None and abs(decays[short] - decays[BATCH]) > 0.1 * abs(decays[BATCH])
    return ratios[BATCH], averaged, decays[BATCH], grows


def _train(
    step: Step, search: Gradients, match: Match, order: Array, labels: Array, epoch: Epoch
) -> list[Array] | None:
    """What an epoch adds to the weights; None where the shapes do not fit."""
    weights = [w.astype(float) for w in step.weights]
    biases = [None if b is None else b.astype(float) for b in step.biases]
    start = [w.copy() for w in weights]
    frozen = {t.layer for t in match.tweaks if t.id == "bias_not_updated"}
    moved_w, moved_b = [0.0 * w for w in weights], [None if b is None else 0.0 * b for b in biases]
    for begin in range(0, step.count, epoch.size):
        rows, targets = order[begin : begin + epoch.size], labels[begin : begin + epoch.size]
        if (epoch.last == "dropped" and len(rows) < epoch.size) or (epoch.last == "first only" and begin):
            break
        shrinks = epoch.averaged and epoch.last != "divided by the full batch"
        factor = epoch.full * (BATCH / len(rows) if shrinks else 1)
        decay = epoch.decay * (BATCH / len(rows) if epoch.decay_averaged else 1)
        trace = forward(search.net, step.x[rows], weights, list(biases))
        target = move_labels(step.target[targets], match.loss.tweak)
        context = Context([], search.rate, match.loss.factor(len(rows), target.shape[1]))
        try:
            dws, dbs = backward(match.loss.kind, search.net, trace, target, weights, match.tweaks, context)
            moved_w = [
                epoch.momentum * v + factor * dw + decay * w for v, w, dw in zip(moved_w, weights, dws, strict=True)
            ]
            moved_b = [
                None if v is None else epoch.momentum * v + factor * db for v, db in zip(moved_b, dbs, strict=True)
            ]
            weights = [w + v for w, v in zip(weights, moved_w, strict=True)]
            biases = [
                b if b is None or v is None or None in frozen or i in frozen else b + v
                for i, (b, v) in enumerate(zip(biases, moved_b, strict=True))
            ]
        except ValueError:
            return None
    return [w - s for w, s in zip(weights, start, strict=True)]
