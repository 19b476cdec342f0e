"""Every patch that a distribution carries."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from stackwright.distribution.reading import Collector
from stackwright.patches.series import read_series

if TYPE_CHECKING:
    from pathlib import Path

    from stackwright.distribution import Component, Distribution
    from stackwright.patches.model import Patch


@dataclass(frozen=True)
class Carried:
    """A patch file, and what it is carried for.

    :param component: as the first of the releases has it
    :param releases: whose series name the file
    """

    component: Component
    releases: tuple[str, ...]
    patch: Patch


def carried(distribution: Distribution) -> tuple[Carried, ...]:
    """Read the patches of every series. A file that serves several releases of a component is there once.

    :raises InputError: a series or a patch of it cannot be read (all of them together)
    """
    found: dict[tuple[str, Path], Carried] = {}
    collector = Collector()
    for release in distribution.releases.values():
        for component in release.components.values():
            with collector.collecting():
                series = read_series(distribution.series_directory(component.name, release.name))
                for patch in series.patches:
                    assert patch.file is not None
                    key = component.name, patch.file.resolve()
                    known = found.get(key, Carried(component, (), patch))
                    found[key] = replace(known, releases=(*known.releases, release.name))
    collector.raise_errors()
    return tuple(found.values())
