"""What some files of an upstream were, commit by commit: read at once from the history, without their contents."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from stackwright.store import CommitId, Entry, TreeId
from stackwright.tools import git_history
from stackwright.tools.git_history import NO_FILE

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from stackwright.store import Store
    from stackwright.tools.git_history import Step

DIRECTORY = "040000"


@dataclass(frozen=True)
class Past:
    """The states of some files on the first-parent line of a tip, the newest first.

    :param steps: the commits that change one of them
    :param states: what the files are after each step, and last, what they were before the oldest
    """

    steps: tuple[Step, ...]
    states: tuple[Mapping[str, Entry], ...]

    def commit(self, number: int) -> CommitId | None:
        """Give the newest commit with a state; None where that is before the first commit of all."""
        if number < len(self.steps):
            return CommitId(self.steps[number].commit)
        parents = self.steps[-1].parents if self.steps else ()
        return CommitId(parents[0]) if parents else None


def past(store: Store, tip: CommitId, paths: Iterable[str], *, without: Iterable[CommitId] = ()) -> Past:
    """Read the past of some files, and see that all contents they had are here.

    :param without: commits that are left out with all their ancestors
    """
    wanted = frozenset(paths)
    state = {path: entry for path, entry in files(store, tip, wanted).items() if path in wanted}
    steps = git_history.steps(store.directory, tip, sorted(wanted), without=without)
    states = [state]
    for step in steps:
        state = dict(state)
        for change in step.changes:
            if change.path not in wanted:  # a path that was asked for is a directory here
                continue
            if change.old_mode == NO_FILE:
                state.pop(change.path, None)
            else:
                state[change.path] = Entry(change.old_mode, change.old_blob)
        states.append(state)
    store.need({entry.blob for state in states for entry in state.values()})
    return Past(tuple(steps), tuple(states))


def files(store: Store, commit: CommitId, paths: Iterable[str]) -> dict[str, Entry]:
    """Give the files and links that a commit has at some paths and on the way to them."""
    seen = store.look(TreeId(commit), paths)
    return {path: entry for path, entry in seen.items() if entry.mode != DIRECTORY}
