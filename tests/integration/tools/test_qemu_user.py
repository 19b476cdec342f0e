"""Commands with a list of interpreters of their own, which the kernel's own does not get to know."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from stackwright.tools import process, qemu_user

MACHINE = "aarch64"
MARK = "4242.4242"  # seconds that nobody else sleeps

pytestmark = [
    pytest.mark.skipif(os.geteuid() != 0, reason="not root: a namespace with all users is made by root"),
    pytest.mark.skipif(
        not (qemu_user.RULES / f"qemu-{MACHINE}.conf").exists(), reason=f"apt-get install {qemu_user.PACKAGE}"
    ),
    pytest.mark.skipif(qemu_user.is_registered(MACHINE), reason="this machine runs programs of the other already"),
]


def sleeping() -> list[str]:
    """Give the processes that a test has left."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and (entry / "cmdline").read_bytes().split(b"\0")[:2] == [b"sleep", MARK.encode()]:
                found.append(entry.name)
        except OSError:
            continue
    return found


def test_the_interpreter_is_known_to_the_command_alone() -> None:
    qemu_user.require(MACHINE)
    said = process.run(qemu_user.argv(MACHINE, ["cat", str(qemu_user.REGISTRY / f"qemu-{MACHINE}")])).text
    assert said.startswith("enabled")
    assert not qemu_user.is_registered(MACHINE)


def test_files_get_the_owners_that_they_have_to_have(tmp_path: Path) -> None:
    process.run(qemu_user.argv(MACHINE, ["install", "-o", "42424", "-g", "42", "/dev/null", str(tmp_path / "one")]))
    about = (tmp_path / "one").stat()
    assert (about.st_uid, about.st_gid) == (42424, 42)


def test_its_status_is_the_commands() -> None:
    assert process.run(qemu_user.argv(MACHINE, ["sh", "-c", "exit 7"]), check=False).status == 7


def test_it_ends_with_who_has_started_it() -> None:
    words = qemu_user.argv(MACHINE, ["sh", "-c", f"sleep {MARK} & sleep {MARK}"])
    started = subprocess.Popen([sys.executable, "-c", f"import subprocess; subprocess.run({words!r})"])
    until = time.monotonic() + 60
    while len(sleeping()) < 2:
        assert time.monotonic() < until
        time.sleep(0.05)
    os.kill(started.pid, signal.SIGKILL)
    started.wait()
    while sleeping():
        assert time.monotonic() < until
        time.sleep(0.05)
