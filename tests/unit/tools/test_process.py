from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from stackwright.errors import EnvironmentLacksError
from stackwright.tools import process

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def test_a_program_reads_what_an_iterable_makes_meanwhile() -> None:
    chunks = (b"x" * 100_000 for _ in range(30))  # more than both pipes hold
    assert len(process.run(["cat"], stdin=chunks).stdout) == 3_000_000


def test_what_the_iterable_raises_reaches_the_caller() -> None:
    def broken() -> Iterator[bytes]:
        yield b"one"
        raise ValueError("no second")

    with pytest.raises(ValueError, match="no second"):
        process.run(["cat"], stdin=broken())


def test_a_program_that_stops_reading_says_why_itself() -> None:
    with pytest.raises(process.ProgramFailedError, match="enough") as caught:
        process.run(["sh", "-c", "echo enough >&2; exit 3"], stdin=(b"x" * 100_000 for _ in range(100)))
    assert caught.value.program_status == 3


def test_a_program_that_is_not_installed_is_named() -> None:
    with pytest.raises(EnvironmentLacksError, match="no-such-program"):
        process.run(["no-such-program"], stdin=(b"x" for _ in range(2)))


def test_none_takes_a_variable_out_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEFT", "here")
    assert process.run(["sh", "-c", "echo ${LEFT-gone} $MORE"], env={"LEFT": None, "MORE": "yes"}).text == "gone yes\n"
    assert os.environ["LEFT"] == "here"


def test_of_a_script_that_failed_only_the_beginning_is_shown() -> None:
    script = "echo so it ends\nexit 3\n" + "true\n" * 100
    with pytest.raises(process.ProgramFailedError) as caught:
        process.run(["sh", "-ec", script])
    assert caught.value.what == "sh -ec 'echo so it ends ... ended with status 3"
    assert caught.value.argv == ("sh", "-ec", script)


def test_a_long_command_that_failed_is_cut() -> None:
    with pytest.raises(process.ProgramFailedError) as caught:
        process.run(["false", *("word" for _ in range(1000))])
    assert len(caught.value.what) < 200
    assert caught.value.what.endswith("... ended with status 1")


def test_standard_error_is_watched_line_by_line_and_kept() -> None:
    seen: list[str] = []
    script = "printf '1%%\\r2%%\\rdone\\nrest' >&2; echo out; exit 3"
    done = process.run(["sh", "-c", script], watch=seen.append, check=False)
    assert seen == ["1%", "2%", "done"]
    assert (done.status, done.stdout, done.stderr) == (3, b"out\n", b"1%\r2%\rdone\nrest")


def test_what_a_watched_program_that_failed_has_said_is_in_the_error() -> None:
    with pytest.raises(process.ProgramFailedError, match="no such thing"):
        process.run(["sh", "-c", "echo no such thing >&2; exit 1"], watch=lambda _: None)


def test_what_was_in_its_log_before_is_not_in_the_error(tmp_path: Path) -> None:
    process.run(["sh", "-c", "echo another says so"], log=tmp_path / "log")
    with pytest.raises(process.ProgramFailedError) as caught:
        process.run(["sh", "-c", "echo it says so; exit 1"], log=tmp_path / "log")
    assert caught.value.output == "it says so"
    assert (tmp_path / "log").read_text() == "another says so\nit says so\n"
