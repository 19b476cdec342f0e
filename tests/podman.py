"""Containers of images by podman, with a storage of their own: nothing of the machine's own podman is touched."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

PROGRAMS = {"podman": "podman", "runc": "runc"}
# runc, as crun refuses a machine with both kinds of control groups; limits that any machine lets be set.
CONFIGURATION = """[containers]
default_ulimits = ["nofile=20000:20000", "nproc=20000:20000"]
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
"""
POLICY = '{"default": [{"type": "insecureAcceptAnything"}]}'


def lacking() -> str:
    """Say what is not installed that a test with containers needs; empty if nothing is missing."""
    missing = [package for program, package in PROGRAMS.items() if shutil.which(program) is None]
    return f"needs {' '.join(missing)}: apt-get install {' '.join(missing)}" if missing else ""


@dataclass(frozen=True)
class Podman:
    """podman with a folder of its own."""

    directory: Path
    started: list[str] = field(default_factory=list)

    def __call__(self, *words: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        options = ["--root", str(self.directory / "root"), "--runroot", str(self.directory / "run")]
        environment = {
            "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "HOME": str(self.directory),
            "CONTAINERS_CONF": str(self.directory / "containers.conf"),
        }
        done = subprocess.run(
            ["podman", *options, *words], capture_output=True, text=True, check=False, timeout=300, env=environment
        )
        assert not check or done.returncode == 0, f"podman {' '.join(words)}: {done.stdout}\n{done.stderr}"
        return done

    def load(self, layout: Path, reference: str) -> str:
        """Take an image of an OCI layout; gives its id."""
        policy = f"--signature-policy={self.directory / 'policy.json'}"
        return self("pull", "--quiet", policy, f"oci:{layout}:{reference}").stdout.split()[-1]

    def run(self, image: str, *command: str, options: tuple[str, ...] = ()) -> str:
        """Run a command of an image to its end, and give what it prints."""
        return self("run", "--rm", "--network=host", *options, image, *command).stdout

    def start(self, name: str, image: str, *command: str, options: tuple[str, ...] = ()) -> None:
        """Let a container run until the end."""
        self.started.append(name)
        self("run", "--detach", "--name", name, "--network=host", *options, image, *command)


@contextmanager
def podman() -> Iterator[Podman]:
    """Give podman with an empty storage; its containers end with the block."""
    directory = Path(tempfile.mkdtemp(prefix="podman-"))  # podman refuses paths of more than 50 characters
    (directory / "containers.conf").write_text(CONFIGURATION)
    (directory / "policy.json").write_text(POLICY)
    one = Podman(directory)
    try:
        yield one
    finally:
        for name in one.started:
            one("rm", "--force", "--time", "1", name, check=False)
        one("system", "reset", "--force", check=False)
        shutil.rmtree(directory, ignore_errors=True)
