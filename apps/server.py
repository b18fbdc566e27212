"""The drawing page: one HTML file, and a small server that answers what is drawn on it.

The page posts strokes after each pen lift; they are drawn by the same rasterizer as the training data, and the NumPy
and the PyTorch network of a run answer, from the same weights.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route

from apps.answers import Answers
from datamodules.rasterize import GRID, Stroke
from experiment.errors import UserError

PAGE = Path(__file__).with_name("page.html")
LARGEST = 256 * 1024
"""Bytes of a posted drawing; a drawing with a thousand strokes has some 50 kB."""
MOST_POINTS = 20_000
FARTHEST = 1e6
"""Coordinates are smaller than this, either way."""
MOST_WORDS, LONGEST_WORD = 20, 60
"""Words that may join the categories, and their length."""


def page_headers() -> dict[str, str]:
    """Headers of the page: its own script and style may run, which their hashes name, and no others."""
    text = PAGE.read_text("utf-8")
    hashes = {}
    for tag in ("script", "style"):
        parts = re.findall(rf"<{tag}>(.*?)</{tag}>", text, re.DOTALL)
        digests = (base64.b64encode(hashlib.sha256(part.encode()).digest()).decode() for part in parts)
        hashes[tag] = " ".join(f"'sha256-{digest}'" for digest in digests)
    policy = "default-src 'none'; connect-src 'self'; img-src 'self' data: blob:; base-uri 'none'; form-action 'none'; "
    policy += f"frame-ancestors 'none'; script-src {hashes['script']}; style-src {hashes['style']}"
    return {"Content-Security-Policy": policy, "X-Frame-Options": "DENY", "X-Content-Type-Options": "nosniff"}


def make_app(logs: Path, hosts: list[str]) -> Starlette:
    """The web application; it answers only requests that are addressed to `hosts`."""
    answers, headers = Answers(logs), page_headers()

    async def page(request: Request) -> Response:
        return FileResponse(PAGE, media_type="text/html", headers=headers)

    async def runs(request: Request) -> Response:
        return JSONResponse(answers.runs())

    async def prepare(request: Request) -> Response:
        run = _run(await _posted(request), answers)
        await run_in_threadpool(answers.prepare, run)
        return JSONResponse({})

    async def answer(request: Request) -> Response:
        content = await _posted(request)
        strokes, words = _strokes(content), _words(content)
        saliency = content.get("saliency") is True
        found = await run_in_threadpool(answers.answer, _run(content, answers), strokes, words, saliency)
        return JSONResponse(found)

    async def activations(request: Request) -> Response:
        content = await _posted(request)
        strokes = _strokes(content)
        return JSONResponse(await run_in_threadpool(answers.activations, _run(content, answers), strokes))

    routes = [Route("/", page), Route("/runs", runs)]
    posted = {"/prepare": prepare, "/answer": answer, "/activations": activations}
    routes += [Route(path, endpoint, methods=["POST"]) for path, endpoint in posted.items()]
    trusted = Middleware(TrustedHostMiddleware, allowed_hosts=hosts)
    handlers: Any = {HTTPException: _say, UserError: _say_user_error}
    return Starlette(routes=routes, middleware=[trusted], exception_handlers=handlers)


def _check_origin(request: Request) -> None:
    """403 where another site's page asks; browsers say which."""
    origin = request.headers.get("origin")
    if origin is not None and urlsplit(origin).netloc != request.headers.get("host"):
        raise HTTPException(403, "only this server's own page may ask")


async def _posted(request: Request) -> Any:
    """The request's JSON; 403 for another site's page, 415, 413 or 400 where it is none, or too large."""
    _check_origin(request)
    if request.headers.get("content-type", "").split(";")[0] != "application/json":
        raise HTTPException(415, "post application/json")
    body = b""
    async for piece in request.stream():
        body += piece
        if len(body) > LARGEST:
            raise HTTPException(413, f"a drawing has at most {LARGEST:,} bytes")
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise HTTPException(400, "not JSON") from error


def _run(content: Any, answers: Answers) -> str:
    """The name of the run that is asked; 400 or 404 where there is none."""
    if not isinstance(content, dict) or not isinstance(content.get("run"), str):
        raise HTTPException(400, "needs run, a name")
    if not answers.knows(content["run"]):
        raise HTTPException(404, f"no finished run {content['run']!r}")
    return str(content["run"])


def _words(content: Any) -> list[str]:
    """The words that join the categories; 400 where they are not words."""
    words = content.get("words", [])
    if not isinstance(words, list) or len(words) > MOST_WORDS:
        raise HTTPException(400, f"words must be a list of at most {MOST_WORDS}")
    if not all(isinstance(word, str) and 0 < len(word.strip()) <= LONGEST_WORD for word in words):
        raise HTTPException(400, f"each word must have 1 to {LONGEST_WORD} letters")
    return list(dict.fromkeys(word.strip() for word in words))


def _strokes(content: Any) -> list[Stroke]:
    """The strokes of a posted drawing, on the 256 grid; 400 where they are malformed."""
    if not isinstance(content, dict):
        raise HTTPException(400, "needs run and strokes")
    try:
        strokes = [np.array(stroke, np.float64) for stroke in content["strokes"]]
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise HTTPException(400, "strokes must be lists of numbers [[x, ...], [y, ...]]") from error
    if not strokes or not all(each.ndim == 2 and len(each) == 2 and each.size for each in strokes):
        raise HTTPException(400, "each stroke must be [[x, ...], [y, ...]]")
    points = np.concatenate(strokes, axis=1)
    if points.shape[1] > MOST_POINTS or not (np.abs(points) < FARTHEST).all():
        raise HTTPException(400, f"at most {MOST_POINTS:,} points, each within {FARTHEST:,.0f} of 0")
    return fit(strokes)


def fit(strokes: list[Stroke]) -> list[Stroke]:
    """Strokes on any canvas as Quick, Draw!'s simplified ones are: in the corner, the longer side 255 long."""
    corner = np.min([stroke.min(axis=1) for stroke in strokes], axis=0)[:, None]
    size = max(float((stroke - corner).max()) for stroke in strokes)
    scale = (GRID - 1) / size if size > 0 else 0.0
    return [(stroke - corner) * scale for stroke in strokes]


async def _say(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return JSONResponse({"error": error.detail}, error.status_code)


async def _say_user_error(request: Request, error: Exception) -> Response:
    return JSONResponse({"error": str(error)}, 400)
