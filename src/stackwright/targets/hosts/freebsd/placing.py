"""Files, folders and users of a host, and how they lie in the folder that it is made from."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING

from stackwright.targets.hosts.freebsd.folder import PRIVATE, PROGRAM, PUBLIC, Member, member
from stackwright.targets.hosts.freebsd.host import ROOT, filled_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from stackwright.site.files import RenderedFile
    from stackwright.targets.hosts.freebsd.host import Host

OTHERS = 0o007


@dataclass(frozen=True)
class HostFile:
    """A file of the host.

    :param text: secrets are marks in it
    """

    path: str
    text: str
    owner: str = ROOT
    group: str = "wheel"
    mode: int = 0o644

    @property
    def listed(self) -> str:
        """Give its line in the list of files."""
        return f"{self.mode:04o} {self.owner} {self.group} {self.path}\n"

    @property
    def member(self) -> Member:
        """Give it as it lies in the folder."""
        mode = PRIVATE if not self.mode & OTHERS else PROGRAM if self.mode & 0o111 else PUBLIC
        return member(f"root{self.path}", self.text, mode)


@dataclass(frozen=True)
class HostFolder:
    """A folder of the host."""

    path: str
    owner: str
    group: str
    mode: int

    @property
    def listed(self) -> str:
        """Give its line in the list of folders."""
        return f"{self.mode:04o} {self.owner} {self.group} {self.path}\n"


def configuration(host: Host) -> Iterator[HostFile]:
    """Give the files of the services; those that are their owner's alone can be read by their service, too."""
    for service, files in host.files.items():
        for name, file in files.items():
            yield _of_service(host, service, file, host.services[service].files[name].owner)


def _of_service(host: Host, service: str, file: RenderedFile, owner: str) -> HostFile:
    user = host.user_of(service, owner)
    if owner == ROOT and user != ROOT:  # it reads its configuration, and does not change it
        return HostFile(str(file.path), file.text, ROOT, host.group_of(user), file.mode | (file.mode & 0o400) >> 3)
    return HostFile(str(file.path), file.text, user, host.group_of(user), file.mode)


def folders(host: Host) -> tuple[HostFolder, ...]:
    """Give the folders of the services, outer ones first."""
    found: dict[str, HostFolder] = {}

    def add(path: str, owner: str, mode: int, group: str = "") -> None:
        found[path] = HostFolder(path, owner, group or host.group_of(owner), mode)

    for service, entry in host.services.items():
        user, renderer = host.user(service), host.renderers[service]
        own = any(host.script(service, process) is None for process in entry.processes)
        if host.files[service] or own:
            add(str(host.paths.etc(service)), ROOT, 0o755)
        if own:
            add(str(host.paths.log_of(service)), user, 0o750)
        if entry.environment is not None:
            add(str(host.paths.data(service)), user, 0o750)
        for template, directory in entry.directories.items():
            add(renderer.text(template), host.user_of(service, directory.owner), directory.mode)
    return tuple(found[path] for path in sorted(found))


def users(host: Host) -> tuple[tuple[str, str], ...]:
    """Give the users that the services are, with their home."""
    own = [name for name in host.services if host.user(name) == name]
    return tuple((name, str(host.paths.data(name))) for name in own)


def carried(host: Host) -> Iterator[HostFile]:
    """Give the programs of our own that services run: packages of Python, each with a command that starts it."""
    for service, one in host.platform.carried.items():
        if service not in host.services:
            continue
        above = one.package.split(".")
        for depth in range(1, len(above)):
            yield HostFile("/".join([one.place, *above[:depth], "__init__.py"]), "")
        for file in sorted(resources.files(one.package).iterdir(), key=lambda file: file.name):
            if file.name.endswith(".py"):
                yield HostFile("/".join([one.place, *above, file.name]), file.read_text("utf-8"))
        program = filled_text("carried", place=one.place, python=host.platform.python.program, package=one.package)
        yield HostFile(one.program, program, mode=0o755)


def listed(items: Iterable[HostFile | HostFolder]) -> str:
    """Give the list that the installer reads."""
    return "".join(one.listed for one in items)
