"""The rules that a service registers: asked for in its environment, and remembered."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from stackwright.catalogue.catalogue import own_catalogue
from stackwright.errors import InputError, RunFailedError, Where
from stackwright.site.asked import asked
from stackwright.site.policy.model import Rules
from stackwright.tools import python

if TYPE_CHECKING:
    from stackwright.build.environment import Environment
    from stackwright.store import Memo

SCRIPT = Path(__file__).with_name("inside") / "rules.py"
MEMO = "policy rules"
GENERATOR = "bin/oslopolicy-sample-generator"


def rules_of(service: str, environment: Environment, memo: Memo) -> Rules:
    """Give the rules of a service.

    :raises InputError: it has none
    :raises RunFailedError: its policies cannot be imported
    """
    namespace = namespace_of(service)
    try:
        rules = asked(Rules, MEMO, environment, SCRIPT, [namespace], memo)
    except RunFailedError as error:
        raise RunFailedError(
            f"the policies of {service} cannot be loaded",
            where=Where(subject=service),
            why=error.details.strip().rpartition("\n")[2].strip(),
            fix="a patch of ours may be to blame: stackwright test " + service,
        ) from error
    if not rules.rules:
        raise InputError(f"{service} has no policies", fix="name a service that has an API")
    return rules


def sample_of(service: str, environment: Environment) -> str:
    """Give the sample file of a service's policies, as upstream's generator in its environment makes it.

    :raises RunFailedError: the generator fails
    """
    words = ["--namespace", namespace_of(service)]
    return python.ask(environment.path, environment.path / GENERATOR, words).decode()


def namespace_of(service: str) -> str:
    """Give the namespace of a service's entry points: upstream names it after the component."""
    entry = own_catalogue().services.get(service)
    return entry.component if entry is not None and entry.component is not None else service
