"""The models of a distribution: what users write in its files, and what is made of them.

A class ending in ``File`` is what a file, or an entry of one, may hold. Its subclass of the plain name adds what is
known from elsewhere, such as the name that is the file's stem.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Literal, TypeAlias

from packaging.utils import canonicalize_name
from pydantic import ConfigDict, Field, PrivateAttr, model_validator

from stackwright.distribution.sentences import fault
from stackwright.distribution.sources import DebianSource, Packaging, PypiSource, WrittenSource
from stackwright.distribution.texts import Day, DistributionName, Name, PortNumber, PythonVersion, SomePath
from stackwright.distribution.values import GroupFile, HostFile, Layer, Values, ValueSchema
from stackwright.distribution.written import FromFile, Written
from stackwright.errors import InputError, Where, suggestion

Required: TypeAlias = Literal["owner", "intent", "upstream-status", "review", "bug", "expires", "change-id"]


class ComponentFile(Written):
    """One upstream project."""

    source: WrittenSource = Field(description="where its upstream tree comes from: pypi, git, debian or path")
    distribution_name: DistributionName | None = Field(
        None, description="name of its Python distribution, where it is not the component's"
    )
    packaging: Packaging | None = Field(
        None, description="what makes a Debian package of its tree; a debian source has its own"
    )

    @model_validator(mode="after")
    def _one_packaging(self) -> ComponentFile:
        if self.packaging and isinstance(self.source, DebianSource):
            raise fault(
                "a debian source has its packaging with it",
                fix="remove it; patches of files in debian/ go into the component's series",
                at=("packaging",),
                key=True,
            )
        return self

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
        json_schema_extra={"anyOf": [{"required": ["exclude-newer"]}, {"required": ["constraints"]}]}
    )

    exclude_newer: Day | None = Field(None, description="take only what was on the package index before this day")
    constraints: SomePath | None = Field(
        None,
        description="constraints file, from the distribution; beside a day, of what that would have otherwise",
    )

    @model_validator(mode="after")
    def _one_at_least(self) -> Pins:
        if self.exclude_newer is None and self.constraints is None:
            raise fault("no pins", fix="add `exclude-newer: 2026-10-15` or `constraints: FILE`", key=True)
        return self


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
    target: Literal["local", "hosts"] = Field(
        description="what it runs on: local, this machine; hosts, machines of their own"
    )
    platform: Literal["linux", "freebsd"] = Field("linux", description="the system of its hosts: linux or freebsd")
    region: Name = Field(description="name of its region in the identity service")
    services: Annotated[tuple[Name, ...], Field(min_length=1)] = Field(
        description="services, or groups of services, of the catalogue"
    )
    without: tuple[Name, ...] = Field((), description="services of those groups that are left out")
    ports: Mapping[Name, PortNumber] = Field(
        {}, description="port of the catalogue, such as keystone-public -> the number it has to have"
    )
    values: Values = Field(Values(), description="its values: `global`, and by service")
    groups: Mapping[Name, GroupFile] = Field({}, description="hosts that are alike")
    hosts: Mapping[Name, HostFile] = Field({}, description="its hosts")

    @model_validator(mode="after")
    def _target_has_platform(self) -> SiteFile:
        if self.target == "local" and self.platform != "linux":
            raise fault(
                f"the target local is this machine, which is no {self.platform}",
                fix="write `target: hosts`",
                at=("platform",),
            )
        if self.target == "hosts" and self.platform == "linux":
            raise fault(
                "the target hosts is there with the platform freebsd alone",
                fix="write `platform: freebsd`, or `target: local`",
                at=("target",),
            )
        return self

    @model_validator(mode="after")
    def _nothing_twice(self) -> SiteFile:
        for index, service in enumerate(self.services):
            if service in self.services[:index]:
                raise fault(f"{service!r} is here twice", fix="remove one", at=("services", index))
        for index, service in enumerate(self.without):
            if service in self.without[:index]:
                raise fault(f"{service!r} is here twice", fix="remove one", at=("without", index))
        taken: dict[int, str] = {}
        for port, number in self.ports.items():
            if number in taken:
                raise fault(f"{taken[number]!r} has the port {number} already", fix="take another", at=("ports", port))
            taken[number] = port
        for host, said in self.hosts.items():
            for index, group in enumerate(said.groups):
                if group not in self.groups:
                    raise fault(
                        f"there is no group {group!r}",
                        fix=suggestion(group, self.groups),
                        at=("hosts", host, "groups", index),
                    )
        return self


class Site(SiteFile):
    """One cloud."""

    name: Name

    def layers(self, host: str | None = None) -> tuple[Layer, ...]:
        """Give the layers that its file is, from the general to the special; none if it was made by hand.

        :param host: add the layers of this host of the site
        """
        hosts = () if host is None else (host,)
        groups = [group for name in hosts for group in self.hosts[name].groups]
        return self._layers([(f"site {self.name}", ("values",)), *_parts(groups, hosts)])

    def parts(self) -> tuple[Layer, ...]:
        """Give the layers of all of its groups and hosts."""
        return self._layers(_parts(self.groups, self.hosts))

    def _layers(self, places: Iterable[tuple[str, tuple[str, ...]]]) -> tuple[Layer, ...]:
        document = self._document
        if document is None:
            return ()
        return tuple(Layer(name, document, loc) for name, loc in places if document.path(loc) == loc)


def _parts(groups: Iterable[str], hosts: Iterable[str]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Give the names of layers, and where they are in a site's file."""
    yield from ((f"group {name}", ("groups", name, "values")) for name in groups)
    yield from ((f"host {name}", ("hosts", name, "values")) for name in hosts)


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
    value_schema: ValueSchema = ValueSchema()
    _layers: Mapping[str, Layer] = PrivateAttr({})

    def layered(self, layers: Mapping[str, Layer]) -> Distribution:
        """Tell it what `values/` says, by the names of the files there, and give it back."""
        self._layers = layers
        return self

    def layers(self, site: Site, host: str | None = None) -> tuple[Layer, ...]:
        """Give what says the values of a site, or of one of its hosts: from the general to the special."""
        general = ("distribution.yaml", f"releases/{site.release}.yaml", "openstack.yaml")
        return (*(self._layers[name] for name in general if name in self._layers), *site.layers(host))

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
