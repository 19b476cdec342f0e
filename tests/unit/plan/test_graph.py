from __future__ import annotations

import pytest

from stackwright.errors import InputError
from stackwright.plan.graph import Graph
from stackwright.plan.step import Step, done


def step(name: str, *after: str, seconds: float = 0.1) -> Step:
    return Step(name, f"make {name}", done, lambda _: None, after, seconds)


def test_a_step_comes_behind_those_it_waits_for() -> None:
    graph = Graph((step("c", "b"), step("a"), step("b", "a")))
    assert [one.name for one in graph.ordered()] == ["a", "b", "c"]


def test_the_longest_way_to_the_end_counts_every_step_on_it() -> None:
    graph = Graph(
        (
            step("start", seconds=1),
            step("long", "start", seconds=5),
            step("short", "start", seconds=2),
            step("end", "long", "short", seconds=1),
            step("apart", seconds=3),
        )
    )
    assert graph.seconds_to_end == {"end": 1, "long": 6, "short": 3, "start": 7, "apart": 3}


def test_a_graph_of_nothing_is_done() -> None:
    assert Graph(()).ordered() == ()


def test_two_steps_of_one_name_are_refused() -> None:
    with pytest.raises(InputError, match="steps of the same name: nova/api"):
        Graph((step("nova/api"), step("nova/api"), step("nova/db")))


def test_a_step_that_waits_for_none_there_is_named_with_the_nearest() -> None:
    with pytest.raises(InputError) as caught:
        Graph((step("nova/api", "nova/db-sink"), step("nova/db-sync")))
    assert str(caught.value).splitlines() == [
        "the step nova/api waits for nova/db-sink, which is not in the plan",
        "  fix: did you mean 'nova/db-sync'?",
    ]


@pytest.mark.parametrize(
    ("steps", "circle"),
    [
        ((step("a", "a"),), {"a"}),
        ((step("a", "c"), step("b", "a"), step("c", "b"), step("d")), {"a", "b", "c"}),
    ],
)
def test_steps_that_wait_for_each_other_are_named_in_a_circle(steps: tuple[Step, ...], circle: set[str]) -> None:
    with pytest.raises(InputError, match="steps wait for each other: ") as caught:
        Graph(steps)
    way = caught.value.what.removeprefix("steps wait for each other: ").split(" -> ")
    assert way[0] == way[-1]
    assert set(way) == circle
