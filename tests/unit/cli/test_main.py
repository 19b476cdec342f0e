from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from stackwright.cli.main import COMMANDS
from stackwright.errors import EnvironmentLacksError, InputError, ManyInputsError, StackwrightError, Where
from stackwright.plan.lock import exclusive
from stackwright.site.paths import SitePaths
from stackwright.site.state import SiteState, save

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from .conftest import Told


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch, stackwright: Callable[..., Told]) -> Callable[..., Told]:
    """Give what types a command that goes wrong with some error."""

    def type_(error: BaseException, *options: str) -> Told:
        def fail() -> None:
            raise error

        monkeypatch.setattr("stackwright.cli.catalogue.own_catalogue", fail)
        return stackwright(*options, "catalogue", "list")

    return type_


def family() -> list[type[StackwrightError]]:
    return [StackwrightError, *StackwrightError.__subclasses__()]


@pytest.mark.parametrize("error", family(), ids=lambda error: str(error.__name__))
def test_an_error_of_the_family_ends_with_its_status_and_no_traceback(
    broken: Callable[..., Told], error: type[StackwrightError]
) -> None:
    told = broken(error("it went wrong", where=Where(subject="nova"), why="because", fix="do this"))
    assert told.status == error.status
    assert told.out == ""
    assert told.err == "error: nova: it went wrong\n  why: because\n  fix: do this\n"


def test_several_errors_are_told_together(broken: Callable[..., Told]) -> None:
    told = broken(ManyInputsError([InputError("one"), InputError("two")]))
    assert (told.status, told.err) == (2, "error: one\ntwo\n")


def test_what_the_system_refuses_ends_with_3(broken: Callable[..., Told]) -> None:
    told = broken(OSError(28, "No space left on device", "/var/lib/stackwright/site.json"))
    assert told.status == 3
    assert told.err.startswith("error: No space left on device: /var/lib/stackwright/site.json\n  fix: make room")


def test_a_defect_says_that_it_is_one(broken: Callable[..., Told]) -> None:
    told = broken(ZeroDivisionError("division by zero"))
    assert told.status == 70
    assert told.err.splitlines() == [
        "error: this is a defect of Stackwright: ZeroDivisionError: division by zero",
        "  fix: type the same with --debug behind it, and report what it prints",
    ]


def test_debug_shows_where_a_defect_is(broken: Callable[..., Told]) -> None:
    told = broken(ZeroDivisionError("division by zero"), "--debug")
    assert told.status == 70
    assert "Traceback" in told.err


def test_an_interrupt_ends_with_130(broken: Callable[..., Told]) -> None:
    told = broken(KeyboardInterrupt())
    assert (told.status, told.err) == (130, "interrupted: the same command goes on from here\n")


def test_errors_are_json_lines_where_progress_is(broken: Callable[..., Told]) -> None:
    error = EnvironmentLacksError("no disk", where=Where(subject="step a"), fix="buy one", details="    a\n    b")
    told = broken(ManyInputsError([InputError("one"), InputError("two")]), "--log-format", "json")
    assert [json.loads(line)["message"] for line in told.err.splitlines()] == ["one", "two"]
    (line,) = broken(error, "--log-format", "json").err.splitlines()
    row = json.loads(line)
    assert row.pop("at") > 1.7e9
    assert row == {
        "kind": "error",
        "subject": "step a",
        "message": "no disk",
        "fix": "buy one",
        "details": "    a\n    b",
    }


@pytest.mark.parametrize(
    ("typed", "fix"),
    [
        ("stauts", "did you mean 'status'?"),
        ("catalogue lst", "did you mean 'catalogue list'?"),
        ("patch lynt", "did you mean 'patch lint'?"),
        ("catalogue", "one of: catalogue list, catalogue show, catalogue graph"),
        ("help dwon", "did you mean 'down'?"),
    ],
)
def test_a_mistyped_command_is_answered_with_the_nearest(
    stackwright: Callable[..., Told], typed: str, fix: str
) -> None:
    told = stackwright(*typed.split())
    assert told.status == 2
    assert told.err.splitlines() == [f"error: there is no command {typed.removeprefix('help ')!r}", f"  fix: {fix}"]


def test_a_word_like_no_command_is_answered_with_all(stackwright: Callable[..., Told]) -> None:
    told = stackwright("xyzzy")
    assert all(command in told.err for command in COMMANDS)


@pytest.mark.parametrize(
    "words",
    [["up", "--no-such"], ["--log-format", "xml", "check"], ["schema", "nova"], ["logs"], ["catalogue", "show"]],
)
def test_a_mistyped_option_ends_with_2(stackwright: Callable[..., Told], words: list[str]) -> None:
    told = stackwright(*words)
    assert told.status == 2
    assert "error: " in told.err
    assert "Traceback" not in told.err


def test_a_column_that_is_not_there_ends_with_2(stackwright: Callable[..., Told]) -> None:
    told = stackwright("catalogue", "list", "-c", "Nmae")
    assert told.status == 2
    assert "'Service', 'Title'" in told.err


def test_without_a_command_the_help_is_printed(stackwright: Callable[..., Told]) -> None:
    told = stackwright()
    assert told.status == 2
    assert "Commands:" in told.out


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_every_command_has_a_help_that_says_what_it_does(stackwright: Callable[..., Told], command: str) -> None:
    told = stackwright(*command.split(), "--help")
    assert told.status == 0
    assert told.out.startswith(f"usage: stackwright {command} ")
    assert "None" not in told.out


def test_the_statuses_of_real_commands(
    stackwright: Callable[..., Told], distribution: Path, state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = ("-C", distribution, "--state", state)
    paths = SitePaths(state / "sites" / "local")
    assert stackwright(*here, "check").status == 0
    told = stackwright(*here, "status")
    assert told.status == 2
    assert "error: the site local is not there" in told.err

    save(paths, SiteState("abc123", {}, 4, {}))
    assert stackwright(*here, "status").status == 1
    told = stackwright(*here, "restart", "keystone")
    assert told.status == 4
    assert "the process supervisor does not answer" in told.err

    monkeypatch.setattr(os, "geteuid", lambda: 0)
    with exclusive(paths.lock, "stackwright down"):
        told = stackwright(*here, "up")
    assert told.status == 3
    assert f"another run is at work on this site: 'stackwright down', process {os.getpid()}" in told.err
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    for command in ("up", "down"):
        told = stackwright(*here, command)
        assert (told.status, told.err.splitlines()[-1]) == (3, "  fix: type the same behind sudo")


def test_destroy_wants_a_word_more_and_names_it(
    stackwright: Callable[..., Told], distribution: Path, state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    told = stackwright("-C", distribution, "--state", state, "destroy")
    assert told.status == 2
    assert told.err.endswith("destroy --yes\n")
    assert list(state.iterdir()) == []


def test_the_program_itself_ends_with_the_status() -> None:
    argv = [sys.executable, "-m", "stackwright.cli.main", "stauts"]
    ended = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stderr.splitlines()[0]) == (2, "error: there is no command 'stauts'")
