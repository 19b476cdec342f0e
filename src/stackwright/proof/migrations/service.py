"""A service's own commands that fill its databases, as the catalogue has them, on a database server for a while."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from stackwright.catalogue.catalogue import own_catalogue
from stackwright.errors import Where
from stackwright.proof.migrations.model import Ran
from stackwright.proof.migrations.schema import read_schema
from stackwright.site.files import render_files
from stackwright.site.paths import SitePaths
from stackwright.site.render import Renderer, Values
from stackwright.site.secrets.forms import password
from stackwright.site.state import SiteState, write_private
from stackwright.site.values.merge import Placed
from stackwright.site.values.values import default_values
from stackwright.tools import process

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from stackwright.catalogue.model import Service, Task
    from stackwright.proof.migrations.schema import Schema
    from stackwright.tools.mariadb import Server

LONGEST = 1800.0  # seconds that a command may take on empty tables
CONNECTION = "connection"  # oslo.db's option


@dataclass(frozen=True)
class Migrating:
    """A service whose databases can be filled here.

    :param name: its name in the catalogue
    """

    name: str
    service: Service
    tasks: tuple[Task, ...]


def migrating(component: str) -> Migrating | None:
    """Give the service of a component that has databases and commands that fill them."""
    for name, service in own_catalogue().services.items():
        tasks = tuple(task for task in service.tasks if task.fills and task.command)
        if service.component == component and tasks and service.environment is not None:
            return Migrating(name, service, tasks)
    return None


class Bench:
    """A service's databases on a server, empty at first, and its configuration; the password is in its files alone.

    :param folder: an empty one that nobody else can enter
    :param cache: the cache of artifacts, which templates may name
    """

    def __init__(self, one: Migrating, server: Server, folder: Path, cache: Path) -> None:
        self.one, self.server = one, server
        self._folder, self._cache = folder, cache
        catalogue = own_catalogue()
        selection = catalogue.select(catalogue.services)  # files name what the service does not require, too
        secrets = {name: password() for name in selection.secrets()}
        self._state = SiteState("000000", selection.ports(), 0, secrets)
        self._selection = selection
        for database in one.service.databases:
            server.create(database, one.name, secrets[f"{one.name}-database"])

    def empty(self) -> None:
        """Make the databases anew."""
        for database in self.one.service.databases:
            self.server.recreate(database)

    def schemas(self) -> Mapping[str, Schema]:
        """Read what is in the databases."""
        return {name: read_schema(self.server, name) for name in self.one.service.databases}

    def bring(self, environment: Path, what: str, log: Path) -> Iterator[Ran]:
        """Run the commands of an environment on the databases as they are, until one fails."""
        renderer = self._renderer(environment)
        self._write(renderer)
        for task in self.one.tasks:
            assert task.command is not None
            log.unlink(missing_ok=True)
            begun = time.monotonic()
            try:
                process.run(
                    renderer.words(task.command), env=renderer.map(task.environment), cwd=self._folder, log=log,
                    timeout=LONGEST,
                )  # fmt: skip
                status, tail = 0, ""
            except process.ProgramFailedError as error:
                status, tail = error.program_status, error.output
            took = time.monotonic() - begun
            yield Ran(f"{self.one.name}/{task.name}", what, status, took, str(log), tail)
            if status != 0:
                return

    def _renderer(self, environment: Path) -> Renderer:
        values = Values(
            selection=self._selection,
            said=default_values(own_catalogue(), self._selection),
            state=self._state,
            paths=SitePaths(self._folder),
            region="dry-run",
            host="dry-run",
            environments={self.one.name: environment},
            cache=self._cache,
            processors=1,
        )
        return Renderer(values, self.one.name)

    def _write(self, renderer: Renderer) -> None:
        """Write the service's files; its connections lead to the server's socket."""
        paths = renderer.values.paths
        for folder in (paths.etc(self.one.name), paths.data(self.one.name)):
            folder.mkdir(parents=True, exist_ok=True)
        connections = {
            name: {
                section: {CONNECTION: self._set(self._by_socket(renderer.text(options[CONNECTION])))}
                for section, options in file.ini.items()
                if CONNECTION in options
            }
            for name, file in self.one.service.files.items()
            if file.ini is not None
        }
        for file in render_files(self.one.service, renderer, connections).values():
            file.path.parent.mkdir(parents=True, exist_ok=True)
            write_private(file.path, file.text)

    def _by_socket(self, url: str) -> str:
        """Let an SQLAlchemy URL of the driver pymysql lead to a socket, whatever host and port it names."""
        return f"{url}{'&' if '?' in url else '?'}unix_socket={self.server.socket}"

    @staticmethod
    def _set(text: str) -> Placed:
        return Placed(text, text, "the dry run", Where(subject="the dry run"))
