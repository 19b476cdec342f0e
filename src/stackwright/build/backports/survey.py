"""How all backports of a list stand, and what of them is to be built in which order."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from stackwright.build.backports.order import Buildable, loosened, needs, require_order
from stackwright.build.backports.status import State, judge
from stackwright.build.debian.version import Version
from stackwright.errors import InputError, suggestion

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from stackwright.build.apt_repository.record import Build
    from stackwright.build.backports.model import BackportList
    from stackwright.build.backports.order import Graph, Need
    from stackwright.build.backports.status import Standing
    from stackwright.build.backports.suites import Suites


@dataclass(frozen=True)
class Survey:
    """How the backports of a list stand.

    :param others: versions in the suites beside ours, by source package: the highest of each
    :param age: how long ago the oldest of the indexes was fetched, in seconds
    """

    standings: tuple[Standing, ...]
    others: Mapping[str, str]
    age: float


@dataclass(frozen=True)
class Order:
    """What is to be built.

    :param graph: what each waits for
    :param dropped: needs that are met by older versions, as circles cannot be built otherwise
    """

    standings: Mapping[str, Standing]
    graph: Graph
    dropped: tuple[Need, ...]


def survey(backports: BackportList, suites: Suites, builds: Mapping[str, Build], *, update: bool) -> Survey:
    """Look at all suites that a list speaks of, and tell how each backport stands.

    :param builds: the newest of our repository, by source package
    :param update: fetch the indexes anew; those that were never fetched are in any case
    :raises EnvironmentLacksError: an index cannot be had
    """
    sources = {wanted.source for wanted in backports.wanted}
    needed = dict.fromkeys([*(wanted.suite for wanted in backports.wanted), *backports.beside])
    optional = {backports.own_backports} - set(needed)
    names = [*needed, *sorted(optional)]
    lacking = {name for name in names if not suites.suite(name).there}
    known_lacking = {name for name in optional if suites.suite(name).asked}
    suites.update([name for name in names if update or name in lacking - known_lacking], optional=optional)
    found = {name: suites.find(name, sources) for name in names}
    standings = []
    for wanted in backports.wanted:
        ours = builds.get(wanted.source)
        others = {
            name: entries[wanted.source].version
            for name, entries in found.items()
            if name in (*backports.beside, backports.own_backports) and wanted.source in entries
        }
        candidate = found[wanted.suite].get(wanted.source)
        standings.append(judge(wanted, candidate, ours.version if ours else None, others, backports))
    beside: dict[str, str] = {}
    for name in backports.beside:
        for source, entry in found[name].items():
            beside[source] = max(beside.get(source, entry.version), entry.version, key=Version.parse)
    fetched = min((suites.suite(name).fetched for name in needed), default=0)
    return Survey(tuple(standings), beside, time.time() - fetched)


def order(
    surveyed: Survey, builds: Mapping[str, Build], architecture: str, *, tests: bool = True, only: Collection[str] = ()
) -> Order:
    """Give the stale backports, and what each waits for.

    :param builds: the newest of our repository, by source package
    :param tests: whether tests run at all; else what only they need is not waited for
    :param only: source packages of the list; what these need of it is added. None: all
    :raises InputError: some need one another, or one of `only` is not in the list
    """
    known = {one.wanted.source: one for one in surveyed.standings}
    for name in only:
        if name not in known:
            raise InputError(f"the list has no {name!r}", fix=suggestion(name, known))
    stale = {name: one for name, one in known.items() if one.state is State.STALE}
    there = dict(surveyed.others)
    for name, build in builds.items():
        there[name] = max(there.get(name, build.version), build.version, key=Version.parse)
    buildables = [
        Buildable(one.candidate, tests=tests and one.wanted.tests, where=one.wanted.where)
        for one in stale.values()
        if one.candidate
    ]
    whole, dropped = loosened(needs(buildables, architecture, there))
    chosen = _with_needs(whole, [name for name in only if name in stale]) if only else set(whole)
    graph = {source: needed for source, needed in whole.items() if source in chosen}
    require_order([one for one in buildables if one.indexed.source in chosen], graph)
    return Order({name: stale[name] for name in graph}, graph, tuple(need for need in dropped if need.source in chosen))


def _with_needs(graph: Graph, names: Sequence[str]) -> set[str]:
    found = set(names)
    rest = list(names)
    while rest:
        for name in graph[rest.pop()]:
            if name not in found:
                found.add(name)
                rest.append(name)
    return found
