"""Experiments from plain values: from keyword arguments, and from the nested dicts that checkpoints keep."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any, TypeVar, get_type_hints

from experiment.commandline import from_yaml
from experiment.config import Experiment
from experiment.errors import did_you_mean
from experiment.registry import MODELS

Kind = TypeVar("Kind")
ELSEWHERE = {
    "dtype": ("trainer", "dtype"),
    "optimizer": ("optimizer", "name"),
    "initializer": (None, "initializer"),
    "seed": (None, "seed"),
}
"""Keyword arguments whose field is in another section, or has another name there."""

Source = Experiment | dict[str, Any] | str | Path | None
"""An experiment, as nested dicts, as a YAML file; None is the default experiment."""


def experiment_of(source: Source, settings: dict[str, Any], *sections: str) -> Experiment:
    """The experiment that `source` stands for, with some fields replaced.

    Args:
        source: see `Source`.
        settings: new values of the fields of `sections`; also `seed`, `dtype` and `optimizer` (its name).
        sections: the experiment's sections whose fields `settings` may name.

    Raises:
        TypeError: for a setting that is none of these, with a suggestion.
        UserError: for a value that the field does not take.
    """
    experiment = _read(source)
    places: dict[str, tuple[str | None, str]] = dict(ELSEWHERE)
    for section in sections:
        places |= {each.name: (section, each.name) for each in dataclasses.fields(getattr(experiment, section))}
    for name, value in settings.items():
        if name not in places:
            raise TypeError(f"unexpected keyword argument {name!r}.{did_you_mean(name, places)}")
        section_name, field = places[name]
        if section_name is None:
            experiment = dataclasses.replace(experiment, **{field: value})
        else:
            changed = dataclasses.replace(getattr(experiment, section_name), **{field: value})
            experiment = dataclasses.replace(experiment, **{section_name: changed})
    return experiment


def model_experiment(source: Source, model: str, settings: dict[str, Any]) -> Experiment:
    """The same for one of the models: `settings` are of its own section and of the optimiser's."""
    experiment = experiment_of(source, settings, MODELS[model].section, "optimizer")
    return experiment.with_model(model)


def _read(source: Source) -> Experiment:
    if isinstance(source, Experiment):
        return source
    if isinstance(source, str | Path):
        return from_yaml(Path(source))
    return _from_dict(Experiment, source or {})


def _from_dict(kind: type[Kind], values: dict[str, Any]) -> Kind:
    """A dataclass from nested dicts, the inverse of `dataclasses.asdict`."""
    sections: dict[str, Any] = {
        name: hint for name, hint in get_type_hints(kind).items() if dataclasses.is_dataclass(hint)
    }
    return kind(
        **{
            name: _from_dict(sections[name], value) if name in sections and isinstance(value, dict) else value
            for name, value in values.items()
        }
    )
