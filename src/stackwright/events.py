"""The one stream of events: the live display, the plain lines, the JSON lines and the journal all read it."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


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
        """Tell every listener of an event, in the calling thread."""
        event = Event(kind, subject, message, seconds)
        with self._lock:
            for listener in self._listeners:
                listener(event)
