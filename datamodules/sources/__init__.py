"""The sources of drawings, one file each. A new one needs a `load`, and a line in `load_drawings`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from datamodules.image_dataset import ImageDataset, chosen_categories, data_root
from datamodules.sources import doodles, strokes, subset
from experiment.config import FIVE, Data
from experiment.errors import UserError


def load_drawings(config: Data) -> ImageDataset:
    """Read, fetch or make the drawings that `data.source` names."""
    root = data_root(config)
    chosen_categories(config)
    match config.source:
        case "subset":
            return subset.load(config, root)
        case "bitmaps":
            from datamodules.sources import bitmaps  # with requests and pooch, which take 0.1 s

            return bitmaps.load(config, root)
        case "strokes":
            return strokes.load(config, root)
        case "doodles":
            return doodles.load(config)
    return _first_available(config, root)


def _first_available(config: Data, root: Path) -> ImageDataset:
    """The drawings in `root`; if there are none, the official bitmaps from the network; without one, doodles."""
    categories = chosen_categories(config)
    if config.form == "strokes":
        return _first_strokes(config, root, categories)
    if subset.find(root) and set(categories) <= set(subset.FIVE):
        return subset.load(config, root)
    from datamodules.downloads import Unreachable
    from datamodules.sources import bitmaps

    if bitmaps.find(root, categories):
        return bitmaps.load(config, root)
    if strokes.find(root, categories):
        return strokes.load(config, root)
    try:
        return bitmaps.load(config, root)
    except Unreachable as error:
        if not set(categories) <= set(FIVE):
            raise UserError(
                f"{error} There are no drawings in {root}, and doodles only of {', '.join(FIVE)}."
            ) from error
        note = (
            f"Doodles, because there are no drawings in {root}, and none could be fetched: {error} "
            "(--data.source bitmaps insists on them, --data.source doodles does not ask.)"
        )
        return replace(doodles.load(config), note=note)


def _first_strokes(config: Data, root: Path, categories: list[str]) -> ImageDataset:
    """The strokes in `root`; if there are none, doodles, whose strokes the project makes itself."""
    if strokes.find(root, categories):
        return strokes.load(config, root)
    if not set(categories) <= set(FIVE):
        raise UserError(
            f"there are no .ndjson files of all categories in {root}, and doodles only of {', '.join(FIVE)}."
        )
    note = f"Doodles, because there are no .ndjson files of strokes in {root} (--data.root names another folder)."
    return replace(doodles.load(config), note=note)
