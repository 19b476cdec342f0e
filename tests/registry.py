"""A registry of images on this machine: Debian's docker-registry, with a folder of its own."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CONFIGURATION = """version: 0.1
log: {{level: info}}
storage:
  filesystem: {{rootdirectory: {storage}, maxthreads: 100}}
http: {{addr: "{address}"}}
"""
PROGRAMS = ("docker-registry", "skopeo")


def lacking() -> str:
    """Say what is not installed that a test with a registry needs; empty if nothing is missing."""
    missing = [program for program in PROGRAMS if shutil.which(program) is None]
    return f"needs {' '.join(missing)}: apt-get install {' '.join(missing)}" if missing else ""


@dataclass(frozen=True)
class Running:
    """A registry that runs."""

    address: str
    storage: Path
    log: Path

    def requests(self, method: str) -> list[str]:
        """Give the lines of its log about requests of a method."""
        return [line for line in self.log.read_text().splitlines() if f"http.request.method={method} " in line]


@contextmanager
def running(directory: Path) -> Iterator[Running]:
    """Let a registry run while the block does."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    directory.mkdir(exist_ok=True)
    storage, log = directory / "storage", directory / "registry.log"
    storage.mkdir(exist_ok=True)
    configuration = directory / "config.yml"
    configuration.write_text(CONFIGURATION.format(storage=storage, address=address))
    with log.open("ab") as stream:
        started = subprocess.Popen(
            ["docker-registry", "serve", str(configuration)], stdout=stream, stderr=stream, stdin=subprocess.DEVNULL
        )
    try:
        _wait(address, started)
        yield Running(address, storage, log)
    finally:
        started.kill()
        started.wait()


def _wait(address: str, started: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + 30
    while time.monotonic() < until and started.poll() is None:
        try:
            with urllib.request.urlopen(f"http://{address}/v2/", timeout=5):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.05)
    raise AssertionError("the registry does not come up")
