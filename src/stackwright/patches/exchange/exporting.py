"""Give a series away: as commits, as mails, as a quilt directory, with DEP-3 headers."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from stackwright.errors import InputError, Where
from stackwright.patches.commits import as_commits, base_commit, written
from stackwright.patches.exchange import dep3, mails
from stackwright.patches.series import SERIES
from stackwright.store import CommitId, TreeId
from stackwright.tools import git, git_commits, git_exchange

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stackwright.patches.apply import Applied
    from stackwright.patches.model import Patch, Series
    from stackwright.store import Store

# How lines begin that have such a path.
QUOTING = (b'--- "', b'+++ "', b'diff --git "', b'rename from "', b'rename to "')
MAIL = re.compile(rb"From [0-9a-f]{40} Mon Sep 17 00:00:00 2001\n")


@dataclass(frozen=True)
class Exported:
    """What is given away.

    :param files: by name
    :param notes: what whoever takes it should know
    """

    files: Mapping[str, bytes]
    notes: tuple[str, ...] = ()


class Exporter:
    """A series, applied, and the commits that its patches are.

    :param base: the commit that the series is on
    """

    def __init__(self, store: Store, upstream: TreeId, series: Series, applied: Applied, commit: str = "") -> None:
        self.store = store
        self.series = series
        self.trees = (upstream, *applied.trees)
        known = commit and git.object_types(store.directory, [commit]) == ["commit"]
        self.base = CommitId(commit) if known else base_commit(store, upstream)
        self.has_history = bool(known)
        self.commits = as_commits(store, self.base, series.patches, applied.trees)

    def mailbox(self) -> tuple[bytes, tuple[str, ...]]:
        """Give the mails one behind the other, and what to know of them.

        Files that git-format-patch(1) has written are in it as they are; the others are written anew.
        """
        mails_, notes = [], []
        for patch, commit in zip(self.series.patches, self.commits, strict=True):
            content = _bytes_of(patch)
            if not MAIL.match(content) or patch.strip != 1:
                content = written(self.store, commit)
                notes.append(f"{patch.name} was written anew, as a mail of git")
            if not content.endswith(b"\n"):
                content += b"\n"
            for line in mails.foreign_borders(content):
                notes.append(
                    f"{patch.name}, line {line}: git am takes this for the beginning of a mail; patch import does not"
                )
            mails_.append(content)
        return b"".join(mails_), tuple(notes)

    def quilt(self) -> Exported:
        """Give the files and their ``series``, as they are."""
        return self._directory({}, "quilt")

    def debian(self) -> Exported:
        """Give the same with DEP-3 headers, and paths that lose one part as dpkg-source(1) wants it."""
        headed = {}
        for number, patch in enumerate(self.series.patches):
            if dep3.is_dep3(patch) and patch.strip == 1:
                continue
            (commit,) = git_commits.read_commits(self.store.directory, [self.commits[number]])
            head = dep3.header_of(patch, author=commit.author, date=commit.date, message=commit.message)
            old, new = self.trees[number : number + 2]
            diff = patch.diff if patch.strip == 1 else git_commits.diff_trees(self.store.directory, old, new)
            headed[patch.name] = head + b"\n" + diff
        return self._directory(headed, "dep3")

    def _directory(self, contents: Mapping[str, bytes], form: str) -> Exported:
        names = _names(self.series)
        files: dict[str, bytes] = {}
        notes, lines = [], []
        for patch in self.series.patches:
            _check_for_patch(patch, form)
            empty = [change.path for change in patch.changes if change.old is None and not change.hunks]
            notes += [f"{patch.name} makes the empty file {path}: dpkg-source takes it away again" for path in empty]
            name = names[patch.name]
            files[name] = contents.get(patch.name, b"") or _bytes_of(patch)
            option = f" -p{patch.strip}" if patch.strip != 1 and patch.name not in contents else ""
            lines.append(f"{name}{option}\n")
            if option:
                notes.append(f"{name} has the option{option}: quilt takes it, dpkg-source wants -p1 ({form} does not)")
        for line in self.series.disabled:
            name = names[line.name]
            files[name] = line.file.read_bytes()
            lines.append(f"# disabled: {name}{f' -p{line.strip}' if line.strip != 1 else ''}\n")
            notes.append(f"{name} is disabled, and a comment in the series")
        files[SERIES] = "".join(lines).encode("utf-8", "surrogateescape")
        return Exported(files, tuple(notes))

    def branch(self, place: Path, name: str) -> tuple[CommitId, bool]:
        """Let a branch of another repository be the series; gives its commit, and whether it was there already.

        Its work trees are left alone.

        :raises InputError: there is no such repository, it lacks the upstream commit, or has another such branch
        """
        repository = git_exchange.directory_of(place) if place.is_dir() else None
        if repository is None:
            raise InputError("there is no git repository", where=Where(place), fix=f"git init {place}")
        if not git_exchange.is_branch_name(name):
            raise InputError(
                f"{name!r} cannot be the name of a branch", where=Where(place), fix="git check-ref-format says why"
            )
        tip = self.commits[-1] if self.commits else self.base
        before = git.rev_parse(repository, f"refs/heads/{name}")
        if before == tip:
            return tip, True
        trees = git_exchange.worked_on(repository)
        if before is not None or name in trees:
            why = f"the work tree {trees[name]} is on it" if name in trees else f"it is the commit {before}"
            fix = f"name another, or first: git -C {place} branch -D {name}"
            raise InputError(f"there is a branch {name} already", where=Where(place), why=why, fix=fix)
        without = []
        if self.has_history:
            if git.object_types(repository, [self.base]) != ["commit"]:
                raise InputError(
                    f"the repository lacks the upstream commit {self.base}",
                    where=Where(place), why="the series is put on top of it, with its history",
                    fix=f"git -C {place} fetch its upstream, or export to a clone of it",
                )  # fmt: skip
            without = [str(self.base)]
        git_exchange.give(self.store.directory, repository, tip, without=without)
        git_exchange.create_branch(repository, name, tip)
        return tip, False


def write_file(file: Path, content: bytes) -> None:
    """Write a file that is not there yet, or has this content.

    :raises InputError: there is another
    """
    if file.exists() and (not file.is_file() or file.read_bytes() != content):
        raise InputError(
            "there is another file of this name", where=Where(file), why="nothing is overwritten", fix=f"rm {file}"
        )
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)


def write_directory(directory: Path, exported: Exported) -> None:
    """Write files into a directory, the ``series`` last; what is there with other content is left.

    :raises InputError: another series, or another file of such a name, is there
    """
    for name, content in exported.files.items():
        file = directory / name
        if file.exists() and (not file.is_file() or file.read_bytes() != content):
            raise InputError(
                "there is another file of this name", where=Where(file), why="nothing is overwritten",
                fix=f"give a directory that is not there yet, or rm {file}",
            )  # fmt: skip
    for name in sorted(exported.files, key=lambda name: name == SERIES):
        write_file(directory / name, exported.files[name])


def _bytes_of(patch: Patch) -> bytes:
    return patch.file.read_bytes() if patch.file else patch.head + patch.diff + patch.tail


def _names(series: Series) -> dict[str, str]:
    """Give the names in a directory of its own: a patch that is shared, or another release's, comes with the rest."""
    wanted = [*(patch.name for patch in series.patches), *(line.name for line in series.disabled)]
    found: dict[str, str] = {}
    for name in wanted:
        plain = Path(name).name
        flat = plain if plain not in found.values() else re.sub(r"[/.]{2,}|/", "-", name).strip("-")
        found[name] = flat
    return found


def _check_for_patch(patch: Patch, form: str) -> None:
    """See that the programs of a form can apply a patch: patch(1) with quilt, and dpkg-source(1) besides with DEP-3.

    :raises InputError: they cannot
    """
    for change in patch.changes:
        what = why = ""
        if change.binary:
            what, why = "the binary file", "quilt and dpkg-source run patch(1), which reads no binary diffs"
        elif form == "dep3" and any(
            line.startswith(QUOTING) for line in change.text.split(b"\n@@ -", 1)[0].split(b"\n")
        ):
            what, why = "the file", "dpkg-source reads no path that git writes in quotes"
        if what:
            raise InputError(
                f"{patch.name} changes {what} {change.path}, which cannot be given away as {form}",
                where=Where(patch.file, change.line), why=why, fix="export it as git:DIR#BRANCH or mbox:FILE",
            )  # fmt: skip
