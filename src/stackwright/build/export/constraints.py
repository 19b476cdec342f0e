"""Constraints: the version of everything that a release is made of, as pip takes them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name

if TYPE_CHECKING:
    from collections.abc import Collection

    from stackwright.build.environment import EnvironmentPlan


def pins_of(plan: EnvironmentPlan) -> dict[str, str]:
    """Give name (normalized) -> version of all packages of an environment; of those that are built here, their own."""
    own: dict[str, str] = {canonicalize_name(wheel.distribution_name): wheel.version for wheel in plan.built}
    return {name: own.get(name, version) for name, version in sorted(plan.closure.pins.items())}


def constraints_text(plan: EnvironmentPlan, release: str, *, but: Collection[str] = ()) -> str:
    """Give a constraints file, as OpenStack's requirements have them: ``NAME===VERSION``, sorted.

    https://pip.pypa.io/en/stable/user_guide/#constraints-files. Three equals signs compare the text (PEP 440,
    arbitrary equality), which is what OpenStack's own upper-constraints.txt does.

    :param but: distributions that are left out
    """
    own = {canonicalize_name(wheel.distribution_name) for wheel in plan.built}
    left_out = {canonicalize_name(name) for name in but}
    lines = [f"# Release {release}. What ends in a comment is built of a tree of ours: no public index has it.\n"]
    lines += [
        f"{name}==={version}{'  # ours' if name in own else ''}\n"
        for name, version in pins_of(plan).items()
        if name not in left_out
    ]
    return "".join(lines)
