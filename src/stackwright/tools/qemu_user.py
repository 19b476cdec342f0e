"""qemu-user: programs of another machine, run by an interpreter that the kernel knows for them (binfmt_misc).

Where this machine has none, a command gets a list of interpreters of its own, as Linux has it for each user namespace
since 6.7 (Documentation/admin-guide/binfmt-misc.rst): nothing of it is left behind the command, or seen by others.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from stackwright.errors import EnvironmentLacksError
from stackwright.tools import process

if TYPE_CHECKING:
    from collections.abc import Sequence

REGISTRY = Path("/proc/sys/fs/binfmt_misc")
RULES = Path("/usr/lib/binfmt.d")  # binfmt.d(5): what the kernel is to be told
PACKAGE = "qemu-user-static"
USERS = 65536  # those that a system's packages can have
# The namespace has this machine's users under their own numbers, so that files get the owners that they have to have.
# Only who is outside can say so: the command waits for that before it becomes the namespace's root, which the kernel
# would no more kill with its parent if that were not said again.
OUTSIDE = f"""\
own=$(readlink /proc/self/ns/user)
setpriv --pdeathsig KILL -- unshare --user --mount --pid --fork --kill-child --propagation private \\
    sh -c 'until grep -q . /proc/self/uid_map; do sleep 0.02; done
        exec setpriv --pdeathsig KILL -- sh -ec "$0" sh "$@"' "$@" &
while [ "$(readlink /proc/$!/ns/user)" = "$own" ]; do sleep 0.02; done
echo 0 0 {USERS} >/proc/$!/gid_map
echo 0 0 {USERS} >/proc/$!/uid_map
wait $!
"""
INSIDE = f"""\
mount -t binfmt_misc binfmt_misc {REGISTRY}
cat "$1" >{REGISTRY}/register
shift
exec "$@"
"""


def argv(machine: str, command: Sequence[str]) -> list[str]:
    """Give the command line of a command that starts programs of another machine; nothing in it changes mounts of ours.

    :param machine: as the kernel names it: ``aarch64``
    """
    if is_registered(machine):
        return ["unshare", "--mount", "--propagation", "private", *command]
    return ["setpriv", "--pdeathsig", "KILL", "--", "sh", "-ec", OUTSIDE, "sh", INSIDE, str(_rule(machine)), *command]


def is_registered(machine: str) -> bool:
    """Tell whether this machine runs programs of another machine."""
    try:
        return (REGISTRY / f"qemu-{machine}").read_text().startswith("enabled")
    except OSError:
        return False


def require(machine: str) -> None:
    """See that programs of another machine can be run here.

    :raises EnvironmentLacksError: not root, qemu is not installed, the kernel does not let it
    """
    if os.geteuid() != 0:
        raise EnvironmentLacksError("programs of another machine are run by root", fix="type the same behind sudo")
    if not is_registered(machine) and not _rule(machine).is_file():
        raise EnvironmentLacksError(
            f"nothing here runs programs of {machine}",
            why="the scripts of Debian's packages are run when they are installed",
            fix=f"apt-get install {PACKAGE}",
        )
    tried = process.run(argv(machine, ["true"]), env={"LC_ALL": "C.UTF-8"}, check=False)
    if tried.status != 0:
        raise EnvironmentLacksError(
            f"programs of {machine} cannot be run here",
            why=tried.stderr.decode(errors="replace").strip().replace("\n", "; "),
            fix=f"on a kernel before Linux 6.7, or in a container, let the machine itself know {PACKAGE}: apt-get"
            " install binfmt-support",
        )


def _rule(machine: str) -> Path:
    return RULES / f"qemu-{machine}.conf"
