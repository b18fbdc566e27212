"""Programs that are told to stop, are killed, or find the disk full: exit codes, words, and what can be resumed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from experiment.commandline import Command
from experiment.config import Experiment, Trainer
from experiment.errors import UserError
from experiment.files import atomic_write, remove_leftovers
from experiment.interrupt import SIGNALS, Interrupted, handle_interrupts
from lightning_models.classifier import Classifier
from tests.conftest import PROJECT, TRACKS, Program, assert_refused, fast_python
from tests.programs.test_programs import assert_same_bytes, longer, run
from training.program import train_and_test

FLAGS = ["--data.source=doodles", "--data.train_per_category=60", "--data.test_per_category=20", "--logs_root=logs"]


# --- noticing a signal


@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_is_noted_and_raised_by_check(number: int) -> None:
    before = signal.getsignal(number)
    with pytest.raises(Interrupted) as stop, handle_interrupts() as handler:
        handler.check()
        os.kill(os.getpid(), number)
        time.sleep(0)  # Python calls handlers between its instructions
        handler.check()
        pytest.fail("not raised")
    assert stop.value.exit_code == 128 + number
    assert signal.getsignal(number) is before


def test_a_signal_after_the_last_batch_is_not_lost() -> None:
    with pytest.raises(Interrupted), handle_interrupts():
        os.kill(os.getpid(), signal.SIGTERM)


@pytest.mark.parametrize("raised", [SystemExit(0), RuntimeError("broken by the signal")])
def test_whatever_ends_the_block_after_a_signal_is_the_signal(raised: BaseException) -> None:
    with pytest.raises(Interrupted) as stop, handle_interrupts():
        os.kill(os.getpid(), signal.SIGTERM)
        raise raised
    assert stop.value.exit_code == 143


def test_a_second_signal_does_not_wait() -> None:
    with pytest.raises(Interrupted), handle_interrupts():
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGINT)
        pytest.fail("not stopped")


def test_other_errors_come_through() -> None:
    with pytest.raises(UserError), handle_interrupts():
        raise UserError("something else")


def test_training_in_a_thread_needs_no_signals() -> None:
    entered = []

    def enter() -> None:
        with handle_interrupts() as handler:
            handler.check()
            entered.append(True)

    thread = threading.Thread(target=enter)
    thread.start()
    thread.join()
    assert entered


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGUSR1])
def test_lightning_stops_in_its_validation(
    number: int, small: Callable[..., Experiment], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    validate = Classifier.validation_step

    def send(self: Classifier, *arguments: object) -> object:
        if self.current_epoch == 1:
            os.kill(os.getpid(), number)
        return validate(self, *arguments)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(Classifier, "validation_step", send)
        assert train_and_test("lightning", Command(small(trainer=Trainer(max_epochs=3)), None)) == 128 + number
    said = capsys.readouterr().out.splitlines()[-1]
    part = Path(said.split("--resume ")[1])
    experiment = small(trainer=Trainer(max_epochs=3))
    assert_same_bytes(run("lightning", experiment, resume=part), run("lightning", experiment))


# --- programs


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Starts a program in a process of its own, in the test's folder."""
    started = []

    def make(script: str, *arguments: str, python: str = "", **options: object) -> subprocess.Popen[str]:
        command = [python or fast_python(), str(PROJECT / script), *FLAGS, *arguments]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, "cwd": tmp_path}
        started.append(subprocess.Popen(command, **(pipes | options)))  # type: ignore[call-overload]
        return started[-1]

    yield make
    for process in started:
        process.kill()
        process.wait()


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs Linux's /proc")
@pytest.mark.parametrize("track", TRACKS)
@pytest.mark.parametrize("number", SIGNALS)
def test_signals_while_importing_leave_no_traceback(
    number: int, track: str, start: Callable[..., subprocess.Popen[str]]
) -> None:
    long = ["--trainer.max_epochs=10000", "--trainer.patience=10000"]
    process = start(TRACKS[track], *long, python=sys.executable)  # which imports all that it needs
    while not catches(process.pid, signal.SIGTERM):  # Python itself does not
        assert process.poll() is None
    process.send_signal(number)
    said, complaint = process.communicate()
    assert process.returncode == 128 + number and complaint == "\nStopped.\n" and not said


def catches(process: int, number: int) -> bool:
    """Whether a process has a handler for a signal."""
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    mask = next(line.split()[1] for line in lines if line.startswith("SigCgt:"))
    return bool(int(mask, 16) >> (number - 1) & 1)


@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_after_all_is_done_changes_nothing(number: int) -> None:
    """Python takes its handlers away before its modules; this one sends itself the signal when it goes."""
    lines = [
        f"import os, sys; sys.path.insert(0, {str(PROJECT)!r})",
        "from experiment.interrupt import exit_on_signals",
        "class Last:",
        f"    def __del__(self, kill=os.kill, process=os.getpid()): kill(process, {int(number)}); print('gone')",
        "last = Last()",
        "exit_on_signals()",
    ]
    done = subprocess.run([sys.executable, "-c", "\n".join(lines)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "gone\n", "")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signals_in_the_figure_stage_name_resume(
    number: int, start: Callable[..., subprocess.Popen[str]], program: Program, tmp_path: Path
) -> None:
    process = start("numpy_ref/train.py", "--trainer.max_epochs=2")
    assert process.stdout is not None and process.stderr is not None
    for line in process.stdout:
        if line.startswith("epoch   2/2"):
            break
    (folder,) = (tmp_path / "logs" / "softmax" / "numpy").iterdir()
    while not (folder / "predictions.npz").exists():
        assert process.poll() is None
    process.send_signal(number)
    said = process.stderr.read()
    assert process.wait() == 128 + number and f"--resume {folder}" in said and "Traceback" not in said
    assert not list(folder.rglob("*.tmp"))
    assert program("numpy_ref/train.py", "--resume", folder).returncode == 0
    assert (folder / "metrics.json").is_file() and list(folder.glob("figures/*.png"))


def test_closed_streams_are_no_error(start: Callable[..., subprocess.Popen[str]], tmp_path: Path) -> None:
    command = " ".join(f"'{word}'" for word in [sys.executable, str(PROJECT / "numpy_ref/train.py"), *FLAGS])
    closed = subprocess.run(
        f"{command} --trainer.max_epochs=1 --figures=false >&- 2>&- <&-", shell=True, cwd=tmp_path, check=False
    )
    assert closed.returncode == 0
    assert list(tmp_path.rglob("metrics.json"))


def test_a_deleted_working_folder_is_said(tmp_path: Path) -> None:
    (tmp_path / "gone").mkdir()
    script = f"cd gone && rmdir ../gone && exec '{sys.executable}' '{PROJECT / 'numpy_ref/train.py'}' --seed=1"
    done = subprocess.run(script, shell=True, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert_refused(subprocess.CompletedProcess([], done.returncode, "", done.stderr), "working folder")


@pytest.mark.parametrize("locale", ["C", "C.UTF-8"])
def test_names_beyond_ascii_are_no_error_in_any_locale(locale: str, tmp_path: Path) -> None:
    done = train_into("Zeichnungen_ä_猫 1", tmp_path, LC_ALL=locale)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "Zeichnungen_ä_猫 1").is_dir() and list(tmp_path.rglob("metrics.json"))


def test_names_that_cannot_be_passed_on_are_refused(tmp_path: Path) -> None:
    done = train_into("Zeichnungen_ä", tmp_path, LC_ALL="C", PYTHONUTF8="0", PYTHONCOERCECLOCALE="0")
    assert_refused(done, "PYTHONUTF8=1")
    assert not list(tmp_path.iterdir())


def train_into(logs: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Train for an epoch in `folder`, with other environment variables."""
    command = [sys.executable, str(PROJECT / "numpy_ref/train.py"), *FLAGS[:-1], f"--logs_root={logs}"]
    command += ["--trainer.max_epochs=1", "--figures=false"]
    return subprocess.run(
        command, cwd=folder, env=os.environ | environment, capture_output=True, encoding="utf-8", check=False
    )


def test_the_printed_command_is_quoted(program: Program, tmp_path: Path) -> None:
    done = program(
        "numpy_ref/train.py", *FLAGS[:-1], "--logs_root=my logs", "--trainer.max_epochs=1", "--figures=false"
    )
    assert "tensorboard --logdir 'my logs'" in done.stdout


# --- killed


@pytest.mark.parametrize("name", ["model.json", "data.json", "split.npz"])
def test_a_run_killed_before_it_began_starts_again(name: str, small: Callable[..., Experiment]) -> None:
    experiment = small(trainer=Trainer(max_epochs=2))
    whole, other = run("numpy", experiment), run("numpy", experiment)
    files = ["config.yaml", "data.json", "split.npz", "model.json"]
    for path in sorted(other.rglob("*"), reverse=True):
        if path.is_dir():
            path.rmdir()
        elif path.name not in files[: files.index(name)]:
            path.unlink()
    assert_same_bytes(run("numpy", experiment, resume=other), whole)


def test_an_empty_folder_cannot_be_resumed_and_says_so(program: Program, tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    assert_refused(program("numpy_ref/train.py", "--resume", "run"), "is empty", "--resume")
    assert_refused(program("numpy_ref/train.py", "--resume="), "--resume")


@pytest.mark.parametrize("track", TRACKS)
def test_a_resumed_run_removes_what_a_killed_one_left(track: str, small: Callable[..., Experiment]) -> None:
    experiment = small(trainer=Trainer(max_epochs=1))
    folder = run(track, experiment)
    left = [folder / ".history.csv.123.tmp", folder / "checkpoints" / ".last.456.tmp"]
    for path in left:
        path.write_text("half")
    run(track, longer(experiment, 2), resume=folder)
    assert not any(path.exists() for path in left)


def test_only_old_leftovers_are_removed_where_others_write(tmp_path: Path) -> None:
    old, new = tmp_path / ".a.1.tmp", tmp_path / ".a.2.tmp"
    for path in (old, new):
        path.touch()
    os.utime(old, (0, 0))
    remove_leftovers(tmp_path, seconds=3600)
    assert not old.exists() and new.exists()


# --- a full disk


@pytest.mark.parametrize("track", TRACKS)
def test_a_file_that_may_not_grow_is_one_line_and_can_be_resumed(
    track: str, start: Callable[..., subprocess.Popen[str]], program: Program, tmp_path: Path
) -> None:
    import resource

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (150_000, 150_000))  # the events grow beyond it in the figure stage

    process = start(TRACKS[track], "--trainer.max_epochs=3", "--softmax.hidden_dims=[8]", preexec_fn=limit)
    _, said = process.communicate()
    (folder,) = (tmp_path / "logs" / "softmax" / track).iterdir()
    assert_refused(subprocess.CompletedProcess([], process.returncode, "", said), str(folder), "--resume")
    assert not list(folder.rglob("*.tmp"))
    resumed = program(TRACKS[track], "--resume", folder)
    assert resumed.returncode == 0, resumed.stderr
    assert (folder / "metrics.json").is_file()


def test_the_name_is_that_of_the_file_not_of_its_temporary(tmp_path: Path) -> None:
    with pytest.raises(OSError) as failure, atomic_write(tmp_path / "file") as file:
        raise OSError(28, "No space left on device", file.name)
    assert failure.value.filename == str(tmp_path / "file")


def test_a_run_with_weights_that_are_no_numbers_predicts_nothing(
    small: Callable[..., Experiment], program: Program, tmp_path: Path
) -> None:
    from experiment.weights import BEST, load_weights, save_weights

    folder = run("numpy", replace(small(trainer=Trainer(max_epochs=1))))
    weights, _ = load_weights(folder / BEST)
    first = next(iter(weights))
    save_weights(folder / BEST, weights | {first: np.full_like(weights[first], np.nan)})
    np.save(tmp_path / "x.npy", np.eye(28, dtype=np.uint8)[None] * 255)
    assert_refused(program("apps", "predict", folder, "x.npy"), "model.safetensors", first)
