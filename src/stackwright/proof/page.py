"""One HTML page about tests: what failed and why, what came of it before, what takes long."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import resources
from typing import TYPE_CHECKING

from stackwright.html import look, policy
from stackwright.html.templates import ascii_only, templates

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stackwright.proof.upstream.model import Outcome

TIMES = 20  # that are shown
SLOWEST = 25
OK, BAD, FLAKY, NOT_RUN = "passed", "failed", "flaky", "not run"


@dataclass(frozen=True)
class Failed:
    """A test that failed.

    :param kind: what that means: regression, known, flaky, failed
    :param how: it ended, in a word or a line
    :param said: all that there is to see of it
    :param since: where it failed first, as far as that is known
    :param grave: what it said is shown at once
    """

    test: str
    kind: str
    how: str
    said: str
    since: str
    seconds: float
    grave: bool


@dataclass(frozen=True)
class Time:
    """One time that tests ran.

    :param began: in seconds since the epoch
    :param name: what tells it from other times: a tree, a run
    :param now: it is the one that the page is about
    :param tests: how many ran
    :param bad: the tests that failed
    :param flaky: those that failed, and pass as well
    :param good: those that passed, of those that failed at any of the times
    """

    began: float
    name: str
    now: bool
    tests: int
    seconds: float
    bad: frozenset[str]
    flaky: frozenset[str]
    good: frozenset[str]

    @property
    def day(self) -> str:
        """When it began, for people."""
        return f"{datetime.fromtimestamp(self.began, UTC):%Y-%m-%d %H:%M}"

    def came(self, test: str) -> str:
        """Say what came of a test."""
        if test in self.bad:
            return BAD
        if test in self.flaky:
            return FLAKY
        return OK if test in self.good else NOT_RUN


@dataclass(frozen=True)
class Page:
    """What is on the page.

    :param program: that the tests were run by
    :param summary: what came of them, in a line
    :param times: this one and those before, the latest first
    :param kind: what the times are told apart by: tree, run
    :param outcomes: of this time
    """

    title: str
    program: str
    summary: str
    failed: Sequence[Failed]
    times: Sequence[Time]
    kind: str
    outcomes: Sequence[Outcome]

    def __str__(self) -> str:
        """Give the page, which needs nothing else and runs nothing."""
        styles = look() + (resources.files(__package__) / "html/results.css").read_text(encoding="ascii")
        troubled = sorted({test for one in self.times for test in one.bad | one.flaky})
        slowest = sorted(self.outcomes, key=lambda one: one.seconds, reverse=True)[:SLOWEST]
        text = (
            templates(__package__ or "")
            .get_template("results.html")
            .render(
                styles=styles,
                policy=policy(styles),
                page=self,
                history=[(test, [one.came(test) for one in reversed(self.times)]) for test in troubled],
                slowest=slowest,
                longest=max((one.seconds for one in slowest), default=0.0),
            )
        )
        return ascii_only(text)
