"""An apt repository of a suite: what was built for it, in channels, and what of that is published."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from stackwright.build.apt_repository import pruning, publishing
from stackwright.build.apt_repository.record import ChannelRecord, read_record, write_record
from stackwright.build.cache import sha256_of
from stackwright.distribution.texts import NAME_RULE, is_name
from stackwright.errors import CheckFailedError, InputError, Where, suggestion
from stackwright.store.lock import locked

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping
    from pathlib import Path

    from stackwright.build.apt_repository.incoming import Incoming
    from stackwright.build.apt_repository.pruning import Rule
    from stackwright.build.apt_repository.record import Build, Record
    from stackwright.tools.gpg import SigningKey

FOLDER = "apt"
KEYRING = "archive-keyring.gpg"


def repositories(state: Path) -> dict[str, Repository]:
    """Give the repositories that there are, by the suite that they are for."""
    folder = state / FOLDER
    names = (
        sorted(one.name for one in folder.iterdir() if (one / "repository.json").exists()) if folder.is_dir() else ()
    )
    return {name: Repository(state, name) for name in names}


def find_repository(state: Path, suite: str | None) -> Repository:
    """Give a repository that is there: the one named, else the only one.

    :raises InputError: there is none, or several could be meant
    """
    known = repositories(state)
    if suite is not None and suite in known:
        return known[suite]
    if suite is not None or len(known) != 1:
        many = "several repositories could be meant" if known else "there is no repository yet"
        raise InputError(
            f"there is no repository for {suite!r}" if suite else many,
            where=Where(state / FOLDER),
            fix=f"{suggestion(suite, known)} (--suite)" if suite and known else _how_to_begin(known),
        )
    return next(iter(known.values()))


class Repository:
    """An apt repository. Everything that changes it is done by one at a time.

    :param state: the state directory
    :param suite: what its packages are built for
    """

    def __init__(self, state: Path, suite: str) -> None:
        if not is_name(suite):
            raise InputError(f"{suite!r} cannot be a suite", fix=NAME_RULE)
        self.suite = suite
        self.folder = state / FOLDER / suite
        self.public = self.folder / "public"
        self._file = self.folder / "repository.json"

    @property
    def record(self) -> Record:
        """What it holds now."""
        return read_record(self._file)

    def where(self, package: str) -> Path:
        """Give the place of a file of the pool."""
        return self.public / package

    def add(self, channel: str, incoming: Incoming) -> Build:
        """Take a build into a channel; one that is there already, to the bit, is only shown by the channel too.

        :raises CheckFailedError: it has this version already, made otherwise
        """
        if not is_name(channel):
            raise InputError(f"{channel!r} cannot be the name of a channel", fix=NAME_RULE)
        with self._changing() as record:
            build = incoming.build
            known = record.builds.get(build.id)
            if known is not None and _hashes(known) != _hashes(build):
                raise CheckFailedError(
                    f"the repository has {build.id} already, and its files are others",
                    where=Where(self.folder),
                    details=_differences(known, build),
                    why="machines that have installed this version would never get the other",
                    fix="build it with a higher version",
                )
            self._refuse_other_files(record, build)
            publishing.lay(self.public, incoming.files)
            self._write(record.with_build(channel, known or build))
            return known or build

    def promote(self, source: str, target: str, only: Collection[str]) -> tuple[Build, ...]:
        """Let a channel have the newest builds of another too, and give those that it did not have.

        :param only: source packages; none: all
        :raises InputError: there is no such channel or package
        """
        if not is_name(target):
            raise InputError(f"{target!r} cannot be the name of a channel", fix=NAME_RULE)
        with self._changing() as record:
            newest = record.newest([self._known(record, source)])
            for name in only:
                if name not in newest:
                    raise InputError(f"the channel {source} has no {name!r}", fix=suggestion(name, newest))
            has = set(record.channels.get(target, ChannelRecord()).builds)
            moved = tuple(build for name, build in newest.items() if (not only or name in only) and build.id not in has)
            for build in moved:
                record = record.with_build(target, build)
            self._write(record)
            return moved

    def remove(self, channel: str, source: str, version: str) -> Build:
        """Take a build out of a channel.

        :raises InputError: the channel does not have it
        """
        with self._changing() as record:
            builds = record.of(self._known(record, channel))
            versions = [build.version for build in builds if build.source == source]
            if version not in versions:
                fix = suggestion(version, versions) if versions else suggestion(source, {one.source for one in builds})
                raise InputError(f"the channel {channel} has no {source} {version}", fix=fix)
            build = record.builds[f"{source} {version}"]
            self._write(pruning.pruned(record, channel, [build]))
            return build

    def outlived(self, rule: Rule, now: int) -> dict[str, tuple[Build, ...]]:
        """Give the builds that a rule lets go, by channel."""
        record = self.record
        return {name: pruning.outlived(record.of(name), rule, now) for name in record.channels}

    def prune(self, rule: Rule, now: int) -> dict[str, tuple[Build, ...]]:
        """Take the builds out of the channels that a rule lets go, and give them."""
        with self._changing() as record:
            gone = {name: pruning.outlived(record.of(name), rule, now) for name in record.channels}
            for name, builds in gone.items():
                record = pruning.pruned(record, name, builds)
            self._write(record)
            return gone

    def publish(self, key: SigningKey, *, origin: str, architecture: str, now: int) -> dict[str, bool]:
        """Publish every channel, and remove what is named no more; gives the channels, and whether each has changed.

        :param origin: who publishes
        :param architecture: that of this machine
        :param now: in seconds since the epoch
        :raises EnvironmentLacksError: the key cannot sign
        """
        with self._changing() as record:
            public = key.public()
            if not (self.public / KEYRING).is_file() or (self.public / KEYRING).read_bytes() != public:
                publishing.put_bytes(self.public / KEYRING, public)
            changed = {}
            for name in record.channels:
                made = publishing.publish(
                    self.public,
                    record,
                    name,
                    origin=origin,
                    suite=self.suite,
                    architecture=architecture,
                    key=key,
                    at=now,
                )
                changed[name] = made is not record
                record = made
            self._write(record)
            publishing.clear(self.public, record)
            return changed

    @contextmanager
    def _changing(self) -> Iterator[Record]:
        self.folder.mkdir(parents=True, exist_ok=True)
        with locked(self.folder / "lock"):
            yield self.record

    def _write(self, record: Record) -> None:
        write_record(self._file, record)

    def _known(self, record: Record, channel: str) -> str:
        if channel not in record.channels:
            raise InputError(
                f"there is no channel {channel!r}", where=Where(self.folder), fix=suggestion(channel, record.channels)
            )
        return channel

    def _refuse_other_files(self, record: Record, build: Build) -> None:
        """Refuse a file that has the name of another: two builds may share an upstream tarball, and only as it is."""
        known = {path: file.sha256 for one in record.builds.values() for path, file in one.files.items()}
        shown = {path for channel in record.channels.values() for one in channel.published for path in one.files}
        for path, file in build.files.items():
            there = self.public / path
            if path not in known and there.is_file():
                if path in shown:  # of a build that was removed, and that the indexes of before still name
                    known[path] = sha256_of(there)
                else:  # of an addition that was cut off
                    there.unlink()
            if known.get(path, file.sha256) != file.sha256:
                raise CheckFailedError(
                    f"the repository has another file {there.name}",
                    where=Where(self.folder),
                    details=f"    there: SHA-256 {known[path]}\n    new:   SHA-256 {file.sha256}",
                    why="what was published under a name stays what it is",
                    fix="build it with a higher version",
                )


def _hashes(build: Build) -> Mapping[str, str]:
    return {path: file.sha256 for path, file in build.files.items()}


def _differences(known: Build, build: Build) -> str:
    before, after = _hashes(known), _hashes(build)
    names = sorted(path for path in {*before, *after} if before.get(path) != after.get(path))
    return "\n".join(f"    {path.rpartition('/')[2]}" for path in names)


def _how_to_begin(known: Mapping[str, Repository]) -> str:
    if known:
        return f"name one: --suite {' or '.join(known)}"
    return "`stackwright backport build` fills one; so does `stackwright repository add FILE.changes --suite bookworm`"
