"""The environments of a service as two releases of a distribution have it, with and without patches."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from stackwright.build.environment import EnvironmentPlan
    from stackwright.build.workshop import Workshop
    from stackwright.catalogue.model import Service
    from stackwright.distribution import Distribution


def plan_of(service: Service, distribution: Distribution, release: str, workshop: Workshop) -> EnvironmentPlan:
    """Plan the environment of a service: what its patched component and patched libraries make it.

    What else the service lives on, and has to be compiled, the migrations do without.

    :raises StackwrightError: a source is out of reach, a series does not apply, no versions fit
    """
    assert service.environment is not None
    of = distribution.release(release)
    return workshop.plan(service.environment.requirements, of, workshop.wheels(distribution, of))


def unpatched(distribution: Distribution, nowhere: Path) -> Distribution:
    """Give a distribution as it would be without its patches.

    :param nowhere: a folder without patches
    """
    return distribution.model_copy(update={"root": nowhere})
