"""Promise: a patch is tested by upstream's own tests; what it breaks is told apart from what was broken before."""

from __future__ import annotations

import io
import json
import re
from typing import TYPE_CHECKING
from xml.etree import ElementTree

import pytest
from subunit import ByteStreamToStreamResult
from testtools import StreamToDict

from tests.widget import changed, team_with_widget

from .conftest import CACHE, EXAMPLE, Stackwright

if TYPE_CHECKING:
    from pathlib import Path

    from tests.team import Team

SUMS, SHAPES = "widget/sums.py", "widget/shapes.py"
TWICE = "widget.tests.test_sums.TestSums.test_twice"
SQUARE = "widget.tests.test_shapes.TestShapes.test_square"
HARMLESS = changed("widget/config.py", "COLOUR = 'blue'", "COLOUR = 'light blue'")
BREAKS_TWICE = changed(SUMS, "number * FACTOR", "number * FACTOR + 1")
BREAKS_SQUARE = changed(SHAPES, 'return "square"', 'return "cube"')
TROUBLE = """\
import os
import signal
import time

from widget.tests import base


class TestTrouble(base.Base):
    def test_a(self):
        pass

    def test_crashes(self):
        if os.environ.get("WIDGET_CRASH"):
            os.kill(os.getpid(), signal.SIGSEGV)

    def test_fails_once(self):
        place = os.environ.get("WIDGET_ONCE")
        if place and not os.path.exists(place):
            open(place, "w").close()
            self.fail("the first time")

    def test_hangs(self):
        if os.environ.get("WIDGET_HANG"):
            wait_for_nobody()

    def test_z(self):
        pass


def wait_for_nobody():
    time.sleep(600)
"""

OLD = """\
from widget.tests import base


class TestOld(base.Base):
    def test_old(self):
        self.fail("always")
"""

TOLD = """\
import unittest

from widget import registry
from widget import sums


{decorator}class TestTold(unittest.TestCase):
    def test_told(self):
        {body}
"""


def carry(team: Team, **patches: dict[str, str | bytes | None]) -> None:
    """Let the series be these patches, each on top of the one before."""
    upstream = team.upstreams["widget"]
    upstream.branch("ours", "master")
    for name, files in patches.items():
        upstream.commit(files, f"Change {name}")
        team.add("widget", "r", f"{name}.patch", upstream.patch())
    upstream.switch("master")


def command(team: Team, tmp_path: Path, **environment: str) -> Stackwright:
    return Stackwright(
        team.distribution, tmp_path / "state", {"STACKWRIGHT_CACHE": str(tmp_path / "cache"), **environment}
    )


def runs(told: str) -> int:
    """Give how many tests were run now."""
    match = re.search(r"(\d+) runs? of (a )?tests? now", told)
    assert match, told
    return int(match[1])


def test_a_patch_that_breaks_a_test_is_found_among_many(tmp_path: Path) -> None:
    team = team_with_widget(tmp_path)
    quiet: dict[str, dict[str, str | bytes | None]] = {f"quiet{count}": {f"doc/{count}": "\n"} for count in range(5)}
    carry(team, harmless=HARMLESS, **quiet, breaks=BREAKS_TWICE, doc={"doc/6": "\n"}, square=BREAKS_SQUARE)
    stackwright = command(team, tmp_path)
    rows = stackwright.json("test", "widget", "r", "--all", status=1)
    found = {(row["Kind"], row["Test"], row["Patch"]) for row in rows}
    assert found >= {("regression", TWICE, "breaks.patch"), ("regression", SQUARE, "square.patch")}
    assert {kind for kind, _, _ in found} == {"regression"}
    told = stackwright("test", "widget", "r", "--all", status=1).stderr
    assert f"regression: {TWICE} (since breaks.patch): failed" in told
    assert "4 != 5" in told or "MismatchError" in told
    assert "widget r: 9 patches; 15 tests, 0 runs of tests now; 2 regressions" in told


def test_nothing_is_run_twice_and_a_change_runs_what_it_reaches(tmp_path: Path) -> None:
    team = team_with_widget(tmp_path)
    stackwright = command(team, tmp_path)
    first = stackwright("test", "widget", "r", "--all").stderr
    assert runs(first) == 15
    assert runs(stackwright("test", "widget", "r", "--all").stderr) == 0
    carry(team, breaks=BREAKS_TWICE)
    assert "1 test or module of tests would be run" in stackwright("test", "widget", "r", "--skip").stderr
    told = stackwright("test", "widget", "r", status=1).stderr
    # What upstream's tree makes of it is known; but not yet whether it passes there without others beside it.
    assert "widget r: 1 patch; 1 test, 2 runs of tests now; 1 regression" in told
    assert runs(stackwright("test", "widget", "r", status=1).stderr) == 0


def test_a_change_of_one_patch_runs_only_what_it_reaches(tmp_path: Path) -> None:
    team = team_with_widget(tmp_path)
    stackwright = command(team, tmp_path)
    stackwright("test", "widget", "r", "--all")
    sums = changed(SUMS, "found += number", "found = found + number")
    shapes = changed(SHAPES, "self.size * self.size", "self.size ** 2")
    carry(team, one=sums, two=shapes)
    both = runs(stackwright("test", "widget", "r").stderr)
    assert both == 5  # three that sum, and two that measure a square
    (team.folder("widget", "r") / "series").unlink()
    carry(team, one=sums, two=changed(SHAPES, "self.size * self.size", "self.size ** 3"))
    told = stackwright("test", "widget", "r", status=1).stderr
    # Two on the tree with both patches, both on upstream's alone, and on that with the first to see whose fault it is.
    assert "2 patches; 5 tests, 6 runs of tests now; 2 regressions" in told
    (team.folder("widget", "r") / "series").unlink()
    carry(team, one=sums)
    assert "1 patch; 3 tests, 0 runs of tests now; none failed" in stackwright("test", "widget", "r").stderr


def test_one_that_hung_is_run_again_with_more_time(tmp_path: Path) -> None:
    slow = "import time\nimport unittest\n\n\nclass TestSlow(unittest.TestCase):\n"
    slow += "    def test_slow(self):\n        time.sleep(4)\n"
    team = team_with_widget(tmp_path, widget__tests__test_slow=slow)
    stackwright = command(team, tmp_path)
    words = ("test", "widget", "r", "--tests", "test_slow")
    (row,) = stackwright.json(*words, "--timeout", "1.5")
    assert (row["Kind"], row["Status"]) == ("known", "hung")
    assert runs(stackwright(*words, "--timeout", "1").stderr) == 0
    assert stackwright.json(*words, "--timeout", "60") == []


def test_what_fails_without_patches_too_is_no_regression(tmp_path: Path) -> None:
    team = team_with_widget(tmp_path, widget__tests__test_old=OLD)
    carry(team, harmless=HARMLESS)
    stackwright = command(team, tmp_path)
    rows = stackwright.json("test", "widget", "r", "--all")
    assert [(row["Kind"], row["Test"], row["Patch"]) for row in rows] == [
        ("known", "widget.tests.test_old.TestOld.test_old", "")
    ]


def test_a_test_that_passes_only_in_the_company_of_others_is_no_regression(tmp_path: Path) -> None:
    told = TOLD.format(decorator="", body="self.assertEqual({'square'}, set(registry.KINDS) if sums.twice(2) else 0)")
    tells = TOLD.format(decorator="@registry.register('square')\n", body="pass")
    team = team_with_widget(tmp_path, widget__tests__test_told=told, widget__tests__test_tells=tells)
    carry(team, harmless=changed(SUMS, "number * FACTOR", "FACTOR * number"))
    stackwright = command(team, tmp_path)
    assert stackwright.json("test", "widget", "r", "--all") == []
    (team.folder("widget", "r") / "series").unlink()
    carry(team, other=changed(SUMS, "number * FACTOR", "FACTOR * number + 0"))
    (row,) = stackwright.json("test", "widget", "r")
    assert (row["Kind"], row["Test"]) == ("known", "widget.tests.test_told.TestTold.test_told")


def test_after_each_patch_or_at_the_end_alone(tmp_path: Path) -> None:
    team = team_with_widget(tmp_path)
    mended = changed(SUMS, "number * FACTOR", "FACTOR * number")
    carry(team, breaks=BREAKS_TWICE, mends=mended, square=BREAKS_SQUARE)
    stackwright = command(team, tmp_path)
    last = stackwright.json("test", "widget", "r", "--last", status=1)
    assert [(row["Test"], row["Patch"]) for row in last] == [(SQUARE, "")]
    each = stackwright.json("test", "widget", "r", "--each", status=1)
    assert [(row["Test"], row["Patch"]) for row in each] == [(SQUARE, "square.patch"), (TWICE, "breaks.patch")]


def test_one_that_hangs_crashes_or_flakes_costs_no_other_its_turn(tmp_path: Path) -> None:
    team = team_with_widget(tmp_path, widget__tests__test_trouble=TROUBLE)
    environment = {"WIDGET_HANG": "1", "WIDGET_CRASH": "1", "WIDGET_ONCE": str(tmp_path / "once")}
    stackwright = command(team, tmp_path, **environment)
    carry(team, square=BREAKS_SQUARE)
    rows = stackwright.json("test", "widget", "r", "--all", "--timeout", "5", status=1)
    trouble = "widget.tests.test_trouble.TestTrouble"
    assert {(row["Kind"], row["Test"], row["Status"]) for row in rows} == {
        ("regression", SQUARE, "failed"),
        ("known", f"{trouble}.test_crashes", "crashed"),
        ("known", f"{trouble}.test_hangs", "hung"),
        ("flaky", f"{trouble}.test_fails_once", "failed"),
    }
    junit, stream = tmp_path / "junit.xml", tmp_path / "stream"
    stackwright(
        "test", "widget", "r", "--all", "--timeout", "5", "--junit", str(junit), "--subunit", str(stream), status=1
    )
    suite = ElementTree.parse(junit).getroot()
    assert suite is not None
    assert (suite.get("tests"), suite.get("failures")) == ("20", "3")
    cases = {f"{case.get('classname')}.{case.get('name')}": case for case in suite}
    hung = cases[f"{trouble}.test_hangs"].find("failure")
    assert hung is not None
    assert "in wait_for_nobody" in (hung.text or "")
    assert "widget/tests/test_trouble.py" in (hung.text or "")
    assert "signal 11" in ElementTree.tostring(cases[f"{trouble}.test_crashes"], encoding="unicode")
    assert {entry.get("value") for entry in cases[SQUARE].iter("property")} == {"regression", "square.patch"}
    seen: dict[str, str] = {}
    read = StreamToDict(lambda test: seen.update({test["id"]: test["status"]}))
    read.startTestRun()
    ByteStreamToStreamResult(io.BytesIO(stream.read_bytes())).run(read)
    read.stopTestRun()
    assert len(seen) == 20
    assert {test for test, status in seen.items() if status == "fail"} == {
        SQUARE, f"{trouble}.test_crashes", f"{trouble}.test_hangs"
    }  # fmt: skip


def test_a_module_that_cannot_be_imported_is_a_regression(tmp_path: Path) -> None:
    team = team_with_widget(tmp_path)
    stackwright = command(team, tmp_path)
    stackwright("test", "widget", "r", "--all")
    carry(team, breaks=changed(SHAPES, "import abc\n", "import abc\nimport nothing_of_this_name\n"))
    done = stackwright("test", "widget", "r", "-f", "json", status=1)
    names = {row["Test"] for row in json.loads(done.stdout)}
    assert "widget.tests.test_shapes" in names
    assert "No module named 'nothing_of_this_name'" in done.stderr


def test_bad_input_says_what_to_type(tmp_path: Path) -> None:
    team = team_with_widget(tmp_path)
    stackwright = command(team, tmp_path)
    told = stackwright("test", "widget", "r", "--tests", "no_such_test", status=2).stderr
    assert "no test of widget matches 'no_such_test'" in told
    assert "such as widget.tests.test_registry" in told
    assert "is no regular expression" in stackwright("test", "widget", "r", "--tests", "(", status=2).stderr
    assert "--all runs all of its tests" in stackwright("test", "widget", "r", status=2).stderr
    assert "did you mean 'widget'?" in stackwright("test", "widgit", "r", status=2).stderr
    assert "did you mean" in stackwright("test", "widget", "rr", status=2).stderr
    assert "seconds above 0" in stackwright("test", "widget", "r", "--timeout", "0", status=2).stderr
    stackwright("test", "widget", "r", "--all", "--affected", status=2)


def test_an_environment_that_cannot_be_shows_the_resolver_s_reason(tmp_path: Path) -> None:
    team = team_with_widget(tmp_path)
    carry(team, wants={"test-requirements.txt": "fixtures>=3.0.0\nfixtures<3\n"})
    told = command(team, tmp_path)("test", "widget", "r", status=2).stderr
    assert "there can be no environment for the tests of widget" in told
    assert "you require fixtures<3 and fixtures>=3.0.0" in told


def test_a_tree_without_tests_says_so(tmp_path: Path) -> None:
    team = team_with_widget(tmp_path, **{".stestr.conf": None})
    told = command(team, tmp_path)("test", "widget", "r", "--all", status=2).stderr
    assert "nothing says where the tests of widget are" in told


@pytest.mark.parametrize("component", ["oslo.privsep", "oslo.middleware"])
def test_the_patches_of_the_example_break_nothing(tmp_path: Path, component: str) -> None:
    cache = tmp_path / "cache"
    cache.mkdir()
    (cache / "downloads").symlink_to(CACHE / "downloads")
    stackwright = Stackwright(EXAMPLE, tmp_path / "state", {"STACKWRIGHT_CACHE": str(cache)})
    rows = stackwright.json("test", component, "2026.2", "--all")
    assert [row for row in rows if row["Kind"] == "regression"] == []
