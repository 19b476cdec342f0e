"""Count what the rules of collision say of OpenStack's own releases, 2023.1 to 2026.2, and write the page of it.

    .venv/bin/python -m tests.hazard_counts docs/hazard-counts.md

Needs no root. The sdists come the first time (some 200 MB), into the cache. It takes some minutes.
"""

from __future__ import annotations

import sys
import tempfile
from collections import Counter
from dataclasses import dataclass
from functools import partial
from itertools import combinations, pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from stackwright.hazards.claims import claims_of
from stackwright.hazards.collisions import flags
from stackwright.hazards.collisions_base import Tree
from stackwright.hazards.hazard import OF_LINT, Rule
from stackwright.hazards.rulebook import rules_of
from tests.hazard_corpus import Carried, Corpus, commented
from tests.releases import NAMES, VERSIONS, Releases

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from stackwright.hazards.hazard import Hazard

MADE = "<!-- Made by `python -m tests.hazard_counts docs/hazard-counts.md`: change the program, not this page. -->"
RULES = [rule for rule in Rule if rule not in OF_LINT]
NOT_OF_TREES = frozenset({Rule.CLAIMED_TWICE, Rule.SET_DISAGREES, Rule.NOT_RESERVED, Rule.GIVEN_TO_ANOTHER})
# What stands behind the counts: each kind was looked at in the trees.
SEEN = {
    Rule.TAKEN: "Upstream does not give a number away twice.",
    Rule.MOVED: "Upstream does not renumber what it has released.",
    Rule.ABOVE: "No release is behind an earlier one.",
    Rule.PASSED: "An object was raised again. Of upstream's own this is no collision: its later trees know the earlier"
    " version. Of ours, the same number would have another content.",
    Rule.OTHER_PARENT: "neutron 2026.2 took revision 054e34dbe6b4 (2024.1) out of its graph, and gave the next one"
    " another parent.",
    Rule.TWO_HEADS: "No graph of a release has a head too many.",
    Rule.HEAD_FILE: "keystone 2025.2 ships an `EXPAND_HEAD` that names the head of before: upstream's own fault,"
    " mended in 2026.1.",
    Rule.REVISION_MISSING: "The revision that neutron 2026.2 took out.",
    Rule.OTHER_FINGERPRINT: "nova 2024.2 changed payloads of notifications, and neutron PortHints, and left their"
    " versions.",
    Rule.OTHER_METHOD: "No version of an interface was given to something else.",
    Rule.OTHER_DEFINITION: "Defaults of policies (the new roles of neutron and keystone are nearly all of them);"
    " defaults, choices and limits of options, and that they are deprecated. Of neutron's options some are the same"
    " thing, written otherwise: a constant that moved to neutron-lib.",
    Rule.REMOVED: "Options that were deprecated in one release and gone in a later one.",
    Rule.RENAMED: "neutron's policies of tags, and `tenant_network_types`.",
    Rule.SAMPLE_ALONE: "Templates of nova that come without a sample.",
    Rule.NOTE_TWICE: "Release notes that upstream edited afterwards, and some that were given a number by hand.",
    Rule.CLAIMED_TWICE: "Between the patches of a distribution: not of a tree.",
    Rule.SET_DISAGREES: "Between the patches of a set: not of a tree.",
    Rule.NOT_RESERVED: "What the ledger says: not of a tree.",
    Rule.GIVEN_TO_ANOTHER: "What the ledger says: not of a tree.",
    Rule.UNSEEN: "Options whose group is given to them by code that would have to be run, the numbers of glance, of"
    " which its tree tells nothing, and the version at which neutron's agents report their state.",
}


@dataclass(frozen=True)
class Counts:
    """What was counted of a component.

    :param pairs: of a release and a later one
    :param empty: hazards of releases without patches
    :param untouched: hazards of patches that add a comment to every file that is looked at
    :param files: how many those are, in all releases
    :param whole: what is reported of a patch that is all of the next release, against that
    :param flagged: how often each rule speaks if all that is new in a release were ours
    """

    component: str
    pairs: int
    empty: int
    untouched: int
    files: int
    whole: tuple[Hazard, ...]
    flagged: Counter[Rule]


def count(component: str, corpus: Corpus) -> Counts:
    """Count what the rules say of all pairs of releases of a component."""
    releases = corpus.releases
    trees = [_tree(releases, component, name) for name in NAMES]
    versions = {component: dict(zip(NAMES, VERSIONS[component], strict=True))}
    edits = {name: commented(releases, component, name) for name in NAMES}
    _, empty = corpus.check(versions, [])
    _, untouched = corpus.check(versions, [Carried(component, name, edits[name]) for name in NAMES])
    assert not (*empty.errors, *untouched.errors)
    flagged = Counter(
        hazard.rule
        for (before, own), after in ((pair, trees[at + 2 :]) for at, pair in enumerate(pairwise(trees)))
        for later in after
        for hazard in flags(before, own, later, component=component)
    )
    whole = [hazard for own, later in pairwise(trees) for hazard in flags(own, later, later, component=component)]
    pairs = len(list(combinations(trees, 2)))
    files = sum(map(len, edits.values()))
    return Counts(component, pairs, len(empty.found), len(untouched.found), files, tuple(whole), flagged)


def _tree(releases: Releases, component: str, release: str) -> Tree:
    tree = releases.of(component, release)
    claims = claims_of(releases.store, tree, rules_of(component), releases.memo)
    return Tree(f"{component} {release}", claims, partial(releases.store.read, tree))


def page(counts: Sequence[Counts]) -> str:
    """Write the page."""
    totals: Counter[Rule] = Counter()
    for one in counts:
        totals += one.flagged
    parts = [
        "# What the rules say of upstream's own releases",
        MADE,
        f"Every pair of a release and a later one, {NAMES[0]} to {NAMES[-1]}, of every component that there are rules"
        " for; the sdists are those of the package index. [Hazards](hazards.md) says what each rule means.",
        "## False alarms",
        "Three things that must not be reported. Releases without patches. A patch that adds a comment at the head of"
        " every file that is looked at, so that every claim stands on another line. And a patch that is all of the next"
        " release, held against that release: what upstream has as we have it is no collision. The columns say how many"
        " hazards were reported.",
        _table(
            ("Component", "Pairs", "Without patches", "Files with a comment", "Comments", "All of the next release"),
            [(one.component, one.pairs, one.empty, one.files, one.untouched, len(one.whole)) for one in counts],
        ),
        *(["What is reported of all of the next release:"] if any(one.whole for one in counts) else []),
        "\n".join(f"- {one.component}: {hazard.rule}: {hazard.what}" for one in counts for hazard in one.whole),
        "## What would be reported if it were ours",
        "Here all that is new in a release is taken for the team's, and held against each release after it. None of it"
        " is reported by `hazard check`, as none of it is a patch's. It says how often upstream itself changes what it"
        " claimed: whoever carries such a claim has to look.",
        _table(
            ("Rule", *(one.component for one in counts), "All"),
            [(f"`{rule}`", *(one.flagged[rule] or "" for one in counts), totals[rule]) for rule in RULES
             if rule not in NOT_OF_TREES],
        ),
        "Of what is counted, samples of every rule were looked at in the trees:",
        _table(("Rule", "What it is"), [(f"`{rule}`", SEEN[rule]) for rule in RULES]),
    ]  # fmt: skip
    return "\n\n".join(part for part in parts if part) + "\n"


def _table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines)


def main() -> None:
    """Count everything, and write the page."""
    with tempfile.TemporaryDirectory(prefix="stackwright-counts-") as folder:
        corpus = Corpus(Path(folder), Releases(Path(folder)))
        counts = []
        for component in VERSIONS:
            counts.append(count(component, corpus))
            sys.stderr.write(f"{component}: {counts[-1].untouched} reported, {counts[-1].flagged.total()} flagged\n")
    Path(sys.argv[1]).write_text(page(counts), encoding="utf-8")


if __name__ == "__main__":
    main()
