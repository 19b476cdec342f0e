"""What came of upstream's tests is a page for people: failures, history, flaky and slow tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.widget import changed, team_with_widget

from .test_upgrade_forecast_of_a_site import text_of
from .test_upstream_tests import BREAKS_TWICE, SUMS, TWICE, carry, command

if TYPE_CHECKING:
    from pathlib import Path


def test_the_page_shows_what_failed_and_why_and_what_came_of_it_before(tmp_path: Path) -> None:
    team = team_with_widget(tmp_path)
    stackwright = command(team, tmp_path)
    stackwright("test", "widget", "r", "--all")
    carry(team, breaks=BREAKS_TWICE)
    file = tmp_path / "results.html"
    stackwright("test", "widget", "r", "--all", "--html", str(file), status=1)
    text = text_of(file)
    assert "1 regression" in text
    assert f"regression {TWICE} failed" in text
    assert "breaks.patch" in text
    assert "✓passed ✗failed" in text  # on upstream's tree, and on this one
    assert text.count(TWICE) == 3  # among what failed, in the history, among the slowest


def test_nothing_that_a_test_says_becomes_part_of_the_page(tmp_path: Path) -> None:
    team = team_with_widget(tmp_path)
    bad = changed(SUMS, "    return number * FACTOR", "    raise ValueError('<script>alert(1)</script>')")
    carry(team, bad=bad)
    file = tmp_path / "results.html"
    command(team, tmp_path)("test", "widget", "r", "--all", "--html", str(file), status=1)
    assert "<script" not in file.read_text()
    assert "<script>alert(1)</script>" in text_of(file)
