"""Fetching official bitmaps row by row, from a server on loopback that can be told to break."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from datamodules.sources import bitmaps, load_drawings
from experiment.config import Data
from experiment.errors import UserError
from tests.conftest import make_official

TWO = ["hot dog", "cat"]


class OfficialServer(ThreadingHTTPServer):
    """Serves official files with HTTP ranges; counts bytes; can be told to break."""

    def __init__(self, files: dict[str, bytes]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.files, self.sent, self.requests, self.break_after, self.error_page = files, 0, 0, 10**9, False

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/"


class _Handler(BaseHTTPRequestHandler):
    server: OfficialServer

    def do_GET(self) -> None:
        server = self.server
        server.requests += 1
        content = server.files.get(self.path)
        if server.requests > server.break_after:
            return self.send_error(503)
        if server.error_page:
            content = b"<html>Please log in</html>" * 100
        if content is None:
            return self.send_error(404)
        first, last = map(int, self.headers["Range"].removeprefix("bytes=").split("-"))
        piece = content[first : last + 1]
        server.sent += len(piece)
        self.send_response(206)
        self.send_header("Content-Length", str(len(piece)))
        self.send_header("Content-Range", f"bytes {first}-{first + len(piece) - 1}/{len(content)}")
        self.end_headers()
        self.wfile.write(piece)
        return None

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server(tmp_path: Path) -> Iterator[OfficialServer]:
    folder = make_official(tmp_path / "official", TWO, count=3000)
    files = {f"/{name.replace(' ', '%20')}.npy": (folder / f"{name}.npy").read_bytes() for name in TWO}
    official = OfficialServer(files)
    thread = threading.Thread(target=official.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield official
    official.shutdown()
    official.server_close()


def _wanted(server: OfficialServer, root: Path, **fields: Any) -> Data:
    options = {"train_per_category": 900, "test_per_category": 100} | fields
    return Data(source="bitmaps", root=str(root), url=server.url, categories=TWO, **options)


def test_download_brings_only_the_rows_needed(server: OfficialServer, tmp_path: Path) -> None:
    root = tmp_path / "data"
    root.mkdir()
    drawings = load_drawings(_wanted(server, root))
    assert server.sent == 2 * (1000 * 784 + bitmaps.HEADER)
    official = np.load(tmp_path / "official" / "cat.npy").reshape(-1, 28, 28)
    np.testing.assert_array_equal(drawings.train_images[drawings.train_labels == 1], official[:900])
    np.testing.assert_array_equal(drawings.test_images[drawings.test_labels == 1], official[900:1000])
    before = server.requests
    load_drawings(_wanted(server, root))
    assert server.requests == before  # the second time nothing travels


def test_download_goes_on_after_a_break(server: OfficialServer, tmp_path: Path) -> None:
    root = tmp_path / "data"
    root.mkdir()
    server.break_after = 2  # the header and one piece arrive
    with pytest.raises(UserError, match="run again"):
        load_drawings(_wanted(server, root))
    assert [path.suffix for path in (root / "fetched_bitmaps").iterdir()] == [".part"]
    server.break_after, server.sent = 10**9, 0
    drawings = load_drawings(_wanted(server, root))
    assert server.sent == 2 * (1000 * 784 + bitmaps.HEADER) - bitmaps.CHUNK
    official = np.load(tmp_path / "official" / "hot dog.npy").reshape(-1, 28, 28)
    np.testing.assert_array_equal(drawings.train_images[drawings.train_labels == 0], official[:900])


def test_download_answered_with_an_error_page(server: OfficialServer, tmp_path: Path) -> None:
    server.error_page = True
    with pytest.raises(UserError, match="error page"):
        load_drawings(_wanted(server, tmp_path))
    assert not list(tmp_path.glob("fetched_bitmaps/*.npy"))


def test_download_of_a_missing_file(server: OfficialServer, tmp_path: Path) -> None:
    server.files.clear()
    with pytest.raises(UserError, match="no such file on the server"):
        load_drawings(_wanted(server, tmp_path))


def test_download_of_a_truncated_file(server: OfficialServer, tmp_path: Path) -> None:
    server.files = {path: content[: 500 * 784] for path, content in server.files.items()}
    with pytest.raises(UserError, match="cut short"):
        load_drawings(_wanted(server, tmp_path))
