"""What is wrong with a site's configuration and policies, as errors: what `up` refuses to start with."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from stackwright.build.cache import key_of, sha256_of
from stackwright.errors import InputError, Where
from stackwright.site.render import Renderer

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from stackwright.build.environment import Environment
    from stackwright.site.files import RenderedFile
    from stackwright.site.policy.personas import Personas
    from stackwright.site.render import Values
    from stackwright.store import Memo

MEMO = "valid"


def faults_of(
    values: Values,
    files: Mapping[str, Mapping[str, RenderedFile]],
    environments: Mapping[str, Environment],
    personas: Personas,
    memo: Memo,
) -> tuple[InputError, ...]:
    """Hold the configuration and the policies of services against what their programs know.

    Of a service that was found right, with the same files and environment, nothing is looked at again.

    :param files: service -> name -> file, rendered
    :param environments: service -> its environment, built; others are not looked at
    :param personas: know the roles that policies may name
    :raises InputError: a template cannot be rendered
    :raises RunFailedError: an environment's Python does not run
    """
    keys = {
        service: key_of(
            MEMO,
            _looks(),
            environment.key,
            sorted(personas.roles),
            {name: file.text for name, file in files[service].items()},
        )
        for service, environment in environments.items()
    }
    unknown = {service: environments[service] for service, key in keys.items() if memo.get(MEMO, key) is None}
    if not unknown:
        return ()
    faults = {service: tuple(found) for service, found in _found(values, unknown, personas, memo).items()}
    for service, found in faults.items():
        if not found:
            memo.put(MEMO, keys[service], "")
    return tuple(fault for found in faults.values() for fault in found)


@cache
def _looks() -> list[str]:
    """Give what the code that looks is: another may find more."""
    here = Path(__file__).parent
    packages = (file for name in ("config", "policy") for file in sorted((here / name).rglob("*")))
    return [sha256_of(file) for file in packages if file.suffix in {".py", ".yaml"}]


def _found(
    values: Values, environments: Mapping[str, Environment], personas: Personas, memo: Memo
) -> dict[str, list[InputError]]:
    # Here, as they take longer to load than what a run does that has nothing to do.
    from stackwright.site.config.model import Severity
    from stackwright.site.config.validate import findings_of, validate_site

    faults: dict[str, list[InputError]] = {service: [] for service in environments}
    for one in findings_of(validate_site(values, environments, services=environments, memo=memo)):
        if one.severity is Severity.ERROR:
            where = _about(one.where, f"{one.service} {one.name}")
            faults[one.service].append(InputError(one.what, where=where, fix=one.fix))
    for service, environment in environments.items():
        faults[service] += _of_policy(service, environment, values, personas, memo)
    return faults


def _of_policy(
    service: str, environment: Environment, values: Values, personas: Personas, memo: Memo
) -> Iterator[InputError]:
    from stackwright.site.policy.model import Severity
    from stackwright.site.policy.validating import validate_policies

    said, renderer = values.said.policy(service), Renderer(values, service)
    rules = {rule: replace(placed, text=renderer.text(placed.text)) for rule, placed in said.items()}
    for one in validate_policies(service, environment, rules, personas, memo):
        if one.severity is Severity.ERROR:
            where = _about(one.where, f"policy of {service}")
            yield InputError(f"{one.rule}: {one.what}", where=where, why=one.why, fix=one.fix)


def _about(where: Where, subject: str) -> Where:
    return Where(where.file, where.line, where.column, subject)
