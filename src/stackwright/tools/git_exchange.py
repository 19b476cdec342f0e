"""Git: commits taken from a repository of the user's, and given to one; its settings and work tree play no part."""

from __future__ import annotations

import os
import re
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from stackwright.tools import git, process

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


def directory_of(place: Path) -> Path | None:
    """Give the repository that a place is in, or is (bare); None if there is none.

    :raises ProgramFailedError: git does not want to read it
    """
    environment = {name: None for name in os.environ if name.startswith("GIT_") and not git.KEPT.match(name)}
    argv = ["git", "-C", str(place), "rev-parse", "--absolute-git-dir"]
    completed = process.run(argv, env={**environment, "LC_ALL": "C"}, check=False)
    if completed.status == 0:
        return Path(os.fsdecode(completed.stdout.rstrip(b"\n")))
    if b"not a git repository" in completed.stderr:
        return None
    raise process.ProgramFailedError(argv, completed.status, completed.stderr.decode(errors="replace"))


def refs(repository: Path) -> list[str]:
    """Give the short names of all branches and tags."""
    return git.run(repository, "for-each-ref", "--format=%(refname:short)").text.splitlines()


def commits_between(repository: Path, old: str, new: str) -> list[tuple[str, ...]]:
    """Give the commits of ``OLD..NEW``, parents first, each as its id and those of its parents."""
    listed = git.run(repository, "rev-list", "--reverse", "--topo-order", "--parents", new, f"^{old}", "--").text
    return [tuple(line.split()) for line in listed.splitlines()]


@contextmanager
def borrowing(repository: Path) -> Iterator[Path]:
    """Give an empty repository that sees the objects of another, and nothing of its settings, while the block runs."""
    objects = git.run(repository, "rev-parse", "--path-format=absolute", "--git-path", "objects").stdout
    with tempfile.TemporaryDirectory(prefix="stackwright-") as scratch:
        own = Path(scratch) / "git"
        git.init_bare(own)
        alternates = own / "objects" / "info" / "alternates"
        alternates.parent.mkdir(exist_ok=True)
        alternates.write_bytes(objects)
        yield own


def give(source: Path, target: Path, tip: str, *, without: Sequence[str] = ()) -> None:
    """Copy a commit, its history and all that is in them from one repository to another.

    :param without: commits that the other one has, with their history
    """
    wanted = "".join([f"{tip}\n", *(f"^{name}\n" for name in without)])
    pack = git.run(source, "pack-objects", "--quiet", "--revs", "--stdout", "--thin", stdin=wanted.encode()).stdout
    git.run(target, "index-pack", "--stdin", "--fix-thin", stdin=pack)


def is_branch_name(name: str) -> bool:
    """Tell whether git takes this as the name of a branch."""
    # It reads no repository; `git check-ref-format` without `--branch` expands nothing.
    completed = git.run(Path(os.devnull), "check-ref-format", f"refs/heads/{name}", check=False)
    return completed.status == 0 and not name.startswith("-")


def worked_on(repository: Path) -> dict[str, str]:
    """Give the branches that work trees of a repository are on, each with its work tree."""
    listed = os.fsdecode(git.run(repository, "worktree", "list", "--porcelain").stdout)
    found = {}
    for paragraph in listed.split("\n\n"):
        tree = re.search(r"^worktree (.*)$", paragraph, re.MULTILINE)
        branch = re.search(r"^branch refs/heads/(.*)$", paragraph, re.MULTILINE)
        if tree and branch and not re.search(r"^bare$", paragraph, re.MULTILINE):
            found[branch[1]] = tree[1]
    return found


def create_branch(repository: Path, name: str, commit: str) -> None:
    """Make a branch that is not there yet."""
    git.run(repository, "update-ref", f"refs/heads/{name}", commit, "0" * len(commit))
