"""Extended attributes of files (xattr(7)), as file systems keep them or do not."""

from __future__ import annotations

import errno
import os
import tempfile
from typing import TYPE_CHECKING

from stackwright.errors import EnvironmentLacksError, of_os_error

if TYPE_CHECKING:
    from pathlib import Path

PROBE = "user.stackwright.probe"
# Bytes: what an object store keeps of an object comes to some hundreds, and to some thousands at most.
SIZE = 1024


def require(folder: Path) -> None:
    """See that files in a folder can have attributes of users.

    :raises EnvironmentLacksError: the file system keeps none, or has no room
    """
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            os.setxattr(file.fileno(), PROBE, b"x" * SIZE)
    except OSError as error:
        if error.errno not in (errno.ENOTSUP, errno.EPERM):
            raise of_os_error(error) from error
        raise EnvironmentLacksError(
            f"the file system of {folder} keeps no extended attributes",
            why="what is known of an object stands in those of its file",
            fix="put an ext4 or XFS there, or choose another state directory: --state DIR",
        ) from error
