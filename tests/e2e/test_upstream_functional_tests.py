"""A project's functional tests run as its unit tests do, where it has any."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.widget import FILES, changed, team_with_widget

from .test_upstream_tests import SUMS, carry, command

if TYPE_CHECKING:
    from pathlib import Path

TOX = FILES["tox.ini"] + "[testenv:functional]\nsetenv =\n  OS_TEST_PATH = ./widget/functional\n"
TEST = """\
import unittest

from widget import sums


class TestAll(unittest.TestCase):
    def test_twice_and_half(self):
        self.assertEqual(3, sums.halved(sums.twice(3)))
"""


def test_functional_tests_are_others_than_unit_tests(tmp_path: Path) -> None:
    team = team_with_widget(tmp_path, **{"tox.ini": TOX, "widget__functional__test_all": TEST})
    team.upstreams["widget"].commit({"widget/functional/__init__.py": ""}, "Make it a package")
    carry(team, breaks=changed(SUMS, "number / config.DIVISOR", "number / config.DIVISOR + 1"))
    stackwright = command(team, tmp_path)
    rows = stackwright.json("test", "widget", "r", "--functional", status=1)
    name = "widget.functional.test_all.TestAll.test_twice_and_half"
    assert [(row["Kind"], row["Test"]) for row in rows] == [("regression", name)]
    rows = stackwright.json("test", "widget", "r", status=1)
    assert {row["Test"].partition(".Test")[0] for row in rows} == {"widget.tests.test_sums"}


def test_a_project_without_them_says_so(tmp_path: Path) -> None:
    told = command(team_with_widget(tmp_path), tmp_path)(
        "test", "widget", "r", "--all", "--functional", status=2
    ).stderr
    assert "widget has no functional tests" in told
    assert "[testenv:functional]" in told
