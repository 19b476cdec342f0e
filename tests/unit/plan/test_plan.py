from __future__ import annotations

import threading

import pytest

from stackwright.errors import EnvironmentLacksError
from stackwright.plan.graph import Graph
from stackwright.plan.plan import CHECKERS, make_plan
from stackwright.plan.step import Context, Step, Verdict, done, needed, unseen


def never(_: Context) -> None:
    raise AssertionError("a plan carries nothing out")


def test_a_plan_says_of_each_step_what_its_check_saw() -> None:
    plan = make_plan(
        Graph(
            (
                Step("c", "make c", lambda: unseen("b is not there yet"), never, ("b",)),
                Step("a", "make a", lambda: done("it is there"), never),
                Step("b", "make b", lambda: needed("there is no b"), never, ("a",)),
            )
        )
    )
    assert [(item.step.name, item.verdict) for item in plan.items] == [
        ("a", done("it is there")),
        ("b", needed("there is no b")),
        ("c", unseen("b is not there yet")),
    ]
    assert [item.step.name for item in plan.lacking] == ["b", "c"]


def test_checks_wait_side_by_side() -> None:
    together = threading.Barrier(CHECKERS)

    def check() -> Verdict:
        together.wait(timeout=10)  # breaks unless as many are here at once
        return done()

    assert make_plan(Graph(tuple(Step(f"{i}", "", check, never) for i in range(CHECKERS)))).lacking == ()


def test_what_a_check_raises_names_the_step() -> None:
    def check() -> Verdict:
        raise EnvironmentLacksError("the disk cannot be read")

    with pytest.raises(EnvironmentLacksError) as caught:
        make_plan(Graph((Step("mariadb/server", "run it", check, never),)))
    assert str(caught.value) == "step mariadb/server: the disk cannot be read"
