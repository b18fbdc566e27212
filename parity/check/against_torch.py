"""`check_layer`, `check_loss`, `check_optimizer`: hand-written NumPy against torch, for pytest and notebooks.

    from parity.check import check_layer
    check_layer(MyConv2d, torch.nn.Conv2d(2, 3, 3, stride=2, padding=1))

Each raises AssertionError with the place and, where it reproduces, the mistake's name; CannotCall where it could not be
run.
"""

from __future__ import annotations

import copy
import itertools
import re
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch

from parity.check.catalogue import CATALOGUE
from parity.check.constructors import arrays_for
from parity.check.diagnosis import Diagnosis, Finding
from parity.check.hand_written import Layer
from parity.check.inside.program import CannotCall
from parity.check.layer_mistakes import variants
from parity.check.layouts import Layout, layouts
from parity.check.outputs import distance

Array = np.ndarray
Arrays = dict[str, Array]
TOLERANCE = 1e-6
PLACE = {"forward": "forward", "evaluation": "forward", "running_mean": "forward", "running_var": "forward"}


def check_layer(mine: Any, module: torch.nn.Module, shapes: list[tuple[int, ...]] | None = None, seed: int = 0) -> None:
    """Compare a layer with a torch module: forward, dL/dx and every parameter's gradient, in float64.

    `mine` is a class (made with the module's numbers), an object, or (forward, backward) functions. `shapes` are input
    shapes; by default several that suit the module, a batch of 1 among them. grad_output is random, never ones.
    Raises AssertionError for a difference.
    """
    _raise(diagnose_layer(mine, module, shapes, seed))


def check_loss(mine: Any, loss: Callable[..., torch.Tensor], seed: int = 0) -> None:
    """Compare a loss (value and gradient with respect to the predictions) with torch's.

    Raises AssertionError for a difference.
    """
    from parity.check.single import diagnose_loss

    _raise(diagnose_loss(mine, loss, seed))


def check_optimizer(mine: Any, factory: Callable[..., torch.optim.Optimizer], seed: int = 0, steps: int = 6) -> None:
    """Compare an optimiser with torch's over several steps.

    `factory`: `lambda params: torch.optim.SGD(params, lr=0.1)`.

    Raises AssertionError for a difference.
    """
    from parity.check.optimizer_steps import diagnose_optimizer

    _raise(diagnose_optimizer(mine, factory, seed, steps))


def _raise(d: Diagnosis) -> None:
    if d.exit_code == 2:
        raise CannotCall(d.error or "nothing could be compared")
    if d.findings:
        lines = []
        for f in d.findings:
            mistake = CATALOGUE[f.id]
            name = f"[{f.id}] {mistake.kind}; right: {mistake.formula}" if f.reproduced else mistake.kind
            lines.append(f"{f.place}: {name}. {f.detail}")
        raise AssertionError("\n".join(lines))


def suitable_shapes(module: torch.nn.Module) -> list[tuple[int, ...]]:
    """Input shapes for a module: odd and even sizes, and a batch of 1."""
    name = type(module).__name__
    if name.startswith("Linear"):
        width = int(module.in_features)  # type: ignore[arg-type]
        return [(5, width), (1, width)]
    if name == "BatchNorm1d":
        return [(7, module.num_features)]  # type: ignore[list-item]
    if name == "LayerNorm":
        shape: Any = module.normalized_shape
        return [(5, shape[0]), (1, shape[0])]
    channels: Any = getattr(module, "in_channels", getattr(module, "num_features", 2))
    if name.endswith("1d"):
        return [(3, channels, 9), (1, channels, 10)]
    if name.endswith("2d"):
        return [(3, channels, 6, 8), (1, channels, 7, 7), (2, channels, 8, 6)]
    return [(5, 7), (1, 4)]


def right_arrays(module: torch.nn.Module, x: Array, g: Array) -> Arrays:
    """torch's own arrays for an input and a gradient at the output."""
    module = copy.deepcopy(module).double().train()
    inputs = torch.from_numpy(x).requires_grad_()
    y = module(inputs)
    y.backward(torch.from_numpy(g))
    found = {"forward": y.detach().numpy(), "input gradient": inputs.grad.numpy()}  # type: ignore[union-attr]
    found.update({f"{n} gradient": p.grad.numpy() for n, p in module.named_parameters() if p.grad is not None})
    found.update({n: b.numpy().copy() for n, b in module.named_buffers() if n.startswith("running")})
    if "running_mean" in found:
        found["evaluation"] = module.eval()(inputs).detach().numpy()
    return found


def seen_arrays(
    mine: Any, module: torch.nn.Module, x: Array, g: Array, right: Array, turn_square: bool = False
) -> Arrays:
    """The hand-written layer's arrays, stored so that its output is right, or has at least the right shape.

    Raises CannotCall.
    """
    arrays = arrays_for(mine, module, x)
    first: Exception | None = None
    ran: list[tuple[float, Layout]] = []
    for layout in layouts(mine, module, x, turn_square):
        own = mine if isinstance(mine, type | tuple) else copy.deepcopy(mine)  # whose running statistics move
        layer = Layer(own, module, turn_square, arrays, layout)
        try:
            layer.set_parameters()
            y = layer.forward(x)
        except CannotCall as error:
            first = first or error
            continue
        ran.append((np.inf if y.shape != g.shape else float(distance(y, right) > TOLERANCE), layout))
        if ran[-1][0] == 0:
            break
    if first and not ran:
        raise first
    best = min(ran, key=lambda pair: pair[0])[1]
    return _arrays_of(Layer(mine, module, turn_square, arrays, best), x, g)


def _arrays_of(layer: Layer, x: Array, g: Array) -> Arrays:
    layer.set_parameters()
    y = layer.forward(x)
    found: Arrays = {"forward": y}
    running = layer.running()
    if y.shape == g.shape:
        found.update(layer.backward(g))
    found.update(running)
    if "num_features" in layer.known and layer.knows_evaluation():
        found["evaluation"] = layer.forward(x, training=False)
    found["overwritten"] = np.array(float(layer.overwritten))
    return found


def _begun_at_one(seen: Arrays, right: Arrays, module: Any) -> Arrays:
    """As if the running variance had begun at 1: some begin at 0, which makes no difference in the long run."""
    if "running_var" not in seen or ("running_mean" in seen and _far(seen, right, "running_mean")):
        return seen
    from_one = seen["running_var"] + 1 - (module.momentum or 0.1)
    if distance(from_one, right["running_var"]) > distance(seen["running_var"], right["running_var"]):
        return seen
    return {**{name: array for name, array in seen.items() if name != "evaluation"}, "running_var": from_one}


def diagnose_layer(
    mine: Any, module: torch.nn.Module, shapes: list[tuple[int, ...]] | None = None, seed: int = 0
) -> Diagnosis:
    """Like check_layer, as a Diagnosis."""
    d = Diagnosis(network=type(module).__name__)
    if isinstance(module, torch.nn.Dropout):
        from parity.check.single import diagnose_dropout

        return diagnose_dropout(mine, module, seed)
    module = module.double()
    rng = np.random.default_rng(seed)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.copy_(torch.from_numpy(rng.normal(0.3, 0.7, parameter.shape)))
    cases = []
    for x in _inputs(module, shapes or suitable_shapes(module), rng):
        try:
            g = rng.normal(0, 1, _output_shape(module, x))
            right = right_arrays(module, x, g)
            ways = [seen_arrays(mine, module, x, g, right["forward"])]
            weight = getattr(module, "weight", None)
            if weight is not None and weight.ndim == 2 and weight.shape[0] == weight.shape[1]:
                ways.append(seen_arrays(mine, module, x, g, right["forward"], turn_square=True))
            ways = [_begun_at_one(seen, right, module) for seen in ways]
            cases.append(
                (x, g, min(ways, key=lambda seen: sum(_far(seen, right, k) for k in right if k in seen)), right)
            )
        except CannotCall as error:
            d.notes.append(f"input of shape {x.shape}: {error}")
    if not cases:
        d.error = (d.notes or ["it could not be run"])[0]
        return d
    overwritten = any(seen.pop("overwritten", np.zeros(())) for _, _, seen, _ in cases)
    wrong = [key for key in cases[0][3] if any(key in seen and _far(seen, right, key) for _, _, seen, right in cases)]
    d.checked = [key for key in cases[0][3] if key in cases[0][2]]
    d.not_checked = [key for key in cases[0][3] if key not in cases[0][2]]
    d.fine = [key for key in d.checked if key not in wrong]
    if wrong:
        d.findings = _name(module, cases, wrong)
    if overwritten and not getattr(module, "inplace", False):
        detail = "its input, or the gradient it was given, is changed in place"
        d.findings.append(Finding("inplace_aliasing", "procedure", detail=detail))
    return d


def _output_shape(module: torch.nn.Module, x: Array) -> tuple[int, ...]:
    """Raises CannotCall where the module takes something else than one array of floats."""
    if "BatchNorm" in type(module).__name__:  # a call would move its running statistics
        return x.shape
    try:
        with torch.no_grad():
            return tuple(module(torch.from_numpy(x)).shape)
    except (RuntimeError, TypeError, AttributeError, ValueError, IndexError) as error:
        line = str(error).splitlines()[0]
        raise CannotCall(f"torch's {type(module).__name__} cannot take it: {line}; pass other shapes=[...]") from error


def _inputs(module: torch.nn.Module, shapes: list[tuple[int, ...]], rng: np.random.Generator) -> Iterator[Array]:
    for shape in shapes:
        yield rng.normal(0.2, 1, shape)
    if "MaxPool" in type(module).__name__:
        yield rng.integers(0, 2, shapes[0]).astype(float)  # windows with several equal maxima


def _far(seen: Arrays, right: Arrays, key: str) -> bool:
    """Different beyond rounding; a bias as (1, n) is no difference, another number of entries is."""
    one, two = seen[key], right[key]
    return distance(one, two) > TOLERANCE and np.abs(two).max() + np.abs(one).max() > 1e-9


def _name(module: torch.nn.Module, cases: list[tuple[Array, Array, Arrays, Arrays]], wrong: list[str]) -> list[Finding]:
    """The mistakes that reproduce every case: one name, or two; else the first wrong array."""
    params = {n: p.detach().numpy() for n, p in module.named_parameters()}
    possible: list[str] | None = None
    for x, g, seen, right in cases:
        if not any(key in seen and _far(seen, right, key) for key in wrong):
            continue
        names = [
            name
            for name, changed in variants(module, x, g, params)
            for arrays in (changed, {key: value for key, value in changed.items() if key != "input gradient"})
            if _reproduces({**right, **arrays}, arrays, seen)
        ]
        possible = list(dict.fromkeys(names)) if possible is None else [n for n in possible if n in names]
    if not possible:
        possible = _two_names(module, cases, wrong, params)
    first = next(key for key in ("forward", "running_mean", "running_var", "evaluation", *wrong) if key in wrong)
    if possible:
        ids = possible[0].split()
        others = [name for name in possible[1:] if " " not in name]
        return [
            Finding(id, PLACE.get(first, "gradients"), detail=first, also=others if len(ids) == 1 else []) for id in ids
        ]
    _, _, seen, right = next(case for case in cases if first in case[2] and _far(case[2], case[3], first))
    from parity.check.places import describe

    detail = f"{first}: {describe(np.asarray(seen[first]), right[first], None, None)}"
    return [Finding("unexplained", PLACE.get(first, "gradients"), reproduced=False, detail=detail)]


def _two_names(
    module: torch.nn.Module,
    cases: list[tuple[Array, Array, Arrays, Arrays]],
    wrong: list[str],
    params: dict[str, Array],
) -> list[str]:
    """Two mistakes that were made in different arrays: "a b", or nothing."""
    covers: dict[tuple[int, str], set[str]] | None = None
    for x, g, seen, right in cases:
        mine: dict[tuple[int, str], set[str]] = {}
        for number, (name, arrays) in enumerate(variants(module, x, g, params)):
            changed = {k for k in arrays if k in seen and _far(arrays, right, k)}
            same = {k for k in wrong if k in arrays and not _far(seen, arrays, k)}
            mine[number, name] = same if changed <= set(wrong) else set()
        covers = mine if covers is None else {n: covers[n] & mine[n] for n in covers if n in mine}
    named = {n: keys for n, keys in (covers or {}).items() if keys and " " not in n[1]}
    for one, two in itertools.combinations(named, 2):
        if named[one] | named[two] == set(wrong) and one[1] != two[1]:
            return [f"{one[1]} {two[1]}"]
    return []


def _reproduces(predicted: Arrays, changed: Arrays, seen: Arrays) -> bool:
    if "input gradient" not in changed and changed["forward"].shape != seen["forward"].shape:
        return False
    return all(key not in predicted or not _far(seen, predicted, key) for key in seen)


def check_file(path: Path, kind: str, counterpart: str, names: dict[str, str], seed: int = 0) -> Diagnosis:
    """Diagnose a file with a single layer, loss or optimiser; `names` says which class or functions in it are meant."""
    from parity.check import single
    from parity.check.inside.load import load
    from parity.check.optimizer_steps import diagnose_optimizer

    try:
        module = load(path, limit=False).names
        params = [torch.nn.Parameter(torch.ones(3, dtype=torch.float64))]
        if kind == "optimizer":
            expression = re.sub(r"\bparams\b", "P", counterpart)
            factory = partial(_evaluate, expression)
            return diagnose_optimizer(_mine(module, names), factory, seed)
        torch_thing = eval(counterpart, {"torch": torch, "params": params})
        mine = _mine(module, names)
        return (
            diagnose_layer(mine, torch_thing, seed=seed)
            if kind == "layer"
            else single.diagnose_loss(mine, torch_thing, seed)
        )
    except (CannotCall, SyntaxError) as error:
        return Diagnosis(error=str(error), network=str(path))


def _evaluate(expression: str, params: Any) -> Any:
    return eval(expression, {"torch": torch, "P": params})


def _mine(module: dict[str, Any], names: dict[str, str]) -> Any:
    if "construct" in names:
        expression = names["construct"]
        return lambda **given: eval(expression, {**module, **given})
    if "class" in names:
        return module[names["class"]]
    if "forward" in names:
        return module[names["forward"]], module[names["backward"]]
    return module[names["function"]]
