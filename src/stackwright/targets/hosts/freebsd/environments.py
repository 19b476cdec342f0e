"""The Python environments of a host: locked requirements, the wheels of what is built here, and a list of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name

from stackwright.build.closure import lock_beside
from stackwright.build.environment import completed
from stackwright.build.wheel import build_wheel
from stackwright.errors import InputError, Where
from stackwright.targets.hosts.freebsd.folder import Member, member
from stackwright.targets.hosts.freebsd.host import SHELL, Locked, line

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import PurePath

    from stackwright.build.environment import EnvironmentPlan
    from stackwright.build.workshop import Workshop
    from stackwright.targets.hosts.freebsd.host import Host

# The tag of a wheel of nothing but Python (packaging.python.org: Platform compatibility tags).
PURE = "-none-any.whl"
NOTE = """\
# Resolved on Linux for Python {python}: pip check says on the host what FreeBSD wants besides.
"""


def locked(plan: EnvironmentPlan, path: PurePath, of_the_host: Mapping[str, str], shop: Workshop) -> Locked:
    """Give an environment as a host makes it; what is built here is built if need be.

    :param path: on the host
    :raises InputError: what is built here is not of Python alone
    :raises StackwrightError: a wheel cannot be built
    """
    for one in plan.built:
        build_wheel(one, store=shop.store, cache=shop.artifacts, memo=shop.memo, log=shop.logs / f"{one.key}.log")
    closure, wheels = completed(plan, cache=shop.artifacts, memo=shop.memo)
    for wheel in wheels:
        if not wheel.path.name.endswith(PURE):
            raise InputError(
                f"the wheel {wheel.path.name} is of this machine's platform",
                where=Where(subject=wheel.distribution_name),
                why="it has more in it than Python, which has to be compiled on the host",
                fix="carry no patches of it, so that the host builds upstream's",
            )
    beside: dict[str, tuple[str, str]] = {
        canonicalize_name(wheel.distribution_name): (f"wheels/{wheel.path.name}", wheel.sha256) for wheel in wheels
    }
    text = NOTE.format(python=plan.python) + lock_beside(closure.lock, beside)
    return Locked(path, text, {wheel.path.name: wheel.path.read_bytes() for wheel in wheels}, of_the_host)


def environments(host: Host) -> Iterator[Member]:
    """Give the requirements and the wheels."""
    wheels: dict[str, bytes] = {}
    for name, one in host.environments.items():
        yield member(f"environments/{name}.txt", one.requirements)
        wheels.update(one.wheels)
    for file, content in wheels.items():
        yield Member(f"wheels/{file}", content)


def environment_lines(host: Host) -> str:
    """Give the lines that make them: name, place, and what has to be of the version of a package of the host's."""
    return SHELL + "".join(
        line("environment", name, str(one.path), *(f"{what}={package}" for what, package in one.of_the_host.items()))
        for name, one in host.environments.items()
    )
