"""A component's tree in a release, with what the distribution carries there."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from stackwright.hazards.claims import claims_of
from stackwright.hazards.collisions_base import Tree
from stackwright.patches.apply import Applied, apply
from stackwright.patches.conflict import PatchConflictError

if TYPE_CHECKING:
    from stackwright.hazards.rulebook import Rules
    from stackwright.patches.model import Series
    from stackwright.sources.bases import Base
    from stackwright.store import Memo, TreeId


@dataclass(frozen=True)
class Carried:
    """A component's base in a release, with its series.

    :param applied: None where there is nothing to apply, and where it cannot be
    :param conflict: why it cannot be applied
    """

    component: str
    release: str
    base: Base
    series: Series
    applied: Applied | None = None
    conflict: PatchConflictError | None = None

    @property
    def tree(self) -> TreeId:
        """The tree with its series; as upstream has it where that does not apply."""
        return self.applied.tree if self.applied else self.base.tree

    def claims(self, tree: TreeId, rules: Rules, memo: Memo) -> Tree:
        """Give what a tree of the component claims: the base, or one after a patch."""
        claims = claims_of(self.base.store, tree, rules, memo)
        return Tree(f"{self.component} {self.release}", claims, partial(self.base.store.read, tree))


def carry(component: str, release: str, base: Base, series: Series, memo: Memo) -> Carried:
    """Apply a series to its base."""
    one = Carried(component, release, base, series)
    try:
        applied = apply(base.store, base.tree, series, memo) if series.patches else None
    except PatchConflictError as error:
        return Carried(component, release, base, series, conflict=error)
    return Carried(component, release, base, series, applied) if applied else one
