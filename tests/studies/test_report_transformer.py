"""The report's chapter on the transformer: strokes and bitmaps of the same drawings in one report."""

from __future__ import annotations

from pathlib import Path

from studies.report.document import Document
from studies.report.evidence import Evidence, gather, unlike
from studies.report.plan import read_plan
from studies.report.sections import write
from studies.report.sections.data import data
from studies.report.writers import as_html
from tests.conftest import PROJECT, Program


def test_the_transformer_has_a_chapter(program: Program, tmp_path: Path) -> None:
    flags = ["--data.source=doodles", "--data.train_per_category=20", "--data.test_per_category=6"]
    flags += ["--trainer.max_epochs=1", "--figures=false", f"--logs_root={tmp_path}"]
    for config in ("softmax", "sequence"):
        done = program("numpy_ref/train.py", "--config", PROJECT / "configs" / f"{config}.yaml", *flags)
        assert done.returncode == 0, done.stderr
    plan = read_plan(None, flags)
    evidence = gather(plan)
    assert unlike(evidence) == []  # strokes and bitmaps of the same drawings
    html = as_html(write(plan, evidence))
    for word in ("Task III: a transformer on the strokes", "look at each other", "Where the last block looks"):
        assert word in html, word
    assert "28 x 28 pixels" in html and "Attention Is All You Need" in html
    assert "at most 96 points" in as_html(Document("", [], {}, "", data(plan, only(evidence, "task_three"))))


def only(evidence: Evidence, task: str) -> Evidence:
    """The evidence of one task."""
    return Evidence({key: run for key, run in evidence.runs.items() if key[0] == task})
