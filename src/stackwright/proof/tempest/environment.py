"""The environment that tempest runs in: its own, of the versions that a release's pins lead to."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from stackwright.distribution.model import Pins, Release

if TYPE_CHECKING:
    from stackwright.build.environment import Environment
    from stackwright.build.wheel import WheelPlan
    from stackwright.build.workshop import Workshop
    from stackwright.distribution import Distribution

TEMPEST = "tempest"


def tempest_environment(distribution: Distribution | None, release: Release | None, workshop: Workshop) -> Environment:
    """Give the environment, built first if it is not there.

    What tempest is made of is upstream's: it would be a poor witness if it ran on libraries that patches have changed.
    Only a release that names tempest itself as a component, with patches or from a tree, has that one.

    :param release: whose pins hold; without one it is the newest of everything that this Python runs
    :raises InputError: no versions fit
    :raises EnvironmentLacksError: no Python of this version, no network, no space
    """
    wheels: dict[str, WheelPlan] = {}
    if distribution is not None and release is not None and TEMPEST in release.components:
        wheels = workshop.wheels(distribution, release, only={TEMPEST})
    plan = workshop.plan([TEMPEST], release or _no_release(), wheels)
    return workshop.environment(plan, "tempest/environment")


def _no_release() -> Release:
    """Give what holds where there is no distribution: nothing but this Python."""
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    pins = Pins.model_construct(exclude_newer=None, constraints=None)
    return Release.model_construct(name="none", python=version, pins=pins, components={})
