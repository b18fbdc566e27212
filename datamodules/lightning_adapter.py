"""The Lightning face of an `ImageDataModule`: its batches, whole, as torch tensors over the same memory.

There is no per-drawing Python and no DataLoader: the batches are made by NumPy already, and a worker process
would cost more than it saves. Lightning takes any iterable with a length.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from lightning.pytorch import LightningDataModule

from datamodules.images import ImageDataModule, Split

Share = tuple[int, int, int]
"""The first and the last row (excluded) of the global batch that a process takes, and how many there are."""
TorchBatch = tuple[torch.Tensor, torch.Tensor] | tuple[torch.Tensor, torch.Tensor, Share]
"""Images and labels; where several processes train, also which rows of the global batch these are."""


class Batches:
    """One split as an iterable of torch batches; each pass asks for the trainer's current epoch."""

    def __init__(self, adapter: LightningImages, split: Split) -> None:
        self.adapter = adapter
        self.split = split

    def __len__(self) -> int:
        return self.adapter.data.num_batches(self.split)

    def __iter__(self) -> Iterator[TorchBatch]:
        trainer = self.adapter.trainer
        epoch, rank, world = (trainer.current_epoch, trainer.global_rank, trainer.world_size) if trainer else (0, 0, 1)
        for images, labels in self.adapter.data.batches(self.split, epoch):
            if world == 1:
                yield torch.from_numpy(images), torch.from_numpy(labels)
                continue
            first, last, total = share_of(len(labels), rank, world)
            rows = slice(min(first, total - 1), max(last, first + 1))  # never none; a borrowed row counts nothing
            yield torch.from_numpy(images[rows]), torch.from_numpy(labels[rows]), (first, last, total)


def share_of(total: int, rank: int, world: int) -> Share:
    """The rows of a global batch of `total` that process `rank` of `world` takes."""
    return total * rank // world, total * (rank + 1) // world, total


class LightningImages(LightningDataModule):
    """Hands the splits of an `ImageDataModule` to Lightning."""

    def __init__(self, data: ImageDataModule) -> None:
        super().__init__()
        self.data = data

    def train_dataloader(self) -> Batches:
        """The training batches, in the order that belongs to the epoch."""
        return Batches(self, "train")

    def val_dataloader(self) -> Batches:
        """The validation batches."""
        return Batches(self, "validation")

    def test_dataloader(self) -> Batches:
        """The test batches."""
        return Batches(self, "test")
