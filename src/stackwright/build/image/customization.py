"""Customizations: a user's script that is run in an image, and never anywhere else."""

from __future__ import annotations

import os
import stat
from dataclasses import replace
from typing import TYPE_CHECKING

from stackwright.build.archive import MTIME
from stackwright.build.image.layer import OPAQUE, WHITEOUT, Kind, Layer, Member, layer, walk
from stackwright.build.image.system import is_left_out
from stackwright.build.scratch import scratch_directory
from stackwright.errors import CheckFailedError
from stackwright.tools import chroot, process

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from stackwright.build.cache import ArtifactCache
    from stackwright.build.image.system import System

# How overlayfs marks a folder that hides what is below it (Documentation/filesystems/overlayfs.rst of the kernel).
HIDES = "trusted.overlay.opaque"


def customization(
    cache: ArtifactCache,
    script: str,
    system: System,
    above: Iterable[Member],
    inputs: Mapping[str, object],
    log: Path,
) -> Layer:
    """Give the layer with what a script changes: run by a shell as root in the image's own files, without a network.

    :param above: what the image has besides its Debian system
    :param inputs: what the image is a function of so far
    :param log: a file that the script's output is appended to
    :raises CheckFailedError: it fails
    :raises EnvironmentLacksError: not root, or this machine's kernel does not let it
    """

    def members() -> Iterator[Member]:
        with scratch_directory(cache.directory / "unfinished") as scratch:
            files, place = scratch / "files", scratch / "place"
            files.mkdir(mode=0o755)
            place.mkdir(mode=0o755)
            unpack(above, files)
            inside = chroot.System((system.root, files), place)
            chroot.prepare(inside)
            try:
                chroot.run(inside, ["sh", "-ec", script], log=log)
            except process.ProgramFailedError as error:
                raise CheckFailedError(
                    "the customization of an image fails",
                    why=f"it ended with status {error.program_status}",
                    details=error.details,
                    fix=f"correct CUSTOMIZATION; it was run in the image, as root and without a network ({log})",
                ) from error
            yield from [replace(member, content=member.read()) for member in changes(inside.upper)]

    return layer(cache, "Customization", {"script": script, **inputs}, members)


def changes(upper: Path) -> Iterator[Member]:
    """Give what an upper folder of an overlay changes, as a layer says it."""
    for member in walk(upper, leave_out=is_left_out):
        if member.kind is Kind.DIRECTORY and _hides(upper / member.path):
            yield Member(f"{member.path}/{OPAQUE}", Kind.FILE, 0o644)
        yield Member(
            member.path, member.kind, member.mode, member.uid, member.gid, member.content, member.target, MTIME
        )
    for directory, _, files in os.walk(upper):
        for name in files:
            path = os.path.relpath(f"{directory}/{name}", upper)
            about = os.lstat(f"{directory}/{name}")
            if stat.S_ISCHR(about.st_mode) and about.st_rdev == 0 and not is_left_out(path):
                folder, _, last = path.rpartition("/")
                yield Member(f"{folder}/{WHITEOUT}{last}" if folder else f"{WHITEOUT}{last}", Kind.FILE, 0o644)


def unpack(members: Iterable[Member], directory: Path) -> None:
    """Write members into a folder that is ours alone."""
    for member in sorted(members, key=lambda one: os.fsencode(one.path)):
        file = directory / member.path
        if member.kind is Kind.DIRECTORY:
            file.mkdir(exist_ok=True)
        elif member.kind is Kind.LINK:
            file.symlink_to(member.target)
        else:
            file.write_bytes(member.read())
        os.chown(file, member.uid, member.gid, follow_symlinks=False)
        if member.kind is not Kind.LINK:
            file.chmod(member.mode)


def _hides(directory: Path) -> bool:
    try:
        return os.getxattr(directory, HIDES) == b"y"
    except OSError:
        return False
