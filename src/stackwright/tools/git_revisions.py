"""git-rev-list: how often something in a repository has been changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stackwright.tools.git_work_tree import as_user, uncommitted

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


def is_shallow(directory: Path) -> bool | None:
    """Tell whether the repository of a folder lacks the beginning of its history; None if the folder is in none."""
    asked = as_user(directory, "rev-parse", "--is-shallow-repository", check=False)
    return asked.text.strip() == "true" if asked.status == 0 else None


def changes(directory: Path, paths: Sequence[Path], since: str = "") -> int | None:
    """Count the commits that have changed something at some paths, and what of it is not committed as one more.

    :param since: a commit, behind which they are counted
    :return: None if there is no such commit, or no commit at all
    """
    words = ("rev-list", "--count", f"{since}..HEAD" if since else "HEAD", "--", *map(str, paths))
    counted = as_user(directory, *words, check=False)
    if counted.status != 0:
        return None
    return int(counted.text) + bool(uncommitted(directory, paths))
