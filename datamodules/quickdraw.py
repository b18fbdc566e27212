"""Quick, Draw! drawings (Google, CC BY 4.0), from one of several sources."""

from __future__ import annotations

from datamodules.image_dataset import ImageDataset
from datamodules.images import ImageDataModule
from datamodules.sources import load_drawings
from experiment.config import Data


class QuickDrawDataModule(ImageDataModule):
    """Quick, Draw! drawings, 28x28, grey: the subset, official bitmaps, strokes, or doodles."""

    NAME = "Quick, Draw!"

    def load(self, config: Data) -> ImageDataset:
        """From the source that `data.source` names."""
        return load_drawings(config)

    @property
    def label(self) -> str:
        """The data in two or three words; doodles are never called Quick, Draw! drawings."""
        label = super().label
        return f"DOODLES, not {label}" if self.dataset.source == "doodles" else label
