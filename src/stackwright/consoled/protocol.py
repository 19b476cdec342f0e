"""The broker's protocol, and what it speaks of. Pure functions.

A client writes a line of words; the reply is a line for each console that was asked for, and a last one that begins
with ``ok`` or with ``error`` and one of `CODES`::

    > add guest-1 /dev/nmdm0B
    < console guest-1 10000 listening 0 /dev/nmdm0B
    < ok
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

LINE = 1024  # bytes that a line has at most
NAME = re.compile(r"[A-Za-z0-9_.:-]{1,128}")
DEVICE = re.compile(r"/[A-Za-z0-9/_.-]{1,200}")  # nothing that means something in an address of socat's
CODES = ("bad-request", "denied", "busy", "bad-device", "no-port", "port-taken", "unknown", "failed")


class State(StrEnum):
    """What becomes of a console."""

    STARTING = "starting"
    LISTENING = "listening"
    WAITING = "waiting"


@dataclass(frozen=True)
class Console:
    """A guest's console.

    :param name: of the guest
    :param device: the end of its serial line that is the host's
    :param port: that it is offered on
    """

    name: str
    device: str
    port: int


@dataclass(frozen=True)
class Standing:
    """How a console stands.

    :param restarts: how often its socat had to be started again
    :param why: it is not listening
    """

    console: Console
    state: State
    restarts: int = 0
    why: str = ""


class RequestError(Exception):
    """A request cannot be met.

    :param code: one of `CODES`
    """

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code, self.text = code, text


@dataclass(frozen=True)
class Request:
    """What a client asks for.

    :param verb: ``add``, ``delete``, ``show``, ``list`` or ``health``
    :param port: the one that it is to be, of ``add``
    """

    verb: str
    name: str = ""
    device: str = ""
    port: int | None = None


def read_request(line: bytes) -> Request:
    """Read a line.

    :raises RequestError: it is no request
    """
    try:
        words = line.decode("ascii").split()
    except UnicodeDecodeError as error:
        raise RequestError("bad-request", "write letters of ASCII") from error
    match words:
        case ["list" | "health" as verb]:
            return Request(verb)
        case ["show" | "delete" as verb, name]:
            return Request(verb, _name(name))
        case ["add", name, device]:
            return Request("add", _name(name), _device(device))
        case ["add", name, device, port]:
            if not re.fullmatch(r"[0-9]{1,5}", port) or not 0 < int(port) < 1 << 16:
                raise RequestError("bad-request", f"{port!r} is no port")
            return Request("add", _name(name), _device(device), int(port))
        case _:
            raise RequestError("bad-request", "add NAME DEVICE [PORT], delete NAME, show NAME, list, health")


def told(standing: Standing) -> str:
    """Give the line of a console."""
    console = standing.console
    words = ("console", console.name, str(console.port), standing.state, str(standing.restarts), console.device)
    return " ".join([*words, *standing.why.split()])


def read_told(line: str) -> Standing:
    """Read what `told` has written.

    :raises ValueError: it is something else
    """
    kind, name, port, state, restarts, device, *why = line.split()
    if kind != "console":
        raise ValueError(line)
    return Standing(Console(name, device, int(port)), State(state), int(restarts), " ".join(why))


def refused(error: RequestError) -> str:
    """Give the last line where a request cannot be met."""
    return f"error {error.code} {' '.join(error.text.split())}"


def _device(word: str) -> str:
    if not DEVICE.fullmatch(word):
        raise RequestError("bad-request", f"{word!r} cannot be the path of a device")
    return word


def _name(word: str) -> str:
    if not NAME.fullmatch(word):
        raise RequestError("bad-request", f"{word!r} cannot be the name of a guest")
    return word
