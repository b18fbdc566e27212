"""The entries of models and data sets: complete, and found by both tracks and by the command line."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from datamodules.images import ImageDataModule
from datamodules.registry import make_data
from experiment.commandline import parse_command
from experiment.config import Data, Experiment, Softmax
from experiment.errors import UserError
from experiment.registry import CHOICES, DATA_SETS, MODELS
from lightning_models import trainer as lightning_track
from numpy_ref import trainer as numpy_track
from training.program import check_network

SCORES = {"softmax": "logits", "dual_tower": "similarities", "sequence": "logits"}
"""A row for each model."""
SHAPES = {"quickdraw": (1, 28, 28), "mnist": (1, 28, 28), "cifar10": (3, 32, 32)}
"""A row for each data set."""
TRACKS: dict[str, Any] = {"numpy_ref": numpy_track, "lightning_models": lightning_track}


def test_every_entry_has_its_row() -> None:
    assert MODELS.keys() == SCORES.keys() and DATA_SETS.keys() == SHAPES.keys()


@pytest.mark.parametrize("name", MODELS)
def test_model_is_built_by_both_tracks(name: str, small: Callable[..., Experiment]) -> None:
    experiment = small(model=name)
    data, entry = make_data(experiment), MODELS[name]
    assert (data.words is not None) == entry.needs_words == (SCORES[name] == "similarities")
    assert entry.image_layers(experiment) is None and entry.layers_field == f"{entry.section}.{entry.layers}"
    for package, track in TRACKS.items():
        model = track.start_model(experiment, data)
        assert type(model) is entry.load_class(package) and type(model).__name__ == entry.class_name


@pytest.mark.parametrize("package", TRACKS)
def test_another_model_is_what_its_entry_says(
    package: str, small: Callable[..., Experiment], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(MODELS, "another", MODELS["softmax"])
    experiment = small(model="another", softmax=Softmax(layers=[{"MaxPool2d": 29}]))
    data = make_data(replace(experiment, softmax=Softmax()))
    assert data.words is None
    with pytest.raises(UserError, match=r"--softmax\.layers, layer 1"):
        check_network(experiment, data)
    model = TRACKS[package].start_model(replace(experiment, softmax=Softmax()), data)
    assert type(model).__name__ == "SoftmaxClassifier"


@pytest.mark.parametrize("name", DATA_SETS)
def test_data_set_has_a_data_module(name: str) -> None:
    kind = DATA_SETS[name].load_class()
    assert issubclass(kind, ImageDataModule) and kind.NAME


@pytest.mark.parametrize(("make", "words"), [
    (lambda: Experiment(model="sofmax"), "--model: 'sofmax' is none of softmax, dual_tower, sequence. Did you mean"),
    (lambda: Data(dataset="minst"), "--data.dataset: 'minst' is none of quickdraw, mnist, cifar10. Did you mean"),
])  # fmt: skip
def test_unknown_names_are_refused_with_a_suggestion(make: Callable[[], object], words: str) -> None:
    with pytest.raises(UserError) as refusal:
        make()
    assert words in str(refusal.value)


def test_help_lists_every_entry(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parse_command("", ["--help"])
    shown = " ".join(capsys.readouterr().out.split())
    for names in CHOICES.values():
        for name, entry in names.items():
            assert f"{name}: {entry.description}" in shown
