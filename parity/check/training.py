"""Judge a whole epoch: it is computed again from what one step does, in every order that may have been meant."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np

from parity.check.diagnosis import Diagnosis, Finding
from parity.check.explain import Gradients, Match
from parity.check.losses import move_labels
from parity.check.network import Context, forward
from parity.check.outputs import distance
from parity.check.reference import backward
from parity.check.seen import Array, Session, Step

BATCH = 7


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
    full, averaged = factors
    step = training.steps[0]
    ways = itertools.product(
        ("alike", "backwards", "turned"),
        ("kept", "first only", "dropped", "divided by the full batch"),
        (False, True),
        (BATCH, step.count),
    )
    for differ, last, turned, size in sorted(
        ways, key=lambda w: ((w[0] != "alike") + (w[1] not in ("kept", "first only")), w[3] != BATCH)
    ):
        order = np.arange(step.count)[:: -1 if turned else 1]
        labels = {"alike": order, "backwards": order[::-1], "turned": np.roll(order, 2)}[differ]
        final = _train(step, search, match, order, labels, size, last, full, averaged)
        if final is not None and all(distance(a, b) < 1e-4 for a, b in zip(_moves(step), final, strict=True)):
            _conclude(differ != "alike", last, averaged, d)
            return
    d.notes.append("a whole epoch of training could not be reproduced (another order of samples?)")


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


def _step_factors(session: Session, search: Gradients, match: Match) -> tuple[float, bool] | None:
    """(change / reference gradient for a batch of 7, whether it shrinks with the batch)."""
    ratios = {}
    for index, step in enumerate(session.steps[: len(search.steps)]):
        if not step.new_weights:
            return None
        dws, _ = search.predict(match.loss, match.tweaks, index)
        p, c = np.concatenate([w.ravel() for w in dws]), np.concatenate([m.ravel() for m in _moves(step)])
        factor = float(p @ c / max(p @ p, 1e-300))
        if distance(c, factor * p) > 1e-3:
            return None
        ratios[step.count] = factor
    if BATCH not in ratios:
        return None
    short = next((count for count in ratios if count != BATCH), None)
    return ratios[BATCH], short is None or abs(ratios[short] / ratios[BATCH] - BATCH / short) < 0.01


def _train(
    step: Step,
    search: Gradients,
    match: Match,
    order: Array,
    labels: Array,
    size: int,
    last: str,
    full: float,
    averaged: bool,
) -> list[Array] | None:
    weights = [w.astype(float) for w in step.weights]
    biases = [None if b is None else b.astype(float) for b in step.biases]
    start = [w.copy() for w in weights]
    frozen = {t.layer for t in match.tweaks if t.id == "bias_not_updated"}
    for begin in range(0, step.count, size):
        rows, targets = order[begin : begin + size], labels[begin : begin + size]
        if (last == "dropped" and len(rows) < size) or (last == "first only" and begin):
            break
        factor = full * (BATCH / len(rows) if averaged and last != "divided by the full batch" else 1)
        trace = forward(search.net, step.x[rows], weights, list(biases))
        target = move_labels(step.target[targets], match.loss.tweak)
        context = Context([], search.rate, match.loss.factor(len(rows), target.shape[1]))
        try:
            dws, dbs = backward(match.loss.kind, search.net, trace, target, weights, match.tweaks, context)
            weights = [w + factor * dw for w, dw in zip(weights, dws, strict=True)]
            biases = [
                b if b is None or None in frozen or i in frozen else b + factor * db
                for i, (b, db) in enumerate(zip(biases, dbs, strict=True))
            ]
        except ValueError:
            return None
    return [w - s for w, s in zip(weights, start, strict=True)]
