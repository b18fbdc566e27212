"""The typed experiment: one dataclass per section of the YAML, checked when it is made.

Every field is also a flag of both trainers: `optimizer.lr` in the YAML is `--optimizer.lr`. To add an
option, add a field with its docstring here; the YAML key, the flag, its help text and its type check follow.
"""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass, field
from typing import Any, Literal

from experiment.architecture import check_layers, hidden_layers
from experiment.errors import UserError
from experiment.registry import MODELS, check_choice

FIVE = ("rabbit", "yoga", "hand", "snowman", "motorbike")
"""The five categories of the course; their labels are 0 to 4 in this order."""
LARGEST = 1000
"""Weights of terms, decays and shifts beyond this can only be mistakes: the loss would not stay a number."""
SMALLEST = 1e-30
"""Less is 0 in float32, and dividing by it gives no number."""
LONGEST_NAME = 200
"""Bytes of a folder's name: file systems take 255."""


def _check(holds: bool, name: str, rule: str, value: object) -> None:
    if not holds:
        raise UserError(f"--{name} must be {rule}, but is {value!r}.")


def _check_finite(holds: bool, name: str, rule: str, value: float) -> None:
    _check(math.isfinite(value) and holds, name, rule, value)


def _check_place(value: str | None, name: str) -> None:
    _check(value is None or bool(value.strip()), name, "a name or null (an empty variable of the shell?)", value)


def _check_dims(dims: list[int], name: str) -> None:
    _check(all(dim > 0 for dim in dims), name, "a list of whole numbers above 0", dims)


@dataclass(frozen=True, kw_only=True)
class Augmentation:
    """Random changes to the training drawings of each batch; all off by default."""

    rotation: float = 0.0
    """Largest rotation, in degrees, either way."""
    scale: float = 0.0
    """Largest relative change of size: 0.1 draws factors from 0.9 to 1.1."""
    shear: float = 0.0
    """Largest shear, in degrees, either way."""
    shift: float = 0.0
    """Largest shift along each axis, in pixels, either way."""
    flip: float = 0.0
    """Probability of a left-right flip."""
    drop_strokes: float = 0.0
    """Of strokes: probability that each one is left out (one always stays)."""
    reorder: float = 0.0
    """Of strokes: probability that those of a drawing come in a random order."""
    jitter: float = 0.0
    """Of strokes: standard deviation of the noise on each point, on the grid of 256."""

    def __post_init__(self) -> None:
        _check_finite(0 <= self.rotation <= 180, "data.augmentation.rotation", "from 0 to 180", self.rotation)
        _check_finite(0 <= self.scale < 1, "data.augmentation.scale", "at least 0 and below 1", self.scale)
        _check_finite(0 <= self.shear < 90, "data.augmentation.shear", "at least 0 and below 90", self.shear)
        _check_finite(0 <= self.shift <= LARGEST, "data.augmentation.shift", f"from 0 to {LARGEST:,}", self.shift)
        _check_finite(0 <= self.flip <= 1, "data.augmentation.flip", "from 0 to 1", self.flip)
        drop, reorder = self.drop_strokes, self.reorder
        _check_finite(0 <= drop < 1, "data.augmentation.drop_strokes", "at least 0 and below 1", drop)
        _check_finite(0 <= reorder <= 1, "data.augmentation.reorder", "from 0 to 1", reorder)
        _check_finite(0 <= self.jitter <= LARGEST, "data.augmentation.jitter", f"from 0 to {LARGEST:,}", self.jitter)

    @property
    def active(self) -> bool:
        """Whether any of the changes is switched on."""
        return any(dataclasses.astuple(self))

    @property
    def of_strokes(self) -> dict[str, float]:
        """The changes that only strokes allow."""
        return {name: getattr(self, name) for name in ("drop_strokes", "reorder", "jitter")}


@dataclass(frozen=True, kw_only=True)
class Data:
    """Which drawings, how many, and how they are cut into batches."""

    dataset: str = "quickdraw"
    """Which data set."""
    form: Literal["bitmaps", "strokes"] = "bitmaps"
    """What a drawing is for the network: a picture, or the sequence of its strokes' points (`--model sequence`), which
    only the sources `strokes` and `doodles` of Quick, Draw! know. The split is the same for both."""
    source: Literal["auto", "subset", "bitmaps", "strokes", "doodles"] = "auto"
    """Of Quick, Draw!: `subset`: a folder in the course's layout; `bitmaps`: official numpy_bitmap files, fetched where
    missing; `strokes`: official simplified .ndjson files; `doodles`: drawings made by this project;
    `auto`: the first of these that is available, in this order."""
    root: str | None = None
    """Folder with the drawings; null is the project's own `data` folder."""
    url: str | None = None
    """Where missing files are fetched from; null is the data set's usual address."""
    categories: list[str] | Literal["all"] | None = None
    """Names of the categories, or `all` of the data set's; null means the course's five of Quick, Draw!, and all of
    the others'. A category's label is its index in the list."""
    unseen: int = 0
    """Number of categories, drawn at random by the seed, that are left out of training and test; a dual tower is then
    asked to name their drawings by their words alone (python -m apps zero-shot)."""
    train_per_category: int | None = 4000
    """Most drawings of each category for training and validation; null takes all."""
    test_per_category: int | None = 1000
    """Most drawings of each category for the test; null takes all that a source sets apart."""
    val_fraction: float = 0.1
    """Share of the training drawings that is set apart, at random, for validation."""
    batch_size: int = 64
    """Images per batch; the last, shorter batch of an epoch is kept."""
    word_vectors: str = "glove-wiki-gigaword-100"
    """Word vectors for the dual tower: a text file in GloVe's layout, or a name known to gensim.downloader."""
    augmentation: Augmentation = field(default_factory=Augmentation)
    """Random changes to the training drawings."""

    def __post_init__(self) -> None:
        check_choice("data.dataset", self.dataset)
        for name in ("root", "url", "word_vectors"):
            _check_place(getattr(self, name), f"data.{name}")
        if self.form == "strokes":
            _check(self.dataset == "quickdraw", "data.dataset", "quickdraw with --data.form strokes", self.dataset)
            known = self.source in ("auto", "strokes", "doodles")
            _check(known, "data.source", "strokes, doodles or auto with --data.form strokes", self.source)
        for name, value in self.augmentation.of_strokes.items():
            no_effect = value > 0 and self.form != "strokes"
            _check(not no_effect, f"data.augmentation.{name}", "0 without --data.form strokes", value)
        names = self.categories
        if isinstance(names, list):
            _check(len(names) >= 2, "data.categories", "a list of at least two names, or 'all'", names)
            _check(len(set(names)) == len(names), "data.categories", "a list without repeated names", names)
        _check(self.unseen >= 0, "data.unseen", "a whole number, at least 0", self.unseen)
        for name in ("train_per_category", "test_per_category"):
            value = getattr(self, name)
            _check(value is None or value > 0, f"data.{name}", "a whole number above 0, or null", value)
        _check_finite(0 < self.val_fraction < 1, "data.val_fraction", "between 0 and 1", self.val_fraction)
        _check(self.batch_size > 0, "data.batch_size", "a whole number above 0", self.batch_size)


@dataclass(frozen=True, kw_only=True)
class Softmax:
    """Task I: a multilayer perceptron with a softmax over the categories."""

    hidden_dims: list[int] = field(default_factory=lambda: [128, 64])
    """Width of each hidden layer; an empty list makes the linear model."""
    layers: list[str | dict[str, Any]] | None = None
    """The hidden layers one by one, instead of `hidden_dims`: see experiment/architecture.py. The last Linear, with an
    output for each category, is added by itself."""
    loss: Literal["cross_entropy", "binary_cross_entropy"] = "cross_entropy"
    """`cross_entropy` of the softmax, or `binary_cross_entropy`: one sigmoid per category, mean over categories."""
    label_smoothing: float = 0.0
    """Share of the cross-entropy's target that is spread evenly over all categories."""

    def __post_init__(self) -> None:
        _check_dims(self.hidden_dims, "softmax.hidden_dims")
        check_layers(self.layers, "softmax.layers")
        smoothing = self.label_smoothing
        _check_finite(0 <= smoothing < 1, "softmax.label_smoothing", "at least 0 and below 1", smoothing)
        plain = smoothing == 0 or self.loss == "cross_entropy"
        _check(plain, "softmax.label_smoothing", "0 with --softmax.loss binary_cross_entropy", smoothing)

    @property
    def hidden_layers(self) -> list[str | dict[str, Any]]:
        """`layers`, or where there are none what `hidden_dims` is short for."""
        return list(hidden_layers(self.hidden_dims, self.layers))


@dataclass(frozen=True, kw_only=True)
class DualTower:
    """Task II: an image tower and a word tower that meet on the unit sphere."""

    image_dims: list[int] = field(default_factory=lambda: [512, 512])
    """Width of each hidden layer of the image tower."""
    image_layers: list[str | dict[str, Any]] | None = None
    """The image tower's hidden layers one by one, instead of `image_dims`: see experiment/architecture.py. The last
    Linear, to the embedding, is added by itself."""
    word_dims: list[int] = field(default_factory=lambda: [32])
    """Width of each hidden layer of the word tower."""
    embedding_dim: int = 32
    """Length of the vectors in which both towers end."""
    train_word_tower: bool = False
    """Whether the word tower is trained as well; else it keeps its initial weights."""
    cosine_weight: float = 1.0
    """Weight of the term 1 - cos(drawing, its category)."""
    margin_weight: float = 0.0
    """Weight of the term that pushes other categories away until they trail by `margin`."""
    margin: float = 0.2
    """By how much the similarity to the true category should exceed that to every other one."""
    contrast_weight: float = 0.0
    """Weight of the cross-entropy over similarities / `temperature`."""
    temperature: float = 0.1
    """Divides the similarities in the cross-entropy; smaller is sharper."""
    label_smoothing: float = 0.0
    """Share of the cross-entropy's target that is spread evenly over all categories."""

    def __post_init__(self) -> None:
        _check_dims(self.image_dims, "dual_tower.image_dims")
        _check_dims(self.word_dims, "dual_tower.word_dims")
        check_layers(self.image_layers, "dual_tower.image_layers")
        _check(self.embedding_dim > 0, "dual_tower.embedding_dim", "a whole number above 0", self.embedding_dim)
        weights = (self.cosine_weight, self.margin_weight, self.contrast_weight)
        for name, value in zip(("cosine_weight", "margin_weight", "contrast_weight"), weights, strict=True):
            _check_finite(0 <= value <= LARGEST, f"dual_tower.{name}", f"from 0 to {LARGEST:,}", value)
        _check(any(weights), "dual_tower.cosine_weight", "above 0 where both other terms are off", self.cosine_weight)
        _check_finite(self.margin >= 0, "dual_tower.margin", "at least 0", self.margin)
        _check_finite(self.temperature >= 1e-6, "dual_tower.temperature", "at least 0.000001", self.temperature)
        smoothing = self.label_smoothing
        _check_finite(0 <= smoothing < 1, "dual_tower.label_smoothing", "at least 0 and below 1", smoothing)

    @property
    def hidden_layers(self) -> list[str | dict[str, Any]]:
        """The image tower's: `image_layers`, or where there are none what `image_dims` is short for."""
        return list(hidden_layers(self.image_dims, self.image_layers))


@dataclass(frozen=True, kw_only=True)
class Sequence:
    """Task III: a transformer on the points of the strokes."""

    dim: int = 64
    """Numbers for each point within the transformer."""
    depth: int = 3
    """Blocks (TransformerEncoderLayer) one after the other."""
    heads: int = 4
    """Heads of attention in each block; they share `dim`."""
    feedforward: int = 128
    """Width of each block's hidden layer."""
    dropout: float = 0.1
    """Dropout in each block."""
    positions: Literal["learnt", "sinusoidal", "none"] = "learnt"
    """What tells the network the order of the points: a vector for each place, trained or of sines and cosines."""
    layers: list[str | dict[str, Any]] | None = None
    """The hidden layers one by one, instead of all fields above: see experiment/architecture.py. The last Linear, with
    an output for each category, is added by itself."""
    label_smoothing: float = 0.0
    """Share of the cross-entropy's target that is spread evenly over all categories."""

    def __post_init__(self) -> None:
        for name in ("dim", "depth", "heads", "feedforward"):
            _check(getattr(self, name) > 0, f"sequence.{name}", "a whole number above 0", getattr(self, name))
        shared = self.dim % self.heads == 0
        _check(shared, "sequence.dim", f"a multiple of --sequence.heads {self.heads}", self.dim)
        _check_finite(0 <= self.dropout < 1, "sequence.dropout", "at least 0 and below 1", self.dropout)
        check_layers(self.layers, "sequence.layers")
        smoothing = self.label_smoothing
        _check_finite(0 <= smoothing < 1, "sequence.label_smoothing", "at least 0 and below 1", smoothing)

    @property
    def hidden_layers(self) -> list[str | dict[str, Any]]:
        """`layers`, or where there are none what the other fields are short for."""
        if self.layers is not None:
            return self.layers
        block = {"nhead": self.heads, "dim_feedforward": self.feedforward, "dropout": self.dropout}
        kinds: dict[str, list[str]] = {"learnt": ["LearntPositions"], "sinusoidal": ["SinusoidalPositions"], "none": []}
        blocks = [{"TransformerEncoderLayer": {**block, "activation": "gelu"}}] * self.depth
        return [{"Linear": self.dim}, *kinds[self.positions], *blocks, "LayerNorm", "MaskedMean"]


@dataclass(frozen=True, kw_only=True)
class Optimizer:
    """How the weights follow the gradient; terms as `torch.optim` defines them."""

    name: Literal["sgd", "adam", "adamw"] = "sgd"
    """Stochastic gradient descent; Adam; or Adam with weight decay apart from the gradient (AdamW)."""
    lr: float = 0.01
    """Learning rate; the largest one where a schedule changes it."""
    momentum: float = 0.9
    """SGD: factor of the last step that is added to the next."""
    nesterov: bool = False
    """SGD: look ahead along the momentum (Nesterov)."""
    beta1: float = 0.9
    """Adam and AdamW: decay rate of the running mean of the gradient."""
    beta2: float = 0.999
    """Adam and AdamW: decay rate of the running mean of the squared gradient."""
    eps: float = 1e-8
    """Adam and AdamW: added to the root of the mean squared gradient."""
    weight_decay: float = 0.0
    """SGD and Adam: adds weight_decay * weight to the gradient (the gradient of weight_decay / 2 * |weight|^2), of
    biases too. AdamW: subtracts lr * weight_decay * weight from the weight."""
    l2: float = 0.0
    """Adds l2 * |W|^2, summed over all weight matrices and kernels (no biases), to the training loss, as a term of its
    own. Its gradient is 2 * l2 * W, so it trains as `weight_decay: 2 * l2` does, but shows in the loss. The validation
    loss is without it, so that epochs and runs are chosen by how well they fit."""
    schedule: Literal["constant", "step", "cosine", "one_cycle"] = "constant"
    """How the learning rate changes: `step` multiplies it by `decay_factor` every `decay_every` epochs; `cosine` lets
    it fall to 0 along half a cosine; `one_cycle` first raises it from lr / 25 for a share `warmup` of the steps."""
    decay_every: int = 10
    """Epochs between two steps of the `step` schedule."""
    decay_factor: float = 0.1
    """Factor of each step of the `step` schedule."""
    warmup: float = 0.3
    """Share of all steps in which `one_cycle` raises the learning rate."""

    def __post_init__(self) -> None:
        _check_finite(self.lr > 0, "optimizer.lr", "above 0", self.lr)
        for name in ("momentum", "beta1", "beta2"):
            value = getattr(self, name)
            _check_finite(0 <= value < 1, f"optimizer.{name}", "at least 0 and below 1", value)
        _check_finite(self.eps >= SMALLEST, "optimizer.eps", f"at least {SMALLEST}", self.eps)
        for name in ("weight_decay", "l2"):
            value = getattr(self, name)
            _check_finite(0 <= value <= LARGEST, f"optimizer.{name}", f"from 0 to {LARGEST:,}", value)
        momentum_needed = self.momentum > 0 or not self.nesterov
        _check(momentum_needed, "optimizer.momentum", "above 0 with --optimizer.nesterov", self.momentum)
        _check(self.decay_every > 0, "optimizer.decay_every", "a whole number above 0", self.decay_every)
        _check_finite(0 < self.decay_factor < 1, "optimizer.decay_factor", "between 0 and 1", self.decay_factor)
        _check_finite(0 < self.warmup < 1, "optimizer.warmup", "between 0 and 1", self.warmup)


@dataclass(frozen=True, kw_only=True)
class Trainer:
    """How long to train, and with which numbers."""

    max_epochs: int = 20
    """Passes through the training drawings, at most."""
    patience: int = 5
    """Number of epochs without a smaller validation loss after which training stops."""
    dtype: Literal["float32", "float64"] = "float32"
    """Type of the weights and of all arithmetic."""

    def __post_init__(self) -> None:
        _check(self.max_epochs > 0, "trainer.max_epochs", "a whole number above 0", self.max_epochs)
        _check(self.patience > 0, "trainer.patience", "a whole number above 0", self.patience)


@dataclass(frozen=True, kw_only=True)
class Experiment:
    """Everything that decides what a run does. The same file and flags serve both tracks."""

    experiment: str = "softmax"
    """Name of the experiment: its folder under the logs."""
    seed: int = 42
    """Seeds the split, the order of the batches, the initial weights, the augmentation and dropout."""
    logs_root: str | None = None
    """Folder for the runs; null is the project's own `logs` folder."""
    model: str = "softmax"
    """Which model to train."""
    initializer: Literal["kaiming", "xavier", "normal", "orthogonal"] = "kaiming"
    """Standard deviation of the initial weights: sqrt(2 / fan_in), sqrt(2 / (fan_in + fan_out)), or 0.01; or orthogonal
    matrices."""
    compile: bool = False
    """Whether the Lightning track compiles the image network (torch.compile): worth its start on long trainings."""
    figures: bool = True
    """Whether to draw figures after training, or of a comparison."""
    softmax: Softmax = field(default_factory=Softmax)
    """Task I, read where `model` is softmax."""
    dual_tower: DualTower = field(default_factory=DualTower)
    """Task II, read where `model` is dual_tower."""
    sequence: Sequence = field(default_factory=Sequence)
    """Task III, read where `model` is sequence."""
    data: Data = field(default_factory=Data)
    """The drawings."""
    optimizer: Optimizer = field(default_factory=Optimizer)
    """The optimiser."""
    trainer: Trainer = field(default_factory=Trainer)
    """The training."""
    lightning: dict[str, bool | int | float | list | dict | str | None] = field(default_factory=dict)
    """Further arguments of Lightning's Trainer, such as {accelerator: gpu}; the NumPy track ignores them. `callbacks`,
    `logger` and `profiler` take `class_path` and `init_args`, as in LightningCLI, and are added to this project's."""

    def __post_init__(self) -> None:
        check_choice("model", self.model)
        form = MODELS[self.model].form
        _check(self.data.form == form, "data.form", f"{form} with --model {self.model}", self.data.form)
        _check(self.seed >= 0, "seed", "a whole number, at least 0", self.seed)
        _check_place(self.logs_root, "logs_root")
        name = self.experiment
        plain = name.isprintable() and name == name.strip(". ") and not set(name) & set('/\\:*?"<>|')
        short = 0 < len(name.encode(errors="replace")) <= LONGEST_NAME
        _check(plain and short, "experiment", f"a plain folder name, of {LONGEST_NAME} bytes at most", name)

    def with_model(self, model: str) -> Experiment:
        """The same experiment with another model, and with the drawings in the form that it takes."""
        form, augmentation = MODELS[model].form, self.data.augmentation
        if form != "strokes":
            augmentation = dataclasses.replace(augmentation, **dict.fromkeys(augmentation.of_strokes, 0.0))
        data = dataclasses.replace(self.data, form=form, augmentation=augmentation)  # type: ignore[arg-type]
        return dataclasses.replace(self, model=model, data=data)
