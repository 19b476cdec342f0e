"""Collisions of database revisions: alembic (https://alembic.sqlalchemy.org) knows a database by its revision only.

A database that is stamped with a revision counts as having all that comes before it in the graph of the code that
looks. If that graph differs from the one that made the database, what differs is skipped, and alembic ends well.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from stackwright.hazards import migrations
from stackwright.hazards.collisions_base import Change, shown
from stackwright.hazards.hazard import Rule, Side
from stackwright.hazards.model import Kind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from stackwright.hazards.collisions_base import Ours, Reader, Tree
    from stackwright.hazards.hazard import Hazard
    from stackwright.hazards.model import Claim

RESERVE = "`stackwright hazard reserve {component} revision` gives an id that is free"


def revision(ours: Ours, change: Change, tree: Tree) -> Iterator[Hazard]:
    """Find a revision that has another parent or another content there, and a second head that it would make."""
    new = change.new
    mine, there = ours.after.of(Kind.REVISION), tree.of(Kind.REVISION)
    theirs = there.get(new.name)
    if theirs:
        yield from _other_parent(ours, new, theirs, tree)
        return
    rivals = sorted(
        name
        for name, claim in there.items()
        if name not in mine
        and claim.says("branch") == new.says("branch")
        and migrations.parents(claim) & migrations.parents(new)
    )
    if change.old is None and rivals:
        rival = there[rivals[0]]
        parent = ", ".join(sorted(migrations.parents(rival) & migrations.parents(new)))
        yield ours.hazard(
            Rule.TWO_HEADS,
            new,
            tree.side(rival),
            what=f"{new.name} and {rival.name} of {tree.name} both come after {parent}",
            happens="Carried on as it is, the patch makes a second head: alembic refuses to upgrade ("
            '"Multiple head revisions are present"), and the database sync of the service fails.',
            fix=f"let ours come after upstream's head there, under another id ({_reserve(ours)}), and guard it by a"
            " look at the database: it may have the change already",
            identity=(rival.name,),
        )


def missing(ours: Ours, change: Change, tree: Tree) -> Iterator[Hazard]:
    """Find a revision that the target does not have: the database is ahead of it."""
    new, there = change.new, tree.of(Kind.REVISION)
    if change.old is None and there and new.name not in there:
        heads = sorted(set().union(*migrations.heads(there).values()))
        yield ours.hazard(
            Rule.REVISION_MISSING,
            new,
            tree.lacks(f"it has no revision {new.name}; it ends with {', '.join(heads[:4])}"),
            what=f"{tree.name} does not have the database revision {new.name}",
            happens=f"A database stamped at {new.name} cannot be upgraded there: alembic fails with"
            f" \"Can't locate revision identified by '{new.name}'\".",
            fix="carry the revision there too, or undo it in the database before the upgrade and stamp its parent"
            f" {new.says('down') or 'base'}",
            identity=(new.says("down"),),
        )


def alone(ours: Ours) -> Iterator[Hazard]:
    """Find a head that the patch adds beside another, and a file that names a head which is none any more."""
    before, after = ours.before.of(Kind.REVISION), ours.after.of(Kind.REVISION)
    heads_before, heads_after = migrations.heads(before), migrations.heads(after)
    tree = f"{ours.component} {ours.release}"
    for branch, heads in sorted(heads_after.items()):
        new = sorted(heads - heads_before.get(branch, frozenset()))
        if len(heads) > max(1, len(heads_before.get(branch, ()))) and new:
            claim, others = after[new[0]], sorted(heads - {new[0]})
            other = after[others[0]]
            yield ours.hazard(
                Rule.TWO_HEADS,
                claim,
                Side(tree, shown(other), other.path, other.line),
                what=f"{claim.name} is a second head beside {', '.join(others)}",
                happens='Alembic refuses to upgrade ("Multiple head revisions are present"), and the database sync of'
                " the service fails.",
                fix=f"let {claim.name} come after {others[0]}",
                identity=(*others,),
            )
    yield from _head_files(ours, set().union(*heads_before.values()), set().union(*heads_after.values()), tree)
    yield from _twice(ours, tree)


def _twice(ours: Ours, tree: str) -> Iterator[Hazard]:
    """Find an id that two files of the tree have, one of which the patch brings."""
    places: dict[str, list[Claim]] = {}
    known = {claim.path for claim in ours.before.claims if claim.kind is Kind.REVISION}
    for claim in ours.after.claims:
        if claim.kind is Kind.REVISION:
            places.setdefault(claim.name, []).append(claim)
    for name, claims in places.items():
        new = [claim for claim in claims if claim.path not in known]
        if len(claims) > 1 and new:
            other = next(claim for claim in claims if claim is not new[0])
            yield ours.hazard(
                Rule.OTHER_PARENT,
                new[0],
                Side(tree, shown(other), other.path, other.line),
                what=f"two files are the revision {name}",
                happens="Alembic takes one of them, and leaves out what the other does.",
                fix=f"give ours another id: {_reserve(ours)}",
                identity=("twice", *sorted(claim.says("down") for claim in claims)),
            )


def _head_files(ours: Ours, before: set[str], after: set[str], tree: str) -> Iterator[Hazard]:
    """Find files that name a head which is none, unless that was so without the patch."""
    known = ours.before.of(Kind.HEAD)
    for name, claim in ours.after.of(Kind.HEAD).items():
        said = set(claim.says("revision").replace(",", " ").split())
        was = set(known[name].says("revision").replace(",", " ").split()) if name in known else set()
        if not said - after or (was and was - before):
            continue
        yield ours.hazard(
            Rule.HEAD_FILE,
            claim,
            Side(tree, f"the heads of the graph are {', '.join(sorted(after))}"),
            what=f"{name} names {', '.join(sorted(said))}, which is no head",
            happens="The project's own check of its migrations fails, and with it upstream's tests of them. The"
            " database is brought to the graph's head all the same.",
            fix=f"write the new head into {claim.path}",
            identity=(*sorted(said),),
        )


def _other_parent(ours: Ours, new: Claim, theirs: Claim, tree: Tree) -> Iterator[Hazard]:
    """Say what a database that ours has made lacks after an upgrade there, and the other way round."""
    parents, others = sorted(migrations.parents(new)), sorted(migrations.parents(theirs))
    moved = parents != others
    # With the same parents, what differs before them is another revision's matter.
    mine = ours.after.of(Kind.REVISION) if moved else {new.name: new}
    there = tree.of(Kind.REVISION) if moved else {new.name: theirs}
    lost = _skipped(new, mine, ours.read, there, tree.read)
    back = _skipped(new, there, tree.read, mine, ours.read)
    if not moved and not lost and not back:
        return
    difference = f"comes after {_list(others)} in {tree.name}, after {_list(parents)} here"
    if not moved:
        difference = f"does something else in {tree.name}"
    skips = f"skips {lost}" if lost else "counts as having it"
    happens = f"A database stamped at {new.name} by ours {skips} when it is upgraded to {tree.name}, and alembic exits"
    happens += " clean."
    if back:
        happens += f" One stamped at {new.name} by {tree.name} skips {back} when it is moved to ours."
    yield ours.hazard(
        Rule.OTHER_PARENT,
        new,
        tree.side(theirs, f"{theirs.name} after {_list(others)}"),
        says=f"{new.name} after {_list(parents)}",
        what=f"the database revision {new.name} {difference}",
        happens=happens,
        fix=f"give ours an id of its own ({_reserve(ours)}); for databases that have it: run by hand what is skipped,"
        " or stamp them at the common ancestor and guard ours by a look at the database",
        identity=(*parents, "|", *others, *(() if moved else ("content",))),
    )


def _skipped(
    claim: Claim, here: Mapping[str, Claim], read: Reader, there: Mapping[str, Claim], read_there: Reader
) -> str:
    """Say what the code of one side leaves out of a database that the other has stamped: whole revisions, then parts.

    :param here: the graph of the side that has stamped it
    """
    skipped = _claims(there, migrations.ancestors(claim.name, there) - here.keys())
    parts = [(each.name, _done(read_there, [each])) for each in skipped]
    known = _done(read, [here[claim.name]])
    rest = [line for line in _done(read_there, [there[claim.name]]) if line not in known]
    parts += [(f"a part of {claim.name}", rest)] if rest else []
    return " and ".join(f"{name} ({'; '.join(done)})" if done else name for name, done in parts)


def _claims(graph: Mapping[str, Claim], names: Iterable[str]) -> list[Claim]:
    return [graph[name] for name in sorted(names)]


def _done(read: Reader, claims: Iterable[Claim]) -> list[str]:
    """Give what revisions do, in words."""
    return [line for claim in claims for line in migrations.operations(read(claim.path) or b"")]


def _list(names: Iterable[str]) -> str:
    return ", ".join(names) or "nothing"


def _reserve(ours: Ours) -> str:
    return RESERVE.format(component=ours.component)
