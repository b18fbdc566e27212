"""Search among drawings: by a word, or by another drawing, in the space in which a trained network sees them.

All vectors have length 1, so the nearest is the one with the largest inner product, cos(query, drawing). Up to EXACT
drawings that is one matrix product; beyond, an approximate index of faiss (Douze et al. 2024, "The Faiss library").
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib import rc_context
from matplotlib.figure import Figure

from apps.predictors import Predictor
from datamodules.cache import cached, fingerprint
from datamodules.images import ImageDataModule, Split
from experiment.errors import UserError
from experiment.weights import BEST
from visualization.figures.style import COLOURS, STYLE
from visualization.figures.tiles import Tile, in_rows, on_paper, show_tiles

EXACT = 1_000_000
"""Up to this number of drawings, a query is compared with all of them."""
NEIGHBOURS = 32
"""Links per drawing in the approximate index (HNSW)."""
QUERIES = 1000
"""Maximum number of queries in the evaluation of drawing-to-drawing search."""
COLUMNS = 8


class Index:
    """Vectors (N, D) of length 1, to be searched for the nearest."""

    def __init__(self, vectors: np.ndarray, exact: int = EXACT) -> None:
        self.vectors = vectors
        self.approximate: Any = None
        if len(vectors) > exact:
            faiss = _import_faiss(len(vectors))
            self.approximate = faiss.IndexHNSWFlat(vectors.shape[1], NEIGHBOURS, faiss.METRIC_INNER_PRODUCT)
            self.approximate.add(vectors.astype(np.float32))

    def nearest(self, queries: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
        """Similarities and places, each (Q, count), of the nearest vectors to each query, nearest first."""
        count = min(count, len(self.vectors))
        if self.approximate is not None:
            similar, places = self.approximate.search(queries.astype(np.float32), count)
            return similar, places
        similar = queries @ self.vectors.T
        places = np.argpartition(-similar, count - 1, axis=1)[:, :count]
        order = np.argsort(-np.take_along_axis(similar, places, axis=1), axis=1, kind="stable")
        places = np.take_along_axis(places, order, axis=1)
        return np.take_along_axis(similar, places, axis=1), places


@dataclass(frozen=True)
class Quality:
    """How good a search is, averaged over its queries."""

    precision_at_10: float
    """Share of the ten nearest that are of the query's category."""
    mean_average_precision: float
    queries: int


def embeddings(network: Predictor, data: ImageDataModule, split: Split, run: Path, track: str) -> np.ndarray:
    """The vectors (N, D) of a split's drawings, kept in the project's cache."""
    checksums = sorted(data.dataset.checksums().items())
    key = f"{fingerprint(run / BEST)}:{track}:{split}:{checksums}:{len(data.rows[split])}:{data.seed}"
    return cached("embeddings", key, lambda: {"vectors": network.embed(data.images(split))})["vectors"]


def quality(queries: np.ndarray, wanted: np.ndarray, vectors: np.ndarray, labels: np.ndarray, own: bool) -> Quality:
    """How well `queries` (Q, D) find the drawings of their categories `wanted` (Q,).

    With `own` a query is itself among the vectors, at its most similar place, and is left out there.
    """
    from sklearn.metrics import average_precision_score

    precisions, averages = [], []
    for query, category in zip(queries, wanted, strict=True):
        similar = vectors @ query
        order = np.argsort(-similar, kind="stable")[1 if own else 0 :]
        right = labels[order] == category
        precisions.append(right[:10].mean())
        averages.append(average_precision_score(right, similar[order]) if right.any() else 0.0)
    return Quality(float(np.mean(precisions)), float(np.mean(averages)), len(queries))


def sheet(images: np.ndarray, names: list[str], similar: np.ndarray, wanted: str | None, title: str) -> Figure:
    """The drawings found, nearest first, with their categories; orange where it is another than `wanted`."""
    rows = -(-len(images) // COLUMNS)
    with rc_context(STYLE):
        figure = Figure(figsize=(1.25 * COLUMNS, 1.5 * rows + 0.7), layout="constrained")
        figure.suptitle(title, fontsize=11)
        tiles = [
            Tile(on_paper(image), f"{name}\n{value:.2f}", "black" if wanted in (None, name) else COLOURS[5])
            for image, name, value in zip(images, names, similar, strict=True)
        ]
        show_tiles(figure.subplots(), in_rows(tiles, COLUMNS), COLUMNS, above=0.34)
    return figure


def _import_faiss(count: int) -> Any:
    try:
        import faiss
    except ImportError as error:
        raise UserError(f"{count:,} drawings need an index: python -m pip install faiss-cpu, and run again.") from error
    return faiss
