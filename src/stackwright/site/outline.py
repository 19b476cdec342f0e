"""What a site is made of, before anything of it is built: services, environments, and all that templates may name."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from stackwright.build.environment import ENVIRONMENTS, plan_environment
from stackwright.build.patched import patched_components
from stackwright.catalogue.catalogue import own_catalogue
from stackwright.errors import InputError, suggestion
from stackwright.site import state as site_state
from stackwright.site.paths import SitePaths
from stackwright.site.platform import host_values
from stackwright.site.render import Values
from stackwright.site.secrets.opening import secrets_of
from stackwright.site.series import check_components, check_series
from stackwright.site.things import with_things
from stackwright.site.values.values import site_values

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from stackwright.build.environment import EnvironmentPlan
    from stackwright.build.patched import PatchedComponent
    from stackwright.catalogue.catalogue import Selection
    from stackwright.distribution import Distribution, Release, Site
    from stackwright.events import Events
    from stackwright.store import Memo, Store


@dataclass(frozen=True)
class Outline:
    """A site as it is to be.

    :param patched: component -> its tree as patched, of those that are built here
    :param environments: service -> the environment that its programs need
    :param values: all that its templates may name
    """

    site: Site
    release: Release
    patched: Mapping[str, PatchedComponent]
    environments: Mapping[str, EnvironmentPlan]
    values: Values

    @property
    def selection(self) -> Selection:
        """The services that it runs."""
        return self.values.selection


def outline(
    distribution: Distribution,
    site: Site,
    *,
    state: Path,
    cache: Path,
    store: Store,
    memo: Memo,
    events: Events,
    anew: frozenset[str] = frozenset(),
) -> Outline:
    """Work out what a site is made of: fetches sources and applies series, changes nothing else.

    :param state: the state directory
    :param cache: the cache of downloads and artifacts
    :param anew: secrets to be made anew; none is opened before a template that is rendered names one
    :raises StackwrightError: something the user gave is wrong, a patch does not apply, a source is out of reach
    """
    paths = SitePaths(state / "sites" / site.name)
    release = distribution.release(site.release)
    catalogue = own_catalogue(site.platform)
    selection = catalogue.of(site)
    _check_ports(site, selection)
    check_components(selection, release)
    check_series(selection, release)
    said = site_values(distribution, site, catalogue, selection)
    selection = with_things(selection, said)
    patched = patched_components(distribution, release, store=store, memo=memo, cache=cache, events=events)
    environments = plan_environments(selection, release, patched, store, memo)
    secrets = secrets_of(site, said, selection, paths, anew=anew)
    if catalogue.platform is not None:
        hosts = host_values(site, selection, said, secrets, catalogue.platform, cache)
        return Outline(site, release, patched, environments, hosts)
    chosen = replace(site_state.choose(selection, site_state.load(paths), site.ports), secrets=secrets)
    values = Values(
        selection=selection,
        said=said,
        state=chosen,
        paths=paths,
        region=site.region,
        host=f"host-{chosen.id}",
        environments={name: cache / ENVIRONMENTS / plan.key for name, plan in environments.items()},
        cache=cache,
        processors=os.cpu_count() or 1,
    )
    return Outline(site, release, patched, environments, values)


def _check_ports(site: Site, selection: Selection) -> None:
    """See that the ports that the site sets are there to be set."""
    ports = selection.ports()
    for name in site.ports:
        if name not in ports:
            raise InputError(
                f"no service of the site has a port {name!r}",
                where=site.where("ports", name, key=True),
                fix=suggestion(name, ports),
            )


def plan_environments(
    selection: Selection, release: Release, patched: Mapping[str, PatchedComponent], store: Store, memo: Memo
) -> dict[str, EnvironmentPlan]:
    """Plan the environment of each service that has one.

    :param patched: the components that are built here
    :raises InputError: no versions fit
    :raises EnvironmentLacksError: no Python of the release's version, no network, no space
    """
    wheels = {name: component.wheel for name, component in patched.items()}
    wanted = {name: entry.environment for name, entry in selection.services.items() if entry.environment is not None}
    with ThreadPoolExecutor(len(wanted) or 1) as pool:  # each may have to wait for uv and the index
        plans = pool.map(
            lambda environment: plan_environment(
                environment.requirements, release, wheels, store=store, memo=memo, alone=environment.alone
            ),
            wanted.values(),
        )
        return dict(zip(wanted, plans, strict=True))
