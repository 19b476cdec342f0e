"""What the templates of a site name, where it runs on a host of its own, of another platform than Linux.

Nothing is chosen here, and nothing of this machine is asked: the same site always gives the same.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING

from stackwright.errors import InputError
from stackwright.site.paths import SitePaths
from stackwright.site.render import Values
from stackwright.site.state import SiteState, refuse_shared
from stackwright.site.values.merge import Placed
from stackwright.site.values.secrecy import shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from stackwright.catalogue.catalogue import Selection
    from stackwright.catalogue.platform import Platform, Refused
    from stackwright.distribution import Site
    from stackwright.site.values.values import SiteValues

LOOPBACK = "127.0.0.1"


@dataclass(frozen=True)
class HostPaths(SitePaths):
    """Where the things of a site lie on a host of its own: where the platform's own services have theirs."""

    platform: Platform

    @property
    def run(self) -> Path:
        """Sockets and PID files."""
        return Path(self.platform.folders.run.format(name="openstack"))

    @property
    def log(self) -> Path:
        """The logs of what is no service's own."""
        return Path(self.platform.folders.log.format(name="openstack"))

    def etc(self, service: str) -> Path:
        """Give the folder of a service's configuration."""
        return Path(self.platform.folders.etc.format(name=self.platform.folder(service)))

    def data(self, service: str) -> Path:
        """Give the folder of a service's data."""
        return Path(self.platform.folders.data.format(name=self.platform.folder(service)))

    def log_of(self, service: str) -> Path:
        """Give the folder of a service's logs."""
        return Path(self.platform.folders.log.format(name=self.platform.folder(service)))

    def environment(self, service: str) -> Path:
        """Give the folder of a service's Python environment."""
        return Path(self.platform.folders.environment.format(name=self.platform.folder(service)))


@dataclass(frozen=True)
class HostState(SiteState):
    """What a site has on a host of its own, which is the compute host too."""

    @property
    def site_address(self) -> str:
        """Where the compute host reaches the site's services."""
        return LOOPBACK

    @property
    def compute_address(self) -> str:
        """Where the site's services reach the compute host."""
        return LOOPBACK


def host_values(
    site: Site,
    selection: Selection,
    said: SiteValues,
    secrets: Mapping[str, str],
    platform: Platform,
    cache: Path,
) -> Values:
    """Give what templates may name.

    :param cache: of this machine: nothing of it is on the host
    :raises InputError: the site has hosts, or a port is another's already
    """
    if site.hosts:
        raise InputError(
            f"the platform {platform.name} has one host, which runs everything",
            where=site.where("hosts", key=True),
            fix="remove `hosts:`",
        )
    paths = HostPaths(Path("/"), platform)
    ports = {**selection.ports(), **site.ports}
    refuse_shared(ports, site.ports)
    return Values(
        selection=selection,
        said=said,
        state=HostState(hashlib.sha256(site.name.encode()).hexdigest()[:6], ports, 0, secrets),
        paths=paths,
        region=site.region,
        host=site.name,
        environments={name: paths.environment(name) for name, one in selection.services.items() if one.environment},
        cache=cache,
        processors=1,
    )


def unfit(values: SiteValues) -> Iterator[tuple[str, InputError]]:
    """Find what is set that the site's platform lacks: the path of each value, and what to say of it."""
    platform = values.known.catalogue.platform
    if platform is None:
        return
    for path, placed in _set(values):
        for rule in platform.refused:
            if not _meant(rule, path) or _taken(rule, placed.text):
                continue
            text = shown(values, path, placed.text)
            yield (
                ".".join(path),
                InputError(
                    f"{'.'.join(path)} is {text!r}, which {platform.name} lacks",
                    where=placed.where,
                    why=rule.why,
                    fix=rule.fix,
                ),
            )


def _set(values: SiteValues) -> Iterator[tuple[tuple[str, ...], Placed]]:
    """Give what is set, with its keys: the values of services, and the options of their files."""
    for service in values.services:
        own = values.tree.get(service, {})
        for name, placed in own.items() if not isinstance(own, Placed) else ():
            if isinstance(placed, Placed):
                yield (service, name), placed
        for file, sections in values.conf(service).items():
            for section, options in sections.items():
                for option, placed in options.items():
                    yield (service, "conf", file, section, option), placed


def _meant(rule: Refused, path: tuple[str, ...]) -> bool:
    service, *rest = path
    if not fnmatchcase(service, rule.service):
        return False
    if len(rest) == 1:
        return rest == [rule.value]
    *_, section, option = rest
    return bool(rule.section) and fnmatchcase(section, rule.section) and fnmatchcase(option, rule.option)


def _taken(rule: Refused, text: str) -> bool:
    if rule.never:
        return not any(fnmatchcase(text, pattern) for pattern in rule.never)
    return text in rule.only
