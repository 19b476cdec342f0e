"""The files that a rebase makes of a series: worked out first, then written one by one, each whole, the series last."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from stackwright.distribution.place import SHARED
from stackwright.errors import InputError, Where
from stackwright.patches.editing.series_file import SeriesFile
from stackwright.patches.rebasing.rebase import Outcome, Step
from stackwright.patches.rebasing.resolutions import FOLDER, SUFFIX
from stackwright.patches.series import SERIES, read_lines

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from stackwright.patches.model import Line, Patch, Series


@dataclass(frozen=True)
class Write:
    """A file of the distribution before and after; None where it is not there."""

    file: Path
    old: bytes | None
    new: bytes | None

    def forward(self) -> None:
        """Let it be as it is to be."""
        put(self.file, self.new)

    def backward(self) -> None:
        """Let it be as it was, and its folder too if it was made for it."""
        put(self.file, self.old)
        if self.old is None:
            with suppress(OSError):
                self.file.parent.rmdir()


def put(file: Path, content: bytes | None) -> None:
    """Write a file at once, or take it away (None): whoever looks at it sees the old one or the new one.

    What a process that was killed has left beside it goes too.
    """
    beside = file.with_name(f".{file.name}.new")
    if content is None:
        beside.unlink(missing_ok=True)
        file.unlink(missing_ok=True)
        return
    file.parent.mkdir(parents=True, exist_ok=True)
    with beside.open("wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
    if file.exists():
        beside.chmod(file.stat().st_mode & 0o777)
    beside.replace(file)


def check_target(source: Path, target: Path, *, replace: bool) -> None:
    """See that a series may be written to a folder.

    :raises InputError: there is one already, and nobody said that it is to be replaced
    """
    if source != target and not replace and (target / SERIES).exists() and any(read_lines(target)):
        raise InputError(
            f"{target.name} has a series already",
            where=Where(file=target / SERIES),
            fix="`--replace` writes it anew; `stackwright patch status` shows how it stands",
        )


def writes(
    series: Series, target: Path, steps: Sequence[Step], *, share: bool, resolutions: Mapping[str, bytes]
) -> list[Write]:
    """Work out what to write, in order, so that every series means the same until its own file is written.

    :param target: the folder of the new series; it may be that of the old one
    :param share: move what serves both as it is into the folder that all releases share
    :param resolutions: the files of those that were made, by their ids
    """
    plan = _Plan(series, target, share)
    for step in steps:
        plan.step(step)
    for line in series.disabled:
        plan.keep(line)
    folder = target.parent / FOLDER
    for name, content in resolutions.items():
        plan.put(folder / f"{name}{SUFFIX}", content)
    return plan.writes()


class _Plan:
    """What is to become of the files."""

    def __init__(self, series: Series, target: Path, share: bool) -> None:
        self.source = series.directory
        self.target = target
        self.share = share
        self.lines = list(SeriesFile((self.source / SERIES).read_bytes()).lines)
        self.files: dict[Path, bytes | None] = {}
        # What other series name stays as it is; what the old series of the target had may go.
        self.named_by_others = _named(series.directory.parent.parent, but={self.target})
        self.named_by_others_than_source = _named(series.directory.parent.parent, but={self.source, self.target})
        self.old = _own(target) - self.named_by_others
        self.used: set[Path] = set()
        self.moved: list[Path] = []

    @property
    def in_place(self) -> bool:
        return self.source == self.target

    def step(self, step: Step) -> None:
        patch = step.patch
        at = (patch.listed.line or 1) - 1
        if step.outcome == Outcome.UPSTREAM:
            self._leave_out(at, patch, step.detail)
        elif step.content is not None:
            file = self._free(Path(patch.name).name, step.content)
            self.put(file, step.content)
            self._name(at, patch.name, file.name)
        elif patch.file:
            self._carry(at, patch.name, _plain(patch.file))

    def keep(self, line: Line) -> None:
        """Take a disabled line along with its file."""
        self._carry((line.here.line or 1) - 1, line.name, _plain(line.file))

    def put(self, file: Path, content: bytes | None) -> None:
        self.files[file] = content
        self.used.add(file)

    def writes(self) -> list[Write]:
        text = "".join(self.lines).encode("utf-8", "surrogateescape")
        self.files[self.target / SERIES] = text
        # After the series, as it is what they are not needed for any more.
        for file in (*self.moved, *sorted(self.old - self.used)):
            self.files[file] = None
        made = [Write(file, file.read_bytes() if file.exists() else None, new) for file, new in self.files.items()]
        return [write for write in made if write.old != write.new]

    def _carry(self, at: int, name: str, file: Path) -> None:
        """Let the target have a patch as it is: its own copy, or the same file where it is for several anyway."""
        own = file.parent == self.source
        if self.in_place:
            self.used.add(file)
            return
        if own and self.share and self._shareable(name, file):
            self.files[self.target.parent / SHARED / name] = file.read_bytes()
            self.moved.append(file)
            self._reach(at, name, self.target.parent / SHARED / name)
        elif own:
            copy = self._free(file.name, file.read_bytes())
            self.put(copy, file.read_bytes())
            self._name(at, name, copy.name)
        else:
            self._reach(at, name, file)

    def _shareable(self, name: str, file: Path) -> bool:
        shared = self.target.parent / SHARED / name
        free = not shared.exists() or shared.read_bytes() == file.read_bytes()
        return name == file.name and free and file not in self.named_by_others_than_source

    def _reach(self, at: int, name: str, file: Path) -> None:
        """Let a line of the target name a file that is elsewhere."""
        self.used.add(file)
        bare = file.parent == self.target.parent / SHARED and not (self.target / file.name).exists()
        self._name(at, name, file.name if bare else os.path.relpath(file, self.target))

    def _free(self, name: str, content: bytes) -> Path:
        """Give the file of the target that may have a name and a content; the name is changed if need be."""
        path = Path(name)
        candidates = (self.target / f"{path.stem}{f'-{count}' if count else ''}{path.suffix}" for count in range(10**6))
        return next(file for file in candidates if self._may_be(file, content))

    def _may_be(self, file: Path, content: bytes) -> bool:
        if file in self.used:
            return False
        return not file.exists() or file in self.old or file.read_bytes() == content

    def _leave_out(self, at: int, patch: Patch, detail: str) -> None:
        if not self.in_place:
            end = self.lines[at][len(self.lines[at].rstrip("\r\n")) :]
            self.lines[at] = f"# left out: {patch.name} ({detail}){end}"
            return
        line = SeriesFile(self.lines[at].encode("utf-8", "surrogateescape"))
        self.lines[at] = line.disabled(patch.name, detail).data.decode("utf-8", "surrogateescape")
        if patch.file:
            self.used.add(_plain(patch.file))

    def _name(self, at: int, old: str, new: str) -> None:
        line = SeriesFile(self.lines[at].encode("utf-8", "surrogateescape"))
        self.lines[at] = line.renamed(old, new).data.decode("utf-8", "surrogateescape")


def _own(directory: Path) -> set[Path]:
    """Give the patch files of a folder that its own series names."""
    return {file for file in _files_named(directory) if file.parent == directory}


def _named(patches: Path, *, but: set[Path]) -> set[Path]:
    """Give the files that the series below ``patches/`` name."""
    folders = {file.parent for file in patches.glob(f"*/*/{SERIES}")} - but
    return {file for folder in folders for file in _files_named(folder)}


def _files_named(directory: Path) -> set[Path]:
    if not (directory / SERIES).exists():
        return set()
    lines = [line for line in read_lines(directory) if not isinstance(line, InputError)]
    return {_plain(line.file) for line in lines}


def _plain(file: Path) -> Path:
    return Path(os.path.normpath(file))
