"""mkfs.ext4: a file system with a folder's content, as a file (mke2fs(8))."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stackwright.tools import process

if TYPE_CHECKING:
    from pathlib import Path


def ext4_of(folder: Path, disk: Path, *, gibibytes: int, log: Path) -> None:
    """Make a raw disk that is one file system; it takes as much room as its content does.

    :param folder: whose owners and modes it has, too
    """
    program = process.find("mkfs.ext4", package="e2fsprogs")
    disk.touch(mode=0o600)
    process.run([program, "-q", "-d", str(folder), str(disk), f"{gibibytes}G"], log=log)
