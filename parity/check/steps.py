"""Judge the update: which rule turns the gradients into the changes of the weights, and which mistake does."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

import numpy as np

from parity.check.diagnosis import Diagnosis, Finding
from parity.check.explain import Gradients, Match
from parity.check.inside.names import fits_role
from parity.check.losses import Loss
from parity.check.network import Tweak
from parity.check.outputs import distance
from parity.check.places import unexplained
from parity.check.rates import judge_rates
from parity.check.scale import close, gradient_scale
from parity.check.seen import Array, Session, Step
from parity.check.updates import RULES, KnownRule, known_rules

Parts = list[Array]
UNKNOWN_RULE = "the changes of the weights follow no known update rule"
MOMENTUM = re.compile("moment|^mu$", re.I)
EPSILON = re.compile(r"(^|_)eps(ilon)?(_|$)", re.I)
DECAY = re.compile(r"decay|^wd$|^lam|^reg|^l2|lambd", re.I)


def judge_update(session: Session, found: tuple[Gradients, Match, bool], d: Diagnosis) -> None:
    """Add what the change of the weights says, given the gradients as they are (right or wrong)."""
    search, match, direct = found
    if "update" not in session.places:
        return
    if not direct:
        if np.isfinite(match.error):
            d.checked.append("update") if "update" not in d.checked else None
        else:
            _from_weights_only(session, search, d)
        return
    steps = [s for s in session.steps if s.new_weights and s.weight_gradients]
    gradients = [parts_of(s.weight_gradients or [], s.bias_gradients or []) for s in steps]
    changes = [changes_of(s) for s in steps]
    if any(len(g) != len(c) for g, c in zip(gradients, changes, strict=True)) or not steps:
        return
    d.checked.append("update")
    gradients, changes = _without_idle(session, steps, gradients, changes, d)
    summed = not close(abs(match.ratios[0]) * steps[0].count / (2 if match.loss.kind == "sse" else 1), 1)
    _judge(session, steps, gradients, changes, d, summed)


def parts_of(weights: list[Array], biases: list[Array | None]) -> Parts:
    """Weight and bias of each layer, one after the other."""
    return [np.asarray(a, float) for pair in zip(weights, biases, strict=True) for a in pair if a is not None]


def changes_of(step: Step) -> Parts:
    """What a step added to each weight and bias."""
    found: Parts = []
    for i, weight in enumerate(step.weights):
        found.append((step.new_weights or [])[i].astype(float) - weight)
        old, new = step.biases[i], (step.new_biases or [None] * len(step.weights))[i]
        has_gradient = step.bias_gradients is None or step.bias_gradients[i] is not None
        if old is not None and new is not None and has_gradient:
            found.append(
                np.asarray(new, float) - np.asarray(old, float) if new.shape == old.shape else np.asarray(new, float)
            )
    return found


def _without_idle(
    session: Session, steps: list[Step], gradients: list[Parts], changes: list[Parts], d: Diagnosis
) -> tuple[list[Parts], list[Parts]]:
    """Leave out arrays that never change although they have a gradient; they are a mistake of their own."""
    keep = []
    position = 0
    idle_biases: list[int] = []
    for layer in range(len(steps[0].weights)):
        has_bias = steps[0].biases[layer] is not None and (steps[0].bias_gradients or [None] * 99)[layer] is not None
        for kind in ("weight", "bias") if has_bias else ("weight",):
            idle = all(not c[position].any() for c in changes) and any(g[position].any() for g in gradients)
            if idle and kind == "weight":
                d.findings.append(Finding("weight_not_updated", "update", layer))
            elif idle:
                idle_biases.append(layer)
            else:
                keep.append(position)
            position += 1
    if idle_biases:
        biases = sum(b is not None for b in steps[0].biases)
        d.findings.append(Finding("bias_not_updated", "update", None if len(idle_biases) == biases else idle_biases[0]))
    return [[g[p] for p in keep] for g in gradients], [[c[p] for p in keep] for c in changes]


def vector(parts: Parts) -> Array:
    """All numbers in a row."""
    return np.concatenate([np.ravel(p) for p in parts])


def _judge(
    session: Session, steps: list[Step], gradients: list[Parts], changes: list[Parts], d: Diagnosis, summed: bool
) -> None:
    if any(
        np.size(a) != np.size(b) for g, c in zip(gradients, changes, strict=True) for a, b in zip(g, c, strict=True)
    ):
        if "bias_grad_wrong_axis" not in d.ids:
            d.not_checked.append("update")
            d.notes.append("the weights change their shapes in the update")
        return
    gs, cs = [vector(g) for g in gradients], [vector(c) for c in changes]
    tolerance = session.tolerance * 10
    rate = session.rate or 0.05
    factors = [float(g @ c / max(g @ g, 1e-300)) for g, c in zip(gs, cs, strict=True)]
    if all(f and distance(c, f * g) < tolerance for g, c, f in zip(gs, cs, factors, strict=True)):
        _plain(session, steps, [-f / rate for f in factors], d, summed)
        return
    ws = [weights_like(step, c) for step, c in zip(steps, changes, strict=True)]
    decays = [np.linalg.lstsq(np.stack([g, w], 1), c, rcond=None)[0] for g, w, c in zip(gs, ws, cs, strict=True)]
    if all(distance(c, k[0] * g + k[1] * w) < tolerance for g, w, c, k in zip(gs, ws, cs, decays, strict=True)):
        _decayed(decays[0] / -rate, d)
        _plain(session, steps, [-k[0] / rate for k in decays], d, summed)
        return
    named = named_rule(
        gs, cs, rate, session, tolerance, [all_like(step, c) for step, c in zip(steps, changes, strict=True)]
    )
    if named is None:
        d.checked.remove("update")
        d.not_checked.append("update")
        d.notes.append("the update rule was not recognised")
        return
    rule, mistake, factor = named
    if not mistake and not _usual_length(factor, session, steps[0].count, d):
        return
    if mistake:
        d.findings.append(Finding(mistake.split(":")[0], "update"))
    elif factor < 0 and rule == "momentum" and "sign_flipped" not in d.ids:
        d.findings.append(_subtracted_velocity())
    elif factor < 0:
        _flip(d)
    else:
        d.fine.append(f"update: {rule}")


def _subtracted_velocity() -> Finding:
    detail = "the velocity, which holds -lr times the gradient already, is subtracted"
    return Finding("momentum_sign", "update", detail=detail, also=["sign_flipped"])


def weights_like(step: Step, changes: Parts, biases: bool = False) -> Array:
    """The weights in the order of their changes; zeros for biases, unless these are asked for."""
    old = parts_of(step.weights, [b if b is not None else None for b in step.biases])
    mine = list(old)
    shaped = []
    for change in changes:
        match = next((o for o in mine if np.size(o) == np.size(change)), np.zeros(np.size(change)))
        mine = [o for o in mine if o is not match]
        is_weight = np.ndim(match) == 2
        shaped.append(match if is_weight or biases else np.zeros_like(match))
    return vector(shaped)


def all_like(step: Step, changes: Parts) -> Array:
    """The weights and biases in the order of their changes."""
    return weights_like(step, changes, biases=True)


def _decayed(factors: Array, d: Diagnosis) -> None:
    if "l2_missing_in_gradient" in d.ids:
        d.findings = [f for f in d.findings if f.id != "l2_missing_in_gradient"]
    if factors[1] * factors[0] < 0:
        d.findings.append(Finding("l2_sign", "update", detail="the weights are pushed away from zero"))


def _flip(d: Diagnosis) -> None:
    if "sign_flipped" in d.ids:
        d.findings = [f for f in d.findings if f.id != "sign_flipped"]
        d.fine.append("update: the gradient has the other sign, and is added")
    else:
        d.findings.append(Finding("sign_flipped", "update", detail="the weights move up the gradient"))


def _plain(session: Session, steps: list[Step], us: list[float], d: Diagnosis, summed: bool) -> None:
    """Δ = -u · lr · gradient."""
    count, u = steps[0].count, us[0]
    same = [one for one, step in zip(us, steps, strict=True) if step.count == count]
    if len(same) > 2 and max(same) - min(same) > 1e-3 * abs(u):
        judge_rates(same, session.rate is not None, session.extra, d, "steps")
        return
    if u < 0:
        _flip(d)
    elif "sign_flipped" in d.ids and u > 0:
        pass
    u = abs(u)
    held = any(MOMENTUM.search(name) and 0 < value < 1 for name, value in session.extra.items())
    if held and len(us) > 1 and not session.extra.get("loops"):  # a training keeps its velocity to itself
        d.findings.append(Finding("momentum_reset_each_step", "update"))
    if session.rate is None:
        d.fine.append("update: against the gradient (the learning rate is not known)")
        return
    if count > 1 and close(u, 1 / count) and not summed:
        if "grad_averaged_twice" not in d.ids:
            d.findings.append(
                Finding(
                    "grad_averaged_twice",
                    "update",
                    detail="the gradients are means, and the learning rate is divided, too",
                )
            )
    elif count > 1 and close(u, 1 / count):
        d.findings = [f for f in d.findings if f.id != "grad_not_averaged"]
        d.fine.append("update: the learning rate divided by the batch size")
    elif count > 1 and close(u, count):
        if "grad_averaged_twice" in d.ids:
            d.findings = [f for f in d.findings if f.id != "grad_averaged_twice"]
        else:
            d.findings.append(Finding("lr_times_batch_size", "update", detail=f"each step is {u:.4g} times as long"))
    elif close(u, 1):
        d.fine.append("update: gradient descent")
    else:
        d.notes.append(f"each step is {u:.4g} times the learning rate times the gradient")


def _usual_length(factor: float, session: Session, count: int, d: Diagnosis) -> bool:
    """Whether a rule's step is as long as the learning rate says; what another length means."""
    mu = session.extra.get("momentum", 0.0)
    if session.rate is None or close(abs(factor), 1):
        return True
    if mu and close(factor, mu):
        d.findings.append(Finding("nesterov_wrong", "update", detail="the step is μ v: the gradient is missing"))
    elif close(factor, count):
        d.findings.append(Finding("lr_times_batch_size", "update", detail=f"each step is {count} times as long"))
    elif not close(factor, 1 / count):
        d.checked.remove("update")
        d.not_checked.append("update")
        d.notes.append(f"each step is {factor:.4g} times as long as the learning rate says")
    return False


def named_rule(
    gs: list[Array],
    cs: list[Array],
    rate: float,
    session: Session,
    tolerance: float,
    ws: list[Array],
    scaled: bool = False,
) -> tuple[str, str, float] | None:
    """(rule, mistake, factor) of the changes of the weights ws.

    `scaled`: only rules like Adam's, without a mistake of their own.
    """
    momenta = [v for n, v in session.extra.items() if 0 < v < 1 and v != rate]
    momenta = list(dict.fromkeys([*momenta, 0.9, 0.5, 0.8, 0.95, 0.99]))
    decays = [v for n, v in session.extra.items() if DECAY.search(n) and 0 < v <= 1]
    eps_seen = [v for n, v in session.extra.items() if EPSILON.search(n) and 0 < v < 0.1]
    rules = known_rules(tuple(momenta), rate, tuple(eps_seen), tuple(decays), _betas(session))
    for rule, mistake, settings in _that_may_fit(rules, gs[0], cs[0], tolerance):
        if scaled and (rule == "sgd" or mistake):
            continue
        with np.errstate(all="ignore"):
            (first,) = RULES[rule](gs[:1], ws[:1], settings, mistake)  # most rules end here
            factor = float(first @ cs[0] / max(first @ first, 1e-300)) if np.isfinite(first).all() else 1.0
            if not np.isfinite(factor) or not distance(cs[0], factor * first) < tolerance:
                continue
            predicted = RULES[rule](gs, ws, settings, mistake)
        if all(distance(c, factor * p) < tolerance for c, p in zip(cs, predicted, strict=True)):
            if session.rate is not None and rule == "sgd" and not mistake and close(factor, 1 - settings.momentum):
                return rule, "momentum_dampened", factor
            if mistake and not close(factor, 1) and session.rate is not None:
                continue
            if settings.weight_decay and not settings.decoupled and re.search("adam_?w", session.source, re.I):
                mistake = mistake or "weight_decay_coupled_in_adamw"
            return "momentum" if settings.momentum else rule, mistake, factor
    return None


def _that_may_fit(rules: Iterable[KnownRule], gradient: Array, change: Array, tolerance: float) -> Iterator[KnownRule]:
    """The rules whose first step may be this change, by a look at its direction: descent's, or Adam's."""
    along = _along(gradient, change, tolerance)
    level: dict[float, bool] = {}
    for rule, mistake, settings in rules:
        if rule == "sgd":
            fits = along
        else:
            if settings.eps not in level:
                level[settings.eps] = _level(gradient, change, settings.eps, tolerance)
            fits = level[settings.eps] or bool(mistake)
        if fits or settings.weight_decay:
            yield rule, mistake, settings


def _along(gradient: Array, change: Array, tolerance: float) -> bool:
    """Whether the change of the weights is a multiple of the gradient, or the gradient is not finite."""
    with np.errstate(all="ignore"):
        factor = float(gradient @ change / max(gradient @ gradient, 1e-300))
        return not np.isfinite(factor) or distance(change, factor * gradient) < 2 * tolerance


def _level(gradient: Array, change: Array, eps: float, tolerance: float) -> bool:
    """Whether weights with large gradients change by one amount, as in the first step of Adam and rules like it.

    That amount is lr |g| / (√(1 - α) |g| + ε), with an α of at most 0.999.
    """
    amounts = np.abs(change)[np.abs(gradient) > 32 * eps / tolerance]
    return amounts.size < 2 or not float(np.ptp(amounts)) > 4 * tolerance * float(amounts.max())


def _betas(session: Session) -> tuple[float, float]:
    """Adam's β1 and β2, as the file names them."""
    named = [[v for n, v in session.extra.items() if fits_role(n, f"beta{k}") and 0 < v < 1] for k in (1, 2)]
    return (named[0] or [0.9])[0], (named[1] or [0.999])[0]


def _without_idle_biases(search: Gradients, step: Step) -> Step:
    """Without the biases before a batch norm: what is rounding in their gradients is a whole step for Adam."""
    biases = [None if search.is_idle(k) else b for k, b in enumerate(step.biases)]
    return replace(step, biases=biases)


def _predicted(
    search: Gradients, loss: Loss, tweaks: tuple[Tweak, ...], index: int, step: Step, lowest: int = 0
) -> Array:
    """The gradients of a step with these mistakes, from the layer `lowest` on, as one vector."""
    dws, dbs = search.predict(loss, tweaks, index, lowest)
    kept = [b if v is not None else None for b, v in zip(dbs, step.biases, strict=True)]
    return loss.factor(step.count, step.target.shape[1]) * vector(parts_of(dws, kept))


def _opposed(gradient: Array, change: Array, tolerance: float) -> bool:
    """Whether no rule fits the first step: each changes all weights against their gradients, or all along them.

    A quick look at the last weights, as many as there are gradients: most mistakes turn some signs, and then neither
    the later steps nor a hundred rules are tried.
    """
    if gradient.size > change.size:
        return False
    size = np.abs(change)
    large = size[-gradient.size :] > 2 * tolerance * size.max()  # others may be within the tolerance
    with np.errstate(all="ignore"):
        signs = np.sign(gradient * change[-gradient.size :])[large]
    return bool((signs != signs[:1]).any())


def _from_weights_only(session: Session, search: Gradients, d: Diagnosis) -> None:
    """No gradients were seen and no plain descent fits: try each mistake with each update rule."""
    steps = [_without_idle_biases(search, s) for s in session.steps if s.new_weights]
    changes = [vector(changes_of(s)) for s in steps]
    rate, tolerance = session.rate or 0.05, session.tolerance * 30
    ws = [all_like(step, changes_of(step)) for step in steps]
    decays = any(DECAY.search(name) for name in session.extra)  # then signs say nothing
    d.checked.append("update")
    for loss in search.losses:
        for tweaks in [(), *search.singles(loss)]:
            try:
                last = _predicted(search, loss, tweaks, 0, steps[0], len(session.sizes) - 2)
                if not decays and _opposed(last, changes[0], tolerance):  # no need to know the layers below
                    continue
                predicted = [_predicted(search, loss, tweaks, 0, steps[0])]
                if not decays and _opposed(predicted[0], changes[0], tolerance):
                    continue
                predicted += [_predicted(search, loss, tweaks, k, step) for k, step in enumerate(steps[1:], start=1)]
            except (ValueError, IndexError):
                continue
            if any(p.size != c.size for p, c in zip(predicted, changes, strict=True)):
                continue
            scaled = bool(tweaks) and _angle(predicted[0], changes[0]) > 1e-4  # each weight has a step of its own
            named = named_rule(predicted, changes, rate, session, tolerance, ws, scaled and not search.pairs)
            if named:
                for tweak in tweaks[:1]:
                    d.findings.append(Finding(tweak.id, "update", tweak.layer, tweak.option))
                if named[1]:
                    d.findings.append(Finding(named[1].split(":")[0], "update"))
                elif named[0] == "momentum" and named[2] < 0:
                    d.findings.append(_subtracted_velocity())
                    return
                if not d.findings:
                    d.fine.append(f"update: {named[0]}")
                scale = Match(
                    tweaks, loss, [named[2] * loss.factor(steps[0].count, session.sizes[-1])], [0.0], [0.0], 0.0
                )
                if named[0] in ("sgd", "momentum") and session.rate is not None and not named[1]:
                    gradient_scale(scale, session, search.net, d)
                return
    if search.last_layer_fits():  # plain descent, but for the layers below
        d.findings += unexplained(search)
        return
    d.checked.remove("update")
    d.not_checked.append("update")
    d.notes.append(UNKNOWN_RULE)


def _angle(one: Array, other: Array) -> float:
    scale = np.linalg.norm(one) * np.linalg.norm(other)
    return float(1 - abs(one @ other) / scale) if scale else 1.0
