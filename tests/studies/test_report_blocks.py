"""The report's blocks: the author's Markdown becomes blocks, and blocks become numbered spans."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from experiment.errors import UserError
from studies.report.document import Block, Document, Figure, Heading, Listing, Table, Text, as_plain
from studies.report.plan import Plan, Report, Words
from studies.report.words import words
from studies.report.writers import references
from tests.conftest import PROJECT


def test_words_become_blocks(tmp_path: Path) -> None:
    (tmp_path / "plot.png").write_bytes(b"png")
    markdown = "Seen `x`\nhere.\n\n![My plot](plot.png)\n\n1. a\n2. b\n\n# Title\n"
    plan = plan_of(tmp_path, markdown)
    text, figure, listing, heading = words(plan, "data")
    assert text == Text("Seen `x` here.")
    assert isinstance(figure, Figure) and (figure.caption, figure.images[0].content) == ("My plot", b"png")
    assert listing == Listing(["a", "b"]) and heading == Heading("Title", 2)
    assert words(plan, "discussion") == []


@pytest.mark.parametrize(
    ("markdown", "message"),
    [
        ("nowhere.md", "cannot be read"),
        ("| a |\n|---|\n| b |", "words.data, line 1: a table"),
        ("text\n\n<b>x</b>\n\n<div>\n</div>", "raw HTML"),
        ("see [@nobody2020]", "no known reference"),
        ("![x](none.png)", "none.png cannot be read"),
        ("![x](photo.jpg)", "must be a .png or .svg"),
    ],
)
def test_words_that_cannot_be_set_are_refused(markdown: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=re.escape(message)):
        words(plan_of(tmp_path, markdown), "data")


def plan_of(folder: Path, markdown: str) -> Plan:
    """A plan with text in the chapter on the data."""
    report = Report(words=Words(data=markdown), task_one=str(PROJECT / "configs" / "softmax.yaml"), task_two=None)
    return Plan(report, folder, [], demanding=True)


def test_blocks_become_numbered_spans() -> None:
    blocks: list[Block] = [
        Heading("A"),
        Heading("B", 2),
        Text("see `x_1`, *both* [@he2015] and [here](https://example.org) [@kingma2015] [@he2015]"),
        Table("caption", ["name", "value"], [["a", "1.5e-07"], ["b", ""]]),
    ]
    plain = as_plain(Document("title", [], {}, "", blocks), references())["blocks"]
    assert [block["number"] for block in plain if "number" in block] == ["1", "1.1", "Table 1", "2"]
    assert [(span["style"], span["text"]) for span in plain[2]["spans"]] == [
        ("plain", "see "),
        ("code", "x_1"),
        ("plain", ", "),
        ("emph", "both"),
        ("plain", " "),
        ("plain", "[1]"),
        ("plain", " and "),
        ("link", "here"),
        ("plain", " "),
        ("plain", "[2]"),
        ("plain", " "),
        ("plain", "[1]"),
    ]
    assert plain[3]["numeric"] == [False, True]
    assert len(plain[-1]["items"]) == 2
