"""Measure `patch status` against what scripts do, in one run on one machine.

    .venv/bin/python benchmarks/patch_status.py

Needs no root. The corpus is made the first time (a minute), below STACKWRIGHT_BENCHMARK_STATE.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from corpus import RELEASES, SDISTS, Corpus, sizes

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(os.environ.get("STACKWRIGHT_BENCHMARK_STATE", "/var/lib/stackwright/benchmark")) / "patches"
COMMAND = Path(sys.executable).with_name("stackwright")
ROUNDS = int(os.environ.get("STACKWRIGHT_BENCHMARK_ROUNDS", "3"))
AGAINST = ("master", *(f"stable/{release}" for release in RELEASES), "2024.1-rc1", "2025.2-rc1")


class Benchmark:
    """The command on a corpus, with a state directory of its own."""

    def __init__(self, corpus: Corpus) -> None:
        self.corpus = corpus.make()
        self.state = corpus.directory / "state"
        self.cache = corpus.directory / "cache"
        self.environment = {**os.environ, "STACKWRIGHT_CACHE": str(self.cache)}

    def status(self, *words: str) -> float:
        """Give the seconds that `patch status` takes."""
        argv = [str(COMMAND), "-C", str(self.corpus.distribution), "--state", str(self.state), "--log-format", "plain"]
        begin = time.monotonic()
        done = subprocess.run(
            [*argv, "patch", "status", *words], check=False, capture_output=True, text=True, env=self.environment
        )
        taken = time.monotonic() - begin
        if done.returncode not in (0, 1):
            sys.exit(done.stderr)
        return taken

    def cold(self, *words: str) -> float:
        """The same, with nothing remembered of any earlier one; mirrors are there."""
        for file in self.cache.glob("memo.sqlite*"):
            file.unlink()
        return self.status(*words)

    def by_clones(self) -> float:
        """Clone, apply and commit, a series after another: what scripts do."""
        return self._scripted(("--quiet",), apply=True)

    def by_am(self) -> float:
        """Shared clones without their files until they are asked for, and `git am`."""
        return self._scripted(("--quiet", "--shared"), apply=False)

    def _scripted(self, options: tuple[str, ...], *, apply: bool) -> float:
        work = ROOT / "clones"
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir(parents=True)
        begin = time.monotonic()
        for component in SDISTS:
            for release in RELEASES:
                clone = work / f"{component}-{release}"
                upstream = self.corpus.upstream(component)
                _git(work, "clone", *options, "--branch", f"stable/{release}", str(upstream), str(clone))
                folder = self.corpus.distribution / "patches" / component / release
                files = [str(folder / name) for name in (folder / "series").read_text().split()]
                if not apply:
                    _git(clone, "am", "--quiet", *files)
                    continue
                for file in files:
                    _git(clone, "apply", "--index", file)
                    _git(clone, "commit", "--quiet", "--message", Path(file).name)
        taken = time.monotonic() - begin
        shutil.rmtree(work)
        return taken


def _git(directory: Path, *arguments: str) -> None:
    who = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
    subprocess.run(["git", *who, *arguments], cwd=directory, check=False, capture_output=True)


def best(measure: Callable[[], float]) -> float:
    """Give the best of several rounds: what disturbs only adds."""
    return min(measure() for _ in range(ROUNDS))


def main() -> None:
    """Measure all, and print a table."""
    benchmark = Benchmark(Corpus(ROOT / "corpus"))
    benchmark.status()  # the mirrors
    against = [word for ref in AGAINST for word in ("--against", ref)]
    matrix, again = best(benchmark.cold), best(benchmark.status)
    cells = best(lambda: benchmark.cold(*against))
    interpreter = best(lambda: _seconds([sys.executable, "-c", "pass"]))
    clones, am = benchmark.by_clones(), best(benchmark.by_am)
    print(f"corpus: {sizes(benchmark.corpus)}; {len(AGAINST) + 1} columns of {len(SDISTS) * len(RELEASES)} series")
    print("| what | ours (s) | goal (s) | alternative (s) | ratio | goal |\n|---|---|---|---|---|---|")
    print(
        f"| whole matrix, to clone + apply + commit | {matrix:.2f} | 1.0 | {clones:.1f} | {clones / matrix:.0f} | 30 |"
    )
    print(f"| whole matrix, to `git am` in shared clones | {matrix:.2f} | 1.0 | {am:.1f} | {am / matrix:.1f} | 4 |")
    print(f"| {28 * (len(AGAINST) + 1)} cells | {cells:.2f} | 4.0 | | | |")
    print(f"| nothing changed, beyond the interpreter's start | {again - interpreter:.2f} | 0.3 | | | |")


def growth() -> None:
    """Measure how the whole matrix grows: with the patches, with upstream's history, with its tree."""
    print("| what | series | patches | upstream commits | files in the tree | seconds |\n|---|---|---|---|---|---|")
    for what, component, commits, times in (
        ("once", "nova", 40, 1),
        ("four times the patches", "nova", 40, 4),
        ("ten times the history", "nova", 400, 1),
        ("a small tree", "placement", 40, 7),
    ):
        name = what.replace(" ", "-")
        benchmark = Benchmark(Corpus(ROOT / "growth" / name, (component,), commits, times))
        benchmark.status()
        patches = len(list(benchmark.corpus.distribution.glob("patches/*/*/*.patch")))
        upstream = benchmark.corpus.upstream(component)
        history = benchmark.corpus.git(upstream, "rev-list", "--count", "master")
        files = len(benchmark.corpus.git(upstream, "ls-files").splitlines())
        print(f"| {what} | {len(RELEASES)} | {patches} | {history} | {files} | {best(benchmark.cold):.2f} |")


def _seconds(argv: list[str]) -> float:
    begin = time.monotonic()
    subprocess.run(argv, check=True)
    return time.monotonic() - begin


if __name__ == "__main__":
    main()
    growth()
