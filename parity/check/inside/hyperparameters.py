"""The numbers that a program learns with: learning rate, batch size, momentum, weight decay."""

from __future__ import annotations

from parity.check.inside.arrays import parts
from parity.check.inside.chance import BITS
from parity.check.inside.data import RATE
from parity.check.inside.masks import keep_of
from parity.check.inside.modes import own_objects
from parity.check.inside.names import COMPILED, fits_role, signature
from parity.check.inside.optimizers import SETTINGS
from parity.check.inside.program import Program
from parity.check.inside.session import Driver


def has_rate(program: Program, name: str) -> bool:
    """Whether a function is told the learning rate, by a parameter or an attribute."""
    parameters = signature(program.functions[name]).parameters
    return any(fits_role(p, "lr") for p in parameters) or _knows_rate_attribute(program)


def knows_batch_size(program: Program, parameters: list[str]) -> bool:
    """Whether a training is told the size of its batches: by a parameter, an attribute or a global name."""
    owner = getattr(program.roots.get("self"), "__dict__", {})
    named = any(fits_role(p, "batch_size") or fits_role(p, "batch_size_2") or p == "size" for p in parameters)
    return named or any(
        isinstance(v, int) and fits_role(n, "batch_size") for n, v in {**program.globals, **owner}.items()
    )


def knows_rate(program: Program, driver: Driver) -> bool:
    """Whether a session's update learns at our rate."""
    name = (
        driver.calls.get("update")
        or driver.calls.get("step")
        or (driver.calls.get("backward") if driver.backward_updates else None)
    )
    if name is None:
        return False
    parameters = signature(program.functions[name]).parameters
    if any(fits_role(p, "lr") for p in parameters):
        return True
    by_class = "." in name and name in program.functions and "self" not in program.functions
    return _knows_rate_attribute(program) or program.style.startswith("layer objects") or by_class


def _knows_rate_attribute(program: Program) -> bool:
    if any(fits_role(n, "lr") and isinstance(v, float) and v == RATE for n, v in program.globals.items()):
        return True
    held = [pair for holder in own_objects(program) for pair in vars(holder).items()]
    root = next(iter(program.roots.values()))
    owners = [root, *(getattr(function, "__self__", None) for function in program.functions.values())]
    held += [pair for owner in owners for pair in getattr(owner, "__dict__", {}).items()]
    return any(fits_role(n, "lr") and isinstance(v, float) and v == RATE for n, v in held)


def hyperparameters(program: Program, calls: list[str]) -> dict[str, float]:
    """Numbers by name: attributes of the network and what it holds, globals and defaults that an update reads."""
    found: dict[str, float] = dict(BITS)
    if program.makes_masks or any(
        fits_role(n, "keep") for f in program.functions.values() for n in signature(f).parameters
    ):
        found["mask keep"] = keep_of(program)
    owners = [getattr(function, "__self__", None) for function in program.functions.values()]
    roots = [*program.roots.values(), *(getattr(owner, "_optimizer", None) for owner in owners)]
    for root in [*roots, *(part for one in roots for _, part in parts(one) if hasattr(part, "__dict__"))]:
        values = {**vars(type(root)), **getattr(root, "__dict__", {})}
        found.update({k: float(v) for k, v in values.items() if isinstance(v, float | int) and not isinstance(v, bool)})
    for name in calls:
        read = getattr(getattr(program.functions[name], "__code__", None), "co_names", ())
        used = {n: v for n, v in program.globals.items() if n in read and isinstance(v, float)}
        found.update(used)
        for word, parameter in signature(program.functions[name]).parameters.items():
            if fits_role(word, "momentum"):
                chosen = parameter.default if isinstance(parameter.default, float) else SETTINGS["momentum"]
                found.setdefault("momentum", chosen)
            elif isinstance(parameter.default, float) and not _is_given(program, word):
                found.setdefault(word, parameter.default)
    return found


def _is_given(program: Program, word: str) -> bool:
    """Whether a call binds this parameter, whatever its default is."""
    return any(fits_role(word, role) for role in program.roles if role in COMPILED)
