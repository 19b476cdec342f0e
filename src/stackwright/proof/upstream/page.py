"""One HTML page about a proof: what failed and why, what came of it on other trees, what takes long."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stackwright.proof.page import TIMES, Failed, Page, Time
from stackwright.proof.upstream.blame import Kind

if TYPE_CHECKING:
    from stackwright.proof.upstream.proving import Proof
    from stackwright.proof.upstream.records import Records

TREE = 12  # characters of an id


def page(proof: Proof, records: Records, summary: str) -> str:
    """Give the page.

    :param records: have what came of the component's tests on other trees
    :param summary: the proof in a line
    """
    past = records.past(proof.component, TIMES)
    troubled = {test for one in past for test in one.bad | one.flaky}
    times = [
        Time(
            one.began,
            one.tree[:TREE],
            one.tree == proof.tree,
            one.tests,
            one.seconds,
            one.bad,
            one.flaky,
            good=records.ran(one, proof.component, troubled) - one.bad - one.flaky,
        )
        for one in past
    ]
    title = f"{proof.component} {proof.release}: upstream's tests"
    return str(Page(title, "test", summary, failed(proof), times, "tree", proof.outcomes))


def failed(proof: Proof) -> list[Failed]:
    """Give what failed as the page has it."""
    return [
        Failed(
            one.outcome.test,
            one.kind,
            one.outcome.status,
            one.outcome.said,
            one.patch,
            one.outcome.seconds,
            grave=one.kind is Kind.REGRESSION,
        )
        for one in proof.failures
    ]
