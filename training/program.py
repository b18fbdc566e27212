"""The course of a run, the same for both tracks: flags, data, run folder, training, results."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from datamodules.images import ImageDataModule
from datamodules.registry import make_data
from experiment.architecture import LayerPlan, hidden_layers, layer_over_batch, plan_network
from experiment.commandline import Command
from experiment.config import Experiment
from experiment.errors import DISK_TROUBLE, UserError, explain
from experiment.history import best_row
from experiment.interrupt import Interrupted, set_run_folder, stopped_message
from experiment.layer_specs import LAYERS
from experiment.memory import check_memory
from experiment.registry import MODELS
from experiment.run import SCHEMA, Run
from training.results import TrainingResult, save_results
from training.tracks import load_track
from visualization.second_process import SecondProcess, second_process

NUMBERS_PER_WEIGHT = 3
"""Its value, its gradient, and a momentum."""


def train_and_test(track: str, command: Command) -> int:
    """Do what `command` asks for in one track; returns the exit code."""
    with second_process(command.experiment.figures) as drawing:
        return _train_and_test(track, command, drawing)


def _train_and_test(track: str, command: Command, drawing: SecondProcess | None) -> int:
    experiment = command.experiment
    before = Run.reopen(command.resume, experiment, track) if command.resume else None
    if before and before.ended_for(experiment):
        print(f"{before.folder} is complete: nothing to resume.")
        return 0
    data = make_data(experiment)
    print(f"Data: {data.description}", flush=True)
    if data.dataset.note:
        print(data.dataset.note, flush=True)
    check_network(experiment, data)
    trainer, metadata = load_track(track).trainer, data.metadata()
    trainer.check_settings(experiment)
    resumed = before is not None and before.has_begun
    run = (
        resume(before, experiment, metadata) if before and resumed else begin(experiment, track, data, metadata, before)
    )
    set_run_folder(run.folder)
    print(f"Run:  {run.folder}", flush=True)
    try:
        result = trainer.train(experiment, data, run, resumed)
        _report(result)  # before the figures, which take seconds
        save_results(run, experiment, track, data, metadata, result, drawing)
    except Interrupted as stop:
        print(stopped_message(), flush=True)
        return stop.exit_code
    except OSError as error:
        if error.errno not in DISK_TROUBLE:
            raise
        error.filename = error.filename or str(run.folder)  # TensorBoard's thread does not say which file it was
        raise UserError(f"{explain(error)}: continue with --resume {shlex.quote(str(run.folder))}") from error
    set_run_folder(None)
    print(f"Curves: tensorboard --logdir {shlex.quote(str(_short(run.folder.parents[2])))}", flush=True)
    return 0


def check_network(experiment: Experiment, data: ImageDataModule) -> None:
    """Refuse layers that do not fit the images or the memory, and a batch that they cannot be trained on."""
    model, section = MODELS[experiment.model], getattr(experiment, MODELS[experiment.model].section)
    outputs = len(data.categories) if data.words is None else section.embedding_dim
    plan = plan_network(section.hidden_layers, data.shape, outputs, model.layers_field)
    layer = layer_over_batch(plan, data.shape)
    if data.words is not None:
        word_layers, length = hidden_layers(section.word_dims), data.words.vectors.shape[1]
        plan += plan_network(word_layers, (length,), outputs, f"{model.section}.word_dims")
    numbers = _count_weights(plan) * NUMBERS_PER_WEIGHT
    check_memory(numbers * data.dtype.itemsize, f"--{model.section}: a network of these layers")
    count, size = len(data.rows["train"]), experiment.data.batch_size
    if layer and 1 in (size, count % size):
        which = "every batch" if size == 1 else "the last batch of an epoch"
        raise UserError(
            f"--data.batch_size {size}: {which} has a single image, on which {layer} in --{model.layers_field} "
            "cannot be trained; choose another size."
        )


def _count_weights(plan: Sequence[LayerPlan]) -> int:
    """The large ones: matrices and kernels."""
    count = 0
    for layer in plan:
        sizes = layer.arguments
        match layer.name:
            case "Linear":
                count += sizes["in_features"] * sizes["out_features"]
            case "Conv2d":
                count += sizes["in_channels"] * sizes["out_channels"] * sizes["kernel_size"] ** 2
            case "MultiheadAttention":
                count += 4 * sizes["embed_dim"] ** 2
            case "TransformerEncoderLayer":
                count += sizes["d_model"] * (4 * sizes["d_model"] + 2 * sizes.get("dim_feedforward", 2048))
        count += sum(_count_weights(sizes[name]) for name in LAYERS[layer.name].lists if name in sizes)
    return count


def begin(
    experiment: Experiment,
    track: str,
    data: ImageDataModule,
    metadata: dict[str, Any],
    run: Run | None = None,
    kind: str = "",
) -> Run:
    """Write the files that are known before training, into a new folder or that of a `run` killed at this point.

    `kind` as in `logs_folder`. `model.json` is written last: a run that has it can be resumed.
    """
    if run is None:
        run = Run.create(experiment, track, metadata["source"], kind)
    else:
        run.write_config(experiment)
    run.write_json("data.json", metadata)
    run.write_arrays("split.npz", train=data.rows["train"], validation=data.rows["validation"])
    run.write_json(
        "model.json",
        {
            "schema": SCHEMA,
            "track": track,
            "model": experiment.model,
            "categories": metadata["categories"],
            "shape": metadata["shape"],
            "data": metadata["label"],
        },
    )
    return run


def resume(run: Run, experiment: Experiment, metadata: dict[str, Any]) -> Run:
    """The run to go on with, if it saw the same drawings."""
    if run.read_json("data.json", "checksums")["checksums"] != metadata["checksums"]:
        raise UserError(f"--resume {run.folder}: it saw other drawings; give it the same data, or start a new run.")
    run.write_config(experiment)
    return run


def _report(result: TrainingResult) -> None:
    best, test = best_row(result.history), result.test["overall"]
    print(
        f"Best: epoch {best['epoch']}, validation loss {best['val/loss']:.4f}, accuracy {best['val/accuracy']:.4f}\n"
        f"Test: accuracy {test['accuracy']:.4f}, F1 {test['f1_macro']:.4f}, "
        f"ROC AUC {test['roc_auc_macro']:.4f}, PR AUC {test['pr_auc_macro']:.4f}  ({result.seconds:.1f} s)",
        flush=True,
    )


def _short(folder: Path) -> Path:
    here = Path.cwd()
    return folder.relative_to(here) if folder.is_relative_to(here) else folder
