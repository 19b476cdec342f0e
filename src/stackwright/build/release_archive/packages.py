"""The files of the Python packages that closures name: those that this machine's Python would install."""

from __future__ import annotations

import tarfile
import tomllib
import zipfile
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from packaging.tags import compatible_tags, cpython_tags
from packaging.utils import InvalidWheelFilename, parse_wheel_filename

from stackwright.build.wheel import build_requirements, tools_for
from stackwright.errors import InputError, Where
from stackwright.sources.download import cached, download, intact
from stackwright.tools import uv

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import date
    from pathlib import Path

    from packaging.tags import Tag

    from stackwright.build.closure import Closure
    from stackwright.store import Memo


@dataclass(frozen=True)
class PackageFile:
    """A file of a package, as an index has it; the URL may hold credentials.

    :param sha256: of the file
    """

    name: str
    version: str
    file: str
    url: str
    sha256: str


class Packages:
    """Finds and fetches them.

    :param version: of Python, such as ``3.11``
    :param downloads: where downloads are kept
    """

    def __init__(
        self, version: str, interpreter: Path, exclude_newer: date | None, *, memo: Memo, downloads: Path
    ) -> None:
        self._interpreter, self._exclude_newer = interpreter, exclude_newer
        self._memo, self._downloads = memo, downloads
        self._tags = tags_of(version)

    def fetch(self, closures: Iterable[Closure], progress: Callable[[str], None]) -> dict[PackageFile, Path]:
        """Give the files of all packages of some closures, and of what those are built with that have no wheel.

        :raises InputError: the index does not have a version any more
        :raises EnvironmentLacksError: no network, no space
        """
        found: dict[PackageFile, Path] = {}
        waiting, seen = list(closures), set()
        while waiting:
            closure = waiting.pop()
            if closure.digest in seen:
                continue
            seen.add(closure.digest)
            for one in self._locate(closure):
                if one not in found:
                    found[one] = self._file(one, progress)
                    if not one.file.endswith(".whl"):
                        requirements = _needed_by(found[one])
                        waiting.append(tools_for(requirements, self._interpreter, self._exclude_newer, self._memo))
        return found

    def _locate(self, closure: Closure) -> list[PackageFile]:
        wanted = sorted(f"{name}=={version}" for name, version in closure.pins.items() if version)
        text = uv.locate(wanted, python=self._interpreter, exclude_newer=self._exclude_newer) if wanted else ""
        return [chosen(package, self._tags) for package in tomllib.loads(text).get("packages", [])]

    def _file(self, one: PackageFile, progress: Callable[[str], None]) -> Path:
        known = cached(self._downloads, one.sha256)
        if known is not None and intact(known, one.sha256):
            return known
        progress(one.file)
        return download(one.url, one.sha256, self._downloads, progress)


def tags_of(version: str) -> Mapping[Tag, int]:
    """Give what wheels a CPython of this machine takes: tag -> rank, the best first (PEP 425).

    :param version: such as ``3.11``
    """
    numbers = tuple(int(part) for part in version.split("."))
    ordered = [*cpython_tags(numbers), *compatible_tags(numbers, f"cp{version.replace('.', '')}")]
    return {tag: rank for rank, tag in reversed(list(enumerate(ordered)))}


def chosen(package: Mapping[str, Any], tags: Mapping[Tag, int]) -> PackageFile:
    """Give the file of a package that an installer would choose.

    :param package: an entry of ``packages`` in a pylock.toml (PEP 751)
    :raises InputError: there is neither a wheel that fits nor an sdist
    """
    ranked = [(rank, wheel) for wheel in package.get("wheels", ()) if (rank := _rank(_name(wheel), tags)) is not None]
    best = min(ranked, key=lambda each: each[0])[1] if ranked else package.get("sdist")
    if best is None:
        raise InputError(
            f"the package index has neither a wheel of {package['name']} {package['version']} for this machine nor an"
            " sdist",
            fix="choose another version in the release's pins",
        )
    return PackageFile(package["name"], package["version"], _name(best), best["url"], best["hashes"]["sha256"])


def pyproject_of(sdist: Path) -> bytes | None:
    """Give the pyproject.toml of an sdist, if it has one.

    :raises InputError: it is no archive
    """
    try:
        if zipfile.is_zipfile(sdist):  # some old ones are
            with zipfile.ZipFile(sdist) as packed:
                return next((packed.read(name) for name in packed.namelist() if _is_pyproject(name)), None)
        with tarfile.open(sdist) as tar:
            member = next((member for member in tar if _is_pyproject(member.name) and member.isfile()), None)
            stream = tar.extractfile(member) if member else None
            return stream.read() if stream else None
    except (tarfile.TarError, zipfile.BadZipFile) as error:
        raise InputError(
            "the sdist cannot be read", where=Where(sdist), why=str(error), fix=f"rm {sdist}, and run the command again"
        ) from error


def _needed_by(sdist: Path) -> tuple[str, ...]:
    try:
        return build_requirements(pyproject_of(sdist))
    except ValueError as error:
        raise InputError("the sdist's pyproject.toml cannot be read", where=Where(sdist), why=str(error)) from error


def _is_pyproject(name: str) -> bool:
    return PurePosixPath(name).parts[1:] == ("pyproject.toml",)


def _rank(name: str, tags: Mapping[Tag, int]) -> int | None:
    try:
        of_wheel: Sequence[Tag] = tuple(parse_wheel_filename(name)[3])
    except InvalidWheelFilename:
        return None
    return min((tags[tag] for tag in of_wheel if tag in tags), default=None)


def _name(file: Mapping[str, Any]) -> str:
    return str(file.get("name") or PurePosixPath(unquote(urlsplit(file["url"]).path)).name)
