"""What becomes of a database: the way that alembic takes, and what it takes for done although it is not.

Alembic (https://alembic.sqlalchemy.org) reads the heads that a database is stamped with, counts all that comes before
them in the graph of the code that runs as applied, and applies the rest. So a revision that the later graph has
before a stamped head, and the earlier one had not, is never run, and nothing fails.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING

from stackwright.hazards import migrations as graphs
from stackwright.hazards.collisions_base import no_file
from stackwright.hazards.forecast.model import Finding, MigrationPath, Move, Subject, Weight
from stackwright.hazards.model import Kind

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from stackwright.hazards.collisions_base import Reader
    from stackwright.hazards.model import Claim, Claims

# What an operation costs a user, by how it is told (see migrations.THINGS): the first that fits counts.
COSTS = (
    (("drops the table", "drops the column"), "what is in it is lost"),
    (("creates the unique constraint", "creates the check constraint", "creates the foreign key"),
     "it fails if rows are against it, and reads the whole table"),
    (("changes the column", "creates the index", "creates the primary key"),
     "it may go through the whole table, which takes long if it is large"),
)  # fmt: skip


def migrations(
    component: str,
    before: Claims,
    after: Claims,
    read_after: Reader,
    own: Collection[str],
    read_before: Reader = no_file,
) -> tuple[tuple[MigrationPath, ...], tuple[Finding, ...]]:
    """Give the way of a component's databases, by branch, and what is to be said of it.

    :param before: what the patched tree of the release that is left claims
    :param after: the same of the release that is entered
    :param read_after: reads the tree that is entered
    :param own: the revisions that patches bring, in either release
    :param read_before: reads the tree that is left; without it, revisions of ours are not held against their like
    """
    way = _Way(component, before, after, read_after, read_before, frozenset(own))
    if not way.there:
        return (), ()
    found = [*way.broken(), *way.lost(), *way.skipped(), *way.changed(), *way.left(), *way.two_heads()]
    return way.paths(), (*found, *way.head_files(), *way.costs())


@dataclass(frozen=True)
class _Way:
    component: str
    before: Claims
    after: Claims
    read_after: Reader
    read_before: Reader
    own: frozenset[str]

    @cached_property
    def here(self) -> Mapping[str, Claim]:
        """The graph that made the database: it has gone through all of it."""
        return self.before.of(Kind.REVISION)

    @cached_property
    def there(self) -> Mapping[str, Claim]:
        """The graph that goes on with it."""
        return self.after.of(Kind.REVISION)

    @cached_property
    def stamped(self) -> Mapping[str, tuple[str, ...]]:
        return _heads(self.here)

    @cached_property
    def wanted(self) -> Mapping[str, tuple[str, ...]]:
        return _heads(self.there)

    @cached_property
    def known(self) -> tuple[str, ...]:
        """The stamped heads that the later graph has."""
        return tuple(head for heads in self.stamped.values() for head in heads if head in self.there)

    @cached_property
    def applied(self) -> frozenset[str]:
        """What alembic counts as applied."""
        return frozenset(self.known).union(*(graphs.ancestors(head, self.there) for head in self.known))

    @cached_property
    def pending(self) -> tuple[Move, ...]:
        """What alembic runs, in its order; nothing where the graph has no order."""
        return tuple(
            Move(name, graphs.operations(self.read_after(self.there[name].path) or b""), self.there[name].path,
                 name in self.own)
            for name in self._ordered if name not in self.applied
        )  # fmt: skip

    @cached_property
    def _ordered(self) -> tuple[str, ...]:
        edges = {name: sorted(graphs.parents(claim) & self.there.keys()) for name, claim in self.there.items()}
        try:
            return tuple(TopologicalSorter(edges).static_order())
        except CycleError:
            return ()

    def paths(self) -> tuple[MigrationPath, ...]:
        moves: dict[str, list[Move]] = {branch: [] for branch in (*self.stamped, *self.wanted)}
        for move in self.pending:
            moves.setdefault(self.there[move.revision].says("branch"), []).append(move)
        return tuple(
            MigrationPath(branch, self.stamped.get(branch, ()), self.wanted.get(branch, ()), tuple(some))
            for branch, some in sorted(moves.items())
        )

    def broken(self) -> Iterator[Finding]:
        """Find what keeps alembic from reading the graph, or makes it read another."""
        for name, claim in self.there.items():
            for parent in sorted(graphs.parents(claim) - self.there.keys()):
                what = f"{name} comes after {parent}, which is nowhere: alembic cannot read its graph"
                yield self._stop(name, what, f"carry {parent} too, or let {name} come after a head", claim)
        if not self._ordered:
            yield self._stop(self.component, "revisions come after one another in a circle: alembic refuses to begin",
                             "correct the parents of those that patches bring")  # fmt: skip
        twice = _twice(self.after) - _twice(self.before)
        for name in sorted(twice):
            yield self._stop(name, f"two files are the revision {name}: alembic takes one of them, and leaves out what"
                             " the other does", "give ours another id", self.there[name])  # fmt: skip

    def lost(self) -> Iterator[Finding]:
        """Find the heads that a database is stamped with and that nobody knows any more."""
        for branch, heads in self.stamped.items():
            for head in heads:
                if head in self.there:
                    continue
                whose = "which a patch brought" if head in self.own else f"the head of {self._database(branch)}"
                last = self._nearest(head)
                yield self._stop(
                    head,
                    f"the database is stamped at {head}, {whose}, and nothing there knows it: alembic fails with"
                    f" \"Can't locate revision identified by '{head}'\"",
                    f"carry {head} there too; or undo in the database what it did, and stamp {last or 'an ancestor'}",
                    self.here[head],
                )

    def _nearest(self, revision: str) -> str:
        """Give what to stamp: the nearest revision before one that the later graph has."""
        waiting = [revision]
        for name in waiting:  # it grows while it is gone through
            claim = self.here.get(name)
            new = sorted(graphs.before(claim)) if claim else []
            if known := [parent for parent in new if parent in self.there]:
                return known[0]
            waiting += [parent for parent in new if parent not in waiting]
        return ""

    def skipped(self) -> Iterator[Finding]:
        """Find what counts as applied and was never run."""
        for name in self._ordered:
            if name not in self.applied or name in self.here:
                continue
            gone = sorted(self._replaced(name))
            claim = self.there[name]
            if gone and name not in self.own and not self.own & set(gone):
                what = f"{name} stands there for {', '.join(gone)}, which the database has gone through: it is not run"
                yield Finding(Subject.DATABASE, name, Weight.NOTE, what, where=_place(claim))
                continue
            head = next(one for one in self.known if one == name or name in graphs.ancestors(one, self.there))
            yield self._stop(
                name,
                f"{name} comes before {head} there, and did not here: a database stamped at {head} counts as having"
                f" it, so it is skipped and alembic ends well; missing afterwards: what {name} does"
                f" ({self._done(claim, self.read_after) or 'its file does not tell'})",
                f"give ours an id of its own that comes after what upstream has; in databases that are at {head}"
                f" already: stamp the parent of {name} ({', '.join(sorted(graphs.before(claim))) or 'base'}) before the"
                " upgrade, and guard what has been done already by a look at the database",
                claim,
            )

    def _replaced(self, name: str) -> frozenset[str]:
        """Give what a revision stands for: what came before its followers earlier, and is gone."""
        found: set[str] = set()
        for child, claim in self.there.items():
            if name not in graphs.parents(claim):
                continue
            if child in self.here:
                found |= graphs.parents(self.here[child]) - self.there.keys()
            else:
                found |= self._replaced(child)
        return frozenset(found)

    def changed(self) -> Iterator[Finding]:
        """Find revisions of ours that are there by the same id, and do more."""
        for name in sorted(self.own & self.applied & self.here.keys()):
            done = graphs.operations(self.read_before(self.here[name].path) or b"")
            claim = self.there[name]
            rest = [each for each in graphs.operations(self.read_after(claim.path) or b"") if each not in done]
            if done and rest:
                yield self._stop(
                    name,
                    f"{name} does something else there, and counts as applied; missing afterwards: what it does there"
                    f" ({'; '.join(rest)})",
                    "give ours an id of its own; in databases that have it: do by hand what is missing",
                    claim,
                )

    def left(self) -> Iterator[Finding]:
        """Find what patches have done to the database and no code speaks of any more; a head is told as lost."""
        heads = {head for heads in self.stamped.values() for head in heads}
        for name in sorted((self.own & self.here.keys()) - self.there.keys() - heads):
            claim = self.here[name]
            done = self._done(claim, self.read_before)
            what = f"the database keeps what {name} did, and nothing there knows it" + (f": {done}" if done else "")
            step = "see that rows can be written without it, or take it back by hand"
            yield Finding(Subject.DATABASE, name, Weight.STEP, what, step, _place(claim))

    def two_heads(self) -> Iterator[Finding]:
        for branch, heads in self.wanted.items():
            if len(heads) > 1:
                ours = sorted(self.own & set(heads)) or list(heads)
                other = next(head for head in heads if head != ours[0])
                yield self._stop(
                    ours[0],
                    f"{self._database(branch)} has {len(heads)} heads there: {', '.join(heads)}; alembic refuses to"
                    ' upgrade ("Multiple head revisions are present")',
                    f"let {ours[0]} come after {other}",
                    self.there[ours[0]],
                )

    def head_files(self) -> Iterator[Finding]:
        """Find files that do not name the head that a patch brings.

        Alembic does not read them: it goes to the heads of its graph. A release of upstream's has had a wrong one.
        """
        for name, claim in self.after.of(Kind.HEAD).items():
            branch = name.lower().removesuffix("_head")
            heads, said = set(self.wanted.get(branch, ())), set(claim.says("revision").replace(",", " ").split())
            if heads and heads != said and self.own & (heads ^ said):
                yield Finding(
                    Subject.DATABASE, name, Weight.STEP,
                    f"{name} names {', '.join(sorted(said))}, and the head of {branch} is {', '.join(sorted(heads))}:"
                    " the service's own check of its migrations fails",
                    f"let the patch write {', '.join(sorted(heads))} into {claim.path}", _place(claim),
                )  # fmt: skip

    def costs(self) -> Iterator[Finding]:
        """Say which moves lose data, may fail because of it, or go through whole tables."""
        new: set[str] = set()  # tables that the way itself makes: nothing is in them
        for move in self.pending:
            told: dict[str, list[str]] = {}
            for operation in move.operations:
                words = operation.split()
                cost = next((cost for beginnings, cost in COSTS if operation.startswith(beginnings)), "")
                if cost and words[-1] not in new:
                    told.setdefault(cost, []).append(operation)
                if operation.startswith("creates the table"):
                    new.add(words[3])
            for cost, some in told.items():
                what = f"{move.revision} {', '.join(some)}: {cost}"
                yield Finding(Subject.DATABASE, move.revision, Weight.NOTE, what, where=move.path)

    def _stop(self, name: str, what: str, step: str, claim: Claim | None = None) -> Finding:
        return Finding(Subject.DATABASE, name, Weight.STOP, what, step, _place(claim) if claim else "")

    def _database(self, branch: str) -> str:
        return f"the branch {branch} of {self.component}" if branch else self.component

    @staticmethod
    def _done(claim: Claim, read: Reader) -> str:
        return "; ".join(graphs.operations(read(claim.path) or b""))


def _heads(graph: Mapping[str, Claim]) -> dict[str, tuple[str, ...]]:
    """Give what a database is stamped with, by branch: a revision that another branch begins after is no head."""
    followed: set[str] = set().union(*(graphs.before(claim) for claim in graph.values()))
    found = {branch: tuple(sorted(names - followed)) for branch, names in graphs.heads(graph).items()}
    return {branch: names for branch, names in sorted(found.items()) if names}


def _twice(claims: Claims) -> set[str]:
    counts = Counter(claim.name for claim in claims.claims if claim.kind is Kind.REVISION)
    return {name for name, count in counts.items() if count > 1}


def _place(claim: Claim) -> str:
    return f"{claim.path}:{claim.line}"
