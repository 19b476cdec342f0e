"""From a distribution to the wish: the cloud as it is to be, and the graph of steps that brings it about."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from stackwright.build.cache import ArtifactCache
from stackwright.build.environment import EnvironmentPlan, plan_environment
from stackwright.build.patched import PatchedComponent, patched_components
from stackwright.catalogue.catalogue import own_catalogue
from stackwright.distribution.model import PypiSource
from stackwright.errors import InputError, suggestion
from stackwright.site import state as site_state
from stackwright.site.files import render_files
from stackwright.site.paths import SitePaths
from stackwright.site.render import Renderer, Values
from stackwright.store import Memo, Store
from stackwright.targets.local.artifacts import environment_step, wheel_step
from stackwright.targets.local.assemble import cloud_graph
from stackwright.targets.local.cloud import Cloud

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from stackwright.catalogue.catalogue import Selection
    from stackwright.distribution import Distribution, Release, Site
    from stackwright.events import Events
    from stackwright.plan.graph import Graph


@dataclass(frozen=True)
class Wish:
    """What a site is to be.

    :param cloud: the cloud on this machine
    :param graph: the steps that bring it up
    :param patched: component -> its tree as patched, of those that are built here
    """

    site: Site
    cloud: Cloud
    graph: Graph
    patched: Mapping[str, PatchedComponent]


def make_wish(distribution: Distribution, site: Site, *, state: Path, cache: Path, events: Events) -> Wish:
    """Work out what a site is to be: fetches sources and applies series, changes nothing else.

    :param state: the state directory
    :param cache: the cache of downloads and artifacts
    :raises StackwrightError: something the user gave is wrong, a patch does not apply, a source is out of reach
    """
    paths = SitePaths(state / "sites" / site.name)
    release = distribution.release(site.release)
    selection = own_catalogue().select(site.services, site.where("services"))
    _check_site(site, selection)
    store, memo, artifacts = Store(state / "store.git"), Memo(cache), ArtifactCache(cache)
    patched = patched_components(distribution, release, store=store, memo=memo, cache=cache, events=events)
    wheels = {name: component.wheel for name, component in patched.items()}
    environments = _plan_environments(selection, release, patched, store, memo)
    chosen = site_state.choose(selection, site_state.load(paths), site.ports)
    values = Values(
        selection=selection,
        state=chosen,
        paths=paths,
        region=site.region,
        host=f"host-{chosen.id}",
        environments={name: cache / "environments" / plan.key for name, plan in environments.items()},
        cache=cache,
        processors=os.cpu_count() or 1,
    )
    cloud = Cloud(
        values=values,
        files={
            name: render_files(
                service, Renderer(values, name), site.config.get(name, {}), partial(site.where, "config", name)
            )
            for name, service in selection.services.items()
        },
        identities={name: plan.key for name, plan in environments.items()},
        migrations=_migrations(selection, release, patched, store),
    )
    steps = [wheel_step(wheel, store=store, cache=artifacts, memo=memo) for wheel in wheels.values()]
    steps += [environment_step(name, plan, cache=artifacts, memo=memo) for name, plan in environments.items()]
    needs = {name: (f"{name}/environment",) for name in environments}
    return Wish(site, cloud, cloud_graph(cloud, steps, needs, artifacts), patched)


def known_cloud(site: Site, *, state: Path) -> Cloud:
    """Give what there is of a site, without working out what it is to be: enough to look at it and to stop it.

    :raises InputError: the site has never been brought up
    """
    paths = SitePaths(state / "sites" / site.name)
    kept = site_state.load(paths)
    if kept is None:
        raise InputError(
            f"the site {site.name} is not there",
            why=f"there is nothing of it in {paths.root}",
            fix="bring it up: stackwright up",
        )
    selection = own_catalogue().select(site.services, site.where("services"))
    environments = {
        name: paths.root / "no-environment" for name, entry in selection.services.items() if entry.environment
    }
    values = Values(
        selection=selection,
        state=site_state.choose(selection, kept, site.ports),
        paths=paths,
        region=site.region,
        host=f"host-{kept.id}",
        environments=environments,
        cache=state / "no-cache",
        processors=1,
    )
    return Cloud(values, files={name: {} for name in selection.services}, identities={}, migrations={})


def _check_site(site: Site, selection: Selection) -> None:
    """See that what the site sets is there to be set."""
    ports = selection.ports()
    for name in site.ports:
        if name not in ports:
            raise InputError(
                f"no service of the site has a port {name!r}",
                where=site.where("ports", name, key=True),
                fix=suggestion(name, ports),
            )
    for name in site.config:
        if name not in selection.services:
            raise InputError(
                f"the site has no service {name!r}",
                where=site.where("config", name, key=True),
                fix=suggestion(name, selection.services),
            )


def _plan_environments(
    selection: Selection, release: Release, patched: Mapping[str, PatchedComponent], store: Store, memo: Memo
) -> dict[str, EnvironmentPlan]:
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


def _migrations(
    selection: Selection, release: Release, patched: Mapping[str, PatchedComponent], store: Store
) -> dict[str, str]:
    """Give what each task's migrations are made of: the ids of their subtrees, or the version where there is no tree.

    :raises InputError: the catalogue names a path that the component's tree does not have
    """
    made_of = {}
    for name, service in selection.services.items():
        for task in service.tasks:
            if task.until.trees is None or service.component is None:
                continue
            component = patched.get(service.component)
            if component is None:
                source = release.component(service.component).source
                assert isinstance(source, PypiSource)  # all others are built here
                made_of[f"{name}/{task.name}"] = f"{source.pypi} {source.version}"
                continue
            subtrees = {path: store.subtree(component.applied.tree, path) for path in task.until.trees}
            for path, subtree in subtrees.items():
                if subtree is None:
                    raise InputError(
                        f"the tree of {service.component} has no {path}, where the catalogue looks for migrations",
                        fix="add it, or correct the catalogue's entry",
                    )
            made_of[f"{name}/{task.name}"] = " ".join(f"{path}={subtree}" for path, subtree in subtrees.items())
    return made_of
