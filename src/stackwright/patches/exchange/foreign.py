"""A whole repository of somebody's series: which there are, and the component and the release of each."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from stackwright.distribution.reading import read_yaml
from stackwright.errors import InputError, suggestion
from stackwright.patches.exchange import layouts
from stackwright.patches.exchange.layouts import Layout
from stackwright.patches.series import PATCH_SUFFIXES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stackwright.distribution import Distribution

RELEASE_OF_NAME = re.compile(r"(.+)-(\d{4}\.\d+)")
MASTER = "master"
HIDDEN = re.compile(r"\.")
NAME_KEYS = ("debname", "debian_name", "name")


@dataclass(frozen=True)
class Found:
    """A series of a foreign repository.

    :param components: what its component may be called, the likeliest first
    :param release: as its place says; empty if it does not
    """

    directory: Path
    layout: Layout
    components: tuple[str, ...]
    release: str


@dataclass(frozen=True)
class Placed:
    """Where a series belongs in a distribution.

    :param problem: why it belongs nowhere; empty if it does
    """

    found: Found
    component: str = ""
    release: str = ""
    problem: str = ""


def find_series(root: Path) -> list[Found]:
    """Find every series below a directory.

    :raises InputError: there is no such directory
    """
    if not root.is_dir():
        raise InputError(f"there is no directory {root}", fix="give the root of a repository that has series in it")
    return list(_walk(root, root))


def place(found: Found, distribution: Distribution, release: str | None) -> Placed:
    """Tell where a series belongs.

    :param release: the one of all series whose place does not name any
    """
    wanted = found.release or release or ""
    if not wanted:
        return Placed(found, problem="nothing says which release it is for: give --release NAME")
    if wanted not in distribution.releases:
        return Placed(found, problem=f"there is no release {wanted!r}: {suggestion(wanted, distribution.releases)}")
    known = distribution.releases[wanted].components
    component = next((name for name in found.components if name in known), None)
    if component is None:
        name = found.components[0]
        return Placed(found, release=wanted, problem=f"{wanted} has no component {name!r}: {suggestion(name, known)}")
    return Placed(found, component, wanted)


def _walk(directory: Path, root: Path) -> Iterator[Found]:
    found = _series_in(directory, root)
    if found:
        yield found
    # What is in a package's folder is its own: only a plain directory of patches may have others below it.
    if found and found.layout is not Layout.DIRECTORY:
        return
    for name in sorted(os.listdir(directory)):  # noqa: PTH208 (as names)
        below = directory / name
        if not HIDDEN.match(name) and below.is_dir() and not below.is_symlink():
            yield from _walk(below, root)


def _series_in(directory: Path, root: Path) -> Found | None:
    layout = layouts.recognised(directory)
    if layout is Layout.NUMBERED:
        match = RELEASE_OF_NAME.fullmatch(directory.name)
        name, release = (match[1], match[2]) if match else (directory.name, MASTER)
        return Found(directory, layout, (name,), release)
    if layout is Layout.STARLINGX:
        return Found(directory, layout, _package_names(directory, root), "")
    if layout is Layout.QUILT and not (directory / "series").is_file():
        return Found(directory, layout, _package_names(directory, root), "")
    if layout is Layout.QUILT or _has_patches(directory):
        names = (directory.parent.name, directory.name)
        return Found(directory, layout, names, directory.name if directory != root else "")
    return None


def _has_patches(directory: Path) -> bool:
    return any(path.suffix in PATCH_SUFFIXES for path in directory.iterdir() if path.is_file())


def _package_names(directory: Path, root: Path) -> tuple[str, ...]:
    """Give what the component of a Debian package may be called: as it says, and as the folders above are called."""
    names = []
    meta_data = layouts.meta_data_of(directory)
    if meta_data:
        said = read_yaml(meta_data).plain()
        names += [str(said[key]) for key in NAME_KEYS if key in said] if isinstance(said, dict) else []
    above = [directory, *directory.parents]
    names += [folder.name for folder in above[: above.index(root) + 1 if root in above else 1]]
    return tuple(dict.fromkeys(plain for name in names for plain in (name, re.sub(r"^python3?-", "", name))))
