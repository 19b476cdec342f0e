"""Measure `policy matrix` on the example distribution: five services, eight personas, five targets.

    .venv/bin/python benchmarks/policy_matrix.py

Needs no root. The environments of the services come the first time, into the cache.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

PROJECT = Path(__file__).parents[1]
ROOT = Path(os.environ.get("STACKWRIGHT_BENCHMARK_STATE", "/var/lib/stackwright/benchmark")) / "policy"
CACHE = Path(os.environ.get("STACKWRIGHT_CACHE", "/var/lib/stackwright/cache"))
COMMAND = Path(sys.executable).with_name("stackwright")
ROUNDS = int(os.environ.get("STACKWRIGHT_BENCHMARK_ROUNDS", "5"))
# A rule of each service, which is changed in each round.
RULES = {
    "keystone": "identity:list_users",
    "glance": "get_images",
    "placement": "placement:usages",
    "nova": "os_compute_api:servers:index",
    "neutron": "get_network",
}
SERVICES = tuple(RULES)
PERSONAS = 8
GOAL = "5"


def distribution() -> Path:
    """Make the example anew: what it changes is changed once more in each round, so that nothing is remembered."""
    root = ROOT / "distribution"
    shutil.rmtree(root, ignore_errors=True)
    shutil.copytree(PROJECT / "examples/minicloud", root)
    return root


def change(root: Path, number: int) -> None:
    """Change a rule of each service."""
    rules = "".join(
        f"{service}: {{conf: {{policy: {{'{rule}': 'role:admin or role:round_{number}'}}}}}}\n"
        for service, rule in RULES.items()
    )
    (root / "values/openstack.yaml").write_text(rules)


def run(root: Path, *words: str) -> tuple[str, float]:
    """Run a command, and give what it prints and how long it took."""
    argv = [str(COMMAND), "-C", str(root), "--state", str(ROOT / "state"), *words]
    begin = time.monotonic()
    done = subprocess.run(
        argv, check=False, capture_output=True, text=True, env={**os.environ, "STACKWRIGHT_CACHE": str(CACHE)}
    )
    took = time.monotonic() - begin
    if done.returncode not in (0, 1):
        sys.exit(done.stderr)
    return done.stdout, took


def main() -> None:
    """Measure, and print a table."""
    ROOT.mkdir(parents=True, exist_ok=True)
    root = distribution()
    rows = json.loads(run(root, "policy", "matrix", *SERVICES, "-f", "json")[0])
    rules = len({(row["Service"], row["Rule"]) for row in rows})
    personas = sorted({row["Persona"] for row in rows})
    assert len(personas) == PERSONAS, personas
    print(f"{len(SERVICES)} services, {rules} rules, {len(personas)} personas, {len(rows)} answers")
    changed, same, found = [], [], []
    for _ in range(ROUNDS):
        change(root, time.monotonic_ns())
        changed.append(run(root, "policy", "matrix", *SERVICES)[1])
        same.append(run(root, "policy", "matrix", *SERVICES)[1])
        change(root, time.monotonic_ns())
        found.append(run(root, "policy", "validate", *SERVICES)[1])
    print("| what | best (s) | goal (s) |\n|---|---|---|")
    print(f"| `policy matrix`, every service's rules changed | {min(changed):.2f} | {GOAL} |")
    print(f"| `policy matrix`, nothing changed | {min(same):.2f} | |")
    print(f"| `policy validate`, every service's rules changed | {min(found):.2f} | |")


if __name__ == "__main__":
    main()
