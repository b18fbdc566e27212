"""The models and the data in a plain `lightning.Trainer`, as docs/your_own_trainer.md shows it."""

from __future__ import annotations

import csv
import re
from pathlib import Path
from typing import Any

import lightning
import numpy as np
import pytest
import torch
from lightning.pytorch.callbacks import Callback, EarlyStopping, ModelCheckpoint
from lightning.pytorch.loggers import CSVLogger
from torch.utils.data import DataLoader

from datamodules.lightning_adapter import ImageLightningDataModule
from datamodules.registry import make_data
from experiment.config import Augmentation, Experiment
from experiment.errors import UserError
from experiment.settings import experiment_of
from experiment.weights import BEST, save_weights
from lightning_models import DualTower, SoftmaxClassifier
from lightning_models.metrics import WeightedMean
from numpy_ref.trainer import Trainer as NumpyTrainer
from tests.conftest import PROJECT
from training.program import begin

QUIET: dict[str, Any] = {"logger": False, "enable_checkpointing": False, "enable_progress_bar": False}
QUIET |= {"enable_model_summary": False}
LAYERS = [{"Linear": 12}, "BatchNorm1d", "ReLU", {"Dropout": 0.3}]


@pytest.fixture
def settings(subset: Path, glove: Path) -> dict[str, Any]:
    """The data module's keyword arguments: batches of 32, the last one short."""
    return {"source": "subset", "root": str(subset), "word_vectors": str(glove), "batch_size": 32, "dtype": "float64"}


class Recorder(Callback):
    """Keeps what any callback sees at the end of each epoch."""

    def __init__(self) -> None:
        self.rows: list[dict[str, float]] = []

    def on_train_epoch_end(self, trainer: Any, pl_module: Any) -> None:
        self.rows.append({name: value.item() for name, value in trainer.callback_metrics.items()})


def test_the_documentation_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = (PROJECT / "docs" / "your_own_trainer.md").read_text(encoding="utf-8")
    assert len(text.splitlines()) < 100
    monkeypatch.chdir(tmp_path)
    (tmp_path / "configs").symlink_to(PROJECT / "configs")
    names: dict[str, Any] = {}
    for block in re.findall(r"```python\n(.*?)```", text, re.DOTALL):
        exec(block, names)
    assert sum(len(rows) for rows in names["probabilities"]) == 250
    assert len(list(tmp_path.glob("logs/lightning_logs/version_0/metrics.csv"))) == 1


@pytest.mark.parametrize("kind", ["softmax", "dual_tower"])
def test_a_plain_trainer_gives_the_numpy_tracks_numbers(kind: str, settings: dict[str, Any], tmp_path: Path) -> None:
    data = ImageLightningDataModule(**settings)
    chosen: dict[str, Any] = {"lr": 0.05, "dtype": "float64", "optimizer": "adam", "schedule": "one_cycle", "l2": 0.001}
    if kind == "softmax":
        chosen |= {"layers": LAYERS}
        model: Any = SoftmaxClassifier(**chosen)
    else:
        chosen |= {"image_layers": LAYERS, "margin_weight": 0.5, "train_word_tower": True}
        model = DualTower(word_vectors=data.word_vectors, **chosen)
    recorder = Recorder()
    trainer = lightning.Trainer(max_epochs=3, callbacks=[recorder], **QUIET)
    trainer.fit(model, data)
    (tested,) = trainer.test(model, data, verbose=False)

    experiment = experiment_of(model.hparams["experiment"], settings, "data")
    experiment = experiment_of(experiment, {"max_epochs": 3, "patience": 9}, "trainer")
    experiment = Experiment(**(vars(experiment) | {"logs_root": str(tmp_path), "figures": False}))
    images = make_data(experiment)
    ours = NumpyTrainer(experiment, images, begin(experiment, "numpy", images, images.metadata()))
    history = ours.fit()
    assert len(recorder.rows) == 3
    for row, logged in zip(history, recorder.rows, strict=True):
        scalars = {name: value for name, value in row.items() if "/" in name}
        assert scalars.keys() == logged.keys()
        assert scalars == pytest.approx(logged, rel=1e-12)
    save_weights(ours.run.folder / BEST, ours.model.state_dict())  # a plain Trainer tests the last epoch, not the best
    overall = {f"test/{name}": value for name, value in ours.test().test["overall"].items()}
    assert overall == pytest.approx({name: tested[name] for name in overall}, rel=1e-12)


def test_loggers_callbacks_and_checkpoints_see_what_is_logged(settings: dict[str, Any], tmp_path: Path) -> None:
    data, model = ImageLightningDataModule(**settings), SoftmaxClassifier(lr=0.01, dtype="float64")
    best = ModelCheckpoint(monitor="val/accuracy", mode="max")
    options = QUIET | {"logger": CSVLogger(tmp_path), "enable_checkpointing": True}
    trainer = lightning.Trainer(max_epochs=2, callbacks=[EarlyStopping("val/loss"), best], **options)
    trainer.fit(model, data)
    (validated,) = trainer.validate(model, data, verbose=False)
    (tested,) = trainer.test(model, data, verbose=False)
    assert validated.keys() == {"val/loss", "val/accuracy"}
    assert {"test/loss", "test/accuracy", "test/f1_macro", "test/roc_auc_macro"} <= tested.keys()
    with open(Path(trainer.logger.log_dir) / "metrics.csv", newline="") as file:  # type: ignore[union-attr, arg-type]
        rows = list(csv.DictReader(file))
    for name in ("train/loss", "train/accuracy", "val/loss", "val/accuracy"):
        assert len([row for row in rows if row[name]]) == (3 if name.startswith("val") else 2)
    again = SoftmaxClassifier.load_from_checkpoint(best.best_model_path, weights_only=True)
    assert again.hparams == model.hparams
    (score,) = trainer.validate(again, data, verbose=False)
    assert score["val/accuracy"] == best.best_model_score


def test_a_dual_tower_loads_from_its_path_alone(settings: dict[str, Any], tmp_path: Path) -> None:
    data = ImageLightningDataModule(**settings)
    tower = DualTower(word_vectors=data.word_vectors[:5], image_dims=[8], dtype="float64")
    trainer = lightning.Trainer(max_epochs=1, **QUIET)
    trainer.fit(tower, data)
    trainer.save_checkpoint(tmp_path / "tower.ckpt")
    again = DualTower.load_from_checkpoint(tmp_path / "tower.ckpt", weights_only=True)
    np.testing.assert_array_equal(again.word_vectors.numpy(), data.word_vectors)
    images = next(iter(data.test_dataloader()))[0]
    assert torch.equal(again.eval()(images), tower.eval()(images))
    with pytest.raises(TypeError, match="word_vectors"):
        DualTower()


def test_a_checkpoint_goes_on_with_the_same_batches_and_masks(settings: dict[str, Any], tmp_path: Path) -> None:
    def fit(epochs: int, **more: Any) -> dict[str, torch.Tensor]:
        model, data = SoftmaxClassifier(layers=LAYERS, dtype="float64"), ImageLightningDataModule(**settings)
        trainer = lightning.Trainer(max_epochs=epochs, **QUIET)
        trainer.fit(model, data, **more)
        trainer.save_checkpoint(tmp_path / "last.ckpt")
        return model.state_dict()

    whole = fit(4)
    fit(2)
    resumed = fit(4, ckpt_path=tmp_path / "last.ckpt", weights_only=True)
    for name, values in whole.items():
        assert torch.equal(values, resumed[name]), name


def test_validation_within_an_epoch_leaves_the_training_means_whole(settings: dict[str, Any]) -> None:
    rows = []
    for interval in (1.0, 0.3):
        data, recorder = ImageLightningDataModule(**settings), Recorder()
        tower = DualTower(word_vectors=data.word_vectors, image_dims=[8], dtype="float64")
        lightning.Trainer(max_epochs=2, val_check_interval=interval, callbacks=[recorder], **QUIET).fit(tower, data)
        rows.append(recorder.rows)
    for once, often in zip(*rows, strict=True):
        assert often.keys() == once.keys()
        assert {often[name] for name in often if "train" in name} == {once[name] for name in once if "train" in name}


def test_an_epoch_cut_short_is_logged_and_its_schedule_fits(settings: dict[str, Any]) -> None:
    data, model = ImageLightningDataModule(**settings), SoftmaxClassifier(schedule="one_cycle", dtype="float64")
    trainer = lightning.Trainer(max_steps=13, **QUIET)  # the second epoch has four of its nine steps
    trainer.fit(model, data)
    assert trainer.callback_metrics["train/accuracy"] * 4 * 32 == pytest.approx(
        round(float(trainer.callback_metrics["train/accuracy"]) * 4 * 32)
    )
    assert trainer.global_step == 13
    with pytest.raises(UserError, match="max_epochs or max_steps"):
        lightning.Trainer(max_epochs=-1, **QUIET).fit(model, data)


def test_the_schedule_follows_the_trainers_epochs(settings: dict[str, Any]) -> None:
    model = SoftmaxClassifier(schedule="cosine", lr=0.1, dtype="float64")
    trainer = lightning.Trainer(max_epochs=3, accumulate_grad_batches=2, **QUIET)
    trainer.fit(model, ImageLightningDataModule(**settings))
    assert trainer.optimizers[0].param_groups[0]["lr"] == pytest.approx(0, abs=1e-12)


def test_unknown_settings_are_refused_with_a_suggestion() -> None:
    with pytest.raises(TypeError, match=r"'hiden_dims'\. Did you mean 'hidden_dims'"):
        SoftmaxClassifier(hiden_dims=[3])
    with pytest.raises(TypeError, match=r"'batchsize'\. Did you mean 'batch_size'"):
        ImageLightningDataModule(batchsize=3)
    with pytest.raises(UserError, match=r"optimizer\.lr must be above 0"):
        SoftmaxClassifier(lr=-1.0)


def test_experiments_come_from_dicts_and_yaml(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text("softmax: {hidden_dims: [7]}\noptimizer: {lr: 0.5}\n")
    model = SoftmaxClassifier(str(tmp_path / "mine.yaml"), lr=0.25)
    assert model.hparams["experiment"]["softmax"]["hidden_dims"] == [7]
    assert model.hparams["experiment"]["optimizer"]["lr"] == 0.25
    same = SoftmaxClassifier(model.hparams["experiment"])
    assert same.hparams == model.hparams
    assert torch.equal(same.layers[-1].weight, model.layers[-1].weight)  # type: ignore[arg-type]


@pytest.mark.parametrize("split", ["train", "validation", "test"])
def test_loaders_return_the_numpy_tracks_batches(split: Any, settings: dict[str, Any]) -> None:
    module = ImageLightningDataModule(**settings, augmentation=Augmentation(rotation=10, shift=2))
    module.prepare_data()
    module.setup("fit")
    loader = {"train": module.train_dataloader, "validation": module.val_dataloader, "test": module.test_dataloader}[
        split
    ]()
    assert isinstance(loader, DataLoader) and len(loader) == module.data.num_batches(split)
    for epoch in (0, 3, 1):
        loader.sampler.set_epoch(epoch)  # type: ignore[attr-defined]
        for (images, labels), batch in zip(module.data.batches(split, epoch), loader, strict=True):
            np.testing.assert_array_equal(images, batch[0].numpy())
            np.testing.assert_array_equal(labels, batch[1].numpy())


def test_any_batch_can_be_asked_for(settings: dict[str, Any]) -> None:
    module = ImageLightningDataModule(**settings)
    batches = module.train_dataloader().dataset
    expected = {epoch: list(module.data.batches("train", epoch)) for epoch in (0, 2)}
    for epoch, batch_idx in ((0, 3), (2, 1), (2, 1), (2, 8), (0, 0)):
        np.testing.assert_array_equal(batches[epoch, batch_idx][0].numpy(), expected[epoch][batch_idx][0])
    np.testing.assert_array_equal(batches[2][0].numpy(), expected[0][2][0])
    with pytest.raises(IndexError):
        batches[0, 9]


def test_weighted_mean_keeps_float64_and_nan() -> None:
    mean = WeightedMean()
    mean.to("cpu")
    mean.update(torch.tensor([1.0, 1 + 1e-12], dtype=torch.float64), torch.tensor([1, 3]))
    assert mean.compute().item() == (1 + 3 * (1 + 1e-12)) / 4
    mean.update(torch.tensor([float("nan")], dtype=torch.float64), torch.tensor([1]))
    assert torch.isnan(mean.compute())
