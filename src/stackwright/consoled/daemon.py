"""The broker as a process: one of its directory, which logs, is told to end, and leaves nothing lying about."""

from __future__ import annotations

import asyncio
import fcntl
import logging
import logging.handlers
import os
import signal
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from stackwright.consoled.broker import Broker, Settings, log
from stackwright.consoled.guests import LibvirtError, running
from stackwright.consoled.protocol import LINE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SOCKET, PIDFILE = "consoled.sock", "consoled.pid"


class AlreadyRunningError(Exception):
    """There is another in the directory."""


def serve(settings: Settings, *, libvirt: str | None, group: int | None) -> None:
    """Run until SIGTERM or SIGINT. SIGHUP lets it ask libvirt anew.

    :param libvirt: URI of the libvirt that knows which guests run
    :param group: number of the group that may connect
    :raises AlreadyRunningError: there is another
    :raises OSError: the directory or the state file cannot be written
    """
    # The directory is for root and the group; who may ask is decided by who connects.
    settings.directory.mkdir(mode=0o750, parents=True, exist_ok=True)
    settings.state.parent.mkdir(mode=0o750, parents=True, exist_ok=True)
    if group is not None:
        os.chown(settings.directory, -1, group)
    with _alone(settings.directory / PIDFILE):
        asyncio.run(_serve(settings, libvirt, group))


async def _serve(settings: Settings, libvirt: str | None, group: int | None) -> None:
    broker = Broker(settings)
    broker.restore()
    await _ask_libvirt(broker, libvirt)
    path = settings.directory / SOCKET
    path.unlink(missing_ok=True)  # of one that was killed: nobody else holds the lock
    old = os.umask(0o117)
    try:
        server = await asyncio.start_unix_server(broker.serve, path, limit=LINE)
    finally:
        os.umask(old)
    if group is not None:
        os.chown(path, -1, group)
    loop, ended = asyncio.get_running_loop(), asyncio.Event()
    tasks: set[asyncio.Task[None]] = set()

    def reload() -> None:
        task = loop.create_task(_ask_libvirt(broker, libvirt))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)
    loop.add_signal_handler(signal.SIGHUP, reload)
    loop.add_signal_handler(signal.SIGCHLD, broker.wake)
    watching = loop.create_task(broker.watch())
    log.info("asked on %s", path)
    try:
        end = loop.create_task(ended.wait())
        done, _ = await asyncio.wait({end, watching}, return_when=asyncio.FIRST_COMPLETED)
        if watching in done:
            watching.result()  # it never ends but by an error
    finally:
        server.close()
        watching.cancel()
        broker.stop()
        path.unlink(missing_ok=True)
        log.info("ended")


async def _ask_libvirt(broker: Broker, libvirt: str | None) -> None:
    if libvirt is None:
        return
    try:
        broker.reconcile(await asyncio.to_thread(running, libvirt))
    except LibvirtError as error:
        log.warning("libvirt does not say which guests run: %s", error)


@contextmanager
def _alone(pidfile: Path) -> Iterator[None]:
    """Hold the PID file while the block runs. One that is left over is held by nobody."""
    with pidfile.open("a+") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            stream.seek(0)
            raise AlreadyRunningError(f"a console broker runs already: process {stream.read().strip()}") from error
        stream.truncate(0)
        stream.write(f"{os.getpid()}\n")
        stream.flush()
        try:
            yield
        finally:
            with suppress(OSError):
                pidfile.unlink()


def log_to(file: Path | None) -> None:
    """Write the log to a file, else to standard error; a file that was moved away is made anew (newsyslog(8))."""
    handler = logging.handlers.WatchedFileHandler(file) if file else logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(name)s %(levelname)s %(message)s"))
    root = logging.getLogger("consoled")
    root.addHandler(handler)
    root.setLevel(logging.INFO)
