"""The series of a component for a release: quilt's ``series`` file and the patches it names (quilt(1)).

A line names a file of the series' folder; where there is none of this name, one of the component's folder ``shared``.
So a release has its own form of a shared patch as soon as its folder has a file of that name. A line behind
``# disabled:`` names a patch that is kept and not applied; for quilt it is a comment.
"""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

from stackwright.distribution.place import SHARED
from stackwright.errors import InputError, ManyInputsError, Where, suggestion
from stackwright.patches.editing import replacing
from stackwright.patches.model import Line, Patch, Series
from stackwright.patches.parse import parse

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SERIES = "series"
PATCH_SUFFIXES = (".patch", ".diff")
DISABLED = re.compile(r"\s*#\s*disabled:(?=\s)")
COMMENT = re.compile(r"(?:^|\s)#(.*)")


def read_series(directory: Path) -> Series:
    """Read a series and its patches. A folder that is not there, or has nothing in it, is an empty series.

    :param directory: ``patches/COMPONENT/RELEASE``; a line may name a file elsewhere in ``patches/``
    :raises InputError: a line is wrong, a file is missing, named twice or not a patch (all of them together)
    """
    replacing.finish(directory.parent.parent)
    file = directory / SERIES
    if not file.exists():
        lost = patch_files(directory)
        if lost:
            raise InputError(
                "there are patches, but no series file that gives their order",
                where=Where(file=directory),
                fix=f"(cd {directory} && ls {' '.join(sorted({'*' + path.suffix for path in lost}))} >{SERIES})",
            )
        return Series(directory, ())
    patches: list[Patch] = []
    disabled: list[Line] = []
    errors: list[InputError] = []
    seen: dict[Path, Where] = {}
    for read in read_lines(directory):
        if isinstance(read, InputError):
            errors.append(read)
            continue
        try:
            _check_line(directory, read, seen)
            if read.disabled:
                disabled.append(read)
            else:
                patches.append(parse(read.file, name=read.name, strip=read.strip, listed=read.here))
        except InputError as error:
            errors.append(error)
    if errors:
        raise errors[0] if len(errors) == 1 else ManyInputsError(errors)
    return Series(directory, tuple(patches), tuple(disabled))


def read_lines(directory: Path) -> Iterator[Line | InputError]:
    """Give the lines of a ``series`` file that name patches, and what is wrong with those that cannot be read."""
    return lines_in(directory, (directory / SERIES).read_bytes())


def lines_in(directory: Path, data: bytes) -> Iterator[Line | InputError]:
    """Give the same of a text that is to be a ``series`` file of a folder."""
    file = directory / SERIES
    for number, text in enumerate(data.decode("utf-8", "surrogateescape").split("\n"), start=1):
        try:
            line = _line(directory, text, Where(file=file, line=number))
        except InputError as error:
            yield error
        else:
            if line:
                yield line


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
    listed |= {line.file.resolve() for line in series.disabled}
    return tuple(path.name for path in patch_files(series.directory) if path.resolve() not in listed)


def patch_files(directory: Path) -> list[Path]:
    """Give the patch files of a folder, by name; none if it is not there."""
    if not directory.is_dir():
        return []
    return sorted(path for path in directory.iterdir() if path.suffix in PATCH_SUFFIXES and path.is_file())


def file_of(directory: Path, name: str) -> Path:
    """Give the file that a name in a series means: of its own folder, else of the component's ``shared``."""
    own, shared = directory / name, directory.parent / SHARED / name
    return shared if not own.exists() and shared.exists() else own


def _line(directory: Path, text: str, where: Where) -> Line | None:
    mark = DISABLED.match(text)
    start = mark.end() if mark else 0
    comment = COMMENT.search(text, start)
    end = comment.start() if comment else len(text)
    words = [(match[0], match.start() + 1) for match in re.finditer(r"\S+", text[:end]) if match.start() >= start]
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
    return Line(
        name,
        file_of(directory, name),
        strip,
        Where(where.file, where.line, column),
        disabled=mark is not None,
        comment=comment[1].strip() if comment else "",
    )


def _check_line(directory: Path, line: Line, seen: dict[Path, Where]) -> None:
    bounds = directory.parent.parent.resolve()
    if line.name.startswith("/") or not line.file.resolve().is_relative_to(bounds):
        raise InputError(
            f"{line.name} is outside the distribution's patches",
            where=line.here,
            why="whoever has the distribution has to have all of its patches",
            fix=f"move the file below {directory.parent.parent} and name it from {directory}",
        )
    if not line.file.is_file():
        known = [path.name for folder in (directory, directory.parent / SHARED) for path in patch_files(folder)]
        known += [f"../{path.parent.name}/{path.name}" for path in sorted(directory.parent.glob("*/*.patch"))]
        raise InputError(f"there is no file {line.name}", where=line.here, fix=suggestion(line.name, known))
    before = seen.setdefault(line.file.resolve(), line.here)
    if before is not line.here:
        raise InputError(
            f"{line.name} is named twice", where=line.here, why=f"first at {before}", fix="remove one of the lines"
        )
