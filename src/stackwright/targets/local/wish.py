"""From a distribution to the wish: the cloud as it is to be, and the graph of steps that brings it about."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from stackwright.build.cache import ArtifactCache
from stackwright.build.environment import find_environment
from stackwright.catalogue.catalogue import own_catalogue
from stackwright.catalogue.repeating import written_out
from stackwright.errors import InputError
from stackwright.site import state as site_state
from stackwright.site.access import written_password
from stackwright.site.files import render_files
from stackwright.site.outline import outline
from stackwright.site.paths import SitePaths
from stackwright.site.policy.personas import read_personas
from stackwright.site.render import Renderer, Values
from stackwright.site.secrets.opening import Secrets, secrets_of
from stackwright.site.state import SiteState
from stackwright.site.things import things_of, with_things
from stackwright.site.validity import faults_of
from stackwright.site.values.values import default_values, site_values
from stackwright.store import Memo, Store
from stackwright.targets.local.artifacts import environment_step, wheel_step
from stackwright.targets.local.assemble import cloud_graph
from stackwright.targets.local.cloud import Cloud
from stackwright.targets.local.rings import ring_faults
from stackwright.targets.local.validity import validity_step
from stackwright.targets.migrations import migrations_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from stackwright.build.environment import Environment, EnvironmentPlan
    from stackwright.build.patched import PatchedComponent
    from stackwright.catalogue.catalogue import Selection
    from stackwright.distribution import Distribution, Site
    from stackwright.events import Events
    from stackwright.plan.graph import Graph
    from stackwright.site.policy.personas import Personas
    from stackwright.site.values.values import SiteValues


@dataclass(frozen=True)
class Wish:
    """What a site is to be.

    :param cloud: the cloud on this machine
    :param graph: the steps that bring it up
    :param patched: component -> its tree as patched, of those that are built here
    :param faults: what is wrong with its configuration and policies, of the services whose environments are built
    """

    site: Site
    cloud: Cloud
    graph: Graph
    patched: Mapping[str, PatchedComponent]
    faults: tuple[InputError, ...]

    @property
    def secrets(self) -> Secrets:
        """Its secrets."""
        assert isinstance(self.cloud.state.secrets, Secrets)
        return self.cloud.state.secrets


def make_wish(
    distribution: Distribution,
    site: Site,
    *,
    state: Path,
    cache: Path,
    events: Events,
    force: bool = False,
    anew: frozenset[str] = frozenset(),
) -> Wish:
    """Work out what a site is to be: fetches sources and applies series, changes nothing else.

    :param state: the state directory
    :param cache: the cache of downloads and artifacts
    :param force: start what is found invalid only once its environment is built, too
    :param anew: secrets to be made anew
    :raises StackwrightError: something the user gave is wrong, a patch does not apply, a source is out of reach, the
        secrets cannot be opened
    """
    _check_site(site)
    store, memo, artifacts = Store(state / "store.git"), Memo(cache), ArtifactCache(cache)
    made = outline(distribution, site, state=state, cache=cache, store=store, memo=memo, events=events, anew=anew)
    values, selection = made.values, made.selection
    cloud = Cloud(
        values=values,
        files={name: render_files(service, Renderer(values, name)) for name, service in selection.services.items()},
        identities={name: plan.key for name, plan in made.environments.items()},
        migrations=migrations_of(selection, made.release, made.patched, store),
    )
    personas = read_personas(distribution.root)
    built: dict[str, Environment] = {}
    steps = [wheel_step(one.wheel, store=store, cache=artifacts, memo=memo) for one in made.patched.values()]
    needs: dict[str, tuple[str, ...]] = {}
    for name, plan in made.environments.items():
        steps.append(environment_step(name, plan, cache=artifacts, memo=memo))
        needs[name] = (f"{name}/environment",)
        environment = find_environment(plan, artifacts)
        if environment is None:
            later = partial(_faults_then, name, plan, artifacts, cloud, personas, memo)
            steps.append(validity_step(name, later, force=force))
            needs[name] = (f"{name}/environment", f"{name}/validity")
        else:
            built[name] = environment
    faults = (*ring_faults(cloud), *faults_of(values, cloud.files, built, personas, memo))
    return Wish(site, cloud, cloud_graph(cloud, steps, needs, artifacts), made.patched, faults)


def _faults_then(
    service: str, plan: EnvironmentPlan, artifacts: ArtifactCache, cloud: Cloud, personas: Personas, memo: Memo
) -> tuple[InputError, ...]:
    """Find what is wrong with a service whose environment has been built meanwhile."""
    environment = find_environment(plan, artifacts)
    assert environment is not None
    return faults_of(cloud.values, cloud.files, {service: environment}, personas, memo)


def known_cloud(site: Site, *, state: Path) -> Cloud:
    """Give what there is of a site, without working out what it is to be: enough to look at it and to stop it.

    Of its secrets it has the one that clients need, as it is written for them, and asks nobody to open the others.

    :raises InputError: the site has never been brought up
    """
    _check_target(site)
    paths = SitePaths(state / "sites" / site.name)
    kept = site_state.load(paths)
    if kept is None:
        raise InputError(
            f"the site {site.name} is not there",
            why=f"there is nothing of it in {paths.root}",
            fix="bring it up: stackwright up",
        )
    selection = own_catalogue(site.platform).of(site)
    said = default_values(own_catalogue(site.platform), selection)
    selection = written_out(selection, {**things_of(selection, said), **kept.things})
    password = written_password(paths)
    secrets = {
        f"{name}-{entry.provides.identity.password}": password
        for name, entry in selection.services.items()
        if entry.provides.identity is not None and password
    }
    chosen = replace(site_state.choose(selection, kept, site.ports), secrets=secrets)
    values = _bare_values(site, said, selection, chosen, state)
    return Cloud(values, files={name: {} for name in selection.services}, identities={}, migrations={})


def known_values(distribution: Distribution, site: Site, *, state: Path) -> Values:
    """Give what a site's templates may name, without working out what it is made of: enough to see who reads what.

    :raises InputError: something is wrong with its values
    """
    paths = SitePaths(state / "sites" / site.name)
    selection = own_catalogue(site.platform).of(site)
    said = site_values(distribution, site, own_catalogue(site.platform), selection)
    selection = with_things(selection, said)
    kept = site_state.load(paths) or SiteState("000000", {}, 0)
    secrets = secrets_of(site, said, selection, paths)
    chosen = replace(site_state.choose(selection, kept, site.ports), secrets=secrets)
    return _bare_values(site, said, selection, chosen, state)


def _bare_values(site: Site, said: SiteValues, selection: Selection, chosen: SiteState, state: Path) -> Values:
    """Give the values of a site whose environments are not looked for."""
    paths = SitePaths(state / "sites" / site.name)
    environments = {
        name: paths.root / "no-environment" for name, entry in selection.services.items() if entry.environment
    }
    return Values(
        selection=selection,
        said=said,
        state=chosen,
        paths=paths,
        region=site.region,
        host=f"host-{chosen.id}",
        environments=environments,
        cache=state / "no-cache",
        processors=1,
    )


def _check_site(site: Site) -> None:
    """See that this target can be what the site asks for."""
    _check_target(site)
    if site.hosts:
        raise InputError(
            "the target local has one host, this machine",
            where=site.where("hosts", key=True),
            fix="remove `hosts:`, or give the site another target",
        )


def _check_target(site: Site) -> None:
    """See that the site is one of this machine's."""
    if site.target != "local":
        raise InputError(
            f"the site {site.name} runs on hosts of its own, not on this machine",
            where=site.where("target", key=True),
            fix=f"stackwright site render {site.name} OUT",
        )
