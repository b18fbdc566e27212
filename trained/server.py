"""The drawing page: one HTML file, and the answers of both tracks to what is drawn on it.

The page posts strokes after each pen lift; they are drawn by the same rasteriser as the training data, and the NumPy
and the PyTorch network of a run, from the same weights, say what they see.
"""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route

from datamodules.drawings import as_batch
from datamodules.strokes import GRID, Stroke, rasterise
from experiment.errors import UserError
from experiment.run import Run
from experiment.trained import read_trained
from trained.predictors import TRACKS, Predictor, import_predictor

PAGE = Path(__file__).with_name("page.html")
LARGEST = 256 * 1024
"""Bytes of a posted drawing; a drawing with a thousand strokes has some 50 kB."""
MOST_POINTS = 20_000
FARTHEST = 1e6
"""Coordinates are smaller than this, either way."""
SHOWN = 10
"""So many categories are answered with, most probable first."""
HEADERS = {"Content-Security-Policy": "default-src 'self' 'unsafe-inline' data: blob:", "X-Frame-Options": "DENY"}


class Answers:
    """What the runs in a logs folder say to a drawing."""

    def __init__(self, logs: Path) -> None:
        self.logs = logs
        self.names: set[str] = set()
        self.network = lru_cache(maxsize=8)(self._network)

    def runs(self) -> list[dict[str, Any]]:
        """All finished runs on drawings, the newest first."""
        found = [run for path in self.logs.glob("*/*/*/metrics.json") if (run := self._described(path.parent))]
        self.names = {run["name"] for run in found}
        return sorted(found, key=lambda run: run["name"].split("/")[-1], reverse=True)

    def knows(self, run: str) -> bool:
        """Whether a run of this name is there; the logs are searched again only for a name not met before."""
        return run in self.names or run in {each["name"] for each in self.runs()}

    def answer(self, run: str, strokes: list[Stroke]) -> dict[str, Any]:
        """The bitmap, both tracks' probabilities, their largest difference, and what counted for the first."""
        image = rasterise(strokes)
        networks = {track: self.network(run, track) for track in TRACKS}
        categories = networks["numpy"][1]
        found = {track: network.probabilities(image[None])[0].astype(float) for track, (network, _) in networks.items()}
        first = (-found["numpy"]).argsort(kind="stable")[:SHOWN]
        ours = networks["numpy"][0]
        similar = ours.model.forward(as_batch(image[None], ours.dtype))[0] if hasattr(ours.model, "words") else None
        return {
            "bitmap": image.ravel().tolist(),
            "best": [
                {
                    "category": categories[c],
                    **{track: round(float(found[track][c]), 6) for track in TRACKS},
                    "similarity": None if similar is None else round(float(similar[c]), 4),
                }
                for c in first
            ],
            "largest_difference": float(np.abs(found["numpy"] - found["lightning"]).max()),
            "saliency": _scaled(ours.saliency(image, int(first[0]))).ravel().tolist(),
        }

    def _described(self, folder: Path) -> dict[str, Any] | None:
        """A run's name and words for the picker; None where it is damaged, or not about drawings."""
        try:
            metrics = Run(folder).read_json("metrics.json", "model", "track", "test", "data")
        except UserError:
            return None
        if metrics["data"]["shape"] != [1, 28, 28]:
            return None
        words = f"{metrics['experiment']}, {metrics['track']}, {folder.name}"
        accuracy, data = metrics["test"]["accuracy"], metrics["data"]["label"]
        return {"name": str(folder.relative_to(self.logs)), "words": f"{words}: {accuracy:.1%} on {data}"}

    def _network(self, run: str, track: str) -> tuple[Predictor, list[str]]:
        trained = read_trained(self.logs / run)
        return import_predictor(track)(trained), trained.categories


def make_app(logs: Path, hosts: list[str]) -> Starlette:
    """The web application; it answers only requests that are addressed to `hosts`."""
    answers = Answers(logs)

    async def page(request: Request) -> Response:
        return FileResponse(PAGE, media_type="text/html", headers=HEADERS)

    async def runs(request: Request) -> Response:
        return JSONResponse(answers.runs())

    async def answer(request: Request) -> Response:
        content = await _posted(request)
        run, strokes = _checked(content)
        if not answers.knows(run):
            raise HTTPException(404, f"no finished run {run!r}")
        return JSONResponse(answers.answer(run, strokes))

    routes = [Route("/", page), Route("/runs", runs), Route("/answer", answer, methods=["POST"])]
    trusted = Middleware(TrustedHostMiddleware, allowed_hosts=hosts)
    handlers: Any = {HTTPException: _say, UserError: _say_user_error}
    return Starlette(routes=routes, middleware=[trusted], exception_handlers=handlers)


async def _posted(request: Request) -> Any:
    """The request's JSON; 415, 413 or 400 where it is none, or too large."""
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


def _checked(content: Any) -> tuple[str, list[Stroke]]:
    """The run's name and the strokes of a posted drawing, on the 256 grid; 400 where that is not what it is."""
    if not isinstance(content, dict) or not isinstance(content.get("run"), str):
        raise HTTPException(400, "needs run, a name, and strokes")
    try:
        strokes = [np.array(stroke, np.float64) for stroke in content["strokes"]]
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise HTTPException(400, "strokes must be lists of numbers [[x, ...], [y, ...]]") from error
    if not strokes or not all(each.ndim == 2 and len(each) == 2 and each.size for each in strokes):
        raise HTTPException(400, "each stroke must be [[x, ...], [y, ...]]")
    points = np.concatenate(strokes, axis=1)
    if points.shape[1] > MOST_POINTS or not (np.abs(points) < FARTHEST).all():
        raise HTTPException(400, f"at most {MOST_POINTS:,} points, each within {FARTHEST:,.0f} of 0")
    return content["run"], fit(strokes)


def fit(strokes: list[Stroke]) -> list[Stroke]:
    """Strokes on any canvas as Quick, Draw!'s simplified ones are: in the corner, the longer side 255 long."""
    corner = np.min([stroke.min(axis=1) for stroke in strokes], axis=0)[:, None]
    size = max(float((stroke - corner).max()) for stroke in strokes)
    scale = (GRID - 1) / size if size > 0 else 0.0
    return [(stroke - corner) * scale for stroke in strokes]


def _scaled(saliency: np.ndarray) -> np.ndarray:
    """From -1 to 1, three digits."""
    return np.round(saliency / max(float(np.abs(saliency).max()), 1e-12), 3).astype(float)


async def _say(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return JSONResponse({"error": error.detail}, error.status_code)


async def _say_user_error(request: Request, error: Exception) -> Response:
    return JSONResponse({"error": str(error)}, 400)
