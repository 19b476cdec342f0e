"""What the claims of a patch collide with in other trees. Pure: claims in, hazards out.

Only what a patch adds or changes can collide: between trees without patches there is nothing, by construction. What
upstream takes as we have it is settled: what it does with it later is no matter of the patch.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from stackwright.hazards import collisions_named, collisions_numbered, collisions_revisions
from stackwright.hazards.claims import changes
from stackwright.hazards.collisions_base import Change, Ours, Tree, no_file
from stackwright.hazards.hazard import Hazard, Rule, Side
from stackwright.hazards.model import Kind

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from stackwright.hazards.model import Claim, Claims, Unseen

# What says of a kind how a claim collides with a tree, and how it is ahead of one.
RULES = {
    Kind.MICROVERSION: collisions_numbered.number,
    Kind.SERVICE_VERSION: collisions_numbered.number,
    Kind.OBJECT: collisions_numbered.object_version,
    Kind.RPC: collisions_numbered.rpc_version,
    Kind.REVISION: collisions_revisions.revision,
    Kind.POLICY: collisions_named.definition,
    Kind.OPTION: collisions_named.definition,
    Kind.EXTRA_SPEC: collisions_named.definition,
    Kind.EXTENSION: collisions_named.definition,
    Kind.NOTE: collisions_named.note,
}
# What others know by the meaning that upstream gave it already: a patch that changes that collides at once.
PUBLISHED = frozenset({Kind.MICROVERSION, Kind.SERVICE_VERSION, Kind.RPC, Kind.REVISION})
AHEAD = {
    Kind.MICROVERSION: collisions_numbered.number_above,
    Kind.SERVICE_VERSION: collisions_numbered.number_above,
    Kind.CLIENT_VERSION: collisions_numbered.version_above,
    Kind.OBJECT: collisions_numbered.version_above,
    Kind.RPC: collisions_numbered.version_above,
    Kind.NEWEST: collisions_numbered.newest,
    Kind.REVISION: collisions_revisions.missing,
    Kind.POLICY: collisions_named.gone,
    Kind.OPTION: collisions_named.gone,
    Kind.EXTRA_SPEC: collisions_named.gone,
}


@dataclass(frozen=True)
class Target:
    """A later release, or a further ref.

    :param upstream: its tree
    :param carried: the same with the series that the distribution has for it; None if it has none
    """

    name: str
    upstream: Tree
    carried: Tree | None = None


def collisions(ours: Ours, targets: Sequence[Target]) -> list[Hazard]:
    """Give what is wrong with a patch by itself, and what it collides with.

    :param targets: the nearest first
    """
    made = claimed(ours)
    found = {hazard.id: hazard for hazard in _alone(ours, made, targets)}
    settled: set[Change] = set()
    for target in targets:
        for change in made:
            if change in settled:
                continue
            for hazard in _with(ours, change, target):
                known = found.get(hazard.id, hazard)
                names = dict.fromkeys((*known.targets, target.name))
                found[hazard.id] = replace(known, targets=tuple(names))
        settled |= {change for change in made if _agrees(change, target.upstream)}
        for hazard in _unseen(ours, made, target):
            found.setdefault(hazard.id, hazard)
    return list(found.values())


def claimed(ours: Ours) -> list[Change]:
    """Give what a patch adds and changes."""
    made = changes(ours.before, ours.after)
    return [Change(None, claim) for claim in made.added] + [Change(old, new) for old, new in made.changed]


def new_claims(ours: Ours, targets: Sequence[Target]) -> list[Claim]:
    """Give the numbers and names that a patch takes for the team: new ones, that upstream does not take as we have."""
    taken = [change for change in claimed(ours) if change.old is None or _raises(change)]
    trees = [target.upstream for target in targets]
    return [change.new for change in taken if not any(_agrees(change, tree) for tree in trees)]


def _alone(ours: Ours, made: Sequence[Change], targets: Sequence[Target]) -> Iterator[Hazard]:
    """Give what is wrong with what a patch claims by itself; what upstream has as we have it is upstream's matter."""
    yield from collisions_revisions.alone(ours)
    base = Tree(f"{ours.component} {ours.release} without it", ours.before, ours.read_before)
    for change in made:
        if any(_agrees(change, target.upstream) for target in targets):
            continue
        if change.old and change.new.kind in PUBLISHED:
            yield from RULES[change.new.kind](ours, change, base)
        elif change.new.kind is Kind.SAMPLE:
            yield from collisions_named.sample(ours, change)
        elif change.new.kind is Kind.OBJECT:
            yield from collisions_numbered.object_unchanged(ours, change)
    yield from collisions_named.notes_twice(ours)


def flags(predecessor: Claims, own: Claims, later: Claims, *, component: str = "") -> Counter[Rule]:
    """Count what each rule would say of two trees without patches, if all that is new in the earlier were ours.

    It is published how often that is: no such claim is ours, and `collisions` is never asked about one.

    :param predecessor: the claims of the release before
    """
    ours = Ours(component, "own", "upstream", predecessor, own, no_file)
    return Counter(hazard.rule for hazard in collisions(ours, [Target("later", Tree("later", later, no_file))]))


def _with(ours: Ours, change: Change, target: Target) -> Iterator[Hazard]:
    """Give what a claim collides with in a target; what the team carries there counts as there."""
    kind = change.new.kind
    for tree in filter(None, (target.upstream, target.carried)):
        # Of a revision the claim is its place in the graph: what it does is looked at besides.
        if kind in RULES and (kind is Kind.REVISION or not _agrees(change, tree)):
            yield from RULES[kind](ours, change, tree)
    last = target.carried or target.upstream
    if kind in AHEAD and not _agrees(change, last):
        yield from AHEAD[kind](ours, change, last)


def _looked(unseen: Unseen) -> tuple[object, ...]:
    """Give what was not seen, without the line, which moves."""
    return unseen.kind, *(re.sub(r":\d+$", "", path) for path in unseen.looked)


def _raises(change: Change) -> bool:
    """Tell whether a version that others have, too, is another one than before."""
    return change.old is not None and change.old.says("version") != change.new.says("version")


def _agrees(change: Change, tree: Tree) -> bool:
    """Tell whether a tree claims the same, with the same meaning."""
    theirs = tree.of(change.new.kind).get(change.new.name)
    if change.new.kind is Kind.NEWEST:
        return False  # the same number says nothing of what it means
    return theirs is not None and collisions_numbered.same(change.new, theirs)


def _unseen(ours: Ours, made: Sequence[Change], target: Target) -> Iterator[Hazard]:
    """Tell of each kind that the patch claims, and that can be seen in its own tree and not in the target."""
    kinds = {
        change.new.kind: change.new
        for change in reversed(made)
        if change.new.name not in target.upstream.of(change.new.kind)
    }
    known = {_looked(each) for each in ours.after.unseen}
    for unseen in target.upstream.claims.unseen:
        claim = kinds.get(unseen.kind)
        if claim and _looked(unseen) not in known:
            yield ours.hazard(
                Rule.UNSEEN,
                claim,
                Side(target.upstream.name, unseen.why, " ".join(unseen.looked)),
                what=f"it cannot be seen what {target.upstream.name} has of the kind {unseen.kind}",
                happens=f"nobody knows whether it collides: {unseen.why}",
                fix="add the path to the component's rules, or look by hand and accept this",
                name=unseen.kind,
                identity=(target.name,),
            )
