"""Files from the web, by fsspec: whole files here, ranges of rows in `sources/bitmaps.py`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from fsspec.callbacks import TqdmCallback

from experiment.errors import DISK_TROUBLE, UserError
from experiment.files import written_whole

PIECE = 1 << 20


def web_files() -> Any:
    """fsspec's view of the web, with patience for slow servers but not for dead ones."""
    import aiohttp
    from fsspec.implementations.http import HTTPFileSystem

    patience = aiohttp.ClientTimeout(total=None, sock_connect=10, sock_read=30)
    return HTTPFileSystem(client_kwargs={"timeout": patience, "trust_env": True})


def fetch_file(url: str, path: Path) -> None:
    """Fetch `url` into `path`, whole or not at all; whatever goes wrong is a `UserError`."""
    web = web_files()
    showing = {"desc": f"fetching {path.name}", "unit": "B", "unit_scale": True, "leave": False}
    bar = TqdmCallback(tqdm_kwargs=showing | {"disable": not sys.stderr.isatty()})
    try:
        with written_whole(path) as file:
            web.get_file(url, file, callback=bar, chunk_size=PIECE)
            expected, came = web.info(url).get("size"), file.tell()
            if expected is not None and expected != came:
                raise ValueError(f"{came} bytes came instead of {expected}")
    except Exception as error:
        if isinstance(error, OSError) and error.errno in DISK_TROUBLE:
            raise
        reason = " ".join(str(error).split()) or type(error).__name__
        raise UserError(
            f"{path.parent}: no {path.name} there, and {url} could not be fetched ({reason[:200]}); "
            "put the file there, or run again with a network."
        ) from error
