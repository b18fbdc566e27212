"""A sweep as its YAML file describes it, checked before anything is trained."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import yaml
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution

from experiment.commandline import flat_fields, parse_command
from experiment.config import Experiment
from experiment.errors import UserError, did_you_mean
from experiment.randomness import generator
from experiment.yaml_files import read_yaml

KEYS = ("name", "base", "sampler", "trials", "pruner", "parameters")
VARIANT = "variant"
"""In `parameters`, the name under which choices are sets of fields."""
MOST_TRIALS = 100_000
RANGE = ("low", "high", "log", "step")
Values = dict[str, Any]
"""A value for each swept field, as YAML text or a number."""


@dataclass(frozen=True, kw_only=True)
class Sweep:
    """Which hyperparameters are varied, and how.

    `parameters` gives for each field of the config a list of values, a range {low, high, log, step}, or names for
    long values: {choices: {name: value}}. The name `variant` is no field: its choices are sets of fields.
    """

    name: str
    """Name of the study: the folder of its runs under the logs."""
    base: list[str]
    """The trainers' flags for the experiment that is varied."""
    parameters: dict[str, BaseDistribution]
    sampler: Literal["grid", "random", "tpe"]
    trials: int | None
    """How many trials; None only for a grid, which has one for each combination."""
    pruner: Literal["none", "median"]
    named: dict[str, dict[str, list[str]]]
    """For values that have names: the flags that each stands for."""

    def points(self) -> list[Values] | None:
        """The values of every trial, if known in advance; None for TPE, which learns from earlier trials."""
        if self.sampler == "tpe":
            return None
        if self.sampler == "random":
            seed = self.experiment({}).seed
            return [self._random_point(seed, number) for number in range(self.trials or 0)]
        choices = [each.choices for each in self.parameters.values() if isinstance(each, CategoricalDistribution)]
        points = itertools.islice(itertools.product(*choices), self.trials)
        return [dict(zip(self.parameters, values, strict=True)) for values in points]

    @property
    def count(self) -> int:
        """How many trials there will be."""
        points = self.points()
        return len(points) if points is not None else self.trials or 0

    def experiment(self, values: Values) -> Experiment:
        """The experiment of a trial with these values."""
        flags = [
            self.named[name][value] if name in self.named else [_flag(name, value)] for name, value in values.items()
        ]
        return parse_command("", [*self.base, f"--experiment={self.name}", *itertools.chain(*flags)]).experiment

    def _random_point(self, seed: int, number: int) -> Values:
        random = generator(seed, "sweep", number)
        return {name: _draw(distribution, random.random()) for name, distribution in self.parameters.items()}


def read_sweep(path: Path, flags: Sequence[str], trials: int | None = None, check: bool = True) -> Sweep:
    """Read a sweep's YAML; `flags` go on top of its base. A mistake in it is a `UserError`.

    Without `check`, for a file that was read before, the values are not tried one by one.
    """
    content = read_yaml(path)
    if not isinstance(content, dict) or not isinstance(content.get("parameters"), dict) or not content["parameters"]:
        raise UserError(f"{path}: a sweep needs `parameters` with at least one field of the config.")
    for key in content:
        if key not in KEYS:
            raise UserError(f"{path}: unknown key {key!r}.{did_you_mean(str(key), KEYS)} There are {', '.join(KEYS)}.")
    if not isinstance(content.get("base", ""), str):
        raise UserError(f"{path}: base must be the name of a config file, not {content['base']!r}.")
    sweep = Sweep(
        name=str(content.get("name", path.stem)),
        base=["--config", str(path.parent / content["base"]), *flags] if "base" in content else list(flags),
        parameters={name: _distribution(path, name, content["parameters"][name]) for name in content["parameters"]},
        sampler=_one_of(path, "sampler", content.get("sampler", "grid"), ("grid", "random", "tpe")),
        trials=trials if trials is not None else content.get("trials"),
        pruner=_one_of(path, "pruner", content.get("pruner", "none"), ("none", "median")),
        named={
            name: {str(key): _flags(path, name, value) for key, value in given["choices"].items()}
            for name, given in content["parameters"].items()
            if _is_named(given)
        },
    )
    if check:
        _check(path, sweep)
    return sweep


def _check(path: Path, sweep: Sweep) -> None:
    trials = sweep.trials
    if trials is not None and not (type(trials) is int and 0 < trials <= MOST_TRIALS):
        raise UserError(f"{path}: trials must be a whole number from 1 to {MOST_TRIALS:,}, but is {trials!r}.")
    fixed = all(isinstance(each, CategoricalDistribution) for each in sweep.parameters.values())
    if sweep.sampler == "grid" and not fixed:
        raise UserError(f"{path}: a grid needs a list of values for every field; a range needs sampler random or tpe.")
    size = math.prod(
        len(each.choices) for each in sweep.parameters.values() if isinstance(each, CategoricalDistribution)
    )
    if sweep.sampler == "grid" and trials is None and size > MOST_TRIALS:
        raise UserError(f"{path}: a grid of {size:,} combinations is too large; take sampler random with `trials`.")
    if sweep.sampler != "grid" and trials is None:
        raise UserError(f"{path}: sampler {sweep.sampler} needs `trials`, a whole number above 0.")
    for name, distribution in sweep.parameters.items():  # every single value must be one that the config accepts
        ends = getattr(distribution, "choices", None) or (distribution.low, distribution.high)  # type: ignore[attr-defined]
        for value in ends:
            sweep.experiment({name: value})


def _distribution(path: Path, name: str, given: Any) -> BaseDistribution:
    if name != VARIANT or not _is_named(given):
        _check_field(path, name)
    if _is_named(given):
        if not given["choices"]:
            raise UserError(f"{path}: {name}: choices is empty; give {{name: value}} at least once.")
        return CategoricalDistribution([str(key) for key in given["choices"]])
    if isinstance(given, list) and given:
        return CategoricalDistribution([as_text(value) for value in given])
    if not isinstance(given, dict) or not {"low", "high"} <= set(given) <= set(RANGE):
        raise UserError(
            f"{path}: {name} needs a list of values, a range {{low, high, log, step}}, "
            f"or {{choices: {{name: value}}}}, not {given!r}."
        )
    if not all(type(given[key]) in (int, float) and math.isfinite(given[key]) for key in ("low", "high")):
        raise UserError(f"{path}: {name}: {given!r} is no range (low and high must be numbers).")
    whole = all(isinstance(given[key], int) for key in ("low", "high"))
    options = {key: given[key] for key in ("log", "step") if key in given}
    try:
        return (IntDistribution if whole else FloatDistribution)(given["low"], given["high"], **options)
    except (TypeError, ValueError, OverflowError) as error:
        raise UserError(f"{path}: {name}: {given!r} is no range ({error}).") from error


def _is_named(given: Any) -> bool:
    return isinstance(given, dict) and list(given) == ["choices"] and isinstance(given["choices"], dict)


def _check_field(path: Path, name: str) -> None:
    fields = flat_fields(asdict(Experiment()))
    if name not in fields or name == "experiment":
        raise UserError(f"{path}: {name!r} is no field of the config.{did_you_mean(str(name), fields)}")


def _flags(path: Path, name: str, value: Any) -> list[str]:
    """The flags that a named choice stands for."""
    if name != VARIANT:
        return [_flag(name, as_text(value))]
    if not isinstance(value, dict):
        raise UserError(f"{path}: a {VARIANT} needs a set of fields, {{field: value}}, not {value!r}.")
    for field in value:
        _check_field(path, field)
    return [_flag(field, as_text(value[field])) for field in value]


def _flag(name: str, value: Any) -> str:
    return f"--{name}={value}"


def as_text(value: Any) -> str:
    """A value as it would stand after `--field=`."""
    return yaml.safe_dump(value, default_flow_style=True, width=1000).removesuffix("\n").removesuffix("\n...")


def _draw(distribution: BaseDistribution, share: float) -> Any:
    """The value at `share` (0 to 1) of a distribution."""
    if isinstance(distribution, CategoricalDistribution):
        return distribution.choices[int(share * len(distribution.choices))]
    assert isinstance(distribution, FloatDistribution | IntDistribution)
    low, high, step = distribution.low, distribution.high, distribution.step
    if isinstance(distribution, IntDistribution):
        high, step = high + 1, step or 1
    value = low * (high / low) ** share if distribution.log else low + (high - low) * share
    if step and not distribution.log:
        value = low + (value - low) // step * step
    return int(value) if isinstance(distribution, IntDistribution) else float(value)


def _one_of(path: Path, key: str, value: Any, choices: tuple[str, ...]) -> Any:
    if value not in choices:
        raise UserError(f"{path}: {key} must be one of {', '.join(choices)}, not {value!r}.")
    return value
