"""Measure the main job against a plain script that starts things one after another, in one run on one machine.

    sudo .venv/bin/python benchmarks/main_job.py [fresh] [lease] [nothing] [memory] [edit]

Needs the machine for itself for some ten minutes. Prints a table of what was measured, the goal and the ratio.
"""

from __future__ import annotations

import itertools
import json
import os
import shutil
import statistics
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

PROJECT = Path(__file__).parents[1]
ROOT = Path(os.environ.get("STACKWRIGHT_BENCHMARK_STATE", "/var/lib/stackwright/benchmark"))
CACHE = Path(os.environ.get("STACKWRIGHT_CACHE", "/var/lib/stackwright/cache"))
COMMAND = Path(sys.executable).with_name("stackwright")
ROUNDS = int(os.environ.get("STACKWRIGHT_BENCHMARK_ROUNDS", "3"))
SERVICES = ("keystone", "glance", "placement", "nova", "neutron")


@dataclass(frozen=True)
class Measured:
    """One row of the table; seconds, or MiB for memory."""

    what: str
    ours: float
    goal: float
    plain: float | None = None

    def row(self) -> str:
        """Give it as a row of a Markdown table."""
        plain = f"{self.plain:.1f}" if self.plain is not None else ""
        ratio = f"{self.plain / self.ours:.2f}" if self.plain is not None else ""
        return f"| {self.what} | {self.ours:.1f} | {self.goal:g} | {plain} | {ratio} |"


class Cloud:
    """The example's cloud in a state directory of the benchmark's own."""

    def __init__(self) -> None:
        self.environment_variables = {**os.environ, "STACKWRIGHT_CACHE": str(CACHE)}
        self.distribution = ROOT / "minicloud"
        shutil.rmtree(self.distribution, ignore_errors=True)
        shutil.copytree(PROJECT / "examples/minicloud", self.distribution)
        self.state = ROOT / "state"

    @property
    def argv(self) -> list[str]:
        """The command on it."""
        return [str(COMMAND), "-C", str(self.distribution), "--state", str(self.state)]

    def __call__(self, *words: str) -> str:
        """Run a command."""
        argv = [*self.argv, *words]
        done = subprocess.run(argv, check=False, capture_output=True, text=True, env=self.environment_variables)
        if done.returncode:
            sys.exit(f"{' '.join(argv)}\n{done.stdout}\n{done.stderr}")
        return done.stdout

    def clear(self) -> None:
        """Have an empty state directory."""
        if (self.site / "site.json").exists():
            self("destroy", "--yes")
        shutil.rmtree(self.state, ignore_errors=True)

    @property
    def site(self) -> Path:
        """The site's folder."""
        return self.state / "sites/local"

    def port(self, name: str) -> int:
        """Give the number of a port."""
        return int(json.loads((self.site / "site.json").read_text())["ports"][name])

    def environment(self, service: str) -> Path:
        """Give the environment that a service's API runs from."""
        rows = {row["Process"]: row["PID"] for row in json.loads(self("status", "-f", "json"))}
        program = Path(f"/proc/{rows[f'{service}-api']}/cmdline").read_bytes().split(b"\0")[0]
        return Path(program.decode()).parents[1]


def lease(cloud: Cloud) -> Measured:
    """From an empty state directory and warm caches to a guest that has a lease; and the same by the plain script."""
    cloud("up")
    cloud("smoke")
    venvs = ROOT / "venvs"
    shutil.rmtree(venvs, ignore_errors=True)
    venvs.mkdir(parents=True)
    for service in SERVICES:
        (venvs / service).symlink_to(cloud.environment(service))
    ours, plain = [], []
    for _ in range(ROUNDS):
        ours.append(until_lease(cloud))
        cloud.clear()
        plain.append(plain_script(venvs))
        print(f"  ours {ours[-1]:.1f} s, plain script {plain[-1]:.1f} s", file=sys.stderr)
    return Measured("empty state directory to a guest with a lease", min(ours), 45, min(plain))


def until_lease(cloud: Cloud) -> float:
    """Give the seconds from an empty state directory to a guest with a lease, by `up` and then `smoke`."""
    cloud.clear()
    begin = time.monotonic()
    cloud("up")
    print(f"  up {time.monotonic() - begin:.1f} s", file=sys.stderr)
    argv = [*cloud.argv, "--log-format", "json", "smoke"]
    with subprocess.Popen(
        argv, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env=cloud.environment_variables
    ) as proof:
        assert proof.stderr is not None
        for line in proof.stderr:
            if line.startswith("{") and json.loads(line)["subject"] == "smoke/lease":
                taken = time.monotonic() - begin
                proof.stderr.read()
                return taken
    sys.exit("the proof did not come to the lease")


def fresh(cloud: Cloud) -> Measured:
    """The same with nothing downloaded or built before; Debian's packages alone are installed already."""
    nothing_kept = ROOT / "empty-cache"
    shutil.rmtree(nothing_kept, ignore_errors=True)
    cloud.environment_variables |= {
        "STACKWRIGHT_CACHE": str(nothing_kept),
        "UV_CACHE_DIR": str(nothing_kept / "uv"),
    }
    try:
        return Measured("empty caches to the same (Debian's packages installed)", until_lease(cloud), 300)
    finally:
        cloud.clear()
        cloud.environment_variables |= {"STACKWRIGHT_CACHE": str(CACHE)}
        del cloud.environment_variables["UV_CACHE_DIR"]
        shutil.rmtree(nothing_kept, ignore_errors=True)


def plain_script(venvs: Path) -> float:
    """Give the seconds that the plain script takes to a guest with a lease."""
    state = ROOT / "plain"
    shutil.rmtree(state, ignore_errors=True)
    guest = max((CACHE / "guests").iterdir(), key=lambda path: path.stat().st_mtime)
    environment = {
        **os.environ,
        "CLOUD_STATE": str(state),
        "VENVS": str(venvs),
        "GUEST_IMAGE": str(guest),
        "NOVNC_WEB": str(CACHE / "unpacked/novnc/usr/share/novnc"),
    }
    script = PROJECT / "benchmarks/plain_cloud/plain-cloud.sh"
    try:
        done = subprocess.run([script, "all"], check=False, capture_output=True, text=True, env=environment)
        for line in done.stdout.splitlines():
            if " lease " in line:
                return float(line.split()[0])
        sys.exit(f"the plain script brought no guest up:\n{done.stdout}\n{done.stderr}")
    finally:
        subprocess.run([script, "down"], check=False, capture_output=True, env=environment)


def edit(cloud: Cloud) -> Measured:
    """From a changed patch on nova to the patched API answering."""
    cloud("up")
    (patch,) = (cloud.distribution / "patches/nova/2026.2").glob("0002-*.patch")
    names = ["OpenStack-Nova-Build", *(f"OpenStack-Our{number}-Build" for number in range(ROUNDS))]
    taken = []
    for old, new in itertools.pairwise(names):
        patch.write_text(patch.read_text().replace(old, new))
        begin = time.monotonic()
        run = threading.Thread(target=cloud, args=("up",))
        run.start()
        while not _answers_with(cloud.port("nova-api"), new):
            time.sleep(0.05)
        taken.append(time.monotonic() - begin)
        run.join()
    return Measured("a changed patch on nova to the patched API answering", statistics.median(taken), 10)


def nothing(cloud: Cloud) -> Measured:
    """`up` with nothing to do."""
    cloud("up")
    taken = []
    for _ in range(2 * ROUNDS):
        begin = time.monotonic()
        cloud("up")
        taken.append(time.monotonic() - begin)
    return Measured("`up` with nothing to do", statistics.median(taken), 1.5)


def memory(cloud: Cloud) -> Measured:
    """Resident memory of all processes of the cloud with one guest of 128 MiB."""
    cloud("up")
    cloud("smoke", "--keep")
    total = 0.0
    mark = os.fsencode(cloud.site)
    for process in Path("/proc").glob("[0-9]*"):
        try:
            ours = mark in (process / "cmdline").read_bytes() or mark in (process / "environ").read_bytes()
            ours = ours or mark in os.fsencode((process / "cwd").readlink())
            if ours:
                total += int((process / "statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20
        except OSError:
            continue
    return Measured("memory of the cloud with a guest of 128 MiB (MiB)", total, 2.3 * 1024)


def _answers_with(port: int, header: str) -> bool:
    try:
        with urlopen(f"http://127.0.0.1:{port}/", timeout=1) as answer:
            return header in answer.headers
    except (URLError, OSError):
        return False


def main() -> None:
    """Measure what is asked for, or all."""
    parts = {"fresh": fresh, "lease": lease, "nothing": nothing, "memory": memory, "edit": edit}
    cloud = Cloud()
    cloud.clear()
    rows = []
    try:
        for name in sys.argv[1:] or parts:
            rows.append(parts[name](cloud))
            print(rows[-1].row(), file=sys.stderr)
    finally:
        cloud.clear()
    print("| what | ours | goal | plain script | ratio |\n|---|---|---|---|---|")
    for row in rows:
        print(row.row())


if __name__ == "__main__":
    main()
