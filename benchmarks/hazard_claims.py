"""Measure how long the claims of a tree take, and read every release from 2023.1 on.

    .venv/bin/python benchmarks/hazard_claims.py          one nova tree, cold and warm
    .venv/bin/python benchmarks/hazard_claims.py sweep    every release: counts, and what cannot be seen

Needs no root. The sdists come the first time (the sweep: some 200 MB), into the cache.
"""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from stackwright.errors import InputError
from stackwright.hazards.claims import claims_of
from stackwright.hazards.model import Kind
from stackwright.hazards.rulebook import rules_of
from stackwright.store import Memo
from tests.releases import Releases

ROOT = Path(os.environ.get("STACKWRIGHT_BENCHMARK_STATE", "/var/lib/stackwright/benchmark")) / "claims"
ROUNDS = int(os.environ.get("STACKWRIGHT_BENCHMARK_ROUNDS", "3"))
# 2023.1 to 2026.2, as far as the package index has sdists of them.
SWEEP = {
    "nova": [f"{number}.0.0" for number in range(27, 35)],
    "cinder": [f"{number}.0.0" for number in range(22, 30)],
    "manila": [f"{number}.0.0" for number in range(16, 24)],
    "ironic": ["21.4.0", "23.0.0", "24.1.0", "26.1.0", "29.0.0", "32.0.0", "35.0.0", "36.0.0"],
    "placement": [f"{number}.0.0" for number in range(9, 17)],
    "keystone": [f"{number}.0.0" for number in range(23, 31)],
    "neutron": [f"{number}.0.0" for number in range(22, 30)],
    "neutron-lib": ["3.4.0", "3.8.0", "3.11.0", "3.15.0", "3.18.0", "3.20.0", "3.22.0", "4.0.0"],
    "glance": [f"{number}.0.0" for number in range(26, 34)],
    "python-novaclient": ["18.3.0", "18.4.0", "18.6.0", "18.7.0", "18.8.0", "18.9.0", "18.10.0", "18.11.0"],
    "openstacksdk": ["1.0.1", "1.4.0", "3.0.0", "4.0.0", "4.4.0", "4.7.0", "4.9.0", "4.22.0"],
    "python-openstackclient": ["6.2.0", "6.3.0", "6.6.0", "7.1.0", "7.4.0", "8.0.0", "8.2.0", "9.0.0"],
}


def measure(releases: Releases, component: str, version: str) -> tuple[float, float]:
    """Give the seconds that the claims of a tree take, cold (nothing remembered) and warm; the best of some rounds."""
    tree, rules = releases.tree(component, version), rules_of(component)
    cold: list[float] = []
    warm: list[float] = []
    for _ in range(ROUNDS):
        shutil.rmtree(ROOT / "memo", ignore_errors=True)
        memo = Memo(ROOT / "memo")
        for taken in (cold, warm):
            begin = time.perf_counter()
            claims_of(releases.store, tree, rules, memo)
            taken.append(time.perf_counter() - begin)
        memo.close()
    return min(cold), min(warm)


def sweep(releases: Releases) -> None:
    """Read every release, and print what is claimed and what cannot be seen."""
    print(f"| release | {' | '.join(Kind)} | cannot see |\n|{'---|' * (len(Kind) + 2)}")
    unseen: Counter[str] = Counter()
    for component, versions in SWEEP.items():
        for version in versions:
            try:
                tree = releases.tree(component, version)
            except InputError as error:
                print(f"| {component} {version} | {error.what} |")
                continue
            claims = claims_of(releases.store, tree, rules_of(component), releases.memo)
            counts = Counter(claim.kind for claim in claims.claims)
            row = " | ".join(str(counts[kind] or "") for kind in Kind)
            print(f"| {component} {version} | {row} | {len(claims.unseen) or ''} |")
            unseen.update(f"{component} ({each.kind}): {each.why}" for each in claims.unseen)
    for what, count in sorted(unseen.items()):
        print(f"- {count} times: {what}")


def main() -> None:
    """Measure, or read all."""
    ROOT.mkdir(parents=True, exist_ok=True)
    releases = Releases(ROOT)
    if sys.argv[1:] == ["sweep"]:
        sweep(releases)
        return
    print("| what | ours (s) | goal (s) |\n|---|---|---|")
    for component, version, goal in (("nova", "34.0.0", "1.5"), ("nova", "27.0.0", "1.5"), ("cinder", "29.0.0", "")):
        cold, warm = measure(releases, component, version)
        print(f"| claims of {component} {version}, cold | {cold:.2f} | {goal} |")
        print(f"| the same, remembered | {warm:.3f} | |")


if __name__ == "__main__":
    main()
