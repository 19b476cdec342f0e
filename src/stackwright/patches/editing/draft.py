"""What is to become of a series: tried on its tree before anything is written."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from stackwright.errors import CheckFailedError, InputError, Where, suggestion
from stackwright.patches.apply import apply
from stackwright.patches.conflict import PatchConflictError
from stackwright.patches.editing.series_file import SeriesFile
from stackwright.patches.model import Series
from stackwright.patches.parse import parse
from stackwright.patches.series import SERIES, lines_in, patch_files

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path

    from stackwright.patches.apply import Applied
    from stackwright.patches.model import Patch
    from stackwright.store import Store, TreeId

SUFFIX = ".patch"
# What git-format-patch(1) cuts its names to, with the suffix.
LONGEST = 64
NUMBERED = re.compile(r"(\d{4})-")
FILE_NAME = re.compile(r"[^\s/#.][^\s/]*")


@dataclass(frozen=True)
class Draft:
    """A series, and what it is to be.

    :param series: as it is
    :param was: the text of its ``series`` file; None if there is none
    :param file: the same as it is to be
    :param contents: of the patch files that are to be written; None for one that is to go
    :param notes: what a person should know of it
    :param shared: files that others name too, of which this series is to have forms of its own
    """

    series: Series
    was: bytes | None
    file: SeriesFile
    contents: Mapping[Path, bytes | None] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    shared: Collection[Path] = ()

    @property
    def listing(self) -> Path:
        """The ``series`` file."""
        return self.series.directory / SERIES

    @property
    def files(self) -> dict[Path, bytes | None]:
        """Everything that is to be written or to go."""
        changed = self.file.data != (self.was or b"")
        return {**self.contents, **({self.listing: self.file.data} if changed else {})}

    def listed(self, file: SeriesFile) -> Draft:
        """Give it with another text of the ``series`` file."""
        return replace(self, file=file)

    def noted(self, *notes: str) -> Draft:
        """Give it with more to tell."""
        return replace(self, notes=(*self.notes, *notes))

    def without(self, file: Path) -> Draft:
        """Give it without a patch file."""
        return replace(self, contents={**self.contents, file: None})

    def with_new(self, name: str, data: bytes) -> Draft:
        """Give it with a new patch file in the folder of the series; no line names it yet."""
        return replace(self, contents={**self.contents, self.series.directory / name: data})

    def with_content(self, patch: Patch, data: bytes) -> Draft:
        """Give it with another content of a patch file: of the one the series names, or of a form of its own."""
        assert patch.file is not None
        if patch.file.resolve() not in self.shared:
            return replace(self, contents={**self.contents, patch.file: data})
        name = patch.file.name
        if (self.series.directory / name).exists():  # the others name this one
            name = self.free_name(f"{patch.file.stem}-{self.series.directory.name}")
        draft = self.with_new(name, data)
        return draft if name == patch.name else draft.listed(self.file.renamed(patch.name, name))

    def free_name(self, stem: str) -> str:
        """Give a name for a new patch file that nothing has yet.

        It has a number before it, the next one, if the files of the series have numbers.
        """
        folder = self.series.directory
        known = {path.name for path in patch_files(folder)} | {path.name for path in self.contents}
        known |= {patch.name.rpartition("/")[2] for patch in self.series.patches}
        numbers = [match[1] for name in known if (match := NUMBERED.match(name))]
        if numbers and len(numbers) == len(known) and not NUMBERED.match(stem):
            stem = f"{max(map(int, numbers)) + 1:04}-{stem}"
        stem = stem[: LONGEST - len(SUFFIX) - 1].rstrip("-.")
        name, number = f"{stem}{SUFFIX}", 1
        while name in known or (folder / name).exists():
            number += 1
            name = f"{stem}-{number}{SUFFIX}"
        return name

    def resulting(self) -> Series:
        """Give the series as it is to be.

        :raises InputError: what is to be written cannot be read as a patch
        """
        known = {patch.name: patch for patch in self.series.patches}
        written = {path.resolve(): data for path, data in self.contents.items() if data is not None}
        patches, disabled = [], []
        for line in lines_in(self.series.directory, self.file.data):
            if isinstance(line, InputError):
                raise line
            own = (self.series.directory / line.name).resolve()
            data = written.get(own, written.get(line.file.resolve()))
            if line.disabled:
                disabled.append(line)
            elif data is None and line.name in known:
                patches.append(known[line.name])
            else:
                source = line.file if data is None else data
                patches.append(parse(source, name=line.name, strip=line.strip, listed=line.here))
        return Series(self.series.directory, tuple(patches), tuple(disabled))

    def tried(self, store: Store, base: TreeId, doing: str, tree: TreeId | None = None) -> Applied:
        """Apply what the series is to be, index-only.

        :param doing: what is done, for the error
        :param tree: what it has to give
        :raises CheckFailedError: a patch does not apply then, or it gives another tree
        """
        try:
            applied = apply(store, base, self.resulting())
        except PatchConflictError as error:
            raise refused(self.series, doing, error) from error
        if tree is not None and applied.tree != tree:
            paths = sorted(changed_paths(store, tree, applied.tree))
            raise CheckFailedError(
                f"{doing} would give another tree",
                where=Where(file=self.listing),
                details="\n".join(f"    {path}" for path in paths),
                why="every patch applies, but some change would be at another place",
                fix=by_hand(self.series),
            )
        return applied


def draft_of(series: Series, shared: Collection[Path] = ()) -> Draft:
    """Give the draft of a series in which nothing is another yet."""
    listing = series.directory / SERIES
    was = listing.read_bytes() if listing.exists() else None
    return Draft(series, was, SeriesFile(was or b""), shared=shared)


def find(series: Series, word: str, *, disabled: bool = False) -> str:
    """Give the name of a patch as the series has it, by this name, by that of its file, or by that without suffix.

    :param disabled: look among the patches that are disabled instead
    :raises InputError: there is none, or more than one
    """
    here = Where(file=series.directory / SERIES)
    active = [patch.name for patch in series.patches]
    off = [line.name for line in series.disabled]
    names, others = (off, active) if disabled else (active, off)
    if word in names:
        return word
    files = [name for name in names if is_called(name, word)]
    if len(files) == 1:
        return files[0]
    if files:
        raise InputError(f"{word!r} means several patches", where=here, fix=f"one of: {', '.join(sorted(files))}")
    other = next((name for name in others if is_called(name, word)), None)
    if other:
        state = "not disabled" if disabled else "disabled"
        raise InputError(f"the patch {other} is {state}", where=here, fix=_turned(series, other, disabled=disabled))
    kind = "disabled patch" if disabled else "patch"
    raise InputError(f"the series has no {kind} {word!r}", where=here, fix=suggestion(word, names))


def is_called(name: str, word: str) -> bool:
    """Tell whether a word means a patch: the name that a series has for it, its file's, or that without suffix."""
    file = name.rpartition("/")[2]
    return word in (name, file, file.rpartition(".")[0])


def refused(series: Series, doing: str, error: PatchConflictError) -> CheckFailedError:
    """Give the error for an edit after which a patch does not apply."""
    return CheckFailedError(
        f"{doing}: {error.what.removeprefix('the patch ')} then",
        where=error.where,
        details=error.details,
        why=error.why,
        fix=by_hand(series),
    )


def by_hand(series: Series) -> str:
    """Say how to do an edit that cannot be done without a person."""
    component, release = series.directory.parent.name, series.directory.name
    return (
        f"do it with git: `stackwright patch edit {component} --release {release}`, "
        f"then `stackwright patch refresh {component} --release {release}`"
    )


def changed_paths(store: Store, old: TreeId, new: TreeId) -> set[str]:
    """Give the paths that differ between two trees."""
    before, after = store.entries(old), store.entries(new)
    return {path for path in {*before, *after} if before.get(path) != after.get(path)}


def check_file_name(name: str) -> str:
    """Give the file name for the name of a new patch.

    :raises InputError: no line of a series could name such a file
    """
    if not FILE_NAME.fullmatch(name) or name == SERIES:
        raise InputError(
            f"a patch cannot be named {name!r}",
            why="the name is that of a file, and a word of a line in the series file",
            fix="take letters, digits and dashes: my-change.patch",
        )
    return name if name.endswith((SUFFIX, ".diff")) else f"{name}{SUFFIX}"


def _turned(series: Series, name: str, *, disabled: bool) -> str:
    word = "disable" if disabled else "enable"
    return f"`stackwright patch {word} {series.directory.parent.name} {name} --release {series.directory.name}`"
