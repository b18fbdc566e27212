"""What a bad line, a bad server or a second process may do to a download, and must not."""

from __future__ import annotations

import gzip
import multiprocessing
import tarfile
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from urllib3.util import Retry

from datamodules import mnist
from datamodules.registry import make_data
from datamodules.sources import bitmaps, load_drawings
from experiment.config import Data, Experiment
from experiment.errors import UserError
from tests.conftest import make_official
from tests.data.test_datasets import make_cifar10, make_mnist

PAGE = b"<html>Please log in</html>" * 100


class Server(ThreadingHTTPServer):
    """Serves `files`, whole or in ranges, and before that what `instead` has for a path, each once."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.files: dict[str, bytes] = {}
        self.instead: dict[str, list[bytes]] = {}
        self.etag = '"1"'
        self.status = 200
        self.requests = 0
        threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/"


class _Handler(BaseHTTPRequestHandler):
    server: Server
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        server = self.server
        server.requests += 1
        if server.status != 200:
            return self.send_error(server.status)
        others = server.instead.get(self.path)
        content = others.pop(0) if others else server.files.get(self.path)
        if content is None:
            return self.send_error(404)
        self.send_response(206 if "Range" in self.headers else 200)
        if "Range" in self.headers:
            first, last = map(int, self.headers["Range"].removeprefix("bytes=").split("-"))
            size, content = len(content), content[first : last + 1]
            self.send_header("Content-Range", f"bytes {first}-{first + len(content) - 1}/{size}")
        self.send_header("ETag", server.etag)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)
        return None

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Server]:
    web = Server()
    yield web
    web.shutdown()
    web.server_close()


# --- bitmaps, row by row


@pytest.fixture
def official(server: Server, tmp_path: Path) -> np.ndarray:
    """A category's 3,000 drawings, which the server has."""
    folder = make_official(tmp_path / "official", ["cat", "hand"], count=3000)
    server.files = {f"/{name}.npy": (folder / f"{name}.npy").read_bytes() for name in ("cat", "hand")}
    return np.load(folder / "cat.npy").reshape(-1, 28, 28)


def bitmaps_of(server: Server, root: Path) -> Data:
    root.mkdir(exist_ok=True)
    return Data(
        source="bitmaps",
        root=str(root),
        url=server.url,
        categories=["cat", "hand"],
        train_per_category=2000,
        test_per_category=500,
    )


def load_and_put(config: Data, results: Any) -> None:
    results.put(load_drawings(config).checksums())


def test_processes_that_fetch_at_once_get_the_same_rows(server: Server, official: np.ndarray, tmp_path: Path) -> None:
    config, context = bitmaps_of(server, tmp_path / "data"), multiprocessing.get_context("fork")
    results = context.Queue()
    processes = [context.Process(target=load_and_put, args=(config, results)) for _ in range(4)]
    for process in processes:
        process.start()
    found = [results.get(timeout=60) for _ in processes]
    for process in processes:
        process.join(60)
        assert process.exitcode == 0
    drawings = load_drawings(config)
    np.testing.assert_array_equal(drawings.train_images[drawings.train_labels == 0], official[:2000])
    assert all(each == drawings.checksums() for each in found)
    assert sorted(path.name for path in (tmp_path / "data" / "fetched_bitmaps").iterdir()) == [
        "cat.2500.npy",
        "hand.2500.npy",
    ]


@pytest.mark.parametrize("name", ["cat.2500.npy.part", "cat.2500.npy.0123456789abcdef.part"])
def test_what_another_file_left_is_not_used(name: str, server: Server, official: np.ndarray, tmp_path: Path) -> None:
    config, folder = bitmaps_of(server, tmp_path / "data"), tmp_path / "data" / "fetched_bitmaps"
    folder.mkdir()
    (folder / name).write_bytes(b"\7" * 784 * 1000)
    drawings = load_drawings(config)
    np.testing.assert_array_equal(drawings.train_images[drawings.train_labels == 0], official[:2000])
    assert not list(folder.glob("*.part"))


@pytest.mark.parametrize("change", ["etag", "size"])
def test_a_broken_download_goes_on_only_with_the_same_file(
    change: str, server: Server, official: np.ndarray, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = bitmaps_of(server, tmp_path / "data")
    read, answers = bitmaps.RemoteFile.read, iter(range(100))

    def break_after_two(self: Any, start: int, size: int) -> bytes:
        if next(answers) == 2:
            raise UserError("the line broke")
        return read(self, start, size)

    with monkeypatch.context() as patch, pytest.raises(UserError, match="the line broke"):
        patch.setattr(bitmaps.RemoteFile, "read", break_after_two)
        load_drawings(config)
    (part,) = (tmp_path / "data" / "fetched_bitmaps").iterdir()
    assert part.stat().st_size == bitmaps.CHUNK
    other = make_official(tmp_path / "other", ["hand", "cat"], count=3000 if change == "etag" else 2900)
    server.files["/cat.npy"], server.etag = (other / "cat.npy").read_bytes(), '"2"' if change == "etag" else '"1"'
    drawings = load_drawings(config)
    expected = np.load(other / "cat.npy").reshape(-1, 28, 28)[:2000]
    np.testing.assert_array_equal(drawings.train_images[drawings.train_labels == 0], expected)


def test_a_file_that_changes_while_it_is_fetched_is_refused(
    server: Server, official: np.ndarray, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = bitmaps.RemoteFile.read

    def change(self: Any, start: int, size: int) -> bytes:
        server.etag = f'"{start > 784 * 600}"'
        return read(self, start, size)

    monkeypatch.setattr(bitmaps.RemoteFile, "read", change)
    with pytest.raises(UserError, match="changed while it was fetched"):
        load_drawings(bitmaps_of(server, tmp_path / "data"))
    assert not list((tmp_path / "data" / "fetched_bitmaps").glob("*.npy"))


def test_nothing_is_said_to_be_kept_where_nothing_is(server: Server, official: np.ndarray, tmp_path: Path) -> None:
    for path, content in server.files.items():
        server.files[path] = content[: 500 * 784]
    with pytest.raises(UserError) as refusal:
        load_drawings(bitmaps_of(server, tmp_path / "data"))
    assert "cut short" in str(refusal.value) and "kept" not in str(refusal.value)
    assert not list((tmp_path / "data").rglob("*.part"))


@pytest.mark.parametrize("status", [404, 403, 503])
def test_auto_says_why_there_are_doodles(
    status: int, server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Retry, "sleep", lambda *_: None)  # before it asks once more
    server.status = status
    drawings = load_drawings(Data(root=str(tmp_path), url=server.url, train_per_category=20, test_per_category=5))
    assert drawings.source == "doodles"
    assert server.url in drawings.note and "--data.source" in drawings.note
    with pytest.raises(UserError, match="doodles only of rabbit"):
        load_drawings(Data(root=str(tmp_path), url=server.url, categories=["cat", "dog"]))
    with pytest.raises(UserError, match=r"no such file on the server|could not be fetched"):
        load_drawings(Data(source="bitmaps", root=str(tmp_path), url=server.url))


# --- whole files


def load(dataset: Any, root: Path, **options: Any) -> Any:
    return make_data(Experiment(data=Data(dataset=dataset, root=str(root), batch_size=16, **options)))


def archive_of(tmp_path: Path) -> bytes:
    make_cifar10(tmp_path / "whole")
    with tarfile.open(tmp_path / "cifar.tar.gz", "w:gz") as archive:
        archive.add(tmp_path / "whole", "cifar-10-batches-bin")
    return (tmp_path / "cifar.tar.gz").read_bytes()


@pytest.fixture
def served(server: Server, tmp_path: Path) -> dict[str, tuple[str, str]]:
    """For each data set its URL, and the path of a file that will be damaged."""
    files = make_mnist(tmp_path / "mnist")
    server.files = {f"/mnist/{path.name}": path.read_bytes() for path in files.iterdir()}
    server.files["/cifar.tar.gz"] = archive_of(tmp_path)
    (tmp_path / "root").mkdir()
    return {
        "mnist": (f"{server.url}mnist", f"/mnist/{mnist.FILES[0]}"),
        "cifar10": (f"{server.url}cifar.tar.gz", "/cifar.tar.gz"),
    }


def damaged(content: bytes, how: str) -> bytes:
    """An HTML page, the first half, or one changed byte, which only gzip's CRC can tell."""
    if how == "page":
        return PAGE
    if how == "half":
        return content[: len(content) // 2]
    plain = bytearray(gzip.decompress(content))
    plain[len(plain) // 2] ^= 1
    whole = bytearray(gzip.compress(bytes(plain)))
    whole[-8:-4] = content[-8:-4]  # the CRC that the undamaged content has
    return bytes(whole)


@pytest.mark.parametrize("how", ["page", "half", "byte"])
@pytest.mark.parametrize("dataset", ["mnist", "cifar10"])
def test_a_damaged_file_is_fetched_once_more(
    dataset: str, how: str, served: dict[str, tuple[str, str]], server: Server, tmp_path: Path
) -> None:
    url, path = served[dataset]
    bad = damaged(server.files[path], how)
    server.instead[path] = [bad]
    first = load(dataset, tmp_path / "root", url=url)
    again = load(dataset, tmp_path / "root", url="http://127.0.0.1:9/")
    assert first.dataset.checksums() == again.dataset.checksums()


@pytest.mark.parametrize("how", ["page", "half", "byte"])
@pytest.mark.parametrize("dataset", ["mnist", "cifar10"])
def test_a_file_that_is_damaged_on_the_server_leaves_nothing(
    dataset: str, how: str, served: dict[str, tuple[str, str]], server: Server, tmp_path: Path
) -> None:
    url, path = served[dataset]
    server.files[path] = damaged(server.files[path], how)
    with pytest.raises(UserError, match=r"could not be fetched \(not a whole"):
        load(dataset, tmp_path / "root", url=url)
    assert not list((tmp_path / "root").iterdir())


def test_a_damaged_file_that_was_kept_is_fetched_again(
    served: dict[str, tuple[str, str]], server: Server, tmp_path: Path
) -> None:
    url, _ = served["mnist"]
    first = load("mnist", tmp_path / "root", url=url)
    (tmp_path / "root" / "mnist" / mnist.FILES[0]).write_bytes(PAGE)
    assert load("mnist", tmp_path / "root", url=url).dataset.checksums() == first.dataset.checksums()


def test_published_checksums_are_checked(
    served: dict[str, tuple[str, str]], server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mnist, "URL", served["mnist"][0])
    with pytest.raises(UserError, match="another checksum than the one published"):
        load("mnist", tmp_path / "root")
    assert not list((tmp_path / "root").iterdir())


def test_an_archive_brought_along_that_is_damaged_is_refused(
    served: dict[str, tuple[str, str]], server: Server, tmp_path: Path
) -> None:
    archive = tmp_path / "root" / "cifar-10-binary.tar.gz"
    archive.write_bytes(damaged(server.files["/cifar.tar.gz"], "byte"))
    with pytest.raises(UserError, match="not a whole archive"):
        load("cifar10", tmp_path / "root")
    assert [path.name for path in (tmp_path / "root").iterdir()] == [archive.name]
