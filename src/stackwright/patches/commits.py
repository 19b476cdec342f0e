"""A series is commits, and commits are a series: the way there and back keeps author, date, message and bytes."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from stackwright.patches.editing import messages
from stackwright.patches.parse import DIFF_WORDS
from stackwright.store import CommitId, TreeId
from stackwright.tools import git_commits

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stackwright.patches.model import Patch
    from stackwright.store import Store
    from stackwright.tools.git_commits import Commit

PERSON = re.compile(r"\s*(.*?)\s*<([^>]*)>\s*")
UNKNOWN = "unknown@localhost"
NO_DATE = "@0 +0000"
DAY = re.compile(r"\d{4}-\d\d-\d\d")
# The summary that git-format-patch(1) puts between a message and its diff.
STAT = re.compile(
    rb" \S.* \| +(\d+ [-+]*|\d+|Bin( \d+ -> \d+ bytes)?)\n"
    rb"| \d+ files? changed(, \d+ insertions?\(\+\))?(, \d+ deletions?\(-\))?\n"
    rb"| (create|delete) mode \d{6} .*\n| mode change \d{6} => \d{6}( .*)?\n| (rename|copy|rewrite) .* \(\d+%\)\n"
)


def as_commits(store: Store, base: CommitId, patches: Sequence[Patch], trees: Sequence[TreeId]) -> list[CommitId]:
    """Make a commit of each patch, one on top of the other. The same patches on the same base give the same commits.

    :param base: what the first is put on
    :param trees: the tree after each patch, as `apply` gives them
    """
    commits = []
    parent = base
    for patch, tree in zip(patches, trees, strict=True):
        parent = as_commit(store, tree, parent, patch)
        commits.append(parent)
    return commits


def as_commit(store: Store, tree: TreeId, parent: CommitId | None, patch: Patch) -> CommitId:
    """Make the commit that has the author, the date and the message of a patch."""
    name, mail = author_of(patch)
    date = f"{patch.date} 00:00:00 +0000" if DAY.fullmatch(patch.date) else patch.date or NO_DATE
    made = git_commits.commit_tree(
        store.directory,
        tree,
        [parent] if parent else [],
        author=name,
        mail=mail,
        date=date,
        message=message_of(patch),
    )
    return CommitId(made)


def base_commit(store: Store, tree: TreeId) -> CommitId:
    """Make a commit of an upstream tree that has none, such as an sdist's: always the same for the same tree."""
    words = {"author": "Upstream", "mail": UNKNOWN, "date": NO_DATE, "message": "Upstream\n"}
    return CommitId(git_commits.commit_tree(store.directory, tree, [], **words))


def written(store: Store, commit: CommitId) -> bytes:
    """Give the file of a commit as a patch, as git-format-patch(1) writes it."""
    return git_commits.format_patch(store.directory, commit)


def rewritten(store: Store, patch: Patch, commit: CommitId) -> bytes:
    """Give the file of a patch that is this commit now.

    What the file says of itself stays as it is, to the byte, where the commit says the same; else the file is written
    anew, as git-format-patch(1) does.
    """
    if not says_the_same(store, patch, commit):
        return standard(store, commit, patch)
    (now,) = git_commits.read_commits(store.directory, [commit])
    (parent,) = git_commits.read_commits(store.directory, now.parents)
    return redrawn(store, patch, TreeId(parent.tree), TreeId(now.tree))


def says_the_same(store: Store, patch: Patch, commit: CommitId) -> bool:
    """Tell whether a commit has the author, the date and the message of a patch, but for blanks that git takes away."""
    (now,) = git_commits.read_commits(store.directory, [commit])
    made = as_commit(store, TreeId(now.tree), CommitId(now.parents[0]), patch)
    (was,) = git_commits.read_commits(store.directory, [made])
    return _said(was) == _said(now)


def standard(store: Store, commit: CommitId, patch: Patch) -> bytes:
    """Give the file of a patch that is this commit now, as git-format-patch(1) writes it.

    Fields that its header has beside the message are trailers then.
    """
    (now,) = git_commits.read_commits(store.directory, [commit])
    message = messages.with_fields(now.message, patch.header.fields)
    if message != now.message:
        commit = as_commit(
            store,
            TreeId(now.tree),
            CommitId(now.parents[0]),
            replace(patch, author=now.author, date=f"@{now.date}", message=message),
        )
    return git_commits.format_patch(store.directory, commit, strip=patch.strip)


def redrawn(store: Store, patch: Patch, old: TreeId, new: TreeId) -> bytes:
    """Give the file of a patch with another change in it: what it says of itself stays as it is, to the byte.

    :param old: the tree that the change begins with
    :param new: the tree that it ends with
    """
    diff = git_commits.diff_trees(store.directory, old, new, strip=patch.strip)
    lines = patch.head.splitlines(keepends=True)
    while lines and lines[-1].startswith(DIFF_WORDS):
        lines.pop()
    if not any(map(STAT.fullmatch, lines)):
        return b"".join(lines) + diff + patch.tail
    first = next(number for number, line in enumerate(lines) if STAT.fullmatch(line))
    stat = git_commits.stat_of_trees(store.directory, old, new)
    kept = [line for line in lines[first:] if not STAT.fullmatch(line)]
    return b"".join([*lines[:first], stat, *kept]) + diff + patch.tail


def _said(commit: Commit) -> tuple[str, str, str]:
    return commit.author, commit.date, messages.tidy(commit.message)


def author_of(patch: Patch) -> tuple[str, str]:
    """Give the name and the address of who made a patch, or those of nobody."""
    match = PERSON.fullmatch(patch.author)
    if match:
        return match[1] or match[2], match[2]
    return patch.author or "Unknown", UNKNOWN


def message_of(patch: Patch) -> str:
    """Give the message of the commit that a patch is."""
    return (patch.message or patch.name).rstrip("\n") + "\n"
