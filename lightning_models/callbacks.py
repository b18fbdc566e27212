"""What the Lightning track does at the end of batches and epochs, besides Lightning's own callbacks."""

from __future__ import annotations

import time
from typing import Any

from lightning.pytorch import Callback, LightningModule, Trainer

from experiment.history import best_row, stop_at_nan
from experiment.interrupt import InterruptHandler
from experiment.run import Row, Run
from experiment.weights import BEST, FIRST, save_weights
from lightning_models.classifier import Classifier
from visualization.console import Progress
from visualization.run_events import epoch_scalars
from visualization.tensorboard import EventWriter


class EpochRecorder(Callback):
    """Makes a history row of what the model logged in each epoch, for `history.csv`, TensorBoard and the console.

    TensorBoard's events are those of the NumPy track: Lightning's logger would number the steps from 0, and write
    training and validation at different times.
    """

    def __init__(
        self,
        run: Run,
        history: list[Row],
        progress: Progress,
        interrupts: InterruptHandler,
        events: EventWriter | None,
        train_count: int,
    ) -> None:
        self.run, self.history, self.progress, self.interrupts = run, history, progress, interrupts
        self.events, self.train_count = events, train_count

    def on_train_epoch_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Note the learning rate; start the clock."""
        self._lr = trainer.optimizers[0].param_groups[0]["lr"]
        self._start = time.perf_counter()

    def on_train_batch_end(self, trainer: Trainer, pl_module: LightningModule, *_: Any) -> None:
        """Move the progress bar; stop if Ctrl-C was pressed."""
        self.progress.batch_done()
        self.interrupts.check()

    def on_validation_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """All training batches are done: stop the clock."""
        if not trainer.sanity_checking:
            self._seconds = time.perf_counter() - self._start

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Complete the row; keep the weights if they are the best so far; write the row everywhere."""
        assert isinstance(pl_module, Classifier)
        row: Row = {"epoch": trainer.current_epoch + 1, "step": trainer.global_step, "lr": self._lr}
        for tag in (f"{split}/{name}" for split in ("train", "val") for name in pl_module.scalars()):
            row[tag] = trainer.callback_metrics[tag].item()
        _stop_at_nan(row, pl_module)
        self.history.append(row)
        if not trainer.is_global_zero:
            return
        for name, wanted in ((FIRST, len(self.history) == 1), (BEST, best_row(self.history) is row)):
            if wanted:
                state = {key: tensor.cpu().numpy() for key, tensor in pl_module.state_dict().items()}
                save_weights(self.run.folder / name, state)
        self.run.write_history(self.history)
        images_per_second = self.train_count / self._seconds
        self._log(pl_module, row, images_per_second)
        self.progress.epoch_done(row, images_per_second)

    def _log(self, pl_module: LightningModule, row: Row, images_per_second: float) -> None:
        if self.events is None:
            return
        step = int(row["step"])
        self.events.scalars(epoch_scalars(self.run.experiment_name, row, images_per_second), step)
        for name, parameter in pl_module.named_parameters():
            self.events.histogram(f"weights/{name}", parameter.detach().cpu().numpy(), step)
            if parameter.grad is not None:
                self.events.histogram(f"gradients/{name}", parameter.grad.cpu().numpy(), step)
        self.events.flush()


def _stop_at_nan(row: Row, model: Classifier) -> None:
    """Raise a `UserError` that names the first training batch whose loss is not a number, or the validation."""
    if row["train/loss"] - row["train/loss"] != 0:  # NaN or infinite
        losses = model.batch_values("loss").tolist()
        for step, loss in enumerate(losses, start=int(row["step"]) - len(losses)):
            stop_at_nan("training", loss, step, int(row["epoch"]))
    stop_at_nan("validation", row["val/loss"], int(row["step"]), int(row["epoch"]))
