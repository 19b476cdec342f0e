"""Paragraphs of fields, which Debian's descriptions of packages are made of (deb822(5))."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from stackwright.errors import InputError, Where

if TYPE_CHECKING:
    from pathlib import Path

_FIELD = re.compile(r"([!-9;-~]+):(.*)")


class Paragraph(Mapping[str, str]):
    """The fields of a paragraph; their names are asked for in any case.

    A value of several lines has them all, each without the blank that it begins with in the file.

    :param line: the line that it begins in, counting from 1
    """

    def __init__(self, fields: Mapping[str, str], line: int = 1) -> None:
        self._names = {name.lower(): name for name in fields}
        self._fields = {name.lower(): value for name, value in fields.items()}
        self.line = line

    def __getitem__(self, name: str) -> str:
        return self._fields[name.lower()]

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name.lower() in self._fields

    def __iter__(self) -> Iterator[str]:
        return iter(self._names.values())

    def __len__(self) -> int:
        return len(self._fields)


def paragraphs(text: bytes | str, file: Path) -> Iterator[Paragraph]:
    """Read paragraph after paragraph.

    :param file: for errors
    :raises InputError: a line is neither a field nor the rest of one, or a field is twice in a paragraph
    """
    if isinstance(text, bytes):
        text = text.decode("utf-8", "surrogateescape")
    fields: dict[str, str] = {}
    seen: set[str] = set()
    name, begins = "", 1
    for number, line in enumerate(text.split("\n"), start=1):
        line = line.rstrip("\r")
        if line.startswith("#"):
            continue
        if not line.strip():
            if fields:
                yield Paragraph(fields, begins)
            fields, name = {}, ""
            seen.clear()
        elif line[0] in " \t" and name:
            fields[name] += f"\n{line[1:].rstrip()}"
        elif form := _FIELD.fullmatch(line):
            if not fields:
                begins = number
            name = form[1]
            if name.lower() in seen:
                raise _damaged(file, number, f"it has the field {name} twice")
            seen.add(name.lower())
            fields[name] = form[2].strip()
        else:
            raise _damaged(file, number, f"{line[:60]!r} is not a field")
    if fields:
        yield Paragraph(fields, begins)


def _damaged(file: Path, line: int, why: str) -> InputError:
    return InputError("the file cannot be read", where=Where(file, line), why=why, fix="see deb822(5) for its form")
