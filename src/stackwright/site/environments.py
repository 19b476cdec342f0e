"""The environments of services in a release of the distribution, built if need be."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from stackwright.catalogue.catalogue import LINUX, own_catalogue
from stackwright.patches import apply, read_series
from stackwright.sources import resolve

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from stackwright.build.environment import Environment, EnvironmentPlan
    from stackwright.build.wheel import WheelPlan
    from stackwright.build.workshop import Workshop
    from stackwright.distribution import Distribution, Release
    from stackwright.store import TreeId


@dataclass(frozen=True)
class Environments:
    """What services are made of in a release of a distribution.

    :param platform: that the services are to run on
    """

    distribution: Distribution
    release: Release
    workshop: Workshop
    platform: str = LINUX

    def of(self, service: str) -> Environment:
        """Give the environment of a service of the catalogue, or of a component that no service is made of yet.

        :raises InputError: the release has no such component, or no versions fit
        :raises StackwrightError: a source is out of reach, a series does not apply, a build fails
        """
        entry = own_catalogue(self.platform).services.get(service)
        if entry is not None and entry.environment is not None:
            plan = self._plan(entry.environment.requirements, entry.environment.alone)
        else:
            plan = self._plan([self.release.component(service).distribution_name])
        return self.workshop.environment(plan, f"{service}/environment")

    def plans(self) -> dict[str, EnvironmentPlan]:
        """Plan the environments of all services of the catalogue that the release has the component of.

        :raises StackwrightError: a source is out of reach, a series does not apply, no versions fit
        """
        return {
            name: self._plan(entry.environment.requirements, entry.environment.alone)
            for name, entry in own_catalogue(self.platform).services.items()
            if entry.environment is not None and entry.component in self.release.components
        }

    def whole(self) -> EnvironmentPlan:
        """Plan one environment of all that the release is made of; its packages are held at one version for all.

        :raises InputError: no versions fit
        :raises StackwrightError: a source is out of reach, a series does not apply
        """
        components = self.release.components
        entries = [
            entry.environment
            for entry in own_catalogue(self.platform).services.values()
            if entry.environment is not None and entry.component in components
        ]
        wanted = {requirement for entry in entries for requirement in entry.requirements}
        wanted |= {component.distribution_name for component in components.values()}
        return self._plan(sorted(wanted), sorted({package for entry in entries for package in entry.alone}))

    def tree(self, component: str) -> TreeId:
        """Give the tree of a component, patched.

        :raises StackwrightError: there is no such component, its source is out of reach, its series does not apply
        """
        one = self.release.component(component)
        shop = self.workshop
        found = resolve(
            [one], self.release, store=shop.store, memo=shop.memo, cache=shop.artifacts.directory, events=shop.events
        )
        series = read_series(self.distribution.series_directory(component, self.release.name))
        return apply(shop.store, found[component].tree, series, memo=shop.memo).tree

    def _plan(self, requirements: Iterable[str], alone: Iterable[str] = ()) -> EnvironmentPlan:
        return self.workshop.plan(requirements, self.release, self._wheels, alone=alone)

    @cached_property
    def _wheels(self) -> Mapping[str, WheelPlan]:
        return self.workshop.wheels(self.distribution, self.release)
