"""What Debian source packages are resolved with, and the packages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stackwright.distribution import Component, DebianSource, Pins, Release
from stackwright.events import Event, Events
from stackwright.sources import SourceTree, resolve
from stackwright.store import Memo, Store
from tests.debian import LINES, difference

if TYPE_CHECKING:
    from pathlib import Path

FIRST = LINES.replace("line 3\n", "line three\n")
SECOND = FIRST.replace("line 12\n", "line twelve\n")
PATCHES = {"first.patch": difference("pear.py", LINES, FIRST), "second.patch": difference("pear.py", FIRST, SECOND)}


class DebianDesk:
    """A store, a memo and a cache, and the events of what is done with them."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.store = Store(root / "store")
        self.memo = Memo(root / "cache")
        self.cache = root / "cache"
        self.seen: list[Event] = []

    def resolve(self, version: str = "2:1.0-3", **source: object) -> SourceTree:
        component = Component(
            name="pear",
            source=DebianSource.model_validate({"debian": "pear", "version": version, **source}),
            distribution_name="pear",
        )
        pins = Pins(exclude_newer="2026-10-15")
        release = Release(name="2026.2", python="3.11", pins=pins, components={"pear": component})
        events = Events()
        events.subscribe(self.seen.append)
        return resolve([component], release, store=self.store, memo=self.memo, cache=self.cache, events=events)["pear"]

    def files(self, tree: SourceTree) -> dict[str, str]:
        return {path: entry.mode for path, entry in self.store.entries(tree.tree).items()}

    def read(self, tree: SourceTree, path: str = "pear.py") -> str | None:
        content = self.store.read(tree.tree, path)
        return None if content is None else content.decode()
