"""The layouts that teams keep patches in: which one a place has, and the patches that it holds, in their order."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from stackwright.distribution.place import SHARED
from stackwright.errors import InputError, ManyInputsError, Where, suggestion
from stackwright.patches.exchange import mails, upstreams
from stackwright.patches.series import PATCH_SUFFIXES, SERIES, patch_files, read_lines
from stackwright.tools import git, git_commits, git_exchange

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from stackwright.patches.exchange.upstreams import Upstream

ORDER = "ORDER"
META_DATA = "meta_data.yaml"
STANDARD_INPUT = "-"
NOT_APPLIED = re.compile(r"nopatch\d")
BACKPORT = re.compile(r"upstream\d+-([0-9a-f]{7,40})(?![0-9a-z])")


class Layout(StrEnum):
    """How a place keeps patches."""

    PATCH = "patch"
    MBOX = "mbox"
    GIT = "git"
    DIRECTORY = "directory"
    QUILT = "quilt"
    STARLINGX = "starlingx"
    NUMBERED = "numbered"


@dataclass(frozen=True)
class Brought:
    """A patch as it is brought along.

    :param name: of its file; empty if it has none, and is named by its subject
    :param origin: where it is from
    :param line: the line of that file its content begins in
    :param backport_of: the upstream commit that its name says it is
    """

    name: str
    content: bytes
    origin: Where
    strip: int = 1
    line: int = 1
    disabled: bool = False
    comment: str = ""
    backport_of: str = ""


@dataclass(frozen=True)
class Foreign:
    """What a place holds.

    :param notes: what of it is not taken, and why
    :param upstream: where its upstream tree is, if it says so
    """

    layout: Layout
    patches: tuple[Brought, ...]
    notes: tuple[str, ...] = ()
    upstream: Upstream | None = None
    place: Where = field(default_factory=Where)


def read(source: str, *, layout: Layout | None = None, stdin: bytes = b"", strip: int = 1) -> Foreign:
    """Read the patches of a place.

    :param source: a file, a directory, ``-``, or ``REPOSITORY#A..B``
    :param layout: how it keeps them, where that cannot be told
    :param stdin: what standard input has
    :param strip: how many leading parts the paths lose, where no series says so
    :raises InputError: there is nothing there, or not what the layout has
    """
    if source == STANDARD_INPUT:
        return _file(stdin, Where(subject="standard input"), layout, "", strip)
    place = Path(source)
    repository, mark, commits = source.rpartition("#")
    if layout is Layout.GIT or (mark and not place.exists() and Path(repository).is_dir()):
        return _commits(Path(repository if mark else source), commits if mark else "")
    if place.is_dir():
        return _directory(place, layout or recognised(place), strip)
    try:
        data = place.read_bytes()
    except FileNotFoundError:
        known = [path.name for path in place.parent.iterdir()] if place.parent.is_dir() else []
        raise InputError(
            "there is no such file or directory", where=Where(place), fix=suggestion(place.name, known)
        ) from None
    return _file(data, Where(place), layout, place.name, strip)


def recognised(directory: Path) -> Layout:
    """Tell how a directory keeps patches."""
    if (directory / ORDER).is_file():
        return Layout.NUMBERED
    if meta_data_of(directory):
        return Layout.STARLINGX
    return Layout.QUILT if quilt_series(directory) else Layout.DIRECTORY


def meta_data_of(directory: Path) -> Path | None:
    """Give the ``meta_data.yaml`` of a StarlingX package, or of its folder ``debian``."""
    files = (directory / META_DATA, directory / "debian" / META_DATA)
    return next((file for file in files if file.is_file()), None)


def quilt_series(directory: Path) -> Path | None:
    """Give the folder that quilt's ``series`` file is in, seen from a package's folder or from its own."""
    folders = (directory, directory / "patches", directory / "debian" / "patches")
    return next((folder for folder in folders if (folder / SERIES).is_file()), None)


def _file(data: bytes, place: Where, layout: Layout | None, name: str, strip: int) -> Foreign:
    parts = mails.split(data)
    if layout is Layout.PATCH:
        parts = [mails.Part(data, 1)]
    elif layout not in (None, Layout.MBOX):
        raise InputError(f"this is a file, and the layout {layout} is of a directory", where=place)
    if len(parts) == 1:
        named = f"{name.removesuffix('.mbox')}.patch" if name and not name.endswith(PATCH_SUFFIXES) else name
        only = Brought(named if layout is not Layout.MBOX else "", parts[0].content, place, strip, parts[0].line)
        return Foreign(layout or Layout.PATCH, (only,), place=place)
    found, notes = [], []
    for part in parts:
        if part.has_diff:
            found.append(Brought("", part.content, place, strip, part.line))
        else:
            notes.append(f"{_at(place, part.line)}: the mail has no diff (a cover letter, an answer)")
    if not found:
        raise InputError(
            "none of the mails has a diff", where=place, fix="give the mails that git format-patch or send-email wrote"
        )
    return Foreign(Layout.MBOX, tuple(found), tuple(notes), place=place)


def _at(place: Where, line: int) -> str:
    return str(Where(place.file, line)) if place.file else f"{place.subject}, line {line}"


def _commits(place: Path, commits: str) -> Foreign:
    """Read a range of commits, or one, as git-format-patch(1) writes them."""
    where = Where(subject=f"{place}#{commits}")
    repository = git_exchange.directory_of(place) if place.is_dir() else None
    if repository is None:
        raise InputError("this is not a git repository", where=Where(place), fix="give REPOSITORY#FROM..TO")
    if not commits:
        raise InputError("which commits are meant?", where=where, fix=f"give {place}#FROM..TO, such as #34.0.0..ours")
    old, dots, new = commits.partition("..")
    if new.startswith("."):
        raise InputError(
            "a range with three dots has commits of both sides", where=where, fix=f"{place}#{old}..{new[1:]}"
        )
    last = _commit(repository, (new or "HEAD") if dots else old, where)
    if dots:
        listed = git_exchange.commits_between(repository, _commit(repository, old or "HEAD", where), last)
    else:
        (single,) = git_commits.read_commits(repository, [last])
        listed = [(last, *single.parents)]
    for commit, *parents in listed:
        if len(parents) != 1:
            what = "merges" if parents else "has no parent"
            raise InputError(
                f"the commit {commit[:12]} {what}: it is no patch",
                where=where,
                why="a series is commits one on top of the other",
                fix=f"git -C {place} rebase {old or 'HEAD'} {new or 'HEAD'} makes them so, on a branch of your own",
            )
    if not listed:
        raise InputError(
            "there are no commits in the range", where=where, why=f"{new or 'HEAD'} is in {old}'s history",
            fix="write FROM..TO: the upstream commit, then your branch",
        )  # fmt: skip
    with git_exchange.borrowing(repository) as scratch:
        found = [
            Brought("", git_commits.format_patch(scratch, commit), Where(subject=f"{place}#{commit[:12]}"))
            for commit, _ in listed
        ]
    empty = [patch.origin.subject for patch in found if not patch.content]
    notes = [f"{subject}: the commit changes nothing" for subject in empty]
    return Foreign(Layout.GIT, tuple(patch for patch in found if patch.content), tuple(notes), place=where)


def _commit(repository: Path, name: str, where: Where) -> str:
    found = git.rev_parse(repository, f"{name}^{{commit}}")
    if found is None:
        raise InputError(
            f"the repository has no commit {name!r}", where=where, fix=suggestion(name, git_exchange.refs(repository))
        )
    return found


def _directory(directory: Path, layout: Layout, strip: int) -> Foreign:
    if layout is Layout.NUMBERED:
        return _numbered(directory, strip)
    if layout is Layout.STARLINGX:
        return _starlingx(directory)
    if layout is Layout.QUILT:
        folder = quilt_series(directory)
        if folder is None:
            raise InputError("there is no series file", where=Where(directory), fix="--as directory takes all patches")
        return _quilt(folder, Layout.QUILT)
    if layout is not Layout.DIRECTORY:
        raise InputError(f"this is a directory, and the layout {layout} is of a file", where=Where(directory))
    files = patch_files(directory)
    if not files:
        raise InputError(
            "there are no patches in this directory", where=Where(directory),
            why=f"their names end in {' or '.join(PATCH_SUFFIXES)}",
            fix="`stackwright patch import-all DIR` reads a whole repository of series",
        )  # fmt: skip
    found = tuple(Brought(file.name, file.read_bytes(), Where(file), strip) for file in files)
    return Foreign(layout, found, upstream=upstreams.of_release_folder(directory), place=Where(directory))


def _quilt(folder: Path, layout: Layout) -> Foreign:
    """Read quilt's ``series`` file and what it names (quilt(1))."""
    found: list[Brought] = []
    errors: list[InputError] = []
    seen: dict[Path, Where] = {}
    for line in read_lines(folder):
        if isinstance(line, InputError):
            errors.append(line)
            continue
        file = line.file
        try:
            _check_once(file, line.name, line.here, seen)
            content = _content(file, line.name, line.here)
        except InputError as error:
            errors.append(error)
            continue
        found.append(Brought(line.name, content, Where(file), line.strip, disabled=line.disabled, comment=line.comment))
    _raise(errors)
    notes = tuple(f"{file}: in no series" for file in patch_files(folder) if file not in seen)
    return Foreign(layout, tuple(found), notes, place=Where(folder / SERIES))


def _starlingx(directory: Path) -> Foreign:
    """Read a StarlingX package: ``patches`` is its source's series, ``deb_patches`` that of its folder ``debian``."""
    meta_data = meta_data_of(directory)
    base = meta_data.parent if meta_data else directory
    folder = base / "patches"
    if (folder / SERIES).is_file():
        read_ = _quilt(folder, Layout.STARLINGX)
    else:
        read_ = Foreign(Layout.STARLINGX, (), (f"{folder}: there is no series of the source",), place=Where(folder))
    notes = list(read_.notes)
    if (base / "deb_patches" / SERIES).is_file():
        count = sum(1 for _ in read_lines(base / "deb_patches"))
        notes.append(f"{base / 'deb_patches'}: {count} patches of the folder debian, which is no upstream tree")
    return Foreign(Layout.STARLINGX, read_.patches, tuple(notes), place=read_.place)


def _numbered(directory: Path, strip: int) -> Foreign:
    """Read a directory with ``ORDER``: ``patchNNN-*`` own, ``upstreamNNN-SHA*`` backports, ``nopatchNNN-*`` off."""
    order = directory / ORDER
    if not order.is_file():
        raise InputError(f"there is no {ORDER} file", where=Where(directory), fix="--as directory takes all patches")
    found: list[Brought] = []
    errors: list[InputError] = []
    seen: dict[Path, Where] = {}
    for number, text in enumerate(order.read_bytes().decode("utf-8", "surrogateescape").splitlines(), start=1):
        name = text.partition("#")[0].strip()
        if not name:
            continue
        here = Where(order, number, text.index(name) + 1)
        file = directory / name
        try:
            _check_once(file, name, here, seen)
            content = _content(file, name, here)
        except InputError as error:
            errors.append(error)
            continue
        off = NOT_APPLIED.match(name) is not None
        backport = BACKPORT.match(name)
        sha = backport[1] if backport else ""
        found.append(Brought(name, content, Where(file), strip, disabled=off, backport_of=sha))
    _raise(errors)
    notes = []
    for file in patch_files(directory):
        if file in seen:
            continue
        if NOT_APPLIED.match(file.name):
            found.append(Brought(file.name, file.read_bytes(), Where(file), strip, disabled=True))
        else:
            notes.append(f"{file}: not in {ORDER}")
    return Foreign(
        Layout.NUMBERED, tuple(found), tuple(notes), upstreams.of_config(directory), place=Where(order)
    )  # fmt: skip


def _check_once(file: Path, name: str, here: Where, seen: dict[Path, Where]) -> None:
    before = seen.setdefault(file, here)
    if before is not here:
        raise InputError(f"{name} is named twice", where=here, why=f"first at {before}", fix="remove one of the lines")


def _content(file: Path, name: str, here: Where) -> bytes:
    """Read a patch file that a line names; it belongs to the series' folder, or to one that this shares with others.

    :raises InputError: there is none, or it is elsewhere
    """
    assert here.file is not None
    folder = here.file.parent
    bounds = [place.resolve() for place in (folder, folder.parent / SHARED)]
    if not any(file.resolve().is_relative_to(place) for place in bounds):
        raise InputError(f"{name} is outside the series' folder", where=here, fix="copy it there, and name it so")
    if not file.is_file():
        raise InputError(f"there is no file {name}", where=here, fix=suggestion(name, _names(patch_files(folder))))
    return file.read_bytes()


def _names(files: Iterable[Path]) -> list[str]:
    return [file.name for file in files]


def _raise(errors: Sequence[InputError]) -> None:
    if errors:
        raise errors[0] if len(errors) == 1 else ManyInputsError(errors)
