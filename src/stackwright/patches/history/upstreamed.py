"""Whether upstream has a patch already, and how what was merged differs from what is carried; nothing is dropped."""

from __future__ import annotations

import re
import sqlite3
import time
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import TYPE_CHECKING

from stackwright.errors import EnvironmentLacksError, InputError, Where
from stackwright.patches.history.history_index import (
    CHANGE_ID,
    PICKED_FROM,
    REVERTS,
    SUBJECT,
    HistoryIndex,
    Known,
    normalised,
)
from stackwright.patches.history.interdiff import alike, difference
from stackwright.patches.matrix.cells import Evidence, Trust
from stackwright.patches.parse import parse
from stackwright.store import CommitId
from stackwright.tools import git_history

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from stackwright.patches.model import Change, Patch
    from stackwright.store import Store

# Subjects that say nothing: robots write them, again and again.
COMMON = re.compile(
    r"imported translations from zanata|updated? from global[ -]requirements|update \.gitreview for .*"
    r"|update tox_constraints_file for .*|update master for .*|(bump|update) (the )?version.*|merge .*"
    r"|switch to .* jobs?|add python ?3 .* unit tests|initial commit|wip|fix typos?|fix pep8|\S*"
)
MANY = 4  # a subject that so many different changes have says nothing either
NEWEST = 400  # commits whose patch-ids are looked at: those that change the same files
SHOWN_DATE = "%a %b %d %H:%M:%S %Y %z"  # of git-show(1)
# Where a patch file names the commit that it was made of: a mail of git's, or what git-show(1) prints.
MADE_OF = re.compile(rb"(?:From|commit) ([0-9a-f]{40})\b")


class Upstreamed:
    """Tells of a patch whether a history has it. Several threads may ask at once.

    :param store: holds the history, such as a mirror
    :param cache: the cache directory, in which an index of the history is kept
    """

    def __init__(self, store: Store, cache: Path) -> None:
        self.store = store
        self.index = HistoryIndex(store, cache)
        self._changes = lru_cache(maxsize=256)(self._changes_of)

    def evidence(self, tip: CommitId, patch: Patch, *, base: CommitId | None = None) -> Evidence | None:
        """Give what shows, the surest first, that the history of a tip has a patch; None if nothing does.

        What was reverted afterwards does not count. Patch-ids are looked at only where the files are here, or can be
        had.

        :param base: a commit that the patch was made for: what it has already is not the patch
        :raises EnvironmentLacksError: the index cannot be kept
        """
        try:
            try:
                return self._evidence(tip, patch, base)
            except sqlite3.OperationalError:
                raise
            except sqlite3.DatabaseError:
                self.index.begin_anew()
                return self._evidence(tip, patch, base)
        except sqlite3.OperationalError as error:
            raise EnvironmentLacksError(
                "the index of the history cannot be used", where=Where(file=self.index.file), why=str(error)
            ) from error

    def close(self) -> None:
        """Let go of the index."""
        self.index.close()

    def _evidence(self, tip: CommitId, patch: Patch, base: CommitId | None) -> Evidence | None:
        self.index.update(tip)
        reaches = self.index.reaches
        for trust, candidates in self._candidates(tip, patch):
            for commit in candidates:
                older = base is not None and reaches(base, commit)
                if not older and reaches(tip, commit) and not self._reverted(commit, tip):
                    return self._told(trust, commit, patch)
        return None

    def _candidates(self, tip: CommitId, patch: Patch) -> Iterator[tuple[Trust, Iterable[Known]]]:
        """Give the commits that may be the patch, in the order of trust, and each time the newest first."""
        said = patch.metadata
        if said.change_id:
            yield Trust.CHANGE_ID, self.index.find(CHANGE_ID, said.change_id)
        yield Trust.SUBJECT, self._of_subject(patch)
        yield Trust.PATCH_ID, self._of_patch_id(tip, patch)
        made_of = MADE_OF.match(patch.head)
        for name in (*said.cherry_picked_from, *([made_of[1].decode()] if made_of and made_of[1].strip(b"0") else [])):
            yield Trust.CHERRY_PICK, [*self.index.commits(name), *self.index.find(PICKED_FROM, name)]

    def _of_subject(self, patch: Patch) -> Iterator[Known]:
        """Give those that have the subject, change one of the files, and do not do the opposite or come before it."""
        subject = normalised(patch.subject)
        if COMMON.fullmatch(subject):
            return
        found = self.index.find(SUBJECT, subject)
        if len({commit.change_id or commit.id for commit in found}) > MANY:
            return
        for commit in found:
            paths = {change.path for change in git_history.changes_of(self.store.directory, commit.id)}
            if paths & patch.paths and not self._is_another(commit, patch):
                yield commit

    def _is_another(self, commit: Known, patch: Patch) -> bool:
        """Tell whether a commit of the same subject is another change: the patch undoes it, or goes on from it."""
        try:
            same, turned = alike(patch.changes, self._changes(commit.id))
        except EnvironmentLacksError:
            return False
        made = _seconds(patch.date)
        return turned > same or (same == 0 and made is not None and commit.seconds < made)

    def _of_patch_id(self, tip: CommitId, patch: Patch) -> list[Known]:
        id_ = git_history.patch_id(self.store.directory, _as_git_writes(patch))
        if id_ is None:
            return []
        try:
            kind = self.index.update_patch_ids(tip, patch.paths, NEWEST)
        except EnvironmentLacksError:
            return []
        return self.index.find(kind, id_)

    def _reverted(self, commit: Known, tip: CommitId, above: frozenset[str] = frozenset()) -> bool:
        """Tell whether a commit was reverted later, and the revert was not."""
        names = [commit.id, *self.index.picked_from(commit.id)]
        reverts = {one.id: one for name in names for one in self.index.find(REVERTS, name)}
        title = normalised(f'Revert "{commit.subject}"')
        reverts |= {one.id: one for one in self.index.find(SUBJECT, title)}
        return any(
            self.index.reaches(one.id, commit)
            and self.index.reaches(tip, one)
            and not self._reverted(one, tip, above | {one.id})
            for one in reverts.values()
            if one.id != commit.id and one.id not in above
        )

    def _told(self, trust: Trust, commit: Known, patch: Patch) -> Evidence:
        try:
            differs = difference(patch.changes, self._changes(commit.id))
        except EnvironmentLacksError as error:
            differs = f"the difference cannot be shown: {error.what}\n"
        day = time.strftime("%Y-%m-%d", time.gmtime(commit.seconds))
        return Evidence(trust, commit.id, commit.subject, commit.author, day, differs)

    def _changes_of(self, commit: CommitId) -> tuple[Change, ...]:
        here = self.store.directory
        touched = git_history.changes_of(here, commit)
        self.store.need({blob for one in touched for blob in (one.old_blob, one.blob) if blob.strip("0")})
        diff = git_history.diff_of(here, git_history.parent_of(here, commit), commit, [one.path for one in touched])
        try:
            return parse(diff).changes if touched else ()
        except InputError:  # what has no lines, such as a submodule
            return ()


def _seconds(date: str) -> float | None:
    """Read the date of a patch: of a mail, of git-show(1), or as ISO 8601 has it; None if it is none of them."""
    for read in (parsedate_to_datetime, datetime.fromisoformat, lambda word: datetime.strptime(word, SHOWN_DATE)):
        try:
            found = read(date.strip())
        except ValueError:
            continue
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()
    return None


def _as_git_writes(patch: Patch) -> bytes:
    """Give the diff of a patch in the form that git-patch-id(1) reads."""
    found = []
    for change in patch.changes:
        start = change.text.find(b"\n@@ ") + 1
        if (change.text.startswith(b"diff --git ") and patch.strip == 1) or not start:
            found.append(change.text)
            continue
        old, new = (f"{side}/{path}" if path else "/dev/null" for side, path in (("a", change.old), ("b", change.new)))
        head = f"diff --git a/{change.old or change.new} b/{change.path}\n--- {old}\n+++ {new}\n"
        found.append(head.encode("utf-8", "surrogateescape") + change.text[start:])
    return b"".join(found)
