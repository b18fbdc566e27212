"""The sources of drawings, one file each. A new one needs a `load`, and a line in `load_drawings`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from datamodules.drawings import Drawings, chosen_categories, data_root
from datamodules.sources import bitmaps, doodles, strokes, subset
from experiment.config import Data


def load_drawings(config: Data) -> Drawings:
    """Read, fetch or make the drawings that `data.source` names."""
    root = data_root(config)
    chosen_categories(config)
    match config.source:
        case "subset":
            return subset.load(config, root)
        case "bitmaps":
            return bitmaps.load(config, root)
        case "strokes":
            return strokes.load(config, root)
        case "doodles":
            return doodles.load(config)
    return _first_to_be_had(config, root)


def _first_to_be_had(config: Data, root: Path) -> Drawings:
    """What lies in `root`, else the official bitmaps from the network, else, without one, doodles."""
    categories = chosen_categories(config)
    if subset.find(root) and set(categories) <= set(subset.FIVE):
        return subset.load(config, root)
    if bitmaps.find(root, categories):
        return bitmaps.load(config, root)
    if strokes.find(root, categories):
        return strokes.load(config, root)
    try:
        return bitmaps.load(config, root)
    except bitmaps.Unreachable as error:
        note = f"Doodles, because there are no drawings in {root}, and none to be fetched: {error}"
        return replace(doodles.load(config), note=note)
