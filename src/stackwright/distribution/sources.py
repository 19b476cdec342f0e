"""Where the trees of components come from, and what packages are made of them with, as users write it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any, TypeAlias

from pydantic import BeforeValidator, ConfigDict, Discriminator, Field, Tag, model_validator

from stackwright.distribution.sentences import fault
from stackwright.distribution.texts import (
    DebianName,
    DebianVersion,
    DistributionName,
    DscAddress,
    GitRef,
    RepositoryAddress,
    Sha256,
    SomePath,
    SuiteName,
    VersionText,
)
from stackwright.distribution.written import Written
from stackwright.errors import suggestion

_KINDS = {"pypi": "PypiSource", "git": "GitSource", "debian": "DebianSource", "path": "PathSource"}
# What belongs to a kind, and so does not stand for a mistyped one.
_BESIDE_KIND = {"version", "sha256", "ref", "dsc", "suite", "keyring"}


class PypiSource(Written):
    """A source distribution (sdist) of a package index."""

    pypi: DistributionName = Field(description="name of the Python distribution on the package index")
    version: VersionText = Field(description="version whose sdist is taken")
    sha256: Sha256 | None = Field(None, description="the sdist must have this SHA-256")

    def __str__(self) -> str:
        """Give what it is and of which version, for a person."""
        return f"pypi {self.pypi} {self.version}"


class GitSource(Written):
    """A commit of a git repository."""

    git: RepositoryAddress = Field(description="address of the repository")
    ref: GitRef = Field(description="branch, tag or commit")
    version: VersionText | None = Field(None, description="version that the built wheel is based on")

    def __str__(self) -> str:
        """Give where it is and what of it is taken, for a person."""
        return f"git {self.git} {self.ref}"


class DebianSource(Written):
    """A Debian source package (.dsc), with Debian's own patches applied."""

    debian: DebianName = Field(description="name of the source package")
    version: DebianVersion = Field(description="version of the source package")
    dsc: DscAddress | None = Field(
        None,
        description="its .dsc: a path in the distribution, or a URL; without it, apt's source indexes are asked for it",
    )
    sha256: Sha256 | None = Field(None, description="the .dsc must have this SHA-256")
    suite: SuiteName | None = Field(None, description="suite whose indexes are asked, if not those of the machine")
    keyring: SomePath | None = Field(
        None, description="OpenPGP keys, one of which must have signed the .dsc; from the distribution if not absolute"
    )

    def __str__(self) -> str:
        """Give what it is and of which version, for a person."""
        return f"debian {self.debian} {self.version}"

    @model_validator(mode="after")
    def _somebody_vouches(self) -> DebianSource:
        if self.dsc and self.dsc.startswith("http:") and self.sha256 is None and self.keyring is None:
            raise fault(
                "nobody vouches for this .dsc",
                why="whatever comes over http may have been changed on its way",
                fix="add `sha256:` or `keyring:`, or write https://",
                at=("dsc",),
            )
        return self

    def below(self, root: Path) -> DebianSource:
        """Give it with paths that start at a folder."""
        dsc = self.dsc if self.dsc is None or "://" in self.dsc else (root / self.dsc).as_uri()
        return self.model_copy(update={"dsc": dsc, "keyring": self.keyring and root / self.keyring})


class PathSource(Written):
    """A folder of this machine."""

    path: SomePath = Field(description="the folder, from the distribution if it is not absolute")
    version: VersionText | None = Field(None, description="version that the built wheel is based on")

    def __str__(self) -> str:
        """Give where it is, for a person."""
        return f"path {self.path}"

    def below(self, root: Path) -> PathSource:
        """Give it with the folder that it means in a distribution."""
        return self.model_copy(update={"path": Path(os.path.normpath(root / self.path))})


def _check_kind(value: object) -> object:
    """See that a source is of exactly one kind, so that what else is wrong with it can be told for that kind."""
    if not isinstance(value, dict):
        return value
    kinds = [key for key in value if key in _KINDS]
    if len(kinds) > 1:
        raise fault(
            f"a source cannot be both {kinds[0]!r} and {kinds[1]!r}", fix="remove one", at=(kinds[1],), key=True
        )
    if not kinds:
        strange = next((key for key in value if key not in _BESIDE_KIND), None)
        if strange is not None:
            raise fault(f"the key {strange!r} is unknown", fix=suggestion(strange, _KINDS), at=(strange,), key=True)
        raise fault("the source has no kind", fix=f"add one of the keys {', '.join(_KINDS)}", key=True)
    return value


def _kind(value: Any) -> str:
    if isinstance(value, dict):
        return _KINDS[next(key for key in value if key in _KINDS)]
    return type(value).__name__ if isinstance(value, Written) else "PypiSource"


Source: TypeAlias = PypiSource | GitSource | DebianSource | PathSource
WrittenSource = Annotated[
    Annotated[PypiSource, Tag("PypiSource")]
    | Annotated[GitSource, Tag("GitSource")]
    | Annotated[DebianSource, Tag("DebianSource")]
    | Annotated[PathSource, Tag("PathSource")],
    Discriminator(_kind),
    BeforeValidator(_check_kind),
]


class Packaging(Written):
    """The folder `debian` that makes a Debian package of a component's tree."""

    model_config = ConfigDict(json_schema_extra={"oneOf": [{"required": ["path"]}, {"required": ["git", "ref"]}]})

    path: SomePath | None = Field(
        None, description="a folder that has the folder `debian` in it, from the distribution if it is not absolute"
    )
    git: RepositoryAddress | None = Field(None, description="a repository with a branch that has it")
    ref: GitRef | None = Field(None, description="branch, tag or commit of that repository")

    @model_validator(mode="after")
    def _exactly_one(self) -> Packaging:
        if self.path is not None and (self.git is not None or self.ref is not None):
            other = "git" if self.git is not None else "ref"
            raise fault(f"packaging cannot have both 'path' and {other!r}", fix="remove one", at=(other,), key=True)
        if self.path is None and (self.git is None or self.ref is None):
            raise fault(
                "the packaging is nowhere", fix="add `path: FOLDER`, or `git: ADDRESS` and `ref: BRANCH`", key=True
            )
        return self

    def below(self, root: Path) -> Packaging:
        """Give it with the folder that it means in a distribution."""
        if self.path is None:
            return self
        return self.model_copy(update={"path": Path(os.path.normpath(root / self.path))})
