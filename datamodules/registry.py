"""The data module that an experiment asks for; the entries are in `experiment/registry.py`."""

from __future__ import annotations

from datamodules.images import ImageDataModule
from experiment.config import Experiment
from experiment.registry import DATA_SETS


def make_data(experiment: Experiment) -> ImageDataModule:
    """Load the data set that `data.dataset` names."""
    data: ImageDataModule = DATA_SETS[experiment.data.dataset].load_class()(experiment)
    return data
