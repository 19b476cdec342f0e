"""Why a patch does not apply any more: the first upstream commit after which it does not.

The search goes over the first-parent line of a history, and only over the commits that change a file which the patch
touches. It needs no checkout and no tree: each try is an index of those files.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from stackwright.errors import InputError, Where, suggestion
from stackwright.patches import trailers
from stackwright.patches.apply import Walk
from stackwright.patches.conflict import PatchConflictError
from stackwright.patches.history import culprit
from stackwright.patches.history.past import files, past
from stackwright.patches.history.trial import Trial, hinted, not_for_sure
from stackwright.patches.matrix.cells import GOOD
from stackwright.patches.matrix.states import status
from stackwright.store import CommitId, TreeId
from stackwright.tools import git, git_commits, git_history, git_merge

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from stackwright.patches.conflict import Problem
    from stackwright.patches.history.past import Past
    from stackwright.patches.history.trial import Looked
    from stackwright.patches.model import Patch, Series
    from stackwright.store import Entry, Memo, Store
    from stackwright.tools.git_commits import Commit

# How many first parents a search goes back: each time further, until there is a commit that the patch applies to.
DEPTHS = (512, 4096, 32768)
# How many states that a look at the lines leaves open are tried by git: for a later break, and for an earlier one.
MOST_TRIES = 24
FEW_TRIES = 4


@dataclass(frozen=True)
class Cause:
    """The commit after which a patch does not apply.

    :param commit: the one that made the change
    :param merge: the merge that brought it, where it came by one
    :param before: the newest commit, before it, on which the patch applies
    :param problems: what is in the way of the patch after it
    :param diff: that part of its change which is in the way
    :param moved: where it moved files that the patch touches: old and new path
    :param merged: it brought what the patch makes, as it is or changed
    :param not_first: the patch had stopped applying before, and applied again
    :param sure: there is no other such commit between it and the tip
    """

    commit: Commit
    merge: Commit | None
    before: CommitId | None
    problems: tuple[Problem, ...]
    diff: str
    moved: tuple[tuple[str, str], ...]
    merged: bool
    not_first: bool
    sure: bool


@dataclass(frozen=True)
class Explanation:
    """Why a patch does not apply to a tip.

    :param state: as `status` tells it
    :param cause: None if the patch applies nowhere in the history
    :param tried: how many commits change a file that it touches
    :param oldest: the oldest of the commits that were looked at
    :param in_conflict: the files that a three-way merge leaves in conflict; None where none could be tried
    """

    patch: Patch
    state: str
    cause: Cause | None
    tried: int
    oldest: Commit
    in_conflict: tuple[str, ...] | None = None

    @property
    def solved(self) -> bool:
        """Whether a three-way merge solves it."""
        return self.in_conflict == ()


def explain(
    store: Store,
    tip: CommitId,
    series: Series,
    *,
    name: str | None = None,
    since: CommitId | None = None,
    memo: Memo | None = None,
) -> tuple[Explanation, ...]:
    """Explain every patch of a series that does not apply to a tip as it is; those that do are left out.

    :param store: holds the history
    :param name: of the only patch that is wanted
    :param since: look at nothing that this commit has already
    :param memo: as for `status`
    :raises InputError: the series has no such patch, or a patch leaves its tree
    """
    if name is not None:
        _check_name(series, name)
    rows = status(store, TreeId(tip), series, memo)[: len(series.patches)]
    return tuple(
        _Search(store, tip, Trial(store, series.patches, number), since).explanation(row.state)
        for number, row in enumerate(rows)
        if row.state not in GOOD and name in (None, row.name)
    )


def common_base(store: Store, found: Sequence[Explanation]) -> CommitId | None:
    """Give the newest commit on which all of these patches applied; None if there is none."""
    bases = list(dict.fromkeys(one.cause.before for one in found if one.cause and one.cause.before))
    return next(
        (base for base in bases if all(git_history.is_ancestor(store.directory, base, other) for other in bases)), None
    )


def _check_name(series: Series, name: str) -> None:
    known = [patch.name for patch in series.patches]
    if name in known:
        return
    off = next((line for line in series.disabled if line.name == name), None)
    if off:
        raise InputError(f"the patch {name} is disabled", where=off.here, fix="take `# disabled:` from its line")
    raise InputError(
        f"the series has no patch {name!r}", where=Where(file=series.directory / "series"), fix=suggestion(name, known)
    )


@dataclass(frozen=True)
class _Found:
    """A change from good to bad: the state at `bad` is bad, the one before it is good."""

    bad: int
    not_first: bool = False
    sure: bool = True


@dataclass(frozen=True)
class _Search:
    store: Store
    tip: CommitId
    trial: Trial
    since: CommitId | None

    def explanation(self, state: str) -> Explanation:
        here = self.store.directory
        for depth in (0,) if self.since else (*DEPTHS, 0):
            end = git_history.ancestor(here, self.tip, depth) if depth else self.since
            seen = past(self.store, self.tip, self.trial.paths, without=[CommitId(end)] if end else [])
            found = self._find(seen)
            if found or end is None or self.since:
                break
        tried = len(seen.steps)
        first = seen.commit(tried) or (seen.steps[-1].commit if seen.steps else self.tip)
        (oldest,) = git_commits.read_commits(here, [end or first])
        if found is None:
            return Explanation(self.trial.target, state, None, tried, oldest)
        cause = self._cause(seen, found)
        return Explanation(self.trial.target, state, cause, tried, oldest, self._three_way(cause))

    def _find(self, seen: Past) -> _Found | None:
        """Find the last change from good to bad; None if nothing is good."""
        last = len(seen.states) - 1
        good = next((at for at in (*hinted(self.trial, seen), last) if at and self.trial.works(seen.states[at])), None)
        looked = not_for_sure(self.trial, seen)
        bad = self._bisect(seen, 0, good) if good else last
        newer = [at for at in looked.perhaps if 0 < at < bad]
        sure = looked.all and len(newer) <= MOST_TRIES
        newest = next((at for at in newer[:MOST_TRIES] if self.trial.works(seen.states[at])), None)
        if newest is None and not good:
            return None
        bad = newest - 1 if newest else bad
        return _Found(bad, self._broke_before(seen, looked, bad), sure)

    def _broke_before(self, seen: Past, looked: Looked, bad: int) -> bool:
        """Tell whether there was an earlier change from good to bad."""
        earlier = min((at for at in looked.surely_bad if at > bad), default=len(seen.states))
        older = [at for at in looked.perhaps if at > earlier]
        return any(self.trial.works(seen.states[at]) for at in older[:FEW_TRIES])

    def _bisect(self, seen: Past, bad: int, good: int) -> int:
        while good - bad > 1:
            middle = (good + bad) // 2
            if self.trial.works(seen.states[middle]):
                good = middle
            else:
                bad = middle
        return bad

    def _cause(self, seen: Past, found: _Found) -> Cause:
        here = self.store.directory
        step = seen.steps[found.bad]
        inside = self._inside(step.commit, step.parents)
        (commit,) = git_commits.read_commits(here, [inside or step.commit])
        merge = git_commits.read_commits(here, [step.commit])[0] if inside else None
        moved = culprit.moved(self.store, CommitId(step.commit), self.trial.target.paths)
        error = self._conflict(seen.states[found.bad], [new for _, new in moved])
        return Cause(
            commit,
            merge,
            CommitId(step.parents[0]) if step.parents else None,
            error.problems,
            culprit.part(self.store, CommitId(commit.commit), self.trial.target, error.problems, dict(moved)),
            moved,
            merged=error.applied or all(problem.there for problem in error.problems) or self._is_the_patch(commit),
            not_first=found.not_first,
            sure=found.sure,
        )

    def _is_the_patch(self, commit: Commit) -> bool:
        """Tell whether a commit has the patch's own Change-Id."""
        mine = self.trial.target.metadata.change_id
        theirs = (found.value for found in trailers.of_message(commit.message) if found.name.lower() == "change-id")
        return mine != "" and mine in theirs

    def _inside(self, commit: str, parents: tuple[str, ...]) -> str | None:
        """Find the commit, of those that a merge brought, that made the change; None if it is the merge itself."""
        found = None
        while len(parents) > 1:
            seen = past(self.store, CommitId(parents[1]), self.trial.paths, without=[CommitId(parents[0])])
            works = self.trial.works
            if len(seen.steps) > 1 and works(seen.states[-1]) and not works(seen.states[0]):
                at = self._bisect(seen, 0, len(seen.states) - 1)
            elif len(seen.steps) == 1:
                at = 0
            else:
                return found
            commit, parents = seen.steps[at].commit, seen.steps[at].parents
            found = commit
        return found

    def _conflict(self, state: Mapping[str, Entry], moved: Sequence[str]) -> PatchConflictError:
        """Give what is in the way of the patch in a state, in which some files were moved."""
        with self.store.index_of(state) as index:
            walk = Walk(self.store, index, frozenset(), lambda: [*state, *moved])
            self.trial.prepare(index)
            try:
                walk.step(self.trial.target)
            except PatchConflictError as error:
                return error
        raise AssertionError("a state that was bad is good")

    def _three_way(self, cause: Cause) -> tuple[str, ...] | None:
        """Merge what the patch does, where it applied last, with the tip; gives the files left in conflict."""
        if cause.before is None:
            return None
        here = self.store.directory
        paths = self.trial.paths | {new for _, new in cause.moved}
        before, now = files(self.store, cause.before, paths), files(self.store, self.tip, paths)
        self.store.need({entry.blob for entry in (*before.values(), *now.values())})
        with self.store.index_of(before) as index:
            self.trial.prepare(index)
            base = git.write_tree(here, index)
            git.apply_cached(here, index, self.trial.target.diff, strip=self.trial.target.strip)
            theirs = git.write_tree(here, index)
        with self.store.index_of(now) as index:
            self.trial.prepare(index)
            ours = git.write_tree(here, index)
        words = {"author": "Stackwright", "mail": "nobody@localhost", "date": "@0 +0000", "message": "\n"}
        root = git_commits.commit_tree(here, base, [], **words)
        left, right = (git_commits.commit_tree(here, tree, [root], **words) for tree in (ours, theirs))
        return tuple(git_merge.merge_commits(here, left, right).stages)
