"""Measure how long it takes to find the upstream commit that broke a series, against `git bisect run` with checkouts.

    .venv/bin/python benchmarks/patch_explain.py [--files FILES] [COMMITS ...]

Makes, for each number of first-parent commits (500, 2000, 8000), a history over some thousand files (4000) in a
directory of its own, in which one commit breaks a series of three patches. Both ways are measured on it in the same
run, and must name the same commit; the index of what upstream has already is measured too.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from stackwright.patches import parse, read_series
from stackwright.patches.history.explain import explain
from stackwright.patches.history.upstreamed import Upstreamed
from stackwright.store import CommitId, Store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

T = TypeVar("T")
COMMITS = (500, 2000, 8000)
FILES = 4000
LINES = 600
HOT = 12  # files that a third of all commits change, of which the series touches three
ROUNDS = 3
GOAL = 1.0
ENVIRONMENT = {
    **{name: value for name, value in os.environ.items() if not name.startswith("GIT_")},
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    **{f"GIT_{who}_{what}": "bench@example.org" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")},
}


@dataclass(frozen=True)
class Measured:
    """One history; all in seconds.

    :param plain: `git bisect run`
    :param first: the first question to a new index of the history
    :param again: a question after that
    """

    commits: int
    ours: float
    plain: float
    first: float
    again: float

    def row(self) -> str:
        numbers = f"{self.ours:.2f} | {GOAL:g} | {self.plain:.2f} | {self.plain / self.ours:.1f}"
        return f"| {self.commits} | {numbers} | {self.first:.2f} | {self.again * 1000:.0f} |"


def git(directory: Path, *words: str, stdin: bytes = b"") -> str:
    done = subprocess.run(
        ["git", "-C", str(directory), *words], input=stdin, capture_output=True, check=True, env=ENVIRONMENT
    )
    return done.stdout.decode().strip()


def path_of(number: int) -> str:
    return f"nova/part{number % 40}/module{number}.py"


def history(commits: int, files: int, broken: int) -> Iterator[bytes]:
    """Give a history for git-fast-import(1); in it, one commit changes a line that the series needs."""
    chance = random.Random(7)
    texts = [[f"module {number} line {line}\n" for line in range(LINES)] for number in range(files)]

    def commit(at: int, message: str, changed: list[int]) -> Iterator[bytes]:
        text = f"{message}\n\nWhy.\n\nChange-Id: I{at:040x}\n".encode()
        yield b"commit refs/heads/master\ncommitter B <b@example.org> %d +0000\n" % (1_600_000_000 + at * 60)
        yield b"data %d\n%s" % (len(text), text)
        for number in changed:
            data = "".join(texts[number]).encode()
            yield b"M 644 inline %s\ndata %d\n%s\n" % (path_of(number).encode(), len(data), data)

    yield from commit(0, "Begin", list(range(files)))
    for at in range(1, commits):
        number = at % HOT if at % 3 == 0 else chance.randrange(HOT, files)
        # The series has the lines 100 to 106 of its files; all but one commit leave them alone.
        line = 103 if at == broken else chance.choice([*range(90), *range(120, LINES)])
        number = 1 if at == broken else number
        texts[number][line] = f"module {number} line {line} of commit {at}\n"
        yield from commit(at, f"Change the module {number} for the time {at}", [number])


def make(root: Path, commits: int, files: int, broken: int) -> tuple[Path, Path]:
    """Make the repository and the series; gives both."""
    work, series = root / "upstream", root / "patches/nova/2026.2"
    work.mkdir()
    series.mkdir(parents=True)
    git(work, "init", "--quiet", "--initial-branch=master")
    git(work, "fast-import", "--quiet", stdin=b"".join(history(commits, files, broken)))
    git(work, "repack", "-adq")
    git(work, "checkout", "--quiet", f"master~{commits - 1}")
    for number in range(3):
        file = work / path_of(number)
        file.write_text(file.read_text().replace(f"module {number} line 103\n", f"ours {number}\n"))
        git(work, "commit", "--quiet", "-am", f"Ours {number}")
        (series / f"{number}.patch").write_text(git(work, "format-patch", "-1", "--stdout") + "\n")
    (series / "series").write_text("".join(f"{number}.patch\n" for number in range(3)))
    git(work, "checkout", "--quiet", "master")
    return work, series


def bisect(work: Path, series: Path, commits: int) -> str:
    """Find the commit as people do: git bisect, which checks out, and `git apply --check` of each patch."""
    script = series / "try.sh"
    script.write_text(f"set -e\nfor patch in {series}/*.patch; do git apply --check $patch 2>/dev/null; done\n")
    git(work, "bisect", "start", "--first-parent", "master", f"master~{commits - 1}")
    git(work, "bisect", "run", "sh", str(script))
    found = git(work, "rev-parse", "refs/bisect/bad")
    git(work, "bisect", "reset")
    return found


def timed(what: Callable[[], T], rounds: int = ROUNDS) -> tuple[float, T]:
    """Give the best time of some rounds, and the answer."""
    found = []
    for _ in range(rounds):
        begun = time.perf_counter()
        answer = what()
        found.append(time.perf_counter() - begun)
    return min(found), answer


def measure(commits: int, files: int) -> Measured:
    broken = commits // 3
    root = Path(tempfile.mkdtemp(prefix="stackwright-benchmark-"))
    try:
        work, series = make(root, commits, files, broken)
        store = Store(root / "store.git")
        (store.directory / "objects/info").mkdir(exist_ok=True)
        (store.directory / "objects/info/alternates").write_text(f"{work}/.git/objects\n")
        tip = CommitId(git(work, "rev-parse", "master"))
        ours, found = timed(lambda: [one.cause for one in explain(store, tip, read_series(series))])
        plain, expected = timed(lambda: bisect(work, series, commits), rounds=1)
        assert [cause and cause.commit.commit for cause in found] == [expected], f"{found} is not {expected}"
        patch = parse(series / "1.patch")
        upstreamed = Upstreamed(store, root / "cache")
        first, _ = timed(lambda: upstreamed.evidence(tip, patch), rounds=1)
        again, _ = timed(lambda: upstreamed.evidence(tip, patch))
        return Measured(commits, ours, plain, first, again)
    finally:
        shutil.rmtree(root)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--files", type=int, default=FILES)
    parser.add_argument("commits", type=int, nargs="*")
    asked = parser.parse_args()
    print("| commits | explain (s) | goal | git bisect run (s) | ratio | index, first (s) | index, then (ms) |")
    print("|---|---|---|---|---|---|---|")
    for commits in asked.commits or COMMITS:
        print(measure(commits, asked.files).row(), flush=True)


if __name__ == "__main__":
    main()
