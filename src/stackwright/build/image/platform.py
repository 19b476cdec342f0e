"""The architectures that images are made for: this machine's, and others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stackwright.errors import InputError, suggestion
from stackwright.tools import dpkg

if TYPE_CHECKING:
    from collections.abc import Mapping

# As Debian and OCI name an architecture -> as the kernel and wheels name the machine.
MACHINES: Mapping[str, str] = {"amd64": "x86_64", "arm64": "aarch64"}
# The glibc of a suite, as tags of wheels name it (PEP 600); uv knows none newer than 2.40.
GLIBC: Mapping[str, str] = {"bookworm": "2_36", "trixie": "2_40"}


def require_architecture(architecture: str) -> None:
    """See that images can be made for an architecture.

    :raises InputError: they cannot
    """
    if architecture not in MACHINES:
        raise InputError(f"no image can be made for {architecture!r}", fix=suggestion(architecture, MACHINES))


def foreign(architecture: str) -> str:
    """Give the machine of an architecture whose programs do not run here by themselves; nothing for this machine's."""
    return "" if architecture == dpkg.architecture() else MACHINES[architecture]


def platform_of(architecture: str, suite: str) -> str:
    """Give an architecture's platform, as uv names it, where it is not this machine's; nothing for that."""
    machine = foreign(architecture)
    return f"{machine}-manylinux_{GLIBC[suite]}" if machine else ""
