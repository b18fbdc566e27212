"""What can be seen of a submission: every form of the data is tried, and every program that can be made of the file."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from parity.check.inside.accuracy import judge_accuracy
from parity.check.inside.arrays import Array
from parity.check.inside.data import BATCHES, RATE, Form, Session, Step, batches, give
from parity.check.inside.differences import differences
from parity.check.inside.hyperparameters import has_rate, hyperparameters, knows_batch_size, knows_rate
from parity.check.inside.load import Submission, load
from parity.check.inside.makers import KINDS, programs
from parity.check.inside.modes import evaluations, others, put_others, snapshot, vary_others
from parity.check.inside.names import fits_role, signature
from parity.check.inside.optimizers import call_step
from parity.check.inside.program import CannotCall, Program
from parity.check.inside.session import TRAIN, Driver, ranked
from parity.check.inside.settle import FORMS, stream

SIZES = [[12, 9, 9, 5], [12, 9, 5], [12, 9, 9, 1], [8, 8, 8, 8]]


def sessions(submission: Submission) -> Iterator[Session]:
    """Every form in which the submission could be driven, for the first sizes at which it can be."""
    deep = seen = False
    trains: list[Session] = []
    for sizes in SIZES:
        if len(sizes) == 3 and (trains or (seen and not deep)):  # for networks with exactly one hidden layer
            continue
        made: list[Session] = []
        for kind in KINDS:
            if any(len(s.layout.sizes) > 2 and _moves(s) for s in made):
                break  # the file's own network can be seen: none has to be put together
            for form in FORMS:
                if form.single and any(not s.form.single and _moves(s) for s in made):
                    continue  # whole batches say more
                for number in range(len(list(programs(submission, sizes, form, kind)))):
                    made += _sessions_of(Source(submission, sizes, form, kind, number))
        yield from made
        trains = [s for s in made if s.steps[0].output is not None and _trains_all(s.steps[0])]
        seen = seen or bool(made)
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


def _moves(session: Session) -> bool:
    """Whether gradients or changes of the weights were seen."""
    return bool(session.steps[0].weight_gradients or session.steps[0].new_weights)


def _trains_all(step: Step) -> bool:
    """Whether each weight has a gradient or moves; a training may be written for exactly two layers."""
    if step.weight_gradients:
        return True
    moved = [not np.array_equal(a, b) for a, b in zip(step.weights, step.new_weights or [], strict=False)]
    return bool(moved) and all(moved)


@dataclass(frozen=True)
class Source:
    """How a program is made: the file, the sizes, the form of its data, and which of those that can be made."""

    submission: Submission
    sizes: list[int]
    form: Form
    kind: str
    number: int

    def make(self) -> Program | None:
        """The program as it is before its first call; None if the file's state does not allow it any more."""
        made = programs(self.submission, self.sizes, self.form, self.kind)
        return next(itertools.islice(made, self.number, None), None)

    def afresh(self) -> Source:
        """The same in the file as it is when it is loaded, unless that takes long."""
        if self.submission.seconds >= 0.3:
            return self
        return replace(self, submission=load(self.submission.path))


def _sessions_of(source: Source) -> list[Session]:
    """What can be seen of one program."""
    program, form, submission = source.make(), source.form, source.submission
    if program is None:
        return []
    made: list[Session] = []
    calls = _explore(program, form, submission)
    for chosen in _plans(calls):
        fresh = source.afresh()
        again = fresh.make()
        if again is not None:
            made += _record(again, fresh, chosen, program.failures)
            if "backward" in chosen and made and (other := fresh.make()):
                _add_differences(made[-1], other, fresh)
    updated = any(session.steps[0].new_weights is not None for session in made)
    if not updated and (retrained := _retrained(source)):
        made.append(retrained)
    if calls and (training := _training(source)):
        made.append(training)
    if calls and (epochs := _epochs(source)):
        made.append(epochs)
    return made


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
        seen = "forward" if "forward" in calls else "loss"
        plans.append({part: name for part, name in calls.items() if part in (seen, "step")})
    return plans


def _data(program: Program, form: Form) -> list[tuple[Any, Any]]:
    assert program.layout is not None
    data = batches(program.layout.sizes, stream(2))
    return [(x[:1], t[-1:]) for x, t in data] if form.single else data


def _add_differences(session: Session, program: Program, source: Source) -> None:
    """Central differences of the loss for the session's first batch, on a network of their own."""
    x, target = _data(program, source.form)[0]
    try:
        give(program, source.form, x, target)
        driver = Driver(program, source.form)
        driver.calls = session.calls
        _overwrite(program, session.calls, source)
        session.steps[0].numeric = differences(driver, len(x))
    except FAILURES:
        return


def _overwrite(program: Program, calls: dict[str, str], source: Source) -> None:
    """Random weights and biases, and a batch norm's γ and β; these are tried on another network, for it may cache."""
    program.set_weights(stream(3))
    if "forward" not in calls or source.form.single or not others(program) or (spare := source.make()) is None:
        return
    spare.set_weights(stream(3))
    forward = _forward_of(spare, calls, source)
    vary_others(spare, forward, stream(8))
    put_others(program, snapshot(spare))
    if set(others(spare)) != set(others(program)):  # running statistics begin with the first call
        _forward_of(program, calls, source)()


def _forward_of(program: Program, calls: dict[str, str], source: Source) -> Callable[[], Array]:
    """The program's forward pass of the first batch, in training."""
    x, target = _data(program, source.form)[0]
    give(program, source.form, x, target)
    driver = Driver(program, source.form)
    driver.calls = dict(calls)
    return lambda: driver.forward(calls["forward"], len(x))


TRAINING_SAMPLES = 17


def _training(source: Source) -> Session | None:
    """One epoch of the submission's own training on 17 samples in batches of 7: order, shuffling and the last batch."""
    program, form = source.make(), source.form
    if program is None or form.single:
        return None
    assert program.layout is not None
    for name in ranked(program, TRAIN):
        parameters = signature(program.functions[name]).parameters
        if not knows_batch_size(program, list(parameters)):
            continue
        ((x, target),) = batches(program.layout.sizes, stream(4), (TRAINING_SAMPLES,))
        give(program, form, x, target)
        program.roles["batch_size"] = program.roles["batch_size_2"] = BATCHES[0]
        for word in [n for n, v in program.globals.items() if isinstance(v, int) and fits_role(n, "batch_size")]:
            program.globals[word] = BATCHES[0]
        program.set_weights(stream(3))
        try:
            step = Step(x, target, *program.weights())
            program.replace_roots(name, call_step(program, name))
            step.new_weights, step.new_biases = program.weights()
        except FAILURES:
            continue
        if any(np.shape(a) != np.shape(b) for a, b in zip(step.weights, step.new_weights, strict=True)):
            continue
        if any(not np.array_equal(a, b) for a, b in zip(step.weights, step.new_weights, strict=True)):
            rate = RATE if has_rate(program, name) else None
            session = Session(form, [step], {"training": name}, program.layout, program.style, rate)
            session.extra = hyperparameters(program, [name])
            return session
    return None


EPOCHS = 6


def _epochs(source: Source) -> Session | None:
    """Whole batches for 1, 2, … epochs from the same weights: what a schedule and counters do inside a training."""
    program, form = source.make(), source.form
    if program is None or form.single:
        return None
    for name in (n for n in ranked(program, TRAIN) if program.set_epochs(n, 1)):
        taken = [_after_epochs(source, name, epochs) for epochs in range(1, EPOCHS + 1)]
        steps = [one for one in taken if one is not None]
        if len(steps) < EPOCHS:
            continue
        steps = [steps[0], *(_between(_state_after(one), after) for one, after in itertools.pairwise(steps))]
        if all(_moved(step) for step in steps):
            rate = RATE if has_rate(program, name) else None
            assert program.layout is not None
            session = Session(form, steps, {"epochs": name}, program.layout, program.style, rate)
            session.extra = hyperparameters(program, [name])
            return session
    return None


def _after_epochs(source: Source, name: str, epochs: int) -> Step | None:
    """One step that is a whole training of so many epochs, each of one batch."""
    program = source.make()
    if program is None or name not in program.functions or program.layout is None:
        return None
    ((x, target),) = batches(program.layout.sizes, stream(4), BATCHES[:1], complete=True)
    try:
        give(program, source.form, x, target)
        if not program.set_epochs(name, epochs):
            return None
        program.set_weights(stream(3))
        step = Step(x, target, *program.weights())
        program.replace_roots(name, call_step(program, name))
        step.new_weights, step.new_biases = program.weights()
    except FAILURES:
        return None
    return step


def _state_after(step: Step) -> Step:
    assert step.new_weights is not None and step.new_biases is not None
    return replace(step, weights=step.new_weights, biases=step.new_biases)


def _retrained(source: Source) -> Session | None:
    """Steps of a training that begins with weights of its own each time: it is run for 0, 1, 2, … epochs."""
    first, form = source.make(), source.form
    if form.single or first is None:
        return None
    for name in ranked(first, TRAIN):
        seen = []
        for epochs in range(len(BATCHES)):
            program = source.make()
            assert program is not None and program.layout is not None
            ((x, target),) = batches(program.layout.sizes, stream(4), BATCHES[:1], complete=True)
            give(program, form, x, target)
            if not program.set_epochs(name, epochs):
                break
            try:
                program.replace_roots(name, call_step(program, name))
                seen.append((program, Step(x, target, *program.weights())))
            except FAILURES as error:
                source.submission.skipped.append(f"{name}(): {error}")
                if epochs:
                    break
        steps = [_between(one, after) for (_, one), (_, after) in itertools.pairwise(seen)]
        if len(steps) > 1 and all(_moved(step) for step in steps):
            program, _ = seen[0]
            assert program.layout is not None
            rate = RATE if has_rate(program, name) else None
            calls = {"step": name}
            session = Session(form, steps, calls, program.layout, program.style, rate)
            _add_outputs(session, [p for p, _ in seen], form)
            session.extra = hyperparameters(program, [name])
            return session
    return None


def _between(before: Step, after: Step) -> Step:
    new = (after.weights, after.biases) if after.new_weights is None else (after.new_weights, after.new_biases)
    return replace(before, new_weights=new[0], new_biases=new[1])


def _moved(step: Step) -> bool:
    pairs = list(zip(step.weights, step.new_weights or [], strict=True))
    same_shapes = all(np.shape(a) == np.shape(b) for a, b in pairs)
    return same_shapes and any(not np.array_equal(a, b) for a, b in pairs)


def _add_outputs(session: Session, trained: list[Program], form: Form) -> None:
    """What the trained networks answer, where a function gives outputs."""
    for program, step in zip(trained, session.steps, strict=False):
        try:
            give(program, form, step.x, step.target)
            driver = Driver(program, form)
            driver.find_forward(len(step.x))
            step.output = driver.forward(driver.calls["forward"], len(step.x))
        except FAILURES:
            return
        session.calls["forward"] = driver.calls["forward"]


FAILURES = (CannotCall, KeyError, ValueError, TypeError, IndexError, AttributeError)


def _record(program: Program, source: Source, calls: dict[str, str], failures: list[str]) -> list[Session]:
    """A few steps of a fresh network, from its first call on."""
    assert program.layout is not None
    form = source.form
    data = _data(program, form)
    try:
        give(program, form, *data[0])
        driver = Driver(program, form)
        driver.calls = dict(calls)
        _overwrite(program, calls, source)
        steps = []
        for x, target in data:
            try:
                steps.append(driver.step(x, target))
            except CannotCall as error:
                failures.append(str(error))
                if not steps:
                    raise
                break
        rate = RATE if knows_rate(program, driver) else None
        session = Session(form, steps, driver.calls, program.layout, program.style, rate, failures[:])
        session.accuracy = _accuracy(driver)
        session.extra = hyperparameters(program, [n for p, n in driver.calls.items() if p in ("update", "step")])
        session.extra["loops"] = float(_loops(program, driver.calls.get("step")))
        session.extra["aliased"] = float(program.aliased)
        session.evaluations = evaluations(program, form, stream(7))
        return [session]
    except FAILURES as error:
        source.submission.skipped.append(f"{program.style}, {form}: {error}")
        return []


def _loops(program: Program, name: str | None) -> bool:
    """Whether a step is a whole training of some epochs."""
    return name is not None and any(fits_role(p, "epochs") for p in signature(program.functions[name]).parameters)


def _accuracy(driver: Driver) -> dict[str, str]:
    try:
        return judge_accuracy(driver, stream(6))
    except FAILURES:
        return {}
