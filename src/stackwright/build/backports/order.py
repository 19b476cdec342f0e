"""In what order source packages are built: what each needs of the others, and what needs itself. All of it is pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from stackwright.build.debian.deb822 import relations
from stackwright.errors import InputError, Where

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from stackwright.build.backports.suites import IndexedSource

Graph: TypeAlias = "dict[str, dict[str, Need]]"
NO_TESTS = "nocheck"  # the build profile of a build without tests


@dataclass(frozen=True)
class Need:
    """What a source package needs of another: a relation of its, as it is written.

    :param elsewhere: a version of the other that is there before it is built and will do; empty if there is none
    """

    source: str
    of: str
    relation: str
    elsewhere: str = ""


@dataclass(frozen=True)
class Buildable:
    """A source package that is to be built.

    :param tests: whether its tests run: without them, what is marked ``<!nocheck>`` is not needed
    :param where: the line that wants it
    """

    indexed: IndexedSource
    tests: bool
    where: Where = field(default_factory=Where)


def needs(buildables: Sequence[Buildable], architecture: str, there: Mapping[str, str]) -> Graph:
    """Give what each needs of the others: source package -> those it waits for.

    Of alternatives, the first counts that one of them makes. Binary packages are found by the names that the source
    packages say they make, and are taken to have their version.

    :param there: versions of these source packages that can be installed before any of them is built
    :raises InputError: relations are not of the form
    """
    makers = {binary: one.indexed.source for one in buildables for binary in one.indexed.binaries}
    found: Graph = {}
    for one in buildables:
        waits: dict[str, Need] = {}
        found[one.indexed.source] = waits
        try:
            for need in _needs(one, makers, there, architecture):
                known = waits.get(need.of)
                if need.of != need.source and (known is None or known.elsewhere):
                    waits[need.of] = need
        except ValueError as error:
            raise InputError(
                f"what {one.indexed.source} {one.indexed.version} needs to be built cannot be read",
                where=one.where,
                why=str(error),
                fix="take it from another suite",
            ) from error
    return found


def loosened(graph: Graph) -> tuple[Graph, tuple[Need, ...]]:
    """Give a graph without the needs that are part of a circle and can be met from elsewhere; and those needs.

    Debian's own packages often need one another, and a release has older ones that will do.
    """
    group_of = {source: number for number, group in enumerate(_components(graph)) for source in group}
    dropped = tuple(
        need
        for needed in graph.values()
        for need in needed.values()
        if need.elsewhere and group_of[need.source] == group_of[need.of]
    )
    kept = {
        source: {of: need for of, need in needed.items() if need not in dropped} for source, needed in graph.items()
    }
    return kept, dropped


def _needs(one: Buildable, makers: Mapping[str, str], there: Mapping[str, str], architecture: str) -> Iterator[Need]:
    profiles = () if one.tests else (NO_TESTS,)
    for clause in relations(one.indexed.relations):
        counting = [alternative for alternative in clause if alternative.counts(architecture, profiles)]
        first = next((alternative for alternative in counting if alternative.name in makers), None)
        if first is not None:
            maker = makers[first.name]
            relation = f"{first.name} ({first.sign} {first.version})" if first.sign else first.name
            other = there.get(maker, "")
            yield Need(one.indexed.source, maker, relation, other if other and first.takes(other) else "")


def cycles(graph: Graph) -> tuple[tuple[Need, ...], ...]:
    """Give, of each set of source packages that need one another, one way around: its needs, end to end."""
    return tuple(_way_around(graph, sorted(group)) for group in _components(graph) if len(group) > 1)


def require_order(buildables: Sequence[Buildable], graph: Graph) -> None:
    """Refuse source packages that need one another.

    :raises InputError: some do; every circle is shown whole
    """
    found = cycles(graph)
    if not found:
        return
    places = {one.indexed.source: one.where for one in buildables}
    groups = [{need.source for need in way} for way in found]
    lines: list[str] = []
    for way, group in zip(found, groups, strict=True):
        lines += [f"    {need.source} needs {need.relation}, which {need.of} makes" for need in way]
        rest = sorted(next(one for one in _components(graph) if group <= set(one)) - group)
        lines += [f"    in other circles with them: {', '.join(rest)}"] if rest else []
        lines.append("")
    first = found[0][0].source
    raise InputError(
        "source packages need one another to be built",
        where=places[first],
        details="\n".join(lines),
        why="each would have to be built before the other",
        fix=f"let one be built without its tests ({first}: `tests: false`, or --no-run-package-tests in its line) if"
        " they are what it needs the other for; or add an older version of one by `stackwright repository add`",
    )


def _components(graph: Graph) -> list[set[str]]:
    """Give the strongly connected components (Tarjan 1972), without recursion."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    found: list[set[str]] = []
    for root in graph:
        if root in index:
            continue
        work = [(root, iter(sorted(graph[root])))]
        index[root] = low[root] = len(index)
        stack.append(root)
        while work:
            node, rest = work[-1]
            following = next(rest, None)
            if following is None:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[node])
                if low[node] == index[node]:
                    cut = stack.index(node)
                    found.append(set(stack[cut:]))
                    del stack[cut:]
            elif following not in index:
                index[following] = low[following] = len(index)
                stack.append(following)
                work.append((following, iter(sorted(graph[following]))))
            elif following in stack:
                low[node] = min(low[node], index[following])
    return found


def _way_around(graph: Graph, group: Sequence[str]) -> tuple[Need, ...]:
    """Give the shortest way from the first of a group back to it."""
    start = group[0]
    ways: dict[str, tuple[Need, ...]] = {start: ()}
    queue = [start]
    for node in queue:
        for following, need in sorted(graph[node].items()):
            if following == start:
                return (*ways[node], need)
            if following in group and following not in ways:
                ways[following] = (*ways[node], need)
                queue.append(following)
    raise AssertionError("a group has a way around")
