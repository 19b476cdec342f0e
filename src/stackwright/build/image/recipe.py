"""Recipes: what an image of a process is to be, from the catalogue's entry of its service. Pure functions."""

from __future__ import annotations

import fnmatch
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

import jinja2

from stackwright.build.image.accounts import Account
from stackwright.build.image.venv import PLACE
from stackwright.catalogue.serving import uwsgi
from stackwright.errors import InputError, suggestion

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from stackwright.catalogue.catalogue import Catalogue
    from stackwright.catalogue.model import Process, Service

ROOT = "root"
EVERYWHERE = "0.0.0.0"  # who may reach a container is its network's matter
SIGNALS = {"TERM": "SIGTERM", "INT": "SIGINT", "QUIT": "SIGQUIT", "KILL": "SIGKILL"}
_TEMPLATES = jinja2.Environment(undefined=jinja2.StrictUndefined, autoescape=False)


@dataclass(frozen=True)
class Folder:
    """A folder that the service writes to or reads its configuration from."""

    path: str
    owner: str
    mode: int = 0o755


@dataclass(frozen=True)
class Recipe:
    """What an image is to be.

    :param name: ``nova-api``
    :param title: for a person
    :param component: of the release, whose tree the image tells of
    :param requirements: of its Python environment; none without one
    :param alone: see `plan_environment`
    :param packages: Debian packages besides those of the base
    :param repositories: endings of further suites that packages are taken from
    :param account: the service's user
    :param user: as whom its process runs
    :param command: what it runs; empty if only a site knows
    :param environment: variables of the process
    :param ports: that it listens on
    :param customization: a shell script that is run in the image last of all
    """

    name: str
    title: str
    component: str | None = None
    requirements: tuple[str, ...] = ()
    alone: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()
    repositories: tuple[str, ...] = ()
    account: Account | None = None
    user: str = ROOT
    folders: tuple[Folder, ...] = ()
    command: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    ports: tuple[int, ...] = ()
    stop_signal: str = "SIGTERM"
    customization: str = ""


def names(catalogue: Catalogue) -> dict[str, tuple[str, str]]:
    """Give the names of the images of all processes of the catalogue, each with its service and process."""
    return {
        f"{name}-{process}": (name, process)
        for name, service in catalogue.services.items()
        for process in service.processes
    }


def chosen(catalogue: Catalogue, patterns: Iterable[str]) -> tuple[Recipe, ...]:
    """Give the recipes whose names fit one of some patterns of a shell, such as ``nova-*``; without any, all.

    :raises InputError: a pattern fits none
    """
    known = names(catalogue)
    wanted: dict[str, None] = {}
    for pattern in tuple(patterns) or ("*",):
        fitting = fnmatch.filter(known, pattern)
        if not fitting:
            raise InputError(f"no image has a name like {pattern!r}", fix=suggestion(pattern, known))
        wanted |= dict.fromkeys(fitting)
    return tuple(recipe(catalogue, *known[name]) for name in wanted)


def recipe(catalogue: Catalogue, name: str, process_name: str) -> Recipe:
    """Give the recipe of a process.

    :raises InputError: its service's image names a process that there is not
    """
    service = catalogue.services[name]
    process = service.processes[process_name]
    image = service.image
    for one in image.root if image else ():
        if one not in service.processes:
            raise InputError(
                f"{name} has no process {one!r}",
                where=catalogue.where(name, "image", "root"),
                fix=suggestion(one, service.processes),
            )
    packages = service.packages if image is None else (*image.packages, *image.profiles.get(process_name, ()))
    own = service.environment is not None
    runs_as_root = image is not None and process_name in image.root
    user = process.user if not own else ROOT if runs_as_root else name
    owner = name if own else user
    renderer = _Renderer(catalogue, name)
    return Recipe(
        f"{name}-{process_name}",
        f"{service.title}: {process.summary or process_name}",
        service.component,
        service.environment.requirements if service.environment else (),
        service.environment.alone if service.environment else (),
        tuple(sorted(packages)),
        account=Account(name, home=f"/var/lib/{name}") if own else _packaged(service),
        user=user,
        folders=_folders(name, service, owner, renderer),
        command=_command(process, catalogue, renderer),
        environment={
            **own_path(),
            # Services write their logs to their output; without this they would arrive late.
            "PYTHONUNBUFFERED": "1",
            # glibc gives each thread a heap of its own, up to eight a processor (mallopt(3)).
            "MALLOC_ARENA_MAX": "2",
            **renderer.those_known(process.environment),
        },
        ports=tuple(sorted(_ports(name, service, process))),
        stop_signal=SIGNALS[process.stop.signal],
    )


def own_path() -> dict[str, str]:
    """Give the variables that all programs of an image have."""
    path = f"/{PLACE}/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    return {"PATH": path, "LC_ALL": "C.UTF-8"}


def _packaged(service: Service) -> Account | None:
    """Give the user that its programs expect, though none of its packages need make it."""
    return Account(service.users[0]) if service.users else None


def _folders(name: str, service: Service, owner: str, renderer: _Renderer) -> tuple[Folder, ...]:
    own = [Folder(f"/etc/{name}", owner, 0o750), Folder(f"/var/lib/{name}", owner, 0o750)]
    for path, directory in service.directories.items():
        place = renderer.text(path)
        if place is not None and place not in {f"/var/lib/{name}", f"/etc/{name}"}:
            own.append(Folder(place, owner if directory.owner == ROOT else directory.owner, directory.mode))
    return (*own, Folder(renderer.names["run"], owner))


def _command(process: Process, catalogue: Catalogue, renderer: _Renderer) -> tuple[str, ...]:
    """Give what a process runs in its image; nothing where a word is known to sites only."""
    if process.wsgi is not None:
        number = _number(catalogue, process.wsgi.port)
        return uwsgi(PurePosixPath("/", PLACE), process.wsgi, (EVERYWHERE,), number)
    words = [renderer.text(word) for word in process.command or ()]
    return tuple(word for word in words if word is not None) if None not in words else ()


def _ports(name: str, service: Service, process: Process) -> Iterable[int]:
    named = {process.wsgi.port} if process.wsgi else set()
    named |= {form.port for form in (process.health.http, process.health.tcp) if form is not None}
    return {service.ports[port.removeprefix(f"{name}-")] for port in named if port.startswith(f"{name}-")}


def _number(catalogue: Catalogue, port: str) -> int:
    service, _, own = port.partition("-")
    return catalogue.services[service].ports[own]


class _Renderer:
    """Templates of the catalogue, as far as they are about an image: where the places of a service are in it."""

    def __init__(self, catalogue: Catalogue, service: str) -> None:
        self.names: dict[str, Any] = {
            "service": service,
            "venv": f"/{PLACE}",
            "etc": f"/etc/{service}",
            "data": f"/var/lib/{service}",
            "run": f"/run/{service}",
            "log": f"/var/log/{service}",
            "cache": "/var/cache",
            "port": lambda port: _number(catalogue, port),
        }

    def text(self, template: str) -> str | None:
        """Render a text; nothing if it names what only a site knows."""
        if "{" not in template:
            return template
        try:
            return _TEMPLATES.from_string(template).render(self.names)
        except jinja2.UndefinedError:
            return None

    def those_known(self, templates: Mapping[str, str]) -> dict[str, str]:
        """Render the values of a map, without those that only a site knows."""
        rendered = {name: self.text(template) for name, template in templates.items()}
        return {name: text for name, text in rendered.items() if text is not None}
