"""The broker: who asks what, and which consoles there are."""

from __future__ import annotations

import asyncio
import logging
import re
import socket
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from stackwright.consoled import saved
from stackwright.consoled.peers import is_allowed, peer
from stackwright.consoled.protocol import (
    LINE,
    Console,
    Request,
    RequestError,
    Standing,
    State,
    read_request,
    refused,
    told,
)
from stackwright.consoled.relay import PATIENCE, Relay, commands, is_of

if TYPE_CHECKING:
    from asyncio import StreamReader, StreamWriter
    from collections.abc import Mapping
    from pathlib import Path

CLIENTS = 64  # that are served at once
IDLE = 10.0  # seconds that a client may say nothing
SOON, LATER = 0.02, 0.5  # seconds between two looks at the consoles: while one starts, and otherwise
CLOSELY = 10.0  # seconds between two looks that take longer
REFUSED = 1.0  # seconds that one who may not ask has to ask all the same: so the reply reaches it
log = logging.getLogger("consoled")


@dataclass(frozen=True)
class Settings:
    """What a broker is told.

    :param directory: its socket, its PID and the logs of consoles
    :param state: the file that it remembers its consoles by
    :param ports: that it may offer consoles on
    :param address: that they are offered on
    :param devices: what the whole path of a device has to look like
    :param users: numbers of those who may ask besides root
    """

    directory: Path
    state: Path
    ports: range
    address: str
    devices: re.Pattern[str]
    users: frozenset[int] = frozenset()


class Broker:
    """Offers consoles, and answers those who ask for it."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._relays: dict[str, Relay] = {}
        self._woken = asyncio.Event()
        self._clients = 0
        self._began = time.monotonic()
        self._saved: dict[Console, int | None] = {}

    # The consoles ------------------------------------------------------------------------------------------------

    def restore(self) -> None:
        """Take up what was offered when the broker ran last; a socat that still runs keeps its clients."""
        consoles, complaint = saved.load(self.settings.state)
        if complaint:
            log.warning("%s", complaint)
        processes = commands() if consoles else {}
        for console, pid in consoles.items():
            known = pid is not None and is_of(processes.get(pid, ""), console)
            if console.port in self.settings.ports and self.settings.devices.fullmatch(console.device):
                self._relays[console.name] = self._relay(console, pid if known else None)
            else:
                log.warning("%s on port %d is not offered any more: settings have changed", console.name, console.port)
        self._saved = consoles

    def reconcile(self, running: Mapping[str, str]) -> None:
        """Offer what is not offered yet of the guests that run, and no others.

        :param running: name -> device
        """
        for name in [name for name in self._relays if name not in running]:
            self.delete(name)
        for name, device in running.items():
            try:
                self.add(Request("add", name, device))
            except RequestError as error:
                log.warning("%s is not offered: %s", name, error.text)

    def add(self, request: Request) -> Relay:
        """Offer a console. What is offered already stays; a guest's other device takes the place of the one before.

        :raises RequestError: the device is none that may be offered, no port is left, or the port is another's
        """
        if not self.settings.devices.fullmatch(request.device):
            raise RequestError("bad-device", f"{request.device} is no device whose console is offered here")
        known = self._relays.get(request.name)
        if known is not None:
            same = known.console.device == request.device and request.port in (None, known.console.port)
            if same:
                known.hurry()
                return known
        port = request.port or (known.console.port if known else self._free_port())
        self._require(port, request.name)
        if known is not None:
            known.stop()
        log.info("%s: %s on port %d", request.name, request.device, port)
        self._relays[request.name] = relay = self._relay(Console(request.name, request.device, port))
        self._look()
        return relay

    def delete(self, name: str) -> bool:
        """Offer a console no more; tells whether it was offered."""
        relay = self._relays.pop(name, None)
        if relay is None:
            return False
        log.info("%s is offered no more", name)
        relay.stop()
        self._remember()
        return True

    def stop(self) -> None:
        """End all that is offered; it is remembered."""
        for relay in self._relays.values():
            relay.stop()
        self._remember()

    def _relay(self, console: Console, pid: int | None = None) -> Relay:
        file = self.settings.directory / f"{console.name}.log"
        return Relay(console, self.settings.address, file, pid)

    def _free_port(self) -> int:
        taken = {relay.console.port for relay in self._relays.values()}
        for port in self.settings.ports:
            if port not in taken and self._is_free(port):
                return port
        ports = self.settings.ports
        raise RequestError("no-port", f"all ports from {ports.start} to {ports.stop - 1} are taken")

    def _require(self, port: int, name: str) -> None:
        if port not in self.settings.ports:
            raise RequestError("port-taken", f"{port} is none of the broker's ports")
        for relay in self._relays.values():
            if relay.console.port == port and relay.console.name != name:
                raise RequestError("port-taken", f"{port} is that of {relay.console.name}")

    def _is_free(self, port: int) -> bool:
        family = socket.AF_INET6 if ":" in self.settings.address else socket.AF_INET
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((self.settings.address, port))
            except OSError:
                return False
        return True

    # What becomes of them ----------------------------------------------------------------------------------------

    async def watch(self) -> None:
        """Look at the consoles, for good."""
        looked = time.monotonic()
        while True:
            self._look()
            if time.monotonic() - looked > CLOSELY:
                looked = time.monotonic()
                self._look_closely()
            starting = any(relay.standing.state is State.STARTING for relay in self._relays.values())
            try:
                await asyncio.wait_for(self._woken.wait(), SOON if starting else LATER)
            except TimeoutError:
                continue
            self._woken.clear()

    def wake(self) -> None:
        """Let it look now: a child has ended."""
        self._woken.set()

    def _look(self) -> None:
        now = time.monotonic()
        for relay in self._relays.values():
            before = relay.standing
            relay.tick(now)
            after = relay.standing
            if after.state is State.WAITING and (before.state, before.why) != (after.state, after.why):
                log.warning("%s waits: %s", relay.console.name, after.why)
            elif after.state is State.LISTENING and before.state is not State.LISTENING:
                log.info("%s listens on port %d", relay.console.name, relay.console.port)
        self._remember()

    def _look_closely(self) -> None:
        relays = self._relays.values()
        processes = commands() if any(relay.is_adopted for relay in relays) else {}
        for relay in relays:
            relay.trim()
            relay.require(processes)

    def _remember(self) -> None:
        now = {relay.console: relay.pid for relay in self._relays.values()}
        if now != self._saved:
            try:
                saved.save(self.settings.state, now)
            except OSError as error:
                log.error("%s cannot be written: %s", self.settings.state, error.strerror)
                return
            self._saved = now

    # Those who ask -----------------------------------------------------------------------------------------------

    async def serve(self, reader: StreamReader, writer: StreamWriter) -> None:
        """Answer a client until it leaves, or says nothing for too long."""
        self._clients += 1
        try:
            await self._answer_all(reader, writer)
        except (ConnectionError, TimeoutError, asyncio.IncompleteReadError):
            pass  # it has gone
        finally:
            self._clients -= 1
            writer.close()

    async def _answer_all(self, reader: StreamReader, writer: StreamWriter) -> None:
        refusal = self._refusal(writer.get_extra_info("socket"))
        if refusal is not None and refusal.code == "denied":
            with suppress(TimeoutError, ValueError):
                await asyncio.wait_for(reader.readline(), REFUSED)
        while refusal is None:
            try:
                line = await asyncio.wait_for(reader.readline(), IDLE)
            except ValueError:  # longer than the reader's limit
                refusal = RequestError("bad-request", f"a line has at most {LINE} bytes")
                break
            if not line:
                return
            writer.write(("\n".join(await self._answer(line)) + "\n").encode())
            await asyncio.wait_for(writer.drain(), IDLE)
        writer.write(f"{refused(refusal)}\n".encode())
        await asyncio.wait_for(writer.drain(), IDLE)

    def _refusal(self, connection: socket.socket) -> RequestError | None:
        if self._clients > CLIENTS:
            return RequestError("busy", f"{CLIENTS} clients are served already")
        try:
            uid = peer(connection)
        except OSError as error:
            return RequestError("denied", f"the kernel does not say who you are: {error}")
        if not is_allowed(uid, self.settings.users):
            log.warning("the user %d is refused", uid)
            return RequestError("denied", f"the user {uid} may not ask here")
        return None

    async def _answer(self, line: bytes) -> list[str]:
        try:
            request = read_request(line)
            return await self._reply(request)
        except RequestError as error:
            return [refused(error)]
        except OSError as error:
            log.error("%s: %s", line.decode(errors="replace").strip(), error)
            return [refused(RequestError("failed", str(error)))]

    async def _reply(self, request: Request) -> list[str]:
        match request.verb:
            case "add":
                relay = self.add(request)
                return [told(await self._settled(relay)), "ok"]
            case "delete":
                return ["ok" if self.delete(request.name) else "ok it was not there"]
            case "show":
                if request.name not in self._relays:
                    raise RequestError("unknown", f"no console of {request.name} is offered")
                return [told(self._relays[request.name].standing), "ok"]
            case "list":
                return [*(told(relay.standing) for relay in self._relays.values()), "ok"]
            case _:
                return [self._health()]

    async def _settled(self, relay: Relay) -> Standing:
        """Wait until a console listens, or does not."""
        until = time.monotonic() + 2 * PATIENCE
        self.wake()
        while relay.standing.state is State.STARTING and time.monotonic() < until:
            await asyncio.sleep(SOON)
        return relay.standing

    def _health(self) -> str:
        standings = [relay.standing for relay in self._relays.values()]
        counts = {state: sum(one.state is state for one in standings) for state in State}
        restarts = sum(one.restarts for one in standings)
        states = " ".join(f"{state}={count}" for state, count in counts.items())
        left = len(self.settings.ports) - len(standings)
        up = int(time.monotonic() - self._began)
        return f"ok consoles={len(standings)} {states} restarts={restarts} ports-left={left} seconds={up}"
