"""The folder that a host is made from: files with their modes, written whole or not at all."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from stackwright.errors import InputError, Where, of_os_error

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

# What a folder has that is one of ours, last in its making: each file's SHA-256, mode and path.
MANIFEST = "MANIFEST"
PUBLIC, PROGRAM, PRIVATE = 0o644, 0o755, 0o600
SHOWN = 5  # paths that an error names


@dataclass(frozen=True)
class Member:
    """A file of the folder.

    :param path: from the folder, with ``/`` between
    """

    path: str
    content: bytes
    mode: int = PUBLIC

    def __repr__(self) -> str:
        """Leave the content out: it may be a secret."""
        return f"Member({self.path!r})"


def member(path: str, text: str, mode: int = PUBLIC) -> Member:
    """Give a file of text."""
    return Member(path, text.encode(), mode)


@dataclass(frozen=True)
class Folder:
    """The files of a folder."""

    members: tuple[Member, ...]

    @cached_property
    def whole(self) -> Mapping[str, Member]:
        """Path -> file, the manifest included; in the order of paths."""
        found = {one.path: one for one in sorted(self.members, key=lambda one: one.path)}
        lines = (f"{hashlib.sha256(one.content).hexdigest()} {one.mode:04o} {path}\n" for path, one in found.items())
        return {**found, MANIFEST: member(MANIFEST, "".join(lines))}


def write(folder: Folder, out: Path) -> None:
    """Write a folder; one that is there is replaced, if nobody but us has touched it.

    :raises InputError: what is there is not ours, or has been changed
    :raises StackwrightError: it cannot be written
    """
    if out.is_symlink() or out.exists():
        _refuse_foreign(out)
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        scratch = Path(tempfile.mkdtemp(dir=out.parent, prefix=f".{out.name}."))  # of mode 0700
        try:
            _fill(folder, scratch / "new")
            if out.exists():
                out.rename(scratch / "old")
            (scratch / "new").rename(out)
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
    except OSError as error:
        raise of_os_error(error) from error


def _fill(folder: Folder, directory: Path) -> None:
    directory.mkdir(mode=PROGRAM)
    for path, one in folder.whole.items():
        file = directory / path
        for parent in reversed(file.relative_to(directory).parents):
            (directory / parent).mkdir(exist_ok=True)
            (directory / parent).chmod(0o700 if parent.name == "secrets" else PROGRAM)
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE)
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(one.content)
        file.chmod(one.mode)


def _refuse_foreign(out: Path) -> None:
    """See that a folder is ours, and as we left it."""
    fix = "name another folder, or move this one away"
    if out.is_symlink() or not out.is_dir():
        raise InputError(f"{out} is not a folder", where=Where(file=out), fix=fix)
    there = sorted(_files(out))
    if not there:
        return
    if MANIFEST not in there:
        what = "the folder has something else in it"
        raise InputError(what, where=Where(file=out), why=f"it has no {MANIFEST} of ours", fix=fix)
    known = dict(_manifest(out / MANIFEST))
    wrong = [path for path in there if path != MANIFEST and _digest(out / path) != known.get(path)]
    wrong += [path for path in known if path not in there]
    if wrong:
        more = f" and {len(wrong) - SHOWN} more" if len(wrong) > SHOWN else ""
        raise InputError(
            "the folder was changed since it was rendered",
            where=Where(file=out),
            why=f"not as we left it: {', '.join(wrong[:SHOWN])}{more}",
            fix=f"what you changed belongs into the site's values; {fix}",
        )


def _files(directory: Path) -> Iterator[str]:
    for path in directory.rglob("*"):
        if path.is_symlink() or not path.is_dir():
            yield path.relative_to(directory).as_posix()


def _manifest(file: Path) -> Iterable[tuple[str, str]]:
    for line in file.read_text("utf-8", errors="replace").splitlines():
        digest, _, rest = line.partition(" ")
        yield rest.partition(" ")[2], digest


def _digest(file: Path) -> str:
    return "" if file.is_symlink() else hashlib.sha256(file.read_bytes()).hexdigest()
