"""The skeleton of a port of a service's environment (docs.freebsd.org: Porter's Handbook).

What is known here is written: the wheels that are built here, with what they install. What is compiled on the host is
found by the port itself when it is staged.
"""

from __future__ import annotations

import configparser
import hashlib
import io
import zipfile
from collections.abc import Mapping
from typing import TYPE_CHECKING

from stackwright.targets.hosts.freebsd.folder import member
from stackwright.targets.hosts.freebsd.host import filled_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stackwright.targets.hosts.freebsd.folder import Member
    from stackwright.targets.hosts.freebsd.host import Host, Locked

PREFIX = "/usr/local/"
# What pip does not install as it is in a wheel (packaging.python.org: Binary distribution format).
DATA, SCRIPTS, ENTRIES, RECORD = ".data/data/", ".data/scripts/", ".dist-info/entry_points.txt", ".dist-info/RECORD"


def port_skeleton(host: Host) -> Iterator[Member]:
    """Give the port's files; none if the host does not run the service."""
    port = host.platform.port
    if port is None or port.service not in host.services:
        return
    environment = host.environments[port.service]
    component = host.services[port.service].component or port.service
    yield member(
        "port/Makefile",
        filled_text(
            "Makefile",
            port=port,
            name=component,
            version=_version(environment.wheels, component),
            wheels=sorted(environment.wheels),
            folder=str(environment.path).removeprefix(PREFIX),
            python=host.platform.python.program.removeprefix(f"{PREFIX}bin/python"),
            of_the_host=sorted(environment.of_the_host.items()),
        ),
    )
    yield member("port/distinfo", "".join(_distinfo(environment.wheels)))
    yield member("port/pkg-descr", port.description)
    yield member("port/pkg-plist", "".join(f"{path}\n" for path in plist(host, environment)))
    yield member("port/files/requirements.txt", environment.requirements)


def _version(wheels: Mapping[str, bytes], component: str) -> str:
    """Give the version of a component's wheel; 0 of one that is not built here."""
    found = (name.split("-")[1] for name in wheels if name.startswith(f"{component.replace('-', '_')}-"))
    return next(found, "0")


def _distinfo(wheels: Mapping[str, bytes]) -> Iterator[str]:
    for name, content in sorted(wheels.items()):
        yield f"SHA256 ({name}) = {hashlib.sha256(content).hexdigest()}\nSIZE ({name}) = {len(content)}\n"


def plist(host: Host, environment: Locked) -> tuple[str, ...]:
    """Give what the wheels that are built here install, from the port's prefix."""
    top = str(environment.path).removeprefix(PREFIX)
    version = host.platform.python.program.rpartition("python")[2]
    packages = f"{top}/lib/python{version}/site-packages"
    found: set[str] = set()
    for content in environment.wheels.values():
        with zipfile.ZipFile(io.BytesIO(content)) as wheel:
            for name in wheel.namelist():
                if name.endswith(("/", RECORD)):
                    continue
                if DATA in name:
                    found.add(f"{top}/{name.partition(DATA)[2]}")
                elif SCRIPTS in name:
                    found.add(f"{top}/bin/{name.partition(SCRIPTS)[2]}")
                else:
                    found.add(f"{packages}/{name}")
                if name.endswith(ENTRIES):
                    found |= {f"{top}/bin/{program}" for program in _programs(wheel.read(name).decode())}
    return tuple(sorted(found))


def _programs(text: str) -> Iterator[str]:
    parser = configparser.ConfigParser(delimiters=("=",), strict=False)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read_string(text)
    for section in ("console_scripts", "gui_scripts"):
        if parser.has_section(section):
            yield from parser.options(section)
