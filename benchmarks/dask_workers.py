"""Measure `stackwright test --scheduler`: the throughput of two Dask workers against that of one.

    .venv/bin/python benchmarks/dask_workers.py                        thousands of nova's
    .venv/bin/python benchmarks/dask_workers.py placement unit.objects those in whose ids that is found

Needs no root, and two processors that nobody else uses. Both clusters are real ones on 127.0.0.1, whose workers share
nothing. Each run is of another tree, as after each change of a patch: all tests run, and it is known from before how
long they take. The first run on each cluster sends and unpacks the environment there; it does not count. Exit status 1
says that two workers are not 1.7 times as fast as one.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from distributed import Client

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.cluster import DaskCluster

COMPONENT, EXPRESSION = sys.argv[1:] or ("nova", r"nova\.tests\.unit\.(objects|scheduler|conductor|network|db)")
RELEASE = "2026.2"
ROOT = Path(os.environ.get("STACKWRIGHT_BENCHMARK_STATE", "/var/lib/stackwright/benchmark")) / "dask-workers"
EXAMPLE = Path(__file__).parents[1] / "examples/minicloud"
COMMAND = Path(sys.executable).with_name("stackwright")
ROUNDS = int(os.environ.get("STACKWRIGHT_BENCHMARK_ROUNDS", "3"))
GOAL = 1.7


@dataclass(frozen=True)
class Run:
    """What came of a run.

    :param tests: how many ran
    :param seconds: from the first test to the last result
    :param command: seconds of the whole command, which also looks for tests and sends what the workers need
    :param shards: seconds of each, by the worker
    :param idle: seconds for which only some workers had something to do, at the end
    """

    tests: int
    seconds: float
    command: float
    shards: dict[str, list[float]]
    idle: float

    @property
    def throughput(self) -> float:
        """Tests a second."""
        return self.tests / self.seconds

    def __str__(self) -> str:
        shape = "; ".join(" ".join(f"{one:.1f}" for one in shards) for shards in self.shards.values())
        return (
            f"{self.tests} tests in {self.seconds:.1f} s (the command {self.command:.1f} s), {self.throughput:.1f} a"
            f" second; the shards of each worker (s): {shape}; idle at the end: {self.idle:.1f} s"
        )


def change(distribution: Path) -> None:
    """Carry one patch, that nobody has seen: it adds a file that no test knows."""
    folder = distribution / "patches" / COMPONENT / RELEASE
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / "series").write_text("round.patch\n")
    (folder / "round.patch").write_text(
        "Subject: Tell one round from the others\n\n--- /dev/null\n+++ b/ROUND\n@@ -0,0 +1 @@\n+" + uuid4().hex + "\n"
    )


def run(cluster: DaskCluster, distribution: Path) -> Run:
    """Run the tests of another tree on a cluster."""
    change(distribution)
    words = ["-C", str(distribution), "--state", str(ROOT / "state"), "--log-format", "json"]
    words += ["test", COMPONENT, RELEASE, "--tests", EXPRESSION, "--last", "--scheduler", cluster.address]
    with Client(cluster.address, set_as_default=False) as client:
        client.get_task_stream()  # from now on it is kept
        begun, at = time.monotonic(), time.time()
        done = subprocess.run(
            [COMMAND, *words],
            env={**os.environ, "STACKWRIGHT_CACHE": str(ROOT / "cache")},
            capture_output=True,
            text=True,
            check=False,
        )
        took = time.monotonic() - begun
        tasks = [task for task in client.get_task_stream(start=at) if task["key"].startswith("_run-")]
    if done.returncode not in (0, 1) or not tasks:
        sys.exit(f"stackwright test ended with status {done.returncode}:\n{done.stderr}")
    events = [json.loads(line) for line in done.stderr.splitlines() if line.startswith("{")]
    # The others are of upstream's tree, for tests that fail: whether they fail there too.
    ended = next(one for one in events if one["kind"] == "done" and one["subject"] == f"{COMPONENT}/tests")
    shards: dict[str, list[float]] = {}
    last: dict[str, float] = {}
    for task in tasks:
        for part in task["startstops"]:
            if part["action"] == "compute":
                shards.setdefault(task["worker"], []).append(part["stop"] - part["start"])
                last[task["worker"]] = part["stop"]
    return Run(
        int(ended["message"].split()[0]), ended["seconds"], took, shards, max(last.values()) - min(last.values())
    )


def main() -> None:
    distribution = ROOT / "minicloud"
    for left in (distribution, ROOT / "one", ROOT / "two"):
        shutil.rmtree(left, ignore_errors=True)
    shutil.copytree(EXAMPLE, distribution)
    with DaskCluster(ROOT / "one") as one, DaskCluster(ROOT / "two") as two:
        for cluster, workers in ((one, 1), (two, 2)):
            for _ in range(workers):
                cluster.worker()
        clusters = {1: one, 2: two}
        for workers, cluster in clusters.items():
            print(f"{workers}, to warm up: {run(cluster, distribution)}", flush=True)
        runs: dict[int, list[Run]] = {1: [], 2: []}
        for _ in range(ROUNDS):
            for workers, cluster in clusters.items():
                runs[workers].append(run(cluster, distribution))
                print(f"{workers}: {runs[workers][-1]}", flush=True)
    median = {workers: statistics.median(one.throughput for one in each) for workers, each in runs.items()}
    ratio = median[2] / median[1]
    print(f"tests a second, median of {ROUNDS}: one worker {median[1]:.1f}, two {median[2]:.1f}, ratio {ratio:.2f}")
    print(f"goal: {GOAL}")
    sys.exit(ratio < GOAL)


if __name__ == "__main__":
    main()
