"""A folder of wheels that pip and uv take as a package index (the simple repository API, PEP 503 and PEP 658)."""

from __future__ import annotations

import html
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name, parse_wheel_filename

from stackwright.build.cache import sha256_of
from stackwright.build.wheelfile import core_metadata
from stackwright.errors import CheckFailedError, Where

if TYPE_CHECKING:
    from collections.abc import Iterable

PAGE = "index.html"


@dataclass(frozen=True)
class Indexed:
    """A wheel that is in an index.

    :param file: its place below the index
    :param new: it was not in it before
    """

    name: str
    version: str
    file: str
    sha256: str
    new: bool


def add_wheels(index: Path, wheels: Iterable[Path]) -> list[Indexed]:
    """Put wheels into an index, which is made if it is not there; what is in it stays.

    A wheel is in it whole before a page names it, and pages are replaced at once, so who reads meanwhile finds the
    old or the new.

    :param index: the folder that is the index: ``pip install --index-url file://...``
    :raises CheckFailedError: another wheel of the same name and version is in it
    """
    added = [_add(index, wheel) for wheel in wheels]
    for name in sorted({one.name for one in added}):
        _replace(index / name / PAGE, _page(name, [_line(file) for file in sorted((index / name).glob("*.whl"))]))
    names = sorted(page.parent.name for page in index.glob(f"*/{PAGE}"))
    _replace(index / PAGE, _page("simple index", [f'<a href="{name}/">{name}</a>' for name in names]))
    return added


def _add(index: Path, wheel: Path) -> Indexed:
    distribution, version, *_ = parse_wheel_filename(wheel.name)
    name, sha256 = canonicalize_name(distribution), sha256_of(wheel)
    place = index / name / wheel.name
    new = not place.exists()
    if not new and sha256_of(place) != sha256:
        raise CheckFailedError(
            f"another wheel has the name {wheel.name}",
            where=Where(file=place),
            why="its content differs: whoever has installed that one would have two of one version",
            fix=f"rm {place}, or write to another folder",
        )
    if new:
        place.parent.mkdir(parents=True, exist_ok=True)
        metadata = core_metadata(wheel)
        _replace(place.with_name(f"{place.name}.metadata"), metadata)
        _replace(place, wheel.read_bytes())
    return Indexed(name, str(version), f"{name}/{wheel.name}", sha256, new)


def _line(wheel: Path) -> str:
    """Give the line of a wheel: with its hash, and with that of the metadata, which spares a download."""
    metadata = sha256_of(wheel.with_name(f"{wheel.name}.metadata"))
    return (
        f'<a href="{html.escape(wheel.name)}#sha256={sha256_of(wheel)}" data-core-metadata="sha256={metadata}">'
        f"{html.escape(wheel.name)}</a>"
    )


def _page(title: str, lines: Iterable[str]) -> bytes:
    body = "".join(f"{line}<br>\n" for line in lines)
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta name="pypi:repository-version" content="1.0">\n<title>{title}</title>\n</head>\n<body>\n{body}</body>\n'
        "</html>\n"
    ).encode()


def _replace(file: Path, content: bytes) -> None:
    part = file.with_name(f".{file.name}.{os.getpid()}.part")
    part.write_bytes(content)
    part.rename(file)
