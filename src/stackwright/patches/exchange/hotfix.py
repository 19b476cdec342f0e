"""Diffs of installed files, such as ``diff -ruN`` of site-packages: their paths are brought to those of the tree."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from stackwright.errors import InputError, Where
from stackwright.patches import names
from stackwright.patches.parse import parse
from stackwright.store.paths import above

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from stackwright.patches.model import Change, Patch

INSTALLED = re.compile(r"(?:^|.*/)(?:site|dist)-packages/(?!.*/(?:site|dist)-packages/)")
COPY = re.compile(r"\.orig(?=/|$)")
ONE_SIDED = re.compile(rb"Only in [^\n]*: [^\n]*\n")


@dataclass(frozen=True)
class Mapped:
    """A diff with the paths of the tree.

    :param paths: what each path has become
    :param one_sided: how many files the diff says to be on one side only, without showing them
    """

    content: bytes
    paths: dict[str, str]
    one_sided: int


def is_of_installed_files(patch: Patch) -> bool:
    """Tell whether a patch has paths of a machine, not of a tree."""
    return any(path.startswith("/") or INSTALLED.match(path) for path in patch.paths)


def mapped(content: bytes, patch: Patch, where: Where, tree: Callable[[], Collection[str]]) -> Mapped:
    """Bring the paths of a diff to those of the tree, to be applied with ``-p1``.

    :param patch: the same, read
    :param where: what to speak of it by
    :param tree: gives the files of the tree
    :raises InputError: the tree has no such file
    """
    lines = content.split(b"\n")
    paths: dict[str, str] = {}
    known = frozenset(tree())
    for change in patch.changes:
        if not change.path.startswith("/") and not INSTALLED.match(change.path):
            raise InputError(
                f"the patch has paths of a machine and of a tree: {change.path!r}",
                where=Where(where.file, change.line, subject=where.subject), fix="make two patches of it",
            )  # fmt: skip
        path = _place(change, known, Where(where.file, change.line, subject=where.subject))
        paths[change.path] = path
        _rewrite(lines, change, path)
    return Mapped(b"\n".join(lines), paths, len(ONE_SIDED.findall(content)))


def _place(change: Change, known: Collection[str], where: Where) -> str:
    """Give the path in the tree: what is behind ``site-packages/``, else the longest end of it that is there."""
    path = COPY.sub("", change.path)
    inside = INSTALLED.sub("", path)
    ends = [inside[at:] for at in (0, *(match.end() for match in re.finditer("/", inside))) if inside[at:]]
    folders = frozenset(folder for file in known for folder in above(file))
    found = next((end for end in ends if end in known), None)
    if found is None and change.old is None:
        found = next((end for end in ends if "/" in end and end.rpartition("/")[0] in folders), None)
    if found is None:
        # A tree may keep its packages in a folder of their own, such as `src`.
        deeper = [file for file in known if inside and file.endswith(f"/{inside.lstrip('/')}")]
        found = deeper[0] if len(deeper) == 1 else None
    if found is None:
        raise InputError(
            f"the tree has no file that {change.path!r} could be",
            where=where,
            why="the diff is of installed files, and what is behind site-packages/ is not in the upstream tree",
            fix="take the change of this file out of it, or give the component that it belongs to",
        )
    return found


def _rewrite(lines: list[bytes], change: Change, path: str) -> None:
    """Write other paths into the lines that begin a change."""
    at = change.line - 1
    name = path.encode("utf-8", "surrogateescape")
    if lines[at].startswith(b"diff --git "):
        end = at + len(change.text.split(b"\n@@ -", 1)[0].split(b"\n"))
        lines[at] = b"diff --git a/%s b/%s" % (name, name)
    else:
        end = at + 2
        if at and lines[at - 1].startswith(b"diff -"):
            options = re.match(rb"diff((?: -\S+)*)", lines[at - 1])
            lines[at - 1] = b"diff%s a/%s b/%s" % (options[1] if options else b"", name, name)
    for number in range(at, min(end, len(lines))):
        line = lines[number]
        if line.startswith((b"--- ", b"+++ ")) and names.after_dashes(line) != names.NOWHERE:
            time = names.TIME.search(line[4:])
            lines[number] = line[:4] + (b"a/" if line.startswith(b"-") else b"b/") + name + (time[0] if time else b"")


def check(found: Mapped, where: Where) -> Patch:
    """Read what was made, and see that it is for the files that it was made for."""
    patch = parse(found.content, name=where.file.name if where.file else "")
    if patch.paths != frozenset(found.paths.values()):
        strange = sorted(patch.paths.symmetric_difference(found.paths.values()))
        raise InputError(
            f"the paths of the diff cannot be brought to those of the tree: {', '.join(strange)}",
            where=where, fix="write the patch in a clone: git format-patch",
        )  # fmt: skip
    return patch
