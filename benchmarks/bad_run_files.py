"""Cases of bad_inputs.py: damaged configs, word vectors and runs."""

from __future__ import annotations

import gzip
import io
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.bad_data_files import damaged_files
from benchmarks.bad_flags import SMALL, Case
from benchmarks.damages import Payload, npy, npz, words_text
from benchmarks.program_runs import TRACKS


def text_cases() -> Iterator[Case]:
    text = words_text()
    call = (TRACKS["numpy"], [*SMALL, "--model=dual_tower", "--data.word_vectors=words.txt"])
    own = {
        "no numbers": "rabbit\nhand\n",
        "a single number": "rabbit 1\nhand 2\n",
        "absurd header": "999999999999 300\n" + text,
        "wide header": "5 999999999\n" + text,
        "negative header": "-5 6\n" + text,
        "zero header": "0 0\n",
        "short line": text + "foot 1 2\n",
        "NaN": text.replace(text.split()[1], "nan"),
        "a word": text.replace(text.split()[3], "abc"),
        "no yoga": text.replace("yoga", "yogi"),
        "blank": "\n\n\n",
        "one long line": "a " * 500_000,
    }
    yield from damaged_files(
        "words.txt",
        text.encode(),
        {},
        call,
        own={key: value.encode() for key, value in own.items()},
    )
    zipped = io.BytesIO()
    with zipfile.ZipFile(zipped, "w") as archive:
        archive.writestr("words.txt", text)
    call = (TRACKS["numpy"], [*SMALL, "--model=dual_tower", "--data.word_vectors=words.gz"])
    yield from damaged_files(
        "words.gz", gzip.compress(text.encode()), {}, call, own={"a zip": zipped.getvalue()}, changed=1
    )

    config = b"seed: 3\noptimizer: {lr: 0.01}\ntrainer:\n  max_epochs: 1\n"
    bomb = "a0: &a0 [x]\n" + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 15))
    mistakes: dict[str, str | bytes] = {
        "self": "seed: &a [*a]",
        "bomb": bomb,
        "Latin-1": b"experiment: caf\xe9",
        "only comments": "# seed: 3\n",
        "list": "[1]",
        "text": "hello",
        "number keys": "{1: 2}",
        "null key": "{null: 1}",
        "object": "!!python/object/apply:os.system ['touch executed']",
        "tabs": "\tseed: 3",
        "wrong section": "data: 3",
        "date": "seed: 2001-99-99",
        "duplicate": "a: b: c",
        "unknown": "sed: 3",
        "nothing in a section": "data: [",
        "merge": "<<: [1]",
        "long number": "seed: " + "9" * 5000,
        "layers": "softmax: {layers: [{Linear: {x: 1}}]}",
    }
    texts = {key: value.encode() if isinstance(value, str) else value for key, value in mistakes.items()}
    call = (TRACKS["numpy"], [*SMALL, "--config=bad.yaml"])
    yield from damaged_files(
        "bad.yaml", config, {}, call, ("bad.yaml", "sed", "softmax"), texts, loose=("cut short", "start lost")
    )
    sweep = b"sampler: random\ntrials: 2\nparameters:\n  optimizer.lr: [0.1, 0.2]\n"
    own = {
        "trials abc": "trials: abc\n",
        "trials 1.5": "trials: 1.5\n",
        "trials -1": "trials: -1\n",
        "trials 0": "trials: 0\n",
        "trials list": "trials: [1]\n",
        "name": "name: ../up\n",
        "base": "base: 3\n",
        "base list": "base: [1]\n",
        "sampler": "sampler: [1]\n",
        "pruner": "pruner: {}\n",
    }
    own = {key: value + "parameters: {optimizer.lr: [0.1]}" for key, value in own.items()}
    own |= {
        "no choices": "parameters: {optimizer.lr: {choices: {}}}",
        "no values": "parameters: {optimizer.lr: []}",
        "range": "parameters: {optimizer.lr: {low: 1}}",
        "null": "parameters: {optimizer.lr: null}",
        "number": "parameters: {3: [1]}",
        "variant": "parameters: {variant: {choices: {a: [1]}}}",
        "log of 0": "sampler: tpe\ntrials: 2\nparameters: {optimizer.lr: {low: 0, high: 1, log: true}}",
        "self": "parameters: {optimizer.lr: &a [*a]}",
        "step 0": "sampler: tpe\ntrials: 2\nparameters: {optimizer.lr: {low: 0.1, high: 1, step: 0}}",
        "bomb": bomb,
    }
    call = ("studies", ["sweep", "bad.yaml", *SMALL])
    words = ("bad.yaml", "optimizer.lr", "experiment", "--config", "3")
    yield from damaged_files(
        "bad.yaml",
        sweep,
        {},
        call,
        words,
        {key: value.encode() for key, value in own.items()},
        loose=("cut short", "start lost"),
        changed=2,
    )
    yield from damaged_files(
        "bad.yaml",
        b"title: x\n",
        {},
        ("studies", ["report", "--config", "bad.yaml"]),
        loose=("cut short", "start lost"),
        changed=1,
    )


def run_cases(run: Path, track: str) -> Iterator[Case]:
    """A run's files, damaged, when it is resumed and when it predicts."""
    files = {str(path.relative_to(run)): path.read_bytes() for path in run.rglob("*") if path.is_file()}
    files.pop("metrics.json")
    sound = {f"run/{name}": content for name, content in files.items()}
    (last,) = (name for name in files if name.startswith("checkpoints/"))
    resume = (TRACKS[track], ["--resume=run", "--trainer.max_epochs=4"])
    history = files["history.csv"].decode()
    own: dict[str, dict[str, bytes]] = {
        "history.csv": {
            "a row lost": "\n".join(history.splitlines()[:2]).encode(),
            "text": history.replace("0.", "x.").encode(),
            "order": "\n".join([history.splitlines()[0], *history.splitlines()[:0:-1]]).encode(),
        },
        "model.json": {"empty object": b"{}", "list": b"[]", "null": b"null", "other track": b'{"track": "other"}'},
        "data.json": {"empty object": b"{}", "null": b"null", "other": b'{"checksums": {}}'},
        "config.yaml": {"Latin-1": b"experiment: caf\xe9", "other": b"seed: 7\n"},
        last: _checkpoints(track),
    }
    for name, mistakes in own.items():
        loose = ("cut short", "start lost") if name == "config.yaml" else ()
        changed = 0 if name == "config.yaml" else 2
        yield from damaged_files(
            f"run/{name}", files[name], sound, resume, (Path(name).name, "--resume", "run/"), mistakes, loose, changed
        )
    image = npy(np.random.default_rng(0).integers(0, 256, (1, 28, 28)).astype(np.uint8))
    predict = ("apps", ["predict", "run", "x.npy", f"--track={track}"])
    own = {
        "model.json": {
            "empty object": b"{}",
            "categories": b'{"categories": 3, "shape": [1, 28, 28]}',
            "one": b'{"categories": ["a"], "shape": [1, 28, 28]}',
            "shape": b'{"categories": ["a", "b"], "shape": "abc"}',
            "huge shape": b'{"categories": ["a", "b"], "shape": [1, 1000000, 1000000]}',
        },
        "model.safetensors": _weights(run),
    }
    for name, mistakes in own.items():
        words = (name, "model.safetensors", "shape", "softmax")
        yield from damaged_files(
            f"run/{name}", files[name], sound | {"x.npy": image}, predict, words, mistakes, changed=2
        )
    yield from damaged_files(
        "run/examples.npz",
        files["examples.npz"],
        sound,
        ("apps", ["export", "run", "--onnx"]),
        own={"no images": npz(a=np.zeros(3))},
        changed=0,
    )


def _weights(run: Path) -> dict[str, bytes]:
    import safetensors.numpy

    weights = safetensors.numpy.load((run / "model.safetensors").read_bytes())
    first = next(iter(weights))
    changed = {
        "NaN": weights | {first: np.full_like(weights[first], np.nan)},
        "infinite": weights | {first: np.full_like(weights[first], np.inf)},
        "a name lost": {name: weights[name] for name in weights if name != first},
        "a name more": weights | {"surplus": np.zeros(3, np.float32)},
        "other shape": weights | {first: weights[first][:3]},
        "none": {},
    }
    files = {way: safetensors.numpy.save(arrays) for way, arrays in changed.items()}
    return files | {"absurd header": (2**60).to_bytes(8, "little") + b"{}"}


def _checkpoints(track: str) -> dict[str, bytes]:
    import safetensors.numpy
    import torch

    if track == "numpy":
        return {
            "no keys": safetensors.numpy.save({}),
            "other keys": safetensors.numpy.save({"a": np.zeros(3)}, {"epoch": "1"}),
            "bad epoch": safetensors.numpy.save({"a": np.zeros(3)}, {"epoch": "x"}),
        }
    files = {}
    contents: dict[str, Any] = {
        "no keys": {},
        "other keys": {"epoch": 0, "a": 3},
        "list": [1],
        "number": 3,
        "bad epoch": {"epoch": "x"},
        "payload": {"epoch": 0, "a": Payload()},
    }
    for way, content in contents.items():
        file = io.BytesIO()
        torch.save(content, file)
        files[way] = file.getvalue()
    return files
