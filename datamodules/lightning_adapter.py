"""The Lightning face of an `ImageDataModule`: its batches, whole, as torch tensors over the same memory.

There is no per-drawing Python and no DataLoader: the batches are made by NumPy already, and a worker process
would cost more than it saves. Lightning takes any iterable with a length.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from lightning.pytorch import LightningDataModule

from datamodules.images import ImageDataModule, Split

TorchBatch = tuple[torch.Tensor, torch.Tensor]


class Batches:
    """One split as an iterable of torch batches; each pass asks for the trainer's current epoch."""

    def __init__(self, adapter: LightningImages, split: Split) -> None:
        self.adapter = adapter
        self.split = split

    def __len__(self) -> int:
        return self.adapter.data.num_batches(self.split)

    def __iter__(self) -> Iterator[TorchBatch]:
        trainer = self.adapter.trainer
        epoch = trainer.current_epoch if trainer else 0
        for images, labels in self.adapter.data.batches(self.split, epoch):
            yield torch.from_numpy(images), torch.from_numpy(labels)


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
