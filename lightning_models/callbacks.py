"""What the Lightning track does at the end of batches and epochs, besides Lightning's own callbacks."""

from __future__ import annotations

import time
from functools import cached_property
from typing import Any

from lightning.pytorch import Callback, LightningModule, Trainer, callbacks
from lightning.pytorch.loggers import TensorBoardLogger

from experiment.console import Progress
from experiment.history import best_row, stop_at_nan
from experiment.interrupt import Watch
from experiment.run import Row, Run
from experiment.tensorboard import histogram
from experiment.weights import BEST, FIRST, save_weights
from lightning_models.classifier import Classifier


class NamedOnce(Callback):
    """A callback that makes its name once: Lightning asks for it six times per step."""

    @cached_property
    def state_key(self) -> str:
        """Under which checkpoints keep its state."""
        return super().state_key


class EarlyStopping(NamedOnce, callbacks.EarlyStopping):
    """Lightning's own."""


class ModelCheckpoint(NamedOnce, callbacks.ModelCheckpoint):
    """Lightning's own."""


class EpochRecorder(Callback):
    """Makes a history row of each epoch, for `history.csv`, TensorBoard and the console.

    It logs whole epochs itself, under the NumPy track's tags and steps, since Lightning's own logging would
    write train and validation values at different times and number its steps from 0.
    """

    def __init__(self, run: Run, history: list[Row], progress: Progress, watch: Watch, train_count: int) -> None:
        self.run, self.history, self.progress, self.watch = run, history, progress, watch
        self.train_count = train_count

    def on_train_epoch_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Note the learning rate; start the clock."""
        self._lr = trainer.optimizers[0].param_groups[0]["lr"]
        self._start = time.perf_counter()

    def on_train_batch_end(self, trainer: Trainer, pl_module: LightningModule, *_: Any) -> None:
        """Move the progress bar; heed Ctrl-C."""
        self.progress.batch_done()
        self.watch.check()

    def on_validation_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """All training batches are done: take their means before validation begins its own."""
        if trainer.sanity_checking:
            return
        assert isinstance(pl_module, Classifier)
        losses = pl_module.batch_values("loss").tolist()
        for step, loss in enumerate(losses, start=trainer.global_step - len(losses)):
            stop_at_nan("training", loss, step, trainer.current_epoch + 1)
        self._seconds = time.perf_counter() - self._start
        self._trained = pl_module.means()

    def on_validation_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Complete the row, and give EarlyStopping and ModelCheckpoint their number."""
        if trainer.sanity_checking:
            return
        assert isinstance(pl_module, Classifier)
        row: Row = {"epoch": trainer.current_epoch + 1, "step": trainer.global_step}
        row |= {"lr": self._lr}
        row |= {f"train/{name}": value for name, value in self._trained.items()}
        row |= {f"val/{name}": value for name, value in pl_module.means().items()}
        stop_at_nan("validation", row["val/loss"], trainer.global_step, trainer.current_epoch + 1)
        self.history.append(row)
        pl_module.log("val/loss", row["val/loss"], logger=False)

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Keep the weights if they are the best so far; write the row everywhere."""
        if not trainer.is_global_zero:
            return
        row = self.history[-1]
        for name, wanted in ((FIRST, len(self.history) == 1), (BEST, best_row(self.history) is row)):
            if wanted:
                state = {key: tensor.cpu().numpy() for key, tensor in pl_module.state_dict().items()}
                save_weights(self.run.folder / name, state)
        self.run.write_history(self.history)
        images_per_second = self.train_count / self._seconds
        self._log(trainer, pl_module, row, images_per_second)
        self.progress.epoch_done(row, images_per_second)

    def _log(self, trainer: Trainer, pl_module: LightningModule, row: Row, images_per_second: float) -> None:
        step = int(row["step"])
        scalars = {tag: value for tag, value in row.items() if tag != "step"}
        for logger in trainer.loggers:
            if not isinstance(logger, TensorBoardLogger):  # fast_dev_run puts a dummy in its place
                continue
            logger.log_metrics(scalars | {"time/images_per_second": images_per_second}, step)
            for name, parameter in pl_module.named_parameters():
                _log_histogram(logger.experiment, f"weights/{name}", parameter.detach().cpu().numpy(), step)
                if parameter.grad is not None:
                    _log_histogram(logger.experiment, f"gradients/{name}", parameter.grad.cpu().numpy(), step)
            logger.experiment.flush()


def _log_histogram(writer: Any, tag: str, values: Any, step: int) -> None:
    fields = histogram(values)
    writer.add_histogram_raw(
        tag,
        min=fields["min"],
        max=fields["max"],
        num=fields["num"],
        sum=fields["sum"],
        sum_squares=fields["sum_squares"],
        bucket_limits=fields["bucket_limit"],
        bucket_counts=fields["bucket"],
        global_step=step,
    )
