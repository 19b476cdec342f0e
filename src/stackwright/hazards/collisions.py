"""What the claims of a patch collide with in other trees. Pure: claims in, hazards out.

Only what a patch adds or changes can collide: between trees without patches there is nothing, by construction. What
upstream takes as we have it is settled: what it does with it later is no matter of the patch.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from stackwright.hazards import collisions_named, collisions_numbered, collisions_revisions
from stackwright.hazards.claims import changes
from stackwright.hazards.collisions_base import Change, Ours, Tree
from stackwright.hazards.collisions_unseen import hides, unseen, unseen_here
from stackwright.hazards.hazard import Hazard, Rule
from stackwright.hazards.model import Kind

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from stackwright.hazards.model import Claim

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
    Kind.NEWEST: collisions_numbered.newest_untold,
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
        hazards = [hazard for change in made if change not in settled for hazard in _with(ours, change, target)]
        for hazard in (*hazards, *unseen(ours, made, target.upstream, target.name)):
            known = found.get(hazard.id, hazard)
            names = dict.fromkeys((*known.targets, target.name))
            found[hazard.id] = replace(known, targets=tuple(names))
        settled |= {change for change in made if _agrees(change, target.upstream)}
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
    own = [change for change in made if not any(_agrees(change, target.upstream) for target in targets)]
    for change in own:
        if change.old and change.new.kind in PUBLISHED:
            yield from RULES[change.new.kind](ours, change, base)
        elif change.new.kind is Kind.SAMPLE:
            yield from collisions_named.sample(ours, change)
        elif change.new.kind is Kind.OBJECT:
            yield from collisions_numbered.object_unchanged(ours, change)
    yield from collisions_named.notes_twice(ours, own)
    yield from unseen_here(ours, own)


def flags(predecessor: Tree, own: Tree, later: Tree, *, component: str = "") -> list[Hazard]:
    """Give what the rules would say of two trees without patches, if all that is new in the earlier were ours.

    It is published how often that is: no such claim is ours, and `collisions` is never asked about one.

    :param predecessor: the release before
    """
    ours = Ours(component, own.name, "upstream", predecessor.claims, own.claims, own.read, predecessor.read)
    return collisions(ours, [Target(later.name, later)])


def _with(ours: Ours, change: Change, target: Target) -> Iterator[Hazard]:
    """Give what a claim collides with in a target; what the team carries there counts as there."""
    kind = change.new.kind
    for tree in filter(None, (target.upstream, target.carried)):
        # Of a revision the claim is its place in the graph, of RPC its number: what they bring is looked at besides.
        if kind in RULES and (kind in (Kind.REVISION, Kind.RPC) or not _agrees(change, tree)):
            # What nobody tells of upstream's trees, the team knows of its own.
            own = tree is target.carried
            yield from (one for one in RULES[kind](ours, change, tree) if not (own and one.rule is Rule.UNSEEN))
    last = target.carried or target.upstream
    if kind in AHEAD and not _agrees(change, last) and not hides(last, change.new):
        yield from AHEAD[kind](ours, change, last)


def _raises(change: Change) -> bool:
    """Tell whether a version that others have, too, is another one than before."""
    return change.old is not None and change.old.says("version") != change.new.says("version")


def _agrees(change: Change, tree: Tree) -> bool:
    """Tell whether a tree claims the same, with the same meaning."""
    theirs = tree.of(change.new.kind).get(change.new.name)
    if change.new.kind is Kind.NEWEST:
        return False  # the same number says nothing of what it means
    if change.old is None and collisions_numbered.untold(change.new):
        return False  # nor does one that nothing is told of
    return theirs is not None and collisions_numbered.same(change.new, theirs)
