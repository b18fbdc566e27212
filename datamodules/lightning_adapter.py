"""The Lightning face of an `ImageDataModule`: its batches, whole, as torch tensors over the same memory.

There is no per-drawing Python and no DataLoader: the batches are made by NumPy already, and a worker process
would cost more than it saves. Lightning takes any iterable with a length. A GPU with room gets all images at once, as
bytes, and its batches are gathered there.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from lightning.pytorch import LightningDataModule

from datamodules.images import ImageDataModule, Split

ROOM = 0.3
"""Images move to a GPU as a whole where they take no more than this share of its free memory."""
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
        trainer, data = self.adapter.trainer, self.adapter.data
        epoch, rank, world = (trainer.current_epoch, trainer.global_rank, trainer.world_size) if trainer else (0, 0, 1)
        device = trainer.strategy.root_device if trainer else torch.device("cpu")
        batches = self.adapter.resident(self.split, device) or _HostBatches(data, self.split)
        for images, labels in batches.of_epoch(epoch):
            if world == 1:
                yield images, labels
                continue
            first, last, total = share_of(len(labels), rank, world)
            rows = slice(min(first, total - 1), max(last, first + 1))  # never none; a borrowed row counts nothing
            yield images[rows], labels[rows], (first, last, total)


class _HostBatches:
    """The data module's own batches, over the same memory."""

    def __init__(self, data: ImageDataModule, split: Split) -> None:
        self.data, self.split = data, split

    def of_epoch(self, epoch: int) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        """One pass through the split."""
        for images, labels in self.data.batches(self.split, epoch):
            yield torch.from_numpy(images), torch.from_numpy(labels)


class DeviceBatches:
    """The same batches, to the bit, gathered on a device that holds all images as bytes: no copying in between."""

    def __init__(self, data: ImageDataModule, split: Split, device: torch.device) -> None:
        images, labels = data.pool(split)
        assert isinstance(images, np.ndarray)
        self.data, self.split, self.device = data, split, device
        self.images, self.labels = torch.from_numpy(images).to(device), torch.from_numpy(labels).to(device)
        self.dtype = getattr(torch, data.dtype.name)

    def of_epoch(self, epoch: int) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        """One pass through the split."""
        rows = torch.from_numpy(self.data.order(self.split, epoch)).to(self.device)
        for chosen in rows.split(self.data.config.batch_size):
            pixels = self.images[chosen]
            pixels = pixels[:, None] if pixels.ndim == 3 else pixels.permute(0, 3, 1, 2)
            yield pixels.to(self.dtype).contiguous() * float(self.data.dtype.type(1 / 255)), self.labels[chosen]


def share_of(total: int, rank: int, world: int) -> Share:
    """The rows of a global batch of `total` that process `rank` of `world` takes."""
    return total * rank // world, total * (rank + 1) // world, total


class LightningImages(LightningDataModule):
    """Hands the splits of an `ImageDataModule` to Lightning."""

    def __init__(self, data: ImageDataModule) -> None:
        super().__init__()
        self.data = data
        self._resident: dict[tuple[Split, torch.device], DeviceBatches] = {}

    def resident(self, split: Split, device: torch.device) -> DeviceBatches | None:
        """The split on the device, moved there once, if it belongs there."""
        if (split, device) not in self._resident and self.belongs(split, device):
            self._resident[split, device] = DeviceBatches(self.data, split, device)
        return self._resident.get((split, device))

    def belongs(self, split: Split, device: torch.device) -> bool:
        """Whether the device is a GPU with room for the split, whose images go in as they are."""
        augmented = split == "train" and self.data.config.augmentation.active
        if device.type != "cuda" or augmented:
            return False
        images = self.data.pool(split)[0]
        return isinstance(images, np.ndarray) and images.nbytes <= ROOM * torch.cuda.mem_get_info(device)[0]

    def transfer_batch_to_device(self, batch: TorchBatch, device: torch.device, dataloader_idx: int) -> TorchBatch:
        """Nothing to do on the CPU, where Lightning's own way would look through the batch's structure all the same."""
        if device.type == "cpu":
            return batch
        moved: TorchBatch = super().transfer_batch_to_device(batch, device, dataloader_idx)
        return moved

    def train_dataloader(self) -> Batches:
        """The training batches, in the order that belongs to the epoch."""
        return Batches(self, "train")

    def val_dataloader(self) -> Batches:
        """The validation batches."""
        return Batches(self, "validation")

    def test_dataloader(self) -> Batches:
        """The test batches."""
        return Batches(self, "test")
