"""Measure `config validate` on the example distribution: all services, from the command line and in the process.

    .venv/bin/python benchmarks/config_validate.py

Needs the Debian packages of the catalogue and, the first time, the network: the environments are built. "Cold" is with
no definition remembered, so that each environment is asked; "warm" is the same a second time. In the process is what
`up` does beyond what it does anyway.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from stackwright.build.cache import ArtifactCache
from stackwright.build.environment import find_environment
from stackwright.distribution import load
from stackwright.events import Events
from stackwright.site.config.definitions import MEMO
from stackwright.site.config.validate import validate_site
from stackwright.site.outline import outline
from stackwright.store import Memo, Store

if TYPE_CHECKING:
    from collections.abc import Callable

PROJECT = Path(__file__).parents[1]
ROOT = Path(os.environ.get("STACKWRIGHT_BENCHMARK_STATE", "/var/lib/stackwright/benchmark")) / "config"
CACHE = Path(os.environ.get("STACKWRIGHT_CACHE", "/var/lib/stackwright/cache"))
COMMAND = Path(sys.executable).with_name("stackwright")
ROUNDS = int(os.environ.get("STACKWRIGHT_BENCHMARK_ROUNDS", "3"))


def _command() -> None:
    argv = [str(COMMAND), "-C", str(ROOT / "distribution"), "--state", str(ROOT / "state"), "config", "validate"]
    environment = {**os.environ, "STACKWRIGHT_CACHE": str(CACHE)}
    done = subprocess.run(argv, check=False, capture_output=True, text=True, env=environment)
    if done.returncode:
        sys.exit(done.stderr)


def _in_process(memo: Memo) -> Callable[[], None]:
    """Give what validates all services, with all that `up` has anyway."""
    distribution, state = load(ROOT / "distribution"), ROOT / "state"
    made = outline(
        distribution,
        distribution.site(),
        state=state,
        cache=CACHE,
        store=Store(state / "store.git"),
        memo=memo,
        events=Events(),
    )
    artifacts = ArtifactCache(CACHE)
    found = {name: find_environment(plan, artifacts) for name, plan in made.environments.items()}
    environments = {name: one for name, one in found.items() if one is not None}

    def run() -> None:
        validate_site(made.values, environments, services=environments, memo=memo)

    return run


def _seconds(run: Callable[[], None]) -> float:
    begin = time.monotonic()
    run()
    return time.monotonic() - begin


def main() -> None:
    """Measure, and print a table."""
    ROOT.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(ROOT / "distribution", ignore_errors=True)
    shutil.copytree(PROJECT / "examples/minicloud", ROOT / "distribution")
    _command()  # builds what is missing
    memo = Memo(CACHE)
    run = _in_process(memo)
    memo._execute("delete from memo where kind = ?", (MEMO,))
    cold = _seconds(run)
    warm = min(_seconds(run) for _ in range(ROUNDS))
    whole = min(_seconds(_command) for _ in range(ROUNDS))
    print("| what | cold (s) | warm (s) | goal (s) |\n|---|---|---|---|")
    print(f"| validation of all services, in the process | {cold:.1f} | {warm:.2f} | |")
    print(f"| `config validate`, the whole command | | {whole:.2f} | 3, warm |")


if __name__ == "__main__":
    main()
