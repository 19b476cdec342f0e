"""chroot: programs in a Debian system that lies in folders, without anything of it left mounted behind them.

Each program has namespaces of its own (unshare(1)): in them the folders are laid over one another (overlayfs), and its
processes end with the first of them. So a killed run leaves nothing but folders.
"""

from __future__ import annotations

import os
import shlex
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from stackwright.errors import EnvironmentLacksError
from stackwright.tools import process

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from stackwright.tools.process import Completed

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
PROXIES = ("http_proxy", "https_proxy", "ftp_proxy", "no_proxy")
CANNOT_MOUNT = ("mount: ", "unshare: ")


@dataclass(frozen=True)
class System:
    """A system to run programs in.

    :param layers: the folders that it is made of, the lowest first; never written to
    :param place: a folder for what programs write to it (in ``upper``), and for the work of the kernel
    :param shown: folders of this machine that it has, at these paths, to read
    """

    layers: tuple[Path, ...]
    place: Path
    shown: Mapping[str, Path] = field(default_factory=dict)

    @property
    def upper(self) -> Path:
        """The folder with all that was written; a file that is laid in here is in the system."""
        return self.place / "upper"


def prepare(system: System) -> None:
    """Make the folders that a system needs in its place."""
    for part in ("upper", "work", "root"):
        (system.place / part).mkdir(mode=0o755)
        (system.place / part).chmod(0o755)


def argv(system: System, command: Sequence[str], *, user: str, directory: str, network: bool) -> list[str]:
    """Give the command line of a program in a system.

    :param user: as whom it runs
    :param directory: in which of the system's folders
    :param network: whether it has this machine's network; else it has only a loopback of its own
    """
    root = system.place / "root"
    lower = ":".join(str(layer) for layer in reversed(system.layers))
    layers = f"lowerdir={lower},upperdir={system.upper},workdir={system.place / 'work'}"
    inside = ["env", f"--chdir={directory}", *command]
    lines = [
        f"mount -t overlay overlay -o {shlex.quote(layers)} {_quoted(root)}",
        f"mount -t proc proc {_quoted(root / 'proc')}",
        f"mount -t tmpfs tmpfs {_quoted(root / 'dev/shm')}",
        f"mount -t devpts -o newinstance,ptmxmode=0666 devpts {_quoted(root / 'dev/pts')}",
        *(line for path, folder in system.shown.items() for line in _showing(folder, root / path.lstrip("/"))),
        *(_networked(root) if network else _alone(root)),
        # Not by exec: what becomes another user is not killed with its parent any more (PR_SET_PDEATHSIG), but it is
        # with this shell, the first process of its namespace.
        f"chroot --userspec={shlex.quote(user)} {_quoted(root)} {shlex.join(inside)} || exit $?",
    ]
    namespaces = ["--mount", "--pid", "--fork", "--kill-child", "--ipc", "--uts", *(() if network else ("--net",))]
    return [
        *("setpriv", "--pdeathsig", "KILL", "--"),
        *("unshare", *namespaces, "--propagation", "private", "sh", "-ec", "\n".join(lines)),
    ]


def run(
    system: System,
    command: Sequence[str],
    *,
    log: Path,
    user: str = "root",
    directory: str = "/",
    network: bool = False,
    env: Mapping[str, str] | None = None,
    check: bool = True,
) -> Completed:
    """Run a program in a system to its end; what it writes goes into a log.

    It has none of this process's environment, but for the proxies where it has the network.

    :raises EnvironmentLacksError: not root, or this machine's kernel does not let it
    :raises ProgramFailedError: it failed, and `check` is set
    """
    need_root()
    kept = (*PROXIES, process.RUN_MARK) if network else (process.RUN_MARK,)
    wiped: dict[str, str | None] = {name: None for name in os.environ if name.lower() not in kept and name not in kept}
    environment = {**wiped, "PATH": PATH, "HOME": "/nonexistent", "LC_ALL": "C.UTF-8", "TZ": "UTC", **(env or {})}
    words = argv(system, command, user=user, directory=directory, network=network)
    start = log.stat().st_size if log.exists() else 0
    done = process.run(words, env=environment, log=log, check=False)
    if done.status != 0:
        with log.open("rb") as stream:
            stream.seek(start)
            said = stream.read(4096).decode(errors="replace")
        if said.startswith(CANNOT_MOUNT):
            raise EnvironmentLacksError(
                "no system can be entered here",
                details=process.tail(log),
                why="it takes overlayfs and namespaces of the kernel, which a container may not be given",
                fix="run it on a machine of your own, or in a container that may mount",
            )
        if check:
            raise process.ProgramFailedError(command, done.status, process.tail(log), log)
    return done


def need_root() -> None:
    """See that this process may enter a system.

    :raises EnvironmentLacksError: it is not root
    """
    if os.geteuid() != 0:
        raise EnvironmentLacksError("a Debian system is entered by root", fix="type the same behind sudo")


def _networked(root: Path) -> tuple[str, ...]:
    """Give the lines that let programs find servers by their names, as this machine does."""
    return tuple(
        f"if [ -e {file} ]; then [ -e {_quoted(root)}{file} ] || touch {_quoted(root)}{file};"
        f" mount --bind {file} {_quoted(root)}{file}; fi"
        for file in ("/etc/resolv.conf", "/etc/hosts")
    )


def _alone(root: Path) -> tuple[str, ...]:
    return ("ip link set lo up", f"mount -t sysfs -o ro sysfs {_quoted(root / 'sys')}")


def _showing(folder: Path, target: Path) -> tuple[str, ...]:
    return (
        f"mkdir -p {_quoted(target)}",
        f"mount --bind {_quoted(folder)} {_quoted(target)}",
        f"mount -o remount,bind,ro {_quoted(target)}",
    )


def _quoted(path: Path) -> str:
    return shlex.quote(str(path))
