"""A client of the broker."""

from __future__ import annotations

import socket
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from stackwright.consoled.protocol import RequestError, Standing, read_told

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

SECONDS = 15.0  # that a reply may take


class BrokerDownError(Exception):
    """Nobody answers."""


@dataclass(frozen=True)
class Reply:
    """What the broker says.

    :param text: what stands behind ``ok``
    """

    standings: tuple[Standing, ...]
    text: str


def ask(path: Path, *words: str, seconds: float = SECONDS) -> Reply:
    """Ask the broker behind a socket.

    :raises BrokerDownError: it does not answer, or not in this protocol
    :raises RequestError: it cannot do that
    """
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(seconds)
            connection.connect(str(path))
            with suppress(BrokenPipeError):  # it has refused already, and says why
                connection.sendall(" ".join(words).encode() + b"\n")
            with connection.makefile("r", encoding="utf-8", errors="replace") as stream:
                return _read(stream, str(path))
    except OSError as error:
        raise BrokerDownError(f"the console broker does not answer on {path}: {error.strerror or error}") from error


def _read(lines: Iterable[str], path: str) -> Reply:
    standings: list[Standing] = []
    for line in lines:
        word, _, rest = line.rstrip("\n").partition(" ")
        if word == "ok":
            return Reply(tuple(standings), rest)
        if word == "error":
            code, _, text = rest.partition(" ")
            raise RequestError(code, text)
        try:
            standings.append(read_told(line))
        except ValueError:
            break
    raise BrokerDownError(f"what answers on {path} is no console broker")
