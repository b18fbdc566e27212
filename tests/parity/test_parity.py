"""Whole runs in both tracks: the same numbers to the last digits, the same files, tags and steps."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from datamodules.quickdraw import QuickDrawDataModule
from experiment.config import Augmentation, Data, DualTower, Experiment, Optimizer, Sequence, Softmax, Trainer
from experiment.run import Run
from experiment.weights import load_weights
from lightning_models.trainer import train as train_lightning
from numpy_ref.trainer import train as train_numpy
from tests.conftest import EVERYTHING
from tests.networks.layer_table import CONVOLVED, HALVED
from training.program import begin
from training.results import save_results
from visualization.run_events import CURVES, curve_tag

TRACKS = {"numpy": train_numpy, "lightning": train_lightning}
EXPERIMENTS: dict[str, dict[str, Any]] = {
    "softmax": {"model": "softmax"},
    "dual_tower": {
        "model": "dual_tower",
        "dual_tower": DualTower(image_dims=[32], margin_weight=1.0, contrast_weight=0.5, train_word_tower=True),
        "optimizer": Optimizer(lr=0.02, nesterov=True, weight_decay=1e-3),
    },
    "everything": {
        "model": "softmax",
        "softmax": Softmax(layers=EVERYTHING, label_smoothing=0.1),
        "initializer": "xavier",
        "optimizer": Optimizer(name="adamw", lr=0.01, weight_decay=0.01, l2=1e-4, schedule="one_cycle"),
    },
    "binary": {
        "model": "softmax",
        "softmax": Softmax(hidden_dims=[16], loss="binary_cross_entropy"),
        "initializer": "normal",
        "optimizer": Optimizer(name="adam", lr=0.01, schedule="step", decay_every=2),
    },
    "sequence": {
        "model": "sequence",
        "sequence": Sequence(dim=8, heads=2, depth=2, feedforward=12),
        "initializer": "xavier",
        "optimizer": Optimizer(lr=0.03),
    },
    "resnet": {
        "model": "softmax",
        "softmax": Softmax(
            layers=[
                {"Conv2d": {"out_channels": 3, "kernel_size": 3, "stride": 3}},
                "BatchNorm2d",
                "ReLU",
                {
                    "Residual": {
                        "layers": [CONVOLVED, "BatchNorm2d", "ReLU", {"Dropout": 0.1}, CONVOLVED, "BatchNorm2d"]
                    }
                },
                "ReLU",
                {"Residual": {"layers": [HALVED, "BatchNorm2d"], "shortcut": [HALVED]}},
                "ReLU",
                {"AdaptiveAvgPool2d": 1},
            ]
        ),
        "optimizer": Optimizer(lr=0.03),
    },
}
DRAWN = "sequence"
"""Whose figures are drawn; tests/visualization/test_figures.py draws those of the other kinds of network."""
STROKES = Data(form="strokes", source="doodles", train_per_category=24, test_per_category=10, batch_size=12)


def run_both(experiment: Experiment) -> dict[str, Run]:
    """Train, test and save in both tracks."""
    runs = {}
    for track, train in TRACKS.items():
        data = QuickDrawDataModule(experiment)
        run = begin(experiment, track, data, data.metadata())
        outcome = train(experiment, data, run, False)
        save_results(run, experiment, track, data, data.metadata(), outcome)
        runs[track] = run
    return runs


@pytest.fixture(scope="module", params=EXPERIMENTS)
def runs(request: pytest.FixtureRequest, subset: Path, glove: Path, tmp_path_factory: Any) -> dict[str, Run]:
    """Finished float64 runs of one experiment in both tracks."""
    return run_both(
        Experiment(
            **EXPERIMENTS[request.param],
            experiment=request.param,
            logs_root=str(tmp_path_factory.mktemp("logs")),
            data=STROKES
            if request.param == "sequence"
            else Data(
                source="subset",
                root=str(subset),
                word_vectors=str(glove),
                batch_size=32,
                augmentation=Augmentation(rotation=10, shift=1) if request.param == "everything" else Augmentation(),
            ),
            trainer=Trainer(dtype="float64", max_epochs=6, patience=2),
            figures=request.param == DRAWN,
        )
    )


def test_histories_agree(runs: dict[str, Run]) -> None:
    ours, theirs = (np.genfromtxt(run.folder / "history.csv", delimiter=",", names=True) for run in runs.values())
    assert ours.dtype.names == theirs.dtype.names
    assert len(ours) == len(theirs) > 1
    for name in ours.dtype.names or ():
        np.testing.assert_allclose(ours[name], theirs[name], rtol=1e-12, atol=1e-12, err_msg=name)


def test_weights_and_predictions_agree(runs: dict[str, Run]) -> None:
    ours, theirs = (load_weights(run.folder / "model.safetensors")[0] for run in runs.values())
    assert ours.keys() == theirs.keys()
    for name in ours:
        np.testing.assert_allclose(ours[name], theirs[name], atol=1e-12, err_msg=name)
    ours, theirs = (dict(np.load(run.folder / "predictions.npz")) for run in runs.values())
    assert ours.keys() == theirs.keys() >= {"labels", "probabilities"}
    np.testing.assert_array_equal(ours["probabilities"].argmax(axis=1), theirs["probabilities"].argmax(axis=1))
    for name in ours:
        np.testing.assert_allclose(ours[name], theirs[name], atol=1e-12, err_msg=name)


def test_metrics_have_one_schema_and_agree(runs: dict[str, Run]) -> None:
    ours, theirs = (run.read_json("metrics.json") for run in runs.values())
    assert ours.keys() == theirs.keys()
    assert (ours["track"], theirs["track"]) == ("numpy", "lightning")
    for key in ("epochs", "ended_by", "data", "model"):
        assert ours[key] == theirs[key]
    for key in ("test", "test_per_class", "validation_best"):
        assert _flat(ours[key]).keys() == _flat(theirs[key]).keys()
        for name, value in _flat(ours[key]).items():
            assert value == pytest.approx(_flat(theirs[key])[name], abs=1e-6), name


def test_runs_leave_the_same_files(runs: dict[str, Run]) -> None:
    ours, theirs = (file_kinds(run) for run in runs.values())
    assert ours == theirs
    documented = Path(__file__).parents[2].joinpath("experiment", "run.py").read_text()
    for kind in ours - {"checkpoints", "figures"}:
        assert kind.split("/")[0] in documented, kind


def test_tensorboard_tags_and_steps_agree(runs: dict[str, Run]) -> None:
    ours, theirs = (_events(run) for run in runs.values())
    scalars, kinds = set(ours.Tags()["scalars"]), {"scalars": None}
    assert ours.Tags() | kinds == theirs.Tags() | kinds
    others = set(theirs.Tags()["scalars"])
    assert {tag.split("/")[0] for tag in scalars ^ others} == {"difference"}  # the second run compares itself
    name = runs["numpy"].experiment_name
    expected = {curve_tag(name, column) for column in CURVES} | {"training/lr", "training/images_per_second"}
    assert expected | {"test/accuracy"} <= scalars & others
    assert "hp_metric" not in scalars
    for tag in (scalars & others) - {"training/images_per_second"}:
        mine, other = ([(event.step, event.value) for event in each.Scalars(tag)] for each in (ours, theirs))
        np.testing.assert_allclose(mine, other, rtol=1e-6, err_msg=tag)
    for tag in ours.Tags()["histograms"]:
        mine, other = ([(e.step, e.histogram_value.sum) for e in each.Histograms(tag)] for each in (ours, theirs))
        np.testing.assert_allclose(mine, other, rtol=1e-6, atol=1e-9, err_msg=tag)
    plugins = {ours.SummaryMetadata(tag).plugin_data.plugin_name for tag in ours.Tags()["tensors"]}
    assert plugins == {"custom_scalars", "hparams", "pr_curves", "text"}
    if name == DRAWN:
        assert {"figures/1_predictions", "figures/2_confusion_matrix"} <= set(ours.Tags()["images"])


def test_each_term_is_logged(runs: dict[str, Run]) -> None:
    with open(runs["numpy"].folder / "history.csv") as file:
        header = file.readline().strip().split(",")
    terms = [name for name in header if name.startswith("train/loss_")]
    expected = {
        "dual_tower": ["train/loss_cosine", "train/loss_margin", "train/loss_contrast"],
        "everything": ["train/loss_cross_entropy", "train/loss_l2"],
    }
    assert terms == expected.get(runs["numpy"].folder.parents[1].name, [])


@pytest.mark.parametrize("model", ["softmax", "dual_tower"])
def test_float32_runs_stay_close(model: Any, small: Callable[..., Experiment]) -> None:
    runs = run_both(small(model=model, trainer=Trainer(max_epochs=2)))
    ours, theirs = (np.genfromtxt(run.folder / "history.csv", delimiter=",", names=True) for run in runs.values())
    np.testing.assert_allclose(ours["valloss"], theirs["valloss"], rtol=1e-4)


def test_real_drawings_agree_over_a_whole_training(real_data: Path, tmp_path: Path) -> None:
    experiment = Experiment(
        logs_root=str(tmp_path),
        figures=False,
        data=Data(root=str(real_data)),
        trainer=Trainer(dtype="float64", max_epochs=3),
    )
    runs = run_both(experiment)
    ours, theirs = (load_weights(run.folder / "model.safetensors")[0] for run in runs.values())
    for name in ours:
        np.testing.assert_allclose(ours[name], theirs[name], atol=1e-12, err_msg=name)


def _flat(nested: dict[str, Any]) -> dict[str, float]:
    return {
        f"{key}/{inner}": number
        for key, value in nested.items()
        for inner, number in (value.items() if isinstance(value, dict) else [("", value)])
    }


def file_kinds(run: Run) -> set[str]:
    """The names of a run's files, without what differs from run to run."""
    return {_file_kind(run.folder, path) for path in run.folder.rglob("*")}


def _file_kind(folder: Path, path: Path) -> str:
    name = str(path.relative_to(folder))
    return "events.out.tfevents" if "tfevents" in name else name.replace(".ckpt", ".*").replace("t.safetensors", "t.*")


def _events(run: Run) -> Any:
    events = EventAccumulator(str(run.folder), {"scalars": 0, "histograms": 0, "images": 0, "tensors": 0})
    return events.Reload()


def test_metrics_json_is_strict_json(runs: dict[str, Run]) -> None:
    def refuse(constant: str) -> None:
        raise AssertionError(constant)

    json.loads((runs["numpy"].folder / "metrics.json").read_text(), parse_constant=refuse)
