"""A package index on 127.0.0.1 that serves the sdists it is given, and notes what it is asked."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest

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
