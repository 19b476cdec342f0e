"""The environment that tempest runs in: its own, of the versions that a release's pins lead to."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from stackwright.build.environment import Environment, find_environment, plan_environment
from stackwright.build.patched import patched_components
from stackwright.distribution.model import Pins, Release

if TYPE_CHECKING:
    from stackwright.distribution import Distribution
    from stackwright.proof.migrations.environments import Workshop

TEMPEST = "tempest"


def tempest_environment(distribution: Distribution | None, release: Release | None, workshop: Workshop) -> Environment:
    """Give the environment, built first if it is not there.

    What tempest is made of is upstream's: it would be a poor witness if it ran on libraries that patches have changed.
    Only a release that names tempest itself as a component, with patches or from a tree, has that one.

    :param release: whose pins hold; without one it is the newest of everything that this Python runs
    :raises InputError: no versions fit
    :raises EnvironmentLacksError: no Python of this version, no network, no space
    """
    wheels = {}
    if distribution is not None and release is not None and TEMPEST in release.components:
        patched = patched_components(
            distribution,
            release,
            store=workshop.store,
            memo=workshop.memo,
            cache=workshop.artifacts.directory,
            events=workshop.events,
            only={TEMPEST},
        )
        wheels = {name: one.wheel for name, one in patched.items()}
    plan = plan_environment([TEMPEST], release or _no_release(), wheels, store=workshop.store, memo=workshop.memo)
    found = find_environment(plan, workshop.artifacts)
    return found or Environment(workshop.build(plan, "tempest/environment"), plan.key)


def _no_release() -> Release:
    """Give what holds where there is no distribution: nothing but this Python."""
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    pins = Pins.model_construct(exclude_newer=None, constraints=None)
    return Release.model_construct(name="none", python=version, pins=pins, components={})
