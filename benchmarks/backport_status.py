"""Measure `backport status` over 500 packages of trixie, for bookworm; and what a loop over `apt-cache` takes for it.

    .venv/bin/python benchmarks/backport_status.py

Needs no root. The indexes of the suites come the first time. Of 500 packages, our repository has 400, of which 100 are
stale. The loop asks apt for each package and compares by `dpkg --compare-versions`, as Debian's script does; it is run
on some of them, and its time is multiplied.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from stackwright.build.apt_repository.record import (
    CANDIDATE,
    Build,
    ChannelRecord,
    Package,
    PoolFile,
    Record,
    write_record,
)
from stackwright.build.backports.suites import Suite
from stackwright.tools import apt_helper, apt_sources

ROOT = Path(os.environ.get("STACKWRIGHT_BENCHMARK_STATE", "/var/lib/stackwright/benchmark")) / "backports"
COMMAND = Path(sys.executable).with_name("stackwright")
ROUNDS = int(os.environ.get("STACKWRIGHT_BENCHMARK_ROUNDS", "5"))
NUMBER, OURS, STALE = 500, 400, 100
SAMPLE = 25
FROM, TARGET = "trixie", "bookworm"
GOAL = 2.0


def distribution() -> Path:
    """Make a distribution, empty of backports."""
    root = ROOT / "distribution"
    shutil.rmtree(ROOT / "distribution", ignore_errors=True)
    shutil.rmtree(ROOT / "state", ignore_errors=True)
    subprocess.run([str(COMMAND), "init", str(root)], check=True, capture_output=True)
    (root / "backports").mkdir()
    return root


def suite() -> Suite:
    found = Suite(FROM, apt_sources.of_suite(apt_sources.machine_entries(), FROM), ROOT / "cache")
    if not found.there and (problems := found.update()) and not found.there:
        sys.exit(problems)
    return found


def versions(found: Suite) -> dict[str, str]:
    """Give source packages of Python projects, the first ones by name, and their versions."""
    known: dict[str, str] = {}
    for file in found.indexes:
        for paragraph in apt_helper.content(file).decode().split("\n\n"):
            fields = dict(line.split(": ", 1) for line in paragraph.splitlines() if ": " in line and line[0] != " ")
            if fields.get("Package", "").startswith("python-"):
                known[fields["Package"]] = fields["Version"]
    return dict(sorted(known.items())[:NUMBER])


def build(source: str, version: str) -> Build:
    file = PoolFile(path=f"pool/main/p/{source}/{source}_{version}_all.deb", size=1, sha256="0" * 64)
    paragraph = f"Package: {source}\nVersion: {version}\n" + "Description: as long as they are\n" * 40
    package = Package(name=source, version=version, architecture="all", files=(file,), paragraph=paragraph)
    return Build(source=source, version=version, added=0, packages=(package,))


def ours(known: dict[str, str]) -> None:
    """Let our repository have some of them, and some of those in an older version."""
    builds = []
    for index, (source, version) in enumerate(list(known.items())[:OURS]):
        builds.append(build(source, f"{version}~bpo12+1" if index >= STALE else "0~1-1~bpo12+2"))
    made = Record(
        builds={one.id: one for one in builds},
        channels={CANDIDATE: ChannelRecord(builds=tuple(one.id for one in builds))},
    )
    folder = ROOT / "state/apt" / TARGET
    folder.mkdir(parents=True)
    write_record(folder / "repository.json", made)


def status(root: Path) -> float:
    argv = [str(COMMAND), "-C", str(root), "--state", str(ROOT / "state"), "backport", "status", "-f", "json"]
    begin = time.monotonic()
    done = subprocess.run(
        argv, check=False, capture_output=True, env={**os.environ, "STACKWRIGHT_CACHE": str(ROOT / "cache")}
    )
    seconds = time.monotonic() - begin
    if done.returncode != 0:
        sys.exit(done.stderr.decode())
    return seconds


def loop(found: Suite, known: dict[str, str]) -> float:
    """Ask apt for each of some packages, and compare; gives the seconds for all."""
    begin = time.monotonic()
    for source in list(known)[:SAMPLE]:
        (version, *_) = apt_sources.versions(found.folder, source)
        subprocess.run(["dpkg", "--compare-versions", "0~1-1", "lt", version], check=True)
    return (time.monotonic() - begin) * len(known) / SAMPLE


def main() -> None:
    """Measure, and print a table."""
    ROOT.mkdir(parents=True, exist_ok=True)
    root = distribution()
    found = suite()
    known = versions(found)
    (root / "backports" / TARGET).write_text("".join(f"{source} -d {FROM}\n" for source in known))
    ours(known)
    status(root)  # the indexes of the other suites come
    for file in (ROOT / "cache").glob("memo.sqlite*"):
        file.unlink()
    cold = status(root)
    warm = sorted(status(root) for _ in range(ROUNDS))
    print(f"{len(known)} source packages, {OURS} of them ours, {STALE} of those stale\n")
    print("| what | seconds | goal |\n|---|---|---|")
    print(f"| `backport status`, warm (median of {ROUNDS}) | {warm[len(warm) // 2]:.2f} | {GOAL:.0f} |")
    print(f"| `backport status`, nothing remembered of the indexes | {cold:.2f} | |")
    print(f"| a loop of `apt-cache showsrc` and `dpkg --compare-versions` | {loop(found, known):.0f} | |")


if __name__ == "__main__":
    main()
