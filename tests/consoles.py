"""Console brokers that tests start, and the guests whose consoles they offer: pseudo terminals."""

from __future__ import annotations

import os
import pty
import select
import socket
import subprocess
import sys
import time
import tty
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from stackwright.consoled.client import BrokerDownError, Reply, ask
from stackwright.consoled.daemon import PIDFILE, SOCKET
from stackwright.consoled.protocol import State
from stackwright.tools.network import is_free

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from stackwright.consoled.protocol import Standing

PATIENCE = 15.0


@dataclass
class Guest:
    """What a guest's serial line looks like from the host: a device, with somebody at its other end."""

    name: str
    device: Path
    end: int

    def says(self, text: bytes) -> None:
        os.write(self.end, text)

    def hears(self, count: int) -> bytes:
        heard = b""
        until = time.monotonic() + PATIENCE
        while len(heard) < count:
            assert select.select([self.end], [], [], max(0.0, until - time.monotonic()))[0], heard
            heard += os.read(self.end, count - len(heard))
        return heard


@dataclass
class Broker:
    """A broker in a folder."""

    folder: Path
    ports: range
    process: subprocess.Popen[bytes] | None = None
    guests: list[Guest] = field(default_factory=list)

    @property
    def run(self) -> Path:
        return self.folder / "run"

    def command(self, *words: str, program: Sequence[str] = ()) -> list[str]:
        return [*(program or (sys.executable, "-m", "stackwright.consoled")), "--directory", str(self.run), *words]

    def start(self, *words: str, program: Sequence[str] = ()) -> None:
        serving = (
            *("serve", "--state", str(self.folder / "consoles.json"), "--log", str(self.folder / "log")),
            *("--ports", f"{self.ports.start}-{self.ports.stop - 1}", "--devices", f"{self.folder}/dev/nmdm[0-9]+B"),
        )
        self.process = subprocess.Popen(self.command(*serving, *words, program=program))
        until(self.is_up)

    def is_up(self) -> bool:
        try:
            return bool(self.ask("health"))
        except BrokerDownError:
            assert self.process is not None
            assert self.process.poll() is None, "it has ended"
            return False

    def ask(self, *words: str) -> Reply:
        return ask(self.run / SOCKET, *words)

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def stop(self) -> int:
        assert self.process is not None
        self.process.terminate()
        return self.process.wait(PATIENCE)

    def guest(self, name: str) -> Guest:
        """Give a guest with a serial line, whose console is not offered yet."""
        end, other = pty.openpty()
        tty.setraw(other)
        device = self.folder / "dev" / f"nmdm{len(self.guests)}B"
        device.parent.mkdir(exist_ok=True)
        device.symlink_to(os.ttyname(other))
        os.close(other)
        made = Guest(name, device, end)
        self.guests.append(made)
        return made

    def offered(self, name: str) -> tuple[Guest, Standing]:
        """Give a guest whose console is offered."""
        guest = self.guest(name)
        (standing,) = self.ask("add", name, str(guest.device)).standings
        return guest, standing

    def standing(self, name: str) -> Standing:
        (standing,) = self.ask("show", name).standings
        return standing

    def listens(self, name: str) -> bool:
        return self.standing(name).state is State.LISTENING

    def sockets(self) -> list[str]:
        """Give the command lines of its socat processes that live."""
        shown = subprocess.run(
            ["ps", "-ww", "-eo", "stat=,command="], capture_output=True, text=True, check=True
        ).stdout
        lines = [line.split(None, 1) for line in shown.splitlines()]
        return [words for state, words in lines if not state.startswith("Z") and f"FILE:{self.folder}/" in words]

    @property
    def pidfile(self) -> Path:
        return self.run / PIDFILE


@contextmanager
def broker(folder: Path, ports: range) -> Iterator[Broker]:
    """Give a broker that is not started yet; what it has started is gone afterwards."""
    made = Broker(folder, ports)
    try:
        yield made
    finally:
        if made.process is not None and made.process.poll() is None:
            made.stop()
        for guest in made.guests:
            os.close(guest.end)
        left = made.sockets()
        subprocess.run(["pkill", "-KILL", "-f", f"FILE:{folder}/"], check=False)
        assert left == [], left


@contextmanager
def connected(port: int) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", port), PATIENCE) as connection:
        yield connection


def received(connection: socket.socket, count: int) -> bytes:
    heard = b""
    while len(heard) < count and (chunk := connection.recv(count - len(heard))):
        heard += chunk
    return heard


def free_ports(count: int) -> range:
    """Give ports that nobody has, one after another.

    Below those that the kernel gives to outgoing connections (ip_local_port_range), and other ones for each of the
    processes that run tests: what is free now stays free until the broker wants it.
    """
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    lowest = 25000 + 1000 * (worker % 7)
    for first in range(lowest, lowest + 1001 - count, count):
        ports = range(first, first + count)
        if all(is_free(port) for port in ports):
            return ports
    raise AssertionError("no ports are free")


def until(condition: Callable[[], object], seconds: float = PATIENCE) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come about in time"
        time.sleep(0.02)
