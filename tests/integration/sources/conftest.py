"""A package index on 127.0.0.1 that serves the sdists it is given, and notes what it is asked; a mirror of Debian's."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest

from tests.debian import Packager, Server, apt_configuration, serving
from tests.git_server import GitServer
from tests.upstream import Upstream, numbered

from .desk import DebianDesk
from .mirrors import Shelf

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def sdist(name: str, version: str, **files: bytes) -> bytes:
    """Make an sdist with its PKG-INFO and some files."""
    stream = io.BytesIO()
    about = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n".encode()
    with tarfile.open(fileobj=stream, mode="w:gz") as archive:
        for path, content in {"PKG-INFO": about, **files}.items():
            member = tarfile.TarInfo(f"{name}-{version}/{path}")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return stream.getvalue()


class PackageIndex:
    """The index (simple API, PEP 691) and the files behind it, which a test may tamper with."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.hashes: dict[str, str] = {}
        self.asked: list[str] = []
        self.secret: str | None = None
        self.broken_off: set[str] = set()
        index = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                index.asked.append(self.path)
                content, kind = index.answer(self.path)
                status = 200 if content is not None else 404
                if index.secret not in (None, self.headers["Authorization"]):
                    status, content = 401, None
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(content or b"")))
                self.end_headers()
                if self.path in index.broken_off:
                    index.broken_off.discard(self.path)
                    self.wfile.write((content or b"")[:100])
                    self.close_connection = True
                    return
                self.wfile.write(content or b"")

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.host = f"127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=[0.02], daemon=True).start()

    def add(self, name: str, version: str, **files: bytes) -> str:
        """Publish an sdist, and give its hash."""
        path = f"/files/{name}-{version}.tar.gz"
        self.files[path] = sdist(name, version, **files)
        self.hashes[path] = hashlib.sha256(self.files[path]).hexdigest()
        return self.hashes[path]

    def answer(self, path: str) -> tuple[bytes | None, str]:
        if path in self.files:
            return self.files[path], "application/gzip"
        name = path.removeprefix("/simple/").strip("/")
        listed = [
            {
                "filename": file.rpartition("/")[2],
                "url": f"http://{self.host}{file}",
                "hashes": {"sha256": self.hashes[file]},
                "upload-time": "2026-01-01T00:00:00Z",
            }
            for file in self.files
            if file.startswith(f"/files/{name}-")
        ]
        answer = {"meta": {"api-version": "1.1"}, "name": name, "files": listed}
        content = json.dumps(answer).encode() if listed else None
        return content, "application/vnd.pypi.simple.v1+json"

    @property
    def downloads(self) -> list[str]:
        return [path for path in self.asked if path.startswith("/files/")]


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[PackageIndex]:
    """Give an index that uv uses, with an empty cache."""
    index = PackageIndex()
    monkeypatch.setenv("UV_DEFAULT_INDEX", f"http://{index.host}/simple")
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "uv"))
    monkeypatch.setenv("UV_NO_CONFIG", "1")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    yield index
    index.server.shutdown()
    index.server.server_close()


@pytest.fixture
def debian(tmp_path: Path) -> DebianDesk:
    return DebianDesk(tmp_path / "desk")


@pytest.fixture
def packager(tmp_path: Path) -> Packager:
    return Packager(tmp_path / "mirror/pool")


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    yield from serving(tmp_path / "mirror")


@pytest.fixture
def machine(tmp_path: Path, server: Server, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine whose apt has the suite `orchard` of that mirror, binary packages only."""
    file = apt_configuration(tmp_path / "machine", f"deb [trusted=yes] {server.url} orchard main # ours\n")
    monkeypatch.setenv("APT_CONFIG", str(file))
    return file


@pytest.fixture
def no_apt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without apt sources."""
    monkeypatch.setenv("APT_CONFIG", str(apt_configuration(tmp_path / "machine", "# none\n")))


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path)


@pytest.fixture
def upstream(tmp_path: Path) -> Upstream:
    """A component with a tag, a stable branch, one that has become unmaintained, and one that has ended."""
    nova = Upstream(tmp_path / "served" / "nova")
    nova.git("config", "uploadpack.allowFilter", "true")
    nova.commit({"a": "1\n", "d/b": numbered(30)}, "One")
    nova.git("tag", "-a", "-m", "1", "1.0.0")
    for ended in ("2023.1-eom", "2023.1-eol", "2023.2-eom", "train-eol"):
        nova.commit({"ended": ended})
        nova.git("tag", "-a", "-m", ended, ended)
    nova.git("branch", "unmaintained/2024.1")
    nova.git("branch", "stable/2025.1")
    nova.commit({"a": "2\n"}, "Two")
    return nova


@pytest.fixture
def git_server(upstream: Upstream, monkeypatch: pytest.MonkeyPatch) -> Iterator[GitServer]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    server = GitServer(upstream.directory.parent)
    yield server
    server.close()
