"""The page of a run of tempest: failures with all that there is to see of them, and their history over the runs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from stackwright.proof.tempest.failures import Failure
from stackwright.proof.tempest.journal import Journal, Report
from stackwright.proof.tempest.page import page, wavers
from stackwright.proof.tempest.sets import Selection
from stackwright.proof.tempest.stream import Finished
from stackwright.proof.upstream.model import Outcome, Status

if TYPE_CHECKING:
    from pathlib import Path

WELL, NEW, BY_TURNS, ALWAYS = (f"tempest.api.image.test_a.ATest.test_{name}" for name in ("w", "n", "t", "a"))
FIXTURE = "setUpClass (tempest.api.image.test_a.ATest)"
GOOD, BAD, SKIPPED = Status.OK, Status.FAILED, Status.SKIPPED


def ran(journal: Journal, hour: int, **came: Status) -> Report:
    """Have a run in the journal, in which this came of the tests, and give its report."""
    names = {"well": WELL, "new": NEW, "by_turns": BY_TURNS, "always": ALWAYS, "fixture": FIXTURE}
    outcomes = [
        Outcome(f"{names[name]}[id-1,smoke]" if name != "fixture" else FIXTURE, status, 2.0, hour * 3600.0)
        for name, status in came.items()
    ]
    run = journal.keep(journal.begin("image"), Selection(tuple(one.test for one in outcomes), {}))
    kept = run.end(tuple(Finished(one) for one in outcomes))
    failures = [
        Failure(one.test, "NotFound: 404", ("<script>alert(1)</script>",), ("404 GET http://k/v3",), ("nova: ERROR x",))
        for one in kept
        if one.status is BAD
    ]
    return Report("ours", run, "key", kept, tuple(failures))


def history(text: str, test: str) -> list[str]:
    """Give what the page says came of a test, in the order of the runs."""
    row = re.search(rf"<tr><td class=\"test\"><code>{re.escape(test)}</code></td><td><ol.*?</ol>", text, re.DOTALL)
    return re.findall(r'title="([^"]*)"', row[0]) if row else []


def test_the_history_tells_new_failures_from_old_ones_and_from_those_that_come_and_go(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    ran(journal, 1, well=GOOD, new=GOOD, by_turns=BAD, always=BAD)
    ran(journal, 2, well=GOOD, new=SKIPPED, by_turns=GOOD, always=BAD)
    text = page(ran(journal, 3, well=GOOD, new=BAD, by_turns=BAD, always=BAD), journal, "3 failed")
    assert history(text, WELL) == []
    assert history(text, NEW) == ["passed", "not run", "failed"]
    assert history(text, BY_TURNS) == ["flaky", "passed", "flaky"]
    assert history(text, ALWAYS) == ["failed", "failed", "failed"]
    since = dict(re.findall(r"<code>(\S+)</code> NotFound: 404.*?<td>(.*?)</td>", text, re.DOTALL))
    assert since == {NEW: "0003 image", BY_TURNS: "0003 image", ALWAYS: "0001 image"}
    assert text.count("this one") == 1
    assert "1970-01-01 02:00" in text


def test_a_failure_has_its_requests_and_logs_and_nothing_of_it_becomes_part_of_the_page(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    text = page(ran(journal, 1, well=BAD), journal, "1 failed")
    assert "404 GET http://k/v3" in text
    assert "nova: ERROR x" in text
    assert "&lt;script&gt;alert(1)" in text
    assert "<script" not in text
    assert "id-1,smoke" not in text


def test_a_class_whose_fixture_failed_passed_where_its_tests_ran(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    ran(journal, 1, well=GOOD)
    text = page(ran(journal, 2, fixture=BAD), journal, "1 failed")
    assert history(text, FIXTURE) == ["passed", "failed"]


def test_a_run_that_was_cut_off_before_its_first_test_is_none(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.keep(journal.begin("image"), Selection((WELL,), {}))
    text = page(ran(journal, 2, well=BAD), journal, "1 failed")
    assert history(text, WELL) == ["failed"]


@pytest.mark.parametrize(
    ("came", "flaky"),
    [([], False), ([True, False], False), ([False, None, True], False), ([True, False, None, True], True)],
)
def test_a_test_is_flaky_that_goes_there_and_back(came: list[bool | None], flaky: bool) -> None:
    assert wavers(came) is flaky
