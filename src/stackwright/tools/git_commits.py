"""Git: commits made and read without a work tree, and the patches that git makes of them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from stackwright.tools import git

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

# How a diff is written: the same bytes whatever the repository it is made in has besides.
DIFF = ("--full-index", "--binary", "--find-renames", "--no-ext-diff", "--no-textconv", "--no-color")
PERSON = re.compile(rb"(.*?) ?<([^>]*)> (-?\d+) ([-+]\d{4})")


@dataclass(frozen=True)
class Commit:
    """What a commit says.

    :param author: ``Name <address>``
    :param date: of the author, as git keeps it: seconds since the epoch and a zone, ``1700000000 +0100``
    :param message: whole, with its line ends as they are
    """

    commit: str
    tree: str
    parents: tuple[str, ...]
    author: str
    date: str
    message: str

    @property
    def subject(self) -> str:
        """The first paragraph of the message in one line, as git shows it."""
        return " ".join(self.message.lstrip("\n").partition("\n\n")[0].split("\n")).strip()


def commit_tree(
    repository: Path, tree: str, parents: Sequence[str], *, author: str, mail: str, date: str, message: str
) -> str:
    """Make a commit and give its id. Its committer is its author, so that the same words give the same commit.

    :param date: in any form that git reads (git-commit(1): Date Formats)
    """
    who = {f"GIT_{role}_NAME": author for role in ("AUTHOR", "COMMITTER")}
    who |= {f"GIT_{role}_EMAIL": mail for role in ("AUTHOR", "COMMITTER")}
    who |= {f"GIT_{role}_DATE": date for role in ("AUTHOR", "COMMITTER")}
    above = [word for parent in parents for word in ("-p", parent)]
    text = message.encode("utf-8", "surrogateescape")
    return git.run(repository, "commit-tree", *above, "-F", "-", tree, stdin=text, env=who).text.strip()


def read_commits(repository: Path, commits: Iterable[str]) -> list[Commit]:
    """Read commits, in the order given."""
    names = list(commits)
    lines = "".join(f"{name}^{{commit}}\n" for name in names).encode()
    output = git.run(repository, "cat-file", "--batch", stdin=lines).stdout
    found = []
    position = 0
    while position < len(output):
        end = output.index(b"\n", position)
        name, _, size = output[position:end].decode().rpartition(" commit ")
        found.append(_commit(name, output[end + 1 : end + 1 + int(size)]))
        position = end + int(size) + 2
    return found


def format_patch(repository: Path, commit: str, *, strip: int = 1) -> bytes:
    """Give the patch of a commit as git-format-patch(1) writes it, with nothing in it that varies by itself.

    :param strip: how many leading parts its paths shall have to lose
    """
    options = ("--stdout", "-1", "--zero-commit", "--no-signature", *DIFF, *_prefixes(strip))
    return git.run(repository, "format-patch", *options, commit).stdout


def file_name(repository: Path, commit: str) -> str:
    """Give the name that git-format-patch(1) makes of a subject, without number and suffix."""
    return git.run(repository, "log", "-1", "--format=%f", commit).text.strip().lstrip(".-") or "patch"


def diff_trees(repository: Path, old: str, new: str, *, strip: int = 1) -> bytes:
    """Give the difference of two trees as `format_patch` writes it, which `git.apply_cached` takes."""
    return git.run(repository, "diff-tree", "-r", "-p", *DIFF, *_prefixes(strip), old, new).stdout


def stat_of_trees(repository: Path, old: str, new: str) -> bytes:
    """Give the summary of a difference that stands above it in a mail: files, lines, new modes."""
    return git.run(repository, "diff-tree", "-r", "--stat=72", "--summary", "--find-renames", old, new).stdout


def _prefixes(strip: int) -> tuple[str, ...]:
    return (f"--src-prefix={'a/' * strip}", f"--dst-prefix={'b/' * strip}") if strip else ("--no-prefix",)


def _commit(name: str, data: bytes) -> Commit:
    head, _, message = data.partition(b"\n\n")
    tree, parents, author, date, encoding = "", [], "", "", "utf-8"
    for line in head.split(b"\n"):
        key, _, value = line.partition(b" ")
        if key == b"tree":
            tree = value.decode()
        elif key == b"parent":
            parents.append(value.decode())
        elif key == b"encoding":
            encoding = value.decode()
        elif key == b"author" and (match := PERSON.fullmatch(value)):
            author = f"{_text(match[1], encoding)} <{_text(match[2], encoding)}>"
            date = f"{match[3].decode()} {match[4].decode()}"
    return Commit(name, tree, tuple(parents), author, date, _text(message, encoding))


def _text(data: bytes, encoding: str) -> str:
    try:
        return data.decode(encoding, "surrogateescape")
    except LookupError:
        return data.decode("utf-8", "surrogateescape")
