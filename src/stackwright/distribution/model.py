"""The models of a distribution: what users write in its files, and what is made of them.

A class ending in ``File`` is what a file, or an entry of one, may hold. Its subclass of the plain name adds what is
known from elsewhere, such as the name that is the file's stem.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self, TypeAlias

from packaging.utils import canonicalize_name
from pydantic import BaseModel, BeforeValidator, ConfigDict, Discriminator, Field, PrivateAttr, Tag, model_validator

from stackwright.distribution.sentences import fault
from stackwright.distribution.texts import (
    ConfigName,
    Day,
    DebianName,
    DebianVersion,
    DistributionName,
    DscAddress,
    GitRef,
    Name,
    PortNumber,
    PythonVersion,
    RepositoryAddress,
    Sha256,
    SomePath,
    SuiteName,
    VersionText,
)
from stackwright.errors import InputError, Where, suggestion

if TYPE_CHECKING:
    from stackwright.distribution.document import Document

Required: TypeAlias = Literal["owner", "intent", "upstream-status", "review", "bug", "expires", "change-id"]

_KINDS = {"pypi": "PypiSource", "git": "GitSource", "debian": "DebianSource", "path": "PathSource"}
# What belongs to a kind, and so does not stand for a mistyped one.
_BESIDE_KIND = {"version", "sha256", "ref", "dsc", "suite", "keyring"}


class Written(BaseModel):
    """Base of what users write: frozen, strict about keys, with dashes in them where Python has underscores."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        alias_generator=lambda name: name.replace("_", "-"),
        validate_by_alias=True,
        validate_by_name=True,
    )


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
_WrittenSource = Annotated[
    Annotated[PypiSource, Tag("PypiSource")]
    | Annotated[GitSource, Tag("GitSource")]
    | Annotated[DebianSource, Tag("DebianSource")]
    | Annotated[PathSource, Tag("PathSource")],
    Discriminator(_kind),
    BeforeValidator(_check_kind),
]


class ComponentFile(Written):
    """One upstream project."""

    source: _WrittenSource = Field(description="where its upstream tree comes from: pypi, git, debian or path")
    distribution_name: DistributionName | None = Field(
        None, description="name of its Python distribution, where it is not the component's"
    )

    @model_validator(mode="after")
    def _one_distribution_name(self) -> ComponentFile:
        own = self.name_of_distribution("")
        if self.distribution_name and canonicalize_name(own) != canonicalize_name(self.distribution_name):
            raise fault(
                f"the distribution of this source is {own!r}, not {self.distribution_name!r}",
                fix="remove it: a pypi source says its name itself",
                at=("distribution-name",),
            )
        return self

    def name_of_distribution(self, component: str) -> str:
        """Give the name of the Python distribution, for a component of some name."""
        if isinstance(self.source, PypiSource):
            return self.source.pypi
        return self.distribution_name or component


class Component(ComponentFile):
    """One upstream project of a release."""

    name: Name
    distribution_name: DistributionName


class Pins(Written):
    """What holds the versions of everything that is not a component."""

    model_config = ConfigDict(
        json_schema_extra={"oneOf": [{"required": ["exclude-newer"]}, {"required": ["constraints"]}]}
    )

    exclude_newer: Day | None = Field(None, description="take only what was on the package index before this day")
    constraints: SomePath | None = Field(None, description="constraints file, from the distribution")

    @model_validator(mode="after")
    def _exactly_one(self) -> Pins:
        if self.exclude_newer is None and self.constraints is None:
            raise fault("no pins", fix="add `exclude-newer: 2026-10-15` or `constraints: FILE`", key=True)
        if self.exclude_newer is not None and self.constraints is not None:
            raise fault(
                "pins are either `exclude-newer` or `constraints`", fix="remove one", at=("constraints",), key=True
            )
        return self


class FromFile(Written):
    """Base of what is the whole of a file: it knows its places."""

    _document: Document | None = PrivateAttr(None)

    def placed(self, document: Document) -> Self:
        """Tell it the document it was read from, and give it back."""
        self._document = document
        return self

    def where(self, *loc: str | int, key: bool = False) -> Where:
        """Give the place in the file of what the keys (as written) and indices lead to; of nothing if made by hand.

        :param key: give the place of its key instead
        """
        return self._document.where(loc, key=key) if self._document else Where()


class ReleaseFile(FromFile):
    """A file `releases/NAME.yaml`: an OpenStack series, its components and their sources."""

    model_config = ConfigDict(title="Stackwright release")

    name: Name | None = Field(None, description="the release's name, which the file's name says already")
    python: PythonVersion = Field(description="version of Python that runs its services")
    pins: Pins = Field(description="what holds the versions of everything that is not a component")
    components: Annotated[Mapping[Name, ComponentFile], Field(min_length=1)] = Field(
        description="its components by name"
    )

    @model_validator(mode="after")
    def _distributions_once(self) -> ReleaseFile:
        seen: dict[str, str] = {}
        for name, component in self.components.items():
            distribution = canonicalize_name(component.name_of_distribution(name))
            if distribution in seen:
                raise fault(
                    f"the components {seen[distribution]!r} and {name!r} are the same Python distribution,"
                    f" {distribution!r}",
                    fix="remove one, or say `distribution-name:`",
                    at=("components", name),
                    key=True,
                )
            seen[distribution] = name
        return self


class Release(ReleaseFile):
    """An OpenStack series: its components and their sources. Its constraints file is an absolute path."""

    name: Name
    components: Mapping[Name, Component]

    def component(self, name: str) -> Component:
        """Give a component.

        :raises InputError: the release has none of this name
        """
        if name not in self.components:
            raise InputError(
                f"release {self.name} has no component {name!r}",
                where=self.where("components", key=True),
                fix=suggestion(name, self.components),
            )
        return self.components[name]


class SiteFile(FromFile):
    """A file `sites/NAME.yaml`: one cloud."""

    model_config = ConfigDict(title="Stackwright site")

    release: Name = Field(description="the release that it runs")
    target: Literal["local"] = Field(description="what it runs on: local, this machine")
    region: Name = Field(description="name of its region in the identity service")
    services: Annotated[tuple[Name, ...], Field(min_length=1)] = Field(
        description="services, or groups of services, of the catalogue"
    )
    ports: Mapping[Name, PortNumber] = Field(
        {}, description="port of the catalogue, such as keystone-public -> the number it has to have"
    )
    config: Mapping[Name, Mapping[Name, Mapping[ConfigName, Mapping[ConfigName, str]]]] = Field(
        {}, description="service -> configuration file -> section -> option -> value"
    )

    @model_validator(mode="after")
    def _nothing_twice(self) -> SiteFile:
        for index, service in enumerate(self.services):
            if service in self.services[:index]:
                raise fault(f"{service!r} is here twice", fix="remove one", at=("services", index))
        taken: dict[int, str] = {}
        for port, number in self.ports.items():
            if number in taken:
                raise fault(f"{taken[number]!r} has the port {number} already", fix="take another", at=("ports", port))
            taken[number] = port
        return self


class Site(SiteFile):
    """One cloud."""

    name: Name


class PatchRules(Written):
    """What `patch lint` insists on."""

    require: tuple[Required, ...] = Field((), description="what every patch must say of itself: without it, an error")
    expires_within: Annotated[int, Field(ge=0)] = Field(30, description="days before a patch expires that it is told")

    @model_validator(mode="after")
    def _nothing_twice(self) -> PatchRules:
        for index, name in enumerate(self.require):
            if name in self.require[:index]:
                raise fault(f"{name!r} is here twice", fix="remove one", at=("require", index))
        return self


class ProofRules(Written):
    """What has to be shown of a set of artifacts before `promote` moves a channel to it."""

    tests: Literal["affected", "all"] = Field(
        "affected", description="tests of upstream's that pass on each patched tree: those its patches reach, or all"
    )
    tempest: tuple[Name, ...] = Field(("smoke",), description="tempest's test sets that pass on a cloud made of them")


class DistributionFile(FromFile):
    """The file `distribution.yaml` at the head of a distribution."""

    model_config = ConfigDict(title="Stackwright distribution")

    name: Name = Field(description="the distribution's name")
    description: str = Field("", description="what it is for, one line")
    maintainer: str = Field("", description='who to ask: "Name <mail>"')
    default_site: Name | None = Field(
        None, description="site that commands mean if none is named; without it the only one, else `local`"
    )
    patches: PatchRules = Field(PatchRules(), description="what is asked of its patches")
    proof: ProofRules = Field(ProofRules(), description="what is asked of its artifacts before they are promoted")


class Distribution(DistributionFile):
    """The user's repository."""

    root: Path
    default_site: Name
    releases: Mapping[Name, Release]
    sites: Mapping[Name, Site]

    def release(self, name: str) -> Release:
        """Give a release.

        :raises InputError: there is none of this name
        """
        if name not in self.releases:
            raise InputError(
                f"there is no release {name!r}",
                where=Where(self.root / "releases"),
                fix=suggestion(name, self.releases),
            )
        return self.releases[name]

    def site(self, name: str | None = None) -> Site:
        """Give a site, or the default one.

        :raises InputError: there is none of this name
        """
        wanted = self.default_site if name is None else name
        if wanted not in self.sites:
            raise InputError(
                f"there is no site {wanted!r}", where=Where(self.root / "sites"), fix=suggestion(wanted, self.sites)
            )
        return self.sites[wanted]

    def series_directory(self, component: str, release: str) -> Path:
        """Give the folder of a component's series for a release; it need not be there.

        :raises InputError: there is no such release, or it has no such component
        """
        self.release(release).component(component)
        return self.root / "patches" / component / release
