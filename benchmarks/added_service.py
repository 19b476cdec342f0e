"""Measure how long it takes to add a service to a running cloud of the core, everything in the caches.

    sudo .venv/bin/python benchmarks/added_service.py [heat]

Needs the machine for itself for some five minutes. The service is added once first, which builds its environment and
fills the cache with its database; then as often as there are rounds, each time to a new cloud. Fails above the goal.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path

PROJECT = Path(__file__).parents[1]
ROOT = Path(os.environ.get("STACKWRIGHT_BENCHMARK_STATE", "/var/lib/stackwright/benchmark"))
CACHE = Path(os.environ.get("STACKWRIGHT_CACHE", "/var/lib/stackwright/cache"))
COMMAND = Path(sys.executable).with_name("stackwright")
ROUNDS = int(os.environ.get("STACKWRIGHT_BENCHMARK_ROUNDS", "3"))
GOAL = 30.0  # seconds
CORE = "services: [core]"


def stackwright(*words: str) -> str:
    """Run a command on the benchmark's own distribution and state directory."""
    argv = [str(COMMAND), "-C", str(ROOT / "added"), "--state", str(ROOT / "added-state"), *words]
    environment = {**os.environ, "STACKWRIGHT_CACHE": str(CACHE)}
    done = subprocess.run(argv, check=False, capture_output=True, text=True, env=environment)
    if done.returncode:
        sys.exit(f"{' '.join(argv)}\n{done.stdout}\n{done.stderr}")
    return done.stdout


def added(service: str) -> float:
    """Bring up the core, add a service to it, and give the seconds of the second."""
    shutil.rmtree(ROOT / "added", ignore_errors=True)
    shutil.copytree(PROJECT / "examples/minicloud", ROOT / "added", ignore=shutil.ignore_patterns("secrets"))
    stackwright("up")
    site = ROOT / "added/sites/local.yaml"
    site.write_text(site.read_text().replace(CORE, f"services: [core, {service}]"))
    others = [row["Step"] for row in json.loads(stackwright("plan", "-f", "json"))]
    if strange := [step for step in others if step.partition("/")[0] != service]:
        sys.exit(f"the plan has other steps than {service}'s: {', '.join(strange)}")
    begun = time.monotonic()
    stackwright("up")
    seconds = time.monotonic() - begun
    stackwright("destroy", "--yes")
    return seconds


def main() -> None:
    """Measure, and fail above the goal."""
    service = sys.argv[1] if len(sys.argv) > 1 else "heat"
    ROOT.mkdir(parents=True, exist_ok=True)
    cold = added(service)
    warm = [added(service) for _ in range(ROUNDS)]
    median = statistics.median(warm)
    print("| what | seconds | goal |\n| --- | --- | --- |")
    print(f"| {service} added to a running core, its environment not built | {cold:.1f} | |")
    print(f"| {service} added to a running core, warm, median of {ROUNDS} | {median:.1f} | {GOAL:g} |")
    sys.exit(median > GOAL)


if __name__ == "__main__":
    main()
