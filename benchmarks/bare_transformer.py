"""The shortest PyTorch loop for a transformer on strokes, for benchmarks/training_speed.py."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import torch

from datamodules.images import ImageDataModule
from datamodules.sequences import CHANNELS, POINTS, REAL, as_sequences, lengths
from experiment.config import Experiment


class BareTransformer(torch.nn.Module):
    """The network of configs/sequence.yaml, made of torch.nn's own layers alone."""

    def __init__(self, experiment: Experiment, categories: int) -> None:
        super().__init__()
        config = experiment.sequence
        self.embedding = torch.nn.Linear(CHANNELS, config.dim)
        self.positions = torch.nn.Parameter(torch.zeros(POINTS, config.dim))
        blocks = [
            torch.nn.TransformerEncoderLayer(
                config.dim, config.heads, config.feedforward, config.dropout, "gelu", batch_first=True, norm_first=True
            )
            for _ in range(config.depth)
        ]
        for block in blocks:
            block.self_attn.dropout = 0.0  # as in both tracks; it also lets PyTorch take its fast attention
        self.blocks = torch.nn.ModuleList(blocks)
        self.norm = torch.nn.LayerNorm(config.dim)
        self.head = torch.nn.Linear(config.dim, categories)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Logits (B, categories) of sequences (B, T, 6)."""
        real = x[:, :, REAL]
        y = self.embedding(x) + self.positions[: x.shape[1]]
        for block in self.blocks:
            y = block(y, src_key_padding_mask=real == 0)
        y = self.norm(y) * real[:, :, None]
        return self.head(y.sum(dim=1) / real.sum(dim=1, keepdim=True))


def bare_transformer(experiment: Experiment, data: ImageDataModule, threads: int) -> Callable[[int], float]:
    """Trains for a number of epochs and returns drawings per second; sequences of like length make a batch."""
    points = data.images("train")
    sequences, labels = torch.from_numpy(as_sequences(points, np.dtype("float32"))), data.labels("train")
    length, targets = lengths(points), torch.from_numpy(labels)
    inverse = np.zeros(data.rows["train"].max() + 1, np.int64)
    inverse[data.rows["train"]] = np.arange(len(labels))

    def train(epochs: int) -> float:
        torch.set_num_threads(threads)
        network, loss_of = BareTransformer(experiment, len(data.categories)), torch.nn.CrossEntropyLoss()
        optimizer = torch.optim.AdamW(network.parameters(), experiment.optimizer.lr)
        start = time.perf_counter()
        for epoch in range(epochs):
            order = inverse[data.order("train", epoch)]
            for first in range(0, len(order), experiment.data.batch_size):
                rows = order[first : first + experiment.data.batch_size]
                x = sequences[torch.from_numpy(rows), : int(length[rows].max())]
                loss = loss_of(network(x), targets[torch.from_numpy(rows)])
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
        return epochs * len(labels) / (time.perf_counter() - start)

    return train
