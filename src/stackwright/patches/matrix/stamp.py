"""Whether anything that the matrix is a function of has changed: asked of the file system, without reading a file."""

from __future__ import annotations

import hashlib
import os
from datetime import date
from typing import TYPE_CHECKING

from stackwright import __version__

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def stamp(root: Path, cache: Path, words: object) -> str:
    """Give a digest of the state of a distribution's files and of the mirrors, as git's index knows files.

    :param root: the distribution
    :param cache: the cache directory, which has the mirrors
    :param words: what was asked for
    """
    sha = hashlib.sha256(f"{__version__} {date.today()} {root} {words!r}\n".encode("utf-8", "surrogateescape"))
    for line in sorted(_files(root)):
        sha.update(line)
    for survey in sorted((cache / "mirrors").glob("*/survey.json")):
        sha.update(_line(str(survey), survey.stat()))
    return sha.hexdigest()


def _files(root: Path) -> Iterator[bytes]:
    for parent, folders, files in os.walk(root):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in files:
            path = f"{parent}/{name}"
            yield _line(path, os.lstat(path))


def _line(path: str, seen: os.stat_result) -> bytes:
    text = f"{path}\0{seen.st_ino} {seen.st_size} {seen.st_mtime_ns} {seen.st_ctime_ns} {seen.st_mode}\n"
    return text.encode("utf-8", "surrogateescape")
