"""The drawing page in a real browser: by mouse, by keyboard, on a phone, and checked by axe."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("uvicorn", reason="the drawing page is an optional extra")


@pytest.fixture
def page(browser: Any, address: str) -> Iterator[Any]:
    """The page in a real browser; whatever it complains about fails the test."""
    said: list[str] = []
    context = browser.new_context(viewport={"width": 390, "height": 1400})
    page = context.new_page()
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: said.append(request.url) if address not in request.url else None)
    page.goto(address)
    page.locator("#run option").nth(1).wait_for(state="attached")
    names = page.locator("#run option").all_text_contents()
    page.select_option("#run", label=next(name for name in names if "softmax" in name))
    yield page
    context.close()
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
    return str(page.locator("#prediction:not([aria-busy=true])").text_content())


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
