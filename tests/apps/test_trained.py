"""What a trained run is good for: zero-shot, search, export."""

from __future__ import annotations

import csv
import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from apps.answers import Answers
from apps.index import Index, quality
from apps.zero_shot_evaluation import evaluate_zero_shot, exemplars, rank_of
from datamodules.images import Split
from datamodules.registry import make_data
from datamodules.sequences import to_strokes
from experiment.config import Data, DualTower, Experiment, Sequence, Softmax, Trainer
from experiment.errors import UserError
from experiment.run import Run
from experiment.trained_run import read_trained
from numpy_ref import trainer as numpy_track
from tests.conftest import Program, assert_refused
from training.program import begin
from training.results import save_results
from training.tracks import load_track


def trained_run(experiment: Experiment) -> Path:
    """A finished run of the NumPy track."""
    data = make_data(experiment)
    run = begin(experiment, "numpy", data, data.metadata())
    outcome = numpy_track.train(experiment, data, run, False)
    save_results(run, experiment, "numpy", data, data.metadata(), outcome)
    return run.folder


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory, subset: Path, glove: Path) -> dict[str, Path]:
    """A dual tower and a classifier that never saw two of the five categories."""
    data = Data(source="subset", root=str(subset), word_vectors=str(glove), batch_size=16, unseen=2)
    usual = Experiment(data=data, logs_root=str(tmp_path_factory.mktemp("logs")), figures=False)
    usual = replace(usual, trainer=Trainer(max_epochs=4))
    towers = DualTower(image_dims=[16], margin_weight=1.0)
    return {
        "towers": trained_run(replace(usual, experiment="towers", model="dual_tower", dual_tower=towers)),
        "classifier": trained_run(replace(usual, experiment="classifier", softmax=Softmax(hidden_dims=[16]))),
    }


# --- categories that training never shows


def test_unseen_categories_are_in_no_other_split(subset: Path) -> None:
    config = Data(source="subset", root=str(subset), unseen=2)
    data, whole = make_data(Experiment(data=config)), make_data(Experiment(data=replace(config, unseen=0)))
    assert len(data.categories) == 3 and len(data.unseen) == 2
    assert sorted(data.categories + data.unseen) == sorted(whole.categories)
    for split in ("train", "validation", "test"):
        assert set(data.labels(split)) == {0, 1, 2}
    assert set(data.labels("unseen")) == {3, 4}
    assert len(data.rows["test"]) + len(data.rows["unseen"]) == len(whole.rows["test"])
    for label, name in enumerate(data.categories + data.unseen):
        part: Split = "test" if label < 3 else "unseen"
        ours = data.images(part)[data.labels(part) == label]
        theirs = whole.images("test")[whole.labels("test") == whole.categories.index(name)]
        np.testing.assert_array_equal(ours, theirs)


def test_the_seed_chooses_them(subset: Path) -> None:
    config = Data(source="subset", root=str(subset), unseen=2)
    chosen = {tuple(make_data(Experiment(data=config, seed=seed)).unseen) for seed in range(8)}
    assert len(chosen) > 2
    with pytest.raises(UserError, match=r"--data\.unseen 4 leaves fewer than two"):
        make_data(Experiment(data=replace(config, unseen=4)))


def test_ranks_by_hand() -> None:
    # Own scores 0.5, 0.2, 0.1: nothing, one and two others score higher.
    scores = np.array([[0.5, 0.1, 0.4], [0.3, 0.2, 0.1], [0.2, 0.3, 0.1]])
    np.testing.assert_array_equal(rank_of(scores, np.array([0, 1, 2])), [0, 1, 2])


def test_zero_shot_of_a_network_that_knows_everything(subset: Path, glove: Path) -> None:
    class Oracle:
        """Embeds a drawing just where its word is."""

        dtype = np.dtype("float64")
        model = None

        def __init__(self) -> None:
            config = Data(source="subset", root=str(subset), word_vectors=str(glove), unseen=2)
            self.data = make_data(Experiment(data=config))
            self.labels = {
                image.tobytes(): label
                for split in ("train", "test", "unseen")
                for image, label in zip(self.data.images(split), self.data.labels(split), strict=True)
            }

        def embed_words(self, vectors: np.ndarray) -> np.ndarray:
            self.words = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
            return self.words

        def embed(self, images: np.ndarray) -> np.ndarray:
            return self.words[[self.labels[image.tobytes()] for image in images]]

        def probabilities(self, images: np.ndarray) -> np.ndarray:
            return np.eye(3)[[min(2, self.labels[image.tobytes()]) for image in images]]

    oracle = Oracle()
    outcome = evaluate_zero_shot(oracle, oracle.data, oracle)  # type: ignore[arg-type]
    assert (outcome.word_alone_top_1, outcome.word_alone_top_5, outcome.top_5) == (1, 1, 1)
    assert outcome.top_1 > 0.5 and outcome.generalised.seen > 0.5
    assert outcome.chance == (0.5, 1.0) and [word.name for word in outcome.words] == oracle.data.unseen
    assert outcome.classifier_top_1 == 0.5  # it names the third seen category always: one unseen word is nearer to it


def test_exemplars_of_learnt_words_are_their_drawings_means(monkeypatch: pytest.MonkeyPatch) -> None:
    # Without ridge, the regression returns for a learnt word just what it was given; a word between two learnt ones
    # (as near to one as to the other) lies between their drawings.
    monkeypatch.setattr("apps.zero_shot_evaluation.RIDGE", 0.0)
    words = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [0.5, 0.5, 0.0]])
    means = np.array([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0]])
    places = exemplars(means, words)
    np.testing.assert_allclose(places[:3], means, atol=1e-12)
    assert places[3] @ means[0] > 0.3 and places[3] @ means[1] > 0.3


@pytest.mark.parametrize("track", ["numpy", "lightning"])
def test_zero_shot_program(track: str, runs: dict[str, Path], program: Program) -> None:
    result = program("apps", "zero-shot", runs["towers"], "--classifier", runs["classifier"], "--track", track)
    assert result.returncode == 0, result.stderr
    assert "two towers" in result.stdout and "harmonic mean" in result.stdout and "classifier" in result.stdout
    numbers = json.loads((runs["towers"] / "zero_shot.json").read_text())
    assert len(numbers["words"]) == 2 and numbers["chance"] == [0.5, 1.0]
    assert (runs["towers"] / "zero_shot.png").read_bytes().startswith(b"\x89PNG")


def test_zero_shot_refuses(runs: dict[str, Path], program: Program, tmp_path: Path) -> None:
    assert_refused(program("apps", "zero-shot", runs["classifier"]), "a classifier knows no words")
    assert_refused(program("apps", "zero-shot", runs["towers"], "--classifier", runs["towers"]), "not a classifier of")
    assert_refused(program("apps", "zero-shot", runs["towers"], "--data.unseen", 0), "--data.unseen 20")
    assert_refused(program("apps", "zero-shot", tmp_path), "not the folder of a run")


# --- search


@pytest.mark.parametrize("exact", [1000, 10])
def test_an_index_finds_the_nearest(exact: int) -> None:
    if exact < 300:
        pytest.importorskip("faiss", reason="faiss-cpu is an optional extra")
    random = np.random.default_rng(0)
    vectors = random.normal(size=(300, 8))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    similar, places = Index(vectors, exact).nearest(vectors[:20] * 1.0, 5)
    np.testing.assert_array_equal(places[:, 0], np.arange(20))
    np.testing.assert_allclose(similar[:, 0], 1, rtol=1e-6)
    true = np.sort(vectors[:20] @ vectors.T, axis=1)[:, :-6:-1]
    np.testing.assert_allclose(similar, true, rtol=1e-5)


def test_quality_by_hand() -> None:
    # From (1, 0) the vectors lie in the order 0, 1, 2; of them 0 and 2 are wanted: precision@10 is 2/3 of three, and
    # the average precision (1/1 + 2/3) / 2.
    vectors = np.array([[1.0, 0.0], [0.8, 0.6], [0.0, 1.0]])
    found = quality(np.array([[1.0, 0.0]]), np.array([7]), vectors, np.array([7, 1, 7]), own=False)
    assert found.precision_at_10 == pytest.approx(2 / 3)
    assert found.mean_average_precision == pytest.approx((1 + 2 / 3) / 2)
    # Without itself, 1 comes before 2: precision 1/2, average precision 1/2.
    found = quality(vectors[:1], np.array([7]), vectors, np.array([7, 1, 7]), own=True)
    assert (found.precision_at_10, found.mean_average_precision) == (0.5, 0.5)


@pytest.mark.parametrize("track", ["numpy", "lightning"])
def test_search_by_word(track: str, runs: dict[str, Path], program: Program, tmp_path: Path) -> None:
    towers = runs["towers"]
    for query in ("yoga", "sea turtle") if track == "numpy" else ("yoga",):  # a sea turtle is no category
        result = program("apps", "search", query, "--run", towers, "--track", track, "-k", 10)
        assert result.returncode == 0, result.stderr
        assert ("average precision" in result.stdout) == (query == "yoga")
    rows = list(csv.DictReader((tmp_path / "search" / "yoga.csv").open()))
    assert [row["place"] for row in rows] == [str(place) for place in range(1, 11)]
    similar = [float(row["similarity"]) for row in rows]
    assert similar == sorted(similar, reverse=True)
    assert (tmp_path / "search" / "yoga.png").read_bytes().startswith(b"\x89PNG")


def test_search_by_drawing_finds_itself_first(runs: dict[str, Path], program: Program, tmp_path: Path) -> None:
    data = make_data(read_trained(runs["towers"]).experiment)
    np.save(tmp_path / "one.npy", data.images("test")[7])
    result = program("apps", "search", "one.npy", "--run", runs["towers"], "-k", 3)
    assert result.returncode == 0, result.stderr
    first = next(csv.DictReader((tmp_path / "search" / "one.npy.csv").open()))
    assert int(first["row"]) == data.rows["test"][7] and float(first["similarity"]) == pytest.approx(1, abs=1e-5)


def test_any_run_searches_by_a_drawing(both_forms: dict[str, Path], program: Program, tmp_path: Path) -> None:
    on_strokes = both_forms["strokes"]
    data = make_data(read_trained(on_strokes).experiment)
    drawing = [stroke.tolist() for stroke in to_strokes(data.images("test")[3])]
    (tmp_path / "one.ndjson").write_text(json.dumps({"drawing": drawing}) + "\n")
    result = program("apps", "search", "one.ndjson", "--run", on_strokes, "-k", 3)
    assert result.returncode == 0, result.stderr
    first = next(csv.DictReader((tmp_path / "search" / "one.ndjson.csv").open()))
    assert int(first["row"]) == data.rows["test"][3] and float(first["similarity"]) == pytest.approx(1, abs=1e-4)
    result = program("apps", "search", "--run", on_strokes)
    assert "drawing to drawings" in result.stdout and "word to drawings" not in result.stdout
    assert_refused(program("apps", "search", "yoga", "--run", on_strokes), "a classifier knows no words")


def test_search_says_how_good_it_is(runs: dict[str, Path], program: Program) -> None:
    result = program("apps", "search", "--logs_root", runs["towers"].parents[2], "--split", "unseen")
    assert result.returncode == 0, result.stderr
    assert "word to drawings" in result.stdout and "drawing to drawings" in result.stdout
    assert str(runs["towers"]) in result.stdout


def test_search_refuses(runs: dict[str, Path], program: Program, tmp_path: Path) -> None:
    assert_refused(program("apps", "search", "qwertz", "--run", runs["towers"]), "no vector for 'qwertz'")
    assert_refused(program("apps", "search", "yoga", "--run", runs["classifier"]), "a classifier knows no words")
    assert_refused(program("apps", "search", "none.png", "--run", runs["towers"]), "none.png")
    assert_refused(program("apps", "search", "yoga", "--logs_root", tmp_path), "no dual tower there")
    assert not (tmp_path / "search").exists()


# --- export


def test_onnx_gives_the_same_probabilities(runs: dict[str, Path], program: Program, tmp_path: Path) -> None:
    onnxruntime = pytest.importorskip("onnxruntime", reason="onnxruntime is an optional extra")
    pytest.importorskip("onnxscript", reason="onnxscript is an optional extra")
    result = program("apps", "export", runs["towers"], "--onnx", "net.onnx")
    assert result.returncode == 0, result.stderr
    assert "differ by" in result.stdout and result.stderr == ""
    trained = read_trained(runs["towers"])
    images = np.load(runs["towers"] / "examples.npz")["images"]
    session = onnxruntime.InferenceSession(str(tmp_path / "net.onnx"))
    pixels = images[:, None].astype(np.float32) / 255
    (found,) = session.run(None, {"images": pixels})
    np.testing.assert_allclose(found, load_track("numpy").predictor(trained).probabilities(images), atol=1e-5)
    assert json.loads(session.get_modelmeta().custom_metadata_map["categories"]) == trained.categories


def test_export_refuses(runs: dict[str, Path], program: Program, tmp_path: Path) -> None:
    assert_refused(program("apps", "export", tmp_path, "--onnx"), "not the folder of a run")
    assert list(tmp_path.iterdir()) == []
    assert Run(runs["towers"]).read_json("metrics.json", "track")["track"] == "numpy"
    damaged = shutil.copytree(runs["towers"], tmp_path / "damaged")
    np.savez(damaged / "examples.npz", rows=np.arange(3))
    assert_refused(program("apps", "export", damaged, "--onnx"), "examples.npz", "no images")


# --- several runs together, and runs on strokes


@pytest.fixture(scope="module")
def both_forms(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A run on bitmaps and one on strokes, of the same doodles, and one of other categories."""
    few = Data(source="doodles", train_per_category=12, test_per_category=4, batch_size=16)
    usual = Experiment(logs_root=str(tmp_path_factory.mktemp("logs")), figures=False, trainer=Trainer(max_epochs=1))
    kinds: dict[str, dict[str, Any]] = {
        "bitmaps": {"data": few, "softmax": Softmax(hidden_dims=[8])},
        "strokes": {"data": replace(few, form="strokes"), "model": "sequence", "sequence": Sequence(dim=8, depth=1)},
        "others": {"data": replace(few, categories=["rabbit", "hand"])},
        "fewer": {"data": replace(few, test_per_category=3)},
    }
    return {name: trained_run(replace(usual, experiment=name, **fields)) for name, fields in kinds.items()}


@pytest.mark.parametrize("track", ["numpy", "lightning"])
def test_probabilities_of_runs_are_averaged(
    track: str, both_forms: dict[str, Path], program: Program, tmp_path: Path
) -> None:
    drawing = tmp_path / "drawing.ndjson"
    drawing.write_text('{"drawing": [[[0, 90, 200], [0, 200, 30]], [[10, 20], [50, 60]]]}\n')
    folders = both_forms["bitmaps"], both_forms["strokes"]
    found = []
    for runs in ([folders[0]], [folders[1]], folders):
        result = program("apps", "predict", *runs, drawing, "--track", track, "--out", tmp_path / "out.csv")
        assert result.returncode == 0, result.stderr
        (row,) = csv.DictReader((tmp_path / "out.csv").open())
        found.append({row[f"label{place}"]: float(row[f"probability{place}"]) for place in ("", "_2", "_3")})
    for name in found[2].keys() & found[0].keys() & found[1].keys():
        assert found[2][name] == pytest.approx((found[0][name] + found[1][name]) / 2, abs=1e-6)


def test_runs_are_tested_together(both_forms: dict[str, Path], program: Program) -> None:
    folders = both_forms["bitmaps"], both_forms["strokes"]
    result = program("apps", "predict", *folders)
    assert result.returncode == 0, result.stderr
    files = [np.load(folder / "predictions.npz") for folder in folders]
    mean = (files[0]["probabilities"].astype(float) + files[1]["probabilities"]) / 2
    accuracy = (mean.argmax(axis=1) == files[0]["labels"]).mean()
    assert result.stdout.splitlines()[-1] == f"mean of their probabilities: test accuracy {accuracy:.4f}"


@pytest.mark.parametrize(("other", "words"), [
    ("others", "other categories"), ("fewer", "other drawings"), (None, "give drawings to name, or a second run"),
])  # fmt: skip
def test_runs_that_do_not_belong_together_are_refused(
    other: str | None, words: str, both_forms: dict[str, Path], program: Program
) -> None:
    more = [both_forms[other]] if other else []
    assert_refused(program("apps", "predict", both_forms["strokes"], *more), words)


def test_a_run_on_strokes_reads_no_pictures(both_forms: dict[str, Path], program: Program, tmp_path: Path) -> None:
    np.save(tmp_path / "more.npy", np.stack([255 * np.eye(28, dtype=np.uint8)]))
    assert_refused(program("apps", "predict", both_forms["strokes"], tmp_path / "more.npy"), "reads strokes", ".ndjson")


def test_a_run_on_strokes_is_exported(both_forms: dict[str, Path], program: Program, tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime")
    result = program("apps", "export", both_forms["strokes"], "--onnx", tmp_path / "strokes.onnx")
    assert result.returncode == 0, result.stderr
    assert (tmp_path / "strokes.onnx").stat().st_size > 1000


def test_the_demo_answers_with_a_run_on_strokes(both_forms: dict[str, Path]) -> None:
    answers = Answers(both_forms["strokes"].parents[2])
    (name,) = (run["name"] for run in answers.runs() if run["name"].startswith("strokes/"))
    answers.prepare(name)
    strokes = [np.array([[0.0, 100, 200], [0, 200, 30]]), np.array([[500.0], [500.0]])]
    found = answers.answer(name, strokes, [], saliency=True)
    assert found["largest_difference"] < 1e-5 and found["saliency"] is None and max(found["bitmap"]) == 255
    layers = answers.activations(name, strokes)
    assert {"Linear", "TransformerEncoderLayer", "MaskedMean"} <= {layer["name"] for layer in layers}
    assert max(layer["difference"] for layer in layers) < 1e-4
