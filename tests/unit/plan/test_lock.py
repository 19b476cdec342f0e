from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from stackwright.errors import EnvironmentLacksError
from stackwright.plan.lock import exclusive

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HOLDER = """
import sys, time
from pathlib import Path
from stackwright.plan.lock import exclusive
with exclusive(Path(sys.argv[1]), "stackwright up"):
    print("held", flush=True)
    sys.stdin.read()
"""


@contextmanager
def another_process_that_holds(file: Path) -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(file)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        yield holder
        holder.communicate()


def test_the_second_says_who_holds_the_lock(tmp_path: Path) -> None:
    file = tmp_path / "site" / "lock"
    with (
        another_process_that_holds(file) as holder,
        pytest.raises(EnvironmentLacksError) as caught,
        exclusive(file, "stackwright down"),
    ):
        pytest.fail("two hold it")
    assert f"'stackwright up', process {holder.pid}, since " in caught.value.what
    assert caught.value.status == 3


def test_who_ended_holds_nothing(tmp_path: Path) -> None:
    with another_process_that_holds(tmp_path / "lock"):
        pass
    with exclusive(tmp_path / "lock", "stackwright up"):
        pass
    with exclusive(tmp_path / "lock", "stackwright up"):
        pass


def test_who_was_killed_holds_nothing(tmp_path: Path) -> None:
    with another_process_that_holds(tmp_path / "lock") as holder:
        os.kill(holder.pid, signal.SIGKILL)
        holder.wait()
        with exclusive(tmp_path / "lock", "stackwright up"):
            pass


def test_a_program_that_outlives_the_holder_does_not_hold_the_lock(tmp_path: Path) -> None:
    with exclusive(tmp_path / "lock", "stackwright up"):
        child = subprocess.Popen(["sleep", "60"], close_fds=False)
    try:
        with exclusive(tmp_path / "lock", "stackwright up"):
            pass
    finally:
        child.kill()
        child.wait()


def test_one_that_has_not_yet_written_its_name_is_waited_for_too(tmp_path: Path) -> None:
    file = tmp_path / "lock"
    with another_process_that_holds(file):
        file.write_text("")
        with pytest.raises(EnvironmentLacksError, match="one that has just begun"), exclusive(file, "stackwright up"):
            pytest.fail("two hold it")
