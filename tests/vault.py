"""A server that answers as the key/value store, version 2, of a Vault does, by its documented API.

https://developer.hashicorp.com/vault/api-docs/secret/kv/kv-v2 and /vault/api-docs#http-status-codes: no Vault or
OpenBao can be installed here from a package registry.
"""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

if TYPE_CHECKING:
    from collections.abc import Iterator

TOKEN = "hvs.CAESIJ7ZbN2QmKpRw5tX8vLdYc3GfHsA"


@dataclass
class Vault:
    """What it holds, and how it is.

    :param paths: mount and path, such as ``kv/data/nova``, -> data; None: the newest version was deleted
    :param asked: the requests that came: path and namespace
    """

    paths: dict[str, dict[str, Any] | None] = field(default_factory=dict)
    sealed: bool = False
    redirects: str = ""
    odd: bytes = b""
    asked: list[tuple[str, str]] = field(default_factory=list)
    address: str = ""

    def answer(self, path: str, token: str, namespace: str) -> tuple[int, Any]:
        """Give the status and what stands in the answer."""
        self.asked.append((path, namespace))
        if self.sealed:
            return 503, {"errors": ["Vault is sealed"]}
        if token != TOKEN:
            return 403, {"errors": ["2 errors occurred:\n\t* permission denied\n\t* invalid token\n\n"]}
        if path not in self.paths:
            return 404, {"errors": []}
        data = self.paths[path]
        if data is None:
            metadata = {"created_time": "2026-11-01T10:00:00Z", "deletion_time": "2026-11-02T10:00:00Z", "version": 2}
            return 404, {"data": {"data": None, "metadata": metadata}}
        metadata = {"created_time": "2026-11-01T10:00:00Z", "deletion_time": "", "destroyed": False, "version": 1}
        return 200, {"request_id": "7f0a", "data": {"data": data, "metadata": metadata}}


@contextmanager
def running() -> Iterator[Vault]:
    """Let one run while the block does."""
    vault = Vault()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = unquote(self.path.removeprefix("/v1/"))
            if vault.redirects:
                self.send_response(307)
                self.send_header("Location", vault.redirects + self.path)
                self.end_headers()
                return
            headers = self.headers
            status, content = vault.answer(path, headers.get("X-Vault-Token", ""), headers.get("X-Vault-Namespace", ""))
            body = vault.odd or json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    vault.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield vault
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
