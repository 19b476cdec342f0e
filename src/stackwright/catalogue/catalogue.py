"""The catalogue: every entry, and the selection of them that a site runs."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache, cached_property
from graphlib import CycleError, TopologicalSorter
from importlib import resources
from typing import TYPE_CHECKING

from pydantic import ValidationError

from stackwright.catalogue.merging import settled
from stackwright.catalogue.model import RetiredFile, Service
from stackwright.distribution.reading import parse, read_yaml
from stackwright.distribution.values import GLOBAL, ValueSchema
from stackwright.errors import InputError, Where, suggestion

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from stackwright.catalogue.model import Retired
    from stackwright.catalogue.platform import Platform
    from stackwright.catalogue.repeating import Things
    from stackwright.distribution import Site
    from stackwright.distribution.document import Document
    from stackwright.distribution.values import DeclaredValue

LINUX = "linux"


@dataclass(frozen=True)
class Selection:
    """The services a site runs, each behind those it requires.

    :param named: service -> the words of the site that name it: its own name, groups
    :param things: service -> key of its entry's `each` -> what it has, where that is written out
    """

    services: Mapping[str, Service]
    named: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    things: Things = field(default_factory=dict)

    def requiring(self, name: str) -> tuple[str, ...]:
        """Give the services that require one."""
        return tuple(other for other, service in self.services.items() if name in service.requires)

    def why(self, name: str) -> str:
        """Say why a service is there: who has named it, what requires it."""
        words = self.named.get(name, ())
        reasons = ["the site names it"] if name in words else []
        reasons += [f"it is of the group {word}" for word in words if word != name]
        if requiring := self.requiring(name):
            reasons.append(f"required by {', '.join(requiring)}")
        return "; ".join(reasons)

    def ports(self) -> dict[str, int]:
        """Give the ports of all services, ``<service>-<port>``, with the numbers they would like."""
        return {
            f"{name}-{port}": number
            for name, service in self.services.items()
            for port, number in service.ports.items()
        }

    def secrets(self) -> tuple[str, ...]:
        """Give the names of all secrets, ``<service>-<secret>``."""
        return tuple(f"{name}-{secret}" for name, service in self.services.items() for secret in service.secrets)

    def packages(self) -> tuple[str, ...]:
        """Give the Debian packages of all services."""
        return tuple(sorted({package for service in self.services.values() for package in service.packages}))


@dataclass(frozen=True)
class Catalogue:
    """Every entry by its name.

    :param values: those that services of any kind read
    :param documents: the files it was read from, by service; none of one that was made by hand
    :param platform: what it has been adapted to, if that is not Linux
    """

    services: Mapping[str, Service]
    values: Mapping[str, DeclaredValue] = field(default_factory=dict)
    documents: Mapping[str, Document] = field(default_factory=dict)
    platform: Platform | None = None
    retired: Mapping[str, Retired] = field(default_factory=dict)

    def where(self, service: str, *loc: str | int) -> Where:
        """Give the place of what the keys of an entry lead to."""
        if self.platform is not None and (where := self.platform.changes(service, loc)) is not None:
            return where
        document = self.documents.get(service)
        loc = self._as_written(service, loc)
        return document.where(loc, key=True) if document else Where(subject=f"the catalogue's {service}")

    def _as_written(self, service: str, loc: tuple[str | int, ...]) -> tuple[str | int, ...]:
        """Give the keys that lead to what was written once for each of several things."""
        if len(loc) < 2 or loc[0] != "files" or service not in self.services:
            return loc
        file = str(loc[1]).rpartition("/")[2]
        kinds = (kind for kind, each in self.services[service].each.items() if file in each.files)
        kind = next(kinds, None)
        return loc if kind is None else ("each", kind, "files", file, *loc[2:])

    def where_global(self, name: str) -> Where:
        """Give the place of a value that any service may read."""
        return self.where(GLOBAL, GLOBAL, name)

    @cached_property
    def groups(self) -> dict[str, tuple[str, ...]]:
        """The sets of services that a site can name."""
        names = sorted({group for service in self.services.values() for group in service.groups})
        return {
            group: tuple(name for name, service in self.services.items() if group in service.groups) for group in names
        }

    def service(self, name: str) -> Service:
        """Give an entry.

        :raises InputError: there is none of this name
        """
        if name not in self.services:
            if name in self.retired:
                raise self._retired(name, None)
            if self.platform is not None and name in self.platform.lacks:
                raise self._lacked(name, None)
            raise InputError(f"there is no service {name!r} in the catalogue", fix=suggestion(name, self.services))
        return self.services[name]

    def _lacked(self, name: str, where: Where | None) -> InputError:
        """Say that the platform lacks a service that others have."""
        assert self.platform is not None
        return InputError(
            f"the platform {self.platform.name} has no service {name!r}",
            where=where,
            why=self.platform.lacks[name],
            fix=f"remove it; the platform has {', '.join(self.services)}",
        )

    def _retired(self, name: str, where: Where | None) -> InputError:
        """Say that upstream has ended a service."""
        about = self.retired[name]
        return InputError(
            f"{name} is retired: upstream ended it in {about.ended}",
            where=where,
            why=about.why,
            fix=f"remove it; and {about.instead}",
        )

    def of(self, site: Site) -> Selection:
        """Give the services of a site.

        :raises InputError: it names one that there is not, or leaves one out that another requires
        """
        left_out = {name: site.where("without", index) for index, name in enumerate(site.without)}
        return self.select(site.services, site.where("services"), left_out)

    def select(
        self, wanted: Iterable[str], where: Where | None = None, without: Mapping[str, Where] | None = None
    ) -> Selection:
        """Give the services of these names and groups and all that they require, in the order of requirement.

        :param without: those of the groups that are left out, and where that is said
        :raises InputError: a name is neither a service's nor a group's, the platform lacks the service, upstream has
            retired it, or one is left out that is named or required
        """
        words, left_out = tuple(wanted), without or {}
        self._refuse_unknown(words, where)
        for word in words:
            if word in left_out:
                raise InputError(f"{word} is named, and left out", where=left_out[word], fix="remove one of the two")
        named: dict[str, tuple[str, ...]] = {}
        for word in words:
            for name in self.groups.get(word, (word,)):
                if name not in left_out:
                    named[name] = (*named.get(name, ()), word)
        plain = self._with_required(named, self.services, left_out)
        forms = {name: settled(service, plain) for name, service in plain.items()}
        selected = self._with_required(named, {**self.services, **forms}, left_out)
        of_groups = {name for word in words for name in self.groups.get(word, ())}
        for word in left_out.keys() - of_groups:
            raise InputError(
                f"no group of the site has {word!r}, which is left out",
                where=left_out[word],
                fix=suggestion(word, sorted(of_groups)),
            )
        return Selection(selected, named)

    def _with_required(
        self, names: Iterable[str], services: Mapping[str, Service], left_out: Mapping[str, Where]
    ) -> dict[str, Service]:
        """Give services and all that they require, in the order of requirement."""
        selected: dict[str, Service] = {}

        def take(name: str) -> None:
            if name in selected:
                return
            for required in services[name].requires:
                if required in left_out:
                    raise InputError(
                        f"{required} cannot be left out",
                        where=left_out[required],
                        why=f"{name} requires it",
                        fix=f"keep it, or leave out {name} as well",
                    )
                take(required)
            selected[name] = services[name]

        for name in names:
            take(name)
        return selected

    def _refuse_unknown(self, words: Iterable[str], where: Where | None) -> None:
        for word in words:
            if word in self.retired:
                raise self._retired(word, where)
            if self.platform is not None and word in self.platform.lacks:
                raise self._lacked(word, where)
            if word not in self.services and word not in self.groups:
                raise InputError(
                    f"there is no service or group {word!r} in the catalogue",
                    where=where,
                    fix=suggestion(word, [*self.services, *self.groups]),
                )


def read_catalogue(directory: Path, values: Path | None = None, retired: Path | None = None) -> Catalogue:
    """Read the entries of a folder, a YAML file each, named after the service.

    :param values: the file of the values that any service may read
    :param retired: the file of the services that upstream has ended

    :raises InputError: an entry does not fit the model, or requires one that is not there or that requires it
    """
    documents = {file.stem: read_yaml(file) for file in sorted(directory.glob("*.yaml"))}
    services = {name: parse(Service, document) for name, document in documents.items()}
    for name, service in services.items():
        for index, required in enumerate(service.requires):
            if required not in services:
                raise InputError(
                    f"the service {name} requires {required!r}, which the catalogue does not have",
                    where=documents[name].where(("requires", index)),
                    fix=suggestion(required, services),
                )
        _check_alternatives(name, service, services, documents[name])
    try:
        TopologicalSorter({name: _all_required(service) for name, service in services.items()}).prepare()
    except CycleError as error:
        raise InputError(
            f"services require each other: {' -> '.join(reversed(error.args[1]))}", where=Where(file=directory)
        ) from error
    common: Mapping[str, DeclaredValue] = {}
    if values is not None:
        documents[GLOBAL] = read_yaml(values)
        common = parse(ValueSchema, documents[GLOBAL]).global_
    ended = parse(RetiredFile, read_yaml(retired)).root if retired is not None else {}
    return Catalogue(services, common, documents, retired=ended)


def _all_required(service: Service) -> set[str]:
    """Give what a service requires in any of its forms."""
    given = {form.given for forms in service.alternatives.values() for form in forms if form.given is not None}
    return {*service.requires, *given}


def _check_alternatives(name: str, service: Service, services: Mapping[str, Service], document: Document) -> None:
    """See that each form of a service is an entry, and needs what is there."""
    for part, forms in service.alternatives.items():
        for index, form in enumerate(forms):
            where = document.where(("alternatives", part, index))
            if form.given is not None and form.given not in services:
                raise InputError(
                    f"a form of {name}'s {part} needs {form.given!r}, which the catalogue does not have",
                    where=where,
                    fix=suggestion(form.given, services),
                )
            try:
                settled(service.model_copy(update={"alternatives": {part: (form,)}}), services)
            except ValidationError as error:
                first = error.errors()[0]
                raise InputError(
                    f"what a form of {name}'s {part} makes of it is no entry: {first['msg']}",
                    where=where,
                    why=".".join(map(str, first["loc"])),
                ) from error


@cache
def own_catalogue(platform: str = LINUX) -> Catalogue:
    """Read the catalogue that comes with Stackwright, as it is on a platform: Linux, or one of `platforms/`."""
    with resources.as_file(resources.files("stackwright.catalogue")) as folder:
        catalogue = read_catalogue(folder / "services", folder / "values.yaml", folder / "retired.yaml")
        if platform == LINUX:
            return catalogue
        from stackwright.catalogue.platform import adapted, read_platform  # most sites need no other

        return adapted(catalogue, read_platform(folder / "platforms" / f"{platform}.yaml"))
