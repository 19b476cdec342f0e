"""What of a release is built here: the components that have patches, and those that come from no package index."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from stackwright.build.wheel import WheelPlan, plan_wheel
from stackwright.distribution.sources import PypiSource
from stackwright.patches import apply, read_series
from stackwright.sources import resolve

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from stackwright.distribution import Distribution, Release
    from stackwright.events import Events
    from stackwright.patches import Applied, Series
    from stackwright.sources import SourceTree
    from stackwright.store import Memo, Store


@dataclass(frozen=True)
class PatchedComponent:
    """A component's tree with its series applied, and the wheel that is made of it."""

    source: SourceTree
    series: Series
    applied: Applied
    wheel: WheelPlan


def patched_components(
    distribution: Distribution,
    release: Release,
    *,
    store: Store,
    memo: Memo,
    cache: Path,
    events: Events,
    only: Collection[str] = (),
) -> dict[str, PatchedComponent]:
    """Give the components of a release that are built here, with their trees.

    :param only: look at these alone
    :raises PatchConflictError: a series does not apply
    :raises InputError: a series or a source is wrong
    :raises EnvironmentLacksError: a source cannot be reached
    """
    series = {name: read_series(distribution.series_directory(name, release.name)) for name in release.components}
    wanted = [
        component
        for name, component in release.components.items()
        if (series[name].patches or not isinstance(component.source, PypiSource)) and (not only or name in only)
    ]
    sources = resolve(wanted, release, store=store, memo=memo, cache=cache, events=events)
    patched = {}
    for component in wanted:
        name = component.name
        applied = apply(store, sources[name].tree, series[name], memo=memo)
        wheel = plan_wheel(
            release,
            name,
            tree=applied.tree,
            upstream_version=sources[name].version,
            patches=len(series[name].patches),
        )
        patched[name] = PatchedComponent(sources[name], series[name], applied, wheel)
    return patched
