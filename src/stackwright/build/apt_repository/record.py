"""What a repository holds, and what each channel shows of it: a file beside what is published."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated

from pydantic import Field, ValidationError

from stackwright.build.debian.version import Version
from stackwright.distribution.texts import Sha256
from stackwright.distribution.writing import put
from stackwright.distribution.written import Written
from stackwright.errors import InputError, Where

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

CANDIDATE, STABLE = "candidate", "stable"


class PoolFile(Written):
    """A file of the pool."""

    path: str = Field(description="below the repository")
    size: int = Field(description="in bytes")
    sha256: Sha256 = Field(description="its hash")


class Package(Written):
    """A package that an index lists: a binary package, or the source package."""

    name: str = Field(description="its name")
    version: str = Field(description="its version")
    architecture: str = Field(description="`all`, `amd64` ...; `source` of a source package")
    files: Annotated[tuple[PoolFile, ...], Field(min_length=1)] = Field(description="what it is made of")
    paragraph: str = Field(description="what the index says of it, without the files")


class Build(Written):
    """One build of a source package: what is added, shown and removed together."""

    source: str = Field(description="the source package")
    version: str = Field(description="its version")
    added: int = Field(description="when it was added, in seconds since the epoch")
    packages: Annotated[tuple[Package, ...], Field(min_length=1)] = Field(description="what it consists of")

    @property
    def id(self) -> str:
        """What it is called: a version is built once."""
        return f"{self.source} {self.version}"

    @property
    def files(self) -> Mapping[str, PoolFile]:
        """Its files by path."""
        return {file.path: file for package in self.packages for file in package.files}


class Shown(Written):
    """What a publication of a channel has shown."""

    at: int = Field(description="when, in seconds since the epoch")
    indexes: Mapping[str, Sha256] = Field(description="hashes of the indexes, by path below the channel")
    files: tuple[str, ...] = Field(description="the paths in the pool that they name")


class ChannelRecord(Written):
    """A channel: which builds it has, and what was last published of it."""

    builds: tuple[str, ...] = Field((), description="ids, the first added first")
    published: tuple[Shown, ...] = Field((), description="the last publications, the newest first")


class Record(Written):
    """The file `repository.json` of an apt repository; only Stackwright writes it."""

    builds: Mapping[str, Build] = Field({}, description="the builds by id")
    channels: Mapping[str, ChannelRecord] = Field({}, description="the channels by name")

    def of(self, channel: str) -> tuple[Build, ...]:
        """Give the builds of a channel, by source and version, the oldest first."""
        found = (self.builds[one] for one in self.channels.get(channel, ChannelRecord()).builds)
        return tuple(sorted(found, key=lambda build: (build.source, Version.parse(build.version))))

    def newest(self, channels: Iterable[str] | None = None) -> dict[str, Build]:
        """Give the newest build of each source package in some channels, or in all."""
        named = self.channels if channels is None else channels
        builds = sorted((one for name in named for one in self.of(name)), key=lambda one: Version.parse(one.version))
        return dict(sorted({one.source: one for one in builds}.items()))

    def with_channel(self, name: str, record: ChannelRecord) -> Record:
        """Give it with another state of a channel, without the builds that no channel has any more."""
        channels = {**self.channels, name: record}
        held = {one for channel in channels.values() for one in channel.builds}
        builds = {id_: build for id_, build in self.builds.items() if id_ in held}
        return self.model_copy(update={"channels": channels, "builds": builds})

    def with_build(self, channel: str, build: Build) -> Record:
        """Give it with a build more in a channel."""
        record = self.channels.get(channel, ChannelRecord())
        builds = tuple(dict.fromkeys((*record.builds, build.id)))
        added = self.model_copy(update={"builds": {**self.builds, build.id: build}})
        return added.with_channel(channel, record.model_copy(update={"builds": builds}))


def read_record(file: Path) -> Record:
    """Read it; nothing is in a repository that is not there yet.

    :raises InputError: it was changed by hand, and wrongly
    """
    try:
        return Record.model_validate_json(file.read_bytes())
    except FileNotFoundError:
        return Record()
    except ValidationError as error:
        (first, *_) = error.errors(include_url=False)
        raise InputError(
            "the record of the apt repository cannot be read",
            where=Where(file),
            why=f"{'.'.join(map(str, first['loc']))}: {first['msg']}".lstrip(": "),
            fix="bring back a copy of it: only Stackwright writes it",
        ) from error


def write_record(file: Path, record: Record) -> None:
    """Put it into its place, whole."""
    put(file, record.model_dump_json(by_alias=True, indent=1) + "\n")
