"""One batch followed layer by layer, forward and backward: NumPy's arrays beside PyTorch's.

Each of PyTorch's layers gets what NumPy's layer got, so that a mistake shows where it is made and not in all that
follows. The first array that differs by more than rounding is marked.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
import torch
from jinja2 import Template

from datamodules.images import ImageDataModule
from experiment.config import Experiment
from lightning_models import trainer as lightning_track
from numpy_ref import trainer as numpy_track
from parity.bands import Bands, largest
from parity.hints import describe
from parity.ledger import code_of
from parity.records import one_step
from parity.replay import DX, Y, loss_gradient, perturbed, perturbed_losses, through

SHOWN = 4
"""Values of each array that are shown."""


@dataclass
class Entry:
    """One array that both tracks computed."""

    what: str
    shape: str
    norm: str
    values: tuple[str, str]
    apart: str
    band: str
    differs: bool
    hint: str = ""
    first: bool = False
    """Whether it is the first that differs."""


@dataclass
class Part:
    """A layer or loss with its formula and arrays."""

    title: str
    formula: str
    entries: list[Entry] = field(default_factory=list)
    code: tuple[str, ...] = ()


def trace(experiment: Experiment, data: ImageDataModule) -> list[Part]:
    """The first batch's way through both tracks, in the order in which things are computed."""
    tracer = _Tracer(experiment, data)
    parts = [*tracer.forward(), *tracer.loss(), *tracer.backward()]
    first = next((entry for part in parts for entry in part.entries if entry.differs), None)
    if first is not None:
        first.first = True
    return parts


class _Tracer:
    def __init__(self, experiment: Experiment, data: ImageDataModule) -> None:
        self.ours, self.theirs = (track.start_model(experiment, data) for track in (numpy_track, lightning_track))
        self.theirs.train()
        self.layers = dict([*self.ours.named_layers(), *self.ours.named_blocks()])
        self.modules = dict(self.theirs.named_modules())
        self.bands = Bands(float(np.finfo(experiment.trainer.dtype).eps))
        self.random = np.random.default_rng(experiment.seed)
        self.record = one_step(self.ours, next(data.batches("train", 0)))
        self.theirs.note_batch(torch.from_numpy(self.record.images))
        self.steepness = 1.0 / min(experiment.dual_tower.temperature, 1.0)
        calls = {name: calls[0] for name, calls in self.record.layers.items()}
        self.calls = {name: call for name, call in calls.items() if name in self.layers}
        self.alone = {name: through(self.modules[name], call.x, call.grad_y) for name, call in self.calls.items()}
        self.runs = {name: list(perturbed(self.modules[name], call, self.random)) for name, call in self.calls.items()}

    def forward(self) -> Iterator[Part]:
        """Each layer's output."""
        for name, call in self.calls.items():
            yield self._part(name, "", [self._layer_entry(name, "y", Y, call.y, 0.0)], "forward")

    def loss(self) -> Iterator[Part]:
        """The loss, its terms and dL/dscores."""
        record = self.record
        assert record.score_grad is not None
        terms, grad = loss_gradient(self.theirs, record.scores, record.labels)
        runs = list(perturbed_losses(self.theirs, record.scores, record.labels, self.random))
        for name, (_, loss) in self.ours.losses().items():
            yield Part(f"loss {name}: {type(loss).__name__}", _formula(loss), code=code_of(type(loss).forward))
        natural = 1.0 + self.steepness * largest(record.scores)
        entries = [
            self._entry(name, np.array([record.terms[name]]), np.array([terms[name]]),
                        partial(_terms_of, name, runs), natural)
            for name in record.terms
        ]  # fmt: skip
        natural = self.steepness / len(record.labels)
        entries.append(self._entry("dL/dscores", record.score_grad, grad, lambda: [run for _, run in runs], natural))
        yield Part("loss", "the weighted sum of its terms", entries, code_of(type(self.ours).training_step))

    def backward(self) -> Iterator[Part]:
        """Each layer's dL/dx and gradients, from the last layer to the first."""
        for name in _backwards(list(self.calls)):
            call = self.calls[name]
            if call.grad_y is None:
                continue
            entries = []
            if call.grad_x is not None:
                natural = 0.0 if call.gradients else largest(call.grad_y)
                entries.append(self._layer_entry(name, "dL/dx", DX, call.grad_x, natural))
            entries += [self._layer_entry(name, f"dL/d{key}", key, ours, 0.0) for key, ours in call.gradients.items()]
            yield self._part(name, ", backward", entries, "backward")

    def _part(self, name: str, suffix: str, entries: list[Entry], method: str) -> Part:
        layer = self.layers[name]
        code = code_of(getattr(type(layer), method, None))
        return Part(f"{name}: {type(layer).__name__}{suffix}", _formula(layer), entries, code)

    def _layer_entry(self, name: str, what: str, key: str, ours: np.ndarray, natural: float) -> Entry:
        runs = self.runs[name]
        theirs = self.alone[name].get(key, np.zeros_like(ours))
        return self._entry(what, ours, theirs, lambda: [run[key] for run in runs if key in run], natural, name)

    def _entry(
        self, what: str, ours: np.ndarray, theirs: np.ndarray, runs: Callable[[], Any], natural: float, name: str = ""
    ) -> Entry:
        difference, band = self.bands.judge(f"{name} {what}", ours, theirs, runs, natural)
        busiest = np.sort(np.argsort(-np.abs(ours).ravel(order="C"), kind="stable")[:SHOWN])
        values = tuple(
            "  ".join(f"{value: .9g}" for value in array.ravel(order="C")[busiest[busiest < array.size]])
            for array in (ours, theirs)
        )
        differs = difference > band
        return Entry(
            what, " x ".join(map(str, ours.shape)), f"{np.linalg.norm(ours):.6g}", (values[0], values[1]),
            f"{difference:.1e}", f"{band:.1e}", differs, describe(ours, theirs) if differs else "",
        )  # fmt: skip


def _backwards(names: list[str]) -> list[str]:
    """From the last layer to the first; a block, which stands after the layers within it, again after these."""
    ordered: list[str] = []
    for name in names:
        within = next((place for place, other in enumerate(ordered) if not other.startswith(f"{name}.")), len(ordered))
        ordered.insert(within, name)
    return ordered


def _terms_of(name: str, runs: list[tuple[dict[str, float], np.ndarray]]) -> list[np.ndarray]:
    """One loss term in the perturbed runs."""
    return [np.array([terms[name]]) for terms, _ in runs]


def as_text(parts: list[Part]) -> str:
    """The trace for a terminal."""
    return "\n".join(line for part in parts for line in _lines(part))


def as_page(parts: list[Part], heading: str) -> str:
    """The trace as one HTML page without outside files."""
    first = next(((part, entry) for part in parts for entry in part.entries if entry.first), None)
    return Template(PAGE, autoescape=True).render(parts=parts, heading=heading, first=first)


def _lines(part: Part) -> Iterator[str]:
    yield f"\n{part.title}"
    yield f"    {part.formula}"
    for entry in part.entries:
        mark = ">>> FIRST DIFFERENCE" if entry.first else "differs" if entry.differs else ""
        size = f"shape {entry.shape:<12} norm {entry.norm}"
        yield f"    {entry.what:<12} {size}   differs by {entry.apart}  {mark}".rstrip()
        yield f"        NumPy    {entry.values[0]}"
        yield f"        PyTorch  {entry.values[1]}"
        if entry.differs:
            hint = f"; {entry.hint}" if entry.hint else ""
            yield f"        rounding explains {entry.band}{hint}; see {', '.join(part.code)}"


def _formula(thing: object) -> str:
    """The first paragraph of the docstring, and the second if it has the derivative."""
    text = inspect.getdoc(type(thing)) or ""
    paragraphs = [" ".join(paragraph.split()) for paragraph in text.split("\n\n")]
    return "   ".join(paragraph for paragraph in paragraphs[:2] if "dL/" in paragraph or paragraph is paragraphs[0])


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
 tr.first td { background: #b00020; color: #fff; } tr.differs td { background: #f5c6cb; color: #1b1b1b; }
 p.first { border: 2px solid #b00020; padding: .5rem .8rem; color: inherit; }
 td.n { font-family: ui-monospace, monospace; }
 @media (prefers-color-scheme: dark) { body { color: #e8e8e8; background: #161616; } p { color: #b5b5b5; } }
</style></head><body>
<h1>One batch, followed</h1><p>{{ heading }}</p>
<p>Blue: forward. Orange: backward. Of each array the four largest values are shown, in both tracks.</p>
{% if first %}<p class="first" role="alert"><b>First difference:</b> {{ first[1].what }} of {{ first[0].title }}, off by
{{ first[1].apart }}; rounding explains {{ first[1].band }}.{% if first[1].hint %} {{ first[1].hint }}.{% endif %}
{% for place in first[0].code %}<code>{{ place }}</code> {% endfor %}</p>
{% else %}<p>All arrays are the same to rounding.</p>{% endif %}
{% for part in parts %}<section{% if "backward" in part.title %} class="back"{% endif %}>
<h2>{{ part.title }}</h2><p>{{ part.formula }}</p>
{% if part.entries %}<div class="wide"><table>
<tr><th>array</th><th>shape</th><th>norm</th><th>difference</th><th>rounding</th><th>track</th><th>values</th></tr>
{% for entry in part.entries %}<tr{% if entry.first %} class="first"{% elif entry.differs %} class="differs"{% endif %}>
<td>{{ entry.what }}</td><td>{{ entry.shape }}</td><td class="n">{{ entry.norm }}</td>
<td class="n">{{ entry.apart }}</td><td class="n">{{ entry.band }}</td><td>NumPy<br>PyTorch</td>
<td class="n">{{ entry.values[0] }}<br>{{ entry.values[1] }}</td></tr>
{% endfor %}</table></div>{% endif %}</section>
{% endfor %}</body></html>
"""
