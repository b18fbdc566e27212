"""Networks with batch norm and dropout between their dense layers that a file may mean: for the search to try."""

from __future__ import annotations

import itertools
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace

from parity.check.network import Mask, Net, Norm
from parity.check.seen import Session, Step

LIMIT = 4000
"""The largest number of networks that are tried."""


NAMES = {
    "scale": r"gam|^g\d*$|scale|gain",
    "shift": r"bet|shift|^b\d*$|bias|offset",
    "mean": r"mean|mu|avg_?x|^m\d*$",
    "var": r"var|sig|std|sq|^v\d*$",
}
"""What the arrays of a batch norm are called, as far as people agree."""


def numbers_of(session: Session) -> list[float]:
    """The numbers between 0 and 1 that the file writes or holds: slopes, probabilities, ε."""
    written = re.findall(r"(?<![\w.])(?:0?\.\d+|\d+(?:\.\d*)?e-\d+)(?!\w)", session.source, re.I)
    held = [value for value in session.extra.values() if 0 < value < 1]
    return list(dict.fromkeys([*(v for v in map(float, written) if 0 < v < 1), *held]))


def slopes(session: Session) -> list[str]:
    """The leaky activations that the file may mean."""
    found = dict.fromkeys([0.01, 0.1, 0.2, *(v for v in numbers_of(session) if v >= 0.005)])
    return [f"leaky {slope:g}" for slope in found]


def with_layers_between(session: Session, nets: list[Net], training: bool) -> Iterator[Net]:
    """These networks with batch norm or dropout; `training`: with the statistics of the batch only."""
    widths = session.sizes[1:-1]
    step = session.steps[0]
    masks = list(_masks(session, step, widths))
    norms = [] if any(net.norms for net in nets) else list(_norms(session, step, widths, training))
    # where there are both, the likeliest of each
    likely = sorted(norms, key=lambda norm: [(n.outside, not n.scale, not n.shift) for n in norm if n])
    scaled = sorted(masks, key=lambda mask: [abs(m.scale * m.keep - 1) > 1e-9 for m in mask if m])
    one: Iterator[Net] = itertools.chain(
        (replace(net, masks=mask) for mask in masks for net in nets),
        (replace(net, norms=norm) for norm in norms for net in nets),
    )
    yield from itertools.islice(one, LIMIT)
    for norm, mask, net in itertools.product(likely[:12], scaled[:12], nets[:12]):
        yield replace(net, norms=norm, masks=mask)


def training_variants(session: Session, net: Net) -> Iterator[Net]:
    """What a network whose outputs were seen in evaluation may be in training."""
    if any(net.masks) or any(norm and not norm.mean for norm in net.norms):
        return
    norms = tuple(norm and replace(norm, mean="", var="") for norm in net.norms)
    bare = replace(net, norms=(), masks=())
    if norms:
        yield replace(net, norms=norms)
        yield from with_layers_between(session, [replace(net, norms=norms)], training=True)
    else:
        yield from with_layers_between(session, [bare], training=True)


def _masks(session: Session, step: Step, widths: list[int]) -> Iterator[tuple[Mask | None, ...]]:
    """Every way in which the random numbers that were drawn may be the masks of hidden layers, the likeliest first."""
    fits = [[k for k, draw in enumerate(step.draws) if draw.shape == (step.count, width)] for width in widths]
    if not any(fits):
        return
    thresholds = dict.fromkeys([*(v for v in numbers_of(session) if v >= 0.02), 0.5])
    drawn = [which for which in itertools.product(*([*f, None] for f in fits)) if _in_order(which)]
    drawn.sort(key=lambda which: which.count(None))
    for which in drawn:
        for threshold, below in itertools.product(thresholds, (True, False)):
            keep = threshold if below else 1 - threshold
            for scale in dict.fromkeys((1 / keep, 1.0, 1 / (1 - keep))):
                yield tuple(None if k is None else Mask(k, threshold, below, scale) for k in which)


def _in_order(which: tuple[int | None, ...]) -> bool:
    used = [k for k in which if k is not None]
    return bool(used) and used == sorted(set(used))


def _norms(session: Session, step: Step, widths: list[int], training: bool) -> Iterator[tuple[Norm | None, ...]]:
    """Every batch norm that the arrays beside weights and biases allow; the same one in each hidden layer."""
    groups = _groups(step, widths)
    if step.count < 2 or (not groups and not re.search(r"\b(var|std)\(|batch_?norm", session.source, re.I)):
        return
    known = [v for v in numbers_of(session) if v <= 0.05]
    eps = list(dict.fromkeys([*known, 1e-5, 1e-8]))
    named = {role: [g for g in groups if re.search(word, g.split(".")[-1], re.I)] for role, word in NAMES.items()}
    rest = [g for g in groups if not any(g in names for names in named.values())]
    own = ["bias"] if any(b is not None for b in step.biases[:-1]) else []
    affine = [
        (g, b)
        for g in [*(named["scale"] or rest), ""]
        for b in [*(named["shift"] or rest), *own, ""]
        if g != b or not g
    ]
    pairs = itertools.product(named["mean"] or rest, named["var"] or rest)
    statistics = [("", ""), *([] if training else [(m, v) for m, v in pairs if m != v])]
    for (mean, var), (scale, shift), one, outside, before in itertools.product(
        statistics, affine, eps, (False, True), (True, False)
    ):
        if {mean, var} & {scale, shift} - {""}:
            continue
        names = (scale, shift, mean, var)
        for which in _layers(groups, widths, names):
            yield tuple(
                Norm(before, one, outside, *(_member(groups, n, k) for n in names)) if used else None
                for k, used in enumerate(which)
            )


def _groups(step: Step, widths: list[int]) -> dict[str, list[str]]:
    """Arrays of a hidden layer's width by their names without numbers: gamma1 and gamma2 belong together."""
    groups: dict[str, list[str]] = defaultdict(list)
    for name, array in step.others.items():
        if array.size in widths:
            groups[re.sub(r"\d+", "", name)].append(name)
    for names in groups.values():
        names.sort(key=lambda name: [int(n) for n in re.findall(r"\d+", name)])
    return dict(groups)


def _layers(groups: dict[str, list[str]], widths: list[int], names: tuple[str, ...]) -> list[tuple[bool, ...]]:
    """Which hidden layers are normalised, given how many arrays of each name there are."""
    counts = {len(groups[name]) for name in names if name in groups}
    if not counts or counts == {len(widths)}:
        return [(True,) * len(widths)]
    if counts == {1}:
        return [tuple(k == one for k in range(len(widths))) for one in range(len(widths))]
    return []


def _member(groups: dict[str, list[str]], name: str, layer: int) -> str:
    if name in ("", "bias"):
        return name
    return groups[name][layer if len(groups[name]) > layer else 0]
