"""What all figures have in common: colours, type, titles, and how they become PNG files.

Colours: Okabe and Ito's eight, which colour-blind readers can tell apart, and viridis-like maps.
"""

from __future__ import annotations

import io
import textwrap
from typing import Any

import numpy as np
from cycler import cycler
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from visualization.run_data import Results

COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#F0E442", "#000000")
MARKERS = "os^Dv<>pP*"
STYLE: Any = {
    "axes.prop_cycle": cycler(color=COLOURS),
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.alpha": 0.3,
    "font.size": 10,
    "text.hinting": "no_hinting",  # as clear, and all figures are drawn in a tenth less time
    "axes.titlesize": 11,
    "figure.dpi": 110,
}
LABELLED = 12
"""Most categories that are named one by one."""


def new_figure(
    results: Results, title: str, rows: int, columns: int, size: tuple[float, float]
) -> tuple[Figure, list[Axes]]:
    """A figure under the run's heading, and its axes, row by row."""
    figure = Figure(figsize=size, layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False)
    characters = int(size[0] * 11.5)  # of this size, in an inch
    lines = [line for text in (title, results.heading) for line in textwrap.wrap(text, characters)]
    figure.suptitle("\n".join(lines), fontsize=11)
    return figure, list(axes.flat)


def few(categories: list[str]) -> list[tuple[int, str]]:
    """Numbers and names of the categories that are shown one by one."""
    return list(enumerate(categories))[:LABELLED]


def of_all(categories: list[str]) -> str:
    """For titles: ", 12 of 345 categories" where not all are shown, else nothing."""
    return f", {LABELLED} of {len(categories)} categories" if len(categories) > LABELLED else ""


def look(category: int) -> dict[str, Any]:
    """Colour and marker of a category; ten categories and more repeat colours, but with other markers."""
    return {"color": COLOURS[category % len(COLOURS)], "marker": MARKERS[category % len(MARKERS)]}


def to_png(figure: Figure) -> tuple[bytes, tuple[int, int]]:
    """A figure as PNG bytes, and its (width, height) in pixels."""
    canvas = FigureCanvasAgg(figure)
    canvas.draw()  # once; savefig draws twice
    picture = np.asarray(canvas.buffer_rgba())[:, :, :3]
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "png", compress_level=3)  # 5 % larger than by the default, in half the time
    return file.getvalue(), (picture.shape[1], picture.shape[0])
