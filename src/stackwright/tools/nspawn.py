"""systemd-nspawn: a container of this kernel with a system of its own (systemd-nspawn(1)).

Everything that it takes of this machine hangs on its processes: the overlay is in a mount namespace of its own, its
network in one of its own too. Once they are gone, nothing is left but folders.
"""

from __future__ import annotations

import os
import shlex
import signal
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from stackwright.errors import EnvironmentLacksError, RunFailedError, Where
from stackwright.tools import process

if TYPE_CHECKING:
    from collections.abc import Iterator

PACKAGE = "systemd-container"
READY = "run/stackwright-ready"
PATIENCE = 30.0  # seconds until a container has begun, on a busy machine
# Where there, for the taps of guests and for guests that need not be emulated.
DEVICES = ("/dev/net/tun", "/dev/kvm")
# Without it /proc/sys/net is read-only inside, and no network can be made to forward.
FORWARDS = "SYSTEMD_NSPAWN_API_VFS_WRITABLE=network"
# sd_booted(3). Without systemd nobody gives out scopes; from a login session --keep-unit is refused.
SYSTEMD_RUNS = Path("/run/systemd/system")


@dataclass(frozen=True)
class Container:
    """A container to be.

    :param name: its host name, too
    :param base: the folder of the system that it is a copy of; never written to
    :param place: an empty folder for what is its own; it is also the value of RUN_MARK of all in it
    :param shared: folders of this machine that it has at the same paths, and may write to
    """

    name: str
    base: Path
    place: Path
    shared: tuple[Path, ...] = ()


def argv(container: Container, *, systemd: bool, devices: tuple[str, ...]) -> list[str]:
    """Give the command line: a shell that lays the container's files over the base, and becomes systemd-nspawn.

    :param systemd: whether systemd is this machine's first process
    :param devices: the device nodes that it gets
    """
    place = container.place
    parts = {"lowerdir": container.base, "upperdir": place / "upper", "workdir": place / "work"}
    layers = ",".join(f"{name}={path}" for name, path in parts.items())
    options = [
        *("--quiet", "--register=no", "--as-pid2", "--console=pipe", f"--machine={container.name}"),
        *(f"--directory={place / 'root'}", "--private-network", "--resolv-conf=off", "--timezone=off"),
        *("--link-journal=no", "--capability=all", f"--setenv={process.RUN_MARK}={place}"),
        *(() if systemd else ("--keep-unit",)),
        *(f"--bind={device}" for device in devices),
        *(f"--bind={path}" for path in container.shared),
    ]
    begin = ["sh", "-ec", f"touch /{READY}; exec sleep infinity"]
    script = (
        f"mount -t overlay overlay -o {shlex.quote(layers)} {shlex.quote(str(place / 'root'))}\n"
        f"{FORWARDS} exec systemd-nspawn {shlex.join([*options, *begin])}"
    )
    return ["unshare", "--mount", "--propagation", "private", "sh", "-ec", script]


@contextmanager
def running(container: Container, *, log: Path) -> Iterator[int]:
    """Let a container run while the block does, and give its first process; afterwards nothing runs in it.

    To be called by the one who marked itself with the container's place (process.mark_run).

    :param log: a file of mode 0600 for what systemd-nspawn says
    :raises EnvironmentLacksError: it is not installed, or this machine does not let it work
    """
    process.find("systemd-nspawn", package=PACKAGE)
    for part in ("upper", "work", "root"):
        (container.place / part).mkdir()
    (container.place / "upper").chmod(0o755)
    devices = tuple(device for device in DEVICES if Path(device).exists())
    command = argv(container, systemd=SYSTEMD_RUNS.is_dir(), devices=devices)
    with process.running(command, log=log) as runs:
        try:
            until = time.monotonic() + PATIENCE
            while not (first := first_process(container.place)):
                if not runs():
                    raise EnvironmentLacksError(
                        "no container can be made here",
                        where=Where(file=log),
                        details=process.tail(log),
                        fix="see what it says; `--in vm` needs less of this machine's kernel",
                    )
                if time.monotonic() > until:
                    raise RunFailedError(f"the container has not begun after {PATIENCE:.0f} s", where=Where(file=log))
                time.sleep(0.02)
            yield first
        finally:
            _end(container.place)


def first_process(place: Path) -> int | None:
    """Give the first process of the container that has this place, once it has begun."""
    mark = f"{process.RUN_MARK}={place}".encode()
    for entry in Path("/proc").iterdir():
        with suppress(OSError):
            if not entry.name.isdigit() or mark not in (entry / "environ").read_bytes().split(b"\0"):
                continue
            if _is_first(entry) and (entry / "root" / READY).exists():
                return int(entry.name)
    return None


def entering(first: int) -> tuple[str, ...]:
    """Give the words before a command that make it run in a container."""
    return ("nsenter", f"--target={first}", "-m", "-p", "-u", "-i", "-n", "-C", "-r", "-w")


def _is_first(entry: Path) -> bool:
    """Tell whether a process is the first of a PID namespace that is not ours (proc(5))."""
    for line in (entry / "status").read_text().splitlines():
        if line.startswith("NSpid:"):
            numbers = line.split()[1:]
            return len(numbers) > 1 and numbers[-1] == "1"
    return False


def _end(place: Path) -> None:
    """End a container by its first process, with which the kernel ends all others of it."""
    mark = f"{process.RUN_MARK}={place}".encode()
    for entry in Path("/proc").iterdir():
        with suppress(OSError):
            if entry.name.isdigit() and mark in (entry / "environ").read_bytes().split(b"\0") and _is_first(entry):
                os.kill(int(entry.name), signal.SIGKILL)
