"""The document as PDF, by Typst, and as one HTML file, by Jinja2. Their looks are in page.typ and page.html.j2."""

from __future__ import annotations

import base64
import json
import tempfile
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import jinja2
import typst
import yaml

from reporting.document import Document, Formula, as_plain, images

HERE = Path(__file__).parent
MEDIA = {"svg": "image/svg+xml", "png": "image/png"}
FORMULAS = "#set page(width: auto, height: auto, margin: 3pt, fill: none)\n#set text(size: 13pt)\n"


@cache
def references() -> dict[str, str]:
    """What can be cited, by its key."""
    return dict(yaml.safe_load((HERE / "references.yaml").read_text()))


def as_pdf(document: Document) -> bytes:
    """The report as PDF; the same document gives the same bytes."""
    return bytes(_compiled(document, "pdf"))


def as_pages(document: Document, ppi: float = 100) -> list[bytes]:
    """The PDF's pages as PNG pictures."""
    pages = _compiled(document, "png", ppi=ppi)
    return pages if isinstance(pages, list) else [pages]


def as_html(document: Document) -> str:
    """The report as one HTML file that loads nothing else."""
    environment = jinja2.Environment(loader=jinja2.FileSystemLoader(HERE), autoescape=True, trim_blocks=True)
    sources = {f"{image.name}.{image.format}": _data(image.content, image.format) for image in images(document)}
    return environment.get_template("page.html.j2").render(
        report=as_plain(document, references()), sources=sources | _formulas(document)
    )


def _compiled(document: Document, output: Any, **options: Any) -> Any:
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        (folder / "figures").mkdir()
        for image in images(document):
            (folder / "figures" / f"{image.name}.{image.format}").write_bytes(image.content)
        (folder / "document.json").write_text(json.dumps(as_plain(document, references())))
        (folder / "page.typ").write_text((HERE / "page.typ").read_text())
        compiler = typst.Compiler(folder / "page.typ", root=folder, ignore_system_fonts=True)
        return compiler.compile(format=output, timestamp=_timestamp(document), **options)


def _timestamp(document: Document) -> int:
    """Noon of the document's date, in seconds since 1970: the PDF says when its runs were made, not when it was."""
    day = datetime.fromisoformat(document.date) if document.date else datetime(1970, 1, 1)
    return int(day.replace(hour=12, tzinfo=UTC).timestamp())


def _formulas(document: Document) -> dict[str, str]:
    """Each formula as a data URI, typeset by Typst as in the PDF."""
    texts = list(dict.fromkeys(block.typst for block in document.blocks if isinstance(block, Formula)))
    if not texts:
        return {}
    page = FORMULAS + "\n#pagebreak()\n".join(f"$ {text} $" for text in texts)
    pages: Any = typst.Compiler(page.encode(), ignore_system_fonts=True).compile(format="svg")
    pages = pages if isinstance(pages, list) else [pages]
    return {text: _data(svg, "svg") for text, svg in zip(texts, pages, strict=True)}


def _data(content: bytes, file_format: str) -> str:
    return f"data:{MEDIA[file_format]};base64,{base64.b64encode(content).decode()}"
