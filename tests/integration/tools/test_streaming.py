from __future__ import annotations

import os
import stat
import time
from pathlib import Path

import pytest

from stackwright.errors import EnvironmentLacksError
from stackwright.tools import process


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_output_comes_while_the_program_runs_and_all_of_it_ends_with_the_block(tmp_path: Path) -> None:
    script = "echo to the log >&2; sleep 600 & echo $!; sleep 600"
    with process.streaming(["sh", "-c", script], cwd=tmp_path, env={}, log=tmp_path / "log") as stream:
        child = int(stream.readline())
        assert is_alive(child)
    until = time.monotonic() + 10
    while is_alive(child) and time.monotonic() < until:
        time.sleep(0.01)
    assert not is_alive(child)
    assert (tmp_path / "log").read_text() == "to the log\n"
    assert stat.S_IMODE((tmp_path / "log").stat().st_mode) == 0o600


def test_it_is_in_no_terminals_foreground_and_has_the_variables_it_is_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OS_CLOUD", "mine")
    script = 'echo "${OS_CLOUD:-none} $HERE"; ps -o pgid= -p $$'
    with process.streaming(
        ["sh", "-c", script], cwd=tmp_path, env={"OS_CLOUD": None, "HERE": "there"}, log=tmp_path / "log"
    ) as stream:
        assert stream.readline() == b"none there\n"
        assert int(stream.readline()) != os.getpgid(0)


def test_a_program_that_is_not_installed_is_named(tmp_path: Path) -> None:
    with (
        pytest.raises(EnvironmentLacksError, match="no-such-program"),
        process.streaming(["no-such-program"], cwd=tmp_path, env={}, log=tmp_path / "log"),
    ):
        pass
