"""Which paths a tree may have: the rules of git itself (verify_path), and links that stay inside."""

from __future__ import annotations

from pathlib import PurePosixPath

# git refuses these in any case: they would be its own directory on one file system or another.
FORBIDDEN = frozenset({".git", "git~1"})


def why_unsafe(path: str) -> str | None:
    """Say why a path cannot be one of a tree; None if it can."""
    if path.startswith("/"):
        return "it is absolute"
    for part in path.split("/"):
        if part == "..":
            return "it leaves the tree by '..'"
        if part in ("", "."):
            return f"it has a part {part!r}"
        if part.lower() in FORBIDDEN:
            return f"it has a part {part!r}, which is git's own"
        if "\0" in part:
            return "it has a zero byte"
    return None


def leaves_tree(link: str, target: str) -> bool:
    """Tell whether a symbolic link at a path of a tree points outside the tree."""
    if target.startswith("/"):
        return True
    depth = len(PurePosixPath(link).parent.parts)
    for part in target.split("/"):
        if part == "..":
            depth -= 1
        elif part not in ("", "."):
            depth += 1
        if depth < 0:
            return True
    return False


def above(path: str) -> list[str]:
    """Give the directories a path lies in, the nearest last: ``a/b/c`` gives ``a`` and ``a/b``."""
    parts = path.split("/")
    return ["/".join(parts[:count]) for count in range(1, len(parts))]
