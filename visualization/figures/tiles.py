"""Many small pictures side by side on one pair of axes; with axes for each, a figure takes three times as long."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.image import AxesImage

GAP = 0.1
"""Between two columns; the side of a tile is 1."""


@dataclass(frozen=True)
class Tile:
    """A picture (H, W) or (H, W, 3), and what stands above it."""

    picture: np.ndarray
    caption: str = ""
    colour: str = "black"
    """Of the caption."""
    options: dict[str, Any] = field(default_factory=dict)
    """Of `imshow`."""


def show_tiles(axis: Axes, rows: Sequence[Sequence[Tile | None]], columns: int, above: float = GAP) -> list[AxesImage]:
    """Show rows of up to `columns` tiles; None leaves a place empty. `above` is the room for captions."""
    shown = []
    for row, tiles in enumerate(rows):
        for column, tile in enumerate(tiles):
            if tile is None:
                continue
            left, top = column * (1 + GAP), row * (1 + above)
            shown.append(axis.imshow(tile.picture, extent=(left, left + 1, top + 1, top), **tile.options))
            axis.text(left + 0.5, top - 0.04, tile.caption, ha="center", va="bottom", fontsize=8, color=tile.colour)
    across, down = columns * (1 + GAP) - GAP, len(rows) * (1 + above) - above
    axis.set(xlim=(0, across), ylim=(down, -above), aspect="equal")
    axis.axis("off")
    return shown


def in_rows(tiles: Sequence[Tile], columns: int) -> list[Sequence[Tile]]:
    """The tiles, `columns` to a row."""
    return [tiles[first : first + columns] for first in range(0, len(tiles), columns)]


def on_paper(image: np.ndarray) -> np.ndarray:
    """A drawing (H, W) dark on white, as colours (H, W, 3); a photograph as it is."""
    return image if image.ndim == 3 else np.repeat(255 - image[..., None], 3, axis=2)
