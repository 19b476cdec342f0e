"""What is asked about: the attributes of each kind of target, and the token that a request comes with.

A target is told to a service's rules by the attributes that their checks name, such as ``%(project_id)s``. What each
stands for is data (``attributes.yaml``).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any, Literal

from stackwright.distribution.reading import parse, read_yaml
from stackwright.distribution.written import Written
from stackwright.site.policy.model import Target

if TYPE_CHECKING:
    from collections.abc import Iterable

    from stackwright.site.policy.model import Persona, Situation

# Of whom and where: everybody who asks is the same user of the same project and domain.
USER, PROJECT, DOMAIN = "u-own", "p-own", "d-own"
OTHER_USER, OTHER_PROJECT, OTHER_DOMAIN = "u-other", "p-other", "d-other"
ATTRIBUTE = re.compile(r"%\(([^)]*)\)s")

# Target -> the user, project and domain whose the thing is.
OWNERS: Mapping[Target, tuple[str, str, str]] = {
    Target.SELF: (USER, PROJECT, DOMAIN),
    Target.OWN_PROJECT: (OTHER_USER, PROJECT, DOMAIN),
    Target.OTHER_PROJECT: (OTHER_USER, OTHER_PROJECT, DOMAIN),
    Target.DOMAIN: (OTHER_USER, OTHER_PROJECT, DOMAIN),
    Target.SYSTEM: (OTHER_USER, OTHER_PROJECT, OTHER_DOMAIN),
}


class Attributes(Written):
    """All of ``attributes.yaml``."""

    constants: Mapping[str, str]
    ids: Mapping[str, Literal["user", "project", "domain"]]


def attributes_in(checks: Iterable[str]) -> frozenset[str]:
    """Give the attributes of targets that check strings name."""
    return frozenset(name for check in checks for name in ATTRIBUTE.findall(check))


def attributes_of(situation: Situation, names: Iterable[str]) -> dict[str, bool | int | str]:
    """Give what a target says of those attributes, and what the situation adds."""
    ids = dict(zip(("user", "project", "domain"), OWNERS[situation.target], strict=True))
    found: dict[str, bool | int | str] = {
        name: value for name in sorted(names) if (value := _value(name, ids)) is not None
    }
    return found | dict(situation.attributes)


def is_known(name: str) -> bool:
    """Tell whether it is known what an attribute stands for."""
    return _value(name, dict.fromkeys(("user", "project", "domain"), "")) is not None


def token_of(persona: Persona, target: Target) -> dict[str, Any]:
    """Give what services are told of a token: of the project, or for some targets of the domain or the system.

    The names are those of oslo.context (RequestContext.to_policy_values), and keystone's ``token``.
    """
    scope: dict[str, Any] = {"project_id": None, "project_domain_id": None, "domain_id": None, "system_scope": None}
    token: dict[str, Any] = {"user": {"id": USER, "domain": {"id": DOMAIN}}}
    if target is Target.SYSTEM:
        scope["system_scope"] = "all"
        token["system"] = {"all": True}
    elif target is Target.DOMAIN:
        scope["domain_id"] = DOMAIN
        token["domain"] = {"id": DOMAIN}
    else:
        scope |= {"project_id": PROJECT, "project_domain_id": DOMAIN}
        token["project"] = {"id": PROJECT, "domain": {"id": DOMAIN}}
    return {
        "user_id": USER,
        "user_domain_id": DOMAIN,
        **scope,
        "tenant_id": scope["project_id"],
        "roles": list(persona.roles),
        "is_admin_project": True,
        "service_roles": list(persona.service_roles),
        "service_user_id": None,
        "service_user_domain_id": None,
        "service_project_id": None,
        "service_project_domain_id": None,
        "token": token,
    }


def _value(name: str, ids: Mapping[str, str]) -> str | None:
    known = _known()
    for form, text in known.constants.items():
        if re.fullmatch(form, name):
            return text
    return next((ids[whose] for form, whose in known.ids.items() if re.fullmatch(form, name)), None)


@cache
def _known() -> Attributes:
    with resources.as_file(resources.files("stackwright.site.policy") / "attributes.yaml") as file:
        return parse(Attributes, read_yaml(file))
