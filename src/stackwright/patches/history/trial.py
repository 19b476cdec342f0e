"""Trying a patch on the states that its files had: by git, and where that is not needed, by a look at their lines."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from stackwright.patches.apply import Walk
from stackwright.patches.model import LINK
from stackwright.tools import git

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from stackwright.patches.history.past import Past
    from stackwright.patches.model import Patch
    from stackwright.store import Entry, Store

MADE_FOR = re.compile(rb"^index ([0-9a-f]{7,64})\.\.", re.MULTILINE)
AT_ONCE = 64
# So much is read to tell which states need no try by git.
MOST_BYTES = 48 * 1024 * 1024


class Trial:
    """One patch of a series, behind those before it that change the same files.

    :param number: its place in the series, from 0
    """

    def __init__(self, store: Store, patches: Sequence[Patch], number: int) -> None:
        self.store = store
        self.target = patches[number]
        paths = set(self.target.paths)
        before: list[Patch] = []
        for patch in reversed(patches[:number]):
            if patch.paths & paths:
                before.append(patch)
                paths |= patch.paths
        self.before = tuple(reversed(before))
        self.paths = frozenset(paths)
        self._known: dict[frozenset[tuple[str, Entry]], bool] = {}

    def works(self, state: Mapping[str, Entry]) -> bool:
        """Tell whether the patch applies to files that are so; one before it that does not is left out."""
        key = frozenset(state.items())
        if key not in self._known:
            with self.store.index_of(state) as index:
                self.prepare(index, frozenset(path for path, entry in state.items() if entry.mode == LINK))
                self._known[key] = self._apply(index, self.target)
        return self._known[key]

    def prepare(self, index: Path, links: frozenset[str] = frozenset()) -> None:
        """Apply those before it to an index, as `status` does."""
        walk = Walk(self.store, index, links, tuple)
        for patch in self.before:
            if not self._apply(index, patch):
                walk.step_with_fuzz(patch)

    def _apply(self, index: Path, patch: Patch) -> bool:
        return git.apply_cached(self.store.directory, index, patch.diff, strip=patch.strip).status == 0

    @cached_property
    def needs(self) -> Mapping[str, tuple[bytes, ...] | None]:
        """What has to be in each file that no other patch changes: runs of lines; None if there must be no file."""
        others = {path for patch in self.before for path in patch.paths}
        found: dict[str, tuple[bytes, ...] | None] = {}
        for change in self.target.changes:
            if change.old is None and change.new is not None and change.new not in others:
                found.setdefault(change.new, None)
            elif change.old is not None and change.old not in others:
                found.setdefault(change.old, tuple(b"".join(hunk.old) for hunk in change.hunks if hunk.old))
        return found


@dataclass(frozen=True)
class Looked:
    """What a look at the lines of all states tells.

    :param perhaps: the states on which the patch may apply, the newest first
    :param surely_bad: those on which it cannot
    :param all: nothing was left out
    """

    perhaps: tuple[int, ...]
    surely_bad: frozenset[int]
    all: bool


def hinted(trial: Trial, past: Past) -> Iterator[int]:
    """Give the newest state whose files are those that the patches were made for, by what they say themselves."""
    made_for: dict[str, str] = {}
    for patch in (*trial.before, trial.target):
        for change in patch.changes:
            match = MADE_FOR.search(change.text)
            if change.old and match and match[1].strip(b"0"):
                made_for.setdefault(change.old, match[1].decode())
    for number, state in enumerate(past.states):
        if made_for and all(path in state and state[path].blob.startswith(id_) for path, id_ in made_for.items()):
            yield number
            return


def not_for_sure(trial: Trial, past: Past) -> Looked:
    """Find the states on which a patch cannot apply, as its lines are not in their files."""
    lacking = _Lacking(trial, past)
    perhaps: list[int] = []
    bad: set[int] = set()
    for number, state in enumerate(past.states):
        if lacking.exhausted:
            return Looked(tuple(perhaps), frozenset(bad), all=False)
        if lacking.something(number, state):
            bad.add(number)
        else:
            perhaps.append(number)
    return Looked(tuple(perhaps), frozenset(bad), all=True)


class _Lacking:
    """Which blobs lack lines that they need; read some at a time, as they follow one another in the past."""

    def __init__(self, trial: Trial, past: Past) -> None:
        self.trial = trial
        self.past = past
        self.read = 0
        self._lacks: dict[tuple[str, str], bool] = {}

    @property
    def exhausted(self) -> bool:
        return self.read > MOST_BYTES

    def something(self, number: int, state: Mapping[str, Entry]) -> bool:
        return any(self._at(path, blocks, number, state) for path, blocks in self.trial.needs.items())

    def _at(self, path: str, blocks: tuple[bytes, ...] | None, number: int, state: Mapping[str, Entry]) -> bool:
        entry = state.get(path)
        if blocks is None or entry is None:
            return (blocks is None) == (entry is not None)
        if (path, entry.blob) not in self._lacks:
            self._fill(path, blocks, number)
        return self._lacks[path, entry.blob]

    def _fill(self, path: str, blocks: tuple[bytes, ...], number: int) -> None:
        wanted: dict[str, None] = {}
        for state in self.past.states[number:]:
            if path in state and (path, state[path].blob) not in self._lacks:
                wanted[state[path].blob] = None
                if len(wanted) == AT_ONCE:
                    break
        for blob, content in zip(wanted, git.blobs(self.trial.store.directory, wanted), strict=True):
            text = b"\n" + (content or b"")
            self.read += len(text)
            self._lacks[path, blob] = any(b"\n" + block not in text for block in blocks)
