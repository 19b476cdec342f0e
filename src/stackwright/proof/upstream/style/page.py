"""One HTML page about the style of a component's trees: what was found, and on which trees it was found before."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stackwright.proof.page import TIMES, Page, Time
from stackwright.proof.upstream.page import TREE, failed
from stackwright.proof.upstream.records import Suite
from stackwright.proof.upstream.style.findings import lasting, path_of, tool_of
from stackwright.proof.upstream.style.model import Tool

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stackwright.proof.upstream.records import Past, Records
    from stackwright.proof.upstream.style.proving import StyleProof
    from stackwright.store import TreeId


def style_page(proof: StyleProof, records: Records, summary: str) -> str:
    """Give the page.

    :param records: have what was found on other trees
    :param summary: the proof in a line
    """
    trees: dict[TreeId, list[Past]] = {}
    for one in records.past(proof.component, TIMES * len(Tool)):  # a linter's on a tree each
        trees.setdefault(one.tree, []).append(one)
    shown = list(trees.items())[:TIMES]
    troubled = frozenset(name for _, times in shown for one in times for name in one.bad)
    times = [_time(proof, records, tree, parts, troubled) for tree, parts in shown]
    title = f"{proof.component} {proof.release}: upstream's style checks"
    return str(Page(title, "test --pep8", summary, failed(proof), times, "tree", proof.outcomes))


def _time(proof: StyleProof, records: Records, tree: TreeId, parts: Sequence[Past], troubled: frozenset[str]) -> Time:
    """Put together what each linter found on a tree; what it did not find in a file that it saw was not there."""
    bad, good = set[str](), set[str]()
    for one in parts:
        asked = records.asked(Suite(proof.component, one.environment), tree)
        here = {name for name in troubled if path_of(name) in asked and one.environment.startswith(tool_of(name))}
        bad |= one.bad
        good |= here - one.bad
    return Time(
        min(one.began for one in parts),
        tree[:TREE],
        tree == proof.tree,
        sum(one.tests for one in parts),
        sum(one.seconds for one in parts),
        frozenset(map(lasting, bad)),
        frozenset(),
        frozenset(map(lasting, good)),
    )
