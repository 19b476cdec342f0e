"""A series as commits in a work tree that the user edits with his own git, and the commits as a series again."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from stackwright.errors import CheckFailedError, InputError, Where
from stackwright.patches.apply import Walk, apply
from stackwright.patches.commits import as_commits, base_commit, rewritten, says_the_same, written
from stackwright.patches.conflict import PatchConflictError
from stackwright.patches.editing.draft import by_hand, changed_paths, draft_of
from stackwright.patches.editing.matching import match
from stackwright.patches.model import LINK
from stackwright.patches.parse import parse
from stackwright.patches.series import SERIES
from stackwright.store import CommitId, Store, TreeId
from stackwright.store.store import ATTRIBUTES
from stackwright.tools import git, git_commits, git_history, git_work_tree
from stackwright.tools.git_work_tree import Stop

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from stackwright.patches.editing.draft import Draft
    from stackwright.patches.model import Patch, Series
    from stackwright.sources.bases import Base
    from stackwright.tools.git_commits import Commit

RECORD = "stackwright.json"


@dataclass(frozen=True)
class WorkTree:
    """A work tree, and what it was made of.

    :param directory: where it is
    :param root: of the distribution
    :param state: the state directory that the command had which made it
    :param base: the commit below the first patch
    :param digest: of the series and its patch files
    :param patches: the commit of each patch by the patch's name
    """

    directory: str
    root: str
    state: str
    component: str
    release: str
    base: str
    digest: str
    patches: Mapping[str, str]

    @property
    def path(self) -> Path:
        """Where it is."""
        return Path(self.directory)

    @property
    def branch(self) -> str:
        """The branch that is the series."""
        return f"stackwright/{self.component}/{self.release}"

    @property
    def store(self) -> Store:
        """Its repository, which sees the objects of the store."""
        return Store(self.path / ".git")

    def save(self) -> None:
        """Keep it in the repository."""
        file = self.path / ".git" / RECORD
        scratch = file.with_suffix(".new")
        scratch.write_text(json.dumps(asdict(self), indent=1))
        scratch.replace(file)


def read(directory: Path) -> WorkTree | None:
    """Give the work tree that a place is in, or is; None if it is in none."""
    place = directory.resolve()
    for folder in (place, *place.parents):
        file = folder / ".git" / RECORD
        if file.is_file():
            return replace(WorkTree(**json.loads(file.read_text())), directory=str(folder))
    return None


def make(base: Base, series: Series, tree: WorkTree, *, at: str | None = None) -> WorkTree:
    """Write a work tree: a commit of upstream, then one a patch.

    :param tree: says where and what for; the rest is filled in
    :param at: a patch to stop at, with those after it to be put on top again
    :raises PatchConflictError: a patch does not apply
    :raises InputError: git does not know who the user is
    """
    git_work_tree.identity(Path(tree.root))
    applied = apply(base.store, base.tree, series)
    base.store.need_all(base.tree)
    directory = tree.path
    git_work_tree.make(base.store.directory, directory, attributes=ATTRIBUTES, shallow=base.commit or "")
    git_work_tree.take_identity(directory, Path(tree.root))
    start = base.commit or base_commit(tree.store, base.tree)
    commits = as_commits(tree.store, start, series.patches, applied.trees)
    names = [patch.name for patch in series.patches]
    made = replace(tree, base=start, digest=digest(series), patches=dict(zip(names, commits, strict=True)))
    git_work_tree.check_out(directory, tree.branch, commits[-1] if commits else start)
    git_work_tree.mark(directory, {commit: name for name, commit in made.patches.items()})
    made.save()
    if at and at != names[-1]:
        git_work_tree.rebase_stopping_at(directory, start, commits, made.patches[at])
    return made


def begin_patch(tree: WorkTree, name: str, message: str) -> None:
    """Put an empty commit on top, for the user to amend, that is to be a patch of this name."""
    commit = git_work_tree.commit_empty(tree.path, message)
    git_work_tree.mark(tree.path, {commit: name})


def digest(series: Series) -> str:
    """Give what tells whether a series, or a file of it, is still the same."""
    listing = series.directory / SERIES
    sha = hashlib.sha256(listing.read_bytes() if listing.exists() else b"")
    for patch in series.patches:
        assert patch.file is not None
        sha.update(hashlib.sha256(patch.file.read_bytes()).digest())
    return sha.hexdigest()


def is_untouched(tree: WorkTree) -> bool:
    """Tell whether the user has changed nothing in a work tree."""
    commits = git_work_tree.commits_since(tree.path, tree.base)
    ids = [commit for commit, _ in commits or []]
    return not git_work_tree.uncommitted(tree.path) and (
        ids == list(tree.patches.values())
        or (git_work_tree.rebase_stop(tree.path) is Stop.TO_AMEND and ids == list(tree.patches.values())[: len(ids)])
    )


def settle(tree: WorkTree, series: Series, *, amend: bool) -> None:
    """See that a work tree can be read back: everything is committed, and the series is the one it was made of.

    A rebase that stands still, with nothing left to do by hand, goes on.

    :param amend: take what is not committed into the last commit
    :raises InputError: it cannot be read back yet
    :raises CheckFailedError: a patch does not apply on what was amended
    """
    if digest(series) != tree.digest:
        raise InputError(
            "the series was changed since the work tree was made of it",
            where=Where(file=series.directory / SERIES),
            why="what is in the work tree is made of patches that are others now",
            fix=f"bring the series back; or `mv {tree.directory} {tree.directory}.old`, {_edit(tree)}, and there "
            f"`git fetch {tree.directory}.old HEAD` and `git cherry-pick` what you have done",
        )
    left = git_work_tree.uncommitted(tree.path)
    stop = git_work_tree.rebase_stop(tree.path)
    if stop not in (Stop.NONE, Stop.TO_AMEND):
        raise InputError(
            "the work tree is in the middle of a rebase",
            where=Where(file=tree.path),
            details=_lines(left),
            fix="bring it to its end there: resolve what is in conflict, `git add` it, `git rebase --continue`",
        )
    if left and not amend:
        raise InputError(
            "the work tree has changes that are not committed",
            where=Where(file=tree.path),
            details=_lines(left),
            fix="commit them there; or type the same with --amend behind it: they become part of HEAD's patch",
        )
    if left:
        if not git_work_tree.commits_since(tree.path, tree.base):
            raise InputError("there is no patch to amend", where=Where(file=tree.path), fix="commit it: git commit")
        git_work_tree.amend(tree.path)
    if stop is Stop.TO_AMEND:
        done = git_work_tree.go_on_rebasing(tree.path)
        if done.status != 0:
            raise CheckFailedError(
                "a patch does not apply on what you have made",
                where=Where(file=tree.path),
                details=_lines((done.stdout + done.stderr).decode(errors="replace").splitlines()[-12:]),
                fix="resolve it there, `git add` it, `git rebase --continue`, then type the same again",
            )
    branch = git_work_tree.branch(tree.path)
    if branch != tree.branch:
        raise InputError(
            f"the work tree is not on its branch, {tree.branch}",
            where=Where(file=tree.path),
            why="what is not on it would be taken for patches that are gone",
            fix=f"git switch {tree.branch}; to take over what is elsewhere: git reset --hard {branch or 'COMMIT'}",
        )


def read_back(
    tree: WorkTree, series: Series, base: Base, *, delete: bool = False, shared: Collection[Path] = ()
) -> Draft:
    """Give the series that the commits of a work tree are. Patches whose commits say and do the same keep their bytes.

    :param delete: the files of patches whose commits are gone, go
    :raises InputError: a commit cannot be a patch
    """
    commits = _commits(tree)
    known = [patch for patch in series.patches if patch.name in tree.patches]
    was = dict(zip(tree.patches, git_commits.read_commits(tree.store.directory, tree.patches.values()), strict=True))
    marks = git_work_tree.marks(tree.path, [commit.commit for commit in commits])
    found = match(commits, marks, was, lambda commit: _patch_id(tree, commit))
    patches = {patch.name: patch for patch in known}
    draft = draft_of(series, shared)
    names: list[str] = []
    for commit in commits:
        name = found.get(commit.commit)
        if name is None:
            name, draft = _new(tree, draft, commit, marks.get(commit.commit, []))
        elif commit.commit != tree.patches[name]:
            patch = patches[name]
            data = _content(tree, patch, commit)
            if data is not None:
                renamed = draft.with_content(patch, data)
                changed = set(renamed.file.names).difference(draft.file.names)
                name = changed.pop() if changed else name
                draft = renamed.noted(f"{name}: changed")
        names.append(name)
    gone = [patch for patch in known if patch.name not in found.values()]
    for patch in gone:
        assert patch.file is not None
        draft = draft.without(patch.file) if delete else draft
        draft = draft.noted(f"{patch.name}: no longer in the series")
    order = [name for name in draft.file.names if name in names]
    if order != [name for name in names if name in order]:
        draft = draft.noted("the order is another")
    draft = draft.listed(draft.file.arranged(names))
    applied = draft.tried(base.store, base.tree, "reading the commits back")
    wanted = TreeId(commits[-1].tree) if commits else base.tree
    if applied.tree != wanted:
        raise CheckFailedError(
            "the patches do not give what the work tree has",
            where=Where(file=tree.path),
            details=_lines(sorted(changed_paths(tree.store, wanted, applied.tree))),
            fix=by_hand(series),
        )
    return draft


def reread(tree: WorkTree, series: Series) -> WorkTree:
    """Note, after its commits were written as a series, what a work tree is made of now."""
    commits = [commit for commit, _ in git_work_tree.commits_since(tree.path, tree.base) or []]
    names = [patch.name for patch in series.patches]
    now = replace(tree, digest=digest(series), patches=dict(zip(names, commits, strict=True)))
    git_work_tree.mark(tree.path, {commit: name for name, commit in now.patches.items()})
    now.save()
    return now


def _commits(tree: WorkTree) -> list[Commit]:
    listed = git_work_tree.commits_since(tree.path, tree.base)
    if listed is None:
        raise InputError(
            "the work tree is on another base",
            where=Where(file=tree.path),
            why=f"HEAD does not have {tree.base}, the upstream that the release names, below it",
            fix=f"git rebase --onto {tree.base} YOUR_BASE",
        )
    merge = next((commit for commit, parents in listed if parents > 1), None)
    if merge:
        raise InputError(
            f"the commit {merge} is a merge",
            where=Where(file=tree.path),
            fix=f"make a line of it: git rebase {tree.base}",
        )
    commits = git_commits.read_commits(tree.store.directory, [commit for commit, _ in listed])
    before = git_commits.read_commits(tree.store.directory, [tree.base])[0].tree
    for commit in commits:
        if commit.tree == before:
            raise InputError(
                f"the commit {commit.commit[:12]} ({commit.subject}) changes nothing",
                where=Where(file=tree.path),
                why="a patch has a difference in it",
                fix="amend it (git commit --amend), or take it out (git rebase -i)",
            )
        before = commit.tree
    return commits


def _content(tree: WorkTree, patch: Patch, commit: Commit) -> bytes | None:
    """Give the new bytes of a patch; None if those that it has say and do what the commit does."""
    if says_the_same(tree.store, patch, CommitId(commit.commit)) and _does(tree, patch, commit):
        return None
    _check_message(tree, commit)
    return rewritten(tree.store, patch, CommitId(commit.commit))


def _does(tree: WorkTree, patch: Patch, commit: Commit) -> bool:
    """Tell whether a patch, as it is, makes of what is below a commit what the commit makes of it."""
    (below,) = git_commits.read_commits(tree.store.directory, commit.parents)
    entries = tree.store.entries(TreeId(below.tree))
    links = frozenset(path for path, entry in entries.items() if entry.mode == LINK)
    with tree.store.index(TreeId(below.tree)) as index:
        try:
            Walk(tree.store, index, links, lambda: entries).step(patch)
        except PatchConflictError:
            return False
        return git.write_tree(tree.store.directory, index) == commit.tree


def _new(tree: WorkTree, draft: Draft, commit: Commit, marks: Sequence[str]) -> tuple[str, Draft]:
    """Make a patch of a commit that is none yet. A mark that no patch has is the name that was wished for it."""
    wished = next((mark for mark in marks if mark not in tree.patches), None)
    name = wished or draft.free_name(git_commits.file_name(tree.store.directory, commit.commit))
    _check_message(tree, commit)
    draft = draft.with_new(name, written(tree.store, CommitId(commit.commit)))
    return name, draft.noted(f"{name}: new")


def _check_message(tree: WorkTree, commit: Commit) -> None:
    """See that a commit says the same when it is read from a patch."""
    name = CommitId(commit.commit)
    if not says_the_same(tree.store, parse(written(tree.store, name)), name):
        raise InputError(
            f"what the commit {commit.commit[:12]} ({commit.subject}) says would be lost in a patch",
            where=Where(file=tree.path),
            why="`[PATCH]` before a subject, and `From:` or `Date:` before a text, are read as a mail's (git-am(1))",
            fix="say it otherwise: git commit --amend, git rebase -i",
        )


def _patch_id(tree: WorkTree, commit: Commit) -> str | None:
    repository = tree.store.directory
    return git_history.patch_id(repository, git_commits.diff_trees(repository, commit.parents[0], commit.commit))


def _edit(tree: WorkTree) -> str:
    return f"`stackwright patch edit {tree.component} --release {tree.release}`"


def _lines(lines: Sequence[str]) -> str:
    return "\n".join(f"    {line}" for line in lines)
