"""What a constant factor between two gradients means: averaging, classes, signs, penalties, short batches."""

from __future__ import annotations

from parity.check.diagnosis import Diagnosis, Finding
from parity.check.explain import Match
from parity.check.network import Net
from parity.check.seen import Session

SUMS = ("sum", "half sum")
CLOSE = 2e-3


def close(one: float, other: float) -> bool:
    """Equal to rounding, where the numbers are simple fractions."""
    return abs(one - other) <= CLOSE * abs(other)


def read_factor(q: float, count: int, classes: int, kind: str) -> tuple[list[str], bool] | None:
    """The mistakes behind a factor q between the person's gradient and the right one, and whether it is exactly theirs.

    A factor 2 or C in a squared error only changes the learning rate; it is no mistake (`False`).
    """
    ids = ["sign_flipped"] if q < 0 else []
    q = abs(q)
    simple: list[tuple[float, list[str]]] = [(1, [])]
    if count > 1:
        simple += [(count, ["grad_not_averaged"]), (1 / count, ["grad_averaged_twice"])]
    if classes > 1:
        simple += [(1 / classes, ["grad_divided_by_classes"])]
    if count > 1 and classes > 1:
        simple += [
            (count / classes, ["grad_divided_by_classes", "grad_not_averaged"]),
            (1 / (count * classes), ["grad_averaged_twice", "grad_divided_by_classes"]),
        ]
    for factor, names in simple:
        if close(q, factor):
            return ids + names, True
    if kind in ("ce", "ce of softmax"):
        for factor in (2.0, 2 / classes):
            for more, names in simple[:3]:
                if close(q, factor * more):
                    return [*ids, "mse_gradient_for_cross_entropy", *names], True
        return None
    harmless = (0.5, 2, classes, classes / 2, 2 * classes) if kind == "sse" else (classes,)
    for factor in harmless:
        for more, names in simple:
            if close(q, factor * more):
                return ids + names, False
    return None


def gradient_scale(match: Match, session: Session, net: Net, d: Diagnosis) -> None:
    """Add what the factor and the penalty say."""
    count, classes = session.steps[0].count, session.sizes[-1]
    loss, ratio = match.loss, match.ratios[0]
    place = "gradients" if session.steps[0].weight_gradients else "update"
    known_rate = place == "gradients" or session.rate is not None
    sums = loss.reduction in SUMS
    known = loss.reduction is not None
    q = ratio / loss.factor(count, classes)
    if not known_rate:
        if ratio < 0:
            d.findings.append(Finding("sign_flipped", place))
        d.notes.append("the learning rate is not known, so constant factors could not be checked")
    elif (
        sums
        and (found := read_factor(q * count, count, classes, loss.kind))
        and not session.single
        and "grad_not_averaged" not in found[0]
    ):
        _add(found[0], place, q, d)
        d.findings.append(
            Finding(
                "loss_not_averaged", "loss", detail="the loss is a sum over the batch, its gradient is that of the mean"
            )
        )
    elif found := read_factor(q, count, classes, loss.kind):
        ids, exact = found
        if not known and "grad_not_averaged" in ids and not _loss_is_surely_a_mean(loss.kind):
            d.notes.append("the gradients are sums over the batch: right if the loss is a sum")
            ids = [name for name in ids if name != "grad_not_averaged"]
        if not exact:
            d.notes.append(
                "the gradient has a constant factor that the loss does not have; it only changes the learning rate"
            )
        _add(ids, place, q, d)
    elif not _fixed_batch(match, session, d):
        detail = f"all gradients are {q:.6g} times the right ones"
        d.findings.append(Finding("wrong_scale", place, detail=detail, reproduced=False))
    _short_batch(match, session, sums, d)
    _penalty(match, place, d)


def _loss_is_surely_a_mean(kind: str) -> bool:
    return kind == "ce"


def _add(ids: list[str], place: str, q: float, d: Diagnosis) -> None:
    for name in ids:
        also = ["lr_times_batch_size"] if name == "grad_not_averaged" and place == "update" else []
        if name not in d.ids:
            d.findings.append(Finding(name, place, also=also, detail=f"all gradients are {q:.6g} times the right ones"))


def _fixed_batch(match: Match, session: Session, d: Diagnosis) -> bool:
    """The same factor for batches of different sizes: divided by a constant."""
    counts = [step.count for step in session.steps[: len(match.ratios)]]
    if len(set(counts)) < 2 or match.ratios[0] == 0:
        return False
    constant = close(match.ratios[-1], match.ratios[0])
    divisor = 1 / abs(match.ratios[0])
    if constant and close(divisor, round(divisor)) and divisor > 1.5:
        detail = f"divided by {round(divisor)} whatever the number of samples"
        d.findings.append(Finding("last_batch_wrong_size", match_place(session), detail=detail))
        return True
    return False


def match_place(session: Session) -> str:
    """Where a gradient was seen."""
    return "gradients" if session.steps[0].weight_gradients else "update"


def _short_batch(match: Match, session: Session, sums: bool, d: Diagnosis) -> None:
    counts = [step.count for step in session.steps[: len(match.ratios)]]
    if counts[-1] == counts[0] or "last_batch_wrong_size" in d.ids or "grad_not_averaged" in d.ids or session.single:
        return
    if not match.ratios[0]:
        return
    quotient = match.ratios[-1] / match.ratios[0]
    averaged = close(abs(match.ratios[0]) * counts[0], 1) or close(abs(match.ratios[0]) * counts[0], 2)
    if close(quotient, 1) and averaged and not sums:
        detail = f"a batch of {counts[-1]} is divided by {counts[0]}"
        d.findings.append(Finding("last_batch_wrong_size", "procedure", detail=detail))


def _penalty(match: Match, place: str, d: Diagnosis) -> None:
    decay, penalty = match.decays[0], match.loss.penalty
    if match.bias_decays[0] and abs(match.bias_decays[0]) > 1e-6:
        d.findings.append(
            Finding("l2_on_biases", place, detail=f"the bias gradients hold {match.bias_decays[0]:.4g} b")
        )
    if penalty > 1e-9 and match.layer_decays:
        d.findings.append(_of_one_layer(match.layer_decays, penalty, place))
    elif penalty > 1e-9:
        q = decay / (2 * penalty)
        if abs(q) < CLOSE:
            d.findings.append(
                Finding(
                    "l2_missing_in_gradient", place, detail=f"the loss holds {penalty:.4g} ΣW², the gradient nothing"
                )
            )
        elif close(q, -1) or close(q, -0.5):
            d.findings.append(
                Finding("l2_sign", place, detail=f"the loss holds {penalty:.4g} ΣW², the gradient {decay:.4g} W")
            )
        elif close(q, 0.5) or close(q, 2):
            detail = f"the loss holds {penalty:.4g} ΣW², the gradient {decay:.4g} W; it should be {2 * penalty:.4g} W"
            d.findings.append(Finding("l2_without_two", place, detail=detail))
        elif not close(q, 1) and not {
            "grad_averaged_twice",
            "grad_not_averaged",
            "sign_flipped",
            "grad_divided_by_classes",
        } & set(d.ids):
            detail = f"the loss holds {penalty:.4g} ΣW², the gradient {decay:.4g} W; it should be {2 * penalty:.4g} W"
            d.findings.append(Finding("l2_wrong_scale", place, detail=detail, reproduced=False))
    elif decay * match.ratios[0] < 0 and abs(decay) > 1e-6:
        d.findings.append(
            Finding("l2_sign", place, detail=f"the gradient holds {decay:.4g} W: the weights are pushed away from zero")
        )
    elif abs(decay) > 1e-6:
        d.notes.append(f"weight decay: the gradient holds {decay:.4g} W")


def _of_one_layer(decays: list[float], penalty: float, place: str) -> Finding:
    """The first layer whose gradient holds another multiple of the weights than it ought to, where layers differ."""
    layer = next((k for k, one in enumerate(decays) if not close(one, 2 * penalty)), 0)
    kinds = {0.0: "l2_missing_in_gradient", -1.0: "l2_sign", 0.5: "l2_without_two", 2.0: "l2_without_two"}
    q = decays[layer] / (2 * penalty)
    id = next((name for value, name in kinds.items() if abs(q - value) < CLOSE), "l2_wrong_scale")
    detail = f"the loss holds {penalty:.4g} ΣW² of all layers, this gradient {decays[layer]:.4g} W"
    return Finding(id, place, layer, detail=detail, reproduced=id != "l2_wrong_scale")
