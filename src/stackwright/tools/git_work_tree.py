"""Git: a repository with a work tree that is given to the user, and commits in a repository of his own.

What is done in the user's place is done as he would: his identity, settings and hooks count.
"""

from __future__ import annotations

import os
import shlex
from enum import Enum, auto
from typing import TYPE_CHECKING

from stackwright.errors import InputError, Where
from stackwright.tools import git, process

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from stackwright.tools.process import Completed

MARKS = "stackwright"
# A mark goes with its commit when that is amended or rebased (git-notes(1)). Lines of a message that begin with `#`
# are the author's: what git adds for the editor, and takes away again, begins with another character. Files keep
# their bytes.
SETTINGS = {
    "notes.rewriteRef": f"refs/notes/{MARKS}",
    "core.commentChar": ";",
    "core.autocrlf": "false",
    "core.safecrlf": "false",
    "gc.auto": "0",
}
NOBODY = {f"GIT_{role}_{key}": value for role in ("AUTHOR", "COMMITTER") for key, value in git.NOBODY.items()}
KEPT = ("GIT_AUTHOR_", "GIT_COMMITTER_", "GIT_CONFIG", "GIT_SSH", "GIT_ASKPASS")


class Stop(Enum):
    """Where a rebase stands."""

    NONE = auto()
    TO_AMEND = auto()
    BY_HAND = auto()


def make(objects: Path, directory: Path, *, attributes: str, shallow: str = "") -> None:
    """Make a repository in a directory that borrows the objects of another one.

    :param directory: empty, or not there
    :param attributes: what is to hold for its files, as in a file ``.gitattributes``
    :param shallow: a commit whose parents it is to do without
    """
    own = directory / ".git"
    directory.mkdir(parents=True, exist_ok=True)
    git.run(own, "init", "--quiet", "--template=", "--initial-branch=none")
    (own / "info").mkdir(exist_ok=True)
    (own / "info/attributes").write_text(attributes)
    (own / "objects/info/alternates").write_text(f"{(objects / 'objects').resolve()}\n")
    if shallow:
        (own / "shallow").write_text(f"{shallow}\n")
    for key, value in SETTINGS.items():
        git.run(own, "config", key, value)


def take_identity(directory: Path, other: Path) -> None:
    """Let a work tree have the name and the address that the user has set for another repository, if he has."""
    for key in ("user.name", "user.email"):
        said = as_user(other, "config", "--get", key, check=False)
        if said.status == 0:
            as_user(directory, "config", key, said.text.removesuffix("\n"))


def check_out(directory: Path, branch: str, commit: str) -> None:
    """Let a branch be at a commit, and the work tree on that branch."""
    own = directory / ".git"
    git.run(own, "update-ref", f"refs/heads/{branch}", commit)
    git.run(own, "symbolic-ref", "HEAD", f"refs/heads/{branch}")
    git.run(own, "read-tree", "--reset", "-u", "HEAD", index=own / "index", work_tree=directory)


def mark(directory: Path, marks: Mapping[str, str]) -> None:
    """Give each commit a mark in place of the one it has."""
    for commit, text in marks.items():
        words = ("notes", f"--ref={MARKS}", "add", "--force", "-m", text, commit)
        git.run(directory / ".git", *words, env=NOBODY)


def marks(directory: Path, commits: Sequence[str]) -> dict[str, list[str]]:
    """Give the marks of commits: of one that was made of several, all of theirs."""
    own = directory / ".git"
    listed = git.run(own, "notes", f"--ref={MARKS}", "list", check=False).text.splitlines()
    blobs = {commit: blob for blob, _, commit in (line.partition(" ") for line in listed)}
    wanted = [commit for commit in commits if commit in blobs]
    texts = git.blobs(own, [blobs[commit] for commit in wanted])
    return {
        commit: [line for line in (text or b"").decode("utf-8", "surrogateescape").splitlines() if line]
        for commit, text in zip(wanted, texts, strict=True)
    }


def commits_since(directory: Path, base: str) -> list[tuple[str, int]] | None:
    """Give the commits of a work tree on a base, the first first, each with the number of its parents.

    :return: None if it is not on that base any more
    """
    own = directory / ".git"
    if git.run(own, "merge-base", "--is-ancestor", base, "HEAD", check=False).status != 0:
        return None
    listed = git.run(own, "rev-list", "--reverse", "--topo-order", "--parents", f"{base}..HEAD").text.splitlines()
    return [(line.split()[0], len(line.split()) - 1) for line in listed]


def uncommitted(directory: Path, paths: Sequence[Path] = ()) -> list[str]:
    """Name what is not committed in a work tree, as ``git status --porcelain`` does.

    :param paths: look at these only
    """
    limit = ["--", *map(str, paths)] if paths else []
    return as_user(directory, "status", "--porcelain", "--untracked-files=all", *limit).text.splitlines()


def is_tracked(directory: Path, path: Path) -> bool:
    """Tell whether a repository has a file."""
    return as_user(directory, "ls-files", "--error-unmatch", "--", str(path), check=False).status == 0


def ignored(directory: Path) -> list[str]:
    """Name the files in a folder that git is told to ignore, from the folder; none where it is in no repository."""
    words = ("ls-files", "--others", "--ignored", "--exclude-standard", "-z")
    return as_user(directory, *words, check=False).text.split("\0")[:-1]


def branch(directory: Path) -> str:
    """Give the branch that a work tree is on; empty if it is on none."""
    return git.run(directory / ".git", "symbolic-ref", "--quiet", "--short", "HEAD", check=False).text.strip()


def rebase_stop(directory: Path) -> Stop:
    """Tell where a rebase stands in a work tree (git-rebase(1))."""
    own = directory / ".git"
    if (own / "rebase-apply").exists():
        return Stop.BY_HAND
    if not (own / "rebase-merge").exists():
        return Stop.NONE
    plan = own / "rebase-merge" / "git-rebase-todo"
    left = [line for line in plan.read_text().splitlines() if line and not line.startswith("#")]
    # The file `amend` is there where a commit is to be amended, and not where one is in conflict.
    amending = (own / "rebase-merge" / "amend").exists() and all(line.startswith(("pick ", "p ")) for line in left)
    return Stop.TO_AMEND if amending else Stop.BY_HAND


def rebase_stopping_at(directory: Path, base: str, commits: Sequence[str], stop: str) -> None:
    """Begin a rebase that changes nothing by itself and stops at a commit, for the user to amend."""
    plan = directory / ".git" / "stackwright-todo"
    plan.write_text("".join(f"{'edit' if commit == stop else 'pick'} {commit}\n" for commit in commits))
    try:
        words = ("rebase", "--quiet", "--interactive", "--no-autosquash", "--keep-empty", base)
        as_user(directory, *words, env={"GIT_SEQUENCE_EDITOR": f"cp {shlex.quote(str(plan))}"})
    finally:
        plan.unlink()


def go_on_rebasing(directory: Path) -> Completed:
    """Go on with a rebase; a status other than 0 is given, not raised."""
    return as_user(directory, "rebase", "--continue", env={"GIT_EDITOR": "true"}, check=False)


def amend(directory: Path) -> None:
    """Take everything that is not committed into the last commit, whose message stays."""
    as_user(directory, "add", "--all")
    as_user(directory, "commit", "--quiet", "--amend", "--no-edit")


def commit_empty(directory: Path, message: str) -> str:
    """Make a commit that changes nothing, and give its id."""
    as_user(directory, "commit", "--quiet", "--allow-empty", "--file=-", stdin=_bytes(message))
    return as_user(directory, "rev-parse", "HEAD").text.strip()


def commit_paths(directory: Path, paths: Sequence[Path], message: str) -> str:
    """Commit these paths as they are now, and nothing else of the repository; gives the commit's id."""
    words = ("commit", "--quiet", "--file=-", "--only", "--", *map(str, paths))
    as_user(directory, *words, stdin=_bytes(message))
    return as_user(directory, "rev-parse", "HEAD").text.strip()


def identity(directory: Path) -> tuple[str, str, str]:
    """Give the name, the address and the time (``@seconds zone``) that git would write as a commit's author here.

    :raises InputError: the user has not told git who he is
    """
    said = as_user(directory, "var", "GIT_AUTHOR_IDENT", check=False)
    committer = as_user(directory, "var", "GIT_COMMITTER_IDENT", check=False)
    if said.status != 0 or committer.status != 0:
        raise InputError(
            "git does not know who you are",
            where=Where(file=directory),
            why="a commit says who made it",
            fix="git config --global user.name NAME; git config --global user.email ADDRESS",
        )
    name, _, rest = said.text.rstrip("\n").rpartition(" <")
    mail, _, date = rest.partition("> ")
    return name, mail, f"@{date}"


def as_user(
    directory: Path,
    *arguments: str,
    stdin: bytes | None = None,
    env: Mapping[str, str] | None = None,
    check: bool = True,
) -> Completed:
    """Run git in a work tree as the user would: his settings, hooks and identity count."""
    foreign = {name: None for name in os.environ if name.startswith("GIT_") and not name.startswith(KEPT)}
    command = ["git", "-C", str(directory), *arguments]
    return process.run(command, env={**foreign, "LC_ALL": "C", **(env or {})}, stdin=stdin, check=check)


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
