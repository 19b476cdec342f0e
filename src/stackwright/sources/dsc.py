"""The description of a Debian source package: dsc(5), in clear-signed text (RFC 9580, 7) or without a signature."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from stackwright.errors import InputError, Where
from stackwright.sources.deb822 import Paragraph, paragraphs

if TYPE_CHECKING:
    from pathlib import Path

FORMATS = ("1.0", "3.0 (native)", "3.0 (quilt)")
SIGNED = b"-----BEGIN PGP SIGNED MESSAGE-----"
SIGNATURE = b"-----BEGIN PGP SIGNATURE-----"
NEEDED = ("Format", "Source", "Version", "Files")


@dataclass(frozen=True)
class DscFile:
    """A file that belongs to a source package."""

    name: str
    size: int
    sha256: str


@dataclass(frozen=True)
class Dsc:
    """A source package."""

    format: str
    source: str
    version: str
    files: tuple[DscFile, ...]


def signed_text(content: bytes, file: Path) -> bytes:
    """Give the text that a signature is for, without looking at the signature; all of it if there is none.

    :raises InputError: there is something before or behind what is signed
    """
    lines = content.splitlines()
    while lines and not lines[0].strip():
        lines.pop(0)
    if SIGNED not in lines:
        return content
    if lines[0] != SIGNED:
        raise _damaged(file, "it has text before the signed part")
    if SIGNATURE not in lines or lines.count(SIGNED) > 1:
        raise _damaged(file, "its signature is cut off")
    text = lines[: lines.index(SIGNATURE)]
    head = next((number for number, line in enumerate(text) if not line.strip()), len(text))
    return b"".join(line.removeprefix(b"- ") + b"\n" for line in text[head + 1 :])


def parse_dsc(text: bytes, file: Path) -> Dsc:
    """Read the fields.

    :param file: for errors
    :raises InputError: it is no .dsc, of a format that is not read, or without SHA-256 of its files
    """
    fields = _fields(text, file)
    missing = [name for name in NEEDED if name not in fields]
    if missing:
        raise _damaged(file, f"it has no field {missing[0]}")
    if fields["Format"] not in FORMATS:
        raise InputError(
            f"the source package has the format {fields['format']!r}",
            where=Where(file=file),
            why=f"those that are read: {', '.join(FORMATS)}",
            fix="take another version of it, or its upstream as a `git` or `pypi` source",
        )
    if "Checksums-Sha256" not in fields:
        raise InputError(
            "the .dsc has no SHA-256 of its files",
            where=Where(file=file),
            why="it has only MD5 or SHA-1, which can be forged",
            fix="make it anew with a dpkg-source of this century: `dpkg-source --build DIR`",
        )
    files = tuple(
        DscFile(name, size, hashed) for hashed, size, name in _table(fields["Checksums-Sha256"], "[0-9a-f]{64}", file)
    )
    named = {name for _, _, name in _table(fields["Files"], "[0-9a-f]{32}", file)}
    if not files or named != {one.name for one in files} or len(named) != len(files):
        raise _damaged(file, "its fields Files and Checksums-Sha256 do not name the same files")
    return Dsc(fields["Format"], fields["Source"], fields["Version"], files)


def _fields(text: bytes, file: Path) -> Paragraph:
    """Read the one paragraph."""
    try:
        found = list(paragraphs(text, file))
    except InputError as error:
        raise _damaged(file, error.why) from error
    if len(found) > 1:
        raise _damaged(file, "it has several paragraphs")
    return found[0] if found else Paragraph({})


def _table(value: str, hashed: str, file: Path) -> list[tuple[str, int, str]]:
    """Read lines of hash, size and name; a name is one of a file in the same folder."""
    rows = []
    for line in value.split("\n"):
        form = re.fullmatch(rf" *({hashed}) +([0-9]{{1,18}}) +([A-Za-z0-9][A-Za-z0-9.+~_%:-]*)", line)
        if form:
            rows.append((form[1], int(form[2]), form[3]))
        elif line:
            raise _damaged(file, f"{line[:120]!r} is not a hash, a size and the name of a file beside it")
    return rows


def _damaged(file: Path, why: str) -> InputError:
    return InputError(
        "the file is not the .dsc of a source package",
        where=Where(file=file),
        why=why,
        fix="fetch it again from where it comes",
    )
