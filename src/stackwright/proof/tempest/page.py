"""One HTML page about a run of tempest: what failed and why, what came of it in earlier runs, what takes long."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice, pairwise
from typing import TYPE_CHECKING

from stackwright.proof.page import OK, TIMES, Failed, Page, Time
from stackwright.proof.tempest.sets import plain
from stackwright.proof.tempest.stream import FIXTURE
from stackwright.proof.upstream.model import Status

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from stackwright.proof.tempest.failures import Failure
    from stackwright.proof.tempest.journal import Journal, Report, Run
    from stackwright.proof.upstream.model import Outcome

SCOPE = 40  # characters of an expression that tests were chosen by


def page(report: Report, journal: Journal, summary: str) -> str:
    """Give the page.

    :param journal: has the earlier runs on the same cloud
    :param summary: the run in a line
    """
    known = [(run, seen) for run in islice(journal.runs(), TIMES) if (seen := run.outcomes())]
    passed = [_passed(seen) for _, seen in known]
    troubled = {test for one in passed for test, good in one.items() if not good}
    flaky = {test for test in troubled if wavers([_came(test, one) for one in passed])}
    times = [
        _time(run, seen, run.folder == report.run.folder, {test: _came(test, one) for test in troubled}, flaky)
        for (run, seen), one in zip(known, passed, strict=True)
    ]
    seconds = {one.test: one.seconds for one in report.outcomes}
    failed = [_failed(one, seconds[one.test], times, flaky) for one in report.failures]
    outcomes = [replace(one, test=plain(one.test)) for one in report.outcomes]
    return str(Page(f"{report.cloud}: tempest", "tempest", summary, failed, times, "run", outcomes))


def wavers(came: Iterable[bool | None]) -> bool:
    """Tell whether a test went from passing to failing and back, or the other way round. A pure function.

    :param came: whether it passed, in the order of the runs; None where it was not run
    """
    ran = [good for good in came if good is not None]
    return sum(one is not other for one, other in pairwise(ran)) > 1


def _passed(outcomes: Iterable[Outcome]) -> dict[str, bool]:
    """Tell of each test that ran whether it passed."""
    return {plain(one.test): one.status is Status.OK for one in outcomes if one.status is not Status.SKIPPED}


def _came(test: str, passed: Mapping[str, bool]) -> bool | None:
    whole = FIXTURE.fullmatch(test)
    if whole is None or test in passed:
        return passed.get(test)
    # Of a class's fixture is told only where it fails.
    return True if any(other.startswith(f"{whole['class']}.") for other in passed) else None


def _time(
    run: Run, outcomes: Sequence[Outcome], now: bool, came: Mapping[str, bool | None], flaky: Collection[str]
) -> Time:
    bad = frozenset(test for test, good in came.items() if good is False)
    ran = [one for one in outcomes if one.status is not Status.SKIPPED]
    return Time(
        began=min((one.began for one in ran), default=run.folder.stat().st_mtime),
        name=f"{run.folder.name} {run.scope[:SCOPE]}",
        now=now,
        tests=len(ran),
        seconds=sum(one.seconds for one in ran),
        bad=bad.difference(flaky),
        flaky=bad.intersection(flaky),
        good=frozenset(test for test, good in came.items() if good),
    )


def _failed(failure: Failure, seconds: float, times: Iterable[Time], flaky: Collection[str]) -> Failed:
    test, since = plain(failure.test), ""
    for time in times:
        if time.came(test) == OK:
            break
        since = time.name if test in time.bad | time.flaky else since
    said = "\n".join(str(failure).splitlines()[1:])  # its first line is the test
    return Failed(test, "flaky" if test in flaky else "failed", failure.why, said, since, seconds, grave=True)
