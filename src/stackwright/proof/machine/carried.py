"""What a machine is given to prove: a copy of the distribution as it lies there, with extra patches on its series."""

from __future__ import annotations

import os
import shutil
import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from stackwright.distribution.sources import GitSource, PathSource
from stackwright.errors import InputError, Where
from stackwright.patches.parse import parse
from stackwright.patches.series import PATCH_SUFFIXES, SERIES, read_lines
from stackwright.site.secrets.keeper import FOLDER

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stackwright.distribution import Distribution, Release

EXTRA = "extra-patches"
# What is large, or of no use to a cloud, in a folder that people work in.
LEFT_BEHIND = shutil.ignore_patterns(".git", ".venv", "__pycache__")


@dataclass(frozen=True)
class ExtraPatch:
    """A patch in the working directory that is no part of the distribution."""

    component: str
    file: Path


def extra_patches(working: Path, distribution: Distribution, release: Release) -> tuple[ExtraPatch, ...]:
    """Give the patches in ``extra-patches/COMPONENT/``, in the order of their names.

    :raises InputError: one is of no component, is no patch, or has the name of one that the series has already
    """
    found = []
    for entry in sorted((working / EXTRA).glob("*")):
        if not entry.is_dir():
            raise InputError(
                "an extra patch lies in the folder of its component",
                where=Where(entry),
                fix=f"move it: {EXTRA}/COMPONENT/{entry.name}",
            )
        directory = distribution.series_directory(entry.name, release.name)
        taken = _names(directory)
        for file in sorted(path for path in entry.iterdir() if path.suffix in PATCH_SUFFIXES):
            parse(file)
            if file.name in taken:
                raise InputError(
                    f"the series of {entry.name} has a patch of this name already",
                    where=Where(file),
                    why=f"extra patches come on top of the series in {directory}",
                    fix="give it another name",
                )
            found.append(ExtraPatch(entry.name, file))
    return tuple(found)


def copy(distribution: Distribution, release: Release, extra: tuple[ExtraPatch, ...], into: Path) -> None:
    """Copy the distribution, and put the extra patches on top of the series in the copy."""
    shutil.copytree(distribution.root, into, symlinks=True, ignore=LEFT_BEHIND)
    # The machine has another identity, which could not open them; its site makes its own.
    shutil.rmtree(into / FOLDER, ignore_errors=True)
    for patch in extra:
        directory = into / "patches" / patch.component / release.name
        directory.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(patch.file, directory / patch.file.name)
        series = directory / SERIES
        before = series.read_bytes() if series.exists() else b""
        gap = b"" if before.endswith(b"\n") or not before else b"\n"
        series.write_bytes(before + gap + f"{patch.file.name}\n".encode())


def sources_here(distribution: Distribution, release: Release) -> tuple[Path, ...]:
    """Give the folders of this machine, outside of the distribution, that components of a release come from."""
    found = set()
    for component in release.components.values():
        source = component.source
        if isinstance(source, PathSource):
            found.add(source.path)
        elif isinstance(source, GitSource) and source.git.startswith(("/", "file://")):
            found.add(Path(unquote(urlsplit(source.git).path)))
    return tuple(sorted(path for path in found if not path.is_relative_to(distribution.root) and path.is_dir()))


def archive(file: Path, members: Mapping[Path, Path]) -> None:
    """Write an archive for a machine, whose files belong to root there; only its owner can read it.

    :param members: absolute path in the machine -> file or folder here
    """

    def owned(member: tarfile.TarInfo) -> tarfile.TarInfo:
        member.uid = member.gid = 0
        member.uname = member.gname = "root"
        return member

    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as raw, tarfile.open(fileobj=raw, mode="w") as stream:
        for there, here in members.items():
            stream.add(here, str(there).lstrip("/"), filter=owned)


def _names(directory: Path) -> set[str]:
    if not (directory / SERIES).exists():
        return set()
    return {line.name for line in read_lines(directory) if not isinstance(line, InputError)}
