"""The files of a tree that a linter looks at."""

from __future__ import annotations

import posixpath
import re
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from stackwright.proof.upstream.style.model import Chosen
    from stackwright.store import Store, TreeId
    from stackwright.store.store import Entry

PROGRAM = "100755"
FILE = frozenset({"100644", PROGRAM})
PYTHON = re.compile(rb"#!.*\bpython[\d.]*\b")


def files_of(store: Store, tree: TreeId, paths: Iterable[str] | None, chosen: Chosen) -> tuple[str, ...]:
    """Give those of some files of a tree that a linter looks at.

    :param paths: None: all
    """
    entries = store.entries(tree)
    there = [path for path in (entries if paths is None else paths) if path in entries and entries[path].mode in FILE]
    named = [path for path in there if is_chosen(path, chosen)]
    left = [path for path in there if chosen.scripts and _may_be_script(path, entries[path], chosen)]
    scripts = [path for path, content in store.read_all(tree, left).items() if PYTHON.match(content or b"")]
    return tuple(sorted({*named, *scripts}))


def is_chosen(path: str, chosen: Chosen) -> bool:
    """Tell whether a file's path is one that a linter looks at."""
    return any(fnmatchcase(f"./{path}", name) for name in chosen.names) and _is_wanted(path, chosen)


def _is_wanted(path: str, chosen: Chosen) -> bool:
    return (
        all(re.search(expression, path) for expression in chosen.wanted)
        and not any(re.search(expression, path) for expression in chosen.unwanted)
        and not any(_excludes(glob, path) for glob in chosen.excluded)
    )


def _may_be_script(path: str, entry: Entry, chosen: Chosen) -> bool:
    return entry.mode == PROGRAM and "." not in path.rpartition("/")[2] and _is_wanted(path, chosen)


def _excludes(glob: str, path: str) -> bool:
    """Tell whether flake8 leaves out a file for a glob: for itself, or for a folder that it is in."""
    parts = path.split("/")
    if "/" not in glob:
        return any(fnmatchcase(part, glob) for part in parts)
    wanted = posixpath.normpath(glob)
    return any(fnmatchcase("/".join(parts[:count]), wanted) for count in range(1, len(parts) + 1))
