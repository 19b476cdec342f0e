from __future__ import annotations

import pytest

from stackwright.errors import InputError
from stackwright.proof.upstream.tox import read_tox

TOX = """\
[tox]
envlist = py3

[base]
deps = left>=1

[testenv]
setenv =
  A = 1  # a comment
  B = {env:HOME_OF_B:two}
  py312: C = 3
deps =
  -r{toxinidir}/requirements.txt
  {[base]deps}
extras = test

[testenv:functional{,-py311}]
setenv =
  {[testenv]setenv}
  OS_TEST_PATH=./w/tests/functional
commands = stestr run {posargs}

[testenv:pep8]
skip_install = true
commands =
  flake8 {posargs:w setup.py}
  doc8 {posargs}
"""


def test_an_environment_without_its_own_section_is_what_is_said_of_all() -> None:
    tox = read_tox(TOX, ("py311", "py3"), "w")
    assert not tox.there
    assert dict(tox.variables) == {"A": "1", "B": "two"}
    assert tox.deps == ("-rrequirements.txt", "left>=1")
    assert tox.extras == ("test",)


def test_conditions_hold_for_their_factors() -> None:
    assert dict(read_tox(TOX, ("py312",), "w").variables)["C"] == "3"


def test_a_section_can_be_for_several_environments_and_refer_to_others() -> None:
    tox = read_tox(TOX, ("functional-py311",), "w")
    assert tox.there
    assert dict(tox.variables)["OS_TEST_PATH"] == "./w/tests/functional"
    assert dict(tox.variables)["A"] == "1"


def test_arguments_of_the_user_are_none_and_the_project_s_own_stay() -> None:
    tox = read_tox(TOX, ("pep8",), "w")
    assert [command.split() for command in tox.commands] == [["flake8", "w", "setup.py"], ["doc8"]]
    assert tox.skip_install
    assert not read_tox(TOX, ("py3",), "w").skip_install


def test_no_file_says_nothing() -> None:
    assert read_tox("", ("py3",), "w").deps == ()


def test_a_file_that_cannot_be_read() -> None:
    with pytest.raises(InputError, match=r"tox\.ini cannot be read"):
        read_tox("no section\n", ("py3",), "w")
