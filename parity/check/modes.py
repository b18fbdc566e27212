"""Judge dropout and batch norm by what differs between training and evaluation."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from parity.check.diagnosis import Diagnosis, Finding
from parity.check.network import Net
from parity.check.outputs import distance, run
from parity.check.seen import Array, Evaluation, Session, Step
from parity.check.variants import numbers_of

CLOSE = 1e-4


def judge_modes(session: Session, net: Net, d: Diagnosis) -> None:
    """Add what dropout's scale, the running statistics and the evaluations say."""
    if not any(net.masks) and not any(net.norms):
        return
    d.checked += [name for name, there in (("dropout", any(net.masks)), ("batch norm", any(net.norms))) if there]
    if any(norm and norm.outside for norm in net.norms) and "bn_eps_outside_sqrt" not in d.ids:
        d.findings.append(Finding("bn_eps_outside_sqrt", "forward"))
    training = replace(net, norms=tuple(n and replace(n, mean="", var="") for n in net.norms))
    statistics = _judge_running(session, training, d) if any(net.norms) else {}
    evaluating = _evaluating(net, statistics)
    if evaluating is None and any(n and n.mean for n in net.norms):
        evaluating = replace(net, masks=())
    scaled = _judge_evaluations(session, training, evaluating, d)
    _judge_scale(net, scaled, d)


# ---- running statistics ----------------------------------------------------------------------------------------------


def _judge_running(session: Session, net: Net, d: Diagnosis) -> dict[tuple[int, str], str]:
    """Name mistakes in running statistics; the array for each (layer, mean or var)."""
    found: dict[tuple[int, str], str] = {}
    for layer, norm in enumerate(net.norms):
        if norm is None:
            continue
        for name in session.steps[0].others:
            follows = _follows(session, net, layer, name)
            if follows is None:
                continue
            kind, weight = follows
            found[layer, kind.split()[-1]] = name
            if kind == "biased var" and "bn_biased_running_var" not in d.ids:
                d.findings.append(Finding("bn_biased_running_var", "forward", layer, detail=name))
            if weight > 0.5 and "bn_momentum_swapped" not in d.ids:
                detail = f"{name} takes {weight:.3g} of each batch's statistics and keeps {1 - weight:.3g} of its own"
                d.findings.append(Finding("bn_momentum_swapped", "forward", layer, detail=detail))
    return found


def _follows(session: Session, net: Net, layer: int, name: str) -> tuple[str, float] | None:
    """(statistic, weight) with new = old + weight (statistic - old) in every step."""
    for kind in ("mean", "var", "biased var"):
        weights = []
        for step in session.steps:
            old, new = step.others.get(name), step.new_others.get(name)
            if old is None or new is None or old.shape != new.shape:
                continue
            towards = _statistic(net, step, layer, kind) - np.ravel(old)
            moved = np.ravel(new) - np.ravel(old)
            if towards.size != moved.size or not moved.any():
                break
            weight = float(towards @ moved / max(towards @ towards, 1e-300))
            if distance(moved, weight * towards) > 1e-6:
                break
            weights.append(weight)
        if len(weights) > 1 and np.ptp(weights) < 1e-6:
            return kind, weights[0]
    return None


def _statistic(net: Net, step: Step, layer: int, kind: str) -> Array:
    trace, norm = run(net, step), net.norms[layer]
    z = trace.dense[layer] if norm and norm.before else trace.h[layer]
    return z.mean(0) if kind == "mean" else z.var(0, ddof=0 if kind == "biased var" else 1)


# ---- evaluation ------------------------------------------------------------------------------------------------------


def _evaluating(net: Net, statistics: dict[tuple[int, str], str]) -> Net | None:
    """The network as it ought to be in evaluation; None where its running statistics are not known."""
    norms = []
    for layer, norm in enumerate(net.norms):
        mean, var = statistics.get((layer, "mean")), statistics.get((layer, "var"))
        if norm and not norm.mean and not (mean and var):
            return None
        norms.append(norm and replace(norm, mean=norm.mean or mean or "", var=norm.var or var or ""))
    return replace(net, masks=(), norms=tuple(norms))


def _judge_evaluations(session: Session, training: Net, evaluating: Net | None, d: Diagnosis) -> bool:
    """Name evaluations that are made as in training; whether one multiplies by the probability of keeping a unit."""
    wrong: list[Evaluation] = []
    right: list[Evaluation] = []
    scaled = False
    for one in session.evaluations:
        if evaluating is not None and _gives(evaluating, one):
            right.append(one)
        elif evaluating is not None and any(training.masks) and _gives(_all_kept(training, evaluating), one):
            right.append(one)
            scaled = True
        elif any(_gives(net, one) for net in _with_dropout(session, training, evaluating)):
            wrong.append(one)
    if right:
        d.fine.append(f"evaluation: {', '.join(dict.fromkeys(one.name + '()' for one in right))}")
    if wrong:
        _name(wrong, right, training, d)
    return scaled


def _with_dropout(session: Session, training: Net, evaluating: Net | None) -> Iterator[Net]:
    """What is no evaluation: training, dropout beside running statistics, other probabilities of keeping a unit."""
    yield training
    if not any(training.masks):
        return
    if evaluating is not None:
        yield replace(evaluating, masks=training.masks)
    for number in numbers_of(session):
        other = [m and replace(m, threshold=number) for m in training.masks]
        yield replace(training, masks=tuple(m and replace(m, scale=1 / m.keep) for m in other))


def _name(wrong: list[Evaluation], right: list[Evaluation], training: Net, d: Diagnosis) -> None:
    """Whether the layer has no evaluation mode at all, or it has one that is not used."""
    layer = "dropout_in_test" if any(training.masks) else "bn_batch_statistics_in_test"
    asked = [one for one in wrong if one.asked]
    ids = ["evaluation_in_training_mode", layer]
    if asked or not (right or wrong[0].switched):
        ids.reverse()
    name = (asked or wrong)[0].name
    d.findings.append(Finding(ids[0], "procedure", detail=f"{name}()", also=ids[1:]))


def _all_kept(training: Net, evaluating: Net) -> Net:
    """Every unit kept, and multiplied by the probability of keeping it."""
    masks = tuple(m and replace(m, threshold=2.0, below=True, scale=m.keep) for m in training.masks)
    return replace(evaluating, masks=masks)


def _gives(net: Net, one: Evaluation) -> bool:
    """Whether this network gives what was seen: outputs, labels, or an accuracy."""
    try:
        out = run(net, one.step).out
    except (IndexError, KeyError):
        return False
    seen = np.asarray(one.result)
    labels, truth = out.argmax(1), one.step.target.argmax(1)
    if seen.shape == out.shape:
        return distance(seen, out) < CLOSE
    if seen.shape == labels.shape:
        return bool((seen == labels).all())
    right = float((labels == truth).mean())
    return seen.size == 1 and min(abs(seen.item() - right), abs(seen.item() - 100 * right)) < 1e-9


# ---- dropout's scale -------------------------------------------------------------------------------------------------


def _judge_scale(net: Net, scaled_in_evaluation: bool, d: Diagnosis) -> None:
    """Kept units are multiplied by 1 / keep in training, or by keep in evaluation."""
    mask = next((mask for mask in net.masks if mask), None)
    if mask is None or abs(mask.scale * mask.keep - 1) < 1e-9:
        return
    if abs(mask.scale - 1) < 1e-9 and scaled_in_evaluation:
        d.fine.append("dropout: scaled in evaluation")
        return
    detail = f"kept units are multiplied by {mask.scale:.4g}; {1 / mask.keep:.4g} is right"
    d.findings.append(Finding("dropout_not_scaled", "forward", detail=detail))
