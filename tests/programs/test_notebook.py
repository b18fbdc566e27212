"""The notebook of the first hour, executed from beginning to end in a copy of the project (it plants a bug)."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.conftest import PROJECT, fast_python

nbformat = pytest.importorskip("nbformat", reason="nbformat is needed to read a notebook")
nbclient = pytest.importorskip("nbclient", reason="nbclient is needed to execute a notebook")
pytest.importorskip("ipykernel", reason="ipykernel is needed to execute a notebook")


def test_the_first_hour_runs_offline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if shutil.which("git") is None or not (PROJECT / ".git").exists():
        pytest.skip("needs the project's git clone")
    files = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    for name in files.splitlines():
        if (PROJECT / name).is_file() and not name.startswith(("docs/", "tests/")):
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(PROJECT / name, tmp_path / name)
    before = (tmp_path / "numpy_ref" / "layers" / "activations.py").read_bytes()
    kernel = tmp_path / "jupyter" / "kernels" / "fast" / "kernel.json"
    kernel.parent.mkdir(parents=True)
    command = [fast_python(), "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    kernel.write_text(json.dumps({"argv": command, "display_name": "fast", "language": "python"}))
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "jupyter"))
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    monkeypatch.setenv("OMP_NUM_THREADS", os.environ.get("OMP_NUM_THREADS", "1"))
    notebook = nbformat.read(tmp_path / "notebooks" / "first_hour.ipynb", as_version=4)
    resources = {"metadata": {"path": str(tmp_path / "notebooks")}}
    nbclient.NotebookClient(notebook, timeout=240, kernel_name="fast", resources=resources).execute()
    said = "".join(output.get("text", "") for cell in notebook.cells for output in cell.get("outputs", []))
    assert "Largest difference of the validation loss" in said and "snowman" in said and "Report: " in said
    assert (tmp_path / "numpy_ref" / "layers" / "activations.py").read_bytes() == before
