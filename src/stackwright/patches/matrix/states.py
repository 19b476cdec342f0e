"""How the patches of a series stand with a tree, at the cost of the files they touch and not of the tree."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from stackwright.patches import safety
from stackwright.patches.apply import Walk
from stackwright.patches.conflict import PatchConflictError
from stackwright.patches.matrix.cells import Evidence, PatchStatus, State, Trust
from stackwright.patches.matrix.matrix_json import dump_patches, load_patches
from stackwright.patches.model import LINK, Offset
from stackwright.patches.said import moved_hunks
from stackwright.patches.series import digest, unlisted
from stackwright.tools import git

if TYPE_CHECKING:
    from collections.abc import Mapping
    from contextlib import AbstractContextManager
    from pathlib import Path

    from stackwright.patches.model import Patch, Series
    from stackwright.store import Entry, Memo, Store, TreeId

DIRECTORY = "040000"
# Part of the key of what is remembered: to be raised when the same patches on the same files get another answer.
FORM = 1


def status(store: Store, tree: TreeId, series: Series, memo: Memo | None = None) -> tuple[PatchStatus, ...]:
    """Tell how each patch of a series stands; one that does not apply is left out for those after it.

    :param memo: remembers the answer for these patches and the files they touch, whatever tree has them
    :raises InputError: a patch leaves its tree
    """
    for patch in series.patches:
        safety.check(patch, frozenset())  # by its names alone, before git is asked for any of them
    look = _Look(store, tree, series)
    key = look.key
    known = _read(memo.get("status", key), series) if memo else None
    found = known if known is not None else look.judge()
    if memo and known is None:
        memo.put("status", key, dump_patches(found))
    return (*found, *_kept(series))


@dataclass(frozen=True)
class _Look:
    store: Store
    tree: TreeId
    series: Series

    @cached_property
    def seen(self) -> Mapping[str, Entry]:
        return self.store.look(self.tree, {path for patch in self.series.patches for path in patch.paths})

    @cached_property
    def files(self) -> Mapping[str, Entry]:
        return {path: entry for path, entry in self.seen.items() if entry.mode != DIRECTORY}

    @cached_property
    def links(self) -> frozenset[str]:
        return frozenset(path for path, entry in self.seen.items() if entry.mode == LINK)

    @property
    def key(self) -> str:
        """Everything that the answer is a function of, in one digest: where there is a directory counts too."""
        lines = [f"{entry.mode} {'' if entry.mode == DIRECTORY else entry.blob} {path}"
                 for path, entry in sorted(self.seen.items())]  # fmt: skip
        names = [patch.name for patch in self.series.patches]
        text = json.dumps([FORM, digest(self.series), names, lines])
        return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()

    def judge(self) -> tuple[PatchStatus, ...]:
        if not self.series.patches:
            return ()
        with self._index() as index:
            if (found := self._at_once(index)) is not None:
                return found
            # Only now: where all blobs are here, as they mostly are, this is a process less.
            self.store.need(entry.blob for entry in self.files.values())
            return self._at_once(index) or self._one_by_one(index)

    def _index(self) -> AbstractContextManager[Path]:
        """Give an index of what the patches touch; of the whole tree where a patch's file is a directory in it."""
        touched = {path for patch in self.series.patches for path in patch.paths}
        if any(self.seen[path].mode == DIRECTORY for path in touched & self.seen.keys()):
            return self.store.index(self.tree)
        return self.store.index_of(self.files)

    def _at_once(self, index: Path) -> tuple[PatchStatus, ...] | None:
        """Apply the whole series by one process; None where that does not go, and nothing has happened."""
        patches = self.series.patches
        if len({patch.strip for patch in patches}) > 1:
            return None
        links = self.links
        for patch in patches:
            links = safety.check(patch, links)
        diff = b"".join(patch.diff for patch in patches)
        completed = git.apply_cached(self.store.directory, index, diff, strip=patches[0].strip)
        if completed.status != 0:
            return None
        offsets = moved_hunks(completed.stderr, (len(patch.changes) for patch in patches))
        return tuple(_applied(patch, moved) for patch, moved in zip(patches, offsets, strict=True))

    def _one_by_one(self, index: Path) -> tuple[PatchStatus, ...]:
        walk = Walk(self.store, index, self.links, lambda: self.store.entries(self.tree))
        return tuple(self._step(walk, patch) for patch in self.series.patches)

    def _step(self, walk: Walk, patch: Patch) -> PatchStatus:
        try:
            return _applied(patch, walk.step(patch))
        except PatchConflictError as error:
            row = replace(_row(patch, State.CONFLICT), problems=error.problems, message=str(error))
            if error.applied:
                return replace(row, state=State.UPSTREAM, evidence=Evidence(Trust.CONTENT))
            fuzz = walk.step_with_fuzz(patch)
            return row if fuzz is None else replace(row, state=State.FUZZ, fuzz=fuzz)


def _applied(patch: Patch, moved: tuple[Offset, ...]) -> PatchStatus:
    return replace(_row(patch, State.OFFSET if moved else State.APPLIES), offsets=moved)


def _row(patch: Patch, state: State) -> PatchStatus:
    return PatchStatus(patch.name, str(patch.file or ""), patch.listed.line or 0, state, patch.subject)


def _kept(series: Series) -> list[PatchStatus]:
    """Give those that are not applied: the disabled ones, and the files that no line names."""
    rows = [
        PatchStatus(line.name, str(line.file), line.here.line or 0, State.DISABLED, line.comment)
        for line in series.disabled
    ]
    rows += [PatchStatus(name, str(series.directory / name), 0, State.UNLISTED) for name in unlisted(series)]
    return rows


def _read(value: str | None, series: Series) -> tuple[PatchStatus, ...] | None:
    """Read what is remembered, and put the places of today into it."""
    try:
        rows = load_patches(value or "null")
        return tuple(
            replace(row, name=now.name, file=now.file, line=now.line, subject=now.subject)
            for row, now in zip(rows, (_row(patch, State.APPLIES) for patch in series.patches), strict=True)
        )
    except (ValueError, TypeError, KeyError):
        return None
