"""One console's socat: started, watched, started again, and taken over from a broker that was killed."""

from __future__ import annotations

import os
import signal
import subprocess
from contextlib import suppress
from typing import TYPE_CHECKING

from stackwright.consoled.protocol import Console, Standing, State

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

LISTENS = b" listening on "  # of socat's notices (-d -d)
FIRST, MOST = 0.5, 30.0  # seconds until it is started again: after the first time, and after many
LASTING = 10.0  # seconds that it has to run to count as started well
PATIENCE = 5.0  # seconds until it listens
LOG = 1 << 20  # bytes of its log that are kept
SETTINGS = "b9600,raw,echo=0"  # a serial line as it is: no echo, no signals, no change of line ends


class Relay:
    """A console and its socat. Nothing waits in it: `tick` looks what has become of it, and does what follows.

    :param address: that the port is offered on
    :param log: a file for what socat says
    :param adopted: the PID of its socat, which another broker has started
    """

    def __init__(self, console: Console, address: str, log: Path, adopted: int | None = None) -> None:
        self.console, self._address, self._log = console, address, log
        self._child: subprocess.Popen[bytes] | None = None
        self._adopted = adopted
        self._state = State.LISTENING if self._adopted else State.STARTING
        self._why = ""
        self._restarts = 0
        self._since = self._next = 0.0
        self._delay = FIRST

    @property
    def standing(self) -> Standing:
        """How it stands."""
        return Standing(self.console, self._state, self._restarts, self._why)

    @property
    def pid(self) -> int | None:
        """The PID of its socat."""
        return self._child.pid if self._child else self._adopted

    def tick(self, now: float) -> None:
        """Look what has become of it.

        :param now: seconds of a clock that never goes back
        """
        if self.pid is None:
            if now >= self._next:
                self._start(now)
        elif not self._runs():
            self._ended(now)
        elif self._state is State.STARTING:
            if self._listens():
                self._state, self._why = State.LISTENING, ""
            elif now - self._since > PATIENCE:
                self._kill(signal.SIGKILL)
        elif now - self._since > LASTING:
            self._delay = FIRST

    def require(self, commands: Mapping[int, str]) -> None:
        """Give one up that another broker has started, if it is none any more: its number may be another's.

        :param commands: the processes that there are, see `commands`
        """
        if self._adopted is not None and not is_of(commands.get(self._adopted, ""), self.console):
            self._adopted = None
            self._restarts += 1

    @property
    def is_adopted(self) -> bool:
        """Whether another broker has started its socat."""
        return self._adopted is not None

    def hurry(self) -> None:
        """Let one that waits try again at the next look: somebody says that its device is there."""
        self._next, self._delay = 0.0, FIRST
        if self._state is State.WAITING:
            self._state = State.STARTING

    def stop(self) -> None:
        """End it, and the connections that it has."""
        self._kill(signal.SIGTERM)
        if self._child is not None:
            try:
                self._child.wait(1)
            except subprocess.TimeoutExpired:
                self._kill(signal.SIGKILL)
                self._child.wait()
        self._child = self._adopted = None
        self._log.unlink(missing_ok=True)

    def _start(self, now: float) -> None:
        if not os.path.exists(self.console.device):  # noqa: PTH110 - not to be resolved: FreeBSD makes some by a look
            self._wait(now, "there is no such device")
            return
        self._log.write_bytes(b"")
        with self._log.open("ab") as log:
            try:
                # In a group of its own, so that its connections end with it.
                self._child = subprocess.Popen(
                    command(self.console, self._address),
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=log,
                    start_new_session=True,
                )
            except OSError as error:
                self._wait(now, f"socat cannot be started: {error.strerror}")
                return
        self._since, self._state, self._why = now, State.STARTING, ""

    def _runs(self) -> bool:
        if self._child is not None:
            return self._child.poll() is None
        assert self._adopted is not None
        try:
            os.kill(self._adopted, 0)
        except OSError:
            return False
        return True

    def _ended(self, now: float) -> None:
        self._kill(signal.SIGKILL)  # connections that it had
        self._child = self._adopted = None
        self._restarts += 1
        self._wait(now, _last_line(self._log) or "socat has ended")

    def _wait(self, now: float, why: str) -> None:
        self._state, self._why = State.WAITING, why
        self._next = now + self._delay
        self._delay = min(2 * self._delay, MOST)

    def _listens(self) -> bool:
        try:
            return LISTENS in self._log.read_bytes()
        except OSError:
            return False

    def trim(self) -> None:
        """Empty the log, if it has grown; socat appends to it."""
        with suppress(OSError):
            if self._log.stat().st_size > LOG:
                os.truncate(self._log, 0)

    def _kill(self, number: signal.Signals) -> None:
        if self.pid is not None:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, number)


def command(console: Console, address: str) -> list[str]:
    """Give the command line of a console's socat (socat(1)): one client at a time, as QEMU has it; others wait."""
    listen = f"TCP-LISTEN:{console.port},bind={address},reuseaddr,fork,max-children=1,keepalive"
    return ["socat", "-d", "-d", f"FILE:{console.device},{SETTINGS}", listen]


def commands() -> dict[int, str]:
    """Give the processes that there are: PID -> command line (ps(1) of POSIX)."""
    shown = subprocess.run(["ps", "-ww", "-A", "-o", "pid=,args="], capture_output=True, text=True, check=False).stdout
    rows = (line.split(None, 1) for line in shown.splitlines())
    return {int(row[0]): row[1] for row in rows if len(row) == 2}


def is_of(line: str, console: Console) -> bool:
    """Tell whether a command line is that of a console's socat."""
    place = f"FILE:{console.device},{SETTINGS} TCP-LISTEN:{console.port},"
    return line.startswith("socat ") and place in line


def _last_line(log: Path) -> str:
    """Give the last thing that a socat has said, without its date and PID."""
    try:
        lines = log.read_bytes()[-4096:].decode(errors="replace").splitlines()
    except OSError:
        return ""
    said = [line.partition("] ")[2] or line for line in lines if line.strip()]
    return said[-1][:200] if said else ""
