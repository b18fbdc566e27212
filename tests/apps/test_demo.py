"""The drawing page: its answers, what it refuses, and a snowman drawn in a real browser."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from datamodules.rasterize import rasterize
from datamodules.registry import make_data
from datamodules.word_vectors import load_word_vectors
from experiment.config import Data, DualTower, Experiment, Trainer
from experiment.trained_run import read_trained
from tests.apps.test_trained import trained_run
from tests.conftest import PROJECT, Program, assert_refused
from training.tracks import load_track

pytest.importorskip("uvicorn", reason="the drawing page is an optional extra")
from apps.answers import Answers, _layer
from apps.server import LARGEST, MOST_POINTS, fit

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
TURN = np.linspace(0, 6.3, 30)
CIRCLE = [(50 + 40 * np.cos(TURN)).tolist(), (50 + 40 * np.sin(TURN)).tolist()]


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory, glove: Path) -> Path:
    """A classifier and a dual tower trained on doodles."""
    folder = tmp_path_factory.mktemp("logs")
    data = Data(source="doodles", train_per_category=600, test_per_category=20, word_vectors=str(glove))
    usual = {"data": data, "logs_root": str(folder), "figures": False}
    trained_run(Experiment(**usual, trainer=Trainer(max_epochs=8)))  # type: ignore[arg-type]
    towers = DualTower(image_dims=[32], margin_weight=1.0)
    trained_run(
        Experiment(**usual, experiment="towers", model="dual_tower", dual_tower=towers, trainer=Trainer(max_epochs=1))  # type: ignore[arg-type]
    )
    return folder


@pytest.fixture(scope="module")
def address(logs: Path) -> Iterator[str]:
    """Where demo.py serves these runs."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "apps", "demo", "--logs_root", str(logs), "--port", str(port)]
    server = subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    where = f"http://127.0.0.1:{port}/"
    for _ in range(600):
        try:
            urllib.request.urlopen(where, timeout=5).close()
            break
        except OSError:
            assert server.poll() is None, server.stdout.read() if server.stdout else ""
            time.sleep(0.1)
    yield where
    assert server.poll() is None  # it is still up, after all that the tests did to it
    server.terminate()
    server.wait()


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


# --- the page


@pytest.fixture
def page(address: str) -> Iterator[Any]:
    """The page in a real browser; whatever it complains about fails the test."""
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine")
    from playwright.sync_api import sync_playwright

    said: list[str] = []
    with sync_playwright() as playwright:
        flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=flags)
        page = browser.new_page(viewport={"width": 390, "height": 1400})
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("request", lambda request: said.append(request.url) if address not in request.url else None)
        page.goto(address)
        page.wait_for_function("document.querySelectorAll('#run option').length === 2")
        names = page.locator("#run option").all_text_contents()
        page.select_option("#run", label=next(name for name in names if "softmax" in name))
        yield page
        browser.close()
    assert [words for words in said if not words.startswith(("data:", "blob:"))] == []


def circle(page: Any, x: float, y: float, radius: float) -> None:
    """Draw a circle with the mouse; places are shares of the canvas."""
    box = page.locator("#canvas").bounding_box()
    for number, angle in enumerate(np.linspace(-np.pi / 2, 1.5 * np.pi, 40)):
        across, down = x + radius * np.cos(angle), y + radius * np.sin(angle)
        page.mouse.move(box["x"] + box["width"] * across, box["y"] + box["height"] * down)
        if number == 0:
            page.mouse.down()
    page.mouse.up()


def prediction(page: Any) -> str:
    """What the page says, once the last answer has come."""
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(200)
    return str(page.locator("#prediction").text_content())


def test_a_snowman_drawn_by_mouse_is_named(page: Any) -> None:
    for x, y, radius in ((0.5, 0.7, 0.24), (0.5, 0.34, 0.13)):
        circle(page, x, y, radius)
    assert prediction(page) == "Prediction: snowman"
    assert "e-" in page.locator("#difference").text_content()
    assert page.locator("#rows tr").count() == 5
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    with page.expect_download() as saved:
        page.click("#ndjson")
    drawing = json.loads(Path(saved.value.path()).read_text())
    assert drawing["word"] == "snowman" and len(drawing["drawing"]) == 2
    assert max(max(xs + ys) for xs, ys in drawing["drawing"]) == 255
    with page.expect_download() as saved:
        page.click("#png")
    assert Path(saved.value.path()).read_bytes().startswith(b"\x89PNG")
    page.click("#undo")
    page.click("#clear")
    assert prediction(page) == "Draw something."
    assert page.locator("#clear").is_disabled()


def test_the_keyboard_draws_too(page: Any) -> None:
    page.focus("#canvas")
    page.keyboard.press("Space")
    assert page.locator("#pen").text_content() == "The pen is down."
    for key in ["ArrowRight"] * 8 + ["ArrowDown"] * 8:
        page.keyboard.press(key)
    page.keyboard.press("Space")
    assert prediction(page).startswith("Prediction: ")
    page.check("#saliency")
    assert prediction(page)  # with its saliency
    colours = page.evaluate("[...document.getElementById('bitmap').getContext('2d').getImageData(0, 0, 28, 28).data]")
    pixels = np.array(colours).reshape(784, 4)[:, :3]
    assert (pixels.max(axis=1) != pixels.min(axis=1)).any()  # some are no longer grey


def test_on_a_phone_the_prediction_is_seen_without_scrolling(page: Any) -> None:
    for width, height in ((390, 844), (360, 640)):
        page.set_viewport_size({"width": width, "height": height})
        page.click("#clear") if page.locator("#clear").is_enabled() else None
        circle(page, 0.5, 0.5, 0.3)
        assert prediction(page).startswith("Prediction: ")
        assert page.evaluate("scrollY") == 0 and page.evaluate("document.documentElement.scrollWidth") <= width
        row = page.locator("#rows tr").first.bounding_box()
        assert row["y"] + row["height"] <= height
        texts = page.locator("#run option").all_text_contents()
        assert all(re.match(r"\d+\.\d% ", text) and len(text) < 34 for text in texts), texts
        assert "test accuracy" in page.locator("#details").text_content()


def test_activations_are_shown_on_demand(page: Any) -> None:
    circle(page, 0.5, 0.5, 0.3)
    assert prediction(page) and page.locator(".layer").count() == 0
    page.click("summary")
    page.locator(".layer").nth(5).wait_for()
    assert page.locator(".layer canvas").count() == 12
    page.click("#clear")
    page.locator(".layer").first.wait_for(state="detached")


def test_a_word_joins_and_leaves_by_keyboard(page: Any) -> None:
    towers = next(name for name in page.locator("#run option").all_text_contents() if "towers" in name)
    assert not page.locator("#words").is_visible()
    page.select_option("#run", label=towers)
    circle(page, 0.5, 0.5, 0.3)
    page.focus("#word")
    page.keyboard.type("dog")
    page.keyboard.press("Enter")
    page.get_by_text("dog (your word)").wait_for()
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")  # on the button that removes it
    page.get_by_text("dog (your word)").wait_for(state="detached")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_fault(scheme: str, page: Any) -> None:
    from axe_playwright_python.sync_playwright import Axe

    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    towers = next(name for name in page.locator("#run option").all_text_contents() if "towers" in name)
    for label in (None, towers):
        if label:
            page.select_option("#run", label=label)
        circle(page, 0.5, 0.5, 0.3)
        assert prediction(page)
        if label is None:
            page.click("summary")
        found = Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]})
        assert found.violations_count == 0, found.generate_report()
    assert page.evaluate("getComputedStyle(document.querySelector('.bar')).transitionDuration") in ("0s", "")
