"""Check 5: one batch followed layer by layer, forward and backward, in both tracks beside each other."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from jinja2 import Template

from datamodules.images import ImageDataModule
from experiment.config import Experiment
from lightning_models import trainer as lightning_track
from numpy_ref import trainer as numpy_track
from parity.capture import record_numpy, record_torch
from parity.measure import difference

SHOWN = 4
"""Values of each array that are shown."""


@dataclass(frozen=True)
class Entry:
    """One array that both tracks computed."""

    where: str
    what: str
    shape: str
    norm: str
    values: tuple[str, str]
    apart: str


@dataclass(frozen=True)
class Part:
    """A layer or loss with its formula and arrays."""

    title: str
    formula: str
    entries: list[Entry]


def trace(experiment: Experiment, data: ImageDataModule) -> list[Part]:
    """The first batch's way through both tracks."""
    ours, theirs = numpy_track.start_model(experiment, data), lightning_track.start_model(experiment, data)
    batch = next(data.batches("train", 0))
    one, other = record_numpy(ours, batch), record_torch(theirs, batch)
    layers = dict(ours.named_layers())
    parts = []
    for name, record in one.layers.items():
        entries = [_entry("forward", "y", record.y, other.layers[name].y)]
        parts.append(Part(f"{name}: {type(layers[name]).__name__}", _formula(layers[name]), entries))
    terms = [_entry("forward", name, np.array([one.terms[name]]), np.array([other.terms[name]])) for name in one.terms]
    for name, (_, loss) in ours.losses().items():
        parts.append(Part(f"loss {name}: {type(loss).__name__}", _formula(loss), []))
    parts.append(Part("loss", "the weighted sum of its terms", terms))
    for name, record in reversed(one.layers.items()):
        twin = other.layers[name]
        if record.grad_y is None or twin.grad_y is None:
            continue
        entries = [_entry("backward", "dL/dy", record.grad_y, twin.grad_y)]
        for key, _ in layers[name].named_parameters():
            gradients = one.gradients[f"{name}.{key}"], other.gradients[f"{name}.{key}"]
            entries.append(_entry("backward", f"dL/d{key}", *gradients))
        parts.append(Part(f"{name}: {type(layers[name]).__name__}, backward", _formula(layers[name]), entries))
    return parts


def as_text(parts: list[Part]) -> str:
    """The trace for a terminal."""
    return "\n".join(line for part in parts for line in _lines(part))


def as_page(parts: list[Part], heading: str) -> str:
    """The trace as one HTML page without outside files."""
    return Template(PAGE, autoescape=True).render(parts=parts, heading=heading)


def _lines(part: Part) -> Iterator[str]:
    yield f"\n{part.title}"
    yield f"    {part.formula}"
    for entry in part.entries:
        yield f"    {entry.what:<12} shape {entry.shape:<12} norm {entry.norm}   apart {entry.apart}"
        yield f"        NumPy    {entry.values[0]}"
        yield f"        PyTorch  {entry.values[1]}"


def _formula(thing: object) -> str:
    """The docstring down to its first blank line after the one with the derivative."""
    text = inspect.getdoc(type(thing)) or ""
    paragraphs = [" ".join(paragraph.split()) for paragraph in text.split("\n\n")]
    return "   ".join(paragraph for paragraph in paragraphs[:2] if "dL/" in paragraph or paragraph is paragraphs[0])


def _entry(where: str, what: str, ours: np.ndarray, theirs: np.ndarray) -> Entry:
    busiest = np.sort(np.argsort(-np.abs(ours).ravel(order="C"), kind="stable")[:SHOWN])
    values = tuple("  ".join(f"{value: .9g}" for value in array.ravel(order="C")[busiest]) for array in (ours, theirs))
    apart = f"{difference(ours, theirs).absolute:.1e}"
    shape = " x ".join(map(str, ours.shape))
    return Entry(where, what, shape, f"{np.linalg.norm(ours):.6g}", (values[0], values[1]), apart)


PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>One batch, followed</title>
<style>
 body { font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 72rem; padding: 0 1rem;
        color: #1b1b1b; background: #fff; }
 section { border-left: 4px solid #0072b2; padding-left: 1rem; margin: 1.5rem 0; }
 section.back { border-color: #d55e00; }
 h2 { font-size: 1.05rem; margin: 0; } p { margin: .2rem 0 .5rem; color: #444; }
 .wide { overflow-x: auto; } table { border-collapse: collapse; font-size: .9rem; }
 th, td { text-align: left; padding: .15rem .8rem .15rem 0; vertical-align: top; white-space: nowrap; }
 td.n { font-family: ui-monospace, monospace; }
 @media (prefers-color-scheme: dark) { body { color: #e8e8e8; background: #161616; } p { color: #b5b5b5; } }
</style></head><body>
<h1>One batch, followed</h1><p>{{ heading }}</p>
<p>Blue: forward. Orange: backward. Of each array the four largest values are shown, in both tracks.</p>
{% for part in parts %}<section{% if "backward" in part.title %} class="back"{% endif %}>
<h2>{{ part.title }}</h2><p>{{ part.formula }}</p>
{% if part.entries %}<div class="wide"><table>
<tr><th>array</th><th>shape</th><th>norm</th><th>largest difference</th><th>track</th><th>values</th></tr>
{% for entry in part.entries %}<tr>
<td>{{ entry.what }}</td><td>{{ entry.shape }}</td><td class="n">{{ entry.norm }}</td>
<td class="n">{{ entry.apart }}</td><td>NumPy<br>PyTorch</td>
<td class="n">{{ entry.values[0] }}<br>{{ entry.values[1] }}</td></tr>
{% endfor %}</table></div>{% endif %}</section>
{% endfor %}</body></html>
"""
