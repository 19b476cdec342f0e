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

from stackwright.hazards.claims import claims_of
from stackwright.hazards.model import Kind
from stackwright.hazards.rulebook import rules_of
from stackwright.store import Memo
from tests.releases import VERSIONS, Releases

ROOT = Path(os.environ.get("STACKWRIGHT_BENCHMARK_STATE", "/var/lib/stackwright/benchmark")) / "claims"
ROUNDS = int(os.environ.get("STACKWRIGHT_BENCHMARK_ROUNDS", "3"))


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
    for component, versions in VERSIONS.items():
        for version in versions:
            tree = releases.tree(component, version)
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
