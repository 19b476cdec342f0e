"""Entries of a Debian changelog (deb-changelog(5)): the newest is read, and one of ours is put before it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from typing import TYPE_CHECKING

from stackwright.errors import InputError, Where

if TYPE_CHECKING:
    from pathlib import Path

CHANGELOG = "debian/changelog"
# The date of the first entry of a package that has no changelog yet: as with wheels, what all formats can name.
FIRST = datetime(1980, 1, 1, tzinfo=UTC)
_HEAD = re.compile(
    r"(?P<source>[a-z0-9][a-z0-9+.-]*) \((?P<version>[^() \t]+)\)(?P<suites>(?: [A-Za-z0-9+.-]+)+); *(?P<rest>.*)"
)
_END = re.compile(r" -- (?P<maintainer>.*?) ?<(?P<mail>[^>]*)>  ?(?P<date>.*\S)\s*")
WIDTH = 78


@dataclass(frozen=True)
class Entry:
    """What a version of a package has changed.

    :param suites: where it goes, such as ``unstable``
    :param changes: paragraphs, each of which becomes a bullet; lines in it stay lines
    :param maintainer: ``Name <mail>``
    """

    source: str
    version: str
    suites: str
    changes: tuple[str, ...]
    maintainer: str
    date: datetime


def newest(text: str, file: Path) -> Entry:
    """Read the first entry.

    :param file: for errors
    :raises InputError: it is not of the form of deb-changelog(5)
    """
    head: re.Match[str] | None = None
    changes: list[str] = []
    for number, line in enumerate(text.splitlines(), start=1):
        if head is None:
            if line.strip():
                head = _HEAD.fullmatch(line)
                if head is None:
                    raise _damaged(file, number, f"{line[:60]!r} is not `SOURCE (VERSION) SUITE; urgency=...`")
        elif line.startswith(" -- "):
            end = _END.fullmatch(line)
            try:
                if end is None:
                    raise ValueError(line)
                date = parsedate_to_datetime(end["date"])
            except ValueError:
                raise _damaged(file, number, f"{line[:60]!r} is not ` -- NAME <MAIL>  DATE`") from None
            maintainer = f"{end['maintainer']} <{end['mail']}>"
            return Entry(head["source"], head["version"], head["suites"].strip(), tuple(changes), maintainer, date)
        elif line.strip():
            changes.append(line.strip())
    raise _damaged(file, 1, "it has no whole entry")


def written(entry: Entry) -> str:
    """Give the text of an entry, with the empty line behind it."""
    lines = [f"{entry.source} ({entry.version}) {entry.suites}; urgency=medium", ""]
    for change in entry.changes:
        first, *rest = change.split("\n")
        lines += [f"  * {first}", *(f"    {line}" for line in rest)]
    lines += ["", f" -- {entry.maintainer}  {format_datetime(entry.date)}", ""]
    return "".join(f"{line}\n" for line in lines)


def _damaged(file: Path, line: int, why: str) -> InputError:
    return InputError(
        "the changelog cannot be read", where=Where(file, line), why=why, fix="dch writes it as it has to be"
    )
