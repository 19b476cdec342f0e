"""What lies on the devices of a service, on this machine."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path


@dataclass(frozen=True)
class Room:
    """The room of a device.

    :param size: of its file system, in bytes
    :param free: of it, in bytes, for whoever is not root
    """

    size: int
    free: int

    def full(self, reserve: float) -> bool:
        """Say whether it takes no more data.

        :param reserve: percent that have to stay free
        """
        return self.free * 100 <= self.size * reserve


def files_on(folder: Path, holds: Mapping[str, Iterable[str]], *, limit: int | None = None) -> int:
    """Count the files of data that a device has.

    :param folder: the device's
    :param holds: ring -> patterns
    :param limit: as many are enough
    """
    found = (file for patterns in holds.values() for pattern in patterns for file in folder.glob(pattern))
    return sum(1 for _ in islice(found, limit))


def room_on(folder: Path) -> Room | None:
    """Give the room of a device; None if its folder is not there."""
    try:
        usage = shutil.disk_usage(folder)
    except FileNotFoundError:
        return None
    return Room(usage.total, usage.free)
