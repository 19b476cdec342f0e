from __future__ import annotations

import random
from graphlib import TopologicalSorter

import pytest

from stackwright.build.backports.order import Buildable, Graph, cycles, loosened, needs, require_order
from stackwright.build.backports.suites import IndexedSource
from stackwright.errors import InputError


def buildable(source: str, relations: str = "", *binaries: str, tests: bool = True) -> Buildable:
    return Buildable(IndexedSource(source, "1-1", binaries or (f"python3-{source}",), relations), tests)


def graph(*buildables: Buildable, there: dict[str, str] | None = None) -> dict[str, list[str]]:
    return {source: sorted(needed) for source, needed in needs(buildables, "amd64", there or {}).items()}


def test_a_package_waits_for_the_source_package_of_what_it_needs() -> None:
    nova = buildable("nova", "debhelper-compat (= 13), python3-oslo.config (>= 1:9), python3-all:any")
    config = buildable("python-oslo.config", "", "python-oslo.config-doc", "python3-oslo.config")
    assert graph(nova, config) == {"nova": ["python-oslo.config"], "python-oslo.config": []}


def test_of_alternatives_the_first_that_one_of_them_makes_counts() -> None:
    assert graph(buildable("a1", "python3-x | python3-c1 | python3-b1"), buildable("b1"), buildable("c1"))["a1"] == [
        "c1"
    ]


def test_what_is_for_another_architecture_is_not_waited_for() -> None:
    for marked, waits in (("[!amd64]", []), ("[armhf i386]", []), ("[linux-any]", ["b1"]), ("[amd64]", ["b1"])):
        assert graph(buildable("a1", f"python3-b1 {marked}"), buildable("b1"))["a1"] == waits


def test_what_only_tests_need_is_waited_for_where_they_run() -> None:
    relations = "python3-b1 <!nocheck>, python3-c1 <stage1>"
    others = (buildable("b1"), buildable("c1"))
    assert graph(buildable("a1", relations), *others)["a1"] == ["b1"]
    assert graph(buildable("a1", relations, tests=False), *others)["a1"] == []


def test_a_package_does_not_wait_for_itself() -> None:
    assert graph(buildable("a1", "python3-a1")) == {"a1": []}


def circle() -> Graph:
    return needs(
        [
            buildable("a1", "python3-b1 (>= 2)"),
            buildable("b1", "python3-c1"),
            buildable("c1", "python3-a1"),
            buildable("d1", "python3-a1"),
        ],
        "amd64",
        {},
    )


def test_a_circle_is_found_and_shown_whole() -> None:
    (way,) = cycles(circle())
    assert [(need.source, need.relation, need.of) for need in way] == [
        ("a1", "python3-b1 (>= 2)", "b1"),
        ("b1", "python3-c1", "c1"),
        ("c1", "python3-a1", "a1"),
    ]


def test_who_only_needs_a_circle_is_not_in_it() -> None:
    with pytest.raises(InputError) as raised:
        require_order([buildable("a1")], circle())
    message = str(raised.value)
    assert "a1 needs python3-b1 (>= 2), which b1 makes" in message
    assert "d1" not in message


def test_every_circle_is_told() -> None:
    found = needs(
        [
            buildable("a1", "python3-b1"),
            buildable("b1", "python3-a1"),
            buildable("c1", "python3-d1"),
            buildable("d1", "python3-c1, python3-a1"),
        ],
        "amd64",
        {},
    )
    assert [{need.source for need in way} for way in cycles(found)] == [{"a1", "b1"}, {"c1", "d1"}]


def test_a_circle_is_opened_where_an_older_version_will_do() -> None:
    """pbr is tested with testtools, which is built with pbr: the release has an older pbr."""
    buildables = [buildable("pbr", "python3-testtools (>= 2)"), buildable("testtools", "python3-pbr")]
    whole = needs(buildables, "amd64", {"pbr": "0.9-1", "testtools": "1.8-1"})
    kept, dropped = loosened(whole)
    assert list(TopologicalSorter({name: list(needed) for name, needed in kept.items()}).static_order()) == [
        "testtools",
        "pbr",
    ]
    assert [(need.source, need.of, need.elsewhere) for need in dropped] == [("testtools", "pbr", "0.9-1")]


def test_an_older_version_that_will_not_do_leaves_the_circle() -> None:
    buildables = [buildable("pbr", "python3-testtools (>= 2)"), buildable("testtools", "python3-pbr (>= 1)")]
    kept, dropped = loosened(needs(buildables, "amd64", {"pbr": "0.9-1", "testtools": "1.8-1"}))
    assert (len(cycles(kept)), dropped) == (1, ())


def test_outside_of_circles_the_newer_one_is_waited_for_even_if_an_older_would_do() -> None:
    buildables = [buildable("a1", "python3-b1"), buildable("b1")]
    kept, dropped = loosened(needs(buildables, "amd64", {"b1": "0.1-1"}))
    assert (list(kept["a1"]), dropped) == (["b1"], ())


def test_any_graph_without_circles_has_an_order_and_with_one_edge_back_has_none() -> None:
    chance = random.Random(7)
    for _ in range(100):
        names = [f"p{number}" for number in range(12)]
        relations = {
            name: {other for other in names[:index] if chance.random() < 0.3} for index, name in enumerate(names)
        }

        def made(relations: dict[str, set[str]] = relations) -> Graph:
            return needs(
                [buildable(name, ", ".join(f"python3-{one}" for one in sorted(of))) for name, of in relations.items()],
                "amd64",
                {},
            )

        assert cycles(made()) == ()
        last = next((name for name in reversed(names) if relations[name]), None)
        if last is None:
            continue
        first = min(relations[last])
        relations[first] = {*relations[first], last}
        assert len(cycles(made())) == 1


def test_relations_that_cannot_be_read() -> None:
    with pytest.raises(InputError, match="what a1 1-1 needs to be built cannot be read"):
        graph(buildable("a1", "python3-b1 (>> 1"), buildable("b1"))
