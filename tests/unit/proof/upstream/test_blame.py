from __future__ import annotations

from typing import TYPE_CHECKING

from stackwright.proof.upstream.blame import Kind, judge
from stackwright.proof.upstream.model import Outcome, Status

if TYPE_CHECKING:
    from collections.abc import Collection

PATCHES = tuple(f"{number}.patch" for number in range(1, 101))


def outcome(test: str, status: Status = Status.FAILED, *, flaky: bool = False) -> Outcome:
    return Outcome(test, status, 0.1, 0.0, flaky=flaky)


class Series:
    """Tests by how many patches they fail after, and how often trees were tested."""

    def __init__(self, **since: int) -> None:
        self.since = since
        self.tried: list[int] = []

    def failing(self, count: int, tests: Collection[str]) -> Collection[str]:
        self.tried.append(count)
        return [test for test in tests if count >= self.since[test]]


def test_each_test_has_its_first_bad_patch_by_bisection() -> None:
    series = Series(a=1, b=100, c=37, old=0)
    failures = judge({100: {test: outcome(test) for test in series.since}}, PATCHES, series.failing, find=True)
    assert {one.outcome.test: one.patch for one in failures} == {
        "a": "1.patch", "b": "100.patch", "c": "37.patch", "old": ""
    }  # fmt: skip
    assert [one.kind for one in failures] == [Kind.REGRESSION] * 3 + [Kind.KNOWN]
    assert len(series.tried) <= 1 + 3 * 7


def test_one_patch_is_to_blame_without_a_search() -> None:
    series = Series(a=1)
    judge({1: {"a": outcome("a")}}, ("one.patch",), series.failing, find=True)
    assert series.tried == [0]


def test_nobody_is_blamed_where_nobody_looks() -> None:
    (failure,) = judge({9: {"a": outcome("a")}}, PATCHES, Series(a=3).failing, find=False)
    assert (failure.kind, failure.patch) == (Kind.REGRESSION, "")


def test_what_passes_or_flakes_is_no_regression() -> None:
    seen = {1: {"a": outcome("a", Status.OK), "b": outcome("b", flaky=True), "c": outcome("c", Status.SKIPPED)}}
    series = Series()
    assert [(one.outcome.test, one.kind) for one in judge(seen, PATCHES, series.failing, find=True)] == [
        ("b", Kind.FLAKY)
    ]
    assert series.tried == []


def test_of_each_tree_the_first_with_which_a_test_fails_counts() -> None:
    seen = {2: {"a": outcome("a")}, 5: {"a": outcome("a"), "b": outcome("b", Status.HUNG)}}
    failures = judge(seen, PATCHES, Series(a=2, b=4).failing, find=True)
    assert {one.outcome.test: one.patch for one in failures} == {"a": "2.patch", "b": "4.patch"}
