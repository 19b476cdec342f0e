"""The matrix: how every patch of a distribution stands, for each component and release, and on further refs."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from stackwright.patches.conflict import Problem
from stackwright.patches.model import Offset


class State(StrEnum):
    """How a patch stands with a tree."""

    APPLIES = "applies"
    OFFSET = "applies with offset"
    FUZZ = "applies with fuzz"
    CONFLICT = "conflict"
    UPSTREAM = "already upstream"
    DISABLED = "disabled"
    UNLISTED = "in no series"


# What needs no hand: the rest makes `patch status` end with 1.
GOOD = frozenset({State.APPLIES, State.OFFSET, State.DISABLED})


class Trust(StrEnum):
    """How it is known that upstream has a patch, the surest first."""

    CHANGE_ID = "Change-Id"
    SUBJECT = "subject"
    PATCH_ID = "patch-id"
    CHERRY_PICK = "cherry picked from"
    CONTENT = "its change is in the tree"


@dataclass(frozen=True)
class Evidence:
    """What shows that upstream has a patch already.

    :param commit: the upstream commit; empty where there is no history, only a tree
    :param date: of that commit, ``2026-11-20``
    :param difference: between what is carried and what was merged, as a diff of the two patches; empty if there is none
    """

    trust: Trust
    commit: str = ""
    subject: str = ""
    author: str = ""
    date: str = ""
    difference: str = ""


@dataclass(frozen=True)
class PatchStatus:
    """How one patch file stands.

    :param name: as the series names it
    :param file: its path in the distribution
    :param line: of the series file; 0 where it is in none
    :param about: what its metadata says in a few words: ``Submitted, expires 2026-12-01, set flavors``
    :param fuzz: how many lines of context had to be left out of sight; 0 where none
    :param problems: what is in the way, where it does not apply
    :param message: the same for a terminal
    """

    name: str
    file: str
    line: int
    state: State
    subject: str = ""
    about: str = ""
    offsets: tuple[Offset, ...] = ()
    fuzz: int = 0
    problems: tuple[Problem, ...] = ()
    message: str = ""
    evidence: Evidence | None = None


@dataclass(frozen=True)
class Cell:
    """The series of a component for a release, on one tree.

    :param against: the further ref or version that was asked for; empty for the release's own source
    :param target: the tree, for a person: ``nova 34.0.0 (sdist sha256 ...)``
    :param commit: of the tree, where its source has commits
    :param note: what a person should know of the source: ``stable/2024.1 is unmaintained/2024.1 now``
    :param missing: why there is no tree to try the series on; empty where there is one
    """

    component: str
    release: str
    against: str
    target: str
    commit: str = ""
    note: str = ""
    missing: str = ""
    patches: tuple[PatchStatus, ...] = ()

    @property
    def good(self) -> bool:
        """Whether nothing of it needs a hand. That a further ref is not everywhere needs none."""
        return (not self.missing or bool(self.against)) and all(patch.state in GOOD for patch in self.patches)


@dataclass(frozen=True)
class Matrix:
    """All cells that were asked for.

    :param distribution: its name
    :param made: when, ``2026-11-20T09:30:00Z``
    :param diffs: the text of each patch file by its path in the distribution
    """

    distribution: str
    made: str
    cells: tuple[Cell, ...]
    diffs: dict[str, str]

    @property
    def good(self) -> bool:
        """Whether nothing needs a hand."""
        return all(cell.good for cell in self.cells)
