"""The way from a release to a later one: the hops that services and databases really take."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING

from stackwright.errors import InputError, Where
from stackwright.hazards.check import in_order
from stackwright.hazards.forecast.model import Finding, Hop, Subject, Weight

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stackwright.distribution import Distribution

# Two releases a year since 2023. The first of each year is SLURP: it can be left for the next of its kind directly
# (https://governance.openstack.org/tc/resolutions/20220210-release-cadence-adjustment.html).
NUMBERED = re.compile(r"(\d{4})\.([12])")


def way(distribution: Distribution, start: str, end: str, *, skip_level: bool) -> tuple[list[Hop], list[Finding]]:
    """Give the hops from a release to a later one, and what is wrong with the way.

    :raises InputError: there is no such release, or the second does not come after the first
    """
    for name in (start, end):
        distribution.release(name)
    order = in_order(distribution.releases)
    if order.index(end) <= order.index(start):
        raise InputError(
            f"release {end} does not come after {start}",
            where=Where(distribution.root / "releases"),
            why=f"their order is {', '.join(order)}",
            fix=f"stackwright upgrade forecast {end} {start}" if start != end else "name a later release",
        )
    stops = _stops(start, end, _filled(order), skip_level=skip_level)
    present = [name for name in stops if name in order]
    findings = [_missing(name, start, end) for name in stops if name not in order]
    hops = [Hop(here, there) for here, there in pairwise(present)]
    if skip_level and not any(_slurp(here) == there for here, there in pairwise(stops)):
        findings.append(_nothing_skipped(start, end))
    return hops, findings


def _filled(order: Sequence[str]) -> list[str]:
    """Give releases in their order, with those between the numbered ones that the distribution does not have."""
    found = [order[0]]
    for name in order[1:]:
        while NUMBERED.fullmatch(name) and NUMBERED.fullmatch(found[-1]) and found[-1] < name:
            found.append(_following(found[-1]))
        if found[-1] != name:
            found.append(name)
    return found


def _stops(start: str, end: str, releases: Sequence[str], *, skip_level: bool) -> list[str]:
    """Give the releases that are entered on the way, with the one that is left."""
    at, last = releases.index(start), releases.index(end)
    stops = [start]
    while at < last:
        over = _slurp(releases[at]) if skip_level else ""
        at = releases.index(over) if over in releases[: last + 1] else at + 1
        stops.append(releases[at])
    return stops


def _following(name: str) -> str:
    year, half = name.split(".")
    return f"{year}.2" if half == "1" else f"{int(year) + 1}.1"


def _slurp(name: str) -> str:
    """Give the release that one can be left for over the one between; empty if upstream does not support that."""
    number = NUMBERED.fullmatch(name)
    return f"{int(number[1]) + 1}.1" if number and number[2] == "1" else ""


def _missing(name: str, here: str, end: str) -> Finding:
    skip = f", or leave it out: `stackwright upgrade forecast {here} {end} --skip-level`"
    return Finding(
        Subject.SOURCE,
        name,
        Weight.STOP,
        f"the way from {here} to {end} leads through {name}, which is not in the distribution",
        f"write releases/{name}.yaml" + (skip if name.endswith(".2") else ""),
    )


def _nothing_skipped(start: str, end: str) -> Finding:
    return Finding(
        Subject.SOURCE,
        f"{start} to {end}",
        Weight.NOTE,
        "no release can be left out on this way: upstream supports that from the first release of a year to the next"
        " of its kind only",
    )
