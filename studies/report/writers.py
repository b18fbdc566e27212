"""The document as PDF, by Typst, as one HTML file, by Jinja2, and as Markdown. Looks: page.typ, page.html.j2."""

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

from studies.report.document import Document, Formula, as_plain, images

HERE = Path(__file__).parent
MEDIA = {"svg": "image/svg+xml", "png": "image/png"}
FORMULAS = "#set page(width: auto, height: auto, margin: 3pt, fill: none)\n#set text(size: 13pt)\n"


@cache
def references() -> dict[str, str]:
    """What can be cited, by its key."""
    return dict(yaml.safe_load((HERE / "references.yaml").read_text(encoding="utf-8")))


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


def as_markdown(document: Document) -> tuple[str, dict[str, bytes]]:
    """The report as Markdown with LaTeX formulas, to edit further; and its pictures by their paths beside it."""
    plain = as_plain(document, references())
    lines = [f"# {plain['title']}", "  \n".join([*plain["author"], plain["date"]]).strip()]
    lines += [" · ".join(f"[{link['text']}]({link['url']})" for link in plain["links"])]
    lines += [_markdown(block) for block in plain["blocks"]]
    pictures = {f"figures/{image.name}.{image.format}": image.content for image in images(document)}
    return "\n\n".join(line for line in lines if line) + "\n", pictures


def _markdown(block: dict[str, Any]) -> str:
    kind = block["kind"]
    if kind == "heading":
        return f"{'#' * (block['level'] + 1)} {block['number']} {block['text']}".replace("  ", " ")
    if kind in ("listing", "references"):
        marks = (f"{number}." for number in range(1, len(block["items"]) + 1))
        return "\n".join(f"{next(marks) if kind == 'references' else '-'} {_inline(item)}" for item in block["items"])
    if kind == "formula":
        return f"$$\n{block['latex']}\n$$"
    if kind == "code":
        return f"```\n{block['text']}\n```"
    if kind == "notice":
        return f"> {_inline(block['spans'])}" + (f"\n\n```\n{block['command']}\n```" if block["command"] else "")
    if kind == "figure":
        shown = "\n".join(f"![{block['alt']}](figures/{name})" for name in block["images"])
        return f"{shown}\n\n*{block['number']}.* {_inline(block['caption'])}"
    if kind == "table":
        rows = [[_inline(cell).replace("|", "\\|") for cell in row] for row in (block["header"], *block["rows"])]
        rule = ["---:" if numeric else "---" for numeric in block["numeric"]]
        table = "\n".join(f"| {' | '.join(row)} |" for row in (rows[0], rule, *rows[1:]))
        return f"{table}\n\n*{block['number']}.* {_inline(block['caption'])}"
    return _inline(block["spans"])


def _inline(spans: list[dict[str, str]]) -> str:
    marks = {"code": "`{}`", "emph": "*{}*", "strong": "**{}**", "plain": "{}"}
    return "".join(
        f"[{span['text']}]({span['url']})" if span["style"] == "link" else marks[span["style"]].format(span["text"])
        for span in spans
    )


def _compiled(document: Document, output: Any, **options: Any) -> Any:
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        (folder / "figures").mkdir()
        for image in images(document):
            (folder / "figures" / f"{image.name}.{image.format}").write_bytes(image.content)
        content = json.dumps(as_plain(document, references()))
        (folder / "document.json").write_text(content, encoding="utf-8")
        (folder / "page.typ").write_bytes((HERE / "page.typ").read_bytes())
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
