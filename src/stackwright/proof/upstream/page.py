"""One HTML page about a proof: what failed and why, what failed before, what takes long."""

from __future__ import annotations

from datetime import UTC, datetime
from importlib import resources
from typing import TYPE_CHECKING

from stackwright.html import look, policy
from stackwright.html.templates import ascii_only, templates

if TYPE_CHECKING:
    from stackwright.proof.upstream.proving import Proof
    from stackwright.proof.upstream.records import Past, Records

RUNS = 20
SLOWEST = 25
TREE = 12  # characters of an id
OK, BAD, FLAKY, NOT_RUN = "passed", "failed", "flaky", "not run"


def page(proof: Proof, records: Records, summary: str) -> str:
    """Give the page, which needs nothing else and runs nothing.

    :param records: have what came of the component's tests on other trees
    :param summary: the proof in a line
    """
    past = records.past(proof.component, RUNS)
    troubled = sorted({test for one in past for test in one.bad | one.flaky})
    ran = {one: records.ran(one, proof.component, troubled) for one in past}
    slowest = sorted(proof.outcomes, key=lambda one: one.seconds, reverse=True)[:SLOWEST]
    styles = look() + (resources.files(__package__) / "html/results.css").read_text(encoding="ascii")
    text = (
        templates(__package__ or "")
        .get_template("results.html")
        .render(
            styles=styles,
            policy=policy(styles),
            proof=proof,
            summary=summary,
            past=[(_day(one.began), one.tree[:TREE], one.tree == proof.tree, one) for one in past],
            history=[(test, [_came(test, one, ran[one]) for one in reversed(past)]) for test in troubled],
            slowest=slowest,
            longest=max((one.seconds for one in slowest), default=0.0),
        )
    )
    return ascii_only(text)


def _came(test: str, one: Past, ran: frozenset[str]) -> str:
    """Say what came of a test on a tree."""
    if test in one.bad:
        return BAD
    if test in one.flaky:
        return FLAKY
    return OK if test in ran else NOT_RUN


def _day(seconds: float) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M}"
