"""The author's own text: Markdown (CommonMark) as blocks of the report.

Headings, paragraphs, lists, code, block quotes as paragraphs, and pictures, which get a number like all figures. Text
keeps its `code`, *emphasis*, **strong**, [links](https://...) and citations [@key]. Anything else (tables, raw HTML) is
refused, rather than printed wrongly.
"""

from __future__ import annotations

import re
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

from experiment.errors import UserError
from studies.report.document import CITED, Block, Code, Figure, Heading, Image, Listing, Text
from studies.report.plan import Plan
from studies.report.writers import references

PICTURE = re.compile(r"!\[(?P<caption>[^\]]*)\]\((?P<path>[^)\s]+)\)")
FORMATS = {".png": "png", ".svg": "svg"}
REFUSED = {"html_block": "raw HTML", "table_open": "a table", "hr": "a rule"}


def words(plan: Plan, section: str, level: int = 2) -> list[Block]:
    """The author's text for a section as blocks; its headings begin at `level`. Empty where there is none."""
    text, folder, where = str(getattr(plan.report.words, section)), plan.folder, f"words.{section}"
    if text.endswith(".md") and "\n" not in text:
        where, path = text, plan.folder / text
        try:
            text, folder = path.read_text(encoding="utf-8"), path.parent
        except (OSError, ValueError) as error:
            raise UserError(f"words.{section}: {path} cannot be read ({error}).") from error
    tokens = MarkdownIt("commonmark").enable("table").parse(text)
    blocks: list[Block] = []
    items: list[str] | None = None
    for number, token in enumerate(tokens):
        if token.type in REFUSED:
            line = (token.map or [0])[0] + 1
            raise UserError(
                f"{where}, line {line}: {REFUSED[token.type]} cannot be set here; write it as text or a picture."
            )
        if token.type in ("bullet_list_open", "ordered_list_open") and token.level == 0:
            items = []
        elif token.type in ("bullet_list_close", "ordered_list_close") and token.level == 0:
            blocks.append(Listing(items or []))
            items = None
        elif token.type in ("fence", "code_block"):
            blocks.append(Code(token.content.rstrip("\n")))
        elif token.type == "inline":
            _check_citations(token.content, where)
            if items is not None:
                items.append(_one_line(token.content))
            else:
                blocks.append(_block(tokens[number - 1], token.content, folder, level, where))
    return blocks


def _block(opening: Token, content: str, folder: Path, level: int, where: str) -> Block:
    if opening.type == "heading_open":
        return Heading(_one_line(content), min(3, level + int(opening.tag[1]) - 1))
    picture = PICTURE.fullmatch(content.strip())
    return _figure(picture, folder, where) if picture else Text(_one_line(content))


def _figure(picture: re.Match[str], folder: Path, where: str) -> Figure:
    path = folder / picture["path"]
    if path.suffix not in FORMATS:
        raise UserError(f"{where}: the picture {picture['path']} must be a .png or .svg file.")
    try:
        image = Image(f"words_{path.stem}", path.read_bytes(), FORMATS[path.suffix])  # type: ignore[arg-type]
    except OSError as error:
        raise UserError(f"{where}: the picture {path} cannot be read ({error}).") from error
    return Figure(picture["caption"], [image], 0.9)


def _check_citations(text: str, where: str) -> None:
    for key in CITED.findall(text):
        if key not in references():
            raise UserError(f"{where}: [@{key}] is no known reference; there are {', '.join(references())}.")


def _one_line(text: str) -> str:
    return " ".join(text.split())
