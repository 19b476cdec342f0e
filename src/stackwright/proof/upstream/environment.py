"""The environment of a tree's tests: what it and they require, at the release's versions, without itself."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name

from stackwright.build.environment import ENVIRONMENTS, find_environment, plan_environment
from stackwright.build.patched import patched_components
from stackwright.distribution.model import PypiSource
from stackwright.errors import InputError, Where

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from stackwright.build.environment import EnvironmentPlan
    from stackwright.build.wheel import WheelPlan
    from stackwright.distribution import Distribution, Release
    from stackwright.proof.migrations.environments import Workshop

DEFINITION = re.compile(rb"^[ \t]*(?:async[ \t]+)?def[ \t]+(\w+)", re.MULTILINE)


def environment_of(
    distribution: Distribution, release: Release, component: str, requirements: Iterable[str], workshop: Workshop
) -> str:
    """Give the key of the environment of a component's tests, built if need be.

    The other components of the release that it needs come with their patches.

    :raises InputError: no versions fit; the resolver says why
    :raises ProgramFailedError: a package that has only an sdist cannot be built
    :raises EnvironmentLacksError: no Python of this version, no network, no space
    """
    others = {name: one for name, one in release.components.items() if name != component}
    foreign = {name for name, one in others.items() if not isinstance(one.source, PypiSource)}

    def wheels(names: Collection[str]) -> Mapping[str, WheelPlan]:
        patched = patched_components(
            distribution, release, store=workshop.store, memo=workshop.memo, cache=workshop.artifacts.directory,
            events=workshop.events, only=names,
        ) if names else {}  # fmt: skip
        return {name: one.wheel for name, one in patched.items()}

    def plan(names: Collection[str]) -> EnvironmentPlan:
        return plan_environment(requirements, release, wheels(names), store=workshop.store, memo=workshop.memo)

    try:
        planned = plan(foreign)
        needed = {
            name for name, one in others.items() if canonicalize_name(one.distribution_name) in planned.closure.pins
        }
        if needed - foreign:
            planned = plan(foreign | needed)
        if find_environment(planned, workshop.artifacts) is None:
            workshop.build(planned, f"{component}/test environment")
    except InputError as error:
        raise InputError(
            f"there can be no environment for the tests of {component}: {error.what}",
            where=Where(subject=f"{component} {release.name}"),
            why=error.why,
            details=error.details,
            fix=error.fix or "correct the requirements of the patched tree, or the release's pins",
        ) from error
    return planned.key


def installed_functions(environment: str, workshop: Workshop) -> frozenset[str]:
    """Give the names of all functions in the packages of an environment, and in Python's own modules."""
    known = workshop.memo.get("installed functions", environment)
    if known is None:
        path = workshop.artifacts.find(ENVIRONMENTS, environment)
        assert path is not None
        (packages,) = path.glob("lib/python*")
        own = (path / "bin" / "python").resolve().parent.parent / "lib" / packages.name
        files = (file for folder in (packages, own) for file in folder.rglob("*.py"))
        names = {name.decode(errors="replace") for file in files for name in DEFINITION.findall(file.read_bytes())}
        known = json.dumps(sorted(names))
        workshop.memo.put("installed functions", environment, known)
    return frozenset(json.loads(known))
