"""Judge one session: forward, loss, gradients and update, each by what it was given; differences are reproduced."""

from __future__ import annotations

import copy
import re
from dataclasses import replace

import numpy as np

from parity.check.diagnosis import Diagnosis, Finding, rank
from parity.check.explain import Gradients, Match
from parity.check.losses import Loss, explain_loss, may_be_loss
from parity.check.modes import judge_modes
from parity.check.network import Net, Tweak
from parity.check.outputs import distance, explain_forward, forward_candidates, mentions_activation, run
from parity.check.places import against_own_loss, unexplained
from parity.check.rates import judge_rates
from parity.check.scale import gradient_scale, read_factor
from parity.check.seen import Array, Session
from parity.check.steps import judge_update
from parity.check.variants import slopes, training_variants

PLACES = ("forward", "loss", "gradients", "update")
OF_THE_VALUE = (("tanh_derivative_wrong", "twice"), ("sigmoid_derivative_twice", ""))
"""Mistakes that come by themselves where an activation's input is overwritten by its output."""
Pair = tuple[list[Array], "list[Array | None]"]


def diagnose_session(session: Session, source: str, pairs: bool = False) -> Diagnosis:
    """Judge forward, loss, gradients and update of one session; `pairs`: search for two mistakes."""
    d = Diagnosis(form=session.form, sizes=session.sizes, names=session.names, style=session.style, calls=session.calls)
    d.not_checked = [place for place in PLACES if place not in session.places]
    if any(step.changed for step in session.steps):
        d.findings.append(
            Finding("inplace_aliasing", "procedure", detail="the batch it was given was changed in place")
        )
    if "forward" not in session.places:
        return _without_outputs(session, source, d, pairs)
    net = _forward(session, source, d)
    if net is None:
        _by_differences(session, d)
        return d
    return _after_forward(session, net, d, pairs)


def _after_forward(session: Session, net: Net, d: Diagnosis, pairs: bool) -> Diagnosis:
    before = copy.deepcopy(d)
    losses = _loss(session, net, d)
    matched = _gradients(session, net, losses, d, pairs)
    if matched and matched[0].net is not net and not losses[0].recognised:
        # the loss, too, was that of the network in training
        trained = matched[0].net
        seen = replace(session, steps=[replace(s, output=run(trained, s).out) for s in session.steps])
        if explain_loss(seen, trained)[0].recognised:
            d = _after_forward(seen, trained, before, pairs)
            session.found = seen.found
            return d
    if matched:
        judge_update(session, matched, d)
        session.found = matched[:2]
    judge_modes(session, matched[0].net if matched else net, d)
    return d


def _without_outputs(session: Session, source: str, d: Diagnosis, pairs: bool) -> Diagnosis:
    """No outputs were seen: the network is one whose losses, or whose gradients, are the observed ones."""
    hidden = len(session.sizes) - 2
    words = [w for w in ("relu", "tanh", "sigmoid", "leaky 0.01") if re.search(w.split()[0], source, re.I)]
    nets = [
        Net((w,) * hidden, o)
        for w in ("relu", "tanh", "sigmoid", "leaky 0.01")
        for o in ("softmax", "sigmoid", "linear")
    ]
    plausible: list[tuple[Session, Net]] = []
    for net in nets:
        guess = replace(session, steps=[replace(s, output=run(net, s).out) for s in session.steps])
        losses = explain_loss(guess, net)
        if session.steps[0].loss is not None and not losses[0].recognised:
            continue
        plausible.append((guess, net))
        trained = next((n for n in (net, *training_variants(session, net)) if _fits(guess, n, losses)), None)
        if trained:
            one = _from_guess(session, guess, net, copy.deepcopy(d), pairs)
            one.fine.insert(0, f"forward pass: {', '.join(one.activations)} (from what the weights do)")
            return one
    if session.steps[0].loss is None:  # nothing but the weights: the file's own words must do
        plausible = [pair for pair in plausible if (pair[1].hidden[:1] or ("relu",))[0] in (words or ["relu"])]
    elif not plausible:
        plausible = _with_mistakes(session)
    tries = [_from_guess(session, guess, net, copy.deepcopy(d), pairs) for guess, net in plausible[:3]]
    tries = [one for one in tries if one.findings and not one.unexplained]
    return min(tries, key=rank) if tries else _unknown_network(session, d)


def _with_mistakes(session: Session) -> list[tuple[Session, Net]]:
    """Networks with a mistake in the forward pass whose losses are the observed ones."""
    found = []
    first = session.steps[0]
    for net in forward_candidates(len(session.sizes) - 2, slopes(session)):
        if not net.tweaks or not may_be_loss(first, run(net, first).out, session.tolerance):
            continue
        guess = replace(session, steps=[replace(s, output=run(net, s).out) for s in session.steps])
        if _is_plain(explain_loss(guess, net)):
            found.append((guess, net))
    return found


def _is_plain(losses: list[Loss]) -> bool:
    """Whether the loss is recognised, and without a penalty: with one, any number could be."""
    return losses[0].recognised and losses[0].reduction is not None and not losses[0].penalty


def _fits(guess: Session, net: Net, losses: list[Loss]) -> bool:
    """Whether the right gradients of this network are the observed ones."""
    try:
        observed, _ = _observed(guess)
    except ValueError:
        return False
    search = Gradients(guess, net, losses, observed)
    return bool(observed) and search.last_layer_fits() and any(search.match(loss, ()) for loss in losses)


def _from_guess(session: Session, guess: Session, net: Net, d: Diagnosis, pairs: bool) -> Diagnosis:
    one = _after_forward(guess, net, d, pairs)
    session.found = guess.found
    one.not_checked = [place for place in one.not_checked if place != "forward"]
    one.checked.insert(0, "forward")
    one.activations = [*net.hidden, net.output]
    for tweak in net.tweaks:
        one.findings.insert(0, Finding(tweak.id, "forward", tweak.layer, tweak.option))
    return one


def _unknown_network(session: Session, d: Diagnosis) -> Diagnosis:
    """What remains are the central differences of the network's own loss."""
    _by_differences(session, d)
    if not d.checked:
        d.notes.append("no function gives the outputs, and the changes of the weights alone could not be explained")
    return d


def _forward(session: Session, source: str, d: Diagnosis) -> Net | None:
    d.checked.append("forward")
    net = explain_forward(session)
    output = session.steps[0].output
    assert output is not None
    if net is None:
        if not np.isfinite(output).all() and not session.single:  # a single sample has no spread
            d.findings.append(
                Finding("not_finite", "forward", detail="the output holds NaN or infinity", reproduced=False)
            )
        else:
            d.checked.remove("forward")
            d.not_checked.append("forward")
            d.notes.append("forward pass not recognised (another kind of layer?): " + _about_output(output))
        return None
    d.activations = [*net.hidden, net.output]
    for tweak in net.tweaks:
        d.findings.append(
            _as_finding(tweak, "forward", session, output, run(Net(net.hidden, net.output), session.steps[0]).out)
        )
    bare = [layer for layer, activation in enumerate(net.hidden) if activation == "linear"]
    if bare and (len(set(net.hidden)) > 1 or mentions_activation(source)):
        layer = bare[0] if len(bare) < len(net.hidden) or len(net.hidden) == 1 else None
        d.findings.append(Finding("activation_missing_forward", "forward", layer))
    if not net.tweaks and not bare:
        d.fine.append(f"forward pass: {', '.join((*net.hidden, net.output))}")
    return net


def _by_differences(session: Session, d: Diagnosis) -> None:
    """An unknown network: its gradients against the central differences of its own loss."""
    ratios = against_own_loss(session)
    if ratios is None:
        return
    d.checked.append("gradients")
    count = session.steps[0].count
    first = ratios[-1][0]
    if all(error < 1e-4 and abs(ratio - first) < 1e-3 * abs(first) for ratio, error in ratios):
        found = read_factor(first, count, session.sizes[-1], "ce")
        if found and found[0]:
            d.findings += [
                Finding(name, "gradients", detail=f"{first:.5g} times the gradient of the network's own loss")
                for name in found[0]
            ]
        elif found:
            d.fine.append("gradients: those of the network's own loss (central differences)")
        else:
            d.notes.append(f"the gradients are {first:.5g} times those of the network's own loss")
        return
    wrong = [layer for layer, (ratio, error) in enumerate(ratios) if error > 1e-3 or abs(ratio - 1) > 1e-3]
    detail = "not the gradient of the network's own loss (central differences)"
    d.findings.append(Finding("unexplained", "gradients", max(wrong), reproduced=False, detail=detail))


def _about_output(output: Array) -> str:
    sums = output.sum(1)
    if np.allclose(sums, 1, atol=1e-4):
        return "each row sums to 1, but no known chain of layers gives these numbers"
    return f"no known chain of layers gives these numbers (rows sum to {sums.min():.3g} … {sums.max():.3g})"


def _as_finding(tweak: Tweak, place: str, session: Session, seen: Array | None, right: Array | None) -> Finding:
    numbers = []
    if seen is not None and right is not None and np.shape(seen) == np.shape(right):
        worst = np.unravel_index(int(np.abs(seen - right).argmax()), seen.shape)
        numbers.append((str([int(i) for i in worst]), float(seen[worst]), float(right[worst])))
    return Finding(tweak.id, place, tweak.layer, tweak.option, numbers=numbers)


def _loss(session: Session, net: Net, d: Diagnosis) -> list[Loss]:
    losses = explain_loss(session, net)
    if "loss" in session.places:
        first = losses[0]
        if first.recognised:
            d.checked.append("loss")
            penalty = f" + {first.penalty:.4g} ΣW²" if first.penalty else ""
            d.fine.append(f"loss: {first.kind}, {first.reduction}{penalty}")
            if first.kind == "ce of softmax" and net.output == "softmax" and "softmax_twice" not in d.ids:
                d.findings.append(Finding("softmax_twice", "loss"))
            elif (first.kind == "ce of softmax" and net.output in ("sigmoid", "tanh")) or (
                first.kind == "ce" and net.output == "relu"
            ):
                d.findings.append(Finding("activation_on_output", "loss", option=net.output))
            if first.tweak:
                d.findings.append(Finding("labels_off_by_one", "loss", option=first.tweak.option))
        else:
            d.not_checked.append("loss")
            d.notes.append("the loss's value was not recognised")
    return losses


def _observed(session: Session) -> tuple[list[Pair], bool]:
    """Each step's gradients; where none can be seen, those that the change of the weights amounts to."""
    if session.steps[0].weight_gradients:
        return [
            (s.weight_gradients, s.bias_gradients or [None] * len(s.weights))
            for s in session.steps
            if s.weight_gradients
        ], True
    rate = session.rate or 0.05
    pairs: list[Pair] = []
    for step in session.steps:
        if not step.new_weights:
            break
        dws = [(old.astype(float) - new) / rate for old, new in zip(step.weights, step.new_weights, strict=True)]
        dbs: list[Array | None] = []
        for old, new in zip(step.biases, step.new_biases or [], strict=True):
            dbs.append(None if old is None or new is None else (_spread(old) - _spread(new)) / rate)
        pairs.append((dws, dbs))
    return pairs, False


def _spread(bias: Array) -> Array:
    return np.asarray(bias, float)


def _gradients(
    session: Session, net: Net, losses: list[Loss], d: Diagnosis, pairs: bool
) -> tuple[Gradients, Match, bool] | None:
    try:
        observed, direct = _observed(session)
    except ValueError as error:
        d.findings.append(
            Finding("unexplained", "update", reproduced=False, detail=f"the weights' shapes change: {error}")
        )
        return None
    if not observed:
        return None
    search, match, others = _explain(session, net, losses, observed, pairs)
    place = "gradients" if direct else "update"
    if match is None and not direct:
        return search, Match((), losses[0], [], [], [], np.inf), False
    d.checked.append(place)
    if match is None:
        ratios = against_own_loss(session) if direct else None
        if ratios and all(error < 1e-4 and abs(ratio - 1) < 1e-3 for ratio, error in ratios):
            d.fine.append("gradients: those of the network's own loss (central differences)")
        else:
            d.findings += unexplained(search)
        return None
    _report(match, others, place, search, d)
    return search, match, direct


def _explain(
    session: Session, net: Net, losses: list[Loss], observed: list[Pair], pairs: bool
) -> tuple[Gradients, Match | None, list[Match]]:
    """The mistakes in the gradients; outputs may have been seen without dropout that the gradients hold."""
    search = Gradients(session, net, losses, observed)
    search.pairs = pairs
    match, others = search.explain(False)
    if match is None and not search.last_layer_fits():
        for trained in training_variants(session, net):
            other = Gradients(session, trained, losses, observed)
            if other.last_layer_fits() and (found := other.explain(pairs))[0]:
                return other, *found
    if match is None and pairs:
        match, others = search.explain(True)
    return search, match, others


def _report(match: Match, others: list[Match], place: str, search: Gradients, d: Diagnosis) -> None:
    session = search.session
    right_w, right_b = search.predict(match.loss, (), 0)
    for tweak in match.tweaks:
        if tweak.id in d.ids:
            continue
        factor = match.ratios[0]
        layer = tweak.layer
        seen, right = _first_wrong(search, right_w, right_b, factor, session.tolerance)
        finding = _as_finding(tweak, place, session, seen, right)
        finding.layer = layer
        finding.also = list(
            dict.fromkeys(t.id for m in others for t in m.tweaks if t.id not in {x.id for x in match.tweaks})
        )
        if session.extra.get("aliased") and (tweak.id, tweak.option) in OF_THE_VALUE:
            finding.also.insert(0, finding.id)
            finding.id, finding.detail = "inplace_aliasing", "the activation overwrote its input, which is used later"
        d.findings.append(finding)
    if not match.tweaks:
        d.fine.append("gradients of all layers" if place == "gradients" else "change of all weights")
    gradient_scale(match, session, search.net, d)
    if place == "update":
        same = [r for r, step in zip(match.ratios, search.steps, strict=True) if step.count == search.steps[0].count]
        meant = match.loss.factor(search.steps[0].count, session.sizes[-1])
        judge_rates([r / meant for r in same], session.rate is not None, session.extra, d, "steps")


def _first_wrong(
    search: Gradients, dws: list[Array], dbs: list[Array], factor: float, tolerance: float
) -> tuple[Array | None, Array | None]:
    for layer in reversed(range(len(dws))):
        for seen, right in ((search.observed[0][0][layer], dws[layer]), (search.observed[0][1][layer], dbs[layer])):
            if seen is not None and distance(seen, factor * right) > 10 * tolerance:
                return (seen, factor * right) if np.shape(seen) == np.shape(right) else (None, None)
    return None, None
