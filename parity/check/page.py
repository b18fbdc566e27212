"""Pages: one for a network (layers as a picture, the first wrong array marked), one for many submissions."""

from __future__ import annotations

from collections import Counter
from html import escape
from pathlib import Path
from typing import Any

from parity.check.catalogue import CATALOGUE
from parity.check.diagnosis import Diagnosis
from parity.check.words import place_in_words, verdict


def _template(name: str) -> Any:
    from jinja2 import Environment, FileSystemLoader

    return Environment(loader=FileSystemLoader(Path(__file__).parent), autoescape=True, trim_blocks=True).get_template(
        name
    )


def picture(d: Diagnosis) -> Any:
    """The layers from left to right as SVG; wrong ones are red, and the first wrong array is named."""
    from markupsafe import Markup

    wrong = {f.layer for f in d.findings if f.place in ("forward", "gradients", "update")}
    everywhere = None in wrong
    boxes = len(d.sizes) - 1
    step, width = 190, 190 * boxes + 130
    parts = [f'<svg viewBox="0 0 {width} 150" role="img" aria-label="The layers of the network">']
    parts.append('<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" '
                 'orient="auto"><path d="M0 0 8 4 0 8z" fill="currentColor"/></marker></defs>')  # fmt: skip
    parts.append(f'<text x="38" y="66">input</text><text x="38" y="84" class="small">{d.sizes[0]}</text>')
    first = next((f for f in d.findings), None)
    for index in range(boxes):
        x = 90 + step * index
        bad = everywhere or index in wrong
        parts.append(f'<line class="arrow" x1="{x - 24}" y1="70" x2="{x - 3}" y2="70" marker-end="url(#tip)"/>')
        parts.append(f'<rect class="{"wrong" if bad else "layer"}" x="{x}" y="30" width="150" height="80" rx="10"/>')
        activation = d.activations[index] if index < len(d.activations) else ""
        name = d.names[index] if index < len(d.names) else ""
        parts.append(f'<text x="{x + 75}" y="58">layer {index + 1}: {d.sizes[index]} → {d.sizes[index + 1]}</text>')
        parts.append(f'<text x="{x + 75}" y="78" class="small">{escape(name[-26:])}</text>')
        parts.append(f'<text x="{x + 75}" y="96" class="small">{escape(activation)}</text>')
        if (
            first is not None
            and first.place in ("forward", "gradients", "update")
            and index == (first.layer if first.layer is not None else boxes - 1)
        ):
            parts.append(f'<text x="{x + 75}" y="132" class="badtext">✗ {first.place}</text>')
    x = 90 + step * boxes
    loss_wrong = any(f.place == "loss" for f in d.findings)
    parts.append(
        f'<text x="{x}" y="75" class="{"badtext" if loss_wrong else ""}">{"✗ " if loss_wrong else ""}loss</text></svg>'
    )
    return Markup("".join(parts))


def network_page(d: Diagnosis, hints: int = 3) -> str:
    """One network as one HTML file."""
    findings = [
        {
            "finding": f,
            "place": place_in_words(f, d),
            "kind": CATALOGUE[f.id].kind,
            "formula": CATALOGUE[f.id].formula,
            "line": CATALOGUE[f.id].line,
        }
        for f in d.findings
    ]
    drawn = picture(d) if d.sizes else ""
    return str(
        _template("page.html.j2").render(
            d=d, title=d.network, verdict=verdict(d), findings=findings, hints=hints, picture=drawn
        )
    )


def summary_page(rows: list[dict[str, Any]]) -> str:
    """All submissions: how many made which mistake, and each one's verdict."""
    counted = Counter(name for row in rows for name in dict.fromkeys(row["ids"]))
    made = [(name, CATALOGUE[name].kind, count) for name, count in counted.most_common()]
    codes = Counter(row["code"] for row in rows)
    counts = {"fine": codes[0], "wrong": codes[1], "failed": codes[2]}
    return str(_template("summary.html.j2").render(rows=rows, made=made, counts=counts, title="Submissions"))
