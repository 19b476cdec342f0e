"""What is different between two images: packages, patches, files. Pure functions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from stackwright.build.image.contents import Contents

Key = TypeVar("Key", str, tuple[str, str])
PATCH, FILE = "patch", "file"
FIELDS = ("kind", "mode", "owner", "group", "content")


@dataclass(frozen=True)
class Difference:
    """One thing that is not the same.

    :param kind: ``deb``, ``pypi``, ``patch`` or ``file``
    :param before: what the first image has; empty if it has nothing of it
    :param after: what the second has
    """

    kind: str
    name: str
    before: str
    after: str


def differences(one: Contents, other: Contents) -> tuple[Difference, ...]:
    """Give what is different, packages first, then patches, then files."""
    return (*_packages(one, other), *_patches(one, other), *_files(one, other))


def _packages(one: Contents, other: Contents) -> Iterator[Difference]:
    before = {(package.kind, package.name): package.version for package in one.packages()}
    after = {(package.kind, package.name): package.version for package in other.packages()}
    for kind, name in _changed(before, after):
        yield Difference(kind, name, before.get((kind, name), ""), after.get((kind, name), ""))


def _patches(one: Contents, other: Contents) -> Iterator[Difference]:
    before, after = _listed(one), _listed(other)
    for component, name in _changed(before, after):
        shown = (side.get((component, name), "") for side in (before, after))
        yield Difference(PATCH, f"{component}/{name}", *(sha256[:12] for sha256 in shown))


def _listed(image: Contents) -> dict[tuple[str, str], str]:
    return {(one.component, patch.name): patch.sha256 for one in image.carried for patch in one.patches}


def _files(one: Contents, other: Contents) -> Iterator[Difference]:
    before = {path: entry.told for path, entry in one.files.items()}
    after = {path: entry.told for path, entry in other.files.items()}
    for path in _changed(before, after):
        old, new = before.get(path), after.get(path)
        if old is None or new is None:
            yield Difference(FILE, path, old[0] if old else "", new[0] if new else "")
            continue
        changed = [field for field, was, is_ in zip(FIELDS, old, new, strict=True) if was != is_]
        shown = [", ".join(f"{field} {_shown(field, side)}" for field in changed) for side in (old, new)]
        yield Difference(FILE, path, *shown)


def _shown(field: str, told: tuple[str, int, int, int, str]) -> str:
    value = told[FIELDS.index(field)]
    if field == "mode":
        return f"{value:o}"
    return str(value)[:12] if field == "content" else str(value)


def _changed(before: Mapping[Key, object], after: Mapping[Key, object]) -> list[Key]:
    return sorted(key for key in before.keys() | after.keys() if before.get(key) != after.get(key))
