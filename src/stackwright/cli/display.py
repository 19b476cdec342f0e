"""How events are shown: live on a terminal, plain lines elsewhere, JSON lines for programs."""

from __future__ import annotations

import json
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from rich.console import Console, Group
from rich.live import Live
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from stackwright.events import Events, Kind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stackwright.events import Event

FORMATS = ("auto", "live", "plain", "json")
SIGNS = {Kind.DONE: "✓", Kind.FAILED: "✗", Kind.SKIPPED: "·", Kind.WARNING: "!", Kind.NOTE: " "}
STYLES = {Kind.DONE: "green", Kind.FAILED: "bold red", Kind.SKIPPED: "dim", Kind.WARNING: "yellow", Kind.NOTE: ""}


class Display(Protocol):
    """Shows events as they come."""

    def show(self, event: Event) -> None:
        """Show one."""


@contextmanager
def displayed(format_: str) -> Iterator[Events]:
    """Give a stream of events that is shown on standard error while the block runs.

    :param format_: one of FORMATS; ``auto`` is live on a terminal and plain elsewhere
    """
    events = Events()
    if format_ == "json":
        events.subscribe(_Json().show)
        yield events
        return
    console = Console(stderr=True, highlight=False)
    if format_ == "live" or (format_ == "auto" and console.is_terminal):
        live = _Live(console)
        events.subscribe(live.show)
        with live.running():
            yield events
        return
    events.subscribe(_Plain().show)
    yield events


class _Json:
    def show(self, event: Event) -> None:
        row = {"at": round(event.at, 3), "kind": event.kind, "subject": event.subject, "message": event.message}
        if event.seconds is not None:
            row["seconds"] = round(event.seconds, 3)
        print(json.dumps(row), file=sys.stderr, flush=True)  # noqa: T201


class _Plain:
    """A line an event, with the seconds since the first."""

    def __init__(self) -> None:
        self._begin = time.time()

    def show(self, event: Event) -> None:
        took = f" ({event.seconds:.1f} s)" if event.seconds is not None else ""
        line = f"{event.at - self._begin:6.1f}  {event.kind:<8}  {event.subject:<28} {event.message}{took}"
        print(line.rstrip(), file=sys.stderr, flush=True)  # noqa: T201


class _Live:
    """What is under way, redrawn; what has ended scrolls away above it."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._under_way: dict[str, tuple[float, str]] = {}
        self._begin = time.monotonic()
        self._ended = 0
        self._live = Live(console=console, get_renderable=self._render, refresh_per_second=8, transient=True)
        self._spinner = Spinner("dots", style="cyan")

    @contextmanager
    def running(self) -> Iterator[None]:
        with self._live:
            yield

    def show(self, event: Event) -> None:
        if event.kind is Kind.STARTED:
            self._under_way[event.subject] = (time.monotonic(), event.message)
        elif event.kind is Kind.PROGRESS:
            begun, _ = self._under_way.get(event.subject, (time.monotonic(), ""))
            self._under_way[event.subject] = (begun, event.message)
        else:
            self._under_way.pop(event.subject, None)
            self._ended += event.kind is Kind.DONE
            self._console.print(self._line(event))

    def _line(self, event: Event) -> Text:
        took = f"{event.seconds:5.1f} s" if event.seconds is not None else " " * 7
        text = Text(f"{SIGNS[event.kind]} {took}  {event.subject:<26} ", style=STYLES[event.kind])
        return text.append(event.message, style="default")

    def _render(self) -> Group:
        now = time.monotonic()
        table = Table.grid(padding=(0, 1))
        for subject, (begun, message) in list(self._under_way.items()):
            table.add_row(
                self._spinner, f"{now - begun:5.1f} s", Text(f"{subject:<26}", "cyan"), Text(message, no_wrap=True)
            )
        summary = f"{self._ended} steps done, {len(self._under_way)} under way, {now - self._begin:.0f} s"
        return Group(table, Text(summary, style="dim"))
