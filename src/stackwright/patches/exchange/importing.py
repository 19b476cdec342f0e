"""Bring patches into a series: what is new of them, under which names, and the files that this makes."""

from __future__ import annotations

import os
import re
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from hashlib import sha256
from itertools import count
from typing import TYPE_CHECKING

from stackwright.distribution.reading import Collector
from stackwright.errors import InputError, Where
from stackwright.patches import safety
from stackwright.patches.editing.draft import draft_of, find
from stackwright.patches.editing.replacing import replace as replace_files
from stackwright.patches.exchange import hotfix, mails
from stackwright.patches.matrix.contents import change_of
from stackwright.patches.parse import parse
from stackwright.patches.series import PATCH_SUFFIXES, patch_files

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping
    from pathlib import Path

    from stackwright.patches.editing.draft import Draft
    from stackwright.patches.exchange.layouts import Brought, Foreign
    from stackwright.patches.model import Patch, Series

NUMBER = re.compile(r"(\d{4,})-")
UNFIT = re.compile(r"[\s#]+")


@dataclass(frozen=True)
class Coming:
    """A patch that a series gets.

    :param brought: as it was found
    :param name: of its file in the series
    :param patch: the same, read
    :param notes: what was done to it
    """

    brought: Brought
    name: str
    content: bytes
    patch: Patch
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Skipped:
    """A patch that a series has already.

    :param same_as: where
    """

    brought: Brought
    patch: Patch
    same_as: Where


@dataclass(frozen=True)
class Import:
    """What an import does.

    :param draft: the series as it is to be, and the files that this takes
    :param read: what the files were when it was planned; None for one that was not there
    """

    draft: Draft
    read: Mapping[Path, bytes | None]
    coming: tuple[Coming, ...]
    skipped: tuple[Skipped, ...]


def plan_import(
    series: Series,
    foreign: Foreign,
    *,
    after: str | None = None,
    annotate: bool = False,
    tree: Callable[[], Collection[str]],
) -> Import:
    """See what an import makes of a series; nothing is written.

    :param after: the patch of the series that the new ones follow (the last)
    :param annotate: write into backports which upstream commit they are
    :param tree: gives the files of the upstream tree; asked only where paths have to be brought to it
    :raises InputError: a patch is none, leaves its tree, or its name is taken; all that are wrong, together
    """
    draft = draft_of(series)
    place = _place(series, after)
    known = _Known(series)
    naming = _Naming(series)
    coming: list[Coming] = []
    skipped: list[Skipped] = []
    collector = Collector()
    for brought in foreign.patches:
        with collector.collecting():
            one = _read(brought, annotate, tree)
            same = known.add(one.content, one.patch, brought.origin)
            if same:
                skipped.append(Skipped(brought, one.patch, same))
                continue
            one = naming.named(one)
            coming.append(one)
            file = draft.file.inserted(one.name, after=place, strip=one.brought.strip, comment=one.brought.comment)
            file = file.disabled(one.name) if one.brought.disabled else file
            draft = draft.with_new(one.name, one.content).listed(file)
            place = one.name if after is not None else None
    collector.raise_errors()
    read = {file: file.read_bytes() if file.exists() else None for file in draft.files}
    return Import(draft, read, tuple(coming), tuple(skipped))


def carry_out(plan: Import, undo: Path) -> Path | None:
    """Write the files and the ``series``, all or none.

    :param undo: a folder that a copy of the ``series`` file as it was is kept in
    :return: the folder of that copy; None if there was none before
    :raises InputError: meanwhile the series is another, or there is another file of such a name
    """
    if not plan.coming:
        return None
    directory = plan.draft.series.directory
    about = f"import-{directory.parent.name}-{directory.name}"
    return replace_files(directory.parent.parent, plan.draft.files, read=plan.read, undo=undo, about=about)


class _Known:
    """The patches that a series has, by what they are."""

    def __init__(self, series: Series) -> None:
        self.places: dict[str, Where] = {}
        for patch in series.patches:
            if patch.file:
                self.add(patch.file.read_bytes(), patch, patch.listed)
        for line in series.disabled:
            with suppress(InputError):  # whatever it is, it is not applied
                self.add(line.file.read_bytes(), parse(line.file, strip=line.strip), line.here)

    def add(self, content: bytes, patch: Patch, where: Where) -> Where | None:
        """Remember a patch, or tell where the same is already: the same bytes, or the same changes."""
        keys = (sha256(content).hexdigest(), change_of(patch))
        same = next((self.places[key] for key in keys if key in self.places), None)
        if same is None:
            self.places.update(dict.fromkeys(keys, where))
        return same


class _Naming:
    """Gives names to files; none that is taken."""

    def __init__(self, series: Series) -> None:
        self.directory = series.directory
        self.taken = {patch.name: patch.listed for patch in series.patches}
        self.taken |= {line.name: line.here for line in series.disabled}
        numbers = [int(match[1]) for file in patch_files(self.directory) if (match := NUMBER.match(file.name))]
        self.numbers = count(max(numbers, default=0) + 1)

    def named(self, one: Coming) -> Coming:
        """Give a patch with its name.

        :raises InputError: the name is another file's
        """
        wanted = one.brought.name
        notes = one.notes
        if wanted:
            flat = UNFIT.sub("-", wanted.replace("/", "-")).lstrip(".-")
            name = flat if flat.endswith(PATCH_SUFFIXES) else f"{flat}.patch"
            notes = (*notes, *([f"named {name} here"] if name != wanted else []))
        else:
            name = mails.file_name(next(self.numbers), one.patch.subject)
        self._check(name, one)
        self.taken[name] = one.brought.origin
        return replace(one, name=name, notes=notes)

    def _check(self, name: str, one: Coming) -> None:
        file = self.directory / name
        fix = "give the one that comes another name, and import it again"
        if name in self.taken:
            raise InputError(
                f"the name {name} is taken", where=one.brought.origin, why=f"by another patch: {self.taken[name]}",
                fix=fix,
            )  # fmt: skip
        if os.path.lexists(file) and (not file.is_file() or file.read_bytes() != one.content):
            raise InputError(
                f"there is another {name} already", where=Where(file),
                why=f"that of {one.brought.origin} has other content, and nothing is overwritten", fix=fix,
            )  # fmt: skip


def _read(brought: Brought, annotate: bool, tree: Callable[[], Collection[str]]) -> Coming:
    """Read a patch, and change of it only what has to be changed."""
    content, notes, strip = brought.content, [], brought.strip
    patch = _parsed(brought, content)
    if hotfix.is_of_installed_files(patch):
        found = hotfix.mapped(content, patch, brought.origin, tree)
        patch, content, strip = hotfix.check(found, brought.origin), found.content, 1
        notes += [f"{old} is {new} of the tree" for old, new in found.paths.items()]
        if found.one_sided:
            notes.append(f"{found.one_sided} files are on one side only, and not in the diff: make it with diff -N")
    if annotate and brought.backport_of:
        content, added = _annotated(content, patch, brought.backport_of)
        notes += [f"`{line}` was added" for line in added]
    patch = replace(_parsed(replace(brought, strip=strip), content), file=brought.origin.file)
    with _placed(brought):
        safety.check(patch, frozenset())
    return Coming(replace(brought, strip=strip), "", content, patch, tuple(notes))


def _parsed(brought: Brought, content: bytes) -> Patch:
    name = brought.name or (brought.origin.file.name if brought.origin.file else brought.origin.subject)
    with _placed(brought):
        return parse(content, name=name, strip=brought.strip)


@contextmanager
def _placed(brought: Brought) -> Iterator[None]:
    """Let what is wrong with a patch have the place in the file that it is a part of."""
    try:
        yield
    except InputError as error:
        line = None if error.where.line is None else error.where.line + brought.line - 1
        error.where = Where(brought.origin.file, line, subject=brought.origin.subject)
        if brought.origin.file:
            error.fix = re.sub(r" PATCH$", f" {brought.origin.file}", error.fix)
        raise


def _annotated(content: bytes, patch: Patch, commit: str) -> tuple[bytes, list[str]]:
    """Add to a message which upstream commit it is, where it does not say so."""
    added = []
    if not patch.metadata.all_of("origin"):
        added.append(f"Origin: backport, commit:{commit}")
    if not any(commit.startswith(known) or known.startswith(commit) for known in patch.metadata.cherry_picked_from):
        added.append(f"(cherry picked from commit {commit})")
    written = [line for line in patch.header.lines if line.text.strip()]
    if not added or not written:
        return content, []
    last = written[-1]
    indent = b" " * (last.column - 1)
    lines = content.split(b"\n")
    apart = [] if any(field.trailer and field.line == last.number for field in patch.header.fields) else [b""]
    lines[last.number : last.number] = [*apart, *(indent + line.encode() for line in added)]
    return b"\n".join(lines), added


def _place(series: Series, after: str | None) -> str | None:
    """Give the name in the series of the patch that the new ones follow, disabled or not."""
    if after is None or after in {line.name for line in series.disabled}:
        return after
    return find(series, after)
