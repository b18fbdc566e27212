"""What the networks of a logs folder answer to a drawing: predictions, saliency, activations, and further words."""

from __future__ import annotations

import base64
import threading
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from datamodules.rasterize import Stroke, fit, rasterize
from datamodules.sequences import CHANNELS, POINTS, to_sequence
from datamodules.word_vectors import load_word_vectors
from experiment.errors import UserError
from experiment.files import regular
from experiment.registry import MODELS
from experiment.run import Run, finished_runs
from experiment.trained_run import Trained, read_trained
from numpy_ref.losses import softmax
from training.tracks import TRACKS, Predictor, load_track

SHOWN = 10
"""Most categories in an answer, most probable first."""
MAPS = 8
"""Most channels of a layer that are shown, strongest first."""
BITMAP = (28, 28)
TITLES = {"numpy": "NumPy", "lightning": "Lightning"}


class Answers:
    """The finished runs on drawings in a logs folder, and what both tracks answer with the weights of each."""

    def __init__(self, logs: Path) -> None:
        self.logs = logs
        self.names: set[str] = set()
        self.lock = threading.Lock()  # a NumPy network keeps what a forward pass leaves
        self.trained = lru_cache(maxsize=8)(self._trained)
        self.network = lru_cache(maxsize=16)(self._network)
        self.word_vector = lru_cache(maxsize=256)(self._word_vector)

    def runs(self) -> list[dict[str, Any]]:
        """All finished runs on drawings but a sweep's trials: those on real drawings first, the most accurate first."""
        found = [run for folder in finished_runs(self.logs) if (run := self._described(folder))]
        self.names = {run["name"] for run in found}
        return sorted(found, key=lambda run: (run["doodles"], -run["accuracy"]))

    def knows(self, run: str) -> bool:
        """Whether a run of this name is there; the logs are searched again only for a name not met before."""
        return run in self.names or run in {each["name"] for each in self.runs()}

    def prepare(self, run: str) -> None:
        """Load both networks and use them once, so that the first drawing need not wait for it."""
        with self.lock:
            dot = self._as_input(run, [np.zeros((2, 1))])
            for track in TRACKS:
                self.network(run, track).probabilities(dot[None])
            self.network(run, "numpy").saliency(dot, 0)

    def answer(self, run: str, strokes: list[Stroke], words: list[str], saliency: bool = False) -> dict[str, Any]:
        """The bitmap, both tracks' probabilities, their largest difference, and the first one's saliency if asked for.

        `words` join the categories of a dual tower; one without a vector is a `UserError`.
        """
        with self.lock:
            return self._answer(run, strokes, words, saliency)

    def activations(self, run: str, strokes: list[Stroke]) -> list[dict[str, Any]]:
        """Each layer's output in both tracks, as grey pictures on one scale, and their largest difference."""
        with self.lock:
            image = self._as_input(run, strokes)
            ours, theirs = (self.network(run, track).activations(image) for track in TRACKS)
        return [_layer(name, output, twin) for (name, output), (_, twin) in zip(ours, theirs, strict=True)]

    def _as_input(self, run: str, strokes: list[Stroke]) -> np.ndarray:
        """The drawing as the run's network takes it, uint8: a bitmap (28, 28), or the points of its strokes."""
        form = MODELS[self.trained(run).experiment.model].form
        return to_sequence(fit(strokes)) if form == "strokes" else rasterize(strokes)

    def _answer(self, run: str, strokes: list[Stroke], words: list[str], saliency: bool) -> dict[str, Any]:
        image = self._as_input(run, strokes)
        shown = saliency and image.shape == BITMAP  # it is drawn over the bitmap
        categories = self.trained(run).categories
        words = [word for word in words if word not in categories]
        names = [*categories, *words]
        scores = {track: self._scores(run, track, image, words) for track in TRACKS}
        found = {track: each[0] for track, each in scores.items()}
        first = (-found["numpy"]).argsort(kind="stable")[:SHOWN]
        similarities = scores["numpy"][1]
        known = [c for c in first if c < len(names) - len(words)]
        return {
            "bitmap": rasterize(strokes).ravel().tolist(),
            "best": [
                {
                    "category": names[c],
                    **{track: round(float(found[track][c]), 6) for track in TRACKS},
                    "similarity": None if similarities is None else round(float(similarities[c]), 4),
                    "added": bool(c >= len(names) - len(words)),
                }
                for c in first
            ],
            "largest_difference": float(np.abs(found["numpy"] - found["lightning"]).max()),
            "saliency": self._saliency(run, image, int(known[0])) if shown and known else None,
        }

    def _saliency(self, run: str, image: np.ndarray, category: int) -> list[float]:
        """From -1 to 1 for each pixel, three digits."""
        found = self.network(run, "numpy").saliency(image, category)
        return np.round(found / max(float(np.abs(found).max()), 1e-12), 3).astype(float).ravel().tolist()

    def _scores(
        self, run: str, track: str, image: np.ndarray, words: list[str]
    ) -> tuple[np.ndarray, np.ndarray | None]:
        """Probabilities of the categories and words, and for a dual tower the cosine similarities; float64."""
        network, trained = self.network(run, track), self.trained(run)
        if trained.words is None:
            if words:
                raise UserError("a classifier knows no words; choose the run of a dual tower.")
            return network.probabilities(image[None])[0].astype(np.float64), None
        vectors = [trained.words, *(self.word_vector(run, word) for word in words)]
        embeddings = network.embed_words(np.concatenate(vectors))
        similarities = (network.embed(image[None]) @ embeddings.T).astype(np.float64)
        return softmax(similarities)[0], similarities[0]

    def _described(self, folder: Path) -> dict[str, Any] | None:
        """A run for the selector; None where it is damaged, a sweep's trial, or not about drawings."""
        try:
            metrics = Run(folder).read_json("metrics.json", "model", "track", "test", "data")
        except UserError:
            return None
        if metrics["data"]["shape"] not in ([1, *BITMAP], [POINTS, CHANNELS]) or (folder / "trial.json").is_file():
            return None
        accuracy, data = metrics["test"]["accuracy"], metrics["data"]
        return {
            "name": folder.relative_to(self.logs).as_posix(),
            "words": f"{accuracy:.1%} {metrics['experiment']}, {TITLES[metrics['track']]}",
            "details": f"{folder.name}: test accuracy {accuracy:.1%} on {data['label']}",
            "accuracy": accuracy,
            "doodles": data["source"] == "doodles",
            "knows_words": _has_words(folder) and "RANDOM WORD VECTORS" not in data["label"],
        }

    def _trained(self, run: str) -> Trained:
        return read_trained(self.logs / run)

    def _network(self, run: str, track: str) -> Predictor:
        return load_track(track).predictor(self.trained(run))

    def _word_vector(self, run: str, word: str) -> np.ndarray:
        experiment = self.trained(run).experiment
        found = load_word_vectors(experiment.data.word_vectors, [word], experiment.seed)
        if not found.real:
            raise UserError("this run was trained with random word vectors; other words have no meaning for it.")
        return found.vectors


def _layer(name: str, output: np.ndarray, twin: np.ndarray) -> dict[str, Any]:
    """A layer for the page: maps (C, H, W) as its strongest channels, a vector as one map of a row."""
    maps, others = (_maps(array[0]) for array in (output, twin))
    strongest = np.sort(np.argsort(-np.abs(maps).max(axis=(1, 2)), kind="stable")[:MAPS])
    shown = maps[strongest], others[strongest]
    low = min(float(each.min()) for each in shown)
    range_ = max(float(each.max()) for each in shown) - low or 1.0
    pictures = [np.round((each - low) / range_ * 255).astype(np.uint8) for each in shown]
    return {
        "name": name,
        "shape": list(output.shape[1:]),
        "maps": list(pictures[0].shape),
        **{track: base64.b64encode(each.tobytes()).decode() for track, each in zip(TRACKS, pictures, strict=True)},
        "difference": float(np.abs(output.astype(np.float64) - twin).max()),
    }


def _maps(output: np.ndarray) -> np.ndarray:
    """One drawing's output as maps (C, H, W): of a sequence (T, D) one map, of a vector one of a row."""
    return output if output.ndim == len(("C", "H", "W")) else output.reshape(1, -1, output.shape[-1])


def _has_words(folder: Path) -> bool:
    """Whether the run's network compares drawings with words."""
    try:
        with np.load(regular(folder / "predictions.npz"), allow_pickle=False) as file:
            return "similarities" in file.files
    except (OSError, ValueError):
        return False
