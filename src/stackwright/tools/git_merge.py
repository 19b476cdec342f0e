"""Git: three-way merges without a checkout, and work trees in which a person resolves what they leave open."""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from stackwright.tools import git, process
from stackwright.tools.git_work_tree import as_user

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

# What is renamed is followed, as are new files into a folder that was renamed; both sides are shown with their base.
SETTINGS = ("merge.conflictStyle=diff3", "merge.directoryRenames=true")
# How a work tree is set up: its files keep their bytes, whatever the user or .gitattributes say of line ends.
OWN_SETTINGS = {"core.autocrlf": "false", "core.safecrlf": "false", "merge.conflictStyle": "diff3"}
REGULAR = ("100644", "100755")
UNMERGED_LEFT = 127  # git-merge-file(1): the status is the number of conflicts, up to this; above it is an error


@dataclass(frozen=True)
class Stage:
    """One side of a conflict.

    :param number: 1 is what both come from, 2 is ours, 3 is theirs
    :param mode: as git writes it
    """

    number: int
    mode: str
    blob: str


@dataclass(frozen=True)
class Merge:
    """What a merge has given.

    :param tree: the merged tree; what is in conflict has markers in it
    :param stages: of each path that is in conflict; none if the merge is clean
    :param both_changed: the files that had to be merged, by their lines
    """

    tree: str
    stages: Mapping[str, tuple[Stage, ...]]
    both_changed: tuple[str, ...]


def merge_commits(repository: Path, ours: str, theirs: str) -> Merge:
    """Merge two commits, index-only (git-merge-tree(1))."""
    settings = [part for setting in SETTINGS for part in ("-c", setting)]
    words = [*settings, "merge-tree", "--write-tree", "-z", "--messages", ours, theirs]
    completed = git.run(repository, *words, check=False)
    if completed.status not in (0, 1):
        raise process.ProgramFailedError(["git", *words], completed.status, completed.stderr.decode(errors="replace"))
    tree, *fields = completed.stdout.decode("utf-8", "surrogateescape").split("\0")
    end = fields.index("") if "" in fields else len(fields)
    stages: dict[str, tuple[Stage, ...]] = {}
    for field in fields[:end]:
        about, _, path = field.partition("\t")
        mode, blob, number = about.split(" ")
        stages[path] = (*stages.get(path, ()), Stage(int(number), mode, blob))
    return Merge(tree, stages, tuple(_both_changed(fields[end + 1 :])))


def merge_file(
    ours: bytes, base: bytes, theirs: bytes, *, labels: tuple[str, str, str], size: int, scratch: Path
) -> bytes | None:
    """Merge three forms of a file (git-merge-file(1)); None if one of them is binary.

    :param labels: of the three, as they stand behind the markers
    :param size: how many characters a marker has
    :param scratch: a directory to work in
    """
    files = [scratch / name for name in ("ours", "base", "theirs")]
    for file, content in zip(files, (ours, base, theirs), strict=True):
        file.write_bytes(content)
    named = [word for label in labels for word in ("-L", label)]
    words = ["merge-file", "-p", "--diff3", f"--marker-size={size}", *named, *map(str, files)]
    completed = git.run(scratch, *words, check=False)
    if 0 <= completed.status <= UNMERGED_LEFT:
        return completed.stdout
    if b"Cannot merge binary files" in completed.stderr:
        return None
    raise process.ProgramFailedError(["git", *words], completed.status, completed.stderr.decode(errors="replace"))


def write_blob(repository: Path, content: bytes) -> str:
    """Write the content of a file and give its id."""
    return git.run(repository, "hash-object", "-w", "--stdin", stdin=content).text.strip()


def changed_tree(repository: Path, tree: str, changes: Mapping[str, tuple[str, str] | None]) -> str:
    """Give a tree with some files in it changed: each to a mode and a blob, or taken away (None)."""
    gone = "".join(f"0 {'0' * 40}\t{path}\0" for path in changes)
    there = "".join(f"{entry[0]} {entry[1]}\t{path}\0" for path, entry in changes.items() if entry)
    with tempfile.TemporaryDirectory(prefix="stackwright-") as scratch:
        index = Path(scratch) / "index"
        git.read_tree(repository, index, tree)
        git.fill_index(repository, index, (gone + there).encode("utf-8", "surrogateescape"))
        return git.write_tree(repository, index)


def lay_out(
    repository: Path,
    directory: Path,
    *,
    head: str,
    picked: str,
    tree: str,
    stages: Mapping[str, Sequence[Stage]],
    message: str,
    attributes: str,
) -> None:
    """Make a directory a work tree in the middle of a cherry-pick, as git itself leaves one with conflicts.

    :param repository: whose objects it borrows
    :param directory: empty, or not there
    :param head: the commit that the merge is put on
    :param picked: the commit whose author and date the user's own `git commit` is to take
    :param tree: what its files are: the merged tree, with the markers in it
    :param stages: of the paths that are in conflict
    :param message: of the commit that is to become of it
    :param attributes: what is to hold for its files, as in a file ``.gitattributes``
    """
    own = directory / ".git"
    directory.mkdir(parents=True, exist_ok=True)
    git.run(own, "init", "--quiet", "--template=", "--initial-branch=main")
    (own / "objects/info/alternates").write_text(f"{(repository / 'objects').resolve()}\n")
    (own / "info").mkdir(exist_ok=True)
    (own / "info/attributes").write_text(attributes)
    for key, value in OWN_SETTINGS.items():
        git.run(own, "config", key, value)
    git.run(own, "update-ref", "HEAD", head)
    index = own / "index"
    git.read_tree(own, index, tree)
    git.checkout(own, index, directory)
    lines = "".join(f"0 {'0' * 40}\t{path}\0" for path in stages)
    lines += "".join(f"{side.mode} {side.blob} {side.number}\t{path}\0" for path in stages for side in stages[path])
    git.fill_index(own, index, lines.encode("utf-8", "surrogateescape"))
    git.run(own, "update-index", "-q", "--refresh", index=index, work_tree=directory, check=False)
    (own / "MERGE_MSG").write_bytes(message.encode("utf-8", "surrogateescape"))
    (own / "CHERRY_PICK_HEAD").write_text(f"{picked}\n")


def unmerged(directory: Path) -> list[str]:
    """Name the files of a work tree that are not resolved in its index."""
    listing = _own(directory, "ls-files", "-z", "--unmerged").decode("utf-8", "surrogateescape")
    return list(dict.fromkeys(entry.partition("\t")[2] for entry in listing.split("\0")[:-1]))


def not_added(directory: Path) -> list[str]:
    """Name the files of a work tree that its index does not have as they are: changed, gone, or new."""
    changed = _own(directory, "diff-files", "-z", "--name-only")
    new = _own(directory, "ls-files", "-z", "--others", "--exclude-standard")
    return (changed + new).decode("utf-8", "surrogateescape").split("\0")[:-1]


def index_tree(directory: Path, repository: Path) -> str:
    """Write the index of a work tree as a tree of the repository whose objects it borrows."""
    own = directory / ".git"
    tree = git.write_tree(own, own / "index")
    pack = git.run(own, "pack-objects", "--quiet", "--local", "--revs", "--stdout", stdin=f"{tree}\n".encode()).stdout
    git.run(repository, "index-pack", "--stdin", "--fix-thin", stdin=pack)
    return tree


def given_up(directory: Path, head: str) -> bool:
    """Tell whether the user has ended the cherry-pick of a work tree without a commit (`git cherry-pick --abort`)."""
    own = directory / ".git"
    return not (own / "CHERRY_PICK_HEAD").exists() and git.rev_parse(own, "HEAD") == head


def committed(directory: Path, head: str) -> str | None:
    """Give the message of the one commit that the user has made in a work tree on its head; None if it is not one."""
    own = directory / ".git"
    line = git.run(own, "rev-list", "--parents", "-1", "HEAD", check=False).text.split()
    if len(line) != 2 or line[1] != head:
        return None
    return (
        git.run(own, "log", "-1", "--format=%B", "HEAD").stdout.decode("utf-8", "surrogateescape").rstrip("\n") + "\n"
    )


def top_of(directory: Path) -> Path | None:
    """Give the top of the work tree that a directory is in; None if it is in none."""
    completed = as_user(directory, "rev-parse", "--show-toplevel", check=False)
    return Path(os.fsdecode(completed.stdout.removesuffix(b"\n"))) if completed.status == 0 else None


def user(directory: Path) -> str:
    """Give who works here, ``Name <address>``, as the user has told git; empty if they have not."""
    completed = as_user(directory, "-c", "user.useConfigOnly=true", "var", "GIT_AUTHOR_IDENT", check=False)
    return completed.text.rpartition("> ")[0] + ">" if completed.status == 0 else ""


def _own(directory: Path, *words: str) -> bytes:
    own = directory / ".git"
    git.run(own, "update-index", "-q", "--refresh", index=own / "index", work_tree=directory, check=False)
    return git.run(own, *words, index=own / "index", work_tree=directory).stdout


def _both_changed(fields: Sequence[str]) -> Iterable[str]:
    """Read messages of ``git merge-tree -z``, of which each is a count of paths, those paths, its kind and its text."""
    at = 0
    while at < len(fields) and fields[at]:
        kind = at + int(fields[at]) + 1
        if fields[kind] == "Auto-merging":
            yield fields[at + 1]
        at = kind + 2
