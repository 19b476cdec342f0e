"""What has become of the refs of a repository from one update to the next."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from stackwright.sources.refs import BRANCHES, OTHERS, TAGS
from stackwright.store import CommitId
from stackwright.tools import git

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


class Became(StrEnum):
    """What became of a ref."""

    NEW = "new"
    MOVED = "moved"
    FORCED = "forced"
    GONE = "gone"


@dataclass(frozen=True)
class Change:
    """What became of one ref.

    :param ref: in full
    :param commits: how many there are that were not before, on a ref that was there before
    """

    ref: str
    became: Became
    old: CommitId | None
    new: CommitId | None
    commits: int = 0


def compare(repository: Path, before: Mapping[str, CommitId], after: Mapping[str, CommitId]) -> tuple[Change, ...]:
    """Compare what was followed at two times; what was and what is are both looked for in the repository."""
    names = sorted(ref for ref in before.keys() | after.keys() if ref.startswith((BRANCHES, TAGS, OTHERS)))
    changed = ((ref, before.get(ref), after.get(ref)) for ref in names if before.get(ref) != after.get(ref))
    return tuple(_change(repository, *one) for one in changed)


def _change(repository: Path, ref: str, old: CommitId | None, new: CommitId | None) -> Change:
    if old is None:
        return Change(ref, Became.NEW, old, new)
    if new is None:
        return Change(ref, Became.GONE, old, new)
    apart = git.distance(repository, old, new)
    if apart is None:  # the old one is in a mirror that is damaged, and nowhere else
        return Change(ref, Became.FORCED, old, new)
    lost, won = apart
    return Change(ref, Became.FORCED if lost or ref.startswith(TAGS) else Became.MOVED, old, new, won)
