"""Both real trainings in lock-step: every step, batch and epoch of one beside the same of the other.

The NumPy track trains in a thread of its own and hands over a record of each step (parity/records.py). The Lightning
track trains in this thread, with Lightning's own Trainer, and is watched by hooks. At each step it starts from the
weights that NumPy had, and each of its layers gets what NumPy's layer got: after a layer's output has been compared, it
is replaced by NumPy's, and so is each gradient on the way back. So every layer, loss, gradient and update is judged by
what it was given, one mistake does not show as five, and a ReLU whose input is 0 to rounding opens in both or in none.
Neither track knows of the other: NumPy's training is exactly the training that its program does.
"""

from __future__ import annotations

import contextlib
import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from datamodules.images import ImageDataModule
from datamodules.lightning_adapter import Batches
from experiment.config import Experiment
from experiment.errors import UserError
from experiment.history import ended_by
from experiment.run import Row, Run
from lightning_models import trainer as lightning_track
from numpy_ref import trainer as numpy_track
from parity.epochs import EpochJudge
from parity.ledger import Finding, Ledger, code_of
from parity.records import NumpyRecorder, State, StepRecord
from parity.steps import StepJudge
from training.results import TrainingResult
from visualization.console import Progress

DETAILED_STEPS = 2_000
"""Of trainings with more steps, the layers of a sample from all epochs are compared."""
AHEAD = 8
"""Records that NumPy may be ahead."""


@dataclass
class EpochRecord:
    """The end of an epoch: its row of the history, and the weights."""

    row: Row
    state: State


@dataclass
class Ended:
    """The end of a training, or of the test."""

    history: list[Row] = field(default_factory=list)
    result: TrainingResult | None = None
    error: BaseException | None = None


Event = StepRecord | EpochRecord | Ended


class Stopped(BaseException):
    """Lock-step is over: the other side has ended, or does something else."""


@dataclass
class Lockstep:
    """The outcome of one dtype."""

    ledger: Ledger
    histories: dict[str, list[Row]]
    results: dict[str, TrainingResult]
    numpy_run: Run
    numpy_states: list[State]
    """NumPy's weights after each epoch."""
    steps: int
    detailed: int
    """Steps whose layers were compared."""
    first_gradients: dict[str, dict[str, float]]
    """For each parameter the difference of the first step's gradients: absolute, relative, and its relative band."""


def compare_in_lockstep(
    experiment: Experiment, data: ImageDataModule, runs: dict[str, Run], thorough: bool
) -> Lockstep:
    """Train both tracks, each by its own program's code, and compare everything on the way.

    Args:
        experiment: what to train; its dtype decides the bands.
        data: feeds both tracks.
        runs: a run folder for each track.
        thorough: whether to compare the layers of every step of a long training, too.
    """
    return _Lockstep(experiment, data, runs, thorough).run()


class _Lockstep:
    def __init__(self, experiment: Experiment, data: ImageDataModule, runs: dict[str, Run], thorough: bool) -> None:
        self.experiment, self.data, self.runs = experiment, data, runs
        self.ledger = Ledger(experiment.trainer.dtype)
        self.steps_per_epoch = data.num_batches("train")
        total = self.steps_per_epoch * experiment.trainer.max_epochs
        self.sampled = None if thorough or total <= DETAILED_STEPS else self._sample()
        self.events: queue.Queue[Event] = queue.Queue(AHEAD)
        self.stop = threading.Event()
        self.judged: EpochJudge
        self.steps = self.detailed = 0
        self.numpy_states: list[State] = []
        self.first_gradients: dict[str, dict[str, float]] = {}
        self.refused = False
        """Whether NumPy's training ended with a mistake of the user's."""

    def _sample(self) -> set[tuple[int, int]]:
        """(epoch, batch_idx) of the steps whose layers are compared: the first ones, and some of every epoch."""
        epochs, batches = self.experiment.trainer.max_epochs, self.steps_per_epoch
        each = max(2, DETAILED_STEPS // (4 * epochs))
        random = np.random.default_rng(self.experiment.seed)
        chosen = {(0, batch) for batch in range(min(10, batches))}
        for epoch in range(epochs):
            chosen |= {(epoch, 0), (epoch, batches - 1)}
            chosen |= {(epoch, int(batch)) for batch in random.integers(0, batches, each)}
        return chosen

    def wanted(self, kind: str, epoch: int, batch_idx: int) -> bool:
        """Whether the layers of this step are compared: all steps of training, the ends of an evaluation."""
        if kind == "train":
            return self.sampled is None or (epoch, batch_idx) in self.sampled
        last = self.data.num_batches("validation" if kind == "validation" else "test") - 1
        return batch_idx in (0, last)

    def run(self) -> Lockstep:
        """Start NumPy's thread, train with Lightning here, and compare what both ended with."""
        thread = threading.Thread(target=self._train_numpy, daemon=True, name="numpy track")
        theirs = lightning_track.start_model(self.experiment, self.data)
        ours = numpy_track.start_model(self.experiment, self.data)
        judge = StepJudge(self, ours, theirs)
        epochs = EpochJudge(self, ours, theirs)
        judge.epochs = self.judged = epochs
        judge.compare_initial_weights(ours.state_dict())
        thread.start()
        histories: dict[str, list[Row]] = {"numpy": [], "lightning": []}
        results: dict[str, TrainingResult] = {}
        try:
            trainer = lightning_track.Trainer(
                self.experiment,
                self.data,
                self.runs["lightning"],
                judge.watched_model(),
                EpochEnds(epochs.end),
            )
            histories["lightning"] = trainer.fit()
            ended = self.expect(Ended, "lightning stopped")
            histories["numpy"] = ended.history
            epochs.compare_stopping(histories)
            results["lightning"] = trainer.test()
            ended = self.expect(Ended, "lightning tested")
            if ended.result is not None:
                results["numpy"] = ended.result
                epochs.compare_results(results)
        except Stopped:
            pass
        except UserError as error:
            self._numpy_error_or(error)
        except Exception as error:
            self.ledger.failed("handover", error, self.steps)
        finally:
            self.stop.set()
            judge.release()
            self._drain(thread)
        judge.finish()
        return Lockstep(
            self.ledger, histories, results, self.runs["numpy"], self.numpy_states, self.steps, self.detailed,
            self.first_gradients,
        )  # fmt: skip

    def expect(self, kind: type, situation: str) -> Any:
        """The next event, if it is of this kind; else the tracks do different things here, and lock-step ends."""
        try:
            event = self.events.get(timeout=600)
        except queue.Empty as error:
            raise Stopped from error
        if isinstance(event, Ended) and event.error is not None:
            self._failed(event.error)
            raise Stopped
        if not isinstance(event, kind):
            self.differs(event, situation)
        return event

    def expect_epoch(self) -> EpochRecord:
        """NumPy's end of the epoch that Lightning has just ended."""
        event: EpochRecord = self.expect(EpochRecord, "Lightning has ended its epoch")
        return event

    def differs(self, event: Event, situation: str) -> None:
        """NumPy does something else than Lightning: a finding, unless a tie decided, and the end of lock-step."""
        finding = self._unexpected(event, situation)
        if finding.stage == "early stopping" and self.judged.tie():
            self.ledger.limit(
                "early stopping", "two validation losses are equal to rounding: the tracks may stop apart"
            )
        else:
            self.ledger.add(finding)
        self.end()

    def end(self) -> None:
        """Nothing further can be compared."""
        raise Stopped

    def _unexpected(self, event: Event, situation: str) -> Finding:
        """What it means that NumPy did something else than Lightning."""
        if isinstance(event, EpochRecord):
            epoch = int(event.row["epoch"])
            what = f"NumPy's epoch {epoch} has fewer batches than Lightning's"
            return Finding("batches", what, epoch=epoch, code=_passes())
        if isinstance(event, Ended):
            epochs = len(event.history)
            code = code_of(numpy_track.Trainer.fit, ended_by)
            return Finding(
                "early stopping", f"NumPy stops after epoch {epochs}, Lightning goes on", "", epoch=epochs, code=code
            )
        if event.kind == "train" and event.batch_idx == 0 and "stopped" in situation:
            what = f"Lightning stops after epoch {event.epoch}, NumPy goes on"
            code = code_of(lightning_track.Trainer.fit, ended_by)
            return Finding("early stopping", what, "", epoch=event.epoch, code=code)
        what = f"NumPy takes {event.kind} batch {event.batch_idx} where {situation}"
        return Finding("batches", what, step=event.step, epoch=event.epoch + 1, code=_passes())

    def _failed(self, error: BaseException) -> None:
        """NumPy's training broke off: a user's mistake is one in both tracks, anything else a difference."""
        if not isinstance(error, UserError):
            self.ledger.failed("handover", error, self.steps)
        elif not self.ledger.findings:
            self.refused = True
            raise error

    def _numpy_error_or(self, error: UserError) -> None:
        """Lightning refused to go on (a loss that is no number): NumPy must refuse it too."""
        if self.refused:
            raise error
        while True:
            try:
                event = self.events.get(timeout=60)
            except queue.Empty:
                break
            if isinstance(event, Ended):
                if isinstance(event.error, UserError):
                    raise error
                break
        if not self.ledger.findings:
            self.ledger.add(Finding("loss", f"only the Lightning track stops: {error}", step=self.steps))

    def _drain(self, thread: threading.Thread) -> None:
        while thread.is_alive():
            try:
                self.events.get(timeout=0.05)
            except queue.Empty:
                thread.join(0.05)

    def _put(self, event: Event) -> None:
        while not self.stop.is_set():
            try:
                self.events.put(event, timeout=0.1)
                return
            except queue.Full:
                continue
        raise Stopped

    def _train_numpy(self) -> None:
        """The NumPy track, as its program trains it, with a recorder."""
        try:
            model = numpy_track.start_model(self.experiment, self.data)
            NumpyRecorder(model, self._put, self.wanted, self.steps_per_epoch)

            def epoch_done(row: Row) -> None:
                self._put(EpochRecord(dict(row), model.state_dict()))

            trainer = numpy_track.Trainer(self.experiment, self.data, self.runs["numpy"], model, EpochEnds(epoch_done))
            self._put(Ended(history=[dict(row) for row in trainer.fit()]))
            self._put(Ended(result=trainer.test()))
        except Stopped:
            pass
        except BaseException as error:
            self._report_error(error)

    def _report_error(self, error: BaseException) -> None:
        with contextlib.suppress(Stopped):
            self._put(Ended(error=error))


def _passes() -> tuple[str, ...]:
    """Where each track goes through its batches."""
    return code_of(
        getattr(numpy_track.Trainer, "_train_epoch", numpy_track.Trainer.fit), ImageDataModule.batches, Batches
    )


class EpochEnds(Progress):
    """Calls back at the end of each epoch, instead of printing a line."""

    def __init__(self, epoch_done: Callable[[Row], None]) -> None:
        super().__init__(1, 1, 0)
        self.call = epoch_done

    def batch_done(self) -> None:
        """Nothing to show."""

    def epoch_done(self, row: Row, images_per_second: float) -> None:
        """Hand the row over."""
        self.call(row)
