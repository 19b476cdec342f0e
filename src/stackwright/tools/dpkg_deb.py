"""dpkg-deb: what binary packages say of themselves, and what is in them (dpkg-deb(1))."""

from __future__ import annotations

import io
import tarfile
from typing import TYPE_CHECKING

from stackwright.errors import InputError, Where
from stackwright.tools import process
from stackwright.tools.dpkg import ENVIRONMENT

if TYPE_CHECKING:
    from pathlib import Path


def control(deb: Path) -> str:
    """Give the control file of a package: a paragraph (deb-control(5)).

    :raises InputError: it is no package
    :raises EnvironmentLacksError: dpkg is not installed
    """
    return _run(deb, "--field").decode("utf-8", "surrogateescape")


def files_in(deb: Path) -> tuple[str, ...]:
    """Give the paths of a package's files, without a leading slash.

    :raises InputError: it is no package
    """
    with tarfile.open(fileobj=io.BytesIO(file_system(deb))) as tar:
        return tuple(member.name.removeprefix("./") for member in tar if not member.isdir())


def file_system(deb: Path) -> bytes:
    """Give the files of a package as a tar archive.

    :raises InputError: it is no package
    """
    return _run(deb, "--fsys-tarfile")


def extract(deb: Path, directory: Path) -> None:
    """Unpack the files of a package below a folder.

    :raises InputError: it is no package
    :raises EnvironmentLacksError: dpkg is not installed
    """
    _run(deb, "--extract", str(directory))


def _run(deb: Path, action: str, *words: str) -> bytes:
    argv = [process.find("dpkg-deb", package="dpkg"), action, str(deb), *words]
    completed = process.run(argv, env=ENVIRONMENT, check=False)
    if completed.status != 0:
        raise InputError(
            "this is no Debian package, or a part of one",
            where=Where(deb),
            why=completed.stderr.decode(errors="replace").strip().removeprefix("dpkg-deb: error: "),
            fix="build it again, or fetch it again",
        )
    return completed.stdout
