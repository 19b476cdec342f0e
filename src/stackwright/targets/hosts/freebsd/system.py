"""What the system has to have before anything runs: packages, kernel modules, settings, mounts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stackwright.catalogue.platform import packages_of
from stackwright.targets.hosts.freebsd.placing import HostFile

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stackwright.catalogue.platform import System
    from stackwright.targets.hosts.freebsd.host import Host

# loader.conf(5): files of this folder are read besides /boot/loader.conf.
LOADER = "/boot/loader.conf.d/stackwright.conf"
# sysrc(8): of these one word is added to what is there; all others are set.
LISTS = frozenset({"kld_list", "cloned_interfaces"})


def packages(host: Host) -> str:
    """Give the list of packages, a line each.

    :raises InputError: the platform knows none for one that an entry names
    """
    wanted = {name for entry in host.services.values() for name in packages_of(entry, host.platform)}
    wanted.update(package for name in host.services for package in host.platform.of(name).of_the_host.values())
    wanted.update(host.platform.python.packages)
    return "".join(f"{name}\n" for name in sorted(wanted))


def lists(host: Host) -> dict[str, str]:
    """Give the lists that the installer reads: name -> text."""
    settings, modules, sysctl, fstab, services = [], [], [], [], []
    for service, system in _systems(host):
        modules += [f"{module}\n" for module in system.modules]
        settings += [f"kld_list+={module}\n" for module in system.modules]
        for name, value in host.renderers[service].map(system.settings).items():
            settings.append(f"{name}{'+=' if name in LISTS else '='}{value}\n")
        sysctl += [f"{name}={value}\n" for name, value in system.sysctl.items()]
        fstab += [f"{one.device}\t{one.place}\t{one.type}\t{one.options}\t0\t0\n" for one in system.mounts]
        services += [f"{name} {module}\n" for name, module in system.services.items()]
    found = {"modules": modules, "rc.conf": settings, "sysctl.conf": sysctl, "fstab": fstab, "services": services}
    return {name: "".join(dict.fromkeys(lines)) for name, lines in found.items()}


def loader(host: Host) -> HostFile:
    """Give what the loader loads."""
    lines = [f'{name}="{value}"\n' for _, system in _systems(host) for name, value in system.loader.items()]
    return HostFile(LOADER, "".join(dict.fromkeys(lines)))


def _systems(host: Host) -> Iterator[tuple[str, System]]:
    return ((name, host.platform.of(name).system) for name in host.services)
