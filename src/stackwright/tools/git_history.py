"""Git: the history of a repository, read without a work tree and, but for what is said, without any file's content."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from stackwright.tools import git
from stackwright.tools.git_commits import DIFF

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

NO_FILE = "000000"
EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"


@dataclass(frozen=True)
class FileChange:
    """What a commit does to a path; the mode is `NO_FILE` where there is no file."""

    path: str
    old_mode: str
    old_blob: str
    mode: str
    blob: str


@dataclass(frozen=True)
class Step:
    """A commit, and what it does to the paths that were asked for: compared with its first parent."""

    commit: str
    parents: tuple[str, ...]
    changes: tuple[FileChange, ...]


@dataclass(frozen=True)
class Told:
    """What a commit tells of itself.

    :param seconds: when it was committed, since the epoch
    """

    commit: str
    seconds: int
    author: str
    message: str


def steps(repository: Path, tip: str, paths: Iterable[str], *, without: Iterable[str] = ()) -> list[Step]:
    """Give the commits on the first-parent line of a tip that change one of these paths, the newest first.

    :param without: commits that are left out with all their ancestors
    """
    output = _log(repository, tip, without, "--raw", "--no-abbrev", "--no-renames", "--first-parent",
                  "--format=%H %P", paths=paths).decode("utf-8", "surrogateescape")  # fmt: skip
    found: list[Step] = []
    parts = iter(output.split("\0"))
    for part in parts:
        line = part.lstrip("\n")
        if line.startswith(":"):
            change = _file_change(line, next(parts))
            found[-1] = Step(found[-1].commit, found[-1].parents, (*found[-1].changes, change))
        elif line:
            commit, *parents = line.split()
            found.append(Step(commit, tuple(parents), ()))
    return found


def changes_of(repository: Path, commit: str) -> list[FileChange]:
    """Give everything that a commit changes, compared with its first parent."""
    options = ("-r", "-z", "--raw", "--no-abbrev", "--no-renames", "--no-commit-id")
    output = git.run(repository, "diff-tree", *options, parent_of(repository, commit), commit).stdout
    parts = iter(output.decode("utf-8", "surrogateescape").split("\0")[:-1])
    return [_file_change(about, next(parts)) for about in parts]


def parent_of(repository: Path, commit: str) -> str:
    """Give the first parent of a commit; the empty tree if it has none."""
    return git.rev_parse(repository, f"{commit}^") or EMPTY_TREE


def ancestor(repository: Path, tip: str, steps_back: int) -> str | None:
    """Give the commit so many first parents before a tip; None if the history is shorter."""
    return git.rev_parse(repository, f"{tip}~{steps_back}")


def is_ancestor(repository: Path, commit: str, tip: str) -> bool:
    """Tell whether a commit is a tip or one of its ancestors; one that is not there is not."""
    return git.run(repository, "merge-base", "--is-ancestor", commit, tip, check=False).status == 0


def told(repository: Path, tip: str, *, without: Iterable[str] = ()) -> Iterator[Told]:
    """Give what the commits of a history tell, all but merges, the newest first.

    :param without: commits that are left out with all their ancestors; those that are not there count for nothing
    """
    options = ("--no-merges", "--encoding=UTF-8", "--ignore-missing", "--format=%H%n%ct%n%an <%ae>%n%B")
    for record in _log(repository, tip, without, *options).decode(errors="replace").split("\0"):
        if record:
            commit, seconds, author, message = record.split("\n", 3)
            yield Told(commit, int(seconds), author, message)


def patch_ids(
    repository: Path, tip: str, paths: Iterable[str], *, without: Iterable[str] = (), limit: int
) -> dict[str, str]:
    """Give the patch-id (git-patch-id(1)) of what each commit does to these paths, by commit.

    The content of the files before and after each commit is needed.

    :param limit: how many commits at most, the newest
    """
    options = ("--no-merges", "--ignore-missing", f"--max-count={limit}", "--patch", *DIFF, "--format=commit %H")
    log = _log(repository, tip, without, *options, paths=paths, zero=False)
    return {commit: id_ for id_, commit in _patch_ids(repository, log)}


def patch_id(repository: Path, diff: bytes) -> str | None:
    """Give the patch-id of a diff as git writes it; None if it has none."""
    return next((id_ for id_, _ in _patch_ids(repository, diff)), None)


def blobs_of(repository: Path, tip: str, paths: Iterable[str], *, without: Iterable[str] = (), limit: int) -> set[str]:
    """Give the blobs that `patch_ids` needs with the same arguments."""
    options = ("--no-merges", "--ignore-missing", f"--max-count={limit}", "--raw", "--no-abbrev", "--no-renames")
    log = _log(repository, tip, without, *options, "--format=", paths=paths, zero=False)
    blobs = {blob.decode() for line in re.findall(rb"^:\d+ \d+ ([0-9a-f]+ [0-9a-f]+) ", log, re.MULTILINE)
             for blob in line.split()}  # fmt: skip
    return {blob for blob in blobs if blob.strip("0")}


def diff_of(repository: Path, old: str, new: str, paths: Iterable[str]) -> bytes:
    """Give the difference of two commits or trees in some files, as a git patch."""
    names = [*dict.fromkeys(paths)]
    return git.run(repository, "--literal-pathspecs", "diff-tree", "-r", "-p", *DIFF, old, new, "--", *names).stdout


def _log(
    repository: Path, tip: str, without: Iterable[str], *options: str, paths: Iterable[str] = (), zero: bool = True
) -> bytes:
    names = [*paths]
    revisions = "".join(f"{name}\n" for name in (tip, *(f"^{name}" for name in without)))
    return git.run(
        repository, "--literal-pathspecs", "log", *(["-z"] if zero else []), *options, "--stdin", "--", *names,
        stdin=revisions.encode(),
    ).stdout  # fmt: skip


def _patch_ids(repository: Path, diffs: bytes) -> list[Sequence[str]]:
    return [line.split() for line in git.run(repository, "patch-id", "--stable", stdin=diffs).text.splitlines()]


def _file_change(about: str, path: str) -> FileChange:
    old_mode, mode, old_blob, blob, _ = about.lstrip(":").split(" ")
    return FileChange(path, old_mode, old_blob, mode, blob)
