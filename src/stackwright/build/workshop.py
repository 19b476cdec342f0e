"""Where trees, wheels and environments are made: all that the making of an environment takes, in one hand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from stackwright.build.environment import build_environment, find_environment, plan_environment
from stackwright.build.patched import patched_components
from stackwright.build.wheel import build_wheel
from stackwright.events import Kind

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from pathlib import Path

    from stackwright.build.cache import ArtifactCache
    from stackwright.build.environment import Environment, EnvironmentPlan
    from stackwright.build.patched import PatchedComponent
    from stackwright.build.wheel import WheelPlan
    from stackwright.distribution import Distribution, Release
    from stackwright.events import Events
    from stackwright.store import Memo, Store


@dataclass(frozen=True)
class Workshop:
    """Where trees, wheels and environments are made and kept.

    :param logs: where builds write what they do
    """

    store: Store
    memo: Memo
    artifacts: ArtifactCache
    events: Events
    logs: Path

    def patched(
        self, distribution: Distribution, release: Release, *, only: Collection[str] = ()
    ) -> dict[str, PatchedComponent]:
        """Give the components that are built here; the parameters and errors are those of `patched_components`."""
        return patched_components(
            distribution,
            release,
            store=self.store,
            memo=self.memo,
            cache=self.artifacts.directory,
            events=self.events,
            only=only,
        )

    def wheels(
        self, distribution: Distribution, release: Release, *, only: Collection[str] = ()
    ) -> dict[str, WheelPlan]:
        """Plan the wheels of the components that are built here, as they are patched.

        :param only: of these alone; without any, of all
        :raises StackwrightError: a source is out of reach, or a series does not apply
        """
        return {name: one.wheel for name, one in self.patched(distribution, release, only=only).items()}

    def plan(
        self,
        requirements: Iterable[str],
        release: Release,
        wheels: Mapping[str, WheelPlan],
        *,
        alone: Iterable[str] = (),
        platform: str = "",
    ) -> EnvironmentPlan:
        """Plan an environment; the parameters and errors are those of `plan_environment`."""
        return plan_environment(
            requirements, release, wheels, store=self.store, memo=self.memo, alone=alone, platform=platform
        )

    def environment(self, plan: EnvironmentPlan, what: str) -> Environment:
        """Give an environment, built if need be.

        :param what: the subject of the events that tell of it
        :raises StackwrightError: it cannot be built
        """
        found = find_environment(plan, self.artifacts)
        if found is not None:
            return found
        log = self.logs / f"environment-{plan.key}.log"
        self.events.emit(Kind.STARTED, what, f"make the environment of {len(plan.closure.pins)} packages")
        for wheel in plan.built:
            build_wheel(wheel, store=self.store, cache=self.artifacts, memo=self.memo, log=log)
        built = build_environment(plan, cache=self.artifacts, memo=self.memo, log=log)
        self.events.emit(Kind.DONE, what)
        return built
