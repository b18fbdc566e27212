"""The drawing page: its answers, what it refuses, and a snowman drawn in a real browser."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import shutil
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from datamodules.rasterize import rasterize
from datamodules.registry import make_data
from datamodules.word_vectors import load_word_vectors
from experiment.trained_run import read_trained
from tests.conftest import Program, assert_refused
from training.tracks import load_track

pytest.importorskip("uvicorn", reason="the drawing page is an optional extra")
from apps.answers import Answers, _layer
from apps.server import LARGEST, MOST_POINTS, fit

TURN = np.linspace(0, 6.3, 30)
CIRCLE = [(50 + 40 * np.cos(TURN)).tolist(), (50 + 40 * np.sin(TURN)).tolist()]


def ask(address: str, content: Any, to: str = "answer", **headers: str) -> tuple[int, Any]:
    """Post to the page's server; the status, and the JSON that came back."""
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    request = urllib.request.Request(address + to, body, {"Content-Type": "application/json"} | headers)
    try:
        with urllib.request.urlopen(request, timeout=30) as response:
            return response.status, json.load(response)
    except urllib.error.HTTPError as error:
        text = error.read().decode()
        return error.code, json.loads(text) if text.startswith("{") else text


def runs_at(address: str) -> dict[str, str]:
    """The names of the runs by their experiments."""
    with urllib.request.urlopen(address + "runs", timeout=30) as response:
        return {run["name"].split("/")[0]: run["name"] for run in json.load(response)}


# --- answers


@pytest.mark.parametrize("experiment", ["softmax", "towers"])
def test_both_tracks_answer_alike(experiment: str, address: str, logs: Path) -> None:
    run = runs_at(address)[experiment]
    status, answer = ask(address, {"run": run, "strokes": [CIRCLE], "saliency": True})
    assert status == 200
    assert answer["largest_difference"] < 1e-6
    image = rasterize(fit([np.array(CIRCLE)]))
    assert answer["bitmap"] == image.ravel().tolist()
    trained = read_trained(logs / run)
    expected = load_track("numpy").predictor(trained).probabilities(image[None])[0]
    for each in answer["best"]:
        c = trained.categories.index(each["category"])
        assert each["numpy"] == pytest.approx(expected[c], abs=1e-6) == pytest.approx(each["lightning"], abs=2e-6)
        assert (each["similarity"] is None) == (experiment == "softmax")
    assert [each["numpy"] for each in answer["best"]] == sorted(
        (each["numpy"] for each in answer["best"]), reverse=True
    )
    assert len(answer["saliency"]) == 784 and max(map(abs, answer["saliency"])) == pytest.approx(1)


def test_a_dot_is_a_drawing(address: str) -> None:
    status, answer = ask(address, {"run": runs_at(address)["softmax"], "strokes": [[[7], [9]]]})
    assert status == 200 and sum(answer["bitmap"]) > 0


@pytest.mark.parametrize("experiment", ["softmax", "towers"])
def test_saliency_is_autograds(experiment: str, logs: Path) -> None:
    run = next((logs / experiment / "numpy").iterdir())
    trained = read_trained(run)
    image = make_data(trained.experiment).images("test")[3]
    ours, theirs = (load_track(track).predictor(trained).saliency(image, 2) for track in ("numpy", "lightning"))
    assert ours.shape == (28, 28) and np.abs(ours).max() > 0
    np.testing.assert_allclose(ours, theirs, atol=1e-5 * np.abs(theirs).max())


def test_drawings_of_any_size_and_place_look_the_same() -> None:
    large = [np.array(stroke) * 3 + 100 for stroke in ([[0, 100], [0, 50]], [[20, 30], [40, 45]])]
    small = [np.array(stroke) * 0.5 - 7 for stroke in ([[0, 100], [0, 50]], [[20, 30], [40, 45]])]
    np.testing.assert_array_equal(rasterize(fit(large)), rasterize(fit(small)))
    assert max(stroke.max() for stroke in fit(large)) == pytest.approx(255)


def test_the_selector_begins_with_the_best_run_and_has_no_trial(logs: Path, tmp_path: Path) -> None:
    best = {run["name"]: run["accuracy"] for run in Answers(logs).runs()}
    assert list(best.values()) == sorted(best.values(), reverse=True)
    copy = tmp_path / "logs"
    shutil.copytree(logs, copy)
    first, last = list(best)
    (copy / first / "trial.json").write_text("{}")
    assert [run["name"] for run in Answers(copy).runs()] == [last]
    (copy / first / "trial.json").unlink()
    metrics = copy / last / "metrics.json"
    metrics.write_text(metrics.read_text().replace('"source": "doodles"', '"source": "subset"'))
    assert [run["name"] for run in Answers(copy).runs()] == [last, first]  # real drawings come before doodles


@pytest.mark.parametrize("experiment", ["softmax", "towers"])
def test_activations_are_those_of_both_networks(experiment: str, address: str, logs: Path) -> None:
    run = runs_at(address)[experiment]
    status, layers = ask(address, {"run": run, "strokes": [CIRCLE]}, to="activations")
    assert status == 200
    trained, image = read_trained(logs / run), rasterize(fit([np.array(CIRCLE)]))
    for track in ("numpy", "lightning"):
        outputs = load_track(track).predictor(trained).activations(image)
        assert [layer["name"] for layer in layers] == [name for name, _ in outputs]
        for layer, (_, output) in zip(layers, outputs, strict=True):
            shown = np.frombuffer(base64.b64decode(layer[track]), np.uint8)
            low, high = output.min(), output.max()
            np.testing.assert_allclose(shown, (output.ravel() - low) / (high - low) * 255, atol=0.51)
            assert layer["shape"] == list(output.shape[1:]) and layer["difference"] < 1e-4


def test_of_many_channels_the_strongest_are_shown() -> None:
    maps = np.zeros((1, 20, 3, 4))
    maps[0, 5], maps[0, 17] = 2.0, -3.0
    layer = _layer("Conv2d", maps, maps + 1e-3)
    assert layer["maps"] == [8, 3, 4] and layer["shape"] == [20, 3, 4]
    assert layer["difference"] == pytest.approx(1e-3)
    pixels = np.frombuffer(base64.b64decode(layer["numpy"]), np.uint8).reshape(8, 12)
    assert sorted(pixels[:, 0].tolist()) == [0, *[153] * 6, 255]  # -3, zeros, and 2 on one scale
    assert _layer("ReLU", maps * 0, maps * 0)["difference"] == 0  # a dead layer has no range


def test_any_word_with_a_vector_joins_the_candidates(address: str, logs: Path) -> None:
    run = runs_at(address)["towers"]
    status, answer = ask(address, {"run": run, "strokes": [CIRCLE], "words": ["dog", "sea turtle", "rabbit", "dog"]})
    assert status == 200 and answer["largest_difference"] < 1e-6
    assert {each["category"] for each in answer["best"] if each["added"]} == {"dog", "sea turtle"}
    assert sum(each["numpy"] for each in answer["best"]) == pytest.approx(1, abs=1e-5)
    trained, image = read_trained(logs / run), rasterize(fit([np.array(CIRCLE)]))
    network = load_track("lightning").predictor(trained)
    vector = load_word_vectors(trained.experiment.data.word_vectors, ["dog"], 0).vectors
    cosine = (network.embed(image[None]) @ network.embed_words(vector).T).item()
    assert next(each["similarity"] for each in answer["best"] if each["category"] == "dog") == pytest.approx(
        cosine, abs=1e-4
    )


@pytest.mark.parametrize(
    ("experiment", "words", "message"),
    [
        ("towers", ["qwertz"], "no vector for 'qwertz'"),
        ("softmax", ["dog"], "a classifier knows no words"),
        ("towers", "dog", "list"),
        ("towers", [""], "letters"),
        ("towers", ["dog"] * 30, "at most"),
        ("towers", [3], "letters"),
    ],
)
def test_words_that_cannot_join_are_refused(experiment: str, words: Any, message: str, address: str) -> None:
    status, answer = ask(address, {"run": runs_at(address)[experiment], "strokes": [CIRCLE], "words": words})
    assert status == 400 and message in answer["error"]


# --- what it refuses


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b"{", 400),
        (b"[" * 100_000, 400),
        (b"x" * (LARGEST + 1), 413),
        ({"strokes": [CIRCLE]}, 400),
        ({"run": "RUN"}, 400),
        ({"run": "RUN", "strokes": []}, 400),
        ({"run": "RUN", "strokes": 3}, 400),
        ({"run": "RUN", "strokes": [[[1, 2], [3]]]}, 400),
        ({"run": "RUN", "strokes": [[["a"], ["b"]]]}, 400),
        ({"run": "RUN", "strokes": [[[float("nan")], [1]]]}, 400),
        ({"run": "RUN", "strokes": [[[1e300], [1]]]}, 400),
        ({"run": "RUN", "strokes": [[[0] * (MOST_POINTS + 1)] * 2]}, 400),
        ({"run": "../../etc", "strokes": [CIRCLE]}, 404),
        ({"run": "softmax/numpy/none", "strokes": [CIRCLE]}, 404),
    ],
)
def test_malformed_posts_are_refused(content: Any, status: int, address: str) -> None:
    if isinstance(content, dict) and content.get("run") == "RUN":
        content = content | {"run": runs_at(address)["softmax"]}
    found, answer = ask(address, content)
    assert found == status and answer["error"]


def test_other_pages_cannot_ask(address: str) -> None:
    content = {"run": runs_at(address)["softmax"], "strokes": [CIRCLE]}
    assert ask(address, content, **{"Content-Type": "text/plain"})[0] == 415  # what a foreign page may post unasked
    assert ask(address, content, Host="evil.example")[0] == 400


def test_pages_of_other_sites_cannot_ask(address: str) -> None:
    content = {"run": runs_at(address)["softmax"], "strokes": [CIRCLE]}
    assert ask(address, content, Origin="http://evil.example")[0] == 403
    assert ask(address, content, Origin="null")[0] == 403
    assert ask(address, content, Origin=address.rstrip("/"))[0] == 200


def test_only_the_pages_own_script_runs(address: str) -> None:
    with urllib.request.urlopen(address, timeout=30) as answer:
        policy = answer.headers["Content-Security-Policy"]
        page = answer.read().decode()
    assert "unsafe" not in policy and "default-src 'none'" in policy
    (script,) = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in policy
    assert not re.search(r'<[^>]+ (style|on[a-z]+)="', page)  # which the policy would not let take effect


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--port", 99999], "--port must be from 0 to 65535"),
        (["--port", -1], "--port must be"),
        (["--host", "no such host"], "--host no such host"),
        (["--host", "192.0.2.1"], "--host 192.0.2.1"),  # reserved for documentation: no machine has it
        (["--host", "a" * 300], "--host"),
    ],
)
def test_an_address_that_cannot_be_had_is_refused(
    arguments: list[object], words: str, logs: Path, program: Program
) -> None:
    assert_refused(program("apps", "demo", "--logs_root", logs, *arguments), words)


def test_without_runs_it_does_not_start(program: Program, tmp_path: Path) -> None:
    assert_refused(program("apps", "demo", "--logs_root", tmp_path), "no finished run on drawings")
