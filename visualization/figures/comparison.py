"""Figures of a comparison of both tracks, from the numbers of its `comparison.json`; the report draws them again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, NullFormatter

from experiment.run import Row
from visualization.figures.style import COLOURS

TINY = 1e-18
"""What a difference of exactly 0 is drawn as, on logarithmic axes."""

SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def gradients(numbers: dict[str, Any]) -> Figure:
    """How far NumPy's gradients of the first iteration are from autograd's, for each parameter."""
    figure, axis = comparison_figure(
        numbers["heading"], "Gradients of the first iteration: NumPy against autograd", (9, 4.6)
    )
    names = list(next(iter(numbers["gradients"].values()))["by_parameter"])
    for number, (dtype, compared) in enumerate(numbers["gradients"].items()):
        values = [max(each["relative"], TINY) for each in compared["by_parameter"].values()]
        positions = np.arange(len(names)) + 0.38 * (number - 0.5)
        axis.bar(positions, values, width=0.36, label=dtype, color=COLOURS[number])
        axis.axhline(compared["target"], linestyle="--", color=COLOURS[number], label=f"target, {dtype}")
    axis.set_xticks(range(len(names)), names, rotation=35, ha="right")
    axis.set(ylabel="largest relative difference", ylim=(TINY, 1))
    logarithmic(axis)
    axis.legend(ncols=2, fontsize=9)
    return figure


def weights_apart(numbers: dict[str, Any]) -> Figure:
    """How far the weights of both tracks are apart after each epoch, when each trains on its own."""
    figure, axis = comparison_figure(
        numbers["heading"], "Free-running: the largest difference of any weight after each epoch", (9, 4.2)
    )
    for number, (dtype, free) in enumerate(numbers["free_running"].items()):
        values = np.maximum(free["weights_apart"], TINY)
        axis.plot(np.arange(1, len(values) + 1), values, marker="o", markersize=4, color=COLOURS[number], label=dtype)
        if free.get("target"):
            axis.axhline(free["target"], linestyle="--", color=COLOURS[number], label=f"target, {dtype}")
    axis.set(xlabel="epoch", ylabel="largest |difference| of a weight", ylim=(1e-17, 1))
    logarithmic(axis)
    axis.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    axis.legend(fontsize=9)
    return figure


def logarithmic(axis: Axes) -> None:
    """A logarithmic y axis, whose labels are plain text: matplotlib's own are formulas, of 10 ms each."""
    axis.set_yscale("log")
    axis.yaxis.set_major_formatter(lambda value, _: "10" + f"{np.log10(value):.0f}".translate(SUPERSCRIPTS))
    axis.yaxis.set_minor_formatter(NullFormatter())


def overlay(axis: Axes, histories: Sequence[list[Row]], tracks: Sequence[str], quantity: str) -> None:
    """Loss or accuracy of both tracks by epoch: the second's black dots lie on the first's lines, or do not."""
    for rows, track, (style, width) in zip(histories, tracks, (("-", 4), (":", 2)), strict=True):
        for split, name, colour in (("train", "training", COLOURS[0]), ("val", "validation", COLOURS[1])):
            values = [row[f"{split}/{quantity}"] for row in rows]
            look: dict[str, Any] = {"color": colour if style == "-" else "black", "linewidth": width}
            if len(values) == 1:  # a line of one point is not seen
                look |= {"marker": "o", "markersize": 3 * width}
            axis.plot(range(1, len(values) + 1), values, style, label=f"{name}, {track}", **look)
    axis.set_ylabel(quantity)
    axis.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    axis.legend(fontsize=8)


def comparison_figure(heading: str, title: str, size: tuple[float, float]) -> tuple[Figure, Any]:
    """A figure with one axis under a title and the first part of a comparison's heading."""
    figure = Figure(figsize=size, layout="constrained")
    figure.suptitle(f"{title}\n{short_heading(heading)}", fontsize=11)
    return figure, figure.subplots()


def short_heading(heading: str) -> str:
    """The experiment and its data, without the details that follow the colon."""
    return heading.split(":")[0]
