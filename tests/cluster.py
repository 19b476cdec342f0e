"""A Dask cluster on this machine for tests: real schedulers and workers, each with a cache of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import TracebackType

DASK = str(Path(sys.executable).with_name("dask"))
PATIENCE = 60


class DaskCluster:
    """A scheduler, and workers that share nothing with one another or with whoever asks them.

    :param directory: for what they write
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        directory.mkdir(parents=True, exist_ok=True)
        self.workers: list[subprocess.Popen[bytes]] = []
        file = directory / "scheduler.json"
        self.scheduler = self._start(
            "scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--scheduler-file", str(file)
        )
        deadline = time.monotonic() + PATIENCE
        while not (file.exists() and '"address"' in file.read_text()):
            assert time.monotonic() < deadline, (directory / "scheduler.log").read_text()
            time.sleep(0.1)
        self.file = file
        self.address = file.read_text().partition('"address": "')[2].partition('"')[0]

    def worker(self) -> subprocess.Popen[bytes]:
        """Start a worker of one thread with a state directory of its own."""
        number = len(self.workers)
        started = self._start(
            "worker", self.address, "--host", "127.0.0.1", "--nthreads", "1", "--no-nanny", "--no-dashboard",
            "--death-timeout", str(PATIENCE), "--local-directory", str(self.directory / f"local-{number}"),
            name=f"worker-{number}",
        )  # fmt: skip
        self.workers.append(started)
        return started

    def cache(self, number: int) -> Path:
        """Give the cache of a worker."""
        return self.directory / f"worker-{number}-state" / "cache"

    def _start(self, *words: str, name: str = "scheduler") -> subprocess.Popen[bytes]:
        own = {name: text for name, text in os.environ.items() if name != "STACKWRIGHT_CACHE"}
        with (self.directory / f"{name}.log").open("wb") as log:
            return subprocess.Popen(
                [DASK, *words],
                stdout=log,
                stderr=log,
                start_new_session=True,
                env={**own, "STACKWRIGHT_STATE": str(self.directory / f"{name}-state")},
            )

    def __enter__(self) -> DaskCluster:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        for started in (*self.workers, self.scheduler):
            if started.poll() is None:
                os.killpg(started.pid, signal.SIGKILL)
            started.wait()
