"""Figures that only the report has: the networks drawn, samples of the data, and both tracks in one picture."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

from experiment.architecture import LayerPlan, Shape, hidden_layers, output_shapes, plan_network
from experiment.config import Experiment
from experiment.registry import MODELS
from studies.report.document import Image
from studies.report.evidence import TrainedRun
from visualization.figures.comparison import overlay
from visualization.figures.style import COLOURS, STYLE, few
from visualization.figures.tiles import GAP as TILE_GAP
from visualization.figures.tiles import Tile, on_paper, show_tiles
from visualization.run_data import Results

SVG: Any = {"svg.hashsalt": "report", "svg.fonttype": "path", "text.hinting": "force_autohint"}
"""The same figure gives the same bytes, and looks the same without its fonts."""
BREADTH, GAP, LEVEL = 1.5, 0.45, 1.75
"""Breadth of a box of the drawn network, the gap to the next, and from row to row."""
PER_ROW = 5
BOXES = {"Linear": 4, "Conv2d": 3, "MultiheadAttention": 2, "TransformerEncoderLayer": 2}
"""Layers that have a box of their own, and its colour; the others are named in the box before."""


@dataclass(frozen=True)
class Stage:
    """A box of the drawn network: a layer with weights, and those without that follow it."""

    lines: list[str]
    colour: str


def as_svg(name: str, canvas: Canvas) -> Image:
    """A figure of lines and letters."""
    return Image(name, _saved(canvas, "svg"), "svg")


def as_png(name: str, canvas: Canvas) -> Image:
    """A figure of pixels, such as drawings, which an SVG would smooth."""
    return Image(name, _saved(canvas, "png"), "png")


def samples(results: Results, each: int = 8) -> Canvas:
    """Some test images of each category, a row for each."""
    rows, images, shown = results.examples["rows"], results.examples["images"], few(results.categories)
    canvas = Canvas(figsize=(7.5, 0.9 * len(shown)), layout="constrained")
    axis = canvas.subplots()
    chosen = [np.flatnonzero(results.labels[rows] == category)[:each] for category, _ in shown]
    show_tiles(axis, [[Tile(on_paper(images[number])) for number in row] for row in chosen], each)
    for row, (_, name) in enumerate(shown):
        axis.text(-0.15, row * (1 + TILE_GAP) + 0.5, name, ha="right", va="center", fontsize=11)
    return canvas


def architecture(experiment: Experiment, shape: Shape, categories: int, vector: int) -> Canvas:
    """The network as boxes from input to output; of the dual tower both towers, and where they meet."""
    picture = Stage(["drawing", "x".join(map(str, shape))], "#DDDDDD")
    if experiment.model == "sequence":
        points = Stage(["points", "x".join(map(str, shape))], "#DDDDDD")
        return _drawn([[points, *_stages(experiment.sequence.hidden_layers, shape, categories, "softmax")]])
    if not MODELS[experiment.model].needs_words:
        layers = hidden_layers(experiment.softmax.hidden_dims, experiment.softmax.layers)
        last = "softmax" if experiment.softmax.loss == "cross_entropy" else "sigmoid"
        return _drawn([[picture, *_stages(layers, shape, categories, last)]])
    config, length = experiment.dual_tower, experiment.dual_tower.embedding_dim
    image = _stages(hidden_layers(config.image_dims, config.image_layers), shape, length, "to length 1")
    word = _stages(hidden_layers(config.word_dims), (vector,), length, "to length 1")
    words = Stage(["word vectors", f"{categories} x {vector}"], "#DDDDDD")
    meeting = Stage(["cosine", "similarity", "nearest wins"], COLOURS[6])
    return _drawn([[picture, *image], [words, *word]], meeting)


def both_curves(runs: Sequence[TrainedRun]) -> Canvas:
    """Loss and accuracy of both tracks by epoch."""
    canvas = Canvas(figsize=(9, 3.8), layout="constrained")
    canvas.suptitle(f"Both tracks on {runs[0].data['label']} ({runs[0].data['source']})", fontsize=11)
    for axis, quantity in zip(canvas.subplots(1, 2), ("loss", "accuracy"), strict=True):
        overlay(axis, [run.results.history for run in runs], [run.metrics["track"] for run in runs], quantity)
        axis.set_xlabel("epoch")
    return canvas


def trials(
    names: Sequence[str], losses: Sequence[float], shares: Sequence[float], error: float, own: int | None
) -> Canvas:
    """A row for each trial: its validation loss, and its accuracy with the standard error; `own` stands out."""
    canvas = Canvas(figsize=(9, 1.1 + 0.36 * len(names)), layout="constrained")
    left, right = canvas.subplots(1, 2, sharey=True)
    for number, (loss, share) in enumerate(zip(losses, shares, strict=True)):
        colour = COLOURS[5] if number == own else COLOURS[0]
        left.plot(loss, number, "o", color=colour)
        left.annotate(f"{loss:.3f}", (loss, number), (7, 0), textcoords="offset points", va="center", fontsize=9)
        right.errorbar(share, number, xerr=error, fmt="o", color=colour, capsize=3)
    left.set_yticks(range(len(names)), names)
    left.invert_yaxis()
    left.margins(x=0.2, y=0.25)
    left.set(xlabel="validation loss (smaller is better)")
    right.set(xlabel="validation accuracy and its standard error")
    return canvas


def _saved(canvas: Canvas, file_format: str) -> bytes:
    file = io.BytesIO()
    metadata: dict[str, Any] = {"Date": None} if file_format == "svg" else {"Software": None}
    options: dict[str, Any] = {"pil_kwargs": {"compress_level": 3}} if file_format == "png" else {}
    with rc_context(STYLE | SVG):
        engine = canvas.get_layout_engine()
        if engine is not None:  # lay out once: savefig would draw everything once more for any engine, also for "none"
            engine.execute(canvas)
            canvas.set_layout_engine(None)
        canvas.savefig(file, format=file_format, dpi=200, metadata=metadata, **options)
    return file.getvalue()


def _stages(layers: Sequence[Any], shape: Shape, outputs: int, last: str) -> list[Stage]:
    plan = plan_network(layers, shape, outputs, "layers")
    stages: list[Stage] = []
    for layer, after in zip(plan, output_shapes(plan, shape), strict=True):
        if layer.name in BOXES:
            colour = COLOURS[BOXES[layer.name]]
            stages.append(Stage([_title(layer), "x".join(map(str, after))], colour))
        elif layer.name != "Flatten":
            if not stages:
                stages.append(Stage([], "#DDDDDD"))
            stages[-1].lines.append(_named(layer, after))
    stages[-1].lines.append(last)
    return stages


def _title(layer: LayerPlan) -> str:
    names = {"TransformerEncoderLayer": "Transformer block", "MultiheadAttention": "Attention"}
    return names.get(layer.name, layer.name)


def _named(layer: LayerPlan, after: Shape) -> str:
    if layer.name == "Dropout":
        return f"Dropout {layer.arguments['p']}"
    if layer.name == "AdaptiveAvgPool2d":
        return f"mean: {after[0]}"
    pools = layer.name in ("MaxPool2d", "AvgPool2d")
    return f"{layer.name.removesuffix('2d')} {'x'.join(map(str, after))}" if pools else layer.name


def _drawn(rows: list[list[Stage]], meeting: Stage | None = None) -> Canvas:
    """Rows of boxes with arrows; a long row is broken; all rows end in `meeting` where there is one."""
    lines = [row[start : start + PER_ROW] for row in rows for start in range(0, len(row), PER_ROW)]
    ends = {sum(-(-len(each) // PER_ROW) for each in rows[: number + 1]) - 1 for number in range(len(rows))}
    across = max(map(len, lines)) + (1 if meeting else 0)
    tallest = max(len(stage.lines) for row in rows for stage in row)
    level = max(LEVEL, 0.27 * tallest + 0.75)
    width, height = across * (BREADTH + GAP), len(lines) * level
    canvas = Canvas(figsize=(width * 0.98, height * 0.8))
    axis = canvas.add_axes((0, 0, 1, 1))
    axis.set(xlim=(-0.1, width - GAP + 0.1), ylim=(0, height))
    axis.axis("off")
    where = (across - 1) * (BREADTH + GAP), height / 2
    for number, line in enumerate(lines):
        y = height - (number + 0.5) * level
        places = [(place * (BREADTH + GAP), y) for place in range(len(line))]
        for place, stage in zip(places, line, strict=True):
            _box(axis, place, stage)
        for left, right in pairwise(places):
            _arrow(axis, (left[0] + BREADTH, y), (right[0], y))
        end = places[-1][0] + BREADTH, y
        if number not in ends:
            turn = BREADTH / 2, y - level / 2
            axis.plot(
                [end[0] - BREADTH / 2] * 2, [y - _height(line[-1]) / 2, turn[1]], color="black", linewidth=1.2, zorder=0
            )
            axis.plot([turn[0], end[0] - BREADTH / 2], [turn[1]] * 2, color="black", linewidth=1.2, zorder=0)
            _arrow(axis, turn, (turn[0], y - level + _height(lines[number + 1][0]) / 2))
        elif meeting:
            _arrow(axis, end, (where[0], where[1] + 0.25 * np.sign(y - where[1])))
    if meeting:
        _box(axis, where, meeting)
    return canvas


def _height(stage: Stage) -> float:
    return 0.27 * len(stage.lines) + 0.3


def _box(axis: Axes, place: tuple[float, float], stage: Stage) -> None:
    x, y = place
    height = _height(stage)
    style = "round,pad=0,rounding_size=0.08"
    axis.add_patch(FancyBboxPatch((x, y - height / 2), BREADTH, height, style, facecolor=stage.colour, alpha=0.55))
    axis.text(x + BREADTH / 2, y, "\n".join(stage.lines), ha="center", va="center", fontsize=9.5, linespacing=1.35)


def _arrow(axis: Axes, start: tuple[float, float], end: tuple[float, float]) -> None:
    axis.add_patch(
        FancyArrowPatch(start, end, arrowstyle="-|>", mutation_scale=12, color="black", shrinkA=0, shrinkB=0)
    )
