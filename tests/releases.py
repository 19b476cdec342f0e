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
# On the package index their own names are others'.
PACKAGES = {"placement": "openstack-placement", "heat": "openstack-heat"}
NAMES = ("2023.1", "2023.2", "2024.1", "2024.2", "2025.1", "2025.2", "2026.1", "2026.2")
# Of each component that is counted over the releases, the first version in each of them that has an sdist there.
VERSIONS = {
    "nova": ("27.0.0", "28.0.0", "29.0.1", "30.0.0", "31.0.0", "32.0.0", "33.0.0", "34.0.0"),
    "cinder": ("22.0.0", "23.0.0", "24.0.0", "25.0.0", "26.0.0", "27.0.0", "28.0.0", "29.0.0"),
    "manila": ("16.0.0", "17.0.0", "18.0.1", "19.0.0", "20.0.0", "21.0.0", "22.0.0", "23.0.0"),
    "ironic": ("21.4.0", "23.0.0", "24.1.0", "26.1.0", "29.0.0", "32.0.0", "35.0.0", "36.0.0"),
    "placement": ("9.0.0", "10.0.0", "11.0.0", "12.0.0", "13.0.0", "14.0.0", "15.0.0", "16.0.0"),
    "keystone": ("23.0.0", "24.0.0", "25.0.0", "26.0.0", "27.0.0", "28.0.0", "29.0.0", "30.0.0"),
    "neutron": ("22.0.0", "23.0.0", "24.0.0", "25.0.0", "26.0.0", "27.0.0", "28.0.0", "29.0.0"),
    "neutron-lib": ("3.4.0", "3.8.0", "3.11.0", "3.15.0", "3.18.0", "3.20.0", "3.22.0", "4.0.0"),
    "glance": ("26.0.0", "27.0.0", "28.0.1", "29.0.0", "30.0.0", "31.0.0", "32.0.0", "33.0.0"),
    "python-novaclient": ("18.3.0", "18.4.0", "18.6.0", "18.7.0", "18.8.0", "18.9.0", "18.10.0", "18.11.0"),
    "python-cinderclient": ("9.3.0", "9.4.0", "9.5.0", "9.6.0", "9.7.0", "9.8.0", "9.9.0", "9.10.0"),
    "python-ironicclient": ("5.1.0", "5.4.0", "5.5.0", "5.8.0", "5.10.0", "5.14.0", "6.0.0", "6.3.0"),
    "python-manilaclient": ("4.4.0", "4.6.0", "4.8.0", "5.0.0", "5.4.0", "5.6.0", "6.0.0", "6.3.0"),
    "openstacksdk": ("1.0.1", "1.4.0", "3.0.0", "4.0.0", "4.4.0", "4.7.0", "4.9.0", "4.22.0"),
    "python-openstackclient": ("6.2.0", "6.3.0", "6.6.0", "7.1.0", "7.4.0", "8.0.0", "8.2.0", "9.0.0"),
}


class Releases:
    """A store that takes in the sdists that a test asks for.

    :param directory: the store is made in it
    """

    def __init__(self, directory: Path) -> None:
        self.store = Store(directory / "store.git")
        self.memo = Memo(directory / "memo")

    def of(self, component: str, release: str) -> TreeId:
        """Give the tree of a component in a release."""
        return self.tree(component, VERSIONS[component][NAMES.index(release)])

    def tree(self, component: str, version: str) -> TreeId:
        package = PACKAGES.get(component, component)
        one = Component(name=component, source=PypiSource(pypi=package, version=version), distribution_name=package)
        release = Release(name=version, python="3.11", pins=Pins(exclude_newer=NEWEST), components={component: one})
        trees = resolve([one], release, store=self.store, memo=Memo(CACHE), cache=CACHE, events=Events())
        return trees[component].tree
