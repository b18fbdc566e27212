"""Judge a training over several epochs: its learning rates, and the counters of its update rule."""

from __future__ import annotations

import numpy as np

from parity.check.diagnosis import Diagnosis, Finding
from parity.check.explain import Gradients, Match
from parity.check.losses import move_labels
from parity.check.network import Context, forward
from parity.check.outputs import distance
from parity.check.rates import judge_rates
from parity.check.reference import backward
from parity.check.seen import Array, Session, Step
from parity.check.steps import MOMENTUM, all_like, changes_of, named_rule, parts_of, vector, weights_like

PER_CALL = ("adam_step_not_counted", "momentum_reset_each_step")
"""What an update rule looks like that begins anew in each call of a training."""


def judge_epochs(epochs: Session, group: list[Session], d: Diagnosis) -> None:
    """Add what a training of several epochs shows beyond single steps: schedule, step counters."""
    known = [s for s in group if s.found is not None]
    if not known:
        return
    search, match = known[0].found
    if not all(np.isfinite(w).all() for step in epochs.steps for w in step.new_weights or []):
        return
    if search.net.norms or search.net.masks:  # their random numbers and statistics go on from batch to batch
        return
    try:
        with np.errstate(all="ignore"):
            gradients = [_gradient(search, match, step) for step in epochs.steps]
    except (ValueError, IndexError):
        return
    changes = [vector(changes_of(step)) for step in epochs.steps]
    if any(g.size != c.size for g, c in zip(gradients, changes, strict=True)):
        return
    if not all(np.isfinite(g).all() for g in gradients):
        return
    with np.errstate(all="ignore"):  # a training that diverges
        factors = [float(g @ c / max(g @ g, 1e-300)) for g, c in zip(gradients, changes, strict=True)]
    if all(distance(c, f * g) < 1e-4 for g, c, f in zip(gradients, changes, factors, strict=True)):
        rates = [-f / (epochs.rate or 0.05) for f in factors]
        judge_rates(rates, epochs.rate is not None, epochs.extra, d, "training")
        if any(MOMENTUM.search(name) and 0 < value < 1 for name, value in epochs.extra.items()):
            d.findings.append(Finding("momentum_reset_each_step", "update", detail=f"{epochs.calls['epochs']}()"))
        return
    decays = [weights_like(step, changes_of(step)) for step in epochs.steps]
    fits = [
        np.linalg.lstsq(np.stack([g, w], 1), c, rcond=None)[0]
        for g, w, c in zip(gradients, decays, changes, strict=True)
    ]
    if all(
        distance(c, f[0] * g + f[1] * w) < 1e-4 for g, w, c, f in zip(gradients, decays, changes, fits, strict=True)
    ):
        rates = [-f[0] / (epochs.rate or 0.05) for f in fits]
        judge_rates(rates, epochs.rate is not None, epochs.extra, d, "training")
        return
    weights = [all_like(step, changes_of(step)) for step in epochs.steps]
    rule = named_rule(gradients, changes, epochs.rate or 0.05, epochs, 1e-4, weights)
    if rule is None:
        return
    d.findings = [f for f in d.findings if f.id not in PER_CALL or f.place != "update"]
    if rule[1]:
        d.findings.append(Finding(rule[1].split(":")[0], "update", detail=f"{epochs.calls['epochs']}()"))


def _gradient(search: Gradients, match: Match, step: Step) -> Array:
    """The gradient of the loss at a step's weights, with the mistakes that were found."""
    weights = [w.astype(float) for w in step.weights]
    trace = forward(search.net, step.x, weights, list(step.biases))
    factor = match.loss.factor(step.count, step.target.shape[1])
    target = move_labels(step.target, match.loss.tweak)
    tweaks = tuple(t for t in match.tweaks if t.id not in ("grad_not_reset", "stale_cache"))
    dws, dbs = backward(match.loss.kind, search.net, trace, target, weights, tweaks, Context([], search.rate, factor))
    kept = [b if v is not None else None for b, v in zip(dbs, step.biases, strict=True)]
    return factor * vector(parts_of(dws, kept))
