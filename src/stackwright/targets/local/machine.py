"""Steps that give this machine what the site's services need of it: Debian packages, users, files of packages."""

from __future__ import annotations

import os
import pwd
import shutil
from typing import TYPE_CHECKING

from stackwright.errors import EnvironmentLacksError
from stackwright.plan.step import Context, Step, Verdict, done, needed
from stackwright.tools import apt, namespaces, network, users

if TYPE_CHECKING:
    from pathlib import Path

    from stackwright.targets.local.cloud import Cloud

PACKAGES, USERS = "machine/packages", "machine/users"
NETWORK, SUPERVISOR = "machine/network", "machine/supervisor"

# What the database, its logs, the keys and the logs of a new site come to, and some air (bytes).
SPACE = 768 * 2**20


def require_root() -> None:
    """Refuse to run a cloud as somebody else.

    :raises EnvironmentLacksError: not root
    """
    if os.geteuid() != 0:
        raise EnvironmentLacksError(
            "a cloud on this machine needs root",
            why="it makes bridges, network namespaces and virtual machines",
            fix="type the same behind sudo",
        )


def require_space(directory: Path) -> None:
    """Refuse to begin a cloud that would fill the disk.

    :raises EnvironmentLacksError: too little is free
    """
    free = shutil.disk_usage(directory).free
    if free < SPACE:
        raise EnvironmentLacksError(
            f"there is too little space at {directory}: {free // 2**20} MiB are free",
            why=f"a cloud without servers takes {SPACE // 2**20} MiB",
            fix="make space, or choose another state directory: --state DIR",
        )


def packages_step(cloud: Cloud) -> Step:
    """Make the step that installs Debian packages, all at once: apt lets in one at a time."""
    packages = cloud.selection.packages()

    def check() -> Verdict:
        missing = apt.missing(packages)
        return needed(f"not installed: {', '.join(missing)}") if missing else done()

    def do(context: Context) -> None:
        missing = apt.missing(packages)
        context.progress(f"apt installs {len(missing)} packages and what they need")
        apt.install(missing, context.log)

    return Step(PACKAGES, "install Debian packages, without starting their services", check, do, seconds=25)


def users_step(cloud: Cloud) -> Step:
    """Make the step that makes the system users which no installed package has made."""
    names = sorted({name for service in cloud.selection.services.values() for name in service.users})

    def missing() -> list[str]:
        known = {user.pw_name for user in pwd.getpwall()}
        return [name for name in names if name not in known]

    def check() -> Verdict:
        lacking = missing()
        return needed(f"there is no user {', '.join(lacking)}") if lacking else done()

    def do(context: Context) -> None:
        for name in missing():
            users.add_system_user(name, context.log)

    return Step(USERS, f"make the system users {', '.join(names)}", check, do, after=(PACKAGES,), seconds=0.1)


def unpack_step(package: str, directory: Path) -> Step:
    """Make the step ``machine/<package>``, which unpacks a Debian package beside the system."""
    target = directory / package

    def check() -> Verdict:
        return done() if target.is_dir() else needed(f"the files of {package} are not at hand")

    def do(context: Context) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        apt.unpack(package, target, context.log)

    return Step(f"machine/{package}", f"unpack the Debian package {package}", check, do, after=(PACKAGES,), seconds=2)


def network_step(cloud: Cloud) -> Step:
    """Make the step that gives the site's compute host a network of its own."""
    state = cloud.state
    link = namespaces.Link(
        state.namespace, f"sw-{state.id}", state.site_address, state.compute_address, f"{state.outside}.0/24"
    )

    def check() -> Verdict:
        return done() if namespaces.is_made(link) else needed(f"there is no namespace {state.namespace}, or no link")

    def do(_: Context) -> None:
        for wanted in (link.behind, f"{state.site_address.rpartition('.')[0]}.0/30"):
            device = network.device_to(wanted)
            if device not in ("", link.device):
                raise EnvironmentLacksError(
                    f"the site's network {wanted} is taken: a route to it leads through {device}",
                    why="another site may have been brought up on it while this one was down",
                    fix="bring that site down, or remove the route",
                )
        namespaces.make(link)

    return Step(NETWORK, "make the compute host's network namespace and the link to it", check, do, seconds=0.1)


def supervisor_step(cloud: Cloud) -> Step:
    """Make the step that starts the process supervisor."""

    def check() -> Verdict:
        return done() if cloud.supervisor.alive() else needed("it does not answer")

    def do(_: Context) -> None:
        for folder in (cloud.paths.run, cloud.paths.log, cloud.paths.programs):
            folder.mkdir(parents=True, exist_ok=True)
        # Root alone reads definitions and logs; the sockets in run/ are for processes of several users.
        cloud.paths.programs.chmod(0o700)
        cloud.paths.log.chmod(0o700)
        cloud.supervisor.start()

    return Step(SUPERVISOR, "start the process supervisor", check, do, seconds=0.5)
