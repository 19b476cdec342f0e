"""One cloud on this machine: everything its steps are made from, and the programs they speak to."""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from stackwright.errors import InputError
from stackwright.site.access import Access, clouds_yaml
from stackwright.site.render import Renderer, Values
from stackwright.tools import namespaces
from stackwright.tools.keystone import Identity
from stackwright.tools.mariadb import Server
from stackwright.tools.supervisor import Running, Supervisor

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stackwright.catalogue.catalogue import Selection
    from stackwright.catalogue.model import DatabaseProvider, IdentityProvider, Network
    from stackwright.site.files import RenderedFile
    from stackwright.site.paths import SitePaths
    from stackwright.site.state import SiteState

# One look at all processes serves the checks that come within this time (seconds).
LOOK_LASTS = 0.05


@dataclass(frozen=True)
class Cloud:
    """A cloud as it is wished.

    :param values: what its templates may name
    :param files: service -> name -> file
    :param identities: service -> what its programs are made of: changes whenever they do
    :param migrations: task -> what its migrations are made of
    """

    values: Values
    files: Mapping[str, Mapping[str, RenderedFile]]
    identities: Mapping[str, str]
    migrations: Mapping[str, str]

    @property
    def selection(self) -> Selection:
        """Its services."""
        return self.values.selection

    @property
    def paths(self) -> SitePaths:
        """Its folders."""
        return self.values.paths

    @property
    def state(self) -> SiteState:
        """Its ports, names and secrets."""
        return self.values.state

    def renderer(self, service: str) -> Renderer:
        """Give what renders a service's templates."""
        return self._renderers[service]

    def within(self, network: Network, command: tuple[str, ...]) -> tuple[str, ...]:
        """Give a command that runs in one of the site's networks."""
        return (*namespaces.entering(self.state.namespace), *command) if network == "compute" else command

    def log(self, service: str, process: str) -> Path:
        """Give the log of a process."""
        return self.paths.log / f"{service}-{process}.log"

    @cached_property
    def _renderers(self) -> dict[str, Renderer]:
        return {name: Renderer(self.values, name) for name in self.selection.services}

    @cached_property
    def supervisor(self) -> Supervisor:
        """Its supervisord."""
        return Supervisor(self.paths.programs, self.paths.run, self.paths.log)

    @cached_property
    def watch(self) -> Watch:
        """Its processes, as seen a moment ago."""
        return Watch(self.supervisor)

    @cached_property
    def database_provider(self) -> tuple[str, DatabaseProvider]:
        """The service that holds the databases.

        :raises InputError: none of the site's services does
        """
        for name, service in self.selection.services.items():
            if service.provides.database is not None:
                return name, service.provides.database
        raise _no_provider("database")

    @cached_property
    def identity_provider(self) -> tuple[str, IdentityProvider]:
        """The service that knows users and endpoints.

        :raises InputError: none of the site's services does
        """
        for name, service in self.selection.services.items():
            if service.provides.identity is not None:
                return name, service.provides.identity
        raise _no_provider("identity")

    @cached_property
    def database(self) -> Server:
        """Its database server."""
        service, provider = self.database_provider
        return Server(Path(self.renderer(service).text(provider.socket)))

    @cached_property
    def identity(self) -> Identity:
        """Its identity service, spoken to as its administrator."""
        return Identity(self.access.auth_url, self.access.password, self.access.region)

    @cached_property
    def access(self) -> Access:
        """What its administrator needs to reach it.

        :raises InputError: it has never been brought up
        """
        service, provider = self.identity_provider
        password = self.state.secrets.get(f"{service}-{provider.password}")
        if password is None:
            raise InputError(
                "nobody knows the password of the site's administrator",
                why=f"there is no {clouds_yaml(self.paths)}",
                fix="stackwright up",
            )
        return Access(self.renderer(service).text(provider.url), password, self.values.region)


def _no_provider(capability: str) -> InputError:
    return InputError(
        f"no service of the site provides what others need: {capability}",
        fix="add one to `services:` in the site's file, or `requires:` to the service that needs it",
    )


class Watch:
    """The supervisor's processes; checks that come together share one look."""

    def __init__(self, supervisor: Supervisor) -> None:
        self._supervisor = supervisor
        self._lock = Lock()
        self._seen: dict[str, Running] = {}
        self._at = 0.0

    def process(self, name: str) -> Running | None:
        """Give a process as it was seen a moment ago; nothing if it is not known."""
        with self._lock:
            if time.monotonic() - self._at > LOOK_LASTS:
                self._seen = self._supervisor.processes()
                self._at = time.monotonic()
            return self._seen.get(name)

    def look_again(self) -> None:
        """Forget what was seen: it has just been changed."""
        with self._lock:
            self._at = 0.0
