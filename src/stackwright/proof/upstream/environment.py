"""The environment of a tree's tests: what it and they require, at the release's versions, without itself."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name

from stackwright.build.environment import ENVIRONMENTS
from stackwright.distribution.sources import PypiSource
from stackwright.errors import InputError, Where

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from stackwright.build.environment import EnvironmentPlan
    from stackwright.build.workshop import Workshop
    from stackwright.distribution import Distribution, Release

DEFINITION = re.compile(rb"^[ \t]*(?:async[ \t]+)?def[ \t]+(\w+)", re.MULTILINE)


def environment_of(
    distribution: Distribution,
    release: Release,
    component: str,
    requirements: Iterable[str],
    workshop: Workshop,
    purpose: str = "tests",
) -> str:
    """Give the key of the environment of a component's tests, built if need be.

    The other components of the release that it needs come with their patches.

    :param purpose: what of the component's it is for
    :raises InputError: no versions fit; the resolver says why
    :raises ProgramFailedError: a package that has only an sdist cannot be built
    :raises EnvironmentLacksError: no Python of this version, no network, no space
    """
    others = {name: one for name, one in release.components.items() if name != component}
    foreign = {name for name, one in others.items() if not isinstance(one.source, PypiSource)}

    def plan(names: Collection[str]) -> EnvironmentPlan:
        wheels = workshop.wheels(distribution, release, only=names) if names else {}
        return workshop.plan(requirements, release, wheels)

    try:
        planned = plan(foreign)
        needed = {
            name for name, one in others.items() if canonicalize_name(one.distribution_name) in planned.closure.pins
        }
        if needed - foreign:
            planned = plan(foreign | needed)
        workshop.environment(planned, f"{component}/environment")
    except InputError as error:
        raise InputError(
            f"there can be no environment for the {purpose} of {component}: {error.what}",
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
