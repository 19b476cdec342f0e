"""A rebase from its beginning to its end, over conflicts and interruptions.

What is worked out is a function of the series, the trees and what people have resolved. So only the last is kept, and
whatever cuts a rebase off, it begins anew and comes as far as it was. The distribution changes at the very end.
"""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from stackwright.errors import CheckFailedError, InputError, RunFailedError, Where
from stackwright.patches.apply import apply
from stackwright.patches.commits import message_of
from stackwright.patches.conflict import PatchConflictError
from stackwright.patches.rebasing import marked
from stackwright.patches.rebasing.rebase import Choice, Open, Step, check, commits_of, walk
from stackwright.patches.rebasing.rebase_files import check_target, put, writes
from stackwright.patches.rebasing.rebase_state import (
    STATE,
    Ending,
    State,
    Waiting,
    load,
    load_ending,
    save,
    save_ending,
)
from stackwright.patches.rebasing.resolutions import (
    FOLDER,
    SUFFIX,
    About,
    Resolution,
    files_of,
    read_resolutions,
    resolutions_of,
    write_resolution,
)
from stackwright.patches.series import read_series
from stackwright.store import TreeId
from stackwright.store.lock import locked
from stackwright.store.store import ATTRIBUTES
from stackwright.tools import git_merge

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stackwright.patches.model import Series
    from stackwright.store import Memo, Store

DONE = "done"
TREE = "tree"


@dataclass(frozen=True)
class Result:
    """How far a rebase has come.

    :param rows: patch, outcome, detail
    :param conflict: the step that waits for a person; None if none does
    :param tree: the work tree in which that is
    :param written: the files of the distribution that it has changed
    :param before: the folder with those as they were
    """

    rows: tuple[tuple[str, str, str], ...]
    conflict: Step | None = None
    tree: Path | None = None
    written: tuple[Path, ...] = ()
    before: Path | None = None


def home_of(homes: Path, component: str, target: str) -> Path:
    """Give the directory of a rebase, which need not be there."""
    return homes / f"{component}-{target}"


@contextmanager
def held(home: Path) -> Iterator[None]:
    """Be the only one at work on a rebase while the block runs."""
    home.parent.mkdir(parents=True, exist_ok=True)
    with locked(home.with_name(f"{home.name}.lock")):
        yield


def under_way(homes: Path) -> dict[Path, State]:
    """Give the rebases that wait or were cut off, by their directories."""
    found = {file.parent: load(file.parent) for file in sorted(homes.glob(f"*/{STATE}"))}
    return {home: state for home, state in found.items() if state}


def begin(store: Store, home: Path, state: State, memo: Memo) -> None:
    """See that a rebase can be; nothing of it is kept yet.

    :raises InputError: there are no patches, or a series where it is to go, or files where conflicts are to go
    :raises CheckFailedError: the series does not apply to what it is for
    """
    request = state.request
    check_target(state.source_directory, state.target_directory, replace=request.replace)
    series = read_series(state.source_directory)
    if not series.patches:
        raise InputError(
            f"release {request.source} has no patches of {request.component}",
            where=Where(file=state.source_directory),
            fix="`stackwright patch status` shows which have",
        )
    directory = directory_of(home, state)
    if request.directory and directory.exists() and (not directory.is_dir() or any(directory.iterdir())):
        raise InputError(
            "there is something already", where=Where(file=directory), fix="name a folder that is empty or not there"
        )
    try:
        apply(store, state.base, series, memo)
    except PatchConflictError as error:
        raise CheckFailedError(
            f"the series does not apply to {request.base or f'what {request.source} says'}, which it is to come from",
            where=error.where,
            details=f"{error.what}\n\n{error.details}",
            why=error.why,
            fix="say what it was made for (--base REF), or correct it (`stackwright patch status`)",
        ) from error


def look(store: Store, home: Path, state: State, memo: Memo) -> Result:
    """Tell what would become of each patch, also of those after a conflict; nothing is written."""
    series = read_series(state.source_directory)
    return Result(_rows(list(_steps(store, home, state, series, memo)), series))


def go_on(store: Store, home: Path, state: State, memo: Memo) -> Result:
    """Come as far as can be: to the next conflict, or to the end.

    :raises CheckFailedError: a conflict that waits is not resolved yet
    :raises InputError: a resolution is damaged; a patch leaves its tree
    """
    if not store.has(state.base, state.onto):
        raise RunFailedError(
            "the store does not have the trees of the rebase any more",
            where=Where(file=store.directory),
            fix="`stackwright patch rebase --abort`, and begin it again",
        )
    save(state, home)
    ending = load_ending(home)
    while ending is None:
        series = read_series(state.source_directory)
        steps = list(_steps(store, home, state, series, memo, to_conflict=True))
        if not steps or steps[-1].open is None:
            ending = _end(store, home, state, series, steps)
        elif state.waiting is None or not directory_of(home, state).exists():
            _lay_out(store, home, state, steps)
            return Result(_rows(steps, series), steps[-1], directory_of(home, state))
        else:
            state = _taken(store, home, state, steps[-1])
    for write in ending.writes:
        write.forward()
    done = _put_away(home, state)
    overwritten = any(write.old is not None for write in ending.writes)
    return Result(
        ending.rows,
        written=tuple(write.file for write in ending.writes),
        before=done / "before" if overwritten else None,
    )


def abort(home: Path) -> None:
    """End a rebase; the distribution is as it was before."""
    ending = load_ending(home)
    for write in reversed(ending.writes if ending else ()):
        write.backward()
    try:
        state = load(home)
    except RunFailedError:  # then nobody knows of a directory of the user's
        state = None
    if state and state.request.directory:
        shutil.rmtree(directory_of(home, state), ignore_errors=True)
    gone = home.with_name(f".{home.name}.aborted")
    shutil.rmtree(gone, ignore_errors=True)
    home.rename(gone)
    shutil.rmtree(gone)


def _steps(
    store: Store, home: Path, state: State, series: Series, memo: Memo, *, to_conflict: bool = False
) -> Iterator[Step]:
    applied = apply(store, state.base, series, memo)
    known = {
        resolution.id: resolution
        for folder in (state.target_directory.parent / FOLDER, home / FOLDER)
        for resolution in read_resolutions(folder)
    }
    steps = walk(
        store,
        series.patches,
        [state.base, *applied.trees],
        state.onto,
        resolutions=list(known.values()),
        choices=state.choices,
    )
    for step in steps:
        yield step
        if to_conflict and step.open:
            return


def _rows(steps: list[Step], series: Series) -> tuple[tuple[str, str, str], ...]:
    rows = [(step.patch.name, str(step.outcome), step.detail) for step in steps]
    return (*rows, *((line.name, "disabled", "") for line in series.disabled))


def _end(store: Store, home: Path, state: State, series: Series, steps: list[Step]) -> Ending:
    """Work out what is to be written, see that it is right, and keep it."""
    check(store, state.onto, steps, state.target_directory)
    made = {file.stem: file.read_bytes() for file in files_of(home / FOLDER)}
    planned = writes(series, state.target_directory, steps, share=state.request.share, resolutions=made)
    ending = Ending(tuple(planned), _rows(steps, series))
    save_ending(ending, state.distribution, home)
    return ending


def _lay_out(store: Store, home: Path, state: State, steps: list[Step]) -> None:
    """Put a conflict before a person; only when all of it is there, the state says so."""
    step = steps[-1]
    waits = step.open
    assert waits is not None
    directory = directory_of(home, state)
    _clear(directory)
    entries = store.entries(waits.tree)
    shown = {
        conflict.path: (
            entries[conflict.path].mode,
            git_merge.write_blob(store.directory, b"".join(marked.written(conflict.tokens, waits.size))),
        )
        for conflict in waits.conflicts
        if conflict.tokens is not None and conflict.path in entries
    }
    head = commits_of(store, state.onto, steps[:-1])
    git_merge.lay_out(
        store.directory,
        directory,
        head=head,
        picked=waits.picked,
        tree=git_merge.changed_tree(store.directory, waits.tree, shown),
        stages={conflict.path: conflict.stages for conflict in waits.conflicts},
        message=message_of(step.patch),
        attributes=f"{ATTRIBUTES}* conflict-marker-size={waits.size}\n",
    )
    save(replace(state, waiting=Waiting(step.patch.name, waits.sides, head)), home)


def _taken(store: Store, home: Path, state: State, step: Step) -> State:
    """Take what a person has made of the conflict that waits."""
    waits, waiting = step.open, state.waiting
    assert waits is not None
    assert waiting is not None
    directory = directory_of(home, state)
    if waits.sides != waiting.sides:
        raise CheckFailedError(
            f"the series has changed since the conflict of {waiting.patch} was laid out",
            where=Where(file=state.source_directory),
            why=f"what is in {directory} is for another change than that of {step.patch.name}",
            fix="undo the change of the series, or `stackwright patch rebase --abort`",
        )
    if git_merge.given_up(directory, waiting.head):
        raise CheckFailedError(
            f"the patch {waiting.patch} was given up in its work tree",
            where=Where(file=directory),
            why="the cherry-pick was ended there, and no commit was made",
            fix=f"`rm -r {directory}` and the same command lays the conflict out again; to leave the patch out, resolve"
            " all of its files as upstream has them (git checkout HEAD -- .)",
        )
    _check_added(directory, waits)
    tree = TreeId(git_merge.index_tree(directory, store.directory))
    _check_markers(store, directory, tree, waits)
    store.keep([tree])
    message = git_merge.committed(directory, waiting.head)
    if message and message.split() == message_of(step.patch).split():
        message = None
    request = state.request
    by = git_merge.user(state.distribution) or "somebody"
    today = datetime.now(UTC).date().isoformat()
    about = About(request.component, step.patch.name, request.target, by, today)
    for resolution in resolutions_of(store, waits.tree, waits.conflicts, tree, about):
        _keep(home, resolution)
    state = state.resolved(waits.sides, Choice(tree, message))
    save(state, home)
    return state


def _keep(home: Path, resolution: Resolution) -> None:
    put(home / FOLDER / f"{resolution.id}{SUFFIX}", write_resolution(resolution))


def _check_added(directory: Path, waits: Open) -> None:
    """See that the index has all that is in the work tree."""
    open_files = git_merge.unmerged(directory)
    lines = []
    for path in open_files:
        file = directory / path
        content = file.read_bytes() if file.is_file() else b""
        line = marked.left_over(content, waits.size)
        lines.append(f"  {file}:{line}: a conflict" if line else f"  {file}: not added")
    if not open_files:
        backups = ".orig"  # of `git mergetool`
        lines = [f"  {directory / path}: not added" for path in git_merge.not_added(directory)
                 if not path.endswith(backups)]  # fmt: skip
    if lines:
        raise CheckFailedError(
            "the conflict is not resolved yet",
            details="\n".join(lines),
            fix=f"(cd {directory} && git status), `git add` what is right, and the same command again",
        )


def _check_markers(store: Store, directory: Path, tree: TreeId, waits: Open) -> None:
    paths = [conflict.path for conflict in waits.conflicts if conflict.tokens is not None]
    found = {
        path: marked.left_over(content or b"", waits.size) for path, content in store.read_all(tree, paths).items()
    }
    lines = [f"  {directory / path}:{line}: a marker of the conflict" for path, line in found.items() if line]
    if lines:
        raise CheckFailedError(
            "there are markers of the conflict left",
            details="\n".join(lines),
            fix="take them out, `git add` the file, and the same command again",
        )


def directory_of(home: Path, state: State) -> Path:
    """Give the work tree of a rebase."""
    return Path(state.request.directory) if state.request.directory else home / TREE


def _put_away(home: Path, state: State) -> Path:
    """Move what is left of a rebase to those that are done, in place of the last for the same series."""
    _clear(directory_of(home, state))
    if state.request.directory:
        directory_of(home, state).rmdir()
    done = home.parent / DONE / home.name
    shutil.rmtree(done, ignore_errors=True)
    done.parent.mkdir(exist_ok=True)
    return home.rename(done)


def _clear(directory: Path) -> None:
    directory.mkdir(parents=True, exist_ok=True)
    for entry in directory.iterdir():
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        else:
            entry.unlink()
