"""Who is at the other end of a Unix socket, as the kernel says."""

from __future__ import annotations

import socket
import struct
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

# sys/un.h and sys/ucred.h of FreeBSD: struct xucred is cr_version, cr_uid, cr_ngroups, cr_groups[16], cr_pid.
LOCAL_PEERCRED, SOL_LOCAL = 1, 0
XUCRED = "=IIh2x16Ii4x"
LINUX_UCRED = "=iII"  # pid, uid, gid (unix(7))


def peer(connection: socket.socket) -> int:
    """Give the number of the user who has connected.

    :raises OSError: the kernel does not say
    """
    if sys.platform.startswith("freebsd"):
        told = connection.getsockopt(SOL_LOCAL, LOCAL_PEERCRED, struct.calcsize(XUCRED))
        return uid_of_xucred(told)
    told = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize(LINUX_UCRED))
    _, uid, _ = struct.unpack(LINUX_UCRED, told)
    return int(uid)


def uid_of_xucred(told: bytes) -> int:
    """Read what FreeBSD says of a peer.

    :raises OSError: it is of another version than 0
    """
    version, uid = struct.unpack_from("=II", told)
    if version != 0:
        raise OSError(f"struct xucred has the version {version}")
    return int(uid)


def is_allowed(uid: int, users: Collection[int]) -> bool:
    """Tell whether a user may ask: root, and those named."""
    return uid == 0 or uid in users
