"""A directory that a stranger's archive was unpacked to, as commands of git-fast-import(1)."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING

from stackwright.errors import InputError
from stackwright.store import feed, paths

if TYPE_CHECKING:
    from collections.abc import Iterator


def commands(directory: Path) -> Iterator[bytes]:
    """Give the commands that make the tree of a directory and print its id; every file is checked.

    :raises InputError: a file does not belong in a tree (it is named), or there is none
    """
    empty = True
    yield feed.HEAD
    for path in sorted(_files(directory)):
        empty = False
        file = directory / path
        mode = file.lstat().st_mode
        reason = paths.why_unsafe(path)
        if stat.S_ISLNK(mode):
            target = str(file.readlink())
            if paths.leaves_tree(path, target):
                reason = f"it is a link that leaves the tree: {target!r}"
        elif not stat.S_ISREG(mode):
            reason = "it is a device, a pipe or of an unknown type"
        if reason:
            raise InputError(
                f"there is a file {path!r} that does not belong in a tree",
                why=reason,
                fix="if you trust it, unpack it and give the directory as a `path:` source",
            )
        if stat.S_ISLNK(mode):
            yield feed.put(b"120000", path, feed.encoded(target))
        else:
            yield feed.put(b"100755" if mode & 0o100 else b"100644", path, file.read_bytes())
    if empty:
        raise InputError("there are no files in it")
    yield feed.TAIL


def _files(directory: Path) -> Iterator[str]:
    """Give the path of everything below a directory but of its directories."""
    for parent, directories, files in os.walk(directory):
        links = [name for name in directories if Path(parent, name).is_symlink()]
        for name in files + links:
            yield Path(parent, name).relative_to(directory).as_posix()
