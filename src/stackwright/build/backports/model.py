"""What users write of backports: a YAML file of `backports/` in the distribution, and what a list comes to."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from pydantic import ConfigDict, Field, model_validator

from stackwright.distribution.sentences import fault
from stackwright.distribution.texts import DebianName, SomePath, SuiteName
from stackwright.distribution.written import FromFile, Written
from stackwright.errors import Where

FOLDER = "backports"
UNSTABLE = "sid"


class SuiteFile(Written):
    """Where a suite is that apt's sources on this machine do not lead to."""

    uri: str = Field(description="address of the archive: https://, http:// or file://")
    components: Annotated[tuple[str, ...], Field(min_length=1)] = Field(("main",), description="its components")
    keyring: SomePath = Field(description="OpenPGP keys that its Release is signed with, from the distribution")

    @model_validator(mode="after")
    def _apt_takes_it(self) -> SuiteFile:
        if not re.fullmatch(r"(https?://[^/@?#\s]+|file:/)(/[^?#\s]*)?", self.uri):
            raise fault(
                f"{self.uri!r} is not the address of an archive",
                why="users and passwords belong into apt_auth.conf(5)" if "@" in self.uri else "",
                fix="write it like https://deb.example.org/debian or file:///srv/debian",
                at=("uri",),
            )
        for index, component in enumerate(self.components):
            if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9._-]+)*", component):
                raise fault(f"{component!r} is not a component", fix="write it like main", at=("components", index))
        return self


class PackageFile(Written):
    """A source package to backport, if otherwise than the list says for all."""

    suite: SuiteName | None = Field(None, description="suite that it is taken from, if not the list's")
    tests: bool = Field(True, description="run its tests in the build")
    revision: Annotated[int, Field(ge=1)] = Field(
        1, description="what `~bpoN+` ends in; a higher one builds the same version once more"
    )


class BackportsFile(FromFile):
    """A file `backports/NAME.yaml`: which source packages are rebuilt for which suite."""

    model_config = ConfigDict(title="Stackwright backports")

    suite: SuiteName | None = Field(None, description="suite that is built for (the file's name)")
    number: Annotated[int, Field(ge=1)] | None = Field(
        None, description="number of that release: the N of `~bpoN+M` (known for Debian's)"
    )
    from_: SuiteName = Field(UNSTABLE, alias="from", description="suite that packages are taken from")
    suites: Mapping[SuiteName, SuiteFile] = Field(
        {}, description="suites by name that apt's sources on this machine do not lead to"
    )
    beside: tuple[SuiteName, ...] | None = Field(
        None, description="suites that the machines have too: what is in them is not built (the one built for)"
    )
    packages: Annotated[Mapping[DebianName, PackageFile], Field(min_length=1)] = Field(
        description="the source packages by name"
    )


@dataclass(frozen=True)
class Wanted:
    """A source package that a list wants backported.

    :param suite: where its candidate is looked for
    :param tests: whether its tests run in the build
    :param revision: the least M of ``~bpoN+M``
    :param where: the line that wants it
    """

    source: str
    suite: str
    tests: bool = True
    revision: int = 1
    where: Where = field(default_factory=Where)


@dataclass(frozen=True)
class Archive:
    """Where a suite is, for apt.

    :param keyring: an absolute path
    """

    uri: str
    components: tuple[str, ...]
    keyring: Path


@dataclass(frozen=True)
class BackportList:
    """What a file of backports comes to.

    :param suite: what is built for
    :param number: the N of ``~bpoN+M``
    :param beside: suites that the machines have too
    :param archives: suites by name that this machine's apt does not lead to
    :param wanted: in the order of the file
    """

    name: str
    file: Path
    suite: str
    number: int
    beside: tuple[str, ...]
    archives: Mapping[str, Archive]
    wanted: tuple[Wanted, ...]

    @property
    def own_backports(self) -> str:
        """The suite of the distribution's own backports."""
        return f"{self.suite}-backports"
