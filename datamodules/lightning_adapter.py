"""The data modules as LightningDataModules, made of `torch.utils.data.DataLoader`.

The batches are the NumPy track's, to the bit. They come whole: a sampler names the epoch and the batch, and a dataset
returns that batch as tensors over the memory that NumPy filled. A thread makes the next batches meanwhile, so further
worker processes would cost more than they bring. A GPU with room gets all images at once, as bytes, and its batches are
gathered there.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from lightning.pytorch import LightningDataModule
from torch.utils.data import DataLoader, Dataset
from torch.utils.data.distributed import DistributedSampler

from datamodules.images import ImageDataModule, Split
from datamodules.registry import make_data
from datamodules.word_vectors import load_word_vectors
from experiment.settings import Source, experiment_of

ROOM = 0.3
"""Images move to a GPU as a whole where they take no more than this share of its free memory."""
Share = tuple[int, int, int]
"""The first and the last row (excluded) of the global batch that a process takes, and how many there are."""
TorchBatch = tuple[torch.Tensor, torch.Tensor] | tuple[torch.Tensor, torch.Tensor, Share]
"""Images and labels; where several processes train, also which rows of the global batch these are."""

warnings.filterwarnings("ignore", ".*does not have many workers")  # see above: a thread is faster


class EpochSampler(DistributedSampler):
    """Names the batches of an epoch, in order: (epoch, 0), (epoch, 1), ...

    Lightning, like other trainers, calls `set_epoch` before each epoch, also after a resume. As a DistributedSampler
    it stays when several processes train: all see the same batches, of which the dataset takes each one's rows.
    """

    def __init__(self, batches: Dataset, count: int) -> None:
        super().__init__(batches, num_replicas=1, rank=0, shuffle=False)
        self.count = count

    def __len__(self) -> int:
        return self.count

    def __iter__(self) -> Iterator[Any]:
        yield from ((self.epoch, batch_idx) for batch_idx in range(self.count))


class Batches(Dataset):
    """The batches of one split: `batches[epoch, batch_idx]`, or `batches[batch_idx]` of the first epoch.

    The batches of an epoch in order cost nothing extra; any other one is found by passing through the epoch.
    """

    def __init__(self, source: HostBatches | DeviceBatches, rank: int = 0, world: int = 1) -> None:
        self.source, self.rank, self.world = source, rank, world
        self._next = -1, 0
        self._rest: Iterator[tuple[torch.Tensor, torch.Tensor]] = iter(())

    def __len__(self) -> int:
        return self.source.data.num_batches(self.source.split)

    def __getitem__(self, place: tuple[int, int] | int) -> TorchBatch:
        epoch, batch_idx = place if isinstance(place, tuple) else (0, place)
        if not 0 <= batch_idx < len(self):
            raise IndexError(f"batch {batch_idx} of {len(self)}")
        if self._next[0] != epoch or self._next[1] > batch_idx:
            self._next, self._rest = (epoch, 0), self.source.of_epoch(epoch)
        for _ in range(self._next[1], batch_idx):
            next(self._rest)
        images, labels = next(self._rest)
        self._next = epoch, batch_idx + 1
        if batch_idx + 1 == len(self):
            self._rest = iter(())  # the pass ends here, and its thread
        if self.world == 1:
            return images, labels
        first, last, total = share_of(len(labels), self.rank, self.world)
        rows = slice(min(first, total - 1), max(last, first + 1))  # never none; a borrowed row counts nothing
        return images[rows], labels[rows], (first, last, total)


class HostBatches:
    """The NumPy data module's batches, over the same memory."""

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


class ImageLightningDataModule(LightningDataModule):
    """The images of an experiment for Lightning's Trainer.

    Args:
        experiment: an `Experiment`, its YAML file, or nested dicts; None is the default experiment.
        data: the experiment's NumPy data module, where there is one already; else it is made when it is needed.
        settings: fields of the experiment's section `data`, and `seed` and `dtype`:
            `ImageLightningDataModule(dataset="mnist", batch_size=32)`.
    """

    def __init__(self, experiment: Source = None, data: ImageDataModule | None = None, **settings: Any) -> None:
        super().__init__()
        self.experiment = experiment_of(experiment, settings, "data")
        self._data = data
        self._resident: dict[tuple[Split, torch.device], DeviceBatches] = {}

    @property
    def data(self) -> ImageDataModule:
        """The NumPy data module, with the images in memory."""
        if self._data is None:
            self._data = make_data(self.experiment)
        return self._data

    @property
    def shape(self) -> tuple[int, ...]:
        """Channels, height and width of an image; of strokes the most points, and the numbers of each."""
        return self.data.shape

    @property
    def categories(self) -> list[str]:
        """Names of the categories; a label is an index into this list."""
        return self.data.categories

    @property
    def num_classes(self) -> int:
        """How many categories there are."""
        return len(self.categories)

    @property
    def word_vectors(self) -> np.ndarray:
        """The categories' word vectors (C, V), for a dual tower."""
        words = self.data.words
        if words is None:
            words = load_word_vectors(self.experiment.data.word_vectors, self.categories, self.experiment.seed)
        return words.vectors

    def prepare_data(self) -> None:
        """Download what is missing, on one process of each machine, and load it there."""
        _ = self.data

    def setup(self, stage: str) -> None:
        """Load the images in every process."""
        _ = self.data

    def train_dataloader(self) -> DataLoader:
        """The training batches, in the order that belongs to the epoch."""
        return self._loader("train")

    def val_dataloader(self) -> DataLoader:
        """The validation batches."""
        return self._loader("validation")

    def test_dataloader(self) -> DataLoader:
        """The test batches."""
        return self._loader("test")

    def predict_dataloader(self) -> DataLoader:
        """The test batches, to predict their categories."""
        return self._loader("test")

    def resident(self, split: Split, device: torch.device) -> DeviceBatches | None:
        """The split on the device, moved there once, if it belongs there."""
        if (split, device) not in self._resident and self.belongs(split, device):
            self._resident[split, device] = DeviceBatches(self.data, split, device)
        return self._resident.get((split, device))

    def belongs(self, split: Split, device: torch.device) -> bool:
        """Whether the device is a GPU with room for the split, whose images go in as they are."""
        augmented = split == "train" and self.data.config.augmentation.active
        if device.type != "cuda" or augmented or self.data.as_strokes:
            return False
        images = self.data.pool(split)[0]
        return isinstance(images, np.ndarray) and images.nbytes <= ROOM * torch.cuda.mem_get_info(device)[0]

    def transfer_batch_to_device(self, batch: TorchBatch, device: torch.device, dataloader_idx: int) -> TorchBatch:
        """Nothing to do on the CPU, where Lightning's own way would look through the batch's structure all the same."""
        if device.type == "cpu":
            return batch
        moved: TorchBatch = super().transfer_batch_to_device(batch, device, dataloader_idx)
        return moved

    def _loader(self, split: Split) -> DataLoader:
        trainer = self.trainer
        rank, world = (trainer.global_rank, trainer.world_size) if trainer else (0, 1)
        device = trainer.strategy.root_device if trainer else torch.device("cpu")
        batches = Batches(self.resident(split, device) or HostBatches(self.data, split), rank, world)
        return DataLoader(batches, sampler=EpochSampler(batches, len(batches)), batch_size=None, collate_fn=_as_it_is)


def _as_it_is(batch: Any) -> Any:
    """The tensors are ready; by default a DataLoader would look through them."""
    return batch
