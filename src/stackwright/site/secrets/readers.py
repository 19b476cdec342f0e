"""Who reads which secret: told from what the services' files and processes would be, without opening any."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from stackwright.site.access import clouds_yaml, openrc
from stackwright.site.files import render_files
from stackwright.site.hosts import render_hosts
from stackwright.site.render import Renderer

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from stackwright.catalogue.model import Service
    from stackwright.distribution import Site
    from stackwright.site.files import RenderedFile
    from stackwright.site.render import Values


@dataclass(frozen=True)
class Reader:
    """Somebody who reads a secret.

    :param host: where
    :param user: the system user that may read it
    :param file: in which it stands; None if it is in none
    :param what: where else it goes: a task's environment, a database
    """

    secret: str
    service: str
    host: str
    user: str
    file: Path | None = None
    what: str = ""


def readers(site: Site, values: Values) -> tuple[Reader, ...]:
    """Give all who read a secret of a site: by its files on each host, its processes, its tasks, its administrator.

    :param values: the site's; their secrets are not asked for
    :raises InputError: a template cannot be rendered
    """
    selection = values.selection
    stand_ins = {name: f"<secret {name}>" for name in values.state.secrets}  # texts that nothing else has
    values = replace(values, state=replace(values.state, secrets=stand_ins))
    found: list[Reader] = []
    for host, files in _files(site, values):
        for name, own in files.items():
            found += _of_files(values, host, name, own)
            found += _of_commands(replace(values, host=host), name, selection.services[name])
    return tuple(dict.fromkeys([*found, *_of_target(values)]))


def _files(site: Site, values: Values) -> Iterator[tuple[str, Mapping[str, Mapping[str, RenderedFile]]]]:
    if site.hosts:
        yield from render_hosts(site, values)
        return
    services = values.selection.services
    yield values.host, {name: render_files(entry, Renderer(values, name)) for name, entry in services.items()}


def _of_files(values: Values, host: str, service: str, files: Mapping[str, RenderedFile]) -> Iterator[Reader]:
    for file in files.values():
        for secret in _named(values, file.text):
            yield Reader(secret, service, host, file.owner, file.path)


def _of_commands(values: Values, service: str, entry: Service) -> Iterator[Reader]:
    renderer = Renderer(values, service)
    for name, process in entry.processes.items():
        script = values.paths.programs / f"{service}-{name}.sh"
        for secret in _named(values, "\n".join(renderer.map(process.environment).values())):
            yield Reader(secret, service, values.host, "root", script)
    for task in entry.tasks:
        for secret in _named(values, "\n".join(renderer.map(task.environment).values())):
            yield Reader(secret, service, values.host, "root", what=f"environment of the task {task.name}")


def _of_target(values: Values) -> Iterator[Reader]:
    """Give those whom the target itself tells secrets: the database and the identity service, which keep hashes."""
    services = values.selection.services
    for provider, entry in services.items():
        for name, other in services.items():
            if entry.provides.database and other.databases:
                yield Reader(f"{name}-database", provider, values.host, "", what=f"the user {name} of the database")
            if entry.provides.identity and other.identity and other.identity.user:
                yield Reader(f"{name}-identity", provider, values.host, "", what=f"the user {other.identity.user}")
            for domain in other.identity.domains.values() if entry.provides.identity and other.identity else ():
                for user, own in domain.users.items():
                    yield Reader(f"{name}-{own.secret}", provider, values.host, "", what=f"the user {user}")
        if entry.provides.identity:
            secret = f"{provider}-{entry.provides.identity.password}"
            for file in (openrc(values.paths), clouds_yaml(values.paths)):
                yield Reader(secret, provider, values.host, "root", file)


def _named(values: Values, text: str) -> Iterator[str]:
    return (name for name, stand_in in values.state.secrets.items() if stand_in in text)
