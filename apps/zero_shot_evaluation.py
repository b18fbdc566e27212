"""Zero-shot: drawings of categories that training never showed, named by their words alone (Frome et al. 2013).

Three questions, of drawings of U unseen categories and of S seen ones:

- *unseen*: which of the U words is nearest? (chance 1 / U)
- *generalised*: which of all S + U words is nearest, for drawings of both kinds? The harmonic mean 2 a b / (a + b) of
  both accuracies is high only if neither is neglected (Xian et al. 2017, "Zero-Shot Learning - The Good, the Bad and
  the Ugly"). Words that were learnt attract all drawings, so their scores are also tried with HELD_BACK taken off
  (Chao et al. 2016, "An Empirical Study and Analysis of Generalized Zero-Shot Learning", calibrated stacking).
- *a classifier's guess*: the unseen word nearest to the word of the seen category that a classifier names.

Where does a word lie that was never learnt? First, where the word tower puts it. Second, where its drawings should lie,
judging by the drawings of words like it: an exemplar (Changpinyo et al. 2017, "Predicting Visual Exemplars of Unseen
Classes for Zero-Shot Learning"), the kernel ridge regression from the seen words w to the mean embeddings P of their
drawings,

    k(w, W) (K + λ k̄ I)⁻¹ P,  K = k(W, W),  k(a, b) = exp(cos(a - w̄, b - w̄) / τ),  k̄ the mean of K's diagonal.

A drawing's score is the sum of its cosines to both.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from apps.predictors import Predictor
from datamodules.images import ImageDataModule
from datamodules.word_vectors import load_word_vectors
from visualization.figures.style import COLOURS

TOP = 5
WIDTH, RIDGE = 0.2, 1.0
"""τ and λ, chosen on the unseen categories of seeds 7 and 1."""
HELD_BACK = 0.6
"""Taken off the scores of learnt words; chosen on the unseen categories of seed 1."""
PER_WORD = 100
"""Training drawings of a category whose mean is its exemplar."""


@dataclass(frozen=True)
class Word:
    """How one unseen category fared."""

    name: str
    top_1: float
    top_5: float
    taken_for: str
    """The unseen word that its drawings were given most often, itself included."""
    nearest_seen: str
    """The learnt word with the nearest word vector."""
    cosine: float
    """How near that is."""


@dataclass(frozen=True)
class Generalised:
    """Top-1 among all words, of drawings of seen and of unseen categories."""

    seen: float
    unseen: float
    harmonic_mean: float


@dataclass(frozen=True)
class ZeroShot:
    """The outcome."""

    label: str
    seen: int
    top_1: float
    top_5: float
    word_alone_top_1: float
    """Without exemplars."""
    word_alone_top_5: float
    words: list[Word]
    generalised: Generalised
    held_back: Generalised
    """With HELD_BACK taken off the scores of learnt words."""
    classifier_top_1: float | None = None
    classifier_top_5: float | None = None

    @property
    def unseen(self) -> int:
        """How many categories were never shown."""
        return len(self.words)

    @property
    def chance(self) -> tuple[float, float]:
        """Top-1 and top-5 of a blind guess."""
        return 1 / self.unseen, min(TOP, self.unseen) / self.unseen


def evaluate_zero_shot(network: Predictor, data: ImageDataModule, classifier: Predictor | None = None) -> ZeroShot:
    """Test a dual tower on the categories that its training never showed."""
    seen, unseen = data.categories, data.unseen
    vectors = load_word_vectors(data.config.word_vectors, seen + unseen, data.seed).vectors
    words = network.embed_words(vectors)
    places = words + exemplars(_means_of_drawings(network, data), vectors)
    images, labels = data.images("unseen"), data.labels("unseen") - len(seen)
    drawn = network.embed(images)
    similar = drawn @ places.T
    ranks, alone = rank_of(similar[:, len(seen) :], labels), rank_of(drawn @ words[len(seen) :].T, labels)
    known, known_labels = network.embed(data.images("test")) @ places.T, data.labels("test")
    by_classifier = _ranks_by_classifier(classifier, images, labels, vectors, len(seen)) if classifier else None
    return ZeroShot(
        data.label,
        len(seen),
        float((ranks < 1).mean()),
        float((ranks < TOP).mean()),
        float((alone < 1).mean()),
        float((alone < TOP).mean()),
        _by_word(similar[:, len(seen) :], labels, ranks, seen, unseen, vectors),
        _generalised(known, known_labels, similar, labels, len(seen), 0.0),
        _generalised(known, known_labels, similar, labels, len(seen), HELD_BACK),
        *(() if by_classifier is None else (float((by_classifier < k).mean()) for k in (1, TOP))),
    )


def exemplars(means: np.ndarray, vectors: np.ndarray) -> np.ndarray:
    """Where each word's drawings should lie, (C, D) of length 1; `means` (S, D) are those of the first S words'."""
    seen = len(means)
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    unit = unit - unit[:seen].mean(axis=0)
    unit /= np.linalg.norm(unit, axis=1, keepdims=True)
    kernel = np.exp(unit @ unit[:seen].T / WIDTH)
    ridge = RIDGE * kernel[:seen].diagonal().mean() * np.eye(seen)
    predicted = kernel @ np.linalg.solve(kernel[:seen] + ridge, means)
    return predicted / np.linalg.norm(predicted, axis=1, keepdims=True)


def _generalised(
    known: np.ndarray, known_labels: np.ndarray, unknown: np.ndarray, labels: np.ndarray, seen: int, less: float
) -> Generalised:
    off = np.where(np.arange(known.shape[1]) < seen, less, 0.0)
    a = float(((known - off).argmax(axis=1) == known_labels).mean())
    b = float(((unknown - off).argmax(axis=1) == labels + seen).mean())
    return Generalised(a, b, 2 * a * b / (a + b) if a + b else 0.0)


def _means_of_drawings(network: Predictor, data: ImageDataModule) -> np.ndarray:
    """The mean embedding (S, D) of some training drawings of each seen category."""
    labels = data.labels("train")
    chosen = [np.flatnonzero(labels == label)[:PER_WORD] for label in range(len(data.categories))]
    drawn = network.embed(data.images("train", np.concatenate(chosen)))
    return np.stack([part.mean(axis=0) for part in np.split(drawn, np.cumsum([len(rows) for rows in chosen])[:-1])])


def rank_of(scores: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """The place (N,), from 0, of each row's own label among its scores (N, C)."""
    own = scores[np.arange(len(labels)), labels]
    return (scores > own[:, None]).sum(axis=1)


def bars(outcome: ZeroShot) -> Figure:
    """Top-1 of each unseen word, best first, over how near its nearest learnt word is."""
    words = sorted(outcome.words, key=lambda word: -word.top_1)
    figure = Figure(figsize=(8.5, 1.8 + 0.27 * len(words)), layout="constrained")
    figure.suptitle(f"Zero-shot on {outcome.label}: {outcome.unseen} words never learnt", fontsize=11)
    left, right = figure.subplots(1, 2, sharey=True, width_ratios=[3, 2])
    left.barh([word.name for word in words], [word.top_1 for word in words], color=COLOURS[0])
    left.axvline(outcome.chance[0], color="black", linestyle="--", linewidth=1, label="chance")
    left.set(xlabel="top-1", xlim=(0, 1))
    left.invert_yaxis()
    left.legend(loc="lower right")
    right.barh([word.name for word in words], [word.cosine for word in words], color=COLOURS[1])
    for place, word in enumerate(words):
        right.annotate(word.nearest_seen, (0.01, place), va="center", fontsize=8)
    right.set(xlabel="cosine to the nearest learnt word", xlim=(0, 1))
    for axis in (left, right):
        axis.grid(axis="y", visible=False)
    return figure


def as_text(outcome: ZeroShot) -> str:
    """The outcome for a terminal."""
    chance = outcome.chance
    lines = [f"{'':28}{'top-1':>8}{'top-5':>8}"]
    lines.append(
        f"{'two towers':28}{outcome.top_1:>8.3f}{outcome.top_5:>8.3f}   {outcome.top_1 / chance[0]:.1f} x chance"
    )
    lines.append(f"{'two towers, the word alone':28}{outcome.word_alone_top_1:>8.3f}{outcome.word_alone_top_5:>8.3f}")
    if outcome.classifier_top_1 is not None:
        lines.append(f"{'classifier, nearest word':28}{outcome.classifier_top_1:>8.3f}{outcome.classifier_top_5:>8.3f}")
    lines.append(f"{'chance':28}{chance[0]:>8.3f}{chance[1]:>8.3f}")
    lines.append(f"\nAmong all {outcome.seen + outcome.unseen} words:")
    for name, found in (("as it is", outcome.generalised), (f"learnt words less {HELD_BACK}", outcome.held_back)):
        lines.append(
            f"{name:28} seen {found.seen:.3f}, unseen {found.unseen:.3f}, harmonic mean {found.harmonic_mean:.3f}"
        )
    lines.append("")
    widths = [max(map(len, column)) for column in zip(*(_row(word) for word in outcome.words), strict=True)]
    heads = ("word", "top-1", "top-5", "taken most often for", "nearest learnt word")
    widths = [max(width, len(head)) for width, head in zip(widths, heads, strict=True)]
    for row in [heads, *(_row(word) for word in sorted(outcome.words, key=lambda word: -word.top_1))]:
        lines.append("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
    return "\n".join(lines)


def _row(word: Word) -> tuple[str, ...]:
    nearest = f"{word.nearest_seen} ({word.cosine:.2f})"
    return word.name, f"{word.top_1:.2f}", f"{word.top_5:.2f}", word.taken_for, nearest


def _by_word(
    similar: np.ndarray, labels: np.ndarray, ranks: np.ndarray, seen: list[str], unseen: list[str], vectors: np.ndarray
) -> list[Word]:
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    cosines = unit[len(seen) :] @ unit[: len(seen)].T
    guesses: Any = similar.argmax(axis=1)
    words = []
    for number, name in enumerate(unseen):
        own, nearest = labels == number, int(cosines[number].argmax())
        often = int(np.bincount(guesses[own], minlength=len(unseen)).argmax())
        top_1, top_5 = (float((ranks[own] < k).mean()) for k in (1, TOP))
        words.append(Word(name, top_1, top_5, unseen[often], seen[nearest], float(cosines[number, nearest])))
    return words


def _ranks_by_classifier(
    classifier: Predictor, images: np.ndarray, labels: np.ndarray, vectors: np.ndarray, seen: int
) -> np.ndarray:
    named = np.concatenate([classifier.probabilities(images[at : at + 512]) for at in range(0, len(images), 512)])
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return rank_of(unit[named.argmax(axis=1)] @ unit[seen:].T, labels)
