"""The data module that an experiment asks for."""

from __future__ import annotations

from datamodules.cifar10 import CIFAR10DataModule
from datamodules.images import ImageDataModule
from datamodules.mnist import MNISTDataModule
from datamodules.quickdraw import QuickDrawDataModule
from experiment.config import Experiment

DATA_MODULES: dict[str, type[ImageDataModule]] = {
    "quickdraw": QuickDrawDataModule,
    "mnist": MNISTDataModule,
    "cifar10": CIFAR10DataModule,
}


def make_data(experiment: Experiment) -> ImageDataModule:
    """Load the data set that `data.dataset` names."""
    return DATA_MODULES[experiment.data.dataset](experiment)
