"""Figures, projector and reported numbers, from the files of finished runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch
from google.protobuf import text_format
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.plugins.projector.projector_config_pb2 import ProjectorConfig
from torchmetrics.functional.classification import multiclass_calibration_error

from experiment.config import DualTower, Experiment, Softmax, Trainer
from experiment.errors import UserError
from experiment.metrics import calibration
from experiment.run import Run
from studies.reproduce.published import read_reported
from tests.conftest import EVERYTHING, Program, assert_refused
from tests.parity.test_parity import file_kinds, run_both
from visualization.figures import FIGURES, draw_all
from visualization.projector import CONFIG
from visualization.run_data import read_results

ALWAYS = set(FIGURES) - {"loss_terms", "feature_maps", "confused_pairs", "attention"}
CASES: dict[str, tuple[dict[str, Any], set[str]]] = {
    "mlp": ({"softmax": Softmax(hidden_dims=[6])}, ALWAYS),
    "cnn": ({"softmax": Softmax(layers=EVERYTHING)}, ALWAYS | {"feature_maps"}),
    "two towers": (
        {"model": "dual_tower", "dual_tower": DualTower(image_dims=[8], margin_weight=1.0, embedding_dim=3)},
        ALWAYS | {"loss_terms"},
    ),
}


@pytest.fixture(scope="module", params=CASES)
def runs(
    request: pytest.FixtureRequest, subset: Path, glove: Path, tmp_path_factory: Any
) -> tuple[str, dict[str, Run]]:
    """Runs of a small network of some kind, in both tracks."""
    from experiment.config import Data

    fields, _ = CASES[request.param]
    data = Data(source="subset", root=str(subset), word_vectors=str(glove), batch_size=32)
    logs = str(tmp_path_factory.mktemp("logs"))
    trainer = Trainer(dtype="float64", max_epochs=2)
    return request.param, run_both(Experiment(**fields, logs_root=logs, data=data, trainer=trainer))


def test_both_tracks_get_all_figures(runs: tuple[str, dict[str, Run]]) -> None:
    case, by_track = runs
    for run in by_track.values():
        pictures = {path.stem: path for path in (run.folder / "figures").glob("*.png")}
        assert set(pictures) == CASES[case][1]
        for path in pictures.values():
            picture = cv2.imread(str(path))
            assert picture is not None and picture.std() > 5, path  # something is drawn
    ours, theirs = by_track.values()
    assert file_kinds(ours) == file_kinds(theirs)
    assert set(image_tags(ours)) == set(image_tags(theirs)) >= {"figures/1_predictions", "figures/2_confusion_matrix"}


def image_tags(run: Run) -> list[str]:
    """The names of a run's pictures in TensorBoard, in its order."""
    return list(EventAccumulator(str(run.folder), {"images": 0}).Reload().Tags()["images"])


def test_tensorboard_has_few_images_in_order(runs: tuple[str, dict[str, Run]]) -> None:
    tags = image_tags(runs[1]["numpy"])
    assert tags[0] == "figures/1_predictions" and len(tags) <= 6
    assert sorted(tags) == tags


def test_figures_come_from_the_files_alone(runs: tuple[str, dict[str, Run]]) -> None:
    run = runs[1]["numpy"]
    again = draw_all(read_results(run))
    for name, (png, _) in again.items():
        assert png == (run.folder / "figures" / f"{name}.png").read_bytes(), name
    with pytest.raises(UserError, match=r"metrics|examples|predictions|model|data"):
        read_results(Run(run.folder / "nowhere"))


def test_tracks_see_the_same_inside(runs: tuple[str, dict[str, Run]]) -> None:
    ours, theirs = (dict(np.load(run.folder / "examples.npz")) for run in runs[1].values())
    assert ours.keys() == theirs.keys() >= {"features_first", "features_best", "rows", "images"}
    assert ("words" in ours) == (runs[0] == "two towers") and ("maps_last" in ours) == (runs[0] == "cnn")
    for name in ours:
        np.testing.assert_allclose(ours[name], theirs[name], atol=1e-9, err_msg=name)
    best = runs[1]["numpy"].read_json("metrics.json")["validation_best"]["epoch"]
    assert np.array_equal(ours["features_first"], ours["features_best"]) == (best == 1)


def test_projector_files_fit_together(runs: tuple[str, dict[str, Run]]) -> None:
    folder = runs[1]["lightning"].folder
    config = text_format.Parse((folder / CONFIG).read_text(), ProjectorConfig())
    (embedding,) = config.embeddings
    vectors = np.loadtxt(folder / embedding.tensor_path, delimiter="\t", ndmin=2)
    count = len(vectors)
    assert vectors.shape == tuple(embedding.tensor_shape)
    labels = (folder / embedding.metadata_path).read_text().splitlines()
    assert len(labels) == 1 + count
    assert sum("\tWORD\t" in line for line in labels) == (5 if runs[0] == "two towers" else 0)
    sheet = cv2.imread(str(folder / embedding.sprite.image_path))
    width, height = embedding.sprite.single_image_dim
    assert sheet is not None and (sheet.shape[0] // height) * (sheet.shape[1] // width) >= count


def test_calibration_by_hand() -> None:
    # Four predictions with confidences 0.95, 0.95 (one right) and 0.55, 0.55 (both right): in the last bin accuracy is
    # 0.5, in the sixth 1. Error = (2 · |0.5 - 0.95| + 2 · |1 - 0.55|) / 4 = 0.45.
    p = np.array([0.95, 0.95, 0.55, 0.55])
    bins = calibration(np.array([0, 1, 0, 0]), np.stack([p, 1 - p], axis=1))
    assert bins.counts.tolist() == [0, 0, 0, 0, 0, 2, 0, 0, 0, 2]
    assert (bins.accuracy[5], bins.accuracy[9]) == (1.0, 0.5)
    assert bins.error == pytest.approx(0.45)


def test_calibration_error_is_torchmetrics() -> None:
    random = np.random.default_rng(0)
    scores = random.normal(size=(400, 5))
    probabilities, labels = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True), random.integers(0, 5, 400)
    theirs = multiclass_calibration_error(torch.from_numpy(probabilities), torch.from_numpy(labels), 5, n_bins=10)
    assert calibration(labels, probabilities).error == pytest.approx(float(theirs), abs=1e-6)


def test_a_run_may_be_named_from_its_own_folder(
    runs: tuple[str, dict[str, Run]], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = runs[1]["numpy"].folder
    monkeypatch.chdir(folder.parent)
    assert read_results(Run(Path(folder.name))).heading == read_results(runs[1]["numpy"]).heading


def test_figures_can_be_left_out(small: Callable[..., Experiment]) -> None:
    run = run_both(small(trainer=Trainer(max_epochs=1), figures=False))["numpy"]
    assert not (run.folder / "figures").exists() and not (run.folder / "projector").exists()
    assert read_results(run).history[0]["epoch"] == 1  # they can still be drawn later


# --- reproduce.py


@pytest.fixture
def report(tmp_path: Path) -> Path:
    """A folder with two small experiments, one of them with reported numbers."""
    folder = tmp_path / "a_report"
    folder.mkdir()
    (folder / "one.yaml").write_text("experiment: one\nsoftmax: {hidden_dims: [4]}\n")
    (folder / "two.yaml").write_text("experiment: two\nsoftmax: {hidden_dims: []}\n")
    (folder / "reported.yaml").write_text(
        "title: A report\ntraining_images: 1000\nrows:\n"
        "  - {config: one.yaml, numpy: {accuracy: 0.5}, lightning: {accuracy: 0.6, roc_auc_macro: 0.7}}\n"
        "  - {config: two.yaml}\n"
    )
    return folder


def test_a_report_is_reproduced_once(report: Path, subset: Path, program: Program, tmp_path: Path) -> None:
    flags = ["--data.source", "subset", "--data.root", subset, "--logs_root", tmp_path / "logs", "--figures", "false"]
    flags += ["--trainer.max_epochs", "1"]
    program("train_lightning.py", "--config", report / "two.yaml", *flags)  # what is there is taken as it is
    first = program("studies", "reproduce", report, *flags)
    assert first.returncode == 0, first.stderr
    assert "300 images for training and validation, fewer than the report's 1,000" in first.stdout
    rows = [line.split(" | ") for line in first.stdout.splitlines() if line.startswith(("| one", "| two"))]
    assert [[row[0], row[1], row[2], row[4]] for row in rows] == [
        ["| one", "accuracy", "0.5000", "0.6000"],
        ["| one", "ROC AUC", "", "0.7000"],
        ["| two", "accuracy", "", ""],
    ]
    for column, track in ((3, "numpy"), (5, "lightning")):
        (run,) = (tmp_path / "logs" / "one" / track).iterdir()
        assert rows[0][column].removesuffix(" |") == f"{Run(run).read_json('metrics.json')['test']['accuracy']:.4f}"
    assert (tmp_path / "logs" / "a_report.md").read_text() in first.stdout
    again = program("studies", "reproduce", report, *flags)
    assert again.returncode == 0 and (first.stdout.count("Test:"), again.stdout.count("Test:")) == (3, 0)
    assert all(len(list((tmp_path / "logs").glob(f"{name}/*/*"))) == 2 for name in ("one", "two"))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("rows: [", "not a list of experiments"),
        ("title: x", "not a list of experiments"),
        ("title: x\ntraining_images: 1\nrows: [{config: none.yaml}]", "names none.yaml"),
        ("title: x\ntraining_images: 1\nrows: [{config: one.yaml, numpy: {acuracy: 1}}]", "unknown metric 'acuracy'"),
        ("title: x\ntraining_images: 1\nrows: [{confg: one.yaml}]", "not a list of experiments"),
    ],
)
def test_a_bad_report_is_refused(content: str, words: str, report: Path) -> None:
    (report / "reported.yaml").write_text(content)
    with pytest.raises(UserError, match=words):
        read_reported(report)


def test_what_is_no_report_is_refused(program: Program, tmp_path: Path) -> None:
    assert_refused(program("studies", "reproduce", tmp_path), "reported.yaml", "configs/reports")


def test_all_reports_are_sound() -> None:
    from experiment.commandline import from_yaml

    folders = sorted((Path(__file__).parents[2] / "configs" / "reports").iterdir())
    assert len(folders) == 4
    for folder in folders:
        reported = read_reported(folder)
        configs = {path.name for path in folder.glob("*.yaml")} - {"reported.yaml"}
        assert configs == {row.config for row in reported.rows}
        names = [from_yaml(folder / row.config).experiment for row in reported.rows]
        assert len(set(names)) == len(names)


def test_of_many_categories_the_confused_pairs_are_drawn(runs: tuple[str, dict[str, Run]]) -> None:
    results = read_results(runs[1]["numpy"])
    names = [f"thing {number}" for number in range(30)]
    random = np.random.default_rng(0)
    probabilities = random.random((len(results.labels), 30))
    figure = FIGURES["confused_pairs"](replace(results, categories=names, probabilities=probabilities))
    assert figure is not None and "thing" in figure.axes[0].get_yticklabels()[0].get_text()
    assert FIGURES["confused_pairs"](results) is None
