"""What is different on a platform that is not Linux, as data; and the catalogue as it is there.

A platform says of each service what it changes in the service's entry, and no more: what the service is stands in the
entry. A service that the platform does not name is not there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pydantic import Field, PrivateAttr, ValidationError

from stackwright.catalogue.merging import merged
from stackwright.catalogue.model import Entry, Names, Service, Word
from stackwright.distribution.reading import parse, read_yaml
from stackwright.errors import InputError, Where

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Self

    from stackwright.catalogue.catalogue import Catalogue
    from stackwright.distribution.document import Document


class PackageScript(Entry):
    """A process that the platform's own package starts: the entry's command is not run."""

    script: str = Field(description="its script in rc.d")
    name: str = Field(description="what its settings are known by, and other scripts wait for")
    settings: Mapping[str, str] = Field({}, description="variables of rc.conf(5); templates")
    arguments: str = Field("", description="the variable that takes the arguments of the entry's command")


class Mount(Entry):
    """A line of fstab(5)."""

    device: str
    place: str
    type: str
    options: str = "rw"


class System(Entry):
    """What a service wants of the system before it runs; `settings` are templates."""

    modules: Names = Field((), description="kernel modules, loaded now and at every start")
    loader: Mapping[str, str] = Field({}, description="loader.conf(5)")
    sysctl: Mapping[str, str] = Field({}, description="sysctl.conf(5)")
    settings: Mapping[str, str] = Field({}, description="rc.conf(5)")
    services: Mapping[str, str] = Field(
        {}, description="services of the base system -> the kernel module that is there when they run"
    )
    mounts: tuple[Mount, ...] = ()


class Change(Entry):
    """How a service is on the platform."""

    folder: str = Field("", description="name of its folders, where the platform has another than the service's")
    without: tuple[Names, ...] = Field((), description="keys that lead to what of the entry is not there")
    change: Mapping[str, Any] = Field({}, description="a part of an entry: maps are merged, all else is replaced")
    scripts: Mapping[Word, PackageScript] = Field({}, description="processes that a package's own script runs")
    off: Mapping[Word, str] = Field({}, description="processes that are not started by themselves, and why")
    system: System = System()
    of_the_host: Mapping[str, str] = Field(
        {}, alias="of-the-host", description="Python distribution -> package of the host's whose version it has to have"
    )


class Refused(Entry):
    """What may be set on Linux, and makes no sense on the platform."""

    service: str = Field(description="a service, or a pattern")
    value: str = Field("", description="name of a value")
    section: str = Field("", description="of a configuration file; a pattern")
    option: str = Field("*", description="of the section; a pattern")
    only: Names = Field((), description="values that are taken; without them and `never`, none is")
    never: Names = Field((), description="patterns of values that are not taken; others are")
    why: str
    fix: str


class Python(Entry):
    """The Python that environments are made with."""

    program: str
    packages: Names = Field(description="packages that have it, and what the building of wheels needs")
    variables: Mapping[str, str] = Field({}, description="environment of what is built")


class Folders(Entry):
    """Where things lie; ``{name}`` is the service's folder."""

    etc: str
    data: str
    run: str
    log: str
    environment: str


class Client(Entry):
    """The environment of the client that makes services known."""

    name: Word
    requirements: Names


class Carried(Entry):
    """A Python package of Stackwright's own that runs on the host, on the platform's Python."""

    package: str
    place: str = Field(description="folder that it lies in, as on a path of Python's")
    program: str


class Port(Entry):
    """The port that a service's environment can become (FreeBSD's Porter's Handbook)."""

    service: Word
    categories: Names
    comment: str = Field(max_length=70, description="one line, without a full stop")
    description: str
    website: str
    build_depends: Names = Field((), alias="build-depends", description="PACKAGE:ORIGIN")
    run_depends: Names = Field((), alias="run-depends", description="PACKAGE:ORIGIN")


class Platform(Entry):
    """A platform that is not Linux."""

    name: Word
    title: str
    python: Python
    folders: Folders
    client: Client
    environment: Mapping[str, str] = Field({}, description="environment of every process")
    with_databases: Names = Field(
        (), alias="with-databases", description="Python distributions that services with databases need besides"
    )
    packages: Mapping[str, Names] = Field(description="Debian package -> the platform's; none if it needs none")
    users: Mapping[str, str] = Field({}, description="user of an entry -> the platform's")
    groups: Mapping[str, str] = Field({}, description="user -> its group, where that has another name")
    lacks: Mapping[Word, str] = Field({}, description="services that it cannot have, and why")
    services: Mapping[Word, Change] = Field(description="services that it has, and what is different")
    added: Mapping[Word, Service] = Field({}, description="services that it alone has")
    carried: Mapping[Word, Carried] = Field({}, description="service -> what of ours it runs")
    port: Port | None = None
    refused: tuple[Refused, ...] = ()
    _document: Document | None = PrivateAttr(None)

    def placed(self, document: Document) -> Self:
        """Tell it the document it was read from, and give it back."""
        self._document = document
        return self

    def changes(self, service: str, loc: tuple[str | int, ...]) -> Where | None:
        """Give the place of what keys of an entry lead to, if it is said here."""
        for path in (("services", service, "change", *loc), ("added", service, *loc)):
            if self._document is not None and loc and self._document.path(path) == path:
                return self._document.where(path, key=True)
        return None

    def of(self, service: str) -> Change:
        """Give how a service is here."""
        return self.services.get(service, Change())

    def folder(self, service: str) -> str:
        """Give the name of a service's folders."""
        return self.of(service).folder or service


def read_platform(file: Path) -> Platform:
    """Read a platform's file.

    :raises InputError: it does not fit the model
    """
    document = read_yaml(file)
    return parse(Platform, document).placed(document)


def adapted(catalogue: Catalogue, platform: Platform) -> Catalogue:
    """Give the catalogue as it is on a platform.

    :raises InputError: a change leads nowhere, or what comes of it is no entry; or a service is neither there nor
        said to be lacking
    """
    for name in catalogue.services:
        if (name in platform.services) == (name in platform.lacks):
            raise InputError(
                f"the platform {platform.name} has to say either what {name} is there, or why it lacks it",
                where=_place(platform),
                fix=f"write `{name}:` below `services:` or `lacks:`",
            )
    services = {
        name: _changed(name, catalogue.services[name], change, platform) for name, change in platform.services.items()
    }
    return replace(catalogue, services={**services, **platform.added}, platform=platform)


def packages_of(service: Service, platform: Platform) -> tuple[str, ...]:
    """Give the platform's packages for those that an entry names.

    :raises InputError: it names one that the platform knows nothing for
    """
    wanted = (*service.packages, *service.unpack)
    for name in wanted:
        if name not in platform.packages:
            raise InputError(
                f"the platform {platform.name} knows no package for Debian's {name}",
                where=_place(platform),
                fix=f"write `{name}: [...]` below `packages:`, or `{name}: []` if it needs none",
            )
    return tuple(dict.fromkeys(own for name in wanted for own in platform.packages[name]))


def _changed(name: str, service: Service, change: Change, platform: Platform) -> Service:
    data = service.model_dump(by_alias=True, exclude_unset=True)
    for keys in change.without:
        data = _without(data, keys, f"services: {name}: without: {list(keys)}", platform)
    if service.environment is not None and service.databases:
        wanted = (*service.environment.requirements, *platform.with_databases)
        data = merged(data, {"environment": {"requirements": wanted}})
    try:
        return Service.model_validate(merged(data, change.change))
    except ValidationError as error:
        first = error.errors()[0]
        loc = ("services", name, "change", *first["loc"])
        raise InputError(
            f"what the platform {platform.name} makes of {name} is no entry: {first['msg']}",
            where=_place(platform, *loc),
        ) from error


def _without(data: Mapping[str, Any], keys: Names, what: str, platform: Platform) -> dict[str, Any]:
    first, *rest = keys
    if first not in data:
        raise InputError(f"{what} leads nowhere: there is no {first!r}", where=_place(platform), fix="remove it")
    if not rest:
        return {key: value for key, value in data.items() if key != first}
    return {**data, first: _without(data[first], tuple(rest), what, platform)}


def _place(platform: Platform, *loc: str | int) -> Where:
    document = platform._document
    return document.where(loc) if document else Where(subject=f"the platform {platform.name}")
