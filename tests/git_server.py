"""A server of git repositories on 127.0.0.1: git's own http-backend behind a network that a test can break."""

from __future__ import annotations

import os
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

HALF = 20_000  # bytes of a pack that come before the server stops, of those that are larger


class GitServer:
    """Serves the repositories below a folder over HTTP, and notes what it is asked.

    :param root: the folder
    """

    def __init__(self, root: Path) -> None:
        self.asked: list[str] = []
        self.stops = False
        self.stopped = threading.Event()
        self.goes_on = threading.Event()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.answer(b"")

            def do_POST(self) -> None:
                if self.headers.get("Transfer-Encoding") == "chunked":
                    body = b""
                    while size := int(self.rfile.readline(), 16):
                        body += self.rfile.read(size)
                        self.rfile.readline()
                else:
                    body = self.rfile.read(int(self.headers["Content-Length"]))
                self.answer(body)

            def answer(self, body: bytes) -> None:
                path, _, query = self.path.partition("?")
                outer.asked.append(f"{self.command} {path}")
                environment = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")} | {
                    "GIT_PROJECT_ROOT": str(root), "GIT_HTTP_EXPORT_ALL": "1", "GIT_CONFIG_NOSYSTEM": "1",
                    "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""), "REQUEST_METHOD": self.command,
                    "PATH_INFO": path, "QUERY_STRING": query, "REMOTE_ADDR": "127.0.0.1",
                    "CONTENT_TYPE": self.headers.get("Content-Type", ""), "CONTENT_LENGTH": str(len(body)),
                    "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
                    "GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "safe.directory", "GIT_CONFIG_VALUE_0": "*",
                }  # fmt: skip
                done = subprocess.run(
                    ["git", "http-backend"], input=body, capture_output=True, env=environment, check=False
                )
                head, _, content = done.stdout.partition(b"\r\n\r\n")
                fields = dict(line.split(": ", 1) for line in head.decode().splitlines())
                self.send_response(int(fields.pop("Status", "200 OK").split()[0]))
                for name, value in fields.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                if outer.stops and len(content) > 2 * HALF:
                    self.wfile.write(content[:HALF])
                    self.wfile.flush()
                    outer.stopped.set()
                    outer.goes_on.wait(60)
                    self.close_connection = True
                    return
                self.wfile.write(content)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=[0.02], daemon=True).start()

    @property
    def fetches(self) -> int:
        """How often a client has come."""
        return sum(line.startswith("GET ") for line in self.asked)

    def close(self) -> None:
        self.goes_on.set()
        self.server.shutdown()
        self.server.server_close()
