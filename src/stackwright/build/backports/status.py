"""How a backport stands: what a suite has, what we have, whether ours is stale, and why. All of it is pure.

What Debian's script does by cutting ``~bpo8+1`` off the end of a string is done by version rules (deb-version(7)), so
that a second backport of a version is neither built for ever nor never built again.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from stackwright.build.debian.version import backport, compare, without_backport

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stackwright.build.backports.model import BackportList, Wanted
    from stackwright.build.backports.suites import IndexedSource


class State(StrEnum):
    """How a backport stands."""

    STALE = "stale"  # to be built
    CURRENT = "current"
    BESIDE = "beside"  # the machines have it from elsewhere
    NEWER = "newer"  # ours is of a version that the suite does not have
    MISSING = "missing"  # the suite has no such source package


@dataclass(frozen=True)
class Standing:
    """How a backport stands.

    :param candidate: what its suite has
    :param ours: the version that our repository has
    :param version: the version of the backport that is to be
    :param why: a sentence without a full stop
    """

    wanted: Wanted
    candidate: IndexedSource | None
    ours: str | None
    version: str
    state: State
    why: str


def judge(
    wanted: Wanted,
    candidate: IndexedSource | None,
    ours: str | None,
    others: Mapping[str, str],
    backports: BackportList,
) -> Standing:
    """Tell how a backport stands.

    :param ours: the newest version in our repository
    :param others: what other suites have of it: those beside ours, and the distribution's own backports
    """
    if candidate is None:
        return Standing(wanted, None, ours, "", State.MISSING, f"{wanted.suite} has no such source package")
    base = without_backport(candidate.version)
    version = backport(base, backports.number, max(wanted.revision, _next_revision(candidate.version, backports)))

    def stands(state: State, why: str) -> Standing:
        own = others.get(backports.own_backports)
        if own is not None and backports.own_backports not in (*backports.beside, wanted.suite):
            why += f"; {backports.own_backports} has {own}"
        return Standing(wanted, candidate, ours, version, state, why)

    for suite in backports.beside:
        other = others.get(suite)
        if other is not None and compare(without_backport(other), base) >= 0:
            return stands(State.BESIDE, f"{suite} has {other} already")
    if ours is None:
        return stands(State.STALE, "we have none")
    of_ours = without_backport(ours)
    order = compare(of_ours, base)
    if order < 0:
        return stands(State.STALE, f"{wanted.suite} has {candidate.version}, ours is of {of_ours}")
    if order > 0:
        return stands(State.NEWER, f"ours is of {of_ours}, which is newer than what {wanted.suite} has")
    if compare(ours, version) < 0:
        return stands(State.STALE, f"ours is {_ending(ours)}, {_ending(version)} is wanted")
    return stands(State.CURRENT, f"ours is of {of_ours}")


def _next_revision(version: str, backports: BackportList) -> int:
    """Give the revision of a backport that is above one that the distribution itself has made for the same release."""
    matched = re.search(rf"~bpo{backports.number}\+([0-9]+)$", version)
    return int(matched[1]) + 1 if matched else 1


def _ending(version: str) -> str:
    return version.removeprefix(without_backport(version)) or "no backport"
