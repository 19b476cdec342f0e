"""Measure `hazard check` and `upgrade forecast` on the example distribution, carried over four releases.

    .venv/bin/python benchmarks/hazard_check.py

Needs no root. The sdists come the first time, into the cache.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.releases import CACHE, NAMES, NEWEST, PACKAGES, VERSIONS

if TYPE_CHECKING:
    from collections.abc import Callable

PROJECT = Path(__file__).parents[1]
ROOT = Path(os.environ.get("STACKWRIGHT_BENCHMARK_STATE", "/var/lib/stackwright/benchmark")) / "hazards"
COMMAND = Path(sys.executable).with_name("stackwright")
ROUNDS = int(os.environ.get("STACKWRIGHT_BENCHMARK_ROUNDS", "3"))
RELEASES = ("2025.1", "2025.2", "2026.1")
COMPONENTS = ("keystone", "glance", "placement", "nova", "neutron", "cinder")


def distribution() -> Path:
    """Make the example with three releases before its own; each carries what applies there."""
    root = ROOT / "distribution"
    shutil.rmtree(root, ignore_errors=True)
    shutil.copytree(PROJECT / "examples/minicloud", root)
    for name in RELEASES:
        lines = [
            f"  {one}: {{source: {{pypi: {PACKAGES.get(one, one)}, version: {VERSIONS[one][NAMES.index(name)]}}}}}"
            for one in COMPONENTS
        ]
        head = f'python: "3.11"\npins: {{exclude-newer: {NEWEST}}}\ncomponents:\n'
        (root / f"releases/{name}.yaml").write_text(head + "\n".join(lines) + "\n")
        for series in (root / "patches").glob("*/2026.2"):
            if series.parent.name in COMPONENTS:
                shutil.copytree(series, series.with_name(name))
                _keep_what_applies(root, series.parent.name, name)
    return root


def _keep_what_applies(root: Path, component: str, release: str) -> None:
    series = root / "patches" / component / release / "series"
    kept: list[str] = []
    for line in series.read_text().split():
        series.write_text("\n".join([*kept, line]) + "\n")
        if _run(root, "patch", "status", component, "--release", release, allowed=(0, 1)) == 0:
            kept.append(line)
    if kept:
        series.write_text("\n".join(kept) + "\n")
    else:
        shutil.rmtree(series.parent)


def _run(root: Path, *words: str, allowed: tuple[int, ...] = (0, 1)) -> int:
    argv = [str(COMMAND), "-C", str(root), "--state", str(ROOT / "state"), *words]
    environment = {**os.environ, "STACKWRIGHT_CACHE": str(ROOT / "cache")}
    done = subprocess.run(argv, check=False, capture_output=True, text=True, env=environment)
    if done.returncode not in allowed:
        sys.exit(done.stderr)
    return done.returncode


def _seconds(run: Callable[[], int]) -> float:
    begin = time.monotonic()
    run()
    return time.monotonic() - begin


def _cold(run: Callable[[], int]) -> float:
    """The same with nothing remembered: the sdists, too, are read into trees again."""
    for file in (ROOT / "cache").glob("memo.sqlite*"):
        file.unlink()
    return _seconds(run)


def main() -> None:
    """Measure, and print a table."""
    ROOT.mkdir(parents=True, exist_ok=True)
    (ROOT / "cache").mkdir(exist_ok=True)
    if not (ROOT / "cache/downloads").exists():
        (ROOT / "cache/downloads").symlink_to(CACHE / "downloads")
    root = distribution()
    patches = len(list((root / "patches").glob("*/*/*.patch")))
    print(f"{len(COMPONENTS)} components, {len(RELEASES) + 1} releases, {patches} patches")
    print("| what | cold (s) | warm (s) | goal (s) |\n|---|---|---|---|")
    commands = {
        "hazard check": (("hazard", "check"), "2, warm"),
        "upgrade forecast, one hop": (("upgrade", "forecast", "2026.1", "2026.2"), "5"),
        "upgrade forecast, three hops": (("upgrade", "forecast", "2025.1", "2026.2"), ""),
    }
    for what, (words, goal) in commands.items():

        def run(words: tuple[str, ...] = words) -> int:
            return _run(root, *words)

        cold = min(_cold(run) for _ in range(ROUNDS))
        warm = min(_seconds(run) for _ in range(ROUNDS))
        print(f"| `{what}` | {cold:.2f} | {warm:.2f} | {goal} |")


if __name__ == "__main__":
    main()
