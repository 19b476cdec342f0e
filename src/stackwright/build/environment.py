"""Environments of services: what their requirements lead to, with the components that are built here put in."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from stackwright.build.bytecode import link_bytecode
from stackwright.build.cache import Provenance, key_of
from stackwright.build.closure import Closure, lock_with, remembered
from stackwright.build.scratch import fast_base, scratch_directory
from stackwright.build.wheel import Wheel, WheelPlan, find_wheel
from stackwright.build.wheelfile import requirements as requirements_of
from stackwright.distribution.sources import PypiSource
from stackwright.errors import InputError, RunFailedError, Where
from stackwright.tools import python, uv

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date
    from pathlib import Path

    from stackwright.build.cache import ArtifactCache
    from stackwright.distribution.model import Release
    from stackwright.store import Memo, Store

ENVIRONMENTS = "environments"


@dataclass(frozen=True)
class EnvironmentPlan:
    """Everything that an environment is a function of; whose it is does not count.

    :param closure: what the requirements lead to, before anything is built here
    :param built: the wheels of components that are built here and that the closure has
    :param apart: the names of the other distributions that are built here
    :param alone: the packages that are known to require nothing
    :param platform: as uv names it, if it is not this machine's
    """

    python: str
    interpreter: Path
    exclude_newer: date | None
    closure: Closure
    built: tuple[WheelPlan, ...]
    apart: frozenset[str]
    alone: tuple[str, ...]
    platform: str = ""

    @cached_property
    def key(self) -> str:
        """The environment's place in the artifact cache."""
        wheels = sorted(wheel.key for wheel in self.built)
        platform = [self.platform] if self.platform else []
        return key_of("environment", self.closure.digest, wheels, self.python, str(self.interpreter), *platform)


@dataclass(frozen=True)
class Environment:
    """A virtual environment that has been built. Its files are shared with others: never change one in place."""

    path: Path
    key: str


def plan_environment(
    requirements: Iterable[str],
    release: Release,
    wheels: Mapping[str, WheelPlan],
    *,
    store: Store,
    memo: Memo,
    alone: Iterable[str] = (),
    platform: str = "",
) -> EnvironmentPlan:
    """Plan the environment for some requirements: with everything remembered, in milliseconds and without a process.

    Components that come from a package index are held at the release's versions, everything else by its pins.

    :param requirements: as in a requirements file (PEP 508), such as ``nova`` or ``libvirt-python==9.0.0``
    :param wheels: component -> its wheel; of the components that have patches, or that come from no package index
    :param alone: further requirements (``NAME==VERSION``), which require nothing themselves
    :param platform: another than this machine's, as uv names it
    :raises InputError: no versions fit, or a constraints file cannot be read
    :raises EnvironmentLacksError: no Python of this version, no network, no space
    """
    interpreter = python.interpreter(release.python)
    foreign = {
        name: plan for name, plan in wheels.items() if not isinstance(release.component(name).source, PypiSource)
    }
    by_themselves = tuple(sorted(set(alone)))
    closure = _resolve(
        sorted({*requirements, *by_themselves}), by_themselves, release, interpreter, foreign, store, memo, platform
    )
    names = {canonicalize_name(plan.distribution_name): plan for plan in wheels.values()}
    return EnvironmentPlan(
        release.python,
        interpreter,
        release.pins.exclude_newer,
        closure,
        tuple(plan for name, plan in sorted(names.items()) if name in closure.pins),
        frozenset(names.keys() - closure.pins.keys()),
        by_themselves,
        platform,
    )


def find_environment(plan: EnvironmentPlan, cache: ArtifactCache) -> Environment | None:
    """Give the environment if it has been built."""
    path = cache.find(ENVIRONMENTS, plan.key)
    return Environment(path, plan.key) if path else None


def build_environment(plan: EnvironmentPlan, *, cache: ArtifactCache, memo: Memo, log: Path) -> Environment:
    """Build the environment, or give the one that is there; the wheels of the plan have been built.

    :param log: a file that uv's output is appended to
    :raises InputError: a wheel requires what the release's pins do not allow
    :raises ProgramFailedError: a package that has only an sdist cannot be built
    :raises EnvironmentLacksError: no network, no space; a package has no wheel for the platform
    """

    def fill(directory: Path) -> Provenance:
        closure, wheels = completed(plan, cache=cache, memo=memo)
        own = {canonicalize_name(wheel.distribution_name): wheel for wheel in wheels}
        lock = lock_with(closure.lock, {name: (wheel.path, wheel.sha256) for name, wheel in own.items()})
        uv.create_environment(directory, python=plan.interpreter)
        uv.install(directory, lock, exclude_newer=plan.exclude_newer, log=log, platform=plan.platform)
        sources = link_bytecode(directory, plan.interpreter, plan.python, cache.directory / "bytecode")
        inputs = {
            "built": {wheel.component: {"tree": wheel.tree, "wheel": wheel.key} for wheel in plan.built},
            "pins": dict(closure.pins) | {name: wheel.version for name, wheel in own.items()},
            "python": plan.python,
            "platform": plan.platform,
        }
        listing = "".join(f"{sha256}  {path}\n" for path, sha256 in sorted(sources.items()))
        return Provenance(inputs, {"uv": uv.version()}, {"sources": hashlib.sha256(listing.encode()).hexdigest()})

    return Environment(cache.make(ENVIRONMENTS, plan.key, fill), plan.key)


def _resolve(
    requirements: Sequence[str],
    alone: Sequence[str],
    release: Release,
    interpreter: Path,
    foreign: Mapping[str, WheelPlan],
    store: Store,
    memo: Memo,
    platform: str,
) -> Closure:
    """Resolve requirements at the release's versions; those from no index are read from their trees."""
    constraints, newest = _constraints(release), release.pins.exclude_newer
    trees = {canonicalize_name(plan.distribution_name): plan for plan in foreign.values()}
    identity = {name: [plan.tree, plan.version] for name, plan in trees.items()}

    def lock() -> str:
        with scratch_directory(fast_base()) as scratch:
            for name, plan in trees.items():
                store.export(plan.tree, scratch / name)
                # PBR and setuptools-scm ask this file for the version, as in an sdist.
                about = f"Metadata-Version: 2.1\nName: {plan.distribution_name}\nVersion: {plan.version}\n"
                (scratch / name / "PKG-INFO").write_text(about)
            places = [f"{name} @ {(scratch / name).as_uri()}" for name in trees]
            return uv.compile_lock(
                requirements,
                python=interpreter,
                exclude_newer=newest,
                constraints=[*constraints, *places],
                alone=alone,
                platform=platform,
            )

    inputs = [requirements, constraints, identity, str(interpreter), str(newest or "")]
    return remembered(memo, [*inputs, *([platform] if platform else [])], lock)


def _constraints(release: Release) -> list[str]:
    """Give the versions of the components that are on an index, and the pins of everything that is no component."""
    components = {canonicalize_name(component.distribution_name) for component in release.components.values()}
    held = [
        f"{component.source.pypi}=={component.source.version}"
        for component in release.components.values()
        if isinstance(component.source, PypiSource)
    ]
    file = release.pins.constraints
    if file is None:
        return held
    try:
        lines = [line.partition(" #")[0].strip() for line in file.read_text().splitlines()]
    except (OSError, ValueError) as error:
        raise InputError(
            "the constraints file cannot be read",
            where=release.where("pins", "constraints"),
            why=str(error),
            fix="correct `pins: constraints:`",
        ) from error
    return held + [line for line in lines if line and line[0] not in "#-" and _named(line) not in components]


def _named(line: str) -> str:
    try:
        return canonicalize_name(Requirement(line).name)
    except InvalidRequirement:
        return ""  # uv says what is wrong with it


def _built(plan: WheelPlan, cache: ArtifactCache) -> Wheel:
    wheel = find_wheel(plan, cache)
    if wheel is None:
        raise RunFailedError(
            "its wheel has not been built yet", where=Where(subject=plan.component), fix="run the command again"
        )
    return wheel


def completed(plan: EnvironmentPlan, *, cache: ArtifactCache, memo: Memo) -> tuple[Closure, list[Wheel]]:
    """Give what will be in the environment: its closure, and the wheels that are built here.

    What patches require in addition is resolved beside the versions of the plan.

    :raises InputError: a wheel requires what the release's pins do not allow
    :raises RunFailedError: a wheel has not been built
    """
    wheels = [_built(wheel, cache) for wheel in plan.built]
    return _completed(plan, wheels, memo), wheels


def _completed(plan: EnvironmentPlan, wheels: Sequence[Wheel], memo: Memo) -> Closure:
    own = {canonicalize_name(wheel.distribution_name): wheel for wheel in wheels}
    versions = {name: version for name, version in plan.closure.pins.items() if version}
    versions |= {name: wheel.version for name, wheel in own.items()}
    required = [requirement for wheel in wheels for requirement in requirements_of(wheel.path)]
    if all(_is_met(requirement, versions, plan) for requirement in required):
        return plan.closure
    wanted = [f"{name} @ {wheel.path.as_uri()}" for name, wheel in own.items()]
    wanted += [f"{name}=={version}" for name, version in versions.items() if name not in own]
    closure = remembered(
        memo,
        [plan.closure.digest, sorted(wheel.sha256 for wheel in wheels), str(plan.interpreter), plan.platform],
        lambda: uv.compile_lock(
            wanted,
            python=plan.interpreter,
            exclude_newer=plan.exclude_newer,
            alone=plan.alone,
            platform=plan.platform,
        ),
    )
    for name in sorted(plan.apart & closure.pins.keys()):
        raise InputError(
            f"a patch requires {name}, which has patches itself and is not among the service's requirements",
            fix=f"add {name} to the requirements of the service",
        )
    return closure


def _is_met(requirement: Requirement, versions: Mapping[str, str], plan: EnvironmentPlan) -> bool:
    """Tell whether a requirement holds among these versions (or is not meant for the Python and platform of a plan)."""
    here = {"python_version": plan.python, "python_full_version": f"{plan.python}.0", "extra": ""}
    if plan.platform:
        here["platform_machine"] = plan.platform.partition("-")[0]
    if requirement.marker and not requirement.marker.evaluate(here):
        return True
    found = versions.get(canonicalize_name(requirement.name))
    return found is not None and requirement.specifier.contains(found, prereleases=True)
