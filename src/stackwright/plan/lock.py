"""One run at a time on a site."""

from __future__ import annotations

import fcntl
import json
import os
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from stackwright.errors import EnvironmentLacksError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def exclusive(file: Path, command: str) -> Iterator[None]:
    """Hold the lock of a site while the block runs; the kernel lets go of it however this process ends.

    :param file: the lock file, which tells who holds it
    :param command: what to tell another that wants it
    :raises EnvironmentLacksError: another process holds it
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise EnvironmentLacksError(
                f"another run is at work on this site: {_holder(file)}",
                why="two runs at once would undo each other's steps",
                fix="wait until it ends (or end it: a run can be cut off and resumed)",
            ) from None
        holder = {"pid": os.getpid(), "command": command, "since": time.strftime("%H:%M:%S")}
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, json.dumps(holder).encode(), 0)
        yield
    finally:
        os.close(descriptor)


def _holder(file: Path) -> str:
    try:
        holder = json.loads(file.read_text())
        return f"{holder['command']!r}, process {holder['pid']}, since {holder['since']}"
    except (ValueError, KeyError):  # it has locked the file and is about to write into it
        return "one that has just begun"
