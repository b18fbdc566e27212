"""The child process: `python -m parity.check.inside submission.py result.npz`. Everything that it learns goes into one file."""

from __future__ import annotations

import inspect
import os
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from parity.check.inside import toolkit
from parity.check.inside.accuracy import judge_accuracy
from parity.check.inside.adapter import adapted, is_adapter
from parity.check.inside.arrays import find_layout
from parity.check.inside.load import Submission, load, tame
from parity.check.inside.names import fits_role, returned_name, returned_names
from parity.check.inside.optimizers import SETTINGS, optimizer_methods
from parity.check.inside.program import CannotCall, Program, bind, run
from parity.check.inside.record import save
from parity.check.inside.session import (
    BATCHES,
    PENALTY,
    RATE,
    TRAIN,
    Driver,
    Form,
    Session,
    Step,
    batches,
    call_step,
    give,
    ranked,
)

SIZES = [[12, 9, 9, 5], [12, 9, 5], [12, 9, 9, 1], [8, 8, 8, 8]]
FORMS = [
    Form(False, "one-hot"),
    Form(False, "integers"),
    Form(True, "one-hot"),
    Form(True, "integers"),
    Form(False, "integers-2d"),
    Form(False, "one-hot", single=True),
]


SEED = [0]


def _rng(purpose: int) -> np.random.Generator:
    """One stream for each purpose."""
    return np.random.default_rng([SEED[0], purpose])


def size_roles(sizes: list[int]) -> dict[str, Any]:
    """What a constructor may be asked for."""
    return {
        "sizes": list(sizes),
        "hidden_list": sizes[1:-1],
        "inputs": sizes[0],
        "hidden": sizes[1],
        "hidden_2": sizes[-2],
        "outputs": sizes[-1],
        "lr": RATE,
        "batch_size": BATCHES[0],
        "reg": PENALTY,
        "seed": 0,
        "rng": np.random.default_rng(0),
        "verbose": False,
    }


ATTEMPTS: list[tuple[tuple[str, ...], tuple[str, ...]]] = [
    (("sizes",), ()),
    (("inputs", "hidden", "outputs"), ("sizes",)),
    (("inputs", "hidden", "hidden_2", "outputs"), ("sizes",)),
]
"""(roles for names that say nothing, roles not to be used), in the order in which constructors are tried."""


def call_roles(roles: dict[str, Any]) -> dict[str, Any]:
    """What remains of them for calls: `layers` is a size for a constructor, and the parameters for everything else."""
    return {
        role: value for role, value in roles.items() if role in ("lr", "reg", "verbose", "batch_size", "rng", "seed")
    }


def class_programs(submission: Submission, sizes: list[int]) -> Iterator[Program]:
    """One program for each class that can be made and holds a chain of weights."""
    for name, cls in submission.classes().items():
        roles = size_roles(sizes)
        instance = None
        for order, without in ATTEMPTS:
            try:
                instance = run(cls, bind(cls, {}, roles, without, order), str(submission.path), submission.names)
                break
            except CannotCall as error:
                submission.skipped.append(f"{name}(): {error}")
        if _is_one_layer(cls) or instance is None:
            continue
        methods = {
            n: getattr(instance, n)
            for n in dir(instance)
            if not n.startswith("__") and inspect.ismethod(getattr(instance, n))
        }
        if "__call__" in dir(cls):
            methods["__call__"] = instance.__call__
        statics = {n: f for n, f in vars(cls).items() if isinstance(f, staticmethod)}
        methods.update({n: getattr(instance, n) for n in statics})
        functions = {**methods, **{n: f for n, f in submission.callables().items() if n not in methods}}
        program = Program(functions, {"self": instance}, str(submission.path), submission.names, style=f"class {name}")
        program.roles.update(call_roles(roles))
        yield from _settled(program, sizes)
        if program.layout is None and _made_by_training(program, sizes):
            yield program


def _is_one_layer(cls: type) -> bool:
    """A layer's backward takes the gradient at its output; a network's takes labels, or nothing."""
    back = toolkit.method(cls, "backward", "backward_pass", "backprop")
    if back is None:
        return False
    methods = [m for m in vars(cls).values() if inspect.isfunction(m)]
    if any(fits_role(n, "y") for m in methods for n in inspect.signature(m).parameters):
        return False
    names = [n for n, p in inspect.signature(back).parameters.items() if p.default is p.empty][1:]
    return (
        bool(names)
        and fits_role(names[0], "grad_output")
        and not any(fits_role(n, "y") or fits_role(n, "x") for n in names)
    )


def _made_by_training(program: Program, sizes: list[int]) -> bool:
    """Whether the weights appear once the network's own training has seen data."""
    for form in FORMS[:4]:
        give(program, form, *batches(sizes, _rng(5))[0])
        for name in ranked(program, TRAIN):
            try:
                call_step(program, name)
            except CannotCall as error:
                program.failures.append(f"{name}(): {error}")
            if _settle(program, sizes):
                return True
    return False


def _settled(program: Program, sizes: list[int]) -> Iterator[Program]:
    """The program with its weights found; twice where the biases are a row of the weights, first or last."""
    if _settle(program, sizes):
        yield program
        return
    for row in (-1, 0):
        if _settle(program, sizes, row):
            yield replace(
                program, layout=program.layout, style=f"{program.style}, bias in the {'last' if row else 'first'} row"
            )


def function_programs(submission: Submission, sizes: list[int]) -> Iterator[Program]:
    """A program whose weights come from an initialising function."""
    functions = submission.callables()
    likely = re.compile(r"init|create|make|build|setup|random|params|new|get_w|start|net", re.I)
    makers = [n for n in functions if likely.search(n) or not _asks_for_data(functions[n])]
    makers.sort(key=lambda n: (not re.search("init", n, re.I), not likely.search(n)))
    for maker in makers:
        roles = size_roles(sizes)
        function = functions[maker]
        give_data(roles, sizes)
        for order, without in [(o, (*w, "x", "y")) for o, w in ATTEMPTS] + [(ATTEMPTS[0][0], ())]:
            try:
                result = run(
                    function, bind(function, {}, roles, without, order), str(submission.path), submission.names
                )
            except CannotCall as error:
                submission.skipped.append(f"{maker}(): {error}")
                continue
            names = returned_names(function, result)
            if isinstance(result, tuple) and names:
                roots = dict(zip(names, result, strict=True))
            else:
                word = returned_name(function) or "r0"
                roots = {"params" if re.fullmatch(r"r\d+", word) else word: result}
            program = Program(functions, roots, str(submission.path), submission.names, style="functions")
            program.roles.update(call_roles(roles))
            settled = list(_settled(program, sizes))
            for one in settled:
                one.known.update(one.roots)
                one.refresh_params()
                one.functions = {**functions, **_methods(submission, result), **dict(optimizer_methods(submission, one))}
            yield from settled
            if settled:
                return


def _methods(submission: Submission, thing: Any) -> dict[str, Callable[..., Any]]:
    """The methods of an object of one of the file's own classes."""
    if not submission.is_own(type(thing)) or type(thing).__module__ == "builtins":
        return {}
    names = [n for n in dir(type(thing)) if not n.startswith("__") or n == "__call__"]
    return {n: getattr(thing, n) for n in names if inspect.ismethod(getattr(thing, n))}


def _asks_for_data(function: Callable[..., Any]) -> bool:
    names = [n for n, p in inspect.signature(function).parameters.items() if p.default is p.empty]
    return not names or any(fits_role(n, role) for n in names for role in ("x", "y", "params", "grads") if n != "i")


def give_data(roles: dict[str, Any], sizes: list[int]) -> None:
    """Some initialisers look at the data to learn the sizes."""
    (x, target), *_ = batches(sizes, _rng(5))
    roles.update(x=x, y=target)


def toolkit_programs(submission: Submission, sizes: list[int], columns: bool) -> Iterator[Program]:
    """Programs put together from layer classes or pairs of functions, one for each hidden activation."""
    for word in toolkit.activations(submission)[:3] or ["activation"]:
        try:
            layers = toolkit.hidden_layers(submission, toolkit.Call(submission, columns), sizes, word)
        except CannotCall as error:
            submission.skipped.append(str(error))
            continue
        listed = Program(
            submission.callables(), {"layers": layers}, str(submission.path), submission.names, style="a list of layers"
        )
        listed.roles.update(call_roles(size_roles(sizes)))
        if _settle(listed, sizes):
            listed.refresh_params()
            yield listed
        try:
            program = toolkit.compose(submission, sizes, columns, word)
        except CannotCall as error:
            submission.skipped.append(str(error))
            continue
        program.roles.update(call_roles(size_roles(sizes)))
        if _settle(program, sizes):
            yield program


def _settle(program: Program, sizes: list[int], joined: int | None = None) -> bool:
    program.layout = find_layout(program.roots, sizes[0], sizes[-1], joined)
    if program.layout is None and joined is None:
        program.layout = find_layout(program.roots, None, None)
    if program.layout is None or not _plausible(program):
        return False
    try:
        program.set_weights(_rng(1))
    except (TypeError, ValueError, KeyError):
        return False
    return True


def _plausible(program: Program) -> bool:
    assert program.layout is not None
    return len(program.layout.sizes) >= 2 and all(size >= 1 for size in program.layout.sizes)


def sessions(submission: Submission) -> Iterator[Session]:
    """Every form in which the submission could be driven, for the first sizes at which it can be."""
    deep = False
    trains: list[Session] = []
    for sizes in SIZES:
        if len(sizes) == 3 and (trains or not deep):  # for networks that take any sizes, but have one hidden layer only
            continue
        made: list[Session] = []
        for form in FORMS:
            for number, program in enumerate(_programs(submission, sizes, form)):
                calls = _explore(program, form, submission)
                for chosen in _plans(calls):
                    fresh = load(submission.path) if submission.seconds < 0.3 else submission
                    again = _programs(fresh, sizes, form)
                    if number < len(again):
                        made += _record(again[number], form, submission, chosen, program.failures)
                        if "backward" in chosen and made:
                            _add_differences(made[-1], _programs(fresh, sizes, form)[number], form)
                if calls and (training := _training(submission, sizes, form, number)):
                    made.append(training)
        yield from made
        trains = [
            s for s in made if s.steps[0].output is not None and (s.steps[0].weight_gradients or s.steps[0].new_weights)
        ]
        deep = deep or any(len(s.layout.sizes) > 3 for s in made)
        if len(sizes) == 3 and not trains:
            continue
        if any(s.steps[0].weight_gradients and s.steps[0].loss is not None for s in made):
            return
        if (
            len(sizes) == 4
            and sizes[-1] == 1
            and any(s.steps[0].weight_gradients or s.steps[0].new_weights for s in made)
        ):
            return


def _programs(submission: Submission, sizes: list[int], form: Form) -> list[Program]:
    if is_adapter(submission):
        return list(adapted(submission, sizes))
    found = list(class_programs(submission, sizes)) + list(function_programs(submission, sizes))
    return found + (list(toolkit_programs(submission, sizes, form.columns)) if not form.single else [])


def _explore(program: Program, form: Form, submission: Submission) -> dict[str, str]:
    """Which functions do what, found by calling them on a network that is thrown away."""
    (x, target) = _data(program, form)[0]
    try:
        give(program, form, x, target)
        driver = Driver(program, form)
        driver.find(len(x))
    except FAILURES as error:
        submission.skipped.append(f"{program.style}, {form}: {error}")
        return {}
    if not driver.calls:
        submission.skipped += program.failures
    return driver.calls


def _plans(calls: dict[str, str]) -> list[dict[str, str]]:
    """Which calls to make in a session: all of them; and where a step computes its own gradients, the step alone."""
    if not {"backward", "step", "forward"} & set(calls):
        return []
    plans = [calls]
    if "step" in calls and "backward" in calls:
        plans.append({part: name for part, name in calls.items() if part in ("forward", "step")})
    return plans


def _data(program: Program, form: Form) -> list[tuple[Any, Any]]:
    assert program.layout is not None
    data = batches(program.layout.sizes, _rng(2))
    return [(x[:1], t[-1:]) for x, t in data] if form.single else data


def _add_differences(session: Session, program: Program, form: Form) -> None:
    """Central differences of the loss for the session's first batch, on a network of their own."""
    x, target = _data(program, form)[0]
    try:
        give(program, form, x, target)
        driver = Driver(program, form)
        driver.calls = session.calls
        program.set_weights(_rng(3))
        session.steps[0].numeric = driver.differences(len(x))
    except FAILURES:
        return


TRAINING_SAMPLES = 17


def _training(submission: Submission, sizes: list[int], form: Form, number: int) -> Session | None:
    """One epoch of the submission's own training on 17 samples in batches of 7: order, shuffling and the last batch."""
    programs = _programs(submission, sizes, form)
    if number >= len(programs) or form.single:
        return None
    program = programs[number]
    assert program.layout is not None
    for name in ranked(program, TRAIN):
        parameters = inspect.signature(program.functions[name]).parameters
        if not _knows_batch_size(program, list(parameters)):
            continue
        ((x, target),) = batches(program.layout.sizes, _rng(4), (TRAINING_SAMPLES,))
        give(program, form, x, target)
        program.roles["batch_size"] = program.roles["batch_size_2"] = BATCHES[0]
        for word in [n for n, v in program.globals.items() if isinstance(v, int) and fits_role(n, "batch_size")]:
            program.globals[word] = BATCHES[0]
        program.set_weights(_rng(3))
        try:
            step = Step(x, target, *program.weights())
            program.replace_roots(name, call_step(program, name))
            step.new_weights, step.new_biases = program.weights()
        except FAILURES:
            continue
        if any(np.shape(a) != np.shape(b) for a, b in zip(step.weights, step.new_weights, strict=True)):
            continue
        if any(not np.array_equal(a, b) for a, b in zip(step.weights, step.new_weights, strict=True)):
            rate = RATE if any(fits_role(p, "lr") for p in parameters) or _knows_rate_attribute(program) else None
            return Session(form, [step], {"training": name}, program.layout, program.style, rate)
    return None


def _knows_batch_size(program: Program, parameters: list[str]) -> bool:
    """Whether a training is told the size of its batches: by a parameter, an attribute or a global name."""
    owner = getattr(program.roots.get("self"), "__dict__", {})
    named = any(fits_role(p, "batch_size") or fits_role(p, "batch_size_2") for p in parameters)
    return named or any(isinstance(v, int) and fits_role(n, "batch_size") for n, v in {**program.globals, **owner}.items())


FAILURES = (CannotCall, KeyError, ValueError, TypeError, IndexError, AttributeError)


def _record(
    program: Program, form: Form, submission: Submission, calls: dict[str, str], failures: list[str]
) -> list[Session]:
    """A few steps of a fresh network, from its first call on."""
    assert program.layout is not None
    data = _data(program, form)
    try:
        give(program, form, *data[0])
        driver = Driver(program, form)
        driver.calls = dict(calls)
        program.set_weights(_rng(3))
        steps = []
        for x, target in data:
            try:
                steps.append(driver.step(x, target))
            except CannotCall as error:
                failures.append(str(error))
                if not steps:
                    raise
                break
        rate = RATE if _knows_rate(program, driver) else None
        session = Session(form, steps, driver.calls, program.layout, program.style, rate, failures[:])
        session.accuracy = _accuracy(driver)
        session.extra = _hyperparameters(program, [n for p, n in driver.calls.items() if p in ("update", "step")])
        return [session]
    except FAILURES as error:
        submission.skipped.append(f"{program.style}, {form}: {error}")
        return []


def _accuracy(driver: Driver) -> dict[str, str]:
    try:
        return judge_accuracy(driver, _rng(6))
    except FAILURES:
        return {}


def _knows_rate(program: Program, driver: Driver) -> bool:
    name = (
        driver.calls.get("update")
        or driver.calls.get("step")
        or (driver.calls.get("backward") if driver.backward_updates else None)
    )
    if name is None:
        return False
    parameters = inspect.signature(program.functions[name]).parameters
    if any(fits_role(p, "lr") for p in parameters):
        return True
    by_class = "." in name and name in program.functions and "self" not in program.functions
    return _knows_rate_attribute(program) or program.style == "layer objects" or by_class


def _knows_rate_attribute(program: Program) -> bool:
    root = next(iter(program.roots.values()))
    if any(fits_role(n, "lr") and isinstance(v, float) and v == RATE for n, v in program.globals.items()):
        return True
    return any(
        fits_role(n, "lr") and v == RATE for n, v in getattr(root, "__dict__", {}).items() if isinstance(v, float)
    )


def _hyperparameters(program: Program, calls: list[str]) -> dict[str, float]:
    found: dict[str, float] = {}
    owners = [getattr(function, "__self__", None) for function in program.functions.values()]
    for root in [*program.roots.values(), *(getattr(owner, "_optimizer", None) for owner in owners)]:
        values = getattr(root, "__dict__", {})
        found.update({k: float(v) for k, v in values.items() if isinstance(v, float | int) and not isinstance(v, bool)})
    for name in calls:
        for word, parameter in inspect.signature(program.functions[name]).parameters.items():
            if fits_role(word, "momentum"):
                chosen = parameter.default if isinstance(parameter.default, float) else SETTINGS["momentum"]
                found.setdefault("momentum", chosen)
    return found


def main(arguments: list[str]) -> int:
    """Load, drive, record; the answer is in the result file, whatever the submission printed."""
    source, result = Path(arguments[0]).resolve(), Path(arguments[1])
    SEED[0] = int(arguments[2]) if len(arguments) > 2 else 0
    os.dup2(os.open(os.devnull, os.O_RDWR), 0)
    tame()
    try:
        submission = load(source)
    except (SyntaxError, ValueError) as error:
        line = f"line {error.lineno}: " if isinstance(error, SyntaxError) and error.lineno else ""
        save(result, [], [], f"{line}{type(error).__name__}: {getattr(error, 'msg', error)}")
        return 0
    found = list(sessions(submission))
    save(result, found, submission.skipped, "")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
