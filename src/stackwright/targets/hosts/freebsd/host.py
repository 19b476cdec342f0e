"""What a host is to be: all that its folder is a function of."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib import resources
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

import jinja2

from stackwright.site.platform import HostPaths
from stackwright.site.render import Renderer

if TYPE_CHECKING:
    from stackwright.catalogue.catalogue import Selection
    from stackwright.catalogue.model import Process, Service
    from stackwright.catalogue.platform import PackageScript, Platform
    from stackwright.site.files import RenderedFile
    from stackwright.site.render import Values

ROOT = "root"
# The first line of what the installer takes in; queries have backquotes that no shell is to read.
SHELL = "# shellcheck shell=sh disable=SC2016\n"
_TEXTS = resources.files("stackwright.targets.hosts.freebsd") / "texts"
_JINJA = jinja2.Environment(undefined=jinja2.StrictUndefined, keep_trailing_newline=True, autoescape=False)


class Marks(Mapping[str, str]):
    """What stands in the place of secrets: the installer puts them in, on the host.

    :param names: of the secrets
    """

    def __init__(self, names: Mapping[str, str]) -> None:
        self._names = names

    def __getitem__(self, name: str) -> str:
        """Give a mark."""
        if name not in self._names:
            raise KeyError(name)
        return mark(name)

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


def mark(name: str) -> str:
    """Give what stands in the place of a secret."""
    return f"@secret{{{name}}}"


@dataclass(frozen=True)
class Locked:
    """A Python environment of the host.

    :param path: on the host
    :param requirements: with hashes, as pip reads them in the folder
    :param wheels: file -> content, of what is built here
    :param of_the_host: Python distribution -> package whose version it has to have
    """

    path: PurePath
    requirements: str
    wheels: Mapping[str, bytes]
    of_the_host: Mapping[str, str]


@dataclass(frozen=True)
class Host:
    """A host as it is to be.

    :param values: what templates may name; its secrets are marks
    :param files: service -> name -> file
    :param environments: name -> environment: those of services, and the client's
    :param migrations: ``SERVICE/TASK`` -> what the migrations are made of
    """

    site: str
    platform: Platform
    values: Values
    files: Mapping[str, Mapping[str, RenderedFile]]
    environments: Mapping[str, Locked]
    migrations: Mapping[str, str]

    @property
    def selection(self) -> Selection:
        """The services that it runs."""
        return self.values.selection

    @property
    def services(self) -> Mapping[str, Service]:
        """The same, by name."""
        return self.values.selection.services

    @property
    def paths(self) -> HostPaths:
        """Where things lie on it."""
        assert isinstance(self.values.paths, HostPaths)
        return self.values.paths

    @cached_property
    def renderers(self) -> Mapping[str, Renderer]:
        """What renders a service's templates."""
        return {name: Renderer(self.values, name) for name in self.services}

    def user(self, service: str) -> str:
        """Give the user that a service is: one of its own, if it runs in an environment of Python."""
        return service if self.services[service].environment is not None else ROOT

    def user_of(self, service: str, owner: str) -> str:
        """Give the user that an entry means: root, of a service with a user of its own, is that user."""
        if owner == ROOT:
            return self.user(service)
        return self.platform.users.get(owner, owner)

    def group_of(self, user: str) -> str:
        """Give the group of a user."""
        return self.platform.groups.get(user, user)

    def user_of_process(self, service: str, process: str) -> str:
        """Give the user that a process runs as: those that need root's powers, as root."""
        entry = self.services[service]
        if entry.image is not None and process in entry.image.root:
            return ROOT
        return self.user_of(service, entry.processes[process].user)

    def script(self, service: str, process: str) -> PackageScript | None:
        """Give the package's own script that runs a process; none if it has one of ours."""
        return self.platform.of(service).scripts.get(process)

    def provides(self, service: str, process: str) -> str:
        """Give what other scripts wait for when they wait for a process."""
        script = self.script(service, process)
        return script.name if script is not None else rc_name(service, process)

    def reads(self, service: str, wish: Process) -> tuple[RenderedFile, ...]:
        """Give the files that a process reads."""
        files = self.files[service]
        return tuple(files.values()) if wish.reads is None else tuple(files[name] for name in wish.reads)


def rc_name(service: str, process: str) -> str:
    """Give the name of a process's script in rc.d, and of its variables: letters, digits and ``_``."""
    return f"{service}_{process}".replace("-", "_")


def quoted(text: str) -> str:
    r"""Give a text in double quotes, as sh(1) reads it: ``\``, ``"``, ``$`` and the backquote are escaped."""
    escaped = text
    for character in '\\"$`':
        escaped = escaped.replace(character, f"\\{character}")
    return f'"{escaped}"'


def line(*words: str) -> str:
    """Give a line of sh(1) of these words."""
    return f"{shlex.join(words)}\n"


def plain_text(name: str) -> str:
    """Give one of our texts for a host."""
    return (_TEXTS / name).read_text("utf-8")


def filled_text(template: str, /, **names: Any) -> str:
    """Give one of our texts, a template, filled."""
    return _JINJA.from_string(plain_text(template)).render(**names)
