"""What TensorBoard is given: charts per task and quantity, the difference of the tracks, and the settings in force."""

from __future__ import annotations

import io
import random
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.plugins.custom_scalar import layout_pb2
from tensorboard.plugins.hparams import metadata as hparams
from tensorboard.summary.writer.record_writer import RecordWriter

from experiment.active_settings import find_twin, settings_in_force
from experiment.config import Augmentation, Data, DualTower, Experiment, Optimizer, Softmax, Trainer
from experiment.run import Run, finished_runs
from tests.parity.test_parity import run_both
from visualization.run_events import CURVES, METRICS, curve_tag, epoch_scalars
from visualization.tensorboard import record


@pytest.fixture(scope="module")
def runs(subset: Path, glove: Path, tmp_path_factory: Any) -> dict[str, Run]:
    """A dual tower in both tracks, the NumPy one first."""
    data = Data(source="subset", root=str(subset), word_vectors=str(glove), batch_size=32)
    tower = DualTower(image_dims=[8], margin_weight=1.0)
    logs = str(tmp_path_factory.mktemp("logs"))
    trainer = Trainer(max_epochs=3)
    fields: dict[str, Any] = {"data": data, "trainer": trainer, "logs_root": logs, "figures": False}
    return run_both(Experiment(experiment="t(1)", model="dual_tower", dual_tower=tower, **fields))


def events_of(run: Run) -> EventAccumulator:
    """What the run wrote."""
    return EventAccumulator(str(run.folder), {"scalars": 0, "tensors": 0}).Reload()


def hparams_of(run: Run, tag: str) -> Any:
    """A message of the hyperparameters' plugin."""
    return events_of(run).SummaryMetadata(tag).plugin_data.content


def test_curves_come_first_and_no_epoch_is_charted(runs: dict[str, Run]) -> None:
    for run in runs.values():
        tags = sorted(events_of(run).Tags()["scalars"])
        assert [tag for tag in tags if tag.startswith("curves/")] == tags[:4]
        assert not any(tag.split("/")[-1] == "epoch" for tag in tags)
        rows = run.read_history()
        for column in CURVES:
            shown = events_of(run).Scalars(curve_tag("t(1)", column))
            assert [(each.step, each.value) for each in shown] == [
                (row["step"], pytest.approx(row[column], rel=1e-6)) for row in rows
            ]


def test_the_second_of_two_equal_runs_shows_their_difference(runs: dict[str, Run]) -> None:
    first, second = events_of(runs["numpy"]), events_of(runs["lightning"])
    assert not any(tag.startswith("difference") for tag in first.Tags()["scalars"])
    histories = zip(runs["numpy"].read_history(), runs["lightning"].read_history(), strict=True)
    for place, (ours, theirs) in enumerate(histories):
        for column in CURVES:
            shown = second.Scalars(curve_tag("t(1)", column, "difference"))[place]
            assert shown.value == pytest.approx(ours[column] - theirs[column], rel=1e-6)


def test_a_chart_shows_one_quantity_of_one_experiment(runs: dict[str, Run]) -> None:
    events = events_of(runs["lightning"])
    content = events.Tensors("custom_scalars__config__")[0].tensor_proto.string_val[0]
    (category,) = layout_pb2.Layout.FromString(content).category
    assert category.title == "t(1)"
    tags = events.Tags()["scalars"]
    others = [tag.replace("t(1)", "t(1)b") for tag in tags]
    for chart in category.chart:
        (pattern,) = chart.multiline.tag
        matched = [tag for tag in tags if re.search(pattern, tag)]
        assert len(matched) == (2 if chart.title.startswith("difference") else 1), chart.title
        assert len({tag.split("/")[0] for tag in matched}) == 1
        assert not any(re.search(pattern, tag) for tag in others)


def test_the_table_of_hyperparameters(runs: dict[str, Run]) -> None:
    for track, run in runs.items():
        experiment = hparams.parse_experiment_plugin_data(hparams_of(run, hparams.EXPERIMENT_TAG))
        first = [each.name for each in experiment.hparam_infos if each.differs]  # TensorBoard sorts and ticks these
        assert sorted(first) == ["data", "dtype", "lr", "model", "track"]
        shown = [each.name.tag for each in experiment.metric_infos]
        assert shown == list(METRICS) and shown[0] == "test/accuracy"
        assert set(METRICS) <= set(events_of(run).Tags()["scalars"])
        start = hparams.parse_session_start_info_plugin_data(hparams_of(run, hparams.SESSION_START_INFO_TAG))
        assert start.hparams["track"].string_value == track and start.hparams["data"].string_value == "subset"
        assert start.hparams["dual_tower.margin"].number_value == 0.2
        for ignored in ("optimizer.beta1", "dual_tower.temperature", "softmax.hidden_dims", "optimizer.warmup"):
            assert ignored not in start.hparams


def test_terms_of_the_loss_have_a_group_of_their_own() -> None:
    row = dict.fromkeys((*CURVES, "epoch", "step", "lr", "train/loss_l2", "val/loss_l2"), 1.0)
    tags = epoch_scalars("one", row, 5.0)
    assert "loss_terms/one/train_loss_l2" in tags and not any("epoch" in tag or "step" in tag for tag in tags)
    assert len(tags) == len(CURVES) + 2 + 2


@pytest.mark.parametrize(
    ("experiment", "inside", "outside"),
    [
        (Experiment(), ("optimizer.momentum", "softmax.hidden_dims"), ("optimizer.beta1", "softmax.layers")),
        (Experiment(optimizer=Optimizer(name="adam")), ("optimizer.beta1",), ("optimizer.momentum",)),
        (Experiment(optimizer=Optimizer(schedule="step")), ("optimizer.decay_every",), ("optimizer.warmup",)),
        (Experiment(softmax=Softmax(layers=["ReLU"])), ("softmax.layers",), ("softmax.hidden_dims",)),
        (
            Experiment(model="dual_tower", dual_tower=DualTower(contrast_weight=1.0)),
            ("dual_tower.temperature", "data.word_vectors"),
            ("dual_tower.margin", "softmax.loss"),
        ),
        (
            Experiment(data=Data(augmentation=Augmentation(shift=2.0))),
            ("data.augmentation.shift",),
            ("data.augmentation.rotation", "data.word_vectors", "dual_tower.embedding_dim", "logs_root"),
        ),
    ],
)
def test_only_settings_in_force_are_listed(
    experiment: Experiment, inside: tuple[str, ...], outside: tuple[str, ...]
) -> None:
    settings = settings_in_force(experiment)
    assert set(inside) <= set(settings) and not set(outside) & set(settings)


def test_a_twin_has_the_same_settings_and_data(runs: dict[str, Run], small: Callable[..., Experiment]) -> None:
    from experiment.commandline import from_yaml

    run = runs["numpy"]
    experiment = from_yaml(run.folder / "config.yaml")
    twin = find_twin(run, experiment, "numpy")
    assert twin is not None and twin.folder == runs["lightning"].folder
    other_dtype = replace(experiment, trainer=replace(experiment.trainer, dtype="float64"))
    assert find_twin(run, other_dtype, "numpy") is None
    assert find_twin(run, replace(experiment, seed=7), "numpy") is None
    ignored = replace(experiment, optimizer=replace(experiment.optimizer, beta1=0.5), figures=False)
    assert find_twin(run, ignored, "numpy") is not None


def test_runs_are_named_by_time_type_and_data(runs: dict[str, Run]) -> None:
    for run in runs.values():
        assert re.fullmatch(r"\d{4}-\d\d-\d\d_\d\d-\d\d-\d\d_float32_subset(_\d+)?", run.folder.name)
    logs = runs["numpy"].folder.parents[2]
    assert {folder.parent.name for folder in finished_runs(logs, "t(1)")} == {"numpy", "lightning"}
    assert finished_runs(logs, "t(1)", "numpy") == [runs["numpy"].folder]
    assert finished_runs(logs, "t") == []


def test_a_run_of_an_older_version_is_refused_in_a_line(runs: dict[str, Run], tmp_path: Path) -> None:
    from experiment.errors import UserError

    old = Run(tmp_path)
    content = (runs["numpy"].folder / "model.json").read_text(encoding="utf-8")
    (tmp_path / "model.json").write_text(content.replace('"schema": 3', '"schema": 2'), encoding="utf-8")
    with pytest.raises(UserError, match=r"schema 2, not 3.*train again"):
        old.read_json("model.json", "track")


@pytest.mark.parametrize("length", [0, 1, 8, 255, 10_000])
def test_a_record_is_what_tensorboard_writes(length: int) -> None:
    content, theirs = random.Random(length).randbytes(length), io.BytesIO()
    RecordWriter(theirs).write(content)
    assert record(content) == theirs.getvalue()
