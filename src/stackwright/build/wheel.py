"""Wheels of components: a wheel is a function of a tree, a version, a Python and the pins of what builds it."""

from __future__ import annotations

import shutil
import tomllib
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING

from stackwright.build.cache import Provenance, key_of, sha256_of
from stackwright.build.closure import remembered
from stackwright.build.scratch import fast_base, scratch_directory
from stackwright.build.version import patched_version
from stackwright.build.wheelfile import restamped, version_of
from stackwright.errors import InputError, Where
from stackwright.tools import git, python, uv

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from stackwright.build.cache import ArtifactCache
    from stackwright.build.closure import Closure
    from stackwright.distribution.model import Release
    from stackwright.store import Memo, Store, TreeId

WHEELS = "wheels"
# https://reproducible-builds.org/specs/source-date-epoch: the first moment that a zip file can name.
EPOCH = "315532800"
# PEP 518's default, and what most OpenStack projects ask for in setup.py instead of pyproject.toml.
USUAL_REQUIREMENTS = ("setuptools", "pbr")


@dataclass(frozen=True)
class WheelPlan:
    """Everything that a component's wheel is a function of.

    :param version: the wheel's own, see `patched_version`
    :param python: version of Python, such as ``3.11``
    :param exclude_newer: the pins of its build requirements
    """

    component: str
    distribution_name: str
    tree: TreeId
    version: str
    python: str
    exclude_newer: date | None

    @cached_property
    def key(self) -> str:
        """The wheel's place in the artifact cache."""
        return key_of(
            "wheel", self.distribution_name, self.tree, self.version, self.python, str(self.exclude_newer or "")
        )


@dataclass(frozen=True)
class Wheel:
    """A wheel that has been built."""

    path: Path
    sha256: str
    distribution_name: str
    version: str
    key: str


def plan_wheel(release: Release, component: str, *, tree: TreeId, upstream_version: str, patches: int) -> WheelPlan:
    """Plan the wheel of a component's tree, the patched one where it has patches. A pure function.

    :param patches: how many patches made the tree of upstream's
    :raises InputError: upstream's version is not one
    """
    return WheelPlan(
        component,
        release.component(component).distribution_name,
        tree,
        patched_version(upstream_version, patches),
        release.python,
        release.pins.exclude_newer,
    )


def find_wheel(plan: WheelPlan, cache: ArtifactCache) -> Wheel | None:
    """Give the wheel if it has been built."""
    directory = cache.find(WHEELS, plan.key)
    if directory is None:
        return None
    ((name, sha256),) = cache.provenance(WHEELS, plan.key).outputs.items()
    return Wheel(directory / name, sha256, plan.distribution_name, plan.version, plan.key)


def build_wheel(plan: WheelPlan, *, store: Store, cache: ArtifactCache, memo: Memo, log: Path) -> Wheel:
    """Build the wheel, or give the one that is there. Built twice, it is the same to the last bit.

    :param log: a file that the build's output is appended to
    :raises ProgramFailedError: the build fails; its last lines and the log are in the error
    :raises EnvironmentLacksError: no Python of this version, no network, no space
    """
    cache.make(WHEELS, plan.key, lambda directory: _build(plan, directory, store, memo, log))
    wheel = find_wheel(plan, cache)
    assert wheel is not None
    return wheel


def tools_of(plan: WheelPlan, *, store: Store, memo: Memo) -> Closure:
    """Give what the wheel is built with.

    :raises InputError: no versions fit, or pyproject.toml cannot be read
    :raises EnvironmentLacksError: no Python of this version, no network, no space
    """
    requirements = _build_requirements(plan, store.read(plan.tree, "pyproject.toml"))
    return tools_for(requirements, python.interpreter(plan.python), plan.exclude_newer, memo)


def tools_for(requirements: Sequence[str], interpreter: Path, exclude_newer: date | None, memo: Memo) -> Closure:
    """Give what build requirements (PEP 518) lead to."""
    return remembered(
        memo,
        ["build", requirements, str(interpreter), str(exclude_newer or "")],
        lambda: uv.compile_lock(requirements, python=interpreter, exclude_newer=exclude_newer),
    )


def _build(plan: WheelPlan, directory: Path, store: Store, memo: Memo, log: Path) -> Provenance:
    interpreter, tools = python.interpreter(plan.python), tools_of(plan, store=store, memo=memo).pins
    with scratch_directory(fast_base()) as scratch:
        store.export(plan.tree, scratch / "project")
        # Setuptools and PBR leave out a data file that git does not know.
        git.track(store.directory, plan.tree, scratch / "project")
        built = uv.build_wheel(
            scratch / "project",
            scratch / "wheel",
            python=interpreter,
            exclude_newer=plan.exclude_newer,
            build_constraints=[f"{name}=={version}" for name, version in tools.items()],
            env=_variables(plan.version),
            log=log,
        )
        if version_of(built) != plan.version:
            built = restamped(built, plan.version)
        wheel = shutil.copyfile(built, directory / built.name)
    inputs = {
        "component": plan.component,
        "distribution": plan.distribution_name,
        "exclude-newer": str(plan.exclude_newer or ""),
        "python": plan.python,
        "tree": plan.tree,
        "version": plan.version,
    }
    return Provenance(inputs, {"uv": uv.version(), **tools}, {wheel.name: sha256_of(wheel)})


def build_requirements(pyproject: bytes | None) -> tuple[str, ...]:
    """Give what a project says it is built with, in its pyproject.toml, and what most are that do not say it.

    :raises ValueError: it is no such file
    """
    try:
        table = tomllib.loads(pyproject.decode() if pyproject else "").get("build-system", {})
        return (*table.get("requires", ()), *USUAL_REQUIREMENTS)
    except (TypeError, AttributeError) as error:
        raise ValueError(str(error)) from error


def _build_requirements(plan: WheelPlan, pyproject: bytes | None) -> tuple[str, ...]:
    try:
        return build_requirements(pyproject)
    except ValueError as error:
        raise InputError(
            "the patched tree's pyproject.toml cannot be read",
            where=Where(subject=plan.component),
            why=str(error),
            fix="mend the patch that changes it",
        ) from error


def _variables(version: str) -> dict[str, str]:
    """Give what makes the backends use our version, and build the same bytes every time."""
    return {
        "PBR_VERSION": version,
        "SETUPTOOLS_SCM_PRETEND_VERSION": version,
        "SKIP_GENERATE_AUTHORS": "1",
        "SKIP_WRITE_GIT_CHANGELOG": "1",
        "SOURCE_DATE_EPOCH": EPOCH,
        "PYTHONHASHSEED": "0",
    }
