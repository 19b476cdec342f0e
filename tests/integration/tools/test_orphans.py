"""Programs that outlive the run that started them."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from stackwright.tools import process

if TYPE_CHECKING:
    import pytest

RUN = """
import sys
from pathlib import Path
from stackwright.tools import process
process.mark_run(Path(sys.argv[1]))
process.run(["sh", "-c", "echo $$; sleep 300 & echo $!; wait"], log=Path(sys.argv[2]))
"""


def cut_off_run(site: Path, log: Path) -> list[int]:
    """Start a run on a site, kill it, and give the processes that it leaves behind."""
    with subprocess.Popen([sys.executable, "-c", RUN, str(site), str(log)]) as run:
        until = time.monotonic() + 15
        while not (log.exists() and log.read_text().count("\n") == 2):
            assert time.monotonic() < until
            time.sleep(0.01)
        run.kill()
    return [int(pid) for pid in log.read_text().split()]


def alive(pid: int) -> bool:
    try:
        return Path("/proc", str(pid), "stat").read_text().split()[2] != "Z"
    except OSError:
        return False


def test_what_a_run_that_was_killed_left_is_ended_and_named(tmp_path: Path) -> None:
    left = cut_off_run(tmp_path / "site", tmp_path / "log")
    assert all(alive(pid) for pid in left)
    assert process.end_orphans(tmp_path / "site") == ("sh", "sleep")
    assert not any(alive(pid) for pid in left)
    assert process.end_orphans(tmp_path / "site") == ()


def test_what_a_run_on_another_site_started_is_left_alone(tmp_path: Path) -> None:
    left = cut_off_run(tmp_path / "site-2", tmp_path / "log")
    try:
        assert process.end_orphans(tmp_path / "site") == ()
        assert all(alive(pid) for pid in left)
    finally:
        process.end_orphans(tmp_path / "site-2")


def test_the_one_that_ends_them_is_no_orphan_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(process.RUN_MARK, str(tmp_path))
    ending = "import sys; from pathlib import Path; from stackwright.tools import process; "
    ending += "print(process.end_orphans(Path(sys.argv[1])))"
    # Its own environment carries the mark, as that of a tool which a step runs may.
    told = subprocess.run([sys.executable, "-c", ending, str(tmp_path)], check=True, capture_output=True, text=True)
    assert told.stdout == "()\n"
    assert os.environ[process.RUN_MARK] == str(tmp_path)
