"""TensorBoard's embedding projector: the examples' last hidden layer in three dimensions, with their pictures.

For the dual tower, the categories' words are shown among the drawings, in their common space.
"""

from __future__ import annotations

import cv2
import numpy as np
from google.protobuf import text_format
from tensorboard.plugins.projector.projector_config_pb2 import ProjectorConfig

from experiment.files import atomic_write, write_text
from experiment.run import Run
from visualization.run_data import Results

CONFIG = "projector_config.pbtxt"
"""The name that the plugin looks for in a run's folder."""


def write_projector(run: Run, results: Results) -> None:
    """Write vectors, labels and sprites into the run's `projector` folder, and the plugin's config beside it."""
    examples, names = results.examples, results.categories
    rows, vectors = examples["rows"], examples["features_best"]
    sprites = [_grey_or_colour(image) for image in examples["images"]]
    labels, predictions = ([names[c] for c in each[rows]] for each in (results.labels, results.predictions))
    pairs = zip(labels, predictions, strict=True)
    lines = [f"{label}\tdrawing\t{predicted}\t{label == predicted}" for label, predicted in pairs]
    if "words" in examples:
        vectors = np.concatenate([vectors, examples["words"]])
        lines += [f"{name}\tWORD\t{name}\tTrue" for name in names]
        sprites += [_word_sprite(name, sprites[0].shape) for name in names]
    folder = run.folder / "projector"
    write_text(folder / "vectors.tsv", "".join("\t".join(f"{x:.6g}" for x in vector) + "\n" for vector in vectors))
    write_text(folder / "labels.tsv", "\n".join(["category\tkind\tpredicted\tright", *lines]) + "\n")
    with atomic_write(folder / "sprites.png") as file:
        file.write(cv2.imencode(".png", _sheet(sprites))[1].tobytes())
    write_text(run.folder / CONFIG, text_format.MessageToString(_config(vectors.shape, sprites[0].shape)))


def _config(shape: tuple[int, ...], sprite: tuple[int, ...]) -> ProjectorConfig:
    config = ProjectorConfig()
    embedding = config.embeddings.add()
    embedding.tensor_name, embedding.tensor_path = "last hidden layer", "projector/vectors.tsv"
    embedding.tensor_shape.extend(shape)
    embedding.metadata_path = "projector/labels.tsv"
    embedding.sprite.image_path = "projector/sprites.png"
    embedding.sprite.single_image_dim.extend([sprite[1], sprite[0]])
    return config


def _grey_or_colour(image: np.ndarray) -> np.ndarray:
    """An image as OpenCV writes it, (H, W, 3) blue first; drawings dark on white."""
    if image.ndim == 2:
        return np.repeat(255 - image[:, :, None], 3, axis=2)
    return image[:, :, ::-1]


def _word_sprite(name: str, shape: tuple[int, ...]) -> np.ndarray:
    """The first letters of a category's name on a blue background."""
    sprite = np.empty(shape, np.uint8)
    sprite[...] = (178, 114, 0)
    cv2.putText(
        sprite, name[:4], (1, shape[0] // 2 + 4), cv2.FONT_HERSHEY_SIMPLEX, 0.36, (255, 255, 255), 1, cv2.LINE_AA
    )
    return sprite


def _sheet(sprites: list[np.ndarray]) -> np.ndarray:
    """All sprites in a square of as many rows as columns, row by row, as the plugin wants them."""
    height, width, _ = sprites[0].shape
    side = int(np.ceil(np.sqrt(len(sprites))))
    sheet = np.full((side * height, side * width, 3), 255, np.uint8)
    for number, sprite in enumerate(sprites):
        row, column = divmod(number, side)
        sheet[row * height : (row + 1) * height, column * width : (column + 1) * width] = sprite
    return sheet
