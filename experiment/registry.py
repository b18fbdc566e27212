"""The models and the data sets by the names that a config gives them: an entry each, and no list of them elsewhere.

Entries name their modules and classes; these are imported when they are used, so that `--help` answers at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

from experiment.errors import UserError, did_you_mean

if TYPE_CHECKING:
    from experiment.architecture import LayerEntry
    from experiment.config import Experiment


@dataclass(frozen=True, kw_only=True)
class Model:
    """A model: the class `class_name` in `numpy_ref/<module>.py`, and its twin in `lightning_models/<module>.py`."""

    description: str
    """For `--help`."""
    module: str
    class_name: str
    section: str
    """The experiment's section with its settings."""
    layers: str
    """The section's field with the list of layers through which the images pass."""
    form: str = "bitmaps"
    """The `data.form` that it takes."""
    needs_words: bool = False
    """Whether it embeds the categories' word vectors: its scores are similarities of images and words."""

    @property
    def layers_field(self) -> str:
        """The list of layers as a config's key."""
        return f"{self.section}.{self.layers}"

    def image_layers(self, experiment: Experiment) -> list[LayerEntry] | None:
        """The experiment's list of layers through which the images pass, if it gives one."""
        layers: list[LayerEntry] | None = getattr(getattr(experiment, self.section), self.layers)
        return layers

    def load_class(self, package: str) -> Any:
        """Its class in a track: in "numpy_ref" or in "lightning_models"."""
        return getattr(import_module(f"{package}.{self.module}"), self.class_name)


@dataclass(frozen=True, kw_only=True)
class DataSet:
    """A data set: the class `class_name` in `datamodules/<module>.py`."""

    description: str
    """For `--help`."""
    module: str
    class_name: str

    def load_class(self) -> Any:
        """Its data module."""
        return getattr(import_module(f"datamodules.{self.module}"), self.class_name)


MODELS: dict[str, Model] = {
    "softmax": Model(
        description="a classifier with a softmax over the categories",
        module="softmax",
        class_name="SoftmaxClassifier",
        section="softmax",
        layers="layers",
    ),
    "dual_tower": Model(
        description="an image tower and a word tower that meet on the unit sphere",
        module="dual_tower",
        class_name="DualTower",
        section="dual_tower",
        layers="image_layers",
        needs_words=True,
    ),
    "sequence": Model(
        description="a transformer on the points of the strokes (--data.form strokes)",
        module="sequence",
        class_name="SequenceClassifier",
        section="sequence",
        layers="layers",
        form="strokes",
    ),
}

DATA_SETS: dict[str, DataSet] = {
    "quickdraw": DataSet(
        description="Quick, Draw! drawings, 28x28, grey", module="quickdraw", class_name="QuickDrawDataModule"
    ),
    "mnist": DataSet(description="MNIST's digits, 28x28, grey", module="mnist", class_name="MNISTDataModule"),
    "cifar10": DataSet(
        description="CIFAR-10's photographs, 32x32, colour", module="cifar10", class_name="CIFAR10DataModule"
    ),
}

CHOICES: dict[str, Mapping[str, Model | DataSet]] = {"model": MODELS, "data.dataset": DATA_SETS}
"""The config's fields that name an entry."""


def check_choice(field: str, name: str) -> None:
    """Refuse a name that has no entry; `field` is one of CHOICES."""
    names = CHOICES[field]
    if name not in names:
        raise UserError(f"--{field}: {name!r} is none of {', '.join(names)}.{did_you_mean(name, names)}")


def choices_help(field: str) -> str:
    """The names and what they stand for, for `--help`."""
    return "; ".join(f"{name}: {entry.description}" for name, entry in CHOICES[field].items())
