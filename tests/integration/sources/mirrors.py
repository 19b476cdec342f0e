"""A cache for mirrors, and git as anybody else would run it on them."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

from stackwright.events import Event, Events, Kind
from stackwright.sources.mirror import Mirror, open_mirror

if TYPE_CHECKING:
    from pathlib import Path


class Shelf:
    """A cache, and the events of what is done with it."""

    def __init__(self, root: Path) -> None:
        self.cache = root / "cache"
        self.seen: list[Event] = []
        self.events = Events()
        self.events.subscribe(self.seen.append)

    def open(self, url: str) -> Mirror:
        return open_mirror(url, self.cache, self.events)

    def warnings(self) -> list[str]:
        return [event.message for event in self.seen if event.kind is Kind.WARNING]


def git(mirror: Mirror, *arguments: str, status: int | None = 0) -> str:
    """Run git as nobody's: without the options that Stackwright gives it."""
    done = subprocess.run(["git", "-C", str(mirror.directory), *arguments], capture_output=True, text=True, check=False)
    assert status is None or done.returncode == status, done.stderr
    return done.stdout.strip()
