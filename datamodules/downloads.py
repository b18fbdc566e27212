"""Files from the web: whole ones by pooch, ranges of bytes by requests. Both try again when the line breaks."""

from __future__ import annotations

import hashlib
import os
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from pathlib import Path
from urllib.parse import urlsplit

import pooch
import requests
from requests.adapters import HTTPAdapter
from tqdm import tqdm
from urllib3.util import Retry

from experiment.errors import DISK_TROUBLE, UserError, reason_of
from experiment.files import remove_leftovers, temporary_file

TIMEOUT = (10, 30)
"""Seconds to wait for a connection, and for the next bytes."""
PIECE = 1 << 20
ATTEMPTS = 2
DAY = 24 * 3600.0
"""Temporary files older than this were left by processes that were killed."""


class Unreachable(UserError):
    """Nothing could be fetched; the source `auto` falls back to doodles on this."""


def fetch_file(url: str, path: Path, md5: str | None, check: Callable[[Path], object]) -> None:
    """Fetch `url` into `path`, whole or not at all; the arguments are those of `fetched`."""
    with fetched(url, path, md5, check) as temporary:
        os.replace(temporary, path)


@contextmanager
def fetched(url: str, path: Path, md5: str | None, check: Callable[[Path], object]) -> Iterator[Path]:
    """What is at `url`, in a temporary file beside `path`; every failure is a `UserError`.

    Several processes may fetch the same file at once: each has a temporary file of its own.

    Args:
        url: where the file is.
        path: what it will be called.
        md5: the published checksum, where there is one.
        check: is given the temporary file, and raises a `UserError` if it is damaged. It is then fetched once more.
    """
    if path.parent.is_dir():
        remove_leftovers(path.parent, f".{path.name}.*.tmp", DAY)
    with temporary_file(path) as temporary:
        for attempt in range(1, ATTEMPTS + 1):
            try:
                _download(url, temporary, path.name)
                _check(temporary, md5, check)
                break
            except Exception as error:
                if isinstance(error, OSError) and error.errno in DISK_TROUBLE:
                    raise
                if attempt == ATTEMPTS:
                    raise UserError(
                        f"{path.parent}: no {path.name} there, and {url} could not be fetched ({_why(error)}); "
                        "check --data.url, put the file there, or run again with a network."
                    ) from error
        yield temporary


def _download(url: str, path: Path, name: str) -> None:
    shown = sys.stderr.isatty()
    with tqdm(desc=f"fetching {name}", unit="B", unit_scale=True, disable=not shown, leave=False) as bar:
        progress = bar if shown else False
        pooch.HTTPDownloader(progressbar=progress, chunk_size=PIECE, timeout=TIMEOUT)(url, str(path), None)


def _why(error: Exception) -> str:
    """What requests says of a line that is broken fills three lines."""
    if isinstance(error, requests.ConnectionError | requests.Timeout) and error.request is not None:
        host = urlsplit(error.request.url or "").hostname
        return f"{host} does not answer" if isinstance(error, requests.Timeout) else f"no connection to {host}"
    return reason_of(error)


def _check(path: Path, md5: str | None, check: Callable[[Path], object]) -> None:
    if md5 is not None and pooch.file_hash(str(path), alg="md5") != md5:
        raise ValueError("what came has another checksum than the one published")
    try:
        check(path)
    except UserError as error:
        raise ValueError(str(error).removeprefix(f"{path}: ").removesuffix(" Get it again.")) from error


class RemoteFile:
    """A file on a server, of which ranges of bytes are read.

    Every answer must be about the same file: of the same size, ETag and date as the first.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self.size = 0
        self.identity = ""
        """The file's fingerprint; empty before the first `read`."""
        self._session = requests.Session()
        retries = Retry(total=3, connect=0, backoff_factor=0.1, status_forcelist=(429, 500, 502, 503, 504))
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, HTTPAdapter(max_retries=retries))

    def read(self, start: int, size: int) -> bytes:
        """The bytes from `start` to `start + size`, or to the end of the file.

        Raises:
            Unreachable: the very first answer was an error, or none came.
            UserError: a later one was, or it was about another file.
        """
        failure = UserError if self.identity else Unreachable
        wanted = {"Range": f"bytes={start}-{start + size - 1}", "Accept-Encoding": "identity"}
        try:
            with self._session.get(self.url, headers=wanted, timeout=TIMEOUT, stream=True) as answer:
                if answer.status_code == HTTPStatus.NOT_FOUND:
                    raise failure(f"{self.url}: no such file on the server; check --data.url and the category's name.")
                answer.raise_for_status()
                piece = answer.raw.read(size)
        except Exception as error:  # of requests, or urllib3's own: the line broke within the answer
            raise failure(
                f"{self.url}: could not be fetched ({_why(error)}); check --data.url, or run again with a network."
            ) from error
        self._check_identity(answer, start)
        return piece

    def _check_identity(self, answer: requests.Response, start: int) -> None:
        place = re.fullmatch(r"bytes (\d+)-\d+/(\d+)", answer.headers.get("Content-Range", ""))
        if answer.status_code != HTTPStatus.PARTIAL_CONTENT or place is None:
            if start == 0:  # perhaps an error page, which the caller will notice
                return
            raise UserError(f"{self.url}: the server does not answer requests for ranges; take another --data.url.")
        self.size = int(place[2])
        marks = (self.url, place[2], *(answer.headers.get(name, "") for name in ("ETag", "Last-Modified")))
        identity = hashlib.sha256("\n".join(marks).encode()).hexdigest()[:16]
        if int(place[1]) != start or self.identity not in ("", identity):
            raise UserError(f"{self.url}: the file on the server changed while it was fetched; run again.")
        self.identity = identity
