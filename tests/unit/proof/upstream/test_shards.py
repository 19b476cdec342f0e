from __future__ import annotations

from dataclasses import replace

import pytest

from stackwright.proof.upstream.model import Project, Shard
from stackwright.proof.upstream.shards import cut
from stackwright.store import TreeId

PROJECT = Project("w", "1", "", ".", "w/tests", "", (), ("w",))
SHARD = Shard("w", "r", TreeId("0" * 40), "key", PROJECT)
MODULES = ("w.tests.test_a", "w.tests.test_b")
TESTS = [f"{module}.T.test_{number:02}" for module in MODULES for number in range(10)]


def test_every_test_is_in_one_shard_with_its_module() -> None:
    shards = cut(TESTS, SHARD, MODULES, {}, 3)
    assert len(shards) == 3
    assert sorted(test for shard in shards for test in shard.tests) == TESTS
    for shard in shards:
        assert {test.partition(".T.")[0] for test in shard.tests} == set(shard.modules)
    assert len(shards[0].modules) == 1


def test_what_takes_long_is_cut_into_more() -> None:
    shards = cut(TESTS, SHARD, MODULES, dict.fromkeys(TESTS, 90.0), 2)
    assert len(shards) == 20
    slow = cut(TESTS, SHARD, MODULES, {TESTS[0]: 60.0}, 2)
    assert [len(shard.tests) for shard in slow] == [1, 19]


def lengths(shards: list[Shard], seconds: float) -> list[float]:
    return [len(shard.tests) * seconds for shard in shards]


def test_as_many_shards_as_all_who_run_them_have_to_do_in_the_same_time() -> None:
    tests = [f"w.tests.test_a.T.test_{number:04}" for number in range(2000)]
    known = cut(tests, SHARD, MODULES, dict.fromkeys(tests, 0.1), 2)  # 200 s
    assert lengths(known, 0.1) == pytest.approx([50, 50, 50, 50], abs=1)
    unknown = cut(tests[:1000], SHARD, MODULES, {}, 2)  # thought to take as long
    assert lengths(unknown, 0.2) == pytest.approx([50, 50, 25, 25, *[12.5] * 4], abs=1)
    alone = cut(tests, SHARD, MODULES, dict.fromkeys(tests, 0.1), 1)
    assert lengths(alone, 0.1) == pytest.approx([200 / 3] * 3, abs=1)


def test_the_last_shards_of_many_are_short() -> None:
    tests = [f"w.tests.test_a.T.test_{number:04}" for number in range(9000)]
    many = lengths(cut(tests, SHARD, MODULES, dict.fromkeys(tests, 0.1), 2), 0.1)  # 15 min
    assert [round(one) for one in many] == sorted(map(round, many), reverse=True)
    assert many[:2] == pytest.approx([90, 90], abs=1)
    assert sum(many[-4:]) == pytest.approx(4 * many[-1], abs=1)
    assert 45 <= many[-1] < 90
    assert sum(many) == pytest.approx(900)


def test_what_belongs_together_stays_together() -> None:
    project = replace(PROJECT, group=r"w\.tests\.test_\w\.T")
    shards = cut(TESTS, replace(SHARD, project=project), MODULES, {}, 8)
    assert [len(shard.tests) for shard in shards] == [10, 10]


def test_fewer_tests_than_processors() -> None:
    assert [shard.tests for shard in cut(["w.tests.test_a"], SHARD, MODULES, {}, 8)] == [("w.tests.test_a",)]


def test_a_test_of_no_module_is_left_to_the_search() -> None:
    (shard,) = cut(["elsewhere.made.up"], SHARD, MODULES, {}, 8)
    assert shard.modules == ()
