"""The policies of a site: each service's own rules, in its environment, with what the site changes in them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from stackwright.catalogue.catalogue import own_catalogue
from stackwright.errors import InputError, suggestion
from stackwright.site.policy.horizon import (
    DASHBOARD,
    TOLD,
    copies,
    dashboard_file,
    differences,
    disagreements,
    together,
    told_to_dashboard,
)
from stackwright.site.policy.judging import EVERYTHING, Case, matrices, matrix
from stackwright.site.policy.overrides import checks_of, options_of, overrides_of
from stackwright.site.policy.personas import read_personas
from stackwright.site.policy.rules import rules_of, sample_of
from stackwright.site.policy.validating import refuse, validate_policies
from stackwright.site.values.values import site_values

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from stackwright.build.environment import Environment
    from stackwright.catalogue.catalogue import Selection
    from stackwright.distribution import Site
    from stackwright.site.environments import Environments
    from stackwright.site.policy.horizon import Copy
    from stackwright.site.policy.model import Finding, Matrix, Persona, Situation
    from stackwright.site.policy.personas import Personas
    from stackwright.site.values.merge import Placed
    from stackwright.site.values.values import SiteValues


@dataclass(frozen=True)
class Policies:
    """The policies of a site, as a release of the distribution has them.

    :param site: whose values count
    :param environments: of that release
    """

    site: Site
    environments: Environments

    @cached_property
    def values(self) -> SiteValues:
        """The site's values.

        :raises InputError: something is wrong with them
        """
        return site_values(
            self.environments.distribution, self.site, own_catalogue(self.site.platform), self._selection
        )

    @cached_property
    def overrides(self) -> Mapping[str, Mapping[str, Placed]]:
        """What the site changes: service -> rule -> check."""
        return overrides_of(self.values)

    @cached_property
    def personas(self) -> Personas:
        """Who asks."""
        return read_personas(self.environments.distribution.root)

    @cached_property
    def services(self) -> tuple[str, ...]:
        """The services of the site that have a policy, and all else that the site changes the policy of."""
        own = (name for name, entry in self._selection.services.items() if entry.policy)
        return tuple(dict.fromkeys((*own, *self.overrides)))

    def case(self, service: str) -> Case:
        """Give a service's rules with what the site changes.

        :raises InputError: there is no such service, or it has no policies; what the site changes is wrong
        """
        refuse(self.findings(service))
        return self._case(service)

    def findings(self, service: str) -> tuple[Finding, ...]:
        """Find what is wrong with what the site changes; of horizon, where its copies are old.

        :raises InputError: there is no such service, or it has no policies
        """
        if service == DASHBOARD:
            return tuple(self._of_dashboard())
        overrides = self.overrides.get(service, {})
        environment = self._environment(service)
        return validate_policies(service, environment, overrides, self.personas, self.environments.workshop.memo)

    def decide(
        self,
        services: Iterable[str],
        personas: Sequence[Persona],
        situations: Sequence[Situation] = EVERYTHING,
        *,
        changed: bool = True,
    ) -> list[Matrix]:
        """Give what services decide.

        :param changed: with what the site changes
        :raises InputError: there is no such service, or it has no policies; what the site changes is wrong
        """
        wanted = list(services)
        own = [service for service in wanted if service != DASHBOARD]

        def check() -> None:
            for service in own if changed else ():
                refuse(self.findings(service))

        cases = [self._case(service) if changed else self._unchanged(service) for service in own]
        found = {
            one.service: one for one in matrices(cases, personas, self.environments.workshop.memo, situations, check)
        }
        if DASHBOARD in wanted:
            told = [self._told(copy, personas, situations, changed=changed) for copy in self._copies.values()]
            found[DASHBOARD] = together(told)
        return [found[service] for service in wanted]

    def sample(self, service: str) -> str:
        """Give the sample file of a service's policy, as upstream's generator makes it.

        Horizon has no generator: of it, the files that it is given, one behind another.

        :raises InputError: there is no such service, or it has no policies
        :raises RunFailedError: the generator fails
        """
        if service == DASHBOARD:
            return "\n".join(f"# {name}\n{text}" for name, text in self.dashboard_files().items())
        environment = self._environment(service)
        rules_of(service, environment, self.environments.workshop.memo)
        return sample_of(service, environment)

    def dashboard_files(self) -> Mapping[str, str]:
        """Give what is written for horizon: the name of a file (``POLICY_FILES`` of its settings) -> its text.

        :raises InputError: what the site changes is wrong
        """
        cases = {copy.file: self.case(copy.service) for copy in self._copies.values()}
        return {file: dashboard_file(case.rules, case.overrides) for file, case in cases.items()}

    @cached_property
    def _selection(self) -> Selection:
        return own_catalogue(self.site.platform).of(self.site)

    def _case(self, service: str) -> Case:
        environment = self._environment(service)
        return Case(
            service,
            environment,
            rules_of(service, environment, self.environments.workshop.memo),
            checks_of(self.overrides.get(service, {})),
            options_of(self.values, service),
        )

    def _environment(self, service: str) -> Environment:
        entry = own_catalogue(self.site.platform).services.get(service)
        if service not in self.environments.release.components and (entry is None or entry.environment is None):
            raise InputError(
                f"{service} has no policies" if entry else f"there is no service {service!r}",
                fix=suggestion(service, (*self.services, DASHBOARD)),
            )
        return self.environments.of(service)

    def _unchanged(self, service: str) -> Case:
        return replace(self._case(service), overrides={})

    @cached_property
    def _copies(self) -> Mapping[str, Copy]:
        environments = self.environments
        return copies(environments.workshop.store, environments.tree(DASHBOARD), environments.workshop.memo)

    def _told(
        self, copy: Copy, personas: Sequence[Persona], situations: Sequence[Situation], *, changed: bool
    ) -> Matrix:
        """Give what horizon decides by the file that it is given for a service."""
        case = self.case(copy.service) if changed else self._unchanged(copy.service)
        file = told_to_dashboard(case.rules, case.overrides)
        return matrix(
            replace(case, rules=copy.rules, overrides=file, knows=TOLD),
            personas,
            self.environments.workshop.memo,
            situations,
        )

    def _of_dashboard(self) -> Iterator[Finding]:
        """Tell what horizon's copies have otherwise, and where it shows otherwise than a service decides."""
        personas = self.personas.chosen()
        for copy in self._copies.values():
            case = self.case(copy.service)
            yield from differences(copy, case.rules)
            told = self._told(copy, personas, EVERYTHING, changed=True)
            yield from disagreements(copy, told, matrix(case, personas, self.environments.workshop.memo))
