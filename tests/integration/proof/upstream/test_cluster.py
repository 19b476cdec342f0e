"""Shards run on the workers of a Dask scheduler, to which trees and environments travel by content."""

from __future__ import annotations

import os
import signal
import threading
import time
from typing import TYPE_CHECKING

import pytest

from stackwright.build.cache import ArtifactCache
from stackwright.errors import EnvironmentLacksError, RunFailedError
from stackwright.proof.upstream.cluster import Cluster
from stackwright.proof.upstream.model import Status
from stackwright.proof.upstream.parcels import Parcel, pack_environment, unpack_environment
from tests.cluster import DaskCluster

from .conftest import Floor, statuses

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SLOW = "import time\nimport unittest\n\n\nclass TestSlow(unittest.TestCase):\n"
SLOW += "    def test_slow(self):\n        time.sleep(0.5)\n"


@pytest.fixture(scope="module")
def dask(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DaskCluster]:
    with DaskCluster(tmp_path_factory.mktemp("dask")) as cluster:
        cluster.worker()
        cluster.worker()
        yield cluster


@pytest.fixture
def cluster(dask: DaskCluster, floor: Floor) -> Iterator[Cluster]:
    with Cluster(dask.address, floor.store, floor.artifacts) as one:
        yield one


def test_shards_run_where_nothing_is_shared_and_give_what_they_give_here(
    cluster: Cluster,
    dask: DaskCluster,
    floor: Floor,
) -> None:
    assert cluster.width == 2
    shards = [floor.shard({}, f"widget.tests.test_{name}") for name in ("sums", "shapes", "registry")]
    told: list[str] = []
    found = {result.shard: result for result in cluster.run(shards, lambda outcome: told.append(outcome.test))}
    for shard in shards:
        assert statuses(found[shard]) == statuses(floor.run(shard))
    assert len(told) == sum(len(result.outcomes) for result in found.values()) == 15
    for number in range(2):
        assert [path.name for path in (dask.cache(number) / "worker/environments").iterdir()] == [floor.environment]


def test_tests_are_listed_by_a_worker(cluster: Cluster, floor: Floor) -> None:
    assert len(cluster.list(floor.shard({}))) == 15


def test_what_a_killed_worker_had_is_done_by_another_and_no_result_is_lost(
    dask: DaskCluster,
    floor: Floor,
) -> None:
    doomed = dask.worker()
    files = {f"widget/tests/test_slow{number}.py": SLOW for number in range(9)}
    shards = [floor.shard(files, f"widget.tests.test_slow{number}") for number in range(9)]
    with Cluster(dask.address, floor.store, floor.artifacts) as cluster:
        while cluster.width < 3:
            time.sleep(0.1)

        def kill() -> None:
            time.sleep(1)
            os.killpg(doomed.pid, signal.SIGKILL)

        killer = threading.Thread(target=kill)
        killer.start()
        results = list(cluster.run(shards, lambda _: None))
        killer.join()
    assert sorted(result.shard.modules for result in results) == sorted(shard.modules for shard in shards)
    assert {outcome.status for result in results for outcome in result.outcomes} == {Status.OK}


def test_when_the_last_worker_has_gone_away_it_says_so(
    tmp_path: Path, floor: Floor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stackwright.proof.upstream.cluster.PATIENCE", 3)
    with DaskCluster(tmp_path) as small:
        only = small.worker()
        with Cluster(small.address, floor.store, floor.artifacts) as cluster:
            shard = floor.shard({"widget/tests/test_slow.py": SLOW}, "widget.tests.test_slow")
            os.killpg(only.pid, signal.SIGKILL)
            with pytest.raises(EnvironmentLacksError, match="has no workers"):
                list(cluster.run([shard], lambda _: None))


def test_a_scheduler_that_does_not_answer_is_named(floor: Floor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stackwright.proof.upstream.cluster.PATIENCE", 2)
    with pytest.raises(EnvironmentLacksError, match="no Dask scheduler answers"):
        Cluster("tcp://127.0.0.1:9", floor.store, floor.artifacts)


def test_a_scheduler_without_workers_says_how_to_start_one(
    tmp_path: Path,
    floor: Floor,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("stackwright.proof.upstream.cluster.PATIENCE", 5)
    with DaskCluster(tmp_path) as empty, pytest.raises(EnvironmentLacksError) as told:
        Cluster(empty.address, floor.store, floor.artifacts)
    assert "has no workers" in str(told.value)
    assert f"dask worker {empty.address}" in str(told.value)


def test_a_parcel_that_was_damaged_on_the_way_is_refused(floor: Floor, tmp_path: Path) -> None:
    parcel = pack_environment(floor.artifacts, floor.environment)
    broken = Parcel(parcel.id, parcel.sha256, parcel.content[:-1])
    with pytest.raises(RunFailedError, match="damaged"):
        unpack_environment(broken, ArtifactCache(tmp_path))
    assert not (tmp_path / "environments").exists()
