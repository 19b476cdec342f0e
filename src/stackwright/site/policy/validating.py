"""Hold what a site changes in policies against the rules that its services have, once for each state of both."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from stackwright.build.cache import key_of, sha256_of
from stackwright.errors import InputError, ManyInputsError
from stackwright.site.policy.judging import Case, unreadable
from stackwright.site.policy.model import Finding, Severity
from stackwright.site.policy.overrides import checks_of
from stackwright.site.policy.rules import SCRIPT, rules_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from stackwright.build.environment import Environment
    from stackwright.site.policy.personas import Personas
    from stackwright.site.values.merge import Placed
    from stackwright.store import Memo

MEMO = "policy findings"
# What is found is a function of these, too.
LOOKS = tuple(Path(__file__).with_name(name) for name in ("checking.py", "language.py", "attributes.yaml"))


def validate_policies(
    service: str, environment: Environment, overrides: Mapping[str, Placed], personas: Personas, memo: Memo
) -> tuple[Finding, ...]:
    """Find what is wrong with what is set of a service's policy: of what has been looked at before, in milliseconds.

    :param environment: the service's, built
    :param overrides: rule -> check, with who says it
    :param personas: know the roles that there are
    :raises InputError: the service has no policies
    :raises RunFailedError: its policies cannot be imported
    """
    if not overrides:
        return ()
    order = list(overrides)
    checks = checks_of(overrides)
    looks = [sha256_of(file) for file in (SCRIPT, *LOOKS)]
    rules = rules_of(service, environment, memo)
    key = key_of(MEMO, looks, service, rules.model_dump_json(), order, checks, sorted(personas.roles))
    told = memo.get(MEMO, key)
    if told is None:
        findings = _findings(service, environment, overrides, personas, memo)
        memo.put(MEMO, key, json.dumps([(one.severity, one.rule, one.what, one.why, one.fix) for one in findings]))
        return findings
    return tuple(
        Finding(Severity(severity), service, rule, what, overrides[rule].where, why, fix)
        for severity, rule, what, why, fix in json.loads(told)
    )


def refuse(findings: Iterable[Finding]) -> None:
    """Raise the errors among findings.

    :raises InputError: there is one; ManyInputsError if there are more
    """
    errors = [
        InputError(f"{one.rule}: {one.what}", where=one.where, why=one.why, fix=one.fix)
        for one in findings
        if one.severity is Severity.ERROR
    ]
    if len(errors) == 1:
        raise errors[0]
    if errors:
        raise ManyInputsError(errors)


def _findings(
    service: str, environment: Environment, overrides: Mapping[str, Placed], personas: Personas, memo: Memo
) -> tuple[Finding, ...]:
    # Here, as oslo.policy takes longer to load than what a run does that has nothing to do.
    from stackwright.site.policy.checking import findings_of

    rules = rules_of(service, environment, memo)
    own = {rule: placed.text for rule, placed in overrides.items() if _uses(placed.text, rules.checks)}
    wrong = unreadable(Case(service, environment, rules, own), memo) if own else {}
    return findings_of(service, rules, overrides, personas.roles, wrong)


def _uses(check: str, kinds: Iterable[str]) -> bool:
    """Tell whether a check string may have a check of one of these kinds."""
    return any(f"{kind}:" in check for kind in kinds)
