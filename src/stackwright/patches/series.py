"""The series of a component for a release: quilt's ``series`` file and the patches it names (quilt(1))."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

from stackwright.errors import InputError, ManyInputsError, Where, suggestion
from stackwright.patches.model import Patch, Series
from stackwright.patches.parse import parse

if TYPE_CHECKING:
    from pathlib import Path

SERIES = "series"
PATCH_SUFFIXES = (".patch", ".diff")


def read_series(directory: Path) -> Series:
    """Read a series and its patches. A folder that is not there, or has nothing in it, is an empty series.

    :param directory: ``patches/COMPONENT/RELEASE``; a line may name a file elsewhere in ``patches/``
    :raises InputError: a line is wrong, a file is missing, named twice or not a patch (all of them together)
    """
    file = directory / SERIES
    if not file.exists():
        lost = _patch_files(directory)
        if lost:
            raise InputError(
                "there are patches, but no series file that gives their order",
                where=Where(file=directory),
                fix=f"(cd {directory} && ls {' '.join(sorted({'*' + path.suffix for path in lost}))} >{SERIES})",
            )
        return Series(directory, ())
    patches: list[Patch] = []
    errors: list[InputError] = []
    seen: dict[Path, Where] = {}
    for number, line in enumerate(file.read_bytes().decode("utf-8", "surrogateescape").split("\n"), start=1):
        try:
            patch = _line(directory, line, Where(file=file, line=number), seen)
        except InputError as error:
            errors.append(error)
        else:
            patches += [patch] if patch else []
    if errors:
        raise errors[0] if len(errors) == 1 else ManyInputsError(errors)
    return Series(directory, tuple(patches))


def digest(series: Series) -> str:
    """Give what the result of a series depends on besides the tree: the changes of its patches, in order."""
    sha = hashlib.sha256()
    for patch in series.patches:
        sha.update(b"%d %d\n" % (patch.strip, len(patch.diff)))
        sha.update(patch.diff)
    return sha.hexdigest()


def unlisted(series: Series) -> tuple[str, ...]:
    """Name the patch files in the folder of a series that are not in it."""
    listed = {patch.file.resolve() for patch in series.patches if patch.file}
    return tuple(path.name for path in _patch_files(series.directory) if path.resolve() not in listed)


def _line(directory: Path, line: str, where: Where, seen: dict[Path, Where]) -> Patch | None:
    words = [(match[0], match.start() + 1) for match in re.finditer(r"\S+", re.sub(r"(^|\s)#.*", "", line))]
    if not words:
        return None
    (name, column), options = words[0], words[1:]
    strip = 1
    for option, at in options:
        match = re.fullmatch(r"-p(\d+)", option)
        if match is None:
            raise InputError(
                f"the option {option!r} is unknown",
                where=Where(where.file, where.line, at),
                fix="-p0, -p1, ... are known; a patch whose name has blanks in it needs another name",
            )
        strip = int(match[1])
    here = Where(where.file, where.line, column)
    file = _file(directory, name, here)
    before = seen.setdefault(file.resolve(), here)
    if before is not here:
        raise InputError(f"{name} is named twice", where=here, why=f"first at {before}", fix="remove one of the lines")
    return parse(file, name=name, strip=strip, listed=here)


def _file(directory: Path, name: str, here: Where) -> Path:
    file = directory / name
    bounds = directory.parent.parent.resolve()
    if name.startswith("/") or not file.resolve().is_relative_to(bounds):
        raise InputError(
            f"{name} is outside the distribution's patches",
            where=here,
            why="whoever has the distribution has to have all of its patches",
            fix=f"move the file below {directory.parent.parent} and name it from {directory}",
        )
    if not file.is_file():
        known = [path.name for path in _patch_files(directory)]
        known += [f"../{path.parent.name}/{path.name}" for path in sorted(directory.parent.glob("*/*.patch"))]
        raise InputError(f"there is no file {name}", where=here, fix=suggestion(name, known))
    return file


def _patch_files(directory: Path) -> list[Path]:
    if not directory.is_dir():
        return []
    return sorted(path for path in directory.iterdir() if path.suffix in PATCH_SUFFIXES and path.is_file())
