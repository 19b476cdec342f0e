"""Which guests have a console, as libvirt says."""

from __future__ import annotations

import subprocess
from xml.etree import ElementTree

VIRSH = 20.0  # seconds that libvirt has to answer
MOST = 1 << 20  # characters of a guest's XML that are read


class LibvirtError(Exception):
    """libvirt does not say."""


def console_of(xml: str) -> tuple[str, str] | None:
    """Give a guest's name and the host's end of its first serial line; None if it has none that is a device.

    bhyve has the line's one end, and whoever looks at the console the other (libvirt's formatdomain: nmdm); of a
    pseudo terminal (``pty``) there is only the one.

    :raises ValueError: this is no guest of libvirt's
    """
    try:
        domain = ElementTree.fromstring(xml[:MOST])  # from libvirt, which is root's
    except ElementTree.ParseError as error:
        raise ValueError(f"the guest's XML cannot be read: {error}") from error
    name = domain.findtext("name")
    if domain.tag != "domain" or not name:
        raise ValueError("this is no guest's XML: it has no name")
    for line in (*domain.findall("devices/serial"), *domain.findall("devices/console")):
        source = line.find("source")
        if source is not None:
            device = source.get("slave") if line.get("type") == "nmdm" else source.get("path")
            if device and line.get("type") in ("nmdm", "pty", "dev"):
                return name, device
    return None


def running(uri: str) -> dict[str, str]:
    """Give the guests that run and have a console: name -> device.

    :param uri: of libvirt, such as ``bhyve:///system``
    :raises LibvirtError: it does not say
    """
    found = {}
    for name in _virsh(uri, "list", "--name").split("\n"):
        if not name.strip():
            continue
        try:
            console = console_of(_virsh(uri, "dumpxml", "--", name.strip()))
        except (LibvirtError, ValueError):
            continue  # it has just ended
        if console is not None:
            found[console[0]] = console[1]
    return found


def _virsh(uri: str, *words: str) -> str:
    try:
        done = subprocess.run(
            ["virsh", "--quiet", "--readonly", "--connect", uri, *words],
            capture_output=True,
            text=True,
            timeout=VIRSH,
            check=True,
        )
    except (OSError, subprocess.SubprocessError) as error:
        said = getattr(error, "stderr", None) or str(error)
        raise LibvirtError(said.strip().splitlines()[-1] if said.strip() else "virsh fails") from error
    return done.stdout
