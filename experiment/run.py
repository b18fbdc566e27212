"""The run folder `logs/<experiment>/<track>/<run>/`: the interface between training and all that comes after.

A run is named by its time, number type and data: `2026-11-24_03-25-14_float32_subset`; names sort by time. Sweeps lie
beside the logs, in `logs_sweeps`, and comparisons in `logs_comparisons`: `tensorboard --logdir logs` shows only runs.

Schema 3. Both tracks leave the same files:

    config.yaml           the whole experiment, usable as `--config`
    data.json             source, categories, counts and checksums of the drawings
    split.npz             `train`, `validation`: row numbers (int64) into the source's training drawings
    history.csv           a row per epoch: epoch, step, lr, train/* and val/*  (no times: same seed, same bytes)
    model.safetensors     the weights with the smallest validation loss, under torch's state_dict names
    first_epoch.safetensors   the weights after the first epoch
    model.json            what a reader needs beside the config: track, model, categories, shape of the images, data
    predictions.npz       `labels` (N,), `probabilities` (N, C) of the test; for the dual tower `similarities` (N, C)
    examples.npz          some test images (`rows`, `images`), their last hidden layer after the first epoch and with
                          the best weights (`features_first`, `features_best`), feature maps (`maps_*`) of
                          `mapped_images`, for the dual tower the categories' embeddings (`words`), and of strokes the
                          points (`points`, `mapped_points`) and where the network looks (`attention`)
    metrics.json          test metrics, pairs most often confused, best validation, zero-shot results, epochs, seconds,
                          data, versions; written last: the run is done
    figures/*.png         the pictures that TensorBoard shows too
    projector/            vectors, labels and sprites for TensorBoard's embedding projector,
    projector_config.pbtxt    which this file describes
    checkpoints/last.*    what `--resume` continues from (the format is the track's own)
    events.out.tfevents.* TensorBoard

Each file is written whole or not at all.
"""

from __future__ import annotations

import csv
import glob
import io
import json
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from experiment.commandline import flat_fields, from_yaml, to_yaml
from experiment.config import Experiment
from experiment.errors import UserError, explain
from experiment.files import PROJECT, atomic_write, regular, remove_leftovers, write_text

SCHEMA = 3
MAY_CHANGE_ON_RESUME = {
    "trainer.max_epochs",
    "logs_root",
    "lightning",
    "compile",
    "data.root",
    "data.url",
    "data.source",
}
"""Fields that do not affect the finished epochs. The location of the drawings may change, not their checksums."""

BY_END = ("cosine", "one_cycle")
"""Schedules whose every step depends on how many there will be: `trainer.max_epochs` may not change with these."""

Row = dict[str, float]
"""One epoch of history: its scalars by TensorBoard tag, with `epoch` and `step`."""


class Run:
    """One run's folder. Make it with `Run.create` or `Run.reopen`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def experiment_name(self) -> str:
        """The name of the experiment: the folder two levels up."""
        return self.folder.resolve().parents[1].name

    @classmethod
    def create(cls, experiment: Experiment, track: str, source: str = "", kind: str = "") -> Run:
        """Make a new folder named by time, number type and data source, and write the config into it."""
        parent = logs_folder(experiment, kind) / experiment.experiment / track
        parts = (datetime.now().strftime("%Y-%m-%d_%H-%M-%S"), experiment.trainer.dtype, source)
        name = "_".join(filter(None, parts))
        names = [name, *(f"{name}_{number}" for number in range(2, 1000))]
        try:
            parent.mkdir(parents=True, exist_ok=True)
            folder = next(parent / name for name in names if _made(parent / name))
        except OSError as error:
            raise UserError(f"cannot make a run folder in --logs_root: {explain(error)}.") from error
        run = cls(folder.resolve())
        run.write_config(experiment)
        return run

    @classmethod
    def reopen(cls, folder: Path, experiment: Experiment, track: str) -> Run:
        """Open a run to continue it, if `experiment` on `track` would have led to the same epochs so far."""
        run = cls(folder.resolve())
        if run.has_begun:
            run.check_track(track)
        before, now = (flat_fields(asdict(each)) for each in (_config(folder), experiment))
        may_change = MAY_CHANGE_ON_RESUME - (
            {"trainer.max_epochs"} if experiment.optimizer.schedule in BY_END else set()
        )
        changed = sorted(name for name in now if now[name] != before[name] and name not in may_change)
        if changed:
            first = changed[0]
            raise UserError(
                f"--resume {folder}: that run had --{first} {before[first]}, not {now[first]}; "
                "leave the flag out, or start a new run."
            )
        remove_leftovers(run.folder)
        return run

    @property
    def has_begun(self) -> bool:
        """Whether there is something to continue; a run that was killed before its first file is started again."""
        return any((self.folder / name).exists() for name in ("model.json", "checkpoints", "history.csv"))

    def check_track(self, track: str) -> None:
        """Refuse the run of another track."""
        before = self.read_json("model.json", "track")["track"]
        if before != track:
            raise UserError(f"--resume {self.folder}: that run is of the {before} track, not of the {track} one.")

    def ended_for(self, experiment: Experiment) -> bool:
        """Whether the run is complete, so that `experiment` (perhaps with more epochs) adds nothing."""
        if not (self.folder / "metrics.json").is_file():
            return False
        metrics = self.read_json("metrics.json", "ended_by", "epochs")
        return bool(metrics["ended_by"] == "patience" or metrics["epochs"] >= experiment.trainer.max_epochs)

    def write_config(self, experiment: Experiment) -> None:
        """Write `config.yaml`."""
        write_text(self.folder / "config.yaml", to_yaml(experiment))

    def write_json(self, name: str, content: dict[str, Any]) -> None:
        """Write `content` as `name`; numbers that JSON lacks (NaN) become null."""
        write_text(self.folder / name, json.dumps(_plain(content), indent=2, allow_nan=False) + "\n")

    def read_json(self, name: str, *keys: str) -> dict[str, Any]:
        """Read a JSON file of the run; a missing or damaged one, or one without all `keys`, is a `UserError`."""
        try:
            content = dict(json.loads(regular(self.folder / name).read_text(encoding="utf-8")))
            if content.get("schema", SCHEMA) != SCHEMA:
                found = f"schema {content['schema']}, not {SCHEMA}"
                raise UserError(f"{self.folder / name}: of another version of this project ({found}); train again.")
            return content | {key: content[key] for key in keys}
        except (OSError, ValueError, TypeError, KeyError, RecursionError) as error:
            raise UserError(f"{self.folder / name}: missing or damaged; this run cannot be used.") from error

    def write_arrays(self, name: str, **arrays: np.ndarray) -> None:
        """Write arrays as a compressed .npz."""
        with atomic_write(self.folder / name) as file:
            np.savez_compressed(file, **arrays)  # type: ignore[arg-type]

    def write_history(self, rows: list[Row]) -> None:
        """Write `history.csv`; numbers keep all their digits."""
        text = io.StringIO()
        writer = csv.DictWriter(text, rows[0], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        write_text(self.folder / "history.csv", text.getvalue())

    def read_history(self, epochs: int | None = None) -> list[Row]:
        """The rows of the first `epochs` epochs, or of all; a `UserError` where they are not all there."""
        if epochs == 0:
            return []
        try:
            with open(regular(self.folder / "history.csv"), newline="", encoding="utf-8") as file:
                rows = [{tag: _number(tag, text) for tag, text in row.items()} for row in csv.DictReader(file)]
            if any(row["epoch"] != number or "val/loss" not in row for number, row in enumerate(rows, start=1)):
                raise ValueError("epochs are missing")
        except (OSError, ValueError, TypeError, KeyError, csv.Error) as error:
            raise UserError(f"{self.folder / 'history.csv'}: missing or damaged; start a new run.") from error
        if len(rows) < (epochs or 1):
            raise UserError(f"{self.folder / 'history.csv'}: ends before epoch {epochs}; start a new run.")
        return rows[:epochs]


def logs_folder(experiment: Experiment, kind: str = "") -> Path:
    """The folder of all runs; of another kind ("sweeps", "comparisons") the folder beside it, `logs_<kind>`."""
    logs = Path(experiment.logs_root or PROJECT / "logs")
    return logs.resolve().with_name(f"{logs.resolve().name}_{kind}") if kind else logs


def finished_runs(logs: Path, experiment: str | None = None, track: str | None = None) -> list[Path]:
    """Folders of the finished runs under `logs`, of one experiment or track or of all, newest first."""
    parts = ("*" if name is None else glob.escape(name) for name in (experiment, track))
    found = (path.parent for path in logs.glob("/".join([*parts, "*", "metrics.json"])))
    return sorted(found, key=lambda folder: folder.name, reverse=True)


def _made(folder: Path) -> bool:
    try:
        folder.mkdir()
    except FileExistsError:
        return False
    return True


def _config(folder: Path) -> Experiment:
    try:
        return from_yaml(folder / "config.yaml")
    except UserError as error:
        raise UserError(f"--resume {folder}: its config.yaml is damaged: {error}") from error


def _number(tag: str, text: str) -> float:
    return int(text) if tag in ("epoch", "step") else float(text)


def _plain(value: Any) -> Any:
    """NumPy numbers as Python's, NaN and infinity as None."""
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, np.generic):
        value = value.item()
    return None if isinstance(value, float) and not np.isfinite(value) else value
