"""The one stream of events: the live display, the plain lines, the JSON lines and the journal all read it.

And what no event and no log may show: the values of secrets that this process has come to know.
"""

from __future__ import annotations

import base64
import json
import threading
import time
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING
from urllib.parse import quote, quote_plus

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

CONCEALED = "***"
# A shorter text is also a word or a number that has nothing to do with the secret.
SHORTEST = 8
# A line of a key; what is shorter, or begins so, stands in every key.
SHORTEST_LINE, ARMOR = 16, "-----"


class Kind(StrEnum):
    """What an event tells."""

    STARTED = "started"
    PROGRESS = "progress"
    DONE = "done"
    SKIPPED = "skipped"
    FAILED = "failed"
    NOTE = "note"
    WARNING = "warning"


@dataclass(frozen=True)
class Event:
    """One thing that happened.

    :param kind: what it tells
    :param subject: the step or the matter it speaks of, such as ``nova/api``
    :param message: a line for a person
    :param seconds: how long the thing took, where it ended
    :param at: when, in seconds since the epoch
    """

    kind: Kind
    subject: str
    message: str = ""
    seconds: float | None = None
    at: float = field(default_factory=time.time)


class Events:
    """A stream that several threads write to and several listeners read, in order, one event at a time."""

    def __init__(self) -> None:
        self._listeners: list[Callable[[Event], None]] = []
        self._lock = threading.Lock()

    def subscribe(self, listener: Callable[[Event], None]) -> None:
        """Call a listener with every event from now on."""
        self._listeners.append(listener)

    def emit(self, kind: Kind, subject: str, message: str = "", seconds: float | None = None) -> None:
        """Tell every listener of an event, in the calling thread; no secret is shown."""
        event = Event(kind, concealed(subject), concealed(message), seconds)
        with self._lock:
            for listener in self._listeners:
                listener(event)


class _Concealer:
    """What this process conceals, the longest first, as text and as the bytes that programs write."""

    def __init__(self) -> None:
        self.texts: tuple[str, ...] = ()
        self.patterns: tuple[bytes, ...] = ()
        self._lock = threading.Lock()

    def add(self, texts: Iterable[str]) -> None:
        with self._lock:
            self.texts = tuple(sorted({*self.texts, *texts}, key=len, reverse=True))
            self.patterns = tuple(text.encode() for text in self.texts)


_CONCEALER = _Concealer()


def conceal(values: Iterable[str]) -> None:
    """Let no event and no log that this process writes show these values from now on.

    Nor what they become in a URL, in JSON and in base64, nor the lines of one of several. Values of less than
    `SHORTEST` characters are not looked for: they would blot out other words.
    """
    _CONCEALER.add(shape for value in values for shape in _shapes(value))


def concealed(text: str) -> str:
    """Give a text with `CONCEALED` in the place of every secret that this process knows."""
    for secret in _CONCEALER.texts:
        if secret in text:
            text = text.replace(secret, CONCEALED)
    return text


def conceals() -> bool:
    """Tell whether this process knows any secret."""
    return bool(_CONCEALER.texts)


class ConcealedStream:
    """What a program writes, piece by piece, without the secrets that this process knows.

    A line is held back until it is whole, as a secret may come in two pieces; of a line without an end, as much as
    the beginning of a secret could be.
    """

    LONGEST_LINE = 1 << 16

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, piece: bytes) -> bytes:
        """Take a piece in, and give what can be shown now."""
        data = _concealed_bytes(self._rest + piece)
        cut = data.rfind(b"\n") + 1
        if len(data) - cut > self.LONGEST_LINE:
            cut = len(data) - max(map(len, _CONCEALER.patterns), default=0)
        self._rest = data[cut:]
        return data[:cut]

    def end(self) -> bytes:
        """Give what is left."""
        rest, self._rest = self._rest, b""
        return _concealed_bytes(rest)


def _concealed_bytes(data: bytes) -> bytes:
    for secret in _CONCEALER.patterns:
        if secret in data:
            data = data.replace(secret, CONCEALED.encode())
    return data


def _shapes(value: str) -> set[str]:
    """Give the texts in which a secret can be read."""
    value = value.strip()
    if len(value) < SHORTEST:
        return set()
    texts = {value}
    if "\n" in value:
        lines = (line.strip() for line in value.splitlines())
        texts |= {line for line in lines if len(line) >= SHORTEST_LINE and not line.startswith(ARMOR)}
    shapes = set()
    for text in texts:
        shapes |= {text, quote(text, safe=""), quote_plus(text), json.dumps(text)[1:-1], *_in_base64(text.encode())}
    return shapes


def _in_base64(value: bytes) -> Iterable[str]:
    """Give what base64 makes of bytes wherever they stand in longer ones: the characters that only they determine.

    Three bytes are four characters (RFC 4648 section 4), so that there are three ways in which they can begin.
    """
    for before in range(3):
        text = base64.b64encode(bytes(before) + value).decode()
        begin, end = (0, 2, 3)[before], len(text) - (0, 3, 2)[(before + len(value)) % 3]
        yield text[begin:end]
        yield text[begin:end].replace("+", "-").replace("/", "_")
