"""From a site's outline to the folder that its host is made from."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from stackwright.errors import CheckFailedError, InputError, ManyInputsError
from stackwright.site.files import render_files
from stackwright.site.platform import HostPaths, unfit
from stackwright.site.policy.personas import read_personas
from stackwright.site.render import Renderer
from stackwright.site.validity import faults_of
from stackwright.targets.hosts.freebsd.environments import environment_lines, environments, locked
from stackwright.targets.hosts.freebsd.folder import PROGRAM, Folder, Member, member
from stackwright.targets.hosts.freebsd.host import Host, Marks, filled_text, plain_text, rc_name
from stackwright.targets.hosts.freebsd.placing import carried, configuration, folders, listed, users
from stackwright.targets.hosts.freebsd.port import port_skeleton
from stackwright.targets.hosts.freebsd.rc import log_of, rc_files
from stackwright.targets.hosts.freebsd.steps import clouds, database_scripts, secrets, steps, task_scripts
from stackwright.targets.hosts.freebsd.system import lists, loader, packages
from stackwright.targets.migrations import migrations_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from stackwright.build.workshop import Workshop
    from stackwright.catalogue.model import Service
    from stackwright.site.outline import Outline
    from stackwright.site.render import Values
    from stackwright.targets.hosts.freebsd.host import Locked


# What ends a text in quotes, or a line, where the installer puts a secret: in SQL, YAML, and options of MySQL's.
UNFIT = re.compile(r"""['"\\#\s]|[^\x20-\x7e]""")
# The parts of the installer, which takes them in.
INSTALLER = ("databases.sh", "files.sh", "identity.sh", "services.sh", "system.sh")


@dataclass(frozen=True)
class Rendering:
    """What is rendered, and of what.

    :param root: of the distribution
    """

    outline: Outline
    shop: Workshop
    root: Path

    def check(self) -> None:
        """See that the configuration is one that the services know, and the platform can have.

        :raises InputError: it is not; ManyInputsError if in several places
        :raises StackwrightError: an environment cannot be built
        """
        values = self._marked
        wrong: list[InputError] = [error for _, error in unfit(values.said)]
        built = {
            name: self.shop.environment(plan, f"{name}/environment") for name, plan in self.outline.environments.items()
        }
        files = {name: render_files(entry, Renderer(values, name)) for name, entry in self._services.items()}
        wrong += faults_of(values, files, built, read_personas(self.root), self.shop.memo)
        if wrong:
            raise wrong[0] if len(wrong) == 1 else ManyInputsError(wrong)

    def host(self) -> Host:
        """Give the host as it is to be; what it is made of is built.

        :raises StackwrightError: a wheel cannot be built, or a package is not known
        """
        values, outline = self._marked, self.outline
        platform = values.said.known.catalogue.platform
        assert platform is not None
        return Host(
            site=outline.site.name,
            platform=platform,
            values=values,
            files={name: render_files(entry, Renderer(values, name)) for name, entry in self._services.items()},
            environments=dict(self._environments()),
            migrations=migrations_of(outline.selection, outline.release, outline.patched, self.shop.store),
        )

    @property
    def _services(self) -> Mapping[str, Service]:
        return self.outline.selection.services

    @property
    def _marked(self) -> Values:
        """What templates may name, with marks in the place of secrets."""
        values = self.outline.values
        return replace(values, state=replace(values.state, secrets=Marks(values.state.secrets)))

    def _environments(self) -> Iterator[tuple[str, Locked]]:
        platform = self.outline.values.said.known.catalogue.platform
        paths = self.outline.values.paths
        assert platform is not None
        assert isinstance(paths, HostPaths)
        for name, plan in self.outline.environments.items():
            yield name, locked(plan, paths.environment(name), platform.of(name).of_the_host, self.shop)
        wheels = {name: one.wheel for name, one in self.outline.patched.items()}
        plan = self.shop.plan(platform.client.requirements, self.outline.release, wheels)
        yield platform.client.name, locked(plan, paths.environment(platform.client.name), {}, self.shop)


def folder_of(host: Host, release: str, values: Mapping[str, str]) -> Folder:
    """Give the folder of a host.

    :param values: secret -> its value
    :raises InputError: a secret cannot stand where the installer puts it
    :raises CheckFailedError: a secret stands in a file that is not for its owner's eyes alone
    """
    for name, value in values.items():
        if not value or UNFIT.search(value):
            raise InputError(
                f"the secret {name} cannot be put into the host's files",
                why="it is empty, or has a quote, a backslash, a #, a space, or a sign that is not ASCII's",
                fix=f"stackwright secret rotate {name}; or change it in the Vault that it comes from",
            )
    files = sorted([*configuration(host), *rc_files(host), *carried(host), loader(host)], key=lambda one: one.path)
    members: list[Member] = [
        member("README.md", _readme(host, release)),
        member("install.sh", plain_text("install.sh"), PROGRAM),
        *(member(f"install.d/{name}", plain_text(f"install.d/{name}")) for name in INSTALLER),
        member("about.sh", _about(host)),
        member("packages.txt", packages(host)),
        member("users.txt", "".join(f"{name} {home}\n" for name, home in users(host))),
        member("directories.txt", listed(folders(host))),
        member("files.txt", listed(files)),
        member("environments.sh", environment_lines(host)),
        member("steps.sh", steps(host)),
        *(member(f"system/{name}", text) for name, text in lists(host).items()),
        *(file.member for file in files),
        *environments(host),
        *database_scripts(host),
        *task_scripts(host),
        *clouds(host),
        *port_skeleton(host),
    ]
    _refuse_secrets(members, values)
    return Folder((*members, *secrets(values)))


def _refuse_secrets(members: list[Member], values: Mapping[str, str]) -> None:
    for one in members:
        for name, value in values.items():
            if value.encode() in one.content:
                raise CheckFailedError(
                    f"the secret {name} stands in {one.path}",
                    why="the site's values say it, where they should name it",
                    fix=f"write {{{{ secret('{name}') }}}} there",
                )


def _about(host: Host) -> str:
    python = host.platform.python
    variables = "".join(f"{name}={value}\nexport {name}\n" for name, value in sorted(python.variables.items()))
    client = host.environments[host.platform.client.name].path
    # Set here, used by what takes it in.
    lines = [
        "# shellcheck shell=sh disable=SC2034\n",
        f"python={python.program}\n",
        f"client_path={client}\n",
        f"region={host.values.region}\n",
        variables,
    ]
    return "".join(lines)


def _readme(host: Host, release: str) -> str:
    running = [(service, process) for service, entry in host.services.items() for process in entry.processes]
    processes = []
    for service, process in running:
        script = host.script(service, process)
        processes.append(
            {
                "process": f"{service} {process}",
                "script": script.script if script else rc_name(service, process),
                "user": "the package's" if script else host.user_of_process(service, process),
                "log": "the package's" if script else f"`{log_of(host, service, process)}`",
            }
        )
    off = [
        {"script": rc_name(service, process), "why": why}
        for service in host.services
        for process, why in host.platform.of(service).off.items()
    ]
    bridges = [
        renderer.text(value)
        for name, renderer in host.renderers.items()
        for key, value in host.platform.of(name).system.settings.items()
        if key == "cloned_interfaces"
    ]
    return filled_text(
        "README.md",
        site=host.site,
        title=host.platform.title,
        release=release,
        processes=processes,
        off=off,
        bridge=next(iter(bridges), ""),
        broker=any(name in host.services for name in host.platform.carried),
        port=host.platform.port is not None and host.platform.port.service in host.services,
    )
