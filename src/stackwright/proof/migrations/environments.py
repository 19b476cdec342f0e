"""The environments of a service as two releases of a distribution have it, with and without patches."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from stackwright.build.environment import build_environment, plan_environment
from stackwright.build.patched import patched_components
from stackwright.build.wheel import build_wheel
from stackwright.events import Kind

if TYPE_CHECKING:
    from pathlib import Path

    from stackwright.build.cache import ArtifactCache
    from stackwright.build.environment import EnvironmentPlan
    from stackwright.catalogue.model import Service
    from stackwright.distribution import Distribution
    from stackwright.events import Events
    from stackwright.store import Memo, Store


@dataclass(frozen=True)
class Workshop:
    """Where trees, wheels and environments are made and kept."""

    store: Store
    memo: Memo
    artifacts: ArtifactCache
    events: Events
    logs: Path

    def plan(self, distribution: Distribution, release: str, service: Service) -> EnvironmentPlan:
        """Plan the environment of a service: what its patched component and patched libraries make it.

        What else the service lives on, and has to be compiled, the migrations do without.

        :raises StackwrightError: a source is out of reach, a series does not apply, no versions fit
        """
        assert service.environment is not None
        of = distribution.release(release)
        patched = patched_components(
            distribution, of, store=self.store, memo=self.memo, cache=self.artifacts.directory, events=self.events
        )
        wheels = {name: one.wheel for name, one in patched.items()}
        return plan_environment(service.environment.requirements, of, wheels, store=self.store, memo=self.memo)

    def build(self, plan: EnvironmentPlan, what: str) -> Path:
        """Give the folder of an environment, built if need be.

        :raises StackwrightError: it cannot be built
        """
        log = self.logs / f"environment-{plan.key}.log"
        self.events.emit(Kind.STARTED, what, f"make the environment of {len(plan.closure.pins)} packages")
        for wheel in plan.built:
            build_wheel(wheel, store=self.store, cache=self.artifacts, memo=self.memo, log=log)
        path = build_environment(plan, cache=self.artifacts, memo=self.memo, log=log).path
        self.events.emit(Kind.DONE, what)
        return path


def unpatched(distribution: Distribution, nowhere: Path) -> Distribution:
    """Give a distribution as it would be without its patches.

    :param nowhere: a folder without patches
    """
    return distribution.model_copy(update={"root": nowhere})
