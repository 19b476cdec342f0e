from __future__ import annotations

import pytest

from stackwright.proof.upstream.style.model import Chosen, Tool
from stackwright.proof.upstream.style.words import linter, linter_of, program_of


@pytest.mark.parametrize(
    ("command", "name"),
    [
        ("doc8 doc/source", "doc8"),
        ("bash ./tools/coding-checks.sh --pylint", "coding-checks.sh"),
        ("{toxinidir}/tools/config/check_uptodate.sh", "check_uptodate.sh"),
        ("- find . -name *.pyc -delete", "find"),
        ("{envpython} ./manage.py extract_messages", "manage.py"),
        ("env LANG=C python3 -m mypy nova", "mypy"),
    ],
)
def test_a_command_is_named_after_its_program(command: str, name: str) -> None:
    assert program_of(command.split())[0] == name


def test_a_script_of_the_shell_is_named_after_its_first_program() -> None:
    assert program_of(["bash", "-c", "! find doc/ -type f | xargs grep x"])[0] == "find"


@pytest.mark.parametrize(
    ("command", "tool", "arguments"),
    [
        ("flake8", Tool.FLAKE8, ()),
        ("python -m flake8 nova", Tool.FLAKE8, ("nova",)),
        ("bash tools/flake8wrap.sh --select=N", Tool.FLAKE8, ("--select=N",)),
        ("ruff check --fix .", Tool.RUFF, ("--fix", ".")),
        ("ruff format --check", Tool.RUFF_FORMAT, ("--check",)),
    ],
)
def test_linters_are_known_by_their_command(command: str, tool: Tool, arguments: tuple[str, ...]) -> None:
    assert linter_of(command.split()) == (tool, arguments)


@pytest.mark.parametrize("command", ["pre-commit run -a", "mypy nova", "ruff rule H101", "bash tools/flake8.sh", ""])
def test_other_commands_are_no_linters(command: str) -> None:
    assert linter_of(command.split()) is None


def test_what_says_a_linter_s_version_is_told_and_what_runs_hooks_is_not_installed() -> None:
    requirements = ["pre-commit>=4", "ruff>=0.15 # MIT", "hacking>=8.1.0,<8.2.0", "oslo.config>=1"]
    flake8 = linter(
        Tool.FLAKE8, requirements, Chosen(), ("--max-complexity=9", "-q", "--format=pylint", "--format", "x")
    )
    assert flake8.declared == "hacking>=8.1.0,<8.2.0"
    assert flake8.arguments == ("--max-complexity=9",)
    assert "pre-commit>=4" not in flake8.requirements
    assert linter(Tool.RUFF, requirements, Chosen(), ()).declared == "ruff>=0.15 # MIT"
    assert str(linter(Tool.FLAKE8, [], Chosen(), ())) == "flake8"
