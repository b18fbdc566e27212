"""Write what was seen as one safetensors file; the parent reads it as data, never as code."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import save_file

from parity.check.inside.data import Session


def save(path: Path, sessions: list[Session], skipped: list[str], error: str) -> None:
    """All sessions, what was skipped and, where the file could not be read at all, why."""
    arrays: dict[str, Any] = {}
    about: list[dict[str, Any]] = []
    for number, session in enumerate(sessions):
        about.append(
            {
                "form": str(session.form),
                "columns": session.form.columns,
                "single": session.form.single,
                "calls": session.calls,
                "sizes": session.layout.sizes,
                "transposed": session.layout.transposed,
                "names": [".".join(path) for path in session.layout.weights],
                "bias_names": [None if path is None else ".".join(path) for path in session.layout.biases],
                "style": session.style,
                "rate": session.rate,
                "notes": session.notes[:20],
                "extra": session.extra,
                "accuracy": session.accuracy,
                "steps": [{"loss": step.loss, "changed": step.changed} for step in session.steps],
                "evaluations": [
                    {"name": e.name, "asked": e.asked, "switched": e.switched} for e in session.evaluations
                ],
            }
        )
        for index, one in enumerate(session.evaluations):
            _put(arrays, f"{number}/e{index}", {**vars(one.step), "result": one.result})
        for index, step in enumerate(session.steps):
            _put(arrays, f"{number}/{index}", vars(step))
    about_all = {"sessions": about, "skipped": skipped[:60], "error": error, "names": list(arrays)}  # in order
    save_file(arrays, path, {"about": json.dumps(about_all)})


def _put(arrays: dict[str, Any], prefix: str, values: dict[str, Any]) -> None:
    for name, value in values.items():
        if isinstance(value, np.ndarray):
            _put_one(arrays, f"{prefix}/{name}", value)
        elif isinstance(value, dict):
            for word, part in value.items():
                _put_one(arrays, f"{prefix}/{name}/{word}", part)
        elif isinstance(value, list) and name != "changed":
            for position, part in enumerate(value):
                _put_one(arrays, f"{prefix}/{name}/{position}", part)


def _put_one(arrays: dict[str, Any], name: str, value: Any) -> None:
    """Keep an array of numbers, in this machine's byte order; long doubles as doubles."""
    array = np.asarray(value)
    if array.dtype.kind in "fiub":
        dtype = np.dtype(float) if array.dtype.itemsize > 8 else array.dtype.newbyteorder("=")
        arrays[name] = np.ascontiguousarray(array, dtype)
