"""What suites have of source packages: apt's Sources indexes, fetched and verified by apt into lists of our own."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import textwrap
import time
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from stackwright.build.debian.deb822 import Paragraph, paragraphs
from stackwright.build.debian.version import Version
from stackwright.errors import EnvironmentLacksError, InputError, Where
from stackwright.events import Kind
from stackwright.store.lock import locked
from stackwright.tools import apt_helper, apt_sources

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from pathlib import Path

    from stackwright.build.backports.model import Archive, BackportList
    from stackwright.events import Events
    from stackwright.store import Memo

RELATIONS = ("Build-Depends", "Build-Depends-Indep", "Build-Depends-Arch")
FETCHED = "fetched"  # its time is that of the last apt-get update
KIND = "sources-index"
ARMOUR = "PGP PUBLIC KEY BLOCK"


@dataclass(frozen=True)
class IndexedSource:
    """A source package of a suite.

    :param binaries: the binary packages that it makes
    :param relations: what it needs to be built, as a field has it
    """

    source: str
    version: str
    binaries: tuple[str, ...]
    relations: str


class Lists:
    """Lists of apt's of our own, which it fetches and verifies.

    :param text: where it has them from (sources.list(5))
    :param cache: the cache directory; lists of source packages are shared with `debian` sources of the same suite
    :param indexes: the names of those that are read, a pattern
    """

    def __init__(self, text: str, cache: Path, indexes: str) -> None:
        self._text = text
        self._pattern = indexes
        self.folder = cache / "apt" / hashlib.sha256(text.encode()).hexdigest()[:16]

    @property
    def there(self) -> bool:
        """Whether it was fetched once."""
        return bool(self.indexes)

    @property
    def asked(self) -> bool:
        """Whether apt was asked for it once, so that it is known if there is no such suite."""
        return (self.folder / FETCHED).exists()

    @property
    def fetched(self) -> float:
        """When it was last fetched, in seconds since the epoch; 0 if that was not by us."""
        stamp = self.folder / FETCHED
        return stamp.stat().st_mtime if stamp.exists() else 0

    def update(self) -> str:
        """Fetch it, and give what went wrong: apt verifies the signature, and what it does not take it leaves."""
        if not self._text:
            return "this machine's apt has no source that could have it"
        self.folder.mkdir(parents=True, exist_ok=True)
        with locked(self.folder / ".lock"):
            apt_sources.prepare(self.folder, self._text)
            problems = apt_sources.update(self.folder)
        self.__dict__.pop("indexes", None)
        (self.folder / FETCHED).touch()
        return problems

    @cached_property
    def indexes(self) -> tuple[Path, ...]:
        """The files of the indexes."""
        return tuple(sorted((self.folder / "lists").glob(self._pattern)))


class Suite(Lists):
    """A suite's index of source packages.

    :param entries: where apt has it from
    """

    def __init__(self, name: str, entries: Iterable[Mapping[str, str]], cache: Path) -> None:
        super().__init__(apt_sources.written(entries), cache, "*_source_Sources*")
        self.name = name

    def find(self, names: Collection[str], memo: Memo) -> Mapping[str, IndexedSource]:
        """Give what it has of some source packages, the newest version of each."""
        stats = [(file.name, file.stat().st_size, file.stat().st_mtime_ns) for file in self.indexes]
        key = hashlib.sha256(json.dumps([str(self.folder), stats, sorted(names)]).encode()).hexdigest()
        known = memo.get(KIND, key)
        if known is None:
            found = newest(
                entry for file in self.indexes for entry in read_index(apt_helper.content(file), names, file)
            )
            known = json.dumps([asdict(entry) for entry in found.values()])
            memo.put(KIND, key, known)
        read = (IndexedSource(**{**one, "binaries": tuple(one["binaries"])}) for one in json.loads(known))
        return {entry.source: entry for entry in read}

    def files(self, source: str, version: str) -> tuple[apt_sources.Indexed, ...]:
        """Give the files of a source package that it has."""
        return apt_sources.files(self.folder, source, version)


def read_index(content: bytes, names: Collection[str], file: Path) -> Iterable[IndexedSource]:
    """Give the entries of a Sources index for some source packages. Pure.

    What is only kept because something was built with it (``Extra-Source-Only``) is left out, as apt does.

    :param file: for errors
    :raises InputError: a version is none
    """
    wanted = {name.encode() for name in names}
    for matched in re.finditer(rb"^Package: *(\S+)", content, re.MULTILINE):
        if matched[1] not in wanted:
            continue
        begin, end = content.rfind(b"\n\n", 0, matched.start()), content.find(b"\n\n", matched.end())
        for fields in paragraphs(content[max(begin, 0) : end if end != -1 else None], file):
            if fields.get("Extra-Source-Only", "no") != "yes":
                try:
                    Version.parse(fields["Version"])
                except ValueError as error:
                    raise InputError(
                        f"the index has a version of {fields['Package']} that cannot be compared",
                        where=Where(file),
                        why=str(error),
                        fix="ask who keeps the suite, or take it out of the list",
                    ) from error
                yield indexed_source(fields, fields["Package"])


def indexed_source(fields: Paragraph, name: str) -> IndexedSource:
    """Give what the fields of a Sources index or of a .dsc say."""
    relations = ", ".join(value for field in RELATIONS if (value := fields.get(field, "").strip().rstrip(",")))
    binaries = tuple(one.strip() for one in fields.get("Binary", "").split(",") if one.strip())
    return IndexedSource(name, fields["Version"], binaries, relations.replace("\n", " "))


def newest(entries: Iterable[IndexedSource]) -> dict[str, IndexedSource]:
    """Give the newest entry of each source package."""
    found: dict[str, IndexedSource] = {}
    for entry in entries:
        known = found.get(entry.source)
        if known is None or Version.parse(known.version) < Version.parse(entry.version):
            found[entry.source] = entry
    return found


def armoured(keyring: bytes) -> str:
    """Give OpenPGP keys as text, as they can stand in apt's sources (RFC 9580, 6; its checksum may be left out)."""
    if keyring.startswith(b"-----BEGIN PGP"):
        return keyring.decode("ascii", "replace")
    lines = textwrap.wrap(base64.b64encode(keyring).decode(), 64)
    return "\n".join([f"-----BEGIN {ARMOUR}-----", "", *lines, f"-----END {ARMOUR}-----"])


class Suites:
    """The suites that a list of backports speaks of.

    :param memo: remembers what an index says of the packages that are asked for
    """

    def __init__(self, backports: BackportList, cache: Path, memo: Memo, events: Events) -> None:
        self._list = backports
        self._cache = cache
        self._memo = memo
        self._events = events
        self._machine: tuple[Mapping[str, str], ...] | None = None
        self._suites: dict[str, Suite] = {}

    def suite(self, name: str) -> Suite:
        """Give a suite, whether it was fetched or not."""
        if name not in self._suites:
            archive = self._list.archives.get(name)
            self._suites[name] = Suite(name, self._entries(name, archive), self._cache)
        return self._suites[name]

    def update(self, names: Iterable[str], *, optional: Collection[str] = ()) -> None:
        """Fetch some suites anew.

        :param optional: those of them that need not be there
        :raises EnvironmentLacksError: one cannot be had, and was not before
        """
        for name in names:
            self.fetch(self.suite(name), name, optional=name in optional)

    def fetch(self, lists: Lists, name: str, *, optional: bool = False) -> None:
        """Fetch lists anew.

        :param name: what they are of, for a person
        :param optional: whether there need be none
        :raises EnvironmentLacksError: there are none, neither now nor before
        """
        begun = time.monotonic()
        self._events.emit(Kind.STARTED, f"suite/{name}", "apt-get update")
        problems = lists.update()
        if lists.there:
            kind, told = (Kind.WARNING, problems.splitlines()[0]) if problems else (Kind.DONE, "")
            self._events.emit(kind, f"suite/{name}", told, time.monotonic() - begun)
        elif optional:
            self._events.emit(Kind.SKIPPED, f"suite/{name}", "there is no such suite")
        else:
            self._events.emit(Kind.FAILED, f"suite/{name}", "apt has no index of it")
            raise EnvironmentLacksError(
                f"the suite {name} cannot be listed",
                where=Where(self._list.file),
                details="\n".join(f"    {line}" for line in problems.splitlines()),
                why="apt has no index of it that is signed by a key that it trusts",
                fix="mend the suite, apt's sources or the network, or say under `suites:` where it is",
            )

    def find(self, name: str, sources: Collection[str]) -> Mapping[str, IndexedSource]:
        """Give what a suite has of some source packages."""
        return self.suite(name).find(sources, self._memo)

    def _entries(self, name: str, archive: Archive | None) -> tuple[Mapping[str, str], ...]:
        if archive is not None:
            # The keys themselves: apt reads files as a user of its own, who may not pass the folders above them.
            keys = "".join(f"\n {line or '.'}" for line in armoured(archive.keyring.read_bytes()).splitlines())
            components = " ".join(archive.components)
            return ({"uris": archive.uri, "suites": name, "components": components, "signed-by": keys},)
        if self._machine is None:
            self._machine = apt_sources.machine_entries()
        return apt_sources.of_suite(self._machine, name)
