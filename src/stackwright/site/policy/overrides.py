"""What a site changes in services' policies: rules below `conf: policy:` of its values."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stackwright.distribution.values import GLOBAL

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stackwright.site.values.merge import Placed
    from stackwright.site.values.values import SiteValues

SECTION = "oslo_policy"
ANSWERING = ("enforce_new_defaults", "enforce_scope")
TRUE = ("true", "1", "yes", "on")  # as oslo.config reads them


def overrides_of(values: SiteValues) -> Mapping[str, Mapping[str, Placed]]:
    """Give service -> rule -> check, with who says it; only services that something is said of.

    Components that no service of the catalogue is made of yet count, too: what is said of them can be tried.
    """
    return {service: rules for service in values.tree if service != GLOBAL and (rules := values.policy(service))}


def options_of(values: SiteValues, service: str) -> Mapping[str, bool]:
    """Give what is set of how a service enforces its policy: options of [oslo_policy] that change the answers."""
    said = {name: one for sections in values.conf(service).values() for name, one in sections.get(SECTION, {}).items()}
    return {name: one.text.lower() in TRUE for name, one in said.items() if name in ANSWERING}


def checks_of(overrides: Mapping[str, Placed]) -> dict[str, str]:
    """Give the checks alone."""
    return {rule: placed.text for rule, placed in overrides.items()}
