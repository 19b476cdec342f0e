"""Trees of OpenStack's own releases, as the package index has them: downloaded once, kept in the cache."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from stackwright.distribution import Component, Pins, PypiSource, Release
from stackwright.events import Events
from stackwright.sources import resolve
from stackwright.store import Memo, Store

if TYPE_CHECKING:
    from stackwright.store import TreeId

CACHE = Path(os.environ.get("STACKWRIGHT_CACHE", "/var/lib/stackwright/cache"))
NEWEST = date(2026, 11, 20)
# On the package index placement's own name is another's.
PACKAGES = {"placement": "openstack-placement"}


class Releases:
    """A store that takes in the sdists that a test asks for.

    :param directory: the store is made in it
    """

    def __init__(self, directory: Path) -> None:
        self.store = Store(directory / "store.git")
        self.memo = Memo(directory / "memo")

    def tree(self, component: str, version: str) -> TreeId:
        package = PACKAGES.get(component, component)
        one = Component(name=component, source=PypiSource(pypi=package, version=version), distribution_name=package)
        release = Release(name=version, python="3.11", pins=Pins(exclude_newer=NEWEST), components={component: one})
        trees = resolve([one], release, store=self.store, memo=Memo(CACHE), cache=CACHE, events=Events())
        return trees[component].tree
