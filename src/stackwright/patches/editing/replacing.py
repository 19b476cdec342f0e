"""Put files of a series in place: all of them or none, whenever the process ends, and what was there is kept.

The new files are made beside their places, in a folder of ``patches/``. Its renaming is the moment at which the edit
has happened: if the process is killed after it, whoever reads a series next moves what is left to its place.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from stackwright.errors import InputError, Where

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

STAGED = ".stackwright-edit"
PLAN = "plan.json"
SERIES = "series"


def replace(
    patches: Path, files: Mapping[Path, bytes | None], *, read: Mapping[Path, bytes | None], undo: Path, about: str
) -> Path | None:
    """Write files below a folder, or remove them (None). Files that are as they should be are left alone.

    :param patches: the distribution's folder ``patches``
    :param read: what the edit was made of: it must still be so
    :param undo: a folder that copies of what is replaced or removed are kept in, as they lie in the distribution
    :param about: what is done, for the name of the copies' folder
    :return: the folder of the copies; None if nothing was there before
    :raises InputError: a file was changed meanwhile
    """
    patches.mkdir(parents=True, exist_ok=True)
    with _locked(patches):
        _move(patches)
        for file, data in read.items():
            if _content(file) != data:
                raise InputError(
                    "the file was changed meanwhile",
                    where=Where(file=file),
                    why="somebody else writes in this series too",
                    fix="type the same again: it begins with what is there now",
                )
        before = {file: _content(file) for file in files}
        changed = {file: data for file, data in files.items() if data != before[file]}
        kept = _keep(patches, {file: data for file in changed if (data := before[file]) is not None}, undo, about)
        if changed:
            _stage(patches, changed)
            _move(patches)
        return kept


def finish(patches: Path) -> None:
    """Bring an edit to its end whose process was killed."""
    if (patches / STAGED).exists():
        with _locked(patches):
            _move(patches)


def _stage(patches: Path, files: Mapping[Path, bytes | None]) -> None:
    for left in patches.glob(f"{STAGED}-*"):  # of a process that was killed before its edit had happened
        shutil.rmtree(left)
    scratch = Path(tempfile.mkdtemp(prefix=f"{STAGED}-", dir=patches))
    try:
        plan = []
        for number, (file, data) in enumerate(sorted(files.items(), key=_series_last)):
            # A link is written through; where a link goes, its file stays.
            target = file.resolve() if data is not None else file.parent.resolve() / file.name
            plan.append([str(target.relative_to(patches.resolve())), data is not None])
            if data is not None:
                _write(scratch / str(number), data)
                (scratch / str(number)).chmod(target.stat().st_mode & 0o777 if target.exists() else 0o644)
        _write(scratch / PLAN, json.dumps(plan).encode())
        scratch.rename(patches / STAGED)
    except BaseException:
        shutil.rmtree(scratch, ignore_errors=True)
        raise


def _move(patches: Path) -> None:
    """Move what is staged to its place; to do so again does no harm."""
    staged = patches / STAGED
    if not staged.exists():
        return
    top = patches.resolve()
    for number, (path, made) in enumerate(json.loads((staged / PLAN).read_bytes())):
        target = top / path
        # The folder may have come with a clone: what it says is as foreign as any other file of it.
        if not target.parent.resolve().is_relative_to(top):
            raise InputError("the edit leaves the distribution's patches", where=Where(file=staged / PLAN))
        if not made:
            target.unlink(missing_ok=True)
        elif (staged / str(number)).exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            (staged / str(number)).replace(target)
    # Moved away first: a folder that is half removed is not taken for an edit.
    done = staged.with_name(f"{STAGED}-done")
    shutil.rmtree(done, ignore_errors=True)
    staged.rename(done)
    shutil.rmtree(done)


def _keep(patches: Path, files: Mapping[Path, bytes], undo: Path, about: str) -> Path | None:
    if not files:
        return None
    undo.mkdir(parents=True, exist_ok=True)
    folder = undo / f"{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}-{about}"
    number = 1
    while folder.exists():
        number += 1
        folder = folder.with_name(f"{folder.name.removesuffix(f'-{number - 1}')}-{number}")
    for file, data in files.items():
        copy = folder / patches.name / file.resolve().relative_to(patches.resolve())
        copy.parent.mkdir(parents=True, exist_ok=True)
        _write(copy, data)
    return folder


def _series_last(item: tuple[Path, bytes | None]) -> tuple[bool, bool]:
    file, data = item
    return file.name == SERIES, data is None


def _content(file: Path) -> bytes | None:
    try:
        return file.read_bytes()
    except FileNotFoundError:
        return None


def _write(file: Path, data: bytes) -> None:
    with file.open("wb") as stream:
        stream.write(data)
        stream.flush()
        os.fsync(stream.fileno())


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Let one process into the block; the lock is on the folder itself, so that no file of it stays behind."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
